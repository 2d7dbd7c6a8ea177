//! A whole simulated run of a day or more: all hubs in parallel, each a world of its own.

mod changeover;
mod inputs;

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use sorter_core::diagnostic::Diagnostics;
use sorter_core::ids::HubId;
use sorter_core::plan::PlanReadError;
use thiserror::Error;

use crate::check::{RouteError, RouteOracle, ScheduleError, ScheduleOracle};
use crate::data::{HourlyProfile, ParcelShape, Postcodes, STANDARD_HUB, Shapes};
use crate::hub::{Driver, Hub, HubTally, World, summary};
use crate::load::{HubLoad, LoadError, Network, Onward};
use crate::random::{AliasError, AliasTable};
use crate::recording::{NewRecording, RecordingError};
use crate::report::Summary;
use crate::run_options::RunOptions;
use crate::scenario::{Profile, Scenario};
use crate::stopwatch::RunTime;
use inputs::Inputs;

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
    /// The plan of the changeover cannot be made.
    #[error("plan for the changeover: {0}")]
    Changeover(String),
    /// The schedule is not CSV.
    #[error("the schedule is not CSV")]
    Csv(#[from] csv::Error),
    /// The checkers cannot read the schedule.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The run cannot be recorded.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The checkers cannot read the plan.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The weights of the postcodes cannot be drawn from.
    #[error(transparent)]
    Weights(#[from] AliasError),
    /// The machine has no sockets or timers to give.
    #[error("the links cannot be set up")]
    Runtime(#[source] std::io::Error),
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
        !matches!(self, Self::Threads { .. } | Self::Runtime(_))
    }
}

/// A day that has ended: the report, and what the checkers said first.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The report.
    pub summary: Summary,
    /// The first messages of the checkers; empty for a good run.
    pub messages: Vec<String>,
    /// The story of the parcel that was asked for, if it was announced.
    pub story: Option<String>,
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
    options: &RunOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Outcome, RunError> {
    let time = RunTime::start();
    let recording = options.record.as_deref().map(|folder| NewRecording::create(folder, scenario));
    let recording = recording.transpose()?;
    staged(scenario, options, Driver::Direct, |world, network| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|source| RunError::Threads { threads, source })?;
        let hubs = pool.install(|| {
            // One hub at a time on each thread, in whatever order: they share nothing.
            (0..scenario.hubs)
                .into_par_iter()
                .with_max_len(1)
                .map(|hub| run_hub(world, HubId::new(hub), network, progress))
                .collect::<Result<Vec<_>, RunError>>()
        })?;
        let recorded = hubs.iter().filter_map(|(tally, _)| tally.recorded.clone()).collect();
        let outcome = outcome(hubs, scenario, &time);
        if let Some(recording) = recording {
            recording.finish(recorded, &outcome.summary)?;
        }
        Ok(outcome)
    })
}

/// The report over all hubs.
pub(crate) fn outcome(hubs: Vec<(HubTally, [u64; 24])>, scenario: &Scenario, time: &RunTime) -> Outcome {
    let mut asked = [0; 24];
    for (_, hours) in &hubs {
        asked.iter_mut().zip(hours).for_each(|(sum, count)| *sum += count);
    }
    let tallies: Vec<HubTally> = hubs.into_iter().map(|(tally, _)| tally).collect();
    Outcome {
        summary: summary(&tallies, scenario, asked, time),
        messages: tallies.iter().flat_map(HubTally::messages).collect(),
        story: tallies.iter().find_map(|tally| tally.story.clone()),
    }
}

/// Reads the inputs of a scenario and hands on the world that all hubs share, and what loads are drawn from.
pub(crate) fn staged<T>(
    scenario: &Scenario,
    options: &RunOptions,
    driver: Driver,
    then: impl FnOnce(&World<'_>, &Network<'_>) -> Result<T, RunError>,
) -> Result<T, RunError> {
    let inputs = Inputs::read(scenario)?;
    let problems = inputs.plan.check(&inputs.layout);
    problems.into_result(())?;
    let postcodes = Postcodes::load();
    let texts = postcodes.rows.iter().map(|row| (row.country.code(), row.postcode.to_string()));
    let first_routes = RouteOracle::read(&inputs.plan_toml, &inputs.plan_csv, texts.clone())?;
    let changed = changeover::exchanged(&inputs, scenario.changeover.share)?;
    changed.plan.check(&inputs.layout).into_result(())?;
    let changed_routes = RouteOracle::read(&changed.toml, &inputs.plan_csv, texts)?;
    let onward = inputs.onward(&postcodes)?;
    let routes = [first_routes, changed_routes];
    let timetable = inputs.timetable()?;
    let schedule = ScheduleOracle::read(&inputs.schedule, STANDARD_HUB)?;
    let connections = onward.iter().flat_map(Onward::connections);
    let onward_rows: Vec<u16> = connections.filter_map(|known| schedule.row(&known.id)).collect();
    let shapes = Shapes::load();
    let conveyable: Vec<ParcelShape> =
        shapes.rows.into_iter().filter(|shape| !shape.non_conveyable).collect();
    let world = World {
        scenario,
        layout: Arc::clone(&inputs.layout),
        plan: &inputs.plan,
        changed: &changed.plan,
        routes: &routes,
        schedule: &schedule,
        onward_rows: &onward_rows,
        timetable: &timetable,
        onward: onward.as_ref(),
        postcodes: &postcodes,
        shapes: &conveyable,
        destinations: postcodes.destinations(),
        driver,
        options,
    };
    let weights: Vec<u32> = postcodes.rows.iter().map(|row| row.weight).collect();
    let lengths: Vec<u16> =
        conveyable.iter().map(|shape| u16::try_from(shape.length.get()).unwrap_or(u16::MAX)).collect();
    let network = Network {
        destinations: &AliasTable::new(&weights)?,
        lengths_mm: &lengths,
        hourly: &shares(scenario.profile),
        arrivals: &inputs.arrivals(),
        onward: onward.as_ref(),
    };
    then(&world, &network)
}

fn run_hub(
    world: &World<'_>,
    hub: HubId,
    network: &Network<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(HubTally, [u64; 24]), RunError> {
    let load = HubLoad::build(world.scenario, hub, network, world.layout.rated_per_hour())?;
    let asked = load.asked().by_hour_of_day();
    let mut hub = Hub::new(world, hub, &load)?;
    hub.run(progress);
    let tally = hub.finish().map_err(|(path, source)| RunError::Write { path, source })?;
    Ok((tally, asked))
}

/// The share of the day in each hour.
fn shares(profile: Profile) -> [f64; 24] {
    let hours = match profile {
        Profile::CarrierScan => HourlyProfile::CarrierScans,
        Profile::Purchase => HourlyProfile::Purchases,
        Profile::HubInflow => HourlyProfile::HubInflow,
        // The flights take the place of the hours.
        Profile::Flat | Profile::Flights => return [1.0; 24],
    };
    hours.shares_ppm().map(f64::from)
}
