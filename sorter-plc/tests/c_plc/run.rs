//! Starting both sides, and stopping them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sorter_core::balance::Balance;
use sorter_core::engine::{Engine, Tally};
use sorter_core::ids::SorterId;
use sorter_core::units::Micros;
use sorter_plc::contract::{Event, EventRecord, Order, PlantImage, ScanData};
use sorter_plc::controller::{
    Attended, Controller, ControllerConfig, ControllerMode, Counters, DecisionNote, Inputs, ResyncNote, Watch,
};
use sorter_plc::cycle::{CycleConfig, CycleEnd, CycleThread, LinkReport, Running, Scheduling, Sorter};
use sorter_plc::exchange::ExchangeConfig;
use sorter_plc::link::LinkConfig;

use crate::books::{Log, Summary};
use crate::hall::{self, Parcel};
use crate::process::{Peer, installed};

/// The scan of the PLC and the period of the host.
const PERIOD: Micros = Micros::from_millis(2);
const DEADLINE: Micros = Micros::from_millis(100);

/// A run of the C program, and where its files are.
pub(crate) struct Plc {
    pub(crate) peer: Peer,
    log: PathBuf,
}

/// A folder of its own for each test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("c_plc_{test}"));
        // What an earlier run left would be read as of this one.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Starts the C program with these parcels; the log has this name.
    pub(crate) fn start(&self, log: &str, parcels: &[Parcel], options: &[&str]) -> Plc {
        self.start_as("SORTER_C_PLC", log, parcels, options)
    }

    /// The same with the program under this name, which may be the one with sanitizers.
    pub(crate) fn start_as(&self, program: &str, log: &str, parcels: &[Parcel], options: &[&str]) -> Plc {
        let labels: String = parcels.iter().map(|parcel| format!("{}\n", parcel.label)).collect();
        let codes = self.file("codes.txt");
        fs::write(&codes, labels).unwrap();
        let log = self.file(log);
        let mut command = Command::new(installed(program));
        command.args(hall::belt_options());
        command.args(["--scan-ms", "2", "--items", &parcels.len().to_string(), "--linger-ms", "700"]);
        // More than the contract asks for, so that a stall of the machine is not a test of the overflow.
        command.args(["--event-store", "3000", "--scan-store", "600"]);
        command.arg("--codes").arg(&codes).arg("--log").arg(&log).args(options);
        Plc { peer: Peer::start(&mut command), log }
    }
}

impl Plc {
    /// Waits for the end of the program; its books.
    pub(crate) fn wait(self) -> (ExitStatus, String, Log) {
        let (status, output) = self.peer.wait();
        (status, output, Log::parse(&fs::read_to_string(&self.log).unwrap()))
    }

    /// Waits for the end of a run in which every item ended and the program found nothing wrong in its own books.
    pub(crate) fn done(self) -> (Summary, Log) {
        let (status, output, log) = self.wait();
        assert!(status.success(), "the C program ended with {status}: {output}");
        (Summary::parse(&output), log)
    }
}

/// What the controller was told and ordered.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    pub(crate) events: Vec<EventRecord>,
    /// The orders of each session.
    pub(crate) sessions: Vec<Vec<Order>>,
    pub(crate) restarts: usize,
    pub(crate) plant: Option<PlantImage>,
    /// Where the events of the last start of the PLC begin.
    pub(crate) last_boot: usize,
    pub(crate) found: usize,
    /// Items of which it was told what was read.
    pub(crate) read: BTreeSet<u16>,
    /// What was decided about each item in the end.
    pub(crate) decided: BTreeMap<u16, DecisionNote>,
    /// After how many inductions somebody is to be told.
    bell: Option<(usize, SyncSender<()>)>,
    inducted: usize,
}

impl Watch for Diary {
    fn reported(&mut self, _now: Micros, inputs: &Inputs<'_>) {
        self.events.extend_from_slice(inputs.events);
        let codes = inputs.scans.iter().filter(|record| matches!(record.data, ScanData::Code(_)));
        self.read.extend(codes.map(|record| record.item.get()));
        self.plant = inputs.plant.copied().or(self.plant);
        let is_induction = |record: &&EventRecord| matches!(record.event, Event::Inducted { .. });
        self.inducted += inputs.events.iter().filter(is_induction).count();
        if let Some((_, bell)) = self.bell.take_if(|(at, _)| self.inducted >= *at) {
            bell.send(()).expect("somebody waits");
        }
    }

    fn decided(&mut self, note: &DecisionNote) {
        self.decided.insert(note.item.get(), *note);
    }

    fn ordered(&mut self, _now: Micros, orders: &[Order]) {
        if let Some(session) = self.sessions.last_mut() {
            session.extend_from_slice(orders);
        } else {
            assert!(orders.is_empty(), "orders before the first session: {orders:?}");
        }
    }

    fn restarted(&mut self, _now: Micros) {
        self.restarts += 1;
        self.last_boot = self.events.len();
    }

    fn resynced(&mut self, _now: Micros, note: &ResyncNote<'_>) {
        self.sessions.push(Vec::new());
        self.found += note.found.len();
    }
}

/// The host side: an engine, its controller, and the cycle thread that drives it.
pub(crate) struct HostSide {
    running: Running<Attended<Diary>>,
    bell: Receiver<()>,
}

/// How a host is set up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup {
    pub(crate) link: LinkConfig,
    pub(crate) exchange: ExchangeConfig,
    /// After how many inductions its bell rings.
    pub(crate) bell: Option<usize>,
}

/// What a host leaves behind.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) diary: Diary,
    pub(crate) counters: Counters,
    pub(crate) balance: Balance,
    pub(crate) tally: Tally,
    pub(crate) on_belt: usize,
    pub(crate) reserved: u32,
    pub(crate) link: LinkReport,
}

impl HostSide {
    pub(crate) fn start(plc: &Plc, engine: &Arc<Engine>, setup: Setup) -> Self {
        let config = ControllerConfig {
            host_period: PERIOD,
            // The belt is three times as fast as the margin of the point of no return takes any belt to be.
            request_deadline: Micros::new(3 * DEADLINE.get()),
            mode: ControllerMode::Control,
            ..ControllerConfig::default()
        };
        let controller = Controller::new(engine.worker(SorterId::new(0)), config);
        let (rings, bell) = sync_channel(1);
        let watch = Diary { bell: setup.bell.map(|at| (at, rings)), ..Diary::default() };
        let host = Attended { controller, watch };
        let exchange = ExchangeConfig {
            belt_capacity: hall::BELT_CAPACITY,
            plant_period: Micros::from_millis(100),
            ..setup.exchange
        };
        let link = LinkConfig { deadline: DEADLINE, ..setup.link };
        let sorter = Sorter::new("c_plc", plc.peer.address, host).with_link(link).with_exchange(exchange);
        let cycle = CycleConfig { period: PERIOD, scheduling: Scheduling::plain(), ..CycleConfig::default() };
        Self { running: CycleThread::start(cycle, vec![sorter]).unwrap(), bell }
    }

    pub(crate) fn stop(self) -> Left {
        let take = |mut hosts: Vec<Attended<Diary>>| {
            let Attended { controller, watch } = hosts.pop().expect("there is one sorter");
            let worker = controller.worker();
            let (balance, tally, reserved) =
                (worker.balance(), worker.tally().clone(), worker.chutes().reserved());
            (watch, controller.counters(), balance, tally, controller.items_on_belt(), reserved)
        };
        let (mut report, (diary, counters, balance, tally, on_belt, reserved)) =
            self.running.stop_with(take).unwrap();
        let link = report.links.pop().expect("there is one sorter");
        Left { diary, counters, balance, tally, on_belt, reserved, link }
    }

    /// Waits until the induction that the diary has its bell at.
    pub(crate) fn wait_for_bell(&self) {
        self.bell.recv().expect("the host runs until then");
    }

    /// The cycle thread does nothing for so many seconds.
    pub(crate) fn stall(&self, seconds: &'static str) {
        let stall = move |_: &mut Attended<Diary>| pass(seconds);
        self.running.with(self.running.sorters()[0], stall).unwrap().wait().unwrap();
    }

    /// The cycle thread ends at once, in the middle of its work, and leaves nothing behind.
    pub(crate) fn crash(self) {
        let crash = |_: &mut Attended<Diary>| panic!("a crash that the test asked for");
        drop(self.running.with(self.running.sorters()[0], crash).unwrap());
        assert!(matches!(self.running.stop(), Err(CycleEnd::Panicked(_))));
    }
}

/// Lets time pass. What runs against each other here are programs in real time.
pub(crate) fn pass(seconds: &str) {
    assert!(Command::new("sleep").arg(seconds).status().unwrap().success());
}

impl Plc {
    /// The C program does nothing for so many seconds.
    pub(crate) fn stall(&self, seconds: &str) {
        self.peer.signal("STOP");
        pass(seconds);
        self.peer.signal("CONT");
    }
}
