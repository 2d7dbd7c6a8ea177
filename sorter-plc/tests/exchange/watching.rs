//! Whether the program of the PLC runs and its counters can be right.

use sorter_core::units::{EncoderCount, Micros};
use sorter_plc::exchange::{ExchangeConfig, Notice, SessionState};
use sorter_plc::register_map::BlockId;

use super::rig::{Call, Rig};

#[test]
fn a_plc_that_answers_without_scanning_gets_no_orders() {
    let mut rig = Rig::live();
    rig.cycle();
    let counter = rig.plc.counter;
    rig.plc.running = false;
    let stalled = (1..).find(|_| {
        rig.cycle();
        !rig.host.last_poll().1
    });
    assert_eq!(stalled, Some(10), "10 scan times of 10 ms after the last scan");
    assert_eq!(rig.exchange.take_notice(), Some(Notice::Stalled { counter }));
    rig.host.wishes.push_back(1);
    rig.cycles(20);
    assert!(rig.exchange.is_stalled() && !rig.images().last().unwrap().permit);
    assert_eq!((rig.exchange.counters().stalls, rig.exchange.counters().orders), (1, 0));
    rig.plc.running = true;
    rig.cycles(3);
    assert!(matches!(rig.exchange.take_notice(), Some(Notice::Resumed { .. })));
    assert_eq!(rig.plc.taken.len(), 1);
    assert_eq!(rig.exchange.counters().sessions, 1, "a stall does not end a session");
}

#[test]
fn a_plc_that_scans_slowly_is_not_stalled() {
    let mut rig = Rig::live();
    rig.cycles_in_scan = 8;
    rig.cycles(100);
    assert_eq!(rig.exchange.counters().stalls, 0);
}

#[test]
fn a_slow_host_needs_three_answers_to_call_a_plc_stalled() {
    let period = Micros::from_secs(1);
    let watchdog = Micros::from_secs(6);
    let mut rig = Rig::with(ExchangeConfig { period, watchdog, ..ExchangeConfig::default() });
    rig.until(SessionState::Live);
    rig.cycles_in_scan = 2;
    rig.cycles(20);
    assert_eq!(rig.exchange.counters().stalls, 0);
    rig.plc.running = false;
    rig.cycles(4);
    assert_eq!(rig.exchange.counters().stalls, 1);
}

#[test]
fn the_scan_counter_and_the_encoder_wrap() {
    let mut rig = Rig::live();
    rig.host.forgetful = true;
    let (counter, encoder) = (rig.plc.counter, rig.plc.encoder);
    rig.cycles(66_000);
    assert!(rig.plc.encoder < encoder || rig.plc.counter < counter);
    assert_eq!(rig.faults, []);
    assert_eq!(rig.exchange.state(), SessionState::Live);
}

#[test]
fn a_scan_counter_that_goes_back_ends_the_session() {
    let mut rig = Rig::live();
    rig.cycles(5);
    let from = rig.plc.counter;
    rig.plc.counter = from.wrapping_sub(4);
    rig.cycle();
    let fault = format!("scan counter went back from {from} to {}", from.wrapping_sub(3));
    assert_eq!(rig.fault(), fault);
    assert_eq!(rig.exchange.counters().number_faults, 1);
    rig.until(SessionState::Live);
}

#[test]
fn a_scan_counter_that_went_back_during_a_cut_ends_the_session() {
    let mut rig = Rig::live();
    rig.exchange.cut(rig.now);
    rig.now = rig.now + Micros::from_secs(10);
    rig.plc.counter = rig.plc.counter.wrapping_sub(400);
    rig.cycles(2);
    assert!(rig.fault().starts_with("scan counter went back"), "65 136 scans of 10 ms take 11 minutes");
}

#[test]
fn an_encoder_that_goes_back_ends_the_session() {
    let mut rig = Rig::live();
    rig.cycles(5);
    let polls = rig.host.calls.len();
    rig.plc.encoder = rig.plc.encoder.wrapping_sub(221);
    rig.cycle();
    assert_eq!(rig.fault(), "encoder went back by 201 pulses, allowed are 100 pulses");
    assert_eq!(rig.host.calls.len(), polls, "nothing of the image is used");
    assert_eq!(rig.exchange.counters().encoder_faults, 1);
    rig.until(SessionState::Live);
}

#[test]
fn a_belt_that_creeps_back_is_found_by_its_furthest_count() {
    let mut rig = Rig::live();
    rig.plc.speed = 0_u32.wrapping_sub(30);
    rig.cycles(3);
    assert_eq!(rig.faults, [], "a belt may roll back a little");
    rig.cycle();
    assert_eq!(rig.fault(), "encoder went back by 120 pulses, allowed are 100 pulses");
}

#[test]
fn an_encoder_faster_than_the_belt_ends_the_session() {
    let mut rig = Rig::live();
    rig.plc.encoder = rig.plc.encoder.wrapping_add(60_000);
    rig.cycle();
    let fault = "encoder moved by 60020 pulses in 10000 us, the belt makes at most 51000 pulses";
    assert_eq!(rig.fault(), fault);
    rig.until(SessionState::Live);
}

#[test]
fn a_long_silence_lets_the_encoder_be_anywhere() {
    let config = ExchangeConfig::default();
    let mut rig = Rig::with(config);
    rig.until(SessionState::Live);
    rig.exchange.cut(rig.now);
    rig.now = rig.now + Micros::from_secs(8 * 3_600);
    rig.plc.encoder = rig.plc.encoder.wrapping_sub(1_000_000);
    rig.cycles(5);
    assert_eq!(rig.faults, []);
    let (status, _) = rig.host.last_poll();
    assert_eq!(status.encoder, EncoderCount::new(rig.plc.encoder));
}

#[test]
fn an_encoder_that_stands_still_under_a_running_belt_is_told_once() {
    let mut rig = Rig::live();
    rig.plc.speed = 0;
    rig.cycles(300);
    assert!(matches!(rig.exchange.take_notice(), Some(Notice::EncoderFrozen { .. })));
    assert_eq!(rig.exchange.take_notice(), None);
    assert_eq!((rig.exchange.counters().frozen_encoders, rig.exchange.state()), (1, SessionState::Live));
}

#[test]
fn the_encoder_of_a_plc_that_stands_still_is_no_news() {
    let mut rig = Rig::live();
    rig.plc.running = false;
    rig.cycles(300);
    assert!(matches!(rig.exchange.take_notice(), Some(Notice::Stalled { .. })));
    assert_eq!(rig.exchange.take_notice(), None);
    assert_eq!(rig.exchange.counters().frozen_encoders, 0);
}

#[test]
fn a_plc_of_which_nothing_can_be_believed_for_a_second_loses_the_permit() {
    let mut rig = Rig::live();
    rig.cycles(2);
    assert!(rig.images().last().unwrap().permit);
    let polls = rig.host.calls.iter().filter(|call| matches!(call, Call::Poll { .. })).count();
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Status {
            words[120] = words[120].wrapping_add(1);
        }
    }));
    rig.cycles(101);
    assert!(!rig.images().last().unwrap().permit);
    assert_eq!(rig.host.calls.iter().filter(|call| matches!(call, Call::Poll { .. })).count(), polls);
    rig.mangle = None;
    rig.cycles(2);
    assert!(rig.images().last().unwrap().permit);
}
