//! `sorter-sim plan`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::engine::{EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::HubId;
use sorter_core::layout::Layout;
use sorter_core::plan::PlanSource;

use super::{refuse, schedule};
use crate::data::STANDARD_HUB;

#[derive(Debug, Subcommand)]
pub(super) enum PlanCommand {
    /// Check a sort plan and report every problem with its file and line
    #[command(after_help = "Example:\n  sorter-sim plan check plan.toml --layout line.toml\n  \
                            sorter-sim plan check plan.toml --schedule week.csv --hub LGG")]
    Check(CheckArguments),
}

#[derive(Args, Debug)]
pub(super) struct CheckArguments {
    /// The sort plan in TOML
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The layout of the sorters that it is for [default: the built-in line sorter]
    #[arg(long, value_name = "FILE")]
    layout: Option<PathBuf>,
    /// The schedule that its lanes have to be in [default: lanes are not looked at]
    #[arg(long, value_name = "FILE")]
    schedule: Option<PathBuf>,
    /// The hub as the schedule names it
    #[arg(long, value_name = "CODE", default_value = STANDARD_HUB, requires = "schedule")]
    hub: String,
}

/// Checks a plan and gives the exit code.
pub(super) fn check(arguments: &CheckArguments) -> u8 {
    match check_files(arguments) {
        Ok(report) => {
            println!("{report}");
            0
        }
        Err(error) => refuse(&error),
    }
}

/// What to print about a plan without problems; all problems of another one as the error.
fn check_files(arguments: &CheckArguments) -> anyhow::Result<String> {
    let plan = &arguments.file;
    let layout = match &arguments.layout {
        None => Layout::line_100(),
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
            Layout::from_toml(&name, &text)?
        }
    };
    let source = PlanSource::read(plan)?;
    source.check(&layout).into_result(())?;
    if let Some(path) = &arguments.schedule {
        let timetable = schedule::timetable(path, &arguments.hub)?;
        let builder = EngineBuilder::new(EngineConfig {
            hub: HubId::new(0),
            layout: Arc::new(layout.clone()),
            codes: CodeBook::standard(),
            destinations: Destinations::with_capacity(0),
            expected_parcels: 0,
            late_parcels: 0,
            seed: 0,
            rules: HallRules { timetable, ..HallRules::default() },
        });
        // The engine binds the lanes of the plan to the timetable.
        builder.build(&source)?;
    }
    Ok(format!(
        "{}: plan \"{}\" is good for layout {}: {} rules",
        plan.display(),
        source.name(),
        layout.name(),
        source.rule_count()
    ))
}
