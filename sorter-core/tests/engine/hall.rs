//! A hall for tests: one engine, its workers, and items that keep their books as a controller does.

use std::sync::Arc;

use sorter_core::address::{Country, Destinations};
use sorter_core::barcode::{CodeBook, CodeKey, make};
use sorter_core::chute::ChuteReport;
use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::container::{ContainerState, LicencePlate};
use sorter_core::departure::{Departure, ScheduleSource, Timetable};
use sorter_core::engine::{
    AnnounceError, Assigned, BatchReport, Commit, ContainerError, ContainerPolicy, Decision, Engine,
    EngineBuilder, EngineConfig, Fate, HallRules, Identity, OrderEnd, Scan, Worker,
};
use sorter_core::ids::{ChuteId, ContainerId, HubId, ItemId, ParcelId, SorterId};
use sorter_core::journal::{Book, Image};
use sorter_core::layout::Layout;
use sorter_core::manifest::{Announcement, Service};
use sorter_core::plan::PlanSource;
use sorter_core::reason::Reason;
use sorter_core::state_word::StateWord;
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres};

/// The outlets of the plan. Germany has an overflow, France has none.
pub(crate) const OUTLETS: &str = r#"
    name = "test plan"
    lap_limit = 2
    rules = "rules.csv"
    outlet = [
        { name = "DE", chutes = [0, 1], overflow = "OVER" },
        { name = "FR", chutes = [2] },
        { name = "REST", chutes = [3] },
        { name = "OVER", chutes = [92], role = "overflow", overflow = "EXC" },
        { name = "NOREAD", chutes = [97], role = "no_read", overflow = "EXC" },
        { name = "HOLD", chutes = [98], role = "hold", overflow = "EXC" },
        { name = "EXC", chutes = [99], role = "exception" },
    ]
"#;

pub(crate) const OVERFLOW: ChuteId = ChuteId::new(92);
pub(crate) const NO_READ: ChuteId = ChuteId::new(97);
pub(crate) const HOLD: ChuteId = ChuteId::new(98);
pub(crate) const EXCEPTION: ChuteId = ChuteId::new(99);
/// The first German chute, which an empty hall prefers to the second.
pub(crate) const GERMANY: ChuteId = ChuteId::new(0);
/// The only French chute.
pub(crate) const FRANCE: ChuteId = ChuteId::new(2);

/// A plan whose outlets leave by lanes of [`SCHEDULE`]. Germany has two chutes, China a bonded one.
pub(crate) const LANES: &str = r#"
    name = "lanes"
    lap_limit = 2
    rules = "rules.csv"
    outlet = [
        { name = "DE", chutes = [0, 1], lane = "DE:Cologne" },
        { name = "FR", chutes = [2], lane = "FR:Paris" },
        { name = "REST", chutes = [3], overflow = "OVER" },
        { name = "CN", chutes = [4], lane = "CGO", bonded = true },
        { name = "OVER", chutes = [92], role = "overflow", overflow = "EXC" },
        { name = "NOREAD", chutes = [97], role = "no_read", overflow = "EXC" },
        { name = "HOLD", chutes = [98], role = "hold", overflow = "EXC" },
        { name = "EXC", chutes = [99], role = "exception" },
    ]
"#;

/// Two lanes by truck and one by flight. Each cut-off is an hour before its departure.
const SCHEDULE: &str = "kind,id,day,time_local,origin,destination,cutoff_min\n\
                        truck,T01,Mon,04:00,LGG,DE:Cologne,60\n\
                        truck,T02,Mon,08:00,LGG,DE:Cologne,60\n\
                        truck,T03,Mon,06:00,LGG,FR:Paris,60\n\
                        flight,X03,Mon,06:00,LGG,CGO,60\n\
                        flight,X04,Mon,12:00,LGG,CGO,60\n";

/// The chute of the flights.
pub(crate) const CHINA: ChuteId = ChuteId::new(4);

/// The start of an hour of the first Monday.
pub(crate) const fn hour(hour: u64) -> Micros {
    Micros::from_secs(hour * 3_600)
}

/// What every parcel of a test weighs.
pub(crate) const WEIGHT: Grams = Grams::new(400);

/// Behind the scale and before the first chute.
const AFTER_SCAN: Millimetres = Millimetres::new(8_000);

/// A plan of these outlets. German postcodes from 10000 have a rule, so that those below it have none.
pub(crate) fn plan(outlets: &str) -> PlanSource {
    let mut rules = String::from("country,first,last,outlet\nDE,10000,99998,DE\n");
    for country in Country::all().filter(|country| country.code() != "DE") {
        let outlet = if country.code() == "FR" { "FR" } else { "REST" };
        rules += &format!("{},,,{outlet}\n", country.code());
    }
    PlanSource::from_texts("plan.toml", outlets, "rules.csv", &rules).expect("the test plan can be read")
}

/// The S10 number of a parcel.
pub(crate) fn s10(parcel: u32) -> Vec<u8> {
    make::s10(*b"LP", parcel, *b"SG").to_vec()
}

/// The Cainiao number of a parcel.
pub(crate) fn lp(parcel: u32) -> Vec<u8> {
    format!("LP{parcel:014}").into_bytes()
}

/// The SSCC of a parcel.
pub(crate) fn sscc(parcel: u32) -> Vec<u8> {
    make::sscc(3, u64::from(parcel)).to_vec()
}

/// What is announced about a parcel of a test.
#[derive(Clone)]
pub(crate) struct Parcel {
    codes: Vec<Vec<u8>>,
    country: &'static str,
    postcode: &'static str,
    clearance: Clearance,
    onward: Option<&'static str>,
}

impl Parcel {
    /// A released parcel to Berlin with the S10 number `number`.
    pub(crate) fn new(number: u32) -> Self {
        let codes = vec![s10(number)];
        Self { codes, country: "DE", postcode: "10115", clearance: Clearance::Released, onward: None }
    }

    pub(crate) fn alias(mut self, code: Vec<u8>) -> Self {
        self.codes.push(code);
        self
    }

    pub(crate) fn to(self, country: &'static str, postcode: &'static str) -> Self {
        Self { country, postcode, ..self }
    }

    pub(crate) fn status(self, clearance: Clearance) -> Self {
        Self { clearance, ..self }
    }

    /// Booked on a connection.
    pub(crate) fn booked(self, connection: &'static str) -> Self {
        Self { onward: Some(connection), ..self }
    }

    fn announcement(&self) -> Announcement<'_> {
        Announcement {
            codes: self.codes.iter().map(Vec::as_slice).collect(),
            country: self.country,
            postcode: self.postcode,
            weight: WEIGHT,
            service: Service::Standard,
            clearance: self.clearance,
            onward: self.onward,
        }
    }
}

/// An item on a belt, with what its controller knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) sorter: usize,
    pub(crate) id: ItemId,
    pub(crate) identity: Option<Identity>,
    pub(crate) held: Assigned,
    /// Its orders that have not ended. Each has a place reserved.
    pub(crate) orders: Vec<ChuteId>,
}

/// One engine and its workers.
pub(crate) struct Hall {
    pub(crate) engine: Arc<Engine>,
    pub(crate) workers: Vec<Worker>,
    clock: Micros,
    last_item: ItemId,
    last_plate: u64,
}

impl Hall {
    /// Three sorters, these parcels announced before the day, and room for eight more.
    pub(crate) fn new(parcels: &[Parcel]) -> Self {
        Self::with(parcels, OUTLETS, HallRules::default())
    }

    /// A hall of [`LANES`] whose containers have plates. No plate was scanned yet.
    pub(crate) fn plated(parcels: &[Parcel]) -> Self {
        Self::with(parcels, LANES, plated())
    }

    /// A hall of [`LANES`] whose chutes all take orders.
    pub(crate) fn open(parcels: &[Parcel]) -> Self {
        Self::plated(parcels).opened()
    }

    /// The same as [`Hall::plated`] with a journal, and the image that the journal begins with.
    pub(crate) fn journaled(parcels: &[Parcel], book: Book) -> (Self, Image) {
        let mut builder = Self::builder(parcels, plated());
        builder.keep_journal(book);
        let engine = builder.build(&plan(LANES)).expect("the test plan is good");
        let image = engine.image();
        (Self::of(engine), image)
    }

    /// The host ends, and another one goes on where the journal ends.
    pub(crate) fn recover(&mut self, parcels: &[Parcel], image: Image, book: Book) {
        let recovered = Self::builder(parcels, plated()).recover(image, Some(book));
        let engine = recovered.expect("the journal and the builder go together");
        let Self { clock, last_item, last_plate, .. } = *self;
        *self = Self { clock, last_item, last_plate, ..Self::of(engine) };
    }

    /// Opens the container at each chute that the plan uses.
    pub(crate) fn opened(mut self) -> Self {
        for sorter in 0..self.workers.len() {
            for chute in [0, 1, 2, 3, 4, 92, 97, 98, 99] {
                self.scan_plate(sorter, ChuteId::new(chute)).expect("an empty container stands there");
            }
        }
        self
    }

    /// A builder of the engine of a hall, with its parcels announced.
    pub(crate) fn builder(parcels: &[Parcel], rules: HallRules) -> EngineBuilder {
        let mut builder = EngineBuilder::new(EngineConfig {
            hub: HubId::new(0),
            layout: Arc::new(Layout::line_100()),
            codes: CodeBook::standard(),
            destinations: Destinations::with_capacity(4),
            expected_parcels: parcels.len(),
            late_parcels: 8,
            seed: 1,
            rules,
        });
        for parcel in parcels {
            builder.announce(&parcel.announcement()).expect("the parcels of a test are good");
        }
        builder
    }

    pub(crate) fn with(parcels: &[Parcel], outlets: &str, rules: HallRules) -> Self {
        let builder = Self::builder(parcels, rules);
        Self::of(builder.build(&plan(outlets)).expect("the test plan is good"))
    }

    fn of(engine: Arc<Engine>) -> Self {
        let workers = (0..3).map(|sorter| engine.worker(SorterId::new(sorter))).collect();
        Self { engine, workers, clock: Micros::ZERO, last_item: ItemId::NONE, last_plate: 0 }
    }

    pub(crate) fn announce(&self, parcel: &Parcel) -> Result<ParcelId, AnnounceError> {
        self.engine.announce(&parcel.announcement())
    }

    pub(crate) fn now(&mut self) -> Micros {
        self.clock = self.clock + Micros::from_millis(1);
        self.clock
    }

    /// Time passes without an item. The workers attend to what it brings.
    pub(crate) fn wait_until(&mut self, at: Micros) {
        assert!(at >= self.clock, "time does not go back");
        self.clock = at;
        self.workers.iter_mut().for_each(|worker| worker.attend(at));
    }

    /// A new plate is scanned on the container at a chute.
    pub(crate) fn scan_plate(
        &mut self,
        sorter: usize,
        chute: ChuteId,
    ) -> Result<ContainerId, ContainerError> {
        self.last_plate += 1;
        let at = self.now();
        self.workers[sorter].open_container(chute, plate(self.last_plate), at)
    }

    /// The container at a chute is taken away, and another one is put there and opened.
    pub(crate) fn swap(&mut self, sorter: usize, chute: ChuteId) -> ContainerId {
        self.report(sorter, chute, NO_CONTAINER);
        self.report(sorter, chute, OPEN);
        self.scan_plate(sorter, chute).expect("an empty container stands there")
    }

    /// The departure that the container at a chute leaves with.
    pub(crate) fn departure_at(&self, sorter: usize, chute: ChuteId) -> Option<Departure> {
        let (container, _) = self.workers[sorter].container_at(chute)?;
        self.engine.yard().get(container)?.departure
    }

    /// The container at a chute and how it is.
    pub(crate) fn container(&self, chute: ChuteId) -> (ContainerId, ContainerState) {
        self.workers[0].container_at(chute).expect("the hall keeps books on containers")
    }

    /// An item enters a sorter.
    pub(crate) fn enter(&mut self, sorter: usize) -> Item {
        let at = self.now();
        let id = self.last_item.next();
        self.last_item = id;
        self.workers[sorter].entered(id, at, true, EncoderCount::default());
        Item { sorter, id, identity: None, held: Assigned::NOTHING, orders: Vec::new() }
    }

    /// An item enters a sorter and is decided by these codes.
    pub(crate) fn scan(&mut self, sorter: usize, codes: &[Vec<u8>]) -> Item {
        let mut item = self.enter(sorter);
        self.decide(&mut item, codes);
        item
    }

    /// Decides an item with new codes, or again without any.
    pub(crate) fn decide(&mut self, item: &mut Item, codes: &[Vec<u8>]) -> Decision {
        self.decide_at(item, codes, AFTER_SCAN)
    }

    /// Decides an item for which chutes are in reach from this place on.
    pub(crate) fn decide_at(&mut self, item: &mut Item, codes: &[Vec<u8>], reach: Millimetres) -> Decision {
        let at = self.now();
        let codes: Vec<&[u8]> = codes.iter().map(Vec::as_slice).collect();
        let scan = Scan { item: item.id, at, codes: &codes, known: item.identity, held: item.held, reach };
        let worker = &mut self.workers[item.sorter];
        let decision = worker.decide(&scan);
        if decision.assigned.chute != item.held.chute {
            // A new order replaces the one before; no order cancels it.
            for chute in std::mem::take(&mut item.orders) {
                worker.order_ended(item.id, at, chute, &decision.assigned, OrderEnd::Replaced);
            }
            item.orders.extend(decision.assigned.chute);
        }
        item.identity = Some(decision.identity);
        item.held = decision.assigned;
        decision
    }

    /// The item reaches its point of no return.
    pub(crate) fn commit(&mut self, item: &Item) -> Commit {
        let at = self.now();
        let identity = item.identity.expect("it was decided");
        self.workers[item.sorter].commit(item.id, at, &identity, &item.held)
    }

    /// The order of an item ends without a divert: missed, refused, or its chute closed.
    pub(crate) fn order_fails(&mut self, item: &mut Item) {
        let at = self.now();
        for chute in std::mem::take(&mut item.orders) {
            self.workers[item.sorter].order_ended(item.id, at, chute, &item.held, OrderEnd::ItemGoesOn);
        }
        item.held.chute = None;
        item.held.reason = Reason::MissedDivert;
    }

    /// The pass of an item ends.
    pub(crate) fn end(&mut self, item: Item, fate: Fate) {
        let at = self.now();
        let worker = &mut self.workers[item.sorter];
        for chute in item.orders {
            worker.order_ended(item.id, at, chute, &item.held, OrderEnd::WithItem);
        }
        worker.finish(item.id, at, &item.held, fate, WEIGHT);
    }

    /// The item is committed and slides into the chute that it was decided for.
    pub(crate) fn deliver(&mut self, item: Item) {
        assert_eq!(self.commit(&item), Commit::Done, "{item:?}");
        let chute = item.held.chute.expect("an item without an order is not delivered");
        self.end(item, Fate::Discharged(chute));
    }

    /// The PLC reports the state of a chute of a sorter.
    pub(crate) fn report(&mut self, sorter: usize, chute: ChuteId, report: ChuteReport) {
        let at = self.now();
        self.workers[sorter].chute_changed(chute, at, report);
    }

    /// Customs rule about a parcel; each ruling is newer than the one before. Gives what came of it.
    pub(crate) fn set_clearance(&mut self, number: u32, clearance: Clearance) -> BatchReport {
        let ruling = Ruling { at: self.now(), status: clearance, onward: None };
        self.engine
            .set_clearance(key(&s10(number)), ruling)
            .expect("each ruling is newer than the one before")
    }

    /// The state of the parcel with this S10 number.
    pub(crate) fn state(&self, number: u32) -> StateWord {
        let parcel = self.engine.ledger().find(key(&s10(number))).expect("the parcel is announced");
        self.engine.ledger().state(parcel).expect("an announced parcel has a state")
    }

    /// Places reserved over all sorters.
    pub(crate) fn reserved(&self) -> u32 {
        self.workers.iter().map(|worker| worker.chutes().reserved()).sum()
    }

    /// Facts that did not fit, over all sorters.
    pub(crate) fn deviations(&self) -> u64 {
        self.workers.iter().map(|worker| worker.tally().deviations).sum()
    }
}

/// The rules of a hall of [`LANES`] whose containers have plates.
pub(crate) fn plated() -> HallRules {
    let source = ScheduleSource::from_csv("week.csv", SCHEDULE, "LGG").expect("the schedule is good");
    let timetable = Timetable::compile(&source, None);
    let containers = ContainerPolicy::Plated;
    HallRules { containers, timetable, ..HallRules::default() }
}

/// A licence plate.
pub(crate) fn plate(number: u64) -> LicencePlate {
    LicencePlate::parse(&make::sscc(0, number)).expect("it is an SSCC")
}

pub(crate) fn key(code: &[u8]) -> CodeKey {
    CodeBook::standard().parse(code).expect("the codes of a test are good").key
}

/// A chute that takes parcels.
pub(crate) const OPEN: ChuteReport =
    ChuteReport { full: false, half_full: false, not_available: false, container: true };
/// A full chute.
pub(crate) const FULL: ChuteReport = ChuteReport { full: true, half_full: true, ..OPEN };
/// A chute that is switched off or blocked.
pub(crate) const DISABLED: ChuteReport = ChuteReport { not_available: true, ..OPEN };
/// A chute whose container is being changed.
pub(crate) const NO_CONTAINER: ChuteReport = ChuteReport { not_available: true, container: false, ..OPEN };
