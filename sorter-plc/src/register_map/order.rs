//! The ORDER block: what the host writes in every cycle.

use super::{Block, BlockId, Direction, Field, Named, ORDER_WORDS, Record};
use crate::contract::ORDER_SLOTS;

pub(super) const BLOCK: Block = Block {
    id: BlockId::Order,
    name: "ORDER",
    words: ORDER_WORDS as u16,
    direction: Direction::HostToPlc,
    when: "in every cycle of the host, whole",
    fields: &[
        Field::new(0, 1, "session", "", "the session that the host wants; 0 closes it"),
        Field::new(1, 1, "heartbeat", "", "+ 1 in every cycle of the host"),
        Field::new(2, 1, "event_ack", "seq", "the last event taken"),
        Field::new(3, 1, "scan_ack", "seq", "the last scan record taken"),
        Field::new(4, 1, "permit", "bits", "bit 0: induction may run"),
        Field::new(
            5,
            1,
            "induction_limit",
            "items/min",
            "at least 60 s / limit between two inductions; 0 is no limit",
        ),
        Field::ring(
            6,
            ORDER_SLOTS as u16,
            "orders",
            &ORDER_RECORD,
            "order ring: order n stands in slot (n - 1) mod 15",
        ),
    ],
};

/// One slot of the order ring.
pub const ORDER_RECORD: Record = Record {
    name: "order",
    words: 6,
    fields: &[
        Field::new(0, 1, "seq", "seq", "1 to 65520, then 1 again; 0 is an empty slot"),
        Field::new(1, 1, "op_chute", "", "operation in the upper 4 bits, chute in the lower 12"),
        Field::new(2, 1, "item", "item", "the item; 0 for orders about a chute"),
        Field::new(
            3,
            2,
            "target",
            "pulses",
            "encoder count at which to fire, 0 = the PLC works it out; CHUTE_LAMP: the pattern in its low word",
        ),
        Field::new(5, 1, "check", "", "over the session and the five words before it"),
    ],
};

/// What an order tells the PLC to do.
pub const OPERATIONS: [Named; 5] = [
    Named::new(1, "DIVERT", "divert the item into the chute"),
    Named::new(2, "CANCEL", "forget the order of the item"),
    Named::new(3, "CHUTE_ENABLE", "open the chute for diverts, until the PLC starts again"),
    Named::new(4, "CHUTE_DISABLE", "close the chute for diverts, until the PLC starts again"),
    Named::new(5, "CHUTE_LAMP", "set the lamp of the chute to the pattern in the low word of `target`"),
];

/// The bits of the permit word.
pub const PERMIT_BITS: [Named; 1] = [Named::new(
    0,
    "INDUCTION",
    "induction may run; the PLC stops it while this is 0 and while the host is not live",
)];
