//! The codes and state words of a day, found by a hash and changed while others look.
//!
//! # Layout
//! Lines of 64 bytes, each one cache line: four tags and, beside them, the four state words that belong to them. A slot
//! is a tag with its word.
//!
//! ```text
//! tag    63                                24 23                      0
//!       |  fingerprint: low 40 bits of hash  |  number                 |     0: empty
//!
//! word   a state word, or                                                    0: busy
//!        63            36 35              4 3    0
//!       | 0              | slot of parcel  | 15   |                          an alias
//! ```
//!
//! The high bits of the hash choose a line, so a tag that equals in 40 bits stands where about 20 more agree. The number
//! of a parcel's slot is that of the parcel, so that a search learns it from the line that it has to read anyway; that
//! of an alias (a further code of a parcel) is the number of the alias.
//!
//! # Search
//! First the line that the hash names, then its buddy (the other line of its 128 bytes, which the processor fetches
//! along with it), then the two lines of the next pair, and so on for at most [`DayTable::PAIRS`] pairs. Slots of a line
//! are filled from the first to the last and are never emptied, so a search ends at the first line whose last slot is
//! empty.
//!
//! # Protocol
//! An insert has two steps, with anything between them that has to be done before others see the slot:
//!
//! 1. *Claim.* A compare-and-swap puts the tag into the first empty slot of the search. The slot is busy now: its word
//!    is 0. Its tag never changes again. Any number of threads may claim; no two get one slot.
//! 2. *Publish.* A store with Release of the word, by whoever claimed.
//!
//! A reader loads tags with Relaxed and, where one matches, its word with Acquire. A word of 0 is that of a busy slot: it
//! is passed over as if it was not there, and nobody waits. From a word that is not 0 the reader has what was done
//! before the publication. A reader that knows of an insert by any other way finds it: it cannot see tags that are
//! older than those which the insert passed over.
//!
//! A published state word is changed by compare-and-swap only, so every change of a parcel is one atomic step that names
//! the word it starts from. The word of an alias is no state word (15 is the number of no life), so no step can start
//! from it and it never changes. An alias is published after its parcel.
//!
//! There is no ABA problem, see `docs/concurrency.md`: slots are never reused.
//!
//! # What equal fingerprints mean
//! A code that nobody announced is taken for another one when their tags agree: at 70 % load six tags are
//! compared, so once in 2^40 / 6 unknown codes, or 6e-12 for each. Two announced codes whose tags agree are *twins*; with
//! 5 million codes a day has any with a probability of 1.4e-5. They are counted, and as long as there are any the ledger
//! compares exact keys.

use super::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::mem::pages::{Backing, Pages, Zeroed};
use crate::mem::prefetch::prefetch;
use crate::state_word::StateWord;

/// Slots of one line.
const WIDTH: usize = 4;
/// Bits of a tag that hold the number.
const NUMBER_BITS: u32 = 24;
const NUMBER: u64 = (1 << NUMBER_BITS) - 1;
/// The life of no parcel: the low four bits of the word of an alias.
const ALIAS: u64 = 15;
const ALIAS_SHIFT: u32 = 4;

/// One cache line.
#[derive(Default)]
#[repr(C, align(64))]
struct Line {
    tags: [AtomicU64; WIDTH],
    words: [AtomicU64; WIDTH],
}

// SAFETY: eight atomics of 0 are the default line, and atomics need no drop. Under loom no slice is mapped.
unsafe impl Zeroed for Line {}

/// A place of the table. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u32);

impl Slot {
    /// The slot with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number, from 0 below [`DayTable::slots`].
    pub const fn get(self) -> u32 {
        self.0
    }

    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a search found: the slot of a parcel, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where its state word is.
    pub slot: Slot,
    /// The number that was given at the claim of the slot.
    pub number: u32,
}

/// A slot with the tag that was looked for, of a parcel or of an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The slot with the tag.
    pub slot: Slot,
    /// Its number: that of a parcel, or that of an alias.
    pub number: u32,
    /// The slot of its parcel, where it is an alias.
    pub alias_of: Option<Slot>,
}

/// No slot is free where a code may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table of codes has no room left ({slots} slots)")]
pub struct DayTableFull {
    /// The size of the table.
    pub slots: usize,
}

/// A fixed table of codes and state words, for any number of readers and writers.
pub struct DayTable {
    lines: Pages<Line>,
    twins: AtomicU32,
    publications: AtomicU32,
}

impl DayTable {
    /// Pairs of lines that a search looks at before it gives up.
    pub const PAIRS: usize = 16;
    /// Numbers that a slot may have, from 0.
    pub const NUMBERS: usize = 1 << NUMBER_BITS;
    /// Slots of a hundred that may be filled.
    const LOAD: usize = 70;

    /// An empty table with room for `codes` codes: 10 slots for 7 codes, and at least one pair of lines.
    pub fn new(codes: usize) -> Self {
        Self::with_pairs((codes * 100).div_ceil(Self::LOAD).div_ceil(2 * WIDTH).max(1))
    }

    fn with_pairs(pairs: usize) -> Self {
        let lines = Pages::new(pairs * 2);
        Self { lines, twins: AtomicU32::new(0), publications: AtomicU32::new(0) }
    }

    /// Its size.
    pub fn slots(&self) -> usize {
        self.lines.len() * WIDTH
    }

    /// Codes that should be in it at most, so that searches stay short.
    pub fn room(&self) -> usize {
        self.slots() * Self::LOAD / 100
    }

    /// How its memory is backed. Not for the hot path.
    pub fn backing(&self) -> Backing {
        self.lines.backing()
    }

    /// Finds the parcel of a hash, by its own slot or by that of an alias. Looks at no exact key.
    #[inline]
    pub fn find(&self, hash: u64) -> Option<Found> {
        let wanted = fingerprint(hash);
        for number in self.probe(hash) {
            // ORDERING: Relaxed. As in `matches`, which does the same one slot after the other: here the four tags of a
            // line are compared without a branch for each, which no processor can foretell.
            let tags: [u64; WIDTH] =
                std::array::from_fn(|place| self.lines[number].tags[place].load(Ordering::Relaxed));
            let mut hits = 0_u32;
            for (place, tag) in tags.iter().enumerate() {
                hits |= u32::from((tag ^ wanted) >> NUMBER_BITS == 0) << place;
            }
            while hits != 0 {
                let place = hits.trailing_zeros() as usize % WIDTH;
                if let Some(found) = self.published(Slot((number * WIDTH + place) as u32), tags[place]) {
                    return Some(self.parcel_of(found));
                }
                hits &= hits - 1;
            }
            if tags[WIDTH - 1] == 0 {
                return None;
            }
        }
        None
    }

    /// The slots that have the tag of a hash, in the order of the search. Busy ones are left out.
    #[inline]
    pub fn matches(&self, hash: u64) -> impl Iterator<Item = Match> + '_ {
        let wanted = fingerprint(hash);
        let mut probe = self.probe(hash);
        let mut line = probe.next();
        let mut place = 0;
        std::iter::from_fn(move || {
            while let Some(number) = line {
                let tags = &self.lines[number].tags;
                while place < WIDTH {
                    // ORDERING: Relaxed. A tag says nothing but itself; what was done before the slot was published is
                    // acquired with its word below.
                    let tag = tags[place].load(Ordering::Relaxed);
                    place += 1;
                    if tag == 0 {
                        line = None;
                        return None;
                    }
                    if (tag ^ wanted) >> NUMBER_BITS == 0 {
                        let slot = Slot((number * WIDTH + place - 1) as u32);
                        if let Some(found) = self.published(slot, tag) {
                            return Some(found);
                        }
                    }
                }
                line = probe.next();
                place = 0;
            }
            None
        })
    }

    /// What stands in a slot with this tag, unless it is busy.
    #[inline]
    fn published(&self, slot: Slot, tag: u64) -> Option<Match> {
        // ORDERING: Acquire. Pairs with the Release in `publish` and `publish_alias`: what was done before is visible,
        // such as the publication of the parcel of an alias.
        let word = self.word(slot)?.load(Ordering::Acquire);
        let alias_of = (word & ALIAS == ALIAS).then_some(Slot((word >> ALIAS_SHIFT) as u32));
        (word != 0).then_some(Match { slot, number: (tag & NUMBER) as u32, alias_of })
    }

    /// The parcel of a slot that was found.
    #[inline]
    pub fn parcel_of(&self, found: Match) -> Found {
        match found.alias_of {
            None => Found { slot: found.slot, number: found.number },
            Some(slot) => Found { slot, number: self.number(slot) },
        }
    }

    /// The number of a claimed slot.
    ///
    /// # Panics
    /// When the slot is beyond the table.
    pub fn number(&self, slot: Slot) -> u32 {
        // ORDERING: Relaxed. Whoever knows the slot of a parcel acquired a word that was published after the tag.
        (self.lines[slot.index() / WIDTH].tags[slot.index() % WIDTH].load(Ordering::Relaxed) & NUMBER) as u32
    }

    /// Asks for the line that a search for this hash will look at first.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        if let Some(line) = self.probe(hash).next() {
            prefetch(&self.lines[line]);
        }
    }

    /// Claims a slot for a hash, with a number below [`DayTable::NUMBERS`]. Nobody sees it before it is published. The
    /// caller makes sure that nobody else inserts the same code.
    ///
    /// # Errors
    /// [`DayTableFull`] when no slot within reach is free; the table is unchanged.
    pub fn claim(&self, hash: u64, number: u32) -> Result<Slot, DayTableFull> {
        let tag = fingerprint(hash) | u64::from(number) & NUMBER;
        for line in self.probe(hash) {
            for (place, slot) in self.lines[line].tags.iter().enumerate() {
                // ORDERING: Relaxed, both. The tag publishes nothing: that is left to the word. Failed or not, the
                // swap reads the latest tag, so no two claims get one slot.
                if slot.compare_exchange(0, tag, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                    return Ok(Slot((line * WIDTH + place) as u32));
                }
            }
        }
        Err(DayTableFull { slots: self.slots() })
    }

    /// Whether so many codes could be claimed, this one last, where nobody else claims meanwhile.
    pub fn has_room(&self, hash: u64, claims: usize) -> bool {
        let tags = self.probe(hash).flat_map(|line| &self.lines[line].tags);
        // ORDERING: Relaxed. Asked by the one writer about its own earlier claims.
        tags.filter(|tag| tag.load(Ordering::Relaxed) == 0).take(claims).count() == claims
    }

    /// Publishes the parcel of a claimed slot: from now on it is found.
    ///
    /// # Panics
    /// When the slot is beyond the table.
    pub fn publish(&self, slot: Slot, word: StateWord) {
        self.store(slot, word.to_bits());
        self.count();
    }

    /// Publishes a claimed slot as an alias of a parcel that was published before.
    ///
    /// # Panics
    /// When the slot is beyond the table.
    pub fn publish_alias(&self, slot: Slot, parcel: Slot) {
        self.store(slot, u64::from(parcel.get()) << ALIAS_SHIFT | ALIAS);
        self.count();
    }

    /// Gives a published parcel another word, before anybody else sees the table.
    ///
    /// # Panics
    /// When the slot is beyond the table.
    pub fn restore(&self, slot: Slot, word: StateWord) {
        self.store(slot, word.to_bits());
    }

    fn store(&self, slot: Slot, bits: u64) {
        let word = self.word(slot).expect("slots come from this table");
        // ORDERING: Release. Pairs with the Acquire in `published`, `load` and `replace`.
        word.store(bits, Ordering::Release);
    }

    fn count(&self) {
        // ORDERING: Release. Pairs with the Acquire in `publications`: who sees the new count finds the code.
        self.publications.fetch_add(1, Ordering::Release);
    }

    /// How many slots were published, modulo 2^32. A changed number is the reason to look for a code again.
    pub fn publications(&self) -> u32 {
        // ORDERING: Acquire. Pairs with the Release in `count`.
        self.publications.load(Ordering::Acquire)
    }

    /// The state word of a parcel, or `None` beyond the table and for slots that are empty, busy or of an alias.
    #[inline]
    pub fn load(&self, slot: Slot) -> Option<StateWord> {
        // ORDERING: Acquire. Pairs with the Release in `publish` and in `replace`: whatever the writer did before (a
        // destination taught to the plan) is visible to whoever acts on the word.
        let bits = self.word(slot)?.load(Ordering::Acquire);
        if bits == 0 { None } else { StateWord::from_bits(bits) }
    }

    /// Replaces a word that is still `current`.
    ///
    /// # Errors
    /// The word that stands there instead.
    ///
    /// # Panics
    /// When the slot is not that of a published parcel.
    #[inline]
    pub fn replace(&self, slot: Slot, current: StateWord, new: StateWord) -> Result<(), StateWord> {
        self.word(slot)
            .expect("slots come from this table")
            .compare_exchange(
                current.to_bits(),
                new.to_bits(),
                // ORDERING: AcqRel. The Release half pairs with the Acquire in `load`; the Acquire half pairs
                // with the Release of the step before, so a chain of steps is one history for each parcel.
                Ordering::AcqRel,
                // ORDERING: Acquire. The loser decides on the winner's word; pairs with its Release.
                Ordering::Acquire,
            )
            .map(|_| ())
            .map_err(|bits| StateWord::from_bits(bits).expect("the slot is that of a published parcel"))
    }

    /// Counts two codes with equal tags, before the second is published.
    pub fn count_twins(&self) {
        // ORDERING: Relaxed. Whoever finds the second of them acquired its word, which is published after this.
        self.twins.fetch_add(1, Ordering::Relaxed);
    }

    /// How many codes were inserted whose tags are those of other codes.
    #[inline]
    pub fn twins(&self) -> u32 {
        // ORDERING: Relaxed. A reader that misses the count was not told of the second twin yet, and takes its code for
        // that of the first as it does with any code that nobody announced.
        self.twins.load(Ordering::Relaxed)
    }

    #[inline]
    fn word(&self, slot: Slot) -> Option<&AtomicU64> {
        self.lines.get(slot.index() / WIDTH).map(|line| &line.words[slot.index() % WIDTH])
    }

    /// The lines of a search, in their order.
    #[inline]
    fn probe(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let lines = self.lines.len();
        // The high half of the product of two 64-bit numbers: the place of the hash in the table.
        let home = ((u128::from(hash) * lines as u128) >> 64) as usize;
        let pairs = (lines / 2).min(Self::PAIRS);
        (0..pairs * 2).map(move |step| {
            let shifted = home + (step & !1);
            (if shifted >= lines { shifted - lines } else { shifted }) ^ (step & 1)
        })
    }
}

/// The fingerprint of a hash in its place in a tag, never 0.
#[inline]
const fn fingerprint(hash: u64) -> u64 {
    let bits = hash << NUMBER_BITS;
    if bits == 0 { 1 << NUMBER_BITS } else { bits }
}

impl std::fmt::Debug for DayTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DayTable").field("slots", &self.slots()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests;
