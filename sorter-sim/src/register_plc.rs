//! The PLC side of the host–PLC contract as registers, without I/O: sessions, windows, acknowledgements.
//!
//! [`RegisterPlc`] stands between a Modbus server and whatever tracks the items, be it a [`NetworkedLine`] or
//! the small machine of a test. A scan is three steps: [`RegisterPlc::begin_scan`] reads the ORDER block as it was
//! written last, the machine takes [`RegisterPlc::orders`] and does its work, [`RegisterPlc::end_scan`] records what
//! happened and brings the other blocks up to date.
//!
//! Events and scan records wait without a number and get one when they enter their window. That makes the
//! renumbering at the begin of a session, and the dropping of scan records, a matter of where counting begins.

mod event_store;
mod intake;
mod networked_line;
mod registers;
mod scan_store;
mod session;
#[cfg(test)]
mod tests;

use sorter_core::ids::ItemId;
use sorter_core::units::Micros;
use sorter_plc::codec::OrderImage;
use sorter_plc::contract::{BeltEntry, Event, EventRecord, Order, PlantImage, Seq, StateBits, Status};
use sorter_plc::register_map::{
    BELT_CAPACITY, BaseAddresses, BlockId, MAX_BELT_CAPACITY, ORDER_WORDS, WordOrder, belt_words,
};

use crate::modbus_server::{Exception, RegisterBank};
use crate::virtual_plc::PlcOutput;
use event_store::EventStore;
use intake::Intake;
pub use networked_line::NetworkedLine;
use registers::Registers;
use scan_store::ScanStore;
use session::SessionGate;
pub use session::SessionStep;

/// The settings of a [`RegisterPlc`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterPlcConfig {
    /// Entries of the BELT block: 1 to 1,000; 200 by default.
    pub belt_capacity: u16,
    /// The boot number at the first start; 1 by default. With 0 it stays 0: the PLC does not support it.
    pub boot: u16,
    /// The order of the words of 32-bit values.
    pub word_order: WordOrder,
    /// Where the blocks stand.
    pub bases: BaseAddresses,
    /// The time after which a host with an unmoved heartbeat is lost; 1 s by default.
    pub watchdog: Micros,
}

impl Default for RegisterPlcConfig {
    fn default() -> Self {
        Self {
            belt_capacity: BELT_CAPACITY,
            boot: 1,
            word_order: WordOrder::HighFirst,
            bases: BaseAddresses::default(),
            watchdog: Micros::from_secs(1),
        }
    }
}

/// What the begin of a scan tells the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanStart {
    /// What became of the session. When one was opened, orders that were taken before lose their number,
    /// and [`RegisterPlc::put_belt`] has to be called before the end of the scan.
    pub session: SessionStep,
    /// Whether the induction may run.
    pub permit: bool,
    /// The least time between two inductions; zero is no limit.
    pub induction_spacing: Micros,
}

/// What a PLC counted since it was built; a restart of the PLC does not clear it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegisterPlcCounters {
    /// Sessions opened.
    pub sessions: u64,
    /// Orders taken.
    pub orders: u64,
    /// Scans in which the next order stood there and was not taken, because its check was wrong or the PLC may not.
    pub waits: u64,
    /// Acknowledgements outside the window, each time they were written.
    pub ignored_acks: u64,
    /// Hosts lost by the watchdog.
    pub hosts_lost: u64,
    /// Events lost because too many waited.
    pub lost_events: u64,
    /// Scan records lost because too many waited.
    pub lost_scans: u64,
    /// Starts.
    pub boots: u64,
}

/// The PLC side of the contract as a state machine over its registers.
///
/// ```
/// use sorter_core::units::Micros;
/// use sorter_plc::codec::{OrderImage, StatusImage};
/// use sorter_plc::contract::{PlantImage, Status};
/// use sorter_plc::register_map::{ORDER_WORDS, STATUS_WORDS, WordOrder};
/// use sorter_sim::modbus_server::RegisterBank;
/// use sorter_sim::register_plc::{RegisterPlc, RegisterPlcConfig, SessionStep};
/// use sorter_sim::virtual_plc::PlcOutput;
///
/// let mut plc = RegisterPlc::new(RegisterPlcConfig::default());
/// let mut words = [0; ORDER_WORDS];
/// // Session 0 at two heartbeats, then session 7 at two heartbeats.
/// for (scan, session) in [0, 0, 7, 7].into_iter().enumerate() {
///     let heartbeat = u16::try_from(scan).unwrap() + 100;
///     OrderImage { session, heartbeat, ..OrderImage::default() }.encode(&mut words);
///     plc.write(128, &words).unwrap();
///     let start = plc.begin_scan(Micros::from_millis(10 * (scan as u64 + 1)));
///     if start.session == SessionStep::Opened {
///         plc.put_belt(&[]);
///     }
///     plc.end_scan(&PlcOutput::default(), &Status::default(), &PlantImage::default());
/// }
/// let mut status = [0; STATUS_WORDS];
/// plc.read(0, &mut status).unwrap();
/// let image = StatusImage::decode(&status, WordOrder::HighFirst).unwrap();
/// assert_eq!(image.status.session_echo, 7);
/// ```
#[derive(Clone, Debug)]
pub struct RegisterPlc {
    config: RegisterPlcConfig,
    boot: u16,
    registers: Registers,
    gate: SessionGate,
    events: EventStore,
    scans: ScanStore,
    intake: Intake,
    /// The ORDER block as it was read last.
    image: OrderImage,
    /// Whether an order waits in its slot.
    waiting: bool,
    /// To be taken in this scan.
    orders: Vec<Order>,
    acknowledged: Vec<EventRecord>,
    host_lost: bool,
    /// Whether a window was emptied since it was shown.
    window_changed: bool,
    belt_at: Seq,
    counters: RegisterPlcCounters,
}

impl RegisterPlc {
    /// A PLC that has just booted.
    ///
    /// # Panics
    /// When the belt capacity is not 1 to 1,000, when blocks overlap, or when one ends beyond register 65535.
    pub fn new(config: RegisterPlcConfig) -> Self {
        Self::with_boot(config, config.boot)
    }

    fn with_boot(config: RegisterPlcConfig, boot: u16) -> Self {
        let capacity = config.belt_capacity;
        assert!(
            (1..=MAX_BELT_CAPACITY).contains(&capacity),
            "belt capacity is {capacity} (expected 1 to 1000)"
        );
        check_addresses(&config);
        Self {
            boot,
            registers: Registers::new(config.word_order, config.bases, capacity, boot),
            gate: SessionGate::new(config.watchdog),
            events: EventStore::new(config.word_order),
            scans: ScanStore::new(config.word_order),
            intake: Intake::new(),
            image: OrderImage::default(),
            waiting: false,
            orders: Vec::new(),
            acknowledged: Vec::new(),
            host_lost: false,
            window_changed: false,
            belt_at: Seq::NONE,
            counters: RegisterPlcCounters { boots: 1, ..RegisterPlcCounters::default() },
            config,
        }
    }

    /// Switches the PLC off and on again: nothing is remembered but its settings, and the boot number changes.
    pub fn restart(&mut self) {
        let boot = match self.boot {
            0 => 0,
            boot => boot.checked_add(1).unwrap_or(1),
        };
        let counters = RegisterPlcCounters { boots: self.counters.boots + 1, ..self.counters };
        *self = Self { counters, ..Self::with_boot(self.config, boot) };
    }

    /// Begins a scan: reads what the host wrote.
    pub fn begin_scan(&mut self, now: Micros) -> ScanStart {
        self.orders.clear();
        self.acknowledged.clear();
        let mut session = SessionStep::Unchanged;
        let written = self.registers.written_order().copied();
        if let Some(words) = &written {
            self.image = decode(words);
            session = self.gate.look(now, self.image.session, self.image.heartbeat);
            match session {
                SessionStep::Closed => self.close(),
                SessionStep::Opened => self.open(),
                SessionStep::Unchanged => {}
            }
        }
        if self.gate.loses_host(now) {
            self.host_lost = true;
            self.counters.hosts_lost += 1;
        }
        let serves = self.gate.serves(self.image.session);
        if let Some(words) = written.filter(|_| serves) {
            self.acknowledge(&words);
        }
        if !serves {
            self.waiting = false;
            self.intake.pause();
        } else if written.is_some() || self.waiting {
            self.take_orders();
        }
        let limit = if serves { u64::from(self.image.induction_limit) } else { 0 };
        ScanStart {
            session,
            permit: serves && self.gate.is_live() && self.image.permit,
            induction_spacing: Micros::new(if limit == 0 { 0 } else { 60_000_000_u64.div_ceil(limit) }),
        }
    }

    /// The orders to take in this scan, in their order.
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// The events that the host has acknowledged in this scan.
    pub fn acknowledged(&self) -> &[EventRecord] {
        &self.acknowledged
    }

    /// Takes the BELT snapshot of the session that this scan opens: the items as they stand before the scan.
    pub fn put_belt(&mut self, entries: &[BeltEntry]) {
        debug_assert!(entries.len() <= usize::from(self.config.belt_capacity), "{} items", entries.len());
        self.registers.show_belt(entries);
    }

    /// Ends a scan: records what happened in it and brings the blocks up to date.
    ///
    /// Of `status` the machine gives what it knows: capabilities, encoder, speed, its state bits, times, orders
    /// pending and items on the belt. The numbers of the records do not matter.
    pub fn end_scan(&mut self, out: &PlcOutput, status: &Status, plant: &PlantImage) {
        if std::mem::take(&mut self.host_lost) {
            let event = Event::HostLost { order_ack: self.intake.ack() };
            let record = EventRecord { seq: Seq::NONE, item: ItemId::NONE, encoder: status.encoder, event };
            self.record(&record);
        }
        for record in &out.events {
            self.record(record);
        }
        for record in &out.scans {
            self.counters.lost_scans += self.scans.record(record) as u64;
        }
        let emptied = std::mem::take(&mut self.window_changed);
        if self.scans.publish() || emptied {
            self.registers.show_scans(self.scans.window());
        }
        let events = self.events.publish() || emptied;
        let status = self.status(status);
        self.registers.show_status(&status, events.then(|| self.events.window()));
        self.show_plant(plant);
    }

    /// The session that is served; 0 is none.
    pub fn session(&self) -> u16 {
        self.gate.echo()
    }

    /// Whether the heartbeat of the host is fresh.
    pub fn is_live(&self) -> bool {
        self.gate.is_live()
    }

    /// The boot number.
    pub fn boot(&self) -> u16 {
        self.boot
    }

    /// The last order taken in this session.
    pub fn order_ack(&self) -> Seq {
        self.intake.ack()
    }

    /// Whether events are lost until the session closes.
    pub fn has_overflow(&self) -> bool {
        self.events.overflow()
    }

    /// The items that unacknowledged events are about, in rising order.
    pub fn items_of_events(&self) -> Vec<ItemId> {
        self.events.items()
    }

    /// What was counted.
    pub fn counters(&self) -> RegisterPlcCounters {
        self.counters
    }

    fn show_plant(&mut self, plant: &PlantImage) {
        self.registers.show_plant(&PlantImage { at_event: self.events.recorded(), ..*plant });
    }

    fn record(&mut self, record: &EventRecord) {
        let kept = self.events.record(record);
        self.counters.lost_events += u64::from(!kept);
    }

    fn close(&mut self) {
        self.events.close();
        self.scans.close();
        self.window_changed = true;
        self.belt_at = Seq::NONE;
    }

    fn open(&mut self) {
        self.counters.sessions += 1;
        self.intake.open();
        self.events.open();
        self.scans.open();
        self.belt_at = self.events.recorded();
    }

    fn acknowledge(&mut self, words: &[u16; ORDER_WORDS]) {
        let events = self.events.acknowledge(words[EVENT_ACK], &mut self.acknowledged);
        let scans = self.scans.acknowledge(words[SCAN_ACK]);
        self.counters.ignored_acks += u64::from(!events) + u64::from(!scans);
    }

    fn take_orders(&mut self) {
        let may_take = self.gate.is_live() && self.events.has_room();
        let Self { intake, image, orders, .. } = self;
        self.waiting = intake.take(image, self.config.word_order, may_take, orders);
        self.counters.waits += u64::from(self.waiting);
        self.counters.orders += self.orders.len() as u64;
    }

    fn status(&self, machine: &Status) -> Status {
        let mut state = machine.state.0 & !(StateBits::LIVE | StateBits::ORDER_SLOT_BAD);
        let bits = [
            (StateBits::LIVE, self.gate.is_live()),
            (StateBits::EVENT_OVERFLOW, self.events.overflow()),
            (StateBits::ORDER_SLOT_BAD, self.intake.is_stuck()),
            (StateBits::SCAN_OVERFLOW, self.scans.overflow()),
        ];
        for (bit, is_set) in bits {
            state |= if is_set { bit } else { 0 };
        }
        let count = |records: usize| u16::try_from(records).unwrap_or(u16::MAX);
        Status {
            session_echo: self.gate.echo(),
            boot: self.boot,
            state: StateBits(state),
            order_ack: self.intake.ack(),
            events_published: self.events.published(),
            event_backlog: count(self.events.backlog()),
            scans_published: self.scans.published(),
            scan_backlog: count(self.scans.backlog()),
            belt_at: self.belt_at,
            ..*machine
        }
    }
}

impl RegisterBank for RegisterPlc {
    /// Reads within one block.
    fn read(&mut self, address: u16, out: &mut [u16]) -> Result<(), Exception> {
        self.registers.read(address, out)
    }

    /// Writes within ORDER.
    fn write(&mut self, address: u16, words: &[u16]) -> Result<(), Exception> {
        self.registers.write(address, words)
    }
}

/// The words of ORDER that acknowledge.
const EVENT_ACK: usize = 2;
const SCAN_ACK: usize = 3;

/// Reads an ORDER block whose acknowledgements may be anything: those are judged by their windows.
fn decode(words: &[u16; ORDER_WORDS]) -> OrderImage {
    let mut words = *words;
    (words[EVENT_ACK], words[SCAN_ACK]) = (0, 0);
    OrderImage::decode(&words).unwrap_or_default()
}

/// How many records an acknowledgement ends, if it is in last acknowledgement .. published.
fn acknowledges(last: Seq, published: Seq, ack: u16) -> Option<usize> {
    let ack = Seq::new(ack)?;
    if ack == last {
        return Some(0);
    }
    let count = last.distance_to(ack);
    let inside = ack != Seq::NONE && count <= last.distance_to(published);
    inside.then_some(usize::from(count))
}

fn check_addresses(config: &RegisterPlcConfig) {
    let blocks = [BlockId::Status, BlockId::Order, BlockId::Scan, BlockId::Plant, BlockId::Belt];
    let mut ranges = blocks.map(|block| {
        let words = match block {
            BlockId::Belt => belt_words(config.belt_capacity),
            block => usize::from(block.map().words),
        };
        let base = usize::from(config.bases.of(block));
        (base, base + words, block)
    });
    ranges.sort_unstable_by_key(|(base, ..)| *base);
    for pair in ranges.windows(2) {
        let ((_, end, first), (base, _, second)) = (pair[0], pair[1]);
        assert!(end <= base, "{first} ends at register {end}, {second} begins at {base}");
    }
    let (_, end, last) = ranges[4];
    assert!(end <= 1 << 16, "{last} ends at register {end} (at most 65536)");
}
