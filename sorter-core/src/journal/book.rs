//! Where records are put, and the other end of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Body, Note, Progress, Record};
use crate::ids::SorterId;
use crate::sync::record_ring::{RecordRing, Watermark};

/// How much a [`Book`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookConfig {
    /// Records of one worker that may wait for the writer, of 64 bytes each; rounded up to a power of two. Default
    /// 16,384.
    pub lane: usize,
}

impl Default for BookConfig {
    fn default() -> Self {
        Self { lane: 16_384 }
    }
}

/// How far a lane had come at a moment. It is safe when all that was pushed until then is durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(u64);

/// How the journal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Health {
    /// It writes.
    #[default]
    Well,
    /// It cannot write now and tries again: no space, or a read-only file system.
    Stalled,
    /// It will not write any more, or records were lost: only a restart helps.
    Failed,
}

/// What a book and its drain share.
#[derive(Debug)]
struct Shared {
    config: BookConfig,
    hub: Mutex<HubLane>,
    /// How many lanes were given out; raised under the lock of the hub's lane.
    lanes: Watermark,
    /// How many entries the hub's lane ever had; raised under its lock.
    hub_pushed: Watermark,
    hub_durable: Watermark,
    health: Watermark,
    overrun: Watermark,
}

/// The lane of everybody who is no worker, and the list of all the others.
#[derive(Debug, Default)]
struct HubLane {
    waiting: VecDeque<Body>,
    rings: Vec<(SorterId, Arc<RecordRing>)>,
}

impl Shared {
    fn hub(&self) -> MutexGuard<'_, HubLane> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn health(&self) -> Health {
        match (self.overrun.get(), self.health.get()) {
            (0, 0) => Health::Well,
            (0, 1) => Health::Stalled,
            _ => Health::Failed,
        }
    }
}

/// Where the records of one hub are put.
///
/// ```
/// use sorter_core::ids::{HubId, SorterId};
/// use sorter_core::journal::{
///     Book, BookConfig, Image, Note, Record, RecordKind, Scribe, ScribeConfig, SimulatedDisk, SimulatedJournal,
/// };
/// use sorter_core::units::Micros;
///
/// let (book, drain) = Book::new(BookConfig::default());
/// let mut lane = book.lane(SorterId::new(0)).unwrap();
/// assert!(book.lane(SorterId::new(0)).is_none(), "a sorter has one worker");
///
/// lane.push(&Record::new(Micros::from_millis(10), RecordKind::Entered, SorterId::new(0)));
/// let order = lane.mark();
/// book.note(Note::PlanTaken);
///
/// // 2 ms later both are written, and with the disk as it is they are safe after 4 ms more.
/// let journal = SimulatedJournal::new(SimulatedDisk::default());
/// let mut scribe = Scribe::new(drain, journal, Image::default(), true, ScribeConfig::default());
/// for time in [10, 12, 15] {
///     scribe.turn(Micros::from_millis(time));
///     assert!(!lane.is_safe(order), "the order has to wait");
/// }
/// assert_eq!(scribe.turn(Micros::from_millis(16)).durable, 2);
/// assert!(lane.is_safe(order) && lane.backlog() == 0);
/// ```
#[derive(Clone, Debug)]
pub struct Book {
    shared: Arc<Shared>,
}

impl Book {
    /// A book and the one drain of it.
    pub fn new(config: BookConfig) -> (Self, Drain) {
        let shared = Arc::new(Shared {
            config,
            hub: Mutex::default(),
            lanes: Watermark::new(),
            hub_pushed: Watermark::new(),
            hub_durable: Watermark::new(),
            health: Watermark::new(),
            overrun: Watermark::new(),
        });
        (Self { shared: Arc::clone(&shared) }, Drain { shared, rings: Vec::new(), popped: 0 })
    }

    /// The lane of a worker; `None` when it was given out before, or when there can be no such sorter.
    pub fn lane(&self, sorter: SorterId) -> Option<Lane> {
        let mut hub = self.shared.hub();
        if sorter.index() >= SorterId::LIMIT || hub.rings.iter().any(|(taken, _)| *taken == sorter) {
            return None;
        }
        let ring = Arc::new(RecordRing::new(self.shared.config.lane));
        hub.rings.push((sorter, Arc::clone(&ring)));
        self.shared.lanes.publish(hub.rings.len() as u64);
        drop(hub);
        Some(Lane { shared: Arc::clone(&self.shared), ring, pushed: 0, taken: 0, lost: 0 })
    }

    /// Posts a record of the hub, under the lock of its lane. Not for the hot path.
    ///
    /// Records about one parcel have to be posted in the order in which they changed it: under a lock that was held at
    /// the change.
    pub fn post(&self, record: Record) -> Mark {
        self.push(Body::Record(record))
    }

    /// Posts a note, under the lock of the hub's lane.
    pub fn note(&self, note: Note) -> Mark {
        self.push(Body::Note(Box::new(note)))
    }

    fn push(&self, body: Body) -> Mark {
        let mut hub = self.shared.hub();
        hub.waiting.push_back(body);
        let pushed = self.shared.hub_pushed.get() + 1;
        self.shared.hub_pushed.publish(pushed);
        Mark(pushed)
    }

    /// How far the hub's lane has come.
    pub fn mark(&self) -> Mark {
        Mark(self.shared.hub_pushed.get())
    }

    /// Whether what the hub's lane had by then is durable.
    pub fn is_safe(&self, mark: Mark) -> bool {
        self.shared.hub_durable.get() >= mark.0
    }

    /// How the journal is.
    pub fn health(&self) -> Health {
        self.shared.health()
    }
}

/// The lane of one worker. Pushing costs some nanoseconds: no lock, no allocation, no system call.
///
/// See [`Book`] for an example.
#[derive(Debug)]
pub struct Lane {
    shared: Arc<Shared>,
    ring: Arc<RecordRing>,
    pushed: u64,
    /// What it knows of the other end: at most what was drained.
    taken: u64,
    lost: u64,
}

impl Lane {
    /// Puts a record into the lane. Where the lane is full the record is lost and the journal counts as failed:
    /// nothing after it is ever safe.
    pub fn push(&mut self, record: &Record) {
        if self.lost == 0 && self.ring.push(self.pushed, &mut self.taken, &record.to_words()) {
            self.pushed += 1;
            return;
        }
        self.lost += 1;
        self.shared.overrun.publish(1);
    }

    /// How far the lane has come.
    pub const fn mark(&self) -> Mark {
        Mark(self.pushed + self.lost)
    }

    /// Whether what the lane had by then is durable.
    pub fn is_safe(&self, mark: Mark) -> bool {
        self.ring.durable() >= mark.0
    }

    /// Records that are not durable yet, lost ones included.
    pub fn backlog(&self) -> u64 {
        self.pushed + self.lost - self.ring.durable()
    }

    /// Records that it has room for.
    pub fn capacity(&self) -> u64 {
        self.ring.capacity() as u64
    }

    /// How the journal is.
    pub fn health(&self) -> Health {
        self.shared.health()
    }
}

/// The other end of a book. There is one; it may move to the thread that writes.
#[derive(Debug)]
pub struct Drain {
    shared: Arc<Shared>,
    /// The lanes that are known to have been given out, in the order of their sorters.
    rings: Vec<(SorterId, Arc<RecordRing>)>,
    /// How many entries were taken out of the hub's lane.
    popped: u64,
}

/// How many records of each lane, by sorter, and of the hub's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Drained {
    pub(super) lanes: [u64; SorterId::LIMIT],
    pub(super) hub: u64,
}

impl Drain {
    /// Looks which lanes were given out by now. What follows knows these.
    pub(super) fn look(&mut self) {
        if self.shared.lanes.get() != self.rings.len() as u64 {
            self.rings.clone_from(&self.shared.hub().rings);
            self.rings.sort_by_key(|(sorter, _)| *sorter);
        }
    }

    /// How many records each lane has had, by sorter.
    pub(super) fn pushed(&self) -> [u64; SorterId::LIMIT] {
        let mut pushed = [0; SorterId::LIMIT];
        for (sorter, ring) in &self.rings {
            pushed[sorter.index()] = ring.pushed();
        }
        pushed
    }

    /// Reads record `number` of a lane, which it has to have.
    pub(super) fn read(&self, lane: usize, number: u64) -> Option<Record> {
        let (_, ring) = self.rings.iter().find(|(sorter, _)| sorter.index() == lane)?;
        Some(Record::from_words(&ring.read(number)).expect("a lane has only what records were made into"))
    }

    /// Takes the oldest of what waits in the hub's lane, with its place in it from 1.
    pub(super) fn pop_hub(&mut self) -> Option<(u64, Body)> {
        if self.shared.hub_pushed.get() == self.popped {
            return None;
        }
        let body = self.shared.hub().waiting.pop_front()?;
        self.popped += 1;
        Some((self.popped, body))
    }

    /// Gives the slots of what was drained back to the lanes.
    pub(super) fn take(&self, drained: &Drained) {
        for (sorter, ring) in &self.rings {
            let count = drained.lanes[sorter.index()];
            if ring.taken() != count {
                ring.take(count);
            }
        }
    }

    /// Publishes what is durable.
    pub(super) fn publish(&self, durable: &Drained) {
        for (sorter, ring) in &self.rings {
            let count = durable.lanes[sorter.index()];
            if ring.durable() != count {
                ring.publish_durable(count);
            }
        }
        self.shared.hub_durable.publish(durable.hub);
    }

    /// Publishes how the journal is.
    pub(super) fn set_health(&self, health: Health) {
        self.shared.health.publish(match health {
            Health::Well => 0,
            Health::Stalled => 1,
            Health::Failed => 2,
        });
    }

    /// What was published last, of the lanes that are known.
    pub(super) fn progress(&self) -> Progress {
        let mut lanes = [0; SorterId::LIMIT];
        for (sorter, ring) in &self.rings {
            lanes[sorter.index()] = ring.durable();
        }
        Progress { lanes, hub: self.shared.hub_durable.get(), health: self.shared.health() }
    }

    /// Whether a lane was full and lost records.
    pub(super) fn is_overrun(&self) -> bool {
        self.shared.overrun.get() != 0
    }

    /// How many entries were taken out of the hub's lane.
    pub(super) const fn popped(&self) -> u64 {
        self.popped
    }

    /// How the journal is.
    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// Records that wait in the lanes.
    pub(super) fn waiting(&self) -> u64 {
        let lanes: u64 = self.rings.iter().map(|(_, ring)| ring.pushed() - ring.taken()).sum();
        lanes + self.shared.hub_pushed.get() - self.popped
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests;
