//! The answer to a batch of notices.

use std::fmt;

use super::{Accepted, NoticeRefusal};

/// A notice of a batch that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedNotice {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Why.
    pub refusal: NoticeRefusal,
}

/// What became of the notices of a batch: the good ones took effect, the bad ones are listed.
///
/// `notices` is `applied`, `kept`, `repeated`, `outweighed` and the refused ones added up.
///
/// ```
/// use sorter_core::clearance::{Accepted, BatchOutcome, NoticeRefusal};
///
/// let mut outcome = BatchOutcome::default();
/// outcome.push(Ok(Accepted::Kept));
/// outcome.push(Err(NoticeRefusal::OnwardMissing));
/// assert_eq!(
///     outcome.to_string(),
///     "2 notices: 0 applied, 1 kept, 0 repeated, 0 outweighed, 1 refused"
/// );
/// assert_eq!(outcome.refused[0].index, 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    /// Notices of the batch.
    pub notices: usize,
    /// Notices that came into force for their parcel.
    pub applied: usize,
    /// Notices that are kept until their code is announced.
    pub kept: usize,
    /// Notices that said again what is in force.
    pub repeated: usize,
    /// Notices of the same time as one that is stricter.
    pub outweighed: usize,
    /// Notices that were refused, in the order of the batch.
    pub refused: Vec<RefusedNotice>,
}

impl BatchOutcome {
    /// Adds what became of the next notice of the batch.
    pub fn push(&mut self, outcome: Result<Accepted, NoticeRefusal>) {
        match outcome {
            Ok(Accepted::Applied(_)) => self.applied += 1,
            Ok(Accepted::Kept) => self.kept += 1,
            Ok(Accepted::Repeat) => self.repeated += 1,
            Ok(Accepted::Outweighed) => self.outweighed += 1,
            Err(refusal) => self.refused.push(RefusedNotice { index: self.notices, refusal }),
        }
        self.notices += 1;
    }
}

impl fmt::Display for BatchOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} notices: {} applied, {} kept, {} repeated, {} outweighed, {} refused",
            self.notices,
            self.applied,
            self.kept,
            self.repeated,
            self.outweighed,
            self.refused.len()
        )
    }
}
