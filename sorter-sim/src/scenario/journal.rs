//! The simulated journal of each hub: how its disk behaves.

use sorter_core::units::Micros;

use crate::random::Rate;

/// The disk under the journal of each hub, and what goes wrong with it. Every hub has one of its own, and the same
/// happens to each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalDisk {
    /// From a batch being written until it survives a crash. Default 4 ms.
    pub sync: Micros,
    /// How long the first record of a batch waits for others. Default 2 ms.
    pub period: Micros,
    /// Records of a batch at most. Default 1,000.
    pub batch: u32,
    /// Share of the batches that become durable late. Default 0.
    pub late_rate: Rate,
    /// By how much they are late. Default 500 ms.
    pub late: Micros,
    /// When there is no space left, or `None` for never, the default.
    pub full_at: Option<Micros>,
    /// How long there is none. Default 60 s.
    pub full_for: Micros,
    /// When the disk fails for good, or `None` for never, the default.
    pub fail_at: Option<Micros>,
}

impl JournalDisk {
    /// Whether anything goes wrong with it.
    pub fn has_faults(&self) -> bool {
        self.late_rate > Rate::ZERO || self.full_at.is_some() || self.fail_at.is_some()
    }
}

impl Default for JournalDisk {
    fn default() -> Self {
        Self {
            sync: Micros::from_millis(4),
            period: Micros::from_millis(2),
            batch: 1_000,
            late_rate: Rate::ZERO,
            late: Micros::from_millis(500),
            full_at: None,
            full_for: Micros::from_secs(60),
            fail_at: None,
        }
    }
}
