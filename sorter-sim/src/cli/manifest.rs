//! `sorter-sim manifest`.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::departure::Timetable;
use sorter_core::engine::{EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::HubId;
use sorter_core::layout::Layout;
use sorter_core::manifest::{self, Summary};

use super::{BAD_INPUT, refuse};
use crate::data::standard_schedule;

#[derive(Debug, Subcommand)]
pub(super) enum ManifestCommand {
    /// Load a manifest as an engine would, and report every refused row with its line and reason
    #[command(after_help = "Example:\n  sorter-sim manifest check day.csv --aside refused.csv\n\n\
                            Exit code 0 when every row is good, 2 when one was refused.")]
    Check(CheckArguments),
}

#[derive(Args, Debug)]
pub(super) struct CheckArguments {
    /// The manifest: CSV with the columns codes, country, postcode, weight_g [service, clearance]
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where refused rows go, with the header, to be corrected and loaded again
    #[arg(long, value_name = "FILE")]
    aside: Option<PathBuf>,
}

/// Checks a manifest and gives the exit code.
pub(super) fn check(arguments: &CheckArguments) -> u8 {
    match load(arguments) {
        Ok(summary) => {
            for refused in &summary.listed {
                eprintln!("{refused}");
            }
            println!("{}: {summary}", arguments.file.display());
            if summary.refused_rows() == 0 { 0 } else { BAD_INPUT }
        }
        Err(error) => refuse(&error),
    }
}

fn load(arguments: &CheckArguments) -> anyhow::Result<Summary> {
    let name = arguments.file.display().to_string();
    let input = File::open(&arguments.file).with_context(|| format!("{name} cannot be read"))?;
    let aside: Box<dyn Write> = match &arguments.aside {
        None => Box::new(io::sink()),
        Some(path) => {
            Box::new(File::create(path).with_context(|| format!("{} cannot be written", path.display()))?)
        }
    };
    let codes = CodeBook::standard();
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(Layout::line_100()),
        codes: codes.clone(),
        destinations: Destinations::with_capacity(0),
        expected_parcels: 0,
        late_parcels: 0,
        seed: 0,
        rules: HallRules {
            timetable: Timetable::compile(&standard_schedule(), None),
            ..HallRules::default()
        },
    });
    let summary = manifest::read(BufReader::new(input), &name, &codes, aside, |row| {
        builder.announce_row(row).map(|_| ())
    })?;
    Ok(summary)
}
