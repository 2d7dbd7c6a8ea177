//! What a chute serves in each version of the plan, and when what it serves leaves.

use sorter_core::ids::{ChuteId, PlanVersion};
use sorter_core::units::Micros;

use crate::check::timetable::{Leaving, ScheduleOracle};
use crate::check::{Route, RouteOracle};

/// A published version by its place among those of the run.
pub(super) type Version = usize;

pub(super) struct Rules<'a> {
    pub(super) schedule: &'a ScheduleOracle,
    oracles: &'a [RouteOracle],
    /// Number and oracle of each version.
    published: Vec<(u32, usize)>,
    chutes: usize,
    /// Whether a chute serves the same in two oracles: first oracle, second oracle, chute.
    same: Vec<bool>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(chutes: usize, oracles: &'a [RouteOracle], schedule: &'a ScheduleOracle) -> Self {
        let mut same = Vec::with_capacity(oracles.len() * oracles.len() * chutes);
        for one in oracles {
            for other in oracles {
                same.extend((0..).map(ChuteId::new).take(chutes).map(|chute| one.serves_same(other, chute)));
            }
        }
        Self { schedule, oracles, published: Vec::new(), chutes, same }
    }

    pub(super) fn publish(&mut self, number: u32, oracle: usize) {
        assert!(oracle < self.oracles.len(), "there are {} oracles, not {oracle}", self.oracles.len());
        self.published.push((number, oracle));
    }

    /// The last version. Before the first is published it is that one.
    pub(super) fn in_force(&self) -> Version {
        self.published.len().saturating_sub(1)
    }

    /// The newest version with a number, or the one in force when there is none.
    pub(super) fn version(&self, number: PlanVersion) -> Version {
        let place = self.published.iter().rposition(|(known, _)| *known == number.get());
        place.unwrap_or_else(|| self.in_force())
    }

    /// The number of a version.
    pub(super) fn number(&self, version: Version) -> u32 {
        self.published.get(version).map_or(0, |(number, _)| *number)
    }

    pub(super) fn oracle(&self, version: Version) -> &'a RouteOracle {
        &self.oracles[self.place(version)]
    }

    fn place(&self, version: Version) -> usize {
        self.published.get(version).map_or(0, |(_, oracle)| *oracle)
    }

    /// Whether a chute serves the same in two versions.
    pub(super) fn is_same(&self, one: Version, other: Version, chute: ChuteId) -> bool {
        let pair = self.place(one) * self.oracles.len() + self.place(other);
        self.same[pair * self.chutes + chute.index()]
    }

    /// Whether a chute serves the same in a version and in the one in force.
    pub(super) fn is_current(&self, version: Version, chute: ChuteId) -> bool {
        self.is_same(version, self.in_force(), chute)
    }

    /// The next departure for what a chute serves in a version.
    pub(super) fn next(&self, version: Version, chute: ChuteId, at: Micros) -> Option<Leaving> {
        self.schedule.next(self.oracle(version).lane(chute)?, at)
    }

    /// The departure that takes over what one has left behind: the next of its lane. A bonded container goes with
    /// its own connection only.
    pub(super) fn departure_after(&self, left: Leaving, bonded: bool) -> Option<Leaving> {
        let next = self.schedule.next(self.schedule.lane(left.row)?, left.departs);
        next.filter(|next| !bonded || next.row == left.row)
    }

    /// The route of what is booked on a lane, in a version.
    pub(super) fn route_of_lane(&self, version: Version, lane: &str) -> Option<&'a Route> {
        self.oracle(version).route_of_lane(lane)
    }
}
