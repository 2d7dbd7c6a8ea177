//! The announcement in the fields of a row.

use super::{Announcement, Refusal, Service};
use crate::clearance::Clearance;
use crate::row_file::{Columns, shown};
use crate::units::Grams;

/// The columns of a manifest.
pub(super) const COLUMNS: Columns<7> = Columns {
    names: ["codes", "country", "postcode", "weight_g", "service", "clearance", "onward"],
    required: 4,
};

impl<'a> Announcement<'a> {
    /// The announcement in the fields of one row, in the order of [`COLUMNS`], not resolved yet.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub(super) fn from_fields(fields: [&'a str; 7]) -> Result<Self, Refusal> {
        let [codes, country, postcode, weight, service, clearance, onward] = fields;
        Ok(Self {
            // One more than the limit is enough to refuse the row later.
            codes: codes
                .split(' ')
                .filter(|code| !code.is_empty())
                .take(super::MAX_CODES + 1)
                .map(str::as_bytes)
                .collect(),
            country,
            postcode,
            weight: weight_of(weight)?,
            service: match service {
                "" => Service::default(),
                word => Service::parse(word)
                    .ok_or_else(|| Refusal::Service { service: shown(word.as_bytes()) })?,
            },
            clearance: match clearance {
                "" => Clearance::default(),
                word => Clearance::from_key(word)
                    .ok_or_else(|| Refusal::Clearance { clearance: shown(word.as_bytes()) })?,
            },
            onward: Some(onward).filter(|name| !name.is_empty()),
        })
    }
}

/// Whole grams in plain digits.
fn weight_of(text: &str) -> Result<Grams, Refusal> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let grams = if plain { text.parse().ok() } else { None };
    grams.map(Grams::new).ok_or_else(|| Refusal::Weight { weight: shown(text.as_bytes()) })
}
