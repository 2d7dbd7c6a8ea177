//! From a schedule to the numbers and rings of a timetable.

use std::collections::{BTreeMap, BTreeSet};

use super::ring::{Ring, Slot};
use super::schedule::{Leaving, ScheduleSource};
use super::{Arrival, Connection};
use crate::ids::{ConnectionId, DepartureId, LaneId};
use crate::units::Micros;

/// How many numbers lanes and connections have.
const NUMBERS: usize = 1 << 16;

/// A compiled week.
#[derive(Clone, Debug, Default)]
pub(super) struct Weekly {
    pub(super) lanes: Vec<Lane>,
    pub(super) connections: Vec<Connection>,
    /// By connection: where its cut-off stands in the ring of its lane. `None` when it does not run.
    pub(super) places: Vec<Option<Place>>,
    /// The cut-offs of all lanes.
    pub(super) cut_offs: Ring,
    /// All departures.
    pub(super) departures: Ring,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) lane_numbers: BTreeMap<String, LaneId>,
    pub(super) connection_numbers: BTreeMap<String, ConnectionId>,
}

/// A lane with its cut-offs.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) cut_offs: Ring,
}

/// Where the cut-off of a connection stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) slot: usize,
    pub(super) carry: i64,
}

impl Weekly {
    /// Cut-offs lie in the weeks below this one; the departure of the last cut-off may leave in it. So every
    /// departure of a timetable has its week in 16 bits, and no gap is at the end of a lane.
    pub(super) const END: i64 = 65_535;

    pub(super) fn compile(source: &ScheduleSource, previous: Option<&Self>) -> Self {
        let known_lanes = previous.iter().flat_map(|week| &week.lanes).map(|lane| lane.name.clone());
        let known = previous.iter().flat_map(|week| &week.connections).map(|known| known.name.clone());
        let lane_names =
            numbered(known_lanes.collect(), source.leaving.iter().map(|row| &*row.lane), NUMBERS);
        let names = numbered(known.collect(), source.leaving.iter().map(|row| &*row.name), NUMBERS);
        let lane_numbers: BTreeMap<String, LaneId> =
            (0..).zip(&lane_names).map(|(number, name)| (name.clone(), LaneId::new(number))).collect();
        let connection_numbers: BTreeMap<String, ConnectionId> =
            (0..).zip(&names).map(|(number, name)| (name.clone(), ConnectionId::new(number))).collect();

        let rows: BTreeMap<&str, &Leaving> = source.leaving.iter().map(|row| (&*row.name, row)).collect();
        let connections: Vec<Connection> = (0..)
            .zip(&names)
            .filter_map(|(number, name)| match rows.get(&**name) {
                Some(row) => Some(connection(ConnectionId::new(number), row, *lane_numbers.get(&row.lane)?)),
                None => {
                    let known = previous?.connections.get(usize::from(number))?;
                    Some(Connection { runs: false, ..known.clone() })
                }
            })
            .collect();
        let mut arrivals = source.arriving.clone();
        arrivals.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));

        let mut weekly = Self {
            lanes: Vec::new(),
            places: vec![None; connections.len()],
            cut_offs: Ring::new(running(&connections).map(cut_off_slot).collect()),
            departures: Ring::new(
                running(&connections)
                    .map(|connection| Slot::before(connection.departs, Micros::ZERO, connection.id))
                    .collect(),
            ),
            connections,
            arrivals,
            lane_numbers,
            connection_numbers,
        };
        weekly.lay_out(lane_names);
        weekly
    }

    /// Gives each lane its ring, and each connection its place in it.
    fn lay_out(&mut self, names: Vec<String>) {
        let mut slots: Vec<Vec<Slot>> = vec![Vec::new(); names.len()];
        for connection in running(&self.connections) {
            slots[connection.lane.index()].push(cut_off_slot(connection));
        }
        for (name, slots) in names.into_iter().zip(slots) {
            let cut_offs = Ring::new(slots);
            for (number, slot) in cut_offs.slots().iter().enumerate() {
                self.places[slot.connection.index()] = Some(Place { slot: number, carry: slot.carry });
            }
            self.lanes.push(Lane { name, cut_offs });
        }
    }

    /// The departure of a connection in a week, if the timetable has it.
    pub(super) fn departure_id(&self, week: i64, connection: ConnectionId) -> Option<DepartureId> {
        let place = self.places.get(connection.index()).copied().flatten()?;
        let inside = week >= 0 && week - place.carry < Self::END;
        let week = u16::try_from(week).ok().filter(|_| inside)?;
        Some(DepartureId::of(week, connection))
    }

    /// The ring and the position of a departure, if the timetable has it.
    pub(super) fn locate(&self, id: DepartureId) -> Option<(&Ring, i64)> {
        let week = i64::from(id.week());
        self.departure_id(week, id.connection())?;
        let place = self.places[id.connection().index()]?;
        let ring = &self.lanes[self.connections[id.connection().index()].lane.index()].cut_offs;
        Some((ring, ring.position(week - place.carry, place.slot)))
    }
}

fn running(connections: &[Connection]) -> impl Iterator<Item = &Connection> {
    connections.iter().filter(|connection| connection.runs)
}

fn cut_off_slot(connection: &Connection) -> Slot {
    Slot::before(connection.departs, connection.cut_off_lead, connection.id)
}

fn connection(id: ConnectionId, row: &Leaving, lane: LaneId) -> Connection {
    Connection {
        id,
        name: row.name.clone(),
        mode: row.mode,
        lane,
        departs: row.departs,
        cut_off_lead: row.cut_off_lead,
        closing_lead: row.closing_lead,
        capacity: row.capacity,
        runs: true,
    }
}

/// Names by number. Known names keep their number, others get the next one. When all `limit` numbers are given,
/// the lowest one whose name is not wanted any more is given again.
fn numbered<'a>(
    known: Vec<String>,
    wanted: impl Iterator<Item = &'a str> + Clone,
    limit: usize,
) -> Vec<String> {
    let mut names = known;
    let mut present: BTreeSet<String> = names.iter().cloned().collect();
    let all_wanted: BTreeSet<&str> = wanted.clone().collect();
    let mut reused = 0;
    for name in wanted {
        if present.contains(name) {
            continue;
        }
        if names.len() < limit {
            names.push(name.to_owned());
        } else {
            while names.get(reused).is_some_and(|old| all_wanted.contains(&**old)) {
                reused += 1;
            }
            // A schedule has far fewer names than there are numbers, so one is free.
            let Some(old) = names.get_mut(reused) else { break };
            present.remove(&*old);
            name.clone_into(old);
        }
        present.insert(name.to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(known: &[&str], wanted: &[&str], limit: usize) -> Vec<String> {
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        numbered(known, wanted.iter().copied(), limit)
    }

    #[test]
    fn known_names_keep_their_numbers_and_new_ones_get_the_next() {
        assert_eq!(names(&["a", "b"], &["c", "b", "c"], 8), ["a", "b", "c"]);
    }

    #[test]
    fn numbers_of_names_that_are_gone_are_given_again_when_all_are_used() {
        assert_eq!(names(&["a", "b", "c"], &["x", "b", "y"], 3), ["x", "b", "y"]);
    }
}
