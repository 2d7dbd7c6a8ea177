//! Rows of a manifest as announcements.

use super::{AnnounceError, EngineBuilder};
use crate::ids::ParcelId;
use crate::ledger::LedgerError;
use crate::manifest::{Refusal, Row};

impl EngineBuilder {
    /// Announces a row of a manifest, as the receiver of [`manifest::read`](crate::manifest::read).
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use sorter_core::address::Destinations;
    /// use sorter_core::barcode::CodeBook;
    /// use sorter_core::engine::{EngineBuilder, EngineConfig, HallRules};
    /// use sorter_core::ids::HubId;
    /// use sorter_core::layout::Layout;
    /// use sorter_core::manifest;
    ///
    /// let codes = CodeBook::standard();
    /// let mut builder = EngineBuilder::new(EngineConfig {
    ///     hub: HubId::new(0),
    ///     layout: Arc::new(Layout::line_100()),
    ///     codes: codes.clone(),
    ///     destinations: Destinations::with_capacity(0),
    ///     expected_parcels: 1,
    ///     late_parcels: 0,
    ///     seed: 1,
    ///     rules: HallRules::default(),
    /// });
    /// let file = "codes,country,postcode,weight_g\n\
    ///             LP263072004SG,DE,10115,420\n\
    ///             LP263072004SG,DE,20095,180\n";
    /// let summary = manifest::read(file.as_bytes(), "day.csv", &codes, std::io::sink(), |row| {
    ///     builder.announce_row(row).map(|_| ())
    /// })?;
    /// assert_eq!(summary.to_string(), "2 rows, 1 accepted, 1 refused: 1 duplicate");
    /// # Ok::<(), sorter_core::manifest::ManifestError>(())
    /// ```
    ///
    /// # Errors
    /// [`Refusal::Duplicate`] with the first code of the row when any of its codes is announced already, and
    /// [`Refusal::Full`] or [`Refusal::Onward`]; the engine is unchanged then.
    pub fn announce_row(&mut self, row: &Row<'_>) -> Result<ParcelId, Refusal> {
        self.announce_parsed(row.keys(), row.country(), row.postcode(), row.announcement())
            .map_err(|error| refusal(row, &error))
    }
}

/// The refusal of a row for an error of the announcement that was made of it.
fn refusal(row: &Row<'_>, error: &AnnounceError) -> Refusal {
    match error {
        AnnounceError::Ledger(LedgerError::Duplicate { .. }) => {
            let code = row.keys().first().map(|key| key.to_text()).unwrap_or_default();
            Refusal::Duplicate { code: code.into_boxed_str() }
        }
        AnnounceError::Ledger(LedgerError::Full { capacity }) => {
            Refusal::Full { what: "the ledger", limit: *capacity }
        }
        AnnounceError::Destinations(_) => {
            let limit = crate::ids::DestinationId::LIMIT;
            Refusal::Full { what: "the directory of destinations", limit }
        }
        AnnounceError::Onward(onward) => {
            Refusal::Onward { onward: onward.escape_default().to_string().into_boxed_str() }
        }
        // A row is parsed and has at least one code, so the rest cannot come out of `announce_parsed`.
        AnnounceError::Ledger(LedgerError::NoCode)
        | AnnounceError::Code(..)
        | AnnounceError::Country(_)
        | AnnounceError::Postcode(_) => Refusal::NoCode,
    }
}
