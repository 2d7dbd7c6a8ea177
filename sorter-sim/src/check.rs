//! Checkers: they know the plant, what was announced and the plan as text, and nothing of the engine.
//!
//! A checker watches one hub. It sees every physical event through [`crate::plant::Witness`], every order and
//! event that crosses the typed border, and each decision as a note. At the end it compares where every
//! parcel really is with what the ledger says about it.

mod finding;
mod last;
mod orders;
mod route;
mod truth;

pub use finding::{Condition, Findings};
pub use last::{LedgerFate, SorterBooks};
pub use route::{Route, RouteError, RouteOracle};
pub use truth::{Place, Reading, Truth};

use std::collections::BTreeMap;

use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::units::Micros;
use sorter_plc::contract::{EventRecord, Order, OrderOp, PlantImage};
use sorter_plc::controller::DecisionNote;

use crate::plant::{BodyTag, Travel, Witness};
use crate::reads::HubReads;
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
    routes: &'a RouteOracle,
    /// Each plan version with the time from which it was in force.
    versions: Vec<(u32, Micros)>,
    sorters: Vec<SorterOrders>,
    findings: Findings,
    missorts: BTreeMap<MissortCause, u64>,
    /// Parcels in outbound chutes by the label they were sorted by.
    outbound_by_label: Vec<u8>,
    plant_events: u64,
}

impl<'a> Checker<'a> {
    /// A checker for the parcels of one hub. `capacities` are those of the chutes of each sorter.
    pub fn new(reads: HubReads<'a>, routes: &'a RouteOracle, sorters: usize, capacities: &[u32]) -> Self {
        Self {
            truth: Truth::new(reads),
            routes,
            versions: Vec::new(),
            sorters: (0..sorters).map(|_| SorterOrders::new(capacities)).collect(),
            findings: Findings::default(),
            missorts: BTreeMap::new(),
            outbound_by_label: vec![0; reads.parcels().len()],
            plant_events: 0,
        }
    }

    /// A plan version is in force from now on.
    pub fn plan_published(&mut self, version: u32, at: Micros) {
        self.versions.push((version, at));
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

    /// The routes of the plan.
    pub fn routes(&self) -> &'a RouteOracle {
        self.routes
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
    }

    /// An order crossed the border to the PLC.
    pub fn ordered(&mut self, sorter: SorterId, at: Micros, order: &Order) {
        let OrderOp::Divert { chute } = order.op else { return };
        let view = &mut self.sorters[sorter.index()];
        let decided = view.decision_of(order.item);
        let room = view.room_for(order.item, chute);
        view.order(order.seq, order.item, chute);
        if self.findings.check(Condition::WrongChute, decided == Some(chute)) {
            self.findings.tell(Condition::WrongChute, at, sorter, || {
                format!("{} is ordered to {chute} and was decided for {decided:?}", order.item)
            });
        }
        if self.findings.check(Condition::Capacity, room.is_ok()) {
            let problem = room.err().unwrap_or_default();
            self.findings.tell(Condition::Capacity, at, sorter, || format!("order to {chute}: {problem}"));
        }
        if self.routes.is_outbound(chute) {
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
            self.sorters[sorter.index()].live_chute(item).is_some_and(|chute| self.routes.is_outbound(chute))
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

    /// The PLANT image of a sorter was read. The law of conservation holds in it.
    pub fn plant_image(&mut self, sorter: SorterId, at: Micros, image: &PlantImage, host: SorterBooks) {
        let view = &mut self.sorters[sorter.index()];
        view.observe(image);
        let plc = SorterBooks::of_image(image);
        let law = plc.entered() == plc.ended() + u64::from(image.on_belt);
        let seen = view.books();
        if self.findings.check(Condition::Accounting, law && seen == plc && host == plc) {
            self.findings.tell(Condition::Accounting, at, sorter, || {
                format!("the PLC counts {plc:?}, its events {seen:?}, the host {host:?}")
            });
        }
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
        let outbound = self.routes.is_outbound(chute);
        let label = self.truth.label_announced(body, at);
        let by_label = label.and_then(|label| self.routes.route(self.truth.postcode(label)));
        let by_destination = self.routes.serves_destinations(chute);
        let right = !by_destination || by_label.is_some_and(|route| route.allows(chute));
        if own_order && by_destination && self.findings.check(Condition::WrongChute, right) {
            self.findings.tell(Condition::WrongChute, at, sorter, || {
                format!("parcel {} with label {label:?} was sorted into {chute}", body.parcel)
            });
        }
        if outbound {
            self.count_missort(body, chute, own_order, right);
            self.count_label(sorter, at, body, own_order);
        }
        self.truth.placed(body, Place::Chute(sorter, chute));
    }

    /// Counts a parcel that is in another outbound chute than its own destination wants.
    fn count_missort(&mut self, body: BodyTag, chute: ChuteId, own_order: bool, right: bool) {
        let own = self.routes.route(self.truth.postcode(body.parcel));
        if own.is_some_and(|route| route.allows(chute)) {
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

    fn put_back(&mut self, body: BodyTag, _at: Micros) {
        self.checker.truth.placed(body, Place::ReturnLine(self.sorter));
    }
}
