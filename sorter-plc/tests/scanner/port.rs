//! The port over in-memory streams, under virtual time.

use std::collections::VecDeque;
use std::future::pending;
use std::io;

use sorter_core::ids::{EyeId, ItemId};
use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Micros, Pulses};
use sorter_plc::contract::{Event, EventRecord, Order, ScanData, ScanRecord, Seq, Status};
use sorter_plc::controller::Inputs;
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{Dial, TcpDial};
use sorter_plc::scanner::{
    Binder, BinderConfig, FrameRefusal, Loss, PortConfig, PortReport, Refusal, ScannerFeed, TcpAccept,
    TelegramFormat, WithScanner, scanner_port,
};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, advance};

/// Gives out prepared streams; after them nobody answers.
struct Prepared(VecDeque<DuplexStream>);

impl Dial for Prepared {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        match self.0.pop_front() {
            Some(stream) => Ok(stream),
            None => pending().await,
        }
    }
}

/// A port on so many streams; the scanner's ends of them, and the feed.
///
/// When the streams are used up the report stands still for a minute.
fn port(config: PortConfig, streams: usize) -> (Vec<DuplexStream>, ScannerFeed) {
    let (near, far): (Vec<_>, Vec<_>) = (0..streams).map(|_| duplex(1 << 16)).unzip();
    let config = PortConfig { connect_timeout: Micros::from_secs(60), ..config };
    let (port, feed) = scanner_port(Prepared(near.into()), config, 1);
    tokio::spawn(port.run());
    (far, feed)
}

async fn until(
    report: &mut watch::Receiver<PortReport>,
    reached: impl FnMut(&PortReport) -> bool,
) -> PortReport {
    report.wait_for(reached).await.unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn telegrams_come_out_whole_however_the_bytes_arrive() {
    let (mut scanner, mut feed) = port(PortConfig::default(), 1);
    for byte in b"\x021;100;1;AB@5\x03\x02\x03\x022;200;0;NOREAD\x03" {
        scanner[0].write_all(&[*byte]).await.unwrap();
    }
    let report = until(&mut feed.watch(), |report| report.counters.telegrams == 2).await;
    assert_eq!((report.counters.heartbeats, report.counters.refusals()), (1, 0));
    assert_eq!(feed.next_telegram().unwrap().codes()[0].bytes(), b"AB");
    assert!(feed.next_telegram().unwrap().codes().is_empty());
    assert!(feed.next_telegram().is_none());
}

#[tokio::test(start_paused = true)]
async fn refused_telegrams_are_counted_by_kind_and_stop_nothing() {
    let (mut scanner, mut feed) = port(PortConfig::default(), 1);
    scanner[0].write_all(b"\x021;x;0\x03rubbish\x02cut\x021;1;2;AB@5\x03\x023;300;1;CD@5\x03").await.unwrap();
    let report = until(&mut feed.watch(), |report| report.counters.telegrams == 1).await;
    assert_eq!(report.counters.refusals(), 4);
    let texts: Vec<String> = report.last_refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "field 2 (encoder) is 'x', a number from 0 to 4294967295 is expected: '1;x;0'",
            "7 bytes stand outside of any telegram",
            "telegram was cut after 3 bytes by the start of the next one",
            "telegram says 2 codes and carries 1: '1;1;2;AB@5'",
        ]
    );
    assert_eq!(feed.next_telegram().unwrap().codes()[0].bytes(), b"CD");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_rubbish_costs_its_connection_and_the_next_one_is_waited_for() {
    let (mut scanners, feed) = port(PortConfig::default(), 40);
    let mut report = feed.watch();
    let begin = Instant::now();
    let mut last = begin;
    for (n, scanner) in scanners.iter_mut().take(8).enumerate() {
        let _ = scanner.write_all(&b"\x02no telegram\x03".repeat(40)).await;
        until(&mut report, |report| report.counters.losses == n as u64 + 1).await;
        let now = Instant::now();
        // The wait before the connection, which no good telegram made shorter.
        let base = [0, 50, 100, 200, 400, 800, 1_600, 1_600][n];
        let waited = (now - last).as_millis();
        assert!((base..=base + base / 4 + 1).contains(&waited), "wait {n}: {waited} ms");
        last = now;
    }
    let report = report.borrow().clone();
    assert_eq!(report.last_loss, Some(Loss::Rubbish { telegrams: 32, bytes: 32 * 11 }));
    assert_eq!(report.counters.refusals(), 8 * 32);
    assert_eq!(report.last_refused.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn rubbish_without_any_frame_is_bounded_too() {
    let config = PortConfig { most_rubbish: 5_000, ..PortConfig::default() };
    let (mut scanner, feed) = port(config, 1);
    scanner[0].write_all(&[b'A'; 10_000]).await.unwrap();
    let report = until(&mut feed.watch(), |report| report.counters.losses == 1).await;
    assert!(
        matches!(report.last_loss, Some(Loss::Rubbish { telegrams: 5, bytes: 5_120 })),
        "{:?}",
        report.last_loss
    );
    assert_eq!(report.last_refused[0].refusal, Refusal::Frame(FrameRefusal::Stray { received: 1_024 }));
}

#[tokio::test(start_paused = true)]
async fn a_good_telegram_lets_the_next_loss_be_dialled_at_once() {
    let (mut scanners, feed) = port(PortConfig::default(), 2);
    let mut report = feed.watch();
    let mut first = scanners.remove(0);
    first.write_all(b"\x021;1;0\x03\x022;").await.unwrap();
    until(&mut report, |report| report.counters.telegrams == 1).await;
    let begin = Instant::now();
    drop(first);
    let lost = until(&mut report, |report| report.counters.losses == 1).await;
    assert_eq!(lost.last_loss, Some(Loss::Closed { within_telegram: true }));
    until(&mut report, |report| report.counters.connections == 2).await;
    assert!(Instant::now() - begin < Duration::from_millis(2));
}

#[tokio::test(start_paused = true)]
async fn single_bytes_do_not_extend_the_time_of_a_telegram() {
    let (mut scanner, feed) = port(PortConfig::default(), 1);
    let report = feed.watch();
    for byte in b"\x021;1;1;" {
        let _ = scanner[0].write_all(&[*byte]).await;
        advance(Duration::from_millis(300)).await;
        tokio::task::yield_now().await;
    }
    let loss = report.borrow().last_loss;
    assert_eq!(loss, Some(Loss::Unfinished { limit: Micros::from_secs(1) }));
}

#[tokio::test(start_paused = true)]
async fn a_scanner_that_falls_silent_is_dialled_again() {
    let config = PortConfig { silence: Some(Micros::from_secs(5)), ..PortConfig::default() };
    let (mut scanner, feed) = port(config, 1);
    let mut report = feed.watch();
    until(&mut report, |report| report.is_connected).await;
    advance(Duration::from_secs(4)).await;
    scanner[0].write_all(b"\x02\x03").await.unwrap();
    until(&mut report, |report| report.counters.heartbeats == 1).await;
    let begin = Instant::now();
    let report = until(&mut report, |report| report.counters.losses == 1).await;
    assert_eq!(report.last_loss, Some(Loss::Silence { limit: Micros::from_secs(5) }));
    assert!((4_999..=5_002).contains(&(Instant::now() - begin).as_millis()));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_made_in_time_is_given_up() {
    let (port, feed) = scanner_port(Prepared(VecDeque::new()), PortConfig::default(), 1);
    let task = tokio::spawn(port.run());
    let report = until(&mut feed.watch(), |report| report.counters.losses == 2).await;
    assert_eq!(
        report.last_loss.unwrap().to_string(),
        "scanner did not accept a connection within 1000000 us"
    );
    drop(feed);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_holds_the_scanner_up_and_loses_nothing() {
    let config = PortConfig { queue: 2, ..PortConfig::default() };
    let (near, mut far) = duplex(64);
    let (port, mut feed) = scanner_port(Prepared([near].into()), config, 1);
    tokio::spawn(port.run());
    let writer = tokio::spawn(async move {
        for n in 0..100 {
            far.write_all(format!("\x02{n};{n};0\x03").as_bytes()).await.unwrap();
        }
        far
    });
    let mut report = feed.watch();
    until(&mut report, |report| report.counters.held_up == 1).await;
    assert!(!writer.is_finished());
    let mut taken = 0;
    while taken < 100 {
        match feed.next_telegram() {
            Some(telegram) => {
                assert_eq!(telegram.trigger.get(), taken);
                taken += 1;
            }
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(feed.report().counters.refusals(), 0);
}

/// Keeps the scans that it is given.
#[derive(Default)]
struct Recorder(Vec<ScanRecord>);

impl Host for Recorder {
    fn plc_restarted(&mut self, _: Micros) {}
    fn poll(&mut self, _: Micros, inputs: &Inputs<'_>, _: &mut Vec<Order>) {
        self.0.extend_from_slice(inputs.scans);
    }
    fn resync(&mut self, _: Micros, _: &Resync<'_>) {}
}

#[tokio::test(start_paused = true)]
async fn the_host_behind_sees_the_reads_as_scans_of_its_items() {
    let (mut scanner, feed) = port(PortConfig::default(), 1);
    scanner[0].write_all(b"\x021;300;2;LP263072004SG@210;LP00239506206926@230\x03").await.unwrap();
    until(&mut feed.watch(), |report| report.counters.telegrams == 1).await;
    let binder =
        Binder::new(BinderConfig::default(), &TelegramFormat::default(), &Layout::line_100()).unwrap();
    let mut host = WithScanner::new(Recorder::default(), feed, binder);
    let inducted = EventRecord {
        seq: Seq::NONE.next(),
        item: ItemId::new(7),
        encoder: EncoderCount::new(0),
        event: Event::Inducted { eye: EyeId::new(0), length: Pulses::new(40) },
    };
    for pulses in 340..500 {
        let status = Status { encoder: EncoderCount::new(pulses), ..Status::default() };
        let events = if pulses == 340 { &[inducted][..] } else { &[] };
        let inputs = Inputs { status: &status, events, scans: &[], plant: None, accepts_orders: true };
        host.poll(Micros::ZERO, &inputs, &mut Vec::new());
    }
    let records = &host.inner().0;
    assert_eq!(records.len(), 2);
    for (index, record) in (0..).zip(records) {
        assert_eq!((record.item, record.index, record.count), (ItemId::new(7), index, 2));
        assert!(matches!(record.data, ScanData::Code(_)));
    }
    assert_eq!(host.binder_counters().read_items, 1);
    assert!(host.port_report().is_connected);
}

#[tokio::test]
async fn a_scanner_on_the_network_is_dialled_and_one_that_dials_is_accepted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dial = TcpDial::new(listener.local_addr().unwrap());
    let (port, dialled) = scanner_port(dial, PortConfig::default(), 1);
    tokio::spawn(port.run());
    let (mut scanner, _) = listener.accept().await.unwrap();
    scanner.write_all(b"\x021;1;0\x03").await.unwrap();
    until(&mut dialled.watch(), |report| report.counters.telegrams == 1).await;

    let accept = TcpAccept::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = accept.address().unwrap();
    let (port, accepted) = scanner_port(accept, PortConfig::default(), 1);
    tokio::spawn(port.run());
    for telegrams in 1..=2 {
        let mut scanner = TcpStream::connect(address).await.unwrap();
        scanner.write_all(format!("\x02{telegrams};1;0\x03").as_bytes()).await.unwrap();
        until(&mut accepted.watch(), |report| report.counters.telegrams == telegrams).await;
    }
}
