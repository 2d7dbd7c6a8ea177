//! What crosses the border: events, images, scan records, decisions, orders and commits.

use sorter_core::ids::{ChuteId, ItemId, ParcelId, SorterId};
use sorter_core::units::{Grams, Micros};
use sorter_plc::contract::{Event, EventRecord, Order, OrderOp, PlantImage, Seq};
use sorter_plc::controller::DecisionNote;

use super::rules::{Rules, Version};
use super::sealed::Whereabouts;
use super::spot::{Entry, Sealed};
use super::{ContainerChecker, SorterView};
use crate::check::{Condition, Findings};

/// What is known about an item on the belt.
#[derive(Clone, Copy, Default)]
pub(super) struct Item {
    weight: Grams,
    weighed_late: bool,
    /// The parcel that a decision last named.
    parcel: Option<ParcelId>,
    decided: Option<Decided>,
}

/// The last decision about an item.
#[derive(Clone, Copy)]
struct Decided {
    at: Micros,
    chute: Option<ChuteId>,
    version: Version,
}

/// An order in force.
#[derive(Clone, Copy)]
pub(super) struct Live {
    seq: Seq,
    pub(super) item: ItemId,
    pub(super) chute: ChuteId,
    /// The version that decided it.
    pub(super) version: Version,
}

impl ContainerChecker<'_> {
    /// What one scan of the PLC reported: its events in their order, and the image where it was read. To be
    /// called before the controller is polled on them.
    pub fn poll(&mut self, sorter: SorterId, events: &[EventRecord], image: Option<&PlantImage>, at: Micros) {
        self.attend(sorter, at);
        for record in events {
            match record.event {
                Event::Chute { chute } => {
                    if let Some(image) = image {
                        self.observe(sorter, chute, image.container.get(chute), at);
                    }
                }
                _ => self.item_event(sorter, record, at),
            }
        }
        if let Some(image) = image.filter(|image| image.container != self.sorters[sorter.index()].bits) {
            for chute in self.chutes() {
                self.observe(sorter, chute, image.container.get(chute), at);
            }
            self.sorters[sorter.index()].bits = image.container;
        }
    }

    /// A scan record with what the scale measured. To be called between [`ContainerChecker::poll`] and the poll
    /// of the controller that gets the record.
    pub fn weighed(&mut self, sorter: SorterId, item: ItemId, weight: Grams) {
        let item = self.sorters[sorter.index()].items.entry(item).or_default();
        (item.weight, item.weighed_late) = (weight, item.decided.is_some());
    }

    /// A decision was taken.
    pub fn decided(&mut self, sorter: SorterId, note: &DecisionNote) {
        let version = self.rules.version(note.plan);
        let item = self.sorters[sorter.index()].items.entry(note.item).or_default();
        item.parcel = note.parcel.or(item.parcel);
        item.decided = Some(Decided { at: note.at, chute: note.chute, version });
    }

    /// An order crossed the border to the PLC.
    pub fn ordered(&mut self, findings: &mut Findings, sorter: SorterId, at: Micros, order: &Order) {
        let OrderOp::Divert { chute } = order.op else { return };
        let rules = &self.rules;
        let view = &mut self.sorters[sorter.index()];
        let decided = view.items.get(&order.item).and_then(|item| item.decided);
        let asked = decided.filter(|decided| decided.chute == Some(chute)).map_or(at, |decided| decided.at);
        let version = decided.map_or(rules.in_force(), |decided| decided.version);
        let Some(spot) = view.spots.get_mut(chute.index()) else {
            findings.check(Condition::Departure, false);
            findings
                .tell(Condition::Departure, at, sorter, || format!("{} to no chute: {chute}", order.item));
            return;
        };
        let obstacle = spot.obstacle(asked, Some(asked));
        if findings.check(Condition::Departure, obstacle.is_none()) {
            let why = obstacle.unwrap_or_default();
            findings.tell(Condition::Departure, at, sorter, || {
                format!("{} is ordered to {chute}, and {why}", order.item)
            });
        }
        let serving = spot.serving;
        spot.live += 1;
        view.live.push(Live { seq: order.seq, item: order.item, chute, version });
        if findings.check(Condition::Plan, rules.is_same(version, serving, chute)) {
            findings.tell(Condition::Plan, at, sorter, || {
                let numbers = (rules.number(version), rules.number(serving));
                format!(
                    "{} is ordered to {chute} by plan {}, and the chute still serves plan {}",
                    order.item, numbers.0, numbers.1
                )
            });
        }
    }

    /// The note of a commit: the order of an item to a chute can no longer be taken back.
    pub fn committed(
        &mut self,
        findings: &mut Findings,
        sorter: SorterId,
        item: ItemId,
        chute: ChuteId,
        at: Micros,
    ) {
        let rules = &self.rules;
        let view = &self.sorters[sorter.index()];
        let decided = view.items.get(&item).and_then(|item| item.decided);
        let version = view.version_of(item, chute).or(decided.map(|decided| decided.version));
        let version = version.unwrap_or_else(|| rules.in_force());
        let spot = &view.spots[chute.index()];
        let obstacle = spot.obstacle(at, None);
        if findings.check(Condition::Departure, obstacle.is_none()) {
            let why = obstacle.unwrap_or_default();
            findings.tell(Condition::Departure, at, sorter, || {
                format!("{item} is committed to {chute}, and {why}")
            });
        }
        if findings.check(Condition::Plan, rules.is_same(version, spot.serving, chute)) {
            findings.tell(Condition::Plan, at, sorter, || {
                let numbers = (rules.number(version), rules.number(spot.serving));
                format!(
                    "{item} is committed to {chute} by plan {}, and the chute serves plan {}",
                    numbers.0, numbers.1
                )
            });
        }
    }

    fn item_event(&mut self, sorter: SorterId, record: &EventRecord, at: Micros) {
        let rules = &self.rules;
        let view = &mut self.sorters[sorter.index()];
        let item = record.item;
        match record.event {
            Event::Inducted { .. } | Event::Unexpected { .. } => {
                view.items.insert(item, Item::default());
            }
            Event::Discharged { verified, chute } => {
                // It is in the container before its order ends: what was empty is not empty any more.
                view.put(self.discharges, item, chute, verified);
                self.discharges += 1;
                view.end_all(rules, item, at);
            }
            Event::Left { .. } | Event::Lost { .. } => {
                view.items.remove(&item);
                view.end_all(rules, item, at);
            }
            Event::Missed { chute, .. } => {
                view.missed(item, chute);
                view.end(rules, at, |live| live.item == item && live.chute == chute);
            }
            Event::Refused { order, .. } | Event::Ended { order, .. } => {
                view.end(rules, at, |live| live.item == item && live.seq == order);
            }
            _ => {}
        }
    }

    /// A person said that the container of a chute is taken away and another one stands there, which no image
    /// shows.
    pub fn swapped_by_hand(&mut self, sorter: SorterId, chute: ChuteId, at: Micros) {
        self.attend(sorter, at);
        self.observe(sorter, chute, false, at);
        self.observe(sorter, chute, true, at);
    }

    /// Takes in the container bit of one chute.
    fn observe(&mut self, sorter: SorterId, chute: ChuteId, in_place: bool, at: Micros) {
        let view = &mut self.sorters[sorter.index()];
        let Some(spot) = view.spots.get_mut(chute.index()) else { return };
        if spot.in_place == in_place {
            return;
        }
        spot.shut(at, |spot| spot.in_place = in_place);
        if !in_place {
            return;
        }
        let container = std::mem::take(&mut spot.standing);
        spot.closed_by_hand = false;
        // What stood at its chute until its departure left goes with the next one.
        let bonded = self.rules.oracle(spot.serving).is_bonded(chute);
        let mut departure = container.departure;
        while let Some(left) = departure.filter(|bound| at >= bound.departs) {
            departure = self.rules.departure_after(left, bonded);
        }
        if let Some(plate) = &container.plate {
            let whereabouts = Whereabouts::InYard {
                lane: self.rules.oracle(spot.serving).lane(chute).map(Into::into),
                departure,
                bonded,
                listed: None,
            };
            self.plates.insert(plate.clone(), whereabouts);
        }
        spot.sealed.push_back(Sealed { container, departure });
        spot.settle(&self.rules, chute, at);
    }
}

impl SorterView {
    /// Writes a discharge into the event log of the container that stands there.
    fn put(&mut self, number: u64, item: ItemId, chute: ChuteId, verified: bool) {
        let known = self.items.remove(&item).unwrap_or_default();
        let Some(spot) = self.spots.get_mut(chute.index()) else { return };
        let Item { weight, weighed_late, parcel, .. } = known;
        spot.standing.log.push(Entry { number, item, parcel, weight, weighed_late });
        spot.is_blind |= !verified;
        spot.unreported.retain(|unreported| *unreported != item);
    }

    /// The PLC says that an item is still on the belt. Where it is not, nobody will tell of it.
    fn missed(&mut self, item: ItemId, chute: ChuteId) {
        let Some(spot) = self.spots.get_mut(chute.index()) else { return };
        if spot.unreported.contains(&item) {
            spot.unreported.retain(|unreported| *unreported != item);
            spot.bodies.disturbed = true;
            spot.taken.iter_mut().for_each(|taken| taken.disturbed = true);
        }
    }

    /// The version that decided the last order in force of an item to a chute.
    pub(super) fn version_of(&self, item: ItemId, chute: ChuteId) -> Option<Version> {
        let live = self.live.iter().rev().find(|live| live.item == item && live.chute == chute);
        live.map(|live| live.version)
    }

    /// Ends the last order that fits.
    fn end(&mut self, rules: &Rules<'_>, at: Micros, which: impl Fn(&Live) -> bool) -> bool {
        let Some(place) = self.live.iter().rposition(which) else { return false };
        let chute = self.live.remove(place).chute;
        let spot = &mut self.spots[chute.index()];
        spot.live -= 1;
        if spot.settle(rules, chute, at) {
            self.look_again();
        }
        true
    }

    fn end_all(&mut self, rules: &Rules<'_>, item: ItemId, at: Micros) {
        while self.end(rules, at, |live| live.item == item) {}
    }
}
