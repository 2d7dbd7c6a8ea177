//! The command line: arguments in, exit code out.
//!
//! Exit code 0: every condition held and was checked. 1: one was broken or never checked. 2: bad input.

mod day;
mod drive;
mod journal;
mod live;
mod manifest;
mod mock;
mod notices;
mod plan;
mod progress;
mod replay;
mod run;
mod schedule;
mod week;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The exit code for bad input; clap uses the same for bad usage.
const BAD_INPUT: u8 = 2;

#[derive(Debug, Parser)]
#[command(
    name = "sorter-sim",
    version,
    about = "Simulated sorting hubs that prove the sorter engine",
    long_about = "Simulated sorting hubs that prove the sorter engine.\n\n\
                  Without a command it runs a day of the standard network: 5,000,000 parcels, 6 hubs, \
                  12 sorters each.",
    after_help = "Exit codes: 0 every condition held and was checked, 1 one was broken or never checked, \
                  2 bad input.\n\n\
                  Example:\n  sorter-sim --parcels 100_000 --hubs 2 --seed 7 --json report.json",
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    day: run::RunArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a simulated day until every belt is empty, and print a report (the default)
    #[command(after_help = day::HELP, after_long_help = day::long_help())]
    Day(run::RunArguments),
    /// Run a simulated week of flights, trucks, customs and cut-offs, and print a report
    #[command(after_help = week::HELP, mut_arg("parcels", week::parcels_of_a_week))]
    Week(run::RunArguments),
    /// Run hosts and PLCs over Modbus/TCP on this machine, in real time or in virtual time
    #[command(after_help = live::HELP)]
    Live(live::LiveArguments),
    /// Serve virtual PLCs over Modbus/TCP in wall time, for anybody's controller
    #[command(after_help = mock::HELP, after_long_help = mock::long_help())]
    Mock(mock::MockArguments),
    /// Drive PLCs at addresses over Modbus/TCP: only the host
    #[command(after_help = drive::HELP)]
    Drive(Box<drive::DriveArguments>),
    /// Repeat a run from its recording and compare everything that comes out, without plant and PLCs
    #[command(after_help = replay::HELP)]
    Replay(replay::ReplayArguments),
    /// Work with manifests of announced parcels
    #[command(
        after_help = "Example:\n  sorter-sim manifest check day.csv --aside refused.csv",
        subcommand_required = true,
        arg_required_else_help = true
    )]
    Manifest {
        #[command(subcommand)]
        command: manifest::ManifestCommand,
    },
    /// Work with sort plans
    #[command(
        after_help = "Example:\n  sorter-sim plan check plan.toml",
        subcommand_required = true,
        arg_required_else_help = true
    )]
    Plan {
        #[command(subcommand)]
        command: plan::PlanCommand,
    },
    /// Look into journals: what a hub did, and whether the files are sound
    #[command(
        after_help = "Example:\n  sorter-sim journal explain LP263072004SG hub-1-2026-03-14.journal",
        subcommand_required = true,
        arg_required_else_help = true
    )]
    Journal {
        #[command(subcommand)]
        command: journal::JournalCommand,
    },
    /// Work with weekly schedules of departures and arrivals
    #[command(
        after_help = "Example:\n  sorter-sim schedule check week.csv --hub LGG",
        subcommand_required = true,
        arg_required_else_help = true
    )]
    Schedule {
        #[command(subcommand)]
        command: schedule::ScheduleCommand,
    },
    /// Work with files of customs notices
    #[command(
        after_help = "Example:\n  sorter-sim notices check customs.csv --aside refused.csv",
        subcommand_required = true,
        arg_required_else_help = true
    )]
    Notices {
        #[command(subcommand)]
        command: notices::NoticesCommand,
    },
}

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let code = match arguments.command {
        None => day::run(&arguments.day),
        Some(Command::Day(day)) => day::run(&day),
        Some(Command::Week(week)) => week::run(&week),
        Some(Command::Replay(replay)) => replay::run(&replay),
        Some(Command::Live(live)) => live::run(&live),
        Some(Command::Mock(mock)) => mock::run(&mock),
        Some(Command::Drive(drive)) => drive::run(&drive),
        Some(Command::Manifest { command: manifest::ManifestCommand::Check(check) }) => {
            manifest::check(&check)
        }
        Some(Command::Plan { command: plan::PlanCommand::Check(check) }) => plan::check(&check),
        Some(Command::Journal { command }) => journal::run(&command),
        Some(Command::Schedule { command: schedule::ScheduleCommand::Check(check) }) => {
            schedule::check(&check)
        }
        Some(Command::Notices { command: notices::NoticesCommand::Check(check) }) => notices::check(&check),
    };
    ExitCode::from(code)
}

/// Tells a person on stderr what is wrong with the input, with each cause on a line of its own.
fn refuse(error: &anyhow::Error) -> u8 {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because {cause}");
    }
    BAD_INPUT
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_work_with_and_without_the_name_of_the_command() {
        let bare = Arguments::try_parse_from(["sorter-sim", "--parcels", "1_000"]).unwrap();
        assert!(bare.command.is_none());
        assert_eq!(bare.day.parcels, Some(1_000));
        let named = Arguments::try_parse_from(["sorter-sim", "day", "--hubs", "2"]).unwrap();
        let Some(Command::Day(day)) = named.command else { panic!("day is a command") };
        assert_eq!(day.hubs, Some(2));
    }
}
