//! The STATUS block.

use sorter_core::units::{EncoderCount, Micros, MmPerSecond, Pulses};

use super::{CodecError, RawEvent, clamped, long, put_long, seq_at, sized, whole, words_of};
use crate::contract::{Capabilities, EVENT_SLOTS, StateBits, Status};
use crate::register_map::{
    BlockId, EVENT_RECORD, MAGIC, STATUS_WORDS, VERSION, WORD_ORDER_PROBE, WordOrder, word_of,
};

const fn at(name: &str) -> usize {
    word_of(BlockId::Status.map().fields, name)
}

const COUNTER_A: usize = at("scan_counter_a");
const MAGIC_WORD: usize = at("magic");
const VERSION_WORD: usize = at("version");
const PROBE: usize = at("word_order_probe");
const SESSION_ECHO: usize = at("session_echo");
const BOOT: usize = at("boot");
const CAPABILITIES: usize = at("capabilities");
const ENCODER: usize = at("encoder");
const BELT_SPEED: usize = at("belt_speed");
const STATE: usize = at("state");
const SCAN_TIME: usize = at("scan_time");
const MINIMUM_LEAD: usize = at("minimum_lead");
const ORDER_ACK: usize = at("order_ack");
const ORDERS_PENDING: usize = at("orders_pending");
const EVENTS_PUBLISHED: usize = at("events_published");
const EVENT_BACKLOG: usize = at("event_backlog");
const SCANS_PUBLISHED: usize = at("scans_published");
const SCAN_BACKLOG: usize = at("scan_backlog");
const ITEMS_ON_BELT: usize = at("items_on_belt");
const BELT_AT: usize = at("belt_at");
const EVENTS: usize = at("events");
const COUNTER_B: usize = at("scan_counter_b");

/// Words of one event record.
const EVENT_WORDS: usize = EVENT_RECORD.words as usize;
/// The unit of the scan time on the wire, in microseconds.
const SCAN_TIME_UNIT: u64 = 100;

/// The STATUS block as typed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusImage {
    /// The scan counter.
    pub counter: u16,
    /// The cyclic values.
    pub status: Status,
    /// The event window by slots; [`slot`](super::slot) tells the place of an event.
    pub events: [RawEvent; EVENT_SLOTS],
}

impl StatusImage {
    /// Reads a STATUS block.
    ///
    /// # Errors
    /// When it has another length, magic, version or word order than configured, when it is torn, or when a
    /// sequence number does not exist: then nothing of it may be used. The header is judged first, so that a
    /// wrong base address is told as such.
    pub fn decode(words: &[u16], order: WordOrder) -> Result<Self, CodecError> {
        let words: &[u16; STATUS_WORDS] = sized(words, BlockId::Status)?;
        header(words, order)?;
        let counter = whole(BlockId::Status, words[COUNTER_A], words[COUNTER_B])?;
        let seq = |at| seq_at(words, at, BlockId::Status);
        let status = Status {
            session_echo: words[SESSION_ECHO],
            boot: words[BOOT],
            capabilities: Capabilities(words[CAPABILITIES]),
            encoder: EncoderCount::new(long(words, ENCODER, order)),
            belt_speed: MmPerSecond::new(words[BELT_SPEED].into()),
            state: StateBits(words[STATE]),
            scan_time: Micros::new(u64::from(words[SCAN_TIME]) * SCAN_TIME_UNIT),
            minimum_lead: Pulses::new(words[MINIMUM_LEAD].into()),
            order_ack: seq(ORDER_ACK)?,
            orders_pending: words[ORDERS_PENDING],
            events_published: seq(EVENTS_PUBLISHED)?,
            event_backlog: words[EVENT_BACKLOG],
            scans_published: seq(SCANS_PUBLISHED)?,
            scan_backlog: words[SCAN_BACKLOG],
            items_on_belt: words[ITEMS_ON_BELT],
            belt_at: seq(BELT_AT)?,
        };
        let mut events = [RawEvent::EMPTY; EVENT_SLOTS];
        for (event, words) in events.iter_mut().zip(words[EVENTS..].as_chunks::<EVENT_WORDS>().0) {
            event.0 = *words;
        }
        Ok(Self { counter, status, events })
    }

    /// Writes the block, header and both counters too.
    pub fn encode(&self, words: &mut [u16; STATUS_WORDS], order: WordOrder) {
        let status = &self.status;
        *words = [0; STATUS_WORDS];
        words[COUNTER_A] = self.counter;
        words[MAGIC_WORD] = MAGIC;
        words[VERSION_WORD] = VERSION;
        put_long(words, PROBE, WORD_ORDER_PROBE, order);
        words[SESSION_ECHO] = status.session_echo;
        words[BOOT] = status.boot;
        words[CAPABILITIES] = status.capabilities.0;
        put_long(words, ENCODER, status.encoder.get(), order);
        words[BELT_SPEED] = clamped(status.belt_speed.get());
        words[STATE] = status.state.0;
        words[SCAN_TIME] = clamped(status.scan_time.get().div_ceil(SCAN_TIME_UNIT));
        words[MINIMUM_LEAD] = clamped(status.minimum_lead.get());
        words[ORDER_ACK] = status.order_ack.get();
        words[ORDERS_PENDING] = status.orders_pending;
        words[EVENTS_PUBLISHED] = status.events_published.get();
        words[EVENT_BACKLOG] = status.event_backlog;
        words[SCANS_PUBLISHED] = status.scans_published.get();
        words[SCAN_BACKLOG] = status.scan_backlog;
        words[ITEMS_ON_BELT] = status.items_on_belt;
        words[BELT_AT] = status.belt_at.get();
        for (event, words) in self.events.iter().zip(words[EVENTS..].as_chunks_mut::<EVENT_WORDS>().0) {
            *words = event.0;
        }
        words[COUNTER_B] = self.counter;
    }
}

/// Whether this is the STATUS block of a sorter that speaks as configured.
fn header(words: &[u16; STATUS_WORDS], order: WordOrder) -> Result<(), CodecError> {
    if words[MAGIC_WORD] != MAGIC {
        return Err(CodecError::Magic { received: words[MAGIC_WORD] });
    }
    if words[VERSION_WORD] != VERSION {
        return Err(CodecError::Version { received: words[VERSION_WORD] });
    }
    let (expected, received) = (words_of(WORD_ORDER_PROBE, order), [words[PROBE], words[PROBE + 1]]);
    if received != expected {
        return Err(CodecError::WordOrder { expected, received });
    }
    Ok(())
}
