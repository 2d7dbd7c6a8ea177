//! The rulings about every parcel: the newest, and older ones as far as there is room.

use super::{Clearance, Ruling};
use crate::ids::{ConnectionId, ParcelId};
use crate::units::Micros;

/// No record: the end of a list.
const NONE: u32 = 0;

/// The rulings of each parcel as a linked list through one vector, the newest first.
///
/// A parcel without a ruling costs 4 bytes, each ruling 16. The newest ruling of a parcel always has its place;
/// when the room for older ones is used up, a new ruling is written over the newest, which is dropped.
#[derive(Debug)]
pub(super) struct History {
    /// For each parcel the newest of its records, counted from 1; [`NONE`] when there is none.
    newest: Vec<u32>,
    records: Vec<Record>,
    /// How many records may be there besides the newest of each parcel.
    limit: usize,
    /// How many there are.
    older: usize,
    /// How many found no room.
    dropped: u64,
}

/// One ruling and the number of the one before it.
#[derive(Clone, Copy, Debug)]
struct Record {
    at: Micros,
    previous: u32,
    /// Meaningless without `has_onward`; two fields take three bytes where an option takes four.
    onward: ConnectionId,
    has_onward: bool,
    status: Clearance,
}

const _: () = assert!(size_of::<Record>() == 16);

impl History {
    /// For parcels below `parcels`, with room for `limit` rulings that are not the newest of their parcel.
    pub(super) fn new(parcels: usize, limit: usize) -> Self {
        // Records are counted from 1 in 32 bits.
        let most = u32::MAX as usize - 1;
        let parcels = parcels.min(most);
        let limit = limit.min(most - parcels);
        Self { newest: vec![NONE; parcels], records: Vec::new(), limit, older: 0, dropped: 0 }
    }

    /// How many parcels there is room for.
    pub(super) const fn parcels(&self) -> usize {
        self.newest.len()
    }

    /// How many older rulings were dropped for want of room.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The newest ruling about a parcel.
    pub(super) fn newest(&self, parcel: ParcelId) -> Option<Ruling> {
        self.record(*self.newest.get(parcel.index())?).map(Record::ruling)
    }

    /// Makes a ruling the newest of its parcel. Nothing happens for a parcel that there is no room for.
    pub(super) fn push(&mut self, parcel: ParcelId, ruling: Ruling) {
        let Some(newest) = self.newest.get_mut(parcel.index()) else { return };
        let previous = *newest;
        if previous != NONE {
            if self.older == self.limit {
                self.dropped += 1;
                let place = &mut self.records[previous as usize - 1];
                *place = Record::new(ruling, place.previous);
                return;
            }
            self.older += 1;
        }
        self.records.push(Record::new(ruling, previous));
        *newest = u32::try_from(self.records.len()).expect("parcels and limit together fit 32 bits");
    }

    /// The kept rulings about a parcel, the newest first.
    pub(super) fn newest_first(&self, parcel: ParcelId) -> impl Iterator<Item = Ruling> + '_ {
        let newest = self.newest.get(parcel.index()).copied().unwrap_or(NONE);
        std::iter::successors(self.record(newest), |record| self.record(record.previous)).map(Record::ruling)
    }

    fn record(&self, number: u32) -> Option<&Record> {
        self.records.get((number as usize).checked_sub(1)?)
    }
}

impl Record {
    fn new(ruling: Ruling, previous: u32) -> Self {
        Self {
            at: ruling.at,
            previous,
            onward: ruling.onward.unwrap_or_default(),
            has_onward: ruling.onward.is_some(),
            status: ruling.status,
        }
    }

    fn ruling(&self) -> Ruling {
        Ruling { at: self.at, status: self.status, onward: self.has_onward.then_some(self.onward) }
    }
}
