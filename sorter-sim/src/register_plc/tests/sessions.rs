//! Sessions and watchdogs.

use super::*;

#[test]
fn a_session_is_ignored_until_0_was_seen_with_a_moving_heartbeat() {
    let mut bench = Bench::new();
    bench.image.session = 7;
    bench.cycles(10);
    assert_eq!((bench.status().session_echo, bench.plc.is_live()), (0, true));
    // The heartbeat stands still at 0, then 7 comes back.
    bench.image.session = 0;
    bench.cycle();
    for _ in 0..10 {
        bench.write();
        bench.scan();
    }
    bench.image.session = 7;
    bench.cycles(10);
    assert_eq!(bench.status().session_echo, 0, "0 was seen at one heartbeat only");
    bench.image.session = 0;
    bench.cycles(2);
    bench.image.session = 7;
    bench.cycle();
    assert_eq!(bench.status().session_echo, 0);
    bench.cycle();
    assert_eq!(bench.status().session_echo, 7);
}

#[test]
fn what_an_empty_memory_shows_is_no_session_0_of_a_host() {
    let mut bench = Bench::new();
    for _ in 0..5 {
        bench.scan();
    }
    bench.image.session = 9;
    bench.cycles(5);
    assert_eq!((bench.status().session_echo, bench.plc.is_live()), (0, true));
}

#[test]
fn the_session_word_counts_when_it_is_the_same_at_two_different_heartbeats() {
    let mut bench = Bench::in_session(7);
    // One late image with session 0, between those of the session.
    for _ in 0..5 {
        bench.image.session = 0;
        bench.cycle();
        assert_eq!((bench.status().session_echo, bench.start.unwrap().permit), (7, false));
        bench.image.session = 7;
        bench.cycle();
        assert_eq!((bench.status().session_echo, bench.start.unwrap().permit), (7, true));
    }
    // Twice at the same heartbeat is once.
    bench.image.session = 0;
    bench.cycle();
    bench.write();
    bench.scan();
    assert_eq!(bench.status().session_echo, 7);
    bench.cycle();
    assert_eq!(bench.status().session_echo, 0);
}

#[test]
fn another_session_is_ignored_while_one_is_open() {
    let mut bench = Bench::in_session(7);
    bench.image.session = 8;
    bench.order(1);
    bench.cycles(20);
    assert_eq!((bench.status().session_echo, bench.status().order_ack), (7, Seq::NONE));
    assert!(!bench.start.unwrap().permit, "nothing of that image is used");
    assert!(bench.taken.is_empty());
    bench.image.session = 7;
    bench.order(1);
    bench.cycle();
    assert_eq!(bench.taken, [divert(1)]);
}

#[test]
fn a_host_whose_heartbeat_stands_is_lost_after_the_watchdog() {
    let mut bench = Bench::in_session(7);
    bench.order(1);
    bench.cycle();
    assert!(bench.state().has(StateBits::LIVE) && bench.start.unwrap().permit);
    bench.order(2);
    for _ in 0..99 {
        bench.write();
        bench.scan();
        assert!(bench.state().has(StateBits::LIVE));
    }
    assert_eq!(bench.taken.len(), 2, "an image is used as long as the host counts as live");
    bench.order(3);
    bench.write();
    bench.scan();
    assert!(!bench.state().has(StateBits::LIVE) && !bench.start.unwrap().permit);
    assert_eq!(bench.taken.len(), 2, "no order is taken from a lost host");
    let events: Vec<_> = bench.window().iter().map(|record| (record.item, record.event)).collect();
    assert_eq!(events, [(ItemId::NONE, Event::HostLost { order_ack: Seq::new(2).unwrap() })]);
    for _ in 0..500 {
        bench.scan();
    }
    assert_eq!(bench.window().len(), 1, "it is told once");
    // It is back within its session.
    bench.cycle();
    assert!(bench.state().has(StateBits::LIVE) && bench.start.unwrap().permit);
    assert_eq!((bench.status().session_echo, bench.taken.len()), (7, 3));
}

#[test]
fn a_host_is_lost_without_a_session_too_and_a_plc_that_never_had_one_loses_none() {
    let mut bench = Bench::new();
    for _ in 0..300 {
        bench.scan();
    }
    assert_eq!(bench.status().event_backlog, 0);
    bench.cycles(3);
    for _ in 0..300 {
        bench.scan();
    }
    assert_eq!((bench.status().event_backlog, bench.plc.counters().hosts_lost), (1, 1));
}

#[test]
fn permit_and_limit_need_an_open_session() {
    let mut bench = Bench::new();
    bench.image.induction_limit = 45;
    bench.cycles(5);
    assert_eq!((bench.start.unwrap().permit, bench.start.unwrap().induction_spacing), (false, Micros::ZERO));
    bench.open(3);
    bench.image.induction_limit = 45;
    bench.cycle();
    let start = bench.start.unwrap();
    assert_eq!((start.permit, start.induction_spacing), (true, Micros::new(1_333_334)));
    bench.image.permit = false;
    bench.cycle();
    assert!(!bench.start.unwrap().permit);
}

#[test]
fn a_belt_snapshot_is_left_alone_until_the_next_session() {
    let mut bench = Bench::new();
    assert_eq!(bench.belt().0, BeltHead { entries: 0, snapshot: 0 });
    let entry = |item: u16, ordered, fired| BeltEntry {
        item: ItemId::new(item),
        inducted_at: EncoderCount::new(u32::from(item) * 100_000),
        ordered,
        fired,
    };
    let first = vec![entry(4, None, false), entry(5, Some(ChuteId::new(17)), true)];
    bench.belt = first.clone();
    bench.happens(1);
    bench.happens(2);
    bench.open(7);
    assert_eq!(bench.belt(), (BeltHead { entries: 2, snapshot: 1 }, first.clone()));
    assert_eq!(bench.status().belt_at.get(), 2);
    bench.belt = vec![entry(6, None, false)];
    bench.happens(3);
    bench.cycles(5);
    bench.close();
    assert_eq!(bench.belt(), (BeltHead { entries: 2, snapshot: 1 }, first));
    bench.open(8);
    assert_eq!(bench.belt(), (BeltHead { entries: 1, snapshot: 2 }, bench.belt.clone()));
    assert_eq!(bench.status().belt_at.get(), 3);
}

#[test]
fn a_restart_forgets_everything_and_changes_the_boot_number() {
    let mut bench = Bench::in_session(7);
    bench.order(1);
    bench.happens(1);
    bench.out.scans.push(scanned(1, 0, 1));
    bench.cycles(3);
    assert_eq!(bench.status().boot, 1);
    bench.plc.restart();
    let status = bench.status();
    assert_eq!((status.boot, status.session_echo, status.events_published), (2, 0, Seq::NONE));
    assert_eq!(bench.belt().0, BeltHead { entries: 0, snapshot: 0 });
    // The host goes on as if nothing had happened.
    bench.cycles(20);
    let status = bench.status();
    assert_eq!((status.session_echo, status.order_ack, status.event_backlog), (0, Seq::NONE, 0));
    assert_eq!((status.scan_backlog, bench.taken.len()), (0, 1), "the order is not taken again");
    bench.open(8);
    assert_eq!(bench.taken.len(), 1);
    assert_eq!(bench.plc.counters().boots, 2);
}

#[test]
fn the_boot_number_wraps_past_0_and_0_stays() {
    for (boot, after) in [(65_535, 1), (0, 0)] {
        let mut bench = Bench::with(RegisterPlcConfig { boot, ..RegisterPlcConfig::default() });
        bench.plc.restart();
        assert_eq!((bench.plc.boot(), bench.status().boot), (after, after));
    }
}
