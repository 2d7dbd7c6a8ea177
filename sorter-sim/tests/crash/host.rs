//! A host: engine, controllers, exchanges and the scribe, all of which a crash takes with it.

use std::sync::Arc;

use sorter_core::engine::Engine;
use sorter_core::ids::SorterId;
use sorter_core::journal::{
    Book, BookConfig, Health, Image, RecordSeq, Scribe, ScribeConfig, ScribeState, SimulatedJournal,
    SorterImage,
};
use sorter_core::units::Micros;
use sorter_plc::controller::{Controller, ControllerConfig};
use sorter_plc::exchange::{Exchange, ExchangeConfig, Release, SessionState};

use crate::site::{CAPACITY, Site};
use crate::stats::{Happened, Stats};

/// One sorter as its host has it.
pub(crate) struct Link {
    pub(crate) exchange: Exchange,
    pub(crate) controller: Controller,
    /// From when on there is a connection.
    pub(crate) up_at: Micros,
}

/// What is lost with a crash.
pub(crate) struct Host {
    pub(crate) engine: Arc<Engine>,
    pub(crate) book: Book,
    pub(crate) scribe: Scribe<SimulatedJournal>,
    pub(crate) links: Vec<Link>,
}

/// What a host finds when it starts.
pub(crate) struct Disk {
    pub(crate) journal: SimulatedJournal,
    /// The state that the journal begins with; `None` before the first host.
    pub(crate) initial: Option<Image>,
    /// The newest snapshot.
    pub(crate) snapshot: Option<Vec<u8>>,
    /// What the last host was when it crashed, if it left nothing that was not durable.
    pub(crate) last_state: Option<(Image, Vec<SorterImage>)>,
}

fn exchange(seed: u64) -> Exchange {
    let config =
        ExchangeConfig { belt_capacity: CAPACITY, release: Release::Manual, ..ExchangeConfig::default() };
    Exchange::new(config, seed).expect("the settings keep the limits of the contract")
}

impl Host {
    /// Starts a host with what the disk has.
    pub(crate) fn start(
        site: &Site<'_>,
        disk: &mut Disk,
        now: Micros,
        (seed, use_snapshot): (u64, bool),
        stats: &mut Stats,
    ) -> Self {
        let journal = std::mem::replace(&mut disk.journal, SimulatedJournal::new(Default::default()));
        let (book, drain) = Book::new(BookConfig { lane: 2_048 });
        let mut builder = site.builder();
        let found = disk.initial.clone().map(|initial| follow(initial, &journal));
        let (engine, image) = match found.filter(|image| image.seq > RecordSeq::NONE) {
            None => {
                builder.keep_journal(book.clone());
                let engine = builder.build(&site.fixtures.plans[0]).expect("the plan is right");
                let image = engine.image();
                disk.initial = Some(image.clone());
                (engine, image)
            }
            Some(whole) => {
                let image = match disk.snapshot.as_ref().filter(|_| use_snapshot) {
                    Some(bytes) => {
                        stats.count(Happened::FromSnapshot);
                        follow(Image::from_bytes(bytes).expect("a snapshot can be read"), &journal)
                    }
                    None => {
                        stats.count(Happened::FromRecords);
                        whole.clone()
                    }
                };
                assert!(
                    image == whole,
                    "a snapshot and later records give another image than all records: {}",
                    crate::compare::difference(&image, &whole)
                );
                stats.count(Happened::Recovered);
                let engine = builder.recover(image.clone(), Some(book.clone()));
                (engine.unwrap_or_else(|error| panic!("not recovered: {error}")), image)
            }
        };
        let recovered = (image.seq > RecordSeq::NONE).then(|| image.clone());
        let links = (0..site.sorters).map(|sorter| {
            let worker = engine.worker(SorterId::new(u8::try_from(sorter).unwrap()));
            if let Some(image) = &recovered {
                crate::compare::worker(&worker, image, disk.last_state.as_ref());
            }
            let controller = Controller::new(worker, ControllerConfig::default());
            let exchange = exchange(seed.wrapping_add(sorter as u64));
            Link { exchange, controller, up_at: now }
        });
        let links = links.collect();
        if let Some(image) = &recovered {
            crate::compare::engine(&engine, image, disk.last_state.as_ref());
            stats.count(Happened::Compared);
            stats.count_many(Happened::ComparedWhole, u64::from(disk.last_state.is_some()));
        }
        let scribe = Scribe::new(drain, journal, image, true, ScribeConfig::default());
        Self { engine, book, scribe, links }
    }

    /// Whether every link is in a live session.
    pub(crate) fn is_live(&self) -> bool {
        self.links.iter().all(|link| link.exchange.state() == SessionState::Live)
    }

    pub(crate) fn health(&self) -> Health {
        self.book.health()
    }

    /// A snapshot of what is durable, if nothing is being written.
    pub(crate) fn snapshot(&self) -> Option<Vec<u8>> {
        let rests = matches!(self.scribe.state(), ScribeState::Idle | ScribeState::Gathering(_));
        rests.then(|| self.scribe.image().to_bytes())
    }
}

/// An image with all later entries of a journal.
fn follow(mut image: Image, journal: &SimulatedJournal) -> Image {
    let after = image.seq;
    for entry in journal.entries().iter().filter(|entry| entry.seq > after) {
        image.apply(entry);
    }
    image
}
