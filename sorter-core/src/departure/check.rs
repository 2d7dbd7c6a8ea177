//! What the rows of a schedule must be to each other.

use std::collections::BTreeMap;

use super::fields::Refusal;
use super::schedule::Leaving;
use super::{DAYS, WEEK};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The ids so far, with their lines.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, u32>);

impl Names {
    /// Takes an id that no earlier row has.
    pub(super) fn add(&mut self, line: u32, name: String) -> Result<String, Refusal> {
        if let Some(first) = self.0.get(&name) {
            return Err(("DS0007", format!("id {name} is already in line {first}")));
        }
        self.0.insert(name.clone(), line);
        Ok(name)
    }
}

/// Reports departures of one lane that have the same cut-off in every week: parcels for the one could not be
/// told from parcels for the other.
pub(super) fn cut_offs(file: &str, leaving: &[Leaving], problems: &mut Diagnostics) {
    let mut first_of: BTreeMap<(&str, u64), &Leaving> = BTreeMap::new();
    for row in leaving {
        let phase = (row.departs.get() + WEEK.get() - row.cut_off_lead.get()) % WEEK.get();
        let first = *first_of.entry((&row.lane, phase)).or_insert(row);
        if first.line == row.line {
            continue;
        }
        let seconds = phase / 1_000_000;
        let day = DAYS.into_iter().nth((seconds / 86_400) as usize).unwrap_or("Mon");
        let message = format!(
            "{} {} and {} {} of line {} both go to {} and have their cut-off on {day} at {:02}:{:02}",
            row.mode,
            row.name,
            first.mode,
            first.name,
            first.line,
            row.lane,
            seconds / 3_600 % 24,
            seconds / 60 % 60,
        );
        problems.push(Diagnostic::at("DS0016", file, row.line, message));
    }
}
