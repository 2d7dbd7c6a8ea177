//! Which item an edge is, or that it cannot be told.

use super::list::Slot;
use crate::ids::ItemId;

/// How late, in windows, an item may come that has slipped badly.
pub(super) const SLIP_WINDOWS: i64 = 4;

/// An item that was taken for an edge although another may have slipped there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    pub(super) item: ItemId,
    /// Where the edge was, as an origin.
    pub(super) origin: i64,
}

/// The last items that one eye did not see: origin and length of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct LostHere {
    items: [(i64, i32); Self::KEPT],
    next: usize,
    latest: i64,
}

impl LostHere {
    /// More than four items within the reach of one slip are a jam.
    pub(super) const KEPT: usize = 4;

    pub(super) const NONE: Self = Self { items: [(i64::MIN, 0); Self::KEPT], next: 0, latest: i64::MIN };

    pub(super) fn note(&mut self, origin: i64, length: i32) {
        self.items[self.next] = (origin, length);
        self.next = (self.next + 1) % Self::KEPT;
        self.latest = self.latest.max(origin);
    }
}

/// The candidates for one edge, as far as they have been looked at.
pub(super) struct Choice {
    origin: i64,
    length: i32,
    window: i64,
    tolerance: i64,
    /// Distance, mismatch of length and slot of the nearest candidate.
    best: Option<(i64, i64, u16)>,
    /// The distance of the second candidate.
    second: i64,
    /// The mismatch of length of the late item that fits best.
    late: Option<i64>,
}

impl Choice {
    pub(super) fn new(origin: i64, length: i32, window: i64, tolerance: i64) -> Self {
        Self { origin, length, window, tolerance, best: None, second: i64::MAX, late: None }
    }

    /// Remembers that a late item might be this edge.
    fn note_late(&mut self, lateness: i64, mismatch: i64) {
        let late = self.window < lateness && lateness <= SLIP_WINDOWS * self.window;
        if late && mismatch <= self.tolerance {
            self.late = Some(self.late.map_or(mismatch, |late| late.min(mismatch)));
        }
    }

    /// Looks at the items that the eye has missed lately: one of them may still come.
    #[inline]
    pub(super) fn consider_lost(&mut self, lost: &LostHere) {
        if self.origin <= lost.latest.saturating_add(SLIP_WINDOWS * self.window) {
            for (origin, length) in lost.items {
                let mismatch = i64::from((length - self.length).abs());
                self.note_late(self.origin.saturating_sub(origin), mismatch);
            }
        }
    }

    /// Looks at an item that has not passed the eye; `due_here` tells whether this eye is its next.
    #[inline]
    pub(super) fn consider<T>(&mut self, slot: u16, item: &Slot<T>, due_here: bool) {
        let (lateness, mismatch) = (self.origin - item.origin, i64::from((item.length - self.length).abs()));
        if mismatch > self.tolerance {
            return;
        }
        let distance = lateness.abs();
        if distance > self.window {
            if due_here {
                self.note_late(lateness, mismatch);
            }
            return;
        }
        match self.best {
            Some((nearest, ..)) if distance >= nearest => self.second = self.second.min(distance),
            _ => {
                self.second = self.best.map_or(i64::MAX, |(nearest, ..)| nearest);
                self.best = Some((distance, mismatch, slot));
            }
        }
    }

    /// The slot of the candidate that is clearly the one, and whether some doubt remains.
    pub(super) fn clear_winner(&self) -> Option<(usize, bool)> {
        let (distance, mismatch, slot) = self.best?;
        let alone = self.second == i64::MAX || 2 * (self.second - distance) >= self.window;
        let sure = self.late.is_none_or(|late| 3 * distance <= self.window && mismatch <= late);
        (alone && sure).then_some((usize::from(slot), self.late.is_some()))
    }
}

/// The item over a place, as far as it has been looked for.
pub(super) struct Over {
    /// The origin of an item whose leading edge is at the place.
    pub(super) origin: i64,
    pub(super) window: i64,
    pub(super) nearest: Option<(i64, ItemId)>,
    pub(super) tied: bool,
}

impl Over {
    #[inline]
    pub(super) fn consider<T>(&mut self, item: &Slot<T>) {
        let (before, behind) =
            (item.origin - self.origin, self.origin - item.origin - i64::from(item.length));
        let distance = before.max(behind).max(0);
        if distance > self.window {
            return;
        }
        match self.nearest {
            Some((best, _)) if distance > best => {}
            Some((best, _)) if distance == best => self.tied = true,
            _ => (self.nearest, self.tied) = (Some((distance, item.item)), false),
        }
    }
}
