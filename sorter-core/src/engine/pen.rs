//! The pen of a worker: each step of a parcel and each line of the log goes through it to the journal.

use crate::event_log::{LogKind, LogRecord};
use crate::ids::{ContainerId, ItemId, ParcelId, PlanVersion, SorterId};
use crate::journal::{Cause, Lane, Record, RecordKind};
use crate::ledger::{Entry, Ledger};
use crate::state_word::StateWord;
use crate::units::{Grams, Micros};

use super::decision::Assigned;

/// One line of the event log, with what only the journal is told.
pub(super) struct Line {
    pub(super) at: Micros,
    pub(super) kind: LogKind,
    pub(super) item: ItemId,
    pub(super) parcel: Option<ParcelId>,
    pub(super) held: Assigned,
    pub(super) container: Option<ContainerId>,
    pub(super) flags: u8,
    pub(super) extra: u64,
}

impl Line {
    /// A line in which only this is said.
    pub(super) const fn new(at: Micros, kind: LogKind) -> Self {
        let (item, held) = (ItemId::NONE, Assigned::NOTHING);
        Self { at, kind, item, parcel: None, held, container: None, flags: 0, extra: 0 }
    }

    pub(super) const fn to_log(&self, sorter: SorterId, plan: PlanVersion) -> LogRecord {
        LogRecord {
            at: self.at,
            kind: self.kind,
            reason: self.held.reason,
            sorter,
            item: self.item,
            parcel: self.parcel,
            chute: self.held.chute,
            plan,
            container: self.container,
        }
    }

    fn to_record(&self, sorter: SorterId, plan: PlanVersion) -> Record {
        Record {
            reason: self.held.reason,
            flags: self.flags,
            item: self.item,
            chute: self.held.chute,
            parcel: self.parcel,
            container: self.container,
            plan,
            extra: self.extra,
            ..Record::new(self.at, self.kind.into(), sorter)
        }
    }
}

/// A step of a parcel that no record has told yet.
#[derive(Clone, Copy)]
struct Told {
    parcel: ParcelId,
    before: StateWord,
    word: StateWord,
}

/// The end of a worker at which it writes. Without a journal it writes nothing.
///
/// No word changes without a record: whoever replaces one through the pen writes a record next, which takes the two
/// words along when it is about the same parcel. Any other record lets a record of the step go first.
pub(super) struct Pen {
    lane: Option<Lane>,
    sorter: SorterId,
    /// What stands behind the records that follow.
    cause: Cause,
    weight: Grams,
    /// The time of the last record, for those that come without one.
    at: Micros,
    step: Option<Told>,
}

impl Pen {
    pub(super) const fn new(lane: Option<Lane>, sorter: SorterId, at: Micros) -> Self {
        Self { lane, sorter, cause: Cause::NONE, weight: Grams::ZERO, at, step: None }
    }

    pub(super) const fn lane(&self) -> Option<&Lane> {
        self.lane.as_ref()
    }

    pub(super) const fn last_at(&self) -> Micros {
        self.at
    }

    pub(super) const fn about(&mut self, cause: Cause, weight: Grams) {
        self.cause = cause;
        self.weight = weight;
    }

    /// What the scale said about the item of the records that follow.
    pub(super) const fn weigh(&mut self, weight: Grams) {
        self.weight = weight;
    }

    /// Replaces the word of a parcel that is still `before`, and keeps the step for the record that comes next.
    pub(super) fn replace(
        &mut self,
        ledger: &Ledger,
        entry: Entry,
        before: StateWord,
        word: StateWord,
    ) -> Result<(), StateWord> {
        ledger.replace_at(entry, before, word)?;
        if self.lane.is_some() {
            self.let_go(self.at);
            self.step = Some(Told { parcel: entry.parcel(), before, word });
        }
        Ok(())
    }

    /// Writes a line of the log.
    pub(super) fn log(&mut self, line: &Line, plan: PlanVersion) {
        if self.lane.is_some() {
            let (weight, cause) = match (line.item.is_none(), line.kind) {
                (false, _) => (self.weight, self.cause),
                // What an event about a chute leads to is told before the event itself.
                (true, LogKind::ChuteChanged) => (Grams::ZERO, self.cause),
                (true, _) => (Grams::ZERO, Cause::NONE),
            };
            self.write(Record { cause, weight, ..line.to_record(self.sorter, plan) });
        }
    }

    /// Writes a record of this kind and time, as far as it goes on.
    pub(super) fn note(&mut self, at: Micros, kind: RecordKind, say: impl FnOnce(&mut Record)) {
        if self.lane.is_some() {
            let mut record = Record::new(at, kind, self.sorter);
            say(&mut record);
            self.write(record);
        }
    }

    /// Writes a record, with the step that was taken before it.
    fn write(&mut self, mut record: Record) {
        self.at = self.at.max(record.at);
        if let Some(step) = self.step.take_if(|step| record.parcel == Some(step.parcel)) {
            (record.before, record.word) = (Some(step.before), Some(step.word));
        }
        self.let_go(record.at);
        if let Some(lane) = &mut self.lane {
            lane.push(&record);
        }
    }

    /// Writes the step that no other record tells.
    fn let_go(&mut self, at: Micros) {
        let Some(step) = self.step.take() else { return };
        let Some(lane) = &mut self.lane else { return };
        lane.push(&Record {
            parcel: Some(step.parcel),
            before: Some(step.before),
            word: Some(step.word),
            ..Record::new(at, RecordKind::Stepped, self.sorter)
        });
    }
}
