//! `sorter-sim notices`.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use sorter_core::barcode::CodeBook;
use sorter_core::clearance::{CustomsDesk, DeskLimits, NoticeSummary, read_notices};
use sorter_core::ids::ConnectionId;

use super::{BAD_INPUT, refuse, schedule};
use crate::data::STANDARD_HUB;

/// Codes that a file may have; each takes about 50 bytes while the file is checked.
const CODES_LIMIT: usize = 100_000_000;

#[derive(Debug, Subcommand)]
pub(super) enum NoticesCommand {
    /// Take in customs notices as an engine would, and report every refused row with its line and reason
    #[command(after_help = "Example:\n  sorter-sim notices check customs.csv --aside refused.csv\n  \
                            sorter-sim notices check customs.csv --schedule week.csv --hub LGG\n\n\
                            Exit code 0 when every row is good, 2 when one was refused.")]
    Check(CheckArguments),
}

#[derive(Args, Debug)]
pub(super) struct CheckArguments {
    /// The notices: CSV with the columns code, status, message_time [onward]
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where refused rows go, with the header, to be corrected and read again
    #[arg(long, value_name = "FILE")]
    aside: Option<PathBuf>,
    /// The schedule that onward connections have to be in [default: any name will do]
    #[arg(long, value_name = "FILE")]
    schedule: Option<PathBuf>,
    /// The hub as the schedule names it
    #[arg(long, value_name = "CODE", default_value = STANDARD_HUB, requires = "schedule")]
    hub: String,
}

/// Checks a file of notices and gives the exit code.
pub(super) fn check(arguments: &CheckArguments) -> u8 {
    match take_in(arguments) {
        Ok((summary, codes)) => {
            for refused in &summary.listed {
                eprintln!("{refused}");
            }
            println!("{}: {summary}; {codes} codes have a status", arguments.file.display());
            if summary.refused_rows() == 0 { 0 } else { BAD_INPUT }
        }
        Err(error) => refuse(&error),
    }
}

/// Takes in the whole file. Gives what became of its rows, and how many codes it is about.
fn take_in(arguments: &CheckArguments) -> anyhow::Result<(NoticeSummary, usize)> {
    let name = arguments.file.display().to_string();
    let timetable = match &arguments.schedule {
        Some(path) => Some(schedule::timetable(path, &arguments.hub)?),
        None => None,
    };
    let input = File::open(&arguments.file).with_context(|| format!("{name} cannot be read"))?;
    let aside: Box<dyn Write> = match &arguments.aside {
        None => Box::new(io::sink()),
        Some(path) => {
            Box::new(File::create(path).with_context(|| format!("{} cannot be written", path.display()))?)
        }
    };
    let codes = CodeBook::standard();
    let connection_named = |onward: &str| match &timetable {
        Some(timetable) => timetable.connection_named(onward),
        // Only the name was asked for, so any number stands for it.
        None => Some(ConnectionId::new(0)),
    };
    let mut desk = CustomsDesk::new(DeskLimits { parcels: 0, kept: CODES_LIMIT, history: 0, recalls: 0 }, 0);
    let summary = read_notices(BufReader::new(input), &name, aside, |notice| {
        let (code, ruling) = notice.resolve(&codes, connection_named)?;
        desk.keep(code, ruling).map(drop)
    })?;
    Ok((summary, desk.kept()))
}
