//! What leaves a controller, and what holds it back: the PLC, its ring of orders, and the journal.
//!
//! Where the engine keeps a journal, an order goes out only when the record of the decision behind it is durable. It
//! waits in the outbox, in its place: an order never overtakes another one. What replaces it while it waits takes its
//! place, so the PLC never hears of it. What becomes late while it waits is given up as any late order is. Where it is
//! to replace an order that is in force and the journal takes longer than was planned for, the order in force is
//! cancelled at once: a cancellation leads nowhere, so it needs no record, and an item that runs off comes back.
//!
//! What the PLC reported is acknowledged only when the records of what it caused are durable, also those that others
//! than the worker made, such as the notes of containers. Scan records wait besides until those of their item, and
//! of the items before it, are complete, since what is gathered of an item is in no journal; but never longer than the
//! window of the PLC has room, for an item may have more records than that. Then the journal gets what was gathered, as a
//! note, and a host that comes after this one goes on with it.
//!
//! While the journal does not write, nothing goes out, nothing is acknowledged and induction is closed, so that the belt
//! runs empty. While it is slow, induction is throttled.

use std::collections::VecDeque;

use sorter_core::engine::Worker;
use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::journal::{Health, Lane, Mark, Note};
use sorter_core::layout::Layout;
use sorter_core::reason::Reason;
use sorter_core::units::{Grams, Micros, Pulses};

use super::items::{Item, Pending};
use super::throttle::{Load, Throttle, ThrottleStep};
use super::{Cause, Controller, ControllerConfig, Watch, fire_travel};
use crate::contract::{EVENT_SLOTS, ORDER_SLOTS, Order, OrderOp, SCAN_SLOTS, Seq};
use crate::exchange::Delivered;
use crate::host::Ready;

/// Moments whose records are not durable that are told apart; more are joined.
const MOMENTS: usize = 256;

/// How the journal of one sorter stands, and what waits for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneStatus {
    /// Whether it writes.
    pub health: Health,
    /// Records of this sorter that are not durable, the room for them, and how long the oldest has waited.
    pub load: Load,
    /// How far induction is throttled.
    pub step: ThrottleStep,
    /// Orders that wait for it now.
    pub waiting: u32,
    /// Cycles in which induction was slowed down since the start.
    pub throttled: u64,
    /// Cycles in which induction was closed since the start, because it was too slow or did not write.
    pub closed: u64,
}

/// What is noted about a hand-over until it is safe.
#[derive(Clone, Copy, Debug)]
struct Taken {
    mark: Mark,
    /// The same of those who are no worker.
    hub: Mark,
    up_to: Delivered,
}

/// What holds orders and acknowledgements back.
#[derive(Debug)]
pub(super) struct Gate {
    /// The last order that was sent.
    sent: Seq,
    /// The last order that the PLC has acknowledged, while it takes orders.
    open: Option<Seq>,
    /// How far the lane had come when, as far as that is not durable.
    moments: VecDeque<(Mark, Micros)>,
    noted: Mark,
    throttle: Throttle,
    /// What was handed over and is not safe yet.
    taken: VecDeque<Taken>,
    last_taken: Option<Delivered>,
    safe: Option<Delivered>,
    throttled: u64,
    closed: u64,
}

impl Gate {
    pub(super) fn new(layout: &Layout, config: &ControllerConfig) -> Self {
        let rated = u16::try_from(layout.rated_per_hour() / 60).unwrap_or(u16::MAX);
        Self {
            sent: Seq::NONE,
            open: None,
            moments: VecDeque::with_capacity(MOMENTS),
            noted: Mark::default(),
            throttle: Throttle::new(config.throttle, rated),
            taken: VecDeque::with_capacity(EVENT_SLOTS + SCAN_SLOTS + 1),
            last_taken: None,
            safe: None,
            throttled: 0,
            closed: 0,
        }
    }

    /// The PLC takes orders and has acknowledged up to this one, or takes none.
    pub(super) const fn open_for(&mut self, ack: Option<Seq>) {
        self.open = ack;
    }

    /// The session has ended: orders begin at 1 in the next one.
    pub(super) const fn close(&mut self) {
        self.open = None;
        self.sent = Seq::NONE;
    }

    /// Notes how far the journal has come.
    pub(super) fn note(&mut self, now: Micros, worker: &Worker) {
        let Some(lane) = worker.lane() else { return };
        while self.moments.front().is_some_and(|(mark, _)| lane.is_safe(*mark)) {
            self.moments.pop_front();
        }
        let mark = lane.mark();
        if mark == self.noted || lane.is_safe(mark) {
            return;
        }
        self.noted = mark;
        if self.moments.len() == MOMENTS
            && let Some(last) = self.moments.back_mut()
        {
            // It counts as old as the oldest of them.
            last.0 = mark;
            return;
        }
        self.moments.push_back((mark, now));
    }

    fn load(&self, now: Micros, lane: &Lane) -> Load {
        let age = self.moments.front().map_or(Micros::ZERO, |(_, since)| now.saturating_since(*since));
        Load { backlog: lane.backlog(), capacity: lane.capacity(), age }
    }

    /// Gives what is safe of what was handed over.
    fn safe(&mut self, worker: &Worker) -> Option<Delivered> {
        let book = worker.engine().book();
        while let Some(taken) = self.taken.front().copied() {
            let hub = book.is_none_or(|book| book.is_safe(taken.hub));
            if !hub || !worker.is_safe(taken.mark) {
                break;
            }
            self.safe = Some(taken.up_to);
            self.taken.pop_front();
        }
        self.safe
    }
}

impl Controller {
    /// Sends orders that waited for the journal and need not wait any more. To be called as often as the journal moves
    /// on between two polls: without a journal, and where nothing waits, it does nothing.
    pub fn release(&mut self, now: Micros, orders: &mut Vec<Order>, watch: &mut impl Watch) {
        if self.worker.lane().is_none() {
            return;
        }
        self.gate.note(now, &self.worker);
        if self.outbox.is_empty() {
            return;
        }
        let first = orders.len();
        self.cause = Cause::NONE;
        self.send(now, orders);
        if orders.len() > first {
            watch.ordered(now, &orders[first..]);
        }
    }

    /// A cycle begins: what [`Host::ready`](crate::host::Host::ready) asks for.
    pub fn ready(
        &mut self,
        now: Micros,
        accepts_orders: bool,
        orders: &mut Vec<Order>,
        watch: &mut impl Watch,
    ) -> Ready {
        if accepts_orders {
            self.release(now, orders, watch);
        }
        if self.worker.lane().is_none() {
            return Ready { safe: self.gate.safe(&self.worker), ..Ready::default() };
        }
        self.gate.note(now, &self.worker);
        let well = self.is_well();
        let gate = &mut self.gate;
        if let Some(lane) = self.worker.lane() {
            gate.throttle.update(now, gate.load(now, lane));
        }
        let permit = well && gate.throttle.permits();
        let limit = gate.throttle.limit();
        gate.closed += u64::from(!permit);
        gate.throttled += u64::from(permit && limit.is_some());
        let safe = if well { gate.safe(&self.worker) } else { None };
        Ready { safe, permit, limit, journal: self.journal(now) }
    }

    /// How the journal stands, where there is one.
    pub fn journal(&self, now: Micros) -> Option<LaneStatus> {
        let lane = self.worker.lane()?;
        Some(LaneStatus {
            health: lane.health(),
            load: self.gate.load(now, lane),
            step: self.gate.throttle.step(),
            waiting: u32::try_from(self.outbox.len()).unwrap_or(u32::MAX),
            throttled: self.gate.throttled,
            closed: self.gate.closed,
        })
    }

    /// What was handed over up to here has been taken in; see [`Host::delivered`](crate::host::Host::delivered).
    pub fn delivered(&mut self, mut up_to: Delivered) {
        let before = self.gate.last_taken.filter(|last| last.same_session(&up_to));
        if before.is_none() {
            self.assemblies.renumber();
        }
        up_to.scans = self.gathered(before.map_or(Seq::NONE, |last| last.scans), up_to.scans);
        if before == Some(up_to) {
            return;
        }
        if before.is_none() {
            self.gate.taken.clear();
        }
        self.gate.last_taken = Some(up_to);
        let hub = self.worker.engine().book().map(sorter_core::journal::Book::mark).unwrap_or_default();
        self.gate.taken.push_back(Taken { mark: self.worker.mark(), hub, up_to });
    }

    /// The last scan record before those of an item that is not decided by them yet. What came more than a belt length
    /// ago does not count: its item has ended.
    fn gathered(&mut self, before: Seq, taken: Seq) -> Seq {
        let layout = self.worker.engine().layout();
        let oldest = self.belt.travel - i64::from(layout.pulses(layout.exit_eye()).get());
        while let Some(first) = self.assemblies.first_since(oldest, before) {
            let mut safe = before;
            while first != Seq::NONE && safe != taken && safe.next() != first {
                safe = safe.next();
            }
            if safe != before || usize::from(before.distance_to(taken)) < SCAN_SLOTS {
                return safe;
            }
            // The window of the PLC is full, so what is missing of this item would never come.
            self.let_go(first);
        }
        taken
    }

    /// Has the journal note what there is of the items that are half read, in the place of the records that wait from this
    /// number on.
    fn let_go(&mut self, first: Seq) {
        let boot = self.before.boot().unwrap_or_default();
        let book = self.worker.lane().and_then(|_| self.worker.engine().book());
        for half in self.assemblies.let_go(first) {
            let item = self.items.get(half.item());
            let Some(book) = book.filter(|_| item.is_none_or(Item::awaits_codes)) else { continue };
            let ago = i32::try_from(half.since() - self.belt.travel).unwrap_or(i32::MIN);
            let since = self.belt.count.advanced_by(Pulses::new(ago));
            let inducted_at = item.map(|item| item.inducted_at);
            book.note(Note::Scanned(half.note((self.worker.sorter(), boot), inducted_at, since)));
            self.counters.half_read += 1;
        }
    }

    /// Whether the journal writes, or there is none.
    fn is_well(&self) -> bool {
        self.worker.lane().is_none_or(|lane| lane.health() == Health::Well)
    }

    /// Sends what is pending, as far as the ring has room and the journal has come. In shadow mode nothing is sent and
    /// there is no ring.
    pub(super) fn send(&mut self, now: Micros, orders: &mut Vec<Order>) {
        let Some(ack) = self.gate.open else { return };
        let travel = self.travel_by(now);
        let well = self.is_well();
        while self.shadow.is_some() || usize::from(ack.distance_to(self.gate.sent)) < ORDER_SLOTS {
            let Some(id) = self.outbox.front().copied() else { return };
            let mark = self.items.get(id).map_or_else(Mark::default, |item| item.mark);
            if self.shadow.is_none() && !(well && self.worker.is_safe(mark)) {
                self.wait(now, travel, ORDER_SLOTS - usize::from(ack.distance_to(self.gate.sent)));
                self.call_off(now, ack, orders);
                return;
            }
            self.outbox.pop_front();
            self.send_one(now, id, travel, orders);
        }
    }

    fn send_one(&mut self, now: Micros, id: ItemId, travel: i64, orders: &mut Vec<Order>) {
        let Some(item) = self.items.get_mut(id) else { return };
        item.queued = false;
        let op = match std::mem::replace(&mut item.pending, Pending::Nothing) {
            Pending::Nothing => return,
            Pending::Cancel => OrderOp::Cancel,
            Pending::Divert(chute) => OrderOp::Divert { chute },
        };
        let divert = if let OrderOp::Divert { chute } = op { Some(chute) } else { None };
        if let Some(chute) = divert {
            let fire = fire_travel(&self.worker, item.origin, chute);
            if fire - self.last_call < travel {
                self.too_late(now, id, chute);
                return;
            }
        }
        self.counters.orders += 1;
        if self.shadow.is_some() {
            self.suppose(now, id, divert);
            return;
        }
        self.gate.sent = self.gate.sent.next();
        if let Some(chute) = divert {
            item.called_off = false;
            item.orders.push((self.gate.sent, chute));
        }
        orders.push(Order { seq: self.gate.sent, item: id, op, target: None });
    }

    /// While the journal does not write, or takes longer than was planned for: cancels the orders in force of the items
    /// whose next orders wait for it, as far as the ring has room.
    fn call_off(&mut self, now: Micros, ack: Seq, orders: &mut Vec<Order>) {
        self.gate.note(now, &self.worker);
        let Some(lane) = self.worker.lane() else { return };
        if lane.health() == Health::Well && self.gate.load(now, lane).age <= self.config.journal_lag {
            return;
        }
        for place in 0..self.outbox.len() {
            if usize::from(ack.distance_to(self.gate.sent)) >= ORDER_SLOTS {
                return;
            }
            let Some(item) = self.items.get_mut(self.outbox[place]) else { continue };
            if item.orders.is_empty() || std::mem::replace(&mut item.called_off, true) {
                continue;
            }
            if item.pending == Pending::Cancel {
                item.pending = Pending::Nothing;
            }
            self.counters.orders += 1;
            self.counters.called_off += 1;
            self.gate.sent = self.gate.sent.next();
            orders.push(Order { seq: self.gate.sent, item: item.id, op: OrderOp::Cancel, target: None });
        }
    }

    /// An order was not sent in time.
    fn too_late(&mut self, now: Micros, id: ItemId, chute: ChuteId) {
        self.counters.late_orders += 1;
        self.counters.late_held_orders += u64::from(self.items.get(id).is_some_and(|item| item.waited));
        self.give_up(now, id, chute, Reason::LateOrder);
        self.worker.about(Cause::NONE, Grams::ZERO);
    }

    /// The orders in the outbox wait for the journal. Of those that the ring has room for, the ones that it comes too late
    /// for are given up.
    fn wait(&mut self, now: Micros, travel: i64, room: usize) {
        for place in (0..self.outbox.len()).rev() {
            let Some(item) = self.items.get_mut(self.outbox[place]) else { continue };
            if std::mem::replace(&mut item.waited, true) {
                break;
            }
            self.counters.held_orders += 1;
        }
        let mut in_time = 0;
        while in_time < room {
            let Some(id) = self.outbox.get(in_time).copied() else { return };
            let Some(chute) = self.take_late(id, travel) else {
                in_time += 1;
                continue;
            };
            self.outbox.remove(in_time);
            self.too_late(now, id, chute);
        }
    }

    /// Takes what is pending of an item if it is too late for it.
    fn take_late(&mut self, id: ItemId, travel: i64) -> Option<ChuteId> {
        let item = self.items.get_mut(id)?;
        let Pending::Divert(chute) = item.pending else { return None };
        if fire_travel(&self.worker, item.origin, chute) - self.last_call >= travel {
            return None;
        }
        item.queued = false;
        item.pending = Pending::Nothing;
        Some(chute)
    }
}
