//! What stands behind an exchange: whoever takes events and scans and gives orders.

use sorter_core::units::Micros;

use crate::contract::{BeltEntry, Order, Status};
use crate::controller::Inputs;

/// The state of the belt as the PLC knows it when a session has opened.
#[derive(Clone, Copy, Debug)]
pub struct Resync<'a> {
    /// The items on the belt, as they stood after the last event that was handed over before.
    pub belt: &'a [BeltEntry],
    /// The cyclic status.
    pub status: &'a Status,
}

/// Takes what a PLC reports and gives the orders for it. The controller is one; simulators and tests are others.
///
/// The exchange calls in this order: [`Host::plc_restarted`] where it applies, [`Host::poll`] for every cycle
/// whose STATUS was read, and [`Host::resync`] once in each session, after the events up to its BELT snapshot
/// were handed over and before any later one. Sequence numbers of orders begin at 1 after each resync.
pub trait Host {
    /// The times of the link that it stands behind: the period of the cycle, and how long a request may take. Told
    /// before anything else.
    fn timed(&mut self, _period: Micros, _deadline: Micros) {}

    /// The PLC has forgotten its items: nothing that was known of the belt holds any more.
    fn plc_restarted(&mut self, now: Micros);

    /// Takes in what the PLC reported in one cycle and appends the orders to send.
    fn poll(&mut self, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>);

    /// A tick has passed at which nothing was heard of the belt: no connection, no answer, or no open session. The belt
    /// moves on, and orders that were taken fire.
    fn unheard(&mut self, _now: Micros) {}

    /// A session has opened: what the PLC has on its belt is compared with what is known here.
    fn resync(&mut self, now: Micros, resync: &Resync<'_>);
}
