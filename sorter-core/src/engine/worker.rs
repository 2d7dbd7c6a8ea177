//! The worker of one sorter: decides, commits and accounts for its items.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use smallvec::SmallVec;

use super::Engine;
use super::identity::Identity;
use super::routing::{Offer, Place, offer};
use crate::balance::Balance;
use crate::chute::{ChuteBank, ChuteReport};
use crate::event_log::{EventLog, LogKind, LogRecord};
use crate::ids::{ChuteId, ItemId, OutletId, ParcelId, PlanVersion, SorterId};
use crate::plan::{ChuteRole, Plan};
use crate::reason::{Reason, ReasonClass};
use crate::state_word::{Life, Owner, StateWord, Step};
use crate::units::{Micros, Millimetres};

/// Rounds of one decision against changes by others. Each lost round means that somebody else made progress;
/// after so many the item runs off and is decided anew on its next pass.
const MAX_ROUNDS: usize = 16;

/// The hold of one item on one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The parcel.
    pub parcel: ParcelId,
    /// Sorter and pass.
    pub owner: Owner,
}

/// What an item holds from its last decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Its parcel, if it has one.
    pub claim: Option<Claim>,
    /// Where its present order goes to.
    pub chute: Option<ChuteId>,
    /// Why.
    pub reason: Reason,
}

impl Assigned {
    /// An item that was not decided yet.
    pub const NOTHING: Self = Self { claim: None, chute: None, reason: Reason::NoRead };
}

/// What is known about an item when it has to be decided.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// The item.
    pub item: ItemId,
    /// The present time.
    pub at: Micros,
    /// The codes read on it since the last decision, as raw bytes; none at all is a no-read. At most
    /// [`super::MAX_CODES`] are looked at.
    pub codes: &'a [&'a [u8]],
    /// The identity from an earlier decision about the same item. New codes are added to what it says.
    pub known: Option<Identity>,
    /// What the item holds from an earlier decision.
    pub held: Assigned,
    /// The first position along the belt at which an order is still sure to be taken.
    pub reach: Millimetres,
}

/// Chutes that would have done as well.
pub type Alternates = SmallVec<[ChuteId; 6]>;

/// The answer to a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which parcel it is, or why that is not known. Keep it for the next decision about the item.
    pub identity: Identity,
    /// What the item holds now. A chute that it did not hold before has a place reserved, which goes back
    /// through [`Worker::order_ended`]. No chute means: no order, let it run off.
    pub assigned: Assigned,
    /// The plan that decided.
    pub plan: PlanVersion,
    /// Chutes of the same outlet that would have done as well.
    pub alternates: Alternates,
}

/// The answer at the point of no return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The order stands.
    Done,
    /// Something has changed since: decide again now.
    DecideAgain,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEnd {
    /// The item is done with, and its order with it.
    WithItem,
    /// Another order took its place.
    Replaced,
    /// It ended and the item is still on the belt: missed, refused, or its chute closed.
    ItemGoesOn,
}

/// How a pass of an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In a chute.
    Discharged(ChuteId),
    /// Off the end of the belt.
    Left,
    /// Lost by tracking.
    Lost,
    /// Forgotten by a PLC that restarted.
    Forgotten,
}

/// What a worker counted beside its balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Ended passes by the reason of their last decision, indexed by the number of the reason.
    pub reasons: [u64; Reason::COUNT],
    /// Decisions, first ones and further ones.
    pub decisions: u64,
    /// Decisions that passed the point of no return.
    pub commits: u64,
    /// Parcels claimed again after tracking had lost them.
    pub amended: u64,
    /// Items whose label is live on another item.
    pub contested: u64,
    /// Facts that do not fit the state of their parcel; each would be a fault of the engine.
    pub deviations: u64,
}

/// The worker of one sorter.
pub struct Worker {
    plan: Cache<Arc<ArcSwap<Plan>>, Arc<Plan>>,
    desk: Desk,
}

/// All of the worker but its view of the plan, so that both can be borrowed at once.
struct Desk {
    engine: Arc<Engine>,
    sorter: SorterId,
    chutes: ChuteBank,
    balance: Balance,
    tally: Tally,
    log: EventLog,
    plan_seen: PlanVersion,
}

impl Worker {
    pub(super) fn new(engine: &Arc<Engine>, sorter: SorterId) -> Self {
        let tally = Tally {
            reasons: [0; Reason::COUNT],
            decisions: 0,
            commits: 0,
            amended: 0,
            contested: 0,
            deviations: 0,
        };
        let plan = Cache::new(Arc::clone(&engine.plan));
        let desk = Desk {
            chutes: ChuteBank::new(&engine.layout),
            sorter,
            balance: Balance::default(),
            tally,
            log: EventLog::new(),
            plan_seen: PlanVersion::default(),
            engine: Arc::clone(engine),
        };
        Self { plan, desk }
    }

    /// The sorter.
    pub fn sorter(&self) -> SorterId {
        self.desk.sorter
    }

    /// The engine that it works for.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.desk.engine
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

    /// An item entered at an induction, or turned up without one.
    pub fn entered(&mut self, item: ItemId, at: Micros, inducted: bool) {
        if inducted {
            self.desk.balance.inducted += 1;
        } else {
            self.desk.balance.unexpected += 1;
        }
        self.desk.log(at, LogKind::Entered, item, None, Assigned::NOTHING);
    }

    /// Decides where an item goes: codes, parcel, state, clearance, outlet, chute, one compare-and-swap.
    ///
    /// Never fails, never blocks, allocates nothing. What cannot be decided goes to the chute that the plan
    /// names for that, and where no chute can be reached the item runs off and comes back.
    pub fn decide(&mut self, scan: &Scan<'_>) -> Decision {
        let plan: &Plan = self.plan.load();
        let desk = &mut self.desk;
        if desk.plan_seen != plan.version() {
            desk.plan_seen = plan.version();
            desk.log(scan.at, LogKind::PlanSeen, ItemId::NONE, None, Assigned::NOTHING);
        }
        let ledger = &desk.engine.ledger;
        let earlier = match (scan.known, scan.held.claim) {
            (Some(known), _) => known.looked_up_again(ledger),
            (None, Some(claim)) => Identity::of(claim.parcel),
            (None, None) => Identity::NO_READ,
        };
        let mut identity = earlier.with_codes(scan.codes, &desk.engine.codes, ledger);
        let (assigned, alternates) = match (identity.parcel(), scan.held.claim) {
            (Ok(_), None) if identity.is_duplicate() => desk.divert_aside(plan, Reason::Duplicate, scan),
            (Ok(parcel), _) => desk.claim(plan, parcel, None, scan),
            // A further scan made the item doubtful. It keeps its claim, so that the claim has an end.
            (Err(doubt), Some(claim)) => desk.claim(plan, claim.parcel, Some(doubt), scan),
            (Err(reason), None) => desk.divert_aside(plan, reason, scan),
        };
        if assigned.claim.is_none() && assigned.reason == Reason::Duplicate {
            identity = identity.as_duplicate();
        }
        if let Some(chute) = assigned.chute.filter(|chute| scan.held.chute != Some(*chute)) {
            desk.chutes.reserve(chute);
        }
        desk.tally.decisions += 1;
        desk.log(scan.at, LogKind::Decided, scan.item, identity.parcel().ok(), assigned);
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
        let Some(chute) = held.chute else { return Commit::Done };
        let usable = desk.chutes.get(chute).is_some_and(|state| state.usable().is_ok());
        let role = plan.role_of(chute);
        let done = match held.claim {
            None => {
                let news = identity.looked_up_again(&desk.engine.ledger).parcel() != identity.parcel();
                usable && !news && !leads_out(role)
            }
            Some(claim) => usable && desk.commit_claim(role, claim, chute),
        };
        if !done {
            return Commit::DecideAgain;
        }
        desk.tally.commits += 1;
        desk.log(at, LogKind::Committed, item, held.claim.map(|claim| claim.parcel), *held);
        Commit::Done
    }

    /// The order of an item to `chute` ended: its place is free again, and where the item goes on its claim
    /// is open for another decision.
    pub fn order_ended(&mut self, item: ItemId, at: Micros, chute: ChuteId, held: &Assigned, end: OrderEnd) {
        let desk = &mut self.desk;
        if !desk.chutes.release(chute) {
            desk.tally.deviations += 1;
        }
        if end == OrderEnd::ItemGoesOn {
            if let Some(claim) = held.claim {
                desk.reopen(claim);
            }
            desk.log(at, LogKind::OrderEnded, item, held.claim.map(|claim| claim.parcel), *held);
        }
    }

    /// The pass of an item ended. Gives back no reservations: [`Worker::order_ended`] does that.
    pub fn finish(&mut self, item: ItemId, at: Micros, held: &Assigned, fate: Fate) {
        let plan: &Plan = self.plan.load();
        let desk = &mut self.desk;
        let (kind, step) = match fate {
            Fate::Discharged(chute) => {
                desk.chutes.fill(chute);
                desk.balance.discharged += 1;
                (LogKind::Discharged, step_into(plan.role_of(chute)))
            }
            Fate::Left => {
                desk.balance.left += 1;
                (LogKind::Left, Step::RunOff)
            }
            Fate::Lost => {
                desk.balance.lost += 1;
                (LogKind::Lost, Step::Lose)
            }
            Fate::Forgotten => (LogKind::Forgotten, Step::Forget),
        };
        let chute = if let Fate::Discharged(chute) = fate { Some(chute) } else { None };
        let reason = match fate {
            Fate::Lost => Reason::Lost,
            Fate::Forgotten => Reason::FlushedAtRestart,
            Fate::Discharged(_) | Fate::Left => held.reason,
        };
        if let Some(claim) = held.claim {
            desk.step(claim, |word| word.after(step));
        }
        desk.tally.reasons[reason as usize] += 1;
        let ended = Assigned { chute, reason, ..*held };
        desk.log(at, kind, item, held.claim.map(|claim| claim.parcel), ended);
    }

    /// Takes over what the PLC says about a chute.
    pub fn chute_changed(&mut self, chute: ChuteId, at: Micros, report: ChuteReport) {
        self.desk.chutes.observe(chute, report);
        let changed = Assigned { chute: Some(chute), ..Assigned::NOTHING };
        self.desk.log(at, LogKind::ChuteChanged, ItemId::NONE, None, changed);
    }
}

impl Desk {
    /// Claims a parcel for an item, or decides again for the item that holds it. An item in doubt goes to the
    /// exception chute for that reason.
    fn claim(
        &mut self,
        plan: &Plan,
        parcel: ParcelId,
        doubt: Option<Reason>,
        scan: &Scan<'_>,
    ) -> (Assigned, Alternates) {
        let engine = Arc::as_ref(&self.engine);
        for _ in 0..MAX_ROUNDS {
            let Some(word) = engine.ledger.state(parcel) else { break };
            let mine = scan.held.claim == Some(Claim { parcel, owner: word.owner() });
            let next = match word.life() {
                Life::Committed if mine => return (scan.held, Alternates::new()),
                Life::Claimed | Life::Contested if mine => word.after(Step::Retarget),
                Life::Claimed => {
                    let contested = word.after(Step::Contest).expect("a claimed parcel can be contested");
                    if engine.ledger.replace(parcel, word, contested).is_err() {
                        continue;
                    }
                    None
                }
                _ => word
                    .after(Step::Claim)
                    .map(|next| next.with_owner(Owner { sorter: self.sorter, pass: word.pass().next() })),
            };
            let Some(next) = next else {
                self.tally.contested += 1;
                return self.divert_aside(plan, Reason::Duplicate, scan);
            };
            let (reason, offer) = match doubt {
                Some(doubt) => (doubt, self.aside(plan, plan.exception(), scan)),
                None => self.route(plan, next, scan),
            };
            let chute = offer.chute.ok();
            if engine.ledger.replace(parcel, word, next.with_decision(chute, reason, plan.version())).is_ok()
            {
                self.tally.amended += u64::from(word.life() == Life::Lost);
                let claim = Some(Claim { parcel, owner: next.owner() });
                return (Assigned { claim, chute, reason }, offer.alternates);
            }
        }
        (Assigned { chute: None, reason: Reason::LateOrder, ..scan.held }, Alternates::new())
    }

    /// Where a parcel in this state goes: the law first, then the label, the laps, the plan and the room.
    fn route(&self, plan: &Plan, word: StateWord, scan: &Scan<'_>) -> (Reason, Offer) {
        if word.life() == Life::Contested {
            return (Reason::Duplicate, self.aside(plan, plan.exception(), scan));
        }
        if let Some(reason) = word.clearance().hold_reason() {
            return (reason, self.aside(plan, plan.hold(), scan));
        }
        if word.pass().get() > plan.lap_limit() {
            return (Reason::LapLimit, self.aside(plan, plan.exception(), scan));
        }
        let Some(outlet) = plan.outlet_of(word.destination()) else {
            return (Reason::NoRule, self.aside(plan, plan.exception(), scan));
        };
        let offer = self.offer(plan, outlet, scan);
        let reason = match offer.chute {
            Ok(_) if offer.overflowed => Reason::Overflow,
            Ok(_) => Reason::Planned,
            Err(obstacle) => obstacle,
        };
        (reason, offer)
    }

    /// An item without a parcel of its own goes to the outlet for its reason.
    fn divert_aside(&self, plan: &Plan, reason: Reason, scan: &Scan<'_>) -> (Assigned, Alternates) {
        let outlet = match reason {
            Reason::NoRead | Reason::BadCheckDigit => plan.no_read(),
            Reason::UnknownParcel => plan.hold(),
            _ => plan.exception(),
        };
        let offer = self.aside(plan, outlet, scan);
        (Assigned { claim: None, chute: offer.chute.ok(), reason }, offer.alternates)
    }

    /// An outlet for what is not sorted; the exception outlet stands in for any that has no room.
    fn aside(&self, plan: &Plan, outlet: OutletId, scan: &Scan<'_>) -> Offer {
        let first = self.offer(plan, outlet, scan);
        if first.chute.is_ok() || outlet == plan.exception() {
            return first;
        }
        self.offer(plan, plan.exception(), scan)
    }

    fn offer(&self, plan: &Plan, outlet: OutletId, scan: &Scan<'_>) -> Offer {
        let place = Place { reach: scan.reach, held: scan.held.chute };
        offer(plan, &self.engine.layout, &self.chutes, outlet, place)
    }

    /// Commits a claim, or gives `false` when its state no longer allows its chute.
    fn commit_claim(&self, role: ChuteRole, claim: Claim, chute: ChuteId) -> bool {
        let ledger = &self.engine.ledger;
        for _ in 0..MAX_ROUNDS {
            let Some(word) = ledger.state(claim.parcel) else { return false };
            if word.owner() != claim.owner || word.chute() != Some(chute) || !allows(word, role) {
                return false;
            }
            let Some(next) = word.after(Step::Commit) else { return word.life() == Life::Committed };
            if ledger.replace(claim.parcel, word, next).is_ok() {
                return true;
            }
        }
        false
    }

    /// Opens a committed claim again, since its order ended and the item goes on. A parcel that was contested
    /// or in doubt before it was committed is contested again.
    fn reopen(&mut self, claim: Claim) {
        let committed = |word: StateWord| word.life() == Life::Committed;
        if self.engine.ledger.state(claim.parcel).is_some_and(committed) {
            self.step(claim, |word| match word.reason().class() {
                ReasonClass::Identity => word.after(Step::Reopen)?.after(Step::Contest),
                _ => word.after(Step::Reopen),
            });
        }
    }

    /// One step of a parcel that this item holds. A step that the state does not allow is counted.
    fn step(&mut self, claim: Claim, after: impl Fn(StateWord) -> Option<StateWord>) {
        let ledger = &self.engine.ledger;
        let mut current = ledger.state(claim.parcel);
        for _ in 0..MAX_ROUNDS {
            let Some(word) = current.filter(|word| word.owner() == claim.owner) else { break };
            let Some(next) = after(word) else { break };
            match ledger.replace(claim.parcel, word, next) {
                Ok(()) => return,
                Err(other) => current = Some(other),
            }
        }
        self.tally.deviations += 1;
    }

    fn log(&mut self, at: Micros, kind: LogKind, item: ItemId, parcel: Option<ParcelId>, held: Assigned) {
        self.log.append(&LogRecord {
            at,
            kind,
            reason: held.reason,
            sorter: self.sorter,
            item,
            parcel,
            chute: held.chute,
            plan: self.plan_seen,
        });
    }
}

/// Whether a parcel in this state may be committed to a chute of this role.
fn allows(word: StateWord, role: ChuteRole) -> bool {
    let held_back = word.clearance().hold_reason().is_some();
    // A parcel that was contested since its decision is decided again, so that the decision says so.
    let contested = word.life() == Life::Contested;
    let decided_so = word.reason().class() == ReasonClass::Identity;
    match role {
        role if leads_out(role) => !held_back && !contested,
        // A parcel that is on its way to hold for a reason that has gone is decided again.
        ChuteRole::Hold => held_back && !contested,
        _ => !contested || decided_so,
    }
}

/// Whether parcels in a chute of this role may leave the building. A chute that the plan does not use counts
/// as one: it served a destination of the plan before.
const fn leads_out(role: ChuteRole) -> bool {
    match role {
        ChuteRole::Outbound | ChuteRole::Overflow | ChuteRole::Unused => true,
        ChuteRole::Hold | ChuteRole::Exception | ChuteRole::NoRead => false,
    }
}

/// What a discharge into a chute of this role means for the parcel.
const fn step_into(role: ChuteRole) -> Step {
    match role {
        ChuteRole::Outbound => Step::Discharge,
        ChuteRole::Hold => Step::Hold,
        ChuteRole::Overflow | ChuteRole::Exception | ChuteRole::NoRead | ChuteRole::Unused => Step::Except,
    }
}
