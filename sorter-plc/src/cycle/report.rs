//! What a cycle thread tells of itself.

use std::cell::RefCell;
use std::rc::Rc;

use sorter_core::units::Micros;

use crate::controller::LaneStatus;
use crate::exchange::{ExchangeCounters, SessionState};

use super::beat::Clock;
use super::panel::{Incident, Panel};
use super::running::LinkId;
use super::scheduling::Grant;
use super::stats::{CycleStats, LinkStats};

/// How one link stands.
#[derive(Debug)]
pub struct LinkReport {
    /// The name of its sorter.
    pub name: String,
    /// Where its session stands.
    pub state: SessionState,
    /// What its exchange counted.
    pub exchange: ExchangeCounters,
    /// How the journal of its host stood at the beginning of the last cycle, where it keeps one.
    pub journal: Option<LaneStatus>,
    /// What was measured.
    pub stats: LinkStats,
    /// What happened since the report before, oldest first; at most the last 64.
    pub incidents: Vec<Incident>,
    /// Incidents that were no longer there when a report was made, since the start.
    pub dropped_incidents: u64,
}

impl LinkReport {
    pub(super) fn of<H>(name: &str, panel: &Panel<H>) -> Self {
        Self {
            name: name.to_owned(),
            state: panel.state(),
            exchange: panel.counters(),
            journal: panel.journal(),
            stats: panel.stats(),
            incidents: std::iter::from_fn(|| panel.take_incident()).collect(),
            dropped_incidents: panel.dropped_incidents(),
        }
    }
}

/// How a cycle thread stands, or stood at its end.
#[derive(Debug)]
pub struct CycleReport {
    /// When it was made.
    pub at: Micros,
    /// What the operating system granted.
    pub grants: Vec<Grant>,
    /// What was measured on the thread.
    pub cycle: CycleStats,
    /// The links, in the order of the sorters at the start.
    pub links: Vec<LinkReport>,
}

/// All that is on a cycle thread, for its tasks and for the commands of other threads.
pub(super) struct Deck<H> {
    pub(super) clock: Clock,
    pub(super) grants: Vec<Grant>,
    pub(super) stats: RefCell<CycleStats>,
    /// The links with the names of their sorters.
    pub(super) links: Vec<(String, Rc<Panel<H>>)>,
}

impl<H> Deck<H> {
    pub(super) fn panel(&self, link: LinkId) -> &Panel<H> {
        &self.links[link.0].1
    }

    pub(super) fn report(&self) -> CycleReport {
        CycleReport {
            at: self.clock.now(),
            grants: self.grants.clone(),
            cycle: self.stats.borrow().clone(),
            links: self.links.iter().map(|(name, panel)| LinkReport::of(name, panel)).collect(),
        }
    }

    pub(super) fn stop(&self) {
        for (_, panel) in &self.links {
            panel.stop();
        }
    }

    /// The hosts, when no link holds them any more.
    pub(super) fn into_hosts(self) -> Vec<H> {
        let panels = self.links.into_iter().map(|(_, panel)| panel);
        panels.filter_map(|panel| Rc::into_inner(panel).map(Panel::into_host)).collect()
    }
}
