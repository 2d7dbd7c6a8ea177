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

/// Announces the parcels of a manifest to a new engine. Also gives what became of its rows.
///
/// # Errors
/// When the manifest cannot be read as a whole, or every problem of the plan.
pub fn engine_of(
    layout: &Arc<Layout>,
    plan: &PlanSource,
    parcels: impl BufRead,
    name: &str,
) -> Result<(Arc<Engine>, Summary), EngineError> {
    let codes = CodeBook::standard();
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::clone(layout),
        codes: codes.clone(),
        destinations: Destinations::with_capacity(0),
        expected_parcels: 0,
        late_parcels: 0,
        seed: 1,
        rules: HallRules::default(),
    });
    let announced =
        manifest::read(parcels, name, &codes, io::sink(), |row| builder.announce_row(row).map(|_| ()))?;
    Ok((builder.build(plan)?, announced))
}
