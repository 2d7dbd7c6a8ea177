//! Events and scan records.

use super::*;

#[test]
fn events_are_published_in_a_window_of_15_and_follow_the_acknowledgements() {
    let mut bench = Bench::in_session(7);
    for number in 0..40 {
        bench.happens(number);
    }
    bench.cycle();
    let status = bench.status();
    assert_eq!((status.events_published.get(), status.event_backlog), (15, 25));
    assert_eq!(bench.plant().at_event.get(), 40);
    bench.image.event_ack = Seq::new(4).unwrap();
    bench.cycle();
    let status = bench.status();
    assert_eq!((status.events_published.get(), status.event_backlog), (19, 21));
    assert_eq!(counts(&bench.window()), (4..19).collect::<Vec<_>>());
    assert_eq!(counts(&bench.drain().0), (4..40).collect::<Vec<_>>());
    assert_eq!(bench.status().event_backlog, 0);
}

#[test]
fn an_acknowledgement_outside_the_window_is_ignored() {
    let mut bench = Bench::in_session(7);
    for number in 0..20 {
        bench.happens(number);
        bench.out.scans.push(scanned(u16::try_from(number).unwrap() + 1, 0, 1));
    }
    bench.cycle();
    bench.image.event_ack = Seq::new(10).unwrap();
    bench.image.scan_ack = Seq::new(3).unwrap();
    bench.cycle();
    let before = (bench.status().events_published, bench.status().scans_published);
    assert_eq!((before.0.get(), before.1.get()), (20, 9));
    let mut words = [0; ORDER_WORDS];
    for ack in [0, 1, 9, 21, 60_000, 65_520, 65_521, 65_535] {
        bench.image.heartbeat += 1;
        bench.image.encode(&mut words);
        let scan_ack = if ack == 9 { 2 } else { ack };
        (words[2], words[3]) = (ack, scan_ack);
        bench.plc.write(128, &words).unwrap();
        bench.scan();
        assert_eq!(counts(&bench.window()), (10..20).collect::<Vec<_>>(), "after {ack}");
        assert_eq!(bench.scan_window().len(), 6, "after {scan_ack}");
    }
    assert_eq!(bench.plc.counters().ignored_acks, 16);
}

#[test]
fn without_a_session_events_are_kept_and_nothing_is_published() {
    let mut bench = Bench::in_session(7);
    bench.happens(0);
    bench.out.scans.push(scanned(1, 0, 1));
    bench.cycle();
    bench.close();
    bench.happens(1);
    bench.out.scans.push(scanned(2, 0, 1));
    bench.cycle();
    let status = bench.status();
    assert_eq!((status.events_published, status.event_backlog), (Seq::NONE, 2));
    assert_eq!((status.scans_published, status.scan_backlog), (Seq::NONE, 2));
    assert_eq!((status.belt_at, bench.plant().at_event), (Seq::NONE, Seq::NONE));
    assert_eq!(bench.status_image().events, [RawEvent::EMPTY; EVENT_SLOTS]);
    assert!(bench.scans().records.iter().all(|record| record.seq() == 0));
}

#[test]
fn opening_renumbers_what_is_not_acknowledged_and_loses_none() {
    let mut bench = Bench::in_session(7);
    for number in 0..30 {
        bench.happens(number);
        bench.out.scans.push(scanned(u16::try_from(number).unwrap() + 1, 0, 1));
    }
    bench.cycle();
    bench.image.event_ack = Seq::new(11).unwrap();
    bench.image.scan_ack = Seq::new(5).unwrap();
    bench.cycle();
    let (before, scans_before) = (bench.window(), bench.scan_window());
    bench.close();
    bench.happens(30);
    bench.open(8);
    let (after, scans_after) = (bench.window(), bench.scan_window());
    assert_eq!((after[0].seq.get(), scans_after[0].seq.get()), (1, 1));
    for (before, after) in before.iter().zip(&after) {
        assert!(RawEvent::of(before, HIGH).same_but_seq(&RawEvent::of(after, HIGH)));
    }
    assert_eq!(items(&scans_before), items(&scans_after));
    assert_eq!(bench.status().belt_at.get(), 20);
    let (events, scans) = bench.drain();
    assert_eq!(counts(&events), (11..31).collect::<Vec<_>>());
    assert_eq!(items(&scans), (6..=30).map(|item| (item, 0)).collect::<Vec<_>>());
}

#[test]
fn at_least_512_events_wait_behind_the_window_then_they_are_lost_until_the_session_closes() {
    let mut bench = Bench::in_session(7);
    for number in 0..15 + 512 {
        bench.happens(number);
    }
    bench.cycle();
    assert!(!bench.state().has(StateBits::EVENT_OVERFLOW));
    assert_eq!(bench.status().event_backlog, 512);
    let room = u32::try_from(event_store::LIMIT).unwrap() - 527;
    for number in 0..room {
        bench.happens(527 + number);
    }
    bench.cycle();
    assert!(!bench.state().has(StateBits::EVENT_OVERFLOW));
    bench.happens(9_999);
    bench.cycle();
    assert!(bench.state().has(StateBits::EVENT_OVERFLOW));
    // Room alone does not help: the rest of this session would have a hole.
    bench.order(1);
    let events = bench.drain().0;
    assert_eq!(counts(&events), (0..527 + room).collect::<Vec<_>>());
    bench.happens(10_000);
    bench.cycles(3);
    assert!(bench.state().has(StateBits::EVENT_OVERFLOW));
    assert!(bench.window().is_empty() && bench.taken.is_empty());
    assert_eq!(bench.plc.counters().lost_events, 2);
    bench.open(8);
    assert!(!bench.state().has(StateBits::EVENT_OVERFLOW));
    bench.happens(10_001);
    bench.order(1);
    bench.cycle();
    assert_eq!((counts(&bench.window()), bench.taken.len()), (vec![10_001], 1));
}

#[test]
fn sixty_scan_records_wait_behind_the_window_then_whole_items_are_dropped() {
    let mut bench = Bench::in_session(7);
    // 22 items of three records, the last of them one short.
    for item in 1..=22 {
        for index in 0..3 {
            bench.out.scans.push(scanned(item, index, 3));
        }
    }
    bench.out.scans.pop();
    bench.cycle();
    assert_eq!((bench.status().scans_published.get(), bench.status().scan_backlog), (6, 59));
    assert!(!bench.state().has(StateBits::SCAN_OVERFLOW));
    // The last place goes to item 23, so item 22 goes with its record that finds none. Items 24 and 25 find room
    // for their first records only.
    bench.out.scans.extend([scanned(23, 0, 2), scanned(22, 2, 3), scanned(23, 1, 2)]);
    for item in [24, 25] {
        bench.out.scans.extend([scanned(item, 0, 2), scanned(item, 1, 2)]);
    }
    bench.cycle();
    assert!(bench.state().has(StateBits::SCAN_OVERFLOW));
    assert!(!bench.state().has(StateBits::EVENT_OVERFLOW));
    bench.order(1);
    let scans = bench.drain().1;
    assert_eq!(bench.taken.len(), 1, "a scan overflow stops nothing else");
    let mut expected: Vec<_> = (1..=21).flat_map(|item| [(item, 0), (item, 1), (item, 2)]).collect();
    expected.extend([(23, 0), (23, 1)]);
    assert_eq!(items(&scans), expected);
    assert_eq!(bench.plc.counters().lost_scans, 3 + 2 + 2);
    assert!(bench.state().has(StateBits::SCAN_OVERFLOW));
    bench.open(8);
    assert!(!bench.state().has(StateBits::SCAN_OVERFLOW));
}

#[test]
fn records_that_the_host_may_have_taken_are_never_dropped() {
    let mut bench = Bench::in_session(7);
    for item in 1..=6 {
        bench.out.scans.push(scanned(item, 0, 2));
    }
    bench.cycle();
    for item in 7..=66 {
        bench.out.scans.push(scanned(item, 0, 1));
    }
    bench.cycle();
    bench.close();
    // The second record of item 3 comes without room: its first was published, so the last item goes instead.
    bench.out.scans.push(scanned(3, 1, 2));
    bench.open(8);
    let scans = items(&bench.drain().1);
    assert_eq!((scans.len(), scans[2], scans[64], scans[65]), (66, (3, 0), (65, 0), (3, 1)));
}

#[test]
fn event_and_scan_numbers_wrap_within_a_session() {
    let mut bench = Bench::in_session(7);
    let (mut number, mut records) = (0, 0);
    // As many of each as the smaller window holds.
    for _ in 0..Seq::LAST / 6 + 2 {
        for _ in 0..6 {
            bench.happens(number);
            bench.out.scans.push(scanned(u16::try_from(number % 60_000).unwrap() + 1, 0, 1));
            number += 1;
        }
        bench.cycle();
        let (events, scans) = (bench.window(), bench.scan_window());
        assert_eq!((events.len(), scans.len()), (6, 6));
        assert_eq!(counts(&events), (records..records + 6).collect::<Vec<_>>());
        records += 6;
        bench.image.event_ack = events[5].seq;
        bench.image.scan_ack = scans[5].seq;
    }
    assert_eq!((bench.image.event_ack.get(), bench.image.scan_ack.get()), (12, 12));
}
