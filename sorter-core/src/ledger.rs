//! The ledger: every announced parcel of a hub, found by any of its codes.
//!
//! Codes and state words lie side by side in the lines of a [`DayTable`](crate::sync::day_table::DayTable), so that a
//! decision needs one of them. Aside of that, read on request only: the exact key of each code, and the slot of each
//! parcel by its number.

mod index;
#[cfg(any(test, feature = "oracle-ledger"))]
#[allow(dead_code, unreachable_pub, reason = "a test compares part of it, and the feature uses all of it")]
mod oracle;
#[cfg_attr(
    feature = "oracle-ledger",
    allow(dead_code, unreachable_pub, reason = "the oracle stands in its place")
)]
mod table;

#[cfg(feature = "oracle-ledger")]
pub use oracle::{Ledger, LedgerBuilder};
#[cfg(not(feature = "oracle-ledger"))]
pub use table::{Ledger, LedgerBuilder, TableReport};

use crate::ids::ParcelId;
use crate::sync::day_table::Slot;

/// Why a parcel could not be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// One of its codes belongs to a parcel already.
    #[error("a code of the parcel is announced already as {first}")]
    Duplicate {
        /// The parcel that has the code.
        first: ParcelId,
    },
    /// There is no room for another parcel.
    #[error("the ledger is full at {capacity} parcels; build it with room for more late announcements")]
    Full {
        /// Parcels that it holds at most.
        capacity: usize,
    },
    /// It has no code to be found by.
    #[error("the parcel has no code")]
    NoCode,
}

/// Where a ledger has a parcel. Valid for the ledger that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    parcel: ParcelId,
    slot: Slot,
}

impl Entry {
    /// The parcel.
    pub const fn parcel(self) -> ParcelId {
        self.parcel
    }

    /// Its slot, to be kept beside its number.
    pub(crate) const fn hint(self) -> Hint {
        Hint(self.slot.get())
    }
}

/// The slot of a parcel whose number is known otherwise, or that it has to be looked up. It spares a read and is no
/// part of what is compared: two values that differ in a hint only are equal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hint(u32);

impl Hint {
    /// The slot is not known.
    pub(crate) const NONE: Self = Self(u32::MAX);

    fn entry(self, parcel: ParcelId) -> Option<Entry> {
        (self.0 != u32::MAX).then_some(Entry { parcel, slot: Slot::new(self.0) })
    }
}

impl PartialEq for Hint {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Hint {}

/// The hash of a code in the ledger that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodeHash(u64);

#[cfg(test)]
#[cfg(not(sorter_loom))]
mod tests;
