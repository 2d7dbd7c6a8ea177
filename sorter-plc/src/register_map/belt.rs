//! The BELT block: the items on the belt when a session opens.

use super::{BELT_CAPACITY, BELT_ENTRY_WORDS, Block, BlockId, Direction, Field, Named, Record, belt_words};

pub(super) const BLOCK: Block = Block {
    id: BlockId::Belt,
    name: "BELT",
    words: belt_words(BELT_CAPACITY) as u16,
    direction: Direction::PlcToHost,
    when: "when a session opens",
    fields: &[
        Field::new(0, 1, "entries", "items", "how many entries are filled"),
        Field::new(1, 1, "snapshot", "", "number of the snapshot; 0 while it is being written"),
        Field::new(2, 2, "reserved_2", "", "0"),
        Field::ring(4, BELT_CAPACITY, "items", &BELT_ENTRY, "the items, in any order"),
    ],
};

/// One entry of the BELT block.
pub const BELT_ENTRY: Record = Record {
    name: "belt entry",
    words: BELT_ENTRY_WORDS as u16,
    fields: &[
        Field::new(0, 1, "item", "item", "the item"),
        Field::new(1, 2, "encoder", "pulses", "the encoder count at its induction"),
        Field::new(3, 1, "chute", "chute", "where its order goes, 0xFFFF without an order"),
        Field::new(4, 1, "flags", "bits", "bit 0: the diverter of that order has fired"),
    ],
};

/// The bits of the flags of a BELT entry.
pub const BELT_FLAGS: [Named; 1] = [Named::new(0, "FIRED", "the diverter of the order has fired")];
