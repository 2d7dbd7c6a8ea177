//! The bodies on the belt, in belt order: a slab with links, and for each mark the first body due there.

use super::BodyTag;
use super::draws::Draws;

pub(super) const NIL: u16 = u16::MAX;
/// No mark: this fault does not strike the body.
pub(super) const NEVER: u8 = u8::MAX;

#[derive(Clone, Copy)]
pub(super) struct Body {
    pub(super) tag: BodyTag,
    pub(super) draws: Draws,
    pub(super) length: i64,
    /// The mark that its trailing edge passes next.
    pub(super) mark: u8,
    /// The photo-eye that will not see it, as a mark.
    pub(super) missed_at: u8,
    /// The mark up to which it slips badly.
    pub(super) slips_to: u8,
    /// The mark before which it is taken off.
    pub(super) taken_before: u8,
    /// Where and when its leading edge was before: the mark before, or where it was thrown on.
    pub(super) from: i64,
    pub(super) from_at: i64,
    /// The travel at which its leading edge is at its next mark.
    pub(super) at: i64,
    pub(super) generation: u16,
    pub(super) ahead: u16,
    pub(super) behind: u16,
}

impl Body {
    /// Where the leading edge is, if its next mark stands at `mark`; beyond it the body does not slip.
    pub(super) fn position(&self, mark: i64, travel: i64) -> i64 {
        let way = self.at - self.from_at;
        if travel >= self.at || way <= 0 {
            return mark + travel - self.at;
        }
        self.from + (travel - self.from_at) * (mark - self.from) / way
    }

    /// How much it slips in all on the way to its next mark.
    pub(super) fn slip(&self, mark: i64) -> i64 {
        (self.at - self.from_at) - (mark - self.from)
    }
}

pub(super) struct Bodies {
    slots: Vec<Body>,
    free: Vec<u16>,
    pub(super) first: u16,
    pub(super) last: u16,
    /// For each mark the first of the bodies that pass it next.
    fronts: Vec<u16>,
}

impl Bodies {
    pub(super) fn new(marks: usize) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), first: NIL, last: NIL, fronts: vec![NIL; marks] }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    #[inline]
    pub(super) fn get(&self, slot: u16) -> &Body {
        &self.slots[usize::from(slot)]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u16) -> &mut Body {
        &mut self.slots[usize::from(slot)]
    }

    /// Whether a slot still holds the body that an event was made for.
    #[inline]
    pub(super) fn is_current(&self, slot: u16, generation: u16) -> bool {
        self.get(slot).generation == generation
    }

    /// The first body that has not passed a mark beyond `mark`: the foremost that can be near it.
    #[inline]
    pub(super) fn foremost_up_to(&self, mark: u8) -> u16 {
        let fronts = &self.fronts[..=usize::from(mark)];
        fronts.iter().rev().copied().find(|front| *front != NIL).unwrap_or(NIL)
    }

    /// Puts a body behind another one, or in front of all for [`NIL`].
    pub(super) fn insert_behind(&mut self, ahead: u16, mut body: Body) -> u16 {
        let behind = if ahead == NIL { self.first } else { self.get(ahead).behind };
        (body.ahead, body.behind) = (ahead, behind);
        let slot = match self.free.pop() {
            Some(slot) => {
                body.generation = self.get(slot).generation;
                *self.get_mut(slot) = body;
                slot
            }
            None => {
                let slot =
                    u16::try_from(self.slots.len()).expect("a belt has room for fewer than 65,535 bodies");
                self.slots.push(body);
                slot
            }
        };
        match ahead {
            NIL => self.first = slot,
            ahead => self.get_mut(ahead).behind = slot,
        }
        match behind {
            NIL => self.last = slot,
            behind => self.get_mut(behind).ahead = slot,
        }
        if ahead == NIL || self.get(ahead).mark != body.mark {
            self.fronts[usize::from(body.mark)] = slot;
        }
        slot
    }

    /// Moves a body on to its next mark.
    #[inline]
    pub(super) fn pass(&mut self, slot: u16) {
        let mark = self.get(slot).mark;
        self.step_down(slot, mark);
        self.get_mut(slot).mark = mark + 1;
        let front = &mut self.fronts[usize::from(mark) + 1];
        if *front == NIL {
            *front = slot;
        }
    }

    pub(super) fn remove(&mut self, slot: u16) {
        let Body { mark, ahead, behind, generation, .. } = *self.get(slot);
        self.step_down(slot, mark);
        match ahead {
            NIL => self.first = behind,
            ahead => self.get_mut(ahead).behind = behind,
        }
        match behind {
            NIL => self.last = ahead,
            behind => self.get_mut(behind).ahead = ahead,
        }
        self.get_mut(slot).generation = generation.wrapping_add(1);
        self.free.push(slot);
    }

    /// The body is no longer the first of those due at a mark: the next one is, if there is one.
    #[inline]
    fn step_down(&mut self, slot: u16, mark: u8) {
        if self.fronts[usize::from(mark)] == slot {
            let behind = self.get(slot).behind;
            let follows = behind != NIL && self.get(behind).mark == mark;
            self.fronts[usize::from(mark)] = if follows { behind } else { NIL };
        }
    }
}
