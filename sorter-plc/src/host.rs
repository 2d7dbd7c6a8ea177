//! What stands behind an exchange: whoever takes events and scans and gives orders.

use sorter_core::units::Micros;

use crate::contract::{BeltEntry, Order, Status};
use crate::controller::{Inputs, LaneStatus};
use crate::exchange::{Delivered, PerMinute};

/// The state of the belt as the PLC knows it when a session has opened.
#[derive(Clone, Copy, Debug)]
pub struct Resync<'a> {
    /// The items on the belt, as they stood after the last event that was handed over before.
    pub belt: &'a [BeltEntry],
    /// The cyclic status.
    pub status: &'a Status,
}

/// What a host says before a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// How far what was handed over is safe on its side, so that it may be acknowledged. Looked at with
    /// [`crate::exchange::Release::Manual`] only.
    pub safe: Option<Delivered>,
    /// Whether induction may run, as far as the host is concerned.
    pub permit: bool,
    /// How many items a minute the host can keep up with; `None` for as many as are configured.
    pub limit: Option<PerMinute>,
    /// How the journal of the host stands, where it keeps one.
    pub journal: Option<LaneStatus>,
}

impl Default for Ready {
    /// Nothing is held back.
    fn default() -> Self {
        Self { safe: None, permit: true, limit: None, journal: None }
    }
}

/// Takes what a PLC reports and gives the orders for it. The controller is one; simulators and tests are others.
///
/// The exchange calls in this order: [`Host::plc_restarted`] where it applies, [`Host::poll`] for every cycle
/// whose STATUS was read, and [`Host::resync`] once in each session, after the events up to its BELT snapshot
/// were handed over and before any later one. Before each cycle it calls [`Host::ready`], and after each poll
/// [`Host::delivered`]. Sequence numbers of orders begin at 1 after each resync.
pub trait Host {
    /// The times of the link that it stands behind: the period of the cycle, and how long a request may take. Told
    /// before anything else.
    fn timed(&mut self, _period: Micros, _deadline: Micros) {}

    /// The PLC has forgotten its items: nothing that was known of the belt holds any more.
    fn plc_restarted(&mut self, now: Micros);

    /// Takes in what the PLC reported in one cycle and appends the orders to send.
    fn poll(&mut self, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>);

    /// What was handed over up to here has been taken. It is acknowledged when [`Host::ready`] says that it is safe.
    fn delivered(&mut self, _up_to: Delivered) {}

    /// A cycle begins: appends orders that were held back and may go out by now, and says what is safe. No order may be
    /// given unless `accepts_orders` is set: the session is live, as in [`Inputs::accepts_orders`].
    fn ready(&mut self, _now: Micros, _accepts_orders: bool, _orders: &mut Vec<Order>) -> Ready {
        Ready::default()
    }

    /// Boot number of the PLC and session of the last session that an earlier host had, where it left a journal. At the
    /// first contact they tell whether the PLC has restarted since.
    fn linked_before(&self) -> Option<(u16, u16)> {
        None
    }

    /// A tick has passed at which nothing was heard of the belt: no connection, no answer, or no open session. The belt
    /// moves on, and orders that were taken fire.
    fn unheard(&mut self, _now: Micros) {}

    /// A session has opened: what the PLC has on its belt is compared with what is known here.
    fn resync(&mut self, now: Micros, resync: &Resync<'_>);
}
