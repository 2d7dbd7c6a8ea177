//! Real threads on one engine.

use std::sync::{Arc, Barrier};
use std::thread;

use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::engine::{
    Assigned, Commit, Engine, EngineBuilder, EngineConfig, Fate, HallRules, OrderEnd, Scan, Worker,
};
use sorter_core::ids::{HubId, ItemId, ParcelId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::{Micros, Millimetres};

use super::hall::{NO_CONTAINER, OPEN, OUTLETS, WEIGHT, key, lp, plan, s10, sscc};

const PARCELS: u32 = 20_000;

fn announcement(code: &[u8]) -> Announcement<'_> {
    Announcement {
        codes: std::iter::once(code).collect(),
        country: "AT",
        postcode: "1010",
        clearance: Clearance::Released,
        ..Announcement::default()
    }
}

fn engine(announced: u32, late: u32) -> Arc<Engine> {
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(Layout::line_100()),
        codes: CodeBook::standard(),
        destinations: Destinations::with_capacity(1),
        expected_parcels: announced as usize,
        late_parcels: late as usize,
        seed: 1,
        rules: HallRules::default(),
    });
    for number in 0..announced {
        builder.announce(&announcement(&s10(number))).expect("the parcel is good");
    }
    builder.build(&plan(OUTLETS)).expect("the test plan is good")
}

/// Decides every parcel once and gives what each item holds.
fn decide_all(worker: &mut Worker) -> Vec<Assigned> {
    let decide = |number| {
        let code = s10(number);
        let scan = Scan {
            item: ItemId::new(u16::try_from(number % 65_535).expect("it is below 65535") + 1),
            at: Micros::new(u64::from(number)),
            codes: &[&code],
            known: None,
            held: Assigned::NOTHING,
            reach: Millimetres::ZERO,
        };
        worker.decide(&scan).assigned
    };
    (0..PARCELS).map(decide).collect()
}

#[test]
fn two_workers_that_scan_the_same_labels_claim_each_parcel_once() {
    let engine = engine(PARCELS, 0);
    let start = Arc::new(Barrier::new(2));
    let run = |sorter| {
        let (mut worker, start) = (engine.worker(SorterId::new(sorter)), Arc::clone(&start));
        thread::spawn(move || {
            start.wait();
            (decide_all(&mut worker), worker.tally().contested)
        })
    };
    let [(first, contests), (second, more_contests)] = [run(0), run(1)].map(|thread| thread.join().unwrap());
    for (number, (one, other)) in first.iter().zip(&second).enumerate() {
        let parcel = ParcelId::new(u32::try_from(number).unwrap());
        let holders = [one, other].map(|held| held.claim.is_some());
        assert_ne!(holders[0], holders[1], "{parcel} is claimed by exactly one of two items");
        let (winner, loser) = if holders[0] { (one, other) } else { (other, one) };
        let word = engine.ledger().state(parcel).unwrap();
        assert_eq!(winner.claim.unwrap().owner, word.owner(), "{parcel}");
        assert_eq!(loser.reason, Reason::Duplicate, "{parcel}");
        assert_eq!(word.life(), Life::Contested, "{parcel}: the winner is told of the other label");
    }
    assert_eq!(contests + more_contests, u64::from(PARCELS));
}

#[test]
fn a_hold_that_races_with_a_commit_stops_it_or_is_seen_as_a_recall() {
    let engine = engine(PARCELS, 0);
    let start = Arc::new(Barrier::new(2));
    let customs = thread::spawn({
        let (engine, start) = (Arc::clone(&engine), Arc::clone(&start));
        move || {
            start.wait();
            let ruling = Ruling { at: Micros::new(1), status: Clearance::HoldDocument, onward: None };
            let set = |number| engine.set_clearance(key(&s10(number)), ruling).unwrap();
            (0..PARCELS).for_each(|number| assert_eq!(set(number).outcome.applied, 1));
        }
    });
    let mut worker = engine.worker(SorterId::new(0));
    start.wait();
    let mut committed = Vec::new();
    for number in 0..PARCELS {
        let code = s10(number);
        let (item, at) = (ItemId::new(1), Micros::new(u64::from(number)));
        let held = Assigned::NOTHING;
        let decision =
            worker.decide(&Scan { item, at, codes: &[&code], known: None, held, reach: Millimetres::ZERO });
        let outbound = decision.assigned.reason == Reason::Planned;
        let done = worker.commit(item, at, &decision.identity, &decision.assigned) == Commit::Done;
        committed.push(outbound && done);
        if let Some(chute) = decision.assigned.chute {
            worker.order_ended(item, at, chute, &decision.assigned, OrderEnd::WithItem);
        }
    }
    customs.join().unwrap();
    for (number, committed) in (0..PARCELS).zip(committed) {
        let word = engine.ledger().state(ParcelId::new(number)).unwrap();
        assert_eq!(word.clearance(), Clearance::HoldDocument, "parcel {number}: no hold is lost");
        let out = word.life() == Life::Committed && word.reason() == Reason::Planned;
        assert_eq!(committed, out, "parcel {number}: a recall is seen in the word");
    }
}

#[test]
fn a_parcel_announced_in_the_middle_of_the_day_is_unknown_or_sorted_and_nothing_else() {
    let engine = engine(0, PARCELS);
    let start = Arc::new(Barrier::new(2));
    let announcer = thread::spawn({
        let (engine, start) = (Arc::clone(&engine), Arc::clone(&start));
        move || {
            start.wait();
            for number in 0..PARCELS {
                // Plans change as well, so that a worker may decide by one that was just retired.
                if number % 1_000 == 999 {
                    engine.publish(&plan(OUTLETS)).unwrap();
                }
                let (code, postcode) = (s10(number), format!("{}", 1_000 + number % 9_000));
                let announced = Announcement { postcode: &postcode, ..announcement(&code) };
                engine.announce(&announced).unwrap();
            }
        }
    });
    let mut worker = engine.worker(SorterId::new(0));
    start.wait();
    let mut known = 0;
    while known < PARCELS {
        let code = s10(known);
        let (item, at) = (ItemId::new(1), Micros::new(u64::from(known)));
        let held = Assigned::NOTHING;
        let decision =
            worker.decide(&Scan { item, at, codes: &[&code], known: None, held, reach: Millimetres::ZERO });
        let reason = decision.assigned.reason;
        match decision.identity.parcel() {
            Ok(parcel) => {
                assert_eq!(parcel.get(), known);
                assert!(matches!(reason, Reason::Planned | Reason::ChuteFull), "parcel {known}: {reason}");
                known += 1;
            }
            Err(unknown) => assert_eq!(unknown, Reason::UnknownParcel),
        }
        if let Some(chute) = decision.assigned.chute {
            worker.order_ended(item, at, chute, &decision.assigned, OrderEnd::WithItem);
        }
        if announcer.is_finished() && known < PARCELS {
            assert!(decision.identity.parcel().is_ok() || engine.ledger().find(key(&code)).is_some());
        }
    }
    announcer.join().unwrap();
    assert_eq!(engine.ledger().len(), PARCELS as usize);
}

/// Customs hold and release every parcel over and over while a worker sorts them. What is discharged and held at
/// the end is recalled, and a parcel that was held before its scan and after its commit was not committed.
#[test]
fn holds_and_releases_that_race_with_whole_passes_never_let_a_held_parcel_out() {
    const FEW: u32 = 200;
    const ROUNDS: u64 = 100;
    let engine = engine(FEW, 0);
    let start = Arc::new(Barrier::new(2));
    let customs = thread::spawn({
        let (engine, start) = (Arc::clone(&engine), Arc::clone(&start));
        move || {
            start.wait();
            for round in 1..=ROUNDS {
                let status = if round % 2 == 0 { Clearance::Released } else { Clearance::HoldDocument };
                for number in 0..FEW {
                    let ruling = Ruling { at: Micros::new(round), status, onward: None };
                    engine.set_clearance(key(&s10(number)), ruling).unwrap();
                }
            }
        }
    });
    let mut worker = engine.worker(SorterId::new(0));
    start.wait();
    let mut rounds = 0_u64;
    while rounds < ROUNDS || !customs.is_finished() {
        for number in 0..FEW {
            pass(&mut worker, number, Micros::new(rounds));
        }
        rounds += 1;
    }
    customs.join().unwrap();
    assert_eq!((worker.tally().deviations, worker.chutes().reserved()), (0, 0));
    let open: Vec<_> = engine.recalls().into_iter().filter(|recall| recall.withdrawn.is_none()).collect();
    for parcel in (0..FEW).map(ParcelId::new) {
        let word = engine.ledger().state(parcel).unwrap();
        assert_eq!(word.clearance(), Clearance::Released, "the last round released all");
        let recalled = open.iter().any(|recall| recall.parcel == parcel) && word.life() == Life::Recalled;
        assert!(!recalled, "{parcel}: a release withdraws what was recalled before it");
    }
}

/// Takes a parcel from its scan into a chute; its commit is asked for until it stands.
fn pass(worker: &mut Worker, number: u32, at: Micros) {
    let (item, code) = (ItemId::new(1), s10(number));
    let codes: &[&[u8]] = &[&code];
    let mut scan = Scan { item, at, codes, known: None, held: Assigned::NOTHING, reach: Millimetres::ZERO };
    loop {
        let before = scan.held;
        let decision = worker.decide(&scan);
        if let Some(chute) = before.chute.filter(|chute| decision.assigned.chute != Some(*chute)) {
            worker.order_ended(item, at, chute, &decision.assigned, OrderEnd::Replaced);
        }
        (scan.known, scan.held, scan.codes) = (Some(decision.identity), decision.assigned, &[]);
        if worker.commit(item, at, &decision.identity, &scan.held) == Commit::Done {
            break;
        }
    }
    let fate = scan.held.chute.map_or(Fate::Left, Fate::Discharged);
    if let Some(chute) = scan.held.chute {
        worker.order_ended(item, at, chute, &scan.held, OrderEnd::WithItem);
    }
    worker.finish(item, at, &scan.held, fate, WEIGHT);
    if let Some(chute) = scan.held.chute {
        worker.chute_changed(chute, at, NO_CONTAINER);
        worker.chute_changed(chute, at, OPEN);
    }
}

#[test]
fn a_hold_that_came_before_the_announcement_is_seen_by_whoever_sees_the_parcel() {
    let engine = engine(0, 2 * PARCELS);
    let ruling = Ruling { at: Micros::new(1), status: Clearance::HoldDocument, onward: None };
    let keys: Vec<_> = (0..PARCELS).map(|number| key(&s10(number))).collect();
    for key in &keys {
        assert_eq!(engine.set_clearance(*key, ruling).unwrap().outcome.kept, 1);
    }
    let start = Arc::new(Barrier::new(2));
    let announcer = thread::spawn({
        let (engine, start) = (Arc::clone(&engine), Arc::clone(&start));
        move || {
            start.wait();
            for number in 0..PARCELS {
                // The more codes, the longer between the first that can be found and the end.
                let codes = [s10(number), lp(number), sscc(number)];
                let codes = codes.iter().map(Vec::as_slice).collect();
                engine.announce(&Announcement { codes, ..announcement(&[]) }).expect("there is room");
            }
        }
    });
    start.wait();
    let word_of = |key| loop {
        let over = announcer.is_finished();
        if let Some(parcel) = engine.ledger().find(key) {
            return engine.ledger().state(parcel).unwrap();
        }
        assert!(!over, "every parcel is announced");
    };
    let free = keys.iter().filter(|key| word_of(**key).clearance() != Clearance::HoldDocument).count();
    announcer.join().unwrap();
    assert_eq!(free, 0, "parcels that were seen without the hold that was there before them");
    assert_eq!(engine.rulings(ParcelId::new(0)), [ruling]);
}
