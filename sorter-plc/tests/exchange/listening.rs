//! Watching the session of another host.

use sorter_plc::codec::OrderImage;
use sorter_plc::contract::Seq;
use sorter_plc::exchange::{Notice, SessionState, Stream};
use sorter_plc::register_map::{BlockId, ORDER_WORDS};

use super::rig::{Call, Rig};

/// The host that has the session: it acknowledges whatever is there.
struct Other {
    session: u16,
    heartbeat: u16,
    /// How far it has acknowledged; `None` acknowledges nothing.
    acknowledges: bool,
}

impl Other {
    fn new() -> Self {
        Self { session: 0, heartbeat: 0, acknowledges: true }
    }

    fn write(&mut self, rig: &mut Rig) {
        self.heartbeat = self.heartbeat.wrapping_add(1);
        let status =
            rig.plc.read(sorter_plc::request::Span { block: BlockId::Status, offset: 0, words: 121 });
        let status = status.unwrap();
        let acks = self.acknowledges && status[5] == self.session && self.session != 0;
        let ack = |word: usize| if acks { Seq::new(status[word]).unwrap() } else { Seq::NONE };
        let image = OrderImage {
            session: self.session,
            heartbeat: self.heartbeat,
            event_ack: ack(16),
            scan_ack: ack(18),
            permit: true,
            ..OrderImage::default()
        };
        let mut words = [0; ORDER_WORDS];
        image.encode(&mut words);
        rig.plc.write(&words);
    }

    fn cycles(&mut self, rig: &mut Rig, cycles: u32) {
        for _ in 0..cycles {
            self.write(rig);
            rig.cycle();
        }
    }

    /// Opens a session while nobody listens.
    fn open(&mut self, rig: &mut Rig, session: u16) {
        for word in [0, session] {
            self.session = word;
            for _ in 0..3 {
                self.write(rig);
                rig.plc.scan();
            }
        }
        assert_eq!(rig.plc.echo, session);
    }
}

#[test]
fn a_listener_writes_nothing_and_is_never_live_to_order() {
    let mut rig = Rig::listening();
    let mut other = Other::new();
    other.cycles(&mut rig, 5);
    assert_eq!(rig.exchange.state(), SessionState::Looking);
    other.session = 77;
    rig.plc.put_on_belt(5);
    rig.host.wishes.push_back(1);
    other.cycles(&mut rig, 10);
    assert_eq!((rig.exchange.state(), rig.exchange.session()), (SessionState::Live, 77));
    assert_eq!(rig.host.belts(), [rig.plc.belt.clone()]);
    rig.plc.induct(1);
    rig.plc.read_code(1);
    other.cycles(&mut rig, 10);
    assert_eq!((rig.host.event_items(), rig.host.scan_items()), (vec![1], vec![1]));
    assert_eq!(rig.images(), []);
    for call in &rig.host.calls {
        assert!(!matches!(call, Call::Poll { accepts: true, .. }));
    }
}

#[test]
fn a_listener_that_comes_late_joins_where_the_windows_stand() {
    let mut rig = Rig::listening();
    let mut other = Other::new();
    rig.plc.put_on_belt(5);
    other.open(&mut rig, 77);
    for item in 1..=100 {
        rig.plc.induct(item);
        other.write(&mut rig);
        rig.plc.scan();
    }
    other.cycles(&mut rig, 5);
    assert_eq!(rig.host.belts(), [vec![]], "the snapshot is of the past");
    let items = rig.host.event_items();
    assert_eq!(items.last(), Some(&100));
    assert!(items.windows(2).all(|pair| pair[1] == pair[0] + 1));
    rig.plc.induct(101);
    other.cycles(&mut rig, 3);
    assert_eq!(rig.host.event_items().last(), Some(&101));
    assert_eq!(rig.exchange.counters().missed_events, 0);
}

#[test]
fn a_listener_counts_what_it_came_too_late_for() {
    let mut rig = Rig::listening();
    let mut other = Other::new();
    other.open(&mut rig, 77);
    other.cycles(&mut rig, 5);
    for item in 1..=40 {
        rig.plc.induct(item);
        rig.plc.read_code(item);
        other.write(&mut rig);
        rig.plc.scan();
    }
    other.cycles(&mut rig, 5);
    assert_eq!(rig.host.event_items(), (26..=40).collect::<Vec<_>>());
    assert_eq!(rig.host.scan_items(), (35..=40).collect::<Vec<_>>());
    let counters = rig.exchange.counters();
    assert_eq!((counters.missed_events, counters.missed_scans), (25, 34));
    assert_eq!(rig.exchange.take_notice(), Some(Notice::Missed { stream: Stream::Events, count: 25 }));
    assert_eq!(rig.faults, []);
}

#[test]
fn a_listener_follows_from_session_to_session_and_drops_what_comes_again() {
    let mut rig = Rig::listening();
    let mut other = Other::new();
    other.open(&mut rig, 77);
    other.acknowledges = false;
    for item in 1..=5 {
        rig.plc.induct(item);
    }
    other.cycles(&mut rig, 5);
    assert_eq!(rig.host.event_items(), [1, 2, 3, 4, 5]);
    other.session = 0;
    other.cycles(&mut rig, 5);
    assert_eq!(rig.exchange.state(), SessionState::Looking);
    other.session = 78;
    rig.plc.induct(6);
    other.cycles(&mut rig, 10);
    assert_eq!(rig.host.event_items(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(rig.exchange.counters().repeated_events, 5);
    assert_eq!((rig.host.belts().len(), rig.exchange.session()), (2, 78));
}

#[test]
fn a_listener_is_told_of_a_restart() {
    let mut rig = Rig::listening();
    let mut other = Other::new();
    other.open(&mut rig, 77);
    other.cycles(&mut rig, 5);
    rig.plc.restart();
    other.cycles(&mut rig, 2);
    assert_eq!(rig.host.restarts(), 1);
    assert_eq!(rig.exchange.state(), SessionState::Looking);
}
