//! One PLC of 72 that answers after 200 ms, and what the other 71 notice of it.

use std::time::Duration;

use anyhow::Result;
use sorter_core::units::Micros;
use sorter_plc::cycle::Scheduling;
use sorter_plc::link::LinkConfig;

use super::leg::{self, Drive};
use super::plants::Plants;
use super::{Effort, Sheet};

/// The links that are looked at.
const OTHERS: u8 = 71;
/// Seconds in a row of one case before the next one's turn.
const TURN_S: u64 = 10;
/// A deadline that the slow PLC keeps.
const PATIENT: Micros = Micros::from_millis(400);

pub(super) fn take(effort: Effort, sheet: &mut Sheet) -> Result<()> {
    sheet.title("slow: one PLC of 72 answers after 200 ms; the figures are those of the other 71");
    let patient = LinkConfig { deadline: PATIENT, ..LinkConfig::default() };
    let cases = [
        ("slow_none", "plain", LinkConfig::default()),
        ("slow_within_deadline", "slow", patient),
        ("slow_beyond_deadline", "slow", LinkConfig::default()),
    ];
    let rounds = (effort.seconds / TURN_S).max(1);
    let lasts = Duration::from_secs(effort.seconds) / u32::try_from(rounds).unwrap_or(1);
    let mut legs = cases.map(|_| (leg::empty(), leg::empty()));
    for _ in 0..rounds {
        for ((_, profile, config), sums) in cases.iter().zip(&mut legs) {
            let others = Plants::start(OTHERS, "plain", effort.plants_nice)?;
            let one = Plants::start(1, profile, effort.plants_nice)?;
            let mut links: Vec<_> = others.addresses.iter().map(|to| (*to, LinkConfig::default())).collect();
            links.extend(one.addresses.iter().map(|to| (*to, *config)));
            let (leg, odd) = leg::run(Drive::Thread(Scheduling::default()), &links, 1, lasts)?;
            sums.0.merge(leg);
            sums.1.merge(odd);
            others.stop()?;
            one.stop()?;
        }
    }
    for ((key, ..), (leg, odd)) in cases.iter().zip(&legs) {
        leg.put(key, sheet);
        odd.put_the_odd_one(&format!("{key}_the_one"), sheet);
    }
    Ok(())
}
