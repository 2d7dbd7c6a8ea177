//! Real threads on one engine.

use std::sync::{Arc, Barrier};
use std::thread;

use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::clearance::Clearance;
use sorter_core::engine::{Assigned, Commit, Engine, EngineBuilder, EngineConfig, Scan, Worker};
use sorter_core::ids::{HubId, ItemId, ParcelId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::{Micros, Millimetres};

use super::hall::{OUTLETS, key, plan, s10};

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
            let set = |number| engine.set_clearance(key(&s10(number)), Clearance::HoldDocument).unwrap();
            (0..PARCELS).for_each(|number| assert_eq!(set(number).get(), number));
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
            worker.order_ended(item, at, chute, &decision.assigned, sorter_core::engine::OrderEnd::WithItem);
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
            worker.order_ended(item, at, chute, &decision.assigned, sorter_core::engine::OrderEnd::WithItem);
        }
        if announcer.is_finished() && known < PARCELS {
            assert!(decision.identity.parcel().is_ok() || engine.ledger().find(key(&code)).is_some());
        }
    }
    announcer.join().unwrap();
    assert_eq!(engine.ledger().len(), PARCELS as usize);
}
