//! What customs tell the engine, and what becomes of it.

use smallvec::SmallVec;

use super::desk::{is_free_to_leave, leads_out};
use super::{AnnounceError, Engine};
use crate::barcode::CodeKey;
use crate::chute::{Dock, Gate};
use crate::clearance::{
    Accepted, BatchOutcome, Clearance, CustomsDesk, DeskCounts, InspectionList, Notice, NoticeRefusal,
    NoticeRow, Recall, Ruling,
};
use crate::container::ContainerRecord;
use crate::ids::{ConnectionId, ContainerId, DepartureId, ParcelId};
use crate::journal::{KeptNote, LateNote, Note, Record, RecordKind};
use crate::plan::ChuteRole;
use crate::reason::Reason;
use crate::state_word::{Life, StateWord, Step};
use crate::units::{Grams, Micros};

/// How far the clock of customs may be ahead of that of the hub.
const CLOCKS_APART: Micros = Micros::from_secs(3_600);

/// Rows of a batch that are searched for and taken in before others may have the lock of the desk.
const AHEAD: usize = 32;

/// The answer to a batch of notices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// What became of each notice. Every one is in exactly one of its counts.
    pub outcome: BatchOutcome,
    /// Parcels that have to be taken out of their containers again.
    pub recalls: Vec<Recall>,
    /// Recalls that are over, since customs let the parcels leave after all.
    pub withdrawn: Vec<Recall>,
    /// Parcels that are past their point of no return into a container that they may not leave in. They become
    /// recalls when they slide into it.
    pub on_their_way: Vec<ParcelId>,
}

impl Engine {
    /// Takes in a batch of customs notices, of any length. Good rows are applied, whatever the others are like.
    ///
    /// Notices are ordered by the time at which customs wrote them, not by their arrival: one that is older than
    /// what is known is refused. A notice that comes before the commit of a parcel on a belt is obeyed by the
    /// commit; one that comes after it makes the parcel a recall when it may not leave.
    ///
    /// A message time more than an hour ahead of `now` is refused: no later hold would ever be newer.
    pub fn notify(&self, rows: &[NoticeRow<'_>], now: Micros) -> BatchReport {
        let mut report = BatchReport::default();
        let timetable = self.timetable();
        let latest = Micros::new(now.get().saturating_add(CLOCKS_APART.get()));
        let resolve = |row: &NoticeRow<'_>| {
            let notice = Notice::try_from(*row)?;
            if notice.at > latest {
                return Err(NoticeRefusal::Ahead { at: notice.at, now });
            }
            notice.resolve(&self.codes, |name| timetable.connection_named(name))
        };
        for rows in rows.chunks(AHEAD) {
            let resolved: SmallVec<[_; AHEAD]> = rows.iter().map(resolve).collect();
            // The lock is let go after some rows, so that a worker that finds a recall does not wait for all.
            let mut desk = self.customs();
            // Each search waits for memory. Those of some rows, one right after the other, wait together.
            let find = |resolved: &Result<(CodeKey, Ruling), NoticeRefusal>| {
                resolved.as_ref().ok().and_then(|(code, _)| self.ledger.find(*code))
            };
            let found: SmallVec<[Option<ParcelId>; AHEAD]> = resolved.iter().map(find).collect();
            for (resolved, parcel) in resolved.into_iter().zip(found) {
                let told = resolved.and_then(|(code, ruling)| {
                    self.tell(&mut desk, (code, parcel), ruling, now, &mut report)
                });
                report.outcome.push(told);
            }
        }
        report
    }

    /// Takes in one ruling of which everything is parsed.
    ///
    /// # Errors
    /// [`NoticeRefusal`]; nothing has changed then.
    pub fn set_clearance(&self, code: CodeKey, ruling: Ruling) -> Result<BatchReport, NoticeRefusal> {
        let mut report = BatchReport::default();
        let mut desk = self.customs();
        let parcel = self.ledger.find(code);
        let accepted = self.tell(&mut desk, (code, parcel), ruling, ruling.at, &mut report)?;
        report.outcome.push(Ok(accepted));
        Ok(report)
    }

    /// Holds for inspection what a list selects among these parcels, each given by all its codes: as a notice of
    /// customs of the time `at` would. What is not selected keeps its status.
    pub fn inspect<'c>(
        &self,
        list: &InspectionList,
        parcels: impl IntoIterator<Item = &'c [CodeKey]>,
        at: Micros,
    ) -> BatchReport {
        let mut report = BatchReport::default();
        let mut desk = self.customs();
        let ruling = Ruling { at, status: Clearance::HoldInspect, onward: None };
        for codes in parcels {
            let (Some(code), Some(_)) = (codes.first(), list.selects_parcel(codes)) else { continue };
            let found = (*code, self.ledger.find(*code));
            let told = self.tell(&mut desk, found, ruling, at, &mut report);
            report.outcome.push(told);
        }
        report
    }

    /// One ruling about a code and the parcel that was found for it while the desk was locked, as it still is: so
    /// nobody announces this code between the search and the keeping.
    fn tell(
        &self,
        desk: &mut CustomsDesk,
        (code, parcel): (CodeKey, Option<ParcelId>),
        ruling: Ruling,
        now: Micros,
        report: &mut BatchReport,
    ) -> Result<Accepted, NoticeRefusal> {
        let Some(parcel) = parcel else {
            let accepted = desk.keep(code, ruling)?;
            if let (Accepted::Kept, Some(ruling), Some(book)) = (accepted, desk.kept_for(&[code]), &self.book)
            {
                book.note(Note::Kept(KeptNote::new(code, ruling)));
            }
            return Ok(accepted);
        };
        let accepted = desk.accept(parcel, ruling)?;
        if let Accepted::Applied(ruling) = accepted {
            self.apply(desk, parcel, ruling, now, report);
        }
        Ok(accepted)
    }

    /// Puts a ruling into the state word of a parcel. A parcel that was discharged and may not leave is recalled
    /// in the same step.
    fn apply(
        &self,
        desk: &mut CustomsDesk,
        parcel: ParcelId,
        ruling: Ruling,
        now: Micros,
        report: &mut BatchReport,
    ) {
        if ruling.books() {
            self.book_on(parcel, ruling.onward);
        }
        let Some(mut word) = self.ledger.state(parcel) else { return };
        loop {
            // Each failed round means that a decision for this parcel made progress, so the loop ends.
            let (next, step) = self.ruled(parcel, word, ruling.status);
            if let Err(other) = self.ledger.replace(parcel, word, next) {
                word = other;
                continue;
            }
            self.post_ruling(parcel, ruling, now, (word, next));
            match step {
                Some(Step::Recall) => {
                    let container = self.container_number(parcel);
                    let recall = self.recall(desk, (parcel, container), ruling.status, ruling.at, now);
                    report.recalls.push(recall);
                }
                Some(_) => report.withdrawn.extend(self.withdraw(desk, parcel, ruling.at, now)),
                None => {
                    if ruling.status.free_to_leave() {
                        // It was taken out of that container meanwhile, and nobody has to look for it any more.
                        report.withdrawn.extend(self.withdraw(desk, parcel, ruling.at, now));
                    }
                    if word.life() == Life::Committed && self.will_be_recalled(parcel, word, ruling.status) {
                        report.on_their_way.push(parcel);
                    }
                }
            }
            return;
        }
    }

    /// Tells the journal of a ruling that was put into the word of a parcel.
    fn post_ruling(
        &self,
        parcel: ParcelId,
        ruling: Ruling,
        now: Micros,
        (before, word): (StateWord, StateWord),
    ) {
        let Some(book) = &self.book else { return };
        book.post(Record {
            parcel: Some(parcel),
            flags: ruling.status as u8,
            extra: ruling.at.get(),
            weight: number_of(ruling.onward.map(|connection| connection.get().into())),
            before: Some(before),
            word: Some(word),
            ..Record::new(now, RecordKind::Ruled, Record::HUB)
        });
    }

    fn withdraw(&self, desk: &mut CustomsDesk, parcel: ParcelId, at: Micros, now: Micros) -> Option<Recall> {
        let recall = desk.recalls_mut().withdraw(parcel, at)?;
        if let Some(book) = &self.book {
            book.post(Record {
                parcel: Some(parcel),
                extra: at.get(),
                ..Record::new(now, RecordKind::Withdrawn, Record::HUB)
            });
        }
        Some(recall)
    }

    /// The word of a parcel with another status, and the step that it takes with it: a recall, or the end of one.
    fn ruled(&self, parcel: ParcelId, word: StateWord, status: Clearance) -> (StateWord, Option<Step>) {
        let next = word.with_clearance(status);
        if !matches!(word.life(), Life::Discharged | Life::Recalled | Life::Exception) {
            return (next, None);
        }
        let container = self.container_number(parcel);
        if !self.is_out(word, container) {
            return (next, None);
        }
        let free = is_free_to_leave(status, &self.dock_of(container), self.onward(parcel));
        let step = match (word.life(), free) {
            (Life::Recalled, true) if self.is_overflow(word, container) => Step::WithdrawAside,
            (Life::Recalled, true) => Step::Withdraw,
            (Life::Discharged | Life::Exception, false) => Step::Recall,
            _ => return (next, None),
        };
        next.after(step).map_or((next, None), |stepped| (stepped, Some(step)))
    }

    /// Whether a parcel rests in a container that leaves the building.
    fn is_out(&self, word: StateWord, container: Option<ContainerId>) -> bool {
        match word.life() {
            Life::Discharged | Life::Recalled => true,
            // The overflow of a destination, or the exception chute at the end of its overflow chain.
            Life::Exception => self.container_leads_out(container).unwrap_or_else(|| {
                let chute = word.chute().filter(|_| word.reason() == Reason::Overflow);
                chute.is_some_and(|chute| leads_out(self.plan.load().role_of(chute)))
            }),
            _ => false,
        }
    }

    /// Whether a recalled parcel rests in the container of an overflow chute.
    fn is_overflow(&self, word: StateWord, container: Option<ContainerId>) -> bool {
        let of_container = container.and_then(|container| self.yard().get(container).map(|it| it.overflow));
        of_container.unwrap_or_else(|| {
            word.chute().is_some_and(|chute| self.plan.load().role_of(chute) == ChuteRole::Overflow)
        })
    }

    /// Whether a container leaves the building, once its plate is known.
    fn container_leads_out(&self, container: Option<ContainerId>) -> Option<bool> {
        let yard = self.yard();
        let record = yard.get(container?)?;
        record.opened.map(|_| record.outbound)
    }

    /// Whether a committed parcel will be recalled when it is discharged.
    fn will_be_recalled(&self, parcel: ParcelId, word: StateWord, status: Clearance) -> bool {
        let Some(chute) = word.chute() else { return false };
        let standing = self.yard().standing(word.sorter(), chute).map(|record| record.id);
        let out = self.container_leads_out(standing);
        out.unwrap_or_else(|| leads_out(self.plan.load().role_of(chute)))
            && !is_free_to_leave(status, &self.dock_of(standing), self.onward(parcel))
    }

    /// What the gate has to know of the chute where a container stands or stood.
    fn dock_of(&self, container: Option<ContainerId>) -> Dock {
        let yard = self.yard();
        let record = container.and_then(|container| yard.get(container));
        Dock {
            role: ChuteRole::Outbound,
            bonded: record.is_some_and(|record| record.bonded),
            gate: Gate::Shut,
            connection: record.and_then(|record| record.departure).map(|departure| departure.connection),
            cut_off: Dock::NEVER,
        }
    }

    /// A worker found a parcel held at the moment of its discharge.
    pub(super) fn note_recall(
        &self,
        parcel: ParcelId,
        container: Option<ContainerId>,
        status: Clearance,
        at: Micros,
    ) {
        let mut desk = self.customs();
        // Customs may have released it between the step of the worker and this.
        let released = self.ledger.state(parcel).is_none_or(|word| {
            let dock = self.dock_of(container);
            word.life() != Life::Recalled || is_free_to_leave(word.clearance(), &dock, self.onward(parcel))
        });
        if released {
            return;
        }
        let written = desk.in_force(parcel).map_or(at, |ruling| ruling.at);
        self.recall(&mut desk, (parcel, container), status, written, at);
    }

    fn recall(
        &self,
        desk: &mut CustomsDesk,
        (parcel, container): (ParcelId, Option<ContainerId>),
        status: Clearance,
        at: Micros,
        now: Micros,
    ) -> Recall {
        let yard = self.yard();
        let record = container.and_then(|container| yard.get(container));
        let departure = record.and_then(ContainerRecord::departure_id);
        let recall = Recall { parcel, container, departure, status, at, withdrawn: None };
        desk.recalls_mut().raise(recall);
        // What found no room in the list is not in that of the journal either.
        if let (Some(book), Some(_)) = (&self.book, desk.recalls().of(parcel)) {
            book.post(Record {
                parcel: Some(parcel),
                container,
                flags: status as u8,
                extra: at.get(),
                weight: number_of(departure.map(DepartureId::get)),
                ..Record::new(now, RecordKind::Recalled, Record::HUB)
            });
        }
        recall
    }

    /// Recalls what lies where it may not leave from, and lists what is recalled and not listed: a journal may have
    /// been torn between a discharge and the recall that followed, or between a recall and its place in the list.
    pub(super) fn mend_recalls(&self, now: Micros) {
        let mut desk = self.customs();
        for number in 0..self.ledger.len() {
            let parcel = ParcelId::new(u32::try_from(number).expect("parcels are numbered by u32"));
            let Some(word) = self.ledger.state(parcel) else { continue };
            match word.life() {
                Life::Discharged | Life::Exception if word.clearance().hold_reason().is_some() => {
                    let (_, step) = self.ruled(parcel, word, word.clearance());
                    let next = word.after(Step::Recall).filter(|_| step == Some(Step::Recall));
                    let Some(next) = next else { continue };
                    if self.ledger.replace(parcel, word, next).is_err() {
                        continue;
                    }
                    if let Some(book) = &self.book {
                        let (before, word) = (Some(word), Some(next));
                        let stepped = Record::new(now, RecordKind::Stepped, Record::HUB);
                        book.post(Record { parcel: Some(parcel), before, word, ..stepped });
                    }
                }
                Life::Recalled if desk.recalls().of(parcel).is_none() => {}
                _ => continue,
            }
            let written = desk.in_force(parcel).map_or(now, |ruling| ruling.at);
            let place = (parcel, self.container_number(parcel));
            self.recall(&mut desk, place, word.clearance(), written, now);
        }
    }

    /// Forgets notices that are kept for codes which nobody announced, as far as customs wrote them before a
    /// time, and tells how many. To be called from time to time: they use up [`super::HallRules::kept_notices`],
    /// and notices for further codes are refused when it is full.
    pub fn forget_kept_notices(&self, before: Micros) -> usize {
        let mut desk = self.customs();
        let forgotten = desk.forget_kept(before);
        if let (Some(book), 1..) = (&self.book, forgotten) {
            book.note(Note::KeptForgotten { before });
        }
        forgotten
    }

    /// What the customs desk counted: notices that came into force, were kept, repeated, too old or refused.
    pub fn customs_counts(&self) -> DeskCounts {
        self.customs().counts()
    }

    /// Every recall so far, in their order.
    pub fn recalls(&self) -> Vec<Recall> {
        self.customs().recalls().iter().copied().collect()
    }

    /// The recalls that somebody still has to see to: not withdrawn, and their parcels were not seen since.
    pub fn open_recalls(&self) -> Vec<Recall> {
        let desk = self.customs();
        let lies_there = |recall: &&Recall| {
            let word = self.ledger.state(recall.parcel);
            recall.withdrawn.is_none() && word.is_some_and(|word| word.life() == Life::Recalled)
        };
        desk.recalls().iter().filter(lies_there).copied().collect()
    }

    /// What customs said about a parcel since its announcement, the oldest first.
    pub fn rulings(&self, parcel: ParcelId) -> Vec<Ruling> {
        self.customs().history(parcel).collect()
    }

    pub(super) fn book_on(&self, parcel: ParcelId, onward: Option<ConnectionId>) {
        self.onward.set(parcel.index(), onward.map(|connection| connection.get().into()));
    }

    /// Announces a parcel late, with what was kept for any of its codes. `note` has what the journal is told of it,
    /// but for what comes out here.
    pub(super) fn announce_with_notices(
        &self,
        keys: &[CodeKey],
        word: StateWord,
        onward: Option<ConnectionId>,
        note: impl FnOnce() -> LateNote,
    ) -> Result<ParcelId, AnnounceError> {
        // Locked until its codes can be found, so that no notice for it slips between.
        let mut desk = self.customs();
        // What is kept is in the word from its first moment: a worker may find the parcel before this returns.
        let kept = desk.kept_for(keys);
        let word = kept.map_or(word, |ruling| word.with_clearance(ruling.status));
        let onward = kept.filter(Ruling::books).map_or(onward, |ruling| ruling.onward);
        // The connection is written before the word that needs it; nobody else numbers a parcel meanwhile.
        let parcel = self.ledger.announce_late(keys, word, |parcel| {
            self.book_on(parcel, onward);
            if let Some(book) = &self.book {
                let (clearance, ruled) = (word.clearance() as u8, kept.map(|ruling| ruling.at));
                let booked = onward.map(ConnectionId::get);
                let ruled_onward = kept.and_then(|ruling| ruling.onward).map(ConnectionId::get);
                let told = LateNote { parcel, clearance, onward: booked, ruled, ruled_onward, ..note() };
                book.note(Note::Announced(told));
                book.post(Record {
                    parcel: Some(parcel),
                    word: Some(word),
                    weight: number_of(booked.map(u32::from)),
                    ..Record::new(Micros::ZERO, RecordKind::Announced, Record::HUB)
                });
            }
        })?;
        let taken = desk.announced(parcel, keys);
        debug_assert_eq!(taken, kept, "nothing was in force for a parcel that was just announced");
        Ok(parcel)
    }
}

/// A number, or none, in the place of the weight of a record.
fn number_of(number: Option<u32>) -> Grams {
    Grams::new(number.unwrap_or(u32::MAX))
}
