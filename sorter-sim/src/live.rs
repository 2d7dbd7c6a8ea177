//! The hubs of a scenario with the real exchange and link between each controller and its PLC.
//!
//! Every PLC stands behind a Modbus server, and every controller behind an [`Exchange`] and a link to it. Over
//! [`Transport::Memory`] the streams are in memory and time is virtual: the same scenario gives the same run, much faster
//! than real time. Over [`Transport::Loopback`] they are TCP connections on 127.0.0.1 and time is that of the clock.
//!
//! All of it runs on one thread: the hosts with their links, the servers, the plants and the checkers, which so see
//! everything in the order in which it happened.

mod cable;
mod faults;
mod site;

use std::cell::RefCell;
use std::io;

use futures_util::future::join_all;
use sorter_core::ids::HubId;
use sorter_core::units::Micros;
use sorter_plc::contract::Order;
use sorter_plc::controller::Inputs;
use sorter_plc::cycle::{Beat, Panel, PausedBeat, TimerBeat, Times, run_link};
use sorter_plc::exchange::{Delivered, Exchange, ExchangeConfig, Release};
use sorter_plc::host::{Host, Ready, Resync};
use sorter_plc::link::{Link, LinkConfig};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::day::{Outcome, RunError, outcome, staged};
use crate::hub::{Driver, Hub};
use crate::load::HubLoad;
use crate::report::{Latency, LinksReport};
use crate::run_options::RunOptions;
use crate::scenario::Scenario;
use crate::stopwatch::RunTime;
use cable::ThroughCable;
use faults::Timeline;
pub(crate) use faults::contradiction;
pub use faults::{LiveFault, LiveFaultKind};
use site::Site;

/// What is between host and PLC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// A stream in memory, under virtual time.
    Memory,
    /// A TCP connection on 127.0.0.1, in real time.
    #[default]
    Loopback,
}

/// How a scenario is run over links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveOptions {
    /// What is between host and PLC.
    pub transport: Transport,
    /// The settings of every exchange; the belt capacity is that of the layout.
    pub exchange: ExchangeConfig,
    /// What is going to happen, announced before.
    pub faults: Vec<LiveFault>,
}

/// Runs a scenario over links until its belts are empty. `progress` hears how many parcels more were inducted.
///
/// The load should fit into the time: see [`Scenario::arrive_within`].
///
/// # Errors
/// When an input is bad, or the machine has no sockets or timers to give.
pub fn run(
    scenario: &Scenario,
    live: &LiveOptions,
    options: &RunOptions,
    progress: &dyn Fn(u64),
) -> Result<Outcome, RunError> {
    let time = RunTime::start();
    staged(scenario, options, Driver::Linked, |world, network| {
        let rated = world.layout.rated_per_hour();
        let load = |hub| HubLoad::build(scenario, HubId::new(hub), network, rated);
        let loads = (0..scenario.hubs).map(load).collect::<Result<Vec<_>, _>>()?;
        let mut hubs = Vec::with_capacity(loads.len());
        for load in &loads {
            hubs.push(RefCell::new(Hub::new(world, load.hub(), load)?));
        }
        let exchange = ExchangeConfig {
            belt_capacity: world.layout.belt_capacity(),
            // What the journal has not is not acknowledged.
            release: Release::Manual,
            ..live.exchange
        };
        let stage =
            Stage { hubs: &hubs, live, exchange, seed: scenario.seed, scan: scenario.plc_scan, progress };
        let links = stage.run()?;
        let mut tallies = Vec::with_capacity(hubs.len());
        for (hub, load) in hubs.into_iter().zip(&loads) {
            let tally =
                hub.into_inner().finish().map_err(|(path, source)| RunError::Write { path, source })?;
            tallies.push((tally, load.asked().by_hour_of_day()));
        }
        let mut outcome = outcome(tallies, scenario, &time);
        outcome.summary.cycle_us = links.round_trip_us;
        outcome.summary.links = Some(links);
        Ok(outcome)
    })
}

/// The place of a controller: it hears through its link, and everybody around it watches.
struct Seat<'h, 'a> {
    hub: &'h RefCell<Hub<'a>>,
    place: usize,
}

impl Host for Seat<'_, '_> {
    fn timed(&mut self, period: Micros, deadline: Micros) {
        self.hub.borrow_mut().timed(self.place, period, deadline);
    }

    fn plc_restarted(&mut self, now: Micros) {
        self.hub.borrow_mut().plc_restarted(self.place, now);
    }

    fn poll(&mut self, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.hub.borrow_mut().heard(self.place, now, inputs, orders);
    }

    fn delivered(&mut self, up_to: Delivered) {
        self.hub.borrow_mut().delivered(self.place, up_to);
    }

    fn ready(&mut self, now: Micros, accepts_orders: bool, orders: &mut Vec<Order>) -> Ready {
        self.hub.borrow_mut().ready(self.place, now, accepts_orders, orders)
    }

    fn unheard(&mut self, now: Micros) {
        self.hub.borrow_mut().unheard(self.place, now);
    }

    fn resync(&mut self, now: Micros, resync: &Resync<'_>) {
        self.hub.borrow_mut().resynced(self.place, now, resync);
    }
}

/// What all tasks of a run share.
struct Stage<'h, 'a> {
    hubs: &'h [RefCell<Hub<'a>>],
    live: &'h LiveOptions,
    exchange: ExchangeConfig,
    seed: u64,
    scan: Micros,
    progress: &'h dyn Fn(u64),
}

impl<'h, 'a> Stage<'h, 'a> {
    fn run(&self) -> Result<LinksReport, RunError> {
        let mut builder = Builder::new_current_thread();
        builder.enable_all();
        let memory = self.live.transport == Transport::Memory;
        if memory {
            builder.start_paused(true);
        }
        let runtime = builder.build().map_err(RunError::Runtime)?;
        let all = async {
            if memory {
                self.play(|period| Ok(PausedBeat::new(period, Micros::ZERO))).await
            } else {
                self.play(|period| TimerBeat::new(period, Micros::ZERO)).await
            }
        };
        LocalSet::new().block_on(&runtime, all).map_err(RunError::Runtime)
    }

    /// Runs plants, servers and links until the plants are done.
    async fn play<B: Beat>(&self, beat: impl Fn(Micros) -> io::Result<B>) -> io::Result<LinksReport> {
        let mut sites = Vec::new();
        let mut panels = Vec::new();
        for hub in self.hubs {
            let sorters = hub.borrow().sorters();
            for place in 0..sorters {
                let line = hub.borrow().networked(place);
                sites.push(Site::open(self.live.transport, line).await?);
                panels.push(Panel::new(Seat { hub, place }));
            }
        }
        let mut links = Vec::with_capacity(panels.len());
        for (number, (site, panel)) in (0_u64..).zip(sites.iter().zip(&panels)) {
            let seed = self.seed << 16 | number;
            let dial = ThroughCable { dial: site.dial(), cable: site.plug.cable() };
            let mut link = Link::new(dial, LinkConfig::default(), seed);
            let mut exchange = Exchange::new(self.exchange, seed).map_err(io::Error::other)?;
            let mut beat = beat(self.exchange.period)?;
            links.push(async move {
                run_link(&mut link, &mut exchange, panel, &mut beat).await;
            });
        }
        let mut timeline = Timeline::new(&self.live.faults);
        let scans = beat(self.scan)?;
        let plants = async {
            let done = self.plants(scans, &mut sites, &mut timeline).await;
            panels.iter().for_each(Panel::stop);
            done
        };
        let (_, left_out) = tokio::join!(join_all(links), plants);
        let mut report = report_of(&panels);
        report.scans_left_out = left_out?;
        if self.live.transport == Transport::Memory {
            // Virtual time stands still meanwhile: nothing was measured.
            (report.lateness_us, report.round_trip_us) = (None, None);
        }
        for hub in self.hubs {
            let hub = hub.borrow();
            report.late_orders_outside_faults += hub.late_outside_faults();
            let (images, compared) = hub.images();
            report.images += images;
            report.images_compared += compared;
        }
        report.faults = timeline.counts();
        Ok(report)
    }

    /// Scans every PLC at its times, and has the faults happen at theirs. Gives how many scans were left out.
    async fn plants<B: Beat>(
        &self,
        mut beat: B,
        sites: &mut [Site],
        timeline: &mut Timeline,
    ) -> io::Result<u64> {
        let (mut told, mut left_out) = (0, 0);
        loop {
            let tick = beat.tick().await;
            left_out += tick.skipped;
            timeline.act(tick.scheduled, self.hubs, sites).await?;
            let (mut over, mut inducted) = (true, 0);
            for hub in self.hubs {
                let mut hub = hub.borrow_mut();
                hub.scan_plcs(tick.scheduled);
                over &= hub.is_over(tick.scheduled);
                inducted += hub.inducted();
            }
            (self.progress)(inducted - told);
            told = inducted;
            if over && timeline.is_over() {
                return Ok(left_out);
            }
        }
    }
}

/// The sum over all links.
fn report_of(panels: &[Panel<Seat<'_, '_>>]) -> LinksReport {
    let mut report = LinksReport { links: panels.len() as u64, ..LinksReport::default() };
    let (mut lateness, mut round_trip) = (Times::coarse(), Times::coarse());
    for panel in panels {
        let (stats, counters) = (panel.stats(), panel.counters());
        report.cycles += stats.cycles;
        report.broken += stats.broken;
        report.missed += stats.missed;
        report.offline += stats.offline;
        report.connects += stats.connects;
        report.sessions += counters.sessions;
        report.restarts += counters.restarts;
        report.repeated_events += counters.repeated_events;
        report.torn += counters.torn;
        lateness.merge(&stats.lateness);
        round_trip.merge(&stats.round_trip);
    }
    report.lateness_us = Latency::of_times(&lateness);
    report.round_trip_us = Latency::of_times(&round_trip);
    report
}
