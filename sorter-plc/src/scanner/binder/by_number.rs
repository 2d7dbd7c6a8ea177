//! Binding by nothing but the trigger number and the moment at which a telegram came.
//!
//! The belt was within a known stretch when the trigger edge passed. A telegram that stands for the only item
//! of its stretch, and is the only one to do so, claims it; the claim holds if the number agrees with the order
//! of the items, see [`Step`](super::step::Step).

use super::passages::{Claim, Passage};
use super::{Arrived, Binder, Binding, From};
use crate::contract::ScanRecord;

/// How far the belt moves from the edge of a trigger until its telegram has come.
struct Delay {
    from: From,
    least: i64,
    most: i64,
}

impl Binder {
    fn delay(&self) -> Delay {
        match self.config.binding {
            Binding::ByNumber { from, least, most, .. } => {
                Delay { from, least: i64::from(least.get()), most: i64::from(most.get()) }
            }
            Binding::ByCount => Delay { from: From::LeadingEdge, least: 0, most: 0 },
        }
    }

    /// The place of an item's edge that the delay is counted from.
    pub(super) fn claim_place(&self, passage: &Passage) -> i64 {
        match self.delay().from {
            From::LeadingEdge => passage.edge,
            From::TrailingEdge => passage.end(&self.reach),
        }
    }

    /// Lets a telegram claim its item, or gives `true` when it has to wait for events.
    pub(super) fn claim_by_number(&mut self, arrived: &Arrived) -> bool {
        if !self.informed {
            return true;
        }
        let delay = self.delay();
        let from = arrived.after - delay.most - self.reach.tolerance;
        let to = arrived.by - delay.least + self.reach.tolerance;
        let mut holder = None;
        let mut holders = 0;
        for index in 0..self.passages.len() {
            let at = self.claim_place(self.passages.get(index));
            if from <= at && at <= to {
                (holder, holders) = (Some(index), holders + 1);
                let passage = self.passages.get_mut(index);
                passage.named = true;
                passage.contested |= passage.claim.is_some();
            }
        }
        match (holder, holders) {
            (Some(index), 1) => {
                let telegram = &arrived.telegram;
                let passage = self.passages.get_mut(index);
                if passage.closed {
                    self.counters.late += 1;
                    return false;
                }
                passage.claim = Some(Claim { number: telegram.trigger, from, to });
                if telegram.measured.is_some() {
                    passage.measured = telegram.measured;
                }
                telegram.codes().iter().for_each(|code| passage.add(code));
            }
            (Some(_), _) => {
                self.counters.ambiguous += 1;
                for index in 0..self.passages.len() {
                    let at = self.claim_place(self.passages.get(index));
                    self.passages.get_mut(index).contested |= from <= at && at <= to;
                }
            }
            (None, _) => self.counters.without_parcel += 1,
        }
        false
    }

    /// Hands over the items whose telegrams have all come, in the order in which they passed.
    pub(super) fn close_by_number(&mut self, out: &mut Vec<ScanRecord>) {
        let delay = self.delay();
        for index in 0..self.passages.len() {
            let passage = self.passages.get(index);
            if passage.closed {
                continue;
            }
            let told = self.claim_place(passage) + delay.most + self.reach.tolerance;
            let passed = passage.end(&self.reach) + self.reach.window;
            if self.drained <= told.max(passed) || !self.informed || !self.waiting.is_empty() {
                return;
            }
            self.close_claimed(index, out);
        }
    }

    fn close_claimed(&mut self, index: usize, out: &mut Vec<ScanRecord>) {
        let passage = self.passages.get(index);
        let edge = passage.edge;
        match passage.claim {
            _ if passage.contested => {}
            Some(claim) => {
                let places = &self.passages;
                let passed = |from: i64| {
                    let items = places.iter().filter(|other| from < other.edge && other.edge <= edge);
                    u32::try_from(items.count()).unwrap_or(u32::MAX)
                };
                if self.step.take(claim.number, edge, passed) {
                    self.place_codes(index);
                } else {
                    self.counters.out_of_step += 1;
                    self.passages.get_mut(index).contested = true;
                }
            }
            // A neighbour's telegram may have brought what is this item's.
            None if passage.named || !passage.codes().is_empty() => {}
            None => return self.close_silent(index, out),
        }
        self.emit(index, out);
    }

    /// Gives the codes of a trusted telegram to the items at their positions.
    fn place_codes(&mut self, index: usize) {
        let edge = self.passages.get(index).edge;
        let passage = self.passages.get_mut(index);
        let codes: smallvec::SmallVec<[_; 9]> = passage.codes().iter().copied().collect();
        passage.clear_codes();
        for mut code in codes {
            match code.position.take() {
                Some(position) => self.give(&code, edge + i64::from(position.get()), Some(index)),
                None => self.add(index, &code),
            }
        }
    }
}
