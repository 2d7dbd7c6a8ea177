//! The engine: one for each hub, shared by the workers of its sorters.
//!
//! Set up: fill an [`EngineBuilder`] with announcements, build it with a sort plan, take one [`Worker`] for
//! each sorter. Run: [`Worker::decide`] for each scan, [`Worker::commit`] at the point of no return,
//! [`Worker::finish`] when the item ended. Meanwhile [`Engine::announce`], [`Engine::set_clearance`] and
//! [`Engine::publish`] may be called from any thread.

mod batch;
mod explain;
mod identity;
mod intake;
mod routing;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use smallvec::SmallVec;

pub use explain::Explanation;
pub use identity::{Identity, MAX_CODES};
pub use worker::{Alternates, Assigned, Claim, Commit, Decision, Fate, OrderEnd, Scan, Tally, Worker};

use crate::address::{Country, Destinations, DestinationsFull, Postcode, PostcodeError};
use crate::barcode::{CodeBook, CodeError, CodeKey};
use crate::clearance::Clearance;
use crate::diagnostic::Diagnostics;
use crate::ids::{HubId, ParcelId, PlanVersion, SorterId};
use crate::layout::Layout;
use crate::ledger::{Ledger, LedgerBuilder, LedgerError};
use crate::manifest::Announcement;
use crate::plan::{Plan, PlanSource};
use crate::state_word::{StateWord, WeightClass};
use crate::units::Grams;

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
}

/// An engine that is being filled before the day.
pub struct EngineBuilder {
    hub: HubId,
    layout: Arc<Layout>,
    codes: CodeBook,
    destinations: Destinations,
    ledger: LedgerBuilder,
    late: usize,
}

impl EngineBuilder {
    /// An engine without parcels.
    pub fn new(config: EngineConfig) -> Self {
        Self {
            hub: config.hub,
            layout: config.layout,
            codes: config.codes,
            destinations: config.destinations,
            ledger: LedgerBuilder::new(config.expected_parcels, config.seed),
            late: config.late_parcels,
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
        let destination = self.destinations.get_or_add(country, postcode)?;
        let class = weight_class(announcement.weight);
        let word = StateWord::announced(destination, announcement.clearance, announcement.service, class);
        Ok(self.ledger.announce(keys, word)?)
    }

    /// Compiles the plan and freezes the ledger.
    ///
    /// # Errors
    /// Every problem of the plan.
    pub fn build(self, plan: &PlanSource) -> Result<Arc<Engine>, Diagnostics> {
        let version = PlanVersion::new(1);
        let plan = Arc::new(plan.compile(&self.layout, &self.destinations, version)?);
        Ok(Arc::new(Engine {
            hub: self.hub,
            layout: self.layout,
            codes: self.codes,
            ledger: self.ledger.build(self.late),
            plan: Arc::new(ArcSwap::new(plan)),
            write: Mutex::new(WriteSide { destinations: self.destinations, retired: Vec::new(), version }),
        }))
    }
}

/// What only announcements and plan changes touch.
struct WriteSide {
    destinations: Destinations,
    /// Plans that a worker may still use. They are dropped here, so that no decision ever frees one.
    retired: Vec<Arc<Plan>>,
    version: PlanVersion,
}

/// The engine of one hub.
pub struct Engine {
    hub: HubId,
    layout: Arc<Layout>,
    codes: CodeBook,
    ledger: Ledger,
    plan: Arc<ArcSwap<Plan>>,
    write: Mutex<WriteSide>,
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
        let mut write = self.write.lock().unwrap_or_else(PoisonError::into_inner);
        let known = write.destinations.len();
        let destination = write.destinations.get_or_add(country, postcode)?;
        if write.destinations.len() > known {
            // Every plan that a worker may be deciding by learns the new destination before any state word
            // names it. A worker that took its plan just before a publication decides by a retired one.
            self.plan.load().learn(destination, country, &postcode);
            for plan in &write.retired {
                plan.learn(destination, country, &postcode);
            }
        }
        let class = weight_class(announcement.weight);
        let word = StateWord::announced(destination, announcement.clearance, announcement.service, class);
        Ok(self.ledger.announce_late(&keys, word)?)
    }

    /// Changes the customs status of the parcel with this code, or gives `None` when nobody announced it.
    pub fn set_clearance(&self, code: CodeKey, clearance: Clearance) -> Option<ParcelId> {
        let parcel = self.ledger.find(code)?;
        let mut current = self.ledger.state(parcel)?;
        loop {
            // Each failed round means that a decision for this parcel made progress, so the loop ends.
            match self.ledger.replace(parcel, current, current.with_clearance(clearance)) {
                Ok(()) => return Some(parcel),
                Err(other) => current = other,
            }
        }
    }

    /// Checks and compiles a plan and makes it the one that new decisions use. Gives its version.
    ///
    /// Orders that were given keep the decision they have.
    ///
    /// # Errors
    /// Every problem of the plan; the present one stays in force then.
    pub fn publish(&self, source: &PlanSource) -> Result<PlanVersion, Diagnostics> {
        let mut write = self.write.lock().unwrap_or_else(PoisonError::into_inner);
        let version = PlanVersion::new(write.version.get() + 1);
        let plan = Arc::new(source.compile(&self.layout, &write.destinations, version)?);
        let old = self.plan.swap(plan);
        write.version = version;
        write.retired.push(old);
        write.retired.retain(|plan| Arc::strong_count(plan) > 1);
        Ok(version)
    }

    /// What the ledger knows about the parcel with this code, in words, or `None` for a code that is not a
    /// parcel code or was not announced.
    pub fn explain(&self, code: &[u8]) -> Option<Explanation> {
        let key = self.codes.parse(code).ok()?.key;
        let parcel = self.ledger.find(key)?;
        let word = self.ledger.state(parcel)?;
        let write = self.write.lock().unwrap_or_else(PoisonError::into_inner);
        let (country, postcode) = write.destinations.entry(word.destination())?;
        Some(Explanation::new(key, word, country, postcode, &self.plan.load()))
    }
}

fn resolve(announcement: &Announcement<'_>) -> Result<(Country, Postcode), AnnounceError> {
    let country = Country::parse(announcement.country)
        .ok_or_else(|| AnnounceError::Country(announcement.country.to_owned()))?;
    Ok((country, Postcode::normalise(country, announcement.postcode)?))
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
