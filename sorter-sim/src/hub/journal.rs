//! The simulated journal of a hub: its writer and its disk, in virtual time.

use hdrhistogram::Histogram;
use sorter_core::ids::{HubId, ItemId, SorterId};
use sorter_core::journal::{
    Body, CommitError, Drain, Entry, Health, Image, Journal, Keep, LateSyncs, Progress, Record, RecordKind,
    Scribe, ScribeConfig, ScribeState, SimulatedDisk, SimulatedJournal,
};
use sorter_core::units::{Micros, Share};
use sorter_plc::controller::Counters;

use crate::check::{Checker, Written};
use crate::random::{Draws, Rate, Stream};
use crate::report::{JournalReport, Latency};
use crate::sabotage::Saboteur;
use crate::scenario::{JournalDisk, Scenario};

/// How much later than it says a disk that lies has what it was given.
const LIE: Micros = Micros::from_millis(50);

/// A disk, and what it says of itself.
#[derive(Debug)]
struct Disk {
    journal: SimulatedJournal,
    sync: Micros,
    lies: bool,
}

impl Journal for Disk {
    fn commit(&mut self, now: Micros, batch: &[Entry]) -> Result<Micros, CommitError> {
        self.journal.disk_mut().sync = if self.lies { self.sync + LIE } else { self.sync };
        let durable = self.journal.commit(now, batch)?;
        Ok(if self.lies { now + self.sync } else { durable })
    }
}

/// The writer of the journal of a hub, with its disk.
pub(super) struct HubJournal {
    scribe: Scribe<Disk>,
    due: Option<Micros>,
    /// What was asked of the disk.
    asked: JournalDisk,
    lags: Histogram<u64>,
    records: u64,
    /// Since when there has been no space.
    stalled_since: Option<Micros>,
    stalls: u64,
    stalled: Micros,
}

impl HubJournal {
    /// A writer that begins with the state of a new engine.
    pub(super) fn new(scenario: &Scenario, hub: HubId, drain: Drain, image: Image) -> Self {
        let JournalDisk { sync, period, batch, late_rate, late, full_at, full_for, fail_at } =
            scenario.journal;
        let full = full_at.map_or(Micros::ZERO..Micros::ZERO, |at| at..at + full_for);
        let journal = SimulatedJournal::new(SimulatedDisk {
            sync,
            late: LateSyncs {
                share: Share::from_ppm(late_rate.ppb() / 1_000).unwrap_or(Share::ONE),
                most: late,
            },
            full,
            fails_at: fail_at,
            keep: Keep::Unread,
            seed: Draws::new(scenario.seed, Stream::Disk, hub.get().into()).next_u64(),
        });
        let config = ScribeConfig {
            period,
            most: usize::try_from(batch).unwrap_or(usize::MAX),
            ..ScribeConfig::default()
        };
        Self {
            scribe: Scribe::new(drain, Disk { journal, sync, lies: false }, image, false, config),
            due: None,
            asked: scenario.journal,
            lags: lags(),
            records: 0,
            stalled_since: None,
            stalls: 0,
            stalled: Micros::ZERO,
        }
    }

    /// How far it has come, as its host sees it.
    pub(super) fn progress(&self) -> Progress {
        self.scribe.progress()
    }

    /// When it has something to do.
    pub(super) fn due(&self) -> Option<Micros> {
        self.due
    }

    /// Whether it has nothing to do until something is recorded.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.scribe.state(), ScribeState::Idle)
    }

    /// Does what is due, at its time. Gives whether anything became durable or the journal is in another state of
    /// health, so that whoever waits has to look.
    pub(super) fn turn(&mut self, at: Micros, checker: &mut Checker<'_>, saboteur: &mut Saboteur) -> bool {
        self.scribe.journal_mut().lies = saboteur.disk_lies();
        let before = health(self.scribe.state());
        let turn = self.scribe.turn(at);
        self.due = self.scribe.due();
        for entry in self.scribe.journal_mut().journal.durable_by(at) {
            let Body::Record(record) = &entry.body else { continue };
            self.records += 1;
            // A late announcement has no time.
            if record.kind != RecordKind::Announced {
                self.lags.saturating_record(at.saturating_since(record.at).get());
            }
            if let Some((sorter, item, written)) = written(record) {
                checker.synced(sorter, item, written);
            }
        }
        let after = health(self.scribe.state());
        if before == after {
            return turn.durable > 0;
        }
        if after == Health::Stalled {
            self.stalls += 1;
            self.stalled_since = Some(at);
        }
        if let Some(since) = self.stalled_since.filter(|_| before == Health::Stalled) {
            self.stalled = self.stalled + at.saturating_since(since);
            self.stalled_since = None;
        }
        true
    }

    /// Whether it will never write again.
    pub(super) fn has_failed(&self) -> bool {
        health(self.scribe.state()) == Health::Failed
    }

    /// How often each fault happened that the disk was asked for.
    pub(super) fn faults(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let late = (self.asked.late_rate > Rate::ZERO).then_some(self.scribe.journal().journal.counts().late);
        let full = self.asked.full_at.map(|_| self.stalls);
        let failed = self.asked.fail_at.map(|_| u64::from(self.has_failed()));
        [("journal_late", late), ("journal_full", full), ("journal_failed", failed)]
            .into_iter()
            .filter_map(|(kind, times)| Some((kind, times?)))
    }
}

/// Lags from 1 us to an hour, to three digits; a longer one counts as the hour.
fn lags() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("the bounds are in order")
}

/// What the journal of its hub did to one sorter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StationJournal {
    /// The most records that were not durable.
    pub(super) most_waiting: u64,
    /// Times that induction began to be slowed down or closed.
    alarms: u64,
    throttled: Micros,
    closed: Micros,
    state: Induction,
    since: Micros,
}

/// What the journal leaves of an induction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Induction {
    /// All of it.
    #[default]
    Open,
    /// It is slowed down.
    Throttled,
    /// It stands.
    Closed,
}

impl StationJournal {
    /// The induction is like this from now on.
    pub(super) fn induction(&mut self, now: Micros, state: Induction) {
        if state == self.state {
            return;
        }
        self.alarms += u64::from(self.state == Induction::Open);
        let lasted = now.saturating_since(self.since);
        match self.state {
            Induction::Open => {}
            Induction::Throttled => self.throttled = self.throttled + lasted,
            Induction::Closed => self.closed = self.closed + lasted,
        }
        (self.state, self.since) = (state, now);
    }

    /// Whether the journal leaves less of the induction than all.
    pub(super) fn is_restrained(&self) -> bool {
        self.state != Induction::Open
    }
}

/// What the journals of some hubs did.
pub(crate) struct JournalTally {
    report: JournalReport,
    lags: Histogram<u64>,
}

impl JournalTally {
    pub(super) fn new() -> Self {
        Self { report: JournalReport::default(), lags: lags() }
    }

    pub(super) fn add_hub(&mut self, journal: &HubJournal) {
        self.report.records += journal.records;
        self.report.commits += journal.scribe.commits();
        self.report.stalls += journal.stalls;
        self.report.stalled_s += seconds(journal.stalled);
        self.report.failed += u64::from(journal.has_failed());
        self.lags.add(&journal.lags).expect("both have the same bounds");
    }

    pub(super) fn add_station(&mut self, journal: &StationJournal, counters: &Counters) {
        self.report.most_waiting = self.report.most_waiting.max(journal.most_waiting);
        self.report.alarms += journal.alarms;
        self.report.throttled_s += seconds(journal.throttled);
        self.report.closed_s += seconds(journal.closed);
        self.report.held_orders += counters.held_orders;
        self.report.late_held_orders += counters.late_held_orders;
        self.report.called_off += counters.called_off;
    }

    /// Adds those of another hub.
    pub(super) fn merge(&mut self, other: &Self) {
        let (sum, more) = (&mut self.report, &other.report);
        sum.records += more.records;
        sum.commits += more.commits;
        sum.most_waiting = sum.most_waiting.max(more.most_waiting);
        sum.held_orders += more.held_orders;
        sum.late_held_orders += more.late_held_orders;
        sum.called_off += more.called_off;
        sum.alarms += more.alarms;
        sum.throttled_s += more.throttled_s;
        sum.closed_s += more.closed_s;
        sum.stalls += more.stalls;
        sum.stalled_s += more.stalled_s;
        sum.failed += more.failed;
        self.lags.add(&other.lags).expect("both have the same bounds");
    }

    /// The report.
    pub(super) fn report(&self) -> JournalReport {
        JournalReport { lag_us: Latency::of(&self.lags), ..self.report.clone() }
    }
}

fn seconds(time: Micros) -> f64 {
    time.get() as f64 / 1e6
}

fn health(state: &ScribeState) -> Health {
    match state {
        ScribeState::Stalled(..) => Health::Stalled,
        ScribeState::Failed(_) => Health::Failed,
        ScribeState::Idle | ScribeState::Gathering(_) | ScribeState::Writing(_) => Health::Well,
    }
}

/// What the checkers have to know of a record that a disk has.
fn written(record: &Record) -> Option<(SorterId, ItemId, Written)> {
    let written = match record.kind {
        RecordKind::Entered => Written::Entered(record.cause.encoder),
        RecordKind::Decided => Written::Decided(record.chute?),
        RecordKind::Discharged | RecordKind::Left | RecordKind::Lost | RecordKind::Forgotten => {
            Written::Ended
        }
        _ => return None,
    };
    Some((record.sorter, record.item, written))
}
