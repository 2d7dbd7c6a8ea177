//! PLCs that are not the one that is configured.

use sorter_core::units::Micros;
use sorter_plc::exchange::{ExchangeConfig, SessionState, SetupFault};
use sorter_plc::register_map::{BlockId, WordOrder};

use super::rig::{Asked, Rig};

/// A rig whose STATUS has other words from some place on.
fn with_words(place: usize, others: &'static [u16]) -> Rig {
    let mut rig = Rig::new();
    rig.mangle = Some(Box::new(move |block, words| {
        if block == BlockId::Status {
            words[place..place + others.len()].copy_from_slice(others);
        }
    }));
    rig
}

fn is_left_alone(rig: &mut Rig) {
    assert!(matches!(rig.exchange.state(), SessionState::Faulted(_)), "{:?}", rig.exchange.state());
    rig.asked.clear();
    rig.cycles(1_000);
    assert_eq!(rig.images(), [], "nothing is written to it");
    assert_eq!(rig.host.calls, []);
    let looks = rig.reads(BlockId::Status);
    assert!((9..=11).contains(&looks), "{looks} looks in 10 s");
    assert_eq!(rig.exchange.counters().setup_faults, 1);
}

#[test]
fn a_wrong_magic_is_told_and_left_alone() {
    let mut rig = with_words(1, &[0]);
    rig.cycle();
    assert_eq!(rig.fault(), "STATUS has the magic word 0x0000, expected 0x5052");
    is_left_alone(&mut rig);
}

#[test]
fn a_wrong_version_is_told_and_left_alone() {
    let mut rig = with_words(2, &[2]);
    rig.cycle();
    assert_eq!(rig.fault(), "STATUS is of version 2, expected 1");
    is_left_alone(&mut rig);
}

#[test]
fn a_wrong_word_order_is_told_and_left_alone() {
    let mut rig = Rig::new();
    rig.plc.word_order = WordOrder::LowFirst;
    rig.plc.publish();
    rig.cycle();
    let expected = "STATUS has the word order probe 0x0304 0x0102, expected 0x0102 0x0304";
    assert_eq!(rig.fault(), expected);
    is_left_alone(&mut rig);
}

#[test]
fn a_plc_with_the_low_word_first_is_served_when_that_is_configured() {
    let config = ExchangeConfig { word_order: WordOrder::LowFirst, ..ExchangeConfig::default() };
    let mut rig = Rig::with(config);
    rig.plc.put_on_belt(3);
    rig.host.wishes.push_back(2);
    rig.until(SessionState::Live);
    rig.cycles(3);
    assert_eq!(rig.host.belts(), [rig.plc.belt.clone()]);
    assert_eq!(rig.plc.taken.len(), 1);
}

#[test]
fn too_few_registers_are_told_and_left_alone() {
    let mut rig = Rig::new();
    rig.mangle = Some(Box::new(|_, words| words.truncate(100)));
    rig.cycle();
    assert_eq!(rig.fault(), "STATUS has 100 words, expected 121");
    is_left_alone(&mut rig);
}

#[test]
fn everything_starts_over_when_the_plc_reads_right() {
    let mut rig = with_words(1, &[0x1234]);
    rig.cycles(10);
    rig.mangle = None;
    let cycles = rig.until(SessionState::Closing);
    assert!(cycles <= 100, "{cycles} cycles");
    rig.until(SessionState::Live);
}

#[test]
fn a_live_plc_that_is_loaded_with_another_program_is_left_alone_at_once() {
    let mut rig = Rig::live();
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Status {
            words.fill(0);
        }
    }));
    rig.cycle();
    rig.asked.clear();
    rig.cycles(50);
    assert_eq!(rig.asked, []);
    rig.mangle = None;
    rig.until(SessionState::Live);
    assert_eq!(rig.host.restarts(), 0, "its boot is the same");
}

#[test]
fn a_belt_block_that_is_too_short_is_told_when_a_session_opens() {
    let mut rig = Rig::new();
    rig.plc.capacity = 150;
    assert_eq!(rig.until_fault(), SetupFault::Rejected { block: BlockId::Belt });
    assert_eq!(rig.fault(), "BELT is not at its address or is too short: the plc rejects the request");
    // It stays so until BELT can be read, and no session is opened meanwhile.
    rig.asked.clear();
    rig.cycles(500);
    assert_eq!(rig.images(), []);
    assert_eq!(rig.exchange.counters().setup_faults, 1);
    rig.plc.capacity = 200;
    rig.until(SessionState::Live);
}

#[test]
fn more_items_than_the_host_is_configured_for_are_a_capacity_mismatch() {
    let mut rig = Rig::with(ExchangeConfig { belt_capacity: 100, ..ExchangeConfig::default() });
    rig.plc.capacity = 200;
    rig.plc.put_on_belt(150);
    rig.until_fault();
    assert_eq!(rig.fault(), "BELT has 150 entries, expected at most 100");
    assert!(rig.host.belts().is_empty());
}

#[test]
fn a_rejected_write_is_left_alone_for_a_second() {
    let mut rig = Rig::live();
    let fault = rig.exchange.rejected(rig.now, BlockId::Order);
    assert_eq!(fault.to_string(), "ORDER is not at its address or is too short: the plc rejects the request");
    rig.asked.clear();
    rig.cycles(99);
    assert_eq!(rig.asked, []);
    rig.cycles(2);
    assert!(matches!(rig.asked[0], Asked::Read(span) if span.block == BlockId::Status));
}

#[test]
fn a_fault_outlives_the_connection() {
    let mut rig = with_words(2, &[7]);
    rig.cycle();
    rig.exchange.cut(rig.now);
    assert!(matches!(rig.exchange.state(), SessionState::Faulted(_)));
    rig.mangle = None;
    rig.now = rig.now + Micros::from_secs(2);
    rig.until(SessionState::Live);
}

#[test]
fn words_that_nobody_asked_for_are_not_used() {
    let mut rig = Rig::live();
    let calls = rig.host.calls.len();
    let words = [0; 121];
    let unasked = rig.exchange.answered(rig.now, &words, &mut rig.host).unwrap_err();
    assert_eq!(unasked.to_string(), "an answer of 121 words belongs to no request");
    assert_eq!((rig.host.calls.len(), rig.exchange.state()), (calls, SessionState::Live));
}
