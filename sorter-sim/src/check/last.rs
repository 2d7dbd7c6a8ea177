//! The books of a sorter, and the last comparison: where every parcel is against what the ledger says.

use sorter_core::balance::Balance;
use sorter_core::ids::{ContainerId, ParcelId, SorterId};
use sorter_core::units::Micros;
use sorter_plc::contract::PlantImage;

use super::{Checker, Condition, Place, Reading, RouteOracle};
use crate::load::Announced;

/// What one party counted at one sorter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SorterBooks {
    /// Items that entered at an induction.
    pub inducted: u64,
    /// Items that turned up without one.
    pub unexpected: u64,
    /// Items that were on the belt when the host came to it; the PLC has none.
    pub found: u64,
    /// Items that ended in a chute.
    pub discharged: u64,
    /// Items that left at the end.
    pub left: u64,
    /// Items that tracking lost.
    pub lost: u64,
    /// Items whose end the host does not know; the PLC has none.
    pub unknown: u64,
}

impl SorterBooks {
    /// The books of the PLC.
    pub fn of_image(image: &PlantImage) -> Self {
        Self {
            inducted: image.inducted.into(),
            unexpected: image.unexpected.into(),
            discharged: u64::from(image.discharged_verified) + u64::from(image.discharged_unverified),
            left: image.left.into(),
            lost: image.lost.into(),
            ..Self::default()
        }
    }

    /// The books of the host.
    pub fn of_balance(balance: &Balance) -> Self {
        Self {
            inducted: balance.inducted,
            unexpected: balance.unexpected,
            found: balance.found,
            discharged: balance.discharged,
            left: balance.left,
            lost: balance.lost,
            unknown: balance.unknown,
        }
    }

    /// Both books together.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            inducted: self.inducted + other.inducted,
            unexpected: self.unexpected + other.unexpected,
            discharged: self.discharged + other.discharged,
            left: self.left + other.left,
            lost: self.lost + other.lost,
            found: self.found + other.found,
            unknown: self.unknown + other.unknown,
        }
    }

    /// What was counted since these books.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            inducted: self.inducted - before.inducted,
            unexpected: self.unexpected - before.unexpected,
            discharged: self.discharged - before.discharged,
            left: self.left - before.left,
            lost: self.lost - before.lost,
            found: self.found - before.found,
            unknown: self.unknown - before.unknown,
        }
    }

    pub(super) fn entered(&self) -> u64 {
        self.inducted + self.unexpected + self.found
    }

    pub(super) fn ended(&self) -> u64 {
        self.discharged + self.left + self.lost + self.unknown
    }
}

/// What the ledger says about a parcel at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LedgerFate {
    /// It was never seen.
    Expected,
    /// In an outbound chute.
    Discharged,
    /// In an outbound chute, and customs want it back.
    Recalled,
    /// In a hold chute.
    Held,
    /// In an exception, no-read or overflow chute.
    Exception,
    /// Off the end and not back.
    Recirculating,
    /// Lost by tracking.
    Lost,
    /// On a belt, which nothing may be at the end.
    OnBelt,
    /// Not in the ledger.
    Absent,
}

/// What the ledger and the list of recalls say about a label at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelEnd {
    /// Where it is.
    pub fate: LedgerFate,
    /// Its number in the ledger.
    pub parcel: Option<ParcelId>,
    /// The container that the open recall names, if there is one and it names one.
    pub recall: Option<Option<ContainerId>>,
}

impl Checker<'_> {
    /// The belts are empty: nothing may be left on them, in the books of anybody, and no place reserved.
    ///
    /// `faults` are facts that the host could not fit into its books; there must be none either.
    pub fn sorter_empty(&mut self, sorter: SorterId, at: Micros, items: usize, reserved: u32, faults: u64) {
        let live = self.sorters[sorter.index()].live_orders();
        if self.findings.check(Condition::Accounting, items == 0 && reserved == 0 && live == 0 && faults == 0)
        {
            self.findings.tell(Condition::Accounting, at, sorter, || {
                format!(
                    "{items} items, {reserved} reservations and {live} orders are left on an empty belt, \
                     {faults} facts fit nowhere"
                )
            });
        }
    }

    /// The inductions stand closed at the end of the run: what has not come to its end waits before them.
    pub fn induction_stays_closed(&mut self) {
        self.induction_closed = true;
    }

    /// Compares the place of every parcel with the state of its label in the ledger.
    ///
    /// A parcel without announcement, or with a label that was not read right, has no state of its own; one
    /// that was caught by the divert of another has a wrong one, and was counted as a missort.
    ///
    /// A parcel that rests in a chute by the ledger must be listed by the last manifest that names it as one of
    /// the container that stood there, and a recall must name that container.
    pub fn compare(&mut self, at: Micros, end_of_label: impl Fn(u32) -> LabelEnd) {
        for parcel in 0..self.truth.places().len() {
            let parcel = u32::try_from(parcel).expect("labels are numbered by u32");
            let place = self.truth.places()[parcel as usize];
            let waits = self.induction_closed && matches!(place, Place::Outside | Place::ReturnLine(_));
            let ended = matches!(place, Place::Chute(..) | Place::Floor) || waits;
            let end = end_of_label(parcel);
            let fate = end.fate;
            let agrees = self.agrees(parcel, place, end);
            if self.findings.check(Condition::Accounting, ended && agrees) {
                self.findings.tell(Condition::Accounting, at, sorter_of(place), || {
                    let listed = end.parcel.and_then(|number| self.containers.listed(number));
                    let recall = end.recall;
                    format!(
                        "parcel {parcel} is at {place:?}, the ledger says {fate:?}, its last manifest is {listed:?} \
                         and its recall {recall:?}"
                    )
                });
            }
        }
    }

    /// Whether the ledger says what is true, as far as anything could be known about the parcel.
    fn agrees(&self, parcel: u32, place: Place, end: LabelEnd) -> bool {
        let fate = end.fate;
        let announced = self.truth.parcel(parcel).announced();
        let confused = self.truth.is_disturbed(parcel) || self.truth.label_printed(parcel) != parcel;
        if confused || announced == Announced::Never {
            return true;
        }
        let out = matches!(place, Place::Chute(_, chute) if self.routes().serves_destinations(chute));
        if out && (fate == LedgerFate::Recalled) != self.customs.must_be_recalled(parcel) {
            return false;
        }
        let unread = self.truth.reading(parcel) != Reading::Label(parcel);
        let late = announced != Announced::Before;
        if place == Place::Outside {
            return fate == LedgerFate::Expected;
        }
        // An item that nobody could name on its last pass went aside, and its parcel stays as it was before.
        let aside = match place {
            Place::Chute(_, chute) => !self.routes().serves_destinations(chute),
            place => matches!(place, Place::ReturnLine(_)),
        };
        let untouched = matches!(fate, LedgerFate::Expected | LedgerFate::Recirculating | LedgerFate::Lost);
        if (unread || late) && aside && untouched {
            return true;
        }
        !unread && agree(self.routes(), place, fate) && self.is_listed(place, end)
    }

    /// Whether what rests in a chute is in a manifest of it, and a recall names that container.
    fn is_listed(&self, place: Place, end: LabelEnd) -> bool {
        let Place::Chute(sorter, chute) = place else { return true };
        let listed = end.parcel.and_then(|parcel| self.containers.listed(parcel));
        let there = listed.is_some_and(|listed| (listed.sorter, listed.chute) == (sorter, chute));
        let recall = match end.fate {
            LedgerFate::Recalled => end.recall.flatten() == listed.map(|listed| listed.container),
            _ => end.recall.is_none(),
        };
        there && recall
    }
}

fn agree(routes: &RouteOracle, place: Place, fate: LedgerFate) -> bool {
    match (place, fate) {
        (Place::Chute(_, chute), LedgerFate::Discharged) => routes.is_outbound(chute),
        (Place::Chute(_, chute), LedgerFate::Recalled) => routes.serves_destinations(chute),
        (Place::Chute(_, chute), LedgerFate::Held) => routes.is_hold(chute),
        (Place::Chute(_, chute), LedgerFate::Exception) => {
            !routes.is_outbound(chute) && !routes.is_hold(chute)
        }
        (Place::Floor, LedgerFate::Lost | LedgerFate::Expected) => true,
        // It waits before an induction that stands closed.
        (Place::ReturnLine(_), LedgerFate::Recirculating | LedgerFate::Lost) => true,
        _ => false,
    }
}

fn sorter_of(place: Place) -> SorterId {
    match place {
        Place::Belt(sorter) | Place::ReturnLine(sorter) | Place::Chute(sorter, _) => sorter,
        Place::Outside | Place::Floor => SorterId::default(),
    }
}

#[cfg(test)]
mod tests {
    use sorter_core::ids::HubId;

    use super::*;
    use crate::check::ScheduleOracle;
    use crate::reads::HubReads;
    use crate::scenario::Reads;

    #[test]
    fn whatever_is_left_on_an_empty_belt_is_found() {
        let routes = RouteOracle::read("", "", std::iter::empty()).unwrap();
        let schedule = ScheduleOracle::read("origin", "LGG").unwrap();
        let reads = HubReads::new(1, HubId::new(0), &Reads::default(), &[], &[]);
        let mut checker = Checker::new(reads, std::slice::from_ref(&routes), &schedule, &[], 1, &[10]);
        let sorter = SorterId::new(0);
        checker.sorter_empty(sorter, Micros::ZERO, 0, 0, 0);
        assert_eq!(checker.findings().violations(Condition::Accounting), 0);
        for (items, reserved, faults) in [(1, 0, 0), (0, 1, 0), (0, 0, 1)] {
            checker.sorter_empty(sorter, Micros::ZERO, items, reserved, faults);
        }
        assert_eq!(checker.findings().violations(Condition::Accounting), 3);
    }
}
