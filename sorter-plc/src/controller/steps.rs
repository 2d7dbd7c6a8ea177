//! What the controller does at each event of an item and at its point of no return.

use sorter_core::engine::{Commit, Fate, Identity, OrderEnd, Scan};
use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::journal::Cause;
use sorter_core::reason::Reason;
use sorter_core::units::{Grams, Micros, Millimetres, Pulses};

use super::items::{Item, Pending};
use super::{Controller, MAX_DECISIONS, Watch, belt, commit_note, fire_travel, note};
use crate::codec::cause_of;
use crate::contract::{Ending, Event, EventRecord, PlantImage, Refusal, Seq, StateBits};

impl Controller {
    /// Takes in one event.
    pub(super) fn event(
        &mut self,
        now: Micros,
        record: &EventRecord,
        plant: Option<&PlantImage>,
        watch: &mut impl Watch,
    ) {
        let item = record.item;
        self.cause = cause_of(record);
        if self.before.had(item, self.cause) {
            self.counters.repeated_events += 1;
            self.cause = Cause::NONE;
            self.took_event(record.seq);
            return;
        }
        match record.event {
            Event::Inducted { .. } => self.entered(now, record, Millimetres::ZERO, true, watch),
            Event::Unexpected { eye, .. } => {
                let eyes = self.worker.engine().layout().eyes();
                let exit = self.worker.engine().layout().exit_eye();
                let position = match eye.index().checked_sub(1) {
                    None => Millimetres::ZERO,
                    Some(place) => eyes.get(place).copied().unwrap_or(exit),
                };
                self.entered(now, record, position, false, watch);
            }
            Event::Discharged { chute, .. } => self.discharged(now, item, chute),
            Event::Left { .. } => {
                self.counters.recirculations += 1;
                self.finish(now, item, Fate::Left);
            }
            Event::Lost { .. } => self.finish(now, item, Fate::Lost),
            Event::Missed { chute, .. } => {
                self.counters.missed += 1;
                self.note_miss();
                self.missed(now, item, chute);
            }
            // The orders of another host are not those of this one.
            Event::Refused { .. } | Event::Ended { .. } if self.shadow.is_some() => {}
            Event::Refused { reason, order } => self.refused(now, item, reason, order, watch),
            Event::Ended { ending, order } => self.ended(now, item, ending, order, watch),
            Event::Chute { chute } => self.chute_event(now, chute, record.seq, plant),
            Event::Seen { .. } | Event::Fired { .. } => {}
            Event::HostLost { .. } | Event::State { .. } | Event::Lap { .. } | Event::Jam { .. } => {
                self.count_machine_event(record.event);
            }
        }
        self.took_event(record.seq);
        self.cause = Cause::NONE;
    }

    /// Counts an event that is for the people who watch the machine. Whether the belt runs and the host counts as
    /// live is read from the status of each cycle, and an item goes on with its order in another lap.
    fn count_machine_event(&mut self, event: Event) {
        match event {
            Event::HostLost { .. } => self.counters.host_lost += 1,
            Event::Lap { .. } => self.counters.laps += 1,
            Event::Jam { begins: true, .. } => self.counters.jams += 1,
            Event::State { state } if !state.has(StateBits::RUNNING) => self.counters.stops += 1,
            _ => {}
        }
    }

    /// Counts an event about an item that is not known.
    fn count_stranger(&mut self) {
        if self.may_meet_strangers {
            self.counters.foreign_events += 1;
        } else {
            self.counters.unknown_items += 1;
        }
    }

    /// An item is in a chute.
    fn discharged(&mut self, now: Micros, id: ItemId, chute: ChuteId) {
        let to = |order: &(Seq, ChuteId)| order.1 == chute;
        // In shadow mode the report tells where the two controllers differ.
        let as_ordered = self.items.get(id).is_none_or(|known| known.orders.iter().any(to));
        if self.shadow.is_none() && !as_ordered {
            self.counters.strayed += 1;
        }
        self.finish(now, id, Fate::Discharged(chute));
    }

    /// An item entered at an induction or turned up at a photo-eye.
    fn entered(
        &mut self,
        now: Micros,
        record: &EventRecord,
        position: Millimetres,
        inducted: bool,
        watch: &mut impl Watch,
    ) {
        let layout = self.worker.engine().layout();
        let inducted_at = record.encoder.advanced_by(Pulses::ZERO - layout.pulses(position));
        let origin = self.belt.travel_of(record.encoder) - i64::from(layout.pulses(position).get());
        let blind = origin + i64::from(layout.pulses(self.blind_at).get());
        let oldest = self.oldest_scan(origin);
        if !self.items.insert(Item::new(record.item, inducted_at, origin, inducted)) {
            self.counters.unknown_items += 1;
            return;
        }
        self.assemblies.give_up_before(record.item, oldest);
        self.worker.about(self.cause, Grams::ZERO);
        self.worker.entered(record.item, now, inducted, inducted_at);
        if inducted {
            self.arm(record.item, blind);
            if self.assemblies.is_complete(record.item) {
                self.decide_scanned(now, record.item, watch);
            }
        } else if let Some(item) = self.items.get_mut(record.item) {
            item.held.reason = Reason::Unexpected;
        }
    }

    /// The belt travel before which no scan record of an item with this origin can have come. Streams are not ordered to
    /// each other, but nothing waits longer than a belt length for the other.
    pub(super) fn oldest_scan(&self, origin: i64) -> i64 {
        let layout = self.worker.engine().layout();
        origin - i64::from(layout.pulses(layout.exit_eye()).get())
    }

    /// Decides an item, for the first time or again, and puts its order into the outbox.
    pub(super) fn decide(&mut self, now: Micros, id: ItemId, codes: &[&[u8]], watch: &mut impl Watch) {
        let ahead = self.belt.travel.saturating_add(self.margin);
        let Some(item) = self.items.get_mut(id) else { return };
        if !item.inducted || item.decisions >= MAX_DECISIONS {
            return;
        }
        item.decisions += 1;
        let first = item.identity.is_none();
        let reach = belt::length_of(self.worker.engine().layout(), ahead.saturating_sub(item.origin));
        // An item that was not read is identified anew when its records come after all.
        let unread = |known: &Identity| known.parcel() == Err(Reason::NoRead);
        let known = item.identity.filter(|known| codes.is_empty() || !unread(known));
        let scan = Scan { item: id, at: now, codes, known, held: item.held, reach };
        self.worker.about(self.cause, item.weight);
        watch.deciding();
        let decision = self.worker.decide(&scan);
        watch.decided(&note(now, id, &decision));
        let (before, cause) = (item.held.chute, item.held.reason);
        item.identity = Some(decision.identity);
        item.held = decision.assigned;
        let closed = matches!(
            cause,
            Reason::ChuteDisabled
                | Reason::NoContainer
                | Reason::ChuteFull
                | Reason::Changeover
                | Reason::DepartureClosed
        );
        if decision.assigned.reason == Reason::LateOrder && closed {
            // It is late for its chute only because the chute turned it down.
            item.held.reason = cause;
        }
        if decision.identity.parcel() == Err(Reason::UnknownParcel) {
            self.remember_unknown(id);
        }
        let Some(item) = self.items.get_mut(id) else { return };
        if decision.assigned.chute == before {
            match before {
                // It runs off, and a commit would have nothing to make final.
                None => item.deadline = i64::MAX,
                // It is to go where an order of an earlier session sends it.
                Some(_) if first => self.await_commit(id),
                Some(_) => {}
            }
            return;
        }
        item.committed = false;
        self.order(now, id);
    }

    /// Keeps an unknown item in mind, for when late data come.
    fn remember_unknown(&mut self, id: ItemId) {
        if self.unknown.len() == self.unknown.capacity() {
            // Those that have left make room; there is room for as many as the belt holds.
            self.unknown.retain(|unknown| self.items.get(*unknown).is_some());
        }
        if !self.unknown.contains(&id) {
            self.unknown.push(id);
        }
    }

    /// Decides unknown items again when data have come that tell them.
    pub(super) fn look_again(&mut self, now: Micros, watch: &mut impl Watch) {
        let late_codes = self.worker.engine().ledger().late_codes();
        if std::mem::replace(&mut self.late_codes, late_codes) == late_codes {
            return;
        }
        let mut place = 0;
        while let Some(id) = self.unknown.get(place).copied() {
            let identity = self.items.get(id).filter(|item| !item.committed).and_then(|item| item.identity);
            match identity.filter(|identity| identity.parcel() == Err(Reason::UnknownParcel)) {
                Some(identity) if !self.worker.knows_by_now(&identity) => place += 1,
                Some(_) => {
                    self.unknown.swap_remove(place);
                    self.decide(now, id, &[], watch);
                }
                None => {
                    self.unknown.swap_remove(place);
                }
            }
        }
    }

    /// Queues the order that the new decision about an item needs.
    fn order(&mut self, now: Micros, id: ItemId) {
        let Some(item) = self.items.get_mut(id) else { return };
        if let Pending::Divert(chute) = item.pending {
            // It was never sent, so its place is free at once.
            self.worker.about(self.cause, item.weight);
            self.worker.order_ended(id, now, chute, &item.held, OrderEnd::Replaced);
        }
        item.pending = match item.held.chute {
            Some(chute) => Pending::Divert(chute),
            None if item.orders.is_empty() || item.called_off => Pending::Nothing,
            None => Pending::Cancel,
        };
        item.mark = self.worker.mark();
        if item.pending != Pending::Nothing && !item.queued {
            item.queued = true;
            item.waited = false;
            self.outbox.push_back(id);
        }
        self.await_commit(id);
    }

    /// Waits for the point of no return of an item, if it has one.
    pub(super) fn await_commit(&mut self, id: ItemId) {
        let Some(item) = self.items.get(id) else { return };
        let no_return =
            item.held.chute.map(|chute| fire_travel(&self.worker, item.origin, chute) - self.margin);
        self.arm(id, no_return.unwrap_or(i64::MAX));
    }

    /// The point of no return of an item.
    pub(super) fn commit(&mut self, now: Micros, id: ItemId, watch: &mut impl Watch) {
        let Some(item) = self.items.get_mut(id).filter(|item| !item.committed) else { return };
        let Some(identity) = item.identity else { return };
        self.worker.about(self.cause, item.weight);
        if self.worker.commit(id, now, &identity, &item.held) == Commit::Done {
            item.committed = true;
            watch.committed(&commit_note(&self.worker, now, item));
            return;
        }
        let before = item.held.chute;
        let state = before.and_then(|chute| self.worker.chutes().get(chute));
        if let Some(Err(no_room)) = state.map(|state| state.takes_ordered(now)) {
            item.held.reason = no_room.reason();
        }
        self.decide(now, id, &[], watch);
        let Some(item) = self.items.get_mut(id).filter(|item| item.held.chute == before) else { return };
        let Some(identity) = item.identity else { return };
        item.committed = self.worker.commit(id, now, &identity, &item.held) == Commit::Done;
        if item.committed {
            watch.committed(&commit_note(&self.worker, now, item));
        } else {
            // It may not go there and was decided too often to go elsewhere: no divert is safer than a wrong one.
            item.held.chute = None;
            item.held.reason = Reason::LateOrder;
            self.order(now, id);
        }
    }

    /// An item is done with: its orders end with it.
    pub(super) fn finish(&mut self, now: Micros, id: ItemId, fate: Fate) {
        self.assemblies.remove(id);
        let Some(mut item) = self.items.remove(id) else {
            self.count_stranger();
            return;
        };
        self.compare_end(now, &item, fate);
        if item.queued {
            self.outbox.retain(|queued| *queued != id);
        }
        self.worker.about(self.cause, item.weight);
        if let Pending::Divert(chute) = item.pending {
            self.worker.order_ended(id, now, chute, &item.held, OrderEnd::WithItem);
        }
        while let Some((_, chute)) = item.orders.pop() {
            self.worker.order_ended(id, now, chute, &item.held, OrderEnd::WithItem);
        }
        self.worker.finish(id, now, &item.held, fate, item.weight);
    }

    /// The diverter fired and the item stayed: it runs off and comes back.
    fn missed(&mut self, now: Micros, id: ItemId, chute: ChuteId) {
        let Some(item) = self.items.get_mut(id) else {
            self.count_stranger();
            return;
        };
        if item.take_order_to(chute).is_some() {
            self.give_up(now, id, chute, Reason::MissedDivert);
        }
    }

    /// An order to `chute` is over without a divert. Gives whether the item may be decided again.
    ///
    /// Where it was the replacement of an earlier order, that one is in force again.
    pub(super) fn give_up(&mut self, now: Micros, id: ItemId, chute: ChuteId, reason: Reason) -> bool {
        let Some(item) = self.items.get_mut(id) else { return false };
        if item.orders.is_empty() && item.pending == Pending::Cancel {
            item.pending = Pending::Nothing;
        }
        let ordered = item.ordered();
        self.worker.about(self.cause, item.weight);
        if item.held.chute.is_none_or(|held| ordered == Some(held)) {
            // What was decided since stands: a later order, or none.
            self.worker.order_ended(id, now, chute, &item.held, OrderEnd::Replaced);
            return false;
        }
        self.worker.order_ended(id, now, chute, &item.held, OrderEnd::ItemGoesOn);
        item.held.chute = ordered;
        item.held.reason = reason;
        item.committed = false;
        let no_return = ordered.map(|chute| fire_travel(&self.worker, item.origin, chute) - self.margin);
        let passed = no_return.is_some_and(|no_return| no_return < self.belt.travel);
        if passed {
            // The earlier order can no longer be changed with certainty.
            self.counters.recalls += 1;
        }
        self.arm(id, no_return.filter(|_| !passed).unwrap_or(i64::MAX));
        !passed
    }

    /// The PLC refused an order.
    fn refused(&mut self, now: Micros, id: ItemId, why: Refusal, order: Seq, watch: &mut impl Watch) {
        if why == Refusal::Late {
            self.counters.late_orders += 1;
        } else {
            self.counters.refused += 1;
        }
        let Some(item) = self.items.get_mut(id) else { return };
        let Some(chute) = item.take_order(order) else {
            // A cancellation has no place reserved. That it found its order fired makes it a recall.
            self.counters.recalls += u64::from(why == Refusal::AlreadyFired);
            return;
        };
        if why == Refusal::ChuteNotAvailable {
            self.turned_down(now, chute);
        }
        let reason = if why == Refusal::Late { Reason::LateOrder } else { Reason::ChuteDisabled };
        if !self.give_up(now, id, chute, reason) {
            return;
        }
        let again = match why {
            Refusal::Late | Refusal::ChuteNotAvailable | Refusal::NotRunning => true,
            // The same order would be refused again, but an earlier one has to be looked at.
            Refusal::NoSuchChute | Refusal::TableFull => {
                self.items.get(id).is_some_and(|item| item.held.chute.is_some())
            }
            Refusal::UnknownItem | Refusal::AlreadyFired => false,
        };
        if again {
            self.decide(now, id, &[], watch);
        }
    }

    /// A taken order ended without a divert.
    fn ended(&mut self, now: Micros, id: ItemId, ending: Ending, order: Seq, watch: &mut impl Watch) {
        let Some(item) = self.items.get_mut(id) else { return };
        let Some(chute) = item.take_order(order) else { return };
        self.worker.about(self.cause, item.weight);
        match ending {
            Ending::Replaced | Ending::Cancelled => {
                self.worker.order_ended(id, now, chute, &item.held, OrderEnd::Replaced);
            }
            Ending::ItemGone => {
                self.worker.order_ended(id, now, chute, &item.held, OrderEnd::WithItem);
            }
            Ending::ChuteNotAvailable | Ending::BeltStopped => {
                if ending == Ending::ChuteNotAvailable {
                    self.turned_down(now, chute);
                }
                if self.give_up(now, id, chute, Reason::ChuteDisabled) {
                    self.decide(now, id, &[], watch);
                }
            }
        }
    }
}
