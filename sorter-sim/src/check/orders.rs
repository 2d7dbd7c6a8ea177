//! The orders in force and the content of the chutes of one sorter, as they follow from what crossed the border.

use smallvec::SmallVec;
use sorter_core::ids::{ChuteId, ItemId};
use sorter_plc::contract::{ChuteBits, Event, EventRecord, PlantImage, Refusal, Seq};

use super::last::SorterBooks;

/// What is known about one chute.
#[derive(Clone, Copy)]
struct Chute {
    capacity: u32,
    fill: u32,
    live: u32,
    container: bool,
    usable: bool,
}

/// What is known about one item.
#[derive(Clone, Default)]
struct Item {
    decided: Option<ChuteId>,
    /// Whether that chute was available then: its order may wait for the journal, and is looked at again before it
    /// can no longer be replaced.
    available: bool,
    orders: SmallVec<[(Seq, ChuteId); 2]>,
    /// Where its last order went, kept until its number is given again.
    last: Option<ChuteId>,
    /// Whether it turned up without induction: nobody knows what it is.
    unexpected: bool,
}

/// One sorter as its border shows it.
pub(super) struct SorterOrders {
    chutes: Vec<Chute>,
    /// By item number.
    items: Vec<Item>,
    bits: [ChuteBits; 3],
    /// Diverters that fired and whose end was not reported yet, in their order.
    fired: Vec<(ChuteId, ItemId)>,
    books: SorterBooks,
}

impl SorterOrders {
    pub(super) fn new(capacities: &[u32]) -> Self {
        let chute =
            |capacity: &u32| Chute { capacity: *capacity, fill: 0, live: 0, container: true, usable: true };
        Self {
            chutes: capacities.iter().map(chute).collect(),
            items: vec![Item::default(); usize::from(u16::MAX) + 1],
            bits: [ChuteBits::default(); 3],
            fired: Vec::new(),
            books: SorterBooks::default(),
        }
    }

    fn item(&self, item: ItemId) -> &Item {
        &self.items[usize::from(item.get())]
    }

    fn item_mut(&mut self, item: ItemId) -> &mut Item {
        &mut self.items[usize::from(item.get())]
    }

    pub(super) fn books(&self) -> SorterBooks {
        self.books
    }

    pub(super) fn decided(&mut self, item: ItemId, chute: Option<ChuteId>) {
        let chutes = &self.chutes;
        let available = chute.and_then(|chute| chutes.get(chute.index())).is_some_and(|known| known.usable);
        let known = self.item_mut(item);
        (known.decided, known.available) = (chute, available);
    }

    /// Whether an item turned up without induction.
    pub(super) fn is_unexpected(&self, item: ItemId) -> bool {
        self.item(item).unexpected
    }

    pub(super) fn decision_of(&self, item: ItemId) -> Option<ChuteId> {
        self.item(item).decided
    }

    /// Whether one more order may go to a chute, apart from those that the item has there itself.
    pub(super) fn room_for(&self, item: ItemId, chute: ChuteId) -> Result<(), String> {
        let Some(known) = self.chutes.get(chute.index()) else { return Err("no such chute".to_owned()) };
        let asker = self.item(item);
        let own = asker.orders.iter().filter(|(_, to)| *to == chute).count();
        let others = known.live as usize - own;
        if !(known.usable || asker.decided == Some(chute) && asker.available) {
            return Err("it was not available in the last image before its decision".to_owned());
        }
        if known.fill as usize + others >= known.capacity as usize {
            return Err(format!("{} in it, {others} on their way, room for {}", known.fill, known.capacity));
        }
        Ok(())
    }

    pub(super) fn order(&mut self, seq: Seq, item: ItemId, chute: ChuteId) {
        let known = self.item_mut(item);
        known.orders.push((seq, chute));
        known.last = Some(chute);
        if let Some(known) = self.chutes.get_mut(chute.index()) {
            known.live += 1;
        }
    }

    /// The chute of the last order of an item that is still in force.
    pub(super) fn live_chute(&self, item: ItemId) -> Option<ChuteId> {
        self.item(item).orders.last().map(|(_, chute)| *chute)
    }

    /// Whether an item was ordered to a chute, be it that the order has ended meanwhile.
    pub(super) fn had_order(&self, item: ItemId, chute: ChuteId) -> bool {
        let known = self.item(item);
        known.last == Some(chute) || known.orders.iter().any(|(_, to)| *to == chute)
    }

    /// Orders in force over all chutes.
    pub(super) fn live_orders(&self) -> u32 {
        self.chutes.iter().map(|chute| chute.live).sum()
    }

    /// The items whose ends the PLC cannot tell apart when a body slides into a chute: all that were fired
    /// there, unless the one that really came is the first of them.
    pub(super) fn confused(&self, chute: ChuteId, came: Option<ItemId>) -> SmallVec<[ItemId; 4]> {
        let here = || self.fired.iter().filter(|(to, _)| *to == chute).map(|(_, item)| *item);
        if here().next() == came { SmallVec::new() } else { here().collect() }
    }

    /// The PLC has forgotten its items, their orders and its counters.
    pub(super) fn restarted(&mut self) {
        self.items.fill(Item::default());
        self.chutes.iter_mut().for_each(|chute| chute.live = 0);
        self.fired.clear();
        self.books = SorterBooks::default();
    }

    /// Takes in an event, after what it says about the bodies was used.
    pub(super) fn event(&mut self, record: &EventRecord) {
        let item = record.item;
        match record.event {
            Event::Fired { chute, .. } => self.fired.push((chute, item)),
            Event::Discharged { .. } | Event::Missed { .. } | Event::Left { .. } | Event::Lost { .. } => {
                self.fired.retain(|(_, fired)| *fired != item);
            }
            _ => {}
        }
        match record.event {
            Event::Inducted { .. } => {
                self.books.inducted += 1;
                *self.item_mut(item) = Item::default();
            }
            Event::Unexpected { .. } => {
                self.books.unexpected += 1;
                *self.item_mut(item) = Item { unexpected: true, ..Item::default() };
            }
            Event::Discharged { chute, .. } => {
                self.books.discharged += 1;
                self.end_all(item);
                if let Some(known) = self.chutes.get_mut(chute.index()) {
                    known.fill += 1;
                }
            }
            Event::Left { .. } => {
                self.books.left += 1;
                self.end_all(item);
            }
            Event::Lost { .. } => {
                self.books.lost += 1;
                self.end_all(item);
            }
            Event::Missed { chute, .. } => self.end(item, |(_, to)| to == chute),
            Event::Refused { order, reason } if reason != Refusal::AlreadyFired => {
                self.end(item, |(seq, _)| seq == order);
            }
            Event::Ended { order, .. } => self.end(item, |(seq, _)| seq == order),
            _ => {}
        }
    }

    /// Takes in the state of the chutes.
    pub(super) fn observe(&mut self, image: &PlantImage) {
        let bits = [image.full, image.not_available, image.container];
        if bits == self.bits {
            return;
        }
        self.bits = bits;
        for (number, chute) in self.chutes.iter_mut().enumerate() {
            let id = ChuteId::new(u16::try_from(number).expect("a link has 256 chutes"));
            let container = image.container.get(id);
            if container && !chute.container {
                chute.fill = 0;
            }
            chute.container = container;
            chute.usable = container && !image.full.get(id) && !image.not_available.get(id);
        }
    }

    fn end(&mut self, item: ItemId, which: impl Fn((Seq, ChuteId)) -> bool) {
        let known = self.item_mut(item);
        let Some(place) = known.orders.iter().rposition(|order| which(*order)) else { return };
        let (_, chute) = known.orders.remove(place);
        if let Some(known) = self.chutes.get_mut(chute.index()) {
            known.live -= 1;
        }
    }

    fn end_all(&mut self, item: ItemId) {
        while self.live_chute(item).is_some() {
            self.end(item, |_| true);
        }
    }
}
