//! A PLC that restarts, and a host that does.

use sorter_core::ids::EyeId;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::Pulses;
use sorter_plc::contract::{Event, Refusal, Seq};

use super::plc::*;

fn life(plc: &Plc, parcel: u32) -> Life {
    let key = sorter_core::barcode::CodeBook::standard().parse(&code(parcel)).unwrap().key;
    let ledger = plc.engine.ledger();
    ledger.state(ledger.find(key).unwrap()).unwrap().life()
}

#[test]
fn a_restarted_plc_leaves_nothing_on_the_belt_and_every_parcel_unknown() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.start(2, 11);
    plc.travel(fire(DE1) - MARGIN);
    plc.induct(3).record(item(3), 0, 2, sorter_plc::contract::ScanData::NoCode).poll();
    assert_eq!(plc.commits(), 1);
    plc.restart();
    assert_eq!((plc.controller.items_on_belt(), plc.all_reserved(), plc.due_in()), (0, 0, None));
    let worker = plc.controller.worker();
    assert_eq!((worker.balance().unknown, worker.balance().on_belt()), (3, Some(0)));
    assert_eq!(worker.tally().reasons[Reason::FlushedAtRestart as usize], 3);
    assert_eq!(worker.tally().deviations, 0);
    assert_eq!((life(&plc, 1), life(&plc, 11)), (Life::Unknown, Life::Unknown));
    let counters = plc.controller.counters();
    assert_eq!((counters.restarts, counters.forgotten, counters.unknown_items), (1, 3, 0));
}

#[test]
fn nothing_is_ordered_between_a_restart_and_the_comparison_of_the_belt() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.restart();
    plc.accepts = true;
    assert!(plc.induct(1).scan(1, 2).travel(10).is_empty());
    assert!(plc.travel(10).is_empty());
    plc.resync(&[entry(1, 0, None)]);
    plc.poll();
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
    assert_eq!(plc.sent[0].seq, Seq::NONE.next());
}

#[test]
fn bodies_that_turn_up_after_a_restart_are_unexpected_and_come_back_to_be_sorted() {
    let mut plc = Plc::new();
    plc.start(7, 1);
    plc.travel(200);
    plc.restart();
    plc.status.encoder = sorter_core::units::EncoderCount::default();
    plc.resync(&[]);
    plc.poll();
    let seen = Event::Unexpected { eye: EyeId::new(1), length: Pulses::new(30) };
    plc.event(item(1), seen).travel(200);
    plc.left(1).travel(3_600);
    let balance = plc.controller.worker().balance();
    assert_eq!((balance.inducted, balance.unexpected, balance.unknown, balance.left), (1, 1, 1, 1));
    assert_eq!(balance.on_belt(), Some(0));
    assert_eq!(plc.start(2, 1).op, divert(DE1));
}

#[test]
fn scan_records_from_before_a_restart_are_not_bound_to_a_new_item() {
    let mut plc = Plc::new();
    plc.scan(1, 1).poll();
    plc.restart();
    plc.resync(&[]);
    plc.induct(1).poll();
    plc.travel(BLIND);
    assert_eq!(plc.ops(0), [(1, divert(NO_READ))]);
}

#[test]
fn what_was_turned_down_before_a_restart_is_told_anew_by_the_next_image() {
    let mut plc = Plc::new();
    let order = plc.start(1, 1);
    plc.refused(1, Refusal::ChuteNotAvailable, order.seq).poll();
    plc.restart();
    plc.resync(&[]);
    plc.show().poll();
    assert_eq!(plc.start(2, 2).op, divert(DE1));
}

#[test]
fn a_fresh_host_counts_what_it_never_knew_apart_and_takes_the_belt_as_it_is() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.start(2, 11);
    plc.start(3, 2);
    let mut plc = plc.with_another_host();
    let old = Seq::new(2).unwrap();
    plc.discharged(3, DE2).refused(2, Refusal::Late, old).missed(9, FR).induct(4).travel(100);
    let counters = plc.controller.counters();
    assert_eq!((counters.unknown_items, counters.foreign_events), (0, 2));

    let compared = plc.resync(&[entry(1, 0, Some(DE1)), entry(2, 0, None), entry(4, 0, None)]);
    assert_eq!((&compared.kept[..], &compared.found[..]), (&[4][..], &[1, 2][..]));
    assert_eq!((plc.reserved(DE1), plc.all_reserved(), plc.controller.items_on_belt()), (1, 1, 3));
    // Its label is read, and still it gets no order from this host.
    plc.scan(2, 11).scan(4, 12).poll();
    assert_eq!(plc.ops(0), [(4, divert(FR))]);
    plc.discharged(1, DE1).left(2).discharged(4, FR).poll();
    let worker = plc.controller.worker();
    assert_eq!((worker.balance().found, worker.balance().on_belt()), (2, Some(0)));
    assert_eq!((plc.all_reserved(), worker.tally().deviations), (0, 0));
    assert_eq!(worker.tally().reasons[Reason::FlushedAtRestart as usize], 2);
    assert_eq!((plc.fill(DE1), plc.controller.counters().strayed), (1, 0));
}

#[test]
fn a_found_order_takes_its_place_in_a_chute_that_is_nearly_full() {
    let plc = Plc::new();
    let mut plc = plc.with_another_host();
    plc.resync(&[entry(1, 0, Some(FR)), entry(2, 0, Some(FR)), entry(3, 0, Some(FR))]);
    // Its three places are taken, and there is no other chute for France.
    plc.induct(4).scan(4, 11).poll();
    assert_eq!((plc.sent.len(), plc.notes.0[0].reason), (0, Reason::ChuteFull));
}
