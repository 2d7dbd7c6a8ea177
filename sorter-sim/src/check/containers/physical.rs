//! What really lies in the containers.

use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::units::Micros;

use super::ContainerChecker;
use crate::check::{Condition, Findings};

/// Where a label wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading<'a> {
    /// To a postcode, by its index.
    Postcode(u32),
    /// With a booked connection, by the lane of that.
    Lane(&'a str),
}

/// A body slid into a chute.
#[derive(Clone, Copy, Debug)]
pub struct Slide<'a> {
    /// The sorter.
    pub sorter: SorterId,
    /// The chute.
    pub chute: ChuteId,
    /// When.
    pub at: Micros,
    /// The parcel.
    pub parcel: u32,
    /// The item number that the body has.
    pub item: Option<ItemId>,
    /// Whether its own order brought it there.
    pub own_order: bool,
    /// Whether it or its neighbours were mixed up by the PLC, so that the events may tell of another body.
    pub disturbed: bool,
    /// Where its label wants to go; `None` without a label that is announced.
    pub heading: Option<Heading<'a>>,
}

impl ContainerChecker<'_> {
    /// A body slid into a chute. To be called in the order of the plant, before the events of the same scan.
    pub fn slid(&mut self, findings: &mut Findings, slide: &Slide<'_>) {
        let Slide { sorter, chute, at, .. } = *slide;
        let view = &mut self.sorters[sorter.index()];
        let order = slide.item.and_then(|item| view.version_of(item, chute)).filter(|_| slide.own_order);
        let spot = &mut view.spots[chute.index()];
        spot.bodies.count += 1;
        // What slides in without an order in force is told by no event, or by that of another item.
        spot.bodies.disturbed |= slide.disturbed || order.is_none();
        let Some(version) = order else { return };
        spot.unreported.extend(slide.item);
        let departed = spot.standing.departure.filter(|departure| at >= departure.departs);
        if findings.check(Condition::Departure, departed.is_none()) {
            findings.tell(Condition::Departure, at, sorter, || {
                let departs = departed.map(|departure| departure.departs).unwrap_or_default();
                format!("parcel {} slid into {chute}, whose container left at {departs}", slide.parcel)
            });
        }
        let Some(heading) = slide.heading else { return };
        let oracle = self.rules.oracle(version);
        if !oracle.serves_destinations(chute) {
            return;
        }
        let allowed = match heading {
            Heading::Postcode(postcode) => oracle.route(postcode).is_some_and(|route| route.allows(chute)),
            Heading::Lane(lane) => {
                self.rules.route_of_lane(version, lane).is_some_and(|route| route.allows(chute))
            }
        };
        let right = allowed && self.rules.is_same(version, spot.serving, chute);
        if findings.check(Condition::Plan, right) {
            findings.tell(Condition::Plan, at, sorter, || {
                let numbers = (self.rules.number(version), self.rules.number(spot.serving));
                format!(
                    "parcel {} for {heading:?}, ordered by plan {}, slid into {chute}, which serves plan {}",
                    slide.parcel, numbers.0, numbers.1
                )
            });
        }
    }

    /// A PLC was switched off. Gives the items that slid in and whose events nobody will ever see; what really lies
    /// in their containers is compared with nothing.
    pub fn plc_killed(&mut self, sorter: SorterId) -> Vec<ItemId> {
        let mut untold = Vec::new();
        for spot in &mut self.sorters[sorter.index()].spots {
            if !spot.unreported.is_empty() {
                spot.bodies.disturbed = true;
                spot.taken.iter_mut().for_each(|bodies| bodies.disturbed = true);
                untold.append(&mut spot.unreported);
            }
        }
        untold
    }

    /// A person took the container of a chute away and put another one there. `content` is what lies in it.
    /// To be called in the order of the plant, as [`ContainerChecker::slid`].
    pub fn container_closed(
        &mut self,
        findings: &mut Findings,
        sorter: SorterId,
        chute: ChuteId,
        at: Micros,
        content: u32,
    ) {
        let spot = &mut self.sorters[sorter.index()].spots[chute.index()];
        let bodies = std::mem::take(&mut spot.bodies);
        spot.taken.push_back(bodies);
        if findings.check(Condition::Departure, bodies.count == content) {
            findings.tell(Condition::Departure, at, sorter, || {
                format!("the container of {chute} holds {content} bodies, and {} slid in", bodies.count)
            });
        }
    }
}
