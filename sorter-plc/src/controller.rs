//! The controller loop of one sorter: events and scans in, orders out.
//!
//! It does no I/O and reads no clock. Call [`Controller::poll`] with what the PLC reported and send what it
//! puts into the orders; call it again when something was reported or when [`Controller::next_due`] is reached.
//!
//! The life of an item: it is inducted, its scan records are gathered, [`Worker::decide`] names a chute, the
//! order goes out, the point of no return commits it, and one of discharged, left or lost ends it. An order
//! that ends earlier opens the decision again, as long as a chute is still ahead.

mod assembly;
mod attended;
mod belt;
mod chutes;
mod gate;
mod items;
mod recovery;
mod resync;
mod shadow;
mod steps;
mod throttle;
mod unheard;
mod watch;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use sorter_core::engine::{Decision, Worker};
use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::journal::Cause;
use sorter_core::reason::Reason;
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres, Pulses};

use crate::contract::{EventRecord, Order, PlantImage, ScanRecord, StateBits, Status};
use assembly::Assemblies;
pub use attended::Attended;
use belt::BeltCount;
use chutes::Images;
use gate::Gate;
pub use gate::LaneStatus;
use items::Items;
use recovery::Before;
use resync::Roll;
pub use shadow::{DIFFERENCES_KEPT, Difference, ShadowReport};
pub use throttle::{Load, Throttle, ThrottleConfig, ThrottleStep};
use unheard::LastHeard;
pub use watch::{DecisionNote, ResyncNote, Watch};

/// Decisions about one item in one pass; after so many it runs off.
const MAX_DECISIONS: u8 = 8;

/// Whether a controller is in charge of its sorter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ControllerMode {
    /// It gives the orders.
    #[default]
    Control,
    /// Another controller does. It decides and commits as usual, in books of its own, orders nothing, and counts
    /// where the two differ: [`Controller::shadow`].
    Shadow,
}

/// How a controller works, and the times of the exchange that the point of no return depends on.
#[derive(Clone, Copy, Debug)]
pub struct ControllerConfig {
    /// Period of the host cycle.
    pub host_period: Micros,
    /// How long a request may take.
    pub request_deadline: Micros,
    /// Whether it gives orders.
    pub mode: ControllerMode,
    /// How long it usually takes until a record is durable, where the engine keeps a journal. An order that replaces
    /// another one waits for that long before it goes out, so the point of no return is that much earlier; without a
    /// journal it counts as nothing. Default 10 ms: a group commit of 2 ms, a sync of 4 ms, and room.
    pub journal_lag: Micros,
    /// When induction is slowed down because the journal falls behind.
    pub throttle: ThrottleConfig,
}

impl Default for ControllerConfig {
    /// In control, with a period of 10 ms and a request deadline of 100 ms, the defaults of the contract.
    fn default() -> Self {
        Self {
            host_period: Micros::from_millis(10),
            request_deadline: Micros::from_millis(100),
            mode: ControllerMode::Control,
            journal_lag: Micros::from_millis(10),
            throttle: ThrottleConfig::default(),
        }
    }
}

/// What the PLC reported since the last poll.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The cyclic status.
    pub status: &'a Status,
    /// New events, in their order.
    pub events: &'a [EventRecord],
    /// New scan records, in their order.
    pub scans: &'a [ScanRecord],
    /// The PLANT image, when it was read. It is due after a CHUTE event and every second.
    pub plant: Option<&'a PlantImage>,
    /// Whether the session is open and orders may be given. While it is not, events may be about items that the
    /// controller never knew.
    pub accepts_orders: bool,
}

/// What the controller counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Orders that came too late: not sent, or refused as late by the PLC.
    pub late_orders: u64,
    /// Orders sent; in shadow mode those that would have been.
    pub orders: u64,
    /// Orders refused for other reasons.
    pub refused: u64,
    /// Diverts that failed.
    pub missed: u64,
    /// Items that left at the end of the belt.
    pub recirculations: u64,
    /// Discharges into another chute than ordered.
    pub strayed: u64,
    /// Events and BELT entries about items that are not known or cannot be. After a clean start there are none.
    pub unknown_items: u64,
    /// Events about items that are not known, from before the belt was compared or while another host is in
    /// charge.
    pub foreign_events: u64,
    /// Restarts of the PLC.
    pub restarts: u64,
    /// Sessions whose belt was compared.
    pub resyncs: u64,
    /// Items whose end is not known: a restart forgot them, or they were gone when the belt was compared.
    pub forgotten: u64,
    /// Items that were on the belt when it was compared and that nobody here saw enter.
    pub found: u64,
    /// Times that the PLC missed the heartbeat of its host.
    pub host_lost: u64,
    /// Times that the PLC said that the belt does not run.
    pub stops: u64,
    /// Items of a loop that passed an induction again.
    pub laps: u64,
    /// Jams that began.
    pub jams: u64,
    /// Changes that came after the point of no return.
    pub recalls: u64,
    /// Items whose scan records were given up: too many others came first, or their item had ended long ago.
    pub dropped_scans: u64,
    /// Orders that were not sent in the poll that made them, since the journal had not their records yet.
    pub held_orders: u64,
    /// Those among the late orders that became late while they waited for the journal.
    pub late_held_orders: u64,
    /// Orders in force that were cancelled since the journal held the next ones back for too long.
    pub called_off: u64,
    /// Events that came again after a crash of the host, which the journal had: they changed nothing.
    pub repeated_events: u64,
    /// Scan records that came again in a new session, of items whose first ones did not: they changed nothing.
    pub repeated_scans: u64,
    /// Times that what was read of an item went to the journal before it was decided, since the window of the PLC had no
    /// room for the rest.
    pub half_read: u64,
    /// Items whose reading an earlier host had begun.
    pub resumed_reads: u64,
}

/// The controller of one sorter.
pub struct Controller {
    worker: Worker,
    config: ControllerConfig,
    items: Items,
    assemblies: Assemblies,
    /// When something has to be done about which item; entries of items that moved on are stale.
    deadlines: BinaryHeap<Reverse<(i64, ItemId)>>,
    outbox: VecDeque<ItemId>,
    gate: Gate,
    /// What stands behind the calls of the worker: the event that is being taken in.
    cause: Cause,
    /// What an earlier host left behind.
    before: Before,
    /// Items whose codes nobody had announced when they were decided.
    unknown: Vec<ItemId>,
    late_codes: u32,
    belt: BeltCount,
    /// An item whose scan records are not complete at this position is decided by those that came.
    blind_at: Millimetres,
    /// Pulses between the point of no return and the fire point.
    margin: i64,
    /// Pulses before the fire point at which an order that goes out now is sure to be taken: the margin without what
    /// the belt moves while a journal writes.
    last_call: i64,
    heard: LastHeard,
    images: Images,
    /// Whether the belt was compared since the PLC last restarted.
    synced: bool,
    /// Whether events may be about items that nobody here saw enter.
    may_meet_strangers: bool,
    /// Whether scan records may wait in the PLC since the time when nobody took them.
    catching_up: bool,
    shadow: Option<ShadowReport>,
    roll: Roll,
    counters: Counters,
}

impl Controller {
    /// A controller with an empty belt, or with the items that the worker has recovered from a journal. Those keep
    /// what was decided about them, and nothing is ordered before the belt was compared.
    pub fn new(mut worker: Worker, config: ControllerConfig) -> Self {
        let recovered = worker.take_recovered();
        let layout = worker.engine().layout();
        // Events of items that ended may wait unacknowledged while new items enter.
        let capacity = layout.belt_capacity().saturating_mul(2);
        let first_chute = layout.chutes().first().map_or(layout.exit_eye(), |chute| chute.position);
        let blind_at = Millimetres::new(i32::midpoint(layout.scale().get(), first_chute.get()));
        let mut controller = Self {
            items: Items::new(capacity),
            assemblies: Assemblies::new(),
            deadlines: BinaryHeap::with_capacity(usize::from(capacity) * 4),
            unknown: Vec::with_capacity(usize::from(capacity)),
            late_codes: 0,
            outbox: VecDeque::with_capacity(usize::from(capacity)),
            gate: Gate::new(layout, &config),
            cause: Cause::NONE,
            before: Before::default(),
            belt: BeltCount::default(),
            blind_at,
            margin: 0,
            last_call: 0,
            heard: LastHeard::default(),
            images: Images::new(layout.chutes().len()),
            synced: true,
            may_meet_strangers: false,
            catching_up: false,
            shadow: (config.mode == ControllerMode::Shadow).then(ShadowReport::default),
            roll: Roll::new(capacity),
            counters: Counters::default(),
            config,
            worker,
        };
        if let Some(recovered) = recovered {
            controller.restore(recovered);
        }
        controller
    }

    /// The times of the link that it stands behind. Its point of no return counts on these where they are longer than
    /// those that it was configured with.
    pub fn timed(&mut self, period: Micros, deadline: Micros) {
        self.config.host_period = self.config.host_period.max(period);
        self.config.request_deadline = self.config.request_deadline.max(deadline);
    }

    /// The worker, with its chutes, balance and tally.
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// The worker, for the people of the hall who open and close containers.
    pub fn worker_mut(&mut self) -> &mut Worker {
        &mut self.worker
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        let (dropped_scans, repeated_scans) = (self.assemblies.dropped, self.assemblies.repeated);
        Counters { dropped_scans, repeated_scans, ..self.counters }
    }

    /// Items that the controller has on its belt.
    pub fn items_on_belt(&self) -> usize {
        self.items.len()
    }

    /// The encoder count at which [`Controller::poll`] has something to do even when nothing is reported.
    pub fn next_due(&mut self) -> Option<EncoderCount> {
        while let Some(Reverse((travel, item))) = self.deadlines.peek() {
            if self.items.get(*item).is_some_and(|known| known.deadline == *travel) {
                let ahead = i32::try_from(travel - self.belt.travel).unwrap_or(i32::MAX);
                return Some(self.belt.count.advanced_by(Pulses::new(ahead)));
            }
            self.deadlines.pop();
        }
        None
    }

    /// Takes in what the PLC reported and appends the orders to send. Never more than the ring has slots for, and
    /// none while the session is not open, the belt does not run, or the belt was not compared after a restart.
    pub fn poll(
        &mut self,
        now: Micros,
        inputs: &Inputs<'_>,
        orders: &mut Vec<Order>,
        watch: &mut impl Watch,
    ) {
        watch.reported(now, inputs);
        let before = self.belt.travel;
        self.cause = Cause::NONE;
        self.note_session(now, inputs.status);
        self.belt.advance_to(inputs.status.encoder);
        self.measure(inputs.status);
        self.heard = LastHeard::of(now, inputs.status, self.worker.engine().layout());
        self.may_meet_strangers = !inputs.accepts_orders || !self.synced;
        self.worker.about(Cause::NONE, Grams::ZERO);
        self.worker.attend(now);
        // What fired while nobody looked was beyond recall before it ended.
        if self.belt.travel > before + self.margin {
            self.commit_passed(now, self.belt.travel - self.margin, watch);
        }
        if let Some(plant) = inputs.plant {
            self.show_unseen(now, plant, inputs.events);
        }
        for record in inputs.events {
            self.event(now, record, inputs.plant, watch);
        }
        if let Some(plant) = inputs.plant {
            self.observe_chutes(now, plant);
        }
        self.show_early(now);
        for record in inputs.scans {
            if self.assemblies.take(record, self.belt.travel) && self.items.get(record.item).is_some() {
                self.decide_scanned(now, record.item, watch);
            }
        }
        self.look_again(now, watch);
        let all_taken = inputs.scans.is_empty() && inputs.status.scan_backlog == 0;
        self.catching_up =
            self.shadow.is_none() && (!inputs.accepts_orders || self.catching_up && !all_taken);
        self.meet_deadlines(now, watch);
        let first = orders.len();
        self.gate.open_for(self.may_send(inputs).then_some(inputs.status.order_ack));
        self.send(now, orders);
        self.gate.note(now, &self.worker);
        self.worker.about(Cause::NONE, Grams::ZERO);
        watch.ordered(now, &orders[first..]);
    }

    /// Works out the margins for a belt as the status shows it.
    fn measure(&mut self, status: &Status) {
        let layout = self.worker.engine().layout();
        let journal_lag = if self.worker.lane().is_some() { self.config.journal_lag } else { Micros::ZERO };
        self.last_call = belt::margin(layout, &self.config, status, Micros::ZERO);
        self.margin = belt::margin(layout, &self.config, status, journal_lag);
    }

    /// Whether the PLC takes orders now; in shadow mode, whether it would take those of another host.
    fn may_send(&self, inputs: &Inputs<'_>) -> bool {
        if self.shadow.is_some() {
            return inputs.status.state.has(StateBits::RUNNING);
        }
        self.synced && inputs.accepts_orders && inputs.status.state.has(StateBits::RUNNING | StateBits::LIVE)
    }

    /// Decides an item whose scan records are complete. Records that come after it was decided blind change
    /// that decision as long as it is not committed.
    fn decide_scanned(&mut self, now: Micros, id: ItemId, watch: &mut impl Watch) {
        let Some(assembly) = self.assemblies.remove(id) else { return };
        let codes = assembly.codes();
        let Some(item) = self.items.get_mut(id) else { return };
        item.weight = assembly.weight();
        if let Some(identity) = item.identity {
            let news = !codes.is_empty() && identity.parcel() == Err(Reason::NoRead);
            if item.committed || !news {
                self.counters.recalls += u64::from(item.committed && news);
                return;
            }
        }
        self.decide(now, id, &codes, watch);
    }

    /// Notes at which belt travel something has to be done about an item; `i64::MAX` is never.
    fn arm(&mut self, id: ItemId, travel: i64) {
        let Some(item) = self.items.get_mut(id) else { return };
        item.deadline = travel;
        if travel == i64::MAX {
            return;
        }
        if self.deadlines.len() == self.deadlines.capacity() {
            // Only stale entries can be so many: live ones are at most a few for each item.
            let items = &self.items;
            self.deadlines
                .retain(|Reverse((travel, id))| items.get(*id).is_some_and(|item| item.deadline == *travel));
        }
        self.deadlines.push(Reverse((travel, id)));
    }

    /// Does what is due at the present belt travel: commits, and items that the tunnel said nothing about.
    fn meet_deadlines(&mut self, now: Micros, watch: &mut impl Watch) {
        while let Some(Reverse((travel, id))) = self.deadlines.peek().copied() {
            if travel > self.belt.travel {
                return;
            }
            self.deadlines.pop();
            let Some(item) = self.items.get_mut(id).filter(|item| item.deadline == travel) else { continue };
            item.deadline = i64::MAX;
            if item.identity.is_none() && self.catching_up {
                // The events of a new session come before its scan records, and this item's may be among these.
                let next = self.belt.travel + 1;
                self.arm(id, next);
            } else if item.identity.is_none() {
                match self.assemblies.remove(id) {
                    Some(partial) => {
                        item.weight = partial.weight();
                        self.decide(now, id, &partial.codes(), watch);
                    }
                    None => self.decide(now, id, &[], watch),
                }
            } else {
                self.commit(now, id, watch);
            }
        }
    }
}

/// The belt travel at which the diverter of a chute has to fire for an item.
fn fire_travel(worker: &Worker, origin: i64, chute: ChuteId) -> i64 {
    let layout = worker.engine().layout();
    let position = layout.chutes().get(chute.index()).map_or(Millimetres::ZERO, |chute| chute.position);
    origin + i64::from(layout.pulses(position).get())
}

/// The note of a decision.
fn note(at: Micros, item: ItemId, decision: &Decision) -> DecisionNote {
    DecisionNote {
        at,
        item,
        parcel: decision.identity.parcel().ok(),
        chute: decision.assigned.chute,
        reason: decision.assigned.reason,
        plan: decision.plan,
    }
}

/// The note of a commit.
fn commit_note(worker: &Worker, at: Micros, item: &items::Item) -> DecisionNote {
    DecisionNote {
        at,
        item: item.id,
        parcel: item.held.claim.map(|claim| claim.parcel),
        chute: item.held.chute,
        reason: item.held.reason,
        plan: worker.plan_seen(),
    }
}
