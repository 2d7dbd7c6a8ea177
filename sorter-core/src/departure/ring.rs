//! Moments that repeat every week, in order, with a position for each of all weeks.
//!
//! A ring of `n` slots has the positions `..., -1, 0, 1, ...`: position `p` is slot `p mod n` in week `p / n`,
//! both rounded down. Times are signed: a truck on Monday 00:30 of week 0 has its cut-off before the run.

use super::WEEK;
use crate::ids::ConnectionId;
use crate::units::Micros;

/// The length of a week, signed.
const LENGTH: i64 = WEEK.get().cast_signed();

/// One moment of a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The moment, from Monday 00:00; inside the week.
    pub(super) phase: i64,
    /// Whose moment it is.
    pub(super) connection: ConnectionId,
    /// How many weeks later the connection leaves: 1 when its cut-off lies in the week before, else 0.
    pub(super) carry: i64,
}

/// One moment of one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: i64,
    pub(super) connection: ConnectionId,
    /// The week in which the connection leaves.
    pub(super) week: i64,
}

/// Slots in the order of their moments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ring {
    slots: Vec<Slot>,
}

impl Slot {
    /// The slot of a moment `lead` before `departs`.
    pub(super) fn before(departs: Micros, lead: Micros, connection: ConnectionId) -> Self {
        let at = signed(departs) - signed(lead);
        Self { phase: at.rem_euclid(LENGTH), connection, carry: -at.div_euclid(LENGTH) }
    }
}

impl Ring {
    pub(super) fn new(mut slots: Vec<Slot>) -> Self {
        slots.sort_by_key(|slot| (slot.phase, slot.connection));
        Self { slots }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How far apart the same moments of two weeks are.
    pub(super) fn step(&self) -> i64 {
        self.slots.len().cast_signed() as i64
    }

    /// The first position after a time.
    pub(super) fn first_after(&self, at: i64) -> i64 {
        let phase = at.rem_euclid(LENGTH);
        self.position(at.div_euclid(LENGTH), self.slots.partition_point(|slot| slot.phase <= phase))
    }

    /// The first position at a time or after it.
    pub(super) fn first_from(&self, at: i64) -> i64 {
        let phase = at.rem_euclid(LENGTH);
        self.position(at.div_euclid(LENGTH), self.slots.partition_point(|slot| slot.phase < phase))
    }

    /// The position of a slot in a week.
    pub(super) fn position(&self, week: i64, slot: usize) -> i64 {
        week * self.step() + slot.cast_signed() as i64
    }

    /// What is at a position. `None` when the ring is empty.
    pub(super) fn moment(&self, position: i64) -> Option<Moment> {
        if self.is_empty() {
            return None;
        }
        let week = position.div_euclid(self.step());
        let slot = self.slots[position.rem_euclid(self.step()) as usize];
        Some(Moment { at: week * LENGTH + slot.phase, connection: slot.connection, week: week + slot.carry })
    }

    /// The slots in order.
    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }
}

/// Where signed times end: 146,000 years, far behind every timetable and with room to add weeks.
const LATEST: u64 = i64::MAX.unsigned_abs() / 2;

/// A time as a signed number; later ones than [`LATEST`] are cut to it.
pub(super) fn signed(at: Micros) -> i64 {
    at.get().min(LATEST).cast_signed()
}

/// A signed time; what lies before the run is its start.
pub(super) fn micros(at: i64) -> Micros {
    Micros::new(at.max(0).unsigned_abs())
}
