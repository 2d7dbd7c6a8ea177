//! A PLC without physics: a belt in pulses, and events that a test names one by one.
//!
//! The belt of these tests, in pulses of 10 mm from the induction:
//!
//! ```text
//! scanner 200 | scale 300 | blind 450 | HOLD 600 | DE 700 800 | FR 900 | AT 1000..1900 | OVER 2300 |
//! NO-READ 2400 | EXC 2500 | exit 4000
//! ```

use std::sync::Arc;

use smallvec::smallvec;
use sorter_core::address::{Country, Destinations};
use sorter_core::barcode::{CodeBook, make};
use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::engine::{Engine, EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::{ChuteId, DiverterId, EyeId, HubId, ItemId, SorterId};
use sorter_core::journal::{Book, BookConfig, Scribe, ScribeConfig, SimulatedDisk, SimulatedJournal};
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::plan::PlanSource;
use sorter_core::units::{EncoderCount, Micros, MmPerSecond, Pulses};
use sorter_plc::contract::{
    BeltEntry, CodeBytes, Ending, Event, EventRecord, Order, OrderOp, PlantImage, Refusal, ScanData,
    ScanRecord, Seq, StateBits, Status,
};
use sorter_plc::controller::{
    Controller, ControllerConfig, ControllerMode, DecisionNote, Inputs, ResyncNote, Watch,
};
use sorter_plc::host::Resync;

const LAYOUT: &str = r#"
name = "test_line"
belt_speed_mm_per_s = 2000
pulse_length_mm = 10
scanner_mm = 2000
scale_mm = 3000
eyes_mm = [4000, 20000]
exit_eye_mm = 40000
window_mm = 150
length_tolerance_mm = 80
minimum_gap_mm = 100
belt_capacity = 200
minimum_lead_pulses = 10
rated_per_hour = 12000

[[chutes]]
first = 0
count = 17
position_mm = 6000
pitch_mm = 1000
capacity = 3
half_full = 2
transfer_ms = 1200

[[chutes]]
first = 17
count = 3
position_mm = 23000
pitch_mm = 1000
capacity = 500
half_full = 300
transfer_ms = 1200
"#;

const PLAN: &str = r#"
name = "test"
lap_limit = 3
rules = "rules.csv"
outlet = [
    { name = "HOLD", chutes = [0], role = "hold" },
    { name = "DE", chutes = [1, 2], overflow = "OVER" },
    { name = "FR", chutes = [3] },
    { name = "AT", chutes = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13] },
    { name = "OVER", chutes = [17], role = "overflow", overflow = "EXC" },
    { name = "NO-READ", chutes = [18], role = "no_read" },
    { name = "EXC", chutes = [19], role = "exception" },
]
"#;

pub(crate) const HOLD: ChuteId = ChuteId::new(0);
pub(crate) const DE1: ChuteId = ChuteId::new(1);
pub(crate) const DE2: ChuteId = ChuteId::new(2);
pub(crate) const FR: ChuteId = ChuteId::new(3);
pub(crate) const OVERFLOW: ChuteId = ChuteId::new(17);
pub(crate) const NO_READ: ChuteId = ChuteId::new(18);
pub(crate) const EXCEPTION: ChuteId = ChuteId::new(19);

/// Minimum lead 10, and 130 ms of the belt: host period 10 ms, request deadline 100 ms, two scans of 10 ms.
pub(crate) const MARGIN: i32 = 10 + 26;
/// Half way between the scale and the first chute.
pub(crate) const BLIND: i32 = 450;

/// Where a chute fires, in pulses from the induction.
pub(crate) fn fire(chute: ChuteId) -> i32 {
    600 + 100 * i32::from(chute.get())
}

/// The code of the parcel with this number.
pub(crate) fn code(parcel: u32) -> [u8; 13] {
    make::s10(*b"LP", parcel, *b"DE")
}

pub(crate) fn announcement<'a>(code: &'a [u8], country: &'a str, clearance: Clearance) -> Announcement<'a> {
    let postcode = if country == "AT" { "1010" } else { "10115" };
    Announcement { codes: smallvec![code], country, postcode, clearance, ..Announcement::default() }
}

pub(crate) fn item(number: u16) -> ItemId {
    ItemId::new(number)
}

/// Customs rule about an announced parcel, after all that they said before.
pub(crate) fn rule(engine: &Engine, code: &[u8], status: Clearance) {
    let key = CodeBook::standard().parse(code).unwrap().key;
    let parcel = engine.ledger().find(key).expect("it is announced");
    let before = engine.rulings(parcel).last().map_or(Micros::ZERO, |ruling| ruling.at);
    let ruling = Ruling { at: before + Micros::new(1), status, onward: None };
    engine.set_clearance(key, ruling).expect("it is newer than all before");
}

/// An engine of one hub with these parcels, all of them released.
pub(crate) fn engine(parcels: impl Iterator<Item = (u32, &'static str)>) -> Arc<Engine> {
    let (builder, plan) = builder(parcels);
    builder.build(&plan).unwrap()
}

/// What such an engine is built of.
pub(crate) fn builder(parcels: impl Iterator<Item = (u32, &'static str)>) -> (EngineBuilder, PlanSource) {
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(Layout::from_toml("layout.toml", LAYOUT).unwrap()),
        codes: CodeBook::standard(),
        destinations: Destinations::with_capacity(16),
        expected_parcels: 16,
        late_parcels: 16,
        seed: 7,
        rules: HallRules::default(),
    });
    for (parcel, country) in parcels {
        builder.announce(&announcement(&code(parcel), country, Clearance::Released)).unwrap();
    }
    let mut rules = String::from("country,first,last,outlet\n");
    for country in Country::all() {
        let outlet = match country.code() {
            code @ ("FR" | "AT") => code,
            _ => "DE",
        };
        rules += &format!("{},,,{outlet}\n", country.code());
    }
    (builder, PlanSource::from_texts("plan.toml", PLAN, "rules.csv", &rules).unwrap())
}

/// Parcels 1 to 9 for Germany, 11 to 19 for France and 21 to 29 for Austria.
pub(crate) fn thirty() -> impl Iterator<Item = (u32, &'static str)> {
    (0..30)
        .filter(|parcel| parcel % 10 != 0)
        .map(|parcel: u32| (parcel, ["DE", "FR", "AT"][(parcel / 10) as usize]))
}

/// The numbers of the items that were kept, gone and found when the belt was last compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) kept: Vec<u16>,
    pub(crate) gone: Vec<u16>,
    pub(crate) found: Vec<u16>,
}

/// The decisions of one controller, and what it said about the belt.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Vec<DecisionNote>, pub(crate) Compared, pub(crate) Vec<Order>);

impl Watch for Notes {
    fn decided(&mut self, note: &DecisionNote) {
        self.0.push(*note);
    }

    fn ordered(&mut self, _now: Micros, orders: &[Order]) {
        self.2.extend(orders);
    }

    fn resynced(&mut self, _now: Micros, note: &ResyncNote<'_>) {
        let numbers = |items: &[ItemId]| items.iter().map(|item| item.get()).collect();
        self.1 = Compared { kept: numbers(note.kept), gone: numbers(note.gone), found: numbers(note.found) };
    }
}

/// An entry of a BELT snapshot whose order has not fired.
pub(crate) fn entry(number: u16, inducted_at: u32, ordered: Option<ChuteId>) -> BeltEntry {
    BeltEntry { item: item(number), inducted_at: EncoderCount::new(inducted_at), ordered, fired: false }
}

/// The PLC and the host on it.
pub(crate) struct Plc {
    pub(crate) engine: Arc<Engine>,
    pub(crate) controller: Controller,
    pub(crate) status: Status,
    pub(crate) image: PlantImage,
    /// Every order that was sent.
    pub(crate) sent: Vec<Order>,
    pub(crate) notes: Notes,
    /// Whether each poll finds all orders of the one before taken.
    pub(crate) acks: bool,
    /// Whether a session is open.
    pub(crate) accepts: bool,
    /// The journal that is given its turn after each poll.
    pub(crate) scribe: Option<Scribe<SimulatedJournal>>,
    events: Vec<EventRecord>,
    scans: Vec<ScanRecord>,
    shown: bool,
    pub(crate) now: Micros,
    event_seq: Seq,
    scan_seq: Seq,
}

impl Plc {
    /// A running belt at encoder count 0, with parcels 1 to 9 for Germany, 11 to 19 for France and 21 to 29
    /// for Austria, all of them released.
    pub(crate) fn new() -> Self {
        Self::with_engine(engine(thirty()))
    }

    /// The same with a journal that is given its turn, and what it makes durable to the controller, after each poll.
    pub(crate) fn with_disk(disk: SimulatedDisk, period: Micros, lag: Micros) -> Self {
        let config = ControllerConfig { journal_lag: lag, ..ControllerConfig::default() };
        let (mut plc, scribe) =
            Self::journaled_as(disk, config, ScribeConfig { period, ..ScribeConfig::default() });
        plc.scribe = Some(scribe);
        plc
    }

    /// The same with a journal, and the link as it is configured.
    pub(crate) fn journaled(
        disk: SimulatedDisk,
        config: ControllerConfig,
    ) -> (Self, Scribe<SimulatedJournal>) {
        Self::journaled_as(disk, config, ScribeConfig::default())
    }

    fn journaled_as(
        disk: SimulatedDisk,
        config: ControllerConfig,
        commits: ScribeConfig,
    ) -> (Self, Scribe<SimulatedJournal>) {
        Self::journaled_of(builder(thirty()), disk, config, commits)
    }

    /// The same with other parcels.
    pub(crate) fn journaled_with(
        parcels: impl Iterator<Item = (u32, &'static str)>,
        disk: SimulatedDisk,
    ) -> (Self, Scribe<SimulatedJournal>) {
        Self::journaled_of(builder(parcels), disk, ControllerConfig::default(), ScribeConfig::default())
    }

    fn journaled_of(
        (mut builder, plan): (EngineBuilder, PlanSource),
        disk: SimulatedDisk,
        config: ControllerConfig,
        commits: ScribeConfig,
    ) -> (Self, Scribe<SimulatedJournal>) {
        let (book, drain) = Book::new(BookConfig::default());
        builder.keep_journal(book);
        let engine = builder.build(&plan).unwrap();
        let journal = SimulatedJournal::new(disk);
        let scribe = Scribe::new(drain, journal, engine.image(), true, commits);
        (Self::with_config(engine, config), scribe)
    }

    /// The same with another controller in charge.
    pub(crate) fn shadowed(mut self) -> Self {
        let config = ControllerConfig { mode: ControllerMode::Shadow, ..ControllerConfig::default() };
        self.controller = Controller::new(self.engine.worker(SorterId::new(0)), config);
        self.accepts = false;
        self
    }

    /// The same belt with a host that has just started and knows nothing of it.
    pub(crate) fn with_another_host(mut self) -> Self {
        let fresh = Self::new();
        self.engine = fresh.engine;
        self.controller = fresh.controller;
        self.accepts = false;
        self
    }

    pub(crate) fn with_engine(engine: Arc<Engine>) -> Self {
        Self::with_config(engine, ControllerConfig::default())
    }

    pub(crate) fn with_config(engine: Arc<Engine>, config: ControllerConfig) -> Self {
        let mut image = PlantImage::default();
        for chute in 0..engine.layout().chutes().len() {
            image.container.set(ChuteId::new(u16::try_from(chute).unwrap()), true);
        }
        Self {
            controller: Controller::new(engine.worker(SorterId::new(0)), config),
            status: Status {
                belt_speed: MmPerSecond::new(2_000),
                state: StateBits(StateBits::LIVE | StateBits::RUNNING),
                scan_time: Micros::from_millis(10),
                minimum_lead: Pulses::new(10),
                ..Status::default()
            },
            image,
            sent: Vec::new(),
            notes: Notes::default(),
            acks: true,
            accepts: true,
            scribe: None,
            events: Vec::new(),
            scans: Vec::new(),
            shown: false,
            now: Micros::ZERO,
            event_seq: Seq::NONE,
            scan_seq: Seq::NONE,
            engine,
        }
    }

    /// The same belt with its encoder at another count.
    pub(crate) fn at(mut self, count: u32) -> Self {
        self.status.encoder = EncoderCount::new(count);
        self
    }

    /// Says that something happened at the present count.
    pub(crate) fn event(&mut self, item: ItemId, event: Event) -> &mut Self {
        self.event_at(item, event, self.status.encoder)
    }

    pub(crate) fn event_at(&mut self, item: ItemId, event: Event, encoder: EncoderCount) -> &mut Self {
        self.event_seq = self.event_seq.next();
        self.events.push(EventRecord { seq: self.event_seq, item, encoder, event });
        self
    }

    pub(crate) fn induct(&mut self, number: u16) -> &mut Self {
        self.event(item(number), Event::Inducted { eye: EyeId::new(0), length: Pulses::new(30) })
    }

    pub(crate) fn discharged(&mut self, number: u16, chute: ChuteId) -> &mut Self {
        self.event(item(number), Event::Discharged { verified: true, chute })
    }

    pub(crate) fn missed(&mut self, number: u16, chute: ChuteId) -> &mut Self {
        self.event(item(number), Event::Missed { diverter: DiverterId::new(0), chute })
    }

    pub(crate) fn left(&mut self, number: u16) -> &mut Self {
        self.event(item(number), Event::Left { eye: EyeId::new(3) })
    }

    pub(crate) fn refused(&mut self, number: u16, reason: Refusal, order: Seq) -> &mut Self {
        self.event(item(number), Event::Refused { reason, order })
    }

    pub(crate) fn ended(&mut self, number: u16, ending: Ending, order: Seq) -> &mut Self {
        self.event(item(number), Event::Ended { ending, order })
    }

    /// Says that a scan record came.
    pub(crate) fn record(&mut self, item: ItemId, index: u8, count: u8, data: ScanData) -> &mut Self {
        self.scan_seq = self.scan_seq.next();
        self.scans.push(ScanRecord { seq: self.scan_seq, item, index, count, data });
        self
    }

    /// The one scan record of an item with the code of a parcel.
    pub(crate) fn scan(&mut self, number: u16, parcel: u32) -> &mut Self {
        self.record(item(number), 0, 1, ScanData::Code(CodeBytes::new(&code(parcel)).unwrap()))
    }

    /// The one scan record of an item on which nothing could be read.
    pub(crate) fn no_code(&mut self, number: u16) -> &mut Self {
        self.record(item(number), 0, 1, ScanData::NoCode)
    }

    /// The number of the last event that was named.
    pub(crate) fn last_event(&self) -> Seq {
        self.event_seq
    }

    /// The next poll shows the PLANT image.
    pub(crate) fn show(&mut self) -> &mut Self {
        self.shown = true;
        self
    }

    /// Polls the controller, and gives the orders that it sent.
    pub(crate) fn poll(&mut self) -> &[Order] {
        let before = self.sent.len();
        if self.acks {
            self.acknowledge_all();
        }
        let inputs = Inputs {
            status: &self.status,
            events: &self.events,
            scans: &self.scans,
            plant: self.shown.then_some(&self.image),
            accepts_orders: self.accepts,
        };
        self.controller.poll(self.now, &inputs, &mut self.sent, &mut self.notes);
        self.shown = false;
        self.events.clear();
        self.scans.clear();
        self.write();
        &self.sent[before..]
    }

    /// The journal writes what is due, and the orders that it has released go out.
    pub(crate) fn write(&mut self) {
        if let Some(scribe) = &mut self.scribe {
            scribe.turn(self.now);
            self.controller.release(self.now, &mut self.sent, &mut self.notes);
        }
    }

    /// The PLC restarts: its numbers begin again.
    pub(crate) fn restart(&mut self) {
        self.accepts = false;
        self.event_seq = Seq::NONE;
        self.scan_seq = Seq::NONE;
        self.controller.plc_restarted(self.now, &mut self.notes);
        self.sent.clear();
        self.status.order_ack = Seq::NONE;
    }

    /// A session opens with this belt, and orders may be given.
    pub(crate) fn resync(&mut self, belt: &[BeltEntry]) -> &Compared {
        self.sent.clear();
        self.status.order_ack = Seq::NONE;
        self.accepts = true;
        let resync = Resync { belt, status: &self.status };
        self.controller.resync(self.now, &resync, &mut self.notes);
        &self.notes.1
    }

    /// Nothing is heard of the belt for so long.
    pub(crate) fn unheard(&mut self, time: Micros) {
        self.controller.unheard(self.now + time, &mut self.notes);
    }

    /// Lets time pass in which the belt moves and nothing is asked, and gives the orders that may go out by then.
    pub(crate) fn release(&mut self, time: Micros) -> &[Order] {
        let before = self.sent.len();
        self.now = self.now + time;
        self.controller.release(self.now, &mut self.sent, &mut self.notes);
        &self.sent[before..]
    }

    /// Moves the belt, and polls.
    pub(crate) fn travel(&mut self, pulses: i32) -> &[Order] {
        self.status.encoder = self.status.encoder.advanced_by(Pulses::new(pulses));
        self.now = self.now + Micros::new(u64::from(pulses.unsigned_abs()) * 5_000);
        self.poll()
    }

    /// Inducts an item that carries a parcel, with its scan, and gives its only order.
    pub(crate) fn start(&mut self, number: u16, parcel: u32) -> Order {
        self.induct(number).poll();
        let [order] = self.scan(number, parcel).poll() else { panic!("one scan gives one order") };
        *order
    }

    /// Says that every order was taken.
    pub(crate) fn acknowledge_all(&mut self) {
        if let Some(last) = self.sent.last() {
            self.status.order_ack = last.seq;
        }
    }

    pub(crate) fn reserved(&self, chute: ChuteId) -> u16 {
        self.controller.worker().chutes().get(chute).unwrap().reserved()
    }

    pub(crate) fn fill(&self, chute: ChuteId) -> u16 {
        self.controller.worker().chutes().get(chute).unwrap().fill()
    }

    pub(crate) fn all_reserved(&self) -> u32 {
        self.controller.worker().chutes().reserved()
    }

    pub(crate) fn commits(&self) -> u64 {
        self.controller.worker().tally().commits
    }

    /// How far the belt is from what the controller waits for.
    pub(crate) fn due_in(&mut self) -> Option<i32> {
        let due = self.controller.next_due()?;
        Some(self.status.encoder.distance_to(due).get())
    }

    /// The item and operation of each order since the first `from`.
    pub(crate) fn ops(&self, from: usize) -> Vec<(u16, OrderOp)> {
        self.sent[from..].iter().map(|order| (order.item.get(), order.op)).collect()
    }
}

/// The order to divert into a chute.
pub(crate) fn divert(chute: ChuteId) -> OrderOp {
    OrderOp::Divert { chute }
}
