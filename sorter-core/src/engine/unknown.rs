//! Parcels that a restart left unknown, and when they are given up.

use std::collections::VecDeque;

use super::desk::Desk;
use crate::ids::ParcelId;
use crate::journal::RecordKind;
use crate::state_word::{Life, StateWord, Step};
use crate::units::Micros;

/// Unknown parcels for which there is room before the list has to grow. It grows only while a belt is being forgotten,
/// which is no time for decisions, and never beyond one place for each parcel of the hub.
const ROOM: usize = 1_024;

/// Parcels that are declared lost in one call; the others wait for the next.
const AT_ONCE: usize = 256;

/// The parcels that were on the belt of one sorter when it was forgotten, the longest unknown first.
///
/// None is ever let go to make room: those that turned up elsewhere leave the list when their time comes.
pub(super) struct Unknown {
    list: VecDeque<(Micros, ParcelId)>,
}

impl Unknown {
    pub(super) fn new() -> Self {
        Self { list: VecDeque::with_capacity(ROOM) }
    }

    /// Adds a parcel that is unknown since a time. One that is on the list already begins to wait anew.
    pub(super) fn add(&mut self, since: Micros, parcel: ParcelId) {
        self.list.retain(|(_, known)| *known != parcel);
        self.list.push_back((since, parcel));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Micros, ParcelId)> + '_ {
        self.list.iter().copied()
    }

    fn pop_due(&mut self, at: Micros, after: Micros) -> Option<ParcelId> {
        let (since, parcel) = *self.list.front()?;
        if since > at || at.saturating_since(since) < after {
            return None;
        }
        self.list.pop_front();
        Some(parcel)
    }
}

impl Desk {
    /// Declares those parcels lost that a restart of this sorter left unknown and that did not turn up in time.
    pub(super) fn declare_lost(&mut self, at: Micros) {
        for _ in 0..AT_ONCE {
            let Some(parcel) = self.unknown.pop_due(at, self.engine.unknown_after) else { return };
            let Some(entry) = self.engine.ledger.entry(parcel) else { continue };
            let mut current = self.engine.ledger.state_at(entry);
            let here = |word: &StateWord| self.sorter == word.sorter() && word.life() == Life::Unknown;
            // Each failed round means that customs ruled about the parcel or that it turned up, so the loop ends.
            while let Some((word, next)) =
                current.filter(here).and_then(|word| Some((word, word.after(Step::Lose)?)))
            {
                match self.pen.replace(&self.engine.ledger, entry, word, next) {
                    Ok(()) => {
                        self.tally.declared_lost += 1;
                        self.pen.note(at, RecordKind::DeclaredLost, |record| record.parcel = Some(parcel));
                        break;
                    }
                    Err(other) => current = Some(other),
                }
            }
        }
    }

    /// Whether a parcel is still unknown since this sorter was forgotten.
    pub(super) fn is_unknown(&self, parcel: ParcelId) -> bool {
        let word = self.engine.ledger.state(parcel);
        word.is_some_and(|word| word.sorter() == self.sorter && word.life() == Life::Unknown)
    }
}
