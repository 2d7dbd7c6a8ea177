//! `sorter-sim week`.

use clap::Arg;

use super::run::{self, RunArguments, RunCommand};
use crate::scenario::Scenario;

const WEEK: RunCommand = RunCommand { name: "week", defaults: Scenario::week };

/// The text under the options of `week --help`.
pub(super) const HELP: &str = "\
Example:
  sorter-sim week --json week.json
  sorter-sim week --parcels 700_000 --hubs 1 --seed 7 --manifests manifests

Without options it runs a week of the standard network: 35,000,000 parcels, 6 hubs, 12 sorters each. A scenario \
file has the keys of `sorter-sim day --help`; what it does not set is days = 7, profile = \"flights\" and \
parcels = 35000000, and else the default of a day.";

/// The option `--parcels` with the default of a week.
pub(super) fn parcels_of_a_week(argument: Arg) -> Arg {
    argument.help("Parcels of the run over all hubs, 1 to 60_000_000 [default: 35_000_000]")
}

/// Runs a week and gives the exit code.
pub(super) fn run(arguments: &RunArguments) -> u8 {
    run::run(&WEEK, arguments)
}
