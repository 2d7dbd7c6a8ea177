//! Loading, leaving, and what stays behind.

use super::{
    Bound, ContainerRecord, ContainerState, ContainerStep, DepartError, EmptyError, LicencePlate, LoadError,
    Place, Yard,
};
use crate::departure::{Departure, DepartureState};
use crate::ids::{ContainerId, DepartureId};
use crate::units::{Grams, Micros};

/// What left with a departure, and what did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepartureReport {
    /// The departure.
    pub departure: DepartureId,
    /// The containers that left, by number.
    pub loaded: Vec<ContainerId>,
    /// The entries of their manifests.
    pub pieces: u32,
    /// What they weigh.
    pub weight: Grams,
    /// The sealed containers that were bound to it and not loaded, by number.
    pub left_behind: Vec<ContainerId>,
    /// The containers that were bound to it and still stand at their chutes, empty or not, by number.
    pub at_chutes: Vec<ContainerId>,
}

impl Yard {
    /// Puts a container on the vehicle of the departure that it is bound to.
    ///
    /// `capacity` is the most parcels and the most weight of the vehicle; `None` for a vehicle without a limit.
    ///
    /// # Errors
    /// [`LoadError`] when it was not sealed, is loaded, is bound to another departure, the departure has left or
    /// the vehicle is full.
    pub fn load(
        &mut self,
        id: ContainerId,
        departure: DepartureId,
        capacity: Option<(u32, Grams)>,
        at: Micros,
    ) -> Result<(), LoadError> {
        let Some(record) = self.get(id) else { return Err(LoadError::Unknown { container: id }) };
        let (state, place) = (record.state, record.place());
        let Some(after) = state.after(ContainerStep::Load).filter(|_| place == Place::InYard) else {
            return Err(if state.at_chute() {
                LoadError::NotSealed { container: id, state, place }
            } else {
                LoadError::AlreadyLoaded { container: id, place }
            });
        };
        let Some(bound) = record.departure else {
            return Err(LoadError::NoDeparture { container: id, departure });
        };
        if bound.id != departure {
            return Err(LoadError::WrongDeparture { container: id, bound: bound.id, departure });
        }
        if bound.state(at) == DepartureState::Departed {
            return Err(LoadError::Departed { departure, departed: bound.departs, at });
        }
        let (before_pieces, before_weight) = self.loaded_on(departure);
        let pieces = before_pieces.saturating_add(record.count);
        let weight = Grams::new(before_weight.get().saturating_add(record.weight.get()));
        if let Some((most_pieces, most_weight)) = capacity
            && (pieces > most_pieces || weight > most_weight)
        {
            return Err(LoadError::VehicleFull {
                departure,
                container: id,
                pieces,
                most_pieces,
                weight,
                most_weight,
            });
        }
        self.records[id.index()].state = after;
        let bound = self.departures.entry(departure).or_default();
        (bound.pieces, bound.weight) = (pieces, weight);
        self.counters.loaded += 1;
        self.changed(id);
        Ok(())
    }

    /// Puts the container with a plate on the vehicle of the departure that it is bound to, as [`Yard::load`].
    ///
    /// # Errors
    /// [`LoadError`], also when no container has the plate.
    pub fn load_plate(
        &mut self,
        plate: &LicencePlate,
        departure: DepartureId,
        capacity: Option<(u32, Grams)>,
        at: Micros,
    ) -> Result<ContainerId, LoadError> {
        let record = self.by_plate(plate).ok_or(LoadError::UnknownPlate { plate: *plate })?;
        let id = record.id;
        self.load(id, departure, capacity, at)?;
        Ok(id)
    }

    /// A departure leaves with what is loaded.
    ///
    /// All else that was bound to it goes over to `next`: what is sealed is counted as left behind, what still
    /// stands at its chute stays there in its state. A bonded container goes over to another departure of the
    /// same connection only. Without `next` it is bound to no departure until
    /// [`Yard::rebind`].
    ///
    /// # Errors
    /// [`DepartError`] when it has left, leaves later, or `next` goes elsewhere or has left.
    pub fn depart(
        &mut self,
        departure: &Departure,
        next: Option<Departure>,
        at: Micros,
    ) -> Result<DepartureReport, DepartError> {
        self.may_depart(departure, next.as_ref(), at)?;
        let bound = self.departures.entry(departure.id).or_default();
        bound.departed = Some(at);
        let mut report = DepartureReport {
            departure: departure.id,
            loaded: Vec::new(),
            pieces: bound.pieces,
            weight: bound.weight,
            left_behind: Vec::new(),
            at_chutes: Vec::new(),
        };
        let bound = bound.containers.clone();
        self.left(departure.id, at);
        for id in bound {
            self.changed(id);
            let record = &mut self.records[id.index()];
            match record.state {
                ContainerState::Loaded => {
                    record.left = Some(at);
                    report.loaded.push(id);
                    continue;
                }
                ContainerState::Swapped => report.left_behind.push(id),
                _ => report.at_chutes.push(id),
            }
            // Goods in transit leave with the connection that they are booked on. Whoever books them anew binds
            // their container anew.
            let next = next.filter(|next| !record.bonded || next.connection == departure.connection);
            self.bind(id, next);
        }
        self.counters.departed += report.loaded.len() as u64;
        self.counters.left_behind += report.left_behind.len() as u64;
        Ok(report)
    }

    /// A sealed container that is on no vehicle is emptied in the hub, as those of hold chutes are. Its plate may
    /// be used again.
    ///
    /// # Errors
    /// [`EmptyError`] when it is not in the yard.
    pub fn empty(&mut self, id: ContainerId, at: Micros) -> Result<(), EmptyError> {
        let Some(record) = self.get(id) else { return Err(EmptyError::Unknown { container: id }) };
        let place = record.place();
        if place != Place::InYard {
            return Err(EmptyError::NotInYard { container: id, place });
        }
        self.bind(id, None);
        let record = &mut self.records[id.index()];
        record.left = Some(at);
        self.counters.emptied += 1;
        self.changed(id);
        Ok(())
    }

    /// A departure is delayed or leaves earlier: renews it in every container that is bound to it, and tells how
    /// many there are. One that has left is not changed.
    pub fn retime(&mut self, departure: &Departure) -> usize {
        let Some(bound) = self.departures.get(&departure.id).filter(|bound| bound.departed.is_none()) else {
            return 0;
        };
        let bound = bound.containers.clone();
        for id in &bound {
            self.records[id.index()].departure = Some(*departure);
            self.changed(*id);
        }
        bound.len()
    }

    /// The containers that are bound to a departure or left with it, by number.
    pub fn of_departure(&self, departure: DepartureId) -> impl Iterator<Item = &ContainerRecord> {
        let bound = self.departures.get(&departure);
        bound.into_iter().flat_map(|bound| &bound.containers).filter_map(|id| self.get(*id))
    }

    /// How many parcels are loaded on a departure, and what they weigh.
    pub fn loaded_on(&self, departure: DepartureId) -> (u32, Grams) {
        self.departures.get(&departure).map_or((0, Grams::ZERO), |bound| (bound.pieces, bound.weight))
    }

    /// When a departure left, if it did.
    pub fn departed(&self, departure: DepartureId) -> Option<Micros> {
        self.departures.get(&departure).and_then(|bound: &Bound| bound.departed)
    }

    fn may_depart(
        &self,
        departure: &Departure,
        next: Option<&Departure>,
        at: Micros,
    ) -> Result<(), DepartError> {
        let id = departure.id;
        if let Some(departed) = self.departed(id) {
            return Err(DepartError::AlreadyDeparted { departure: id, departed });
        }
        if departure.state(at) != DepartureState::Departed {
            return Err(DepartError::TooEarly { departure: id, departs: departure.departs, at });
        }
        let Some(next) = next else { return Ok(()) };
        if next.lane != departure.lane {
            let (lane, next_lane) = (departure.lane, next.lane);
            return Err(DepartError::OtherLane { departure: id, lane, next: next.id, next_lane });
        }
        let gone = self.departed(next.id).is_some() || next.state(at) == DepartureState::Departed;
        if gone || next.id == id {
            return Err(DepartError::NextDeparted { departure: id, next: next.id, at });
        }
        Ok(())
    }
}
