//! A table of small numbers over dense ids that readers index while a writer fills in late entries.
//!
//! # Protocol
//! The table is filled before it is shared. After that, an entry changes at most once, from
//! [`DenseTable::EMPTY`] to its value, and it does so before the id of the entry is handed to any reader:
//! the writer stores the entry and then publishes a state word that names the id (a Release store in
//! [`super::day_table`]), and a reader learns the id from that word by an Acquire load.
//! So a reader that knows an id always sees its entry, in each table that a reader may be using: the engine
//! teaches its present plan and those retired ones that a worker still holds. A reader that guesses an id may see
//! [`DenseTable::EMPTY`]; that is a defined answer, never a wrong one.

use super::atomic::{AtomicU16, Ordering};

/// Numbers of 16 bits over dense ids.
#[derive(Debug)]
pub struct DenseTable {
    entries: Box<[AtomicU16]>,
}

impl DenseTable {
    /// The value of an entry that nobody has filled in.
    pub const EMPTY: u16 = u16::MAX;

    /// A table of `length` empty entries.
    pub fn new(length: usize) -> Self {
        Self { entries: (0..length).map(|_| AtomicU16::new(Self::EMPTY)).collect() }
    }

    /// Fills the entry of an id. Ids beyond the table are ignored: they read as empty.
    pub fn set(&self, id: usize, value: u16) {
        if let Some(entry) = self.entries.get(id) {
            // ORDERING: Relaxed. Nothing is published through the entry itself; the id that leads to it is
            // published afterwards by the Release store of the state word that names it.
            entry.store(value, Ordering::Relaxed);
        }
    }

    /// The value of an id, or `None` when it is empty or beyond the table.
    pub fn get(&self, id: usize) -> Option<u16> {
        // ORDERING: Relaxed. The reader has the id from an Acquire load that pairs with the Release store
        // made after `set`, so the entry is visible.
        let value = self.entries.get(id)?.load(Ordering::Relaxed);
        (value != Self::EMPTY).then_some(value)
    }

    /// How many ids the table has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the table has no ids.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests {
    use super::*;

    #[test]
    fn unset_and_unknown_ids_read_as_none() {
        let table = DenseTable::new(2);
        table.set(1, 7);
        table.set(2, 9);
        assert_eq!((table.get(0), table.get(1), table.get(2)), (None, Some(7), None));
    }
}
