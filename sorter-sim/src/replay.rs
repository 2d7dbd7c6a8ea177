//! Runs that are repeated from their recordings: the same inputs into fresh engines and controllers, without plant and
//! without virtual PLC, and what comes out compared with what came out before.

mod report;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sorter_core::ids::HubId;
use sorter_core::units::Micros;
use thiserror::Error;

use crate::day::{RunError, staged};
use crate::hub::{Driver, ReplayedHub, Stop, World, digest};
use crate::load::{HubLoad, Network};
use crate::recording::{Input, Recording, RecordingError};
use crate::report::hex;
use crate::run_options::RunOptions;
use crate::stopwatch::RunTime;
pub use report::{Difference, HubReplay, ReplayReport, print_replay};

/// Records between two reports of progress.
const PROGRESS_STEP: u64 = 16_384;

/// What of a recording is replayed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayOptions {
    /// Threads; 0 for all cores. They never change a result.
    pub threads: usize,
    /// One hub alone.
    pub hub: Option<HubId>,
    /// What happened at this time of the run or later is left out.
    pub stop_at: Option<Micros>,
    /// Whether a recording of another version of the program is replayed too.
    pub any_version: bool,
}

/// Why a recording was not replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The recording cannot be used.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// What the run stands on cannot be made again.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl ReplayError {
    /// Whether the input is to blame, so that the exit code is 2.
    pub const fn is_bad_input(&self) -> bool {
        match self {
            Self::Recording(_) => true,
            Self::Run(error) => error.is_bad_input(),
        }
    }
}

/// Replays a recording. `progress` hears from any thread how many items more have been inducted.
///
/// # Errors
/// When the recording cannot be used, or what it stands on cannot be made again. That something else came out is no
/// error: the report says so.
pub fn run(
    recording: &Recording,
    options: &ReplayOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ReplayReport, ReplayError> {
    let time = RunTime::start();
    let scenario = recording.scenario();
    let hubs: Vec<HubId> = match options.hub {
        None => (0..scenario.hubs).map(HubId::new).collect(),
        Some(hub) if hub.get() < scenario.hubs => vec![hub],
        Some(hub) => {
            let (hub, last) = (hub.get(), scenario.hubs - 1);
            return Err(RecordingError::NoSuchHub { hub, last }.into());
        }
    };
    let replayed = staged(scenario, &RunOptions::default(), Driver::Direct, |world, network| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads)
            .build()
            .map_err(|source| RunError::Threads { threads: options.threads, source })?;
        Ok(pool.install(|| {
            let one = |hub: &HubId| one_hub(world, network, recording, *hub, options, progress);
            hubs.par_iter().with_max_len(1).map(one).collect::<Result<Vec<HubReplay>, ReplayError>>()
        }))
    })??;
    Ok(ReplayReport::new(recording, options, replayed, &time))
}

fn one_hub(
    world: &World<'_>,
    network: &Network<'_>,
    recording: &Recording,
    hub: HubId,
    options: &ReplayOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<HubReplay, ReplayError> {
    let path = recording.hub_path(hub);
    let mut records = recording.hub(hub)?;
    let load = HubLoad::build(world.scenario, hub, network, world.layout.rated_per_hour())
        .map_err(RunError::from)?;
    let mut replayed = ReplayedHub::new(world, hub, &load).map_err(RunError::from)?;
    let (mut until, mut reported, mut difference, mut whole) = (Micros::ZERO, 0, None, false);
    loop {
        let record = records.next().map_err(|source| damaged(&path, source))?;
        let Some(record) = record else {
            whole = true;
            break;
        };
        if options.stop_at.is_some_and(|stop| record.at >= stop)
            && !matches!(record.input, Input::Ended { .. })
        {
            break;
        }
        until = record.at;
        match replayed.repeat(&record) {
            Ok(()) => {}
            Err(Stop::Foreign(about)) => {
                let record = records.records();
                return Err(RecordingError::Foreign { path, record, about }.into());
            }
            Err(Stop::Mismatch(mismatch)) => {
                difference = Some(Difference::new(hub, record.at, records.records(), mismatch));
                break;
            }
        }
        if records.records().is_multiple_of(PROGRESS_STEP) {
            let inductions = replayed.counts().inductions;
            progress(inductions - reported);
            reported = inductions;
        }
    }
    let counts = replayed.counts();
    progress(counts.inductions - reported);
    Ok(HubReplay {
        hub: hub.get(),
        records: records.records(),
        counts,
        until_s: until.get() as f64 / 1e6,
        whole,
        digest_recorded: recording.head().hub[usize::from(hub.get())].digest.clone(),
        digest_replayed: hex(digest(replayed.digests().into_iter())),
        difference,
    })
}

fn damaged(path: &Path, source: crate::recording::HubFileError) -> ReplayError {
    RecordingError::Damaged { path: PathBuf::from(path), source }.into()
}
