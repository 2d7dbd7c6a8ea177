//! What goes on while the PLC cannot be heard, and the times that a link tells.

use sorter_core::clearance::Clearance;
use sorter_core::units::Micros;
use sorter_plc::contract::StateBits;

use super::plc::*;

/// The belt of these tests moves a pulse in 5 ms.
fn time_of(pulses: i32) -> Micros {
    Micros::from_millis(5 * u64::from(pulses.unsigned_abs()))
}

#[test]
fn an_order_is_committed_when_the_belt_must_have_reached_its_point_of_no_return() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    let left = time_of(plc.due_in().unwrap());
    plc.unheard(left - time_of(1));
    assert_eq!(plc.commits(), 0);
    plc.unheard(left);
    plc.unheard(left + left);
    assert_eq!(plc.commits(), 1);
}

#[test]
fn a_belt_that_stood_when_it_was_last_heard_of_commits_nothing() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.status.state.0 &= !StateBits::RUNNING;
    plc.poll();
    plc.unheard(Micros::from_secs(3_600));
    assert_eq!(plc.commits(), 0);
}

#[test]
fn an_order_that_was_not_sent_is_not_committed_unheard() {
    let mut plc = Plc::new();
    plc.accepts = false;
    plc.induct(1).scan(1, 1).poll();
    assert_eq!(plc.sent.len(), 0);
    plc.unheard(Micros::from_secs(3_600));
    assert_eq!(plc.commits(), 0);
}

#[test]
fn what_customs_say_after_it_is_a_recall() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    let left = time_of(plc.due_in().unwrap());
    plc.unheard(left);
    rule(&plc.engine, &code(1), Clearance::HoldInspect);
    plc.discharged(1, DE1).travel(fire(DE1) + 10);
    assert_eq!(plc.engine.open_recalls().len(), 1);
    assert_eq!(plc.all_reserved(), 0);
}

#[test]
fn what_fired_while_nobody_looked_is_committed_before_it_ends() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    // One answer tells that the belt moved on and that the item is in its chute.
    plc.discharged(1, DE1).travel(fire(DE1) + MARGIN + 1);
    assert_eq!((plc.commits(), plc.all_reserved()), (1, 0));
}

#[test]
fn the_point_of_no_return_counts_on_the_times_of_its_link_where_they_are_longer() {
    let margin = |period: u64, deadline: u64| {
        let mut plc = Plc::new();
        plc.controller.timed(Micros::from_millis(period), Micros::from_millis(deadline));
        plc.start(1, 1);
        fire(DE1) - plc.due_in().unwrap()
    };
    assert_eq!(margin(2, 50), MARGIN);
    // 90 ms and 150 ms more at 2 m/s are 48 pulses of 10 mm.
    assert_eq!(margin(100, 250), MARGIN + 48);
}
