//! The sort plan: which destination goes to which outlet, and which chutes serve an outlet.
//!
//! A plan is written as a TOML file with the outlets and a CSV file with the rules. [`PlanSource`] reads the
//! two, [`PlanSource::check`] holds them against a [`Layout`](crate::layout::Layout) and reports everything
//! that is wrong, and [`PlanSource::compile`] turns them into a [`Plan`]: an array over dense destination
//! ids. A new plan is a new [`Plan`]; it touches no parcel.
//!
//! # Rules
//! A row of the CSV is `country,first,last,outlet`:
//!
//! | first | last | the rule covers |
//! | --- | --- | --- |
//! | a postcode | a postcode | the codes from the first to the last, both included, in the byte order of the canonical spelling |
//! | `10*` | empty | the codes whose canonical spelling begins with `10` |
//! | empty | empty | every code of the country |
//!
//! The most specific rule wins: a range, then the longest prefix, then the country.
//!
//! # Outlets
//! An outlet has 1 to 16 chutes and a role. Exactly one outlet is the exception, one the hold and one the
//! no-read outlet. The others are outbound, or take the overflow of outbound ones. An overflow chain ends
//! in the exception outlet.
//!
//! ```
//! use sorter_core::address::{Country, Destinations, Postcode};
//! use sorter_core::ids::PlanVersion;
//! use sorter_core::layout::Layout;
//! use sorter_core::plan::PlanSource;
//!
//! let outlets = r#"
//!     name = "two countries"
//!     lap_limit = 3
//!     rules = "rules.csv"
//!     outlet = [
//!         { name = "DE", display = "Germany", chutes = [0, 1], overflow = "EXC" },
//!         { name = "REST", display = "Rest of Europe", chutes = [2] },
//!         { name = "EXC", display = "Exceptions", chutes = [99], role = "exception" },
//!         { name = "HOLD", display = "Customs hold", chutes = [98], role = "hold" },
//!         { name = "NO-READ", display = "No read", chutes = [97], role = "no_read" },
//!     ]
//! "#;
//! let mut rules = String::from("country,first,last,outlet\nDE,01067,99998,DE\n");
//! for country in Country::all() {
//!     rules += &format!("{},,,REST\n", country.code());
//! }
//! let source = PlanSource::from_texts("plan.toml", outlets, "rules.csv", &rules)?;
//! let plan = source.compile(&Layout::line_100(), &Destinations::with_capacity(0), PlanVersion::new(1))?;
//!
//! let germany = Country::parse("DE").expect("a country of the plan");
//! let found = plan.resolve(germany, &Postcode::normalise(germany, "10115")?).expect("the range covers it");
//! assert_eq!(plan.outlet(found.outlet).name, "DE");
//! assert_eq!(found.rule.line, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Codes of the problems
//! | Code | What |
//! | --- | --- |
//! | SP0001 | the text is not TOML, or the CSV has another header |
//! | SP0002 | unknown key |
//! | SP0003 | missing key |
//! | SP0004 | value of the wrong kind or outside its limits |
//! | SP0005 | two outlets of one name |
//! | SP0006 | outlet without chutes |
//! | SP0007 | chute that the layout does not have |
//! | SP0008 | chute named twice |
//! | SP0009 | outlet with more than 16 chutes |
//! | SP0010 | overflow to an outlet that does not exist |
//! | SP0011 | overflow that runs in a circle |
//! | SP0012 | overflow chain that does not end in the exception outlet |
//! | SP0013 | exception, hold or no-read outlet missing or there twice |
//! | SP0014 | rule for an outlet that does not exist |
//! | SP0015 | rule for a country that is not known |
//! | SP0016 | malformed postcode or prefix |
//! | SP0017 | range that runs backwards |
//! | SP0018 | ranges that overlap |
//! | SP0019 | country without a rule |
//! | SP0020 | the same prefix or country in two rules |
//! | SP0021 | lap limit of zero or above 7 |
//! | SP0022 | row that is no rule |
//! | SP0023 | unknown role |
//! | SP0024 | unknown kind of container |
//! | SP0025 | lane on an outlet that is not outbound |
//! | SP0026 | lane that no departure of the timetable serves |
//! | SP0027 | outlet that no chute serves while the chutes change over |
//! | SP0028 | `unannounced` at an outlet that is not outbound, or naming one that is not a hold outlet |
//! | SP0029 | `home` that is no served country |

mod assignment;
mod check;
mod check_rules;
mod compile;
mod diff;
mod matcher;
mod rules;
mod source;

use std::fmt;

use smallvec::SmallVec;

use crate::address::{Country, Postcode};
use crate::barcode::SelfRoute;
use crate::container::ContainerKind;
use crate::departure::Timetable;
use crate::ids::{ChuteId, DestinationId, LaneId, OutletId, PlanVersion};
use crate::sync::dense_table::DenseTable;

pub use assignment::AssignmentId;
pub use diff::{OutletMove, PlanDiff, diff};
pub use source::{PlanReadError, PlanSource};

/// What a chute, or the outlet that it serves, is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChuteRole {
    /// Parcels of its destinations.
    #[default]
    Outbound,
    /// Parcels whose own chutes are full.
    Overflow,
    /// Parcels that a person must look at.
    Exception,
    /// Parcels that may not leave yet.
    Hold,
    /// Parcels without a readable code.
    NoRead,
    /// No outlet of the plan uses the chute.
    Unused,
}

impl ChuteRole {
    /// The role with this key in a plan file. [`ChuteRole::Unused`] is no role of an outlet.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Outbound, Self::Overflow, Self::Exception, Self::Hold, Self::NoRead]
            .into_iter()
            .find(|role| role.key() == key)
    }

    /// The name in plan files and reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Overflow => "overflow",
            Self::Exception => "exception",
            Self::Hold => "hold",
            Self::NoRead => "no_read",
            Self::Unused => "unused",
        }
    }
}

impl fmt::Display for ChuteRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// One outlet of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlet {
    /// Its name in the plan file; no other outlet of the plan has it.
    pub name: String,
    /// Its text for people.
    pub display: String,
    /// What it is for; never [`ChuteRole::Unused`].
    pub role: ChuteRole,
    /// Its chutes in the order of the file: 1 to [`Plan::MAX_CHUTES_PER_OUTLET`], none of them in another outlet.
    pub chutes: SmallVec<[ChuteId; 4]>,
    /// Where its parcels go when none of its chutes can take them. Following this ends in the exception outlet.
    pub overflow: Option<OutletId>,
    /// The lane that its containers leave by; `None` when no departure takes them.
    pub lane: Option<String>,
    /// Whether its chutes are bonded: goods in transit go nowhere else.
    pub bonded: bool,
    /// What stands at its chutes.
    pub container: ContainerKind,
    /// The hold outlet for what nobody announced and whose label tells a destination of this outlet.
    pub unannounced: Option<OutletId>,
}

/// A row of the rule file, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRef {
    /// Its line, from 1.
    pub line: u32,
    /// The row as it was written.
    pub text: String,
}

/// The outlet of a postcode and the rule that chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<'p> {
    /// The outlet.
    pub outlet: OutletId,
    /// The rule.
    pub rule: &'p RuleRef,
}

/// A compiled sort plan: checked, immutable but for ids that are taught late, shared by all threads.
///
/// The accessors that a decision uses ([`Plan::outlet_of`], [`Plan::outlet`], [`Plan::role_of`],
/// [`Plan::outlet_of_chute`] and the outlets by role) allocate nothing and never panic. A plan takes about
/// 1 MB: two bytes for each of [`DestinationId::LIMIT`] destinations.
#[derive(Debug)]
pub struct Plan {
    version: PlanVersion,
    name: String,
    lap_limit: u8,
    home: Option<Country>,
    outlets: Vec<Outlet>,
    exception: OutletId,
    hold: OutletId,
    no_read: OutletId,
    /// What [`Plan::outlet`] gives for an id that is not of this plan: a copy of the exception outlet.
    fallback: Outlet,
    /// By chute; as long as the layout has chutes.
    chutes: Vec<Option<OutletId>>,
    /// By chute.
    assignments: Vec<AssignmentId>,
    /// The lane of each outlet, and the outlet of each lane, as the timetable numbers them.
    lanes: Vec<Option<LaneId>>,
    by_lane: Vec<Option<OutletId>>,
    destinations: DenseTable,
    matcher: matcher::Matcher,
    /// By rule number of the matcher.
    rules: Vec<(OutletId, RuleRef)>,
}

impl Plan {
    /// The most chutes that one outlet may have.
    pub const MAX_CHUTES_PER_OUTLET: usize = 16;

    /// The version it was compiled as.
    pub fn version(&self) -> PlanVersion {
        self.version
    }

    /// The name in its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often a parcel may go round before it is sent to the exception outlet; 1 to 7.
    pub fn lap_limit(&self) -> u8 {
        self.lap_limit
    }

    /// The outlet of a destination, or `None` when no rule covers it or it was never taught.
    pub fn outlet_of(&self, destination: DestinationId) -> Option<OutletId> {
        self.destinations.get(destination.index()).map(OutletId::new)
    }

    /// An outlet. An id that is not of this plan gives the exception outlet, the one place where a parcel
    /// with a doubtful destination does no harm.
    pub fn outlet(&self, outlet: OutletId) -> &Outlet {
        self.outlets.get(outlet.index()).unwrap_or(&self.fallback)
    }

    /// Every outlet, by [`OutletId`].
    pub fn outlets(&self) -> &[Outlet] {
        &self.outlets
    }

    /// The outlet with this name.
    pub fn outlet_named(&self, name: &str) -> Option<OutletId> {
        let index = self.outlets.iter().position(|outlet| outlet.name == name)?;
        u16::try_from(index).ok().map(OutletId::new)
    }

    /// The outlet for parcels that a person must look at.
    pub fn exception(&self) -> OutletId {
        self.exception
    }

    /// The outlet for parcels that may not leave yet, and for those that nobody announced.
    pub fn hold(&self) -> OutletId {
        self.hold
    }

    /// The outlet for a parcel that nobody announced, whose label tells where it goes: the hold outlet that the
    /// outlet of that destination names for this, or [`Plan::hold`]. Never one from which parcels leave.
    ///
    /// Searches the rules, allocates nothing.
    pub fn unannounced(&self, route: &SelfRoute) -> OutletId {
        let found = self.resolve(route.country, &route.postcode);
        found.and_then(|found| self.outlet(found.outlet).unannounced).unwrap_or(self.hold)
    }

    /// The country of labels that tell a postcode alone.
    pub fn home(&self) -> Option<Country> {
        self.home
    }

    /// The outlet for parcels without a readable code.
    pub fn no_read(&self) -> OutletId {
        self.no_read
    }

    /// What a chute is for under this plan.
    pub fn role_of(&self, chute: ChuteId) -> ChuteRole {
        self.outlet_of_chute(chute).map_or(ChuteRole::Unused, |outlet| self.outlet(outlet).role)
    }

    /// The outlet that a chute serves.
    pub fn outlet_of_chute(&self, chute: ChuteId) -> Option<OutletId> {
        self.chutes.get(chute.index()).copied().flatten()
    }

    /// The lane that the containers of an outlet leave by; `None` without one, or when no departure takes it.
    pub fn lane_of(&self, outlet: OutletId) -> Option<LaneId> {
        self.lanes.get(outlet.index()).copied().flatten()
    }

    /// The outlet whose containers leave by a lane; a bonded one where there are several.
    pub fn outlet_of_lane(&self, lane: LaneId) -> Option<OutletId> {
        self.by_lane.get(lane.index()).copied().flatten()
    }

    /// Binds the lanes that the outlets name to the numbers of a timetable.
    ///
    /// # Errors
    /// The names that the timetable does not have, each with its outlet.
    pub(crate) fn bind_lanes(&mut self, timetable: &Timetable) -> Result<(), Vec<(String, String)>> {
        let mut unknown = Vec::new();
        self.lanes = vec![None; self.outlets.len()];
        self.by_lane = vec![None; timetable.lane_count()];
        for (place, outlet) in self.outlets.iter().enumerate() {
            let Some(name) = &outlet.lane else { continue };
            let Some(lane) = timetable.lane_named(name) else {
                unknown.push((outlet.name.clone(), name.clone()));
                continue;
            };
            self.lanes[place] = Some(lane);
            let entry = &mut self.by_lane[lane.index()];
            if entry.is_none_or(|known| outlet.bonded && !self.outlets[known.index()].bonded) {
                *entry = u16::try_from(place).ok().map(OutletId::new);
            }
        }
        if unknown.is_empty() { Ok(()) } else { Err(unknown) }
    }

    /// The outlet of a postcode with the rule that chose it: for people who ask why, and for new ids.
    pub fn resolve(&self, country: Country, postcode: &Postcode) -> Option<Match<'_>> {
        let (outlet, rule) = self.rules.get(self.matcher.find(country, postcode)?)?;
        Some(Match { outlet: *outlet, rule })
    }

    /// Teaches the plan a destination that was added after it was compiled. Must happen before the id is
    /// handed to another thread; see [`crate::sync::dense_table`]. A destination without a rule stays without.
    pub fn learn(&self, destination: DestinationId, country: Country, postcode: &Postcode) {
        if let Some(found) = self.resolve(country, postcode) {
            self.destinations.set(destination.index(), found.outlet.get());
        }
    }
}

#[cfg(test)]
#[cfg(not(sorter_loom))]
mod tests;
