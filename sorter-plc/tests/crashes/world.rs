//! A host with a journal in front of the belt, and everything that is held against it from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sorter_core::engine::Engine;
use sorter_core::ids::{ChuteId, ItemId, ParcelId, SorterId};
use sorter_core::journal::{
    Body, Book, BookConfig, Cause, Entry as Written, Image, Note, RecordKind, Scribe, ScribeConfig,
    SimulatedDisk, SimulatedJournal,
};
use sorter_core::state_word::Life;
use sorter_core::units::Micros;
use sorter_plc::contract::SCAN_SLOTS;
use sorter_plc::controller::{Controller, ControllerConfig};
use sorter_plc::exchange::{Exchange, ExchangeConfig, Release, SessionState};
use sorter_plc::register_map::BlockId;
use sorter_plc::request::{Request, Span};

use super::hall::builder;
use super::plant::{Entry, Plant};

const PERIOD: Micros = Micros::from_millis(10);

/// The host.
pub(crate) struct HostSide {
    pub(crate) engine: Arc<Engine>,
    pub(crate) controller: Controller,
    pub(crate) exchange: Exchange,
    pub(crate) scribe: Scribe<SimulatedJournal>,
}

impl HostSide {
    /// A host that begins a journal, or that goes on with one.
    fn start(journal: SimulatedJournal, seed: u64) -> Self {
        let first = journal.entries().is_empty();
        let (book, drain) = Book::new(BookConfig::default());
        let (mut builder, plan) = builder();
        let (engine, image) = if first {
            builder.keep_journal(book);
            let engine = builder.build(&plan).unwrap();
            let image = engine.image();
            (engine, image)
        } else {
            let image = image_of(journal.entries());
            (builder.recover(image.clone(), Some(book)).unwrap(), image)
        };
        let config =
            ExchangeConfig { release: Release::Manual, belt_capacity: 40, ..ExchangeConfig::default() };
        Self {
            scribe: Scribe::new(drain, journal, image, true, ScribeConfig::default()),
            controller: Controller::new(engine.worker(SorterId::new(0)), ControllerConfig::default()),
            exchange: Exchange::new(config, seed).unwrap(),
            engine,
        }
    }
}

/// The state that the entries of a journal tell.
fn image_of(entries: &[Written]) -> Image {
    let (builder, plan) = builder();
    let mut image = builder.build(&plan).unwrap().image();
    entries.iter().for_each(|entry| image.apply(entry));
    image
}

/// What is on the disk, as somebody reads it who knows nothing of the host.
#[derive(Default)]
struct Disk {
    events: BTreeSet<(ItemId, u16, u16, u32)>,
    decided: BTreeSet<(ItemId, ChuteId)>,
    /// Items that were decided, or that have ended.
    done: BTreeSet<ItemId>,
    /// The index of the first record that is not told, of items that are half read.
    half_read: BTreeMap<ItemId, u8>,
}

impl Disk {
    fn read(&mut self, entries: &[Written]) {
        for entry in entries {
            let record = match &entry.body {
                Body::Record(record) => record,
                Body::Note(note) => {
                    if let Note::Scanned(scanned) = &**note {
                        self.half_read.insert(scanned.item, scanned.next);
                    }
                    continue;
                }
            };
            let Cause { kind, arg, encoder } = record.cause;
            self.events.insert((record.item, kind, arg, encoder.get()));
            if record.kind == RecordKind::Decided || is_end(record.kind) {
                self.done.insert(record.item);
            }
            if record.kind == RecordKind::Decided {
                self.decided.extend(record.chute.map(|chute| (record.item, chute)));
            }
        }
    }
}

/// Host and plant.
pub(crate) struct World {
    pub(crate) now: Micros,
    pub(crate) plant: Plant,
    pub(crate) host: Option<HostSide>,
    /// The journal while nobody writes.
    left: Option<SimulatedJournal>,
    disk: Disk,
    hosts: u64,
    orders_seen: usize,
    /// Moments at which a host may crash: before each request, and before each answer.
    pub(crate) moments: u32,
    /// Items that were half read on the disk when a host went on with it.
    pub(crate) half_read: usize,
    crash_at: Option<u32>,
}

impl World {
    pub(crate) fn new(day: Vec<Entry>, boot: u16, disk: SimulatedDisk) -> Self {
        let mut world = Self {
            now: Micros::from_secs(1),
            plant: Plant::new(day, boot),
            host: None,
            left: Some(SimulatedJournal::new(disk)),
            disk: Disk::default(),
            hosts: 0,
            orders_seen: 0,
            moments: 0,
            half_read: 0,
            crash_at: None,
        };
        world.start();
        world
    }

    /// The host is to crash at this moment.
    pub(crate) fn crash_at(&mut self, moment: u32) {
        self.crash_at = Some(moment);
    }

    /// A host starts, with what the one before has left.
    pub(crate) fn start(&mut self) {
        let journal = self.left.take().unwrap();
        self.hosts += 1;
        self.host = Some(HostSide::start(journal, 100 + self.hosts));
    }

    /// The host is gone, and with it all that was not durable.
    pub(crate) fn crash(&mut self) {
        let Some(mut host) = self.host.take() else { return };
        host.scribe.journal_mut().crash(self.now);
        self.left = Some(host.scribe.journal().clone());
        // What survived although nobody was told is durable as well.
        self.disk = Disk::default();
        self.disk.read(host.scribe.journal().entries());
        let sorters = image_of(host.scribe.journal().entries()).sorters;
        self.half_read += sorters.values().map(|sorter| sorter.half_read.len()).sum::<usize>();
    }

    /// One host period.
    pub(crate) fn cycle(&mut self) {
        self.now = self.now + PERIOD;
        if let Some(host) = &mut self.host {
            host.scribe.turn(self.now);
            host.exchange.begin_cycle(self.now, &mut host.controller).unwrap();
        }
        let mut scanned = false;
        while self.request(&mut scanned) {}
        if !scanned {
            self.plant.scan();
        }
        if let Some(host) = &mut self.host {
            host.scribe.turn(self.now);
        }
        self.check();
    }

    /// One request, if there is another one. The PLC scans once in a cycle, after what was written.
    fn request(&mut self, scanned: &mut bool) -> bool {
        let Some(host) = &mut self.host else { return false };
        let Some(request) = host.exchange.next_request() else { return false };
        let (span, order) = match request {
            Request::Read(span) => (span, None),
            Request::Cycle { order, .. } => {
                (Span { block: BlockId::Status, offset: 0, words: 121 }, Some(*order))
            }
        };
        if self.is_crash() {
            return false;
        }
        if let Some(order) = order {
            self.plant.plc.write(&order);
            *scanned = true;
            self.plant.scan();
            self.check();
        }
        let words = self.plant.plc.read(span).unwrap();
        if self.is_crash() {
            return false;
        }
        let Some(host) = &mut self.host else { return false };
        // A restart of the PLC is told as a fault, and dealt with.
        let _ = host.exchange.answered(self.now, &words, &mut host.controller);
        true
    }

    /// Counts a moment, and crashes when it is the one.
    fn is_crash(&mut self) -> bool {
        self.moments += 1;
        let crashes = self.crash_at == Some(self.moments);
        if crashes {
            self.crash();
        }
        crashes
    }

    /// Holds what the PLC was told against the disk.
    fn check(&mut self) {
        let now = self.now;
        if let Some(host) = &mut self.host {
            self.disk.read(host.scribe.journal_mut().durable_by(now));
        }
        for (item, chute) in &self.plant.orders[self.orders_seen..] {
            let item = ItemId::new(*item);
            assert!(self.disk.decided.contains(&(item, *chute)), "{item} was sent to {chute} too early");
        }
        self.orders_seen = self.plant.orders.len();
        let kept = self.plant.plc.events.len();
        let acknowledged = self.plant.reported.len() - kept;
        for (item, cause) in &self.plant.reported[..acknowledged] {
            let Cause { kind, arg, encoder } = *cause;
            // Only these change anything: entered, discharged, left, turned up.
            let told = matches!(kind >> 8, 1 | 4 | 6 | 9);
            let durable = self.disk.events.contains(&(*item, kind, arg, encoder.get()));
            assert!(!told || durable, "event {kind:#x} of {item} was acknowledged too early");
        }
        for (item, index) in &self.plant.scan_records[..self.plant.plc.scans.gone()] {
            let known = self.disk.half_read.get(item).is_some_and(|next| next > index);
            let durable = known || self.disk.done.contains(item);
            assert!(durable, "scan record {index} of {item} was acknowledged too early");
        }
    }

    /// Goes on until the belt is empty and everything is acknowledged.
    pub(crate) fn finish(&mut self) {
        for _ in 0..5_000 {
            self.cycle();
            let (events, scans) = (self.plant.plc.events.len(), self.plant.plc.scans.len());
            // The last scan records of an item that has ended may wait for others.
            if self.plant.is_done() && events == 0 && scans < SCAN_SLOTS {
                return;
            }
        }
        panic!("the belt does not become empty: {:?}", self.plant.truth);
    }

    pub(crate) fn until_live(&mut self) {
        for _ in 0..500 {
            if self.host.as_ref().is_some_and(|host| host.exchange.state() == SessionState::Live) {
                return;
            }
            self.cycle();
        }
        panic!("no session came up");
    }

    pub(crate) fn controller(&self) -> &Controller {
        &self.host.as_ref().unwrap().controller
    }

    /// The life of a parcel, by its number in the order of the announcements.
    pub(crate) fn life(&self, parcel: u32) -> Life {
        let engine = &self.host.as_ref().unwrap().engine;
        engine.ledger().state(ParcelId::new(parcel - 1)).unwrap().life()
    }

    /// The kinds of the records about each item that ended, by the whole journal.
    pub(crate) fn ends_in_journal(&self) -> Vec<ItemId> {
        let entries = self.host.as_ref().unwrap().scribe.journal().entries();
        let ends = entries.iter().filter_map(|entry| match &entry.body {
            Body::Record(record) if is_end(record.kind) => Some(record.item),
            _ => None,
        });
        ends.collect()
    }
}

fn is_end(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::Discharged | RecordKind::Left | RecordKind::Lost | RecordKind::Forgotten)
}
