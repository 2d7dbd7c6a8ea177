//! Events, scan records and PLANT images.

use std::cell::Cell;
use std::rc::Rc;

use sorter_core::ids::ChuteId;
use sorter_core::units::Micros;
use sorter_plc::contract::{Event, Seq, StateBits};
use sorter_plc::exchange::{ExchangeConfig, Notice, Release, SessionState};
use sorter_plc::register_map::BlockId;

use super::rig::{Call, Fate, Rig};

fn numbers(from: u16, to: u16) -> Vec<u16> {
    (from..=to).collect()
}

#[test]
fn event_numbers_wrap_without_losing_or_doubling_one() {
    let mut rig = Rig::live();
    let events = u32::from(Seq::LAST) + 40;
    for event in 0..events {
        rig.plc.induct((event % 65_000) as u16 + 1);
        if event % 11 == 0 {
            rig.cycle();
            rig.asked.clear();
        }
    }
    rig.cycles(6);
    let expected: Vec<u16> = (0..events).map(|event| (event % 65_000) as u16 + 1).collect();
    assert!(rig.host.event_items() == expected);
    assert!(rig.plc.events.len() == 0, "all are acknowledged");
    assert_eq!(rig.faults, []);
}

#[test]
fn scan_numbers_wrap_without_losing_or_doubling_one() {
    let mut rig = Rig::live();
    let scans = u32::from(Seq::LAST) + 40;
    for scan in 0..scans {
        rig.plc.read_code((scan % 65_000) as u16 + 1);
        if scan % 5 == 0 {
            rig.cycle();
            rig.asked.clear();
        }
    }
    rig.cycles(6);
    let expected: Vec<u16> = (0..scans).map(|scan| (scan % 65_000) as u16 + 1).collect();
    assert!(rig.host.scan_items() == expected);
    assert_eq!(rig.faults, []);
}

#[test]
fn scan_is_read_in_the_same_cycle_and_only_when_records_wait() {
    let mut rig = Rig::live();
    rig.cycles(5);
    assert_eq!(rig.reads(BlockId::Scan), 0);
    rig.plc.read_code(7);
    rig.cycle();
    assert_eq!((rig.reads(BlockId::Scan), rig.host.scan_items()), (1, vec![7]));
    rig.cycles(5);
    assert_eq!(rig.reads(BlockId::Scan), 1);
}

#[test]
fn a_full_store_is_drained_window_by_window() {
    let mut rig = Rig::new();
    for item in 1..=527 {
        rig.plc.induct(item);
    }
    for item in 1..=66 {
        rig.plc.read_code(item);
    }
    rig.until(SessionState::Live);
    rig.cycles(15);
    assert_eq!(rig.host.event_items(), numbers(1, 527));
    assert_eq!(rig.host.scan_items(), numbers(1, 66));
}

#[test]
fn records_whose_acknowledgement_was_lost_are_dropped_once() {
    let mut rig = Rig::live();
    for item in 1..=20 {
        rig.plc.induct(item);
        rig.plc.read_code(item);
        rig.cycle();
    }
    for item in 21..=24 {
        rig.plc.induct(item);
        rig.plc.read_code(item);
    }
    rig.cycle();
    // The host has 21 to 24, and its acknowledgement never arrives: the PLC numbers them anew.
    rig.plc.close();
    for item in 25..=27 {
        rig.plc.induct(item);
        rig.plc.read_code(item);
    }
    rig.until(SessionState::Closing);
    rig.until(SessionState::Live);
    rig.cycles(5);
    assert_eq!(rig.host.event_items(), numbers(1, 27));
    assert_eq!(rig.host.scan_items(), numbers(1, 27));
    let counters = rig.exchange.counters();
    assert_eq!((counters.repeated_events, counters.repeated_scans), (4, 4));
    assert_eq!((rig.plc.events.len(), rig.plc.scans.len()), (0, 0), "dropped records are acknowledged");
    rig.change_session();
    assert_eq!(rig.exchange.counters().repeated_events, 4);
}

#[test]
fn records_are_dropped_even_when_the_session_after_them_failed_too() {
    let mut rig = Rig::live();
    rig.plc.induct(1);
    rig.plc.induct(2);
    rig.cycle();
    rig.plc.put_on_belt(190);
    rig.plc.close();
    rig.until(SessionState::ReadingBelt);
    rig.change_session();
    rig.cycles(2);
    assert_eq!(rig.host.event_items(), [1, 2]);
}

#[test]
fn a_record_that_is_not_of_the_contract_is_counted_and_passed_over() {
    let mut rig = Rig::live();
    rig.plc.induct(1);
    rig.plc.report_raw([0, 77 << 8, 5, 0, 0, 9]);
    rig.plc.induct(2);
    rig.cycles(3);
    assert_eq!(rig.host.event_items(), [1, 2]);
    assert_eq!(rig.exchange.counters().unknown_events, 1);
    let notice = rig.exchange.take_notice().unwrap();
    assert_eq!(notice.to_string(), "event 2 has the unknown type 77: 0002 4d00 0005 0000 0000 0009");
    assert_eq!(rig.plc.events.len(), 0, "it is acknowledged");
    assert_eq!(rig.exchange.state(), SessionState::Live);
}

#[test]
fn a_torn_status_gives_nothing_and_costs_one_cycle() {
    let mut rig = Rig::live();
    rig.plc.induct(1);
    let mut torn = true;
    rig.mangle = Some(Box::new(move |block, words| {
        if block == BlockId::Status && std::mem::take(&mut torn) {
            words[120] = words[120].wrapping_sub(1);
        }
    }));
    let calls = rig.host.calls.len();
    rig.cycle();
    assert_eq!(rig.host.calls.len(), calls);
    assert!(rig.fault().starts_with("STATUS is torn: its first counter is"), "{}", rig.fault());
    rig.cycle();
    assert_eq!(rig.host.event_items(), [1]);
    assert_eq!((rig.exchange.counters().torn, rig.exchange.state()), (1, SessionState::Live));
}

#[test]
fn a_torn_scan_is_read_again_and_holds_no_event_back() {
    let mut rig = Rig::live();
    rig.plc.induct(1);
    rig.plc.read_code(1);
    let mut torn = true;
    rig.mangle = Some(Box::new(move |block, words| {
        if block == BlockId::Scan && std::mem::take(&mut torn) {
            words[0] = words[0].wrapping_add(1);
        }
    }));
    rig.cycle();
    assert_eq!((rig.host.event_items(), rig.host.scan_items()), (vec![1], vec![]));
    rig.cycle();
    assert_eq!((rig.host.event_items(), rig.host.scan_items()), (vec![1], vec![1]));
}

#[test]
fn a_cycle_that_is_broken_off_hands_nothing_over_and_loses_nothing() {
    for fate in [Fate::LostOnTheWay, Fate::LostOnTheWayBack, Fate::Refused] {
        let mut rig = Rig::live();
        rig.plc.induct(1);
        rig.plc.read_code(1);
        rig.fates.push((BlockId::Scan, fate));
        rig.cycle();
        assert_eq!(rig.host.event_items(), Vec::<u16>::new());
        rig.cycles(3);
        assert_eq!((rig.host.event_items(), rig.host.scan_items()), (vec![1], vec![1]));
    }
}

#[test]
fn what_a_broken_cycle_read_is_not_taken_for_handed_over() {
    let mut rig = Rig::live();
    rig.plc.report(0, Event::Chute { chute: ChuteId::new(3) });
    rig.plc.read_code(1);
    rig.fates.push((BlockId::Plant, Fate::LostOnTheWay));
    rig.cycle();
    let mut torn = true;
    rig.mangle = Some(Box::new(move |block, words| {
        if block == BlockId::Scan && std::mem::take(&mut torn) {
            words[0] = words[0].wrapping_add(1);
        }
    }));
    rig.cycles(3);
    assert_eq!((rig.host.event_items(), rig.host.scan_items()), (vec![0], vec![1]));
}

#[test]
fn a_plc_that_is_always_too_busy_for_scan_gets_its_events_through() {
    let mut rig = Rig::live();
    rig.plc.read_code(1);
    rig.fates.extend([(BlockId::Scan, Fate::Refused); 50]);
    for item in 1..=20 {
        rig.plc.induct(item);
        rig.cycle();
    }
    rig.cycles(2);
    assert_eq!(rig.host.event_items(), numbers(1, 20));
}

#[test]
fn a_plc_that_is_always_too_busy_for_plant_gets_its_events_through() {
    let mut rig = Rig::live();
    rig.plc.report(0, Event::Chute { chute: ChuteId::new(3) });
    rig.fates.extend([(BlockId::Plant, Fate::Refused); 50]);
    for item in 1..=20 {
        rig.plc.induct(item);
        rig.cycle();
    }
    rig.cycles(2);
    assert_eq!(rig.host.event_items()[1..], numbers(1, 20));
}

#[test]
fn events_that_go_back_end_the_session() {
    let mut rig = Rig::live();
    for item in 1..=3 {
        rig.plc.induct(item);
    }
    rig.cycles(2);
    // Word 16 of STATUS is the highest event published.
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Status && words[16] == 3 {
            words[16] = 1;
        }
    }));
    rig.cycle();
    assert_eq!(rig.fault(), "events went back from seq 3 to seq 1");
    rig.mangle = None;
    rig.until(SessionState::Live);
    assert_eq!(rig.host.event_items(), [1, 2, 3]);
}

#[test]
fn events_and_scans_that_jump_end_the_session() {
    for (word, name) in [(16, "events"), (18, "scans")] {
        let mut rig = Rig::live();
        rig.mangle = Some(Box::new(move |block, words| {
            if block == BlockId::Status && words[5] != 0 {
                words[word] = 400;
            }
        }));
        rig.plc.induct(9);
        rig.cycle();
        let jump = rig.fault();
        assert!(jump.starts_with(&format!("{name} jumped from seq 0 to seq 400, the window has")), "{jump}");
        assert_eq!(rig.host.event_items(), Vec::<u16>::new(), "nothing of the image is used");
        assert_eq!(rig.exchange.counters().number_faults, 1);
        rig.mangle = None;
        rig.until(SessionState::Live);
        rig.cycle();
        assert_eq!(rig.host.event_items(), [9]);
    }
}

#[test]
fn a_number_that_does_not_exist_ends_the_session() {
    let mut rig = Rig::live();
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Status {
            words[14] = 65_530;
        }
    }));
    rig.cycle();
    assert_eq!(rig.fault(), "STATUS has the sequence number 65530 in word 14, expected at most 65520");
    assert_eq!(rig.exchange.state(), SessionState::Closing);
}

#[test]
fn a_published_event_that_never_shows_up_ends_the_session() {
    let mut rig = Rig::live();
    rig.plc.induct(1);
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Status {
            words[28] = 0;
        }
    }));
    rig.cycles(50);
    assert_eq!(rig.exchange.state(), SessionState::Live);
    rig.until(SessionState::Closing);
    let gap = "events have no seq 1 in their window although seq 1 is published, for 1000000 us";
    assert_eq!(rig.fault(), gap);
    assert_eq!(rig.host.event_items(), Vec::<u16>::new());
}

#[test]
fn an_event_overflow_is_drained_and_followed_by_a_new_session() {
    let mut rig = Rig::live();
    let session = rig.exchange.session();
    for item in 1..=100 {
        rig.plc.induct(item);
    }
    for item in 1..=20 {
        rig.plc.read_code(item);
    }
    rig.plc.state |= StateBits::EVENT_OVERFLOW;
    rig.plc.put_on_belt(2);
    rig.host.wishes.push_back(5);
    rig.cycle();
    assert_eq!(rig.exchange.state(), SessionState::Draining);
    rig.until(SessionState::Closing);
    assert_eq!(rig.fault(), format!("plc lost events: its store overflowed in session {session}"));
    assert_eq!((rig.host.event_items(), rig.host.scan_items()), (numbers(1, 100), numbers(1, 20)));
    assert!(!rig.images().last().unwrap().permit);
    assert_eq!(rig.plc.taken, [], "no order is given meanwhile");
    rig.until(SessionState::Live);
    assert_eq!(rig.host.belts()[1], rig.plc.belt);
    let counters = rig.exchange.counters();
    assert_eq!((counters.event_overflows, counters.repeated_events), (1, 0));
}

#[test]
fn a_scan_overflow_is_told_and_stops_nothing() {
    let mut rig = Rig::live();
    let session = rig.exchange.session();
    rig.plc.state |= StateBits::SCAN_OVERFLOW;
    rig.cycles(3);
    assert_eq!(rig.exchange.take_notice(), Some(Notice::ScanOverflow { session }));
    assert_eq!(rig.exchange.take_notice(), None);
    assert_eq!(rig.exchange.counters().scan_overflows, 1);
    assert_eq!((rig.exchange.state(), rig.host.last_poll().1), (SessionState::Live, true));
    rig.change_session();
    rig.plc.state |= StateBits::SCAN_OVERFLOW;
    rig.cycles(3);
    let session = rig.exchange.session();
    assert_eq!(
        rig.exchange.take_notice(),
        Some(Notice::ScanOverflow { session }),
        "it is told in each session"
    );
}

/// A PLC that clears no slot: a record stays where it is until another takes its place, over sessions too.
fn slots_keep_what_they_had(rig: &mut Rig) {
    let mut kept = [(BlockId::Status, 28, 6, vec![0; 90]), (BlockId::Scan, 1, 20, vec![0; 120])];
    rig.mangle = Some(Box::new(move |block, words| {
        for (_, first, size, kept) in kept.iter_mut().filter(|(of, ..)| *of == block) {
            let slots = words[*first..*first + kept.len()].chunks_exact_mut(*size);
            for (slot, before) in slots.zip(kept.chunks_exact_mut(*size)) {
                if slot[0] == 0 {
                    slot.copy_from_slice(before);
                }
                before.copy_from_slice(slot);
            }
        }
    }));
}

#[test]
fn records_that_stay_in_their_slots_are_not_those_of_the_next_session() {
    let mut rig = Rig::live();
    slots_keep_what_they_had(&mut rig);
    let report = |rig: &mut Rig, items: std::ops::RangeInclusive<u16>| {
        for item in items {
            rig.plc.induct(item);
            rig.plc.read_code(item);
        }
        rig.cycles(4);
    };
    report(&mut rig, 1..=5);
    rig.change_session();
    rig.cycles(3);
    let counters = rig.exchange.counters();
    assert_eq!((counters.repeated_events, counters.repeated_scans), (0, 0), "all were acknowledged");
    report(&mut rig, 6..=7);
    rig.change_session();
    report(&mut rig, 8..=8);
    assert_eq!(rig.host.event_items(), numbers(1, 8));
    assert_eq!(rig.host.scan_items(), numbers(1, 8));
}

#[test]
fn events_behind_the_snapshot_wait_for_the_resync_even_where_it_stands_before_those_that_came_again() {
    let mut rig = Rig::live();
    for item in 1..=3 {
        rig.plc.induct(item);
    }
    rig.cycle();
    rig.plc.close();
    rig.plc.induct(4);
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Status {
            words[21] = 1;
        }
    }));
    rig.until(SessionState::Closing);
    rig.until(SessionState::Live);
    rig.cycles(3);
    assert_eq!(rig.exchange.counters().repeated_events, 3);
    let resync = rig.host.calls.iter().rposition(|call| matches!(call, Call::Resync(_)));
    let has_it =
        |call: &Call| matches!(call, Call::Poll { events, .. } if events.iter().any(|e| e.item.get() == 4));
    assert!(rig.host.calls.iter().position(has_it) > resync);
    assert_eq!(rig.host.event_items(), numbers(1, 4));
}

#[test]
fn plant_is_read_when_a_session_opens_after_a_chute_event_and_every_second() {
    let mut rig = Rig::live();
    assert_eq!(rig.reads(BlockId::Plant), 1);
    rig.cycle();
    rig.plc.report(0, Event::Chute { chute: ChuteId::new(3) });
    rig.plc.plant.full.set(ChuteId::new(3), true);
    rig.cycle();
    assert_eq!(rig.reads(BlockId::Plant), 2);
    assert!(rig.host.plants()[1].full.get(ChuteId::new(3)));
    rig.cycles(99);
    assert_eq!(rig.reads(BlockId::Plant), 2);
    rig.cycles(2);
    assert_eq!(rig.reads(BlockId::Plant), 3);
}

#[test]
fn no_order_is_given_before_plant_was_read() {
    let mut rig = Rig::new();
    rig.host.wishes.push_back(1);
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Plant {
            words[80] = words[80].wrapping_add(1);
        }
    }));
    rig.until(SessionState::Draining);
    rig.cycles(50);
    assert_eq!(rig.exchange.state(), SessionState::Draining);
    assert!(rig.faults[0].to_string().starts_with("PLANT is torn"), "{}", rig.faults[0]);
    rig.mangle = None;
    rig.until(SessionState::Live);
    assert_eq!(rig.host.plants().len(), 1);
}

#[test]
fn a_plant_image_waits_for_the_event_at_which_it_stands() {
    let mut rig = Rig::live();
    rig.cycle();
    let before = rig.host.plants().len();
    for item in 1..=14 {
        rig.plc.induct(item);
    }
    rig.plc.report(0, Event::Chute { chute: ChuteId::new(3) });
    for item in 16..=40 {
        rig.plc.induct(item);
    }
    rig.plc.plant.at_event = Seq::new(40).unwrap();
    rig.cycle();
    assert_eq!(rig.host.event_items().len(), 15);
    assert_eq!(rig.host.plants().len(), before, "25 events stand before the image");
    rig.cycles(3);
    let with_plant = rig.host.calls.iter().rev().find_map(|call| match call {
        Call::Poll { plant: Some(_), events, .. } => Some(events.clone()),
        _ => None,
    });
    assert_eq!(with_plant.unwrap().last().unwrap().item.get(), 40);
}

/// A PLC whose PLANT always stands at an event that is recorded after STATUS was read, `ahead` of the last published.
fn plant_runs_ahead(rig: &mut Rig, ahead: u16) {
    let published = Rc::new(Cell::new(0));
    rig.mangle = Some(Box::new(move |block, words| match block {
        BlockId::Status => published.set(words[16]),
        BlockId::Plant => words[1] = published.get() + ahead,
        _ => {}
    }));
}

#[test]
fn chutes_that_change_in_every_cycle_do_not_keep_plant_from_the_host() {
    let mut rig = Rig::live();
    plant_runs_ahead(&mut rig, 1);
    let before = rig.host.plants().len();
    for _ in 0..20 {
        rig.plc.report(0, Event::Chute { chute: ChuteId::new(3) });
        rig.cycle();
    }
    let given = rig.host.plants().len() - before;
    assert!(given >= 10, "{given} images in 20 cycles");
    let stands: Vec<u16> = rig.host.plants()[before..].iter().map(|plant| plant.at_event.get()).collect();
    assert!(stands.is_sorted(), "{stands:?}");
}

#[test]
fn a_plant_image_whose_event_does_not_come_is_not_waited_for_without_end() {
    let mut rig = Rig::live();
    plant_runs_ahead(&mut rig, 20_000);
    let before = rig.host.plants().len();
    rig.plc.report(0, Event::Chute { chute: ChuteId::new(3) });
    rig.cycle();
    assert_eq!(rig.host.plants().len(), before);
    rig.cycles(99);
    assert_eq!(rig.host.plants().len(), before, "a second has not gone by");
    rig.cycles(2);
    assert_eq!(rig.host.plants().len(), before + 1);
}

#[test]
fn an_image_that_waited_is_not_handed_over_in_the_next_session() {
    let mut rig = Rig::live();
    plant_runs_ahead(&mut rig, 20);
    rig.plc.plant.left = 77;
    rig.plc.report(0, Event::Chute { chute: ChuteId::new(3) });
    rig.cycle();
    assert_eq!(rig.reads(BlockId::Plant), 2);
    rig.plc.close();
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Plant {
            words[80] = words[80].wrapping_add(1);
        }
    }));
    rig.until(SessionState::Closing);
    rig.until(SessionState::Draining);
    rig.cycles(20);
    assert_eq!(rig.exchange.state(), SessionState::Draining, "PLANT of this session was not read");
    assert!(rig.host.plants().iter().all(|plant| plant.left != 77));
}

#[test]
fn without_a_release_nothing_is_acknowledged() {
    let config = ExchangeConfig { release: Release::Manual, ..ExchangeConfig::default() };
    let mut rig = Rig::with(config);
    rig.until(SessionState::Live);
    for item in 1..=20 {
        rig.plc.induct(item);
    }
    rig.cycles(5);
    assert_eq!(rig.host.event_items(), numbers(1, 15), "the window does not move on");
    assert_eq!(rig.images().last().unwrap().event_ack, Seq::NONE);
    let delivered = rig.exchange.delivered().unwrap();
    assert!(rig.exchange.release(delivered));
    rig.cycles(3);
    assert_eq!(rig.images().last().unwrap().event_ack.get(), 15);
    assert_eq!(rig.host.event_items(), numbers(1, 20));
    rig.change_session();
    assert!(!rig.exchange.release(delivered), "its session has ended");
    rig.cycles(3);
    assert_eq!(rig.host.event_items(), numbers(1, 20));
    assert_eq!(rig.images().last().unwrap().event_ack, Seq::NONE, "16 to 20 came again and are not safe yet");
    let delivered = rig.exchange.delivered().unwrap();
    assert!(rig.exchange.release(delivered));
    rig.cycle();
    assert_eq!(rig.images().last().unwrap().event_ack.get(), 5);
}

#[test]
fn scans_are_taken_while_events_stand_still() {
    let mut rig = Rig::live();
    rig.now = rig.now + Micros::from_millis(3);
    for item in 1..=30 {
        rig.plc.read_code(item);
    }
    rig.cycles(6);
    assert_eq!(rig.host.scan_items(), numbers(1, 30));
}
