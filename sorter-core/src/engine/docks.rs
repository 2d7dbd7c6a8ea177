//! The containers at the chutes of one sorter, and the chutes that change their destination.
//!
//! A container stands at a chute from the moment at which the PLC sees it there until the PLC sees the next
//! one: what slides in while it is being taken away is put into it by hand. It takes orders from the scan of
//! its licence plate on, until it is full, closed by hand, taken away, or its departure closes.
//!
//! # Changeover
//! A chute changes its destination when the plan in force gives it another assignment than it has. It drains
//! first: it gets no further orders, and those that it has still come or end. It serves the new destination
//! as soon as nothing is ordered to it any more and the container that stands there is empty, which is the
//! next one if parcels were put into this one. A plan that takes the change back before that ends it at once.

mod restore;
mod serving;

use std::sync::Arc;

use serving::Serving;

use super::decision::Assigned;
use super::desk::{Desk, leads_out};
use super::pen::Line;
use super::worker::Worker;
use super::{ContainerPolicy, Engine};
use crate::chute::{ChuteBank, ChuteState, Dock, Gate};
use crate::container::{
    Binding, ContainerKind, ContainerState, Content, LicencePlate, Manifest, ManifestEntry, OpenError, Yard,
};
use crate::departure::{Departure, Timetable};
use crate::event_log::LogKind;
use crate::ids::{ChuteId, ContainerId, DepartureId, SorterId};
use crate::journal::{Record, RecordKind};
use crate::plan::{ChuteRole, Plan};
use crate::units::Micros;

/// Why a container cannot be opened, closed or taken away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// The sorter has no such chute.
    #[error("{0} does not exist on this sorter")]
    NoSuchChute(ChuteId),
    /// The hub keeps no books on containers.
    #[error("containers have no licence plates in this hub; build its engine with plated containers")]
    Anonymous,
    /// Nothing stands at the chute.
    #[error("no container stands at {0}; put one there first")]
    NoContainer(ChuteId),
    /// The container has its plate already.
    #[error("the container at {chute} is open already as {plate}")]
    AlreadyOpen {
        /// The chute.
        chute: ChuteId,
        /// Its plate.
        plate: LicencePlate,
    },
    /// The chute has to drain first.
    #[error("{chute} is changing its destination and {orders} ordered parcels are still on their way to it")]
    Draining {
        /// The chute.
        chute: ChuteId,
        /// Orders on their way.
        orders: u16,
    },
    /// The yard refuses the plate.
    #[error(transparent)]
    Plate(#[from] OpenError),
}

/// Why people should change the container at a chute now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SwapCause {
    /// The departure of the container is closed.
    DepartureClosed,
    /// The chute is changing its destination.
    Changeover,
}

/// One chute with what stands there.
#[derive(Debug)]
struct Spot {
    serving: Serving,
    /// What the plan in force wants, as long as that is something else.
    next: Option<Serving>,
    /// Since when it drains.
    since: Micros,
    /// The container; `None` where the hub keeps no books on containers.
    standing: Option<Container>,
}

/// The container at a chute.
#[derive(Debug)]
struct Container {
    id: ContainerId,
    kind: ContainerKind,
    content: Content,
    plate: Option<LicencePlate>,
    /// Whether it was closed by hand or is being taken away.
    closed: bool,
    departure: Option<Departure>,
}

impl Spot {
    /// Whether what stands there is of the kind that the chute is to have.
    fn is_of_kind(&self) -> bool {
        let kind = self.next.unwrap_or(self.serving).kind;
        self.standing.as_ref().is_none_or(|container| container.kind == kind)
    }

    fn is_empty(&self, bank: &ChuteBank, chute: ChuteId) -> bool {
        match &self.standing {
            Some(container) => container.content.is_empty(),
            None => bank.get(chute).is_none_or(|state| state.fill() == 0),
        }
    }

    fn dock(&self) -> Dock {
        let departure = self.standing.as_ref().and_then(|container| container.departure);
        let open =
            self.standing.as_ref().is_none_or(|container| container.plate.is_some() && !container.closed);
        let gate = match (open, &self.next) {
            (false, _) => Gate::Shut,
            (true, Some(_)) => Gate::Draining,
            (true, None) => Gate::Open,
        };
        Dock {
            role: self.serving.role,
            bonded: self.serving.bonded,
            gate,
            connection: departure.map(|departure| departure.connection),
            cut_off: departure.map_or(Dock::NEVER, |departure| departure.cut_off),
        }
    }
}

/// The docks of one sorter.
#[derive(Debug)]
pub(super) struct Docks {
    spots: Box<[Spot]>,
    sealed: Vec<Manifest>,
    pub(super) timetable: Arc<Timetable>,
    /// The earliest cut-off of an open container that has not been dealt with.
    next_cut_off: Micros,
}

impl Docks {
    /// The docks of a sorter under its first plan. Where containers have plates, one without a plate stands at
    /// each chute.
    pub(super) fn new(engine: &Engine, sorter: SorterId, plan: &Plan, bank: &mut ChuteBank) -> Self {
        let mut yard = engine.yard();
        let spots = (0..).map(ChuteId::new).zip(engine.layout.chutes()).map(|(chute, spec)| {
            let serving = Serving::of(plan, chute);
            let standing = (engine.policy == ContainerPolicy::Plated).then(|| {
                let id = yard.arrive(sorter, chute, serving.kind, Micros::ZERO);
                let id = id.expect("a sorter has one worker, so nothing stands at its chutes yet");
                Container::new(id, serving.kind, spec.capacity)
            });
            let spot = Spot { serving, next: None, since: Micros::ZERO, standing };
            bank.dock(chute, spot.dock());
            spot
        });
        Self {
            spots: spots.collect(),
            sealed: Vec::new(),
            timetable: engine.timetable(),
            next_cut_off: Dock::NEVER,
        }
    }

    /// Puts an item that slid into a chute into its container. Gives the container, if there are books on it,
    /// and whether this is the first item in it.
    pub(super) fn put(&mut self, chute: ChuteId, entry: ManifestEntry) -> Option<(ContainerId, bool)> {
        let container = self.spots.get_mut(chute.index())?.standing.as_mut()?;
        let first = container.content.is_empty();
        container.content.push(entry);
        Some((container.id, first))
    }

    /// Has the next [`Worker::attend`] look at every chute.
    pub(super) fn look_again(&mut self) {
        self.next_cut_off = Micros::ZERO;
    }

    pub(super) fn is_changing(&self, chute: ChuteId) -> bool {
        self.spots.get(chute.index()).is_some_and(|spot| spot.next.is_some())
    }

    fn spot(&self, chute: ChuteId) -> Result<&Spot, ContainerError> {
        self.spots.get(chute.index()).ok_or(ContainerError::NoSuchChute(chute))
    }

    fn chutes(&self) -> impl Iterator<Item = (ChuteId, &Spot)> {
        (0..).map(ChuteId::new).zip(&self.spots)
    }
}

impl Container {
    fn new(id: ContainerId, kind: ContainerKind, capacity: u16) -> Self {
        let content = Content::with_capacity(usize::from(capacity));
        Self { id, kind, content, plate: None, closed: false, departure: None }
    }
}

impl Worker {
    /// Takes over a new plan and timetable, closes what has reached its cut-off and ends changeovers that are
    /// drained. To be called from time to time, such as in each cycle; decisions see a new plan without it.
    pub fn attend(&mut self, at: Micros) {
        let plan: &Plan = self.plan.load();
        self.desk.see_plan(plan, at);
        let timetable = self.timetable.load();
        let desk = &mut self.desk;
        desk.declare_lost(at);
        if !Arc::ptr_eq(&desk.docks.timetable, timetable) {
            desk.docks.timetable = Arc::clone(timetable);
            desk.take_over_departures();
        }
        if at >= desk.docks.next_cut_off {
            desk.settle_all(at);
        }
    }

    /// The licence plate of the container at a chute was scanned: it is open from now on, for the next
    /// departure of the lane that the chute serves.
    ///
    /// # Errors
    /// [`ContainerError`]; nothing has changed then.
    pub fn open_container(
        &mut self,
        chute: ChuteId,
        plate: LicencePlate,
        at: Micros,
    ) -> Result<ContainerId, ContainerError> {
        self.attend(at);
        self.desk.open_container(chute, plate, at)
    }

    /// Closes the container at a chute by hand: nothing more is ordered into it.
    ///
    /// # Errors
    /// [`ContainerError`]; nothing has changed then.
    pub fn close_container(&mut self, chute: ChuteId, at: Micros) -> Result<ContainerId, ContainerError> {
        self.attend(at);
        self.desk.close_container(chute, at)
    }

    /// The container at a chute is taken away and another stands there, told by a person where the PLC cannot
    /// see it. Its manifest comes out of [`Worker::take_manifests`]. The fill of the chute is counted from zero
    /// again; where the PLC sees that no container is in place, it will see the next one too.
    ///
    /// # Errors
    /// [`ContainerError`]; nothing has changed then.
    pub fn swap_container(&mut self, chute: ChuteId, at: Micros) -> Result<(), ContainerError> {
        self.attend(at);
        self.desk.standing(chute)?;
        if !self.desk.chutes.get(chute).is_some_and(|state| state.report().container) {
            return Err(ContainerError::NoContainer(chute));
        }
        self.desk.chutes.emptied(chute);
        self.desk.container_put(chute, at);
        Ok(())
    }

    /// Whether there are manifests that [`Worker::take_manifests`] would give.
    pub fn has_manifests(&self) -> bool {
        !self.desk.docks.sealed.is_empty()
    }

    /// The manifests of the containers that were taken away since the last call, in their order.
    pub fn take_manifests(&mut self) -> Vec<Manifest> {
        let desk = &mut self.desk;
        let manifests = std::mem::take(&mut desk.docks.sealed);
        for manifest in &manifests {
            let (at, container) = (desk.pen.last_at().max(manifest.sealed), Some(manifest.container));
            desk.pen.note(at, RecordKind::ManifestTaken, |record| record.container = container);
        }
        manifests
    }

    /// Chutes whose container people should change now, in the order of the chutes. Those that are empty, and to
    /// which something is still on its way, are among them: people wait there until it has come.
    pub fn swaps_wanted(&self, at: Micros) -> impl Iterator<Item = (ChuteId, SwapCause)> + '_ {
        let desk = &self.desk;
        desk.docks.chutes().filter_map(move |(chute, spot)| {
            let orders = desk.chutes.get(chute).map_or(0, ChuteState::reserved);
            if orders == 0 && spot.is_empty(&desk.chutes, chute) && spot.is_of_kind() {
                return None;
            }
            if spot.next.is_some() {
                return Some((chute, SwapCause::Changeover));
            }
            (at >= spot.dock().cut_off).then_some((chute, SwapCause::DepartureClosed))
        })
    }

    /// Chutes that are changing their destination.
    pub fn changing(&self) -> impl Iterator<Item = ChuteId> + '_ {
        self.desk.docks.chutes().filter_map(|(chute, spot)| spot.next.map(|_| chute))
    }

    /// The container at a chute and its state, where the hub keeps books on containers.
    pub fn container_at(&self, chute: ChuteId) -> Option<(ContainerId, ContainerState)> {
        let spot = self.desk.docks.spot(chute).ok()?;
        let container = spot.standing.as_ref()?;
        let full = self.desk.chutes.get(chute).is_some_and(|state| state.report().full || state.free() == 0);
        let state = match (container.closed, container.content.is_empty()) {
            (true, _) => ContainerState::Closed,
            (false, _) if full => ContainerState::Full,
            (false, true) => ContainerState::Open,
            (false, false) => ContainerState::Filling,
        };
        Some((container.id, state))
    }
}

impl Desk {
    /// What a chute is for, whatever the newest plan says: its container stands for that.
    pub(super) fn role_of(&self, chute: ChuteId) -> ChuteRole {
        self.chutes.get(chute).map_or(ChuteRole::Unused, |state| state.dock().role)
    }

    /// Takes over a plan that it has not seen: the chutes that differ begin to drain. Takes no lock.
    pub(super) fn see_plan(&mut self, plan: &Plan, at: Micros) {
        if self.plan_seen == plan.version() {
            return;
        }
        self.note_changeovers(plan, at);
        (self.plan_seen, self.serves) = (plan.version(), plan.version());
        self.log(&Line::new(at, LogKind::PlanSeen));
        for place in 0..self.docks.spots.len() {
            let chute = ChuteId::new(u16::try_from(place).expect("a sorter has at most 512 chutes"));
            let wanted = Serving::of(plan, chute);
            let spot = &mut self.docks.spots[place];
            let was = spot.next.is_some();
            let differs = wanted.assignment != spot.serving.assignment;
            spot.next = differs.then_some(wanted);
            if !differs {
                // The timetable may number its lane only by now.
                spot.serving.lane = wanted.lane;
            }
            self.chutes.dock(chute, spot.dock());
            if was != differs {
                spot.since = at;
                let held = Assigned { chute: Some(chute), ..Assigned::NOTHING };
                if differs {
                    let line = Line { held, ..Line::new(at, LogKind::ChangeoverBegun) };
                    self.log.append(&line.to_log(self.sorter, self.plan_seen));
                } else {
                    let flags = Record::TAKEN_BACK;
                    self.log(&Line { held, flags, ..Line::new(at, LogKind::ChangeoverDone) });
                }
            }
        }
        // What is empty changes over at once, in the next call that may take the lock of the yard.
        self.docks.next_cut_off = Micros::ZERO;
        if self.engine.policy == ContainerPolicy::Anonymous {
            self.settle_all(at);
        }
    }

    /// Tells the journal which chutes change over, before it is told of the plan: wherever it is torn, a chute that
    /// has something in it is never taken for one that serves the new plan.
    fn note_changeovers(&mut self, plan: &Plan, at: Micros) {
        for (chute, spot) in (0..).map(ChuteId::new).zip(&self.docks.spots) {
            if spot.next.is_none() && plan.assignment_of(chute) != spot.serving.assignment {
                let serving = spot.serving.packed();
                self.pen.note(at, RecordKind::ChangeoverBegun, |record| {
                    (record.chute, record.extra) = (Some(chute), serving);
                });
            }
        }
    }

    /// The cut-offs of the open containers under another timetable.
    fn take_over_departures(&mut self) {
        let docks = &mut self.docks;
        for (chute, spot) in (0..).map(ChuteId::new).zip(&mut docks.spots) {
            let Some(container) = &mut spot.standing else { continue };
            let departure = container.departure.and_then(|known| docks.timetable.departure(known.id));
            container.departure = departure.or(container.departure);
            self.chutes.dock(chute, spot.dock());
        }
        docks.next_cut_off = Micros::ZERO;
    }

    fn settle_all(&mut self, at: Micros) {
        for place in 0..self.docks.spots.len() {
            self.settle(ChuteId::new(u16::try_from(place).expect("a sorter has at most 512 chutes")), at);
        }
        let ahead = self.docks.spots.iter().map(|spot| spot.dock().cut_off).filter(|cut_off| *cut_off > at);
        self.docks.next_cut_off = ahead.min().unwrap_or(Dock::NEVER);
    }

    /// Ends the changeover of a chute that is drained and empty, and gives an empty container whose departure
    /// is closed to the next departure.
    pub(super) fn settle(&mut self, chute: ChuteId, at: Micros) {
        let Some(spot) = self.docks.spots.get_mut(chute.index()) else { return };
        let missed = at >= spot.dock().cut_off;
        let drained = self.chutes.get(chute).is_some_and(|state| state.reserved() == 0);
        let ready = drained && spot.is_empty(&self.chutes, chute) && spot.is_of_kind();
        if spot.next.is_none() && !missed || !ready {
            return;
        }
        let since = spot.since;
        let (changed, mut rebound) = (spot.next.take(), false);
        if let Some(next) = changed {
            spot.serving = next;
        }
        if let Some(container) = spot.standing.as_mut().filter(|container| container.plate.is_some()) {
            let next = spot.serving.lane.and_then(|lane| self.docks.timetable.next(lane, at));
            (container.departure, rebound) = (next, true);
            let binding = binding_of(&spot.serving, next);
            let mut yard = self.engine.yard();
            if yard.reassign(container.id, binding, at).is_err() {
                // The two books disagree, so nothing more is ordered into it until people change it.
                self.tally.deviations += 1;
                container.closed = true;
            }
            if container.closed {
                // It is being taken away, or a person closed it: another departure does not open it.
                let _ = yard.close(container.id);
            }
            drop(yard);
            self.docks.next_cut_off =
                self.docks.next_cut_off.min(next.map_or(Dock::NEVER, |next| next.cut_off));
        }
        self.chutes.dock(chute, spot.dock());
        if rebound {
            self.note_dock(chute, at);
        }
        if changed.is_some() {
            let took = at.saturating_since(since);
            self.tally.changeovers += 1;
            self.tally.changing = self.tally.changing + took;
            self.tally.longest_change = self.tally.longest_change.max(took);
            self.log_chute(at, LogKind::ChangeoverDone, chute, |_| ());
        }
    }

    /// Puts an item that slid into a chute into its container, and tells the yard when that is no longer empty.
    pub(super) fn put(&mut self, chute: ChuteId, entry: ManifestEntry) -> Option<ContainerId> {
        let (container, first) = self.docks.put(chute, entry)?;
        if first {
            // A container without a plate is told when it is opened.
            let _ = self.engine.yard().fill_untold(container);
        }
        Some(container)
    }

    fn standing(&mut self, chute: ChuteId) -> Result<&mut Container, ContainerError> {
        let spot = self.docks.spots.get_mut(chute.index()).ok_or(ContainerError::NoSuchChute(chute))?;
        spot.standing.as_mut().ok_or(ContainerError::Anonymous)
    }

    fn open_container(
        &mut self,
        chute: ChuteId,
        plate: LicencePlate,
        at: Micros,
    ) -> Result<ContainerId, ContainerError> {
        let orders = self.chutes.get(chute).ok_or(ContainerError::NoSuchChute(chute))?.reserved();
        let in_place = self.chutes.get(chute).is_some_and(|state| state.report().container);
        let known = self.standing(chute)?.plate;
        if !in_place {
            return Err(ContainerError::NoContainer(chute));
        }
        if let Some(plate) = known {
            return Err(ContainerError::AlreadyOpen { chute, plate });
        }
        self.settle(chute, at);
        let spot = &mut self.docks.spots[chute.index()];
        if spot.next.is_some() {
            return Err(ContainerError::Draining { chute, orders });
        }
        let departure = spot.serving.lane.and_then(|lane| self.docks.timetable.next(lane, at));
        let binding = binding_of(&spot.serving, departure);
        let mut yard = self.engine.yard();
        let id = yard.open(self.sorter, chute, plate, binding, at)?;
        if let Some(container) = &mut spot.standing {
            (container.plate, container.departure) = (Some(plate), departure);
            if !container.content.is_empty() {
                // What was on its way when the one before was taken.
                let _ = yard.fill(id);
            }
        }
        drop(yard);
        self.chutes.dock(chute, spot.dock());
        self.docks.next_cut_off =
            self.docks.next_cut_off.min(departure.map_or(Dock::NEVER, |departure| departure.cut_off));
        self.log_chute(at, LogKind::ContainerOpened, chute, |line| line.container = Some(id));
        self.note_dock(chute, at);
        Ok(id)
    }

    fn close_container(&mut self, chute: ChuteId, at: Micros) -> Result<ContainerId, ContainerError> {
        let container = self.standing(chute)?;
        if container.plate.is_none() {
            return Err(ContainerError::NoContainer(chute));
        }
        container.closed = true;
        let id = container.id;
        // A second closing changes nothing.
        let _ = self.engine.yard().close(id);
        self.chutes.dock(chute, self.docks.spots[chute.index()].dock());
        self.note_dock(chute, at);
        Ok(id)
    }

    /// The PLC no longer sees a container at a chute: it is being taken away.
    pub(super) fn container_taken(&mut self, chute: ChuteId, at: Micros) {
        if let Ok(container) = self.standing(chute) {
            container.closed = true;
            self.chutes.dock(chute, self.docks.spots[chute.index()].dock());
            self.note_dock(chute, at);
        }
    }

    /// Another container stands at a chute: the one before it is sealed.
    pub(super) fn container_put(&mut self, chute: ChuteId, at: Micros) {
        let capacity = self.chutes.get(chute).map_or(0, ChuteState::capacity);
        if let Some(spot) = self.docks.spots.get_mut(chute.index())
            && let Some(mut before) = spot.standing.take()
        {
            let (before_id, kind) = (before.id, spot.next.unwrap_or(spot.serving).kind);
            let (sealed, arrived) = {
                let mut yard = self.engine.yard();
                let sealed = seal(&mut yard, &mut before, at);
                (sealed, yard.arrive(self.sorter, chute, kind, at))
            };
            let departure = sealed.as_ref().and_then(|manifest| manifest.departure);
            match sealed {
                Some(manifest) => self.docks.sealed.push(manifest),
                None => self.tally.deviations += 1,
            }
            match arrived {
                Ok(id) => spot.standing = Some(Container::new(id, kind, capacity)),
                // The book is full. What stands there is the old container as far as it knows.
                Err(_) => {
                    self.tally.deviations += 1;
                    before.closed = true;
                    spot.standing = Some(before);
                }
            }
            self.chutes.dock(chute, spot.dock());
            let departure = number_of(departure);
            self.log_chute(at, LogKind::ContainerSealed, chute, |line| {
                (line.container, line.extra) = (Some(before_id), departure);
            });
            self.note_dock(chute, at);
        }
        self.settle(chute, at);
    }

    fn log_chute(&mut self, at: Micros, kind: LogKind, chute: ChuteId, say: impl FnOnce(&mut Line)) {
        let held = Assigned { chute: Some(chute), ..Assigned::NOTHING };
        let mut line = Line { held, ..Line::new(at, kind) };
        say(&mut line);
        self.log(&line);
    }

    /// Tells the journal what stands at a chute.
    pub(super) fn note_dock(&mut self, chute: ChuteId, at: Micros) {
        let spot = self.docks.spots.get(chute.index());
        let Some(container) = spot.and_then(|spot| spot.standing.as_ref()) else { return };
        self.pen.note(at, RecordKind::Docked, |record| {
            (record.chute, record.container) = (Some(chute), Some(container.id));
            record.flags = if container.closed { Record::SHUT } else { 0 };
            record.extra = number_of(container.departure.map(|departure| departure.id));
        });
    }
}

/// Makes the manifest of a container final, in the yard too.
fn seal(yard: &mut Yard, container: &mut Container, at: Micros) -> Option<Manifest> {
    let manifest = container.content.seal(yard.get(container.id)?.head(), at);
    yard.seal(container.id, manifest.count, manifest.weight_total, manifest.hash, at).ok()?;
    Some(manifest)
}

/// The number of a departure in a record.
fn number_of(departure: Option<DepartureId>) -> u64 {
    departure.map_or(u64::MAX, |departure| departure.get().into())
}

/// What the yard has to know about an open container.
fn binding_of(serving: &Serving, departure: Option<Departure>) -> Binding {
    Binding {
        outbound: leads_out(serving.role),
        bonded: serving.bonded,
        overflow: serving.role == ChuteRole::Overflow,
        lane: serving.lane,
        departure,
    }
}
