//! The figures of the PLC link: the program `link_figures`.

mod beat;
mod cycle;
mod leg;
pub(crate) mod machine;
mod plants;
mod reconnect;
mod sheet;
mod slow;
mod virtual_time;

pub use plants::serve as serve_plants;
pub use sheet::Sheet;

use anyhow::{Result, ensure};

/// Which figures to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Figure {
    /// One exchange cycle against a raw ping-pong
    Cycle,
    /// 72 links at 10 ms: `SCHED_FIFO`, plain, and a tokio interval
    Beat,
    /// From link back to the first order taken
    Reconnect,
    /// One PLC of 72 that answers after 200 ms
    Slow,
    /// Simulated seconds in a second of wall time
    Virtual,
    /// All of them
    All,
}

/// How long the figures are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Seconds of each leg of a figure that takes time.
    pub seconds: u64,
    /// Cuts of the link.
    pub cuts: u32,
    /// The nice value of the processes with the sorters: below 0 on a machine that is busy with other things, so
    /// that their answers do not come late for a reason that is none of the link. They are never real-time.
    pub plants_nice: i8,
}

/// Takes figures.
///
/// # Errors
/// When the machine has no sockets, timers or processes to give, when a link breaks where it must not, or when
/// something was not done at all. No duration is ever wrong.
pub fn take(figure: Figure, effort: Effort, sheet: &mut Sheet) -> Result<()> {
    let wanted = |one| figure == one || figure == Figure::All;
    machine::note(sheet);
    if wanted(Figure::Cycle) {
        cycle::take(effort, sheet)?;
    }
    if wanted(Figure::Virtual) {
        virtual_time::take(effort, sheet)?;
    }
    if wanted(Figure::Reconnect) {
        reconnect::take(effort, sheet)?;
    }
    if wanted(Figure::Slow) {
        slow::take(effort, sheet)?;
    }
    if wanted(Figure::Beat) {
        beat::take(effort, sheet)?;
    }
    for (one, keys) in COUNTS {
        for key in keys.iter().filter(|_| wanted(*one)) {
            let count = sheet.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0);
            ensure!(count > 0, "{key} is 0: that figure says nothing");
        }
    }
    Ok(())
}

/// What has to have happened for the figures to say anything.
const COUNTS: &[(Figure, &[&str])] = &[
    (Figure::Cycle, &["cycle_fc23_live_cycles", "cycle_fc16_fc3_live_cycles"]),
    (Figure::Virtual, &["virtual_parcels", "virtual_cycles"]),
    (Figure::Reconnect, &["reconnect_tcp_taken_count", "reconnect_virtual_taken_count"]),
    (Figure::Slow, &["slow_none_cycles", "slow_within_deadline_cycles", "slow_beyond_deadline_cycles"]),
    (Figure::Beat, &["beat_fifo_cycles", "beat_plain_cycles", "beat_interval_cycles"]),
    (Figure::Beat, &["beat_fifo_plc_orders_taken", "beat_plain_plc_orders_taken"]),
    (Figure::Beat, &["beat_interval_plc_orders_taken"]),
];
