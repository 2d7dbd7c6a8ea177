//! The state words of all parcels of a hub.
//!
//! # Protocol
//! A word is written once by [`StateArray::publish`] (from absent) and from then on only by
//! [`StateArray::replace`], a compare-and-swap. So every change of a parcel is one atomic step that names the
//! state it starts from; whoever loses a race sees the winner's word and decides again.
//!
//! There is no ABA problem, see `docs/concurrency.md`: what a thread decides depends on the value of the word
//! alone, which holds no pointer to anything that could have changed behind it. The change counter makes a
//! stale comparison fail all the same for the next 3 changes.

use super::atomic::{AtomicU64, Ordering};
use crate::ids::ParcelId;
use crate::state_word::StateWord;

/// One atomic state word for each parcel.
#[derive(Debug)]
pub struct StateArray {
    words: Box<[AtomicU64]>,
}

impl StateArray {
    /// An array of `length` absent parcels.
    pub fn new(length: usize) -> Self {
        Self { words: (0..length).map(|_| AtomicU64::new(0)).collect() }
    }

    /// How many parcels there is room for.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is room for none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The present word of a parcel, or `None` beyond the array and for absent parcels.
    pub fn load(&self, parcel: ParcelId) -> Option<StateWord> {
        // ORDERING: Acquire. Pairs with the Release in `publish` and in `replace`: whatever the writer did
        // before (a destination taught to the plan) is visible to whoever acts on the word.
        let bits = self.words.get(parcel.index())?.load(Ordering::Acquire);
        if bits == 0 { None } else { StateWord::from_bits(bits) }
    }

    /// Announces a parcel. Its place must be absent and only one thread may write it.
    ///
    /// # Panics
    /// When the parcel is beyond the array.
    pub fn publish(&self, parcel: ParcelId, word: StateWord) {
        // ORDERING: Release. Pairs with the Acquire in `load`.
        self.words[parcel.index()].store(word.to_bits(), Ordering::Release);
    }

    /// Replaces a word that is still `current`.
    ///
    /// # Errors
    /// The word that stands there instead.
    ///
    /// # Panics
    /// When the parcel is beyond the array or absent.
    pub fn replace(&self, parcel: ParcelId, current: StateWord, new: StateWord) -> Result<(), StateWord> {
        self.words[parcel.index()]
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
            .map_err(|bits| StateWord::from_bits(bits).expect("only state words are ever stored"))
    }
}
