//! Watches what becomes of items that were on the belt before their controller was there.

use std::collections::BTreeSet;

use sorter_core::ids::ItemId;
use sorter_core::units::Micros;
use sorter_plc::contract::{Event, Order};
use sorter_plc::controller::{Inputs, ResyncNote, Watch};

/// What became of items that were found on the belt. They are never ordered; orders that were in force for them
/// before still go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Eyewitness {
    there: BTreeSet<ItemId>,
    /// Items found.
    pub(super) found: u64,
    pub(super) discharged: u64,
    pub(super) left: u64,
    pub(super) lost: u64,
    /// Those that were gone or forgotten before their end was heard of.
    pub(super) unknown: u64,
    /// Orders about one of them, of which there must be none.
    pub(super) ordered: u64,
}

impl Eyewitness {
    /// Those that are still on the belt.
    pub(super) fn on_belt(&self) -> u64 {
        self.there.len() as u64
    }
}

impl Watch for Eyewitness {
    fn reported(&mut self, _now: Micros, inputs: &Inputs<'_>) {
        if self.there.is_empty() {
            return;
        }
        for record in inputs.events {
            let ended = match record.event {
                Event::Discharged { .. } => &mut self.discharged,
                Event::Left { .. } => &mut self.left,
                Event::Lost { .. } => &mut self.lost,
                _ => continue,
            };
            *ended += u64::from(self.there.remove(&record.item));
        }
    }

    fn ordered(&mut self, _now: Micros, orders: &[Order]) {
        self.ordered += orders.iter().filter(|order| self.there.contains(&order.item)).count() as u64;
    }

    fn restarted(&mut self, _now: Micros) {
        self.unknown += self.on_belt();
        self.there.clear();
    }

    fn resynced(&mut self, _now: Micros, note: &ResyncNote<'_>) {
        let gone = note.gone.iter().filter(|item| self.there.remove(item)).count();
        self.unknown += gone as u64;
        for item in note.found {
            self.found += u64::from(self.there.insert(*item));
        }
    }
}
