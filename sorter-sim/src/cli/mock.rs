//! `sorter-sim mock`: virtual PLCs behind ports.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use clap::builder::PossibleValuesParser;
use sorter_core::ids::SorterId;
use sorter_core::layout::Layout;
use sorter_core::units::Micros;
use sorter_plc::register_map::WordOrder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::LocalSet;

use super::refuse;
use super::run::number;
use crate::check::RouteOracle;
use crate::mock::{self, BodyEnd, MOST_SORTERS, MockConfig, MockLoad, MockReport, PlanText};
use crate::modbus_server::{FaultRates, ServerProfile};

/// A year: longer runs are without a duration.
const LONGEST_S: u64 = 365 * 86_400;

pub(super) const HELP: &str = "Each PLC prints a line with its address on stdout. It ends after --duration, or at \
    SIGINT or SIGTERM, and then tells what really happened on the belts.\n\n\
    Exit codes: 0 items, orders and bodies added up, 1 they did not, 2 bad input.\n\n\
    Example:\n  sorter-sim mock --sorters 2 --listen 127.0.0.1:1502 --profile scan --faults delay=0.01,cut=0.0005 \
    --duration 60 --json mock.json";

/// The profiles and faults, for `--help`.
pub(super) fn long_help() -> String {
    let mut text = String::from("Profiles:\n");
    for (name, what) in ServerProfile::NAMES {
        text.push_str(&format!("  {name:<20} {what}\n"));
    }
    text.push_str("\nFaults, as shares of the requests:\n  all");
    for fault in crate::modbus_server::WireFault::ALL {
        text.push_str(&format!(", {}", fault.key()));
    }
    text.push_str("\n\n");
    text + HELP
}

#[derive(Args, Clone, Debug)]
pub(super) struct MockArguments {
    /// Virtual PLCs, 1 to 128, each behind a port of its own
    #[arg(long, default_value = "1", value_parser = |text: &str| number(text, 1, MOST_SORTERS.into()))]
    sorters: u64,
    /// Where the first one listens; the others one port higher each, or all on free ports for port 0
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// How the servers behave; --help lists the profiles
    #[arg(long, default_value = "plain", hide_possible_values = true, value_name = "NAME",
        value_parser = PossibleValuesParser::new(ServerProfile::NAMES.map(|(name, _)| name)))]
    profile: String,
    /// Faults on the wire with their shares, as delay=0.01,cut=0.0005
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME=SHARE,..")]
    faults: FaultRates,
    /// Milliseconds from one scan of a PLC to the next, 1 to 1_000
    #[arg(long, default_value = "10", value_name = "MS", value_parser = |text: &str| number(text, 1, 1_000))]
    scan_ms: u64,
    /// Seconds after which it ends [default: when it is told to]
    #[arg(long, value_name = "S", value_parser = |text: &str| number(text, 1, LONGEST_S))]
    duration: Option<u64>,
    /// Seed of parcels and faults
    #[arg(long, default_value = "1", value_parser = |text: &str| number(text, 0, i64::MAX as u64))]
    seed: u64,
    /// Parcels that come to each sorter in an hour; 0 for an empty belt
    #[arg(long, default_value = "10000", value_name = "N",
        value_parser = |text: &str| number(text, 0, u32::MAX.into()))]
    parcels_per_hour: u64,
    /// Entries of the BELT block, 1 to 1_000: the PLC tracks no more items
    #[arg(long, default_value = "200", value_name = "N", value_parser = |text: &str| number(text, 1, 1_000))]
    belt_capacity: u64,
    /// The boot number of the PLCs, 0 to 65_535: give another one at each start; 0 is not supported
    #[arg(long, default_value = "1", value_name = "N", value_parser = |text: &str| number(text, 0, u16::MAX.into()))]
    boot: u64,
    /// The word order of 32-bit values
    #[arg(long, default_value = "high", value_name = "high|low", value_parser = PossibleValuesParser::new(["high", "low"]))]
    word_order: String,
    /// The layout of the sorters [default: the built-in line sorter]
    #[arg(long, value_name = "FILE")]
    layout: Option<PathBuf>,
    /// The sort plan by which discharges are judged [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Seconds that a parcel takes from the end of the belt back to the induction
    #[arg(long, default_value = "60", value_name = "S", value_parser = |text: &str| number(text, 1, 3_600))]
    return_s: u64,
    /// Write the announcements of its parcels as a manifest
    #[arg(long, value_name = "FILE")]
    manifest_out: Option<PathBuf>,
    /// Seconds for which parcels come [default: as long as there are any]
    #[arg(long, value_name = "S", value_parser = |text: &str| number(text, 0, LONGEST_S))]
    arrive_for: Option<u64>,
    /// Write where each body ended, as CSV
    #[arg(long, value_name = "FILE")]
    fates: Option<PathBuf>,
    /// Write what happened as one JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl MockArguments {
    fn config(&self) -> anyhow::Result<MockConfig> {
        Ok(MockConfig {
            sorters: u8::try_from(self.sorters)?,
            listen: self.listen,
            profile: ServerProfile::named(&self.profile).context("there is no such profile")?,
            faults: self.faults,
            scan: Micros::from_millis(self.scan_ms),
            duration: self.duration.map(Micros::from_secs),
            seed: self.seed,
            parcels_per_hour: u32::try_from(self.parcels_per_hour)?,
            belt_capacity: u16::try_from(self.belt_capacity)?,
            boot: u16::try_from(self.boot)?,
            word_order: word_order(&self.word_order),
            layout: layout(self.layout.as_deref())?,
            plan: plan_text(self.plan.as_deref())?,
            return_time: Micros::from_secs(self.return_s),
            arrive_for: self.arrive_for.map(Micros::from_secs),
        })
    }
}

/// Runs the command and gives the exit code.
pub(super) fn run(arguments: &MockArguments) -> u8 {
    match serve(arguments) {
        Ok(report) => {
            let violations = report.violations();
            for violation in &violations {
                eprintln!("violation: {violation}");
            }
            u8::from(!violations.is_empty())
        }
        Err(error) => refuse(&error),
    }
}

fn serve(arguments: &MockArguments) -> anyhow::Result<MockReport> {
    let config = arguments.config()?;
    // A bad path shows before the run and not after it.
    let json = match &arguments.json {
        Some(path) => {
            let file = File::create(path)
                .with_context(|| format!("{} cannot be opened for the report", path.display()))?;
            Some((path, file))
        }
        None => None,
    };
    let fates = match &arguments.fates {
        Some(path) => {
            Some(File::create(path).with_context(|| format!("{} cannot be opened", path.display()))?)
        }
        None => None,
    };
    let load = MockLoad::draw(&config.load(), &config.layout)?;
    if let Some(path) = &arguments.manifest_out {
        write_manifest(&load, path).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    let report = LocalSet::new().block_on(&runtime, async {
        let mut interrupt = told_by(SignalKind::interrupt())?;
        let mut terminate = told_by(SignalKind::terminate())?;
        let stop = async {
            tokio::select! {
                biased;
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        let listening = |sorter: SorterId, address: SocketAddr| {
            say(format!("sorter {} listens on {address}\n", sorter.get()).as_bytes());
        };
        anyhow::Ok(mock::run_with(&config, &load, listening, stop).await?)
    })?;
    if let Some((path, mut file)) = json {
        file.write_all(report.to_json().as_bytes())
            .with_context(|| format!("the report cannot be written to {}", path.display()))?;
    }
    if let Some(file) = fates {
        let mut file = BufWriter::new(file);
        BodyEnd::write_csv(&report.ends, &mut file)
            .and_then(|()| file.flush())
            .context("fates cannot be written")?;
    }
    let mut page = Vec::new();
    report.print(&mut page)?;
    say(&page);
    Ok(report)
}

fn write_manifest(load: &MockLoad, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    load.write_manifest(&mut file)?;
    file.flush()
}

/// The word order of an option that is `high` or `low`.
pub(super) fn word_order(text: &str) -> WordOrder {
    if text == "low" { WordOrder::LowFirst } else { WordOrder::HighFirst }
}

/// A layout of a file, or the built-in one.
pub(super) fn layout(path: Option<&Path>) -> anyhow::Result<Layout> {
    let Some(path) = path else { return Ok(Layout::line_100()) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
    Ok(Layout::from_toml(&name, &text)?)
}

/// The two texts of a plan of a file, or of the built-in one.
fn plan_text(path: Option<&Path>) -> anyhow::Result<PlanText> {
    let Some(path) = path else { return Ok(MockConfig::default().plan) };
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let toml = read(path)?;
    let csv = read(&path.parent().unwrap_or(Path::new(".")).join(RouteOracle::rules_file(&toml)?))?;
    Ok(PlanText { toml, csv })
}

pub(super) fn told_by(kind: SignalKind) -> anyhow::Result<Signal> {
    signal(kind).context("signals cannot be waited for")
}

/// Writes to stdout at once. Where nobody reads it, the PLCs run on.
pub(super) fn say(text: &[u8]) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text).and_then(|()| out.flush());
}
