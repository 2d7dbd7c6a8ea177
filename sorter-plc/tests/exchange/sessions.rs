//! How sessions open, are kept and end.

use sorter_core::ids::ChuteId;
use sorter_core::units::Micros;
use sorter_plc::contract::{Event, Seq};
use sorter_plc::exchange::{ExchangeConfig, ExchangeFault, PerMinute, SessionState};
use sorter_plc::register_map::BlockId;

use super::rig::{Asked, Call, Fate, Rig};

#[test]
fn reads_status_before_it_writes() {
    let mut rig = Rig::new();
    assert_eq!(rig.exchange.state(), SessionState::Disconnected);
    rig.cycle();
    assert!(matches!(rig.asked[0], Asked::Read(span) if span.block == BlockId::Status && span.words == 121));
    assert!(matches!(rig.asked[1], Asked::Cycle { image, may_probe: true } if image.session == 0));
}

#[test]
fn opens_a_session_through_zero() {
    let mut rig = Rig::live();
    rig.cycles(3);
    let images = rig.images();
    let zeros = images.iter().take_while(|image| image.session == 0).count();
    assert!(zeros > 5, "session 0 was written {zeros} times");
    let session = rig.exchange.session();
    assert!(images[zeros..].iter().all(|image| image.session == session));
    for image in &images[..zeros] {
        assert_eq!((image.event_ack, image.scan_ack, image.permit), (Seq::NONE, Seq::NONE, false));
        assert!(image.orders.iter().all(|order| order.0 == [0; 6]));
    }
    assert_eq!(rig.faults, []);
    assert_eq!(rig.exchange.counters().resyncs, 1);
}

#[test]
fn only_a_cycle_that_writes_session_0_may_probe() {
    let mut rig = Rig::live();
    rig.cycles(3);
    for asked in &rig.asked {
        if let Asked::Cycle { image, may_probe } = asked {
            assert_eq!(*may_probe, image.session == 0);
        }
    }
}

#[test]
fn the_heartbeat_moves_in_every_cycle_and_wraps() {
    let mut rig = Rig::new();
    rig.host.forgetful = true;
    rig.cycles(66_000);
    let beats: Vec<u16> = rig.images().iter().map(|image| image.heartbeat).collect();
    assert!(beats.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)));
    assert!(beats.contains(&0));
    assert_eq!(rig.exchange.state(), SessionState::Live);
    assert_eq!(rig.exchange.counters().sessions, 1, "no wrap disturbs a session");
}

#[test]
fn closing_waits_for_five_scans_of_a_slow_plc() {
    let mut rig = Rig::new();
    rig.cycles_in_scan = 7;
    rig.until(SessionState::Opening);
    let zeros = rig.images().iter().filter(|image| image.session == 0).count();
    assert!(zeros >= 5 * 7, "session 0 was written {zeros} times");
    rig.until(SessionState::Live);
    assert_eq!(rig.faults, []);
}

#[test]
fn closing_waits_until_the_old_session_is_closed() {
    let mut rig = Rig::new();
    rig.plc.echo = 999;
    rig.plc.running = false;
    rig.plc.publish();
    rig.cycles(400);
    assert_eq!(rig.exchange.state(), SessionState::Closing);
    assert!(rig.images().iter().all(|image| image.session == 0));
    let waits = "plc still serves session 999 after 1100000 us of session 0 and 0 scans";
    assert_eq!(rig.faults[0].to_string(), waits);
    rig.plc.running = true;
    rig.until(SessionState::Live);
}

#[test]
fn closing_waits_for_a_plc_that_scans_and_does_not_close() {
    let mut rig = Rig::new();
    rig.mangle = Some(Box::new(|block, words| {
        if block == BlockId::Status {
            words[5] = 999;
        }
    }));
    rig.cycles(40);
    assert_eq!(rig.exchange.state(), SessionState::Closing);
    rig.mangle = None;
    rig.until(SessionState::Live);
}

#[test]
fn begins_again_at_zero_when_no_echo_comes() {
    let mut rig = Rig::new();
    rig.plc.deaf = true;
    rig.until(SessionState::Opening);
    let first = rig.exchange.session();
    let cycles = rig.until(SessionState::Closing);
    assert!((99..=101).contains(&cycles), "opening lasted {cycles} cycles of 10 ms");
    let expected = format!("plc did not take session {first} within 1000000 us, session echo is 0");
    assert_eq!(rig.fault(), expected);
    assert_eq!(rig.exchange.session(), 0);
    rig.until(SessionState::Opening);
    assert_ne!(rig.exchange.session(), first, "a new session has a new number");
    rig.plc.deaf = false;
    rig.until(SessionState::Live);
}

#[test]
fn a_slow_host_gives_the_plc_five_periods_to_echo() {
    let period = Micros::from_secs(1);
    let watchdog = Micros::from_secs(6);
    let mut rig = Rig::with(ExchangeConfig { period, watchdog, ..ExchangeConfig::default() });
    rig.until(SessionState::Live);
    assert_eq!(rig.faults, []);
}

#[test]
fn takes_nothing_before_the_echo() {
    let mut rig = Rig::new();
    rig.plc.put_on_belt(190);
    for item in 1..=20 {
        rig.plc.induct(item);
    }
    rig.until(SessionState::Opening);
    rig.plc.deaf = true;
    // A PLC that shows records without serving the session is not believed.
    rig.plc.echo = 0;
    rig.cycles(5);
    assert_eq!(rig.host.calls, []);
    rig.plc.deaf = false;
    rig.until(SessionState::ReadingBelt);
    assert_eq!(rig.host.event_items(), Vec::<u16>::new());
    rig.until(SessionState::Live);
    assert_eq!(rig.host.event_items(), (1..=20).collect::<Vec<_>>());
}

#[test]
fn resyncs_between_the_events_of_the_snapshot_and_those_after_it() {
    let mut rig = Rig::new();
    rig.plc.put_on_belt(190);
    for item in 1..=20 {
        rig.plc.induct(item);
    }
    rig.until(SessionState::ReadingBelt);
    for item in 21..=25 {
        rig.plc.induct(item);
    }
    rig.host.wishes.extend([5, 6]);
    rig.until(SessionState::Live);
    rig.cycles(3);
    let resync = rig.host.calls.iter().position(|call| matches!(call, Call::Resync(_))).unwrap();
    let items = |calls: &[Call]| {
        let events = calls.iter().filter_map(|call| match call {
            Call::Poll { events, .. } => Some(events.iter().map(|event| event.item.get())),
            _ => None,
        });
        events.flatten().collect::<Vec<_>>()
    };
    assert_eq!(items(&rig.host.calls[..resync]), (1..=20).collect::<Vec<_>>());
    assert_eq!(items(&rig.host.calls[resync..]), (21..=25).collect::<Vec<_>>());
    for call in &rig.host.calls[..resync] {
        assert!(matches!(call, Call::Poll { accepts: false, .. }));
    }
    for call in &rig.host.calls[resync + 1..] {
        assert!(matches!(call, Call::Poll { accepts: true, .. }));
    }
    assert_eq!(rig.host.belts()[0], rig.plc.belt);
    let taken: Vec<u16> = rig.plc.taken.iter().map(|(_, order)| order.item.get()).collect();
    assert_eq!(taken, [5, 6]);
}

#[test]
fn induction_is_permitted_in_a_live_session_only() {
    let mut rig = Rig::new();
    rig.plc.put_on_belt(180);
    rig.exchange.set_induction_limit(PerMinute::new(90));
    rig.until(SessionState::Live);
    assert!(rig.images().iter().all(|image| !image.permit));
    rig.cycle();
    assert!(rig.images().last().unwrap().permit);
    assert_eq!(rig.images().last().unwrap().induction_limit, 90);
    rig.exchange.set_permit(false);
    rig.cycle();
    assert!(!rig.images().last().unwrap().permit);
}

#[test]
fn a_reconnection_goes_on_with_the_session() {
    let mut rig = Rig::live();
    let session = rig.exchange.session();
    rig.plc.induct(1);
    rig.cycle();
    for fate in [Fate::LostOnTheWay, Fate::LostOnTheWayBack] {
        rig.plc.induct(2);
        rig.fates.push((BlockId::Status, fate));
        rig.cycle();
        assert_eq!(rig.exchange.state(), SessionState::Disconnected);
        rig.now = rig.now + Micros::from_secs(5);
        rig.asked.clear();
        rig.cycle();
        assert!(matches!(rig.asked[0], Asked::Read(span) if span.block == BlockId::Status));
        assert!(matches!(rig.asked[1], Asked::Cycle { image, .. } if image.session == session));
        assert_eq!(rig.exchange.state(), SessionState::Live);
    }
    rig.cycles(3);
    assert_eq!(rig.host.event_items(), [1, 2, 2]);
    assert_eq!((rig.exchange.counters().sessions, rig.exchange.counters().cuts), (1, 2));
    assert_eq!(rig.faults, []);
}

#[test]
fn a_cut_while_closing_counts_the_periods_anew() {
    let mut rig = Rig::new();
    rig.cycles(4);
    rig.fates.push((BlockId::Status, Fate::LostOnTheWay));
    rig.cycle();
    rig.asked.clear();
    rig.until(SessionState::Opening);
    assert!(rig.images().iter().filter(|image| image.session == 0).count() > 5);
}

#[test]
fn an_echo_of_zero_with_the_same_boot_is_no_restart() {
    let mut rig = Rig::live();
    let session = rig.exchange.session();
    rig.plc.close();
    rig.cycle();
    assert_eq!(rig.fault(), format!("plc closed session {session}"));
    assert_eq!(rig.exchange.state(), SessionState::Closing);
    rig.until(SessionState::Live);
    assert_ne!(rig.exchange.session(), session);
    assert_eq!((rig.host.restarts(), rig.host.belts().len()), (0, 2));
    assert_eq!(rig.exchange.counters().closed_by_plc, 1);
}

#[test]
fn a_new_boot_is_told_before_the_events_of_the_new_session() {
    let mut rig = Rig::live();
    let session = rig.exchange.session();
    let encoder = rig.plc.encoder;
    rig.plc.induct(1);
    rig.cycle();
    rig.plc.restart();
    rig.plc.encoder = encoder;
    rig.plc.induct(1);
    rig.cycle();
    assert_eq!(rig.fault(), "plc restarted: boot is 4, was 3, session echo is 0");
    assert_eq!(rig.host.calls.last(), Some(&Call::Restarted));
    rig.until(SessionState::Live);
    assert_ne!(rig.exchange.session(), session);
    assert_eq!(rig.host.event_items(), [1, 1], "what a new boot tells was never told before");
    assert_eq!(rig.host.restarts(), 1);
}

#[test]
fn a_restart_while_the_link_was_cut_is_seen_before_anything_is_written() {
    let mut rig = Rig::live();
    rig.exchange.cut(rig.now);
    rig.plc.restart();
    rig.asked.clear();
    rig.cycle();
    assert_eq!(rig.host.calls.last(), Some(&Call::Restarted));
    assert!(matches!(rig.asked[1], Asked::Cycle { image, .. } if image.session == 0));
}

#[test]
fn a_session_that_was_closed_while_the_link_was_cut_is_not_written_again() {
    let mut rig = Rig::live();
    rig.exchange.cut(rig.now);
    rig.plc.close();
    rig.asked.clear();
    rig.cycle();
    assert!(matches!(rig.asked[1], Asked::Cycle { image, .. } if image.session == 0));
    assert_eq!(rig.host.restarts(), 0);
}

#[test]
fn a_cut_while_opening_goes_on_with_the_same_session() {
    let mut rig = Rig::new();
    rig.until(SessionState::Opening);
    let session = rig.exchange.session();
    rig.fates.push((BlockId::Status, Fate::LostOnTheWayBack));
    rig.cycle();
    rig.until(SessionState::Live);
    assert_eq!(rig.exchange.session(), session);
}

#[test]
fn without_a_boot_word_the_echo_tells_of_a_restart() {
    let mut rig = Rig::new();
    rig.plc.boot = 0;
    rig.plc.publish();
    rig.until(SessionState::Live);
    assert_eq!(rig.host.restarts(), 0);
    rig.plc.restart();
    rig.cycle();
    assert_eq!(rig.host.restarts(), 1);
    assert_eq!(rig.fault(), "plc restarted: boot is 0, was 0, session echo is 0");
    rig.until(SessionState::Live);
    assert_eq!(rig.host.restarts(), 1, "a restart is told once");
}

#[test]
fn the_session_of_another_host_ends_this_one() {
    let mut rig = Rig::live();
    let session = rig.exchange.session();
    rig.plc.echo = session ^ 1;
    rig.plc.publish();
    rig.cycle();
    let foreign = ExchangeFault::ForeignSession { echo: session ^ 1, session };
    assert_eq!(rig.faults, [foreign]);
    assert_eq!(rig.exchange.counters().foreign, 1);
    rig.until(SessionState::Live);
}

#[test]
fn the_session_word_never_goes_from_one_session_to_another() {
    let mut rig = Rig::new();
    for _ in 0..6 {
        rig.until(SessionState::Live);
        rig.plc.report(0, Event::Chute { chute: ChuteId::new(1) });
        rig.cycles(3);
        rig.plc.close();
        rig.until(SessionState::Closing);
    }
    let words: Vec<u16> = rig.images().iter().map(|image| image.session).collect();
    let mut held = 0;
    for pair in words.windows(2) {
        held += 1;
        if pair[0] != pair[1] {
            assert!(pair[0] == 0 || pair[1] == 0, "went from {} to {}", pair[0], pair[1]);
            assert!(held > 2, "a session word was written {held} times");
            held = 0;
        }
    }
}
