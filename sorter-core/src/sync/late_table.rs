//! Codes of parcels that were announced after the ledger was frozen.
//!
//! # Protocol
//! A fixed table with linear probing. Only one thread inserts at a time (the engine holds its write side for
//! that); any number of threads read meanwhile. An insert writes the two halves of the key into an empty slot
//! and then stores the slot's tag with Release. A reader loads the tag with Acquire: zero means that no key
//! was ever placed here or further on, so the search is over; otherwise the key halves are those of the
//! finished insert, because a slot is written once and never reused.
//! A search looks at no more than [`LateTable::PROBES`] slots.

use super::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::ids::ParcelId;

/// One slot. The tag is the parcel number plus one; zero is an empty slot.
#[derive(Debug)]
struct Slot {
    tag: AtomicU32,
    high: AtomicU64,
    low: AtomicU64,
}

/// A fixed-size table from exact keys to parcels, with one writer and many readers.
#[derive(Debug)]
pub struct LateTable {
    slots: Box<[Slot]>,
    inserts: AtomicU32,
}

/// No slot is free where the key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table of late announcements has no room left ({slots} slots)")]
pub struct LateTableFull {
    /// The size of the table.
    pub slots: usize,
}

impl LateTable {
    /// Slots that a search looks at before it gives up.
    pub const PROBES: usize = 32;

    /// A table with at least `capacity` slots; the number is rounded up to a power of two.
    pub fn new(capacity: usize) -> Self {
        let slots = capacity.max(1).next_power_of_two();
        let empty = || Slot { tag: AtomicU32::new(0), high: AtomicU64::new(0), low: AtomicU64::new(0) };
        Self { slots: (0..slots).map(|_| empty()).collect(), inserts: AtomicU32::new(0) }
    }

    /// Finds the parcel of a key. `hash` must be the one given at the insert.
    pub fn get(&self, hash: u64, key: u128) -> Option<ParcelId> {
        for slot in self.probe(hash) {
            // ORDERING: Acquire. Pairs with the Release in `insert`, so the key halves below are complete.
            let tag = slot.tag.load(Ordering::Acquire);
            if tag == 0 {
                return None;
            }
            // ORDERING: Relaxed, both. They were written before the tag that was acquired, and never again.
            let high = slot.high.load(Ordering::Relaxed);
            // ORDERING: Relaxed, as above.
            let low = slot.low.load(Ordering::Relaxed);
            if (u128::from(high) << 64 | u128::from(low)) == key {
                return Some(ParcelId::new(tag - 1));
            }
        }
        None
    }

    /// Adds a key. The caller makes sure that no other insert runs and that the key is not there yet.
    ///
    /// # Errors
    /// [`LateTableFull`] when no slot within reach is free; the table is unchanged.
    pub fn insert(&self, hash: u64, key: u128, parcel: ParcelId) -> Result<(), LateTableFull> {
        for slot in self.probe(hash) {
            // ORDERING: Relaxed. Only inserts write tags and no other insert runs.
            if slot.tag.load(Ordering::Relaxed) != 0 {
                continue;
            }
            // ORDERING: Relaxed, both. Published by the Release store of the tag below.
            slot.high.store((key >> 64) as u64, Ordering::Relaxed);
            // ORDERING: Relaxed, as above.
            slot.low.store(key as u64, Ordering::Relaxed);
            // ORDERING: Release. Pairs with the Acquire in `get`.
            slot.tag.store(parcel.get() + 1, Ordering::Release);
            // ORDERING: Release. Pairs with the Acquire in `inserts`: who sees the new count finds the key.
            self.inserts.fetch_add(1, Ordering::Release);
            return Ok(());
        }
        Err(LateTableFull { slots: self.slots.len() })
    }

    /// How many keys were inserted, modulo 2^32. A changed number is the reason to look for a key again.
    pub fn inserts(&self) -> u32 {
        // ORDERING: Acquire. Pairs with the Release in `insert`.
        self.inserts.load(Ordering::Acquire)
    }

    /// Whether an insert with this hash would find a slot, also after `inserts` - 1 others with any hash.
    pub fn has_room(&self, hash: u64, inserts: usize) -> bool {
        // ORDERING: Relaxed. Asked by the writer about its own earlier stores.
        let free = self.probe(hash).filter(|slot| slot.tag.load(Ordering::Relaxed) == 0);
        free.take(inserts).count() == inserts
    }

    /// The slots where a key may stand, in the order of the search.
    fn probe(&self, hash: u64) -> impl Iterator<Item = &Slot> {
        let mask = self.slots.len() - 1;
        let home = hash as usize & mask;
        (0..Self::PROBES.min(self.slots.len())).map(move |step| &self.slots[(home + step) & mask])
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_when_every_slot_in_reach_is_taken() {
        let table = LateTable::new(2);
        assert_eq!(table.insert(0, 10, ParcelId::new(0)), Ok(()));
        assert_eq!(table.insert(0, 11, ParcelId::new(1)), Ok(()));
        assert_eq!(table.insert(0, 12, ParcelId::new(2)), Err(LateTableFull { slots: 2 }));
        assert_eq!(table.get(0, 11), Some(ParcelId::new(1)));
        assert_eq!(table.get(0, 12), None);
    }

    proptest! {
        #[test]
        fn finds_what_a_map_finds(keys in prop::collection::vec(0_u128..200, 0..100)) {
            let table = LateTable::new(128);
            let mut oracle = BTreeMap::new();
            // Few different hashes, so that searches run into each other.
            let hash = |key: u128| (key as u64).wrapping_mul(0x9E37_79B9) % 24;
            for (number, key) in keys.iter().enumerate() {
                let parcel = ParcelId::new(u32::try_from(number).unwrap());
                if table.get(hash(*key), *key).is_none() && table.insert(hash(*key), *key, parcel).is_ok() {
                    oracle.insert(*key, parcel);
                }
            }
            for key in 0..200 {
                prop_assert_eq!(table.get(hash(key), key), oracle.get(&key).copied());
            }
        }
    }
}
