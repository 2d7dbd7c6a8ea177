//! Values that are each in range and cannot stand together.

use std::fmt::Display;

use super::Scenario;
use crate::random::Rate;

/// A contradiction and the keys that take part in it, the more telling first.
pub(super) struct Contradiction {
    /// Full names of the keys, such as `plant.gap_min_mm`.
    pub(super) keys: &'static [&'static str],
    /// Both sides, with their units.
    pub(super) message: String,
}

/// Everything that contradicts itself.
pub(super) fn contradictions(scenario: &Scenario) -> Vec<Contradiction> {
    let (plant, reads) = (&scenario.plant, &scenario.reads);
    let mut found: Vec<Contradiction> = [
        ordered(&["plant.gap_min_mm", "plant.gap_max_mm"], plant.gap_min.get(), plant.gap_max.get(), "mm"),
        ordered(
            &["plant.swap_start_min_s", "plant.swap_start_max_s"],
            plant.swap_start_min.get() / 1_000_000,
            plant.swap_start_max.get() / 1_000_000,
            "s",
        ),
        ordered(
            &["plant.swap_min_s", "plant.swap_max_s"],
            plant.swap_min.get() / 1_000_000,
            plant.swap_max.get() / 1_000_000,
            "s",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    let outcomes = sum(&[reads.no_read, reads.conflicting, reads.stray, reads.misread]);
    if outcomes > u64::from(Rate::ONE.ppb()) {
        found.push(Contradiction {
            keys: &["reads.no_read", "reads.conflicting", "reads.stray", "reads.misread"],
            message: format!(
                "reads.no_read, conflicting, stray and misread exclude each other and sum to {} (expected at most 1)",
                share(outcomes)
            ),
        });
    }
    let losses = sum(&[plant.losses.eye_miss, plant.losses.big_slip, plant.losses.taken_off]);
    if losses != u64::from(Rate::ONE.ppb()) {
        found.push(Contradiction {
            keys: &["losses.eye_miss", "losses.big_slip", "losses.taken_off"],
            message: format!("losses.eye_miss, big_slip and taken_off sum to {} (expected 1)", share(losses)),
        });
    }
    if let Some(sabotage) = scenario.sabotage.filter(|sabotage| sabotage.at_parcel >= scenario.parcels) {
        found.push(Contradiction {
            keys: &["sabotage.at_parcel", "parcels"],
            message: format!(
                "sabotage.at_parcel is {}, but the day has parcels 0 to {} only",
                sabotage.at_parcel,
                scenario.parcels.saturating_sub(1)
            ),
        });
    }
    found
}

/// A contradiction when the smaller bound is above the larger one.
fn ordered<T: Copy + PartialOrd + Display>(
    keys: &'static [&'static str; 2],
    low: T,
    high: T,
    unit: &str,
) -> Option<Contradiction> {
    (low > high).then(|| Contradiction {
        keys,
        message: format!("{} is {low} {unit}, above {} of {high} {unit}", keys[0], keys[1]),
    })
}

fn sum(rates: &[Rate]) -> u64 {
    rates.iter().map(|rate| u64::from(rate.ppb())).sum()
}

/// Parts per billion as a decimal share; unlike a [`Rate`] it may be above 1.
fn share(ppb: u64) -> String {
    let one = u64::from(Rate::ONE.ppb());
    let digits = format!("{}.{:09}", ppb / one, ppb % one);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}
