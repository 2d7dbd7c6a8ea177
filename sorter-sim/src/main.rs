//! The command line `sorter-sim`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sorter_sim::cli::run()
}
