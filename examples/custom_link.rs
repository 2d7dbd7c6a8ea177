//! A link over a stream that is not TCP, a host that is no engine, and a controller that looks on in shadow mode.
//!
//! Shows: `Dial` for a transport of one's own, here a pipe in memory under virtual time; `Host`, the three calls
//! that stand behind an exchange, here with a rule that sends items to eight chutes in turn; and the same PLC read
//! by a second exchange in listen mode, whose controller decides by the plan and counts where the other differs.
//! Time is virtual: the same program always prints the same, within a second.
//!
//! Run it with `cargo run --release -p sorter-examples --example custom_link`.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::engine::{EngineBuilder, EngineConfig, HallRules, Worker};
use sorter_core::ids::{ChuteId, HubId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest;
use sorter_core::plan::PlanSource;
use sorter_core::units::Micros;
use sorter_examples::{Boxes, MANIFEST, PARCELS, virtual_sorter};
use sorter_plc::contract::{Event, ORDER_SLOTS, Order, OrderOp, Seq};
use sorter_plc::controller::{Controller, ControllerConfig, ControllerMode, Inputs, ShadowReport};
use sorter_plc::cycle::{Beat, Panel, PausedBeat, run_link};
use sorter_plc::exchange::{Exchange, ExchangeConfig, Mode};
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{Dial, Link, LinkConfig};
use sorter_sim::modbus_server::{ModbusServer, ServerProfile, WireFaults};
use sorter_sim::register_plc::NetworkedLine;
use sorter_sim::virtual_plc::LineSorter;
use tokio::io::{DuplexStream, duplex};
use tokio::task::{LocalSet, spawn_local};

/// Opens a pipe to a server in the same process, where another embedder opens a TLS session or a serial line.
struct Pipe(ModbusServer<NetworkedLine>);

impl Dial for Pipe {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        let (near, mut far) = duplex(4_096);
        let server = self.0.clone();
        spawn_local(async move { server.serve_stream(&mut far).await });
        Ok(near)
    }
}

/// A host without an engine: each item goes to the next of eight chutes.
#[derive(Default)]
struct InTurn {
    sent: Seq,
    chute: u16,
    discharged: u64,
    /// Items that entered while the ring had no room, or no session was live: they run off and come back.
    passed_over: u64,
}

impl Host for InTurn {
    /// The PLC forgot its items. This host remembers none.
    fn plc_restarted(&mut self, _now: Micros) {}

    fn poll(&mut self, _now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        for record in inputs.events {
            match record.event {
                Event::Inducted { .. } => {
                    let unconfirmed = inputs.status.order_ack.distance_to(self.sent);
                    if !inputs.accepts_orders || usize::from(unconfirmed) >= ORDER_SLOTS {
                        self.passed_over += 1;
                        continue;
                    }
                    self.sent = self.sent.next();
                    let op = OrderOp::Divert { chute: ChuteId::new(self.chute) };
                    self.chute = (self.chute + 1) % 8;
                    orders.push(Order { seq: self.sent, item: record.item, op, target: None });
                }
                Event::Discharged { .. } => self.discharged += 1,
                _ => {}
            }
        }
    }

    /// A session opened: its orders are numbered from 1.
    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {
        self.sent = Seq::NONE;
    }
}

/// A worker that knows the parcels and the plan.
fn worker() -> anyhow::Result<Worker> {
    let codes = CodeBook::standard();
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(Layout::line_100()),
        codes: codes.clone(),
        destinations: Destinations::with_capacity(PARCELS as usize),
        expected_parcels: PARCELS as usize,
        late_parcels: 0,
        seed: 1,
        rules: HallRules::default(),
    });
    manifest::read(MANIFEST.as_bytes(), "day.csv", &codes, io::sink(), |row| {
        builder.announce_row(row).map(|_| ())
    })?;
    let plan = PlanSource::read(concat!(env!("CARGO_MANIFEST_DIR"), "/plans/monday.toml"))?;
    Ok(builder.build(&plan)?.worker(SorterId::new(0)))
}

/// Runs the link of a host until its panel is told to stop.
async fn drive<H: Host>(
    server: &ModbusServer<NetworkedLine>,
    mode: Mode,
    host: &Panel<H>,
) -> anyhow::Result<()> {
    let config = ExchangeConfig { mode, ..ExchangeConfig::default() };
    let mut exchange = Exchange::new(config, 1)?;
    let mut link = Link::new(Pipe(server.clone()), LinkConfig::default(), 1);
    let mut beat = PausedBeat::new(config.period, Micros::ZERO);
    run_link(&mut link, &mut exchange, host, &mut beat).await;
    Ok(())
}

async fn play() -> anyhow::Result<()> {
    let line = Rc::new(RefCell::new(virtual_sorter()));
    let server = ModbusServer::new(Rc::clone(&line), ServerProfile::default(), WireFaults::none());
    let present = Panel::new(InTurn::default());
    let config = ControllerConfig { mode: ControllerMode::Shadow, ..ControllerConfig::default() };
    let shadow = Panel::new(Controller::new(worker()?, config));

    // The belt runs until all parcels are in their chutes and both hosts have heard of it.
    let belt = async {
        let mut beat = PausedBeat::new(LineSorter::SCAN, Micros::ZERO);
        let limit = Micros::from_secs(120);
        let heard = |shadow: &Controller| shadow.shadow().map_or(0, ShadowReport::compared);
        while present.host().discharged < PARCELS.into() || heard(&shadow.host()) < PARCELS.into() {
            let now = beat.tick().await.scheduled;
            anyhow::ensure!(now < limit, "not all parcels were in a chute by {now}");
            line.borrow_mut().scan(now, &Boxes, &mut ());
        }
        Ok(beat.now())
    };
    let belt = async {
        let ended = belt.await;
        present.stop();
        shadow.stop();
        ended
    };
    let (ended, first, second) =
        tokio::join!(belt, drive(&server, Mode::Control, &present), drive(&server, Mode::Listen, &shadow));
    first?;
    second?;
    let at = ended?;

    while let Some(incident) = present.take_incident() {
        println!("{}: {incident}", incident.at);
    }
    let stats = present.stats();
    println!(
        "at {at}: {} cycles, {} missed, {} discharged",
        stats.cycles,
        stats.missed,
        present.host().discharged
    );
    anyhow::ensure!(present.host().passed_over == 0, "items were passed over");
    let shadow = shadow.host();
    let report = shadow.shadow().ok_or_else(|| anyhow::anyhow!("the controller is not in shadow mode"))?;
    print!("{report}");
    anyhow::ensure!(report.differed > 0, "twelve parcels in turn are not where the plan has them");
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    LocalSet::new().block_on(&runtime, play())
}
