//! The items that the controller knows on its belt.

use smallvec::SmallVec;
use sorter_core::engine::{Assigned, Identity};
use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::journal::Mark;
use sorter_core::reason::Reason;
use sorter_core::units::{EncoderCount, Grams};

use crate::contract::Seq;

/// What the host still has to tell the PLC about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    Divert(ChuteId),
    Cancel,
}

/// One item on the belt.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: ItemId,
    /// Its encoder count at the induction; with its number it is the same item in another session.
    pub(super) inducted_at: EncoderCount,
    /// The belt travel, in pulses, at which its leading edge stood at position zero.
    pub(super) origin: i64,
    /// Whether it came through an induction; one that turned up elsewhere is never ordered.
    pub(super) inducted: bool,
    pub(super) identity: Option<Identity>,
    pub(super) held: Assigned,
    /// What the scale said about it, or zero.
    pub(super) weight: Grams,
    pub(super) committed: bool,
    pub(super) pending: Pending,
    /// Whether the outbox names it.
    pub(super) queued: bool,
    /// What has to be durable before what is pending may go out.
    pub(super) mark: Mark,
    /// Whether that was waited for.
    pub(super) waited: bool,
    /// Whether its orders in force were cancelled while the next one waited.
    pub(super) called_off: bool,
    /// Orders that were sent and have not ended, oldest first. Each has a place reserved. One that was taken in an
    /// earlier session has [`Seq::NONE`].
    pub(super) orders: SmallVec<[(Seq, ChuteId); 4]>,
    /// The belt travel at which something has to be done about it; `i64::MAX` is never.
    pub(super) deadline: i64,
    /// Decisions in this pass.
    pub(super) decisions: u8,
    /// While belts are compared: its place in the BELT snapshot.
    pub(super) entry: Option<usize>,
}

impl Item {
    pub(super) fn new(id: ItemId, inducted_at: EncoderCount, origin: i64, inducted: bool) -> Self {
        Self {
            id,
            inducted_at,
            origin,
            inducted,
            identity: None,
            held: Assigned::NOTHING,
            weight: Grams::ZERO,
            committed: false,
            pending: Pending::Nothing,
            queued: false,
            mark: Mark::default(),
            waited: false,
            called_off: false,
            orders: SmallVec::new(),
            deadline: i64::MAX,
            decisions: 0,
            entry: None,
        }
    }

    /// Whether codes that are read on it from now on say what it is.
    pub(super) fn awaits_codes(&self) -> bool {
        let is_read = |identity: Identity| identity.parcel() != Err(Reason::NoRead);
        self.inducted && !self.identity.is_some_and(is_read)
    }

    /// Where the latest order that was given and has not ended sends it.
    pub(super) fn ordered(&self) -> Option<ChuteId> {
        match self.pending {
            Pending::Divert(chute) => Some(chute),
            Pending::Cancel => None,
            Pending::Nothing if self.called_off => None,
            Pending::Nothing => self.orders.last().map(|(_, chute)| *chute),
        }
    }

    /// Takes the order with this number out of those in force.
    pub(super) fn take_order(&mut self, seq: Seq) -> Option<ChuteId> {
        let place = self.orders.iter().position(|(order, _)| *order == seq)?;
        Some(self.orders.remove(place).1)
    }

    /// Takes the latest order to this chute out of those in force.
    pub(super) fn take_order_to(&mut self, chute: ChuteId) -> Option<ChuteId> {
        let place = self.orders.iter().rposition(|(_, to)| *to == chute)?;
        Some(self.orders.remove(place).1)
    }
}

/// Items by number: a slab with a direct index, bounded by the belt capacity given at the start.
pub(super) struct Items {
    /// The slot of each item number plus one; zero for none.
    index: Box<[u16]>,
    slots: Vec<Option<Item>>,
    free: Vec<u16>,
}

impl Items {
    pub(super) fn new(capacity: u16) -> Self {
        Self {
            index: vec![0; usize::from(u16::MAX) + 1].into(),
            slots: (0..capacity).map(|_| None).collect(),
            free: (0..capacity).rev().collect(),
        }
    }

    /// Adds an item, or gives `false` when there is no room, its number is taken or it has none.
    pub(super) fn insert(&mut self, item: Item) -> bool {
        let place = usize::from(item.id.get());
        if item.id.is_none() || self.index[place] != 0 {
            return false;
        }
        let Some(slot) = self.free.pop() else { return false };
        self.index[place] = slot + 1;
        self.slots[usize::from(slot)] = Some(item);
        true
    }

    pub(super) fn get_mut(&mut self, id: ItemId) -> Option<&mut Item> {
        let slot = self.index[usize::from(id.get())].checked_sub(1)?;
        self.slots[usize::from(slot)].as_mut()
    }

    pub(super) fn get(&self, id: ItemId) -> Option<&Item> {
        let slot = self.index[usize::from(id.get())].checked_sub(1)?;
        self.slots[usize::from(slot)].as_ref()
    }

    pub(super) fn remove(&mut self, id: ItemId) -> Option<Item> {
        let slot = self.index[usize::from(id.get())].checked_sub(1)?;
        self.index[usize::from(id.get())] = 0;
        self.free.push(slot);
        self.slots[usize::from(slot)].take()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.slots.iter_mut().flatten()
    }

    /// Places that an item may have.
    pub(super) fn places(&self) -> usize {
        self.slots.len()
    }

    /// The item at a place, if its order was sent and its point of no return is at this belt travel or before it
    /// without that it was committed.
    pub(super) fn passed(&self, place: usize, travel: i64) -> Option<ItemId> {
        let item = self.slots.get(place)?.as_ref()?;
        let sent = item.pending == Pending::Nothing && !item.called_off && !item.orders.is_empty();
        let decided = item.identity.is_some() && item.held.chute.is_some();
        (sent && decided && !item.committed && item.deadline <= travel).then_some(item.id)
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds the numbers of all items to a list, in an order that depends on their history.
    pub(super) fn list(&self, ids: &mut Vec<ItemId>) {
        ids.extend(self.slots.iter().flatten().map(|item| item.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: u16) -> Item {
        Item::new(ItemId::new(number), EncoderCount::default(), 0, true)
    }

    #[test]
    fn a_full_table_and_a_taken_number_refuse() {
        let mut items = Items::new(2);
        assert!(items.insert(item(65_535)));
        assert!(!items.insert(item(65_535)));
        assert!(!items.insert(item(0)));
        assert!(items.insert(item(1)));
        assert!(!items.insert(item(2)));
        assert_eq!(items.remove(ItemId::new(65_535)).map(|item| item.id.get()), Some(65_535));
        assert!(items.insert(item(2)));
        assert_eq!(items.len(), 2);
        assert!(items.get(ItemId::new(65_535)).is_none());
    }

    #[test]
    fn an_order_is_taken_out_once() {
        let mut item = item(1);
        let seq = Seq::NONE.next();
        item.orders.push((seq, ChuteId::new(5)));
        assert_eq!(item.take_order(seq), Some(ChuteId::new(5)));
        assert_eq!(item.take_order(seq), None);
    }
}
