//! The worker of one sorter: decides, commits and accounts for its items.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use super::Engine;
use super::decision::{Assigned, Commit, Decision, Fate, OrderEnd, Scan, Tally};
use super::desk::{Desk, leads_out, step_into};
use super::docks::Docks;
use super::identity::{Identity, Reads};
use super::pen::{Line, Pen};
use super::unknown::Unknown;
use crate::balance::Balance;
use crate::chute::{ChuteBank, ChuteReport, ChuteState};
use crate::container::ManifestEntry;
use crate::departure::Timetable;
use crate::event_log::{EventLog, LogKind};
use crate::hold::HoldBook;
use crate::ids::{ChuteId, ContainerId, ItemId, PlanVersion, SorterId};
use crate::journal::{Record, RecordKind};
use crate::plan::Plan;
use crate::reason::Reason;
use crate::state_word::Step;
use crate::units::{EncoderCount, Grams, Micros};

/// Held parcels of one sorter for which there is room before the book has to grow.
pub(super) const HOLD_ROOM: usize = 1_024;

/// The worker of one sorter.
pub struct Worker {
    pub(super) plan: Cache<Arc<ArcSwap<Plan>>, Arc<Plan>>,
    pub(super) timetable: Cache<Arc<ArcSwap<Timetable>>, Arc<Timetable>>,
    pub(super) desk: Desk,
}

impl Worker {
    pub(super) fn new(engine: &Arc<Engine>, sorter: SorterId) -> Self {
        let tally = Tally {
            reasons: [0; Reason::COUNT],
            decisions: 0,
            commits: 0,
            amended: 0,
            contested: 0,
            recalls: 0,
            changeovers: 0,
            changing: Micros::ZERO,
            longest_change: Micros::ZERO,
            declared_lost: 0,
            deviations: 0,
        };
        let mut plan = Cache::new(Arc::clone(&engine.plan));
        let timetable = Cache::new(Arc::clone(&engine.timetable));
        let mut chutes = ChuteBank::new(&engine.layout);
        let recovering = engine.take_recovering(sorter);
        let docks = match &recovering {
            Some(known) => {
                known.fill(&mut chutes);
                Docks::restored(engine, known, &mut chutes)
            }
            None => Docks::new(engine, sorter, plan.load(), &mut chutes),
        };
        let began = recovering.as_ref().is_some_and(|known| known.began);
        let serves = recovering.as_ref().map_or_else(|| plan.load().version(), |known| known.plan.version());
        let at = recovering.as_ref().map_or(Micros::ZERO, |known| known.at);
        let lane = engine.book.as_ref().and_then(|book| book.lane(sorter));
        let mut desk = Desk {
            chutes,
            docks,
            hold: HoldBook::with_capacity(HOLD_ROOM),
            sorter,
            balance: Balance::default(),
            tally,
            log: EventLog::new(),
            plan_seen: PlanVersion::default(),
            serves,
            pen: Pen::new(lane, sorter, at),
            unknown: Unknown::new(),
            recovered: None,
            engine: Arc::clone(engine),
        };
        if !began {
            let chutes = engine.layout.chutes().len() as u64;
            desk.pen.note(at, RecordKind::Began, |record| (record.plan, record.extra) = (serves, chutes));
        }
        if let Some(recovering) = recovering {
            desk.take_over(recovering);
        }
        Self { plan, timetable, desk }
    }

    /// The sorter.
    pub fn sorter(&self) -> SorterId {
        self.desk.sorter
    }

    /// The engine that it works for.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.desk.engine
    }

    /// The plan that it decided by last.
    pub fn plan_seen(&self) -> PlanVersion {
        self.desk.plan_seen
    }

    /// Its chutes.
    pub fn chutes(&self) -> &ChuteBank {
        &self.desk.chutes
    }

    /// What entered and left its sorter.
    pub fn balance(&self) -> Balance {
        self.desk.balance
    }

    /// What it counted.
    pub fn tally(&self) -> &Tally {
        &self.desk.tally
    }

    /// The digest of its event log.
    pub fn digest(&self) -> u64 {
        self.desk.log.digest()
    }

    /// An item entered at an induction, or turned up without one. With its number, `inducted_at` (the encoder count at
    /// which its leading edge stood at the induction) tells that it is the same item in another session.
    pub fn entered(&mut self, item: ItemId, at: Micros, inducted: bool, inducted_at: EncoderCount) {
        if inducted {
            self.desk.balance.inducted += 1;
        } else {
            self.desk.balance.unexpected += 1;
        }
        let flags = if inducted { Record::INDUCTED } else { 0 };
        let extra = u64::from(inducted_at.get());
        self.desk.log(&Line { item, flags, extra, ..Line::new(at, LogKind::Entered) });
    }

    /// An item that nobody saw enter was on the belt when PLC and host compared what is there. `inducted_at` is as for
    /// [`Worker::entered`].
    pub fn found(&mut self, item: ItemId, at: Micros, inducted_at: EncoderCount) {
        self.desk.balance.found += 1;
        let held = Assigned { reason: Reason::FlushedAtRestart, ..Assigned::NOTHING };
        let (flags, extra) = (Record::FOUND, u64::from(inducted_at.get()));
        self.desk.log(&Line { item, held, flags, extra, ..Line::new(at, LogKind::Entered) });
    }

    /// Reserves a place for an order that comes from no decision: one that the PLC still has in force, or one
    /// that is given again under another number. It goes back through [`Worker::order_ended`].
    ///
    /// Gives `false`, and reserves nothing, when the sorter has no such chute.
    pub fn reserve(&mut self, chute: ChuteId) -> bool {
        let exists = self.desk.chutes.get(chute).is_some();
        self.desk.chutes.reserve(chute);
        exists
    }

    /// Decides where an item goes: codes, parcel, state, clearance, outlet, chute, one compare-and-swap.
    ///
    /// Never fails, never blocks, allocates nothing. What cannot be decided goes to the chute that the plan
    /// names for that, and where no chute can be reached the item runs off and comes back.
    pub fn decide(&mut self, scan: &Scan<'_>) -> Decision {
        let reads = self.read(scan.codes);
        self.decide_read(&reads, scan)
    }

    /// The codes of a scan, parsed.
    pub(super) fn read(&self, codes: &[&[u8]]) -> Reads {
        Reads::of(codes, &self.desk.engine.codes, &self.desk.engine.ledger)
    }

    /// Decides for a scan whose codes are parsed already.
    pub(super) fn decide_read(&mut self, reads: &Reads, scan: &Scan<'_>) -> Decision {
        let plan: &Plan = self.plan.load();
        let desk = &mut self.desk;
        desk.see_plan(plan, scan.at);
        let ledger = &desk.engine.ledger;
        let earlier = match (scan.known, scan.held.claim) {
            (Some(known), _) => known.looked_up_again(ledger),
            (None, Some(claim)) => Identity::of(claim.parcel, claim.hint),
            (None, None) => Identity::NO_READ,
        };
        let codes = &desk.engine.codes;
        let mut identity = earlier.with_reads(reads, ledger).with_routes(scan.codes, codes, plan.home());
        let (assigned, alternates) = match (identity.entry(ledger), scan.held.claim) {
            (Ok(_), None) if identity.is_duplicate() => desk.divert_aside(plan, Reason::Duplicate, scan),
            (Ok(entry), _) => desk.claim(plan, entry, None, scan),
            // A further scan made the item doubtful. It keeps its claim, so that the claim has an end.
            (Err(doubt), Some(claim)) => match claim.entry(ledger) {
                Some(entry) => desk.claim(plan, entry, Some(doubt), scan),
                None => desk.divert_aside(plan, doubt, scan),
            },
            (Err(Reason::UnknownParcel), None) => desk.hold_unannounced(plan, identity.self_route(), scan),
            (Err(reason), None) => desk.divert_aside(plan, reason, scan),
        };
        if assigned.claim.is_none() && assigned.reason == Reason::Duplicate {
            identity = identity.as_duplicate();
        }
        if let Some(chute) = assigned.chute.filter(|chute| scan.held.chute != Some(*chute)) {
            desk.chutes.reserve(chute);
        }
        desk.tally.decisions += 1;
        // A doubtful item is told by the parcel that it holds.
        let parcel = identity.parcel().ok().or(assigned.claim.map(|claim| claim.parcel));
        let flags = if assigned.claim.is_some() { Record::CLAIMS } else { 0 }
            | if identity.is_duplicate() { Record::DUPLICATE } else { 0 };
        let extra = identity.parcel().err().map_or(0, |doubt| doubt as u64 + 1);
        desk.log(&Line {
            item: scan.item,
            parcel,
            held: assigned,
            flags,
            extra,
            ..Line::new(scan.at, LogKind::Decided)
        });
        Decision { identity, assigned, plan: plan.version(), alternates }
    }

    /// Whether an item that was unknown can be told by now, since late data have come.
    pub fn knows_by_now(&self, identity: &Identity) -> bool {
        identity.looked_up_again(&self.desk.engine.ledger).parcel() != identity.parcel()
    }

    /// The point of no return: makes the order of an item final, or says that it has to be decided again
    /// because its chute closed, late data came, customs changed their mind or its label was seen twice.
    pub fn commit(&mut self, item: ItemId, at: Micros, identity: &Identity, held: &Assigned) -> Commit {
        let plan: &Plan = self.plan.load();
        let desk = &mut self.desk;
        desk.see_plan(plan, at);
        let Some(chute) = held.chute else { return Commit::Done };
        let Some(state) = desk.chutes.get(chute) else { return Commit::DecideAgain };
        // What was ordered before its chute began to change over keeps its old destination.
        let (dock, usable) = (*state.dock(), state.takes_ordered(at).is_ok());
        let done = match held.claim {
            None => {
                let news = identity.looked_up_again(&desk.engine.ledger).parcel() != identity.parcel();
                usable && !news && !leads_out(dock.role)
            }
            Some(claim) => usable && desk.commit_claim(&dock, claim, chute),
        };
        if !done {
            return Commit::DecideAgain;
        }
        desk.tally.commits += 1;
        let parcel = held.claim.map(|claim| claim.parcel);
        desk.log(&Line { item, parcel, held: *held, ..Line::new(at, LogKind::Committed) });
        Commit::Done
    }

    /// The order of an item to `chute` ended: its place is free again, and where the item goes on its claim
    /// is open for another decision.
    pub fn order_ended(&mut self, item: ItemId, at: Micros, chute: ChuteId, held: &Assigned, end: OrderEnd) {
        let desk = &mut self.desk;
        if !desk.chutes.release(chute) {
            desk.tally.deviations += 1;
        }
        // An item that is done with may have slid into the chute of any of its orders, so all of these serve what
        // they did until `finish`, which comes next.
        match end {
            OrderEnd::WithItem if held.chute == Some(chute) => {}
            OrderEnd::WithItem => desk.docks.look_again(),
            OrderEnd::Replaced | OrderEnd::ItemGoesOn => desk.settle(chute, at),
        }
        if end == OrderEnd::ItemGoesOn {
            if let Some(claim) = held.claim {
                desk.reopen(claim);
            }
            let (ended, parcel) =
                (Assigned { chute: Some(chute), ..*held }, held.claim.map(|claim| claim.parcel));
            desk.log(&Line { item, parcel, held: ended, ..Line::new(at, LogKind::OrderEnded) });
        }
    }

    /// The pass of an item ended; `weight` is what the scale said about it, or zero. Gives back no
    /// reservations: [`Worker::order_ended`] does that, before this.
    pub fn finish(&mut self, item: ItemId, at: Micros, held: &Assigned, fate: Fate, weight: Grams) {
        let desk = &mut self.desk;
        let (kind, step) = match fate {
            Fate::Discharged(chute) => {
                desk.chutes.fill(chute);
                desk.balance.discharged += 1;
                (LogKind::Discharged, step_into(desk.role_of(chute)))
            }
            Fate::Left => {
                desk.balance.left += 1;
                (LogKind::Left, Step::RunOff)
            }
            Fate::Lost => {
                desk.balance.lost += 1;
                (LogKind::Lost, Step::Lose)
            }
            Fate::Forgotten => {
                desk.balance.unknown += 1;
                (LogKind::Forgotten, Step::Forget)
            }
        };
        let chute = if let Fate::Discharged(chute) = fate { Some(chute) } else { None };
        let reason = match fate {
            Fate::Lost => Reason::Lost,
            Fate::Forgotten => Reason::FlushedAtRestart,
            Fate::Discharged(_) | Fate::Left => held.reason,
        };
        let parcel = held.claim.map(|claim| claim.parcel);
        let container = chute.and_then(|chute| desk.put(chute, ManifestEntry { parcel, item, weight }));
        let mut stepped = false;
        if let Some(claim) = held.claim {
            // Written before the step, and by nobody who does not hold the parcel.
            let entry = chute.filter(|_| desk.holds(claim)).map(|_| container.map(ContainerId::get));
            if let Some(entry) = entry {
                desk.engine.containers.set(claim.parcel.index(), entry);
            }
            stepped = desk.step(claim, |word| word.after(step));
        }
        desk.tally.reasons[reason as usize] += 1;
        let ended = Assigned { chute, reason, ..*held };
        desk.pen.weigh(weight);
        desk.log(&Line { item, parcel, held: ended, container, ..Line::new(at, kind) });
        if let (Some(chute), Some(claim)) = (chute, held.claim) {
            if step == Step::Hold && stepped {
                // A stay that ended on another sorter is over by now.
                let _ = desk.hold.add(claim.parcel, chute, at, held.reason);
            } else if leads_out(desk.role_of(chute)) {
                desk.recall_if_held(item, claim, chute, container, at);
            }
        }
        if let (Fate::Forgotten, Some(parcel), true) = (fate, parcel, stepped) {
            desk.unknown.add(at, parcel);
        }
        // Only now is a chute drained whose last order this was. Those of earlier orders wait for `attend`.
        if let Some(ordered) = held.chute {
            desk.settle(ordered, at);
        }
    }

    /// Takes over what the PLC says about a chute.
    pub fn chute_changed(&mut self, chute: ChuteId, at: Micros, report: ChuteReport) {
        let before = self.desk.chutes.get(chute).map(|state| state.report().container);
        self.desk.chutes.observe(chute, report);
        let held = Assigned { chute: Some(chute), ..Assigned::NOTHING };
        let fill = self.desk.chutes.get(chute).map_or(0, ChuteState::fill);
        let (flags, extra) = (report.to_flags(), u64::from(fill));
        let line = Line { held, flags, extra, ..Line::new(at, LogKind::ChuteChanged) };
        self.desk.log.append(&line.to_log(self.desk.sorter, self.desk.plan_seen));
        match (before, report.container) {
            (Some(true), false) => self.desk.container_taken(chute, at),
            (Some(false), true) => self.desk.container_put(chute, at),
            _ => self.desk.settle(chute, at),
        }
        // The journal hears of it last: torn before this, it takes an empty container for sealed and not a full one
        // for the next.
        self.desk.pen.log(&line, self.desk.plan_seen);
    }
}
