//! A controller as what stands behind an exchange.

use sorter_core::units::Micros;

use super::{Controller, Inputs, Watch};
use crate::contract::Order;
use crate::host::{Host, Resync};

/// A controller and who watches it, as one [`Host`]. Without a watch a [`Controller`] is a host by itself.
pub struct Attended<W> {
    /// The controller.
    pub controller: Controller,
    /// Who is told what it does.
    pub watch: W,
}

impl<W: Watch> Host for Attended<W> {
    fn timed(&mut self, period: Micros, deadline: Micros) {
        self.controller.timed(period, deadline);
    }

    fn plc_restarted(&mut self, now: Micros) {
        self.controller.plc_restarted(now, &mut self.watch);
    }

    fn poll(&mut self, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.controller.poll(now, inputs, orders, &mut self.watch);
    }

    fn unheard(&mut self, now: Micros) {
        self.controller.unheard(now, &mut self.watch);
    }

    fn resync(&mut self, now: Micros, resync: &Resync<'_>) {
        self.controller.resync(now, resync, &mut self.watch);
    }
}

impl Host for Controller {
    fn timed(&mut self, period: Micros, deadline: Micros) {
        Self::timed(self, period, deadline);
    }

    fn plc_restarted(&mut self, now: Micros) {
        Self::plc_restarted(self, now, &mut ());
    }

    fn poll(&mut self, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        Self::poll(self, now, inputs, orders, &mut ());
    }

    fn unheard(&mut self, now: Micros) {
        Self::unheard(self, now, &mut ());
    }

    fn resync(&mut self, now: Micros, resync: &Resync<'_>) {
        Self::resync(self, now, resync, &mut ());
    }
}
