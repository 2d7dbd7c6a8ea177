//! The head of a recording, `recording.toml`: from what the run is made again, and what came out of it.

use serde::{Deserialize, Serialize};
use sorter_core::ids::HubId;

use super::trace::Counts;
use crate::report::hex;

/// The head of a recording. It is written last: a recording without it is unfinished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The format of the recording: [`FORMAT`](super::FORMAT).
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// The digest of the event log of the run: 16 hexadecimal digits.
    pub digest: String,
    /// Parcels that were inducted.
    pub parcels: u64,
    /// What happened at its controllers.
    pub counts: Counts,
    /// The scenario as TOML, with every key. Files that it names are in the recording.
    pub scenario: String,
    /// The files that the scenario names, with those that these name.
    #[serde(default)]
    pub file: Vec<RecordedFile>,
    /// The hubs in their order.
    pub hub: Vec<RecordedHub>,
}

/// A plan, layout or schedule that was taken along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedFile {
    /// Where it is in the recording.
    pub path: String,
    /// Its CRC-32.
    pub crc32: u32,
}

/// What the head says about one hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedHub {
    /// Its number.
    pub number: u8,
    /// The digest of the event logs of its sorters: 16 hexadecimal digits.
    pub digest: String,
    /// Records in its file.
    pub records: u64,
    /// Bytes of its file.
    pub bytes: u64,
    /// What happened at its controllers.
    pub counts: Counts,
}

impl RecordedHub {
    /// A hub whose run has ended.
    pub(crate) fn new(hub: HubId, digest: u64, (records, bytes): (u64, u64), counts: Counts) -> Self {
        Self { number: hub.get(), digest: hex(digest), records, bytes, counts }
    }
}
