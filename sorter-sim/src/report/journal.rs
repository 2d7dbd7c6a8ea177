//! What the journals of a run did.

use serde::Serialize;

use super::Latency;

/// The journals of a run, over all hubs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct JournalReport {
    /// Records that became durable. Notes of containers, plans and announcements are not counted.
    pub records: u64,
    /// Batches that were written.
    pub commits: u64,
    /// From the moment of a record until it was durable, in microseconds; `null` without records.
    pub lag_us: Option<Latency>,
    /// The most records of one sorter that were not durable at one moment.
    pub most_waiting: u64,
    /// Orders that could not go out at once since the journal had not their records yet.
    pub held_orders: u64,
    /// Orders that came too late because of that; they are among the late orders.
    pub late_held_orders: u64,
    /// Orders in force that were cancelled since the next order of their item had to wait too long.
    pub called_off: u64,
    /// Alarms: times that a sorter began to slow down its induction, or to close it, because of its journal.
    pub alarms: u64,
    /// How long inductions were slowed down, in seconds over all sorters.
    pub throttled_s: f64,
    /// How long they were closed, in seconds over all sorters. The end of a run with a failed journal is not counted.
    pub closed_s: f64,
    /// Times that a journal had no space.
    pub stalls: u64,
    /// How long they had none, in seconds over all hubs.
    pub stalled_s: f64,
    /// Hubs whose journal failed for good.
    pub failed: u64,
}
