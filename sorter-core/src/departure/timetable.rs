//! The compiled timetable and what can be asked of it.

use std::sync::Arc;

use super::change::Changes;
use super::compile::Weekly;
use super::ring::{Ring, micros, signed};
use super::{Arrival, Connection, Departure, ScheduleSource, WEEK};
use crate::ids::{ConnectionId, DepartureId, LaneId};
use crate::units::Micros;

/// All departures and arrivals of a hub: a weekly schedule, compiled, with the delays of single departures.
///
/// It is immutable and published whole. A change makes another timetable that shares the compiled week.
///
/// The weeks are 0 to 65,535 (1,256 years); the last cut-off lies in week 65,534. A departure whose scheduled
/// cut-off lies before the run has its cut-off at 0 and was never open.
///
/// A question for one lane costs two binary searches and one step for each delay between the answer and the
/// scheduled times. It allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Timetable {
    pub(super) weekly: Arc<Weekly>,
    pub(super) changes: Changes,
}

impl Timetable {
    /// A timetable without departures and arrivals.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Compiles a schedule.
    ///
    /// Lanes and connections of `previous` keep their numbers, also those that the schedule no longer has;
    /// new ones get the next numbers in the order of the rows. (Only when all 65,536 numbers are given, those
    /// of connections that are gone are given again.) Delays of `previous` are kept for connections that
    /// still run, except where they would change the order of the cut-offs of a lane.
    pub fn compile(source: &ScheduleSource, previous: Option<&Self>) -> Self {
        let weekly = Weekly::compile(source, previous.map(|previous| &*previous.weekly));
        let changes = previous.map(|previous| previous.changes.carried(&previous.weekly, &weekly));
        Self { weekly: Arc::new(weekly), changes: changes.unwrap_or_default() }
    }

    /// The lanes that have departures, in the order of their numbers.
    pub fn lanes(&self) -> impl Iterator<Item = LaneId> + '_ {
        (0..)
            .zip(&self.weekly.lanes)
            .filter(|(_, lane)| !lane.cut_offs.is_empty())
            .map(|(number, _)| LaneId::new(number))
    }

    /// How many lanes are numbered, with those that have no departures any more: every lane's number is below.
    pub fn lane_count(&self) -> usize {
        self.weekly.lanes.len()
    }

    /// The lane of this name, such as `DE:Cologne`.
    pub fn lane_named(&self, name: &str) -> Option<LaneId> {
        self.weekly.lane_numbers.get(name).copied()
    }

    /// The name of a lane.
    pub fn lane_name(&self, lane: LaneId) -> Option<&str> {
        self.weekly.lanes.get(lane.index()).map(|lane| &*lane.name)
    }

    /// The connection of this name, such as `T07`; also one that no longer runs.
    pub fn connection_named(&self, name: &str) -> Option<ConnectionId> {
        self.weekly.connection_numbers.get(name).copied()
    }

    /// A connection; also one that no longer runs.
    pub fn connection(&self, connection: ConnectionId) -> Option<&Connection> {
        self.weekly.connections.get(connection.index())
    }

    /// The connections that run, in the order of their numbers.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.weekly.connections.iter().filter(|connection| connection.runs)
    }

    /// The arrivals of a week, in the order of their times, then of their names.
    pub fn arrivals(&self) -> &[Arrival] {
        &self.weekly.arrivals
    }

    /// A departure by its number. `None` when its connection does not run or its week is behind the end.
    pub fn departure(&self, departure: DepartureId) -> Option<Departure> {
        let (ring, position) = self.weekly.locate(departure)?;
        self.departure_at(ring, position)
    }

    /// The departure of a lane that is open or closing at a time: the first with its cut-off after it.
    pub fn next(&self, lane: LaneId, at: Micros) -> Option<Departure> {
        let ring = &self.weekly.lanes.get(lane.index())?.cut_offs;
        self.seek(ring, ring.first_after(signed(at)), 1, signed(at))
    }

    /// The first departure of a connection with its cut-off after a time.
    pub fn next_of(&self, connection: ConnectionId, at: Micros) -> Option<Departure> {
        let place = self.weekly.places.get(connection.index()).copied().flatten()?;
        let lane = self.weekly.connections.get(connection.index())?.lane;
        let ring = &self.weekly.lanes.get(lane.index())?.cut_offs;
        // The place in the present week, or in the next one when it is over in this.
        let week = signed(at).div_euclid(signed(WEEK));
        let this_week = ring.position(week, place.slot);
        let over = ring.moment(this_week)?.at <= signed(at);
        let start = if over { this_week + ring.step() } else { this_week };
        self.seek(ring, start, ring.step(), signed(at))
    }

    /// The departures with their cut-off at `from` or later and before `to`, by cut-off, then by number.
    pub fn cut_offs(&self, from: Micros, to: Micros) -> Vec<Departure> {
        let (from, to) = (signed(from), signed(to));
        let scheduled = self.scheduled(&self.weekly.cut_offs, from, to);
        let mut found: Vec<Departure> =
            scheduled.chain(self.changes.cut_offs(from, to)).filter_map(|id| self.departure(id)).collect();
        found.sort_unstable_by_key(|departure| (departure.cut_off, departure.id));
        found
    }

    /// The departures that leave at `from` or later and before `to`, by that time, then by number.
    pub fn departing(&self, from: Micros, to: Micros) -> Vec<Departure> {
        let (from, to) = (signed(from), signed(to));
        let scheduled = self.scheduled(&self.weekly.departures, from, to);
        let mut found: Vec<Departure> =
            scheduled.chain(self.changes.leaves(from, to)).filter_map(|id| self.departure(id)).collect();
        found.sort_unstable_by_key(|departure| (departure.departs, departure.id));
        found
    }

    /// The departures of a ring with their moment in `from..to` that were not changed.
    fn scheduled(&self, ring: &Ring, from: i64, to: i64) -> impl Iterator<Item = DepartureId> {
        (ring.first_from(from)..)
            .map_while(|position| ring.moment(position))
            .take_while(move |moment| moment.at < to && moment.week <= Weekly::END)
            .filter_map(|moment| self.weekly.departure_id(moment.week, moment.connection))
            .filter(|id| self.changes.get(*id).is_none())
    }

    /// The first of the positions `start`, `start ± step` and so on with its cut-off after a time. `start` is
    /// the first by the schedule; as changes keep the order, every step away from it passes a changed departure.
    fn seek(&self, ring: &Ring, start: i64, step: i64, at: i64) -> Option<Departure> {
        let cut_off = |position| self.changes.cut_off_at(&self.weekly, ring, position);
        let mut position = start;
        while cut_off(position)? <= at {
            position += step;
        }
        while cut_off(position - step)? > at {
            position -= step;
        }
        self.departure_at(ring, position)
    }

    fn departure_at(&self, ring: &Ring, position: i64) -> Option<Departure> {
        let moment = ring.moment(position)?;
        let connection = self.connection(moment.connection)?;
        let id = self.weekly.departure_id(moment.week, moment.connection)?;
        let scheduled = micros(moment.week * signed(WEEK)) + connection.departs;
        let change = self.changes.get(id);
        let cut_off = change.map_or(moment.at, |change| change.cut_off);
        let opens = self.changes.cut_off_at(&self.weekly, ring, position - 1)?.max(0);
        let closing = (cut_off - signed(connection.closing_lead)).max(opens);
        Some(Departure {
            id,
            connection: connection.id,
            lane: connection.lane,
            opens: micros(opens),
            closing: micros(closing),
            cut_off: micros(cut_off),
            departs: change.map_or(scheduled, |change| change.departs),
        })
    }
}
