//! The slots of a tracker and the ordered lists through them: one for each eye, one past the last, one fired.

use super::{TrackError, Tracker};
use crate::ids::ItemId;
use crate::units::Pulses;

pub(super) const NIL: u16 = u16::MAX;

#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<T> {
    /// The unwrapped count at which the leading edge was, or would have been, at the induction.
    pub(super) origin: i64,
    pub(super) length: i32,
    pub(super) item: ItemId,
    /// The index of the eye at which it is due next; the number of eyes when it is past the last.
    pub(super) next_eye: u8,
    /// The list that it is in.
    pub(super) list: u8,
    pub(super) previous: u16,
    pub(super) next: u16,
    pub(super) data: T,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    pub(super) head: u16,
    pub(super) tail: u16,
}

impl Queue {
    pub(super) const EMPTY: Self = Self { head: NIL, tail: NIL };
}

/// Indices of eyes and lists: there are at most 254 eyes.
pub(super) fn small(index: usize) -> u8 {
    u8::try_from(index).expect("a tracker has at most 254 eyes and two more lists")
}

/// Indices of slots: the capacity is at most 65,000.
fn slot_number(slot: usize) -> u16 {
    u16::try_from(slot).expect("a tracker has at most 65,000 slots")
}

impl<T: Copy> Tracker<T> {
    pub(super) fn insert(
        &mut self,
        item: ItemId,
        origin: i64,
        length: Pulses,
        next_eye: usize,
        data: T,
    ) -> Result<(), TrackError> {
        if item.is_none() {
            return Err(TrackError::NoNumber);
        }
        if self.contains(item) {
            return Err(TrackError::AlreadyTracked { item });
        }
        if self.len() == self.capacity {
            return Err(TrackError::BeltFull { item, limit: self.capacity });
        }
        let next_eye = small(next_eye);
        let fresh =
            Slot { origin, length: length.get(), item, next_eye, list: 0, previous: NIL, next: NIL, data };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[usize::from(slot)] = fresh;
                usize::from(slot)
            }
            None => {
                self.slots.push(fresh);
                self.slots.len() - 1
            }
        };
        self.slot_of[item.index()] = slot_number(slot) + 1;
        self.link(slot, usize::from(next_eye));
        Ok(())
    }

    /// Puts a slot into a list, behind all whose origin is not greater.
    pub(super) fn link(&mut self, slot: usize, list: usize) {
        let origin = self.slots[slot].origin;
        let (mut before, mut after) = (self.queues[list].tail, NIL);
        // Items arrive nearly in order, so the walk from the tail is short.
        while before != NIL && self.slots[usize::from(before)].origin > origin {
            (after, before) = (before, self.slots[usize::from(before)].previous);
        }
        let number = slot_number(slot);
        let here = &mut self.slots[slot];
        (here.list, here.previous, here.next) = (small(list), before, after);
        match after {
            NIL => self.queues[list].tail = number,
            after => self.slots[usize::from(after)].previous = number,
        }
        match before {
            NIL => {
                self.queues[list].head = number;
                self.front_changed(list);
            }
            before => self.slots[usize::from(before)].next = number,
        }
    }

    pub(super) fn unlink(&mut self, slot: usize) {
        let Slot { previous, next, list, .. } = self.slots[slot];
        let list = usize::from(list);
        match next {
            NIL => self.queues[list].tail = previous,
            next => self.slots[usize::from(next)].previous = previous,
        }
        match previous {
            NIL => {
                self.queues[list].head = next;
                self.front_changed(list);
            }
            previous => self.slots[usize::from(previous)].next = next,
        }
    }

    pub(super) fn move_to(&mut self, item: ItemId, list: usize) -> bool {
        let Some(slot) = self.slot(item) else { return false };
        if usize::from(self.slots[slot].list) != list {
            self.unlink(slot);
            self.link(slot, list);
        }
        true
    }

    pub(super) fn take_out(&mut self, slot: usize) {
        self.unlink(slot);
        self.slot_of[self.slots[slot].item.index()] = 0;
        self.free.push(slot_number(slot));
    }

    /// Keeps origin and deadline of the first item of an eye at hand.
    fn front_changed(&mut self, list: usize) {
        let Some(position) = self.eyes.get(list) else { return };
        let (front, due_by) = match self.queues[list].head {
            NIL => (i64::MAX, i64::MAX),
            head => {
                let first = &self.slots[usize::from(head)];
                (first.origin, first.origin + position + self.window + i64::from(first.length) + 1)
            }
        };
        (self.front[list], self.due_by[list]) = (front, due_by);
        let (eye, earliest) = self.first_due;
        if (due_by, list) < (earliest, eye) {
            self.first_due = (list, due_by);
        } else if list == eye {
            // The first one has gone: look for the next among the eyes.
            let deadlines = self.due_by.iter().copied().zip(0..);
            let (due_by, eye) = deadlines.min().unwrap_or((i64::MAX, 0));
            self.first_due = (eye, due_by);
        }
    }
}
