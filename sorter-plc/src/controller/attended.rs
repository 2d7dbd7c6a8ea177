//! A controller as what stands behind an exchange.

use sorter_core::units::Micros;

use super::{Controller, Inputs, Watch};
use crate::contract::Order;
use crate::exchange::Delivered;
use crate::host::{Host, Ready, Resync};

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

    fn delivered(&mut self, up_to: Delivered) {
        self.controller.delivered(up_to);
    }

    fn ready(&mut self, now: Micros, accepts_orders: bool, orders: &mut Vec<Order>) -> Ready {
        self.controller.ready(now, accepts_orders, orders, &mut self.watch)
    }

    fn linked_before(&self) -> Option<(u16, u16)> {
        self.controller.linked()
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

    fn delivered(&mut self, up_to: Delivered) {
        Self::delivered(self, up_to);
    }

    fn ready(&mut self, now: Micros, accepts_orders: bool, orders: &mut Vec<Order>) -> Ready {
        Self::ready(self, now, accepts_orders, orders, &mut ())
    }

    fn linked_before(&self) -> Option<(u16, u16)> {
        self.linked()
    }

    fn unheard(&mut self, now: Micros) {
        Self::unheard(self, now, &mut ());
    }

    fn resync(&mut self, now: Micros, resync: &Resync<'_>) {
        Self::resync(self, now, resync, &mut ());
    }
}
