//! `sorter-sim day`.

use super::run::{self, RunArguments, RunCommand};
use crate::scenario::{Scenario, describe};

const DAY: RunCommand = RunCommand { name: "day", defaults: Scenario::default };

/// The text under the options of `day -h`.
pub(super) const HELP: &str = "Example:\n  sorter-sim day --scenario busy.toml --threads 2 --json report.json\n\n\
                               `sorter-sim day --help` lists every key of a scenario file.";

/// The text under the options of `day --help`: examples and every key of a scenario file.
pub(super) fn long_help() -> String {
    format!(
        "Example:\n  sorter-sim day --scenario busy.toml --threads 2 --json report.json\n  \
         sorter-sim day --parcels 100_000 --hubs 1 --manifests manifests\n\n\
         Keys of a scenario file, with their defaults:\n\n{}",
        describe()
    )
}

/// Runs a day and gives the exit code.
pub(super) fn run(arguments: &RunArguments) -> u8 {
    run::run(&DAY, arguments)
}
