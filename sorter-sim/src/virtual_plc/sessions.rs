//! What a PLC does when a session opens, and when it is switched off and on again.

use sorter_core::ids::ItemId;
use sorter_core::tracking::Tracker;
use sorter_core::units::Micros;
use sorter_plc::contract::{BeltEntry, PlantImage, Seq, StateBits};

use super::{OrderState, VirtualPlc, chute_id};
use crate::plant::LinePlant;

impl VirtualPlc {
    /// A session opens: its orders begin at 1 again. Those taken before stay in force without their number.
    pub fn open_session(&mut self) {
        self.order_ack = Seq::NONE;
        for record in self.tracker.data_mut() {
            if let OrderState::Taken { seq, .. } = &mut record.order {
                *seq = Seq::NONE;
            }
        }
    }

    /// The items on the belt, first come first.
    pub fn belt(&self) -> Vec<BeltEntry> {
        let entry = |(item, record): (ItemId, &super::ItemRecord)| {
            let (ordered, fired) = match record.order {
                OrderState::None => (None, false),
                OrderState::Taken { chute, .. } => (Some(chute), false),
                OrderState::Fired { chute, .. } => (Some(chute), true),
            };
            BeltEntry { item, inducted_at: record.inducted_at, ordered, fired }
        };
        let mut belt: Vec<_> = self.tracker.iter().map(entry).collect();
        let here = self.here.count;
        belt.sort_by_key(|entry| (here.distance_to(entry.inducted_at), entry.item));
        belt
    }

    /// Starts the PLC anew: items, orders, disabled chutes, lamps and counters are forgotten, items are numbered
    /// from 1, and the sensors of the chutes are read. What lies on the belt turns up unexpected. Induction
    /// waits for a permit.
    pub fn restart(&mut self, plant: &LinePlant) {
        self.tracker = Tracker::new(&self.belt);
        self.fired.clear();
        self.fired_due = None;
        self.image = PlantImage::default();
        (self.events, self.scans, self.order_ack) = (Seq::NONE, Seq::NONE, Seq::NONE);
        self.next_item = ItemId::new(1);
        self.taken_numbers.clear();
        self.pending = 0;
        self.permit = false;
        self.spacing = Micros::ZERO;
        for (index, spot) in self.chutes.iter_mut().enumerate() {
            let chute = chute_id(index);
            (spot.disabled, spot.lamp) = (false, 0);
            if let Some(sensors) = plant.chute_state(chute) {
                spot.sensors = sensors;
            }
            spot.show(chute, &mut self.image);
        }
    }

    /// Sets the least time between two inductions; takes effect at the next scan. Zero leaves it to the gaps.
    pub fn set_induction_spacing(&mut self, spacing: Micros) {
        self.spacing = spacing;
    }

    /// Lets the PLC hold no more items than this, unexpected ones too, and induct as many. What comes beyond is
    /// not tracked.
    pub fn limit_items(&mut self, limit: u16) {
        self.item_limit = self.belt.capacity.min(usize::from(limit));
        self.belt_capacity = self.belt_capacity.min(usize::from(limit));
    }

    /// The number of the next item, if it is free: a test need not induct 65,535 items to see the numbers wrap.
    pub fn number_items_from(&mut self, item: ItemId) {
        self.next_item = if item.is_none() { ItemId::new(1) } else { item };
    }

    /// Numbers that are not given to items, because records about earlier items of these numbers are still kept.
    pub fn keep_numbers(&mut self, numbers: Vec<ItemId>) {
        self.taken_numbers = numbers;
    }

    /// The bit of a full order table.
    pub(super) fn table_bit(&self) -> u16 {
        if usize::from(self.pending) >= self.belt_capacity { StateBits::ORDER_TABLE_FULL } else { 0 }
    }
}
