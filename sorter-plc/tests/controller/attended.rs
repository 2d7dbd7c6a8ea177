//! A controller behind an exchange, with and without somebody who watches it.

use sorter_core::units::Micros;
use sorter_plc::contract::Order;
use sorter_plc::controller::{Attended, Controller, Inputs, ResyncNote, Watch};
use sorter_plc::host::{Host, Resync};

use super::plc::*;

/// What was called, in its order.
#[derive(Default)]
struct Calls(Vec<&'static str>);

impl Watch for Calls {
    fn reported(&mut self, _now: Micros, _inputs: &Inputs<'_>) {
        self.0.push("reported");
    }
    fn ordered(&mut self, _now: Micros, orders: &[Order]) {
        self.0.push(if orders.is_empty() { "ordered nothing" } else { "ordered" });
    }
    fn restarted(&mut self, _now: Micros) {
        self.0.push("restarted");
    }
    fn resynced(&mut self, _now: Micros, _note: &ResyncNote<'_>) {
        self.0.push("resynced");
    }
}

/// Calls a host as an exchange does when the PLC has restarted.
fn drive(host: &mut dyn Host, plc: &Plc) -> usize {
    let mut orders = Vec::new();
    let closed = Inputs { status: &plc.status, events: &[], scans: &[], plant: None, accepts_orders: false };
    host.plc_restarted(Micros::ZERO);
    host.poll(Micros::ZERO, &closed, &mut orders);
    host.resync(Micros::ZERO, &Resync { belt: &[], status: &plc.status });
    host.poll(Micros::ZERO, &Inputs { accepts_orders: true, ..closed }, &mut orders);
    orders.len()
}

fn controller(plc: Plc) -> (Controller, Plc) {
    let other = Plc::with_engine(plc.engine.clone());
    (plc.controller, other)
}

#[test]
fn whoever_watches_is_told_of_every_call_in_its_order() {
    let (controller, plc) = controller(Plc::new());
    let mut attended = Attended { controller, watch: Calls::default() };
    assert_eq!(drive(&mut attended, &plc), 0);
    let expected = ["restarted", "reported", "ordered nothing", "resynced", "reported", "ordered nothing"];
    assert_eq!(attended.watch.0, expected);
    assert_eq!(attended.controller.counters().restarts, 1);
}

#[test]
fn a_watch_may_be_borrowed_boxed_or_unknown() {
    let mut calls = Calls::default();
    let (first, plc) = controller(Plc::new());
    let watch: &mut dyn Watch = &mut calls;
    drive(&mut Attended { controller: first, watch }, &plc);
    assert_eq!(calls.0.len(), 6);
    let (second, plc) = controller(Plc::new());
    let watch: Box<dyn Watch> = Box::new(calls);
    drive(&mut Attended { controller: second, watch }, &plc);
    let (mut third, plc) = controller(Plc::new());
    drive(&mut third, &plc);
}

#[test]
fn an_attended_controller_can_move_to_the_thread_of_its_cycle() {
    fn moves<T: Send>() {}
    moves::<Attended<()>>();
    moves::<Controller>();
}
