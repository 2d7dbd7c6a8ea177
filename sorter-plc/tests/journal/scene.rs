//! A journal thread with everything around it.

use std::path::Path;
use std::sync::mpsc;

use sorter_core::ids::SorterId;
use sorter_core::journal::{Body, Book, BookConfig, Image, Lane, Mark};
use sorter_plc::journal::{JournalAlarm, JournalThread, JournalThreadConfig, SqliteJournal, recover};

use super::sample::{Bodies, HUB, initial, place};

/// A journal thread with everything around it.
pub(crate) struct Scene {
    pub(crate) book: Book,
    pub(crate) lane: Lane,
    pub(crate) thread: JournalThread,
    pub(crate) alarms: mpsc::Receiver<JournalAlarm>,
    bodies: Bodies,
}

impl Scene {
    pub(crate) fn new(folder: &Path) -> Self {
        Self::with(folder, JournalThreadConfig::default(), initial())
    }

    pub(crate) fn with(folder: &Path, config: JournalThreadConfig, image: Image) -> Self {
        let (book, drain) = Book::new(BookConfig::default());
        let lane = book.lane(SorterId::new(0)).unwrap();
        let journal = SqliteJournal::open(place(folder), image.seq).unwrap();
        let bodies = Bodies::from(&image);
        let (alarm, alarms) = mpsc::channel();
        let thread =
            JournalThread::start(config, journal, drain, image, move |said| drop(alarm.send(said))).unwrap();
        Self { book, lane, thread, alarms, bodies }
    }

    pub(crate) fn push(&mut self, count: usize) -> (Mark, Mark) {
        for body in self.bodies.by_ref().take(count) {
            match body {
                Body::Record(record) => self.lane.push(&record),
                Body::Note(note) => drop(self.book.note(*note)),
            }
        }
        (self.lane.mark(), self.book.mark())
    }

    pub(crate) fn wait_until_safe(&self, (lane, hub): (Mark, Mark)) {
        while !self.lane.is_safe(lane) || !self.book.is_safe(hub) {
            assert!(self.thread.is_alive(), "the journal thread has ended");
            std::thread::yield_now();
        }
    }
}

pub(crate) fn recovered(folder: &Path) -> Image {
    recover(folder, HUB, initial()).unwrap().image
}
