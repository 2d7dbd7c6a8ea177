//! The BELT block: a head, then entries that are read in parts.

use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::units::EncoderCount;

use super::{CodecError, chute_of, long, put_long};
use crate::contract::BeltEntry;
use crate::register_map::{
    BELT_ENTRY, BELT_ENTRY_WORDS, BELT_FLAGS, BELT_HEAD_WORDS, BlockId, NO_CHUTE, WordOrder, number_of,
    word_of,
};

const fn at(name: &str) -> usize {
    word_of(BlockId::Belt.map().fields, name)
}

const fn in_entry(name: &str) -> usize {
    word_of(BELT_ENTRY.fields, name)
}

const ENTRIES: usize = at("entries");
const SNAPSHOT: usize = at("snapshot");

const ITEM: usize = in_entry("item");
const ENCODER: usize = in_entry("encoder");
const CHUTE: usize = in_entry("chute");
const FLAGS: usize = in_entry("flags");
const FIRED: u16 = 1 << number_of(&BELT_FLAGS, "FIRED");

/// What stands before the entries of a BELT block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BeltHead {
    /// How many entries are filled.
    pub entries: u16,
    /// The number of the snapshot; 0 while it is being written.
    pub snapshot: u16,
}

impl BeltHead {
    /// How many words at the base of the block tell it: the host reads them before and after the entries.
    pub const WORDS: usize = 2;

    /// Reads the head from the first words of the block; those behind [`BeltHead::WORDS`] are not judged.
    ///
    /// # Errors
    /// When there are fewer words than [`BeltHead::WORDS`].
    pub fn decode(words: &[u16]) -> Result<Self, CodecError> {
        match words.get(..Self::WORDS) {
            Some(words) => Ok(Self { entries: words[ENTRIES], snapshot: words[SNAPSHOT] }),
            None => {
                Err(CodecError::Length { block: BlockId::Belt, expected: Self::WORDS, received: words.len() })
            }
        }
    }

    /// The head, unless it tells of more entries than the block can hold.
    ///
    /// # Errors
    /// When it does: then the PLC is configured for more items than the host.
    pub const fn within(self, capacity: u16) -> Result<Self, CodecError> {
        if self.entries <= capacity {
            return Ok(self);
        }
        Err(CodecError::Entries { capacity, received: self.entries })
    }

    /// Writes the head, reserved words too.
    pub fn encode(&self, words: &mut [u16; BELT_HEAD_WORDS]) {
        *words = [0; BELT_HEAD_WORDS];
        words[ENTRIES] = self.entries;
        words[SNAPSHOT] = self.snapshot;
    }
}

/// Reads one entry. A chute that no link carries is read as none.
///
/// # Panics
/// When there are fewer than [`BELT_ENTRY_WORDS`] words.
pub fn belt_entry(words: &[u16], order: WordOrder) -> BeltEntry {
    BeltEntry {
        item: ItemId::new(words[ITEM]),
        inducted_at: EncoderCount::new(long(words, ENCODER, order)),
        ordered: chute_of(words[CHUTE]),
        fired: words[FLAGS] & FIRED != 0,
    }
}

/// Writes one entry.
pub fn put_belt_entry(entry: &BeltEntry, words: &mut [u16; BELT_ENTRY_WORDS], order: WordOrder) {
    words[ITEM] = entry.item.get();
    put_long(words, ENCODER, entry.inducted_at.get(), order);
    words[CHUTE] = entry.ordered.map_or(NO_CHUTE, ChuteId::get);
    words[FLAGS] = if entry.fired { FIRED } else { 0 };
}
