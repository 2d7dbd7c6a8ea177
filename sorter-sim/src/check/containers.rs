//! The checker of containers, departures and changeover of one hub.
//!
//! It knows the plant, the texts of the plans and of the schedule, and what crosses the border: events, PLANT
//! images, scan records, orders, notes of decisions and commits, scanned plates and manifests. What stands at
//! each chute, what it is for and what it may take follows from that by rules of its own:
//!
//! 1. At the start a container without a plate stands at each chute. Another one stands there from the CHUTE
//!    event on whose image shows a container where the image before showed none. Whatever is reported as
//!    discharged between two such events is the event log of one container, and its manifest must say the same.
//! 2. A chute serves what it serves in one version of the plan, at first in the first. It takes over the version
//!    in force as soon as no order to it is in force and the container there has an empty event log; where both
//!    versions give it the same to serve there is nothing to take over. Until then it drains: an order that a
//!    version decided for which the chute serves something else is a violation.
//! 3. A container takes orders from the scan of its plate on, as long as the image shows it and nobody closed it
//!    by hand. It leaves with the departure of the lane of its chute whose cut-off is the next after that scan.
//! 4. A container with a plate that is empty, and to which no order is in force, may be given another purpose
//!    without another scan, since nobody can tell it from a new one: when its chute takes over another version,
//!    and when its cut-off comes. It then leaves with the departure of the lane that is the next at that moment.
//!    Since rules 2 and 4 ask for the same, an order that comes to an empty container always finds the plan and
//!    the departure that are in force by then, unless an earlier order is still on its way there.
//! 5. Nothing is ordered or committed into a container at its cut-off or later; what was committed before may
//!    slide in later, but not after the departure has left.
//!
//! An order counts as of its decision. The controller may take the events of one poll in before or after it
//! decides, so a chute that is shut by an event still counts as open in the poll of that event. A commit gets no
//! such grace.
//!
//! Containers, departures and manifests count as [`Condition::Departure`], what a chute serves as
//! [`Condition::Plan`].

mod border;
mod physical;
mod rules;
mod sealed;
mod spot;

use std::collections::{BTreeMap, BTreeSet};

use sorter_core::ids::{ChuteId, ItemId, ParcelId, SorterId};
use sorter_core::units::Micros;
use sorter_plc::contract::ChuteBits;

use super::timetable::{Leaving, ScheduleOracle};
use super::{Condition, Findings, RouteOracle};
use border::{Item, Live};
pub use physical::{Heading, Slide};
use rules::Rules;
use sealed::Whereabouts;
pub use sealed::{Listed, VehicleLoad};
use spot::Spot;

/// One sorter as its border shows it.
struct SorterView {
    spots: Vec<Spot>,
    /// The container bits of the last image.
    bits: ChuteBits,
    /// What is on the belt.
    items: BTreeMap<ItemId, Item>,
    /// The orders in force, in the order in which they were given.
    live: Vec<Live>,
    /// The earliest cut-off of a container here that has not been looked at.
    next_cut_off: Option<Micros>,
}

/// Checks containers, departures and changeover of one hub.
pub struct ContainerChecker<'a> {
    rules: Rules<'a>,
    sorters: Vec<SorterView>,
    /// Each plate that may not be used again yet.
    plates: BTreeMap<Box<str>, Whereabouts>,
    /// Rows and weeks that have left.
    departed: BTreeSet<(u16, u16)>,
    /// The last discharge of each parcel by the manifests, by its number.
    listed: Vec<Option<Listed>>,
    /// Discharges in the event logs.
    discharges: u64,
    /// Entries of all manifests.
    entries: u64,
}

impl<'a> ContainerChecker<'a> {
    /// A checker of a hub with so many sorters of so many chutes each. `oracles` are the plans that will be
    /// published, all read for the same postcodes.
    ///
    /// # Panics
    /// Without an oracle. Like every method that takes a sorter and a chute, later when the hub has no such.
    pub fn new(
        sorters: usize,
        chutes: usize,
        oracles: &'a [RouteOracle],
        schedule: &'a ScheduleOracle,
    ) -> Self {
        assert!(!oracles.is_empty(), "a hub has a plan");
        let mut bits = ChuteBits::default();
        for chute in (0..).map(ChuteId::new).take(chutes) {
            bits.set(chute, true);
        }
        let sorter = || SorterView {
            spots: (0..chutes).map(|_| Spot::default()).collect(),
            bits,
            items: BTreeMap::new(),
            live: Vec::new(),
            next_cut_off: None,
        };
        Self {
            rules: Rules::new(chutes, oracles, schedule),
            sorters: (0..sorters).map(|_| sorter()).collect(),
            plates: BTreeMap::new(),
            departed: BTreeSet::new(),
            listed: Vec::new(),
            discharges: 0,
            entries: 0,
        }
    }

    /// A plan version is in force from now on; it is that of the oracle with this index.
    ///
    /// # Panics
    /// When there is no such oracle.
    pub fn plan_published(&mut self, version: u32, oracle: usize, at: Micros) {
        self.rules.publish(version, oracle);
        for sorter in 0..self.sorters.len() {
            self.settle_all(sorter, at);
        }
    }

    /// A person scanned a plate at a chute, and the controller accepted it or not. The plate is in its
    /// canonical spelling, as in manifests.
    pub fn plate_scanned(
        &mut self,
        findings: &mut Findings,
        sorter: SorterId,
        chute: ChuteId,
        plate: &str,
        at: Micros,
        accepted: bool,
    ) {
        self.attend(sorter, at);
        let view = &mut self.sorters[sorter.index()];
        let spot = &mut view.spots[chute.index()];
        spot.settle(&self.rules, chute, at);
        let refusal = if !spot.in_place {
            Some((Condition::Departure, "the last image shows no container there".to_owned()))
        } else if let Some(known) = &spot.standing.plate {
            Some((Condition::Departure, format!("the container there is {known} already")))
        } else if !self.rules.is_current(spot.serving, chute) {
            let rest = (spot.live, spot.standing.log.len());
            Some((Condition::Plan, format!("it drains: {} ordered, {} in the container", rest.0, rest.1)))
        } else {
            let other = self.plates.get(plate);
            other.map(|other| (Condition::Departure, format!("that container is {other}")))
        };
        let condition = refusal.as_ref().map_or(Condition::Departure, |(condition, _)| *condition);
        if findings.check(condition, accepted == refusal.is_none()) {
            findings.tell(condition, at, sorter, || match refusal {
                Some((_, why)) => format!("plate {plate} is accepted at {chute}, and {why}"),
                None => format!("plate {plate} is refused at {chute}, and nothing is in its way"),
            });
        }
        if accepted {
            spot.standing.plate = Some(plate.into());
            spot.standing.departure = self.rules.next(spot.serving, chute, at);
            self.plates.insert(plate.into(), Whereabouts::AtChute(sorter, chute));
            view.look_again();
        }
    }

    /// A person closed the container at a chute, and the controller agreed: it takes no more orders.
    pub fn closed_by_hand(&mut self, sorter: SorterId, chute: ChuteId, at: Micros) {
        self.attend(sorter, at);
        self.sorters[sorter.index()].spots[chute.index()].shut(at, |spot| spot.closed_by_hand = true);
    }

    /// The departure of the container that stands at a chute.
    pub fn departure_of(&self, sorter: SorterId, chute: ChuteId) -> Option<Leaving> {
        self.spot(sorter, chute).standing.departure
    }

    /// The connection with which the container at a chute leaves, as the number of its leaving row.
    pub fn connection_of(&self, sorter: SorterId, chute: ChuteId) -> Option<u16> {
        self.departure_of(sorter, chute).map(|leaving| leaving.row)
    }

    /// The plan that tells what a chute serves now, be it that a later one is in force.
    pub fn routes_of(&self, sorter: SorterId, chute: ChuteId) -> &'a RouteOracle {
        self.rules.oracle(self.spot(sorter, chute).serving)
    }

    /// The plan that is in force.
    pub fn routes_in_force(&self) -> &'a RouteOracle {
        self.rules.oracle(self.rules.in_force())
    }

    /// The schedule.
    pub fn schedule(&self) -> &'a ScheduleOracle {
        self.rules.schedule
    }

    /// Whether an order to a chute would find an open container before its cut-off; whatever the chute serves.
    pub fn takes_orders(&self, sorter: SorterId, chute: ChuteId, at: Micros) -> bool {
        self.spot(sorter, chute).obstacle(at, None).is_none()
    }

    /// Whether a container stands at a chute by the last image, open or not.
    pub fn has_container(&self, sorter: SorterId, chute: ChuteId) -> bool {
        self.spot(sorter, chute).in_place
    }

    /// Whether a chute serves something else than the plan in force wants.
    pub fn is_draining(&self, sorter: SorterId, chute: ChuteId) -> bool {
        !self.rules.is_current(self.spot(sorter, chute).serving, chute)
    }

    /// The chutes of each sorter.
    pub fn chutes(&self) -> impl DoubleEndedIterator<Item = ChuteId> + 'static {
        let count = self.sorters.first().map_or(0, |view| view.spots.len());
        (0..u16::try_from(count).expect("a sorter has 512 chutes")).map(ChuteId::new)
    }

    /// The last discharge of a parcel by the manifests, by its number in the ledger.
    pub fn listed(&self, parcel: ParcelId) -> Option<Listed> {
        self.listed.get(parcel.index()).copied().flatten()
    }

    fn spot(&self, sorter: SorterId, chute: ChuteId) -> &Spot {
        &self.sorters[sorter.index()].spots[chute.index()]
    }

    /// Gives what is empty and has passed its cut-off to the next departure.
    fn attend(&mut self, sorter: SorterId, at: Micros) {
        if self.sorters[sorter.index()].next_cut_off.is_some_and(|cut_off| at >= cut_off) {
            self.settle_all(sorter.index(), at);
        }
    }

    fn settle_all(&mut self, sorter: usize, at: Micros) {
        let view = &mut self.sorters[sorter];
        for (chute, spot) in (0..).map(ChuteId::new).zip(&mut view.spots) {
            spot.settle(&self.rules, chute, at);
        }
        let ahead = view.spots.iter().filter_map(|spot| spot.standing.departure).map(|next| next.cut_off);
        view.next_cut_off = ahead.filter(|cut_off| *cut_off > at).min();
    }
}

impl SorterView {
    /// Some container got another departure, so the next call looks at all cut-offs.
    fn look_again(&mut self) {
        self.next_cut_off = Some(Micros::ZERO);
    }
}

#[cfg(test)]
mod tests;
