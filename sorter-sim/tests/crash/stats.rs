//! How often what happened.

use std::fmt;

macro_rules! happened {
    ($($name:ident => $text:literal,)*) => {
        /// What can happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub(crate) enum Happened { $($name,)* }

        const TEXTS: &[&str] = &[$($text,)*];
        const COUNT: usize = TEXTS.len();
    };
}

happened! {
    Crash => "crashes",
    HostCrash => "of hosts",
    PlcCrash => "of PLCs",
    BothCrash => "of a host and its PLCs at once",
    DiskFailed => "hosts stopped because their disk failed",
    Cut => "connections cut",
    BeforePoll => "hosts that crashed before a poll",
    Written => "between a write and its answer",
    Polled => "after a poll, with records in their lanes",
    Gathering => "while a batch was gathered",
    InFlight => "while a batch was being synced",
    Unacknowledged => "after the sync and before the acknowledgement",
    Held => "while orders were held back",
    Opening => "while a session opened",
    Draining => "while events were drained",
    Recovering => "right after a recovery",
    Idle => "while nothing was going on",
    Changing => "while chutes changed their destination",
    Recovered => "recoveries",
    FromSnapshot => "of them from a snapshot and later records",
    FromRecords => "of them from all records",
    TornTail => "recoveries that found records lost",
    TornRecords => "records lost that were not synced",
    Survived => "records that survived though nobody knew",
    Record => "records written",
    Note => "notes written",
    Commit => "commits",
    LateSync => "late syncs",
    NoSpace => "commits refused for want of space",
    Snapshot => "snapshots",
    EventAcked => "events acknowledged, each looked up on the disk",
    ScanAcked => "scan records acknowledged",
    ScanChecked => "of them looked up on the disk",
    HalfReadNote => "notes of items that are half read",
    HalfReadCrash => "items half read on the disk when their host crashed",
    HalfReadDecided => "of them decided by what was read",
    Resumed => "items whose reading the next host went on with",
    EventDropped => "events dropped because the journal had them",
    OrderWritten => "orders written, each looked up on the disk",
    OrderTaken => "orders taken by a PLC",
    OrderAgain => "diverts taken again for an item whose order was gone",
    OrderHeld => "orders held back until they were durable",
    Fired => "diverters fired",
    Inducted => "items inducted",
    Discharged => "items discharged",
    Ran => "parcels that ran off",
    Missed => "diverts missed",
    Unexpected => "items that turned up",
    LostItem => "items lost by tracking",
    Forgotten => "items forgotten",
    DeclaredLost => "parcels declared lost",
    Notice => "customs notices delivered",
    NoticeAgain => "customs notices delivered again after a crash",
    Announced => "late announcements",
    AnnouncedAgain => "announcements made again after a crash",
    Plan => "plans published",
    PlanAgain => "plans published again after a crash",
    Plate => "plates scanned",
    Swap => "containers changed",
    SwapUnseen => "of them without that a host saw it",
    Fetched => "held parcels fetched",
    Manifest => "containers whose content was compared",
    ManifestEntry => "parcels in them",
    Recalled => "parcels that end recalled",
    Cleared => "parcels in outbound chutes looked up at customs",
    FateChute => "parcels that end where the ledger says",
    FateExplained => "parcels that end otherwise, and why is known",
    Compared => "recovered engines compared with their image",
    ComparedWhole => "of them with the engine that crashed",
    Undisturbed => "items told by their label while nothing was down",
    BooksExact => "sorters whose books equal those of the PLC",
}

/// Counts of everything that can happen.
#[derive(Clone, Debug)]
pub(crate) struct Stats([u64; COUNT]);

impl Default for Stats {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl Stats {
    pub(crate) fn count(&mut self, what: Happened) {
        self.count_many(what, 1);
    }

    pub(crate) fn count_many(&mut self, what: Happened, times: u64) {
        self.0[what as usize] += times;
    }

    pub(crate) fn get(&self, what: Happened) -> u64 {
        self.0[what as usize]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }

    /// What never happened.
    pub(crate) fn never(&self) -> Vec<&'static str> {
        TEXTS.iter().zip(self.0).filter(|(_, count)| *count == 0).map(|(text, _)| *text).collect()
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (text, count) in TEXTS.iter().zip(self.0) {
            writeln!(f, "{count:>12}  {text}")?;
        }
        Ok(())
    }
}
