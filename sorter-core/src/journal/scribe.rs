//! Group commit: collects what the lanes have, writes it through a journal, and publishes what is durable.

use super::book::{Drain, Drained};
use super::{CommitError, CommitErrorKind, Entry, Health, Image, Journal, Progress, Sequencer};
use crate::units::Micros;

/// How often is written, and how much at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScribeConfig {
    /// How long the first record of a batch waits for others. Default 2 ms.
    pub period: Micros,
    /// Entries of one batch. Default 1,000.
    pub most: usize,
    /// How long until a batch for which there was no space is tried again. Default 100 ms.
    pub retry: Micros,
}

impl Default for ScribeConfig {
    fn default() -> Self {
        Self { period: Micros::from_millis(2), most: 1_000, retry: Micros::from_millis(100) }
    }
}

/// What a scribe is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScribeState {
    /// Nothing waits.
    Idle,
    /// Records wait; they are written at this time.
    Gathering(Micros),
    /// A batch was written and is durable at this time.
    Writing(Micros),
    /// There was no space; the batch is tried again at this time.
    Stalled(Micros, CommitError),
    /// Nothing is written any more.
    Failed(CommitError),
}

/// What happened in a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Entries that became durable.
    pub durable: usize,
    /// Entries that were handed to the journal.
    pub written: usize,
}

/// Drains a book into a journal. It reads no clock: a thread with a real one, or virtual time, gives it turns.
///
/// # When it has to have turns
/// In virtual time it is exact when it has a turn after something was pushed while it was idle, and at the time of
/// [`Scribe::due`], before anything else is pushed. Then a batch has what was pushed before it began, and nothing
/// else. A thread gives it a turn in each period.
///
/// A batch begins when its first record has waited for the period, or as soon as it is full, or right after the batch
/// before if anything came while that was written. A batch for which there is no space is tried again until there is;
/// what comes meanwhile waits. After any other failure, and when a lane was full, nothing is written any more.
///
/// See [`super::Book`] for an example.
#[derive(Debug)]
pub struct Scribe<J> {
    config: ScribeConfig,
    drain: Drain,
    sequencer: Sequencer,
    journal: J,
    state: ScribeState,
    /// What is being written.
    batch: Vec<Entry>,
    /// What is durable when that is.
    durable: Drained,
    commits: u64,
}

impl<J: Journal> Scribe<J> {
    /// A scribe that goes on after an image; see [`Sequencer::new`].
    pub fn new(drain: Drain, journal: J, image: Image, follow: bool, config: ScribeConfig) -> Self {
        Self {
            batch: Vec::with_capacity(config.most),
            sequencer: Sequencer::new(image, follow),
            state: ScribeState::Idle,
            durable: Drained::default(),
            commits: 0,
            config,
            drain,
            journal,
        }
    }

    /// Does what is due: publishes a batch that is durable by now, and writes the next one.
    ///
    /// It begins at most one batch at `now`, so that whoever gives the turns comes to other things under any load:
    /// the next turn may be due at once.
    pub fn turn(&mut self, now: Micros) -> Turn {
        let mut turn = Turn::default();
        self.drain.look();
        if self.drain.is_overrun() && !matches!(self.state, ScribeState::Failed(_)) {
            let text = "journal lost records since a lane was full: the host has to be restarted".to_owned();
            self.fail(CommitError { kind: CommitErrorKind::Fatal, text });
        }
        loop {
            match &self.state {
                ScribeState::Idle if self.waiting() == 0 => return turn,
                ScribeState::Idle => self.state = ScribeState::Gathering(now + self.config.period),
                ScribeState::Gathering(at) => {
                    let at = *at;
                    let full = self.waiting() >= self.config.most as u64;
                    if (at > now && !full) || (turn.written > 0 && at >= now) {
                        return turn;
                    }
                    self.begin(at.min(now), now, &mut turn);
                }
                ScribeState::Writing(at) if *at > now => return turn,
                ScribeState::Writing(at) => self.publish(*at, &mut turn),
                ScribeState::Stalled(at, _) if *at > now => return turn,
                ScribeState::Stalled(at, _) => self.write(*at, &mut turn),
                ScribeState::Failed(_) => return turn,
            }
        }
    }

    /// Begins a batch. Where all that waits has to wait for something else, it is looked at again after the period.
    fn begin(&mut self, at: Micros, now: Micros, turn: &mut Turn) {
        self.sequencer.collect(&mut self.drain, self.config.most, &mut self.batch);
        if self.batch.is_empty() {
            // A period of zero would be looked at again in the same turn, for ever.
            self.state = ScribeState::Gathering(now + self.config.period.max(Micros::new(1)));
        } else {
            self.write(at, turn);
        }
    }

    fn write(&mut self, at: Micros, turn: &mut Turn) {
        match self.journal.commit(at, &self.batch) {
            Ok(durable) => {
                self.commits += 1;
                turn.written += self.batch.len();
                self.durable.clone_from(self.sequencer.drained());
                self.state = ScribeState::Writing(durable);
                self.drain.set_health(Health::Well);
            }
            Err(error) if error.kind == CommitErrorKind::NoSpace => {
                self.drain.set_health(Health::Stalled);
                self.state = ScribeState::Stalled(at + self.config.retry.max(Micros::new(1)), error);
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: CommitError) {
        self.drain.set_health(Health::Failed);
        self.state = ScribeState::Failed(error);
    }

    fn publish(&mut self, at: Micros, turn: &mut Turn) {
        turn.durable += self.batch.len();
        self.batch.clear();
        self.drain.publish(&self.durable);
        self.state = if self.waiting() == 0 { ScribeState::Idle } else { ScribeState::Gathering(at) };
    }

    fn waiting(&self) -> u64 {
        self.drain.waiting() + self.sequencer.set_aside()
    }

    /// When it has to have its next turn; `None` while it is idle, and when it has failed.
    pub const fn due(&self) -> Option<Micros> {
        match &self.state {
            ScribeState::Idle | ScribeState::Failed(_) => None,
            ScribeState::Gathering(at) | ScribeState::Writing(at) | ScribeState::Stalled(at, _) => Some(*at),
        }
    }

    /// What it is doing.
    pub const fn state(&self) -> &ScribeState {
        &self.state
    }

    /// The state up to the last record that was collected, whether it is durable or not.
    pub const fn image(&self) -> &Image {
        self.sequencer.image()
    }

    /// The state up to the last durable record, of which a snapshot may be made; `None` while a batch is being written
    /// or cannot be.
    pub fn durable_image(&self) -> Option<&Image> {
        self.batch.is_empty().then(|| self.image())
    }

    /// Records that were taken out of their order, see [`Sequencer::reordered`].
    pub const fn reordered(&self) -> u64 {
        self.sequencer.reordered()
    }

    /// Records that are not durable yet: those that wait in the lanes and those of the batch that is being written.
    pub fn backlog(&self) -> u64 {
        self.waiting() + self.batch.len() as u64
    }

    /// How the journal is, as its lanes see it: failed too when a lane was full and records were lost.
    pub fn health(&self) -> Health {
        self.drain.health()
    }

    /// How far the journal has come, as its host sees it.
    pub fn progress(&self) -> Progress {
        self.drain.progress()
    }

    /// Batches that were written.
    pub const fn commits(&self) -> u64 {
        self.commits
    }

    /// The journal.
    pub const fn journal(&self) -> &J {
        &self.journal
    }

    /// The journal, when nothing more is to be written to it by this host.
    pub fn into_journal(self) -> J {
        self.journal
    }

    /// The journal, to be changed.
    pub const fn journal_mut(&mut self) -> &mut J {
        &mut self.journal
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests;
