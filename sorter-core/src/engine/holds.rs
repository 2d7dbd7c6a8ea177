//! Parcels in the hold chutes of one sorter, and which of them may come back.

use super::worker::Worker;
use crate::clearance::Clearance;
use crate::hold::{Dwell, HoldBook};
use crate::ids::ParcelId;
use crate::journal::RecordKind;
use crate::state_word::{Life, StateWord, Step};
use crate::units::Micros;

impl Worker {
    /// The parcels in its hold chutes, each with its dwell clock.
    pub fn held(&self) -> &HoldBook {
        &self.desk.hold
    }

    /// The held parcels that customs let go by now, the longest there first: they may be inducted again, under
    /// the identity that they have. Goods in transit are among them while their connection is being loaded.
    ///
    /// The stays of parcels that turned up elsewhere meanwhile end here.
    pub fn released(&mut self, at: Micros) -> Vec<ParcelId> {
        let known: Vec<ParcelId> = self.desk.hold.iter().map(|held| held.parcel).collect();
        let mut released = Vec::new();
        for parcel in known {
            match self.desk.engine.ledger.state(parcel) {
                Some(word) if word.life() == Life::Held && word.sorter() == self.desk.sorter => {
                    if self.may_come_back(parcel, word, at) {
                        released.push(parcel);
                    }
                }
                _ => {
                    self.desk.hold.take(parcel, at);
                    self.desk.pen.note(at, RecordKind::Fetched, |record| record.parcel = Some(parcel));
                }
            }
        }
        released
    }

    /// A person took a parcel out of a hold chute to have it inducted again: its dwell clock stands, and it is
    /// on its way back. Gives its stay, or `None` for a parcel that is not in the book of this sorter. A parcel
    /// that is held on another sorter by now, which the book did not know, stays held there.
    pub fn taken_out(&mut self, parcel: ParcelId, at: Micros) -> Option<Dwell> {
        let dwell = self.desk.hold.take(parcel, at)?;
        let ledger = &self.desk.engine.ledger;
        let entry = ledger.entry(parcel);
        let mut current = entry.and_then(|entry| ledger.state_at(entry));
        // Each failed round means that customs ruled about the parcel, so the loop ends.
        let here = |word: &StateWord| word.life() == Life::Held && word.sorter() == self.desk.sorter;
        while let Some((entry, word)) = entry.zip(current.filter(here)) {
            let Some(next) = word.after(Step::Fetch) else { break };
            match self.desk.pen.replace(ledger, entry, word, next) {
                Ok(()) => break,
                Err(other) => current = Some(other),
            }
        }
        self.desk.pen.note(at, RecordKind::Fetched, |record| record.parcel = Some(parcel));
        Some(dwell)
    }

    fn may_come_back(&self, parcel: ParcelId, word: StateWord, at: Micros) -> bool {
        if word.clearance() != Clearance::Transit {
            return word.clearance().hold_reason().is_none();
        }
        let timetable = &self.desk.docks.timetable;
        let Some(onward) = self.desk.engine.onward(parcel) else { return false };
        let lane = timetable.connection(onward).map(|connection| connection.lane);
        let loading = lane.and_then(|lane| timetable.next(lane, at));
        loading.is_some_and(|departure| departure.connection == onward)
    }
}
