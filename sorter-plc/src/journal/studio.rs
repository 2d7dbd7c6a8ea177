//! The thread that makes snapshots.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use sorter_core::journal::RecordSeq;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};

use super::place::JournalPlace;
use super::snapshot::{SnapshotFileError, SnapshotMaker};
use super::writer::Command;
use crate::cycle::leave_the_last_core;

/// A snapshot that was made, or why not.
pub(super) type Made = Result<(RecordSeq, String), SnapshotFileError>;

/// For whom a snapshot is made.
pub(super) enum Purpose {
    /// It was due.
    Due,
    /// Somebody asked for it.
    Asked(Sender<Result<RecordSeq, SnapshotFileError>>),
    /// A new file begins with it.
    Rotation(String, super::writer::Rotated),
}

/// The handle of the thread. It ends when the handle is dropped.
pub(super) struct Studio {
    orders: Option<Sender<(JournalPlace, Purpose)>>,
    thread: Option<JoinHandle<()>>,
    /// The newest snapshot when it began.
    pub(super) newest: RecordSeq,
}

impl Studio {
    /// Starts the thread, which tells the writer of each snapshot.
    pub(super) fn open(maker: SnapshotMaker, writer: Sender<Command>) -> io::Result<Self> {
        let newest = maker.newest();
        let (orders, taken) = mpsc::channel();
        let thread = thread::Builder::new().name("sorter-snapshot".to_owned());
        let thread = thread.spawn(move || work(maker, &taken, &writer))?;
        Ok(Self { orders: Some(orders), thread: Some(thread), newest })
    }

    pub(super) fn order(&self, place: JournalPlace, purpose: Purpose) {
        // A thread that has ended makes none; whoever waits for one sees it by the answer that does not come.
        let _ = self.orders.as_ref().map(|orders| orders.send((place, purpose)));
    }
}

impl Studio {
    /// Has what was ordered made, and ends the thread.
    pub(super) fn close(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook and is seen by the snapshots that do not come.
            let _ = thread.join();
        }
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        self.close();
    }
}

/// Has the system prefer every other thread to this one, and leaves the core of the cycle thread alone, whose caches
/// it would empty: a snapshot may wait, a decision may not.
fn stand_back() {
    leave_the_last_core();
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let none = ThreadPriority::Crossplatform(ThreadPriorityValue::MIN);
    // Where that is not granted, snapshots are made all the same.
    let _ = set_thread_priority_and_policy(thread_native_id(), none, policy);
}

fn work(mut maker: SnapshotMaker, orders: &Receiver<(JournalPlace, Purpose)>, writer: &Sender<Command>) {
    stand_back();
    while let Ok((place, purpose)) = orders.recv() {
        let made = maker.make(&place);
        // The writer waits for the end of this thread, so it is there; at its end it listens no more.
        let _ = writer.send(Command::Made(made, purpose));
    }
}
