//! Whether bodies slid where the plan lets their labels go.

use std::collections::BTreeMap;

use sorter_core::ids::ChuteId;

use super::load::MockLoad;
use crate::check::{Reading, RouteError, RouteOracle};
use crate::plant::BodyTag;
use crate::reads::HubReads;

/// A plan as its two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanText {
    /// The outlets.
    pub toml: String,
    /// The rules.
    pub csv: String,
}

/// Knows the plan and the labels, and nothing of the engine.
pub(super) struct Judge<'a> {
    load: &'a MockLoad,
    reads: HubReads<'a>,
    oracle: RouteOracle,
    /// The place in the oracle of each postcode that the load has.
    places: BTreeMap<(&'static str, String), u32>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(load: &'a MockLoad, plan: &PlanText) -> Result<Self, RouteError> {
        let reads = load.reads();
        let labels = 0..u32::try_from(reads.parcels().len()).unwrap_or(u32::MAX);
        let mut places: BTreeMap<_, _> =
            labels.filter_map(|label| load.destination(label)).map(|row| (key(row), 0)).collect();
        for (number, place) in (0..).zip(places.values_mut()) {
            *place = number;
        }
        let postcodes = places.keys().map(|(country, postcode)| (*country, postcode.clone()));
        let oracle = RouteOracle::read(&plan.toml, &plan.csv, postcodes)?;
        Ok(Self { load, reads, oracle, places })
    }

    /// Whether the plan has the body of this pass in this chute: by what its scanner read then, or in a chute that
    /// leads nowhere.
    pub(super) fn allows(&self, body: BodyTag, chute: ChuteId) -> bool {
        if !self.oracle.serves_destinations(chute) {
            return true;
        }
        let Reading::Label(label) = self.reads.reading(body.parcel, body.pass) else { return false };
        let place = self.load.destination(label).and_then(|row| self.places.get(&key(row)));
        place.and_then(|place| self.oracle.route(*place)).is_some_and(|route| route.allows(chute))
    }
}

fn key(row: &crate::data::PostcodeRow) -> (&'static str, String) {
    (row.country.code(), row.postcode.to_string())
}
