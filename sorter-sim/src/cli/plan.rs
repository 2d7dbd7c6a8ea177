//! `sorter-sim plan`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use sorter_core::layout::Layout;
use sorter_core::plan::PlanSource;

use super::refuse;

#[derive(Debug, Subcommand)]
pub(super) enum PlanCommand {
    /// Check a sort plan and report every problem with its file and line
    #[command(after_help = "Example:\n  sorter-sim plan check plan.toml --layout line.toml")]
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
}

/// Checks a plan and gives the exit code.
pub(super) fn check(arguments: &CheckArguments) -> u8 {
    match check_files(&arguments.file, arguments.layout.as_deref()) {
        Ok(report) => {
            println!("{report}");
            0
        }
        Err(error) => refuse(&error),
    }
}

/// What to print about a plan without problems; all problems of another one as the error.
fn check_files(plan: &Path, layout: Option<&Path>) -> anyhow::Result<String> {
    let layout = match layout {
        None => Layout::line_100(),
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
            Layout::from_toml(&name, &text)?
        }
    };
    let source = PlanSource::read(plan)?;
    source.check(&layout).into_result(())?;
    Ok(format!(
        "{}: plan \"{}\" is good for layout {}: {} rules",
        plan.display(),
        source.name(),
        layout.name(),
        source.rule_count()
    ))
}
