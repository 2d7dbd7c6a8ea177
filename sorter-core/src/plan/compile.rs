//! From a checked source to the flat tables of a plan.

use std::collections::BTreeMap;

use super::matcher::Matcher;
use super::source::PlanSource;
use super::{ChuteRole, Outlet, Plan, RuleRef};
use crate::address::Destinations;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ids::{DestinationId, OutletId, PlanVersion};
use crate::layout::Layout;
use crate::sync::dense_table::DenseTable;

/// Compiles a source in which a check against the same layout found nothing.
pub(super) fn compile(
    source: &PlanSource,
    layout: &Layout,
    destinations: &Destinations,
    version: PlanVersion,
) -> Result<Plan, Diagnostics> {
    let ids = outlet_ids(source);
    let outlets = outlets(source, &ids);
    let holder = |role| outlets.iter().zip(0_u16..).find(|(outlet, _)| outlet.role == role);
    let special = (holder(ChuteRole::Exception), holder(ChuteRole::Hold), holder(ChuteRole::NoRead));
    let (Some((fallback, exception)), Some((_, hold)), Some((_, no_read))) = special else {
        let message = "the plan has no exception, hold or no-read outlet";
        return Err(Diagnostics(vec![Diagnostic::whole("SP0013", &source.toml_name, message)]));
    };
    let mut chutes = vec![None; layout.chutes().len()];
    for (outlet, id) in outlets.iter().zip(0_u16..) {
        for chute in &outlet.chutes {
            if let Some(entry) = chutes.get_mut(chute.index()) {
                *entry = Some(OutletId::new(id));
            }
        }
    }
    // The rule numbers of the matcher count the same rules in the same order.
    let rules = source.rules.iter().filter(|rule| ids.contains_key(rule.outlet.as_str()));
    let plan = Plan {
        version,
        name: source.name.clone(),
        lap_limit: source.lap_limit.value,
        home: source.home,
        fallback: fallback.clone(),
        exception: OutletId::new(exception),
        hold: OutletId::new(hold),
        no_read: OutletId::new(no_read),
        assignments: Vec::new(),
        lanes: Vec::new(),
        by_lane: Vec::new(),
        chutes,
        destinations: DenseTable::new(DestinationId::LIMIT),
        matcher: Matcher::new(rules.clone().map(|rule| (rule.country, &rule.scope))),
        rules: rules
            .map(|rule| (ids[rule.outlet.as_str()], RuleRef { line: rule.line, text: rule.text.clone() }))
            .collect(),
        outlets,
    };
    for id in (0..destinations.len()).filter_map(|id| u32::try_from(id).ok()).map(DestinationId::new) {
        if let Some((country, postcode)) = destinations.entry(id) {
            plan.learn(id, country, &postcode);
        }
    }
    Ok(plan)
}

/// The number of each outlet: its place in the file.
fn outlet_ids(source: &PlanSource) -> BTreeMap<&str, OutletId> {
    source.outlets.iter().zip(0_u16..).map(|(outlet, id)| (outlet.name.as_str(), OutletId::new(id))).collect()
}

fn outlets(source: &PlanSource, ids: &BTreeMap<&str, OutletId>) -> Vec<Outlet> {
    let one = |outlet: &super::source::OutletSource| Outlet {
        name: outlet.name.clone(),
        display: outlet.display.clone(),
        role: outlet.role,
        chutes: outlet.chutes.iter().flatten().map(|chute| chute.value).collect(),
        overflow: outlet.overflow.as_ref().and_then(|name| ids.get(name.value.as_str()).copied()),
        lane: outlet.lane.as_ref().map(|lane| lane.value.clone()),
        bonded: outlet.bonded,
        container: outlet.container,
        unannounced: outlet.unannounced.as_ref().and_then(|name| ids.get(name.value.as_str()).copied()),
    };
    source.outlets.iter().map(one).collect()
}
