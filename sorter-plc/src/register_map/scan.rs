//! The SCAN block: what the scanner tunnel read, item by item.

use super::{Block, BlockId, Direction, Field, Named, Record, SCAN_WORDS};
use crate::contract::SCAN_SLOTS;

pub(super) const BLOCK: Block = Block {
    id: BlockId::Scan,
    name: "SCAN",
    words: SCAN_WORDS as u16,
    direction: Direction::PlcToHost,
    when: "when STATUS says that scan records wait",
    fields: &[
        Field::new(0, 1, "scan_counter_a", "", "the block is whole if it equals `scan_counter_b`"),
        Field::ring(
            1,
            SCAN_SLOTS as u16,
            "records",
            &SCAN_RECORD,
            "scan window: record n stands in slot (n - 1) mod 6",
        ),
        Field::new(121, 1, "scan_counter_b", "", "equals `scan_counter_a` in a block that is whole"),
    ],
};

/// One slot of the scan window.
pub const SCAN_RECORD: Record = Record {
    name: "scan record",
    words: 20,
    fields: &[
        Field::new(0, 1, "seq", "seq", "1 to 65520, then 1 again; 0 is an empty slot"),
        Field::new(1, 1, "item", "item", "the item"),
        Field::new(
            2,
            1,
            "kind_length",
            "",
            "kind in the high byte; in the low byte the number of characters of a code, else 0",
        ),
        Field::new(
            3,
            1,
            "index_count",
            "",
            "place among the records of the item, from 0, in the high byte; their count in the low byte",
        ),
        Field::new(4, 16, "data", "", "depends on the kind; words that it does not use are 0"),
    ],
};

/// What a scan record carries.
pub const SCAN_KINDS: [Named; 4] = [
    Named::new(
        1,
        "CODE",
        "a code, or its first 32 characters: ASCII, two in a word, the first in the high byte",
    ),
    Named::new(2, "NO_CODE", "no code was read"),
    Named::new(
        3,
        "MEASURED",
        "length, width and height in mm, one word each, then the weight in g in two words",
    ),
    Named::new(4, "CONTINUATION", "the continuation of the code in the record before, up to 32 characters"),
];
