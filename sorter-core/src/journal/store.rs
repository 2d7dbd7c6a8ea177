//! Where entries become durable.

use super::Entry;
use crate::units::Micros;

/// Whether writing may work again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommitErrorKind {
    /// No space, or a read-only file system: the same batch may be tried again.
    NoSpace,
    /// The disk failed, or it is not known what it has: nothing more is written by this host.
    Fatal,
}

/// A batch is not durable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CommitError {
    /// Whether it may be tried again.
    pub kind: CommitErrorKind,
    /// What happened, where, and what to do.
    pub text: String,
}

/// A store of entries.
pub trait Journal {
    /// Writes a batch so that it survives, whole or not at all, and gives the time from which on it does. A real store
    /// waits until then; a simulated one says so ahead.
    ///
    /// # Errors
    /// [`CommitError`]; nothing of the batch counts as written then.
    fn commit(&mut self, now: Micros, batch: &[Entry]) -> Result<Micros, CommitError>;
}
