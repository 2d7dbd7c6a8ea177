//! What a ledger and its builder share: the table, and what lies aside of it.

use foldhash::quality::FixedState;
use smallvec::SmallVec;
use std::hash::BuildHasher;

use super::{CodeHash, Entry};
use crate::barcode::CodeKey;
use crate::ids::ParcelId;
use crate::state_word::StateWord;
use crate::sync::day_table::{DayTable, Match, Slot};
use crate::sync::key_list::KeyList;
use crate::sync::number_table::NumberTable;

/// How many parcels are announced, and how many further codes they have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) parcels: usize,
    pub(super) aliases: usize,
}

impl Counts {
    pub(super) const fn codes(self) -> usize {
        self.parcels + self.aliases
    }
}

/// Why an announcement found no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Duplicate(ParcelId),
    NoCode,
    NoRoom,
}

/// The keyed hash of codes: nobody who does not know the seed can announce codes that all collide.
#[derive(Clone)]
pub(super) struct KeyHash {
    state: FixedState,
    /// The bits of a hash that are used: fewer in tests that want equal fingerprints.
    mask: u64,
}

impl KeyHash {
    pub(super) fn new(seed: u64) -> Self {
        Self::masked(seed, u64::MAX)
    }

    pub(super) fn masked(seed: u64, mask: u64) -> Self {
        Self { state: FixedState::with_seed(seed), mask }
    }

    fn of(&self, code: CodeKey) -> u64 {
        self.state.hash_one(code) & self.mask
    }
}

/// The codes of one announcement with their hashes, each once.
type Hashed = SmallVec<[(CodeKey, u64); 8]>;

pub(super) struct Index {
    pub(super) table: DayTable,
    hash: KeyHash,
    /// The slot of each parcel.
    slots: NumberTable,
    /// The first code of each parcel.
    keys: KeyList,
    /// The further codes, in the order of their announcement.
    alias_keys: KeyList,
}

impl Index {
    /// An index with room for so many codes of so many parcels, and for so many codes that are not their first ones.
    pub(super) fn new(hash: KeyHash, codes: usize, parcels: usize, aliases: usize) -> Self {
        Self {
            table: DayTable::new(codes),
            hash,
            slots: NumberTable::new(parcels),
            keys: KeyList::new(parcels),
            alias_keys: KeyList::new(aliases),
        }
    }

    /// Finds a code: by its fingerprint, and by its exact key on a day that has twins.
    #[inline]
    pub(super) fn find(&self, code: CodeKey, CodeHash(hash): CodeHash) -> Option<Entry> {
        if self.table.twins() > 0 {
            return self.find_exact(code);
        }
        let found = self.table.find(hash)?;
        Some(Entry { parcel: ParcelId::new(found.number), slot: found.slot })
    }

    #[inline]
    pub(super) fn hash(&self, code: CodeKey) -> CodeHash {
        CodeHash(self.hash.of(code))
    }

    /// Finds a code by its exact key.
    pub(super) fn find_exact(&self, code: CodeKey) -> Option<Entry> {
        let found = self.table.matches(self.hash.of(code)).find(|found| self.key_of(*found) == Some(code))?;
        let found = self.table.parcel_of(found);
        Some(Entry { parcel: ParcelId::new(found.number), slot: found.slot })
    }

    fn key_of(&self, found: Match) -> Option<CodeKey> {
        let keys = if found.alias_of.is_some() { &self.alias_keys } else { &self.keys };
        keys.get(found.number as usize)
    }

    /// Asks for the memory that a search for a code will need.
    #[inline]
    pub(super) fn prefetch(&self, CodeHash(hash): CodeHash) {
        self.table.prefetch(hash);
    }

    pub(super) fn entry(&self, parcel: ParcelId) -> Option<Entry> {
        let slot = self.slots.get(parcel.index())?;
        Some(Entry { parcel, slot: Slot::new(slot) })
    }

    /// The first code of a parcel.
    pub(super) fn first_code(&self, parcel: ParcelId) -> Option<CodeKey> {
        self.keys.get(parcel.index())
    }

    /// Every code with its parcel, of the first so many parcels and aliases.
    pub(super) fn codes(&self, counts: Counts) -> impl Iterator<Item = (CodeKey, ParcelId)> + '_ {
        let first = (0_u32..)
            .zip(0..counts.parcels)
            .filter_map(|(number, place)| self.keys.get(place).map(|code| (code, ParcelId::new(number))));
        let aliases = (0..counts.aliases).filter_map(|place| {
            let code = self.alias_keys.get(place)?;
            self.find_exact(code).map(|entry| (code, entry.parcel))
        });
        first.chain(aliases)
    }

    /// Announces a parcel whose codes were not announced before. `before` is called with its number before anybody can
    /// see it. Nothing has changed when it is refused. One thread at a time.
    pub(super) fn announce(
        &self,
        counts: &mut Counts,
        codes: &[CodeKey],
        word: StateWord,
        before: impl FnOnce(ParcelId),
    ) -> Result<ParcelId, Refused> {
        let hashed = self.hashed(codes);
        let (first, further) = hashed.split_first().ok_or(Refused::NoCode)?;
        if let Some(entry) = hashed.iter().find_map(|(code, _)| self.find_exact(*code)) {
            return Err(Refused::Duplicate(entry.parcel));
        }
        if !self.has_room(*counts, &hashed) {
            return Err(Refused::NoRoom);
        }
        let number = u32::try_from(counts.parcels).map_err(|_| Refused::NoRoom)?;
        let parcel = ParcelId::new(number);
        let slot = self.claim(&self.keys, *first, number)?;
        before(parcel);
        self.slots.set(parcel.index(), Some(slot.get()));
        self.table.publish(slot, word);
        counts.parcels += 1;
        for code in further {
            let number = u32::try_from(counts.aliases).map_err(|_| Refused::NoRoom)?;
            let alias = self.claim(&self.alias_keys, *code, number)?;
            self.table.publish_alias(alias, slot);
            counts.aliases += 1;
        }
        Ok(parcel)
    }

    fn hashed(&self, codes: &[CodeKey]) -> Hashed {
        let mut hashed = Hashed::new();
        for code in codes {
            if hashed.iter().all(|(other, _)| other != code) {
                hashed.push((*code, self.hash.of(*code)));
            }
        }
        hashed
    }

    /// Whether all of these codes can be claimed, so that an announcement never stops half way.
    fn has_room(&self, counts: Counts, hashed: &Hashed) -> bool {
        counts.parcels < self.keys.len().min(DayTable::NUMBERS)
            && counts.aliases + hashed.len() - 1 <= self.alias_keys.len().min(DayTable::NUMBERS)
            && counts.codes() + hashed.len() <= self.table.room()
            && hashed.iter().all(|(_, hash)| self.table.has_room(*hash, hashed.len()))
    }

    /// Claims a slot for a code and keeps its exact key, before anybody can see it.
    fn claim(&self, keys: &KeyList, (code, hash): (CodeKey, u64), number: u32) -> Result<Slot, Refused> {
        if self.table.matches(hash).next().is_some() {
            self.table.count_twins();
        }
        keys.set(number as usize, code);
        self.table.claim(hash, number).map_err(|_| Refused::NoRoom)
    }

    /// Makes the lists aside long enough, while nobody else sees the index.
    pub(super) fn resize_lists(&mut self, counts: Counts, parcels: usize, aliases: usize) {
        if parcels != self.keys.len() {
            self.keys = self.keys.resized(parcels);
            let slots = NumberTable::new(parcels);
            (0..counts.parcels).for_each(|number| slots.set(number, self.slots.get(number)));
            self.slots = slots;
        }
        if aliases != self.alias_keys.len() {
            self.alias_keys = self.alias_keys.resized(aliases);
        }
    }

    /// Puts everything into a table with room for so many codes, while nobody else sees the index.
    pub(super) fn resize_table(&mut self, counts: Counts, codes: usize) {
        let mut room = codes.max(counts.codes());
        loop {
            let table = DayTable::new(room);
            if let Some(slots) = self.fill(&table, counts) {
                self.table = table;
                self.slots = slots;
                return;
            }
            room += room / 4 + 1;
        }
    }

    /// Copies every code into another table and gives the slots of the parcels, or `None` when one found no place.
    fn fill(&self, table: &DayTable, counts: Counts) -> Option<NumberTable> {
        let slots = NumberTable::new(self.keys.len());
        let insert = |code: CodeKey, number: usize| {
            let hash = self.hash.of(code);
            if table.matches(hash).next().is_some() {
                table.count_twins();
            }
            table.claim(hash, u32::try_from(number).ok()?).ok()
        };
        for number in 0..counts.parcels {
            let word = self.slots.get(number).and_then(|slot| self.table.load(Slot::new(slot)))?;
            let slot = insert(self.keys.get(number)?, number)?;
            table.publish(slot, word);
            slots.set(number, Some(slot.get()));
        }
        for number in 0..counts.aliases {
            let code = self.alias_keys.get(number)?;
            let parcel = self.find_exact(code)?.parcel;
            let alias = insert(code, number)?;
            table.publish_alias(alias, Slot::new(slots.get(parcel.index())?));
        }
        Some(slots)
    }

    /// Parcels and further codes for which there are lists.
    pub(super) fn lists(&self) -> (usize, usize) {
        (self.keys.len(), self.alias_keys.len())
    }
}
