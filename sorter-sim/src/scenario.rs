//! What a simulated day is made of: sizes, mix, fault rates and the seed, with checked TOML input.
//!
//! A scenario is data: the same scenario, seed and version give the same day, byte for byte. Rates are
//! whole parts per billion, times are microseconds, lengths millimetres.
//!
//! ```
//! use sorter_sim::scenario::Scenario;
//!
//! let scenario = Scenario::from_toml("busy.toml", "parcels = 1_000_000\n[reads]\nno_read = 0.03\n")?;
//! assert_eq!(scenario.parcels, 1_000_000);
//! assert_eq!(scenario.reads.no_read.to_string(), "0.03");
//!
//! let problems = Scenario::from_toml("bad.toml", "hubs = 99\nspeed = 3\n").unwrap_err();
//! assert_eq!(problems.0.len(), 2);
//! # Ok::<(), sorter_core::diagnostic::Diagnostics>(())
//! ```

mod check;
mod hall;
mod journal;
mod parse;
mod schema;

use std::path::PathBuf;

use sorter_core::diagnostic::Diagnostics;
use sorter_core::units::{Micros, Millimetres};

use crate::random::Rate;

pub use hall::{ChangeoverTimes, CustomsMix, Flows, Hall, Weekday};
pub use journal::JournalDisk;
pub use schema::describe;

/// Hubs in a scenario at most.
pub const HUBS_LIMIT: u8 = 64;
/// Sorters in a hub at most: the limit of [`sorter_core::ids::SorterId`].
pub const SORTERS_LIMIT: u8 = 32;
/// Parcels in a scenario at most: a week of the standard network at 1.7 times its load. One hub can print
/// labels for 2^25 of them.
pub const PARCELS_LIMIT: u32 = 60_000_000;
/// Days of a run at most: the schedule repeats every week.
pub const DAYS_LIMIT: u8 = 7;

/// A simulated day, or several in a row. [`Scenario::default`] is a day of the standard network: 5 million parcels,
/// 6 hubs of 12 sorters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// From which every random draw follows.
    pub seed: u64,
    /// Physical parcels of the whole run over all hubs, 1 to [`PARCELS_LIMIT`].
    pub parcels: u32,
    /// Days of the run, 1 to [`DAYS_LIMIT`].
    pub days: u8,
    /// The day of the week on which a run of one day is; longer runs begin on Monday. Default Tuesday.
    pub weekday: Weekday,
    /// Buildings, 1 to [`HUBS_LIMIT`]. They share nothing.
    pub hubs: u8,
    /// Sorters in each hub, 1 to [`SORTERS_LIMIT`].
    pub sorters: u8,
    /// How arrivals spread over the day.
    pub profile: Profile,
    /// The run is only this long, at most an hour, and all parcels come within it, whatever the profile says.
    /// `None`, the default, for whole days. A run in real time has it; scenario files do not.
    pub arrive_within: Option<Micros>,
    /// How parcels come and go.
    pub flows: Flows,
    /// What is printed on the labels.
    pub codes: CodeMix,
    /// What scanners and announcements get wrong.
    pub reads: Reads,
    /// What happens on the belts and at the chutes.
    pub plant: PlantRates,
    /// What people and vehicles do in the hall.
    pub hall: Hall,
    /// What customs answers.
    pub customs: CustomsMix,
    /// The changeover of chutes.
    pub changeover: ChangeoverTimes,
    /// The disk under the journal of each hub.
    pub journal: JournalDisk,
    /// Time between two scans of the PLC program. Default 10 ms.
    pub plc_scan: Micros,
    /// The share of its rated throughput that a sorter is planned for. Default 0.8.
    pub utilisation: Rate,
    /// Missorts by tracking that a run may have, as a share of the discharged. Default 10 ppm.
    pub missorts: Rate,
    /// A deliberate fault that a checker must find; tests of the checkers only.
    pub sabotage: Option<Sabotage>,
    /// The sort plan, or `None` for the one that is generated from the load.
    pub plan_file: Option<PathBuf>,
    /// The layout of a sorter, or `None` for the built-in line sorter.
    pub layout_file: Option<PathBuf>,
    /// The weekly schedule, or `None` for the built-in one.
    pub schedule_file: Option<PathBuf>,
}

/// What arrivals follow: a column of the hourly profile, the same on every day, or the schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Hours at which carriers scan parcels for the first time: the peak hour has 2.5 times the mean.
    #[default]
    CarrierScan,
    /// Hours at which people order.
    Purchase,
    /// Hours at which freighters reach one hub.
    HubInflow,
    /// The same in every hour.
    Flat,
    /// As the flights and trucks of the schedule arrive, on each day those of that day.
    Flights,
}

impl Profile {
    /// Every profile, in the order of [`Profile::KEYS`].
    pub const ALL: [Self; 5] =
        [Self::CarrierScan, Self::Purchase, Self::HubInflow, Self::Flat, Self::Flights];
    /// The words for them in a scenario file.
    pub const KEYS: [&str; 5] = ["carrier_scan", "purchase", "hub_inflow", "flat", "flights"];

    /// The word for it in a scenario file.
    pub const fn key(self) -> &'static str {
        Self::KEYS[self as usize]
    }
}

/// What is printed on the labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeMix {
    /// Share of the labels that carry two codes. Default 0.85.
    pub two_codes: Rate,
}

/// What scanners and announcements get wrong. Shares of all parcels unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// No code is read. Default 0.015.
    pub no_read: Rate,
    /// A code of another announced parcel is read beside its own. Default 0.0085.
    pub conflicting: Rate,
    /// A foreign short code is read beside its own, which does no harm. Default 0.0085.
    pub stray: Rate,
    /// Not announced when it arrives. Default 0.005.
    pub not_announced: Rate,
    /// Share of the not announced that is announced while it is on its way. Default 0.4.
    pub late_announced: Rate,
    /// All its codes are read as those of another announced parcel. Default 0.00001.
    pub misread: Rate,
    /// It carries a copy of the label of another parcel. Default 0.00001.
    pub duplicate_label: Rate,
}

/// What happens on the belts and at the chutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlantRates {
    /// Smallest gap between two parcels after the induction. Default 100 mm.
    pub gap_min: Millimetres,
    /// Largest gap. Default 300 mm.
    pub gap_max: Millimetres,
    /// Standard deviation of the slip over one metre of belt, in micrometres; over d metres it is
    /// sqrt(d) times as much (a random walk). Default 3,000.
    pub slip_um_per_sqrt_m: u32,
    /// Share of the passes in which tracking is put to a test. Default 0.005.
    pub tracking_loss: Rate,
    /// What happens in such a pass; the three shares sum to 1.
    pub losses: LossShares,
    /// Passes after which somebody throws a thing on the belt. Default 0.0001.
    pub thrown_on: Rate,
    /// Diverts that fire and leave the parcel on the belt. Default 0.003.
    pub failed_divert: Rate,
    /// From the end of the belt back to the queue of an induction. Default 60 s.
    pub return_time: Micros,
    /// From the floor, where people lay what they take off the belt, back to the queue. Default 600 s.
    pub put_back_after: Micros,
    /// People come to a container at the earliest this long after it is half full. Default 120 s.
    pub swap_start_min: Micros,
    /// ... and at the latest. Default 900 s.
    pub swap_start_max: Micros,
    /// Shortest change of a container. Default 20 s.
    pub swap_min: Micros,
    /// Longest change. Default 60 s.
    pub swap_max: Micros,
    /// How far a parcel may be from where the diverter expects it and still be caught. Default 120 mm.
    pub catch: Millimetres,
}

/// How tracking is put to a test, as shares of [`PlantRates::tracking_loss`] that sum to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossShares {
    /// A photo-eye does not see the parcel. Default 0.7.
    pub eye_miss: Rate,
    /// The parcel slips by more than any window. Default 0.25.
    pub big_slip: Rate,
    /// A person takes it off the belt. Default 0.05.
    pub taken_off: Rate,
}

/// A deliberate fault, to show that a checker finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sabotage {
    /// What is done.
    pub kind: SabotageKind,
    /// To which parcel, counted over all hubs from 0.
    pub at_parcel: u32,
}

/// The deliberate faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SabotageKind {
    /// The scans of two neighbours change places.
    SwapScans,
    /// An order names another chute than was decided.
    OrderElsewhere,
    /// A confirmation of a discharge disappears.
    DropConfirm,
    /// One parcel is claimed by two sorters.
    ClaimTwice,
    /// Orders go to a full chute.
    Overfill,
    /// A decision mixes two plan versions.
    MixPlans,
    /// One pass is not counted.
    Miscount,
    /// A parcel that is not released is let through.
    ReleaseUnreleased,
    /// A held parcel disappears from the book of holds.
    LoseHold,
    /// A message that is older than the present status is taken.
    OldStatus,
    /// A parcel goes into a closed container.
    ClosedContainer,
    /// A manifest lists one parcel too few.
    ShortManifest,
    /// A chute changes its outlet without being drained.
    UndrainedSwitch,
    /// Orders reach the PLC before their decisions are durable.
    OrderBeforeDurable,
}

impl SabotageKind {
    /// Every kind, in the order of [`SabotageKind::KEYS`].
    pub const ALL: [Self; 14] = [
        Self::SwapScans,
        Self::OrderElsewhere,
        Self::DropConfirm,
        Self::ClaimTwice,
        Self::Overfill,
        Self::MixPlans,
        Self::Miscount,
        Self::ReleaseUnreleased,
        Self::LoseHold,
        Self::OldStatus,
        Self::ClosedContainer,
        Self::ShortManifest,
        Self::UndrainedSwitch,
        Self::OrderBeforeDurable,
    ];
    /// The words for them in a scenario file.
    pub const KEYS: [&str; 14] = [
        "swap_scans",
        "order_elsewhere",
        "drop_confirm",
        "claim_twice",
        "overfill",
        "mix_plans",
        "miscount",
        "release_unreleased",
        "lose_hold",
        "old_status",
        "closed_container",
        "short_manifest",
        "undrained_switch",
        "order_before_durable",
    ];

    /// The word for it in a scenario file.
    pub const fn key(self) -> &'static str {
        Self::KEYS[self as usize]
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 1,
            parcels: 5_000_000,
            hubs: 6,
            sorters: 12,
            days: 1,
            weekday: Weekday::Tue,
            profile: Profile::CarrierScan,
            arrive_within: None,
            flows: Flows::default(),
            codes: CodeMix { two_codes: Rate::from_ppm(850_000) },
            reads: Reads::default(),
            plant: PlantRates::default(),
            hall: Hall::default(),
            customs: CustomsMix::default(),
            changeover: ChangeoverTimes::default(),
            journal: JournalDisk::default(),
            plc_scan: Micros::from_millis(10),
            utilisation: Rate::from_ppm(800_000),
            missorts: Rate::from_ppm(10),
            sabotage: None,
            plan_file: None,
            layout_file: None,
            schedule_file: None,
        }
    }
}

impl Default for Reads {
    fn default() -> Self {
        Self {
            no_read: Rate::from_ppm(15_000),
            conflicting: Rate::from_ppm(8_500),
            stray: Rate::from_ppm(8_500),
            not_announced: Rate::from_ppm(5_000),
            late_announced: Rate::from_ppm(400_000),
            misread: Rate::from_ppm(10),
            duplicate_label: Rate::from_ppm(1),
        }
    }
}

impl Default for PlantRates {
    fn default() -> Self {
        Self {
            gap_min: Millimetres::new(100),
            gap_max: Millimetres::new(300),
            slip_um_per_sqrt_m: 3_000,
            tracking_loss: Rate::from_ppm(5_000),
            losses: LossShares {
                eye_miss: Rate::from_ppm(700_000),
                big_slip: Rate::from_ppm(250_000),
                taken_off: Rate::from_ppm(50_000),
            },
            thrown_on: Rate::from_ppm(100),
            failed_divert: Rate::from_ppm(3_000),
            return_time: Micros::from_secs(60),
            put_back_after: Micros::from_secs(600),
            swap_start_min: Micros::from_secs(120),
            swap_start_max: Micros::from_secs(900),
            swap_min: Micros::from_secs(20),
            swap_max: Micros::from_secs(60),
            catch: Millimetres::new(120),
        }
    }
}

impl Scenario {
    /// Reads a scenario; keys that are not in the file keep their default.
    ///
    /// # Errors
    /// Every problem of the file at once, each with its line: broken TOML (`SC0001`), unknown keys
    /// (`SC0002`), values of the wrong kind (`SC0003`) or outside their range (`SC0004`), and values that
    /// contradict each other (`SC0005`).
    pub fn from_toml(file_name: &str, text: &str) -> Result<Self, Diagnostics> {
        Self::default().with_toml(file_name, text)
    }

    /// This scenario with the keys of a file on top; keys that are not in the file keep their value.
    ///
    /// # Errors
    /// As [`Scenario::from_toml`].
    pub fn with_toml(self, file_name: &str, text: &str) -> Result<Self, Diagnostics> {
        parse::scenario(self, file_name, text)
    }

    /// The scenario as a file, with every key that has a value. Times that no file can say, such as
    /// [`Scenario::arrive_within`], are not in it.
    ///
    /// ```
    /// use sorter_sim::scenario::Scenario;
    ///
    /// let busy = Scenario { parcels: 800_000, hubs: 1, ..Scenario::week() };
    /// assert_eq!(Scenario::from_toml("busy.toml", &busy.to_toml())?, busy);
    /// # Ok::<(), sorter_core::diagnostic::Diagnostics>(())
    /// ```
    pub fn to_toml(&self) -> String {
        schema::written(self)
    }

    /// A week of the standard network: 35 million parcels that come with the flights and trucks of the schedule.
    ///
    /// ```
    /// use sorter_sim::scenario::{Profile, Scenario};
    ///
    /// let week = Scenario::week();
    /// assert_eq!((week.days, week.parcels, week.profile), (7, 35_000_000, Profile::Flights));
    /// let small = week.with_toml("small.toml", "parcels = 70_000\nhubs = 1\n")?;
    /// assert_eq!((small.days, small.parcels), (7, 70_000));
    /// # Ok::<(), sorter_core::diagnostic::Diagnostics>(())
    /// ```
    pub fn week() -> Self {
        Self { parcels: 35_000_000, days: 7, profile: Profile::Flights, ..Self::default() }
    }

    /// When the run begins, since Monday 00:00: at the midnight of [`Scenario::weekday`] for one day, on
    /// Monday for more. Add it to a time of the run to look that up in the schedule.
    ///
    /// ```
    /// use sorter_core::units::Micros;
    /// use sorter_sim::scenario::Scenario;
    /// assert_eq!(Scenario::default().begins(), Micros::from_secs(86_400));
    /// assert_eq!(Scenario { days: 7, ..Scenario::default() }.begins(), Micros::ZERO);
    /// ```
    pub const fn begins(&self) -> Micros {
        if self.days == 1 { self.weekday.begins() } else { Micros::ZERO }
    }

    /// How long the run lasts: its days of 24 hours, or [`Scenario::arrive_within`].
    pub const fn lasts(&self) -> Micros {
        match self.arrive_within {
            Some(within) => within,
            None => Micros::from_secs(self.days as u64 * 86_400),
        }
    }

    /// What contradicts itself, as sentences; empty for a scenario that can run.
    ///
    /// For scenarios that are put together by a program or by options of the command line;
    /// [`Scenario::from_toml`] has done it already.
    pub fn contradictions(&self) -> Vec<String> {
        check::contradictions(self).into_iter().map(|found| found.message).collect()
    }
}
