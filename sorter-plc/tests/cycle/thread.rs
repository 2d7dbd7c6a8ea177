//! The cycle thread over loopback. Nothing here asserts how long something takes.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use sorter_core::units::Micros;
use sorter_plc::contract::Order;
use sorter_plc::controller::{Attended, Controller, Inputs};
use sorter_plc::cycle::{
    Core, CycleConfig, CycleEnd, CycleThread, FifoPriority, Outcome, RefusedKind, Running, Scheduling,
    Sorter, StartError,
};
use sorter_plc::exchange::{ExchangeConfig, SessionState};
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{LinkConfig, TcpDial};
use tokio::task::LocalSet;

use super::plc::{Counting, Served23};

/// A PLC on a thread of its own that serves as many connections as come; its address.
fn plc() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let server = Served23::new(Duration::ZERO);
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let server = server.clone();
                tokio::task::spawn_local(async move { server.serve(stream).await });
            }
        });
    });
    address
}

fn plain() -> CycleConfig {
    CycleConfig {
        scheduling: Scheduling::plain(),
        connect_spacing: Micros::from_millis(1),
        period: Micros::from_millis(2),
        ..CycleConfig::default()
    }
}

/// Asks until all links are live.
fn until_live<H: 'static>(running: &Running<H>) {
    loop {
        let report = running.report().unwrap().wait().unwrap();
        if report.links.iter().all(|link| link.state == SessionState::Live) {
            return;
        }
        thread::yield_now();
    }
}

#[test]
fn runs_sorters_and_gives_their_hosts_back() {
    let sorters = ["north", "south", "east"].map(|name| Sorter::new(name, plc(), Counting::default()));
    let running = CycleThread::start(plain(), sorters.into()).unwrap();
    until_live(&running);
    assert!(running.is_alive());
    let south = running.sorters()[1];
    assert_eq!(running.with(south, |host| host.resyncs).unwrap().wait(), Ok(1));
    running.set_permit(south, false).unwrap().wait().unwrap();
    running.set_induction_limit(south, None).unwrap().wait().unwrap();
    let (report, hosts) = running.stop_with(|hosts| hosts).unwrap();
    assert_eq!(hosts.len(), 3);
    assert!(hosts.iter().all(|host| host.polls > 0 && host.resyncs == 1 && host.restarts == 0));
    let names: Vec<&str> = report.links.iter().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["north", "south", "east"]);
    for link in &report.links {
        assert_eq!(link.state, SessionState::Disconnected);
        assert_eq!(link.stats.round_trip.count(), link.exchange.cycles, "{link:?}");
        assert_eq!((link.stats.connects, link.stats.broken), (1, 0));
    }
    assert_eq!(report.cycle.wake_up.count(), report.cycle.ticks);
    assert!(report.grants.iter().all(|grant| grant.outcome == Outcome::NotAsked));
}

#[test]
fn says_what_the_operating_system_granted() {
    let scheduling = Scheduling { fifo: FifoPriority::new(5), lock_memory: false, core: Core::Last };
    let config = CycleConfig { scheduling, ..plain() };
    let running = CycleThread::start(config, vec![Sorter::new("north", plc(), Counting::default())]).unwrap();
    let report = running.stop().unwrap();
    // Whether it is granted is up to the machine; that it is told is up to us.
    assert_eq!(report.grants.len(), 3);
    assert!(matches!(&report.grants[0].outcome, Outcome::Granted(_) | Outcome::Denied(_)), "{report:?}");
    assert_eq!(report.grants[1].outcome, Outcome::NotAsked);
    assert!(matches!(&report.grants[2].outcome, Outcome::Granted(_) | Outcome::Denied(_)), "{report:?}");
}

#[test]
fn gives_a_closure_back_when_its_queue_is_full() {
    let config = CycleConfig { queue: 1, ..plain() };
    let running = CycleThread::start(config, vec![Sorter::new("north", plc(), Counting::default())]).unwrap();
    let north = running.sorters()[0];
    let (begun, has_begun) = mpsc::sync_channel(1);
    let (go_on, may_go_on) = mpsc::sync_channel::<()>(1);
    let busy = running
        .with(north, move |_| {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
        })
        .unwrap();
    has_begun.recv().unwrap();
    let queued = running.with(north, |host| host.restarts).unwrap();
    let refused = running.with(north, |host| host.restarts + 100).unwrap_err();
    assert_eq!(refused.kind, RefusedKind::Full);
    assert_eq!((refused.closure)(&mut Counting { restarts: 1, ..Counting::default() }), 101);
    assert_eq!(running.report().unwrap_err(), RefusedKind::Full);
    go_on.send(()).unwrap();
    busy.wait().unwrap();
    assert_eq!(queued.wait(), Ok(0));
    running.stop().unwrap();
}

/// Panics at its first poll.
struct Brittle;

impl Host for Brittle {
    fn plc_restarted(&mut self, _now: Micros) {}
    fn poll(&mut self, _now: Micros, _inputs: &Inputs<'_>, _orders: &mut Vec<Order>) {
        panic!("chute 700 is not there");
    }
    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {}
}

#[test]
fn a_panic_of_a_host_ends_the_thread_and_is_told() {
    let running = CycleThread::start(plain(), vec![Sorter::new("north", plc(), Brittle)]).unwrap();
    let north = running.sorters()[0];
    // A report is answered as long as the thread lives.
    while running.report().is_ok_and(|reply| reply.wait().is_ok()) {}
    // Its queue goes with it, a little later than the reply.
    let ended = loop {
        match running.with(north, |_| ()) {
            Ok(reply) => drop(reply),
            Err(refused) if refused.kind == RefusedKind::Ended => break refused,
            Err(_) => thread::yield_now(),
        }
    };
    assert_eq!(ended.to_string(), "the cycle thread has ended");
    let end = running.stop().unwrap_err();
    assert_eq!(end, CycleEnd::Panicked("chute 700 is not there".to_owned()));
}

#[test]
fn a_panic_of_a_closure_ends_the_thread_and_is_told() {
    let sorter = Sorter::new("north", plc(), Counting::default());
    let running = CycleThread::start(plain(), vec![sorter]).unwrap();
    let reply = running.with(running.sorters()[0], |_| panic!("out of chutes")).unwrap();
    assert_eq!(reply.wait(), Err::<(), _>(CycleEnd::Ended));
    assert_eq!(running.stop().unwrap_err(), CycleEnd::Panicked("out of chutes".to_owned()));
}

#[test]
fn a_host_that_cannot_be_made_is_told_at_the_start() {
    let over: Sorter<Counting> = Sorter::over("north", TcpDial::new(plc()), || panic!("no plan"));
    let error = CycleThread::start(plain(), vec![over]).unwrap_err();
    assert_eq!(error.to_string(), "the cycle thread panicked: no plan");
}

/// A host that tells when it is dropped.
struct Telling(#[expect(dead_code, reason = "its end is what counts")] mpsc::SyncSender<()>);

impl Host for Telling {
    fn plc_restarted(&mut self, _now: Micros) {}
    fn poll(&mut self, _now: Micros, _inputs: &Inputs<'_>, _orders: &mut Vec<Order>) {}
    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {}
}

#[test]
fn stops_when_its_handle_is_dropped() {
    let (end, ended) = mpsc::sync_channel(1);
    let running = CycleThread::start(plain(), vec![Sorter::new("north", plc(), Telling(end))]).unwrap();
    until_live(&running);
    drop(running);
    assert!(ended.recv().is_err(), "the host was dropped with its thread");
}

#[test]
fn refuses_what_cannot_work_before_it_starts() {
    let sorter = || Sorter::new("north", SocketAddr::from(([127, 0, 0, 1], 502)), Counting::default());
    let none: Vec<Sorter<Counting>> = Vec::new();
    assert!(matches!(CycleThread::start(plain(), none), Err(StartError::NoSorters)));
    let queue = CycleConfig { queue: 0, ..plain() };
    assert!(matches!(CycleThread::start(queue, vec![sorter()]), Err(StartError::NoQueue)));
    for period in [Micros::ZERO, Micros::new(1999), Micros::from_secs(2)] {
        let error = CycleThread::start(CycleConfig { period, ..plain() }, vec![sorter()]).unwrap_err();
        assert_eq!(error.to_string(), "sorter north cannot be armed");
    }
    let patient = LinkConfig { deadline: Micros::from_secs(1), ..LinkConfig::default() };
    let error = CycleThread::start(plain(), vec![sorter().with_link(patient)]).unwrap_err();
    assert!(matches!(error, StartError::Exchange { .. }), "the watchdog of the plc would trip: {error}");
    let watchdog = ExchangeConfig { watchdog: Micros::from_secs(3), ..ExchangeConfig::default() };
    let patient = sorter().with_link(patient).with_exchange(watchdog);
    CycleThread::start(plain(), vec![patient]).unwrap().stop().unwrap();
}

/// What an embedder gives to a cycle thread.
#[test]
fn takes_a_controller_as_a_host() {
    fn is_taken<H: Host + Send + 'static>(make: fn(String, SocketAddr, H) -> Sorter<H>) {
        let _ = make;
    }
    is_taken::<Controller>(Sorter::new);
    is_taken::<Attended<()>>(Sorter::new);
}
