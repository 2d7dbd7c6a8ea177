//! The ledger: every announced parcel of a hub, found by any of its codes.
//!
//! The codes known before the day are in a map that is frozen when the ledger is built; codes announced
//! later stand in a [`LateTable`]. Both lead to a parcel number, and the number to one state word.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::hash::BuildHasher;
use std::sync::Mutex;

use crate::barcode::CodeKey;
use crate::ids::ParcelId;
use crate::state_word::StateWord;
use crate::sync::late_table::LateTable;
use crate::sync::state_array::StateArray;

/// Why a parcel could not be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// One of its codes belongs to a parcel already.
    #[error("a code of the parcel is announced already as {first}")]
    Duplicate {
        /// The parcel that has the code.
        first: ParcelId,
    },
    /// There is no room for another parcel.
    #[error("the ledger is full at {capacity} parcels; build it with room for more late announcements")]
    Full {
        /// Parcels that it holds at most.
        capacity: usize,
    },
    /// It has no code to be found by.
    #[error("the parcel has no code")]
    NoCode,
}

/// A ledger that is being filled before the day.
pub struct LedgerBuilder {
    index: HashMap<CodeKey, ParcelId, FixedState>,
    words: Vec<StateWord>,
    seed: u64,
}

impl LedgerBuilder {
    /// A ledger with room for `parcels` parcels of two codes each before it has to grow.
    ///
    /// The seed keys the hash of the codes, so that nobody can announce codes that all collide.
    pub fn new(parcels: usize, seed: u64) -> Self {
        let index = HashMap::with_capacity_and_hasher(parcels * 2, FixedState::with_seed(seed));
        Self { index, words: Vec::with_capacity(parcels), seed }
    }

    /// Announces a parcel under all of its codes. A code that is given twice counts once.
    ///
    /// # Errors
    /// [`LedgerError`]; the ledger is unchanged then.
    pub fn announce(&mut self, codes: &[CodeKey], word: StateWord) -> Result<ParcelId, LedgerError> {
        let full = LedgerError::Full { capacity: self.words.len() };
        let parcel = ParcelId::new(u32::try_from(self.words.len()).map_err(|_| full)?);
        if codes.is_empty() {
            return Err(LedgerError::NoCode);
        }
        for (place, code) in codes.iter().enumerate() {
            match self.index.entry(*code) {
                Entry::Vacant(entry) => {
                    entry.insert(parcel);
                }
                Entry::Occupied(entry) if *entry.get() != parcel => {
                    let first = *entry.get();
                    self.forget(&codes[..place], parcel);
                    return Err(LedgerError::Duplicate { first });
                }
                Entry::Occupied(_) => {}
            }
        }
        self.words.push(word);
        Ok(parcel)
    }

    /// Takes back the codes of an announcement that failed half way.
    fn forget(&mut self, codes: &[CodeKey], parcel: ParcelId) {
        for code in codes {
            if self.index.get(code) == Some(&parcel) {
                self.index.remove(code);
            }
        }
    }

    /// The word of each parcel, by number.
    pub(crate) fn words(&self) -> &[StateWord] {
        &self.words
    }

    /// Every code with its parcel, in no order.
    pub(crate) fn codes(&self) -> impl Iterator<Item = (CodeKey, ParcelId)> + '_ {
        self.index.iter().map(|(code, parcel)| (*code, *parcel))
    }

    /// Freezes the ledger, with room for `late` further parcels.
    pub fn build(self, late: usize) -> Ledger {
        let announced = self.words.len();
        let states = StateArray::new(announced + late);
        for (number, word) in self.words.iter().enumerate() {
            states.publish(ParcelId::new(u32::try_from(number).expect("checked when announced")), *word);
        }
        Ledger {
            index: self.index,
            // Two codes a parcel at a load of one half keep the searches short.
            late: LateTable::new(late * 4),
            states,
            hasher: FixedState::with_seed(self.seed),
            early: announced,
            late_writer: Mutex::new(announced),
        }
    }
}

/// Every announced parcel of a hub. Shared by its workers.
pub struct Ledger {
    index: HashMap<CodeKey, ParcelId, FixedState>,
    late: LateTable,
    states: StateArray,
    hasher: FixedState,
    /// How many parcels were announced before it was built.
    early: usize,
    /// The number of the next late parcel; held while one is written, so that there is one writer.
    late_writer: Mutex<usize>,
}

impl Ledger {
    /// The parcel of a code. Looks at one map and, for codes that are not there, at the late table.
    pub fn find(&self, code: CodeKey) -> Option<ParcelId> {
        match self.index.get(&code) {
            Some(parcel) => Some(*parcel),
            None => self.late.get(self.hash(code), code.get()),
        }
    }

    /// How many parcels it has room for, announced ones included.
    pub fn capacity(&self) -> usize {
        self.states.len()
    }

    /// The present state of a parcel.
    pub fn state(&self, parcel: ParcelId) -> Option<StateWord> {
        self.states.load(parcel)
    }

    /// Replaces a state that is still `current`.
    ///
    /// # Errors
    /// The state that stands there instead.
    pub(crate) fn replace(
        &self,
        parcel: ParcelId,
        current: StateWord,
        new: StateWord,
    ) -> Result<(), StateWord> {
        self.states.replace(parcel, current, new)
    }

    /// Announces a parcel while decisions are being made. Not for the hot path: writers wait for each other.
    ///
    /// `before` is called with the number of the parcel before anybody can see it, for what has to be known by
    /// then.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing has changed then.
    pub fn announce_late(
        &self,
        codes: &[CodeKey],
        word: StateWord,
        before: impl FnOnce(ParcelId),
    ) -> Result<ParcelId, LedgerError> {
        let mut next = self.late_writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if codes.is_empty() {
            return Err(LedgerError::NoCode);
        }
        if let Some(first) = codes.iter().find_map(|code| self.find(*code)) {
            return Err(LedgerError::Duplicate { first });
        }
        let full = LedgerError::Full { capacity: self.states.len() };
        let room = codes.iter().all(|code| self.late.has_room(self.hash(*code), codes.len()));
        if *next >= self.states.len() || !room {
            return Err(full);
        }
        let parcel = ParcelId::new(u32::try_from(*next).map_err(|_| full)?);
        before(parcel);
        self.states.publish(parcel, word);
        *next += 1;
        for code in codes {
            if self.find(*code).is_none() {
                self.late.insert(self.hash(*code), code.get(), parcel).map_err(|_| full)?;
            }
        }
        Ok(parcel)
    }

    /// How many parcels are announced, late ones included.
    pub fn len(&self) -> usize {
        *self.late_writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How many parcels were announced before the ledger was built.
    pub(crate) const fn announced_early(&self) -> usize {
        self.early
    }

    /// The codes that were announced before the ledger was built, in no order.
    pub(crate) fn early_codes(&self) -> impl Iterator<Item = (CodeKey, ParcelId)> + '_ {
        self.index.iter().map(|(code, parcel)| (*code, *parcel))
    }

    /// Gives an announced parcel the word that it had under another host, before anybody else sees the ledger.
    pub(crate) fn restore(&self, parcel: ParcelId, word: StateWord) {
        self.states.publish(parcel, word);
    }

    /// A number that changes whenever a code was announced late: the reason to look for unknown codes again.
    pub fn late_codes(&self) -> u32 {
        self.late.inserts()
    }

    /// Whether no parcel is announced.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash(&self, code: CodeKey) -> u64 {
        self.hasher.hash_one(code)
    }
}

#[cfg(test)]
#[cfg(not(sorter_loom))]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::clearance::Clearance;
    use crate::ids::DestinationId;
    use crate::manifest::Service;
    use crate::state_word::WeightClass;

    fn key(number: u32) -> CodeKey {
        CodeKey::pack(format!("LP{number:09}").as_bytes()).unwrap()
    }

    fn word(destination: u32) -> StateWord {
        let destination = DestinationId::new(destination);
        StateWord::announced(destination, Clearance::Released, Service::default(), WeightClass::Light)
    }

    #[test]
    fn a_parcel_is_found_by_each_of_its_codes() {
        let mut builder = LedgerBuilder::new(10, 1);
        let parcel = builder.announce(&[key(1), key(2), key(1)], word(7)).unwrap();
        let ledger = builder.build(0);
        assert_eq!(ledger.find(key(1)), Some(parcel));
        assert_eq!(ledger.find(key(2)), Some(parcel));
        assert_eq!(ledger.find(key(3)), None);
        assert_eq!(ledger.state(parcel).unwrap().destination().get(), 7);
    }

    #[test]
    fn a_duplicate_is_refused_and_leaves_no_half_of_itself() {
        let mut builder = LedgerBuilder::new(10, 1);
        let first = builder.announce(&[key(2)], word(0)).unwrap();
        let refused = builder.announce(&[key(1), key(2)], word(0));
        assert_eq!(refused, Err(LedgerError::Duplicate { first }));
        assert_eq!(builder.announce(&[key(1)], word(0)), Ok(ParcelId::new(1)));
    }

    #[test]
    fn late_announcements_stop_at_the_capacity_and_lose_nothing() {
        let ledger = LedgerBuilder::new(0, 1).build(2);
        assert_eq!(ledger.announce_late(&[key(1), key(2)], word(1), |_| ()), Ok(ParcelId::new(0)));
        assert_eq!(ledger.announce_late(&[key(3)], word(2), |_| ()), Ok(ParcelId::new(1)));
        assert_eq!(ledger.announce_late(&[key(4)], word(3), |_| ()), Err(LedgerError::Full { capacity: 2 }));
        assert_eq!(ledger.find(key(2)), Some(ParcelId::new(0)));
        assert_eq!(ledger.len(), 2);
    }

    #[test]
    fn a_parcel_whose_codes_do_not_all_find_room_is_refused_as_a_whole() {
        let ledger = LedgerBuilder::new(0, 1).build(1);
        let codes: Vec<_> = (0..5).map(key).collect();
        assert_eq!(ledger.announce_late(&codes, word(1), |_| ()), Err(LedgerError::Full { capacity: 1 }));
        assert!(codes.iter().all(|code| ledger.find(*code).is_none()));
        assert_eq!(ledger.announce_late(&codes[..4], word(1), |_| ()), Ok(ParcelId::new(0)));
    }

    proptest! {
        #[test]
        fn finds_what_a_tree_map_finds(
            early in prop::collection::vec(prop::collection::vec(0_u32..60, 1..4), 0..30),
            late in prop::collection::vec(prop::collection::vec(0_u32..60, 1..4), 0..30),
        ) {
            let mut oracle: BTreeMap<u32, ParcelId> = BTreeMap::new();
            let mut expect = |codes: &[u32], got: Result<ParcelId, LedgerError>| {
                let taken = codes.iter().any(|code| oracle.contains_key(code));
                prop_assert_eq!(taken, got.is_err());
                if let Ok(parcel) = got {
                    oracle.extend(codes.iter().map(|code| (*code, parcel)));
                }
                Ok(())
            };
            let mut builder = LedgerBuilder::new(0, 9);
            for codes in &early {
                let keys: Vec<_> = codes.iter().map(|code| key(*code)).collect();
                expect(codes, builder.announce(&keys, word(0)))?;
            }
            let ledger = builder.build(30);
            for codes in &late {
                let keys: Vec<_> = codes.iter().map(|code| key(*code)).collect();
                expect(codes, ledger.announce_late(&keys, word(0), |_| ()))?;
            }
            for code in 0..60 {
                prop_assert_eq!(ledger.find(key(code)), oracle.get(&code).copied());
            }
        }
    }
}
