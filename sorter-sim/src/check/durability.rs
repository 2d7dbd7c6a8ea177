//! What the disk of the journal has: nothing may move a parcel before its decision is there.

use std::collections::{BTreeMap, VecDeque};

use smallvec::SmallVec;
use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::units::{EncoderCount, Micros};
use sorter_plc::contract::{Event, EventRecord, Order, OrderOp};

use super::{Checker, Condition};

/// Items whose end is on the disk are known for so many more ends: an order may still be on its way for them.
const ENDED_KEPT: usize = 256;

/// What a record that the disk has says about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is on the belt since this encoder count at a photo-eye: whatever was there about its number was about another
    /// item.
    Entered(EncoderCount),
    /// It was decided for a chute.
    Decided(ChuteId),
    /// It is no longer on the belt.
    Ended,
}

/// What the disk has about one item.
#[derive(Debug, Default)]
struct OnDisk {
    entered: EncoderCount,
    chutes: SmallVec<[ChuteId; 4]>,
    ended: bool,
}

/// What the disk has about the items of one sorter.
#[derive(Debug, Default)]
pub(super) struct DiskView {
    items: BTreeMap<ItemId, OnDisk>,
    /// Items that ended, the longest ago first; an item that entered again is no longer meant.
    ended: VecDeque<ItemId>,
}

impl DiskView {
    fn take(&mut self, item: ItemId, written: Written) {
        match written {
            Written::Entered(entered) => {
                self.items.insert(item, OnDisk { entered, ..OnDisk::default() });
            }
            Written::Decided(chute) => {
                let known = self.items.entry(item).or_default();
                if !known.chutes.contains(&chute) {
                    known.chutes.push(chute);
                }
            }
            Written::Ended => self.end(item),
        }
    }

    fn end(&mut self, item: ItemId) {
        let Some(known) = self.items.get_mut(&item) else { return };
        known.ended = true;
        self.ended.push_back(item);
        if self.ended.len() > ENDED_KEPT
            && let Some(oldest) = self.ended.pop_front()
            && self.items.get(&oldest).is_some_and(|known| known.ended)
        {
            self.items.remove(&oldest);
        }
    }

    /// Whether it has what an event says. Of events that end no item and begin none it need not have anything, and
    /// neither of the end of an item that it does not know: nobody here saw that enter.
    fn has_event(&self, record: &EventRecord) -> Option<bool> {
        let known = self.items.get(&record.item);
        match record.event {
            Event::Inducted { .. } | Event::Unexpected { .. } => {
                Some(known.is_some_and(|known| known.entered == record.encoder))
            }
            Event::Discharged { .. } | Event::Left { .. } | Event::Lost { .. } => {
                known.map(|known| known.ended)
            }
            _ => None,
        }
    }

    fn has(&self, item: ItemId, chute: ChuteId) -> bool {
        self.items.get(&item).is_some_and(|known| known.chutes.contains(&chute))
    }
}

impl Checker<'_> {
    /// The disk has a record about an item.
    pub fn synced(&mut self, sorter: SorterId, item: ItemId, written: Written) {
        self.disks[sorter.index()].take(item, written);
    }

    /// The PLC was told that it may forget an event. The disk must have what it says.
    pub fn acknowledged(&mut self, sorter: SorterId, at: Micros, record: &EventRecord) {
        let Some(written) = self.disks[sorter.index()].has_event(record) else { return };
        if self.findings.check(Condition::Durability, written) {
            self.findings.tell(Condition::Durability, at, sorter, || {
                format!("the PLC forgets {:?} of {}, and it is not durable", record.event, record.item)
            });
        }
    }

    /// The PLC takes an order. The disk must have that its item was decided for this chute.
    pub fn reached_plc(&mut self, sorter: SorterId, at: Micros, order: &Order) {
        let OrderOp::Divert { chute } = order.op else { return };
        let written = self.disks[sorter.index()].has(order.item, chute);
        if self.findings.check(Condition::Durability, written) {
            self.findings.tell(Condition::Durability, at, sorter, || {
                format!(
                    "the PLC takes an order of {} to {chute}, and no such decision is durable",
                    order.item
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use sorter_core::ids::EyeId;
    use sorter_core::units::Pulses;
    use sorter_plc::contract::Seq;

    use super::*;

    const CHUTE: ChuteId = ChuteId::new(7);
    const COUNT: EncoderCount = EncoderCount::new(1_000);

    fn event(item: ItemId, count: u32, event: Event) -> EventRecord {
        EventRecord { seq: Seq::NONE, item, encoder: EncoderCount::new(count), event }
    }

    #[test]
    fn an_event_is_there_when_what_it_says_of_its_item_is() {
        let mut disk = DiskView::default();
        let item = ItemId::new(3);
        let entered = Event::Inducted { eye: EyeId::new(0), length: Pulses::new(20) };
        let left = Event::Left { eye: EyeId::new(9) };
        assert_eq!(disk.has_event(&event(item, 1_000, entered)), Some(false));
        assert_eq!(disk.has_event(&event(item, 9_000, left)), None, "nobody here saw it enter");
        disk.take(item, Written::Entered(COUNT));
        assert_eq!(disk.has_event(&event(item, 1_000, entered)), Some(true));
        assert_eq!(disk.has_event(&event(item, 1_001, entered)), Some(false), "that is another item");
        assert_eq!(disk.has_event(&event(item, 9_000, left)), Some(false));
        disk.take(item, Written::Ended);
        assert_eq!(disk.has_event(&event(item, 9_000, left)), Some(true));
        let seen = Event::Seen { eye: EyeId::new(1), deviation: Pulses::new(0) };
        assert_eq!(disk.has_event(&event(item, 2_000, seen)), None);
    }

    #[test]
    fn a_decision_counts_for_its_item_and_chute_until_the_number_is_given_again() {
        let mut disk = DiskView::default();
        let item = ItemId::new(3);
        assert!(!disk.has(item, CHUTE));
        disk.take(item, Written::Entered(COUNT));
        disk.take(item, Written::Decided(CHUTE));
        assert!(disk.has(item, CHUTE));
        assert!(!disk.has(item, ChuteId::new(8)));
        assert!(!disk.has(ItemId::new(4), CHUTE));
        disk.take(item, Written::Ended);
        assert!(disk.has(item, CHUTE), "an order may be under way");
        disk.take(item, Written::Entered(COUNT));
        assert!(!disk.has(item, CHUTE));
    }

    #[test]
    fn no_more_is_kept_than_what_is_on_the_belt_and_some_of_what_ended() {
        let mut disk = DiskView::default();
        for number in 1..=u16::MAX {
            let item = ItemId::new(number);
            disk.take(item, Written::Entered(COUNT));
            disk.take(item, Written::Decided(CHUTE));
            disk.take(item, Written::Ended);
        }
        assert_eq!(disk.items.len(), ENDED_KEPT);
        assert_eq!(disk.ended.len(), ENDED_KEPT);
    }

    #[test]
    fn an_item_that_entered_again_is_not_forgotten_with_the_one_before() {
        let mut disk = DiskView::default();
        let item = ItemId::new(1);
        disk.take(item, Written::Entered(COUNT));
        disk.take(item, Written::Ended);
        disk.take(item, Written::Entered(COUNT));
        disk.take(item, Written::Decided(CHUTE));
        for number in 2..=1_000 {
            disk.take(ItemId::new(number), Written::Entered(COUNT));
            disk.take(ItemId::new(number), Written::Ended);
        }
        assert!(disk.has(item, CHUTE));
    }
}
