//! From the moment at which a link is back to the first order that its PLC takes.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use sorter_core::units::Micros;
use sorter_plc::contract::{Order, Seq};
use sorter_plc::controller::Inputs;
use sorter_plc::cycle::{Beat, Panel, PausedBeat, TimerBeat, Times, run_link};
use sorter_plc::exchange::{Exchange, ExchangeConfig};
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{Dial, Link, LinkConfig, TcpDial};
use sorter_sim::modbus_server::{ModbusServer, ServerProfile, WireFaults};
use sorter_sim::random::{Draws, Stream};
use tokio::io::{DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet, spawn_local};
use tokio::time::{Instant, sleep};

use super::machine::Load;
use super::{Effort, Sheet};
use crate::plc::{BenchPlc, BusyHost, SCAN, Work};

/// Links that are cut at the same time, each at moments of its own.
const LANES: u32 = 8;

pub(super) fn take(effort: Effort, sheet: &mut Sheet) -> Result<()> {
    sheet.title("reconnect: from link back to the first order taken, link down for 50 to 500 ms");
    let before = Load::now();
    over_tcp(effort.cuts)?.put("reconnect_tcp", sheet);
    Load::now().since(before).put("reconnect_tcp", sheet);
    in_virtual_time(effort.cuts)?.put("reconnect_virtual", sheet);
    Ok(())
}

/// What was measured over all lanes.
struct Outcome {
    /// Until the PLC took an order.
    taken: Times,
    /// Until the host knew of it.
    acknowledged: Times,
    hosts_lost: u64,
    sessions: u64,
    attempts: u64,
}

impl Outcome {
    fn new() -> Self {
        Self { taken: Times::fine(), acknowledged: Times::fine(), hosts_lost: 0, sessions: 0, attempts: 0 }
    }

    fn merge(&mut self, other: &Self) {
        self.taken.merge(&other.taken);
        self.acknowledged.merge(&other.acknowledged);
        self.hosts_lost += other.hosts_lost;
        self.sessions += other.sessions;
        self.attempts += other.attempts;
    }

    fn put(&self, key: &str, sheet: &mut Sheet) {
        sheet.put_times(&format!("{key}_taken"), &self.taken);
        sheet.put_times(&format!("{key}_acknowledged"), &self.acknowledged);
        sheet.put(format!("{key}_hosts_lost"), self.hosts_lost);
        sheet.put(format!("{key}_sessions"), self.sessions);
        sheet.put(format!("{key}_lanes"), LANES);
        sheet.put(format!("{key}_connects"), self.attempts);
    }
}

fn over_tcp(cuts: u32) -> Result<Outcome> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        lanes(cuts, |server| async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let dial = TcpDial::new(listener.local_addr()?);
            spawn_local(async move { server.serve_tcp(listener).await });
            Ok((dial, TimerBeat::new(SCAN, Micros::ZERO)?, TimerBeat::new(SCAN, Micros::ZERO)?))
        })
        .await
    })
}

fn in_virtual_time(cuts: u32) -> Result<Outcome> {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
    LocalSet::new().block_on(&runtime, async {
        lanes(cuts, |server| async move {
            let beat = || PausedBeat::new(SCAN, Micros::ZERO);
            Ok((InMemoryDial(server), beat(), beat()))
        })
        .await
    })
}

/// Opens a stream in memory to a server.
struct InMemoryDial(ModbusServer<BenchPlc>);

impl Dial for InMemoryDial {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        let (near, mut far) = duplex(4_096);
        let server = self.0.clone();
        spawn_local(async move { drop(server.serve_stream(&mut far).await) });
        Ok(near)
    }
}

/// Shares the cuts among the lanes.
async fn lanes<D, B, F>(cuts: u32, open: impl Fn(ModbusServer<BenchPlc>) -> F) -> Result<Outcome>
where
    D: Dial + 'static,
    B: Beat + 'static,
    F: Future<Output = io::Result<(D, B, B)>>,
{
    let mut tasks = JoinSet::new();
    for number in 0..LANES {
        let share = cuts / LANES + u32::from(number < cuts % LANES);
        let plc = Rc::new(RefCell::new(BenchPlc::new()));
        let server = ModbusServer::new(Rc::clone(&plc), ServerProfile::default(), WireFaults::none());
        let faults = Rc::clone(server.faults());
        // A little apart, as the clocks of PLCs are.
        sleep(Duration::from_micros(1_300)).await;
        let (dial, beat, scans) = open(server).await?;
        let lane =
            Lane { plc, faults, watch: Rc::default(), draws: Draws::new(1, Stream::Sample, number.into()) };
        tasks.spawn_local(lane.run(dial, beat, scans, share, number.into()));
    }
    let mut sum = Outcome::new();
    while let Some(ended) = tasks.join_next().await {
        sum.merge(&ended??);
    }
    Ok(sum)
}

/// What is looked at while a link comes back.
#[derive(Default)]
struct Watch {
    /// When the link was back, and the last order that was taken before.
    back: Cell<Option<(Instant, Seq)>>,
    taken: Cell<Option<Duration>>,
    acknowledged: Cell<Option<Duration>>,
    polls: Cell<u64>,
    polled: Notify,
}

/// A busy host whose acknowledgements are looked at.
struct Watched {
    host: BusyHost,
    watch: Rc<Watch>,
}

impl Host for Watched {
    fn plc_restarted(&mut self, now: Micros) {
        self.host.plc_restarted(now);
    }

    fn poll(&mut self, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.host.poll(now, inputs, orders);
        let watch = &self.watch;
        if inputs.accepts_orders {
            watch.polls.set(watch.polls.get() + 1);
        }
        if let Some((back, before)) = watch.back.get()
            && inputs.status.order_ack != before
            && watch.taken.get().is_some()
            && watch.acknowledged.get().is_none()
        {
            watch.acknowledged.set(Some(back.elapsed()));
        }
        watch.polled.notify_one();
    }

    fn resync(&mut self, now: Micros, resync: &Resync<'_>) {
        self.host.resync(now, resync);
    }
}

/// One PLC with its link and the hand that cuts it.
struct Lane {
    plc: Rc<RefCell<BenchPlc>>,
    faults: Rc<WireFaults>,
    watch: Rc<Watch>,
    draws: Draws,
}

impl Lane {
    async fn run<D: Dial, B: Beat>(
        mut self,
        dial: D,
        mut beat: B,
        mut scans: B,
        cuts: u32,
        seed: u64,
    ) -> Result<Outcome> {
        let mut link = Link::new(dial, LinkConfig::default(), seed);
        let mut exchange = Exchange::new(ExchangeConfig::default(), seed)?;
        let host = Watched { host: BusyHost::new(Work::EveryCycle), watch: Rc::clone(&self.watch) };
        let panel = Panel::new(host);
        let (plc, watch) = (Rc::clone(&self.plc), Rc::clone(&self.watch));
        let scanning = async {
            loop {
                let tick = scans.tick().await;
                let mut plc = plc.borrow_mut();
                let before = plc.orders_taken();
                plc.scan(tick.scheduled);
                if let Some((back, _)) = watch.back.get()
                    && plc.orders_taken() > before
                    && watch.taken.get().is_none()
                {
                    watch.taken.set(Some(back.elapsed()));
                }
            }
        };
        let mut outcome = Outcome::new();
        let cutting = async {
            for _ in 0..cuts {
                self.cut(&mut outcome).await;
            }
            panel.stop();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = run_link(&mut link, &mut exchange, &panel, &mut beat) => {}
            () = scanning => {}
            () = cutting => {}
        }
        outcome.hosts_lost = plc.borrow().hosts_lost();
        outcome.sessions = panel.counters().sessions;
        outcome.attempts = panel.stats().connects;
        Ok(outcome)
    }

    /// Cuts the link once, brings it back and waits for the first order.
    async fn cut(&mut self, outcome: &mut Outcome) {
        // Orders flow again before the next cut.
        let enough = self.watch.polls.get() + 10;
        while self.watch.polls.get() < enough {
            self.watch.polled.notified().await;
        }
        self.pause(0, 50_000).await;
        self.faults.set_link_down(true);
        self.pause(50_000, 500_000).await;
        self.watch.taken.set(None);
        self.watch.acknowledged.set(None);
        self.watch.back.set(Some((Instant::now(), self.plc.borrow().order_ack())));
        self.faults.set_link_down(false);
        let acknowledged = loop {
            self.watch.polled.notified().await;
            if let Some(time) = self.watch.acknowledged.get() {
                break time;
            }
        };
        self.watch.back.set(None);
        let taken = self.watch.taken.get().unwrap_or(acknowledged);
        outcome.taken.record(micros(taken));
        outcome.acknowledged.record(micros(acknowledged));
    }

    async fn pause(&mut self, from_us: u32, to_us: u32) {
        let us = from_us + self.draws.below(to_us - from_us);
        sleep(Duration::from_micros(us.into())).await;
    }
}

fn micros(time: Duration) -> Micros {
    Micros::new(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}
