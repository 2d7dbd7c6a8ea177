//! Containers: what stands at a chute, its licence plate, its life and its manifest.
//!
//! A container is put to a chute, opened by the scan of its licence plate, filled, closed, taken away with its
//! manifest, loaded and gone with a departure. [`Yard`] is the book of all containers of a hub, [`Content`] is the
//! list of what lies in one that still stands at its chute, and [`Manifest`] is that list made final.
//!
//! A [`Manifest`] of this module tells what leaves in a container. What a hub is told before parcels arrive is
//! read by [`crate::manifest`].

mod manifest;
mod plate;
mod record;
mod state;
mod yard;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use manifest::{Content, Manifest, ManifestEntry, ManifestError, ManifestHead, ManifestNames};
pub use plate::{LicencePlate, PlateError, PlateKind};
pub use record::{Binding, ContainerRecord, Place};
pub use state::{ContainerState, ContainerStep};
pub use yard::{
    ArriveError, BindingError, DepartError, DepartureReport, EmptyError, LoadError, OpenError, RebindError,
    SealError, StepError, Yard, YardCounters,
};

/// What kind of container stands at a chute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContainerKind {
    /// A mail bag.
    Bag,
    /// A roll cage.
    #[default]
    RollCage,
    /// A unit load device of a flight.
    Uld,
    /// A pallet.
    Pallet,
}

impl ContainerKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Bag, Self::RollCage, Self::Uld, Self::Pallet];

    /// The name in plan files and reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Bag => "bag",
            Self::RollCage => "roll_cage",
            Self::Uld => "uld",
            Self::Pallet => "pallet",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

impl fmt::Display for ContainerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bag => "bag",
            Self::RollCage => "roll cage",
            Self::Uld => "unit load device",
            Self::Pallet => "pallet",
        })
    }
}
