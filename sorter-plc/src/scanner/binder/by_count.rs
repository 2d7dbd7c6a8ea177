//! Binding by the encoder count that a telegram carries.

use sorter_core::units::EncoderCount;

use super::{Arrived, Binder, MOST_ORPHANS};
use crate::contract::ScanRecord;
use crate::scanner::telegram::{Latch, Telegram};

/// Whose trigger a telegram is.
enum Trigger {
    Of(usize),
    Ambiguous,
    Nobody,
}

impl Binder {
    /// Binds a telegram, or gives `true` when it has to wait.
    pub(super) fn bind_by_count(&mut self, arrived: &Arrived) -> bool {
        let telegram = &arrived.telegram;
        let Some(latch) = telegram.latch else {
            self.counters.unusable += 1;
            return false;
        };
        let (place, now) = (self.place_of_latch(latch), self.now());
        if place > now + self.reach.longest {
            self.counters.ahead += 1;
            return false;
        }
        if place < now - self.reach.give_up - self.reach.longest {
            self.counters.late += 1;
            return false;
        }
        // Until the belt is seen at the place and no event waits, an item there may not be known.
        if place > now || !self.informed {
            return true;
        }
        match self.trigger_at(place) {
            Trigger::Of(index) => self.bind_to(telegram, place, index),
            Trigger::Ambiguous => self.bind_ambiguous(telegram, place),
            Trigger::Nobody => {
                // A photo-eye behind the tunnel may still tell of an item that nobody inducted.
                if now < place + self.reach.give_up && self.orphans < MOST_ORPHANS {
                    self.orphans += 1;
                    return true;
                }
                self.counters.without_parcel += 1;
            }
        }
        false
    }

    fn place_of_latch(&self, latch: Latch) -> i64 {
        match latch {
            Latch::Encoder(count) => self.place_of(count),
            Latch::Travel(travel) => {
                let pulses = travel / self.reach.pulse.unsigned_abs().max(1);
                // The encoder wraps at 32 bits.
                let count = u32::try_from(pulses & u64::from(u32::MAX)).unwrap_or(0);
                self.place_of(EncoderCount::new(count))
            }
        }
    }

    /// Whose trigger edge can be at a place: its own, or one within a parcel that lies askew. An edge at the
    /// trailing end can be that of a parcel behind it which is not known.
    fn trigger_at(&self, place: i64) -> Trigger {
        let tolerance = self.reach.tolerance;
        let mut of = Trigger::Nobody;
        for (index, passage) in self.passages.iter().enumerate() {
            let last = (passage.end(&self.reach) - tolerance).max(passage.edge + tolerance);
            if place < passage.edge - tolerance || place > last {
                continue;
            }
            of = match of {
                Trigger::Nobody => Trigger::Of(index),
                _ => return Trigger::Ambiguous,
            };
        }
        of
    }

    fn bind_to(&mut self, telegram: &Telegram, place: i64, index: usize) {
        let own_edge = (self.passages.get(index).edge - place).abs() <= self.reach.tolerance;
        let shares = self.passages.gap_before(index, &self.reach) < self.reach.least_gap
            || self.passages.gap_behind(index, &self.reach) < self.reach.least_gap;
        let passage = self.passages.get_mut(index);
        passage.named = true;
        if own_edge && !shares && !passage.closed && telegram.measured.is_some() {
            passage.measured = telegram.measured;
        }
        let positions = telegram.codes().iter().all(|code| code.position.is_some());
        if !positions && shares {
            self.counters.ambiguous += 1;
            self.contest_near(place, index);
            return;
        }
        for code in telegram.codes() {
            match code.position {
                Some(position) => self.give(code, place + i64::from(position.get()), Some(index)),
                None => self.add(index, code),
            }
        }
    }

    /// A telegram with codes that can be of several items makes all of them doubtful, unless the codes have
    /// positions of their own.
    fn bind_ambiguous(&mut self, telegram: &Telegram, place: i64) {
        self.counters.ambiguous += 1;
        let tolerance = self.reach.tolerance;
        let positions = telegram.codes().iter().all(|code| code.position.is_some());
        for index in 0..self.passages.len() {
            let end = self.passages.get(index).end(&self.reach);
            let passage = self.passages.get_mut(index);
            if passage.edge - tolerance <= place && place <= end + tolerance {
                passage.named = true;
                passage.contested |= !positions;
            }
        }
        for code in telegram.codes() {
            if let Some(position) = code.position {
                self.give(code, place + i64::from(position.get()), None);
            }
        }
    }

    /// Codes without positions came of an item and the one that touches it.
    fn contest_near(&mut self, place: i64, index: usize) {
        let (edge, end) = {
            let passage = self.passages.get(index);
            (passage.edge.min(place), passage.end(&self.reach))
        };
        let gap = self.reach.least_gap;
        for other in 0..self.passages.len() {
            let other_end = self.passages.get(other).end(&self.reach);
            let passage = self.passages.get_mut(other);
            passage.contested |= passage.edge < end + gap && other_end > edge - gap;
        }
    }

    /// Hands over the items of which everything has come.
    pub(super) fn close_by_count(&mut self, out: &mut Vec<ScanRecord>) {
        let now = self.now();
        if !self.informed {
            // Telegrams wait for the same reason, and may be about any of the items.
            return;
        }
        for index in 0..self.passages.len() {
            let passage = self.passages.get(index);
            if passage.edge > now {
                break;
            }
            if passage.closed {
                continue;
            }
            let complete = passage.end(&self.reach) + self.reach.window + self.reach.settle <= now;
            let told = passage.named || passage.contested || !passage.codes().is_empty();
            let given_up = passage.edge + self.reach.give_up <= now;
            if (complete || given_up) && told {
                self.emit(index, out);
            } else if given_up {
                self.close_silent(index, out);
            }
        }
    }
}
