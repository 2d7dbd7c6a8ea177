//! Containers and departures as the people of the hall see them, and what missed a departure.

use super::Engine;
use crate::clearance::Clearance;
use crate::departure::{Departure, Timetable};
use crate::ids::{ContainerId, ParcelId};
use crate::plan::Plan;
use crate::reason::Reason;
use crate::state_word::{Life, StateWord};

/// Looks at a parcel that keeps changing; each failed look means that a worker or customs made progress.
const MAX_LOOKS: usize = 16;

/// The parcels that are in the building and did not leave with a departure, by the reason of their last
/// decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// By the number of the reason: held, run off, in an exception chute, lost. Those that were on their way to
    /// a chute and are not committed count as [`Reason::DepartureClosed`], those that did not get into theirs as
    /// [`Reason::MissedDivert`].
    pub by_reason: [u64; Reason::COUNT],
    /// Announced for its lane and not seen yet; they may be in no building at all.
    pub not_seen: u64,
}

impl Missed {
    /// All that missed it.
    pub fn total(&self) -> u64 {
        self.by_reason.iter().sum()
    }
}

impl Engine {
    /// The container that a parcel was put into, as long as it rests there.
    ///
    /// `None` where the hub keeps no books on containers, and for parcels that rest in none.
    pub fn container_of(&self, parcel: ParcelId) -> Option<ContainerId> {
        for _ in 0..MAX_LOOKS {
            let word = self.ledger.state(parcel)?;
            let rests =
                matches!(word.life(), Life::Discharged | Life::Held | Life::Exception | Life::Recalled);
            if !rests {
                return None;
            }
            let container = self.container_number(parcel);
            if self.ledger.state(parcel) == Some(word) {
                return container;
            }
        }
        None
    }

    /// The entry of a parcel in the table of containers, whatever state it is in.
    pub(super) fn container_number(&self, parcel: ParcelId) -> Option<ContainerId> {
        self.containers.get(parcel.index()).map(ContainerId::new)
    }

    /// What misses a departure whose cut-off has just come: every parcel of its lane that was seen and is
    /// neither discharged nor committed. Looks at every parcel of the hub, so it is for once a cut-off.
    ///
    /// A parcel that stays misses each departure of its lane; goods in transit miss theirs only.
    pub fn missed(&self, departure: &Departure) -> Missed {
        let (plan, timetable) = (self.plan(), self.timetable());
        let mut missed = Missed { by_reason: [0; Reason::COUNT], not_seen: 0 };
        for number in 0..self.ledger.len() {
            let parcel = ParcelId::new(u32::try_from(number).expect("parcels are numbered by u32"));
            let Some(word) = self.ledger.state(parcel) else { continue };
            let waits =
                !matches!(word.life(), Life::Absent | Life::Committed | Life::Discharged | Life::Recalled);
            if !waits || !self.is_of(&plan, &timetable, parcel, word, departure) {
                continue;
            }
            match word.life() {
                Life::Expected => missed.not_seen += 1,
                Life::Claimed | Life::Contested if word.reason() == Reason::Planned => {
                    missed.by_reason[Reason::DepartureClosed as usize] += 1;
                }
                // It was on its way to its chute and did not get there.
                Life::Recirculating | Life::Lost | Life::Unknown if word.reason() == Reason::Planned => {
                    missed.by_reason[Reason::MissedDivert as usize] += 1;
                }
                _ => missed.by_reason[word.reason() as usize] += 1,
            }
        }
        missed
    }

    fn is_of(
        &self,
        plan: &Plan,
        timetable: &Timetable,
        parcel: ParcelId,
        word: StateWord,
        departure: &Departure,
    ) -> bool {
        match self.onward(parcel) {
            Some(connection) if word.clearance() == Clearance::Transit => connection == departure.connection,
            Some(connection) => {
                timetable.connection(connection).is_some_and(|known| known.lane == departure.lane)
            }
            None => {
                let outlet = plan.outlet_of(word.destination());
                outlet.and_then(|outlet| plan.lane_of(outlet)) == Some(departure.lane)
            }
        }
    }
}
