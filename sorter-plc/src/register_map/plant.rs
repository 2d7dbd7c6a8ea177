//! The PLANT block: counters since boot and the state of each chute.

use super::{Block, BlockId, Direction, Field, PLANT_WORDS};
use crate::contract::CHUTES_PER_LINK;

const CHUTE_WORDS: u16 = CHUTES_PER_LINK as u16 / 16;

pub(super) const BLOCK: Block = Block {
    id: BlockId::Plant,
    name: "PLANT",
    words: PLANT_WORDS as u16,
    direction: Direction::PlcToHost,
    when: "after a CHUTE event, and every second",
    fields: &[
        Field::new(0, 1, "scan_counter_a", "", "the block is whole if it equals `scan_counter_b`"),
        Field::new(
            1,
            1,
            "at_event",
            "seq",
            "the event at which the counters stand; 0 while no session is open",
        ),
        Field::new(2, 2, "inducted", "items", "entered at an induction since boot"),
        Field::new(4, 2, "unexpected", "items", "turned up without induction since boot"),
        Field::new(6, 2, "discharged_verified", "items", "seen by a chute eye since boot"),
        Field::new(
            8,
            2,
            "discharged_unverified",
            "items",
            "taken as discharged without a chute eye since boot",
        ),
        Field::new(10, 2, "left", "items", "left at the end of the belt since boot"),
        Field::new(12, 2, "lost", "items", "not seen by a photo-eye that should have, since boot"),
        Field::new(14, 1, "on_belt", "items", "on the belt at that event"),
        Field::new(15, 1, "reserved_15", "", "0"),
        chutes(16, "full", "chutes that are full"),
        chutes(32, "half_full", "chutes that are half full"),
        chutes(48, "not_available", "chutes that are blocked, disabled or without container"),
        chutes(64, "container", "chutes with a container in place"),
        Field::new(80, 1, "scan_counter_b", "", "equals `scan_counter_a` in a block that is whole"),
    ],
};

/// One bit for each chute: that of chute c stands in word c / 16, bit c mod 16.
const fn chutes(word: u16, name: &'static str, meaning: &'static str) -> Field {
    Field::new(word, CHUTE_WORDS, name, "bits", meaning)
}
