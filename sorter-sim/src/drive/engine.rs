//! An engine of a manifest and a plan.

use std::io::{self, BufRead};
use std::sync::Arc;

use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::diagnostic::Diagnostics;
use sorter_core::engine::{Engine, EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::HubId;
use sorter_core::layout::Layout;
use sorter_core::manifest::{self, ManifestError, Summary};
use sorter_core::plan::PlanSource;
use thiserror::Error;

/// Why there is no engine.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The plan does not fit.
    #[error(transparent)]
    Plan(#[from] Diagnostics),
}

/// An engine that is being filled, and the first code of each parcel by number.
pub struct Filled {
    /// The engine.
    pub builder: EngineBuilder,
    /// What became of the rows of the manifest.
    pub announced: Summary,
    /// The first code of each parcel, by number.
    pub codes: Vec<String>,
}

/// Announces the parcels of a manifest to a new engine.
///
/// # Errors
/// When the manifest cannot be read as a whole.
pub fn filled(
    hub: HubId,
    layout: &Arc<Layout>,
    parcels: impl BufRead,
    name: &str,
) -> Result<Filled, EngineError> {
    let book = CodeBook::standard();
    let mut builder = EngineBuilder::new(EngineConfig {
        hub,
        layout: Arc::clone(layout),
        codes: book.clone(),
        destinations: Destinations::with_capacity(0),
        expected_parcels: 0,
        late_parcels: 0,
        seed: 1,
        rules: HallRules::default(),
    });
    let mut codes = Vec::new();
    let announced = manifest::read(parcels, name, &book, io::sink(), |row| {
        builder.announce_row(row)?;
        codes.push(row.keys().first().map(|key| key.to_text()).unwrap_or_default());
        Ok(())
    })?;
    Ok(Filled { builder, announced, codes })
}

/// An engine of a manifest and a plan. Also gives what became of the rows of the manifest.
///
/// # Errors
/// When the manifest cannot be read as a whole, or every problem of the plan.
pub fn engine_of(
    layout: &Arc<Layout>,
    plan: &PlanSource,
    parcels: impl BufRead,
    name: &str,
) -> Result<(Arc<Engine>, Summary), EngineError> {
    let Filled { builder, announced, .. } = filled(HubId::new(0), layout, parcels, name)?;
    Ok((builder.build(plan)?, announced))
}
