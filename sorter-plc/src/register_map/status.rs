//! The STATUS block: what the host reads in every cycle.

use super::{Block, BlockId, Direction, Field, Named, Record, STATUS_WORDS};
use crate::contract::{Capabilities, EVENT_SLOTS, StateBits};

pub(super) const BLOCK: Block = Block {
    id: BlockId::Status,
    name: "STATUS",
    words: STATUS_WORDS as u16,
    direction: Direction::PlcToHost,
    when: "in every cycle of the host",
    fields: &[
        Field::new(
            0,
            1,
            "scan_counter_a",
            "",
            "+ 1 in every PLC scan; the block is whole if it equals `scan_counter_b`",
        ),
        Field::new(1, 1, "magic", "", "0x5052"),
        Field::new(2, 1, "version", "", "of the contract: 1"),
        Field::new(
            3,
            2,
            "word_order_probe",
            "",
            "0x0102 and then 0x0304 where the high word of a 32-bit value stands first, as it does by default",
        ),
        Field::new(5, 1, "session_echo", "", "the session that the PLC serves; 0 is none"),
        Field::new(
            6,
            1,
            "boot",
            "",
            "changes at every start of the PLC; 0 is not supported, then the echo alone shows a restart",
        ),
        Field::new(7, 1, "capabilities", "bits", "what the PLC can do, see its bits"),
        Field::new(8, 2, "encoder", "pulses", "the encoder at this scan; 32 bits, wraps"),
        Field::new(10, 1, "belt_speed", "mm/s", "the speed of the belt"),
        Field::new(11, 1, "state", "bits", "the state of the sorter, see its bits"),
        Field::new(12, 1, "scan_time", "100 us", "how long a PLC scan takes"),
        Field::new(
            13,
            1,
            "minimum_lead",
            "pulses",
            "between taking an order and the earliest fire point that it can have",
        ),
        Field::new(14, 1, "order_ack", "seq", "the last order taken; 0 is none in this session"),
        Field::new(15, 1, "orders_pending", "orders", "taken and not yet fired"),
        Field::new(16, 1, "events_published", "seq", "the highest event in the window; 0 is none"),
        Field::new(17, 1, "event_backlog", "events", "waiting behind the window"),
        Field::new(18, 1, "scans_published", "seq", "the highest record in the SCAN window; 0 is none"),
        Field::new(19, 1, "scan_backlog", "records", "scan records that wait behind the SCAN window"),
        Field::new(20, 1, "items_on_belt", "items", "on the belt now"),
        Field::new(21, 1, "belt_at", "seq", "the event at which the BELT snapshot of this session stands"),
        Field::new(22, 6, "reserved_22", "", "0"),
        Field::ring(
            28,
            EVENT_SLOTS as u16,
            "events",
            &EVENT_RECORD,
            "event window: event n stands in slot (n - 1) mod 15",
        ),
        Field::new(118, 2, "reserved_118", "", "0"),
        Field::new(120, 1, "scan_counter_b", "", "equals `scan_counter_a` in a block that is whole"),
    ],
};

/// One slot of the event window.
pub const EVENT_RECORD: Record = Record {
    name: "event",
    words: 6,
    fields: &[
        Field::new(0, 1, "seq", "seq", "1 to 65520, then 1 again; 0 is an empty slot"),
        Field::new(1, 1, "type_detail", "", "type in the high byte, detail in the low byte"),
        Field::new(2, 1, "item", "item", "the item, 0 for events of the machine"),
        Field::new(3, 1, "arg", "", "depends on the type"),
        Field::new(
            4,
            2,
            "encoder",
            "pulses",
            "the count at the physical edge, not at the scan that reported it",
        ),
    ],
};

/// The bits of the state word.
pub const STATE_BITS: [Named; 10] = [
    bit(StateBits::LIVE, "LIVE", "the heartbeat of the host is fresh"),
    bit(StateBits::RUNNING, "RUNNING", "the belt runs"),
    bit(StateBits::E_STOP, "E_STOP", "emergency stop"),
    bit(StateBits::FAULT, "FAULT", "fault"),
    bit(StateBits::LOCAL, "LOCAL", "local mode"),
    bit(StateBits::EVENT_OVERFLOW, "EVENT_OVERFLOW", "events were lost; latched until the session closes"),
    bit(StateBits::ORDER_TABLE_FULL, "ORDER_TABLE_FULL", "the order table is full"),
    bit(
        StateBits::ORDER_SLOT_BAD,
        "ORDER_SLOT_BAD",
        "the next order slot has had its number and a wrong check for 100 scans",
    ),
    bit(StateBits::JAM, "JAM", "jam"),
    bit(
        StateBits::SCAN_OVERFLOW,
        "SCAN_OVERFLOW",
        "scan records were lost; latched until the session closes",
    ),
];

/// The bits of the capabilities word.
pub const CAPABILITIES: [Named; 4] = [
    bit(Capabilities::FIRE_POINTS, "FIRE_POINTS", "works out fire points from item and chute"),
    bit(Capabilities::NEEDS_TARGET, "NEEDS_TARGET", "needs `target` with each divert order"),
    bit(Capabilities::VERIFIES, "VERIFIES", "verifies discharges by chute eyes"),
    bit(Capabilities::REPORTS_SCANS, "REPORTS_SCANS", "reports the scans of the tunnel"),
];

/// A bit by its mask, so that the map has the bits of the typed values.
const fn bit(mask: u16, name: &'static str, meaning: &'static str) -> Named {
    assert!(mask.is_power_of_two());
    Named::new(mask.trailing_zeros() as u8, name, meaning)
}
