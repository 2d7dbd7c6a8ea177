//! The typed border between host and PLC: events, scans, orders, PLANT state and the cyclic status.
//!
//! These are the values of the host–PLC contract, version 1, without their registers. The direct driver
//! of the simulator passes them as they are; the register codec translates them for a link.

use std::fmt;

use sorter_core::ids::{ChuteId, DiverterId, EyeId, InductionId, ItemId};
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres, MmPerSecond, Pulses};

/// Orders that may be sent and not yet acknowledged: the slots of the order ring.
pub const ORDER_SLOTS: usize = 15;
/// Event records in the STATUS window.
pub const EVENT_SLOTS: usize = 15;
/// Scan records in the SCAN window.
pub const SCAN_SLOTS: usize = 6;
/// Chutes that one link carries.
pub const CHUTES_PER_LINK: usize = 256;

/// A sequence number: 1 to 65520, then 1 again. 0 means none and stands before the first 1.
///
/// 65520 is divisible by 15 and by 6, so the slot formulas of the rings have no jump at the wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seq(u16);

impl Seq {
    /// No record yet.
    pub const NONE: Self = Self(0);
    /// The last number before 1 comes again.
    pub const LAST: u16 = 65_520;

    /// A sequence number, or `None` when the value is above [`Seq::LAST`].
    pub const fn new(value: u16) -> Option<Self> {
        if value <= Self::LAST { Some(Self(value)) } else { None }
    }

    /// The bare number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The number after this one.
    ///
    /// ```
    /// use sorter_plc::contract::Seq;
    /// assert_eq!(Seq::NONE.next().get(), 1);
    /// assert_eq!(Seq::new(65_520).unwrap().next().get(), 1);
    /// ```
    #[must_use]
    pub const fn next(self) -> Self {
        Self(if self.0 == Self::LAST { 1 } else { self.0 + 1 })
    }

    /// How many numbers `later` is after this one, modulo the wrap.
    pub const fn distance_to(self, later: Self) -> u16 {
        if later.0 >= self.0 { later.0 - self.0 } else { Self::LAST - self.0 + later.0 }
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seq {}", self.0)
    }
}

/// One numbered event record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// Its number in the session.
    pub seq: Seq,
    /// The item it is about; [`ItemId::NONE`] for events of the machine.
    pub item: ItemId,
    /// The encoder count at the physical edge, not at the scan that reported it.
    pub encoder: EncoderCount,
    /// What happened.
    pub event: Event,
}

/// What happened at the PLC. The comments give the number of each type in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// 1: an item entered. The record's encoder count is that of its leading edge and identifies the item.
    Inducted {
        /// The eye at the induction.
        eye: EyeId,
        /// Its length on the belt.
        length: Pulses,
    },
    /// 2: a tracking photo-eye saw an item.
    Seen {
        /// The eye.
        eye: EyeId,
        /// Measured minus expected encoder count of the leading edge at the eye: positive when the item came
        /// later than expected, as one does that slipped back.
        deviation: Pulses,
    },
    /// 3: a diverter fired for an item.
    Fired {
        /// The diverter.
        diverter: DiverterId,
        /// The chute.
        chute: ChuteId,
    },
    /// 4: an item is in a chute; this ends the item and its order.
    Discharged {
        /// Whether a chute eye saw it; without an eye it is taken as done after its transfer time.
        verified: bool,
        /// The chute.
        chute: ChuteId,
    },
    /// 5: the diverter fired and the item stayed on the belt; this ends the order, not the item.
    Missed {
        /// The diverter.
        diverter: DiverterId,
        /// The chute it did not reach.
        chute: ChuteId,
    },
    /// 6: an item left at the end of the belt.
    Left {
        /// The exit eye.
        eye: EyeId,
    },
    /// 7: an order was not accepted.
    Refused {
        /// Why.
        reason: Refusal,
        /// The order.
        order: Seq,
    },
    /// 8: a photo-eye did not see an item that was due; this ends the item.
    Lost {
        /// The eye.
        eye: EyeId,
    },
    /// 9: a photo-eye saw something that was not due. The record's item is a new number.
    Unexpected {
        /// The eye.
        eye: EyeId,
        /// Its length on the belt.
        length: Pulses,
    },
    /// 10: the state of a chute changed; the PLANT image tells how.
    Chute {
        /// The chute.
        chute: ChuteId,
    },
    /// 11: the heartbeat of the host stood still for the watchdog time.
    HostLost {
        /// The order acknowledgement at that moment.
        order_ack: Seq,
    },
    /// 12: the state word changed in one of its bits 1 to 4 or 8.
    State {
        /// The state word as it stands.
        state: StateBits,
    },
    /// 13: an item of a loop passed an induction again; item and order go on.
    Lap {
        /// The induction.
        induction: InductionId,
        /// Laps so far.
        laps: u16,
    },
    /// 14: an order that was taken ended without a divert.
    Ended {
        /// Why.
        ending: Ending,
        /// The order, or [`Seq::NONE`] when it was taken in an earlier session.
        order: Seq,
    },
    /// 15: a jam began or was cleared.
    Jam {
        /// The eye that is blocked.
        eye: EyeId,
        /// Whether it begins.
        begins: bool,
    },
}

/// Why the PLC refused an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Refusal {
    /// Too late, or a given target further than one belt length ahead.
    Late = 1,
    /// The item is not on the belt.
    UnknownItem = 2,
    /// The sorter has no such chute, or the operation does not exist.
    NoSuchChute = 3,
    /// The order table is full.
    TableFull = 4,
    /// The chute is full or not available.
    ChuteNotAvailable = 5,
    /// The belt does not run.
    NotRunning = 6,
    /// The order before it for this item was fired already.
    AlreadyFired = 8,
}

/// Why a taken order ended without a divert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Ending {
    /// A later order for the same item took its place.
    Replaced = 1,
    /// It was cancelled.
    Cancelled = 2,
    /// The chute was full or not available at the fire point.
    ChuteNotAvailable = 3,
    /// The item left or was lost first.
    ItemGone = 4,
    /// The belt stood still at the fire point.
    BeltStopped = 5,
}

/// The state bits of the STATUS block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StateBits(pub u16);

impl StateBits {
    /// The heartbeat of the host is fresh.
    pub const LIVE: u16 = 1 << 0;
    /// The belt runs.
    pub const RUNNING: u16 = 1 << 1;
    /// Emergency stop.
    pub const E_STOP: u16 = 1 << 2;
    /// Fault.
    pub const FAULT: u16 = 1 << 3;
    /// Local mode.
    pub const LOCAL: u16 = 1 << 4;
    /// Events were lost; latched until the session closes.
    pub const EVENT_OVERFLOW: u16 = 1 << 5;
    /// The order table is full.
    pub const ORDER_TABLE_FULL: u16 = 1 << 6;
    /// The next order slot has had its number and a wrong check for 100 scans.
    pub const ORDER_SLOT_BAD: u16 = 1 << 7;
    /// Jam.
    pub const JAM: u16 = 1 << 8;
    /// Scan records were lost; latched until the session closes.
    pub const SCAN_OVERFLOW: u16 = 1 << 9;

    /// Whether all of these bits are set.
    pub const fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }
}

/// One order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number in the session.
    pub seq: Seq,
    /// The item; [`ItemId::NONE`] for orders about a chute.
    pub item: ItemId,
    /// What to do.
    pub op: OrderOp,
    /// The encoder count at which to fire, or `None` to let the PLC work it out.
    pub target: Option<EncoderCount>,
}

/// What an order tells the PLC to do. The comments give the number of each operation in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderOp {
    /// 1: divert the item into a chute.
    Divert {
        /// The chute.
        chute: ChuteId,
    },
    /// 2: forget the order of the item.
    Cancel,
    /// 3: open a chute for diverts.
    ChuteEnable {
        /// The chute.
        chute: ChuteId,
    },
    /// 4: close a chute for diverts.
    ChuteDisable {
        /// The chute.
        chute: ChuteId,
    },
    /// 5: set the lamp of a chute.
    ChuteLamp {
        /// The chute.
        chute: ChuteId,
        /// The pattern.
        pattern: u16,
    },
}

/// One record of the scanner stream. All records of one item carry the same `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanRecord {
    /// Its number in the session.
    pub seq: Seq,
    /// The item it belongs to.
    pub item: ItemId,
    /// The place of this record among those of the item, from 0.
    pub index: u8,
    /// How many records the item has.
    pub count: u8,
    /// What was read or measured.
    pub data: ScanData,
}

/// What a scan record carries. The comments give the number of each kind in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanData {
    /// 1: a code, or its first 32 bytes.
    Code(CodeBytes),
    /// 2: no code was read.
    NoCode,
    /// 3: dimensions and weight.
    Measured {
        /// Along the belt.
        length: Millimetres,
        /// Across the belt.
        width: Millimetres,
        /// Above the belt.
        height: Millimetres,
        /// On the scale.
        weight: Grams,
    },
    /// 4: the continuation of the code in the record before.
    Continuation(CodeBytes),
}

/// Up to 32 bytes of a code, as one scan record carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeBytes {
    length: u8,
    bytes: [u8; Self::CAPACITY],
}

impl CodeBytes {
    /// Bytes in one scan record.
    pub const CAPACITY: usize = 32;

    /// Takes over a slice, or gives `None` when it has more than [`CodeBytes::CAPACITY`] bytes.
    pub fn new(code: &[u8]) -> Option<Self> {
        let length = u8::try_from(code.len()).ok()?;
        let mut bytes = [0; Self::CAPACITY];
        bytes.get_mut(..code.len())?.copy_from_slice(code);
        Some(Self { length, bytes })
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// One bit for each chute of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChuteBits([u64; CHUTES_PER_LINK / 64]);

impl ChuteBits {
    /// The bit of a chute; chutes beyond the link read as 0.
    pub fn get(&self, chute: ChuteId) -> bool {
        self.0.get(chute.index() / 64).is_some_and(|word| word >> (chute.index() % 64) & 1 == 1)
    }

    /// Sets the bit of a chute.
    ///
    /// # Panics
    /// When the chute number is 256 or more: one link carries no such chute.
    pub fn set(&mut self, chute: ChuteId, value: bool) {
        let bit = 1 << (chute.index() % 64);
        let word = &mut self.0[chute.index() / 64];
        if value {
            *word |= bit;
        } else {
            *word &= !bit;
        }
    }

    /// The bits as a PLANT block carries them: chute c in word c / 16, bit c mod 16.
    pub const fn from_words(words: &[u16; CHUTES_PER_LINK / 16]) -> Self {
        let mut bits = [0; CHUTES_PER_LINK / 64];
        let mut place = 0;
        while place < words.len() {
            bits[place / 4] |= (words[place] as u64) << (16 * (place % 4));
            place += 1;
        }
        Self(bits)
    }

    /// The bits as a PLANT block carries them, see [`ChuteBits::from_words`].
    pub const fn to_words(&self) -> [u16; CHUTES_PER_LINK / 16] {
        let mut words = [0; CHUTES_PER_LINK / 16];
        let mut place = 0;
        while place < words.len() {
            words[place] = (self.0[place / 4] >> (16 * (place % 4))) as u16;
            place += 1;
        }
        words
    }

    /// The chutes whose bit differs between two images, in rising order.
    pub fn changed(&self, other: &Self) -> impl Iterator<Item = ChuteId> + use<> {
        let (before, after) = (self.0, other.0);
        (0_u16..).step_by(64).zip(before).zip(after).flat_map(|((first, before), after)| {
            let mut difference = before ^ after;
            std::iter::from_fn(move || {
                let bit = (difference != 0).then(|| difference.trailing_zeros())?;
                difference &= difference - 1;
                Some(ChuteId::new(first + u16::try_from(bit).expect("a word has 64 bits")))
            })
        })
    }
}

/// The PLANT block: counters since boot and the state of each chute.
///
/// `inducted + unexpected = discharged + left + lost + on_belt` holds in every image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlantImage {
    /// The event at which the counters stand.
    pub at_event: Seq,
    /// Items that entered at an induction.
    pub inducted: u32,
    /// Items that turned up without induction.
    pub unexpected: u32,
    /// Items seen by a chute eye.
    pub discharged_verified: u32,
    /// Items taken as discharged without a chute eye.
    pub discharged_unverified: u32,
    /// Items that left at the end.
    pub left: u32,
    /// Items that a photo-eye did not see.
    pub lost: u32,
    /// Items on the belt.
    pub on_belt: u16,
    /// Chutes that are full.
    pub full: ChuteBits,
    /// Chutes that are half full.
    pub half_full: ChuteBits,
    /// Chutes that are blocked, disabled or without container.
    pub not_available: ChuteBits,
    /// Chutes with a container in place.
    pub container: ChuteBits,
}

/// One item of a BELT snapshot: what is on the belt when a session opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeltEntry {
    /// The item.
    pub item: ItemId,
    /// Its encoder count at the induction; with the number it identifies the item across restarts of the host.
    pub inducted_at: EncoderCount,
    /// Where the order that is in force for it goes.
    pub ordered: Option<ChuteId>,
    /// Whether the diverter of that order has fired.
    pub fired: bool,
}

/// What the host reads of STATUS in each cycle, apart from the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The session that the PLC serves; 0 is none.
    pub session_echo: u16,
    /// Changes at every PLC start; 0 is not supported.
    pub boot: u16,
    /// What the PLC can do, see [`Capabilities`].
    pub capabilities: Capabilities,
    /// The encoder at this scan.
    pub encoder: EncoderCount,
    /// The belt speed.
    pub belt_speed: MmPerSecond,
    /// The state bits.
    pub state: StateBits,
    /// How long a PLC scan takes.
    pub scan_time: Micros,
    /// Pulses between taking an order and its earliest fire point.
    pub minimum_lead: Pulses,
    /// The last order taken.
    pub order_ack: Seq,
    /// Orders taken and not yet fired.
    pub orders_pending: u16,
    /// The highest event number published.
    pub events_published: Seq,
    /// Events waiting behind the window.
    pub event_backlog: u16,
    /// The highest scan record number published.
    pub scans_published: Seq,
    /// Scan records waiting behind the window.
    pub scan_backlog: u16,
    /// Items on the belt.
    pub items_on_belt: u16,
    /// The event at which the BELT snapshot of this session stands.
    pub belt_at: Seq,
}

/// What a PLC can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(pub u16);

impl Capabilities {
    /// Works out fire points from item and chute.
    pub const FIRE_POINTS: u16 = 1 << 0;
    /// Needs a target with each divert order.
    pub const NEEDS_TARGET: u16 = 1 << 1;
    /// Verifies discharges by chute eyes.
    pub const VERIFIES: u16 = 1 << 2;
    /// Reports the scans of the tunnel.
    pub const REPORTS_SCANS: u16 = 1 << 3;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_distance_has_no_jump_at_the_wrap() {
        let mut seq = Seq::NONE;
        let mut slot = None;
        for _ in 0..2 * u32::from(Seq::LAST) {
            let next = seq.next();
            let next_slot = (usize::from(next.get()) - 1) % EVENT_SLOTS;
            if let Some(slot) = slot {
                assert_eq!(next_slot, (slot + 1) % EVENT_SLOTS);
            }
            assert_eq!(seq.distance_to(next), 1);
            slot = Some(next_slot);
            seq = next;
        }
        assert_eq!(Seq::new(65_521), None);
    }

    #[test]
    fn changed_chutes_are_those_whose_bit_differs() {
        let (mut before, mut after) = (ChuteBits::default(), ChuteBits::default());
        before.set(ChuteId::new(3), true);
        after.set(ChuteId::new(3), true);
        after.set(ChuteId::new(64), true);
        before.set(ChuteId::new(255), true);
        let changed: Vec<_> = before.changed(&after).map(ChuteId::get).collect();
        assert_eq!(changed, [64, 255]);
        assert!(!after.get(ChuteId::new(300)));
    }

    #[test]
    fn a_code_longer_than_a_record_is_not_taken() {
        assert!(CodeBytes::new(&[b'A'; 33]).is_none());
        assert_eq!(CodeBytes::new(b"LP123").unwrap().as_slice(), b"LP123");
    }
}
