//! What changed in a yard since the journal was told, and a yard that comes back from it.

use std::collections::BTreeMap;

use super::{ContainerRecord, ContainerState, Yard};
use crate::ids::{ContainerId, DepartureId};
use crate::journal::Note;
use crate::units::{Grams, Micros};

/// Containers and departures of which the journal has not heard.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    containers: Vec<ContainerId>,
    departed: Vec<(DepartureId, Micros)>,
}

impl Yard {
    /// The yard in which these containers stand, by number from 0 on, and which these departures have left. Its
    /// counters are those of the containers; how many were left behind is not known any more.
    pub(crate) fn restored(
        records: impl IntoIterator<Item = ContainerRecord>,
        departed: &BTreeMap<DepartureId, Micros>,
    ) -> Self {
        let mut yard = Self { records: records.into_iter().collect(), ..Self::default() };
        for (departure, at) in departed {
            yard.departures.entry(*departure).or_default().departed = Some(*at);
        }
        let mut plates: Vec<&ContainerRecord> = yard.records.iter().collect();
        // The latest with a plate is the one that was opened last.
        plates.sort_by_key(|record| (record.opened, record.id));
        yard.plates = plates.iter().filter_map(|record| Some((record.plate?, record.id))).collect();
        for record in &yard.records {
            let gone = record.left.is_some();
            let counters = &mut yard.counters;
            counters.arrived += 1;
            counters.opened += u64::from(record.opened.is_some());
            counters.sealed += u64::from(record.sealed.is_some());
            counters.loaded += u64::from(record.state == ContainerState::Loaded);
            counters.departed += u64::from(gone && record.departure.is_some());
            counters.emptied += u64::from(gone && record.departure.is_none());
            if record.state.at_chute() {
                yard.standing.insert((record.sorter, record.chute), record.id);
            }
            let Some(departure) = record.departure_id() else { continue };
            let bound = yard.departures.entry(departure).or_default();
            bound.containers.insert(record.id);
            if record.state == ContainerState::Loaded {
                bound.pieces = bound.pieces.saturating_add(record.count);
                bound.weight = Grams::new(bound.weight.get().saturating_add(record.weight.get()));
            }
        }
        yard
    }

    /// The departures that left, with their times.
    pub(crate) fn all_departed(&self) -> impl Iterator<Item = (DepartureId, Micros)> + '_ {
        self.departures.iter().filter_map(|(departure, bound)| Some((*departure, bound.departed?)))
    }

    /// Keeps a list of changes from now on, for [`Yard::tell_changes`].
    pub(crate) fn keep_changes(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// Tells what changed since the last call: each container as it is now, by number, and the departures that left.
    pub(crate) fn tell_changes(&mut self, mut tell: impl FnMut(Note)) {
        let Some(changes) = &mut self.changes else { return };
        if changes.containers.is_empty() && changes.departed.is_empty() {
            return;
        }
        changes.containers.sort_unstable();
        changes.containers.dedup();
        for id in changes.containers.drain(..) {
            if let Some(record) = self.records.get(id.index()) {
                tell(Note::Container(Box::new(record.clone())));
            }
        }
        for (departure, at) in changes.departed.drain(..) {
            tell(Note::Departed { departure, at });
        }
    }

    pub(super) fn changed(&mut self, id: ContainerId) {
        if let Some(changes) = &mut self.changes
            && changes.containers.last() != Some(&id)
        {
            changes.containers.push(id);
        }
    }

    pub(super) fn left(&mut self, departure: DepartureId, at: Micros) {
        if let Some(changes) = &mut self.changes {
            changes.departed.push((departure, at));
        }
    }
}
