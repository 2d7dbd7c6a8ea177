//! What the book of containers knows of one container.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::manifest::ManifestHead;
use super::{ContainerKind, ContainerState, LicencePlate};
use crate::departure::Departure;
use crate::ids::{ChuteId, ContainerId, DepartureId, LaneId, SorterId};
use crate::units::{Grams, Micros};

/// What a container is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// Whether it leaves the hub.
    pub outbound: bool,
    /// Whether it is for goods under customs supervision, such as T1 transit.
    pub bonded: bool,
    /// Whether its chute takes the overflow of others: what is in it is sorted by hand.
    pub overflow: bool,
    /// Where it goes, if it goes anywhere. A departure without a lane brings its own.
    pub lane: Option<LaneId>,
    /// What it leaves with, if that is known.
    pub departure: Option<Departure>,
}

/// One container of a hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerRecord {
    /// Its number.
    pub id: ContainerId,
    /// Its licence plate, from the time when it was opened.
    pub plate: Option<LicencePlate>,
    /// What it is.
    pub kind: ContainerKind,
    /// The sorter at which it stands or stood.
    pub sorter: SorterId,
    /// The chute at which it stands or stood.
    pub chute: ChuteId,
    /// Whether it leaves the hub.
    pub outbound: bool,
    /// Whether it is for goods under customs supervision.
    pub bonded: bool,
    /// Whether its chute takes the overflow of others: what is in it is sorted by hand.
    pub overflow: bool,
    /// Where it goes.
    pub lane: Option<LaneId>,
    /// What it leaves with. It is a copy, renewed by [`super::Yard::retime`].
    pub departure: Option<Departure>,
    /// Where it is in its life.
    pub state: ContainerState,
    /// Whether nothing was reported to be in it.
    pub empty: bool,
    /// When it was put to the chute.
    pub arrived: Micros,
    /// When its plate was scanned.
    pub opened: Option<Micros>,
    /// When it was taken from the chute.
    pub sealed: Option<Micros>,
    /// When it left the hub, or was emptied in it.
    pub left: Option<Micros>,
    /// The parcels and other items in it, as of its manifest; 0 before it is sealed.
    pub count: u32,
    /// The weight of what is in it, as of its manifest; 0 before it is sealed.
    pub weight: Grams,
    /// The hash of its manifest; 0 before it is sealed.
    pub hash: u64,
}

/// Where a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At a chute.
    AtChute {
        /// The sorter.
        sorter: SorterId,
        /// The chute.
        chute: ChuteId,
    },
    /// In the yard: taken from its chute, on no vehicle.
    InYard,
    /// On the vehicle of a departure that has not left.
    OnVehicle {
        /// The departure.
        departure: DepartureId,
    },
    /// Gone.
    Gone {
        /// The departure that it left with; `None` when it was emptied in the hub.
        departure: Option<DepartureId>,
    },
}

impl ContainerRecord {
    /// A container that was put to a chute.
    pub(super) const fn arrived(
        id: ContainerId,
        (sorter, chute): (SorterId, ChuteId),
        kind: ContainerKind,
        at: Micros,
    ) -> Self {
        Self {
            id,
            plate: None,
            kind,
            sorter,
            chute,
            outbound: false,
            bonded: false,
            overflow: false,
            lane: None,
            departure: None,
            state: ContainerState::Arrived,
            empty: true,
            arrived: at,
            opened: None,
            sealed: None,
            left: None,
            count: 0,
            weight: Grams::ZERO,
            hash: 0,
        }
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        let departure = self.departure_id();
        match (self.state, departure) {
            _ if self.left.is_some() => Place::Gone { departure },
            (ContainerState::Loaded, Some(departure)) => Place::OnVehicle { departure },
            (state, _) if state.at_chute() => Place::AtChute { sorter: self.sorter, chute: self.chute },
            _ => Place::InYard,
        }
    }

    /// The number of its departure.
    pub fn departure_id(&self) -> Option<DepartureId> {
        self.departure.map(|departure| departure.id)
    }

    /// What its manifest says of it, as of now.
    pub fn head(&self) -> ManifestHead {
        ManifestHead {
            container: self.id,
            plate: self.plate,
            kind: self.kind,
            sorter: self.sorter,
            chute: self.chute,
            lane: self.lane,
            departure: self.departure_id(),
            opened: self.opened,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtChute { sorter, chute } => write!(f, "at {chute} of {sorter}"),
            Self::InYard => f.write_str("in the yard"),
            Self::OnVehicle { departure } => write!(f, "on the vehicle of {departure}"),
            Self::Gone { departure: Some(departure) } => write!(f, "gone with {departure}"),
            Self::Gone { departure: None } => f.write_str("emptied"),
        }
    }
}
