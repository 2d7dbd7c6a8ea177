//! Checkers: they know the plant, what was announced and the plan as text, and nothing of the engine.
//!
//! A checker watches one hub. It sees every physical event through [`crate::plant::Witness`], every order and
//! event that crosses the typed border, and each decision as a note. At the end it compares where every
//! parcel really is with what the ledger says about it.

mod containers;
mod customs;
mod durability;
mod finding;
mod last;
mod orders;
mod route;
mod timetable;
mod truth;

pub use containers::{ContainerChecker, Heading, Listed, Slide, VehicleLoad};
pub use customs::CustomsChecker;
pub use durability::Written;
pub use finding::{Condition, Findings};
pub use last::{LabelEnd, LedgerFate, SorterBooks};
pub use route::{Route, RouteError, RouteOracle};
pub use timetable::{Leaving, ScheduleError, ScheduleOracle};
pub use truth::{Place, Reading, Truth};

use std::collections::BTreeMap;

use sorter_core::clearance::Clearance;
use sorter_core::container::Manifest;
use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::units::Micros;
use sorter_plc::contract::{EventRecord, Order, OrderOp, PlantImage, ScanData, ScanRecord};
use sorter_plc::controller::DecisionNote;

use crate::plant::{BodyTag, Travel, Witness};
use crate::reads::HubReads;
use durability::DiskView;
use orders::SorterOrders;

/// Why a parcel is in a chute where it should not be, apart from anything the engine could see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissortCause {
    /// Its label was read as that of another parcel.
    Misread,
    /// It carries a copy of the label of another parcel.
    CopiedLabel,
    /// It was caught by the divert of another item.
    Tracking,
}

impl MissortCause {
    /// The name in reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Misread => "misread",
            Self::CopiedLabel => "copied_label",
            Self::Tracking => "tracking",
        }
    }
}

/// The checker of one hub.
pub struct Checker<'a> {
    truth: Truth<'a>,
    /// The routes of the plans that are published in this run.
    routes: &'a [RouteOracle],
    /// Each plan version with the time from which it was in force.
    versions: Vec<(u32, Micros)>,
    customs: CustomsChecker,
    containers: ContainerChecker<'a>,
    /// The row in the schedule of each connection that parcels are booked on.
    onward: &'a [u16],
    sorters: Vec<SorterOrders>,
    /// What the disk of the journal has, by sorter.
    disks: Vec<DiskView>,
    findings: Findings,
    missorts: BTreeMap<MissortCause, u64>,
    /// Parcels in outbound chutes by the label they were sorted by.
    outbound_by_label: Vec<u8>,
    plant_events: u64,
    induction_closed: bool,
}

impl<'a> Checker<'a> {
    /// A checker for the parcels of one hub. `routes` are the plans that will be published, the first one first;
    /// `onward` are the rows in the schedule of the connections that parcels are booked on; `capacities` are
    /// those of the chutes of each sorter.
    pub fn new(
        reads: HubReads<'a>,
        routes: &'a [RouteOracle],
        schedule: &'a ScheduleOracle,
        onward: &'a [u16],
        sorters: usize,
        capacities: &[u32],
    ) -> Self {
        Self {
            truth: Truth::new(reads),
            routes,
            versions: Vec::new(),
            customs: CustomsChecker::new(reads.parcels().len()),
            containers: ContainerChecker::new(sorters, capacities.len(), routes, schedule),
            onward,
            sorters: (0..sorters).map(|_| SorterOrders::new(capacities)).collect(),
            disks: (0..sorters).map(|_| DiskView::default()).collect(),
            findings: Findings::default(),
            missorts: BTreeMap::new(),
            outbound_by_label: vec![0; reads.parcels().len()],
            plant_events: 0,
            induction_closed: false,
        }
    }

    /// A plan version is in force from now on; `routes` is the place of its routes.
    pub fn plan_published(&mut self, version: u32, routes: usize, at: Micros) {
        self.versions.push((version, at));
        self.containers.plan_published(version, routes, at);
    }

    /// What a label was announced with.
    pub fn announced(&mut self, label: u32, status: Clearance, onward: Option<u16>) {
        self.customs.announced(label, status, onward);
    }

    /// Customs said something about a label.
    pub fn delivered(&mut self, label: u32, status: Clearance, sent: Micros, onward: Option<u16>) {
        self.customs.delivered(label, status, sent, onward);
    }

    /// What the engine made of a message.
    pub fn outcome(&mut self, at: Micros, label: u32, sent: Micros, taken: bool) {
        self.customs.outcome(&mut self.findings, at, label, sent, taken);
    }

    /// An item passed its point of no return.
    pub fn committed(&mut self, sorter: SorterId, note: &DecisionNote) {
        let Some(chute) = note.chute else { return };
        self.containers.committed(&mut self.findings, sorter, note.item, chute, note.at);
        let out = self.containers.routes_of(sorter, chute).serves_destinations(chute);
        let label = self.truth.body_of(sorter, note.item).and_then(|body| self.truth.label_read(body));
        if let Some(label) = label {
            let connection = self.connection_at(sorter, chute);
            let pass = (sorter, note.item);
            self.customs.committed(&mut self.findings, note.at, label, pass, out, connection);
        }
    }

    /// The booked connection that the container at a chute leaves with.
    fn connection_at(&self, sorter: SorterId, chute: ChuteId) -> Option<u16> {
        if !self.containers.routes_of(sorter, chute).is_bonded(chute) {
            return None;
        }
        let row = self.containers.connection_of(sorter, chute)?;
        let place = self.onward.iter().position(|onward| *onward == row)?;
        u16::try_from(place).ok()
    }

    /// Where a label wants to go: with the connection that it is booked on, or to its postcode.
    fn heading(&self, label: u32) -> Heading<'a> {
        let row = self.customs.onward(label).and_then(|onward| self.onward.get(usize::from(onward)));
        match row.and_then(|row| self.containers.schedule().lane(*row)) {
            Some(lane) => Heading::Lane(lane),
            None => Heading::Postcode(self.truth.postcode(label)),
        }
    }

    /// Whether the container at a chute serves what a label wants.
    fn leads_to(&self, sorter: SorterId, chute: ChuteId, label: u32) -> bool {
        let routes = self.containers.routes_of(sorter, chute);
        match self.heading(label) {
            Heading::Lane(lane) => routes.route_of_lane(lane).is_some_and(|route| route.allows(chute)),
            Heading::Postcode(postcode) => routes.route(postcode).is_some_and(|route| route.allows(chute)),
        }
    }

    /// What was found so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Physical missorts by cause.
    pub fn missorts(&self) -> &BTreeMap<MissortCause, u64> {
        &self.missorts
    }

    /// Events of the plants.
    pub fn plant_events(&self) -> u64 {
        self.plant_events
    }

    /// The routes of the first plan. Its overflow, exception, hold and no-read chutes are those of each plan of
    /// the run.
    pub fn routes(&self) -> &'a RouteOracle {
        &self.routes[0]
    }

    /// The postcode of the label that was read on an item, if one was.
    pub fn postcode_read(&self, sorter: SorterId, item: ItemId) -> Option<u32> {
        let label = self.truth.label_read(self.truth.body_of(sorter, item)?)?;
        Some(self.truth.postcode(label))
    }

    /// The containers, departures and what each chute serves.
    pub fn containers(&self) -> &ContainerChecker<'a> {
        &self.containers
    }

    /// Where everything is.
    pub fn truth(&self) -> &Truth<'a> {
        &self.truth
    }

    /// A decision was taken.
    pub fn decided(&mut self, sorter: SorterId, note: &DecisionNote) {
        let in_force = self.versions.iter().rev().find(|(_, from)| *from <= note.at);
        let version = note.plan.get();
        if self.findings.check(Condition::Plan, in_force.is_some_and(|(number, _)| *number == version)) {
            self.findings.tell(Condition::Plan, note.at, sorter, || {
                format!("{} was decided by plan {version}, which is not in force", note.item)
            });
        }
        self.sorters[sorter.index()].decided(note.item, note.chute);
        self.containers.decided(sorter, note);
    }

    /// An order crossed the border to the PLC.
    pub fn ordered(&mut self, sorter: SorterId, at: Micros, order: &Order) {
        self.containers.ordered(&mut self.findings, sorter, at, order);
        let OrderOp::Divert { chute } = order.op else { return };
        let view = &mut self.sorters[sorter.index()];
        let decided = view.decision_of(order.item);
        let room = view.room_for(order.item, chute);
        let known = !view.is_unexpected(order.item);
        view.order(order.seq, order.item, chute);
        if self.findings.check(Condition::WrongChute, decided == Some(chute)) {
            self.findings.tell(Condition::WrongChute, at, sorter, || {
                format!("{} is ordered to {chute} and was decided for {decided:?}", order.item)
            });
        }
        if self.findings.check(Condition::WrongChute, known) {
            self.findings.tell(Condition::WrongChute, at, sorter, || {
                format!("{} turned up without induction and is ordered to {chute}", order.item)
            });
        }
        if self.findings.check(Condition::Capacity, room.is_ok()) {
            let problem = room.err().unwrap_or_default();
            self.findings.tell(Condition::Capacity, at, sorter, || format!("order to {chute}: {problem}"));
        }
        if self.routes().is_outbound(chute) {
            self.claimed(sorter, at, order.item);
        }
    }

    /// An outbound order for an item: its label may not be on its way for another item.
    fn claimed(&mut self, sorter: SorterId, at: Micros, item: ItemId) {
        let label = self.truth.body_of(sorter, item).and_then(|body| self.truth.label_read(body));
        if self.findings.check(Condition::WrongChute, label.is_some()) {
            self.findings.tell(Condition::WrongChute, at, sorter, || {
                format!("{item} is ordered out, and not one label was read on it")
            });
        }
        let Some(label) = label else { return };
        let other = self.truth.outbound_claim(label, (sorter, item));
        let live = other.is_some_and(|(sorter, item)| {
            self.sorters[sorter.index()]
                .live_chute(item)
                .is_some_and(|chute| self.routes().is_outbound(chute))
        });
        if self.findings.check(Condition::Claim, !live) {
            self.findings.tell(Condition::Claim, at, sorter, || {
                format!("label {label} is ordered out for {item} and for {other:?} at once")
            });
        }
    }

    /// An event crossed the border to the host.
    pub fn event(&mut self, sorter: SorterId, record: &EventRecord) {
        self.sorters[sorter.index()].event(record);
    }

    /// The PLANT image of a sorter was read. The law of conservation holds in it, and where it stands at the last
    /// event that the host has heard of, the books of the host are those of the PLC.
    pub fn plant_image(
        &mut self,
        sorter: SorterId,
        at: Micros,
        image: &PlantImage,
        host: Option<SorterBooks>,
    ) {
        let view = &mut self.sorters[sorter.index()];
        view.observe(image);
        let plc = SorterBooks::of_image(image);
        let law = plc.entered() == plc.ended() + u64::from(image.on_belt);
        let seen = view.books();
        let agree = host.is_none_or(|host| seen == plc && host == plc);
        if self.findings.check(Condition::Accounting, law && agree) {
            self.findings.tell(Condition::Accounting, at, sorter, || {
                format!("the PLC counts {plc:?}, its events {seen:?}, the host {host:?}")
            });
        }
    }

    /// A PLC was switched off: what is on its belt will be unknown to it, and nobody is told the ends that nobody
    /// was told yet. The books of those parcels may differ from the truth until their next pass.
    pub fn plc_killed(&mut self, sorter: SorterId) {
        let untold = self.containers.plc_killed(sorter);
        self.truth.tear(sorter, &untold);
    }

    /// The host has noticed that a PLC has booted anew: orders and items of before are void.
    pub fn plc_restarted(&mut self, sorter: SorterId) {
        self.sorters[sorter.index()].restarted();
        self.truth.forget_claims(sorter);
    }

    /// What one scan of a PLC reported: events, scan records and the image where it was read.
    pub fn polled(
        &mut self,
        sorter: SorterId,
        (events, scans): (&[EventRecord], &[ScanRecord]),
        image: Option<&PlantImage>,
        at: Micros,
    ) {
        self.containers.poll(sorter, events, image, at);
        if let Some(image) = image {
            self.sorters[sorter.index()].observe(image);
        }
        for record in scans {
            if let ScanData::Measured { weight, .. } = record.data {
                self.containers.weighed(sorter, record.item, weight);
            }
        }
    }

    /// A plate was scanned at a chute, and accepted or not.
    pub fn plate_scanned(
        &mut self,
        sorter: SorterId,
        chute: ChuteId,
        plate: &str,
        at: Micros,
        accepted: bool,
    ) {
        self.containers.plate_scanned(&mut self.findings, sorter, chute, plate, at, accepted);
    }

    /// A container was taken from its chute at the end of the run, with so many parcels in it.
    pub fn container_closed(&mut self, sorter: SorterId, chute: ChuteId, at: Micros, content: u32) {
        self.containers.container_closed(&mut self.findings, sorter, chute, at, content);
        self.containers.swapped_by_hand(sorter, chute, at);
    }

    /// The manifest of a container was handed out.
    pub fn manifest(&mut self, manifest: &Manifest, at: Micros) {
        self.containers.manifest(&mut self.findings, manifest, at);
    }

    /// A container was loaded.
    pub fn loaded(&mut self, plate: &str, connection: &str, week: u16, at: Micros) {
        self.containers.loaded(&mut self.findings, plate, connection, week, at);
    }

    /// A departure left, with this by what the controller says.
    pub fn departed(&mut self, connection: &str, week: u16, at: Micros, load: &VehicleLoad<'_>) {
        self.containers.departed(&mut self.findings, connection, week, at, load);
    }

    /// The run is over and every container was sealed.
    pub fn hall_closed(&mut self, at: Micros) {
        self.containers.finished(&mut self.findings, at);
        self.customs.finished(&mut self.findings, at);
    }

    /// The witness of one sorter.
    pub fn witness(&mut self, sorter: SorterId) -> SorterWitness<'_, 'a> {
        SorterWitness { checker: self, sorter }
    }

    /// A body slid into a chute.
    fn discharged(&mut self, sorter: SorterId, body: BodyTag, chute: ChuteId, at: Micros, room: (u32, u32)) {
        let view = &self.sorters[sorter.index()];
        let item = self.truth.item_of(body);
        let own_order = item.is_some_and(|item| view.had_order(item, chute));
        if !own_order {
            self.truth.disturb(body.parcel);
        }
        for item in view.confused(chute, item) {
            if let Some(other) = self.truth.body_of(sorter, item) {
                self.truth.disturb(other.parcel);
                self.truth.disturb(body.parcel);
            }
        }
        let (content, capacity) = room;
        if own_order && self.findings.check(Condition::Capacity, content <= capacity) {
            self.findings.tell(Condition::Capacity, at, sorter, || {
                format!("{chute} holds {content} parcels and has room for {capacity}")
            });
        }
        let outbound = self.routes().is_outbound(chute);
        let label = self.truth.label_announced(body, at);
        let by_destination = self.routes().serves_destinations(chute);
        let right = !by_destination || label.is_some_and(|label| self.leads_to(sorter, chute, label));
        let slide = Slide {
            sorter,
            chute,
            at,
            parcel: body.parcel,
            item,
            own_order,
            disturbed: self.truth.is_disturbed(body.parcel),
            heading: label.map(|label| self.heading(label)),
        };
        self.containers.slid(&mut self.findings, &slide);
        if own_order && by_destination && self.findings.check(Condition::WrongChute, right) {
            self.findings.tell(Condition::WrongChute, at, sorter, || {
                format!("parcel {} with label {label:?} was sorted into {chute}", body.parcel)
            });
        }
        if own_order
            && by_destination
            && let (Some(label), Some(item)) = (self.truth.label_read(body), item)
        {
            let connection = self.connection_at(sorter, chute);
            self.customs.discharged_outbound(&mut self.findings, at, label, (sorter, item), connection);
        }
        if outbound {
            self.count_missort(sorter, body, chute, (own_order, right));
            self.count_label(sorter, at, body, own_order);
        }
        self.truth.placed(body, Place::Chute(sorter, chute));
    }

    /// Counts a parcel that is in another outbound chute than its own destination wants.
    fn count_missort(
        &mut self,
        sorter: SorterId,
        body: BodyTag,
        chute: ChuteId,
        (own_order, right): (bool, bool),
    ) {
        if self.leads_to(sorter, chute, body.parcel) {
            return;
        }
        let cause = if !own_order {
            MissortCause::Tracking
        } else if self.truth.is_misread(body) {
            MissortCause::Misread
        } else if right {
            MissortCause::CopiedLabel
        } else {
            // It was told as a violation already.
            return;
        };
        *self.missorts.entry(cause).or_default() += 1;
    }

    /// At most one parcel leaves by each label.
    fn count_label(&mut self, sorter: SorterId, at: Micros, body: BodyTag, own_order: bool) {
        let Some(label) = self.truth.label_read(body).filter(|_| own_order) else { return };
        let count = &mut self.outbound_by_label[label as usize];
        *count = count.saturating_add(1);
        let once = *count == 1;
        if self.findings.check(Condition::Claim, once) {
            self.findings.tell(Condition::Claim, at, sorter, || {
                format!("a second parcel left by label {label}: parcel {}", body.parcel)
            });
        }
    }
}

/// Sees what really happens at one sorter.
pub struct SorterWitness<'c, 'a> {
    checker: &'c mut Checker<'a>,
    sorter: SorterId,
}

impl Witness for SorterWitness<'_, '_> {
    fn plant_event(&mut self) {
        self.checker.plant_events += 1;
    }

    fn inducted(&mut self, body: BodyTag, _travel: Travel) {
        self.checker.truth.placed(body, Place::Belt(self.sorter));
    }

    fn thrown_on(&mut self, body: BodyTag, _travel: Travel) {
        self.checker.truth.placed(body, Place::Belt(self.sorter));
    }

    fn item_given(&mut self, item: ItemId, body: BodyTag) {
        self.checker.truth.item_given(self.sorter, item, body);
    }

    fn discharged(&mut self, body: BodyTag, chute: ChuteId, at: Micros, content: u32, capacity: u32) {
        self.checker.discharged(self.sorter, body, chute, at, (content, capacity));
    }

    fn ran_off(&mut self, body: BodyTag, _at: Micros) {
        self.checker.truth.placed(body, Place::ReturnLine(self.sorter));
    }

    fn taken_off(&mut self, body: BodyTag, _at: Micros) {
        self.checker.truth.placed(body, Place::Floor);
    }

    fn container_closed(&mut self, chute: ChuteId, at: Micros, content: u32) {
        let checker = &mut *self.checker;
        checker.containers.container_closed(&mut checker.findings, self.sorter, chute, at, content);
    }

    fn put_back(&mut self, body: BodyTag, _at: Micros) {
        self.checker.truth.placed(body, Place::ReturnLine(self.sorter));
    }
}
