//! One chute with what stands there.

use std::collections::VecDeque;

use sorter_core::ids::{ChuteId, ItemId, ParcelId};
use sorter_core::units::{Grams, Micros};

use super::rules::{Rules, Version};
use crate::check::timetable::Leaving;

/// One chute.
pub(super) struct Spot {
    /// Whether the last image shows a container.
    pub(super) in_place: bool,
    pub(super) closed_by_hand: bool,
    /// The version of the plan that tells what it serves.
    pub(super) serving: Version,
    pub(super) standing: Container,
    /// Orders to it in force.
    pub(super) live: u32,
    /// When its container was last shut while it was open.
    open_until: Option<Micros>,
    /// Containers whose manifest has not come.
    pub(super) sealed: VecDeque<Sealed>,
    /// What really lies in the container that really stands there.
    pub(super) bodies: Bodies,
    /// Of containers whose manifest has not come.
    pub(super) taken: VecDeque<Bodies>,
    /// Items that slid in and whose event has not come.
    pub(super) unreported: Vec<ItemId>,
    /// Whether the PLC takes discharges here as done without seeing them. It may then count one to the next
    /// container, so nothing is compared with what really lies there.
    pub(super) is_blind: bool,
}

/// A container and its event log.
#[derive(Default)]
pub(super) struct Container {
    pub(super) plate: Option<Box<str>>,
    pub(super) departure: Option<Leaving>,
    pub(super) log: Vec<Entry>,
}

/// One discharge.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Its number among the discharges of the hub.
    pub(super) number: u64,
    pub(super) item: ItemId,
    /// The parcel of its last decision.
    pub(super) parcel: Option<ParcelId>,
    pub(super) weight: Grams,
    /// Whether the weight came after a decision, so that it may be missing.
    pub(super) weighed_late: bool,
}

/// A container that was taken away.
pub(super) struct Sealed {
    pub(super) container: Container,
    /// The departure that it leaves with: where its own left while it stood at its chute, the next one.
    pub(super) departure: Option<Leaving>,
}

/// What lies in a container.
#[derive(Clone, Copy, Default)]
pub(super) struct Bodies {
    pub(super) count: u32,
    /// Whether something happened that no sensor told right.
    pub(super) disturbed: bool,
}

impl Default for Spot {
    fn default() -> Self {
        Self {
            in_place: true,
            closed_by_hand: false,
            serving: 0,
            standing: Container::default(),
            live: 0,
            open_until: None,
            sealed: VecDeque::new(),
            bodies: Bodies::default(),
            taken: VecDeque::new(),
            unreported: Vec::new(),
            is_blind: false,
        }
    }
}

impl Spot {
    fn is_open(&self) -> bool {
        self.in_place && !self.closed_by_hand && self.standing.plate.is_some()
    }

    /// Why what was asked for at `asked` may not be put there. With `grace` a container counts as open that was
    /// shut at that time or later.
    pub(super) fn obstacle(&self, asked: Micros, grace: Option<Micros>) -> Option<String> {
        let open =
            self.is_open() || grace.is_some_and(|grace| self.open_until.is_some_and(|until| until >= grace));
        if !open {
            let why = match &self.standing.plate {
                _ if !self.in_place => "no container stands there by the last image",
                Some(_) => "its container is closed",
                None => "its container has no plate",
            };
            return Some(why.to_owned());
        }
        let departure = self.standing.departure.filter(|departure| asked >= departure.cut_off)?;
        Some(format!("the cut-off of its container was at {}", departure.cut_off))
    }

    /// Changes what may shut the container, and remembers when that happened.
    pub(super) fn shut(&mut self, at: Micros, change: impl FnOnce(&mut Self)) {
        let was_open = self.is_open();
        change(self);
        if was_open && !self.is_open() {
            self.open_until = Some(at);
        }
    }

    /// Takes over the version in force, and the next departure, where nothing stands against it. Gives whether
    /// the container has another departure by now.
    pub(super) fn settle(&mut self, rules: &Rules<'_>, chute: ChuteId, at: Micros) -> bool {
        if self.live > 0 || !self.standing.log.is_empty() {
            return false;
        }
        let changes = !rules.is_current(self.serving, chute);
        if changes {
            self.serving = rules.in_force();
        }
        let missed = self.standing.departure.is_some_and(|departure| at >= departure.cut_off);
        let rebound = (changes || missed) && self.standing.plate.is_some();
        if rebound {
            self.standing.departure = rules.next(self.serving, chute, at);
        }
        rebound
    }
}
