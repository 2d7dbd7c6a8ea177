//! Only the host: controllers that drive PLCs at addresses, on nothing but what every embedder has.
//!
//! An engine is made of a manifest and a plan, each address gets a controller, and one cycle thread drives them.
//! What is left here is the report of it. [`commission`] is for the first day with a PLC.

pub mod commission;
mod ends;
mod engine;
mod eyewitness;
mod journaled;
mod log;
mod report;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sorter_core::engine::Engine;
use sorter_core::ids::SorterId;
use sorter_core::layout::Layout;
use sorter_core::units::Micros;
use sorter_plc::controller::{Attended, Controller, ControllerConfig, ControllerMode};
use sorter_plc::cycle::{CycleConfig, CycleEnd, CycleReport, CycleThread, Running, Sorter, StartError};
use sorter_plc::exchange::{ExchangeConfig, Mode, Release, SessionState};
use sorter_plc::link::LinkConfig;
use thiserror::Error;
use tokio::time::{MissedTickBehavior, interval, timeout};

pub use ends::{FATES_HEAD, write_fates};
pub use engine::{EngineError, Filled, engine_of, filled};
use eyewitness::Eyewitness;
pub use journaled::{Journaled, JournaledError, open as open_journaled};
use log::Logs;
pub use report::{DriveReport, DrivenLink, Happened};

/// How often the links are asked what happened on them.
const LOOK: Duration = Duration::from_millis(200);

/// What to drive, and how.
#[derive(Clone, Debug)]
pub struct DriveConfig {
    /// Where the PLCs are. Their sorters are numbered in this order.
    pub addresses: Vec<SocketAddr>,
    /// The sorters.
    pub layout: Arc<Layout>,
    /// The cycle thread.
    pub cycle: CycleConfig,
    /// Every link.
    pub link: LinkConfig,
    /// Every exchange; its mode and its period are set here.
    pub exchange: ExchangeConfig,
    /// Whether to order nothing, and to compare decisions with what another controller does.
    pub shadow: bool,
    /// Whether the engines write to journals: then events are acknowledged when they are durable.
    pub journaled: bool,
    /// After which time it ends; `None` when it is stopped from outside.
    pub duration: Option<Micros>,
    /// After which time without an event on any live link it ends; `None` for never.
    pub idle: Option<Micros>,
}

/// Why nothing was driven.
#[derive(Debug, Error)]
pub enum DriveError {
    /// There is no engine for this many sorters.
    #[error("{engines} engines for {sorters} sorters, a hub has at most {}", SorterId::LIMIT)]
    Engines {
        /// Engines.
        engines: usize,
        /// Sorters.
        sorters: usize,
    },
    /// The cycle thread did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The cycle thread ended by itself.
    #[error(transparent)]
    End(#[from] CycleEnd),
    /// There is no runtime, or no way to be stopped.
    #[error("the runtime cannot be set up")]
    Runtime(#[from] io::Error),
}

/// Drives until the duration is over or what `stop` gives is done; it is called within a tokio runtime. `tell` hears
/// once of each fault, with the address that it is about.
///
/// Each engine serves up to 32 sorters, in their order.
///
/// # Errors
/// [`DriveError`]. A PLC that is not there or is another one is none: it is told, and stands in the report.
///
/// # Panics
/// Within a tokio runtime.
pub fn run<F: Future<Output = ()>>(
    config: &DriveConfig,
    engines: &[Arc<Engine>],
    tell: &mut dyn FnMut(&str),
    stop: impl FnOnce() -> io::Result<F>,
) -> Result<DriveReport, DriveError> {
    let running = start(config, engines)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut logs = Logs::new(&config.addresses);
    let states = runtime.block_on(async {
        let stop = stop()?;
        Ok::<_, DriveError>(attend(config, &running, &mut logs, tell, stop).await)
    })?;
    drop(runtime);
    let (last, hosts) = running.stop_with(|hosts| hosts)?;
    logs.take(&last, tell);
    Ok(DriveReport::new(config, &last, &states, &hosts, logs))
}

/// The whole of what an embedder does: a controller for each PLC, and a thread that drives them.
fn start(config: &DriveConfig, engines: &[Arc<Engine>]) -> Result<Running<Attended<Eyewitness>>, DriveError> {
    let mode = if config.shadow { ControllerMode::Shadow } else { ControllerMode::Control };
    let controller = ControllerConfig {
        host_period: config.cycle.period,
        request_deadline: config.link.deadline,
        mode,
        ..ControllerConfig::default()
    };
    let exchange_mode = if config.shadow { Mode::Listen } else { Mode::Control };
    let release = if config.journaled { Release::Manual } else { Release::Automatic };
    let exchange = ExchangeConfig { mode: exchange_mode, release, ..config.exchange };
    let mut sorters = Vec::with_capacity(config.addresses.len());
    for (number, address) in config.addresses.iter().enumerate() {
        let engine = engines
            .get(number / SorterId::LIMIT)
            .ok_or(DriveError::Engines { engines: engines.len(), sorters: config.addresses.len() })?;
        let place = u8::try_from(number % SorterId::LIMIT).unwrap_or_default();
        let controller = Controller::new(engine.worker(SorterId::new(place)), controller);
        let host = Attended { controller, watch: Eyewitness::default() };
        let sorter = Sorter::new(address.to_string(), *address, host);
        sorters.push(sorter.with_link(config.link).with_exchange(exchange));
    }
    Ok(CycleThread::start(config.cycle, sorters)?)
}

/// Looks at the links from time to time, and gives their states at the last look before the end.
async fn attend(
    config: &DriveConfig,
    running: &Running<Attended<Eyewitness>>,
    logs: &mut Logs,
    tell: &mut dyn FnMut(&str),
    stop: impl Future<Output = ()>,
) -> Vec<SessionState> {
    let mut states = vec![SessionState::Disconnected; config.addresses.len()];
    let looking = async {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut busy = (Micros::ZERO, 0);
        loop {
            looks.tick().await;
            match look(running).await {
                Some(report) => {
                    states.clear();
                    states.extend(report.links.iter().map(|link| link.state));
                    logs.take(&report, tell);
                    let events: u64 = report.links.iter().map(|link| link.exchange.events).sum();
                    let live = states.iter().all(|state| *state == SessionState::Live);
                    if !live || events != busy.1 || busy.0 == Micros::ZERO {
                        busy = (report.at, events);
                    }
                    let quiet = report.at.saturating_since(busy.0);
                    if config.idle.is_some_and(|most| quiet >= most) {
                        return;
                    }
                }
                None if !running.is_alive() => return,
                None => {}
            }
        }
    };
    let driving = async {
        match config.duration {
            // That it ran out is what was asked for.
            Some(duration) => drop(timeout(Duration::from_micros(duration.get()), looking).await),
            None => looking.await,
        }
    };
    tokio::select! {
        biased;
        () = stop => {}
        () = driving => {}
    }
    states
}

async fn look(running: &Running<Attended<Eyewitness>>) -> Option<CycleReport> {
    running.report().ok()?.received().await.ok()
}
