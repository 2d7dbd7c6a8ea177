//! Where items are on one belt, in encoder pulses, found again at each photo-eye by two-sided windows.
//!
//! A tracker that numbers items and pops them first-in first-out at each eye shifts every item behind one
//! loss. This one asks of each edge which item it can be: the items that have not passed the eye, whose
//! expected count there lies within a window around the measured one and whose length fits. A match syncs
//! that item again and nobody else moves; an edge that fits nobody, or fits two alike, is unexpected; an
//! item that no edge fitted until its deadline is lost. All of it is decided in belt travel, not in time.

mod choice;
mod list;
#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::ids::{EyeId, ItemId};
use crate::units::{EncoderCount, Pulses};
use choice::{Choice, Doubt, LostHere, Over};
use list::{NIL, Queue, Slot};

/// What a tracker needs to know about its belt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerConfig {
    /// The distance of each photo-eye from the induction, rising. The first is [`EyeId`] 1, the last is
    /// the exit eye. At most 254.
    pub eyes: Vec<Pulses>,
    /// How far a leading edge may be from its expected count, to either side.
    pub window: Pulses,
    /// How far a measured length may be from the one at induction, to either side.
    pub length_tolerance: Pulses,
    /// The most items that are tracked at once. At most 65,000.
    pub capacity: usize,
}

/// Why an item cannot be taken into a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TrackError {
    /// There is no room.
    #[error("{item} is not tracked: the belt has {limit} items already, its limit")]
    BeltFull {
        /// The item that was refused.
        item: ItemId,
        /// The capacity of the tracker.
        limit: usize,
    },
    /// Another item has the same number.
    #[error("{item} is not tracked: an item of that number is on the belt")]
    AlreadyTracked {
        /// The number.
        item: ItemId,
    },
    /// 0 is not the number of an item.
    #[error("item 0 is not tracked: item numbers start at 1")]
    NoNumber,
    /// The belt has no such photo-eye.
    #[error("{eye} does not exist: the belt has photo-eyes 1 to {last}")]
    NoSuchEye {
        /// The eye that was named.
        eye: EyeId,
        /// The number of the exit eye.
        last: usize,
    },
}

/// What a photo-eye saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// An item that was due. It stands synced at this eye.
    Seen {
        /// The item.
        item: ItemId,
        /// Measured minus expected count of the leading edge.
        deviation: Pulses,
    },
    /// Something that fits no item, or fits two so nearly alike that to choose would be to guess.
    Unexpected,
}

/// An item that a photo-eye did not see in time. It is no longer tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue<T> {
    /// The item.
    pub item: ItemId,
    /// The eye that did not see it.
    pub eye: EyeId,
    /// The last count at which its edge would still have been its own.
    pub deadline: EncoderCount,
    /// What the caller kept with it.
    pub data: T,
}

/// The items of one belt. `T` is what the caller keeps with each of them.
///
/// Counts may wrap: each count that is passed in has to be less than 2^31 pulses from the one before.
///
/// ```
/// use sorter_core::ids::{EyeId, ItemId};
/// use sorter_core::tracking::{Sighting, Tracker, TrackerConfig};
/// use sorter_core::units::{EncoderCount, Pulses};
///
/// let mut tracker = Tracker::new(&TrackerConfig {
///     eyes: vec![Pulses::new(500), Pulses::new(2_400)],
///     window: Pulses::new(15),
///     length_tolerance: Pulses::new(8),
///     capacity: 400,
/// });
/// let (item, length) = (ItemId::new(1), Pulses::new(30));
/// tracker.induct(item, EncoderCount::new(1_000), length, ())?;
/// let sighting = tracker.edge(EyeId::new(1), EncoderCount::new(1_504), length)?;
/// assert_eq!(sighting, Sighting::Seen { item, deviation: Pulses::new(4) });
/// assert_eq!(tracker.edge(EyeId::new(1), EncoderCount::new(1_560), length)?, Sighting::Unexpected);
/// // It counts on from where it was seen.
/// assert_eq!(tracker.expected_at(item, Pulses::new(2_400)), Some(EncoderCount::new(3_404)));
/// # Ok::<(), sorter_core::tracking::TrackError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tracker<T> {
    eyes: Vec<i64>,
    window: i64,
    tolerance: i64,
    capacity: usize,
    slots: Vec<Slot<T>>,
    free: Vec<u16>,
    /// Slot + 1 of each item number, 0 for none: the zero pages of a fresh table cost nothing.
    slot_of: Box<[u16]>,
    /// For each eye the items due there next, nearest first; then those past the last eye; then the fired.
    queues: Vec<Queue>,
    /// For each eye the origin of the first item due there, `i64::MAX` for none.
    front: Vec<i64>,
    /// For each eye the last count at which the first item due there is not lost, `i64::MAX` for none.
    due_by: Vec<i64>,
    /// The smallest of `due_by`, and the first eye that has it.
    first_due: (usize, i64),
    /// For each eye the last items that were lost there.
    lost: Vec<LostHere>,
    /// For each eye the item that was last taken for an edge in doubt.
    doubts: Vec<Option<Doubt>>,
    /// The eye at which an item proved to be another, until that is reported.
    given_up: Option<(usize, ItemId)>,
    /// The latest count, unwrapped.
    count: i64,
}

impl<T: Copy> Tracker<T> {
    /// A tracker of an empty belt.
    ///
    /// # Panics
    /// When there is no eye or more than 254, the positions do not rise, or the capacity is over 65,000.
    pub fn new(config: &TrackerConfig) -> Self {
        let eyes: Vec<i64> = config.eyes.iter().map(|position| i64::from(position.get())).collect();
        assert!((1..=254).contains(&eyes.len()), "belt has {} photo-eyes (expected 1 to 254)", eyes.len());
        assert!(eyes.windows(2).all(|pair| pair[0] < pair[1]), "positions of the photo-eyes do not rise");
        assert!(config.capacity <= 65_000, "belt capacity is {} (at most 65000)", config.capacity);
        Self {
            window: i64::from(config.window.get()),
            tolerance: i64::from(config.length_tolerance.get()),
            capacity: config.capacity,
            slots: Vec::with_capacity(config.capacity),
            free: Vec::with_capacity(config.capacity),
            slot_of: vec![0; 1 << 16].into_boxed_slice(),
            queues: vec![Queue::EMPTY; eyes.len() + 2],
            front: vec![i64::MAX; eyes.len()],
            due_by: vec![i64::MAX; eyes.len()],
            first_due: (0, i64::MAX),
            lost: vec![LostHere::NONE; eyes.len()],
            doubts: vec![None; eyes.len()],
            given_up: None,
            count: 0,
            eyes,
        }
    }

    /// Items on the belt, those fired and not yet resolved included.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether no item is on the belt.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether an item of this number is on the belt.
    pub fn contains(&self, item: ItemId) -> bool {
        self.slot(item).is_some()
    }

    /// What the caller keeps with an item.
    pub fn get(&self, item: ItemId) -> Option<&T> {
        self.slot(item).map(|slot| &self.slots[slot].data)
    }

    /// What the caller keeps with an item, to be changed.
    pub fn get_mut(&mut self, item: ItemId) -> Option<&mut T> {
        self.slot(item).map(|slot| &mut self.slots[slot].data)
    }

    /// The items on the belt with what the caller keeps with them, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (ItemId, &T)> {
        let slots = self.slots.iter().enumerate();
        let tracked = slots.filter(|(slot, here)| usize::from(self.slot_of[here.item.index()]) == slot + 1);
        tracked.map(|(_, here)| (here.item, &here.data))
    }

    /// What the caller keeps with each item on the belt, to be changed, in the order of [`Tracker::iter`].
    pub fn data_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let slot_of = &self.slot_of;
        let slots = self.slots.iter_mut().enumerate();
        let tracked = slots.filter(|(slot, here)| usize::from(slot_of[here.item.index()]) == slot + 1);
        tracked.map(|(_, here)| &mut here.data)
    }

    /// The length that was measured when the item entered.
    pub fn length(&self, item: ItemId) -> Option<Pulses> {
        self.slot(item).map(|slot| Pulses::new(self.slots[slot].length))
    }

    /// The eye at which the item is due next; `None` past the exit eye and for an unknown item.
    pub fn next_eye(&self, item: ItemId) -> Option<EyeId> {
        let next = usize::from(self.slots[self.slot(item)?].next_eye);
        (next < self.eyes.len()).then(|| eye_id(next))
    }

    /// The distance of an eye from the induction.
    pub fn eye_position(&self, eye: EyeId) -> Option<Pulses> {
        let position = *self.eyes.get(eye.index().checked_sub(1)?)?;
        i32::try_from(position).ok().map(Pulses::new)
    }

    /// Takes in an item whose leading edge passed the induction eye at `count`.
    ///
    /// # Errors
    /// [`TrackError`]; the belt is as it was.
    pub fn induct(
        &mut self,
        item: ItemId,
        count: EncoderCount,
        length: Pulses,
        data: T,
    ) -> Result<(), TrackError> {
        let origin = self.unwrap(count);
        self.insert(item, origin, length, 0, data)
    }

    /// Takes in an item that turned up at an eye: its leading edge passed there at `count`.
    ///
    /// # Errors
    /// [`TrackError`]; the belt is as it was.
    pub fn insert_unexpected(
        &mut self,
        item: ItemId,
        eye: EyeId,
        count: EncoderCount,
        length: Pulses,
        data: T,
    ) -> Result<(), TrackError> {
        let eye = self.eye_index(eye)?;
        let origin = self.unwrap(count) - self.eyes[eye];
        self.insert(item, origin, length, eye + 1, data)
    }

    /// Tells which item the edge at an eye is, and syncs it there.
    ///
    /// The candidates are the items not yet past this eye whose expected count is within the window of
    /// `count`, the measured leading edge, and whose length fits within the tolerance. The nearest is
    /// taken if it is the only one, or if the second is at least half a window further away.
    ///
    /// One thing more makes it doubtful: an item of a fitting length in front of it that this eye has not
    /// seen, up to four windows late, be it still due or one of the last four lost here. It may have slipped
    /// back into the place of this one. Then the edge is taken for the candidate only if it is within a third
    /// of the window and fits the length of the candidate at least as well, and the doubt is kept: if an
    /// unexpected edge of the candidate's length follows within four windows, that one is the candidate,
    /// pushed back, and the first was the slipped item after all. The candidate is then given up: the next
    /// [`Tracker::overdue`] reports it as lost here, unless its diverter has fired.
    ///
    /// Items in front that are due at this eye wait on for their own edge or deadline. A fired item can be
    /// seen too: it is synced and stays fired, until [`Tracker::mark_missed`] or [`Tracker::remove`].
    /// At the exit eye the item is done, and the caller removes it.
    ///
    /// # Errors
    /// [`TrackError::NoSuchEye`].
    pub fn edge(&mut self, eye: EyeId, count: EncoderCount, length: Pulses) -> Result<Sighting, TrackError> {
        let eye = self.eye_index(eye)?;
        let origin = self.unwrap(count) - self.eyes[eye];
        let Some((slot, doubted)) = self.clearly_nearest(eye, origin, length.get()) else {
            self.settle_doubt(eye, origin, length.get());
            return Ok(Sighting::Unexpected);
        };
        if doubted {
            self.doubts[eye] = Some(Doubt { item: self.slots[slot].item, origin });
        }
        let (item, deviation) = (self.slots[slot].item, origin - self.slots[slot].origin);
        let fired = usize::from(self.slots[slot].list) == self.fired_list();
        self.unlink(slot);
        self.slots[slot].origin = origin;
        self.slots[slot].next_eye = list::small(eye + 1);
        self.link(slot, if fired { self.fired_list() } else { eye + 1 });
        Ok(Sighting::Seen { item, deviation: to_pulses(deviation) })
    }

    /// Takes out the item whose deadline passed first, if one has passed at `count`.
    ///
    /// The deadline at the next eye is the expected count plus the window, the length of the item (an eye
    /// reports at the trailing edge) and one pulse of rounding; an item is lost when the count is beyond
    /// it. Items due at one eye are declared lost in their order on the belt. Fired items have none.
    pub fn overdue(&mut self, count: EncoderCount) -> Option<Overdue<T>> {
        let now = self.unwrap(count);
        if let Some((eye, item)) = self.given_up.take()
            && let Some(slot) = self.slot(item)
        {
            let data = self.slots[slot].data;
            self.take_out(slot);
            return Some(Overdue { item, eye: eye_id(eye), deadline: wrap(self.count), data });
        }
        let (eye, due_by) = self.first_deadline()?;
        if due_by >= now {
            return None;
        }
        let slot = usize::from(self.queues[eye].head);
        let Slot { item, data, origin, length, .. } = self.slots[slot];
        self.lost[eye].note(origin, length);
        self.take_out(slot);
        Some(Overdue { item, eye: eye_id(eye), deadline: wrap(due_by), data })
    }

    /// The first count at which [`Tracker::overdue`] will find something, if nothing else happens before.
    pub fn next_deadline(&self) -> Option<EncoderCount> {
        if self.given_up.is_some() {
            return Some(wrap(self.count));
        }
        self.first_deadline().map(|(_, due_by)| wrap(due_by + 1))
    }

    /// When the leading edge of an item is expected at a distance from the induction.
    pub fn expected_at(&self, item: ItemId, position: Pulses) -> Option<EncoderCount> {
        self.slot(item).map(|slot| wrap(self.slots[slot].origin + i64::from(position.get())))
    }

    /// The item that is over `position` at `count`: the binding rule of a reading tunnel.
    ///
    /// The nearest item is taken whose range there, from leading to trailing edge, is within the window
    /// of `count`; between two items whose gap is under two windows that is the same as a window of half
    /// the gap. Exactly half way between two items, or within both, nobody is named.
    pub fn item_over(&self, position: Pulses, count: EncoderCount) -> Option<ItemId> {
        let position = i64::from(position.get());
        // The head stands over `position` at `count` if its origin is this.
        let origin = self.unwrapped(count) - position;
        let eye = self.eyes.partition_point(|eye| *eye < position);
        let mut over = Over { origin, window: self.window, nearest: None, tied: false };
        // Those due at the next eye, nearest to it first.
        let mut slot = self.queues.get(eye).filter(|_| eye < self.eyes.len()).map_or(NIL, |queue| queue.head);
        while slot != NIL {
            let here = &self.slots[usize::from(slot)];
            if here.origin > origin + self.window {
                break;
            }
            over.consider(here);
            slot = here.next;
        }
        // The last that have passed it may still be over the place with their tails.
        let passed = (eye + 1).min(self.eyes.len());
        let mut slot = self.queues[passed].tail;
        while slot != NIL {
            let here = &self.slots[usize::from(slot)];
            if here.origin + i64::from(here.length) + self.window < origin {
                break;
            }
            over.consider(here);
            slot = here.previous;
        }
        over.nearest.filter(|_| !over.tied).map(|(_, item)| item)
    }

    /// Notes that a diverter fired for an item: no eye misses it until that is resolved.
    ///
    /// Returns whether the item is tracked.
    pub fn mark_fired(&mut self, item: ItemId) -> bool {
        self.move_to(item, self.fired_list())
    }

    /// Notes that a fired item stayed on the belt: it is due at its next eye again.
    ///
    /// Returns whether the item is tracked. Its deadline may have passed meanwhile.
    pub fn mark_missed(&mut self, item: ItemId) -> bool {
        match self.slot(item) {
            Some(slot) => self.move_to(item, usize::from(self.slots[slot].next_eye)),
            None => false,
        }
    }

    /// Takes an item out, because it was discharged or left; gives back what was kept with it.
    pub fn remove(&mut self, item: ItemId) -> Option<T> {
        let slot = self.slot(item)?;
        let data = self.slots[slot].data;
        self.take_out(slot);
        Some(data)
    }

    fn fired_list(&self) -> usize {
        self.eyes.len() + 1
    }

    fn slot(&self, item: ItemId) -> Option<usize> {
        usize::from(self.slot_of[item.index()]).checked_sub(1)
    }

    fn eye_index(&self, eye: EyeId) -> Result<usize, TrackError> {
        match eye.index().checked_sub(1) {
            Some(index) if index < self.eyes.len() => Ok(index),
            _ => Err(TrackError::NoSuchEye { eye, last: self.eyes.len() }),
        }
    }

    /// The unwrapped count nearest to the latest one.
    fn unwrapped(&self, count: EncoderCount) -> i64 {
        self.count + i64::from(wrap(self.count).distance_to(count).get())
    }

    fn unwrap(&mut self, count: EncoderCount) -> i64 {
        let unwrapped = self.unwrapped(count);
        self.count = self.count.max(unwrapped);
        unwrapped
    }

    /// An unexpected edge may be the item for which another was taken shortly before at this eye.
    fn settle_doubt(&mut self, eye: usize, origin: i64, length: i32) {
        let Some(doubt) = self.doubts[eye].take() else { return };
        let Some(slot) = self.slot(doubt.item) else { return };
        let taken = &self.slots[slot];
        let behind = origin - doubt.origin;
        let near = 0 < behind && behind <= choice::SLIP_WINDOWS * self.window;
        let fits = i64::from((taken.length - length).abs()) <= self.tolerance;
        let undecided = usize::from(taken.list) == eye + 1 && usize::from(taken.next_eye) == eye + 1;
        if near && fits && undecided {
            self.given_up = Some((eye, doubt.item));
        }
    }

    fn clearly_nearest(&self, eye: usize, origin: i64, length: i32) -> Option<(usize, bool)> {
        let mut choice = Choice::new(origin, length, self.window, self.tolerance);
        choice.consider_lost(&self.lost[eye]);
        for queue in (0..=eye).rev() {
            let mut slot =
                if self.front[queue] > origin + self.window { NIL } else { self.queues[queue].head };
            while slot != NIL {
                let here = &self.slots[usize::from(slot)];
                if here.origin > origin + self.window {
                    break;
                }
                choice.consider(slot, here, queue == eye);
                slot = here.next;
            }
        }
        let mut slot = self.queues[self.fired_list()].head;
        while slot != NIL {
            let here = &self.slots[usize::from(slot)];
            if usize::from(here.next_eye) <= eye {
                choice.consider(slot, here, false);
            }
            slot = here.next;
        }
        choice.clear_winner()
    }

    fn first_deadline(&self) -> Option<(usize, i64)> {
        let (eye, due_by) = self.first_due;
        (due_by != i64::MAX).then_some((eye, due_by))
    }
}

/// The name of the eye at an index: 0 is the eye at the induction, which tracks nothing.
fn eye_id(index: usize) -> EyeId {
    EyeId::new(list::small(index + 1))
}

/// The encoder shows the low 32 bits of a count.
fn wrap(count: i64) -> EncoderCount {
    EncoderCount::new((count & 0xFFFF_FFFF) as u32)
}

/// Deviations and lengths are distances on one belt, far below 2^31 pulses.
fn to_pulses(distance: i64) -> Pulses {
    Pulses::new(i32::try_from(distance).unwrap_or(i32::MAX))
}
