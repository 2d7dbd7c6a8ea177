//! The figures of the journal: the program `journal_figures`.

mod bare;
mod lag;
mod push;
mod rates;
mod recovery;
mod snapshots;
mod stream;

use std::path::Path;

use anyhow::{Context, Result};

use crate::figures::{Sheet, machine};

/// Which figures to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Figure {
    /// Nanoseconds to push a record onto a lane
    Push,
    /// Records a second, against bare inserts
    Rates,
    /// From a record to its durability at design load, against a bare commit
    Lag,
    /// Recovery with and without a snapshot, against a bare read
    Recovery,
    /// Decisions while snapshots are made
    Snapshots,
    /// All of them
    All,
}

/// How much is done for the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Rounds in which the contestants take turns.
    pub rounds: usize,
    /// Records of one round with large commits; with small ones it is a tenth.
    pub records: usize,
    /// Seconds of one leg of a figure that takes time.
    pub seconds: u64,
    /// Records of the journal that is recovered.
    pub recovered: usize,
}

impl Effort {
    /// What the figures are published with.
    pub const FULL: Self = Self { rounds: 7, records: 300_000, seconds: 5, recovered: 5_000_000 };
    /// Enough to see that everything works.
    pub const QUICK: Self = Self { rounds: 3, records: 30_000, seconds: 1, recovered: 200_000 };
}

/// Takes figures, with files in a folder of their own in `folder`.
///
/// # Errors
/// When the disk does not do what it is told, or something was not written at all. No duration is ever wrong.
pub fn take(figure: Figure, effort: Effort, folder: &Path, sheet: &mut Sheet) -> Result<()> {
    let folder = tempfile::tempdir_in(folder)
        .with_context(|| format!("there can be no files in {}", folder.display()))?;
    let wanted = |one| figure == one || figure == Figure::All;
    machine::note(sheet);
    if wanted(Figure::Push) {
        push::take(effort, sheet);
    }
    if wanted(Figure::Rates) {
        rates::take(effort, folder.path(), sheet)?;
    }
    if wanted(Figure::Lag) {
        lag::take(effort, folder.path(), sheet)?;
    }
    if wanted(Figure::Recovery) {
        recovery::take(effort, folder.path(), sheet)?;
    }
    if wanted(Figure::Snapshots) {
        snapshots::take(effort, folder.path(), sheet)?;
    }
    Ok(())
}

/// The one in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The value that this part of them does not exceed.
fn quantile(sorted: &[u64], part: f64) -> u64 {
    let place = (sorted.len() as f64 * part) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}
