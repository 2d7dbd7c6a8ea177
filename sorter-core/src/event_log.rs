//! The event log of one worker: fixed records, folded into a digest.
//!
//! Two runs that took the same decisions in the same order at the same times have the same digest.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use crate::ids::{ChuteId, ItemId, ParcelId, PlanVersion, SorterId};
use crate::reason::Reason;
use crate::units::Micros;

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
    /// The PLC restarted and the item is unknown.
    Forgotten = 10,
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
        bytes
    }
}

/// Records gathered before they are hashed together: one page.
const BLOCK: usize = 4096;

/// The digest of a growing sequence of records.
pub struct EventLog {
    hasher: XxHash3_64,
    block: Box<[u8; BLOCK]>,
    used: usize,
    records: u32,
}

impl EventLog {
    /// An empty log.
    pub fn new() -> Self {
        Self { hasher: XxHash3_64::with_seed(0), block: Box::new([0; BLOCK]), used: 0, records: 0 }
    }

    /// Adds a record. Allocates nothing.
    pub fn append(&mut self, record: &LogRecord) {
        let bytes = record.to_bytes(self.records);
        self.block[self.used..self.used + LogRecord::SIZE].copy_from_slice(&bytes);
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
