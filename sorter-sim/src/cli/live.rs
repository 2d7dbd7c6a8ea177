//! `sorter-sim live`: hosts and PLCs over Modbus/TCP, in real time or in virtual time.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;
use sorter_core::units::Micros;
use sorter_plc::exchange::ExchangeConfig;

use super::progress::Progress;
use super::refuse;
use super::run::{number, publish};
use crate::live::{LiveFault, LiveOptions, Transport, contradiction};
use crate::run_options::RunOptions;
use crate::scenario::{HUBS_LIMIT, PARCELS_LIMIT, SORTERS_LIMIT, Scenario};

/// The text under the options.
pub(super) const HELP: &str = "Example:\n  sorter-sim live --duration 60 --json live.json\n  \
     sorter-sim live --duration 60 --fault plc_restart@20:3 --fault link_cut@30:40:5\n  \
     sorter-sim live --virtual --hubs 1 --sorters 1 --rate 3 --duration 600";

#[derive(Args, Clone, Debug)]
pub(super) struct LiveArguments {
    /// Seconds in which the parcels arrive, 1 to 3_600; the run goes on until the belts are empty
    #[arg(long, default_value = "60", value_parser = |text: &str| number(text, 1, 3_600))]
    duration: u64,
    /// Parcels a second over all sorters
    #[arg(long, default_value = "265", value_parser = |text: &str| number(text, 1, 10_000))]
    rate: u64,
    /// Hubs, 1 to 64
    #[arg(long, default_value = "6", value_parser = |text: &str| number(text, 1, HUBS_LIMIT.into()))]
    hubs: u64,
    /// Sorters in each hub, 1 to 32
    #[arg(long, default_value = "12", value_parser = |text: &str| number(text, 1, SORTERS_LIMIT.into()))]
    sorters: u64,
    /// Period of the host cycle in milliseconds, 2 to 1_000
    #[arg(long, default_value = "10", value_parser = |text: &str| number(text, 2, 1_000))]
    period_ms: u64,
    /// Streams in memory and virtual time instead of TCP and the clock
    #[arg(long = "virtual")]
    in_virtual_time: bool,
    /// A fault as kind@seconds:sorter:lasts, kind plc_restart or link_cut; may be given again
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<LiveFault>,
    /// Seed from which every random draw follows
    #[arg(long, default_value = "1", value_parser = |text: &str| number(text, 0, i64::MAX as u64))]
    seed: u64,
    /// Scenario in TOML; the options above override it
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Write the report as one JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Print neither progress nor report
    #[arg(long)]
    quiet: bool,
}

/// Runs and gives the exit code.
pub(super) fn run(arguments: &LiveArguments) -> u8 {
    let prepared = prepare(arguments).and_then(|(scenario, live)| Ok((scenario, live, open(arguments)?)));
    let (scenario, live, json) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return refuse(&error),
    };
    let progress = Progress::new(scenario.parcels.into(), arguments.quiet);
    let result = crate::live::run(&scenario, &live, &RunOptions::default(), &|more| progress.add(more));
    progress.finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) if error.is_bad_input() => return refuse(&error.into()),
        Err(error) => {
            refuse(&error.into());
            return 1;
        }
    };
    if let Err(error) = publish(&outcome.summary, json, arguments.quiet) {
        return refuse(&error);
    }
    let code = outcome.summary.exit_code();
    if code != 0 {
        for message in &outcome.messages {
            eprintln!("violation: {message}");
        }
        eprintln!("{}", outcome.summary.verdict());
    }
    code
}

fn open(arguments: &LiveArguments) -> anyhow::Result<Option<(PathBuf, File)>> {
    let Some(path) = &arguments.json else { return Ok(None) };
    let file =
        File::create(path).with_context(|| format!("{} cannot be opened for the report", path.display()))?;
    Ok(Some((path.clone(), file)))
}

fn prepare(arguments: &LiveArguments) -> anyhow::Result<(Scenario, LiveOptions)> {
    let mut scenario = Scenario::default();
    // A run in real time should not wait long for what comes round again.
    scenario.plant.return_time = Micros::from_secs(10);
    scenario.plant.put_back_after = Micros::from_secs(20);
    (scenario.hall.fetch_min, scenario.hall.fetch_max) = (Micros::from_secs(5), Micros::from_secs(15));
    if let Some(path) = &arguments.scenario {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
        scenario = scenario.with_toml(&name, &text)?;
    }
    let parcels = arguments.rate * arguments.duration;
    ensure!(parcels <= u64::from(PARCELS_LIMIT), "{parcels} parcels (expected at most {PARCELS_LIMIT})");
    scenario.seed = arguments.seed;
    scenario.parcels = u32::try_from(parcels)?;
    scenario.hubs = u8::try_from(arguments.hubs)?;
    scenario.sorters = u8::try_from(arguments.sorters)?;
    scenario.arrive_within = Some(Micros::from_secs(arguments.duration));
    let contradictions = scenario.contradictions();
    ensure!(contradictions.is_empty(), contradictions.join("\n"));
    let sorters = arguments.hubs * arguments.sorters;
    let contradiction = contradiction(&arguments.faults, sorters, Micros::from_secs(arguments.duration));
    if let Some(contradiction) = contradiction {
        bail!(contradiction);
    }
    let exchange =
        ExchangeConfig { period: Micros::from_millis(arguments.period_ms), ..ExchangeConfig::default() };
    exchange.check()?;
    let transport = if arguments.in_virtual_time { Transport::Memory } else { Transport::Loopback };
    Ok((scenario, LiveOptions { transport, exchange, faults: arguments.faults.clone() }))
}
