//! Events from their recording to their acknowledgement, and the window of STATUS.

use std::collections::VecDeque;

use sorter_core::ids::ItemId;
use sorter_plc::codec::{RawEvent, slot};
use sorter_plc::contract::{EVENT_SLOTS, EventRecord, Seq};
use sorter_plc::register_map::{EVENT_STORE, WordOrder};

use super::acknowledges;

/// Room that has to be left before an order is taken: what its scan may record with it.
pub(super) const SCAN_ROOM: usize = 64;
/// Unacknowledged events that are kept.
pub(super) const LIMIT: usize = EVENT_SLOTS + EVENT_STORE + SCAN_ROOM;

/// The unacknowledged events of a PLC.
#[derive(Clone, Debug)]
pub(super) struct EventStore {
    word_order: WordOrder,
    /// Unacknowledged, in their order. They get the numbers of the session when they enter the window.
    kept: VecDeque<EventRecord>,
    open: bool,
    acknowledged: Seq,
    published: Seq,
    recorded: Seq,
    overflow: bool,
    window: [RawEvent; EVENT_SLOTS],
}

impl EventStore {
    pub(super) fn new(word_order: WordOrder) -> Self {
        Self {
            word_order,
            kept: VecDeque::new(),
            open: false,
            acknowledged: Seq::NONE,
            published: Seq::NONE,
            recorded: Seq::NONE,
            overflow: false,
            window: [RawEvent::EMPTY; EVENT_SLOTS],
        }
    }

    /// Keeps an event, under the next number of the session. Returns `false` when it is lost.
    pub(super) fn record(&mut self, record: &EventRecord) -> bool {
        self.overflow |= self.kept.len() >= LIMIT;
        if self.overflow {
            return false;
        }
        if self.open {
            self.recorded = self.recorded.next();
        }
        self.kept.push_back(*record);
        true
    }

    /// Forgets the events up to an acknowledged one, and appends them to `forgotten`. Returns `false` when that is not in
    /// the window.
    pub(super) fn acknowledge(&mut self, ack: u16, forgotten: &mut Vec<EventRecord>) -> bool {
        let Some(count) = acknowledges(self.acknowledged, self.published, ack) else { return false };
        forgotten.extend(self.kept.drain(..count));
        self.acknowledged = Seq::new(ack).unwrap_or(self.acknowledged);
        true
    }

    /// Fills the window. Returns whether it has changed.
    pub(super) fn publish(&mut self) -> bool {
        let before = self.published;
        while self.published != self.recorded && self.in_window() < EVENT_SLOTS {
            let record = self.kept[self.in_window()];
            self.published = self.published.next();
            let numbered = EventRecord { seq: self.published, ..record };
            self.window[slot(self.published, EVENT_SLOTS)] = RawEvent::of(&numbered, self.word_order);
        }
        self.published != before
    }

    /// Opens a session: numbers begin at 1.
    pub(super) fn open(&mut self) {
        self.open = true;
        (self.acknowledged, self.published, self.recorded) = (Seq::NONE, Seq::NONE, Seq::NONE);
        for _ in &self.kept {
            self.recorded = self.recorded.next();
        }
    }

    /// Closes the session. What is not acknowledged is kept.
    pub(super) fn close(&mut self) {
        (self.open, self.overflow) = (false, false);
        (self.acknowledged, self.published, self.recorded) = (Seq::NONE, Seq::NONE, Seq::NONE);
        self.window = [RawEvent::EMPTY; EVENT_SLOTS];
    }

    pub(super) fn window(&self) -> &[RawEvent; EVENT_SLOTS] {
        &self.window
    }

    pub(super) fn published(&self) -> Seq {
        self.published
    }

    /// The number of the last event; none while no session is open.
    pub(super) fn recorded(&self) -> Seq {
        self.recorded
    }

    pub(super) fn overflow(&self) -> bool {
        self.overflow
    }

    /// Whether the events of another scan with orders fit in.
    pub(super) fn has_room(&self) -> bool {
        !self.overflow && self.kept.len() + SCAN_ROOM <= LIMIT
    }

    pub(super) fn backlog(&self) -> usize {
        self.kept.len() - self.in_window()
    }

    /// The items that unacknowledged events are about.
    pub(super) fn items(&self) -> Vec<ItemId> {
        let mut items: Vec<_> = self.kept.iter().map(|record| record.item).collect();
        items.sort_unstable();
        items.dedup();
        items.retain(|item| !item.is_none());
        items
    }

    fn in_window(&self) -> usize {
        usize::from(self.acknowledged.distance_to(self.published))
    }
}
