//! The host's side of the session protocol, without I/O: one exchange for each link.
//!
//! An [`Exchange`] says what to write and to read ([`Exchange::next_request`]), takes the answers
//! ([`Exchange::answered`]) and hands what they tell to a [`Host`]. It reads no clock and opens no socket, so a link,
//! a simulator or a test may drive it.
//!
//! # A cycle
//!
//! [`Exchange::begin_cycle`] when the connection is there and idle; then one request after the other until
//! [`Exchange::next_request`] gives none. The first is ORDER and STATUS, then what is due: parts of BELT, or SCAN and
//! PLANT. With the last answer the host is polled, once. A cycle that is broken off ([`Exchange::cut`],
//! [`Exchange::refused`]) hands over nothing: its events are still in the window of the next one.
//!
//! # States of a session
//!
//! | state | written | believed | ends |
//! | --- | --- | --- | --- |
//! | Disconnected | nothing | nothing; the session is kept | a connection |
//! | Looking | nothing | magic, version, word order, boot and echo of STATUS | Closing, or back to where the session was before the cut |
//! | Closing | session 0, acks 0, empty ring, permit 0, heartbeat | boot, scan counter and echo | echo 0, after 5 host periods and 5 PLC scans |
//! | Opening | a new session, the rest as in Closing | boot and echo | the echo; without one after 1 s (at least 5 periods) Closing |
//! | ReadingBelt | the session, acks, permit 0 | all of STATUS but its records; BELT | a BELT snapshot with the same head before and after its parts |
//! | Draining | the same | events up to `belt at`, PLANT | all of them taken: [`Host::resync`] |
//! | Live | acks, orders, permit | everything | any fault: Closing |
//! | Draining, after an event overflow | acks, permit 0 | everything | both windows taken and acknowledged to their end: Closing |
//! | Faulted | nothing | nothing; STATUS is read once a second | it reads right: everything starts over |
//!
//! Whatever does not fit (numbers that go back or jump, an encoder faster than the belt, an echo or an acknowledgement
//! that is not from here) makes nothing of its image be used and opens a new session, which resolves by BELT what is on
//! the belt. A new session is never written over an old one: zero comes between, and it is held until the PLC shows
//! that it has seen it. The PLC acts on a session word only when it was the same at two different heartbeats; the word
//! changes only between cycles, together with the heartbeat, and stays until the echo or the time-out.
//!
//! # What can collide, and what happens then
//!
//! - *A write is lost or doubled.* The whole ring is written again in every cycle, and the PLC takes each number once.
//!   What was taken is what `order ack` of a whole STATUS says, nothing else.
//! - *STATUS was read before the write, or after it.* Nothing relies on it. An acknowledgement may be as old as it
//!   likes, but not newer than the last image that was handed to the link.
//! - *The connection is cut between the poll and the acknowledgement.* Within the session the numbers tell that the
//!   records were taken. If the session is lost too, the PLC numbers them anew, and they come again: the longest end of
//!   what was taken that equals the beginning of what comes (in all words but the number) is dropped. After a restart
//!   of the PLC nothing is dropped, because nothing that it tells then was told before.
//! - *An old write arrives late*, on a connection that was given up. Its heartbeat and session word come once, so that
//!   the PLC does not act on them, and the next cycle writes over it.
//! - *The PLC restarts.* Boot differs, or, where it has no boot word, the echo is not the session. The host is told at
//!   once ([`Host::plc_restarted`]), before any event of the new session. An echo of 0 with the same boot is no restart:
//!   the PLC closed the session and knows its items.
//! - *Two hosts write.* The echo or an acknowledgement is not from here: nothing is ordered, and a new session follows.
//! - *BELT is written while it is read.* Its number is 0 or differs between the two looks at the head: it is read again,
//!   and after 1 s the session is opened again.
//! - *The PLC answers while its program stands still.* The scan counter shows it: no orders, no permit.
//!
//! - *PLANT is newer than the events that were taken.* It waits for the event at which it stands, so that no discharge
//!   is booked into a container that came after it; after 1 s (at least 5 periods) it is handed over all the same.
//!
//! # A host with a journal
//!
//! Before each cycle [`Host::ready`] is asked: orders that the host held back go into the ring and out with this cycle,
//! and with [`Release::Manual`] what it calls safe is acknowledged. Its permit and its limit count beside those of
//! [`Exchange::set_permit`] and [`Exchange::set_induction_limit`]; the stricter ones are written. What was handed over is
//! told to it by [`Host::delivered`] after each poll. At the first contact the boot number and session that it had last
//! ([`Host::linked_before`]) stand for those of an exchange that was there before.
//!
//! # Numbers of orders
//!
//! The host numbers its orders from 1 after each [`Host::resync`]. Until then it counts in the numbers of the session
//! before, and the `order_ack` of the status that it is given is the last one of that session.
//!
//! # Listening
//!
//! With [`Mode::Listen`] nothing is ever written. The exchange follows the session that another host has: it joins where
//! the windows stand, hands over what it can read in time and counts what it could not. If it sees the session from its
//! first event it reads BELT; if it came later, [`Host::resync`] has an empty belt, since the snapshot is of the past.
//!
//! # Examples
//!
//! ```
//! use sorter_core::units::Micros;
//! use sorter_plc::contract::Order;
//! use sorter_plc::controller::Inputs;
//! use sorter_plc::exchange::{Exchange, ExchangeConfig, SessionState};
//! use sorter_plc::host::{Host, Resync};
//! use sorter_plc::register_map::BlockId;
//! use sorter_plc::request::{Request, Span};
//!
//! /// A host that orders nothing.
//! struct Deaf;
//!
//! impl Host for Deaf {
//!     fn plc_restarted(&mut self, _now: Micros) {}
//!     fn poll(&mut self, _now: Micros, _inputs: &Inputs<'_>, _orders: &mut Vec<Order>) {}
//!     fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {}
//! }
//!
//! let mut exchange = Exchange::new(ExchangeConfig::default(), 7)?;
//! assert_eq!(exchange.state(), SessionState::Disconnected);
//! // A connection is there: STATUS is read before anything is written.
//! exchange.begin_cycle(Micros::ZERO, &mut Deaf)?;
//! let status = Span { block: BlockId::Status, offset: 0, words: 121 };
//! assert_eq!(exchange.next_request(), Some(Request::Read(status)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod belt;
mod config;
mod counters;
mod fault;
mod inflow;
mod listen;
mod phase;
mod pulse;
mod reading;
mod ring;
mod session;

use std::collections::VecDeque;

use sorter_core::units::Micros;

use crate::codec::{CodecError, OrderImage, RawEvent, RawScan, RecordError};
use crate::contract::{
    EVENT_SLOTS, EventRecord, ORDER_SLOTS, Order, PlantImage, SCAN_SLOTS, ScanRecord, Seq, Status,
};
use crate::controller::LaneStatus;
use crate::host::{Host, Ready};
use crate::register_map::{BlockId, ORDER_WORDS, PLANT_WORDS, SCAN_WORDS, STATUS_WORDS};
use crate::request::{Request, Span};
use belt::BeltReader;
pub use config::{
    ExchangeConfig, ExchangeConfigError, LONGEST_PERIOD, Mode, PERIODS_IN_WATCHDOG, PerMinute, Release,
    SHORTEST_PERIOD,
};
pub use counters::ExchangeCounters;
pub use fault::{ExchangeFault, JournalNotice, Notice, SetupFault, Stream};
use inflow::Inflow;
pub use phase::SessionState;
use phase::{Closing, Connection, Phase, Sessions};
use pulse::{EncoderLimits, Pulse};
use ring::OrderRing;

/// How long a PLC that is not the one that is configured is left alone before the next look at it.
const FAULT_PAUSE: Micros = Micros::from_secs(1);
/// Notices that wait to be fetched.
const MOST_NOTICES: usize = 16;

/// How far the host has taken the records of a session. What it names may be released when it is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The session; never 0.
    session: u16,
    /// The last event taken.
    pub events: Seq,
    /// The last scan record taken.
    pub scans: Seq,
}

impl Delivered {
    /// Whether both are of the same session.
    pub const fn same_session(&self, other: &Self) -> bool {
        self.session == other.session
    }
}

/// What a cycle asks for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// STATUS alone, before anything is written.
    Look,
    /// What was rejected before, after a look at STATUS.
    Also(Span),
    /// ORDER and STATUS.
    Cycle,
    Belt,
    Scan,
    Plant,
    Done,
}

/// Records that were read in this cycle, for the poll at its end.
#[derive(Clone, Debug)]
struct Staged<T> {
    records: Vec<T>,
    unknown: u64,
    last_unknown: Option<RecordError>,
}

impl<T> Staged<T> {
    fn new(slots: usize) -> Self {
        Self { records: Vec::with_capacity(slots), unknown: 0, last_unknown: None }
    }

    fn clear(&mut self) {
        self.records.clear();
        self.unknown = 0;
        self.last_unknown = None;
    }

    fn push(&mut self, record: Result<T, RecordError>) {
        match record {
            Ok(record) => self.records.push(record),
            Err(error) => {
                self.unknown += 1;
                self.last_unknown = Some(error);
            }
        }
    }
}

/// The cycle that runs.
#[derive(Clone, Debug)]
struct Cycle {
    step: Step,
    /// Whether the request of `step` was handed out.
    asked: bool,
    belt_parts: u32,
    /// The status of an open session, once it was read.
    status: Option<Status>,
    plant: Option<PlantImage>,
    events: Staged<EventRecord>,
    scans: Staged<ScanRecord>,
}

impl Cycle {
    fn new() -> Self {
        Self {
            step: Step::Done,
            asked: false,
            belt_parts: 0,
            status: None,
            plant: None,
            events: Staged::new(EVENT_SLOTS),
            scans: Staged::new(SCAN_SLOTS),
        }
    }

    /// Hands over nothing and asks for nothing more.
    fn stop(&mut self) {
        self.step = Step::Done;
        self.asked = false;
        self.belt_parts = 0;
        self.status = None;
        self.plant = None;
        self.events.clear();
        self.scans.clear();
    }
}

/// What was seen once and is not to be told again in the same session.
#[derive(Clone, Copy, Debug, Default)]
struct Latches {
    event_overflow: bool,
    scan_overflow: bool,
    bad_slot: bool,
}

/// A PLANT image that waits for the events before it.
#[derive(Clone, Copy, Debug)]
struct HeldPlant {
    image: PlantImage,
    since: Micros,
}

/// The exchange between a host and one PLC. See the module for its protocol.
#[derive(Clone, Debug)]
pub struct Exchange {
    config: ExchangeConfig,
    connection: Connection,
    phase: Phase,
    sessions: Sessions,
    /// The session that is written, or that is listened to; 0 is none.
    session: u16,
    boot: Option<u16>,
    heartbeat: u16,
    permit: bool,
    /// What the host said before this cycle.
    ready: Ready,
    ring: OrderRing,
    events: Inflow<RawEvent, EVENT_SLOTS>,
    scans: Inflow<RawScan, SCAN_SLOTS>,
    belt: BeltReader,
    pulse: Pulse,
    latches: Latches,
    plant_due: bool,
    plant_at: Micros,
    /// A PLANT image that stands at an event which was not handed over yet.
    held_plant: Option<HeldPlant>,
    /// Whether a PLANT image was handed over in this session.
    plant_known: bool,
    /// When this cycle began, and when a STATUS could last be believed.
    begun_at: Micros,
    heard_at: Micros,
    /// SCAN or PLANT was refused in the cycle before; this one does without, so that its events get through.
    spare: bool,
    cycle: Cycle,
    image: [u16; ORDER_WORDS],
    /// Where the host puts its orders.
    orders: Vec<Order>,
    notices: VecDeque<Notice>,
    counters: ExchangeCounters,
}

impl Exchange {
    /// An exchange without a connection. Its session numbers follow from `seed`; two hosts that may follow each other
    /// on a PLC should have different ones.
    ///
    /// Induction is permitted as soon as a session is live, see [`Exchange::set_permit`].
    ///
    /// # Errors
    /// When a limit of the contract is not kept, see [`ExchangeConfig::check`].
    pub fn new(config: ExchangeConfig, seed: u64) -> Result<Self, ExchangeConfigError> {
        config.check()?;
        Ok(Self {
            connection: Connection::Down,
            phase: Phase::Looking,
            sessions: Sessions::new(seed),
            session: 0,
            boot: None,
            heartbeat: 0,
            permit: true,
            ready: Ready::default(),
            ring: OrderRing::new(),
            events: Inflow::new(Stream::Events),
            scans: Inflow::new(Stream::Scans),
            belt: BeltReader::new(config.belt_capacity),
            pulse: Pulse::default(),
            latches: Latches::default(),
            plant_due: true,
            plant_at: Micros::ZERO,
            held_plant: None,
            plant_known: false,
            begun_at: Micros::ZERO,
            heard_at: Micros::ZERO,
            spare: false,
            cycle: Cycle::new(),
            image: [0; ORDER_WORDS],
            orders: Vec::with_capacity(ORDER_SLOTS),
            notices: VecDeque::with_capacity(MOST_NOTICES),
            counters: ExchangeCounters::default(),
            config,
        })
    }

    /// Begins a cycle. To be called once in a host period while there is a connection and nothing is asked of it. The
    /// host says what is safe by now, and which orders it held back may go out; they go out in this cycle.
    ///
    /// # Errors
    /// When the host gives an order that it has no right to give. A new session follows, and the cycle begins all the
    /// same.
    pub fn begin_cycle(&mut self, now: Micros, host: &mut dyn Host) -> Result<(), ExchangeFault> {
        self.counters.cycles += 1;
        self.begun_at = now;
        let outcome = self.prepare(now, host);
        self.heartbeat = self.heartbeat.wrapping_add(1);
        self.cycle.stop();
        self.events.unstage();
        self.scans.unstage();
        self.cycle.step = match (self.phase, self.connection) {
            (Phase::Faulted { look_at, .. }, _) if now < look_at => Step::Done,
            (Phase::Faulted { .. }, _) => Step::Look,
            (_, Connection::Up) => Step::Cycle,
            (_, Connection::Down | Connection::Unproved) => {
                self.connection = Connection::Unproved;
                Step::Look
            }
        };
        outcome
    }

    /// Asks the host what is ready.
    fn prepare(&mut self, now: Micros, host: &mut dyn Host) -> Result<(), ExchangeFault> {
        let accepts = self.accepts_orders();
        self.orders.clear();
        let before = std::mem::replace(&mut self.ready, host.ready(now, accepts, &mut self.orders));
        if let Some(notice) = Notice::of_journal(before.journal.as_ref(), self.ready.journal.as_ref()) {
            self.notify(notice);
        }
        if let Some(safe) = self.ready.safe.filter(|_| self.config.release == Release::Manual) {
            self.release(safe);
        }
        self.take_orders(now, accepts)
    }

    /// Whether the host may give orders.
    fn accepts_orders(&self) -> bool {
        self.phase == Phase::Live && self.config.mode == Mode::Control && !self.pulse.is_stalled()
    }

    /// How the journal of the host stood before the last cycle, where it keeps one.
    pub const fn journal(&self) -> Option<LaneStatus> {
        self.ready.journal
    }

    /// How many items a minute may enter: the lower of what is configured and what the host can keep up with.
    fn induction_limit(&self) -> Option<PerMinute> {
        match (self.config.induction_limit, self.ready.limit) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// What to ask next, or `None` when the cycle is complete. The same again until it was answered.
    pub fn next_request(&mut self) -> Option<Request<'_>> {
        let writes = self.config.mode == Mode::Control && self.cycle.step == Step::Cycle;
        let span = self.span()?;
        self.cycle.asked = true;
        if !writes {
            return Some(Request::Read(span));
        }
        self.write_image();
        let may_probe = matches!(self.phase, Phase::Closing(_));
        Some(Request::Cycle { order: &self.image, may_probe })
    }

    /// Takes the words that answer the last request, and polls the host when the cycle is complete.
    ///
    /// # Errors
    /// When the words tell of a fault. The exchange has gone to its next state by then: the error is there to be
    /// counted and shown, and the connection need not be dropped for it.
    pub fn answered(&mut self, now: Micros, words: &[u16], host: &mut dyn Host) -> Result<(), ExchangeFault> {
        let expected = self.span().filter(|_| std::mem::take(&mut self.cycle.asked));
        let Some(span) = expected else { return Err(ExchangeFault::Unasked { received: words.len() }) };
        if words.len() != usize::from(span.words) {
            let (block, expected) = (span.block, span.words.into());
            let short = CodecError::Length { block, expected, received: words.len() };
            return Err(self.set_aside(now, short.into(), Some(span)));
        }
        let outcome = match std::mem::replace(&mut self.cycle.step, Step::Done) {
            Step::Look => self.looked(now, words, host),
            Step::Also(_) => {
                self.start_over(now);
                Ok(())
            }
            Step::Cycle => self.status_read(now, words, host),
            Step::Belt => self.belt_read(now, words),
            Step::Scan => self.scan_read(now, words),
            Step::Plant => self.plant_read(words),
            Step::Done => Ok(()),
        };
        if self.cycle.step != Step::Done {
            return outcome;
        }
        outcome.and(self.finish(now, host))
    }

    /// The connection is gone. The session is kept; nothing is written on the next connection before STATUS was read.
    pub fn cut(&mut self, _now: Micros) {
        self.counters.cuts += 1;
        self.connection = Connection::Down;
        self.cycle.stop();
    }

    /// The PLC is there and would not answer this time (exceptions 05, 06, 0A and 0B): the cycle ends.
    pub fn refused(&mut self, _now: Micros, block: BlockId) {
        self.counters.refused += 1;
        self.spare = matches!(block, BlockId::Scan | BlockId::Plant);
        self.cycle.stop();
    }

    /// The PLC rejects a request as wrong (exceptions 01, 02 and 03): it is not configured like the host. Nothing is
    /// written until it reads right.
    pub fn rejected(&mut self, now: Micros, block: BlockId) -> SetupFault {
        let fault = SetupFault::Rejected { block };
        let also = self.span().filter(|span| span.block != BlockId::Status);
        self.set_aside(now, fault, also);
        fault
    }

    /// Whether induction may run while the session is live. Without a live session it may not, whatever is said here.
    pub const fn set_permit(&mut self, permit: bool) {
        self.permit = permit;
    }

    /// How many items a minute the PLC may induct.
    pub const fn set_induction_limit(&mut self, limit: Option<PerMinute>) {
        self.config.induction_limit = limit;
    }

    /// How far the host has taken the records, or `None` without an open session.
    pub fn delivered(&self) -> Option<Delivered> {
        self.phase.is_open().then(|| Delivered {
            session: self.session,
            events: self.events.delivered(),
            scans: self.scans.delivered(),
        })
    }

    /// With [`Release::Manual`]: what was delivered up to here is safe and may be acknowledged. A host that says so
    /// itself ([`Ready::safe`]) needs no call of this. Says whether it was
    /// still of use; it is not when its session has ended, and then the records come again.
    pub fn release(&mut self, up_to: Delivered) -> bool {
        self.phase.is_open()
            && up_to.session == self.session
            && self.events.release(up_to.events)
            && self.scans.release(up_to.scans)
    }

    /// What the exchange is doing.
    pub const fn state(&self) -> SessionState {
        match (self.connection, &self.phase) {
            (Connection::Up, phase) | (_, phase @ Phase::Faulted { .. }) => phase.state(),
            (Connection::Down, _) => SessionState::Disconnected,
            (Connection::Unproved, _) => SessionState::Looking,
        }
    }

    /// The session that is written or listened to; 0 is none.
    pub const fn session(&self) -> u16 {
        self.session
    }

    /// Whether the PLC answers without its program moving on.
    pub const fn is_stalled(&self) -> bool {
        self.pulse.is_stalled()
    }

    /// The configuration, with the induction limit as it stands.
    pub const fn config(&self) -> &ExchangeConfig {
        &self.config
    }

    /// What was counted.
    pub const fn counters(&self) -> ExchangeCounters {
        self.counters
    }

    /// The oldest notice that was not fetched. Some are kept, later ones are counted.
    pub fn take_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    fn notify(&mut self, notice: Notice) {
        if self.notices.len() == MOST_NOTICES {
            self.counters.dropped_notices += 1;
        } else {
            self.notices.push_back(notice);
        }
    }

    /// What the present step reads.
    fn span(&self) -> Option<Span> {
        let whole = |block, words: usize| Span { block, offset: 0, words: words as u16 };
        match self.cycle.step {
            Step::Look | Step::Cycle => Some(whole(BlockId::Status, STATUS_WORDS)),
            Step::Also(span) => Some(span),
            Step::Belt => Some(self.belt.span()),
            Step::Scan => Some(whole(BlockId::Scan, SCAN_WORDS)),
            Step::Plant => Some(whole(BlockId::Plant, PLANT_WORDS)),
            Step::Done => None,
        }
    }

    fn write_image(&mut self) {
        // Nothing enters a belt of which nothing is heard.
        let silent = self.begun_at.saturating_since(self.heard_at) >= self.patience();
        let live = self.phase == Phase::Live && !silent && !self.pulse.is_stalled();
        let image = OrderImage {
            session: self.session,
            heartbeat: self.heartbeat,
            event_ack: self.events.acknowledged(),
            scan_ack: self.scans.acknowledged(),
            permit: live && self.permit && self.ready.permit,
            induction_limit: self.induction_limit().map_or(0, PerMinute::get),
            orders: *self.ring.slots(),
        };
        image.encode(&mut self.image);
        self.ring.wrote();
    }

    /// The times that a PLC is given to do what it has to, longer than the contract's where the host is slow.
    fn patience(&self) -> Micros {
        self.config.opening_timeout.max(Micros::new(5 * self.config.period.get()))
    }

    fn encoder_limits(&self) -> EncoderLimits {
        EncoderLimits { back: self.config.encoder_back, rate: self.config.encoder_rate }
    }
}
