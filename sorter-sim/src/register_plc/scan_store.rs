//! Scan records from their recording to their acknowledgement, and the window of SCAN.

use std::collections::VecDeque;

use sorter_core::ids::ItemId;
use sorter_plc::codec::{RawScan, slot};
use sorter_plc::contract::{SCAN_SLOTS, ScanRecord, Seq};
use sorter_plc::register_map::{SCAN_STORE, WordOrder};

use super::acknowledges;

/// Unacknowledged scan records that are kept.
pub(super) const LIMIT: usize = SCAN_SLOTS + SCAN_STORE;
/// Items that are remembered as dropped until their last record has come.
const DROPPED: usize = 64;

/// The unacknowledged scan records of a PLC. They get their numbers when they enter the window, so that those
/// behind it can be dropped without a gap.
#[derive(Clone, Debug)]
pub(super) struct ScanStore {
    word_order: WordOrder,
    kept: VecDeque<ScanRecord>,
    /// How many of the kept records were in a window, be it of an earlier session: the host may have taken them.
    shown: usize,
    open: bool,
    acknowledged: Seq,
    published: Seq,
    overflow: bool,
    /// Items whose further records are dropped, because earlier ones were.
    dropped: VecDeque<ItemId>,
    window: [RawScan; SCAN_SLOTS],
}

impl ScanStore {
    pub(super) fn new(word_order: WordOrder) -> Self {
        Self {
            word_order,
            kept: VecDeque::new(),
            shown: 0,
            open: false,
            acknowledged: Seq::NONE,
            published: Seq::NONE,
            overflow: false,
            dropped: VecDeque::new(),
            window: [RawScan::EMPTY; SCAN_SLOTS],
        }
    }

    /// Keeps a record. When there is no room, all records of one item go: of its own, or where some of those were
    /// published already, of the last item behind the window. Returns how many records were lost.
    pub(super) fn record(&mut self, record: &ScanRecord) -> usize {
        let item = record.item;
        if record.index == 0 {
            self.dropped.retain(|dropped| *dropped != item);
        }
        if self.dropped.contains(&item) {
            if record.index + 1 >= record.count {
                self.dropped.retain(|dropped| *dropped != item);
            }
            return 1;
        }
        if self.kept.len() < LIMIT {
            self.kept.push_back(*record);
            return 0;
        }
        self.overflow = true;
        let behind = self.never_shown(item);
        if behind == usize::from(record.index) {
            self.forget(item);
            if record.index + 1 < record.count {
                self.drop_further(item);
            }
            return behind + 1;
        }
        let whole = |other: &&ScanRecord| other.index == 0 && other.item != item;
        let last = self.kept.iter().skip(self.shown).rfind(whole).map(|other| other.item);
        let Some(victim) = last else {
            self.drop_further(item);
            return 1;
        };
        let lost = self.forget(victim);
        if lost > 0 {
            self.drop_further(victim);
        }
        self.kept.push_back(*record);
        lost
    }

    /// Forgets the records up to an acknowledged one. Returns `false` when that is not in the window.
    pub(super) fn acknowledge(&mut self, ack: u16) -> bool {
        let Some(count) = acknowledges(self.acknowledged, self.published, ack) else { return false };
        self.kept.drain(..count);
        self.shown -= count;
        self.acknowledged = Seq::new(ack).unwrap_or(self.acknowledged);
        true
    }

    /// Fills the window. Returns whether it has changed.
    pub(super) fn publish(&mut self) -> bool {
        let before = self.published;
        while self.open && self.in_window() < SCAN_SLOTS.min(self.kept.len()) {
            let record = self.kept[self.in_window()];
            self.published = self.published.next();
            let numbered = ScanRecord { seq: self.published, ..record };
            self.window[slot(self.published, SCAN_SLOTS)] = RawScan::of(&numbered, self.word_order);
        }
        self.shown = self.shown.max(self.in_window());
        self.published != before
    }

    /// Opens a session: numbers begin at 1.
    pub(super) fn open(&mut self) {
        self.open = true;
        (self.acknowledged, self.published) = (Seq::NONE, Seq::NONE);
    }

    /// Closes the session. What is not acknowledged is kept.
    pub(super) fn close(&mut self) {
        (self.open, self.overflow) = (false, false);
        (self.acknowledged, self.published) = (Seq::NONE, Seq::NONE);
        self.window = [RawScan::EMPTY; SCAN_SLOTS];
    }

    pub(super) fn window(&self) -> &[RawScan; SCAN_SLOTS] {
        &self.window
    }

    pub(super) fn published(&self) -> Seq {
        self.published
    }

    pub(super) fn overflow(&self) -> bool {
        self.overflow
    }

    pub(super) fn backlog(&self) -> usize {
        self.kept.len() - self.in_window()
    }

    fn in_window(&self) -> usize {
        usize::from(self.acknowledged.distance_to(self.published))
    }

    /// Records of an item that were never in a window.
    fn never_shown(&self, item: ItemId) -> usize {
        self.kept.iter().skip(self.shown).filter(|record| record.item == item).count()
    }

    /// Takes out the records of an item that were never in a window; returns how many.
    fn forget(&mut self, item: ItemId) -> usize {
        let (shown, before) = (self.shown, self.kept.len());
        let mut place = 0;
        self.kept.retain(|record| {
            place += 1;
            place <= shown || record.item != item
        });
        before - self.kept.len()
    }

    fn drop_further(&mut self, item: ItemId) {
        if self.dropped.len() == DROPPED {
            self.dropped.pop_front();
        }
        self.dropped.push_back(item);
    }
}
