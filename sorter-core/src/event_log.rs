//! The event log of one worker: fixed records, folded into a digest.
//!
//! Two runs that took the same decisions in the same order at the same times have the same digest.

mod kept;

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use crate::ids::{ChuteId, ContainerId, ItemId, ParcelId, PlanVersion, SorterId};
use crate::reason::Reason;
use crate::units::Micros;

use kept::Kept;
pub use kept::{Gap, Keep};

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LogKind {
    /// An item was decided or decided again.
    Decided = 1,
    /// Its decision passed the point of no return.
    Committed = 2,
    /// It is in a chute.
    Discharged = 3,
    /// It left at the end.
    Left = 4,
    /// Tracking lost it.
    Lost = 5,
    /// Its order ended and the item is still on the belt.
    OrderEnded = 6,
    /// An item entered or turned up.
    Entered = 7,
    /// A chute changed its state.
    ChuteChanged = 8,
    /// The worker took over another plan.
    PlanSeen = 9,
    /// Its end is unknown: the PLC restarted, or it was gone when a link came back.
    Forgotten = 10,
    /// The container at a chute got its licence plate and takes orders.
    ContainerOpened = 11,
    /// A container was taken from its chute.
    ContainerSealed = 12,
    /// A chute is to change its destination and drains.
    ChangeoverBegun = 13,
    /// A chute serves its new destination, or its old one again since the change was taken back.
    ChangeoverDone = 14,
    /// A discharged parcel has to be taken out of its container again.
    Recalled = 15,
}

impl LogKind {
    /// Whether the item is off the belt with it.
    pub const fn ends_a_pass(self) -> bool {
        matches!(self, Self::Discharged | Self::Left | Self::Lost | Self::Forgotten)
    }
}

/// One record. Its stored form has 32 bytes, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// When.
    pub at: Micros,
    /// What.
    pub kind: LogKind,
    /// The reason of the decision, where there is one.
    pub reason: Reason,
    /// The sorter.
    pub sorter: SorterId,
    /// The item.
    pub item: ItemId,
    /// The parcel, where it is known.
    pub parcel: Option<ParcelId>,
    /// The chute, where there is one.
    pub chute: Option<ChuteId>,
    /// The plan version of the decision.
    pub plan: PlanVersion,
    /// The container, where there is one.
    pub container: Option<ContainerId>,
}

impl LogRecord {
    /// Bytes of the stored form.
    pub const SIZE: usize = 32;

    /// The stored form; `number` is the place of the record in its log.
    pub fn to_bytes(&self, number: u32) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..8].copy_from_slice(&self.at.get().to_le_bytes());
        bytes[8..12].copy_from_slice(&number.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.parcel.map_or(u32::MAX, ParcelId::get).to_le_bytes());
        bytes[16..20].copy_from_slice(&self.plan.get().to_le_bytes());
        bytes[20..22].copy_from_slice(&self.item.get().to_le_bytes());
        bytes[22..24].copy_from_slice(&self.chute.map_or(u16::MAX, ChuteId::get).to_le_bytes());
        bytes[24] = self.kind as u8;
        bytes[25] = self.reason as u8;
        bytes[26] = self.sorter.get();
        bytes[27..31].copy_from_slice(&self.container.map_or(u32::MAX, ContainerId::get).to_le_bytes());
        bytes
    }
}

/// Records gathered before they are hashed together: one page.
const BLOCK: usize = 4096;

/// The digest of a growing sequence of records, and those of them that are kept.
pub struct EventLog {
    hasher: XxHash3_64,
    block: Box<[u8; BLOCK]>,
    used: usize,
    records: u32,
    /// Whether a record was about an item.
    had_items: bool,
    kept: Kept,
}

impl EventLog {
    /// An empty log that keeps nothing but its digest.
    pub fn new() -> Self {
        let hasher = XxHash3_64::with_seed(0);
        let block = Box::new([0; BLOCK]);
        Self { hasher, block, used: 0, records: 0, had_items: false, kept: Kept::Nothing }
    }

    /// Keeps records about items from now on. Those that were kept so far are dropped. Takes all the memory
    /// that it needs.
    pub fn keep(&mut self, keep: Keep) {
        self.kept = Kept::new(keep, self.had_items);
    }

    /// The kept records of a parcel, the oldest first: those that name it, and as far as they are kept also
    /// the others about an item that carried it, such as its entry.
    pub fn story(&self, parcel: ParcelId) -> impl Iterator<Item = &LogRecord> + use<'_> {
        self.kept.story(parcel)
    }

    /// What is missing in [`EventLog::story`], or `None` when it is whole.
    pub fn gap(&self, parcel: ParcelId) -> Option<Gap> {
        self.kept.gap(parcel)
    }

    /// Adds a record. Allocates nothing.
    pub fn append(&mut self, record: &LogRecord) {
        let bytes = record.to_bytes(self.records);
        self.block[self.used..self.used + LogRecord::SIZE].copy_from_slice(&bytes);
        if !record.item.is_none() {
            self.had_items = true;
            self.kept.push(record);
        }
        self.used += LogRecord::SIZE;
        self.records = self.records.wrapping_add(1);
        if self.used == BLOCK {
            self.hasher.write(&self.block[..]);
            self.used = 0;
        }
    }

    /// How many records were added, modulo 2^32.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// The digest of all records so far.
    pub fn digest(&self) -> u64 {
        let mut hasher = self.hasher.clone();
        hasher.write(&self.block[..self.used]);
        hasher.finish()
    }
}

impl Default for EventLog {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: u64) -> LogRecord {
        LogRecord {
            at: Micros::new(at),
            kind: LogKind::Decided,
            reason: Reason::Planned,
            sorter: SorterId::new(1),
            item: ItemId::new(2),
            parcel: None,
            chute: Some(ChuteId::new(3)),
            plan: PlanVersion::new(4),
            container: None,
        }
    }

    #[test]
    fn the_digest_depends_on_every_record_and_on_their_order() {
        let digest = |times: &[u64]| {
            let mut log = EventLog::new();
            times.iter().for_each(|at| log.append(&record(*at)));
            log.digest()
        };
        let many: Vec<u64> = (0..1000).collect();
        let mut swapped = many.clone();
        swapped.swap(500, 501);
        assert_eq!(digest(&many), digest(&many));
        assert_ne!(digest(&many), digest(&swapped));
        assert_ne!(digest(&many), digest(&many[..999]));
        assert_ne!(digest(&[]), digest(&[0]));
    }
}
