//! The engine: one for each hub, shared by the workers of its sorters.
//!
//! Set up: fill an [`EngineBuilder`] with announcements, build it with a sort plan, take one [`Worker`] for
//! each sorter. Run: [`Worker::decide`] for each scan, [`Worker::commit`] at the point of no return,
//! [`Worker::finish`] when the item ended. Meanwhile [`Engine::announce`], [`Engine::notify`] and
//! [`Engine::publish`] may be called from any thread.

mod batch;
mod customs;
mod decision;
mod desk;
mod docks;
mod explain;
mod hall;
mod holds;
mod identity;
mod intake;
mod journaling;
mod pen;
mod plans;
mod recover;
mod restore;
mod routing;
mod unknown;
mod worker;
mod yard_guard;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use journaling::boot;
use restore::Recovering;
use smallvec::SmallVec;

pub use batch::Ticket;
pub use customs::BatchReport;
pub use decision::{Alternates, Assigned, Claim, Commit, Decision, Fate, OrderEnd, Scan, Tally};
pub use docks::{ContainerError, SwapCause};
pub use explain::Explanation;
pub use hall::Missed;
pub use identity::{Identity, MAX_CODES};
pub use recover::RecoverError;
pub use worker::Worker;
pub use yard_guard::YardGuard;

use crate::address::{Country, Destinations, DestinationsFull, Postcode, PostcodeError};
use crate::barcode::{CodeBook, CodeError, CodeKey};
use crate::clearance::{CustomsDesk, DeskLimits};
use crate::container::Yard;
use crate::departure::Timetable;
use crate::diagnostic::Diagnostics;
use crate::ids::{ConnectionId, DestinationId, HubId, ParcelId, PlanVersion, SorterId};
use crate::journal::{Book, LateNote, Note};
use crate::layout::Layout;
use crate::ledger::{Ledger, LedgerBuilder, LedgerError};
use crate::manifest::Announcement;
use crate::plan::{Plan, PlanSource};
use crate::state_word::{StateWord, WeightClass};
use crate::sync::number_table::NumberTable;
use crate::sync::sparse_table::SparseTable;
use crate::units::{Grams, Micros};

/// What an engine is built from.
pub struct EngineConfig {
    /// The hub.
    pub hub: HubId,
    /// The layout that all sorters of the hub share.
    pub layout: Arc<Layout>,
    /// The symbologies that count as parcel codes.
    pub codes: CodeBook,
    /// Destinations known beforehand. Others are added as they are announced.
    pub destinations: Destinations,
    /// Parcels that will be announced before the day, for the first allocation.
    pub expected_parcels: usize,
    /// Parcels that may be announced later on.
    pub late_parcels: usize,
    /// Keys the hash of the codes; take another one each day.
    pub seed: u64,
    /// What the hall does with containers, departures and customs.
    pub rules: HallRules,
}

/// Whether a hub keeps books on its containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ContainerPolicy {
    /// A container is what the PLC sees at a chute. It has no licence plate and no manifest.
    #[default]
    Anonymous,
    /// A container takes orders from the scan of its licence plate on, and has a manifest when it is taken away.
    Plated,
}

/// What the hall does with containers, departures and customs.
#[derive(Clone, Debug)]
pub struct HallRules {
    /// Whether containers have licence plates. Default: no.
    pub containers: ContainerPolicy,
    /// The departures. Default: none, and then no lane of a plan is looked at.
    pub timetable: Timetable,
    /// Customs notices kept for parcels that are not announced yet. Default 100,000.
    pub kept_notices: usize,
    /// Rulings that newer ones replaced, remembered for [`Engine::explain`]. Default 1,000,000, of 16 bytes each.
    pub notice_history: usize,
    /// Recalls that are listed. Default 100,000.
    pub recalls: usize,
    /// How long a parcel that was on a belt at a restart may be unknown before it is declared lost. It may turn up
    /// after that too. Default 10 minutes.
    pub unknown_after: Micros,
}

impl Default for HallRules {
    fn default() -> Self {
        Self {
            containers: ContainerPolicy::Anonymous,
            timetable: Timetable::empty(),
            kept_notices: 100_000,
            notice_history: 1_000_000,
            recalls: 100_000,
            unknown_after: Micros::from_secs(600),
        }
    }
}

/// Why an announcement was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnounceError {
    /// A code is not a parcel code.
    #[error("code {0} is not a parcel code: {1}")]
    Code(String, CodeError),
    /// The country is not served.
    #[error("country \"{0}\" is not one of the {count} served countries", count = Country::COUNT)]
    Country(String),
    /// The postcode does not fit its country.
    #[error(transparent)]
    Postcode(#[from] PostcodeError),
    /// The directory of destinations is full.
    #[error(transparent)]
    Destinations(#[from] DestinationsFull),
    /// The ledger does not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It is booked on a connection that the timetable does not have.
    #[error("onward connection \"{0}\" is not in the timetable")]
    Onward(String),
}

/// An engine that is being filled before the day.
pub struct EngineBuilder {
    hub: HubId,
    layout: Arc<Layout>,
    codes: CodeBook,
    destinations: Destinations,
    ledger: LedgerBuilder,
    late: usize,
    seed: u64,
    rules: HallRules,
    onward: Vec<(ParcelId, ConnectionId)>,
    book: Option<Book>,
    wall: Micros,
}

impl EngineBuilder {
    /// An engine without parcels.
    pub fn new(config: EngineConfig) -> Self {
        Self {
            hub: config.hub,
            layout: config.layout,
            codes: config.codes,
            destinations: config.destinations,
            // Those that come late have two codes as a rule.
            ledger: LedgerBuilder::new(config.expected_parcels + config.late_parcels * 2, config.seed),
            late: config.late_parcels,
            seed: config.seed,
            rules: config.rules,
            onward: Vec::new(),
            book: None,
            wall: Micros::ZERO,
        }
    }

    /// Announces a parcel. Its postcode is resolved here and never again.
    ///
    /// # Errors
    /// [`AnnounceError`]; the engine is unchanged then.
    pub fn announce(&mut self, announcement: &Announcement<'_>) -> Result<ParcelId, AnnounceError> {
        let (country, postcode) = resolve(announcement)?;
        let keys = parse_codes(&self.codes, announcement)?;
        self.announce_parsed(&keys, country, postcode, announcement)
    }

    /// Announces a parcel whose codes and address are parsed already, as a manifest reader gives them.
    ///
    /// # Errors
    /// [`AnnounceError`]; the engine is unchanged then.
    pub fn announce_parsed(
        &mut self,
        keys: &[CodeKey],
        country: Country,
        postcode: Postcode,
        announcement: &Announcement<'_>,
    ) -> Result<ParcelId, AnnounceError> {
        let onward = booked(&self.rules.timetable, announcement)?;
        let destination = self.destinations.get_or_add(country, postcode)?;
        let class = weight_class(announcement.weight);
        let word = StateWord::announced(destination, announcement.clearance, announcement.service, class);
        let parcel = self.ledger.announce(keys, word)?;
        self.onward.extend(onward.map(|connection| (parcel, connection)));
        Ok(parcel)
    }

    /// Compiles the plan and freezes the ledger.
    ///
    /// # Errors
    /// Every problem of the plan, lanes that the timetable does not have among them.
    pub fn build(self, plan: &PlanSource) -> Result<Arc<Engine>, Diagnostics> {
        let wall = self.wall;
        let engine = self.assemble(plan)?;
        if let Some(book) = &engine.book {
            book.note(boot(0, wall));
            book.note(Note::Plan(plan.to_note(engine.plan.load().version())));
        }
        Ok(Arc::new(engine))
    }

    /// The engine, of which its journal has not heard.
    fn assemble(self, plan: &PlanSource) -> Result<Engine, Diagnostics> {
        let version = PlanVersion::new(1);
        let rules = self.rules;
        let mut compiled = plan.compile(&self.layout, &self.destinations, version)?;
        plans::bind(&mut compiled, plan, &rules.timetable)?;
        compiled.assign(std::iter::empty(), self.destinations.len());
        let ledger = self.ledger.build(self.late);
        let onward = SparseTable::new(ledger.capacity());
        for (parcel, connection) in self.onward {
            onward.set(parcel.index(), Some(connection.get().into()));
        }
        let mut yard = Yard::new();
        if self.book.is_some() {
            yard.keep_changes();
        }
        Ok(Engine {
            hub: self.hub,
            layout: self.layout,
            codes: self.codes,
            plan: Arc::new(ArcSwap::from_pointee(compiled)),
            timetable: Arc::new(ArcSwap::from_pointee(rules.timetable)),
            policy: rules.containers,
            containers: NumberTable::new(ledger.capacity()),
            onward,
            customs: Mutex::new(CustomsDesk::new(
                DeskLimits {
                    parcels: ledger.capacity(),
                    kept: rules.kept_notices,
                    history: rules.notice_history,
                    recalls: rules.recalls,
                },
                self.seed,
            )),
            yard: Mutex::new(yard),
            unknown_after: rules.unknown_after,
            recovered: Mutex::default(),
            ledger,
            book: self.book,
            write: Mutex::new(WriteSide {
                destinations: self.destinations,
                retired: Vec::new(),
                version,
                ahead: Vec::new(),
            }),
        })
    }
}

/// What only announcements and plan changes touch.
struct WriteSide {
    destinations: Destinations,
    /// Plans that a worker may still use. They are dropped here, so that no decision ever frees one.
    retired: Vec<Arc<Plan>>,
    version: PlanVersion,
    /// Plans that will be published at a time, the earliest first.
    ahead: Vec<(Micros, PlanSource)>,
}

/// The engine of one hub.
pub struct Engine {
    hub: HubId,
    layout: Arc<Layout>,
    codes: CodeBook,
    ledger: Ledger,
    plan: Arc<ArcSwap<Plan>>,
    timetable: Arc<ArcSwap<Timetable>>,
    policy: ContainerPolicy,
    /// The container of each parcel, as long as it rests in one.
    containers: NumberTable,
    /// The connection that each parcel is booked on.
    onward: SparseTable,
    /// Where records for the journal are put, where there is one.
    book: Option<Book>,
    /// How long a parcel may be unknown after a restart.
    unknown_after: Micros,
    /// What an earlier host knew of the sorters whose workers have not begun yet.
    recovered: Mutex<BTreeMap<SorterId, Recovering>>,
    // Whoever takes more than one of these locks takes them in this order. No decision takes any.
    write: Mutex<WriteSide>,
    customs: Mutex<CustomsDesk>,
    yard: Mutex<Yard>,
}

impl Engine {
    /// The hub.
    pub fn hub(&self) -> HubId {
        self.hub
    }

    /// The layout of its sorters.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The plan that decisions are made by now.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.load_full()
    }

    /// The timetable in force.
    pub fn timetable(&self) -> Arc<Timetable> {
        self.timetable.load_full()
    }

    /// The connection that a parcel is booked on.
    pub fn onward(&self, parcel: ParcelId) -> Option<ConnectionId> {
        let number = self.onward.get(parcel.index())?;
        u16::try_from(number).ok().map(ConnectionId::new)
    }

    fn write(&self) -> MutexGuard<'_, WriteSide> {
        self.write.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn customs(&self) -> MutexGuard<'_, CustomsDesk> {
        self.customs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The books on the containers. Held while they are looked at, so not for long.
    pub fn yard(&self) -> YardGuard<'_> {
        YardGuard::new(self.yard.lock().unwrap_or_else(PoisonError::into_inner), self.book.as_ref())
    }

    /// A worker for one sorter. There is one for each sorter; it owns the counters of its chutes.
    ///
    /// # Panics
    /// When the sorter number is [`SorterId::LIMIT`] or more.
    pub fn worker(self: &Arc<Self>, sorter: SorterId) -> Worker {
        assert!(sorter.index() < SorterId::LIMIT, "{sorter} does not fit into the state word");
        Worker::new(self, sorter)
    }

    /// Announces a parcel while decisions are being made.
    ///
    /// # Errors
    /// [`AnnounceError`]; nothing has changed then.
    pub fn announce(&self, announcement: &Announcement<'_>) -> Result<ParcelId, AnnounceError> {
        let (country, postcode) = resolve(announcement)?;
        let keys = parse_codes(&self.codes, announcement)?;
        let onward = booked(&self.timetable(), announcement)?;
        let mut write = self.write();
        let destination = self.write_destination(&mut write, country, postcode)?;
        let class = weight_class(announcement.weight);
        let word = StateWord::announced(destination, announcement.clearance, announcement.service, class);
        // From here on until its codes can be found no notice for it may slip between.
        self.announce_with_notices(&keys, word, onward, || LateNote {
            parcel: ParcelId::default(),
            codes: keys.iter().map(|key| key.to_text()).collect(),
            country: country.code().to_owned(),
            postcode: postcode.as_str().to_owned(),
            weight: announcement.weight,
            service: announcement.service as u8,
            clearance: 0,
            onward: None,
            ruled: None,
            ruled_onward: None,
        })
    }

    /// The number of a destination, which every plan is taught when it is new.
    fn write_destination(
        &self,
        write: &mut WriteSide,
        country: Country,
        postcode: Postcode,
    ) -> Result<DestinationId, DestinationsFull> {
        let known = write.destinations.len();
        let destination = write.destinations.get_or_add(country, postcode)?;
        if write.destinations.len() > known {
            if let Some(book) = &self.book {
                let (country, postcode) = (country.code().to_owned(), postcode.as_str().to_owned());
                book.note(Note::Destination { country, postcode });
            }
            // Every plan that a worker may be deciding by learns the new destination before any state word
            // names it. A worker that took its plan just before a publication decides by a retired one.
            self.plan.load().learn(destination, country, &postcode);
            for plan in &write.retired {
                plan.learn(destination, country, &postcode);
            }
        }
        Ok(destination)
    }
}

fn resolve(announcement: &Announcement<'_>) -> Result<(Country, Postcode), AnnounceError> {
    let country = Country::parse(announcement.country)
        .ok_or_else(|| AnnounceError::Country(announcement.country.to_owned()))?;
    Ok((country, Postcode::normalise(country, announcement.postcode)?))
}

/// The connection that an announcement books.
fn booked(
    timetable: &Timetable,
    announcement: &Announcement<'_>,
) -> Result<Option<ConnectionId>, AnnounceError> {
    let find =
        |name: &str| timetable.connection_named(name).ok_or_else(|| AnnounceError::Onward(name.to_owned()));
    announcement.onward.map(find).transpose()
}

fn parse_codes(
    codes: &CodeBook,
    announcement: &Announcement<'_>,
) -> Result<SmallVec<[CodeKey; 4]>, AnnounceError> {
    let parse = |code: &&[u8]| {
        codes
            .parse(code)
            .map(|parsed| parsed.key)
            .map_err(|error| AnnounceError::Code(code.escape_ascii().to_string(), error))
    };
    announcement.codes.iter().map(parse).collect()
}

/// The weight class of a parcel; limits in [`WeightClass`].
fn weight_class(weight: Grams) -> WeightClass {
    match weight.get() {
        0..=500 => WeightClass::Light,
        501..=2_000 => WeightClass::Medium,
        2_001..=10_000 => WeightClass::Heavy,
        _ => WeightClass::Bulky,
    }
}
