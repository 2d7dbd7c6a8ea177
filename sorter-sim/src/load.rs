//! The parcels of one hub for a run: when each arrives, where it goes on to, what its label says.
//!
//! A load is a pure function of the scenario, the hub and the data of the network: every property of a
//! parcel is drawn from its own number, so a load is the same for any thread count, and one changed rate
//! changes nothing but what it is about.
//!
//! ```
//! use sorter_core::ids::{HubId, SorterId};
//! use sorter_sim::load::{HubLoad, Network};
//! use sorter_sim::random::AliasTable;
//! use sorter_sim::scenario::Scenario;
//!
//! let scenario = Scenario { parcels: 1_000, hubs: 2, sorters: 3, ..Scenario::default() };
//! let destinations = AliasTable::new(&[70, 20, 10])?;
//! let network = Network {
//!     destinations: &destinations,
//!     lengths_mm: &[250, 400],
//!     hourly: &[1.0; 24],
//!     arrivals: &[],
//!     onward: None,
//! };
//! let load = HubLoad::build(&scenario, HubId::new(0), &network, 18_000)?;
//! assert_eq!(load.parcels().len(), 501);
//! assert_eq!(load.sorter(SorterId::new(0)).len(), 167);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arrivals;
mod hours;
mod label;
mod onward;

pub use arrivals::{FIRST_PARCEL, TRUCK_UNLOADING, WeeklyArrival};
pub use hours::HourCounts;
pub use label::{CodeFormat, CodeKind, Codes, LABELS_PER_HUB, codes_of, stray_code};
pub use onward::{CONNECTING_TIME, Flow, Onward, OnwardConnection};

use std::ops::Range;

use arrivals::{HOUR_US, Shares};
use sorter_core::ids::{HubId, SorterId};
use sorter_core::units::Micros;
use thiserror::Error;

use crate::random::{AliasTable, Draws, Rate, Stream};
use crate::scenario::Scenario;

/// A parcel that is announced late is announced at most this long after its arrival. A belt of 100 m takes
/// 40 s, so some of these are in time for the scan, some for the divert, and some for the next pass only.
pub const LATEST_ANNOUNCEMENT: Micros = Micros::from_secs(60);

/// How often a copied label is drawn again when the drawn one is a copy itself.
const LABEL_TRIES: u32 = 8;

/// What the hubs have in common: where parcels go, how long they are, when they come.
#[derive(Clone, Copy, Debug)]
pub struct Network<'a> {
    /// Draws an index of a postcode by its weight.
    pub destinations: &'a AliasTable,
    /// Lengths along the belt in millimetres, drawn evenly; 1 to 65,535 of them.
    pub lengths_mm: &'a [u16],
    /// The share of the day in each hour from midnight, the same on every day; need not sum to 1.
    pub hourly: &'a [f64; 24],
    /// What arrives in a week; only for [`Profile::Flights`](crate::scenario::Profile::Flights), which
    /// follows it instead of `hourly`.
    pub arrivals: &'a [WeeklyArrival],
    /// Where export and transit parcels go on to; `None` when all parcels are import.
    pub onward: Option<&'a Onward>,
}

/// One physical parcel. 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimParcel {
    /// When it comes to the queue of its induction, since the midnight on which the run begins.
    pub arrival: Micros,
    /// The number of the label that it carries: its own index in the hub, or that of another parcel when
    /// its label is a copy.
    pub label: u32,
    /// Where it ought to go, as an index of a postcode: the destination that is announced under its own
    /// number, whatever its label says.
    pub postcode: u32,
    /// In microseconds after the arrival; 0 is before it, `u32::MAX` is never.
    announced_us: u32,
    /// Its length, as an index into [`Network::lengths_mm`].
    pub shape: u16,
    /// Which codes are printed on the label that it carries.
    pub kind: CodeKind,
    /// How it comes and goes.
    pub flow: Flow,
}

/// When a parcel is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// Before the run begins.
    Before,
    /// This long after its arrival, at most [`LATEST_ANNOUNCEMENT`].
    Late(Micros),
    /// Not in this run.
    Never,
}

impl SimParcel {
    /// When it is announced.
    pub const fn announced(&self) -> Announced {
        match self.announced_us {
            0 => Announced::Before,
            u32::MAX => Announced::Never,
            after => Announced::Late(Micros::new(after as u64)),
        }
    }
}

/// Why a load cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The sorters cannot induct as much in the days of the run.
    #[error(
        "{asked} parcels on one sorter are more than it can induct in {days} d ({limit_per_hour} an hour \
         at a utilisation of {utilisation}); take fewer parcels, more hubs or more sorters"
    )]
    RunTooShort {
        /// Parcels for the sorter.
        asked: u32,
        /// Days of the run.
        days: u8,
        /// What it may induct in an hour.
        limit_per_hour: u32,
        /// The planned share of its rated throughput.
        utilisation: Rate,
    },
    /// An hourly share is negative, not a number or too small to count, or all are 0.
    #[error(
        "hour {hour} has a share of {share} of the run (expected shares of 0 or more that are not all 0)"
    )]
    BadProfile {
        /// The hour.
        hour: usize,
        /// Its share.
        share: String,
    },
    /// The profile follows the flights, and none lands.
    #[error("no flight lands in the {days} d of the run, so no parcel arrives by the profile \"flights\"")]
    NoFlights {
        /// Days of the run.
        days: u8,
    },
    /// More labels than a hub can print.
    #[error("{asked} parcels in one hub, above the {LABELS_PER_HUB} labels that a hub can number")]
    TooManyLabels {
        /// Parcels for the hub.
        asked: u32,
    },
    /// No lengths, or too many.
    #[error("{count} parcel lengths (expected 1 to 65535)")]
    BadShapes {
        /// How many there are.
        count: usize,
    },
}

/// The parcels of one hub, by sorter and in the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubLoad {
    hub: HubId,
    parcels: Vec<SimParcel>,
    /// Where the parcels of each sorter begin, and at last where they end.
    starts: Vec<u32>,
    asked: HourCounts,
    planned: HourCounts,
}

impl HubLoad {
    /// Draws the parcels of `hub`. `rated_per_hour` is what one sorter can induct in an hour at its rated
    /// throughput; no hour is given more than the utilisation of the scenario allows.
    ///
    /// # Errors
    /// When the run cannot hold the parcels, no flight lands where they come by flights, or the data of the network is empty or broken.
    pub fn build(
        scenario: &Scenario,
        hub: HubId,
        network: &Network<'_>,
        rated_per_hour: u32,
    ) -> Result<Self, LoadError> {
        let shapes = u16::try_from(network.lengths_mm.len()).ok().filter(|count| *count > 0);
        let shapes = shapes.ok_or(LoadError::BadShapes { count: network.lengths_mm.len() })?;
        let shares = (0..scenario.sorters).map(|sorter| share_of(scenario, hub, SorterId::new(sorter)));
        let total: u32 = shares.clone().sum();
        if total > LABELS_PER_HUB {
            return Err(LoadError::TooManyLabels { asked: total });
        }
        let hours = Shares::of(scenario, network)?;
        let transit = arrivals::transit_of_the_rest(scenario);
        let drawer = Drawer { scenario, hub, network, shapes, total, transit };
        let limit = scenario.utilisation.of(rated_per_hour);
        let mut load = Self {
            hub,
            parcels: Vec::with_capacity(total as usize),
            starts: vec![0],
            asked: HourCounts::default(),
            planned: HourCounts::default(),
        };
        for count in shares {
            let asked = HourCounts::from_shares(count, &hours.hours)?;
            let planned = match scenario.arrive_within {
                Some(within) if u64::from(count) * HOUR_US > u64::from(limit) * within.get() => None,
                Some(_) => Some(asked.clone()),
                None => asked.smooth(limit),
            };
            let planned = planned.ok_or(LoadError::RunTooShort {
                asked: count,
                days: scenario.days,
                limit_per_hour: limit,
                utilisation: scenario.utilisation,
            })?;
            load.asked.add(&asked);
            load.planned.add(&planned);
            drawer.append_sorter(&planned, &hours.exports(&asked, &planned), &mut load.parcels);
            load.starts.push(load.parcels.len().try_into().expect("checked against LABELS_PER_HUB"));
        }
        Ok(load)
    }

    /// The hub.
    pub const fn hub(&self) -> HubId {
        self.hub
    }

    /// All parcels: sorter by sorter, each in the order of arrival. The place of a parcel in this slice
    /// is its index in the hub, and the number of its own label.
    pub fn parcels(&self) -> &[SimParcel] {
        &self.parcels
    }

    /// The indices of the parcels that arrive at a sorter; empty for a sorter that the hub has not.
    pub fn range_of(&self, sorter: SorterId) -> Range<u32> {
        match (self.starts.get(sorter.index()), self.starts.get(sorter.index() + 1)) {
            (Some(start), Some(end)) => *start..*end,
            _ => 0..0,
        }
    }

    /// The parcels that arrive at a sorter, in the order of arrival.
    pub fn sorter(&self, sorter: SorterId) -> &[SimParcel] {
        let range = self.range_of(sorter);
        &self.parcels[range.start as usize..range.end as usize]
    }

    /// What the profile asks for in each hour, over all sorters of the hub.
    pub const fn asked(&self) -> &HourCounts {
        &self.asked
    }

    /// What arrives in each hour after smoothing, over all sorters of the hub.
    pub const fn planned(&self) -> &HourCounts {
        &self.planned
    }
}

/// The number under which a parcel draws: unique over all hubs.
///
/// ```
/// use sorter_core::ids::HubId;
/// assert_ne!(sorter_sim::load::draw_index(HubId::new(1), 0), sorter_sim::load::draw_index(HubId::new(0), 1));
/// ```
pub const fn draw_index(hub: HubId, index: u32) -> u64 {
    (hub.get() as u64) << 32 | index as u64
}

/// How many parcels arrive at a sorter: an equal part of the run, the first sorters one more where it does
/// not divide.
fn share_of(scenario: &Scenario, hub: HubId, sorter: SorterId) -> u32 {
    let sorters = u32::from(scenario.hubs) * u32::from(scenario.sorters);
    let place = u32::from(hub.get()) * u32::from(scenario.sorters) + u32::from(sorter.get());
    scenario.parcels / sorters + u32::from(place < scenario.parcels % sorters)
}

/// Draws the properties of parcels, each from the number of the parcel.
struct Drawer<'a> {
    scenario: &'a Scenario,
    hub: HubId,
    network: &'a Network<'a>,
    shapes: u16,
    /// Parcels of the hub.
    total: u32,
    /// Share of transit among the parcels that are not export.
    transit: Rate,
}

impl Drawer<'_> {
    fn draws(&self, stream: Stream, index: u32) -> Draws {
        Draws::new(self.scenario.seed, stream, draw_index(self.hub, index))
    }

    /// Appends the parcels of one sorter, which get the next indices. `exports` is the share of export in
    /// each hour.
    fn append_sorter(&self, hours: &HourCounts, exports: &[Rate], parcels: &mut Vec<SimParcel>) {
        let mut next = u32::try_from(parcels.len()).expect("checked against LABELS_PER_HUB");
        let mut times = Vec::new();
        let span = self.scenario.arrive_within.map_or(HOUR_US, |within| within.get().min(HOUR_US));
        let span = u32::try_from(span).expect("at most an hour of microseconds");
        for ((hour, count), export) in (0_u64..).zip(hours.get()).zip(exports) {
            times.clear();
            times.extend((next..next + count).map(|index| {
                let inside = self.draws(Stream::Arrival, index).below(span);
                Micros::from_secs(hour * 3_600) + Micros::new(inside.into())
            }));
            times.sort_unstable();
            parcels
                .extend((next..).zip(&times).map(|(index, arrival)| self.parcel(index, *arrival, *export)));
            next += count;
        }
    }

    fn parcel(&self, index: u32, arrival: Micros, export: Rate) -> SimParcel {
        let (postcode, flow) = self.destination(index, arrival, export);
        let label = self.label(index);
        let shape = self.draws(Stream::Shape, index).below(self.shapes.into());
        SimParcel {
            arrival,
            label,
            postcode,
            announced_us: self.announced_us(index),
            shape: u16::try_from(shape).expect("below a 16-bit bound"),
            kind: self.kind(label),
            flow,
        }
    }

    /// Where a parcel goes, as an index of a postcode, and how.
    fn destination(&self, index: u32, arrival: Micros, export: Rate) -> (u32, Flow) {
        let mut draws = self.draws(Stream::Destination, index);
        let Some(onward) = self.network.onward else {
            return (self.network.destinations.draw(&mut draws), Flow::Import);
        };
        let mut flow = self.draws(Stream::Flow, index);
        let flow: fn(u16) -> Flow = if flow.chance(export) {
            |connection| Flow::Export { connection }
        } else if flow.chance(self.transit) {
            |connection| Flow::Transit { connection }
        } else {
            return (self.network.destinations.draw(&mut draws), Flow::Import);
        };
        let (postcode, connection) = onward.book(&mut draws, self.scenario.begins() + arrival);
        (postcode, flow(connection))
    }

    /// Whether a parcel carries a copy instead of its own label.
    fn has_copy(&self, index: u32) -> bool {
        self.total > 1
            && self.draws(Stream::DuplicateLabel, index).chance(self.scenario.reads.duplicate_label)
    }

    /// The label that a parcel carries. A copy is taken from a parcel that carries its own; where none is
    /// found in a few tries (almost all carry copies), the parcel keeps its own.
    fn label(&self, index: u32) -> u32 {
        if !self.has_copy(index) {
            return index;
        }
        let mut draws = self.draws(Stream::DuplicateLabel, index).at(1);
        let mut others = (0..LABEL_TRIES).map(|_| {
            let other = draws.below(self.total - 1);
            other + u32::from(other >= index)
        });
        others.find(|other| !self.has_copy(*other)).unwrap_or(index)
    }

    fn announced_us(&self, index: u32) -> u32 {
        let mut draws = self.draws(Stream::Announcement, index);
        if !draws.chance(self.scenario.reads.not_announced) {
            return 0;
        }
        if !draws.chance(self.scenario.reads.late_announced) {
            return u32::MAX;
        }
        let latest = i32::try_from(LATEST_ANNOUNCEMENT.get()).expect("a minute of microseconds");
        draws.uniform(1, latest).cast_unsigned()
    }

    fn kind(&self, label: u32) -> CodeKind {
        let mut draws = self.draws(Stream::CodeKind, label);
        let format = CodeFormat::drawn(&mut draws);
        CodeKind { format, both: draws.chance(self.scenario.codes.two_codes) }
    }
}

#[cfg(test)]
mod tests;
