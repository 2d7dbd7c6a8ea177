//! What changes for the destinations when one plan follows another.

use std::collections::BTreeMap;

use super::{Outlet, Plan};
use crate::address::Destinations;
use crate::ids::{DestinationId, OutletId};

/// The difference of two plans over the known destinations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanDiff {
    /// Destinations whose outlet has another name or other chutes, or that had or got none.
    pub changed: usize,
    /// Destinations that stay where they are.
    pub unchanged: usize,
    /// The changes by pair of outlets, in the order of the outlets of the first plan and then of the second.
    pub moves: Vec<OutletMove>,
}

/// Destinations that go from one outlet to another, or stay in an outlet whose chutes change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutletMove {
    /// The name of the outlet before; `None` without a rule.
    pub from: Option<String>,
    /// The name of the outlet after; `None` without a rule.
    pub to: Option<String>,
    /// How many destinations.
    pub destinations: usize,
}

/// Compares two plans destination by destination.
pub fn diff(before: &Plan, after: &Plan, destinations: &Destinations) -> PlanDiff {
    let mut counts: BTreeMap<(Option<OutletId>, Option<OutletId>), usize> = BTreeMap::new();
    for id in (0..destinations.len()).filter_map(|id| u32::try_from(id).ok()).map(DestinationId::new) {
        *counts.entry((before.outlet_of(id), after.outlet_of(id))).or_default() += 1;
    }
    let mut result = PlanDiff::default();
    for ((from, to), destinations) in counts {
        let from = from.map(|outlet| before.outlet(outlet));
        let to = to.map(|outlet| after.outlet(outlet));
        if same(from, to) {
            result.unchanged += destinations;
            continue;
        }
        result.changed += destinations;
        let name = |outlet: Option<&Outlet>| outlet.map(|outlet| outlet.name.clone());
        result.moves.push(OutletMove { from: name(from), to: name(to), destinations });
    }
    result
}

fn same(from: Option<&Outlet>, to: Option<&Outlet>) -> bool {
    match (from, to) {
        (Some(from), Some(to)) => from.name == to.name && from.chutes == to.chutes,
        (None, None) => true,
        _ => false,
    }
}
