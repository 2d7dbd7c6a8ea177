//! The work behind a worker: claims, routes, commits and the steps of a parcel.

use std::sync::Arc;

use super::Engine;
use super::decision::{Alternates, Assigned, Claim, Scan, Tally};
use super::docks::Docks;
use super::pen::{Line, Pen};
use super::routing::{Offer, Place, offer};
use super::unknown::Unknown;
use crate::balance::Balance;
use crate::barcode::SelfRoute;
use crate::chute::{ChuteBank, Dock};
use crate::clearance::Clearance;
use crate::event_log::{EventLog, LogKind};
use crate::hold::HoldBook;
use crate::ids::{ChuteId, ConnectionId, ContainerId, ItemId, OutletId, ParcelId, PlanVersion, SorterId};
use crate::journal::Recovered;
use crate::ledger::Entry;
use crate::plan::{ChuteRole, Plan};
use crate::reason::{Reason, ReasonClass};
use crate::state_word::{Life, Owner, StateWord, Step};
use crate::units::Micros;

/// Rounds of one decision against changes by others. Each lost round means that somebody else made progress;
/// after so many the item runs off and is decided anew on its next pass.
const MAX_ROUNDS: usize = 16;

/// All of the worker but its views of plan and timetable, so that both can be borrowed at once.
pub(super) struct Desk {
    pub(super) engine: Arc<Engine>,
    pub(super) sorter: SorterId,
    pub(super) chutes: ChuteBank,
    pub(super) docks: Docks,
    pub(super) hold: HoldBook,
    pub(super) balance: Balance,
    pub(super) tally: Tally,
    pub(super) log: EventLog,
    pub(super) plan_seen: PlanVersion,
    /// The plan that its chutes serve, but for those that change over.
    pub(super) serves: PlanVersion,
    pub(super) pen: Pen,
    pub(super) unknown: Unknown,
    pub(super) recovered: Option<Recovered>,
}

impl Desk {
    /// Claims a parcel for an item, or decides again for the item that holds it. An item in doubt goes to the
    /// exception chute for that reason.
    pub(super) fn claim(
        &mut self,
        plan: &Plan,
        entry: Entry,
        doubt: Option<Reason>,
        scan: &Scan<'_>,
    ) -> (Assigned, Alternates) {
        let engine = Arc::as_ref(&self.engine);
        let (parcel, hint) = (entry.parcel(), entry.hint());
        for _ in 0..MAX_ROUNDS {
            let Some(word) = engine.ledger.state_at(entry) else { break };
            let mine = scan.held.claim == Some(Claim { parcel, owner: word.owner(), hint });
            let next = match word.life() {
                Life::Committed if mine => return (scan.held, Alternates::new()),
                Life::Claimed | Life::Contested if mine => word.after(Step::Retarget),
                Life::Claimed => {
                    let contested = word.after(Step::Contest).expect("a claimed parcel can be contested");
                    if self.pen.replace(&engine.ledger, entry, word, contested).is_err() {
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
                None => self.route(plan, parcel, next, scan),
            };
            let chute = offer.chute.ok();
            let decided = next.with_decision(chute, reason, plan.version());
            if self.pen.replace(&engine.ledger, entry, word, decided).is_ok() {
                self.tally.amended += u64::from(word.life() == Life::Lost);
                if word.life() == Life::Held {
                    self.hold.take(parcel, scan.at);
                }
                let claim = Some(Claim { parcel, owner: next.owner(), hint });
                return (Assigned { claim, chute, reason }, offer.alternates);
            }
        }
        (Assigned { chute: None, reason: Reason::LateOrder, ..scan.held }, Alternates::new())
    }

    /// Where a parcel in this state goes: the label first, then the law, the laps, the plan and the room.
    fn route(&self, plan: &Plan, parcel: ParcelId, word: StateWord, scan: &Scan<'_>) -> (Reason, Offer) {
        if word.life() == Life::Contested {
            return (Reason::Duplicate, self.aside(plan, plan.exception(), scan));
        }
        let onward = self.engine.onward(parcel);
        let in_transit = word.clearance() == Clearance::Transit;
        if let Some(reason) = word.clearance().hold_reason().filter(|_| !in_transit || onward.is_none()) {
            return (reason, self.aside(plan, plan.hold(), scan));
        }
        if word.laps().get() >= plan.lap_limit() {
            return (Reason::LapLimit, self.aside(plan, plan.exception(), scan));
        }
        let Some(outlet) = self.outlet_of(plan, word, onward) else {
            return (Reason::NoRule, self.aside(plan, plan.exception(), scan));
        };
        let transit = onward.filter(|_| in_transit);
        let patient = word.laps().get() + 1 < plan.lap_limit();
        let place = Place { at: scan.at, reach: scan.reach, held: scan.held.chute, transit, patient };
        let offer = offer(plan, &self.engine.layout, &self.chutes, outlet, place);
        if offer.chute == Err(Reason::OnwardFlight) {
            return (Reason::OnwardFlight, self.aside(plan, plan.hold(), scan));
        }
        let reason = match offer.chute {
            Ok(_) if offer.overflowed => Reason::Overflow,
            Ok(_) => Reason::Planned,
            Err(obstacle) => obstacle,
        };
        (reason, offer)
    }

    /// The outlet of a parcel: that of the lane of its booked connection, or that of its destination.
    fn outlet_of(&self, plan: &Plan, word: StateWord, onward: Option<ConnectionId>) -> Option<OutletId> {
        let Some(connection) = onward else { return plan.outlet_of(word.destination()) };
        let lane = self.docks.timetable.connection(connection).map(|connection| connection.lane);
        lane.and_then(|lane| plan.outlet_of_lane(lane))
    }

    /// An item without a parcel of its own goes to the outlet for its reason.
    pub(super) fn divert_aside(
        &self,
        plan: &Plan,
        reason: Reason,
        scan: &Scan<'_>,
    ) -> (Assigned, Alternates) {
        let outlet = match reason {
            Reason::NoRead | Reason::BadCheckDigit => plan.no_read(),
            _ => plan.exception(),
        };
        let offer = self.aside(plan, outlet, scan);
        (Assigned { claim: None, chute: offer.chute.ok(), reason }, offer.alternates)
    }

    /// An item that nobody announced is held, in the chutes for what its label says about its destination.
    pub(super) fn hold_unannounced(
        &self,
        plan: &Plan,
        route: Option<SelfRoute>,
        scan: &Scan<'_>,
    ) -> (Assigned, Alternates) {
        let outlet = route.map_or(plan.hold(), |route| plan.unannounced(&route));
        let offer = self.aside(plan, outlet, scan);
        (Assigned { claim: None, chute: offer.chute.ok(), reason: Reason::UnknownParcel }, offer.alternates)
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
        let place =
            Place { at: scan.at, reach: scan.reach, held: scan.held.chute, transit: None, patient: false };
        offer(plan, &self.engine.layout, &self.chutes, outlet, place)
    }

    /// Commits a claim, or gives `false` when its state no longer allows its chute.
    pub(super) fn commit_claim(&mut self, dock: &Dock, claim: Claim, chute: ChuteId) -> bool {
        let ledger = &self.engine.ledger;
        let Some(entry) = claim.entry(ledger) else { return false };
        for _ in 0..MAX_ROUNDS {
            let Some(word) = ledger.state_at(entry) else { return false };
            let onward = self.engine.onward(claim.parcel);
            if word.owner() != claim.owner || word.chute() != Some(chute) || !allows(word, dock, onward) {
                return false;
            }
            let Some(next) = word.after(Step::Commit) else { return word.life() == Life::Committed };
            if self.pen.replace(ledger, entry, word, next).is_ok() {
                return true;
            }
        }
        false
    }

    /// Opens a committed claim again, since its order ended and the item goes on. A parcel that was contested
    /// or in doubt before it was committed is contested again.
    pub(super) fn reopen(&mut self, claim: Claim) {
        let committed = |word: StateWord| word.life() == Life::Committed;
        if self.state_of(claim).is_some_and(committed) {
            self.step(claim, |word| match word.reason().class() {
                ReasonClass::Identity => word.after(Step::Reopen)?.after(Step::Contest),
                _ => word.after(Step::Reopen),
            });
        }
    }

    /// Whether this item holds its parcel.
    pub(super) fn holds(&self, claim: Claim) -> bool {
        self.state_of(claim).is_some_and(|word| word.owner() == claim.owner && word.life().is_live_claim())
    }

    fn state_of(&self, claim: Claim) -> Option<StateWord> {
        self.engine.ledger.state_at(claim.entry(&self.engine.ledger)?)
    }

    /// One step of a parcel that this item holds. A step that the state does not allow is counted. Gives whether it was
    /// taken.
    pub(super) fn step(&mut self, claim: Claim, after: impl Fn(StateWord) -> Option<StateWord>) -> bool {
        let ledger = &self.engine.ledger;
        let entry = claim.entry(ledger);
        let mut current = entry.and_then(|entry| ledger.state_at(entry));
        for _ in 0..MAX_ROUNDS {
            let Some(entry) = entry else { break };
            let Some(word) = current.filter(|word| word.owner() == claim.owner) else { break };
            let Some(next) = after(word) else { break };
            match self.pen.replace(ledger, entry, word, next) {
                Ok(()) => return true,
                Err(other) => current = Some(other),
            }
        }
        self.tally.deviations += 1;
        false
    }

    /// Recalls a parcel that slid into an outbound chute and that customs do not let leave by now. Whoever is
    /// first makes the step: the worker that discharged it, or customs that changed its status.
    pub(super) fn recall_if_held(
        &mut self,
        item: ItemId,
        claim: Claim,
        chute: ChuteId,
        container: Option<ContainerId>,
        at: Micros,
    ) {
        let Some(dock) = self.chutes.get(chute).map(|state| *state.dock()) else { return };
        let Some(entry) = claim.entry(&self.engine.ledger) else { return };
        let mut word = self.engine.ledger.state_at(entry);
        for _ in 0..MAX_ROUNDS {
            // Anew in each round: whoever changed the word may have booked another connection before that.
            let onward = self.engine.onward(claim.parcel);
            let Some(now) = word.filter(|word| word.owner() == claim.owner) else { return };
            if is_free_to_leave(now.clearance(), &dock, onward) {
                return;
            }
            let Some(next) = now.after(Step::Recall) else { return };
            match self.pen.replace(&self.engine.ledger, entry, now, next) {
                Ok(()) => {
                    self.tally.recalls += 1;
                    self.engine.note_recall(claim.parcel, container, next.clearance(), at);
                    let recalled = Assigned { chute: Some(chute), claim: Some(claim), reason: now.reason() };
                    self.log(&Line {
                        item,
                        parcel: Some(claim.parcel),
                        held: recalled,
                        container,
                        ..Line::new(at, LogKind::Recalled)
                    });
                    return;
                }
                Err(other) => word = Some(other),
            }
        }
    }

    pub(super) fn log(&mut self, line: &Line) {
        self.log.append(&line.to_log(self.sorter, self.plan_seen));
        self.pen.log(line, self.plan_seen);
    }
}

/// Whether a parcel in this state, booked on `onward`, may be committed to a chute with this dock.
fn allows(word: StateWord, dock: &Dock, onward: Option<ConnectionId>) -> bool {
    // A parcel that was contested since its decision is decided again, so that the decision says so.
    let contested = word.life() == Life::Contested;
    let decided_so = word.reason().class() == ReasonClass::Identity;
    match dock.role {
        role if leads_out(role) => is_free_to_leave(word.clearance(), dock, onward) && !contested,
        // A parcel that is on its way to hold for a reason that has gone is decided again.
        ChuteRole::Hold => word.clearance().hold_reason().is_some() && !contested,
        _ => !contested || decided_so,
    }
}

/// Whether customs let a parcel leave in the container at a chute. Goods in transit leave with their onward
/// connection only, from a bonded chute.
pub(super) fn is_free_to_leave(clearance: Clearance, dock: &Dock, onward: Option<ConnectionId>) -> bool {
    match clearance {
        Clearance::Transit => dock.bonded && onward.is_some() && onward == dock.connection,
        other => other.hold_reason().is_none(),
    }
}

/// Whether parcels in a chute of this role may leave the building. A chute that the plan does not use counts
/// as one: it served a destination of the plan before.
pub(super) const fn leads_out(role: ChuteRole) -> bool {
    match role {
        ChuteRole::Outbound | ChuteRole::Overflow | ChuteRole::Unused => true,
        ChuteRole::Hold | ChuteRole::Exception | ChuteRole::NoRead => false,
    }
}

/// What a discharge into a chute of this role means for the parcel.
pub(super) const fn step_into(role: ChuteRole) -> Step {
    match role {
        ChuteRole::Outbound => Step::Discharge,
        ChuteRole::Hold => Step::Hold,
        ChuteRole::Overflow | ChuteRole::Exception | ChuteRole::NoRead | ChuteRole::Unused => Step::Except,
    }
}
