//! What a host says before each cycle, because of its journal or for another reason.

use sorter_plc::contract::Seq;
use sorter_plc::exchange::{ExchangeConfig, ExchangeFault, Mode, PerMinute, Release, SessionState};
use sorter_plc::host::Ready;

use super::rig::*;

#[test]
fn the_stricter_of_two_permits_and_limits_is_written() {
    let mut rig = Rig::live();
    rig.cycle();
    let written = |rig: &Rig| {
        let image = *rig.images().last().unwrap();
        (image.permit, image.induction_limit)
    };
    assert_eq!(written(&rig), (true, 0));
    for (owner, host, expected) in [(None, 150, 150), (Some(100), 150, 100), (Some(100), 75, 75)] {
        rig.exchange.set_induction_limit(owner.and_then(PerMinute::new));
        rig.host.ready.limit = PerMinute::new(host);
        rig.cycle();
        assert_eq!(written(&rig), (true, expected));
    }
    rig.host.ready = Ready { permit: false, ..Ready::default() };
    rig.cycle();
    assert_eq!(written(&rig), (false, 100));
    rig.host.ready = Ready::default();
    rig.exchange.set_permit(false);
    rig.cycle();
    assert_eq!(written(&rig), (false, 100));
    rig.exchange.set_permit(true);
    rig.cycle();
    assert_eq!(written(&rig), (true, 100));
}

#[test]
fn orders_that_were_held_back_go_out_with_the_cycle_that_begins() {
    let mut rig = Rig::live();
    rig.cycle();
    rig.host.held.extend([7, 8]);
    rig.cycle();
    let taken: Vec<u16> = rig.plc.taken.iter().map(|(_, order)| order.item.get()).collect();
    assert_eq!(taken, [7, 8]);
    assert_eq!(rig.exchange.counters().orders, 2);
    rig.cycles(3);
    assert_eq!(rig.plc.taken.len(), 2);
}

#[test]
fn a_host_is_not_asked_for_orders_while_there_is_no_live_session() {
    let mut rig = Rig::new();
    rig.host.held.push_back(7);
    rig.until(SessionState::Live);
    assert_eq!(rig.host.held.len(), 1);
    rig.cycle();
    assert_eq!(rig.plc.taken.len(), 1);
    rig.plc.close();
    rig.until(SessionState::Closing);
    rig.host.held.push_back(8);
    rig.until(SessionState::Live);
    rig.cycle();
    assert_eq!(rig.plc.taken.last().unwrap().1.item.get(), 8);
    let closed = |fault: &ExchangeFault| matches!(fault, ExchangeFault::Closed { .. });
    assert!(rig.faults.iter().all(closed), "{:?}", rig.faults);
}

#[test]
fn what_a_host_calls_safe_is_acknowledged_and_nothing_else() {
    let config = ExchangeConfig { release: Release::Manual, ..ExchangeConfig::default() };
    let mut rig = Rig::with(config);
    rig.until(SessionState::Live);
    (1..=4).for_each(|item| rig.plc.induct(item));
    rig.cycles(3);
    let safe = rig.host.delivered.unwrap();
    assert_eq!(safe.events.get(), 4);
    assert_eq!(rig.images().last().unwrap().event_ack, Seq::NONE);
    rig.plc.induct(5);
    rig.cycle();
    rig.host.ready.safe = Some(safe);
    rig.cycle();
    assert_eq!(rig.images().last().unwrap().event_ack.get(), 4);
    // It is of no use in the next session, where the numbers begin again.
    rig.change_session();
    rig.cycles(3);
    assert_eq!(rig.images().last().unwrap().event_ack, Seq::NONE);
    rig.host.ready.safe = rig.host.delivered;
    rig.cycle();
    assert_eq!(rig.images().last().unwrap().event_ack.get(), 1);
    assert_eq!(rig.host.event_items(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_listener_writes_nothing_whatever_its_host_says() {
    let config = ExchangeConfig { mode: Mode::Listen, release: Release::Manual, ..ExchangeConfig::default() };
    let mut rig = Rig::with(config);
    rig.host.held.push_back(7);
    rig.host.ready = Ready { permit: false, ..Ready::default() };
    rig.cycles(20);
    assert!(rig.images().is_empty());
    assert_eq!(rig.host.held.len(), 1);
}
