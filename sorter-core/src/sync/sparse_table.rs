//! A table of numbers of which few entries are written: most readers learn from one bit that there is nothing to read.
//!
//! # Protocol
//! One bit for each entry stands before a [`NumberTable`]. It is set before the entry is written for the first time and
//! never taken back. A reader that finds it not set takes the entry for empty, as it would have been read then; whoever
//! has to see the entry, since it saw what was written after it, sees the bit too. The bits of 5 million parcels are
//! 610 KiB and stay in a cache, where their entries would not.

use super::atomic::{AtomicU64, Ordering};
use super::number_table::NumberTable;

/// Numbers of 32 bits over dense ids, few of them written.
#[derive(Debug)]
pub struct SparseTable {
    written: Box<[AtomicU64]>,
    numbers: NumberTable,
}

impl SparseTable {
    /// A table of `length` empty entries.
    pub fn new(length: usize) -> Self {
        let words = length.div_ceil(64);
        Self { written: (0..words).map(|_| AtomicU64::new(0)).collect(), numbers: NumberTable::new(length) }
    }

    /// Writes the entry of an id. Ids beyond the table are ignored: they read as empty.
    pub fn set(&self, id: usize, value: Option<u32>) {
        if value.is_none() && self.get(id).is_none() {
            return;
        }
        if let Some(word) = self.written.get(id / 64) {
            // ORDERING: Relaxed. The bit tells nothing but that the entry is worth reading; the entry is published by a
            // Release of its own.
            word.fetch_or(1 << (id % 64), Ordering::Relaxed);
        }
        self.numbers.set(id, value);
    }

    /// The value of an id, or `None` when it is empty or beyond the table.
    #[inline]
    pub fn get(&self, id: usize) -> Option<u32> {
        // ORDERING: Relaxed. Whoever saw what was written after the entry, in a word that it acquired, sees the bit; who
        // did not may take the entry for empty.
        let written = self.written.get(id / 64)?.load(Ordering::Relaxed);
        if written >> (id % 64) & 1 == 0 { None } else { self.numbers.get(id) }
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests {
    use super::*;

    #[test]
    fn entries_are_written_and_taken_back() {
        let table = SparseTable::new(70);
        table.set(69, Some(7));
        table.set(70, Some(9));
        assert_eq!((table.get(0), table.get(69), table.get(70)), (None, Some(7), None));
        table.set(69, None);
        table.set(1, None);
        assert_eq!((table.get(69), table.get(1), table.get(1_000)), (None, None, None));
    }
}
