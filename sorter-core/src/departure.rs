//! Departures: trucks and flights that leave every week, their cut-offs, and the state of each departure.
//!
//! A weekly schedule is read ([`ScheduleSource`]), compiled ([`Timetable`]) and published whole, like a plan.
//! Time counts from Monday 00:00 local of week 0, the start of the run, and every week is 7 days of 24 hours:
//! a run has no change to summer time.
//!
//! On a lane, each departure is filled from the cut-off of the one before it until its own, so exactly one
//! departure of a lane is open or closing at any time. A delay or an early leave ([`Timetable::changed`])
//! moves times, never the order of the cut-offs of a lane.
//!
//! ```
//! use sorter_core::departure::{DepartureState, ScheduleSource, Timetable, WEEK};
//! use sorter_core::units::Micros;
//!
//! let text = "kind,id,day,time_local,origin,destination,cutoff_min\n\
//!             truck,T07,Mon,04:30,LGG,PL:Lodz,60\n\
//!             flight,F01,Mon,11:45,CGO,LGG,\n";
//! let source = ScheduleSource::from_csv("week.csv", text, "LGG")?;
//! let timetable = Timetable::compile(&source, None);
//!
//! let lodz = timetable.lane_named("PL:Lodz").expect("a row leaves for it");
//! let first = timetable.next(lodz, Micros::ZERO).expect("it leaves every week");
//! assert_eq!(first.cut_off, Micros::from_secs(3 * 3_600 + 30 * 60));
//! assert_eq!(first.state(first.cut_off), DepartureState::Closed);
//!
//! let second = timetable.next(lodz, first.cut_off).expect("it leaves every week");
//! assert_eq!(second.departs, first.departs + WEEK);
//! assert_eq!(timetable.arrivals()[0].origin, "CGO");
//! # Ok::<(), sorter_core::diagnostic::Diagnostics>(())
//! ```
//!
//! # Problems of a schedule
//!
//! | code | what |
//! | --- | --- |
//! | DS0001 | column missing, or a text without a header |
//! | DS0002 | unknown column |
//! | DS0003 | column named twice |
//! | DS0004 | row with another number of fields than the header |
//! | DS0005 | kind that is neither `truck` nor `flight` |
//! | DS0006 | malformed id |
//! | DS0007 | two rows of one id |
//! | DS0008 | day that is not Mon to Sun |
//! | DS0009 | time that is not 00:00 to 23:59 |
//! | DS0010 | row that neither starts nor ends at the hub, or does both |
//! | DS0011 | empty or malformed origin or destination |
//! | DS0012 | cut-off after the departure |
//! | DS0013 | cut-off that is no number of minutes, or more than 24 h before the departure |
//! | DS0014 | closing that is no number of minutes from 0 to 24 h before the cut-off |
//! | DS0015 | capacity that is no number |
//! | DS0016 | two departures of one lane with the same cut-off |
//! | DS0017 | too many rows |

mod change;
mod check;
mod compile;
mod fields;
mod ring;
mod schedule;
mod timetable;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{ConnectionId, DepartureId, LaneId};
use crate::units::{Grams, Micros};

pub use change::{ChangeError, Milestone};
pub use schedule::ScheduleSource;
pub use timetable::Timetable;

/// A week of the timetable: 7 days of 24 hours.
pub const WEEK: Micros = Micros::from_secs(7 * 86_400);

/// What leaves or arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A truck.
    Truck,
    /// A flight.
    Flight,
}

impl Mode {
    /// The name in schedules and reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Truck => "truck",
            Self::Flight => "flight",
        }
    }

    /// The mode with this name.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Truck, Self::Flight].into_iter().find(|mode| mode.key() == key)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// What one departure can carry. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Parcels.
    pub pieces: Option<u32>,
    /// Mass.
    pub mass: Option<Grams>,
}

/// A departure that repeats every week: one leaving row of the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its number.
    pub id: ConnectionId,
    /// Its name in the schedule, such as `T07`.
    pub name: String,
    /// What it is.
    pub mode: Mode,
    /// Where it goes.
    pub lane: LaneId,
    /// When it leaves, counted from Monday 00:00 of each week.
    pub departs: Micros,
    /// How long before it leaves its cut-off is.
    pub cut_off_lead: Micros,
    /// How long before its cut-off people get ready.
    pub closing_lead: Micros,
    /// What each of its departures can carry.
    pub capacity: Capacity,
    /// Whether the present schedule has it. One that it no longer has keeps its number and has no departures.
    pub runs: bool,
}

/// An arrival that repeats every week: one arriving row of the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its name in the schedule, such as `F01`.
    pub name: String,
    /// What it is.
    pub mode: Mode,
    /// Where it comes from.
    pub origin: String,
    /// When it arrives, counted from Monday 00:00 of each week.
    pub at: Micros,
    /// The parcels that it can carry.
    pub pieces_full: Option<u32>,
    /// The parcels that it brings when the week in equals the week out.
    pub pieces_matched: Option<u32>,
}

impl Arrival {
    /// When it arrives in a week.
    pub const fn in_week(&self, week: u16) -> Micros {
        Micros::new(WEEK.get() * week as u64 + self.at.get())
    }

    /// The parcels that it brings: `pieces_matched`, else `pieces_full`.
    pub fn pieces(&self) -> Option<u32> {
        self.pieces_matched.or(self.pieces_full)
    }
}

impl DepartureId {
    /// The departure of a connection in a week: `week << 16 | connection`.
    pub const fn of(week: u16, connection: ConnectionId) -> Self {
        Self::new((week as u32) << 16 | connection.get() as u32)
    }

    /// The week in which it leaves by the schedule.
    pub const fn week(self) -> u16 {
        (self.get() >> 16) as u16
    }

    /// Its connection.
    pub const fn connection(self) -> ConnectionId {
        ConnectionId::new((self.get() & 0xffff) as u16)
    }
}

/// A time as people say it: `Tue 04:30 of week 2`, with seconds and microseconds where they are not zero.
///
/// ```
/// use sorter_core::departure::WeekTime;
/// use sorter_core::units::Micros;
///
/// assert_eq!(WeekTime(Micros::from_secs(86_400 + 16_200)).to_string(), "Tue 04:30 of week 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeekTime(pub Micros);

/// The days of a week by the names that a schedule uses.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl fmt::Display for WeekTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (week, rest) = (self.0.get() / WEEK.get(), self.0.get() % WEEK.get());
        let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
        let day = DAYS.into_iter().nth((seconds / 86_400) as usize).unwrap_or("Mon");
        write!(f, "{day} {:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60)?;
        if seconds % 60 != 0 || micros != 0 {
            write!(f, ":{:02}", seconds % 60)?;
        }
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        write!(f, " of week {week}")
    }
}

/// Where a departure is in its life. It follows from the time alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DepartureState {
    /// An earlier departure of its lane is still being loaded.
    Planned,
    /// Parcels of its lane are sorted into its containers.
    Open,
    /// Its cut-off is near: people get ready.
    Closing,
    /// Nothing more is ordered into its containers; they are loaded.
    Closed,
    /// It has left.
    Departed,
}

impl DepartureState {
    /// The name in reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Departed => "departed",
        }
    }
}

impl fmt::Display for DepartureState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// One departure of one week. `opens <= closing <= cut_off <= departs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Its number.
    pub id: DepartureId,
    /// Its connection.
    pub connection: ConnectionId,
    /// Where it goes.
    pub lane: LaneId,
    /// From when on its containers are filled: the cut-off of the departure before it on the lane.
    pub opens: Micros,
    /// When people get ready for the cut-off.
    pub closing: Micros,
    /// From then on nothing is ordered into its containers.
    pub cut_off: Micros,
    /// When it leaves.
    pub departs: Micros,
}

impl Departure {
    /// Its state at a time.
    pub const fn state(&self, at: Micros) -> DepartureState {
        let at = at.get();
        if at < self.opens.get() {
            DepartureState::Planned
        } else if at < self.closing.get() {
            DepartureState::Open
        } else if at < self.cut_off.get() {
            DepartureState::Closing
        } else if at < self.departs.get() {
            DepartureState::Closed
        } else {
            DepartureState::Departed
        }
    }
}

#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod tests;
