//! Running a simulated day or week: what `sorter-sim day` and `sorter-sim week` share.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;

use anyhow::Context;
use clap::Args;
use sorter_core::barcode::CodeBook;

use super::progress::Progress;
use super::refuse;
use crate::day::Outcome;
use crate::report::{Summary, print_table};
use crate::run_options::RunOptions;
use crate::scenario::{HUBS_LIMIT, PARCELS_LIMIT, SORTERS_LIMIT, Scenario};

/// Threads that may be asked for; a hub is the smallest piece of work, so more than this never help.
pub(super) const THREADS_LIMIT: u64 = HUBS_LIMIT as u64;

/// A command that runs a scenario.
pub(super) struct RunCommand {
    /// Its name.
    pub(super) name: &'static str,
    /// What a key has that neither the file nor an option sets.
    pub(super) defaults: fn() -> Scenario,
}

#[derive(Args, Clone, Debug, Default)]
pub(super) struct RunArguments {
    /// Seed from which every random draw follows [default: 1]
    #[arg(long, value_parser = |text: &str| number(text, 0, i64::MAX as u64))]
    seed: Option<u64>,
    /// Parcels of the run over all hubs, 1 to 60_000_000 [default: 5_000_000]
    #[arg(long, value_parser = |text: &str| number(text, 1, PARCELS_LIMIT.into()))]
    pub(super) parcels: Option<u64>,
    /// Hubs, 1 to 64 [default: 6]
    #[arg(long, value_parser = |text: &str| number(text, 1, HUBS_LIMIT.into()))]
    pub(super) hubs: Option<u64>,
    /// Sorters in each hub, 1 to 32 [default: 12]
    #[arg(long, value_parser = |text: &str| number(text, 1, SORTERS_LIMIT.into()))]
    sorters: Option<u64>,
    /// Threads, 1 to 64; they never change a result [default: one for each processor]
    #[arg(long, value_parser = |text: &str| number(text, 1, THREADS_LIMIT))]
    threads: Option<u64>,
    /// Scenario in TOML; the options above override it
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
    /// Write the report as one JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Tell the whole story of the parcel with this code at the end
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
    /// Write the manifest of each container into this folder, as CSV
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// Record into this new folder what comes into the engines, for `sorter-sim replay`
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Print neither progress nor report
    #[arg(long)]
    quiet: bool,
}

impl RunArguments {
    /// The command that runs the same again.
    fn command_line(&self, command: &str, seed: u64) -> String {
        let mut line = format!("sorter-sim {command} --seed {seed}");
        let numbers = [("parcels", self.parcels), ("hubs", self.hubs), ("sorters", self.sorters)];
        for (name, value) in numbers {
            if let Some(value) = value {
                line.push_str(&format!(" --{name} {value}"));
            }
        }
        if let Some(path) = &self.scenario {
            line.push_str(&format!(" --scenario {}", path.display()));
        }
        line
    }
}

/// What a run needs, with everything opened that it writes to.
struct Prepared {
    scenario: Scenario,
    json: Option<(PathBuf, File)>,
    options: RunOptions,
}

/// Runs a command and gives the exit code.
pub(super) fn run(command: &RunCommand, arguments: &RunArguments) -> u8 {
    let Prepared { scenario, json, options } = match prepare(command, arguments) {
        Ok(prepared) => prepared,
        Err(error) => return refuse(&error),
    };
    let threads = threads(arguments.threads);
    let progress = Progress::new(scenario.parcels.into(), arguments.quiet);
    let result = crate::day::run(&scenario, threads, &options, &|more| progress.add(more));
    progress.finish();
    match result {
        Ok(outcome) => match publish(&outcome.summary, json, arguments.quiet) {
            Ok(()) => {
                if let Some(code) = &options.explain {
                    tell(outcome.story.as_deref(), code);
                }
                judge(&outcome, command, arguments)
            }
            Err(error) => refuse(&error),
        },
        Err(error) if error.is_bad_input() => refuse(&error.into()),
        Err(error) => {
            eprintln!("error: {error} (seed {})", scenario.seed);
            1
        }
    }
}

/// The threads that were asked for, or one for each processor.
pub(super) fn threads(asked: Option<u64>) -> usize {
    asked.map_or_else(
        || thread::available_parallelism().map_or(1, usize::from),
        |threads| usize::try_from(threads).expect("at most THREADS_LIMIT"),
    )
}

/// Tells the story that was asked for.
fn tell(story: Option<&str>, code: &str) {
    match story {
        Some(story) => println!("\n{story}"),
        None => eprintln!("no parcel was announced with the code {code}"),
    }
}

/// The exit code; what was found and how to see it again goes to stderr.
fn judge(outcome: &Outcome, command: &RunCommand, arguments: &RunArguments) -> u8 {
    let code = outcome.summary.exit_code();
    if code != 0 {
        for message in &outcome.messages {
            eprintln!("violation: {message}");
        }
        eprintln!("{}", outcome.summary.verdict());
        eprintln!("repeat with: {}", arguments.command_line(command.name, outcome.summary.seed));
    }
    code
}

/// Reads the scenario and opens what is written, so that a bad path shows before the run and not after it.
fn prepare(command: &RunCommand, arguments: &RunArguments) -> anyhow::Result<Prepared> {
    let scenario = scenario(command, arguments)?;
    if let Some(code) = &arguments.explain {
        let parsed = CodeBook::standard().parse(code.as_bytes());
        parsed
            .map(drop)
            .with_context(|| format!("no parcel can have the code \"{}\"", code.escape_debug()))?;
    }
    if let Some(folder) = &arguments.manifests {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made for the manifests", folder.display()))?;
    }
    let json = match &arguments.json {
        Some(path) => {
            let file = File::create(path)
                .with_context(|| format!("{} cannot be opened for the report", path.display()))?;
            Some((path.clone(), file))
        }
        None => None,
    };
    let options = RunOptions {
        explain: arguments.explain.clone(),
        manifests: arguments.manifests.clone(),
        record: arguments.record.clone(),
    };
    Ok(Prepared { scenario, json, options })
}

/// The defaults of the command with the file and then the options on top.
fn scenario(command: &RunCommand, arguments: &RunArguments) -> anyhow::Result<Scenario> {
    let mut scenario = (command.defaults)();
    if let Some(path) = &arguments.scenario {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
        scenario = scenario.with_toml(&name, &text)?;
    }
    scenario.seed = arguments.seed.unwrap_or(scenario.seed);
    if let Some(parcels) = arguments.parcels {
        scenario.parcels = u32::try_from(parcels)?;
    }
    if let Some(hubs) = arguments.hubs {
        scenario.hubs = u8::try_from(hubs)?;
    }
    if let Some(sorters) = arguments.sorters {
        scenario.sorters = u8::try_from(sorters)?;
    }
    let contradictions = scenario.contradictions();
    anyhow::ensure!(contradictions.is_empty(), contradictions.join("\n"));
    Ok(scenario)
}

pub(super) fn publish(summary: &Summary, json: Option<(PathBuf, File)>, quiet: bool) -> anyhow::Result<()> {
    if let Some((path, mut file)) = json {
        file.write_all(summary.to_json().as_bytes())
            .with_context(|| format!("the report cannot be written to {}", path.display()))?;
    }
    if quiet {
        return Ok(());
    }
    let mut page = Vec::new();
    print_table(summary, &mut page)?;
    match io::stdout().lock().write_all(&page) {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("the report cannot be printed"),
    }
}

/// A whole number in a range, with `_` between digits where it helps reading.
pub(super) fn number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let expected = format!("expected a whole number from {least} to {most}");
    let value: u64 = text.replace('_', "").parse().map_err(|_| expected.clone())?;
    if (least..=most).contains(&value) { Ok(value) } else { Err(expected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_have_separators_and_must_be_in_range() {
        assert_eq!(number("5_000_000", 1, 60_000_000), Ok(5_000_000));
        assert_eq!(number("65", 1, 64), Err("expected a whole number from 1 to 64".to_owned()));
        assert!(number("-1", 0, 9).is_err() && number("", 0, 9).is_err());
    }

    #[test]
    fn options_override_the_file_and_the_file_the_defaults_of_the_command() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("busy.toml");
        std::fs::write(&path, "seed = 5\nhubs = 3\n").unwrap();
        let arguments = RunArguments { scenario: Some(path), hubs: Some(2), ..RunArguments::default() };
        let day = RunCommand { name: "day", defaults: Scenario::default };
        let found = scenario(&day, &arguments).unwrap();
        assert_eq!((found.seed, found.hubs, found.sorters, found.days), (5, 2, 12, 1));
        let week = RunCommand { name: "week", defaults: Scenario::week };
        let found = scenario(&week, &arguments).unwrap();
        assert_eq!((found.seed, found.hubs, found.sorters, found.days), (5, 2, 12, 7));
    }

    #[test]
    fn the_command_that_repeats_a_run_has_its_name_and_its_seed() {
        let scenario = Some(PathBuf::from("busy.toml"));
        let arguments = RunArguments { parcels: Some(500), scenario, ..RunArguments::default() };
        assert_eq!(
            arguments.command_line("week", 7),
            "sorter-sim week --seed 7 --parcels 500 --scenario busy.toml"
        );
    }
}
