//! A host that is killed while parcels are on the belt, and goes on by its journal.
//!
//! Shows: an engine with a journal in SQLite files, the link that orders and acknowledges only what is durable, and
//! recovery. The program has the sorter and starts itself twice more as the host: the first one is killed when a
//! parcel is in its chute and the others are on the belt, the second one goes on. It fails when a parcel is not in a chute of its destination, or
//! when the books of the second host do not tell of all twelve.
//!
//! Run it with `cargo run --release -p sorter-examples --example journaled_link`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::engine::{EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::{ChuteId, HubId, SorterId};
use sorter_core::journal::{Book, BookConfig, RecordSeq};
use sorter_core::layout::Layout;
use sorter_core::manifest;
use sorter_core::plan::PlanSource;
use sorter_core::units::Micros;
use sorter_examples::{Boxes, MANIFEST, OUTLETS, PARCELS, label, virtual_sorter};
use sorter_plc::contract::Event;
use sorter_plc::controller::{Attended, Controller, ControllerConfig, Inputs, Watch};
use sorter_plc::cycle::{Beat, CycleConfig, CycleThread, Sorter, TimerBeat};
use sorter_plc::exchange::{ExchangeConfig, Release};
use sorter_plc::journal::{JournalPlace, JournalThread, JournalThreadConfig, SqliteJournal, recover};
use sorter_sim::modbus_server::{ModbusServer, ServerProfile, WireFaults};
use sorter_sim::plant::{BodyTag, Witness};
use sorter_sim::virtual_plc::LineSorter;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

const HUB: HubId = HubId::new(0);
/// Parcels in their chutes when the first host is killed.
const KILLED_AFTER: usize = 1;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [plc, folder] => host(plc.parse()?, Path::new(folder)),
        _ => show(),
    }
}

// ---- What an embedder writes: the engine, its journal, and a controller that begins where the journal ends -----

/// What is announced, and the plan: the same after a restart.
fn announced() -> anyhow::Result<(EngineBuilder, PlanSource)> {
    let codes = CodeBook::standard();
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HUB,
        layout: std::sync::Arc::new(Layout::line_100()),
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
    Ok((builder, plan))
}

/// A host from its start until every parcel has an end, or until it is killed.
fn host(plc: SocketAddr, folder: &Path) -> anyhow::Result<()> {
    let (builder, plan) = announced()?;
    let recovery = recover(folder, HUB, builder.build(&plan)?.image())?;
    // The time of the hub goes on; a real one would take it from its clock.
    let (now, image) = (recovery.image.at, recovery.image);
    let (book, drain) = Book::new(BookConfig::default());
    let (mut builder, plan) = announced()?;
    let engine = if image.seq == RecordSeq::NONE {
        builder.keep_journal(book);
        builder.build(&plan)?
    } else {
        builder.recover(image.clone(), Some(book))?
    };
    println!("host: goes on after {}, {} records read", image.seq, recovery.records_read);
    let place = JournalPlace { folder: folder.to_owned(), hub: HUB, day: "2026-03-14".to_owned() };
    let journal = SqliteJournal::open(place, image.seq)?;
    let config = JournalThreadConfig { epoch: now, ..JournalThreadConfig::default() };
    let writer =
        JournalThread::start(config, journal, drain, image, |alarm| eprintln!("journal: {alarm:?}"))?;

    let controller = Controller::new(engine.worker(SorterId::new(0)), ControllerConfig::default());
    println!("host: {} items are on the belt", controller.items_on_belt());
    let (tell, told) = channel();
    let host = Attended { controller, watch: Discharges(tell) };
    // The PLC keeps what it reported until it is durable here.
    let exchange = ExchangeConfig { release: Release::Manual, ..ExchangeConfig::default() };
    let sorter = Sorter::new("line 1", plc, host).with_exchange(exchange);
    let running = CycleThread::start(CycleConfig { epoch: now, ..CycleConfig::default() }, vec![sorter])?;
    let link = running.sorters()[0];
    loop {
        match told.recv_timeout(Duration::from_secs(60)) {
            Ok(chute) => println!("host: in {chute}"),
            Err(RecvTimeoutError::Timeout) => anyhow::bail!("nothing happens any more"),
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the cycle thread has ended"),
        }
        let ask = running.with(link, |host| host.controller.worker().balance());
        let balance = ask.map_err(|refused| refused.kind)?.wait()?;
        if balance.discharged == u64::from(PARCELS) {
            break;
        }
    }
    let (report, mut hosts) = running.stop_with(|hosts| hosts)?;
    let host = hosts.pop().ok_or_else(|| anyhow::anyhow!("the thread ended without its host"))?;
    let (counters, balance) = (host.controller.counters(), host.controller.worker().balance());
    let status = writer.stop()?;
    println!("host: {} orders, {} events came again; {balance}", counters.orders, counters.repeated_events);
    println!("host: {} is durable, waited for {}", status.durable, status.lag);
    for incident in report.links.iter().flat_map(|link| &link.incidents) {
        println!("host: {} {incident}", incident.at);
    }
    anyhow::ensure!(balance.on_belt() == Some(0), "the books do not add up to an empty belt");
    anyhow::ensure!(balance.unknown == 0, "parcels are unknown");
    Ok(())
}

/// Tells the main thread what is in a chute. A watch runs on the cycle thread, so it must not wait.
struct Discharges(std::sync::mpsc::Sender<ChuteId>);

impl Watch for Discharges {
    fn reported(&mut self, _now: Micros, inputs: &Inputs<'_>) {
        for record in inputs.events {
            if let Event::Discharged { chute, .. } = record.event {
                // Nobody listens any more when the program ends.
                let _ = self.0.send(chute);
            }
        }
    }
}

// ---- The show: a belt with parcels, a PLC behind a port, and somebody who kills the host -----------------------

fn show() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (end, ended) = oneshot::channel();
    let plant = thread::spawn(move || serve(listener, ended));
    let folder = tempfile::tempdir()?;

    let mut first = start(address, folder.path())?;
    let output = first.stdout.take().ok_or_else(|| anyhow::anyhow!("the host has no output"))?;
    let discharges = BufReader::new(output).lines().map_while(Result::ok).inspect(|line| println!("{line}"));
    let seen = discharges.filter(|line| line.contains(": in ")).take(KILLED_AFTER).count();
    first.kill()?;
    let _ = first.wait()?;
    anyhow::ensure!(seen == KILLED_AFTER, "the first host ended by itself");
    println!("the host was killed");

    let mut second = start(address, folder.path())?;
    let output = second.stdout.take().ok_or_else(|| anyhow::anyhow!("the host has no output"))?;
    BufReader::new(output).lines().map_while(Result::ok).for_each(|line| println!("{line}"));
    anyhow::ensure!(second.wait()?.success(), "the second host failed");
    drop(end);

    // What really happened only the plant knows.
    let Truth(chutes) = plant.join().map_err(|_| anyhow::anyhow!("the plant panicked"))??;
    let plan = announced()?;
    let engine = plan.0.build(&plan.1)?;
    for (parcel, outlet) in (0..).zip(OUTLETS) {
        let chute = chutes.get(&parcel).ok_or_else(|| anyhow::anyhow!("{} is in no chute", label(parcel)))?;
        println!("{} for {outlet} lies in {chute}", label(parcel));
        anyhow::ensure!(engine.plan().outlet_of_chute(*chute) == engine.plan().outlet_named(outlet));
    }
    Ok(())
}

/// Starts this program as a host.
fn start(plc: SocketAddr, folder: &Path) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(plc.to_string()).arg(folder).stdout(Stdio::piped());
    Ok(command.spawn()?)
}

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
