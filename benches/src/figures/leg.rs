//! Many links for a while, driven in one way, with the sorters in other processes.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::mman::munlockall;
use sorter_core::units::Micros;
use sorter_plc::cycle::{
    Beat, CycleConfig, CycleThread, Grant, LinkStats, Panel, Scheduling, Sorter, Tick, Times, run_link,
};
use sorter_plc::exchange::{Exchange, ExchangeConfig, ExchangeCounters};
use sorter_plc::link::{Link, LinkConfig, TcpDial};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep};

use super::Sheet;
use super::machine::Load;
use crate::plc::{BusyHost, Work};

/// The period of every link.
const PERIOD: Micros = Micros::from_millis(10);
/// Time between the first connects of two links: shorter than in a plant, so that a short leg has all links.
const SPACING: Micros = Micros::from_millis(5);

/// What gives the ticks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Drive {
    /// A cycle thread.
    Thread(Scheduling),
    /// `tokio::time::interval` in each link, on a current-thread runtime.
    Interval,
}

/// What was measured; of several legs when they were merged.
#[derive(Debug)]
pub(super) struct Leg {
    grants: Vec<Grant>,
    /// From a point of the grid to the wake-up of what gives the ticks.
    wake_up: Times,
    lateness: Times,
    round_trip: Times,
    cycles: u64,
    missed: u64,
    broken: u64,
    /// Points of the grid at which the thread did not run.
    skipped: u64,
    sessions: u64,
    orders: u64,
    events: u64,
    load: Load,
}

impl Leg {
    fn new() -> Self {
        Self {
            grants: Vec::new(),
            wake_up: Times::fine(),
            lateness: Times::fine(),
            round_trip: Times::fine(),
            cycles: 0,
            missed: 0,
            broken: 0,
            skipped: 0,
            sessions: 0,
            orders: 0,
            events: 0,
            load: Load::default(),
        }
    }

    fn count(&mut self, stats: &LinkStats, exchange: ExchangeCounters) {
        self.cycles += stats.cycles;
        self.missed += stats.missed;
        self.broken += stats.broken;
        self.lateness.merge(&stats.lateness);
        self.round_trip.merge(&stats.round_trip);
        self.sessions += exchange.sessions;
        self.orders += exchange.orders;
        self.events += exchange.events;
    }

    /// Adds another leg of the same kind.
    pub(super) fn merge(&mut self, other: Self) {
        self.grants = other.grants;
        self.wake_up.merge(&other.wake_up);
        self.lateness.merge(&other.lateness);
        self.round_trip.merge(&other.round_trip);
        self.cycles += other.cycles;
        self.missed += other.missed;
        self.broken += other.broken;
        self.skipped += other.skipped;
        self.sessions += other.sessions;
        self.orders += other.orders;
        self.events += other.events;
        self.load.add(other.load);
    }

    /// Notes what a link that is counted apart did.
    pub(super) fn put_the_odd_one(&self, key: &str, sheet: &mut Sheet) {
        sheet.put(format!("{key}_cycles"), self.cycles);
        sheet.put(format!("{key}_missed"), self.missed);
        sheet.put(format!("{key}_broken"), self.broken);
        sheet.put(format!("{key}_round_trip_max_us"), self.round_trip.max().get());
    }

    pub(super) fn put(&self, key: &str, sheet: &mut Sheet) {
        for grant in &self.grants {
            println!("  {key}: {grant}");
        }
        sheet.put_times(&format!("{key}_wake_up"), &self.wake_up);
        sheet.put_times(&format!("{key}_lateness"), &self.lateness);
        sheet.put_times(&format!("{key}_round_trip"), &self.round_trip);
        sheet.put(format!("{key}_cycles"), self.cycles);
        sheet.put(format!("{key}_missed"), self.missed);
        sheet.put(format!("{key}_missed_because_the_thread_did_not_run"), self.skipped);
        sheet.put(format!("{key}_broken"), self.broken);
        sheet.put(format!("{key}_sessions"), self.sessions);
        sheet.put(format!("{key}_orders"), self.orders);
        sheet.put(format!("{key}_events"), self.events);
        self.load.put(key, sheet);
    }
}

/// Drives links to these addresses for a while. The last `apart` of them are counted apart.
pub(super) fn run(
    drive: Drive,
    links: &[(SocketAddr, LinkConfig)],
    apart: usize,
    lasts: Duration,
) -> Result<(Leg, Leg)> {
    let before = Load::now();
    let (mut leg, each) = match drive {
        Drive::Thread(scheduling) => on_thread(scheduling, links, lasts)?,
        Drive::Interval => on_intervals(links, lasts)?,
    };
    leg.load = Load::now().since(before);
    let mut odd = Leg::new();
    for (number, (stats, exchange)) in each.iter().enumerate() {
        let counted = if number + apart < links.len() { &mut leg } else { &mut odd };
        counted.count(stats, *exchange);
    }
    Ok((leg, odd))
}

/// A leg without anything measured.
pub(super) fn empty() -> Leg {
    Leg::new()
}

type Each = Vec<(LinkStats, ExchangeCounters)>;

fn on_thread(
    scheduling: Scheduling,
    links: &[(SocketAddr, LinkConfig)],
    lasts: Duration,
) -> Result<(Leg, Each)> {
    let config = CycleConfig {
        period: PERIOD,
        scheduling,
        connect_spacing: SPACING,
        seed: Some(1),
        ..CycleConfig::default()
    };
    let sorter = |(number, (address, link)): (usize, &(SocketAddr, LinkConfig))| {
        Sorter::new(format!("sorter {number}"), *address, BusyHost::new(Work::EveryItem)).with_link(*link)
    };
    let running = CycleThread::start(config, links.iter().enumerate().map(sorter).collect())?;
    wait(lasts);
    let report = running.stop()?;
    if scheduling.lock_memory {
        // The lock is that of the process and would outlast the thread that asked for it.
        munlockall().context("the memory cannot be unlocked")?;
    }
    let mut leg = Leg::new();
    leg.grants = report.grants;
    leg.wake_up.merge(&report.cycle.wake_up);
    leg.skipped = report.cycle.skipped;
    Ok((leg, report.links.into_iter().map(|link| (link.stats, link.exchange)).collect()))
}

/// Figures are taken over wall time: waits for a message that nobody sends.
fn wait(lasts: Duration) {
    let (_nobody, silence) = std::sync::mpsc::channel::<()>();
    let _ = silence.recv_timeout(lasts);
}

fn on_intervals(links: &[(SocketAddr, LinkConfig)], lasts: Duration) -> Result<(Leg, Each)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let begun = Instant::now();
        let ticker = spawn_local(async move {
            let (mut beat, mut leg) = (IntervalBeat::new(begun), Leg::new());
            while begun.elapsed() < lasts {
                let tick = beat.tick().await;
                leg.skipped += tick.skipped;
                leg.wake_up.record(tick.lateness());
            }
            leg
        });
        let mut tasks = Vec::new();
        for ((address, config), number) in links.iter().zip(0_u32..) {
            let mut link = Link::new(TcpDial::new(*address), *config, number.into());
            let mut exchange = Exchange::new(ExchangeConfig::default(), number.into())?;
            let panel = std::rc::Rc::new(Panel::new(BusyHost::new(Work::EveryItem)));
            let ended = std::rc::Rc::clone(&panel);
            let spacing = Duration::from_micros(SPACING.get()) * number;
            let task = spawn_local(async move {
                sleep(spacing).await;
                run_link(&mut link, &mut exchange, &panel, &mut IntervalBeat::new(begun)).await;
                (panel.stats(), panel.counters())
            });
            tasks.push((ended, task));
        }
        let leg = ticker.await?;
        tasks.iter().for_each(|(panel, _)| panel.stop());
        let mut each = Vec::new();
        for (_, task) in tasks {
            each.push(task.await?);
        }
        Ok((leg, each))
    })
}

/// What one writes without thinking: an interval of tokio. A tick that passed meanwhile is taken late.
struct IntervalBeat {
    begun: Instant,
    interval: Interval,
    last: u64,
}

impl IntervalBeat {
    fn new(begun: Instant) -> Self {
        let period = Duration::from_micros(PERIOD.get());
        let last = since(begun).get() / PERIOD.get();
        let first = begun + Duration::from_micros((last + 1) * PERIOD.get());
        let mut interval = interval_at(first, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self { begun, interval, last }
    }
}

fn since(begun: Instant) -> Micros {
    Micros::new(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX))
}

impl Beat for IntervalBeat {
    fn now(&self) -> Micros {
        since(self.begun)
    }

    async fn tick(&mut self) -> Tick {
        let due = self.interval.tick().await.duration_since(self.begun);
        let number = u64::try_from(due.as_micros()).unwrap_or(u64::MAX) / PERIOD.get();
        let skipped = number.saturating_sub(self.last + 1);
        self.last = number;
        Tick { scheduled: Micros::new(number * PERIOD.get()), woke: self.now(), skipped }
    }
}
