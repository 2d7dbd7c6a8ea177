//! What others on the same thread see and set of a running link.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::VecDeque;
use std::fmt;

use sorter_core::units::Micros;
use tokio::sync::Notify;

use crate::controller::LaneStatus;
use crate::exchange::{ExchangeCounters, ExchangeFault, Notice, PerMinute, SessionState};
use crate::link::LinkError;

use super::stats::LinkStats;

/// Incidents that are kept until somebody fetches them.
const MOST_INCIDENTS: usize = 64;

/// Something that happened on a link and that a person should know.
#[derive(Debug)]
pub struct Incident {
    /// When.
    pub at: Micros,
    /// What.
    pub what: IncidentKind,
}

/// What happened on a link.
#[derive(Debug)]
pub enum IncidentKind {
    /// A connection was opened.
    Connected,
    /// A request or an attempt to connect did not work.
    Link(LinkError),
    /// The PLC told of a fault, or is not the one that is configured.
    Exchange(ExchangeFault),
    /// Something that changes nothing in the session.
    Notice(Notice),
    /// The session is in another state.
    State(SessionState),
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            IncidentKind::Connected => f.write_str("connected"),
            IncidentKind::Link(error) => {
                write!(f, "{error}")?;
                let mut cause = std::error::Error::source(error);
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
            IncidentKind::Exchange(fault) => fault.fmt(f),
            IncidentKind::Notice(notice) => notice.fmt(f),
            IncidentKind::State(state) => write!(f, "session is {state:?}"),
        }
    }
}

/// The panel of one link: its host, its gauges and its switches.
///
/// A link that runs holds a reference to it, and so may others on its thread; nothing is borrowed while the link
/// waits for an answer.
#[derive(Debug)]
pub struct Panel<H> {
    host: RefCell<H>,
    pub(super) stats: RefCell<LinkStats>,
    incidents: RefCell<VecDeque<Incident>>,
    dropped_incidents: Cell<u64>,
    state: Cell<SessionState>,
    counters: Cell<ExchangeCounters>,
    journal: Cell<Option<LaneStatus>>,
    permit: Cell<bool>,
    limit: Cell<Option<Option<PerMinute>>>,
    stopping: Cell<bool>,
    woken: Notify,
}

impl<H> Panel<H> {
    /// The panel of a link that does not run yet. Induction is permitted.
    pub fn new(host: H) -> Self {
        Self {
            host: RefCell::new(host),
            stats: RefCell::default(),
            incidents: RefCell::new(VecDeque::with_capacity(MOST_INCIDENTS)),
            dropped_incidents: Cell::new(0),
            state: Cell::new(SessionState::Disconnected),
            counters: Cell::default(),
            journal: Cell::new(None),
            permit: Cell::new(true),
            limit: Cell::new(None),
            stopping: Cell::new(false),
            woken: Notify::new(),
        }
    }

    /// The host.
    ///
    /// # Panics
    ///
    /// While it is borrowed by [`Panel::host_mut`].
    pub fn host(&self) -> Ref<'_, H> {
        self.host.borrow()
    }

    /// The host, to be changed. It must be given back before the next `await`.
    ///
    /// # Panics
    ///
    /// While it is borrowed.
    pub fn host_mut(&self) -> RefMut<'_, H> {
        self.host.borrow_mut()
    }

    /// The host, when the link has ended.
    pub fn into_host(self) -> H {
        self.host.into_inner()
    }

    /// Whether induction may run, from the next cycle on.
    pub fn set_permit(&self, permit: bool) {
        self.permit.set(permit);
    }

    /// How many items a minute the PLC may induct, from the next cycle on.
    pub fn set_induction_limit(&self, limit: Option<PerMinute>) {
        self.limit.set(Some(limit));
    }

    /// Where the session stood at the end of the last cycle.
    pub fn state(&self) -> SessionState {
        self.state.get()
    }

    /// What the exchange had counted at the end of the last cycle.
    pub fn counters(&self) -> ExchangeCounters {
        self.counters.get()
    }

    /// How the journal of the host stood at the beginning of the last cycle, where it keeps one.
    pub fn journal(&self) -> Option<LaneStatus> {
        self.journal.get()
    }

    /// What was measured so far.
    pub fn stats(&self) -> LinkStats {
        self.stats.borrow().clone()
    }

    /// The oldest incident that was not fetched. The last 64 are kept.
    pub fn take_incident(&self) -> Option<Incident> {
        self.incidents.borrow_mut().pop_front()
    }

    /// Incidents that nobody fetched in time.
    pub fn dropped_incidents(&self) -> u64 {
        self.dropped_incidents.get()
    }

    /// Ends the link: induction is no longer permitted for one last cycle, then the connection is closed.
    pub fn stop(&self) {
        self.stopping.set(true);
        self.woken.notify_one();
    }

    /// Whether it was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Waits until it is told to stop.
    pub(super) async fn stopped(&self) {
        while !self.stopping.get() {
            self.woken.notified().await;
        }
    }

    pub(super) fn permits(&self) -> bool {
        self.permit.get() && !self.stopping.get()
    }

    pub(super) fn take_limit(&self) -> Option<Option<PerMinute>> {
        self.limit.take()
    }

    /// Keeps an incident; the oldest goes when nobody fetches them.
    pub(super) fn tell(&self, at: Micros, what: IncidentKind) {
        let mut incidents = self.incidents.borrow_mut();
        if incidents.len() == MOST_INCIDENTS {
            incidents.pop_front();
            self.dropped_incidents.set(self.dropped_incidents.get() + 1);
        }
        incidents.push_back(Incident { at, what });
    }

    /// Shows how the journal stands.
    pub(super) fn show_journal(&self, journal: Option<LaneStatus>) {
        self.journal.set(journal);
    }

    /// Shows where the exchange stands.
    pub(super) fn show(&self, at: Micros, state: SessionState, counters: ExchangeCounters) {
        self.counters.set(counters);
        if self.state.replace(state) != state {
            self.tell(at, IncidentKind::State(state));
        }
    }
}
