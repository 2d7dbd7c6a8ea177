//! Event records.

use std::fmt;

use sorter_core::ids::{ChuteId, DiverterId, EyeId, InductionId, ItemId};
use sorter_core::journal::Cause;
use sorter_core::units::{EncoderCount, Pulses};

use super::{RecordError, chute_of, clamped, long, put_long};
use crate::contract::{Ending, Event, EventRecord, Refusal, Seq, StateBits};
use crate::register_map::{EVENT_RECORD, EventType, WordOrder, word_of};

const fn at(name: &str) -> usize {
    word_of(EVENT_RECORD.fields, name)
}

const SEQ: usize = at("seq");
const TYPE_DETAIL: usize = at("type_detail");
const ITEM: usize = at("item");
const ARG: usize = at("arg");
const ENCODER: usize = at("encoder");
const WORDS: usize = EVENT_RECORD.words as usize;

const INDUCTED: u8 = EventType::number_of("INDUCTED");
const SEEN: u8 = EventType::number_of("SEEN");
const FIRED: u8 = EventType::number_of("FIRED");
const DISCHARGED: u8 = EventType::number_of("DISCHARGED");
const MISSED: u8 = EventType::number_of("MISSED");
const LEFT: u8 = EventType::number_of("LEFT");
const REFUSED: u8 = EventType::number_of("REFUSED");
const LOST: u8 = EventType::number_of("LOST");
const UNEXPECTED: u8 = EventType::number_of("UNEXPECTED");
const CHUTE: u8 = EventType::number_of("CHUTE");
const HOST_LOST: u8 = EventType::number_of("HOST_LOST");
const STATE: u8 = EventType::number_of("STATE");
const LAP: u8 = EventType::number_of("LAP");
const ENDED: u8 = EventType::number_of("ENDED");
const JAM: u8 = EventType::number_of("JAM");

/// An event record as its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawEvent(pub [u16; WORDS]);

impl RawEvent {
    /// An empty slot.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// The words of an event.
    pub fn of(record: &EventRecord, order: WordOrder) -> Self {
        let (number, detail, arg) = parts(record.event);
        let mut words = [0; WORDS];
        words[SEQ] = record.seq.get();
        words[TYPE_DETAIL] = u16::from_be_bytes([number, detail]);
        words[ITEM] = record.item.get();
        words[ARG] = arg;
        put_long(&mut words, ENCODER, record.encoder.get(), order);
        Self(words)
    }

    /// Its number as it stands there: 0 is an empty slot, and it may be beyond [`Seq::LAST`].
    pub const fn seq(&self) -> u16 {
        self.0[SEQ]
    }

    /// Reads it.
    ///
    /// # Errors
    /// When the slot is empty, or when number, type, detail or argument are not of the contract.
    pub fn record(&self, order: WordOrder) -> Result<EventRecord, RecordError> {
        let seq = Seq::new(self.seq()).filter(|seq| *seq != Seq::NONE);
        let seq = seq.ok_or(RecordError::Sequence { received: self.seq() })?;
        Ok(EventRecord {
            seq,
            item: ItemId::new(self.0[ITEM]),
            encoder: EncoderCount::new(long(&self.0, ENCODER, order)),
            event: self.event()?,
        })
    }

    /// Whether both are the same record, perhaps under another number.
    pub fn same_but_seq(&self, other: &Self) -> bool {
        let renumbered = |mut words: [u16; WORDS]| {
            words[SEQ] = 0;
            words
        };
        renumbered(self.0) == renumbered(other.0)
    }

    fn event(&self) -> Result<Event, RecordError> {
        let [number, detail] = self.0[TYPE_DETAIL].to_be_bytes();
        let arg = self.0[ARG];
        let eye = EyeId::new(detail);
        let diverter = DiverterId::new(detail);
        Ok(match number {
            INDUCTED => Event::Inducted { eye, length: Pulses::new(arg.into()) },
            SEEN => Event::Seen { eye, deviation: Pulses::new(arg.cast_signed().into()) },
            FIRED => Event::Fired { diverter, chute: self.chute()? },
            DISCHARGED => Event::Discharged { verified: self.verified(detail)?, chute: self.chute()? },
            MISSED => Event::Missed { diverter, chute: self.chute()? },
            LEFT => Event::Left { eye },
            REFUSED => Event::Refused { reason: self.refusal(detail)?, order: self.order()? },
            LOST => Event::Lost { eye },
            UNEXPECTED => Event::Unexpected { eye, length: Pulses::new(arg.into()) },
            CHUTE => Event::Chute { chute: self.chute()? },
            HOST_LOST => Event::HostLost { order_ack: self.order()? },
            STATE => Event::State { state: StateBits(arg) },
            LAP => Event::Lap { induction: InductionId::new(detail), laps: arg },
            ENDED => Event::Ended { ending: self.ending(detail)?, order: self.order()? },
            JAM => Event::Jam { eye, begins: self.begins()? },
            _ => return Err(RecordError::UnknownType { record: *self, number }),
        })
    }

    fn chute(&self) -> Result<ChuteId, RecordError> {
        chute_of(self.0[ARG]).ok_or(self.wrong_arg())
    }

    fn order(&self) -> Result<Seq, RecordError> {
        Seq::new(self.0[ARG]).ok_or(self.wrong_arg())
    }

    fn begins(&self) -> Result<bool, RecordError> {
        match self.0[ARG] {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.wrong_arg()),
        }
    }

    fn verified(&self, detail: u8) -> Result<bool, RecordError> {
        match detail {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RecordError::UnknownDetail { record: *self, detail }),
        }
    }

    fn refusal(&self, detail: u8) -> Result<Refusal, RecordError> {
        let known = REFUSALS.into_iter().find(|reason| *reason as u8 == detail);
        known.ok_or(RecordError::UnknownDetail { record: *self, detail })
    }

    fn ending(&self, detail: u8) -> Result<Ending, RecordError> {
        let known = ENDINGS.into_iter().find(|reason| *reason as u8 == detail);
        known.ok_or(RecordError::UnknownDetail { record: *self, detail })
    }

    const fn wrong_arg(&self) -> RecordError {
        RecordError::Argument { record: *self, arg: self.0[ARG] }
    }
}

impl Default for RawEvent {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl fmt::Display for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::error::hexadecimal(&self.0, f)
    }
}

const REFUSALS: [Refusal; 7] = [
    Refusal::Late,
    Refusal::UnknownItem,
    Refusal::NoSuchChute,
    Refusal::TableFull,
    Refusal::ChuteNotAvailable,
    Refusal::NotRunning,
    Refusal::AlreadyFired,
];

const ENDINGS: [Ending; 5] =
    [Ending::Replaced, Ending::Cancelled, Ending::ChuteNotAvailable, Ending::ItemGone, Ending::BeltStopped];

/// Type, detail and argument of an event.
fn parts(event: Event) -> (u8, u8, u16) {
    match event {
        Event::Inducted { eye, length } => (INDUCTED, eye.get(), clamped(length.get())),
        Event::Seen { eye, deviation } => (SEEN, eye.get(), signed(deviation)),
        Event::Fired { diverter, chute } => (FIRED, diverter.get(), chute.get()),
        Event::Discharged { verified, chute } => (DISCHARGED, verified.into(), chute.get()),
        Event::Missed { diverter, chute } => (MISSED, diverter.get(), chute.get()),
        Event::Left { eye } => (LEFT, eye.get(), 0),
        Event::Refused { reason, order } => (REFUSED, reason as u8, order.get()),
        Event::Lost { eye } => (LOST, eye.get(), 0),
        Event::Unexpected { eye, length } => (UNEXPECTED, eye.get(), clamped(length.get())),
        Event::Chute { chute } => (CHUTE, 0, chute.get()),
        Event::HostLost { order_ack } => (HOST_LOST, 0, order_ack.get()),
        Event::State { state } => (STATE, 0, state.0),
        Event::Lap { induction, laps } => (LAP, induction.get(), laps),
        Event::Ended { ending, order } => (ENDED, ending as u8, order.get()),
        Event::Jam { eye, begins } => (JAM, eye.get(), begins.into()),
    }
}

/// What the journal keeps of an event to know it again: all its words but its number and its item. The order in which
/// the PLC puts the words of its encoder does not matter.
pub fn cause_of(record: &EventRecord) -> Cause {
    let (number, detail, arg) = parts(record.event);
    Cause { kind: u16::from_be_bytes([number, detail]), arg, encoder: record.encoder }
}

/// The nearest signed 16-bit number, as a word.
fn signed(distance: Pulses) -> u16 {
    let limit = if distance < Pulses::ZERO { i16::MIN } else { i16::MAX };
    i16::try_from(distance.get()).unwrap_or(limit).cast_unsigned()
}
