//! A sorter on one machine: a controller on the real link, and a virtual PLC behind a Modbus/TCP port.
//!
//! Shows: the program that an embedder writes (`run_sorter`), against a PLC that follows the contract. It takes
//! as long as twelve parcels need from the induction into their chutes, some 13 s, and fails when one of them is
//! not in a chute of its destination or an order was late.
//!
//! Run it with `cargo run --release -p sorter-examples --example plc_loopback`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::engine::{Engine, EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::{ChuteId, HubId, ItemId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest;
use sorter_core::plan::PlanSource;
use sorter_core::units::Micros;
use sorter_examples::{Boxes, MANIFEST, OUTLETS, PARCELS, label, virtual_sorter};
use sorter_plc::contract::Event;
use sorter_plc::controller::{Attended, Controller, ControllerConfig, Inputs, Watch};
use sorter_plc::cycle::{Beat, CycleConfig, CycleReport, CycleThread, Sorter, TimerBeat};
use sorter_sim::modbus_server::{ModbusServer, ServerProfile, WireFaults};
use sorter_sim::plant::{BodyTag, Witness};
use sorter_sim::virtual_plc::LineSorter;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (end, ended) = oneshot::channel();
    let plant = thread::spawn(move || serve(listener, ended));
    let engine = engine()?;
    let (report, controller) = run_sorter(&engine, address)?;
    drop(end);
    tell(&report, &controller)?;

    // What really happened only the plant knows.
    let Truth(chutes) = plant.join().map_err(|_| anyhow::anyhow!("the plant panicked"))??;
    for (parcel, outlet) in (0..).zip(OUTLETS) {
        let chute = chutes.get(&parcel).ok_or_else(|| anyhow::anyhow!("{} is in no chute", label(parcel)))?;
        println!("{} for {outlet} lies in {chute}", label(parcel));
        anyhow::ensure!(engine.plan().outlet_of_chute(*chute) == engine.plan().outlet_named(outlet));
    }
    Ok(())
}

// ---- What an embedder writes: an engine, and a worker, a controller and a link for each sorter ----------------

fn engine() -> anyhow::Result<Arc<Engine>> {
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
    manifest::read(MANIFEST.as_bytes(), "day.csv", &codes, std::io::sink(), |row| {
        builder.announce_row(row).map(|_| ())
    })?;
    let plan = PlanSource::read(concat!(env!("CARGO_MANIFEST_DIR"), "/plans/monday.toml"))?;
    Ok(builder.build(&plan)?)
}

fn run_sorter(engine: &Arc<Engine>, plc: SocketAddr) -> anyhow::Result<(CycleReport, Controller)> {
    let worker = engine.worker(SorterId::new(0));
    let controller = Controller::new(worker, ControllerConfig::default());
    let (tell, told) = channel();
    let host = Attended { controller, watch: Discharges(tell) };

    let sorter = Sorter::new("line 1", plc, host);
    let running = CycleThread::start(CycleConfig::default(), vec![sorter])?;
    for _ in 0..PARCELS {
        let (item, chute) = told.recv_timeout(Duration::from_secs(60))?;
        println!("{item} was discharged into {chute}");
    }
    let (report, mut hosts) = running.stop_with(|hosts| hosts)?;
    let host = hosts.pop().ok_or_else(|| anyhow::anyhow!("the thread ended without its host"))?;
    Ok((report, host.controller))
}

/// Tells another thread what is in a chute. A watch runs on the cycle thread, so it must not wait.
struct Discharges(Sender<(ItemId, ChuteId)>);

impl Watch for Discharges {
    fn reported(&mut self, _now: Micros, inputs: &Inputs<'_>) {
        for record in inputs.events {
            if let Event::Discharged { chute, .. } = record.event {
                // Nobody listens any more when the program ends.
                let _ = self.0.send((record.item, chute));
            }
        }
    }
}

/// Prints what the cycle and the controller counted, and checks it.
fn tell(report: &CycleReport, controller: &Controller) -> anyhow::Result<()> {
    for grant in &report.grants {
        println!("{grant}");
    }
    let (counters, balance) = (controller.counters(), controller.worker().balance());
    for link in &report.links {
        let stats = &link.stats;
        println!(
            "{}: {} sessions, {} cycles, {} missed",
            link.name, link.exchange.sessions, stats.cycles, stats.missed
        );
        println!("round trip: {}", stats.round_trip);
    }
    println!("{} orders, {} late; {balance}", counters.orders, counters.late_orders);
    anyhow::ensure!(counters.late_orders == 0, "orders were late");
    anyhow::ensure!(balance.on_belt() == Some(0), "the books do not add up to an empty belt");
    Ok(())
}

// ---- In place of the hall: a belt with parcels, and a PLC behind a port ---------------------------------------

/// The chute in which each parcel lies.
#[derive(Default)]
struct Truth(BTreeMap<u32, ChuteId>);

impl Witness for Truth {
    fn discharged(&mut self, body: BodyTag, chute: ChuteId, _at: Micros, _content: u32, _capacity: u32) {
        self.0.insert(body.parcel, chute);
    }
}

/// Serves the registers of the PLC and scans it, until `ended`.
fn serve(listener: TcpListener, ended: oneshot::Receiver<()>) -> std::io::Result<Truth> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let line = Rc::new(RefCell::new(virtual_sorter()));
        let server = ModbusServer::new(Rc::clone(&line), ServerProfile::default(), WireFaults::none());
        let (mut truth, mut beat) = (Truth::default(), TimerBeat::new(LineSorter::SCAN, Micros::ZERO)?);
        let scanning = async {
            loop {
                let now = beat.tick().await.scheduled;
                line.borrow_mut().scan(now, &Boxes, &mut truth);
            }
        };
        tokio::select! {
            biased;
            _ = ended => {}
            () = scanning => {}
            _ = server.serve_tcp(listener) => {}
        }
        Ok(truth)
    })
}
