//! The ledger on a day table.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::index::{Counts, Index, KeyHash, Refused};
use super::{CodeHash, Entry, Hint, LedgerError};
use crate::barcode::CodeKey;
use crate::ids::ParcelId;
use crate::mem::pages::Backing;
use crate::state_word::StateWord;
use crate::sync::day_table::DayTable;

/// Codes of a late parcel for which there is room in the table, and further codes of one for which there are keys. The
/// table has more room than that as long as others have fewer.
const LATE_CODES: usize = 2;
const LATE_ALIASES: usize = 3;
/// The fewest entries of a list or table that had to grow.
const LEAST: usize = 64;
/// Room for this many times the codes that there are is more than a table ever needs.
const MUCH: usize = 8;

/// A ledger that is being filled before the day.
pub struct LedgerBuilder {
    index: Index,
    counts: Counts,
}

impl LedgerBuilder {
    /// A ledger with room for `codes` codes of as many parcels before it has to grow.
    ///
    /// The seed keys the hash of the codes, so that nobody can announce codes that all collide. Take another one each
    /// day. No number of a parcel depends on it.
    pub fn new(codes: usize, seed: u64) -> Self {
        Self::with_hash(codes, KeyHash::new(seed))
    }

    pub(super) fn with_hash(codes: usize, hash: KeyHash) -> Self {
        let codes = codes.min(DayTable::NUMBERS);
        Self { index: Index::new(hash, codes, codes, 0), counts: Counts::default() }
    }

    /// Announces a parcel under all of its codes. A code that is given twice counts once.
    ///
    /// # Errors
    /// [`LedgerError`]; the ledger is unchanged then. It is full at [`DayTable::NUMBERS`] parcels, or as many codes that
    /// are not the first of their parcel.
    pub fn announce(&mut self, codes: &[CodeKey], word: StateWord) -> Result<ParcelId, LedgerError> {
        loop {
            match self.index.announce(&mut self.counts, codes, word, |_| ()) {
                Ok(parcel) => return Ok(parcel),
                Err(Refused::Duplicate(first)) => return Err(LedgerError::Duplicate { first }),
                Err(Refused::NoCode) => return Err(LedgerError::NoCode),
                Err(Refused::NoRoom) => self.grow(codes.len())?,
            }
        }
    }

    /// Makes room for another parcel with so many codes.
    fn grow(&mut self, codes: usize) -> Result<(), LedgerError> {
        let Counts { parcels, aliases } = self.counts;
        // A table with that much room is not full: too many codes have the same hash.
        let crowded = self.index.table.room() > (self.counts.codes() + codes) * MUCH + LEAST;
        if parcels >= DayTable::NUMBERS || aliases + codes > DayTable::NUMBERS {
            return Err(LedgerError::Full { capacity: parcels });
        }
        let (for_parcels, for_aliases) = self.index.lists();
        let longer = |length: usize| (length * 2).clamp(LEAST, DayTable::NUMBERS);
        let short_of_parcels = parcels >= for_parcels;
        let short_of_aliases = aliases + codes > for_aliases + 1;
        if short_of_parcels || short_of_aliases {
            let parcels = if short_of_parcels { longer(for_parcels) } else { for_parcels };
            let aliases = if short_of_aliases { longer(for_aliases.max(codes)) } else { for_aliases };
            self.index.resize_lists(self.counts, parcels, aliases);
        } else if crowded {
            return Err(LedgerError::Full { capacity: parcels });
        } else {
            self.index.resize_table(self.counts, (self.index.table.room() * 2).max(LEAST));
        }
        Ok(())
    }

    /// The word of each parcel, by number.
    pub(crate) fn words(&self) -> Vec<StateWord> {
        let parcels = (0_u32..).map(ParcelId::new).take(self.counts.parcels);
        parcels.filter_map(|parcel| self.index.table.load(self.index.entry(parcel)?.slot)).collect()
    }

    /// Every code with its parcel.
    pub(crate) fn codes(&self) -> impl Iterator<Item = (CodeKey, ParcelId)> + '_ {
        self.index.codes(self.counts)
    }

    /// Freezes the ledger, with room for `late` further parcels of two codes each; some may have more.
    pub fn build(mut self, late: usize) -> Ledger {
        let early = self.counts;
        let capacity = (early.parcels + late).min(DayTable::NUMBERS);
        let aliases = (early.aliases + late * LATE_ALIASES).min(DayTable::NUMBERS);
        self.index.resize_lists(early, capacity, aliases);
        let (codes, room) = (early.codes() + late * LATE_CODES, self.index.table.room());
        if room < codes || room > codes + codes / 4 + LEAST {
            self.index.resize_table(early, codes);
        }
        let publications = self.index.table.publications();
        Ledger { index: self.index, capacity, early, publications, writer: Mutex::new(early) }
    }
}

/// What there is to know about the table of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableReport {
    /// Slots.
    pub slots: usize,
    /// Slots that are taken: one for each code.
    pub codes: usize,
    /// Codes that have the fingerprint of another one; as long as there are any, exact keys are compared.
    pub twins: u32,
    /// How its memory is backed: whether there are huge pages.
    pub backing: Backing,
}

/// Every announced parcel of a hub. Shared by its workers.
pub struct Ledger {
    index: Index,
    capacity: usize,
    /// What was announced before it was built.
    early: Counts,
    /// How many codes were published when it was built.
    publications: u32,
    /// What is announced by now; held while a parcel is written, so that there is one writer.
    writer: Mutex<Counts>,
}

impl Ledger {
    /// The parcel of a code, by its fingerprint. See [`crate::sync::day_table`] for how unlikely it is that a code that
    /// nobody announced is taken for another one.
    pub fn find(&self, code: CodeKey) -> Option<ParcelId> {
        self.find_entry(code, self.hash(code)).map(Entry::parcel)
    }

    /// The hash of a code, to find it by.
    #[inline]
    pub(crate) fn hash(&self, code: CodeKey) -> CodeHash {
        self.index.hash(code)
    }

    /// The entry of a code with its hash, as [`Ledger::find`].
    #[inline]
    pub(crate) fn find_entry(&self, code: CodeKey, hash: CodeHash) -> Option<Entry> {
        self.index.find(code, hash)
    }

    /// The entry of a parcel whose slot may be known.
    #[inline]
    pub(crate) fn entry_by(&self, parcel: ParcelId, hint: Hint) -> Option<Entry> {
        hint.entry(parcel).or_else(|| self.entry(parcel))
    }

    /// The entry of a parcel.
    pub fn entry(&self, parcel: ParcelId) -> Option<Entry> {
        self.index.entry(parcel)
    }

    /// The first code of a parcel, exactly as it was announced.
    pub fn first_code(&self, parcel: ParcelId) -> Option<CodeKey> {
        self.entry(parcel).and_then(|entry| self.index.first_code(entry.parcel))
    }

    /// Asks for the memory that a search for a code will need.
    #[inline]
    pub(crate) fn prefetch(&self, hash: CodeHash) {
        self.index.prefetch(hash);
    }

    /// How many parcels it has room for, announced ones included.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Its table: size, load and memory. Not for the hot path.
    pub fn table(&self) -> TableReport {
        let table = &self.index.table;
        TableReport {
            slots: table.slots(),
            codes: self.writer().codes(),
            twins: table.twins(),
            backing: table.backing(),
        }
    }

    /// The present state of a parcel.
    pub fn state(&self, parcel: ParcelId) -> Option<StateWord> {
        self.state_at(self.entry(parcel)?)
    }

    /// The present state of an entry.
    #[inline]
    pub(crate) fn state_at(&self, entry: Entry) -> Option<StateWord> {
        self.index.table.load(entry.slot)
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
        let entry = self.entry(parcel).expect("the parcel is announced, since it has a state");
        self.replace_at(entry, current, new)
    }

    /// Replaces the state of an entry that is still `current`.
    ///
    /// # Errors
    /// The state that stands there instead.
    #[inline]
    pub(crate) fn replace_at(
        &self,
        entry: Entry,
        current: StateWord,
        new: StateWord,
    ) -> Result<(), StateWord> {
        self.index.table.replace(entry.slot, current, new)
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
        self.index.announce(&mut self.writer(), codes, word, before).map_err(|refused| match refused {
            Refused::Duplicate(first) => LedgerError::Duplicate { first },
            Refused::NoCode => LedgerError::NoCode,
            Refused::NoRoom => LedgerError::Full { capacity: self.capacity },
        })
    }

    fn writer(&self) -> MutexGuard<'_, Counts> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many parcels are announced, late ones included.
    pub fn len(&self) -> usize {
        self.writer().parcels
    }

    /// How many parcels were announced before the ledger was built.
    pub(crate) const fn announced_early(&self) -> usize {
        self.early.parcels
    }

    /// The codes that were announced before the ledger was built.
    pub(crate) fn early_codes(&self) -> impl Iterator<Item = (CodeKey, ParcelId)> + '_ {
        self.index.codes(self.early)
    }

    /// Gives an announced parcel the word that it had under another host, before anybody else sees the ledger.
    pub(crate) fn restore(&self, parcel: ParcelId, word: StateWord) {
        if let Some(entry) = self.entry(parcel) {
            self.index.table.restore(entry.slot, word);
        }
    }

    /// A number that changes whenever a code was announced late: the reason to look for unknown codes again.
    pub fn late_codes(&self) -> u32 {
        self.index.table.publications().wrapping_sub(self.publications)
    }

    /// Whether no parcel is announced.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
