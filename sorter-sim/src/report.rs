//! What a run says at its end: one JSON object for programs, one page for people, one verdict.
//!
//! `parcels.inducted` is the sum of `discharged`, `recalled`, `exception`, `held`, `lost`, `on_floor` and `waiting`; in
//! `passes`, `inducted + unexpected` is the sum of `discharged`, `left`, `lost`, `forgotten` and `on_belt`.
//!
//! ```
//! use sorter_sim::report::{Conditions, Summary, Verdict};
//!
//! let mut summary = Summary::default();
//! summary.violations = Conditions::count(|_| Some(0));
//! summary.checked = Conditions::count(|_| Some(1_000_000));
//! assert_eq!(summary.verdict(), Verdict::Passed);
//!
//! summary.checked.accounting = Some(0);
//! assert_eq!(summary.exit_code(), 1, "what was never checked has not held");
//! ```

mod format;
mod hall;
mod journal;
mod links;
mod table;
mod verdict;

use std::collections::BTreeMap;

use serde::Serialize;

pub use format::hex;
pub use hall::{
    ChangeoverReport, ClearanceReport, ContainerReport, DepartureReport, FlowCounts, LaneRow, Stays,
};
pub use journal::JournalReport;
pub use links::LinksReport;
pub use table::print_table;
pub use verdict::{Condition, Finding, Verdict};

/// The report of a run. Its JSON form is the output of `--json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The version of this format: 1.
    pub schema: u32,
    /// The seed of the scenario.
    pub seed: u64,
    /// The version of the program.
    pub version: String,
    /// Parcels, each counted once, by where it is at the end.
    pub parcels: Parcels,
    /// Passes over a sorter, as the PLCs counted them.
    pub passes: Passes,
    /// Times that each condition was found broken; `null` where there is no checker.
    pub violations: Conditions,
    /// Times that each condition was really tested; `null` where there is no checker.
    pub checked: Conditions,
    /// Parcels in a wrong chute, by cause.
    pub missorts: BTreeMap<String, u64>,
    /// Ended passes, by the key of the reason of their last decision.
    pub reasons: BTreeMap<String, u64>,
    /// Faults that happened, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Orders that came after the point of no return.
    pub late_orders: u64,
    /// Parcels that left the belt at its end and came back to an induction.
    pub recirculations: u64,
    /// From midnight until every belt was empty, in seconds.
    pub simulated_s: f64,
    /// What the run took, in seconds.
    pub wall_s: f64,
    /// Parcels in a second of the run.
    pub parcels_per_s: f64,
    /// Events of the simulation.
    pub events: u64,
    /// Time of a decision in nanoseconds, sampled 1 in 64; `null` when none was sampled.
    pub decision_ns: Option<Latency>,
    /// Cycle time in microseconds; `null` where there is no cycle.
    pub cycle_us: Option<Latency>,
    /// The digest of the event log: 16 hexadecimal digits.
    pub digest: String,
    /// The digest of which parcel ended where: 16 hexadecimal digits.
    pub fates_digest: String,
    /// One row for each hub.
    pub hubs: Vec<HubRow>,
    /// One row for each sorter, by hub and sorter.
    pub sorters: Vec<SorterRow>,
    /// Parcels discharged, by the two letters of their country.
    pub countries: BTreeMap<String, u64>,
    /// Parcels by hour from midnight; what runs past midnight counts to the last hour.
    pub hourly: Hourly,
    /// Events of the simulation for each parcel.
    pub events_per_parcel: f64,
    /// PLC scans in which something happened.
    pub plc_scans: u64,
    /// Missorts of the cause `tracking` that the run may have; more of them break it.
    pub missorts_allowed: u64,
    /// Parcels inducted, by how they come and go.
    pub flows: FlowCounts,
    /// What customs said and did.
    pub clearance: ClearanceReport,
    /// Departures, and what missed them.
    pub departures: DepartureReport,
    /// Containers and their manifests.
    pub containers: ContainerReport,
    /// Changeovers of chutes, and their cost.
    pub changeovers: ChangeoverReport,
    /// The links between hosts and PLCs; `null` where there is none.
    pub links: Option<LinksReport>,
    /// The journals of the hubs; `null` where there is none.
    pub journal: Option<JournalReport>,
}

/// Parcels, each counted once.
///
/// `inducted = discharged + recalled + exception + held + lost + on_floor + waiting`; see [`Parcels::adds_up`].
/// `announced` and `manifested` count the same parcels by something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parcels {
    /// Parcels that were announced, arrived or not.
    pub announced: u64,
    /// Physical parcels that entered a sorter at least once.
    pub inducted: u64,
    /// In an outbound chute or in a container that stood there, free to leave or gone.
    pub discharged: u64,
    /// In an outbound chute or in a container that stood there, and wanted back by customs.
    pub recalled: u64,
    /// In an exception, no-read or overflow chute.
    pub exception: u64,
    /// In a hold chute.
    pub held: u64,
    /// Declared lost for good. The simulated day knows where everything is, so it is 0 there.
    pub lost: u64,
    /// Neither on a belt nor in a chute at the end: taken off by a person and not put back.
    pub on_floor: u64,
    /// Back at an induction that stands closed because the journal of the hub failed for good.
    pub waiting: u64,
    /// In the manifest of a container that was taken from its chute, whatever the role of the chute.
    pub manifested: u64,
}

impl Parcels {
    /// Whether `inducted = discharged + recalled + exception + held + lost + on_floor + waiting`.
    pub const fn adds_up(&self) -> bool {
        let in_chutes = self.discharged + self.recalled + self.exception + self.held;
        self.inducted == in_chutes + self.lost + self.on_floor + self.waiting
    }
}

/// Passes of items over a sorter.
///
/// `inducted + unexpected = discharged + left + lost + forgotten + on_belt`; see [`Passes::adds_up`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Passes {
    /// Items that entered at an induction.
    pub inducted: u64,
    /// Items that turned up without induction.
    pub unexpected: u64,
    /// Items that went into a chute.
    pub discharged: u64,
    /// Items that left at the end of the belt.
    pub left: u64,
    /// Items that tracking lost.
    pub lost: u64,
    /// Items that were on a belt when its PLC was switched off.
    pub forgotten: u64,
    /// Items still on a belt.
    pub on_belt: u64,
}

impl Passes {
    /// Whether `inducted + unexpected = discharged + left + lost + forgotten + on_belt`.
    pub const fn adds_up(&self) -> bool {
        let ended = self.discharged + self.left + self.lost + self.forgotten;
        self.inducted + self.unexpected == ended + self.on_belt
    }
}

/// A count for each condition that must hold; `None` where there is no checker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Conditions {
    /// Every pass ends in one fate, and the sums agree.
    pub accounting: Option<u64>,
    /// One claim for each item.
    pub claim: Option<u64>,
    /// Nothing in a chute that was not decided for it.
    pub wrong_chute: Option<u64>,
    /// Nothing leaves that is not free to leave.
    pub customs: Option<u64>,
    /// No order beyond the room of a chute.
    pub capacity: Option<u64>,
    /// Every decision from one plan version.
    pub plan: Option<u64>,
    /// Nothing into what is closed.
    pub departure: Option<u64>,
    /// Nothing moved before it was written.
    pub durability: Option<u64>,
}

impl Conditions {
    /// The counts that a function gives; `None` where there is no checker.
    pub fn count(of: impl Fn(Condition) -> Option<u64>) -> Self {
        Self {
            accounting: of(Condition::Accounting),
            claim: of(Condition::Claim),
            wrong_chute: of(Condition::WrongChute),
            customs: of(Condition::Customs),
            capacity: of(Condition::Capacity),
            plan: of(Condition::Plan),
            departure: of(Condition::Departure),
            durability: of(Condition::Durability),
        }
    }

    /// The count of one condition.
    pub const fn of(&self, condition: Condition) -> Option<u64> {
        match condition {
            Condition::Accounting => self.accounting,
            Condition::Claim => self.claim,
            Condition::WrongChute => self.wrong_chute,
            Condition::Customs => self.customs,
            Condition::Capacity => self.capacity,
            Condition::Plan => self.plan,
            Condition::Departure => self.departure,
            Condition::Durability => self.durability,
        }
    }
}

/// Quantiles of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: u64,
    /// 99 of 100 are at or below.
    pub p99: u64,
    /// 999 of 1,000.
    pub p999: u64,
    /// 9,999 of 10,000.
    pub p9999: u64,
    /// The largest.
    pub max: u64,
}

/// What one hub did. Parcels count once, recirculations each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct HubRow {
    /// The hub, from 0.
    pub hub: u8,
    /// Parcels inducted.
    pub inducted: u64,
    /// Parcels in a chute of the plan.
    pub discharged: u64,
    /// Parcels in an exception chute.
    pub exception: u64,
    /// Parcels in a hold chute.
    pub held: u64,
    /// Recirculations.
    pub recirculations: u64,
    /// The largest utilisation of its sorters, as a share of the rated throughput.
    pub utilisation_max: f64,
}

/// What one sorter did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SorterRow {
    /// The hub, from 0.
    pub hub: u8,
    /// The sorter in the hub, from 0.
    pub sorter: u8,
    /// Items inducted, recirculation included.
    pub inducted: u64,
    /// The same in its busiest hour.
    pub peak_hour_inductions: u64,
    /// The busiest hour as a share of the rated throughput.
    pub utilisation: f64,
}

/// Parcels by hour of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hourly {
    /// What the profile asked for.
    pub asked: [u64; 24],
    /// What was inducted.
    pub inducted: [u64; 24],
}

impl Default for Summary {
    /// A report of nothing, with the schema and version of this program.
    fn default() -> Self {
        Self {
            schema: 1,
            seed: 0,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parcels: Parcels::default(),
            passes: Passes::default(),
            violations: Conditions::default(),
            checked: Conditions::default(),
            missorts: BTreeMap::new(),
            reasons: BTreeMap::new(),
            faults: BTreeMap::new(),
            late_orders: 0,
            recirculations: 0,
            simulated_s: 0.0,
            wall_s: 0.0,
            parcels_per_s: 0.0,
            events: 0,
            decision_ns: None,
            cycle_us: None,
            digest: hex(0),
            fates_digest: hex(0),
            hubs: Vec::new(),
            sorters: Vec::new(),
            countries: BTreeMap::new(),
            hourly: Hourly::default(),
            events_per_parcel: 0.0,
            plc_scans: 0,
            missorts_allowed: 0,
            flows: FlowCounts::default(),
            clearance: ClearanceReport::default(),
            departures: DepartureReport::default(),
            containers: ContainerReport::default(),
            changeovers: ChangeoverReport::default(),
            links: None,
            journal: None,
        }
    }
}

impl Summary {
    /// The object as JSON text, indented, with a line break at the end. The keys stand in the order of
    /// the fields, so equal reports are equal text.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report has text keys and plain values");
        text.push('\n');
        text
    }

    /// Whether every condition held and was really checked.
    pub fn verdict(&self) -> Verdict {
        verdict::of(self)
    }

    /// The exit code of the program: 0 when the verdict is [`Verdict::Passed`], else 1.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.verdict() != Verdict::Passed)
    }
}

#[cfg(test)]
mod tests;
