//! A whole simulated day: all hubs in parallel, each a world of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use sorter_core::diagnostic::Diagnostics;
use sorter_core::ids::HubId;
use sorter_core::layout::Layout;
use sorter_core::plan::{PlanReadError, PlanSource};
use thiserror::Error;

use crate::check::{RouteError, RouteOracle};
use crate::data::{HourlyProfile, ParcelShape, Postcodes, Shapes, standard_plan_texts};
use crate::hub::{Hub, HubTally, World, summary};
use crate::load::{HubLoad, LoadError, Network};
use crate::random::{AliasError, AliasTable};
use crate::report::Summary;
use crate::scenario::{Profile, Scenario};
use crate::stopwatch::RunTime;

/// Why a day did not run.
#[derive(Debug, Error)]
pub enum RunError {
    /// An input file has problems.
    #[error(transparent)]
    Input(#[from] Diagnostics),
    /// The scenario cannot be loaded onto the network.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The plan cannot be read.
    #[error(transparent)]
    Plan(#[from] PlanReadError),
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The checkers cannot read the plan.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The weights of the postcodes cannot be drawn from.
    #[error(transparent)]
    Weights(#[from] AliasError),
    /// The threads could not be started.
    #[error("{threads} threads could not be started")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why.
        source: rayon::ThreadPoolBuildError,
    },
}

impl RunError {
    /// Whether the input is to blame, so that the exit code is 2.
    pub const fn is_bad_input(&self) -> bool {
        !matches!(self, Self::Threads { .. })
    }
}

/// A day that has ended: the report, and what the checkers said first.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The report.
    pub summary: Summary,
    /// The first messages of the checkers; empty for a good run.
    pub messages: Vec<String>,
}

/// The files that a day runs on.
struct Inputs {
    layout: Arc<Layout>,
    plan: PlanSource,
    plan_toml: String,
    plan_csv: String,
}

/// Runs the day of a scenario on `threads` threads; 0 takes all cores. `progress` hears from any thread how
/// many parcels more have been inducted for the first time; the sum of all calls is the number of parcels.
///
/// The result does not depend on the number of threads.
///
/// # Errors
/// When an input is bad, or the scenario does not fit onto the network.
pub fn run(
    scenario: &Scenario,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Outcome, RunError> {
    let time = RunTime::start();
    let inputs = read_inputs(scenario)?;
    let problems = inputs.plan.check(&inputs.layout);
    problems.into_result(())?;
    let postcodes = Postcodes::load();
    let texts = postcodes.rows.iter().map(|row| (row.country.code(), row.postcode.to_string()));
    let routes = RouteOracle::read(&inputs.plan_toml, &inputs.plan_csv, texts)?;
    let shapes = Shapes::load();
    let conveyable: Vec<ParcelShape> =
        shapes.rows.into_iter().filter(|shape| !shape.non_conveyable).collect();
    let world = World {
        scenario,
        layout: inputs.layout,
        plan: &inputs.plan,
        routes: &routes,
        postcodes: &postcodes,
        shapes: &conveyable,
        destinations: postcodes.destinations(),
    };
    let weights: Vec<u32> = postcodes.rows.iter().map(|row| row.weight).collect();
    let lengths: Vec<u16> =
        conveyable.iter().map(|shape| u16::try_from(shape.length.get()).unwrap_or(u16::MAX)).collect();
    let network = Network {
        destinations: &AliasTable::new(&weights)?,
        lengths_mm: &lengths,
        hourly: &shares(scenario.profile),
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|source| RunError::Threads { threads, source })?;
    let hubs = pool.install(|| {
        // One hub at a time on each thread, in whatever order: they share nothing.
        (0..scenario.hubs)
            .into_par_iter()
            .with_max_len(1)
            .map(|hub| run_hub(&world, HubId::new(hub), &network, progress))
            .collect::<Result<Vec<_>, RunError>>()
    })?;
    let mut asked = [0; 24];
    for (_, hours) in &hubs {
        asked.iter_mut().zip(hours).for_each(|(sum, count)| *sum += count);
    }
    let tallies: Vec<HubTally> = hubs.into_iter().map(|(tally, _)| tally).collect();
    Ok(Outcome {
        summary: summary(&tallies, scenario, asked, &time),
        messages: tallies.iter().flat_map(HubTally::messages).collect(),
    })
}

fn run_hub(
    world: &World<'_>,
    hub: HubId,
    network: &Network<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(HubTally, [u64; 24]), RunError> {
    let load = HubLoad::build(world.scenario, hub, network, world.layout.rated_per_hour())?;
    let asked = load.asked().get().map(u64::from);
    let mut hub = Hub::new(world, hub, &load)?;
    hub.run(progress);
    Ok((hub.finish(), asked))
}

fn read_inputs(scenario: &Scenario) -> Result<Inputs, RunError> {
    let layout = match &scenario.layout_file {
        None => Ok(Layout::line_100()),
        Some(path) => Layout::from_toml(&path.display().to_string(), &read(path)?),
    };
    let layout = match (layout, &scenario.plan_file) {
        (Ok(layout), _) => Arc::new(layout),
        (Err(problems), None) => return Err(problems.into()),
        (Err(mut problems), Some(path)) => {
            // What can be said about the plan without a layout is said at once too.
            if let Err(PlanReadError::Content(more)) = PlanSource::read(path) {
                problems.0.extend(more.0);
            }
            return Err(problems.into());
        }
    };
    let Some(path) = &scenario.plan_file else {
        let texts = standard_plan_texts();
        let plan = PlanSource::from_texts(texts.toml_name, texts.toml, texts.csv_name, texts.csv)?;
        return Ok(Inputs { layout, plan, plan_toml: texts.toml.to_owned(), plan_csv: texts.csv.to_owned() });
    };
    let plan = PlanSource::read(path)?;
    let plan_toml = read(path)?;
    let rules = RouteOracle::rules_file(&plan_toml)?;
    let plan_csv = read(&path.parent().unwrap_or(Path::new(".")).join(rules))?;
    Ok(Inputs { layout, plan, plan_toml, plan_csv })
}

fn read(path: &Path) -> Result<String, RunError> {
    std::fs::read_to_string(path).map_err(|source| RunError::File { path: path.to_owned(), source })
}

/// The share of the day in each hour.
fn shares(profile: Profile) -> [f64; 24] {
    let hours = match profile {
        Profile::CarrierScan => HourlyProfile::CarrierScans,
        Profile::Purchase => HourlyProfile::Purchases,
        Profile::HubInflow => HourlyProfile::HubInflow,
        Profile::Flat => return [1.0; 24],
    };
    hours.shares_ppm().map(f64::from)
}
