//! A table of numbers over parcels that is written anew while others read it.
//!
//! # Protocol
//! The engine keeps the container that each parcel was last put into in one, and the connection that it is booked on in
//! another (behind a [`SparseTable`](super::sparse_table::SparseTable)). An entry belongs to a state word.
//!
//! - *Containers.* Only the holder of the live claim writes the entry of a parcel, after the step that claimed
//!   it and before the step that ends the pass. A reader that finds the parcel at rest loads the word, the
//!   entry and the word again. Where the entry is one of a later pass, the Acquire load of the entry shows the
//!   claim of that pass, so the second load of the word differs from the first and the reader begins anew.
//! - *Connections.* Customs write the entry under their lock and change the word after that. A worker loads the
//!   word, then the entry, and then makes its step by a compare-and-swap. Whichever entry it saw: if its step
//!   comes first, customs find the parcel committed and hold its container against the new connection.
//!
//! The ledger keeps the slot of each parcel in a third, written once before the parcel is published.

use super::atomic::{AtomicU32, Ordering};

/// Numbers of 32 bits over dense ids.
#[derive(Debug)]
pub struct NumberTable {
    entries: Box<[AtomicU32]>,
}

impl NumberTable {
    /// The value of an entry that nobody has written.
    const EMPTY: u32 = u32::MAX;

    /// A table of `length` empty entries.
    pub fn new(length: usize) -> Self {
        Self { entries: (0..length).map(|_| AtomicU32::new(Self::EMPTY)).collect() }
    }

    /// Writes the entry of an id. Ids beyond the table are ignored: they read as empty.
    pub fn set(&self, id: usize, value: Option<u32>) {
        if let Some(entry) = self.entries.get(id) {
            // ORDERING: Release. Pairs with the Acquire in `get`: whoever sees the entry of a pass also sees
            // the step that began the pass.
            entry.store(value.unwrap_or(Self::EMPTY), Ordering::Release);
        }
    }

    /// The value of an id, or `None` when it is empty or beyond the table.
    pub fn get(&self, id: usize) -> Option<u32> {
        // ORDERING: Acquire. Pairs with the Release in `set`, and keeps the reader's second load of the state
        // word behind this one.
        let value = self.entries.get(id)?.load(Ordering::Acquire);
        (value != Self::EMPTY).then_some(value)
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests {
    use super::*;

    #[test]
    fn entries_are_written_and_taken_back() {
        let table = NumberTable::new(2);
        table.set(1, Some(7));
        table.set(2, Some(9));
        assert_eq!((table.get(0), table.get(1), table.get(2)), (None, Some(7), None));
        table.set(1, None);
        assert_eq!(table.get(1), None);
    }
}
