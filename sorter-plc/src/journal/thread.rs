//! The thread that writes.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sorter_core::journal::{Drain, Health, Image, RecordSeq, Scribe, ScribeConfig};
use sorter_core::units::Micros;

use crate::cycle::Times;

use super::error::OpenError;
use super::snapshot::{SnapshotFileError, SnapshotMaker};
use super::store::SqliteJournal;
use super::studio::Studio;
use super::writer::{Command, Writer};

/// How a journal thread works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalThreadConfig {
    /// The longest that a record waits for others before its batch is written. Default 2 ms.
    pub period: Micros,
    /// Records of one batch; when that many wait, they are written at once. Default 1,000.
    pub most: usize,
    /// How long until a batch for which there was no space is tried again. Default 100 ms.
    pub retry: Micros,
    /// The hub time at the start. Default 0.
    pub epoch: Micros,
    /// Records after which there is a new snapshot. Default 250,000, of which recovery reads a million in a second.
    pub snapshot_records: u64,
    /// The longest time to a new snapshot while there are new records. Default 10 minutes.
    pub snapshot_every: Micros,
    /// Days, each with its file, that are kept. Files with records that are in no snapshot stay. Default 14.
    pub keep_days: usize,
}

impl Default for JournalThreadConfig {
    fn default() -> Self {
        let scribe = ScribeConfig::default();
        Self {
            period: scribe.period,
            most: scribe.most,
            retry: scribe.retry,
            epoch: Micros::ZERO,
            snapshot_records: 250_000,
            snapshot_every: Micros::from_secs(600),
            keep_days: 14,
        }
    }
}

/// What the people in charge have to know at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalAlarm {
    /// Nothing can be written for now: no order goes out. It is tried again.
    Stalled(String),
    /// Writing works again.
    Resumed,
    /// Nothing is written any more: only a restart helps.
    Failed(String),
    /// There is no new snapshot. Ordering goes on; recovery would take longer.
    NoSnapshot(String),
}

/// How a journal thread stands.
#[derive(Clone, Debug)]
pub struct JournalStatus {
    /// The file that is written.
    pub file: PathBuf,
    /// The last durable record.
    pub durable: RecordSeq,
    /// How the journal is.
    pub health: Health,
    /// Records that wait.
    pub backlog: u64,
    /// Batches that were written.
    pub commits: u64,
    /// How long the oldest record of each batch waited at most, until it was durable.
    pub lag: Times,
    /// The record of the newest snapshot; 0 when there is none.
    pub snapshot: RecordSeq,
    /// What went wrong last, whether it still does or not.
    pub last_error: Option<String>,
}

/// Why a journal did not go on in another file. It goes on in the one before.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The snapshot with which the new file begins cannot be made.
    #[error("the snapshot before the new file: {0}")]
    Snapshot(#[from] SnapshotFileError),
    /// The new file cannot be made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The thread has ended.
    #[error("the journal thread has ended")]
    Ended,
}

/// Why a journal thread did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum JournalThreadError {
    /// It ended by a panic.
    #[error("the journal thread has ended")]
    Ended,
    /// It could not be started.
    #[error("the journal thread cannot be started: {0}")]
    Start(std::io::Error),
    /// It was stopped while it could not write.
    #[error("{waiting} records are not written: {text}")]
    Unwritten {
        /// How many.
        waiting: u64,
        /// Why.
        text: String,
    },
}

/// What the writer and its handle share.
#[derive(Debug)]
pub(super) struct Board(Mutex<JournalStatus>);

impl Board {
    pub(super) fn lock(&self) -> MutexGuard<'_, JournalStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that writes the records of a book into a file. Dropping it lets it write what waits and end, without
/// waiting for that.
#[derive(Debug)]
pub struct JournalThread {
    commands: mpsc::Sender<Command>,
    board: Arc<Board>,
    thread: Option<JoinHandle<Result<(), JournalThreadError>>>,
}

impl JournalThread {
    /// Starts the thread, `sorter-journal`. `image` is the state at the last record of the journal: what recovery
    /// gave, or the image of a fresh engine. `alarm` is called on the thread; it may not block.
    ///
    /// # Errors
    /// When the operating system has no thread to give.
    pub fn start(
        config: JournalThreadConfig,
        journal: SqliteJournal,
        drain: Drain,
        image: Image,
        alarm: impl FnMut(JournalAlarm) + Send + 'static,
    ) -> Result<Self, JournalThreadError> {
        let board = Arc::new(Board(Mutex::new(JournalStatus {
            file: journal.file().to_owned(),
            durable: journal.last(),
            health: Health::Well,
            backlog: 0,
            commits: 0,
            lag: Times::coarse(),
            snapshot: RecordSeq::NONE,
            last_error: None,
        })));
        // The thread itself keeps the period, so that other things are done between two batches.
        let scribe_config = ScribeConfig { period: Micros::ZERO, most: config.most, retry: config.retry };
        let maker = SnapshotMaker::new(journal.place(), image.clone(), config.keep_days);
        let scribe = Scribe::new(drain, journal, image, false, scribe_config);
        let (commands, heard) = mpsc::channel();
        let studio = Studio::open(maker, commands.clone()).map_err(JournalThreadError::Start)?;
        let writer = Writer::new(config, scribe, studio, heard, Arc::clone(&board), Alarm(Box::new(alarm)));
        let thread = thread::Builder::new().name("sorter-journal".to_owned()).spawn(move || writer.run());
        Ok(Self { commands, board, thread: Some(thread.map_err(JournalThreadError::Start)?) })
    }

    /// How it stands. Making the copy costs some microseconds.
    pub fn status(&self) -> JournalStatus {
        self.board.lock().clone()
    }

    /// Whether the thread still runs. It ends by [`JournalThread::stop`] and by a panic.
    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Makes a snapshot of all that is durable now and waits for it: some seconds for millions of parcels.
    ///
    /// # Errors
    /// When what was written cannot be read back, or the snapshot cannot be written.
    pub fn snapshot(&self) -> Result<RecordSeq, SnapshotFileError> {
        let (reply, answer) = mpsc::channel();
        self.tell(Command::Snapshot(reply));
        answer.recv().map_err(|_| SnapshotFileError::Ended)?
    }

    /// Goes on in the file of another day: makes a snapshot, then the file, which names it. Waits for both; the thread
    /// writes meanwhile.
    ///
    /// # Errors
    /// When the snapshot or the file cannot be made, or the file is there already.
    pub fn rotate(&self, day: &str) -> Result<PathBuf, RotateError> {
        let (reply, answer) = mpsc::channel();
        self.tell(Command::Rotate(day.to_owned(), reply));
        answer.recv().map_err(|_| RotateError::Ended)?
    }

    /// Writes what waits, makes a last snapshot and ends the thread.
    ///
    /// # Errors
    /// When it could not write all of it, or ended before by a panic. That there is no last snapshot is no error but
    /// an alarm.
    pub fn stop(mut self) -> Result<JournalStatus, JournalThreadError> {
        self.tell(Command::Stop);
        let thread = self.thread.take().expect("only this takes it, and it takes the handle too");
        thread.join().map_err(|_| JournalThreadError::Ended)??;
        Ok(self.status())
    }

    fn tell(&self, command: Command) {
        // A thread that has ended hears nothing; whoever waits for an answer sees it by that.
        let _ = self.commands.send(command);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for JournalThread {
    fn drop(&mut self) {
        self.tell(Command::Stop);
    }
}

/// How an alarm is given.
pub(super) struct Alarm(pub(super) Box<dyn FnMut(JournalAlarm) + Send>);

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alarm")
    }
}

/// Waits, or until the handle has something to say.
pub(super) fn rest(time: Micros) {
    thread::park_timeout(Duration::from_micros(time.get()));
}
