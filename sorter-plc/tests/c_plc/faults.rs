//! Streams in which parcels, diverters, chutes and machines fail.

use sorter_core::units::Micros;
use sorter_plc::exchange::ExchangeConfig;

use crate::audit::{self, Detours};
use crate::books::{Fate, Log, Summary};
use crate::hall::{self, ROOMY};
use crate::run::{Folder, HostSide, Left, Plc, Setup};

const PARCELS: u32 = 1_500;

/// What a stream left behind.
struct Outcome {
    left: Left,
    summary: Summary,
    log: Log,
}

impl Outcome {
    fn discharged(&self) -> u64 {
        self.log.fates(|fate| matches!(fate, Fate::Discharged(_)))
    }
}

/// Runs a stream of which not every parcel gets where it has to go, and audits it.
struct Trial<'a> {
    name: &'a str,
    program: &'a str,
    options: &'a [&'a str],
    setup: Setup,
    /// Parcels that the engine takes a chute to have room for.
    chute_capacity: u16,
    detours: Detours<'static>,
}

impl Default for Trial<'_> {
    fn default() -> Self {
        Self {
            name: "",
            program: "SORTER_C_PLC",
            options: &[],
            setup: Setup::default(),
            chute_capacity: ROOMY,
            detours: Detours::None,
        }
    }
}

impl Trial<'_> {
    fn run(&self) -> Outcome {
        self.run_with(|_, _| ())
    }

    /// The same with something that happens in the middle.
    fn run_with(&self, interfere: impl FnOnce(&Plc, &HostSide)) -> Outcome {
        let parcels = hall::stream(PARCELS);
        let folder = Folder::new(self.name);
        let plc = folder.start_as(self.program, "log.csv", &parcels, self.options);
        let host = HostSide::start(&plc, &hall::engine(&parcels, self.chute_capacity), self.setup);
        interfere(&plc, &host);
        let (summary, log) = plc.done();
        let left = host.stop();
        audit::one_session(&parcels, &left, &summary, &log, self.detours);
        println!("{}: {} | {:?}", self.name, left.balance, left.counters);
        Outcome { left, summary, log }
    }
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_diverter_that_fails_leaves_its_parcel_to_run_off() {
    let Outcome { left, log, .. } =
        Trial { name: "miss", options: &["--miss-ppm", "30000"], ..Trial::default() }.run();
    let missed = log.endings("missed");
    assert!(missed > 10, "{missed} diverts missed");
    assert_eq!(left.counters.missed, missed as u64);
    assert_eq!(log.fates(|fate| fate == Fate::Left), missed as u64);
}

fn parcels_are_taken_off(name: &str, options: &[&str]) {
    let outcome = Trial { name, options, ..Trial::default() }.run();
    let lost = outcome.log.fates(|fate| fate == Fate::Lost);
    assert!(lost > 10, "{lost} parcels were lost");
    assert!(outcome.log.endings("ended:item_gone") > 5, "orders of lost items end with them");
    assert_eq!(outcome.left.counters.late_orders, 0);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_parcel_that_is_taken_off_is_lost_and_its_order_ends_after_it() {
    parcels_are_taken_off("lose", &["--lose-ppm", "30000"]);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn the_order_of_a_lost_item_may_end_before_it() {
    parcels_are_taken_off("ended_before", &["--lose-ppm", "30000", "--ended-before"]);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_parcel_that_nobody_inducted_is_never_ordered() {
    let Outcome { left, log, .. } =
        Trial { name: "extra", options: &["--extra-ppm", "50000", "--pitch", "1000"], ..Trial::default() }
            .run();
    assert!(left.balance.unexpected > 10, "{}", left.balance);
    let thrown_on = log.items.iter().filter(|line| line.index.is_none());
    assert!(thrown_on.clone().all(|line| line.fate == Fate::Left && line.orders_taken == 0));
    assert_eq!(thrown_on.count() as u64, left.balance.unexpected);
}

/// With the program that checks its own memory.
#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn all_of_it_together_adds_up() {
    let options = [
        "--miss-ppm",
        "20000",
        "--lose-ppm",
        "20000",
        "--extra-ppm",
        "20000",
        "--unverified",
        "12",
        "--jitter",
        "300",
        "--pitch",
        "800",
    ];
    let outcome =
        Trial { name: "all", program: "SORTER_C_PLC_SAN", options: &options, ..Trial::default() }.run();
    let Left { balance, .. } = &outcome.left;
    assert!(balance.lost > 5 && balance.left > 5 && balance.unexpected > 5, "{balance}");
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn chutes_that_get_full_are_left_out_until_they_are_emptied() {
    let options = ["--chute-capacity", "40", "--empty-ms", "300"];
    let outcome = Trial {
        name: "full",
        options: &options,
        chute_capacity: 40,
        detours: Detours::FullChutes,
        ..Trial::default()
    }
    .run();
    assert!(outcome.discharged() > 1_000);
    let detours = outcome.log.fates(|fate| fate == Fate::Discharged(17));
    assert!(detours > 0, "the overflow outlet was used");
    assert_eq!(outcome.left.counters.late_orders, 0);
}

/// The engine takes them to have room without end: it learns only from what the PLC says.
#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn orders_for_chutes_that_are_full_are_turned_down_and_decided_again() {
    let options = ["--chute-capacity", "20", "--empty-ms", "200"];
    let outcome =
        Trial { name: "turned_down", options: &options, detours: Detours::FullChutes, ..Trial::default() }
            .run();
    let Outcome { left, log, summary } = &outcome;
    assert!(log.endings("ended:chute_closed") > 10, "fire points found chutes full");
    let refused = log.orders.iter().filter(|order| order.ending.starts_with("refused:"));
    assert_eq!(summary.get("refused"), refused.count() as u64);
    assert_eq!(left.counters.refused + left.counters.late_orders, summary.get("refused"));
    assert!(log.orders.len() as u64 > u64::from(PARCELS), "some were ordered again");
    assert!(outcome.discharged() > 800);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn what_an_order_table_has_no_room_for_runs_off() {
    let Outcome { left, log, .. } =
        Trial { name: "table", options: &["--order-table", "55"], ..Trial::default() }.run();
    let refused = log.endings("refused:4");
    assert!(refused > 10, "{refused} orders found the table full");
    assert_eq!(left.counters.refused, refused as u64);
    assert_eq!(log.fates(|fate| fate == Fate::Left), refused as u64);
}

fn the_belt_stops(name: &str, options: &[&str]) {
    let outcome = Trial { name, options, detours: Detours::FullChutes, ..Trial::default() }.run();
    assert!(outcome.left.counters.stops >= 1);
    assert!(outcome.log.endings("ended:belt_stopped") > 0, "fire points were passed while it stopped");
    assert!(outcome.discharged() > 1_300);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_belt_that_stops_fires_nothing_and_goes_on() {
    the_belt_stops("stop", &["--stop", "500:400"]);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn an_emergency_stop_fires_nothing_and_the_stream_goes_on() {
    the_belt_stops("estop", &["--estop", "500:1200"]);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_plc_that_answers_nothing_for_a_while_keeps_its_session() {
    let trial = Trial {
        name: "plc_stall",
        setup: Setup { bell: Some(500), ..Setup::default() },
        detours: Detours::FullChutes,
        ..Trial::default()
    };
    let outcome = trial.run_with(|plc, host| {
        host.wait_for_bell();
        plc.stall("0.35");
    });
    assert!(outcome.left.link.exchange.cuts > 2, "requests to it met their deadline");
    assert!(outcome.discharged() > 1_300);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_host_that_stands_still_stops_the_induction_and_nothing_else() {
    let exchange = ExchangeConfig { watchdog: Micros::from_millis(250), ..ExchangeConfig::default() };
    let trial = Trial {
        name: "host_stall",
        options: &["--watchdog-ms", "250"],
        setup: Setup { bell: Some(500), exchange, ..Setup::default() },
        detours: Detours::FullChutes,
        ..Trial::default()
    };
    let outcome = trial.run_with(|_, host| {
        host.wait_for_bell();
        host.stall("0.6");
    });
    assert!(outcome.summary.get("host_lost") >= 1);
    assert_eq!(outcome.left.counters.host_lost, outcome.summary.get("host_lost"));
    assert!(outcome.discharged() > 1_300);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn parcels_whose_scan_records_were_dropped_count_as_not_read() {
    let parcels = hall::stream(PARCELS);
    let folder = Folder::new("scan_overflow");
    let plc = folder.start("log.csv", &parcels, &["--scan-store", "60"]);
    let setup = Setup { bell: Some(500), ..Setup::default() };
    let host = HostSide::start(&plc, &hall::engine(&parcels, ROOMY), setup);
    host.wait_for_bell();
    host.stall("0.4");
    let (summary, log) = plc.done();
    let left = host.stop();
    println!("scan_overflow: {} | {:?}", left.balance, left.counters);
    assert!(left.link.exchange.scan_overflows > 0);
    audit::items_agree(&left.diary.events, &log);
    audit::fates_are_right(&parcels, &log.items, Detours::Late(&left));
    audit::sums_agree(&left, &summary);
    let [sent] = &left.diary.sessions[..] else { panic!("it stops nothing else, and no session") };
    audit::orders_were_taken(sent, &log.orders.iter().collect::<Vec<_>>());
    let unread = parcels.len() - left.diary.read.len();
    assert!(unread > 2 * parcels.len() / 100 + 10, "{unread} parcels were not read");
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn events_that_were_lost_end_the_session_and_the_next_one_knows_the_belt() {
    let parcels = hall::stream(PARCELS);
    let folder = Folder::new("event_overflow");
    let plc = folder.start("log.csv", &parcels, &["--event-store", "200"]);
    let setup = Setup { bell: Some(500), ..Setup::default() };
    let host = HostSide::start(&plc, &hall::engine(&parcels, ROOMY), setup);
    host.wait_for_bell();
    host.stall("0.6");
    let (summary, log) = plc.done();
    let left = host.stop();
    println!("event_overflow: {} | {:?}", left.balance, left.counters);
    assert!(left.link.exchange.event_overflows > 0 && summary.get("sessions") > 1);
    assert_eq!(left.diary.restarts, 0);
    audit::each_parcel_entered_once(&parcels, &log.items);
    audit::fates_are_right(&parcels, &log.items, Detours::Late(&left));
    // What was told is true, and the rest is honestly unknown.
    let told = audit::told(&left.diary.events);
    for line in &log.items {
        let fate = told.get(&line.item).and_then(|told| told.fate);
        assert!(fate.is_none_or(|fate| fate == line.fate), "{line:?} was told as {fate:?}");
    }
    assert!(left.balance.unknown > 0, "the ends of some were lost");
    assert!(left.balance.found > 0, "the inductions of some were lost");
    let plant = left.diary.plant.as_ref().expect("PLANT was read");
    assert_eq!(u64::from(plant.inducted), summary.get("items"), "PLANT has counted all of them");
    audit::nothing_is_left(&left);
}
