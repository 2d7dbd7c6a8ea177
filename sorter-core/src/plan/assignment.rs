//! Which chutes change their destination when one plan follows another.

use super::{ChuteRole, Outlet, Plan};
use crate::ids::{ChuteId, DestinationId, OutletId};

/// What a chute is for, as a number: under two plans a chute has the same number exactly when it serves the
/// same destinations, leaves by the same lane, and takes the same kind of container.
///
/// Comparing numbers is how a worker knows which of its chutes have to change over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AssignmentId(u64);

impl AssignmentId {
    /// The number that a plan version gives a chute of its own.
    pub(crate) fn new(version: u64, chute: ChuteId) -> Self {
        Self(version << 16 | u64::from(chute.get()))
    }

    /// The bare number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Plan {
    /// What a chute is for under this plan, as a number; see [`AssignmentId`].
    pub fn assignment_of(&self, chute: ChuteId) -> AssignmentId {
        self.assignments.get(chute.index()).copied().unwrap_or_default()
    }

    /// Numbers what each chute is for: with the number of an earlier plan where that is the same, with a new
    /// one elsewhere. The newest of the earlier plans comes first.
    pub(crate) fn assign<'p>(&mut self, earlier: impl Iterator<Item = &'p Plan>, destinations: usize) {
        let mut numbers: Vec<Option<AssignmentId>> = vec![None; self.chutes.len()];
        // Two plans that were the same for a chute may differ by now: a destination that one of them sends there
        // was announced since. A chute that has their number may serve either.
        let mut doubtful: Vec<(ChuteId, AssignmentId)> = Vec::new();
        let earlier: Vec<(&Plan, Shared<'_>)> =
            earlier.map(|plan| (plan, Shared::count(plan, self, destinations))).collect();
        for (plan, shared) in &earlier {
            let chutes = (0..).map(ChuteId::new).take(numbers.len()).filter(|chute| !shared.is_same(*chute));
            doubtful.extend(chutes.map(|chute| (chute, plan.assignment_of(chute))));
        }
        for (plan, shared) in &earlier {
            for (chute, number) in (0..).map(ChuteId::new).zip(&mut numbers) {
                let known = plan.assignment_of(chute);
                if number.is_none() && shared.is_same(chute) && !doubtful.contains(&(chute, known)) {
                    *number = Some(known);
                }
            }
        }
        let fresh = |chute: ChuteId| AssignmentId::new(self.version.get().into(), chute);
        self.assignments = (0..)
            .map(ChuteId::new)
            .zip(numbers)
            .map(|(chute, number)| number.unwrap_or_else(|| fresh(chute)))
            .collect();
    }

    /// Outbound outlets that no chute serves while the chutes that differ from `before` change over: each with
    /// how many destinations it has. A chute that served nothing before is free at once.
    pub(crate) fn left_without_chute(
        &self,
        before: &Plan,
        destinations: usize,
    ) -> impl Iterator<Item = (&Outlet, u32)> {
        let mut counts = vec![0_u32; self.outlets.len()];
        for id in destination_ids(destinations) {
            if let Some(count) = self.outlet_of(id).and_then(|outlet| counts.get_mut(outlet.index())) {
                *count += 1;
            }
        }
        let stays = |chute: &ChuteId| {
            before.outlet_of_chute(*chute).is_none()
                || before.assignment_of(*chute) == self.assignment_of(*chute)
        };
        let served = move |outlet: &Outlet| {
            let mut next = Some(outlet);
            // A checked plan has no circles, so no chain is longer than there are outlets.
            for _ in 0..self.outlets.len() {
                let Some(outlet) = next else { break };
                let sorted = matches!(outlet.role, ChuteRole::Outbound | ChuteRole::Overflow);
                if sorted && outlet.chutes.iter().any(stays) {
                    return true;
                }
                next = outlet.overflow.map(|outlet| self.outlet(outlet));
            }
            false
        };
        let with_counts = self.outlets.iter().zip(counts);
        with_counts.filter(move |(outlet, count)| *count > 0 && !served(outlet))
    }
}

fn destination_ids(count: usize) -> impl Iterator<Item = DestinationId> {
    (0..count).filter_map(|id| u32::try_from(id).ok()).map(DestinationId::new)
}

/// How many destinations each pair of outlets of two plans has in common.
struct Shared<'p> {
    before: &'p Plan,
    after: &'p Plan,
    in_before: Vec<u32>,
    in_after: Vec<u32>,
    in_both: Vec<u32>,
}

impl<'p> Shared<'p> {
    fn count(before: &'p Plan, after: &'p Plan, destinations: usize) -> Self {
        let (rows, columns) = (before.outlets.len(), after.outlets.len());
        let mut shared = Self {
            before,
            after,
            in_before: vec![0; rows],
            in_after: vec![0; columns],
            in_both: vec![0; rows * columns],
        };
        for id in destination_ids(destinations) {
            let (row, column) = (before.outlet_of(id), after.outlet_of(id));
            if let Some(row) = row {
                shared.in_before[row.index()] += 1;
            }
            if let Some(column) = column {
                shared.in_after[column.index()] += 1;
            }
            if let (Some(row), Some(column)) = (row, column) {
                shared.in_both[row.index() * columns + column.index()] += 1;
            }
        }
        shared
    }

    fn is_same(&self, chute: ChuteId) -> bool {
        match (self.before.outlet_of_chute(chute), self.after.outlet_of_chute(chute)) {
            (None, None) => true,
            (Some(before), Some(after)) => self.is_same_outlet(before, after),
            _ => false,
        }
    }

    fn is_same_outlet(&self, before: OutletId, after: OutletId) -> bool {
        let (one, other) = (self.before.outlet(before), self.after.outlet(after));
        let in_both = self.in_both[before.index() * self.in_after.len() + after.index()];
        let counts = (self.in_before[before.index()], self.in_after[after.index()]);
        // Outlets without destinations of their own are told apart by their names.
        let alike = if counts == (0, 0) { one.name == other.name } else { counts == (in_both, in_both) };
        let whole = (one.role, &one.lane, one.bonded, one.container);
        alike && whole == (other.role, &other.lane, other.bonded, other.container)
    }
}
