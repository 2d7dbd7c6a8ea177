//! The ledger as a map and an array: what the day table is held against.
//!
//! The codes known before the day are in a map that is frozen when the ledger is built; codes announced
//! later stand in a [`LateTable`]. Both lead to a parcel number, and the number to one state word. With the feature
//! `oracle-ledger` an engine works on this one.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry as MapEntry;
use std::hash::BuildHasher;
use std::sync::Mutex;

use super::{CodeHash, Entry, Hint, LedgerError};
use crate::barcode::CodeKey;
use crate::ids::ParcelId;
use crate::state_word::StateWord;
use crate::sync::day_table::Slot;
use crate::sync::late_table::LateTable;
use crate::sync::state_array::StateArray;

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
                MapEntry::Vacant(entry) => {
                    entry.insert(parcel);
                }
                MapEntry::Occupied(entry) if *entry.get() != parcel => {
                    let first = *entry.get();
                    self.forget(&codes[..place], parcel);
                    return Err(LedgerError::Duplicate { first });
                }
                MapEntry::Occupied(_) => {}
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
    pub(crate) fn words(&self) -> Vec<StateWord> {
        self.words.clone()
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
            None => self.late.get(self.hash_of(code), code.get()),
        }
    }

    /// The hash of a code. This ledger makes it anew with each search.
    pub(crate) fn hash(&self, _code: CodeKey) -> CodeHash {
        CodeHash(0)
    }

    /// The entry of a code, as [`Ledger::find`].
    pub(crate) fn find_entry(&self, code: CodeKey, _hash: CodeHash) -> Option<Entry> {
        self.find(code).and_then(|parcel| self.entry(parcel))
    }

    /// The entry of a parcel whose slot may be known.
    pub(crate) fn entry_by(&self, parcel: ParcelId, _hint: Hint) -> Option<Entry> {
        self.entry(parcel)
    }

    /// The entry of a parcel. Its slot is its number.
    pub fn entry(&self, parcel: ParcelId) -> Option<Entry> {
        (parcel.index() < self.states.len()).then_some(Entry { parcel, slot: Slot::new(parcel.get()) })
    }

    /// Nothing: a map cannot be asked for memory beforehand.
    pub(crate) fn prefetch(&self, _hash: CodeHash) {}

    /// The present state of an entry.
    pub(crate) fn state_at(&self, entry: Entry) -> Option<StateWord> {
        self.states.load(entry.parcel)
    }

    /// Replaces the state of an entry that is still `current`.
    pub(crate) fn replace_at(
        &self,
        entry: Entry,
        current: StateWord,
        new: StateWord,
    ) -> Result<(), StateWord> {
        self.states.replace(entry.parcel, current, new)
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
        let room = codes.iter().all(|code| self.late.has_room(self.hash_of(*code), codes.len()));
        if *next >= self.states.len() || !room {
            return Err(full);
        }
        let parcel = ParcelId::new(u32::try_from(*next).map_err(|_| full)?);
        before(parcel);
        self.states.publish(parcel, word);
        *next += 1;
        for code in codes {
            if self.find(*code).is_none() {
                self.late.insert(self.hash_of(*code), code.get(), parcel).map_err(|_| full)?;
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

    fn hash_of(&self, code: CodeKey) -> u64 {
        self.hasher.hash_one(code)
    }
}
