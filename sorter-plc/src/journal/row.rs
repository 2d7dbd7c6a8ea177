//! Records as rows of the table `record`.

use sorter_core::journal::{Entry, Record, RecordSeq, record_checksum};
use sorter_core::units::Micros;

/// Columns of the table, without the checksum.
pub(super) const COLUMNS: usize = 10;

/// The number for a parcel or a container that is not there, as a record has it; in the table it is null.
const NOTHING: u64 = u32::MAX as u64;

/// A row of the table, in the order of its columns.
///
/// The state word before the step has no column: it is that of the parcel's record before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordRow([u64; COLUMNS]);

impl RecordRow {
    pub(super) fn new(entry: &Entry, record: &Record) -> Self {
        let [at, ids, what, sizes, _, word, cause, extra] = record.to_words();
        let (parcel, container) = (ids & NOTHING, ids >> 32);
        Self([entry.seq.get(), entry.prev.get(), at, parcel, container, what, sizes, word, cause, extra])
    }

    /// A row from its columns; null where a parcel, a container or a state word is not there.
    pub(super) fn from_columns(columns: [Option<i64>; COLUMNS]) -> Self {
        Self(std::array::from_fn(|index| {
            let missing = if matches!(index, 3 | 4) { NOTHING } else { 0 };
            columns[index].map_or(missing, i64::cast_unsigned)
        }))
    }

    /// The columns, with null for what is not there.
    pub(super) fn columns(&self) -> [Option<i64>; COLUMNS] {
        std::array::from_fn(|index| {
            let missing = match index {
                3 | 4 => self.0[index] == NOTHING,
                7 => self.0[index] == 0,
                _ => false,
            };
            (!missing).then_some(self.0[index].cast_signed())
        })
    }

    pub(super) const fn seq(&self) -> RecordSeq {
        RecordSeq::new(self.0[0])
    }

    pub(super) const fn prev(&self) -> RecordSeq {
        RecordSeq::new(self.0[1])
    }

    pub(super) const fn at(&self) -> Micros {
        Micros::new(self.0[2])
    }

    /// The words of the record, with a state word before the step.
    fn words(&self, before: u64) -> [u64; 8] {
        let [_, _, at, parcel, container, what, sizes, word, cause, extra] = self.0;
        [at, parcel | container << 32, what, sizes, before, word, cause, extra]
    }

    /// The checksum that the row has to have.
    pub(super) fn sum(&self) -> u32 {
        record_checksum(self.seq(), self.prev(), &self.words(0))
    }

    /// The number of its parcel, where it has one.
    pub(super) fn parcel(&self) -> Option<usize> {
        let parcel = self.0[3];
        (parcel < NOTHING).then_some(parcel as usize)
    }

    /// The record, when the word of its parcel before it is known; `None` when it holds a number that no version
    /// wrote.
    pub(super) fn record(&self, before: u64) -> Option<Record> {
        let before = if self.0[7] == 0 { 0 } else { before };
        Record::from_words(&self.words(before))
    }
}

/// The last number in a batch, if its numbers follow each other from `last` on.
pub(super) fn last_of(last: RecordSeq, batch: &[Entry]) -> Option<RecordSeq> {
    batch.iter().try_fold(last, |last, entry| (entry.seq == last.next()).then_some(entry.seq))
}
