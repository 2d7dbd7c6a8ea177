//! A naive book of the rules of the hub, against which a hall with plates is held after each step.
//!
//! It knows the texts of the plans, the notices that were delivered and what happened at the chutes. Which
//! departure a container is bound to it takes from the yard, and checks that it fits and stays.

use std::collections::BTreeMap;

use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::container::ManifestEntry;
use sorter_core::engine::{Commit, ContainerError, Fate};
use sorter_core::ids::{ChuteId, ConnectionId, ContainerId, DepartureId, ParcelId, PlanVersion};
use sorter_core::reason::ReasonClass;
use sorter_core::state_word::Life;
use sorter_core::units::Micros;

use super::hall::*;

/// Parcels from here on are announced only by a step of the sequence.
pub(crate) const ANNOUNCED: u32 = 6;
pub(crate) const PARCELS: u32 = 8;
pub(crate) const SORTERS: usize = 2;
/// The chutes that people work at.
pub(crate) const CHUTES: [u16; 8] = [0, 1, 2, 3, 4, 92, 98, 99];
const CONNECTIONS: [&str; 3] = ["X03", "X04", "T01"];

/// One thing that happens. Numbers of items choose one of those on the belts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Announce(u32),
    Scan(usize, u32),
    Rescan(usize),
    Commit(usize),
    OrderFails(usize),
    Discharge(usize),
    Left(usize),
    Lost(usize),
    /// A notice, an old one or a new one, with a connection.
    Notice(u32, Clearance, bool, Option<usize>),
    Wait(u64),
    Take(usize, u16),
    Put(usize, u16),
    Full(usize, u16),
    Plate(usize, u16),
    Close(usize, u16),
    SwapByHand(usize, u16),
    Publish(usize),
}

/// What a plan says of a chute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outlet {
    name: &'static str,
    lane: Option<&'static str>,
    leads_out: bool,
    bonded: bool,
}

const fn outlet(name: &'static str, lane: Option<&'static str>, leads_out: bool, bonded: bool) -> Outlet {
    Outlet { name, lane, leads_out, bonded }
}

/// The three plans: the second gives a German chute to France, the third gives the bonded one to Austria.
pub(crate) fn text(which: usize) -> String {
    match which {
        0 => LANES.to_owned(),
        1 => LANES.replacen("[0, 1]", "[0]", 1).replacen("[2]", "[2, 1]", 1),
        _ => LANES.replacen("[4]", "[5]", 1).replacen("[3]", "[3, 4]", 1),
    }
}

/// What one of the plans says of a chute, read from it by hand.
fn said(which: usize, chute: u16) -> Outlet {
    let (german, french) =
        (outlet("DE", Some("DE:Cologne"), true, false), outlet("FR", Some("FR:Paris"), true, false));
    let (rest, chinese) = (outlet("REST", None, true, false), outlet("CN", Some("CGO"), true, true));
    match (chute, which) {
        (1, 1) | (2, _) => french,
        (0 | 1, _) => german,
        (4, 2) | (3, _) => rest,
        (4, _) | (5, 2) => chinese,
        (92, _) => outlet("OVER", None, true, false),
        (97, _) => outlet("NOREAD", None, false, false),
        (98, _) => outlet("HOLD", None, false, false),
        (99, _) => outlet("EXC", None, false, false),
        _ => outlet("-", None, true, false),
    }
}

/// A chute with its container.
struct Spot {
    serving: Outlet,
    id: ContainerId,
    present: bool,
    full: bool,
    plated: bool,
    closed: bool,
    entries: Vec<ManifestEntry>,
    /// Its departure when the first thing slid into it.
    bound: Option<Option<DepartureId>>,
    orders: usize,
}

pub(crate) struct Page {
    pub(crate) announced: bool,
    status: Clearance,
    onward: Option<ConnectionId>,
    newest: Option<Micros>,
    /// Where it rests: sorter, chute, container and whether that leaves.
    pub(crate) rests: Option<(ContainerId, Outlet)>,
    recalled: bool,
    open_recall: bool,
}

impl Page {
    fn new(number: u32, connections: &[ConnectionId; 3]) -> Self {
        Self {
            announced: number < ANNOUNCED,
            status: if number == 4 { Clearance::Transit } else { Clearance::Released },
            onward: match number {
                4 => Some(connections[0]),
                5 | 6 => Some(connections[1]),
                _ => None,
            },
            newest: None,
            rests: None,
            recalled: false,
            open_recall: false,
        }
    }
}

pub(crate) struct Entry {
    pub(crate) item: Item,
    pub(crate) number: u32,
    /// What its chute served when it was ordered there.
    ordered: Option<Outlet>,
}

pub(crate) struct Rules {
    pub(crate) hall: Hall,
    spots: BTreeMap<(usize, u16), Spot>,
    pub(crate) pages: Vec<Page>,
    pub(crate) entries: Vec<Entry>,
    entered: [u64; SORTERS],
    ended: [u64; SORTERS],
    pub(crate) plan: usize,
    pub(crate) version: u32,
    connections: [ConnectionId; 3],
}

/// The parcels that are announced before the day.
pub(crate) fn announced() -> Vec<Parcel> {
    (0..ANNOUNCED).map(parcel).collect()
}

fn parcel(number: u32) -> Parcel {
    let parcel = Parcel::new(number);
    match number {
        2 => parcel.to("FR", "75001"),
        7 => parcel.to("FR", "69001"),
        3 => parcel.to("AT", "1010"),
        4 => parcel.status(Clearance::Transit).booked("X03"),
        5 | 6 => parcel.booked("X04"),
        _ => parcel,
    }
}

impl Rules {
    pub(crate) fn new() -> Self {
        Self::of(Hall::open(&announced()))
    }

    /// The rules of a hall of [`announced`] parcels whose chutes all take orders.
    pub(crate) fn of(hall: Hall) -> Self {
        let timetable = hall.engine.timetable();
        let connections = CONNECTIONS.map(|name| timetable.connection_named(name).expect("it runs"));
        let mut spots = BTreeMap::new();
        for (sorter, worker) in hall.workers.iter().enumerate().take(SORTERS) {
            for chute in 0..100 {
                let serving = said(0, chute);
                let (id, _) = worker.container_at(ChuteId::new(chute)).expect("one stands at each chute");
                let plated = CHUTES.contains(&chute) || chute == 97;
                let spot = Spot {
                    serving,
                    id,
                    present: true,
                    full: false,
                    plated,
                    closed: false,
                    entries: vec![],
                    bound: None,
                    orders: 0,
                };
                spots.insert((sorter, chute), spot);
            }
        }
        let pages = (0..PARCELS).map(|number| Page::new(number, &connections)).collect();
        let (entered, ended) = ([0; SORTERS], [0; SORTERS]);
        Self { hall, spots, pages, entries: vec![], entered, ended, plan: 0, version: 1, connections }
    }

    /// What was kept for codes that nobody has announced is forgotten.
    pub(crate) fn forget_kept(&mut self) {
        let before = self.hall.now();
        self.hall.engine.forget_kept_notices(before);
        for (number, page) in (0..).zip(&mut self.pages).filter(|(_, page)| !page.announced) {
            *page = Page::new(number, &self.connections);
        }
    }

    pub(crate) fn run(&mut self, op: Op) {
        match op {
            Op::Announce(number) => self.announce(number),
            Op::Scan(sorter, number) => {
                let item = self.hall.enter(sorter);
                self.entered[sorter] += 1;
                self.entries.push(Entry { item, number, ordered: None });
                self.decide(self.entries.len() - 1, true);
            }
            Op::Rescan(item) => self.on_item(item, |rules, place| rules.decide(place, false)),
            Op::Commit(item) => self.on_item(item, Self::commit),
            Op::OrderFails(item) => self.on_item(item, |rules, place| {
                let entry = &mut rules.entries[place];
                for chute in &entry.item.orders {
                    rules.spots.get_mut(&(entry.item.sorter, chute.get())).expect("it is there").orders -= 1;
                }
                rules.hall.order_fails(&mut entry.item);
            }),
            Op::Discharge(item) => self.on_item(item, |rules, place| {
                if let Some(chute) = rules.entries[place].item.held.chute {
                    rules.end(place, Fate::Discharged(chute));
                }
            }),
            Op::Left(item) => self.on_item(item, |rules, place| rules.end(place, Fate::Left)),
            Op::Lost(item) => self.on_item(item, |rules, place| rules.end(place, Fate::Lost)),
            Op::Notice(number, status, old, onward) => self.notice(number, status, old, onward),
            Op::Wait(half_hours) => {
                let step = 1_800_000_000;
                let now = self.hall.now().get() / step;
                self.hall.wait_until(Micros::new((now + half_hours) * step));
            }
            Op::Take(sorter, chute) => self.report(sorter, chute, NO_CONTAINER),
            Op::Put(sorter, chute) => self.report(sorter, chute, OPEN),
            Op::Full(sorter, chute) => {
                if self.spots[&(sorter, chute)].present {
                    self.report(sorter, chute, FULL);
                }
            }
            Op::Plate(sorter, chute) => self.scan_plate(sorter, chute),
            Op::Close(sorter, chute) => {
                let at = self.hall.now();
                let spot = self.spots.get_mut(&(sorter, chute)).expect("it is there");
                let closed = self.hall.workers[sorter].close_container(ChuteId::new(chute), at);
                assert_eq!(closed.is_ok(), spot.plated, "{closed:?}");
                spot.closed |= spot.plated;
            }
            Op::SwapByHand(sorter, chute) => {
                let at = self.hall.now();
                let swapped = self.hall.workers[sorter].swap_container(ChuteId::new(chute), at);
                assert_eq!(swapped.is_ok(), self.spots[&(sorter, chute)].present);
                if swapped.is_ok() {
                    self.sealed(sorter, chute);
                }
            }
            Op::Publish(which) => {
                match self.hall.engine.publish(&plan(&text(which))) {
                    Ok(version) => {
                        (self.plan, self.version) = (which, self.version + 1);
                        assert_eq!(version, PlanVersion::new(self.version));
                    }
                    Err(problems) => {
                        assert!(problems.0.iter().all(|problem| problem.code == "SP0027"), "{problems}");
                    }
                }
                assert_eq!(self.hall.engine.plan().version().get(), self.version);
            }
        }
        self.check();
    }

    pub(crate) fn on_item(&mut self, item: usize, act: impl FnOnce(&mut Self, usize)) {
        if let Some(place) = item.checked_rem(self.entries.len()) {
            act(self, place);
        }
    }

    pub(crate) fn id(&self, number: u32) -> ParcelId {
        self.hall.engine.ledger().find(key(&s10(number))).expect("it is announced")
    }

    fn announce(&mut self, number: u32) {
        let page = &mut self.pages[number as usize];
        assert_eq!(self.hall.announce(&parcel(number)).is_ok(), !page.announced);
        page.announced = true;
    }

    fn notice(&mut self, number: u32, status: Clearance, old: bool, onward: Option<usize>) {
        let at = if old { Micros::new(1) } else { self.hall.now() };
        // A notice of transit names a connection, or it is refused when it is read.
        let onward = onward.or((status == Clearance::Transit).then_some(0));
        let onward = onward.map(|which| self.connections[which]);
        let booked = if number == 6 { Some(self.connections[1]) } else { None };
        let report = self.hall.engine.set_clearance(key(&s10(number)), Ruling { at, status, onward });
        let page = &mut self.pages[number as usize];
        if page.newest.is_some_and(|newest| newest > at) {
            assert!(report.is_err(), "{report:?}");
            return;
        }
        if page.newest == Some(at) {
            // A second one of the first microsecond: whatever came of it, the book asks for it.
            let word = self.hall.engine.ledger().find(key(&s10(number)));
            let Some(parcel) = word else {
                self.forget_tie(number);
                return;
            };
            page.status = self.hall.engine.rulings(parcel).last().map_or(page.status, |ruling| ruling.status);
            page.onward = self.hall.engine.onward(parcel);
            if let Some((container, outlet)) = page.rests.filter(|(_, outlet)| outlet.leads_out) {
                let free = is_free(
                    page,
                    outlet,
                    self.hall
                        .engine
                        .yard()
                        .get(container)
                        .and_then(|record| record.departure)
                        .map(|departure| departure.connection),
                );
                page.recalled = !free;
                page.open_recall = self
                    .hall
                    .engine
                    .recalls()
                    .iter()
                    .any(|recall| recall.parcel == parcel && recall.withdrawn.is_none());
            }
            return;
        }
        let report = report.expect("it is the newest");
        (page.newest, page.status) = (Some(at), status);
        if onward.is_some() || status == Clearance::Transit {
            page.onward = onward;
        } else if !page.announced {
            // Of the notices that wait for an announcement only the newest is kept, with what it books.
            page.onward = booked;
        }
        let (mut raised, mut withdrawn) = (0, usize::from(page.open_recall && status.free_to_leave()));
        if let Some((container, outlet)) = page.rests.filter(|(_, outlet)| outlet.leads_out) {
            let departure = self.hall.engine.yard().get(container).and_then(|record| record.departure);
            let free = is_free(page, outlet, departure.map(|departure| departure.connection));
            raised = usize::from(!free && !page.recalled);
            withdrawn = usize::from(free && page.recalled).max(withdrawn);
            page.recalled = !free;
        }
        page.open_recall = page.recalled || page.open_recall && withdrawn == 0;
        assert_eq!((report.recalls.len(), report.withdrawn.len()), (raised, withdrawn), "parcel {number}");
    }

    /// Two kept notices of one time: a newer one settles it.
    fn forget_tie(&mut self, number: u32) {
        self.notice(number, Clearance::Released, false, Some(0));
    }

    fn decide(&mut self, place: usize, read: bool) {
        let entry = &mut self.entries[place];
        let (sorter, before) = (entry.item.sorter, entry.item.held);
        let codes = if read { vec![s10(entry.number)] } else { vec![] };
        let orders = entry.item.orders.clone();
        let decision = self.hall.decide(&mut entry.item, &codes);
        assert_eq!(decision.plan.get(), self.version, "each decision is by the plan in force");
        let held = entry.item.held;
        if held.claim.is_some() && before.claim.is_none() {
            let page = &mut self.pages[entry.number as usize];
            let gone = page.rests.is_some_and(|(_, outlet)| outlet.leads_out && outlet.name != "OVER");
            assert!(!gone || page.recalled, "what is gone is not claimed");
            (page.rests, page.recalled) = (None, false);
        }
        if held.chute == before.chute {
            return;
        }
        for chute in orders {
            self.spots.get_mut(&(sorter, chute.get())).expect("it is there").orders -= 1;
        }
        let Some(chute) = held.chute else { return };
        let at = self.hall.now();
        let departure = self.hall.departure_at(sorter, chute);
        let spot = self.spots.get_mut(&(sorter, chute.get())).expect("it is there");
        let wanted = said(self.plan, chute.get());
        if spot.serving != wanted {
            let free = spot.orders == 0 && spot.entries.is_empty();
            assert!(free, "{chute} is ordered for {} before it is drained and changed", wanted.name);
            spot.serving = wanted;
        }
        assert!(spot.present && spot.plated && !spot.closed && !spot.full, "{chute} takes orders");
        let timetable = self.hall.engine.timetable();
        let lane = departure.and_then(|departure| timetable.lane_name(departure.lane).map(str::to_owned));
        assert_eq!(lane.as_deref(), wanted.lane, "{chute}");
        assert!(departure.is_none_or(|departure| departure.cut_off > at), "{chute} is open for orders");
        let sorted = held.reason.class() == ReasonClass::Sorted;
        assert!(sorted || !wanted.leads_out, "{}: {chute}", held.reason);
        spot.orders += 1;
        entry.ordered = Some(wanted);
    }

    fn commit(&mut self, place: usize) {
        let entry = &self.entries[place];
        let done = self.hall.commit(&entry.item) == Commit::Done;
        let (Some(chute), Some(outlet)) = (entry.item.held.chute, entry.ordered) else { return };
        if !done {
            return;
        }
        let at = self.hall.now();
        let spot = &self.spots[&(entry.item.sorter, chute.get())];
        assert!(spot.present && spot.plated && !spot.closed && !spot.full, "{chute} takes commits");
        let departure = self.hall.departure_at(entry.item.sorter, chute);
        assert!(departure.is_none_or(|departure| departure.cut_off > at), "{chute} is open for commits");
        if outlet.leads_out {
            assert!(entry.item.held.claim.is_some(), "nothing unknown leaves");
            let page = &self.pages[entry.number as usize];
            let connection = departure.map(|departure| departure.connection);
            assert!(is_free(page, outlet, connection), "{} to {chute} of {}", page.status, outlet.name);
        }
    }

    pub(crate) fn end(&mut self, place: usize, fate: Fate) {
        let Entry { item, number, ordered } = self.entries.remove(place);
        let sorter = item.sorter;
        self.ended[sorter] += 1;
        for chute in &item.orders {
            self.spots.get_mut(&(sorter, chute.get())).expect("it is there").orders -= 1;
        }
        let (id, claim) = (item.id, item.held.claim);
        self.hall.end(item, fate);
        let mut life = match fate {
            Fate::Left => Life::Recirculating,
            Fate::Forgotten => Life::Unknown,
            _ => Life::Lost,
        };
        if let Fate::Discharged(chute) = fate {
            let outlet = ordered.expect("only what was ordered is discharged");
            let departure = self.hall.departure_at(sorter, chute);
            let spot = self.spots.get_mut(&(sorter, chute.get())).expect("it is there");
            let parcel = claim.map(|claim| claim.parcel);
            spot.entries.push(ManifestEntry { parcel, item: id, weight: WEIGHT });
            if spot.plated {
                spot.bound.get_or_insert(departure.map(|departure| departure.id));
            }
            assert_eq!(spot.serving.name, outlet.name, "{chute} serves what was ordered to it");
            let timetable = self.hall.engine.timetable();
            let lane = departure.and_then(|departure| timetable.lane_name(departure.lane));
            if spot.plated {
                assert_eq!(lane, outlet.lane, "{chute} keeps the lane of what slides into it");
            }
            let page = &mut self.pages[number as usize];
            life = match outlet.name {
                "HOLD" => Life::Held,
                "EXC" | "OVER" | "NOREAD" => Life::Exception,
                _ => Life::Discharged,
            };
            if claim.is_some() {
                page.rests = Some((spot.id, outlet));
                let free = is_free(page, outlet, departure.map(|departure| departure.connection));
                page.recalled = outlet.leads_out && !free;
                page.open_recall |= page.recalled;
                life = if page.recalled { Life::Recalled } else { life };
            }
        }
        if claim.is_some() {
            assert_eq!(self.hall.state(number).life(), life, "parcel {number}");
        }
    }

    fn report(&mut self, sorter: usize, chute: u16, report: sorter_core::chute::ChuteReport) {
        self.hall.report(sorter, ChuteId::new(chute), report);
        let spot = self.spots.get_mut(&(sorter, chute)).expect("it is there");
        let put = report.container && !spot.present;
        spot.closed |= spot.present && !report.container;
        (spot.present, spot.full) = (report.container, report.full);
        if put {
            self.sealed(sorter, chute);
        }
    }

    /// Another container stands at a chute: the manifest of the one before is the list of the book.
    fn sealed(&mut self, sorter: usize, chute: u16) {
        let [manifest] =
            self.hall.workers[sorter].take_manifests().try_into().expect("one container was taken");
        let spot = self.spots.get_mut(&(sorter, chute)).expect("it is there");
        assert_eq!((manifest.container, manifest.chute.get()), (spot.id, chute));
        assert_eq!(manifest.entries, spot.entries);
        assert_eq!(manifest.weight_total.get() as usize, spot.entries.len() * WEIGHT.get() as usize);
        manifest.verify().expect("it agrees with itself");
        if let Some(bound) = spot.bound {
            assert_eq!(manifest.departure, bound, "what is in it leaves with what it was put there for");
        }
        let (id, _) = self.hall.workers[sorter].container_at(ChuteId::new(chute)).expect("the next one");
        (spot.id, spot.plated, spot.closed, spot.bound) = (id, false, false, None);
        spot.entries.clear();
    }

    fn scan_plate(&mut self, sorter: usize, chute: u16) {
        let place = ChuteId::new(chute);
        let opened = self.hall.scan_plate(sorter, place);
        let spot = self.spots.get_mut(&(sorter, chute)).expect("it is there");
        let wanted = said(self.plan, chute);
        if !spot.present {
            assert_eq!(opened, Err(ContainerError::NoContainer(place)));
        } else if spot.plated {
            assert!(matches!(opened, Err(ContainerError::AlreadyOpen { .. })), "{opened:?}");
        } else if spot.serving != wanted && !(spot.orders == 0 && spot.entries.is_empty()) {
            assert!(matches!(opened, Err(ContainerError::Draining { .. })), "{opened:?}");
        } else {
            assert_eq!(opened, Ok(spot.id));
            (spot.plated, spot.serving) = (true, wanted);
        }
    }

    /// What holds after every step.
    pub(crate) fn check(&self) {
        assert_eq!(self.hall.deviations(), 0);
        let orders: usize = self.entries.iter().map(|entry| entry.item.orders.len()).sum();
        assert_eq!(self.hall.reserved() as usize, orders, "a place is reserved for each order");
        for sorter in 0..SORTERS {
            let on_belt = self.entered[sorter] - self.ended[sorter];
            assert_eq!(self.hall.workers[sorter].balance().on_belt(), Some(on_belt));
        }
        let (recalls, to_see_to) = (self.hall.engine.recalls(), self.hall.engine.open_recalls());
        for (number, page) in (0..).zip(&self.pages).filter(|(_, page)| page.announced) {
            let (id, word) = (self.id(number), self.hall.state(number));
            assert_eq!((word.clearance(), self.hall.engine.onward(id)), (page.status, page.onward));
            let holders =
                self.entries.iter().filter(|entry| entry.number == number && entry.item.held.claim.is_some());
            let holders = holders.count();
            assert!(holders <= 1, "parcel {number} has {holders} claims");
            assert_eq!(word.life().is_live_claim(), holders == 1, "parcel {number}: {word:?}");
            let container = page.rests.map(|(container, _)| container);
            assert_eq!(self.hall.engine.container_of(id), container, "parcel {number}");
            assert_eq!(word.life() == Life::Recalled, page.recalled, "parcel {number}: {word:?}");
            let open = recalls.iter().find(|recall| recall.parcel == id && recall.withdrawn.is_none());
            assert_eq!(open.is_some(), page.open_recall, "parcel {number}: {recalls:?}");
            let to_see_to = to_see_to.iter().any(|recall| recall.parcel == id);
            assert_eq!(to_see_to, page.recalled && page.open_recall, "parcel {number}: {recalls:?}");
            if page.recalled {
                assert_eq!(
                    open.and_then(|recall| recall.container),
                    container,
                    "parcel {number}: {recalls:?}"
                );
            }
        }
    }

    /// Ends what is left on the belts and gives the digests of the workers.
    pub(crate) fn finish(mut self) -> Vec<u64> {
        while !self.entries.is_empty() {
            self.end(0, Fate::Left);
            self.check();
        }
        assert_eq!(self.hall.reserved(), 0);
        self.hall.workers.iter().map(sorter_core::engine::Worker::digest).collect()
    }
}

/// Whether a parcel may leave from an outlet, in a container of this connection.
fn is_free(page: &Page, outlet: Outlet, connection: Option<ConnectionId>) -> bool {
    match page.status {
        Clearance::Released | Clearance::NotSubject => true,
        Clearance::Transit => outlet.bonded && page.onward.is_some() && page.onward == connection,
        _ => false,
    }
}
