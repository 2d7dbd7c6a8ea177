//! What the event records say: types, reasons of refusal and of ending.

use super::{Named, is_same};
use crate::contract::{Ending, Refusal};

/// One type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventType {
    /// The high byte of `type_detail`.
    pub number: u8,
    /// Its name.
    pub name: &'static str,
    /// What the low byte of `type_detail` is.
    pub detail: &'static str,
    /// What `arg` is.
    pub arg: &'static str,
    /// What happened.
    pub meaning: &'static str,
}

impl EventType {
    const fn new(
        number: u8,
        name: &'static str,
        detail: &'static str,
        arg: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { number, name, detail, arg, meaning }
    }

    /// The number of a type, looked up when the codec is compiled.
    pub(crate) const fn number_of(name: &str) -> u8 {
        let mut place = 0;
        while place < EVENT_TYPES.len() {
            if is_same(EVENT_TYPES[place].name, name) {
                return EVENT_TYPES[place].number;
            }
            place += 1;
        }
        panic!("the map has no event type of this name")
    }
}

/// The types of events.
pub const EVENT_TYPES: [EventType; 15] = [
    EventType::new(
        1,
        "INDUCTED",
        "induction eye",
        "length in pulses",
        "an item entered; `encoder` is that of its leading edge and identifies the item",
    ),
    EventType::new(
        2,
        "SEEN",
        "photo-eye",
        "deviation in pulses, signed 16 bits",
        "a photo-eye saw an item; the deviation from the expected position is positive when it came late",
    ),
    EventType::new(3, "FIRED", "diverter", "chute", "a diverter fired for an item"),
    EventType::new(
        4,
        "DISCHARGED",
        "1 verified, 0 no eye there",
        "chute",
        "an item is in a chute; without an eye it is taken as done after its transfer time",
    ),
    EventType::new(
        5,
        "MISSED",
        "diverter",
        "chute",
        "the diverter fired and the item is still on the belt: the order ends, the item may be ordered again",
    ),
    EventType::new(6, "LEFT", "exit eye", "0", "an item left at the end of the belt"),
    EventType::new(7, "REFUSED", "reason", "order seq", "an order was not accepted"),
    EventType::new(8, "LOST", "photo-eye", "0", "a photo-eye did not see an item that was due"),
    EventType::new(
        9,
        "UNEXPECTED",
        "photo-eye",
        "length in pulses",
        "a photo-eye saw something that was not due; `item` is a new number, its count at induction is \
         `encoder` minus the position of the eye",
    ),
    EventType::new(10, "CHUTE", "0", "chute", "the state of a chute changed: read PLANT"),
    EventType::new(
        11,
        "HOST_LOST",
        "0",
        "order ack at that moment",
        "the heartbeat of the host stood still for the watchdog time",
    ),
    EventType::new(12, "STATE", "0", "state word as it stands", "state bits 1 to 4 or 8 changed"),
    EventType::new(
        13,
        "LAP",
        "induction",
        "laps so far",
        "an item of a loop passed an induction again; item and order stay",
    ),
    EventType::new(
        14,
        "ENDED",
        "reason",
        "order seq, 0 if it was taken in an earlier session",
        "an order that was taken ended without a divert",
    ),
    EventType::new(15, "JAM", "photo-eye", "1 begins, 0 cleared", "a jam"),
];

/// Why an order is refused: the detail of REFUSED.
pub const REFUSALS: [Named; 7] = [
    refusal(Refusal::Late, "LATE", "too late, or a given target further than one belt length ahead"),
    refusal(Refusal::UnknownItem, "UNKNOWN_ITEM", "the item is not on the belt"),
    refusal(Refusal::NoSuchChute, "NO_SUCH_CHUTE", "no such chute, or no such operation"),
    refusal(Refusal::TableFull, "TABLE_FULL", "the order table is full"),
    refusal(Refusal::ChuteNotAvailable, "CHUTE_NOT_AVAILABLE", "the chute is full or not available"),
    refusal(Refusal::NotRunning, "NOT_RUNNING", "the belt does not run"),
    refusal(Refusal::AlreadyFired, "ALREADY_FIRED", "the order before it for this item was fired already"),
];

/// Why a taken order ended without a divert: the detail of ENDED.
pub const ENDINGS: [Named; 5] = [
    ending(Ending::Replaced, "REPLACED", "a later order for the same item took its place"),
    ending(Ending::Cancelled, "CANCELLED", "it was cancelled"),
    ending(
        Ending::ChuteNotAvailable,
        "CHUTE_NOT_AVAILABLE",
        "the chute was full or not available at the fire point",
    ),
    ending(Ending::ItemGone, "ITEM_GONE", "the item left or was lost first"),
    ending(Ending::BeltStopped, "BELT_STOPPED", "the belt stood still at the fire point"),
];

const fn refusal(reason: Refusal, name: &'static str, meaning: &'static str) -> Named {
    Named::new(reason as u8, name, meaning)
}

const fn ending(reason: Ending, name: &'static str, meaning: &'static str) -> Named {
    Named::new(reason as u8, name, meaning)
}
