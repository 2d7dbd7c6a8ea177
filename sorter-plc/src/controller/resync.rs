//! What the controller does when a PLC restarted or a session opened: the belt is compared, item by item.
//!
//! An item is the same in two sessions when its number and its encoder count at the induction are. Of an order in
//! force the PLC tells only the chute, so it loses its number: it has [`Seq::NONE`] from then on, as it has in the
//! records of its end.
//!
//! | the PLC has | decided here | what is done |
//! | --- | --- | --- |
//! | the order that is decided | a chute | it stands |
//! | another order, not fired | a chute | the decided one is sent again and replaces it |
//! | another order, not fired | to run off | it is cancelled |
//! | an order, not fired | nothing yet | it stands until the item is decided |
//! | another order, fired | a chute, or to run off | it stands, and counts as a recall |
//! | no order | a chute | it was never taken, and is sent again under a new number |
//! | no order | to run off, or nothing yet | nothing |
//! | no such item | anything | the item is forgotten: its end is not known |
//! | an item that is not known | | it is found: never ordered, with a place reserved for its order in force |
//!
//! What is sent again is sent only if there is time; where there is none the order counts as late and the item
//! runs off.

use sorter_core::engine::{Commit, Fate, OrderEnd};
use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::journal::Cause;
use sorter_core::reason::Reason;
use sorter_core::units::{Grams, Micros};

use super::items::{Item, Pending};
use super::{Controller, ResyncNote, Watch, commit_note, fire_travel};
use crate::contract::{BeltEntry, Seq};
use crate::host::Resync;

/// The numbers of items while belts are compared; kept so that it takes no memory.
pub(super) struct Roll {
    pub(super) all: Vec<ItemId>,
    kept: Vec<ItemId>,
    gone: Vec<ItemId>,
    found: Vec<ItemId>,
}

impl Roll {
    pub(super) fn new(capacity: u16) -> Self {
        let list = || Vec::with_capacity(usize::from(capacity));
        Self { all: list(), kept: list(), gone: list(), found: list() }
    }
}

/// What becomes of a decision when the PLC tells which order it has in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is as decided.
    Stands,
    /// Nothing is decided, or ever will be.
    Adopted,
    /// The decided chute is ordered again.
    Again(ChuteId),
    /// The order is to go.
    Cancel,
    /// The diverter has fired for another chute than the decided one.
    TooLate,
}

impl Verdict {
    fn on(item: &Item, in_force: Option<ChuteId>, fired: bool) -> Self {
        match (item.held.chute, in_force) {
            _ if item.identity.is_none() => Self::Adopted,
            (decided, ordered) if decided == ordered => Self::Stands,
            _ if fired => Self::TooLate,
            (Some(chute), _) => Self::Again(chute),
            (None, _) => Self::Cancel,
        }
    }
}

impl Controller {
    /// The PLC has restarted: every item on the belt is forgotten, and nothing is ordered before
    /// [`Controller::resync`]. What was on the belt is *unknown* in the balance; its bodies turn up again at the
    /// photo-eyes, under new numbers.
    pub fn plc_restarted(&mut self, now: Micros, watch: &mut impl Watch) {
        self.counters.restarts += 1;
        self.cause = Cause::NONE;
        self.outbox.clear();
        self.list_items();
        while let Some(id) = self.roll.all.pop() {
            self.forget(now, id);
        }
        self.assemblies.clear();
        self.deadlines.clear();
        self.unknown.clear();
        self.images.restart();
        self.gate.close();
        self.before.forget();
        self.synced = false;
        self.worker.about(Cause::NONE, Grams::ZERO);
        watch.restarted(now);
    }

    /// A session has opened: what the PLC has on its belt is compared with what is known here. Order numbers
    /// begin at 1 after it.
    ///
    /// Known items keep what is decided about them. An order that the PLC did not take is sent again if there is
    /// time, and one in force that is not the decided one is replaced. Items that are gone are forgotten, since
    /// nobody recorded their end. Items that are not known are taken in and never ordered; where the PLC has an
    /// order in force for one, a place in its chute is reserved.
    pub fn resync(&mut self, now: Micros, resync: &Resync<'_>, watch: &mut impl Watch) {
        self.counters.resyncs += 1;
        self.cause = Cause::NONE;
        self.note_session(now, resync.status);
        self.belt.advance_to(resync.status.encoder);
        self.measure(resync.status);
        self.show_all_early(now);
        self.outbox.clear();
        self.deadlines.clear();
        self.gate.close();
        self.before.forget();
        self.synced = true;
        self.roll.kept.clear();
        self.roll.gone.clear();
        self.roll.found.clear();
        self.match_entries(resync.belt);
        self.list_items();
        while let Some(id) = self.roll.all.pop() {
            let entry = self.items.get_mut(id).and_then(|item| item.entry);
            match entry.and_then(|place| resync.belt.get(place)) {
                Some(entry) => {
                    self.roll.kept.push(id);
                    self.keep(now, id, entry, watch);
                }
                None => {
                    self.roll.gone.push(id);
                    self.forget(now, id);
                }
            }
        }
        for (place, entry) in resync.belt.iter().enumerate() {
            self.find(now, place, entry);
        }
        self.assemblies.give_up_after(self.belt.travel);
        self.take_up_again(now, watch);
        self.queue_by_urgency();
        self.worker.about(Cause::NONE, Grams::ZERO);
        let Roll { kept, gone, found, .. } = &self.roll;
        watch.resynced(now, &ResyncNote { kept, gone, found });
    }

    /// Lists all items, the highest number first, so that the lowest is taken out first.
    pub(super) fn list_items(&mut self) {
        self.roll.all.clear();
        self.items.list(&mut self.roll.all);
        self.roll.all.sort_unstable_by(|one, other| other.cmp(one));
    }

    /// Notes at each item which entry of the snapshot is about it; the first of several counts.
    fn match_entries(&mut self, belt: &[BeltEntry]) {
        let layout = self.worker.engine().layout();
        // Where an eye stands is rounded by the PLC in its own way.
        let tolerance = layout.pulses(layout.window()).get().unsigned_abs();
        for item in self.items.iter_mut() {
            item.entry = None;
        }
        for (place, entry) in belt.iter().enumerate() {
            let Some(item) = self.items.get_mut(entry.item).filter(|item| item.entry.is_none()) else {
                continue;
            };
            let off = item.inducted_at.distance_to(entry.inducted_at).get().unsigned_abs();
            if off == 0 || !item.inducted && off <= tolerance {
                item.entry = Some(place);
            }
        }
    }

    /// Ends an item whose end nobody recorded.
    fn forget(&mut self, now: Micros, id: ItemId) {
        self.counters.forgotten += 1;
        self.finish(now, id, Fate::Forgotten);
    }

    /// An item that both know. Its orders are those of the PLC from here on.
    fn keep(&mut self, now: Micros, id: ItemId, entry: &BeltEntry, watch: &mut impl Watch) {
        let origin = self.belt.travel_of(entry.inducted_at);
        let in_force = entry.ordered.filter(|chute| self.worker.chutes().get(*chute).is_some());
        let Some(item) = self.items.get_mut(id) else { return };
        item.inducted_at = entry.inducted_at;
        item.origin = origin;
        item.queued = false;
        let fired = entry.fired && in_force.is_some();
        if self.shadow.is_some() {
            // The orders of the other host say nothing about what would be ordered here.
            if item.pending != Pending::Nothing {
                self.queue(id);
            }
        } else {
            let verdict = Verdict::on(item, in_force, fired);
            self.adopt_order(now, id, in_force, verdict);
            if fired {
                self.commit_fired(now, id, watch);
            }
        }
        self.arm_again(id, fired);
    }

    /// Puts the order that the PLC has in force in the place of those of an earlier session.
    fn adopt_order(&mut self, now: Micros, id: ItemId, in_force: Option<ChuteId>, verdict: Verdict) {
        let Some(item) = self.items.get_mut(id) else { return };
        self.worker.about(self.cause, item.weight);
        let again = if let Verdict::Again(chute) = verdict { Some(chute) } else { None };
        // Places are taken before others are given back, so that no chute looks drained in between.
        for chute in in_force.into_iter().chain(again) {
            self.worker.reserve(chute);
        }
        if let Some(chute) = item.held.chute.filter(|chute| item.committed && in_force != Some(*chute)) {
            // The order that it was committed to is no more, so its claim is open again.
            self.worker.reserve(chute);
            self.worker.order_ended(id, now, chute, &item.held, OrderEnd::ItemGoesOn);
            item.committed = false;
        }
        item.called_off = false;
        let pending = std::mem::replace(&mut item.pending, Pending::Nothing);
        let unsent = if let Pending::Divert(chute) = pending { Some(chute) } else { None };
        for chute in item.orders.drain(..).map(|(_, chute)| chute).chain(unsent) {
            self.worker.order_ended(id, now, chute, &item.held, OrderEnd::Replaced);
        }
        item.orders.extend(in_force.map(|chute| (Seq::NONE, chute)));
        match verdict {
            Verdict::Stands => {}
            Verdict::Adopted => item.held.chute = in_force,
            Verdict::TooLate => {
                self.counters.recalls += 1;
                item.held.chute = in_force;
                item.held.reason = Reason::LateOrder;
            }
            Verdict::Again(chute) => item.pending = Pending::Divert(chute),
            Verdict::Cancel => item.pending = Pending::Cancel,
        }
        if item.pending != Pending::Nothing {
            self.queue(id);
        }
    }

    /// The diverter has fired, so the order is past its point of no return wherever the belt is.
    fn commit_fired(&mut self, now: Micros, id: ItemId, watch: &mut impl Watch) {
        let stands = |item: &&mut Item| !item.committed && item.held.reason != Reason::LateOrder;
        let Some(item) = self.items.get_mut(id).filter(stands) else { return };
        let Some(identity) = item.identity.filter(|_| item.held.chute.is_some()) else { return };
        self.worker.about(self.cause, item.weight);
        if self.worker.commit(id, now, &identity, &item.held) == Commit::Done {
            item.committed = true;
            watch.committed(&commit_note(&self.worker, now, item));
        } else {
            self.counters.recalls += 1;
        }
    }

    /// Waits again for what has to be done about an item.
    fn arm_again(&mut self, id: ItemId, fired: bool) {
        let blind = i64::from(self.worker.engine().layout().pulses(self.blind_at).get());
        let Some(item) = self.items.get_mut(id) else { return };
        item.deadline = i64::MAX;
        if item.identity.is_none() && item.inducted {
            let travel = item.origin + blind;
            self.arm(id, travel);
        } else if !fired && !item.committed && item.identity.is_some() {
            self.await_commit(id);
        }
    }

    /// An item of the snapshot that is not known here, unless another entry has its number.
    fn find(&mut self, now: Micros, place: usize, entry: &BeltEntry) {
        if let Some(known) = self.items.get(entry.item) {
            self.counters.unknown_items += u64::from(known.entry != Some(place));
            return;
        }
        let origin = self.belt.travel_of(entry.inducted_at);
        let mut item = Item::new(entry.item, entry.inducted_at, origin, false);
        item.held.reason = Reason::FlushedAtRestart;
        item.entry = Some(place);
        if !self.items.insert(item) {
            self.counters.unknown_items += 1;
            return;
        }
        self.counters.found += 1;
        self.roll.found.push(entry.item);
        self.worker.about(self.cause, Grams::ZERO);
        self.worker.found(entry.item, now, entry.inducted_at);
        let in_force = entry.ordered.filter(|chute| self.worker.reserve(*chute));
        if let Some(item) = self.items.get_mut(entry.item) {
            item.orders.extend(in_force.map(|chute| (Seq::NONE, chute)));
        }
    }

    fn queue(&mut self, id: ItemId) {
        let Some(item) = self.items.get_mut(id) else { return };
        item.queued = true;
        item.waited = false;
        item.mark = self.worker.mark();
        self.outbox.push_back(id);
    }

    /// What is sent again goes out in the order in which it is due: the ring holds only a few orders.
    fn queue_by_urgency(&mut self) {
        let due = |id: &ItemId| {
            let known = self.items.get(*id);
            let item = known.and_then(|item| Some((item, item.ordered().or(item.held.chute)?)));
            item.map_or(i64::MIN, |(item, chute)| fire_travel(&self.worker, item.origin, chute))
        };
        self.outbox.make_contiguous().sort_unstable_by_key(|id| (due(id), *id));
    }
}
