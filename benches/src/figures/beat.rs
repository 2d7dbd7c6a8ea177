//! 72 links at 10 ms on one thread: with `SCHED_FIFO`, without, and on intervals of tokio.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use sorter_plc::cycle::Scheduling;
use sorter_plc::link::LinkConfig;

use super::leg::{self, Drive, Leg};
use super::plants::{Plants, Scans};
use super::{Effort, Sheet};

/// Links of one thread: every sorter of the largest hall.
const LINKS: u8 = 72;
/// Seconds in a row of one drive before the next one's turn.
const TURN_S: u64 = 20;

pub(super) fn take(effort: Effort, sheet: &mut Sheet) -> Result<()> {
    let rounds = (effort.seconds / TURN_S).max(1);
    sheet.title(&format!(
        "beat: {LINKS} links at 10 ms on one thread, sorters in another process, {rounds} turns of {} s each",
        effort.seconds / rounds
    ));
    let drives = [
        ("beat_fifo", Drive::Thread(Scheduling::default())),
        ("beat_plain", Drive::Thread(Scheduling::plain())),
        ("beat_interval", Drive::Interval),
    ];
    let mut legs = [leg::empty(), leg::empty(), leg::empty()];
    let mut scans = [Scans::default(); 3];
    let lasts = Duration::from_secs(effort.seconds) / u32::try_from(rounds).unwrap_or(1);
    for _ in 0..rounds {
        for (place, (_, drive)) in drives.iter().enumerate() {
            let (leg, seen) = one(*drive, lasts, effort.plants_nice)?;
            legs[place].merge(leg);
            scans[place].scans += seen.scans;
            scans[place].skipped += seen.skipped;
            scans[place].orders += seen.orders;
        }
    }
    for (((key, _), leg), scans) in drives.iter().zip(&legs).zip(scans) {
        leg.put(key, sheet);
        sheet.put(format!("{key}_plc_scans"), scans.scans);
        sheet.put(format!("{key}_plc_scans_left_out"), scans.skipped);
        sheet.put(format!("{key}_plc_orders_taken"), scans.orders);
    }
    Ok(())
}

fn one(drive: Drive, lasts: Duration, nice: i8) -> Result<(Leg, Scans)> {
    let plants = Plants::start(LINKS, "plain", nice)?;
    let with_defaults = |address: &SocketAddr| (*address, LinkConfig::default());
    let links: Vec<_> = plants.addresses.iter().map(with_defaults).collect();
    let (leg, _) = leg::run(drive, &links, 0, lasts)?;
    Ok((leg, plants.stop()?))
}
