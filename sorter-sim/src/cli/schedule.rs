//! `sorter-sim schedule`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use sorter_core::departure::{Arrival, Mode, ScheduleSource, Timetable};

use super::refuse;
use crate::data::STANDARD_HUB;

#[derive(Debug, Subcommand)]
pub(super) enum ScheduleCommand {
    /// Check a weekly schedule and report every problem with its file and line
    #[command(after_help = "Example:\n  sorter-sim schedule check week.csv --hub LGG\n\n\
                            Exit code 0 when the schedule is good, 2 when it has problems.")]
    Check(CheckArguments),
}

#[derive(Args, Debug)]
pub(super) struct CheckArguments {
    /// The schedule: CSV with the columns kind, id, day, time_local, origin, destination and more
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The hub as the schedule names it: rows from it leave, rows to it arrive
    #[arg(long, value_name = "CODE", default_value = STANDARD_HUB)]
    hub: String,
}

/// Checks a schedule and gives the exit code.
pub(super) fn check(arguments: &CheckArguments) -> u8 {
    match timetable(&arguments.file, &arguments.hub) {
        Ok(timetable) => {
            println!("{}", summary(&arguments.file, &arguments.hub, &timetable));
            0
        }
        Err(error) => refuse(&error),
    }
}

/// Reads a schedule file and compiles it.
///
/// # Errors
/// A file that cannot be read, or all its problems.
pub(super) fn timetable(file: &Path, hub: &str) -> anyhow::Result<Timetable> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    Ok(Timetable::compile(&ScheduleSource::from_csv(&name, &text, hub)?, None))
}

/// What a good schedule has.
fn summary(file: &Path, hub: &str, timetable: &Timetable) -> String {
    let arriving = |mode| timetable.arrivals().iter().filter(|arrival| arrival.mode == mode).count();
    let leaving = |mode| timetable.connections().filter(|connection| connection.mode == mode).count();
    let brought: u64 = timetable.arrivals().iter().filter_map(Arrival::pieces).map(u64::from).sum();
    format!(
        "{}: schedule of hub {hub} is good: {} flights and {} trucks arrive with {brought} parcels a week, \
         {} flights and {} trucks leave on {} lanes",
        file.display(),
        arriving(Mode::Flight),
        arriving(Mode::Truck),
        leaving(Mode::Flight),
        leaving(Mode::Truck),
        timetable.lanes().count(),
    )
}
