//! The stored form of a hold book: its parcels in their order, and the totals.

use serde::{Deserialize, Serialize};

use super::{DwellTotals, Held};
use crate::reason::Reason;

/// What is stored of a [`super::HoldBook`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "HoldBook")]
pub(super) struct HoldBook {
    held: Vec<Held>,
    totals: Vec<(Reason, DwellTotals)>,
}

impl From<super::HoldBook> for HoldBook {
    fn from(book: super::HoldBook) -> Self {
        Self { held: book.iter().copied().collect(), totals: book.all_totals().collect() }
    }
}

impl From<HoldBook> for super::HoldBook {
    fn from(stored: HoldBook) -> Self {
        let mut book = Self::with_capacity(stored.held.len());
        for held in stored.held {
            let _ = book.add(held.parcel, held.chute, held.since, held.reason);
        }
        // Adding counts a stay as over where a parcel is listed twice; what was counted is what is stored.
        book.totals = [DwellTotals::default(); Reason::COUNT];
        // Totals of no stay are never written, so they say nothing where they are read.
        for (reason, totals) in stored.totals.into_iter().filter(|(_, totals)| totals.stays > 0) {
            book.totals[reason as usize] = totals;
        }
        book
    }
}

impl super::HoldBook {
    /// The same book with room for this many parcels before it has to grow.
    pub(crate) fn with_room(&self, parcels: usize) -> Self {
        let mut book = Self::with_capacity(parcels.max(self.len()));
        for held in self.iter() {
            let _ = book.add(held.parcel, held.chute, held.since, held.reason);
        }
        book.totals = self.totals;
        book
    }
}

impl Default for super::HoldBook {
    /// An empty book without room.
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl PartialEq for super::HoldBook {
    fn eq(&self, other: &Self) -> bool {
        self.totals == other.totals && self.iter().eq(other.iter())
    }
}

impl Eq for super::HoldBook {}

#[cfg(test)]
#[cfg(not(sorter_loom))]
mod tests {
    use super::*;
    use crate::units::Micros;

    #[test]
    fn totals_of_no_stay_are_read_as_none() {
        let totals = DwellTotals { stays: 0, sum: Micros::ZERO, longest: Micros::new(38) };
        let stored = HoldBook { held: Vec::new(), totals: vec![(Reason::Hold, totals)] };
        assert_eq!(super::super::HoldBook::from(stored), super::super::HoldBook::default());
    }
}
