//! What a replay says at its end.

use std::fmt;
use std::io::{self, Write};

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use sorter_core::ids::{HubId, SorterId};
use sorter_core::units::Micros;

use super::ReplayOptions;
use crate::hub::{Mismatch, digest};
use crate::recording::{Counts, PROGRAM, Recording};
use crate::report::hex;
use crate::stopwatch::RunTime;

/// The report of a replay. Its JSON form is the output of `--json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplayReport {
    /// The version of this format: 1.
    pub schema: u32,
    /// The version of the program that replayed.
    pub version: String,
    /// The version of the program that recorded.
    pub recorded_by: String,
    /// The seed of the scenario.
    pub seed: u64,
    /// Whether everything that was replayed came out as it was recorded.
    pub equal: bool,
    /// The digest of the event log of the recorded run.
    pub digest_recorded: String,
    /// The digest of the event log of the replay; `null` when not all of it was replayed.
    pub digest_replayed: Option<String>,
    /// Until when was replayed, in seconds of the run; `null` for to the end.
    pub stopped_at_s: Option<f64>,
    /// Parcels that were inducted in the recorded run; `null` when not all of it was replayed.
    pub parcels: Option<u64>,
    /// What happened at the controllers.
    pub counts: Counts,
    /// Records that were read.
    pub records: u64,
    /// Bytes of the files of the hubs.
    pub bytes: u64,
    /// What the replay took, in seconds.
    pub wall_s: f64,
    /// Parcels in a second of the replay; `null` when not all of it was replayed.
    pub parcels_per_s: Option<f64>,
    /// One row for each hub that was replayed.
    pub hubs: Vec<HubReplay>,
}

/// The replay of one hub.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HubReplay {
    /// The hub.
    pub hub: u8,
    /// Records that were read.
    pub records: u64,
    /// What happened at its controllers.
    pub counts: Counts,
    /// When the last record was that was replayed, in seconds of the run.
    pub until_s: f64,
    /// Whether it was replayed to its end.
    pub whole: bool,
    /// The digest of its event logs at the end of the recorded run.
    pub digest_recorded: String,
    /// The digest of its event logs when the replay ended.
    pub digest_replayed: String,
    /// The first thing that came out otherwise; `null` when nothing did.
    pub difference: Option<Difference>,
}

/// Something that came out otherwise than in the recorded run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The hub.
    pub hub: u8,
    /// The sorter, where it is about one.
    pub sorter: Option<u8>,
    /// When, in microseconds of the run.
    pub at_us: u64,
    /// The record of the hub, from 1.
    pub record: u64,
    /// What.
    pub what: String,
    /// What came out when it was recorded.
    pub recorded: String,
    /// What came out in the replay.
    pub replayed: String,
}

impl Difference {
    pub(super) fn new(hub: HubId, at: Micros, record: u64, mismatch: Mismatch) -> Self {
        Self {
            hub: hub.get(),
            sorter: mismatch.sorter.map(SorterId::get),
            at_us: at.get(),
            record,
            what: mismatch.what.to_owned(),
            recorded: mismatch.recorded,
            replayed: mismatch.replayed,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hub {}", self.hub)?;
        if let Some(sorter) = self.sorter {
            write!(f, " sorter {sorter}")?;
        }
        write!(
            f,
            " at {}, record {}: {} is {} (recorded: {})",
            clock(self.at_us),
            self.record,
            self.what,
            self.replayed,
            self.recorded
        )
    }
}

/// A time of the run as hours, minutes, seconds and microseconds since its first midnight.
fn clock(at_us: u64) -> String {
    let (seconds, micros) = (at_us / 1_000_000, at_us % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{micros:06}", seconds % 60)
}

impl ReplayReport {
    pub(super) fn new(
        recording: &Recording,
        options: &ReplayOptions,
        hubs: Vec<HubReplay>,
        time: &RunTime,
    ) -> Self {
        let head = recording.head();
        let whole = hubs.len() == head.hub.len() && hubs.iter().all(|hub| hub.whole);
        let wall_s = time.elapsed().get() as f64 / 1e6;
        let mut counts = Counts::default();
        hubs.iter().for_each(|hub| counts.add(&hub.counts));
        let parts = hubs.iter().filter_map(|hub| u64::from_str_radix(&hub.digest_replayed, 16).ok());
        let digest_replayed = whole.then(|| hex(digest(parts)));
        let same_digest = digest_replayed.as_ref().is_none_or(|digest| *digest == head.digest);
        let same_hub = |hub: &HubReplay| {
            hub.difference.is_none() && (!hub.whole || hub.digest_replayed == hub.digest_recorded)
        };
        let parcels = whole.then_some(head.parcels);
        Self {
            schema: 1,
            version: PROGRAM.to_owned(),
            recorded_by: head.program.clone(),
            seed: recording.scenario().seed,
            equal: same_digest && hubs.iter().all(same_hub),
            digest_recorded: head.digest.clone(),
            digest_replayed,
            stopped_at_s: options.stop_at.map(|at| at.get() as f64 / 1e6),
            parcels,
            counts,
            records: hubs.iter().map(|hub| hub.records).sum(),
            bytes: hubs.iter().map(|hub| head.hub[usize::from(hub.hub)].bytes).sum(),
            wall_s,
            parcels_per_s: parcels.map(|parcels| parcels as f64 / wall_s.max(1e-9)),
            hubs,
        }
    }

    /// The report as one JSON object.
    ///
    /// # Panics
    /// Never: a report is made of numbers and texts.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is made of numbers and texts") + "\n"
    }

    /// 0 when everything came out as it was recorded, else 1.
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.equal)
    }

    /// What came out otherwise first, in each hub.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.hubs.iter().filter_map(|hub| hub.difference.as_ref())
    }
}

/// Prints a report for people, at most 100 columns wide.
///
/// # Errors
/// What the writer reports.
pub fn print_replay(report: &ReplayReport, out: &mut impl Write) -> io::Result<()> {
    let verdict = match (report.equal, &report.digest_replayed) {
        (true, Some(digest)) => format!("EQUAL: event log {digest}, as it was recorded"),
        (true, None) => "EQUAL as far as it was replayed".to_owned(),
        (false, Some(digest)) => {
            format!("DIFFERENT: event log {digest} (recorded: {})", report.digest_recorded)
        }
        (false, None) => format!("DIFFERENT: the event log was recorded as {}", report.digest_recorded),
    };
    writeln!(out, "{verdict}")?;
    let rate = match (report.parcels, report.parcels_per_s) {
        (Some(parcels), Some(rate)) => format!("{parcels} parcels, {rate:.0} parcels/s"),
        _ => format!("{} inductions", report.counts.inductions),
    };
    writeln!(
        out,
        "{rate} in {:.1} s; seed {}, recorded by version {}, {:.1} MB",
        report.wall_s,
        report.seed,
        report.recorded_by,
        report.bytes as f64 / 1e6
    )?;
    writeln!(out)?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_header(["hub", "until", "records", "polls", "inductions", "decisions", "orders", "event log"]);
    for hub in &report.hubs {
        let until = clock((hub.until_s * 1e6) as u64);
        let numbers =
            [hub.records, hub.counts.polls, hub.counts.inductions, hub.counts.decisions, hub.counts.orders];
        let mut row = vec![hub.hub.to_string(), until[..until.len() - 7].to_owned()];
        row.extend(numbers.iter().map(u64::to_string));
        row.push(hub.digest_replayed.clone());
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "{table}")
}
