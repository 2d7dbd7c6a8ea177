//! Exact keys in a dense list: what an audit asks for, and what tells twins apart.
//!
//! # Protocol
//! An entry is written once, in two halves, before the slot of the day table that has its number is published. A
//! reader has the number from a published slot, so it sees both halves. Nobody asks for a number that was not
//! published.

use super::atomic::{AtomicU64, Ordering};
use crate::barcode::CodeKey;
use crate::mem::pages::{Pages, Zeroed};

/// The two halves of a key; 0 is no key.
#[derive(Debug, Default)]
struct Halves {
    high: AtomicU64,
    low: AtomicU64,
}

// SAFETY: two atomics of 0 are the default, and atomics need no drop. Under loom no slice is mapped.
unsafe impl Zeroed for Halves {}

/// A list of keys of a fixed length.
#[derive(Debug)]
pub struct KeyList {
    entries: Pages<Halves>,
}

impl KeyList {
    /// A list of `length` empty entries.
    pub fn new(length: usize) -> Self {
        Self { entries: Pages::new(length) }
    }

    /// How many entries it has, empty ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has room for none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Writes the entry of a number, once.
    ///
    /// # Panics
    /// When the number is beyond the list.
    pub fn set(&self, number: usize, key: CodeKey) {
        let entry = &self.entries[number];
        // ORDERING: Relaxed, both. Published by the Release of the slot that has the number.
        entry.high.store((key.get() >> 64) as u64, Ordering::Relaxed);
        // ORDERING: Relaxed, as above.
        entry.low.store(key.get() as u64, Ordering::Relaxed);
    }

    /// The entry of a number, or `None` when it is empty or beyond the list.
    pub fn get(&self, number: usize) -> Option<CodeKey> {
        let entry = self.entries.get(number)?;
        // ORDERING: Relaxed, both. They were written before the slot with this number was published, and never again.
        let high = entry.high.load(Ordering::Relaxed);
        // ORDERING: Relaxed, as above.
        let low = entry.low.load(Ordering::Relaxed);
        CodeKey::from_packed(u128::from(high) << 64 | u128::from(low))
    }

    /// The list once more with another length. Entries beyond it are left out.
    #[must_use]
    pub fn resized(&self, length: usize) -> Self {
        let longer = Self::new(length);
        for number in 0..length.min(self.len()) {
            if let Some(key) = self.get(number) {
                longer.set(number, key);
            }
        }
        longer
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_written_also_when_it_grows() {
        let key = CodeKey::pack(b"LP263072004SG").unwrap();
        let list = KeyList::new(2);
        list.set(1, key);
        assert_eq!((list.get(0), list.get(1), list.get(2)), (None, Some(key), None));
        let longer = list.resized(4);
        assert_eq!((longer.len(), longer.get(1), longer.get(3)), (4, Some(key), None));
        assert_eq!(longer.resized(1).get(1), None);
    }
}
