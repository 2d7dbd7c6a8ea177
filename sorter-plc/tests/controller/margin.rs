//! The point of no return where a PLC says odd things about itself.

use sorter_core::units::{Micros, MmPerSecond, Pulses};

use super::plc::*;

/// How far before the fire point the controller commits with this status.
fn margin(change: impl FnOnce(&mut Plc)) -> i32 {
    let mut plc = Plc::new();
    change(&mut plc);
    plc.start(1, 1);
    fire(DE1) - plc.due_in().expect("an ordered item waits for its commit")
}

#[test]
fn it_is_the_lead_and_what_the_belt_moves_in_a_period_a_deadline_and_two_scans() {
    assert_eq!(margin(|_| ()), MARGIN);
    // 10 ms, 100 ms and twice 20 ms at 2 m/s are 30 pulses of 10 mm.
    assert_eq!(margin(|plc| plc.status.scan_time = Micros::from_millis(20)), 10 + 30);
    assert_eq!(margin(|plc| plc.status.minimum_lead = Pulses::new(25)), 25 + 26);
}

#[test]
fn a_belt_that_stands_or_crawls_counts_as_up_to_speed() {
    assert_eq!(margin(|plc| plc.status.belt_speed = MmPerSecond::ZERO), MARGIN);
    assert_eq!(margin(|plc| plc.status.belt_speed = MmPerSecond::new(300)), MARGIN);
}

#[test]
fn a_speed_that_no_belt_has_counts_as_twice_the_nominal_one() {
    assert_eq!(margin(|plc| plc.status.belt_speed = MmPerSecond::new(3_000)), 10 + 39);
    assert_eq!(margin(|plc| plc.status.belt_speed = MmPerSecond::new(65_535)), 10 + 52);
    assert_eq!(margin(|plc| plc.status.belt_speed = MmPerSecond::new(u32::MAX)), 10 + 52);
}

#[test]
fn a_plc_that_tells_no_scan_time_scans_as_often_as_the_host_asks() {
    assert_eq!(margin(|plc| plc.status.scan_time = Micros::ZERO), MARGIN);
}

#[test]
fn a_lead_below_zero_is_none_and_one_beyond_the_belt_lets_nothing_be_ordered() {
    assert_eq!(margin(|plc| plc.status.minimum_lead = Pulses::new(i32::MIN)), 26);
    for (lead, scan) in [(i32::MAX, 0), (0, u64::MAX)] {
        let mut plc = Plc::new();
        plc.status.minimum_lead = Pulses::new(lead);
        plc.status.scan_time = Micros::new(scan);
        plc.induct(1).scan(1, 1).poll();
        assert_eq!((plc.sent.len(), plc.all_reserved()), (0, 0));
    }
}

#[test]
fn data_that_come_in_the_cycle_before_the_point_of_no_return_still_change_the_order() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    // A cycle of 10 ms is 2 pulses.
    plc.travel(fire(DE1) - MARGIN - 2);
    rule(&plc.engine, &code(1), sorter_core::clearance::Clearance::Refused);
    plc.travel(2);
    assert_eq!(plc.ops(1), [(1, divert(EXCEPTION))]);
    assert_eq!(plc.controller.counters().late_orders, 0);
}

#[test]
fn a_late_announcement_changes_the_order_while_there_is_time_and_no_longer() {
    for (left, changes) in [(1, true), (0, false)] {
        let mut plc = Plc::new();
        plc.start(1, 39);
        assert_eq!(plc.ops(0), [(1, divert(HOLD))]);
        plc.travel(fire(HOLD) - MARGIN - left);
        let code = code(39);
        let late = announcement(&code, "FR", sorter_core::clearance::Clearance::Released);
        plc.engine.announce(&late).unwrap();
        plc.poll();
        assert_eq!(plc.ops(1) == [(1, divert(FR))], changes);
        assert_eq!(plc.commits(), u64::from(!changes));
    }
}
