//! What the ledger says of each parcel, for whoever compares it with what a PLC side saw.

use std::io::{self, Write};

use sorter_core::engine::Engine;
use sorter_core::ids::ParcelId;

/// Writes a row for each parcel that was seen, as CSV: its first code, its life, and sorter and chute of its last
/// decision. `codes` are the first codes by the number of the parcel.
///
/// # Errors
/// When it cannot be written.
pub fn write_fates(engine: &Engine, codes: &[String], out: &mut impl Write) -> io::Result<()> {
    for (number, code) in (0..).zip(codes) {
        let Some(word) = engine.ledger().state(ParcelId::new(number)) else { continue };
        let chute = word.chute().map(|chute| chute.get().to_string()).unwrap_or_default();
        let life = format!("{:?}", word.life()).to_lowercase();
        writeln!(out, "{},{code},{life},{},{chute}", engine.hub().get(), word.sorter().get())?;
    }
    Ok(())
}

/// The head of what [`write_fates`] writes.
pub const FATES_HEAD: &str = "hub,code,life,sorter,chute";
