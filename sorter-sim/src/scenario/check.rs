//! Values that are each in range and cannot stand together.

use std::fmt::Display;

use sorter_core::units::Micros;

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
    let mut found = pairs(scenario);
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
    let flows = sum(&[scenario.flows.export, scenario.flows.transit]);
    if flows > u64::from(Rate::ONE.ppb()) {
        found.push(Contradiction {
            keys: &["flows.export", "flows.transit"],
            message: format!("flows.export and transit sum to {} (expected at most 1)", share(flows)),
        });
    }
    found.extend(customs(scenario));
    found.extend(changeover(scenario));
    found.extend(journal(scenario));
    if let Some(sabotage) = scenario.sabotage.filter(|sabotage| sabotage.at_parcel >= scenario.parcels) {
        found.push(Contradiction {
            keys: &["sabotage.at_parcel", "parcels"],
            message: format!(
                "sabotage.at_parcel is {}, but the run has parcels 0 to {} only",
                sabotage.at_parcel,
                scenario.parcels.saturating_sub(1)
            ),
        });
    }
    found
}

/// Lower bounds that are above their upper ones.
fn pairs(scenario: &Scenario) -> Vec<Contradiction> {
    let (plant, hall, customs) = (&scenario.plant, &scenario.hall, &scenario.customs);
    let gap =
        ordered(&["plant.gap_min_mm", "plant.gap_max_mm"], plant.gap_min.get(), plant.gap_max.get(), "mm");
    let times = [
        (&["plant.swap_start_min_s", "plant.swap_start_max_s"], plant.swap_start_min, plant.swap_start_max),
        (&["plant.swap_min_s", "plant.swap_max_s"], plant.swap_min, plant.swap_max),
        (&["hall.plate_scan_min_s", "hall.plate_scan_max_s"], hall.plate_scan_min, hall.plate_scan_max),
        (
            &["hall.cutoff_people_min_s", "hall.cutoff_people_max_s"],
            hall.cutoff_people_min,
            hall.cutoff_people_max,
        ),
        (
            &["hall.changeover_people_min_s", "hall.changeover_people_max_s"],
            hall.changeover_people_min,
            hall.changeover_people_max,
        ),
        (&["hall.load_min_s", "hall.load_max_s"], hall.load_min, hall.load_max),
        (&["hall.fetch_min_s", "hall.fetch_max_s"], hall.fetch_min, hall.fetch_max),
        (&["customs.late_min_s", "customs.late_max_s"], customs.late_min, customs.late_max),
        (&["customs.hold_min_s", "customs.hold_max_s"], customs.hold_min, customs.hold_max),
    ];
    let times = times
        .into_iter()
        .map(|(keys, low, high)| ordered(keys, low.get() / 1_000_000, high.get() / 1_000_000, "s"));
    std::iter::once(gap).chain(times).flatten().collect()
}

/// The first answers of customs exclude each other.
fn customs(scenario: &Scenario) -> Option<Contradiction> {
    let mix = &scenario.customs;
    let answers = sum(&[
        mix.prelodged_late,
        mix.hold_document,
        mix.hold_inspect,
        mix.screening,
        mix.refused,
        mix.seized,
        mix.expired,
        mix.revoked,
    ]);
    (answers > u64::from(Rate::ONE.ppb())).then(|| Contradiction {
        keys: &[
            "customs.prelodged_late",
            "customs.hold_document",
            "customs.hold_inspect",
            "customs.screening",
            "customs.refused",
            "customs.seized",
            "customs.expired",
            "customs.revoked",
        ],
        message: format!(
            "customs.prelodged_late, hold_document, hold_inspect, screening, refused, seized, expired and \
             revoked exclude each other and sum to {} (expected at most 1)",
            share(answers)
        ),
    })
}

/// Chutes change back after they have changed.
fn changeover(scenario: &Scenario) -> Option<Contradiction> {
    let hours = |time: Micros| time.get() / 3_600_000_000;
    let (at, back) = (scenario.changeover.at, scenario.changeover.back?);
    (back <= at).then(|| Contradiction {
        keys: &["changeover.back_h", "changeover.at_h"],
        message: format!(
            "changeover.back_h is {} h, not after changeover.at_h of {} h",
            hours(back),
            hours(at)
        ),
    })
}

/// Faults of the journal come while the run lasts.
fn journal(scenario: &Scenario) -> impl Iterator<Item = Contradiction> {
    let (disk, lasts) = (&scenario.journal, scenario.lasts());
    let faults: [(&'static [&'static str], _); 2] =
        [(&["journal.full_at_s", "days"], disk.full_at), (&["journal.fail_at_s", "days"], disk.fail_at)];
    let late = faults.into_iter().filter_map(move |(keys, at)| Some((keys, at.filter(|at| *at >= lasts)?)));
    let seconds = |time: Micros| time.get() / 1_000_000;
    late.map(move |(keys, at)| Contradiction {
        keys,
        message: format!("{} is {} s, and the run lasts {} s", keys[0], seconds(at), seconds(lasts)),
    })
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
