//! `sorter-sim replay`.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use sorter_core::ids::HubId;
use sorter_core::units::Micros;

use super::progress::Progress;
use super::refuse;
use super::run::{THREADS_LIMIT, number, threads};
use crate::recording::Recording;
use crate::replay::{self, ReplayOptions, ReplayReport, print_replay};
use crate::scenario::HUBS_LIMIT;

/// The text under the options of `replay --help`.
pub(super) const HELP: &str = "\
Example:
  sorter-sim day --parcels 100_000 --record monday
  sorter-sim replay monday
  sorter-sim replay monday --hub 2 --stop-at 14:30 --json replay.json

Engines and controllers get again what came in from outside, without plant and without virtual PLC, and everything \
that comes out is compared: orders and decisions of each poll, containers, manifests, departures, event logs. The \
first difference of each hub is told with sorter, time and record.

Exit codes: 0 everything is as it was recorded, 1 something is not, 2 the recording cannot be used.";

#[derive(Args, Clone, Debug)]
pub(super) struct ReplayArguments {
    /// The folder that `--record` of a run has written
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    /// Replay this hub alone
    #[arg(long, value_name = "N", value_parser = |text: &str| number(text, 0, u64::from(HUBS_LIMIT) - 1))]
    hub: Option<u64>,
    /// Stop before this time of the run, in hours and minutes since its first midnight
    #[arg(long, value_name = "HH:MM[:SS]", value_parser = time_of_run)]
    stop_at: Option<Micros>,
    /// Threads, 1 to 64; they never change a result [default: one for each processor]
    #[arg(long, value_parser = |text: &str| number(text, 1, THREADS_LIMIT))]
    threads: Option<u64>,
    /// Replay a recording of another version of the program, which may have decided otherwise
    #[arg(long)]
    any_version: bool,
    /// Write the report as one JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Print neither progress nor report
    #[arg(long)]
    quiet: bool,
}

/// Replays a recording and gives the exit code.
pub(super) fn run(arguments: &ReplayArguments) -> u8 {
    match replayed(arguments) {
        Ok(report) => {
            for difference in report.differences() {
                eprintln!("difference: {difference}");
            }
            report.exit_code()
        }
        Err(error) => refuse(&error),
    }
}

fn replayed(arguments: &ReplayArguments) -> anyhow::Result<ReplayReport> {
    let recording = Recording::open(&arguments.recording, arguments.any_version)?;
    let json = match &arguments.json {
        Some(path) => Some(
            File::create(path)
                .with_context(|| format!("{} cannot be opened for the report", path.display()))?,
        ),
        None => None,
    };
    let options = ReplayOptions {
        threads: threads(arguments.threads),
        hub: arguments.hub.map(u8::try_from).transpose()?.map(HubId::new),
        stop_at: arguments.stop_at,
        any_version: arguments.any_version,
    };
    let hubs = recording.head().hub.iter();
    let asked = hubs.filter(|hub| options.hub.is_none_or(|only| only.get() == hub.number));
    let progress = Progress::of("inductions", asked.map(|hub| hub.counts.inductions).sum(), arguments.quiet);
    let result = replay::run(&recording, &options, &|more| progress.add(more));
    progress.finish();
    let report = result?;
    if let Some(mut file) = json {
        file.write_all(report.to_json().as_bytes()).context("the report cannot be written")?;
    }
    if !arguments.quiet {
        let mut page = Vec::new();
        print_replay(&report, &mut page)?;
        match io::stdout().lock().write_all(&page) {
            // Whoever reads has seen enough, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written.context("the report cannot be printed")?,
        }
    }
    Ok(report)
}

/// A time of a run: hours, minutes and perhaps seconds. Hours go on after a day.
fn time_of_run(text: &str) -> Result<Micros, String> {
    let expected = || "expected hours, minutes and perhaps seconds, such as 14:30 or 49:05:10".to_owned();
    let parts: Vec<u64> =
        text.split(':').map(|part| part.parse().map_err(|_| expected())).collect::<Result<_, _>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return Err(expected()),
    };
    if hours > 9_999 || minutes > 59 || seconds > 59 {
        return Err(expected());
    }
    Ok(Micros::from_secs(hours * 3_600 + minutes * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_a_run_have_hours_minutes_and_perhaps_seconds() {
        assert_eq!(time_of_run("14:30"), Ok(Micros::from_secs(52_200)));
        assert_eq!(time_of_run("49:05:10"), Ok(Micros::from_secs(176_710)));
        for text in ["", "14", "14:60", "14:30:60", "1:2:3:4", "-1:00", "a:b", "10000:00"] {
            assert!(time_of_run(text).is_err(), "{text}");
        }
    }
}
