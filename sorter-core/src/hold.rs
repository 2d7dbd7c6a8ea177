//! Parcels in hold chutes: since when, why, and which of them may come back.

use serde::{Deserialize, Serialize};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::ids::{ChuteId, ParcelId};
use crate::reason::Reason;
use crate::units::Micros;

mod stored;

/// No place: the end of the list.
const NONE: u32 = u32::MAX;

/// A parcel in a hold chute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The parcel.
    pub parcel: ParcelId,
    /// The chute it fell into.
    pub chute: ChuteId,
    /// When it fell.
    pub since: Micros,
    /// Why it was sent there.
    pub reason: Reason,
}

/// The stay of a parcel in a hold chute that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dwell {
    /// The parcel, where it was, since when and why.
    pub held: Held,
    /// When it was taken out.
    pub until: Micros,
}

/// All stays for one reason that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DwellTotals {
    /// How many.
    pub stays: u64,
    /// How long all of them were together.
    pub sum: Micros,
    /// How long the longest was.
    pub longest: Micros,
}

/// The parcels in the hold chutes of one sorter, the longest there first, and how long others were there.
///
/// Every operation takes constant time when parcels fall in the order of time, as they do on one sorter; one
/// that is added late is put where it belongs. Parcels of the same time stand in the order in which they were
/// added. Nothing is allocated as long as no more parcels are held at once than there is capacity for.
///
/// ```
/// use sorter_core::hold::HoldBook;
/// use sorter_core::ids::{ChuteId, ParcelId};
/// use sorter_core::reason::Reason;
/// use sorter_core::units::Micros;
///
/// let mut book = HoldBook::with_capacity(100);
/// book.add(ParcelId::new(7), ChuteId::new(98), Micros::from_secs(10), Reason::Inspect);
/// let limit = Micros::from_secs(3_600);
/// assert_eq!(book.overdue(Micros::from_secs(3_609), limit).count(), 0);
/// assert_eq!(book.overdue(Micros::from_secs(3_610), limit).count(), 1);
///
/// let dwell = book.take(ParcelId::new(7), Micros::from_secs(4_000)).unwrap();
/// assert_eq!(dwell.length(), Micros::from_secs(3_990));
/// assert_eq!(book.totals(Reason::Inspect).longest, Micros::from_secs(3_990));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "stored::HoldBook", into = "stored::HoldBook")]
pub struct HoldBook {
    places: Vec<Place>,
    /// Where each held parcel stands.
    by_parcel: HashMap<ParcelId, u32, FixedState>,
    /// The first of the places that are free, linked through `after`.
    free: u32,
    first: u32,
    last: u32,
    totals: [DwellTotals; Reason::COUNT],
}

/// A held parcel with its neighbours in the order of time.
#[derive(Clone, Copy, Debug)]
struct Place {
    held: Held,
    before: u32,
    after: u32,
}

impl Dwell {
    /// How long the stay was; zero when it ended before it began.
    pub const fn length(&self) -> Micros {
        self.until.saturating_since(self.held.since)
    }
}

impl DwellTotals {
    fn add(&mut self, length: Micros) {
        self.stays += 1;
        self.sum = Micros::new(self.sum.get().saturating_add(length.get()));
        self.longest = self.longest.max(length);
    }
}

impl HoldBook {
    /// An empty book with room for this many parcels before it has to grow.
    pub fn with_capacity(parcels: usize) -> Self {
        Self {
            places: Vec::with_capacity(parcels),
            // Twice the room: a table that is more than half full may grow only because parcels come and go.
            by_parcel: HashMap::with_capacity_and_hasher(parcels * 2, FixedState::with_seed(0)),
            free: NONE,
            first: NONE,
            last: NONE,
            totals: [DwellTotals::default(); Reason::COUNT],
        }
    }

    /// Adds a parcel that fell into a hold chute.
    ///
    /// A parcel is in one place: if the book has it already, it was taken out unseen, and the stay that ended
    /// by then is counted and given back.
    pub fn add(&mut self, parcel: ParcelId, chute: ChuteId, since: Micros, reason: Reason) -> Option<Dwell> {
        let over = self.take(parcel, since);
        let before = self.last_until(since);
        let after = if before == NONE { self.first } else { self.places[before as usize].after };
        let place = Place { held: Held { parcel, chute, since, reason }, before, after };
        let number = self.put(place);
        self.link(before, number, after);
        self.by_parcel.insert(parcel, number);
        over
    }

    /// Takes a parcel that was taken out of its chute or that turned up on a belt. `None` when it is not here.
    pub fn take(&mut self, parcel: ParcelId, at: Micros) -> Option<Dwell> {
        let number = self.by_parcel.remove(&parcel)?;
        let Place { held, before, after } = self.places[number as usize];
        *self.after_of(before) = after;
        *self.before_of(after) = before;
        self.places[number as usize].after = self.free;
        self.free = number;
        let dwell = Dwell { held, until: at };
        self.totals[held.reason as usize].add(dwell.length());
        Some(dwell)
    }

    /// The held parcel with this number.
    pub fn get(&self, parcel: ParcelId) -> Option<&Held> {
        self.by_parcel.get(&parcel).map(|number| &self.places[*number as usize].held)
    }

    /// Every held parcel, the longest there first.
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        let place = |number: u32| self.places.get(number as usize);
        std::iter::successors(place(self.first), move |at| place(at.after)).map(|place| &place.held)
    }

    /// The parcels that at a time have been held for `limit` or longer, the longest there first.
    pub fn overdue(&self, at: Micros, limit: Micros) -> impl Iterator<Item = &Held> {
        self.iter().take_while(move |held| held.since <= at && at.saturating_since(held.since) >= limit)
    }

    /// How many parcels are held.
    pub fn len(&self) -> usize {
        self.by_parcel.len()
    }

    /// Whether no parcel is held.
    pub fn is_empty(&self) -> bool {
        self.by_parcel.is_empty()
    }

    /// The stays for one reason that are over.
    pub const fn totals(&self, reason: Reason) -> DwellTotals {
        self.totals[reason as usize]
    }

    /// The stays that are over for each reason that occurred, in the order of the reasons.
    pub fn all_totals(&self) -> impl Iterator<Item = (Reason, DwellTotals)> {
        let all = Reason::ALL.iter().map(|reason| (*reason, self.totals(*reason)));
        all.filter(|(_, totals)| totals.stays > 0)
    }

    /// The last place whose parcel fell at this time or before.
    fn last_until(&self, since: Micros) -> u32 {
        let mut number = self.last;
        while let Some(place) = self.places.get(number as usize) {
            if place.held.since <= since {
                break;
            }
            number = place.before;
        }
        number
    }

    /// Writes to a free place or to a new one.
    fn put(&mut self, place: Place) -> u32 {
        if let Some(free) = self.places.get_mut(self.free as usize) {
            let number = self.free;
            self.free = free.after;
            *free = place;
            return number;
        }
        self.places.push(place);
        // Parcels are numbered in 32 bits and each has one place, so NONE is never reached but by all of them.
        u32::try_from(self.places.len() - 1).expect("there are fewer places than parcel numbers")
    }

    fn link(&mut self, before: u32, number: u32, after: u32) {
        *self.after_of(before) = number;
        *self.before_of(after) = number;
    }

    /// What follows a place; of no place, the first.
    fn after_of(&mut self, number: u32) -> &mut u32 {
        match self.places.get_mut(number as usize) {
            Some(place) => &mut place.after,
            None => &mut self.first,
        }
    }

    /// What precedes a place; of no place, the last.
    fn before_of(&mut self, number: u32) -> &mut u32 {
        match self.places.get_mut(number as usize) {
            Some(place) => &mut place.before,
            None => &mut self.last,
        }
    }
}

#[cfg(test)]
mod tests;
