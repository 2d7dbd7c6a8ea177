//! When a link tries again.

use std::io;
use std::time::Duration;

use sorter_core::units::Micros;
use sorter_plc::link::{Dial, Link, LinkConfig, LinkFault};
use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::server::{CYCLE, STATUS, connected, exchange, link_refused, words};

#[tokio::test(start_paused = true)]
async fn tries_at_once_then_after_50_ms_doubling_to_2_s() {
    let (mut link, mut far) = link_refused(LinkConfig::default(), 10);
    let begun = Instant::now();
    let mut before = begun;
    for base in [0, 50, 100, 200, 400, 800, 1600, 1600, 1600, 1600] {
        let error = link.connect().await.unwrap_err();
        assert!(matches!(error.fault, LinkFault::Connect(_)));
        assert_eq!(error.to_string(), "unit 17: the connection could not be opened");
        let at = far.attempts.recv().await.unwrap();
        let waited = at - before;
        let most = Duration::from_millis(base + base / 4 + 1);
        assert!(waited >= Duration::from_millis(base) && waited <= most, "{waited:?} for {base} ms");
        assert!(waited <= Duration::from_secs(2) + Duration::from_millis(1));
        before = at;
    }
    link.connect().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn backs_off_from_a_server_that_accepts_and_never_answers() {
    let (mut link, mut far) = link_refused(LinkConfig::default(), 0);
    let mut waits = Vec::new();
    for _ in 0..6 {
        let lost = Instant::now();
        link.connect().await.unwrap();
        waits.push(lost.elapsed().as_millis());
        let mut server = far.next().await;
        let (outcome, _) = exchange(&mut link, &STATUS, server.expect(3)).await;
        assert!(matches!(outcome.unwrap_err().fault, LinkFault::Deadline(_)));
    }
    assert_eq!(waits[0], 0);
    assert!(waits.windows(2).skip(1).all(|pair| pair[1] > pair[0] * 3 / 2), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn reconnects_at_once_after_a_connection_that_worked() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    for _ in 0..5 {
        for _ in 0..2 {
            let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| words(asked, 0))).await;
            outcome.unwrap();
        }
        drop(server);
        exchange(&mut link, &STATUS, async {}).await.0.unwrap_err();
        let lost = Instant::now();
        link.connect().await.unwrap();
        assert_eq!(lost.elapsed(), Duration::ZERO);
        server = far.next().await;
    }
}

#[tokio::test(start_paused = true)]
async fn backs_off_from_a_server_that_answers_one_read_and_no_write() {
    let (mut link, mut far) = link_refused(LinkConfig::default(), 0);
    let mut waits = Vec::new();
    for _ in 0..7 {
        let lost = Instant::now();
        link.connect().await.unwrap();
        waits.push(lost.elapsed().as_millis());
        let mut server = far.next().await;
        let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| words(asked, 0))).await;
        outcome.unwrap();
        let reset = async {
            server.expect(16).await;
            drop(server);
        };
        exchange(&mut link, &CYCLE, reset).await.0.unwrap_err();
    }
    assert_eq!(waits[..2], [0, 0], "it is tried again at once the first time");
    let bases = [50, 100, 200, 400, 800];
    for (waited, base) in waits[2..].iter().zip(bases) {
        assert!((base..=base + base / 4 + 1).contains(waited), "{waits:?}");
    }
}

/// Never gets through.
struct Hole;

impl Dial for Hole {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up_a_connect_after_its_timeout() {
    let config = LinkConfig { connect_timeout: Micros::from_millis(250), ..LinkConfig::default() };
    let mut link = Link::new(Hole, config, 1);
    let begun = Instant::now();
    let error = link.connect().await.unwrap_err();
    assert_eq!(error.to_string(), "unit 1: the connection was not open within 250 ms");
    assert_eq!(begun.elapsed(), Duration::from_millis(250));
    assert!(!link.is_connected());
}
