//! All that a host sees of its journal, and a stand-in for the writer when a run is repeated.

use thiserror::Error;

use super::Health;
use super::book::{Drain, Drained};
use crate::ids::SorterId;

/// How far a journal has come: all that a host sees of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Records of the lane of each sorter that are durable.
    pub lanes: [u64; SorterId::LIMIT],
    /// Records and notes of the hub's lane that are durable.
    pub hub: u64,
    /// How the journal is.
    pub health: Health,
}

/// More is said to be durable than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{durable} records of {} are durable, and it has {pushed}", lane(*.sorter))]
pub struct AheadError {
    /// Whose lane, or `None` for the hub's.
    pub sorter: Option<SorterId>,
    /// How many are said to be durable.
    pub durable: u64,
    /// How many there are.
    pub pushed: u64,
}

fn lane(sorter: Option<SorterId>) -> String {
    sorter.map_or_else(|| "the lane of the hub".to_owned(), |sorter| format!("the lane of {sorter}"))
}

/// Stands in for the writer of a journal while a run is repeated: it writes nothing, and what is durable is told to it,
/// as it was in the first run.
///
/// ```
/// use sorter_core::journal::{Book, BookConfig, Follower, Note, Progress};
///
/// let (book, drain) = Book::new(BookConfig::default());
/// let mut follower = Follower::new(drain);
/// let mark = book.note(Note::PlanTaken);
/// assert!(!book.is_safe(mark));
/// follower.follow(&Progress { hub: 1, ..Progress::default() })?;
/// assert!(book.is_safe(mark));
/// assert!(follower.follow(&Progress { hub: 2, ..Progress::default() }).is_err());
/// # Ok::<(), sorter_core::journal::AheadError>(())
/// ```
#[derive(Debug)]
pub struct Follower {
    drain: Drain,
}

impl Follower {
    /// A stand-in at the other end of a book.
    pub const fn new(drain: Drain) -> Self {
        Self { drain }
    }

    /// The journal has come so far. What waits is dropped.
    ///
    /// # Errors
    /// [`AheadError`] when it has come further than there are records; nothing is published then.
    pub fn follow(&mut self, progress: &Progress) -> Result<(), AheadError> {
        self.drain.look();
        while self.drain.pop_hub().is_some() {}
        let (pushed, hub) = (self.drain.pushed(), self.drain.popped());
        let lanes = (0..).map(SorterId::new).zip(progress.lanes.iter().zip(pushed));
        for (sorter, (durable, pushed)) in lanes {
            if *durable > pushed {
                return Err(AheadError { sorter: Some(sorter), durable: *durable, pushed });
            }
        }
        if progress.hub > hub {
            return Err(AheadError { sorter: None, durable: progress.hub, pushed: hub });
        }
        self.drain.take(&Drained { lanes: pushed, hub });
        self.drain.publish(&Drained { lanes: progress.lanes, hub: progress.hub });
        self.drain.set_health(progress.health);
        Ok(())
    }
}
