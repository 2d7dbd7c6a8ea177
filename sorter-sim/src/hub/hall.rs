//! The hall around the sorters of a hub, as a list of what is to happen: customs answer, people scan plates and
//! change containers, cut-offs pass, vehicles are loaded and leave, held parcels are fetched.
//!
//! What happens here comes from people and from other systems, not over the links of the PLCs.

use std::collections::BTreeMap;
use std::collections::btree_map::OccupiedEntry;

use sorter_core::departure::Departure;
use sorter_core::ids::{ChuteId, ContainerId, HubId};
use sorter_core::units::Micros;

use crate::random::{Draws, Stream};

/// Something that is to happen in the hall.
#[derive(Clone, Debug)]
pub(super) enum HallEvent {
    /// A plan that was made ahead comes into force.
    Plans,
    /// The cut-off of a departure.
    CutOff(Departure),
    /// A departure leaves.
    Departs(Departure),
    /// People are at a chute to change its container; `station` is the place of its sorter.
    Swap { station: usize, chute: ChuteId },
    /// A new container stands at a chute and its plate is scanned.
    Plate { station: usize, chute: ChuteId },
    /// A sealed container is at the dock door.
    Load(ContainerId),
    /// People look at what they may take from the hold chutes.
    Review,
}

/// What is to happen, by time; what was noted first goes first.
pub(super) struct Agenda {
    events: BTreeMap<(Micros, u64), HallEvent>,
    /// The time of the first of them: it is asked for much more often than it changes.
    first: Option<Micros>,
    noted: u64,
    draws: Draws,
}

impl Agenda {
    pub(super) fn new(seed: u64, hub: HubId) -> Self {
        Self {
            events: BTreeMap::new(),
            first: None,
            noted: 0,
            draws: Draws::new(seed, Stream::Hall, u64::from(hub.get())),
        }
    }

    /// Notes something for a time.
    pub(super) fn note(&mut self, at: Micros, event: HallEvent) {
        self.noted += 1;
        self.events.insert((at, self.noted), event);
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
    }

    /// Notes something for a time drawn evenly from `low` to `high` after `now`.
    pub(super) fn note_within(&mut self, now: Micros, (low, high): (Micros, Micros), event: HallEvent) {
        let delay = self.delay(low, high);
        self.note(now + delay, event);
    }

    /// A delay drawn evenly.
    pub(super) fn delay(&mut self, low: Micros, high: Micros) -> Micros {
        let span = high.saturating_since(low).get();
        // Milliseconds are fine enough for people.
        let steps = u32::try_from(span / 1_000).unwrap_or(u32::MAX - 1);
        low + Micros::from_millis(self.draws.below(steps + 1).into())
    }

    /// When the next thing happens.
    pub(super) fn next_due(&self) -> Option<Micros> {
        self.first
    }

    /// Takes the next thing that is due by now.
    pub(super) fn pop_due(&mut self, now: Micros) -> Option<HallEvent> {
        let event =
            self.events.first_entry().filter(|entry| entry.key().0 <= now).map(OccupiedEntry::remove)?;
        self.first = self.events.first_key_value().map(|((at, _), _)| *at);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_at_one_time_happens_in_the_order_in_which_it_was_noted() {
        let mut agenda = Agenda::new(1, HubId::new(0));
        let at = Micros::from_secs(5);
        agenda.note(at, HallEvent::Review);
        agenda.note(at, HallEvent::Plans);
        agenda.note(Micros::from_secs(4), HallEvent::Load(ContainerId::new(1)));
        assert_eq!(agenda.next_due(), Some(Micros::from_secs(4)));
        assert!(agenda.pop_due(Micros::from_secs(3)).is_none());
        assert!(matches!(agenda.pop_due(at), Some(HallEvent::Load(_))));
        assert!(matches!(agenda.pop_due(at), Some(HallEvent::Review)));
        assert!(matches!(agenda.pop_due(at), Some(HallEvent::Plans)));
    }

    #[test]
    fn delays_stay_within_their_bounds() {
        let mut agenda = Agenda::new(1, HubId::new(0));
        let (low, high) = (Micros::from_secs(2), Micros::from_secs(8));
        let delays: Vec<Micros> = (0..1_000).map(|_| agenda.delay(low, high)).collect();
        assert!(delays.iter().all(|delay| (low..=high).contains(delay)));
        assert_eq!(agenda.delay(high, high), high);
    }
}
