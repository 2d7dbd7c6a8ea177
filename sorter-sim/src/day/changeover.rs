//! The plan of a changeover: some outbound chutes change places.

use sorter_core::plan::PlanSource;
use toml::{Table, Value};

use super::RunError;
use super::inputs::Inputs;
use crate::random::Rate;

/// A plan with its text.
pub(super) struct ChangedPlan {
    pub(super) plan: PlanSource,
    pub(super) toml: String,
}

/// The plan of the inputs in which a share of the outbound chutes have changed their outlets: pairs of outlets,
/// spread over the belt, have each other's chutes. Bonded outlets keep theirs.
///
/// # Errors
/// When the plan is not TOML.
pub(super) fn exchanged(inputs: &Inputs, share: Rate) -> Result<ChangedPlan, RunError> {
    let refused = |error: &dyn std::fmt::Display| RunError::Changeover(error.to_string());
    let mut table: Table = inputs.plan_toml.parse().map_err(|error: toml::de::Error| refused(&error))?;
    let outlets = table.get_mut("outlet").and_then(Value::as_array_mut);
    let outlets = outlets.ok_or_else(|| refused(&"it has no outlets"))?;
    let outbound = |outlet: &Value| {
        let bonded = outlet.get("bonded").and_then(Value::as_bool).unwrap_or(false);
        outlet.get("role").is_none_or(|role| role.as_str() == Some("outbound")) && !bonded
    };
    let places: Vec<usize> = (0..outlets.len()).filter(|place| outbound(&outlets[*place])).collect();
    let count = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let pairs = (share.of(count) / 2) as usize;
    // Half of each pair is in the first half of the belt, so that parcels really travel elsewhere.
    let half = places.len() / 2;
    for pair in 0..pairs.min(half) {
        let place = pair * half / pairs;
        let (one, other) = (places[place], places[place + half]);
        let chutes = outlets[one].get("chutes").cloned();
        let others = outlets[other].get("chutes").cloned();
        for (outlet, chutes) in [(one, others), (other, chutes)] {
            if let (Some(outlet), Some(chutes)) = (outlets[outlet].as_table_mut(), chutes) {
                outlet.insert("chutes".to_owned(), chutes);
            }
        }
    }
    let toml = table.to_string();
    let csv_name = "the rules of the plan";
    let plan = PlanSource::from_texts("plan of the changeover", &toml, csv_name, &inputs.plan_csv)?;
    Ok(ChangedPlan { plan, toml })
}
