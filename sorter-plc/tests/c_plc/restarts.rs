//! The PLC, or the host, ends in the middle of the stream and starts again.

use std::collections::BTreeMap;

use sorter_plc::contract::{Event, EventRecord};

use crate::audit::{self, Detours, Told};
use crate::books::{Fate, ItemLine, Log, OrderLine};
use crate::hall::{self, Parcel, ROOMY};
use crate::run::{self, Folder, HostSide, Setup};

const PARCELS: u32 = 1_200;

/// Parcels that may be sliding into chutes at one instant: they are fired and not in.
const SLIDING: usize = 40;

fn with_fate(events: &[EventRecord]) -> BTreeMap<u16, Fate> {
    audit::told(events).into_iter().filter_map(|(item, told)| Some((item, told.fate?))).collect()
}

/// What the C program has recorded up to its sudden end, and the host knows: the host knows nothing else, and may have
/// missed the last few.
fn the_first_life_agrees(events: &[EventRecord], log: &Log) {
    let told = with_fate(events);
    let written: BTreeMap<u16, Fate> = log.items.iter().map(|line| (line.item, line.fate)).collect();
    for (item, fate) in &told {
        assert_eq!(written.get(item), Some(fate), "item {item}");
    }
    assert!(written.len() - told.len() < 30, "{} ends were told, {} written", told.len(), written.len());
}

/// Every parcel is in the books of one of the two lives, or was sliding into its chute in between.
fn every_parcel_is_somewhere(parcels: &[Parcel], first: &[ItemLine], second: &[ItemLine]) {
    let mut seen = vec![0; parcels.len()];
    for index in first.iter().chain(second).filter_map(|line| line.index) {
        seen[index] += 1;
    }
    assert!(seen.iter().all(|times| *times <= 1), "a parcel has two ends");
    let nowhere = seen.iter().filter(|times| **times == 0).count();
    assert!(nowhere <= SLIDING, "{nowhere} parcels are nowhere");
}

/// `boots`: the boot words of the two lives.
fn the_plc_restarts(name: &str, boots: [&str; 2]) {
    let parcels = hall::stream(PARCELS);
    let folder = Folder::new(name);
    let belt = folder.file("belt.txt");
    let belt = belt.to_str().expect("the path is text");
    let first = ["--kill-at-item", "500", "--belt-file", belt, "--boot", boots[0]];
    let plc = folder.start("first.csv", &parcels, &first);
    let port = plc.peer.address.port().to_string();
    let host = HostSide::start(&plc, &hall::engine(&parcels, ROOMY), Setup::default());
    let (status, _, first) = plc.wait();
    assert_eq!(status.code(), Some(9), "it is the end that was asked for");
    let plc =
        folder.start("second.csv", &parcels, &["--belt-file", belt, "--boot", boots[1], "--port", &port]);
    let (summary, second) = plc.done();
    let left = host.stop();
    println!("{name}: {} | {:?}", left.balance, left.counters);

    let diary = &left.diary;
    assert_eq!((diary.restarts, left.counters.restarts, left.link.exchange.restarts), (1, 1, 1));
    let (before, after) = diary.events.split_at(diary.last_boot);
    the_first_life_agrees(before, &first);
    audit::items_agree(after, &second);
    every_parcel_is_somewhere(&parcels, &first.items, &second.items);
    audit::fates_are_right(&parcels, &first.items, Detours::None);
    audit::fates_are_right(&parcels, &second.items, Detours::None);

    // What was on the belt turns up without induction, is never ordered, and leaves at the end.
    let told = audit::told(after);
    let unexpected = |line: &&ItemLine| told[&line.item].inducted == Some(false);
    assert!(second.items.iter().filter(unexpected).count() > 20);
    for line in second.items.iter().filter(unexpected) {
        assert_eq!((line.fate, line.orders_taken), (Fate::Left, 0), "{line:?}");
    }
    // Nothing of the old session was sent again: each session has its own numbers from 1.
    let [old, new] = &diary.sessions[..] else { panic!("{} sessions", diary.sessions.len()) };
    for line in &first.orders {
        assert!(
            old.iter().any(|order| order.seq.get() == line.seq && order.item.get() == line.item),
            "{line:?}"
        );
    }
    audit::orders_were_taken(new, &second.orders.iter().collect::<Vec<_>>());

    // The two lives add up to the balance of the engine.
    let count = |events: &[EventRecord], is: fn(&Event) -> bool| {
        events.iter().filter(|record| is(&record.event)).count() as u64
    };
    let inducted = count(before, |event| matches!(event, Event::Inducted { .. }));
    let ended = with_fate(before).len() as u64;
    let balance = &left.balance;
    assert_eq!(balance.inducted, inducted + summary.get("items"));
    assert_eq!(balance.unexpected, summary.get("unexpected"));
    assert_eq!(balance.unknown, inducted - ended, "all that was on the belt is honestly unknown");
    assert_eq!(left.counters.forgotten, balance.unknown);
    assert_eq!(balance.discharged + balance.left + balance.lost, ended + second.items.len() as u64);
    let plant = diary.plant.as_ref().expect("PLANT was read");
    assert_eq!(u64::from(plant.inducted), summary.get("items"), "the counters of PLANT are those since boot");
    audit::nothing_is_left(&left);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_plc_that_starts_again_finds_its_parcels_by_its_eyes() {
    the_plc_restarts("plc_restart", ["7", "8"]);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_restart_shows_by_the_echo_alone() {
    the_plc_restarts("plc_restart_no_boot", ["0", "0"]);
}

/// The lines of each session, in the order of the sessions.
fn by_session(log: &Log) -> Vec<Vec<&OrderLine>> {
    let mut sessions: Vec<(u16, Vec<&OrderLine>)> = Vec::new();
    for line in &log.orders {
        match sessions.iter_mut().find(|(session, _)| *session == line.session) {
            Some((_, lines)) => lines.push(line),
            None => sessions.push((line.session, vec![line])),
        }
    }
    sessions.into_iter().map(|(_, lines)| lines).collect()
}

/// What both hosts were told of the items, together.
fn told_to_either(first: &[EventRecord], second: &[EventRecord]) -> BTreeMap<u16, Told> {
    let mut all = audit::told(first);
    for (item, later) in audit::told(second) {
        let earlier = all.entry(item).or_default();
        let (before, after) = (earlier.fate, later.fate);
        assert!(before.is_none() || after.is_none() || before == after, "item {item}: {before:?}, {after:?}");
        earlier.inducted = earlier.inducted.or(later.inducted);
        earlier.fate = earlier.fate.or(later.fate);
    }
    all
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_host_that_starts_again_lets_the_orders_in_force_end_and_orders_what_it_sees_enter() {
    let parcels = hall::stream(PARCELS);
    let folder = Folder::new("host_restart");
    let plc = folder.start("log.csv", &parcels, &[]);
    let setup = Setup { bell: Some(500), ..Setup::default() };
    let host = HostSide::start(&plc, &hall::engine(&parcels, ROOMY), setup);
    host.wait_for_bell();
    let first = host.stop();
    let host = HostSide::start(&plc, &hall::engine(&parcels, ROOMY), Setup::default());
    let (summary, log) = plc.done();
    let second = host.stop();
    println!("host_restart: {} | then {} | {:?}", first.balance, second.balance, second.counters);

    assert_eq!(summary.get("sessions"), 2);
    assert_eq!(second.link.exchange.restarts, 0, "the PLC ran on");
    let mut told = told_to_either(&first.diary.events, &second.diary.events);
    for line in &log.items {
        let known = told.remove(&line.item).unwrap_or_else(|| panic!("nobody was told of {line:?}"));
        assert_eq!(known, Told { inducted: Some(true), fate: Some(line.fate) }, "{line:?}");
    }
    assert!(told.is_empty());
    audit::each_parcel_entered_once(&parcels, &log.items);
    audit::fates_are_right(&parcels, &log.items, Detours::Late(&second));
    assert!(second.diary.found > 20, "the belt was full of parcels that it never saw enter");
    assert!(second.balance.found >= second.diary.found as u64);

    // The first host may have given orders that the PLC had not taken when the session closed.
    let sessions = by_session(&log);
    let [old, new] = &sessions[..] else { panic!("{} sessions in the log", sessions.len()) };
    let [given] = &first.diary.sessions[..] else { panic!("the first host had one session") };
    audit::orders_were_taken(&given[..old.len()], old);
    assert!(given.len() - old.len() <= 15, "no more than the ring holds");
    let [given] = &second.diary.sessions[..] else { panic!("the second host had one session") };
    audit::orders_were_taken(given, new);
    assert_eq!(second.balance.unknown, 0);
    audit::nothing_is_left(&second);
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_host_that_crashes_leaves_a_belt_that_the_next_one_takes_over() {
    let parcels = hall::stream(PARCELS);
    let folder = Folder::new("host_crash");
    // Long before the next host comes the PLC has missed the heartbeat of the one before.
    let plc = folder.start("log.csv", &parcels, &["--watchdog-ms", "250"]);
    let setup = Setup { bell: Some(500), ..Setup::default() };
    let host = HostSide::start(&plc, &hall::engine(&parcels, ROOMY), setup);
    host.wait_for_bell();
    host.crash();
    run::pass("0.5");
    let host = HostSide::start(&plc, &hall::engine(&parcels, ROOMY), Setup::default());
    let (summary, log) = plc.done();
    let left = host.stop();
    println!("host_crash: {} | {:?}", left.balance, left.counters);

    assert_eq!((summary.get("sessions"), summary.get("host_lost")), (2, 1));
    audit::each_parcel_entered_once(&parcels, &log.items);
    audit::fates_are_right(&parcels, &log.items, Detours::Late(&left));
    let written: BTreeMap<u16, Fate> = log.items.iter().map(|line| (line.item, line.fate)).collect();
    for (item, fate) in with_fate(&left.diary.events) {
        assert_eq!(written[&item], fate, "item {item}");
    }
    let sessions = by_session(&log);
    let [_, new] = &sessions[..] else { panic!("{} sessions in the log", sessions.len()) };
    let [given] = &left.diary.sessions[..] else { panic!("the second host had one session") };
    audit::orders_were_taken(given, new);
    assert_eq!(left.balance.unknown, 0);
    audit::nothing_is_left(&left);
}
