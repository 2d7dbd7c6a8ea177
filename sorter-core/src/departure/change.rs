//! Delays and early leaves: departures that differ from the weekly schedule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::WeekTime;
use super::compile::Weekly;
use super::ring::{Ring, signed};
use super::timetable::Timetable;
use crate::ids::DepartureId;
use crate::units::Micros;

/// Which time of a departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// Its cut-off.
    CutOff,
    /// That it leaves.
    Departure,
}

impl fmt::Display for Milestone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CutOff => "cut-off",
            Self::Departure => "departure",
        })
    }
}

/// Why the times of a departure were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The timetable does not have it.
    #[error("{departure} is not in the timetable")]
    Unknown {
        /// Its number.
        departure: DepartureId,
    },
    /// A time that was or would be moved is over.
    #[error("{connection} of week {week}: its {milestone} at {} is past at {}", WeekTime(*at), WeekTime(*now))]
    Past {
        /// The connection.
        connection: String,
        /// The week.
        week: u16,
        /// Which time.
        milestone: Milestone,
        /// The time, old or new.
        at: Micros,
        /// The present time.
        now: Micros,
    },
    /// The new cut-off is later than the new departure.
    #[error(
        "{connection} of week {week}: cut-off at {} is after its departure at {}",
        WeekTime(*cut_off), WeekTime(*departs)
    )]
    CutOffAfterDeparture {
        /// The connection.
        connection: String,
        /// The week.
        week: u16,
        /// The new cut-off.
        cut_off: Micros,
        /// The new departure.
        departs: Micros,
    },
    /// A departure of the lane would have its cut-off when it opens or before: the changed one, or the one
    /// that opens at its cut-off.
    #[error(
        "{connection} of week {week}: cut-off at {} is not after it opens at {}",
        WeekTime(*cut_off), WeekTime(*opens)
    )]
    BeforeOpening {
        /// The connection.
        connection: String,
        /// The week.
        week: u16,
        /// The cut-off that it would have.
        cut_off: Micros,
        /// When it would open.
        opens: Micros,
    },
}

/// The times of a departure in place of the scheduled ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Negative when the scheduled one lies before the run and was left as it is.
    pub(super) cut_off: i64,
    pub(super) departs: Micros,
}

/// All changes, found by departure and by time.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    by_departure: BTreeMap<DepartureId, Change>,
    cut_offs: BTreeSet<(i64, DepartureId)>,
    leaves: BTreeSet<(i64, DepartureId)>,
}

impl Changes {
    pub(super) fn get(&self, id: DepartureId) -> Option<Change> {
        self.by_departure.get(&id).copied()
    }

    fn insert(&mut self, id: DepartureId, change: Change) {
        self.remove(id);
        self.by_departure.insert(id, change);
        self.cut_offs.insert((change.cut_off, id));
        self.leaves.insert((signed(change.departs), id));
    }

    fn remove(&mut self, id: DepartureId) {
        if let Some(old) = self.by_departure.remove(&id) {
            self.cut_offs.remove(&(old.cut_off, id));
            self.leaves.remove(&(signed(old.departs), id));
        }
    }

    /// Changed departures with their cut-off in `from..to`.
    pub(super) fn cut_offs(&self, from: i64, to: i64) -> impl Iterator<Item = DepartureId> {
        within(&self.cut_offs, from, to)
    }

    /// Changed departures that leave in `from..to`.
    pub(super) fn leaves(&self, from: i64, to: i64) -> impl Iterator<Item = DepartureId> {
        within(&self.leaves, from, to)
    }

    /// The changes that another week keeps: those of connections that still run under their number, as far as
    /// the cut-offs of each lane stay in their order.
    pub(super) fn carried(&self, old: &Weekly, new: &Weekly) -> Self {
        let name = |week: &Weekly, id: DepartureId| {
            week.connections.get(id.connection().index()).map(|connection| connection.name.clone())
        };
        let mut kept = Self::default();
        for (id, change) in &self.by_departure {
            if new.locate(*id).is_some() && name(old, *id) == name(new, *id) {
                kept.insert(*id, *change);
            }
        }
        while let Some(id) = kept.by_departure.keys().copied().find(|id| !kept.in_order(new, *id)) {
            kept.remove(id);
        }
        kept
    }

    /// Whether the cut-off of a departure stands between those beside it on its lane.
    fn in_order(&self, week: &Weekly, id: DepartureId) -> bool {
        let Some((ring, position)) = week.locate(id) else { return false };
        let at = |position| self.cut_off_at(week, ring, position);
        at(position - 1) < at(position) && at(position) < at(position + 1)
    }

    /// The cut-off at a position of the ring of a lane. `None` when the lane has no departures.
    pub(super) fn cut_off_at(&self, week: &Weekly, ring: &Ring, position: i64) -> Option<i64> {
        let moment = ring.moment(position)?;
        let change = week.departure_id(moment.week, moment.connection).and_then(|id| self.get(id));
        Some(change.map_or(moment.at, |change| change.cut_off))
    }
}

fn within(set: &BTreeSet<(i64, DepartureId)>, from: i64, to: i64) -> impl Iterator<Item = DepartureId> {
    let first = DepartureId::new(0);
    set.range((from, first)..(to.max(from), first)).map(|(_, id)| *id)
}

impl Timetable {
    /// The timetable with other times of one departure: a delay, or an early leave.
    ///
    /// The departures of a lane keep the order of their cut-offs. To leave much later, give a late `departs`
    /// with a `cut_off` before that of the next departure of the lane.
    ///
    /// # Errors
    /// The departure is not in the timetable or has left; the cut-off is after the departure; the departure
    /// would be before `now`; a cut-off that differs from the present one is before `now`, or the present one
    /// is past; the cut-off is not after that of the departure before on the lane, or not before that of
    /// the departure behind.
    pub fn changed(
        &self,
        departure: DepartureId,
        cut_off: Micros,
        departs: Micros,
        now: Micros,
    ) -> Result<Self, ChangeError> {
        let unknown = ChangeError::Unknown { departure };
        let Some(present) = self.departure(departure) else { return Err(unknown) };
        let Some((ring, position)) = self.weekly.locate(departure) else { return Err(unknown) };
        let connection = self.name_of(departure);
        let week = departure.week();
        if cut_off > departs {
            return Err(ChangeError::CutOffAfterDeparture { connection, week, cut_off, departs });
        }
        let past =
            |milestone, at| ChangeError::Past { connection: connection.clone(), week, milestone, at, now };
        if present.departs <= now {
            return Err(past(Milestone::Departure, present.departs));
        }
        if departs < now {
            return Err(past(Milestone::Departure, departs));
        }
        let mut change = Change { cut_off: signed(cut_off), departs };
        if cut_off == present.cut_off {
            // One from before the run stays there.
            change.cut_off = self.changes.cut_off_at(&self.weekly, ring, position).unwrap_or(change.cut_off);
        } else {
            if present.cut_off <= now {
                return Err(past(Milestone::CutOff, present.cut_off));
            }
            if cut_off < now {
                return Err(past(Milestone::CutOff, cut_off));
            }
            if cut_off <= present.opens {
                return Err(ChangeError::BeforeOpening { connection, week, cut_off, opens: present.opens });
            }
            self.leaves_room(ring, position + 1, cut_off)?;
        }
        let mut changed = self.clone();
        changed.changes.insert(departure, change);
        Ok(changed)
    }

    /// Refuses an opening of the departure at a position that is not before its cut-off.
    fn leaves_room(&self, ring: &Ring, position: i64, opens: Micros) -> Result<(), ChangeError> {
        let next = self.changes.cut_off_at(&self.weekly, ring, position);
        match (next, ring.moment(position)) {
            (Some(next), Some(moment)) if next <= signed(opens) => Err(ChangeError::BeforeOpening {
                connection: self.name_of(DepartureId::of(0, moment.connection)),
                week: u16::try_from(moment.week).unwrap_or(u16::MAX),
                cut_off: super::ring::micros(next),
                opens,
            }),
            _ => Ok(()),
        }
    }

    fn name_of(&self, id: DepartureId) -> String {
        self.connection(id.connection()).map(|connection| connection.name.clone()).unwrap_or_default()
    }
}
