use std::net::Ipv4Addr;

use sorter_core::barcode::CodeBook;
use sorter_core::manifest;
use sorter_plc::contract::{Event, Order};
use sorter_plc::controller::Inputs;
use sorter_plc::cycle::{Panel, PausedBeat, run_link};
use sorter_plc::exchange::{Exchange, ExchangeConfig};
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{Link, LinkConfig, TcpDial};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use super::*;

fn config() -> MockConfig {
    MockConfig { sorters: 2, scan: Micros::from_millis(2), parcels_per_hour: 18_000, ..MockConfig::default() }
}

fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, test)
}

/// Tells when a parcel was inducted.
#[derive(Debug)]
struct Looker(Option<oneshot::Sender<()>>);

impl Host for Looker {
    fn plc_restarted(&mut self, _: Micros) {}

    fn poll(&mut self, _: Micros, inputs: &Inputs<'_>, _: &mut Vec<Order>) {
        let inducted = inputs.events.iter().any(|record| matches!(record.event, Event::Inducted { .. }));
        if let Some(seen) = self.0.take_if(|_| inducted) {
            // Nobody listens when the mock has stopped for another reason.
            let _ = seen.send(());
        }
    }

    fn resync(&mut self, _: Micros, _: &Resync<'_>) {}
}

#[test]
fn a_controller_opens_a_session_and_sees_parcels_come() {
    let report = block_on(async {
        let (seen, stop) = oneshot::channel();
        let mut seen = Some(seen);
        let listening = |sorter: SorterId, address| {
            if sorter != SorterId::new(1) {
                return;
            }
            let looker = Looker(seen.take());
            spawn_local(async move {
                let mut link = Link::new(TcpDial::new(address), LinkConfig::default(), 1);
                let mut exchange = Exchange::new(ExchangeConfig::default(), 1).expect("the defaults");
                let mut beat = PausedBeat::new(Micros::from_millis(10), Micros::ZERO);
                run_link(&mut link, &mut exchange, &Panel::new(looker), &mut beat).await;
            });
        };
        let stop = async { stop.await.expect("a parcel comes") };
        run(&config(), listening, stop).await.expect("the mock runs")
    });
    assert!(report.violations().is_empty() && report.scans > 10);
    let [alone, driven] = &report.sorters[..] else { panic!("two sorters") };
    // Without a host the induction stands, and parcels wait.
    assert_eq!((alone.host["sessions"], alone.items["inducted"]), (0, 0));
    assert_eq!(driven.host["sessions"], 1);
    assert!(driven.items["inducted"] > 0 && driven.events["inducted"] > 0);
    assert!(driven.server["requests"] > 20 && driven.server["connections"] >= 1);
}

#[test]
fn ends_after_its_duration_and_without_parcels_has_an_empty_belt() {
    let duration = Some(Micros::from_millis(20));
    let config = MockConfig { duration, parcels_per_hour: 0, ..config() };
    let report = block_on(run(&config, |_, _| {}, std::future::pending())).expect("the mock runs");
    assert!(report.scans + report.skipped_scans >= 10);
    assert!(report.sorters.iter().all(|sorter| sorter.bodies["waiting"] == 0));
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("it is JSON");
    assert_eq!(json["sorters"][1]["items"]["on_belt"], 0);
}

#[test]
fn refuses_what_it_cannot_do_with_both_sides() {
    let refused = |config: &MockConfig| {
        block_on(run(config, |_, _| {}, std::future::pending())).expect_err("it cannot be done").to_string()
    };
    let text = refused(&MockConfig { parcels_per_hour: 100_000, ..config() });
    assert_eq!(text, "100000 parcels an hour are more than the 18000 that a sorter is rated for");
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let listen = taken.local_addr().expect("it is bound");
    let text = refused(&MockConfig { listen, ..config() });
    assert_eq!(text, format!("sorter 0 cannot listen on {listen}"));
}

#[test]
fn the_parcels_of_a_seed_are_the_same_and_those_of_each_sorter_its_own() {
    let parcels = |seed, sorters| {
        let config =
            LoadConfig { seed, sorters, parcels_per_hour: 18_000, duration: Some(Micros::from_secs(60)) };
        let load = MockLoad::draw(&config, &Layout::line_100()).expect("a load");
        let parcels = load.reads().parcels().to_vec();
        assert_eq!(parcels.len(), 18_000 * usize::from(sorters));
        assert!(parcels.iter().all(|parcel| parcel.arrival < Micros::from_secs(3_600)));
        parcels
    };
    assert_eq!(parcels(1, 2), parcels(1, 2));
    assert_ne!(parcels(1, 2), parcels(2, 2));
}

#[test]
fn every_row_of_the_manifest_can_be_announced() {
    let config = LoadConfig { seed: 3, sorters: 2, parcels_per_hour: 1_000, duration: Some(Micros::new(1)) };
    let load = MockLoad::draw(&config, &Layout::line_100()).expect("a load");
    let mut text = Vec::new();
    load.write_manifest(&mut text).expect("memory takes it");
    let codes = CodeBook::standard();
    let rows =
        manifest::read(&text[..], "mock.csv", &codes, std::io::sink(), |_| Ok(())).expect("a manifest");
    let announced = (0..2_000).filter(|label| load.destination(*label).is_some()).count() as u64;
    assert_eq!((rows.accepted, rows.refused_rows()), (announced, 0), "{rows}");
    assert!((1_980..2_000).contains(&announced));
}
