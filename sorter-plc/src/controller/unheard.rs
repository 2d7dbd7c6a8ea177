//! What goes on while the PLC cannot be heard: the belt moves, and orders that the PLC has taken fire.

use sorter_core::journal::Cause;
use std::cmp::Reverse;

use sorter_core::units::Micros;

use super::{Controller, Watch, belt};
use crate::contract::{StateBits, Status};

/// How the belt moved when it was last heard of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastHeard {
    at: Micros,
    /// In mm/s; 0 for a belt that stood.
    speed: u64,
}

impl LastHeard {
    pub(super) fn of(now: Micros, status: &Status, layout: &sorter_core::layout::Layout) -> Self {
        let running = status.state.has(StateBits::RUNNING);
        Self { at: now, speed: if running { u64::from(belt::speed(layout, status)) } else { 0 } }
    }
}

impl Controller {
    /// A tick has passed at which the PLC could not be heard. Items whose point of no return has passed by the speed
    /// of the belt are committed: their orders fire without the host, and what customs say from now on is a recall.
    pub fn unheard(&mut self, now: Micros, watch: &mut impl Watch) {
        self.cause = Cause::NONE;
        let travel = self.travel_by(now);
        self.commit_passed(now, travel, watch);
    }

    /// Where the belt is by its speed when it was last heard of.
    pub(super) fn travel_by(&self, now: Micros) -> i64 {
        let layout = self.worker.engine().layout();
        let pulse_um = u64::from(layout.pulse_length().get().unsigned_abs().max(1)) * 1_000_000;
        let travelled = self.heard.speed.saturating_mul(now.saturating_since(self.heard.at).get()) / pulse_um;
        self.belt.travel.saturating_add_unsigned(travelled)
    }

    /// Commits the items whose point of no return is at this belt travel or before it, as far as their orders were
    /// sent.
    pub(super) fn commit_passed(&mut self, now: Micros, travel: i64, watch: &mut impl Watch) {
        // Each item that waits for something is in the heap with it, so mostly there is nothing to look for.
        if self.deadlines.peek().is_none_or(|Reverse((first, _))| *first > travel) {
            return;
        }
        for place in 0..self.items.places() {
            if let Some(id) = self.items.passed(place, travel) {
                if let Some(item) = self.items.get_mut(id) {
                    item.deadline = i64::MAX;
                }
                self.commit(now, id, watch);
            }
        }
    }
}
