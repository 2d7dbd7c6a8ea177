//! What the journal thread does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};

use sorter_core::journal::{Health, RecordSeq, Scribe, ScribeState};
use sorter_core::units::Micros;

use crate::cycle::Clock;

use super::snapshot::SnapshotFileError;
use super::store::SqliteJournal;
use super::studio::{Made, Purpose, Studio};
use super::thread::{Alarm, Board, JournalAlarm, JournalThreadConfig, JournalThreadError, RotateError, rest};

/// Who is told how a rotation went.
pub(super) type Rotated = Sender<Result<PathBuf, RotateError>>;

/// What the thread is told.
pub(super) enum Command {
    /// Have a snapshot made.
    Snapshot(Sender<Result<RecordSeq, SnapshotFileError>>),
    /// Go on in the file of another day.
    Rotate(String, Rotated),
    /// A snapshot was made, or not.
    Made(Made, Purpose),
    /// Write what waits and end.
    Stop,
}

/// The state of the thread.
pub(super) struct Writer {
    config: JournalThreadConfig,
    scribe: Scribe<SqliteJournal>,
    studio: Studio,
    heard: Receiver<Command>,
    board: Arc<Board>,
    alarm: Alarm,
    clock: Clock,
    /// When the lanes were last looked at. What is in a batch came after that.
    looked: Micros,
    health: Health,
    /// The record of the newest snapshot, when it was made, and whether one is being made because it was due.
    snapshot: RecordSeq,
    snapshot_at: Micros,
    due: bool,
    stopping: bool,
}

impl Writer {
    pub(super) fn new(
        config: JournalThreadConfig,
        scribe: Scribe<SqliteJournal>,
        studio: Studio,
        heard: Receiver<Command>,
        board: Arc<Board>,
        alarm: Alarm,
    ) -> Self {
        let clock = Clock::starting_at(config.epoch);
        let now = clock.now();
        Self {
            looked: now,
            snapshot: studio.newest,
            snapshot_at: now,
            health: Health::Well,
            due: false,
            stopping: false,
            config,
            scribe,
            studio,
            heard,
            board,
            alarm,
            clock,
        }
    }

    pub(super) fn run(mut self) -> Result<(), JournalThreadError> {
        loop {
            self.listen();
            let began = self.clock.now();
            self.scribe.journal_mut().set_time(began);
            let turn = self.scribe.turn(began);
            self.note(began, turn.durable > 0);
            let backlog = self.scribe.backlog();
            if self.stopping && (backlog == 0 || self.health != Health::Well) {
                return self.end(backlog);
            }
            if self.health == Health::Well {
                if backlog >= self.config.most as u64 {
                    continue;
                }
                if self.scribe.journal().wants_checkpoint() {
                    self.scribe.journal_mut().checkpoint();
                }
                self.look_at_snapshots(began);
            }
            let spent = self.clock.now().saturating_since(began);
            if let Some(left) = self.config.period.get().checked_sub(spent.get())
                && !self.stopping
            {
                rest(Micros::new(left));
            }
        }
    }

    fn listen(&mut self) {
        loop {
            match self.heard.try_recv() {
                Ok(Command::Snapshot(reply)) => self.order(Purpose::Asked(reply)),
                Ok(Command::Rotate(day, reply)) => self.order(Purpose::Rotation(day, reply)),
                Ok(Command::Made(made, purpose)) => self.take_snapshot(made, purpose),
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => {
                    self.stopping = true;
                    return;
                }
                Err(TryRecvError::Empty) => return,
            }
        }
    }

    fn order(&self, purpose: Purpose) {
        self.studio.order(self.scribe.journal().place().clone(), purpose);
    }

    fn look_at_snapshots(&mut self, now: Micros) {
        let records = self.scribe.journal().last().get().saturating_sub(self.snapshot.get());
        let late = now.saturating_since(self.snapshot_at) >= self.config.snapshot_every;
        if !self.due && records > 0 && (late || records >= self.config.snapshot_records) {
            self.due = true;
            self.order(Purpose::Due);
        }
    }

    fn take_snapshot(&mut self, made: Made, purpose: Purpose) {
        // After one that failed the next is tried when it is due again.
        self.snapshot_at = self.clock.now();
        match &made {
            Ok((seq, _)) => {
                self.snapshot = *seq;
                self.board.lock().snapshot = *seq;
            }
            Err(error) => {
                let text = error.to_string();
                self.board.lock().last_error = Some(text.clone());
                self.snapshot = self.scribe.journal().last();
                (self.alarm.0)(JournalAlarm::NoSnapshot(text));
            }
        }
        // Whoever asked may have gone.
        match purpose {
            Purpose::Due => self.due = false,
            Purpose::Asked(reply) => drop(reply.send(made.map(|(seq, _)| seq))),
            Purpose::Rotation(day, reply) => drop(reply.send(self.rotate(&day, made))),
        }
    }

    fn rotate(&mut self, day: &str, made: Made) -> Result<PathBuf, RotateError> {
        let (_, name) = made?;
        let journal = self.scribe.journal_mut();
        journal.rotate(day, &name)?;
        let file = journal.file().to_owned();
        self.board.lock().file.clone_from(&file);
        Ok(file)
    }

    /// Notes how a turn went, and gives an alarm where the health has changed.
    fn note(&mut self, began: Micros, durable: bool) {
        let health = self.scribe.health();
        let error = match self.scribe.state() {
            ScribeState::Stalled(_, error) | ScribeState::Failed(error) => Some(error.text.clone()),
            _ => None,
        };
        let mut board = self.board.lock();
        board.durable = self.scribe.journal().last();
        board.health = health;
        board.backlog = self.scribe.backlog();
        board.commits = self.scribe.commits();
        if durable {
            board.lag.record(self.clock.now().saturating_since(self.looked));
        }
        if error.is_some() {
            board.last_error.clone_from(&error);
        }
        drop(board);
        if health == Health::Well {
            self.looked = began;
        }
        if health != self.health {
            let text = error.unwrap_or_default();
            let alarm = match health {
                Health::Well => JournalAlarm::Resumed,
                Health::Stalled => JournalAlarm::Stalled(text),
                Health::Failed => JournalAlarm::Failed(text),
            };
            (self.alarm.0)(alarm);
            self.health = health;
        }
    }

    fn end(mut self, backlog: u64) -> Result<(), JournalThreadError> {
        if let ScribeState::Stalled(_, error) | ScribeState::Failed(error) = self.scribe.state() {
            return Err(JournalThreadError::Unwritten { waiting: backlog, text: error.text.clone() });
        }
        self.scribe.journal_mut().checkpoint();
        self.order(Purpose::Due);
        self.studio.close();
        // Those who asked for something else see that nobody is there any more.
        while let Ok(command) = self.heard.try_recv() {
            if let Command::Made(made, purpose) = command {
                self.take_snapshot(made, purpose);
            }
        }
        Ok(())
    }
}
