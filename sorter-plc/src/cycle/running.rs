//! The handle of a cycle thread, for all other threads.

use std::fmt;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::exchange::PerMinute;

use super::report::{CycleReport, Deck};

/// One link of a cycle thread, numbered in the order of the sorters at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(super) usize);

impl LinkId {
    /// The number, from 0.
    pub const fn index(self) -> usize {
        self.0
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}", self.0)
    }
}

/// Something that is done on the cycle thread.
pub(super) type Command<H> = Box<dyn FnOnce(&Deck<H>) + Send>;
/// Done once, when the links have ended, with what they leave behind.
pub(super) type LastCommand<H> = Box<dyn FnOnce(CycleReport, Vec<H>) + Send>;

/// What a cycle thread hears.
pub(super) enum Call<H> {
    Do(Command<H>),
    End(LastCommand<H>),
}

/// How a cycle thread ended, other than by being told to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CycleEnd {
    /// A host or a closure panicked. The heartbeats stand still.
    #[error("the cycle thread panicked: {0}")]
    Panicked(String),
    /// The thread is gone.
    #[error("the cycle thread has ended")]
    Ended,
}

/// Why a closure was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedKind {
    /// The queue is full: the cycle thread has not come to those before it.
    #[error("the queue of the cycle thread is full")]
    Full,
    /// The thread has ended.
    #[error("the cycle thread has ended")]
    Ended,
}

/// A closure that was not taken, given back.
#[derive(thiserror::Error)]
#[error("{kind}")]
pub struct Refused<F> {
    /// Why.
    pub kind: RefusedKind,
    /// The closure.
    pub closure: F,
}

impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a closure will return.
#[derive(Debug)]
#[must_use = "a closure runs whether its reply is waited for or not; say so by dropping it"]
pub struct Reply<R>(oneshot::Receiver<R>);

impl<R> Reply<R> {
    /// Blocks until the closure has run.
    ///
    /// # Errors
    ///
    /// When the thread ended before.
    ///
    /// # Panics
    ///
    /// Within a tokio runtime: use [`Reply::received`] there.
    pub fn wait(self) -> Result<R, CycleEnd> {
        self.0.blocking_recv().map_err(|_| CycleEnd::Ended)
    }

    /// Waits until the closure has run.
    ///
    /// # Errors
    ///
    /// When the thread ended before.
    pub async fn received(self) -> Result<R, CycleEnd> {
        self.0.await.map_err(|_| CycleEnd::Ended)
    }
}

/// A cycle thread that runs. Dropping it stops the thread, without waiting for the end.
#[derive(Debug)]
pub struct Running<H> {
    pub(super) calls: mpsc::Sender<Call<H>>,
    pub(super) thread: JoinHandle<Result<(), CycleEnd>>,
    pub(super) links: Vec<LinkId>,
}

impl<H: 'static> Running<H> {
    /// The links, in the order of the sorters at the start.
    pub fn sorters(&self) -> &[LinkId] {
        &self.links
    }

    /// Whether the thread still runs. It ends by [`Running::stop`] and by a panic.
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Runs a closure on the host of a sorter, on the cycle thread, between two answers of its link.
    ///
    /// # Errors
    ///
    /// When the queue is full or the thread has ended; the closure is given back.
    ///
    /// # Panics
    ///
    /// On the cycle thread, which it ends, when the closure does, or when the link is that of another thread.
    pub fn with<R, F>(&self, sorter: LinkId, closure: F) -> Result<Reply<R>, Refused<F>>
    where
        R: Send + 'static,
        F: FnOnce(&mut H) -> R + Send + 'static,
    {
        self.submit(closure, move |closure, deck| closure(&mut deck.panel(sorter).host_mut()))
    }

    /// Says whether the induction of a sorter may run, from its next cycle on.
    ///
    /// # Errors
    ///
    /// When the queue is full or the thread has ended.
    pub fn set_permit(&self, sorter: LinkId, permit: bool) -> Result<Reply<()>, RefusedKind> {
        self.control(move |deck| deck.panel(sorter).set_permit(permit))
    }

    /// Says how many items a minute the PLC of a sorter may induct, from its next cycle on.
    ///
    /// # Errors
    ///
    /// When the queue is full or the thread has ended.
    pub fn set_induction_limit(
        &self,
        sorter: LinkId,
        limit: Option<PerMinute>,
    ) -> Result<Reply<()>, RefusedKind> {
        self.control(move |deck| deck.panel(sorter).set_induction_limit(limit))
    }

    /// Asks how all links stand. Making the report costs the cycle thread some 10 us a link.
    ///
    /// # Errors
    ///
    /// When the queue is full or the thread has ended.
    pub fn report(&self) -> Result<Reply<CycleReport>, RefusedKind> {
        self.control(Deck::report)
    }

    /// Stops all links, each after a last cycle in which induction is not permitted, and waits for the end of the
    /// thread. Takes as long as the slowest request that is in flight.
    ///
    /// # Errors
    ///
    /// When the thread had ended before, by a panic.
    ///
    /// # Panics
    ///
    /// Within a tokio runtime: it blocks.
    pub fn stop(self) -> Result<CycleReport, CycleEnd> {
        self.stop_with(drop).map(|(report, ())| report)
    }

    /// Like [`Running::stop`], and runs a closure on the hosts when their links have ended. Hosts that are [`Send`]
    /// are had back by `stop_with(|hosts| hosts)`.
    ///
    /// # Errors
    ///
    /// When the thread had ended before, by a panic.
    ///
    /// # Panics
    ///
    /// Within a tokio runtime: it blocks.
    pub fn stop_with<R, F>(self, last: F) -> Result<(CycleReport, R), CycleEnd>
    where
        R: Send + 'static,
        F: FnOnce(Vec<H>) -> R + Send + 'static,
    {
        let (left, leaving) = std::sync::mpsc::sync_channel(1);
        let end = move |report, hosts| drop(left.send((report, last(hosts))));
        // A thread that does not take it has ended, and says below how.
        let _ = self.calls.blocking_send(Call::End(Box::new(end)));
        self.thread.join().unwrap_or(Err(CycleEnd::Ended))?;
        leaving.recv().map_err(|_| CycleEnd::Ended)
    }

    fn control<R: Send + 'static>(
        &self,
        act: impl FnOnce(&Deck<H>) -> R + Send + 'static,
    ) -> Result<Reply<R>, RefusedKind> {
        self.submit(act, |act, deck| act(deck)).map_err(|refused| refused.kind)
    }

    fn submit<F, R>(
        &self,
        closure: F,
        run: impl FnOnce(F, &Deck<H>) -> R + Send + 'static,
    ) -> Result<Reply<R>, Refused<F>>
    where
        F: Send + 'static,
        R: Send + 'static,
    {
        let place = match self.calls.try_reserve() {
            Ok(place) => place,
            Err(mpsc::error::TrySendError::Full(())) => {
                return Err(Refused { kind: RefusedKind::Full, closure });
            }
            Err(mpsc::error::TrySendError::Closed(())) => {
                return Err(Refused { kind: RefusedKind::Ended, closure });
            }
        };
        let (reply, replied) = oneshot::channel();
        let command = move |deck: &Deck<H>| drop(reply.send(run(closure, deck)));
        place.send(Call::Do(Box::new(command)));
        Ok(Reply(replied))
    }
}
