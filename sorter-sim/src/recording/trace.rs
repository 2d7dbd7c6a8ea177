//! What came out of one controller, as the recorder keeps it and a replay compares it.

use serde::{Deserialize, Serialize};
use sorter_core::engine::Worker;
use sorter_core::ids::{ChuteId, ParcelId};
use sorter_plc::contract::{Event, EventRecord};
use sorter_plc::controller::{DecisionNote, Watch};
use sorter_plc::host::Ready;

use super::DIGEST_PERIOD;
use super::record::{InductionLimit, PollAnswer};

/// An odd number whose bits look drawn, for folding.
const FOLD: u64 = 0x9e37_79b9_7f4a_7c15;

/// What happened at the controllers of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Polls of a controller.
    pub polls: u64,
    /// Items that entered at an induction, as the PLCs told.
    pub inductions: u64,
    /// Decisions, first ones and further ones.
    pub decisions: u64,
    /// Decisions that passed the point of no return.
    pub commits: u64,
    /// Orders that went out.
    pub orders: u64,
}

impl Counts {
    /// Adds those of another.
    pub fn add(&mut self, other: &Self) {
        self.polls += other.polls;
        self.inductions += other.inductions;
        self.decisions += other.decisions;
        self.commits += other.commits;
        self.orders += other.orders;
    }
}

/// What came out of the controller of one sorter so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    counts: Counts,
    /// All decisions and commits, folded.
    notes: u64,
    /// Those since the last answer, and whether there were any.
    latest: Vec<DecisionNote>,
    keeps_latest: bool,
    noted: bool,
    induction: InductionLimit,
    induction_changed: bool,
}

impl Trace {
    /// A trace that keeps the decisions of the present poll.
    pub(crate) fn keeping() -> Self {
        Self { keeps_latest: true, ..Self::default() }
    }

    /// What happened so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// The decisions of the present poll, as far as they are kept.
    pub(crate) fn latest(&self) -> &[DecisionNote] {
        &self.latest
    }

    /// What a controller said before a poll.
    pub(crate) fn ready(&mut self, ready: &Ready) {
        let limit = match (ready.permit, ready.limit) {
            (false, _) => InductionLimit::Closed,
            (true, Some(limit)) => InductionLimit::PerMinute(limit.get()),
            (true, None) => InductionLimit::None,
        };
        self.induction_changed |= limit != self.induction;
        self.induction = limit;
    }

    /// A controller is about to be polled.
    pub(crate) fn polling(&mut self, events: &[EventRecord]) {
        let inducted = events.iter().filter(|record| matches!(record.event, Event::Inducted { .. })).count();
        self.counts.inductions += inducted as u64;
    }

    /// What came out beside the orders, of which there were so many.
    pub(crate) fn answer(&mut self, orders: usize, worker: &Worker) -> PollAnswer {
        self.counts.polls += 1;
        self.counts.orders += orders as u64;
        let noted = std::mem::take(&mut self.noted).then(|| {
            let [.., high, low] = self.notes.to_le_bytes();
            u16::from_le_bytes([high, low])
        });
        let changed = std::mem::take(&mut self.induction_changed);
        PollAnswer {
            orders: Vec::new(),
            induction: changed.then_some(self.induction),
            noted,
            digest: self.counts.polls.is_multiple_of(DIGEST_PERIOD).then(|| worker.digest()),
        }
    }

    /// Drops the decisions of a poll that was compared.
    pub(crate) fn next_poll(&mut self) {
        self.latest.clear();
    }

    /// A decision was taken.
    pub(crate) fn decided(&mut self, note: &DecisionNote) {
        self.counts.decisions += 1;
        self.fold(1, note);
    }

    /// A decision passed the point of no return.
    pub(crate) fn committed(&mut self, note: &DecisionNote) {
        self.counts.commits += 1;
        self.fold(2, note);
    }

    fn fold(&mut self, kind: u64, note: &DecisionNote) {
        let parcel = note.parcel.map_or(u32::MAX, ParcelId::get);
        let chute = note.chute.map_or(u16::MAX, ChuteId::get);
        let who = u64::from(parcel) | u64::from(note.item.get()) << 32 | u64::from(chute) << 48;
        let why = u64::from(note.plan.get()) | u64::from(note.reason as u8) << 32 | kind << 40;
        for word in [who, why, note.at.get()] {
            self.notes = (self.notes.rotate_left(23) ^ word).wrapping_mul(FOLD);
        }
        self.noted = true;
        if self.keeps_latest {
            self.latest.push(*note);
        }
    }
}

impl Watch for Trace {
    fn decided(&mut self, note: &DecisionNote) {
        Self::decided(self, note);
    }

    fn committed(&mut self, note: &DecisionNote) {
        Self::committed(self, note);
    }
}
