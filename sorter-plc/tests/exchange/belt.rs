//! The BELT snapshot.

use sorter_plc::exchange::{ExchangeConfig, SessionState};
use sorter_plc::register_map::BlockId;

use super::rig::{Asked, Rig};

fn with_belt(items: u16, capacity: u16) -> Rig {
    let mut rig = Rig::with(ExchangeConfig { belt_capacity: capacity, ..ExchangeConfig::default() });
    rig.plc.put_on_belt(items);
    rig
}

#[test]
fn a_belt_is_read_in_parts_that_split_no_entry() {
    for (items, capacity) in [(0, 1), (1, 1), (24, 200), (25, 200), (26, 200), (200, 200), (1_000, 1_000)] {
        let mut rig = with_belt(items, capacity);
        rig.until(SessionState::Live);
        assert_eq!(rig.host.belts(), [rig.plc.belt.clone()], "{items} items");
        let mut next = 4;
        for asked in &rig.asked {
            let Asked::Read(span) = asked else { continue };
            if span.block != BlockId::Belt
                || span.offset == 0
                || span.offset == 4 + 5 * (capacity - 1) && next != span.offset
            {
                continue;
            }
            assert!(span.words <= 125 && span.words % 5 == 0, "{span:?}");
            if span.offset == next {
                next += span.words;
            }
        }
        assert!(next >= 4 + 5 * items, "{next}");
    }
}

#[test]
fn a_long_belt_leaves_room_for_the_heartbeat() {
    let mut rig = with_belt(1_000, 1_000);
    rig.until(SessionState::Live);
    let mut in_a_row = 0;
    for asked in &rig.asked {
        in_a_row =
            if matches!(asked, Asked::Read(span) if span.block == BlockId::Belt) { in_a_row + 1 } else { 0 };
        assert!(in_a_row <= 4);
    }
}

#[test]
fn a_snapshot_that_changes_is_read_again() {
    let mut rig = with_belt(60, 200);
    let mut heads = 0;
    rig.mangle = Some(Box::new(move |block, words| {
        if block == BlockId::Belt && words.len() == 2 {
            heads += 1;
            // Seen while it is written, then two numbers, then it stands still.
            words[1] = [0, 8, 9, 10].get(heads - 1).copied().unwrap_or(10);
        }
    }));
    rig.until(SessionState::Live);
    assert_eq!(rig.host.belts(), [rig.plc.belt.clone()]);
    assert_eq!(rig.exchange.counters().belt_rereads, 2);
    assert_eq!(rig.faults, []);
}

#[test]
fn a_snapshot_with_another_length_is_read_again() {
    let mut rig = with_belt(60, 200);
    let mut heads = 0;
    rig.mangle = Some(Box::new(move |block, words| {
        if block == BlockId::Belt && words.len() == 2 {
            heads += 1;
            if heads == 1 {
                words[0] = 40;
            }
        }
    }));
    rig.until(SessionState::Live);
    assert_eq!(rig.host.belts(), [rig.plc.belt.clone()]);
    assert_eq!(rig.exchange.counters().belt_rereads, 1);
}

#[test]
fn a_snapshot_that_is_never_at_rest_opens_another_session() {
    let mut rig = with_belt(3, 200);
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Belt && words.len() == 2 {
            words[1] = 0;
        }
    }));
    rig.until(SessionState::ReadingBelt);
    rig.until(SessionState::Closing);
    assert_eq!(rig.fault(), "belt snapshot was not at rest for 1000000 us, its number is 0");
    rig.mangle = None;
    rig.until(SessionState::Live);
}

#[test]
fn a_snapshot_of_events_that_do_not_exist_opens_another_session() {
    let mut rig = with_belt(3, 200);
    rig.plc.induct(1);
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Status {
            words[21] = 9;
        }
    }));
    rig.until(SessionState::Opening);
    rig.until(SessionState::Closing);
    assert_eq!(rig.fault(), "belt snapshot stands at event seq 9, the plc has 1 events");
    assert_eq!(rig.host.calls, []);
}

#[test]
fn a_cut_while_the_belt_is_read_reads_it_from_the_beginning() {
    let mut rig = with_belt(200, 200);
    rig.until(SessionState::ReadingBelt);
    rig.cycle();
    rig.exchange.cut(rig.now);
    rig.until(SessionState::ReadingBelt);
    rig.until(SessionState::Live);
    assert_eq!(rig.host.belts(), [rig.plc.belt.clone()]);
    assert_eq!(rig.exchange.counters().sessions, 1);
}
