//! Why the book of containers refuses an operation.

use thiserror::Error;

use crate::container::state::states_before;
use crate::container::{ContainerState, ContainerStep, LicencePlate, Place};
use crate::ids::{ChuteId, ContainerId, DepartureId, LaneId, SorterId};
use crate::units::{Grams, Micros};

/// Why a container cannot be put to a chute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ArriveError {
    /// The one before was not sealed.
    #[error("{chute} of {sorter} still has {container}, which is {state} (expected to be swapped first)")]
    Occupied {
        /// The sorter.
        sorter: SorterId,
        /// The chute.
        chute: ChuteId,
        /// What stands there.
        container: ContainerId,
        /// Its state.
        state: ContainerState,
    },
    /// The book is full.
    #[error("the yard has {limit} containers in its book (at most {limit})")]
    BookFull {
        /// [`super::Yard::LIMIT`].
        limit: usize,
    },
}

/// Why a container cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Nothing stands at the chute.
    #[error(
        "{chute} of {sorter} has no container (expected one to be put there before its plate is scanned)"
    )]
    NoContainer {
        /// The sorter.
        sorter: SorterId,
        /// The chute.
        chute: ChuteId,
    },
    /// The container at the chute was opened before.
    #[error("{container} at {chute} of {sorter} is {state} (expected arrived)")]
    AlreadyOpen {
        /// The sorter.
        sorter: SorterId,
        /// The chute.
        chute: ChuteId,
        /// What stands there.
        container: ContainerId,
        /// Its state.
        state: ContainerState,
    },
    /// Another container that has not left has this plate.
    #[error("plate \"{plate}\" is taken by {container}, which is {place} (expected a plate not in use)")]
    PlateTaken {
        /// The plate.
        plate: LicencePlate,
        /// Who has it.
        container: ContainerId,
        /// Where that one is.
        place: Place,
    },
    /// It does not fit what it would be opened for.
    #[error(transparent)]
    Binding(#[from] BindingError),
}

/// Why a container and a departure do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BindingError {
    /// A container that stays in the hub.
    #[error("{container} is not outbound (expected outbound for {departure})")]
    NotOutbound {
        /// The container.
        container: ContainerId,
        /// The departure.
        departure: DepartureId,
    },
    /// The departure goes elsewhere.
    #[error("{container} is for {bound} ({departure} goes to {lane})")]
    OtherLane {
        /// The container.
        container: ContainerId,
        /// Where it goes.
        bound: LaneId,
        /// The departure.
        departure: DepartureId,
        /// Where that goes.
        lane: LaneId,
    },
    /// The cut-off has passed.
    #[error("{departure} had its cut-off at {cut_off} (it is {at}, expected earlier)")]
    DepartureClosed {
        /// The departure.
        departure: DepartureId,
        /// Its cut-off.
        cut_off: Micros,
        /// The time of the attempt.
        at: Micros,
    },
    /// It has left.
    #[error("{departure} left at {departed} (it is {at}, expected earlier)")]
    Departed {
        /// The departure.
        departure: DepartureId,
        /// When it left.
        departed: Micros,
        /// The time of the attempt.
        at: Micros,
    },
}

/// Why an empty container does not get another departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RebindError {
    /// No such container.
    #[error("{container} is not in the book of the yard")]
    Unknown {
        /// The number.
        container: ContainerId,
    },
    /// Something is in it.
    #[error("{container} is {state} and not empty (expected an empty one)")]
    NotEmpty {
        /// The container.
        container: ContainerId,
        /// Its state.
        state: ContainerState,
    },
    /// It was not opened, or is no longer at its chute.
    #[error("{container} is {state} (expected {})", states_before(ContainerStep::Rebind))]
    State {
        /// The container.
        container: ContainerId,
        /// Its state.
        state: ContainerState,
    },
    /// It does not fit the departure.
    #[error(transparent)]
    Binding(#[from] BindingError),
}

/// Why a container takes no step at its chute: fill, fill up or close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StepError {
    /// No such container.
    #[error("{container} is not in the book of the yard")]
    Unknown {
        /// The number.
        container: ContainerId,
    },
    /// The step is not legal in its state.
    #[error("{container} is {state} (step {step} expects {})", states_before(*step))]
    State {
        /// The container.
        container: ContainerId,
        /// Its state.
        state: ContainerState,
        /// The step.
        step: ContainerStep,
    },
}

/// Why a container cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// No such container.
    #[error("{container} is not in the book of the yard")]
    Unknown {
        /// The number.
        container: ContainerId,
    },
    /// It was sealed before.
    #[error("{container} is {state} (expected at its chute)")]
    AlreadySealed {
        /// The container.
        container: ContainerId,
        /// Its state.
        state: ContainerState,
    },
}

/// Why a container cannot be emptied in the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EmptyError {
    /// No such container.
    #[error("{container} is not in the book of the yard")]
    Unknown {
        /// The number.
        container: ContainerId,
    },
    /// It is somewhere else.
    #[error("{container} is {place} (expected in the yard)")]
    NotInYard {
        /// The container.
        container: ContainerId,
        /// Where it is.
        place: Place,
    },
}

/// Why a container cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// No such container.
    #[error("{container} is not in the book of the yard")]
    Unknown {
        /// The number.
        container: ContainerId,
    },
    /// No container has this plate.
    #[error("plate \"{plate}\" is on no container of the yard")]
    UnknownPlate {
        /// The plate.
        plate: LicencePlate,
    },
    /// It still stands at its chute.
    #[error("{container} is {state} and {place} (expected swapped)")]
    NotSealed {
        /// The container.
        container: ContainerId,
        /// Its state.
        state: ContainerState,
        /// Where it is.
        place: Place,
    },
    /// It is on a vehicle, or gone.
    #[error("{container} is {place} (expected in the yard)")]
    AlreadyLoaded {
        /// The container.
        container: ContainerId,
        /// Where it is.
        place: Place,
    },
    /// It is bound to no departure.
    #[error("{container} is bound to no departure (expected {departure})")]
    NoDeparture {
        /// The container.
        container: ContainerId,
        /// The departure that it was to be loaded on.
        departure: DepartureId,
    },
    /// It is bound to another departure.
    #[error("{container} is bound to {bound} (expected {departure})")]
    WrongDeparture {
        /// The container.
        container: ContainerId,
        /// The departure of the container.
        bound: DepartureId,
        /// The departure that it was to be loaded on.
        departure: DepartureId,
    },
    /// The departure has left.
    #[error("{departure} left at {departed} (it is {at}, expected earlier)")]
    Departed {
        /// The departure.
        departure: DepartureId,
        /// When it left.
        departed: Micros,
        /// The time of the attempt.
        at: Micros,
    },
    /// The vehicle has no room for it.
    #[error(
        "{departure} with {container} would have {pieces} parcels of {weight} (at most {most_pieces} of \
         {most_weight})"
    )]
    VehicleFull {
        /// The departure.
        departure: DepartureId,
        /// The container.
        container: ContainerId,
        /// Parcels with this container.
        pieces: u32,
        /// The most parcels.
        most_pieces: u32,
        /// Weight with this container.
        weight: Grams,
        /// The most weight.
        most_weight: Grams,
    },
}

/// Why a departure cannot leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DepartError {
    /// It has left.
    #[error("{departure} left at {departed} (expected to leave once)")]
    AlreadyDeparted {
        /// The departure.
        departure: DepartureId,
        /// When it left.
        departed: Micros,
    },
    /// It is not its time.
    #[error("{departure} leaves at {departs} (it is {at}, expected not earlier)")]
    TooEarly {
        /// The departure.
        departure: DepartureId,
        /// When it leaves.
        departs: Micros,
        /// The time of the attempt.
        at: Micros,
    },
    /// What is left behind would go elsewhere.
    #[error("{next} goes to {next_lane} (expected {lane}, as {departure} does)")]
    OtherLane {
        /// The departure.
        departure: DepartureId,
        /// Where it goes.
        lane: LaneId,
        /// The departure for what is left behind.
        next: DepartureId,
        /// Where that goes.
        next_lane: LaneId,
    },
    /// What is left behind would be bound to a departure that has left.
    #[error("{next} after {departure} has left too (it is {at}, expected one that leaves later)")]
    NextDeparted {
        /// The departure.
        departure: DepartureId,
        /// The departure for what is left behind.
        next: DepartureId,
        /// The time of the attempt.
        at: Micros,
    },
}
