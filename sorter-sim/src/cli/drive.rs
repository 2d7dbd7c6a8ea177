//! `sorter-sim drive`: only the host, against PLCs at addresses.

mod commission;
mod connect;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;
use sorter_core::engine::Engine;
use sorter_core::ids::{ChuteId, HubId, SorterId};
use sorter_core::plan::PlanSource;
use sorter_core::units::Micros;
use sorter_plc::cycle::{Core, CycleConfig, FifoPriority, Scheduling};
use sorter_plc::exchange::ExchangeConfig;
use sorter_plc::journal::JournalThread;
use sorter_plc::link::{Function23, LinkConfig, UnitId};
use tokio::signal::unix::{SignalKind, signal};

use super::mock::{layout, say, word_order};
use super::refuse;
use super::run::number;
use crate::data::standard_plan;
use crate::drive::{
    self, DriveConfig, DriveReport, FATES_HEAD, Filled, Journaled, filled, open_journaled, write_fates,
};
use crate::mock::{LoadConfig, MOST_SORTERS, MockLoad};
use connect::Targets;

/// A year: longer runs are without a duration.
const LONGEST_S: u64 = 365 * 86_400;

/// The text under the options.
pub(super) const HELP: &str = "Without --manifest it announces the parcels that `sorter-sim mock` has by the same \
    --seed, --sorters, --parcels-per-hour and --duration (in begun hours; none is 24 h).\n\n\
    It ends after --duration, or at SIGINT or SIGTERM, and then tells what it did.\n\n\
    Exit codes: 0 all links were up and all items add up, 1 not so, 2 bad input.\n\n\
    Example:\n  sorter-sim mock --sorters 4 --listen 127.0.0.1:1502 --duration 70 &\n  \
    sorter-sim drive --connect 127.0.0.1:1502+4 --duration 60 --json drive.json\n  \
    sorter-sim drive --connect plc-1:502,plc-2:502 --manifest day.csv --plan plan.toml --shadow\n  \
    sorter-sim drive --connect plc-1:502 --commission --chute 7";

#[derive(Args, Clone, Debug)]
pub(super) struct DriveArguments {
    /// Where the PLCs are: HOST:PORT, several with commas, or HOST:PORT+N for N ports from this one on
    #[arg(long, value_name = "HOST:PORT[+N],..", required = true)]
    connect: Targets,
    /// The announced parcels as CSV [default: those of `sorter-sim mock`]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The sort plan in TOML [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// The layout of the sorters [default: the built-in line sorter]
    #[arg(long, value_name = "FILE")]
    layout: Option<PathBuf>,
    /// Period of the cycle in milliseconds, 2 to 1_000
    #[arg(long, default_value = "10", value_name = "MS", value_parser = |text: &str| number(text, 2, 1_000))]
    period_ms: u64,
    /// Modbus unit id of the PLCs
    #[arg(long, default_value = "1", value_name = "N", value_parser = |text: &str| number(text, 0, 255))]
    unit: u64,
    /// The word order of 32-bit values
    #[arg(long, default_value = "high", value_name = "high|low",
        value_parser = PossibleValuesParser::new(["high", "low"]))]
    word_order: String,
    /// Entries of the BELT block, 1 to 1_000: what the PLCs are configured for
    #[arg(long, default_value = "200", value_name = "N", value_parser = |text: &str| number(text, 1, 1_000))]
    belt_capacity: u64,
    /// Whether function 23 is tried
    #[arg(long, default_value = "probe", value_name = "probe|never",
        value_parser = PossibleValuesParser::new(["probe", "never"]))]
    fc23: String,
    /// Priority of the real-time scheduler for the cycle thread, 1 to 99
    #[arg(long, default_value = "40", value_name = "N", value_parser = |text: &str| number(text, 1, 99))]
    fifo: u64,
    /// Ask the operating system for nothing: no real-time scheduler, no locked memory, no core
    #[arg(long)]
    plain: bool,
    /// The core of the cycle thread: any, last or its number
    #[arg(long, default_value = "last", value_name = "CORE", value_parser = core)]
    core: Core,
    /// Seconds after which it ends [default: when it is told to]
    #[arg(long, value_name = "S", value_parser = |text: &str| number(text, 1, LONGEST_S))]
    duration: Option<u64>,
    /// Seconds without an event after which it ends, when all links are live [default: never]
    #[arg(long, value_name = "S", value_parser = |text: &str| number(text, 1, LONGEST_S))]
    idle: Option<u64>,
    /// Write a journal into this folder, and go on where the one that is there ends
    #[arg(long, value_name = "DIR", conflicts_with_all = ["shadow", "commission"])]
    journal: Option<PathBuf>,
    /// Write what the ledger says of each parcel at the end, as CSV
    #[arg(long, value_name = "FILE", conflicts_with = "commission")]
    fates: Option<PathBuf>,
    /// Order nothing: follow the session of the present controller, decide, and compare
    #[arg(long)]
    shadow: bool,
    /// Seed of the parcels
    #[arg(long, default_value = "1", value_parser = |text: &str| number(text, 0, i64::MAX as u64))]
    seed: u64,
    /// Sorters that the mock has [default: as many as addresses]
    #[arg(long, value_name = "N", value_parser = |text: &str| number(text, 1, MOST_SORTERS.into()))]
    sorters: Option<u64>,
    /// Parcels that come to each sorter of the mock in an hour
    #[arg(long, default_value = "10000", value_name = "N",
        value_parser = |text: &str| number(text, 0, u32::MAX.into()))]
    parcels_per_hour: u64,
    /// Write the report as one JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Commission one PLC, step by step: read all, lamps, one divert, pulses and speed
    #[arg(long, conflicts_with_all = ["shadow", "manifest", "plan", "duration"])]
    commission: bool,
    /// The chute of the divert of --commission
    #[arg(long, default_value = "0", value_name = "N", value_parser = |text: &str| number(text, 0, 255))]
    chute: u64,
    /// Go through --commission without asking before each step: things will move
    #[arg(long, requires = "commission")]
    yes: bool,
}

impl DriveArguments {
    fn config(&self, addresses: Vec<SocketAddr>) -> anyhow::Result<DriveConfig> {
        let scheduling = if self.plain {
            Scheduling::plain()
        } else {
            let fifo = FifoPriority::new(u8::try_from(self.fifo)?);
            Scheduling { fifo, core: self.core, ..Scheduling::default() }
        };
        let period = Micros::from_millis(self.period_ms);
        Ok(DriveConfig {
            addresses,
            layout: Arc::new(layout(self.layout.as_deref())?),
            cycle: CycleConfig { period, scheduling, ..CycleConfig::default() },
            link: LinkConfig {
                unit: UnitId::new(u8::try_from(self.unit)?),
                function_23: if self.fc23 == "never" { Function23::Never } else { Function23::Probe },
                ..LinkConfig::default()
            },
            exchange: ExchangeConfig {
                period,
                word_order: word_order(&self.word_order),
                belt_capacity: u16::try_from(self.belt_capacity)?,
                ..ExchangeConfig::default()
            },
            shadow: self.shadow,
            journaled: self.journal.is_some(),
            duration: self.duration.map(Micros::from_secs),
            idle: self.idle.map(Micros::from_secs),
        })
    }

    fn load(&self, addresses: usize) -> anyhow::Result<LoadConfig> {
        let sorters = self.sorters.unwrap_or(addresses as u64);
        ensure!(
            sorters <= MOST_SORTERS.into(),
            "{sorters} sorters are more than the {MOST_SORTERS} of a mock; give --manifest"
        );
        Ok(LoadConfig {
            seed: self.seed,
            sorters: u8::try_from(sorters)?,
            parcels_per_hour: u32::try_from(self.parcels_per_hour)?,
            duration: self.duration.map(Micros::from_secs),
        })
    }

    /// The hubs of the sorters, one for 32 of them.
    fn hubs(&self, config: &mut DriveConfig) -> anyhow::Result<Vec<DrivenHub>> {
        let plan = self.plan.as_deref().map_or_else(|| Ok(standard_plan()), PlanSource::read)?;
        plan.check(&config.layout).into_result(())?;
        let mut drawn = Vec::new();
        if self.manifest.is_none() {
            MockLoad::draw(&self.load(config.addresses.len())?, &config.layout)?
                .write_manifest(&mut drawn)?;
        }
        let mut hubs = Vec::new();
        let count = config.addresses.len().div_ceil(SorterId::LIMIT);
        for hub in (0..).map(HubId::new).take(count) {
            let filled = match &self.manifest {
                None => filled(hub, &config.layout, &drawn[..], "parcels of the mock")?,
                Some(path) => {
                    let name = path.display().to_string();
                    let file = File::open(path).with_context(|| format!("{name} cannot be read"))?;
                    filled(hub, &config.layout, BufReader::new(file), &name)?
                }
            };
            if hubs.is_empty() {
                for refused in &filled.announced.listed {
                    eprintln!("{refused}");
                }
                say(format!("announced: {}\n", filled.announced).as_bytes());
            }
            hubs.push(self.hub(config, filled, &plan)?);
        }
        Ok(hubs)
    }

    /// One hub, which goes on where its journal ends, if it has one.
    fn hub(&self, config: &mut DriveConfig, filled: Filled, plan: &PlanSource) -> anyhow::Result<DrivenHub> {
        let Filled { builder, codes, .. } = filled;
        let Some(folder) = &self.journal else {
            return Ok(DrivenHub { engine: builder.build(plan)?, journal: None, codes });
        };
        let alarm = |what: &str| eprintln!("journal: {what}");
        let Journaled { engine, thread, epoch, after, records_read } =
            open_journaled(folder, builder, plan, alarm)?;
        config.cycle.epoch = config.cycle.epoch.max(epoch);
        say(format!("journal: goes on after {after}, {records_read} entries read\n").as_bytes());
        Ok(DrivenHub { engine, journal: Some(thread), codes })
    }
}

/// A hub with what is needed at its end.
struct DrivenHub {
    engine: Arc<Engine>,
    journal: Option<JournalThread>,
    /// The first code of each parcel.
    codes: Vec<String>,
}

fn core(text: &str) -> Result<Core, String> {
    match text {
        "any" => Ok(Core::Any),
        "last" => Ok(Core::Last),
        _ => number(text, 0, 4_095)
            .map_err(|_| "expected any, last or a number".to_owned())
            .map(|number| Core::Number(usize::try_from(number).unwrap_or(usize::MAX))),
    }
}

/// Runs the command and gives the exit code.
pub(super) fn run(arguments: &DriveArguments) -> u8 {
    let done = if arguments.commission { commission(arguments) } else { drive(arguments) };
    done.unwrap_or_else(|error| refuse(&error))
}

fn open(arguments: &DriveArguments) -> anyhow::Result<Option<File>> {
    let Some(path) = &arguments.json else { return Ok(None) };
    let file =
        File::create(path).with_context(|| format!("{} cannot be opened for the report", path.display()))?;
    Ok(Some(file))
}

fn drive(arguments: &DriveArguments) -> anyhow::Result<u8> {
    let mut config = arguments.config(arguments.connect.resolve()?)?;
    let json = open(arguments)?;
    let fates = match &arguments.fates {
        Some(path) => {
            Some(File::create(path).with_context(|| format!("{} cannot be opened", path.display()))?)
        }
        None => None,
    };
    let hubs = arguments.hubs(&mut config)?;
    let engines: Vec<Arc<Engine>> = hubs.iter().map(|hub| Arc::clone(&hub.engine)).collect();
    let mut tell = |what: &str| eprintln!("{what}");
    let report = drive::run(&config, &engines, &mut tell, told_to_end)?;
    publish(&report, json)?;
    if let Some(file) = fates {
        let mut file = BufWriter::new(file);
        writeln!(file, "{FATES_HEAD}")?;
        for hub in &hubs {
            write_fates(&hub.engine, &hub.codes, &mut file)?;
        }
        file.flush().context("the fates cannot be written")?;
    }
    let mut problems = report.problems();
    for journal in hubs.into_iter().filter_map(|hub| hub.journal) {
        problems.extend(journal.stop().err().map(|error| error.to_string()));
    }
    for problem in &problems {
        eprintln!("problem: {problem}");
    }
    Ok(u8::from(!problems.is_empty()))
}

fn commission(arguments: &DriveArguments) -> anyhow::Result<u8> {
    let addresses = arguments.connect.resolve()?;
    ensure!(addresses.len() == 1, "one PLC is commissioned at a time, --connect names {}", addresses.len());
    let config = arguments.config(addresses)?;
    let chute = ChuteId::new(u16::try_from(arguments.chute)?);
    ensure!(
        config.layout.chute(chute).is_some(),
        "{chute} is not on layout {}, which has {}",
        config.layout.name(),
        config.layout.chutes().len()
    );
    commission::run(&config, chute, arguments.yes, open(arguments)?)
}

/// Done at SIGINT or SIGTERM.
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            biased;
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn publish(report: &DriveReport, json: Option<File>) -> anyhow::Result<()> {
    if let Some(mut file) = json {
        file.write_all(report.to_json().as_bytes()).context("the report cannot be written")?;
    }
    let mut page = Vec::new();
    report.print(&mut page)?;
    say(&page);
    Ok(())
}
