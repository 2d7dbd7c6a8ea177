//! Events of a PLC as bytes.

use sorter_core::ids::{ChuteId, DiverterId, EyeId, InductionId, ItemId};
use sorter_core::units::{EncoderCount, Pulses};
use sorter_plc::contract::{Ending, Event, EventRecord, Refusal, Seq, StateBits};

use super::Malformed;
use super::numbers::{Bytes, put, put_signed};

/// The number of the event follows the one before.
pub(super) const NEXT: u8 = 1 << 4;
/// The event has its yes or no set: verified, or begins.
const YES: u8 = 1 << 5;

/// What numbers and items of records are told as a difference to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    seq: Seq,
    item: u16,
}

impl Line {
    /// Appends the head of a record: its kind with flags, its number where it does not follow, its item.
    pub(super) fn put(&mut self, out: &mut Vec<u8>, kind: u8, seq: Seq, item: ItemId) {
        let next = seq == self.seq.next();
        out.push(kind | if next { NEXT } else { 0 });
        if !next {
            put(out, seq.get().into());
        }
        put_signed(out, i64::from(item.get()) - i64::from(self.item));
        *self = Self { seq, item: item.get() };
    }

    /// The number and the item behind a kind.
    pub(super) fn read(&mut self, bytes: &mut Bytes<'_>, kind: u8) -> Result<(Seq, ItemId), Malformed> {
        self.seq = if kind & NEXT == 0 { seq(bytes)? } else { self.seq.next() };
        let item = i64::from(self.item).checked_add(bytes.signed()?);
        self.item = item.and_then(|item| u16::try_from(item).ok()).ok_or(Malformed("no such item"))?;
        Ok((self.seq, ItemId::new(self.item)))
    }
}

/// A number of a record.
pub(super) fn seq(bytes: &mut Bytes<'_>) -> Result<Seq, Malformed> {
    Seq::new(bytes.narrow()?).ok_or(Malformed("a sequence number is above 65520"))
}

/// A distance along the belt between two encoder counts, as few bytes as it is short.
pub(super) fn put_count(out: &mut Vec<u8>, from: EncoderCount, count: EncoderCount) {
    put_signed(out, from.distance_to(count).get().into());
}

/// What [`put_count`] wrote.
pub(super) fn count(bytes: &mut Bytes<'_>, from: EncoderCount) -> Result<EncoderCount, Malformed> {
    Ok(from.advanced_by(Pulses::new(bytes.narrow_signed()?)))
}

/// Appends an event.
pub(super) fn write(out: &mut Vec<u8>, line: &mut Line, encoder: EncoderCount, record: &EventRecord) {
    let kind = kind_of(&record.event);
    line.put(out, kind, record.seq, record.item);
    put_count(out, encoder, record.encoder);
    let mut number = |value: u64| put(out, value);
    match record.event {
        Event::Inducted { eye, length } | Event::Unexpected { eye, length } => {
            number(eye.get().into());
            put_signed(out, length.get().into());
        }
        Event::Seen { eye, deviation } => {
            number(eye.get().into());
            put_signed(out, deviation.get().into());
        }
        Event::Fired { diverter, chute } | Event::Missed { diverter, chute } => {
            number(diverter.get().into());
            number(chute.get().into());
        }
        Event::Discharged { chute, .. } | Event::Chute { chute } => number(chute.get().into()),
        Event::Left { eye } | Event::Lost { eye } | Event::Jam { eye, .. } => number(eye.get().into()),
        Event::Refused { reason, order } => {
            number(u64::from(reason as u8));
            number(order.get().into());
        }
        Event::HostLost { order_ack } => number(order_ack.get().into()),
        Event::State { state } => number(state.0.into()),
        Event::Lap { induction, laps } => {
            number(induction.get().into());
            number(laps.into());
        }
        Event::Ended { ending, order } => {
            number(u64::from(ending as u8));
            number(order.get().into());
        }
    }
}

/// The number of the type in the contract, with its yes or no.
const fn kind_of(event: &Event) -> u8 {
    match event {
        Event::Inducted { .. } => 1,
        Event::Seen { .. } => 2,
        Event::Fired { .. } => 3,
        Event::Discharged { verified, .. } => 4 | if *verified { YES } else { 0 },
        Event::Missed { .. } => 5,
        Event::Left { .. } => 6,
        Event::Refused { .. } => 7,
        Event::Lost { .. } => 8,
        Event::Unexpected { .. } => 9,
        Event::Chute { .. } => 10,
        Event::HostLost { .. } => 11,
        Event::State { .. } => 12,
        Event::Lap { .. } => 13,
        Event::Ended { .. } => 14,
        Event::Jam { begins, .. } => 15 | if *begins { YES } else { 0 },
    }
}

/// What [`write`] wrote.
pub(super) fn read(
    bytes: &mut Bytes<'_>,
    line: &mut Line,
    encoder: EncoderCount,
) -> Result<EventRecord, Malformed> {
    let kind = bytes.byte()?;
    let yes = kind & YES != 0;
    let (seq, item) = line.read(bytes, kind)?;
    let encoder = count(bytes, encoder)?;
    let event = match kind & !(NEXT | YES) {
        1 => Event::Inducted { eye: eye(bytes)?, length: pulses(bytes)? },
        2 => Event::Seen { eye: eye(bytes)?, deviation: pulses(bytes)? },
        3 => Event::Fired { diverter: DiverterId::new(bytes.narrow()?), chute: chute(bytes)? },
        4 => Event::Discharged { verified: yes, chute: chute(bytes)? },
        5 => Event::Missed { diverter: DiverterId::new(bytes.narrow()?), chute: chute(bytes)? },
        6 => Event::Left { eye: eye(bytes)? },
        7 => Event::Refused { reason: refusal(bytes.number()?)?, order: self::seq(bytes)? },
        8 => Event::Lost { eye: eye(bytes)? },
        9 => Event::Unexpected { eye: eye(bytes)?, length: pulses(bytes)? },
        10 => Event::Chute { chute: chute(bytes)? },
        11 => Event::HostLost { order_ack: self::seq(bytes)? },
        12 => Event::State { state: StateBits(bytes.narrow()?) },
        13 => Event::Lap { induction: InductionId::new(bytes.narrow()?), laps: bytes.narrow()? },
        14 => Event::Ended { ending: ending(bytes.number()?)?, order: self::seq(bytes)? },
        15 => Event::Jam { eye: eye(bytes)?, begins: yes },
        _ => return Err(Malformed("an event has a type that does not exist")),
    };
    Ok(EventRecord { seq, item, encoder, event })
}

fn eye(bytes: &mut Bytes<'_>) -> Result<EyeId, Malformed> {
    bytes.narrow().map(EyeId::new)
}

/// A chute by its number.
pub(super) fn chute(bytes: &mut Bytes<'_>) -> Result<ChuteId, Malformed> {
    bytes.narrow().map(ChuteId::new)
}

fn pulses(bytes: &mut Bytes<'_>) -> Result<Pulses, Malformed> {
    bytes.narrow_signed().map(Pulses::new)
}

fn refusal(number: u64) -> Result<Refusal, Malformed> {
    Ok(match number {
        1 => Refusal::Late,
        2 => Refusal::UnknownItem,
        3 => Refusal::NoSuchChute,
        4 => Refusal::TableFull,
        5 => Refusal::ChuteNotAvailable,
        6 => Refusal::NotRunning,
        8 => Refusal::AlreadyFired,
        _ => return Err(Malformed("a refusal has a reason that does not exist")),
    })
}

fn ending(number: u64) -> Result<Ending, Malformed> {
    Ok(match number {
        1 => Ending::Replaced,
        2 => Ending::Cancelled,
        3 => Ending::ChuteNotAvailable,
        4 => Ending::ItemGone,
        5 => Ending::BeltStopped,
        _ => return Err(Malformed("an order has ended in a way that does not exist")),
    })
}
