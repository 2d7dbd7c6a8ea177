//! The book of all containers of a hub.

mod changes;
mod leaving;
#[cfg(test)]
mod model;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use leaving::DepartureReport;
pub use refusal::{
    ArriveError, BindingError, DepartError, EmptyError, LoadError, OpenError, RebindError, SealError,
    StepError,
};

use changes::Changes;

use super::{Binding, ContainerKind, ContainerRecord, ContainerState, ContainerStep, LicencePlate, Place};
use crate::departure::{Departure, DepartureState};
use crate::ids::{ChuteId, ContainerId, DepartureId, LaneId, SorterId};
use crate::units::{Grams, Micros};

/// The book of all containers of one hub: where each is, what it is for, and what it leaves with.
///
/// It is for one thread and takes no part in a decision. It keeps every container that ever stood at a chute, so
/// that later questions find it; [`Yard::LIMIT`] bounds them. Every operation either happens as a whole or is
/// refused and changes nothing.
///
/// What always holds:
/// 1. a container is in one place: at one chute, in the yard, on one vehicle, or gone;
/// 2. a chute has one container at most;
/// 3. a plate is on one container at most that has not left;
/// 4. only what is sealed is loaded, and only on the departure that it is bound to.
///
/// ```
/// use sorter_core::container::{Binding, ContainerKind, Yard};
/// use sorter_core::departure::Departure;
/// use sorter_core::ids::{ChuteId, ConnectionId, DepartureId, LaneId, SorterId};
/// use sorter_core::units::{Grams, Micros};
///
/// let truck = |id, hour: u64| Departure {
///     id: DepartureId::new(id),
///     connection: ConnectionId::new(7),
///     lane: LaneId::new(0),
///     opens: Micros::ZERO,
///     closing: Micros::from_secs(hour * 3_600 - 3_600),
///     cut_off: Micros::from_secs(hour * 3_600 - 2_700),
///     departs: Micros::from_secs(hour * 3_600),
/// };
/// let (first, second) = (truck(7, 6), truck(8, 10));
/// let (sorter, chute) = (SorterId::new(0), ChuteId::new(12));
/// let mut yard = Yard::new();
///
/// yard.arrive(sorter, chute, ContainerKind::RollCage, Micros::from_secs(60))?;
/// let plate = "354123455501152989".parse()?;
/// let binding = Binding { outbound: true, departure: Some(first), ..Binding::default() };
/// let cage = yard.open(sorter, chute, plate, binding, Micros::from_secs(75))?;
///
/// yard.fill(cage)?;
/// yard.seal(cage, 310, Grams::new(96_000), 0x5eed, Micros::from_secs(9_000))?;
/// assert!(yard.standing(sorter, chute).is_none());
///
/// yard.load(cage, first.id, None, Micros::from_secs(20_000))?;
/// let report = yard.depart(&first, Some(second), first.departs)?;
/// assert_eq!(report.loaded, [cage]);
/// assert_eq!(report.pieces, 310);
/// assert_eq!(yard.by_plate(&plate).expect("the book keeps it").place().to_string(), "gone with departure 7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Yard {
    /// By number.
    records: Vec<ContainerRecord>,
    /// What is not sealed, by its chute.
    standing: BTreeMap<(SorterId, ChuteId), ContainerId>,
    /// The latest container with each plate, gone or not.
    plates: BTreeMap<LicencePlate, ContainerId>,
    /// Every departure that a container was bound to.
    departures: BTreeMap<DepartureId, Bound>,
    counters: YardCounters,
    /// What the journal has not heard of, where there is one.
    changes: Option<Changes>,
}

/// What is bound to a departure.
#[derive(Clone, Debug, Default)]
struct Bound {
    containers: BTreeSet<ContainerId>,
    /// What is loaded.
    pieces: u32,
    weight: Grams,
    /// When it left.
    departed: Option<Micros>,
}

/// What happened to the containers of a hub so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YardCounters {
    /// Put to a chute.
    pub arrived: u64,
    /// Opened by the scan of a plate.
    pub opened: u64,
    /// Taken from a chute.
    pub sealed: u64,
    /// Put on a vehicle.
    pub loaded: u64,
    /// Gone with a departure.
    pub departed: u64,
    /// Left behind by a departure, sealed and not loaded; once for each departure that they missed.
    pub left_behind: u64,
    /// Emptied in the hub.
    pub emptied: u64,
}

impl Yard {
    /// The most containers in one book.
    pub const LIMIT: usize = 1 << 22;

    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// A container is put to a chute. Its plate is not known yet, and it takes no orders.
    ///
    /// # Errors
    /// [`ArriveError`] when the one that stood there was not sealed.
    pub fn arrive(
        &mut self,
        sorter: SorterId,
        chute: ChuteId,
        kind: ContainerKind,
        at: Micros,
    ) -> Result<ContainerId, ArriveError> {
        if let Some(record) = self.standing(sorter, chute) {
            return Err(ArriveError::Occupied { sorter, chute, container: record.id, state: record.state });
        }
        let number = u32::try_from(self.records.len()).ok().filter(|number| (*number as usize) < Self::LIMIT);
        let Some(number) = number else { return Err(ArriveError::BookFull { limit: Self::LIMIT }) };
        let id = ContainerId::new(number);
        self.records.push(ContainerRecord::arrived(id, (sorter, chute), kind, at));
        self.standing.insert((sorter, chute), id);
        self.counters.arrived += 1;
        self.changed(id);
        Ok(id)
    }

    /// The plate of the container at a chute is scanned: from now on its chute takes orders.
    ///
    /// A binding without a lane takes the lane of its departure.
    ///
    /// # Errors
    /// [`OpenError`] when nothing stands there, it was opened before, the plate is on another container that has
    /// not left, or container and departure do not go together.
    pub fn open(
        &mut self,
        sorter: SorterId,
        chute: ChuteId,
        plate: LicencePlate,
        binding: Binding,
        at: Micros,
    ) -> Result<ContainerId, OpenError> {
        let Some(record) = self.standing(sorter, chute) else {
            return Err(OpenError::NoContainer { sorter, chute });
        };
        let (id, state) = (record.id, record.state);
        let Some(after) = state.after(ContainerStep::Open) else {
            return Err(OpenError::AlreadyOpen { sorter, chute, container: id, state });
        };
        if let Some(other) = self.by_plate(&plate).filter(|other| other.left.is_none()) {
            return Err(OpenError::PlateTaken { plate, container: other.id, place: other.place() });
        }
        if let Some(departure) = &binding.departure {
            self.fits(id, binding.outbound, binding.lane, departure, at)?;
            still_open(departure, at)?;
        }
        let record = &mut self.records[id.index()];
        record.plate = Some(plate);
        record.outbound = binding.outbound;
        record.bonded = binding.bonded;
        record.overflow = binding.overflow;
        record.lane = binding.lane;
        record.state = after;
        record.opened = Some(at);
        self.plates.insert(plate, id);
        self.counters.opened += 1;
        self.changed(id);
        if let Some(departure) = binding.departure {
            self.bind(id, Some(departure));
        }
        Ok(id)
    }

    /// Gives a container another departure of its lane. An empty one that was closed is open again.
    ///
    /// Only an empty one may change its departure. One without a departure, such as one that was left behind when
    /// none was to follow, gets one whatever is in it, and stays in its state.
    ///
    /// # Errors
    /// [`RebindError`] when it is not at its chute, was never opened or is not empty, or when it does not go with
    /// the departure.
    pub fn rebind(&mut self, id: ContainerId, departure: Departure, at: Micros) -> Result<(), RebindError> {
        let Some(record) = self.get(id) else { return Err(RebindError::Unknown { container: id }) };
        let state = record.state;
        let reopened = state.after(ContainerStep::Rebind).filter(|_| record.empty);
        let waiting = record.departure.is_none() && record.opened.is_some() && record.left.is_none();
        let after = match reopened {
            Some(after) => after,
            None if waiting => state,
            None if state.after(ContainerStep::Close).is_some() => {
                return Err(RebindError::NotEmpty { container: id, state });
            }
            None => return Err(RebindError::State { container: id, state }),
        };
        self.fits(id, record.outbound, record.lane, &departure, at)?;
        if after.takes_orders() {
            still_open(&departure, at)?;
        }
        self.bind(id, Some(departure));
        self.records[id.index()].state = after;
        self.changed(id);
        Ok(())
    }

    /// Gives a container that is open and empty another purpose and departure, since its chute serves another
    /// destination or its departure has closed. What stands there is still the same container.
    ///
    /// # Errors
    /// When it is not open, or the departure does not fit; nothing has changed then.
    pub fn reassign(&mut self, id: ContainerId, binding: Binding, at: Micros) -> Result<(), RebindError> {
        let Some(record) = self.get(id) else { return Err(RebindError::Unknown { container: id }) };
        let state = record.state;
        if !record.empty {
            return Err(RebindError::NotEmpty { container: id, state });
        }
        let after = match state.after(ContainerStep::Rebind) {
            Some(after) => after,
            None if state.takes_orders() => state,
            None => return Err(RebindError::State { container: id, state }),
        };
        if let Some(departure) = &binding.departure {
            self.fits(id, binding.outbound, binding.lane, departure, at)?;
            still_open(departure, at)?;
        }
        self.bind(id, None);
        let record = &mut self.records[id.index()];
        record.outbound = binding.outbound;
        record.bonded = binding.bonded;
        record.overflow = binding.overflow;
        record.lane = binding.lane;
        record.state = after;
        self.bind(id, binding.departure);
        self.changed(id);
        Ok(())
    }

    /// Something fell into a container. It is enough to tell of the first thing.
    ///
    /// # Errors
    /// [`StepError`] when it is not at its chute or was not opened.
    pub fn fill(&mut self, id: ContainerId) -> Result<(), StepError> {
        self.fill_untold(id)?;
        self.changed(id);
        Ok(())
    }

    /// As [`Yard::fill`], for what the journal hears of by the record of a discharge.
    pub(crate) fn fill_untold(&mut self, id: ContainerId) -> Result<(), StepError> {
        self.step(id, ContainerStep::Fill)?;
        self.records[id.index()].empty = false;
        Ok(())
    }

    /// The last place of a container is taken.
    ///
    /// # Errors
    /// [`StepError`] when it is not at its chute or was not opened.
    pub fn fill_up(&mut self, id: ContainerId) -> Result<(), StepError> {
        self.step(id, ContainerStep::FillUp)?;
        self.records[id.index()].empty = false;
        self.changed(id);
        Ok(())
    }

    /// A container gets no more orders. To close a closed one changes nothing.
    ///
    /// # Errors
    /// [`StepError`] when it is not at its chute or was not opened.
    pub fn close(&mut self, id: ContainerId) -> Result<(), StepError> {
        self.step(id, ContainerStep::Close)?;
        self.changed(id);
        Ok(())
    }

    /// A container is taken from its chute. Count, weight and hash are those of its manifest.
    ///
    /// # Errors
    /// [`SealError`] when it was taken before.
    pub fn seal(
        &mut self,
        id: ContainerId,
        count: u32,
        weight: Grams,
        hash: u64,
        at: Micros,
    ) -> Result<(), SealError> {
        let Some(record) = self.records.get_mut(id.index()) else {
            return Err(SealError::Unknown { container: id });
        };
        let Some(after) = record.state.after(ContainerStep::Seal) else {
            return Err(SealError::AlreadySealed { container: id, state: record.state });
        };
        record.state = after;
        record.sealed = Some(at);
        record.empty = count == 0;
        record.count = count;
        record.weight = weight;
        record.hash = hash;
        self.standing.remove(&(record.sorter, record.chute));
        self.counters.sealed += 1;
        self.changed(id);
        Ok(())
    }

    /// The container that stands at a chute, opened or not.
    pub fn standing(&self, sorter: SorterId, chute: ChuteId) -> Option<&ContainerRecord> {
        self.get(*self.standing.get(&(sorter, chute))?)
    }

    /// Every container that stands at a chute, by sorter and chute.
    pub fn all_standing(&self) -> impl Iterator<Item = &ContainerRecord> {
        self.standing.values().filter_map(|id| self.get(*id))
    }

    /// The container with a number, wherever it is or went.
    pub fn get(&self, id: ContainerId) -> Option<&ContainerRecord> {
        self.records.get(id.index())
    }

    /// The latest container with a plate, wherever it is or went.
    pub fn by_plate(&self, plate: &LicencePlate) -> Option<&ContainerRecord> {
        self.get(*self.plates.get(plate)?)
    }

    /// Every container in the order of arrival, also those that left.
    pub fn iter(&self) -> impl Iterator<Item = &ContainerRecord> {
        self.records.iter()
    }

    /// What happened so far.
    pub const fn counters(&self) -> YardCounters {
        self.counters
    }

    fn step(&mut self, id: ContainerId, step: ContainerStep) -> Result<(), StepError> {
        let Some(record) = self.records.get_mut(id.index()) else {
            return Err(StepError::Unknown { container: id });
        };
        let state = record.state;
        record.state = state.after(step).ok_or(StepError::State { container: id, state, step })?;
        Ok(())
    }

    /// Whether a container may be bound to a departure at all.
    fn fits(
        &self,
        container: ContainerId,
        outbound: bool,
        lane: Option<LaneId>,
        departure: &Departure,
        at: Micros,
    ) -> Result<(), BindingError> {
        let id = departure.id;
        if !outbound {
            return Err(BindingError::NotOutbound { container, departure: id });
        }
        if let Some(bound) = lane.filter(|lane| *lane != departure.lane) {
            return Err(BindingError::OtherLane { container, bound, departure: id, lane: departure.lane });
        }
        let departed = self
            .departed(id)
            .or_else(|| (departure.state(at) == DepartureState::Departed).then_some(departure.departs));
        match departed {
            Some(departed) => Err(BindingError::Departed { departure: id, departed, at }),
            None => Ok(()),
        }
    }

    /// Moves a container to another departure, or to none, in its record and in the index.
    fn bind(&mut self, id: ContainerId, departure: Option<Departure>) {
        let record = &mut self.records[id.index()];
        if let Some(bound) = record.departure_id().and_then(|before| self.departures.get_mut(&before)) {
            bound.containers.remove(&id);
        }
        record.departure = departure;
        if let Some(departure) = departure {
            record.lane = Some(departure.lane);
            self.departures.entry(departure.id).or_default().containers.insert(id);
        }
    }
}

/// Whether parcels may still be ordered into containers of a departure that has not left.
fn still_open(departure: &Departure, at: Micros) -> Result<(), BindingError> {
    if departure.state(at) < DepartureState::Closed {
        return Ok(());
    }
    Err(BindingError::DepartureClosed { departure: departure.id, cut_off: departure.cut_off, at })
}
