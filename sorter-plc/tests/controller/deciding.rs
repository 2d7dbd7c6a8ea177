//! When an item is decided, and by what.

use sorter_core::clearance::Clearance;
use sorter_core::reason::Reason;
use sorter_core::units::{Grams, Millimetres};
use sorter_plc::contract::{CodeBytes, OrderOp, ScanData};

use super::plc::*;

fn bytes(code: &[u8]) -> CodeBytes {
    CodeBytes::new(code).unwrap()
}

const MEASURED: ScanData = ScanData::Measured {
    length: Millimetres::new(300),
    width: Millimetres::new(200),
    height: Millimetres::new(100),
    weight: Grams::new(700),
};

#[test]
fn an_item_is_decided_when_its_last_scan_record_came() {
    let mut plc = Plc::new();
    plc.induct(1).poll();
    plc.record(item(1), 0, 3, ScanData::Code(bytes(b"FOREIGN"))).travel(200);
    plc.record(item(1), 1, 3, ScanData::Code(bytes(&code(1)))).travel(10);
    assert!(plc.notes.0.is_empty());
    plc.record(item(1), 2, 3, MEASURED).travel(90);
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
    assert_eq!(plc.sent[0].target, None);
    assert_eq!((plc.notes.0[0].reason, plc.notes.0.len()), (Reason::Planned, 1));
}

#[test]
fn records_that_come_before_the_induction_wait_for_it() {
    let mut plc = Plc::new();
    let induction = plc.status.encoder;
    plc.scan(1, 1).travel(210);
    assert!(plc.notes.0.is_empty());
    let inducted = sorter_plc::contract::Event::Inducted {
        eye: sorter_core::ids::EyeId::new(0),
        length: sorter_core::units::Pulses::new(30),
    };
    plc.event_at(item(1), inducted, induction).travel(10);
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
    assert_eq!(plc.due_in(), Some(fire(DE1) - MARGIN - 220));
}

#[test]
fn records_and_induction_in_one_poll_need_no_second_one() {
    let mut plc = Plc::new();
    plc.scan(1, 1).induct(1).poll();
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
}

#[test]
fn a_code_is_joined_over_polls_from_its_continuation() {
    let mut plc = Plc::new();
    // What stands behind the code is spaces: a long record whose end is cut off by the scanner.
    let mut long = code(11).to_vec();
    long.resize(40, b' ');
    plc.induct(1).poll();
    plc.record(item(1), 0, 2, ScanData::Code(bytes(&long[..10]))).travel(200);
    plc.record(item(1), 1, 2, ScanData::Continuation(bytes(&long[10..]))).travel(10);
    assert_eq!(plc.ops(0), [(1, divert(FR))]);
}

#[test]
fn a_code_too_long_for_any_parcel_is_not_taken_for_its_beginning() {
    let mut plc = Plc::new();
    let mut long = code(1).to_vec();
    long.resize(32, b' ');
    plc.induct(1).poll();
    plc.record(item(1), 0, 3, ScanData::Code(bytes(&long)));
    plc.record(item(1), 1, 3, ScanData::Continuation(bytes(&[b' '; 32])));
    plc.record(item(1), 2, 3, ScanData::Continuation(bytes(b"9"))).poll();
    assert_eq!(plc.notes.0[0].reason, Reason::NoRead);
}

#[test]
fn codes_of_two_parcels_name_none_of_them() {
    let mut plc = Plc::new();
    plc.induct(1);
    plc.record(item(1), 0, 2, ScanData::Code(bytes(&code(1))));
    plc.record(item(1), 1, 2, ScanData::Code(bytes(&code(11)))).poll();
    assert_eq!((plc.ops(0)[0].1, plc.notes.0[0].reason), (divert(EXCEPTION), Reason::ConflictingReads));
}

#[test]
fn without_records_it_is_decided_as_not_read_before_the_first_chute_is_out_of_reach() {
    let mut plc = Plc::new();
    plc.induct(1).poll();
    assert_eq!(plc.due_in(), Some(BLIND));
    plc.travel(BLIND - 1);
    assert!(plc.notes.0.is_empty());
    plc.travel(1);
    assert_eq!(plc.ops(0), [(1, divert(NO_READ))]);
    assert_eq!(plc.notes.0[0].reason, Reason::NoRead);
    assert!(BLIND < fire(HOLD) - MARGIN);
}

#[test]
fn incomplete_records_decide_at_the_same_place() {
    let mut plc = Plc::new();
    plc.induct(1).poll();
    plc.record(item(1), 0, 2, ScanData::Code(bytes(&code(1)))).travel(200);
    plc.travel(BLIND - 200);
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
}

#[test]
fn records_that_come_after_a_blind_decision_still_sort_the_item() {
    let mut plc = Plc::new();
    plc.induct(1).poll();
    plc.travel(BLIND);
    plc.scan(1, 1).travel(10);
    assert_eq!(plc.ops(0), [(1, divert(NO_READ)), (1, divert(DE1))]);
}

#[test]
fn records_that_come_after_the_commit_change_nothing_and_are_a_recall() {
    let mut plc = Plc::new();
    plc.induct(1).poll();
    plc.travel(BLIND);
    plc.travel(fire(NO_READ) - MARGIN - BLIND);
    assert_eq!(plc.commits(), 1);
    plc.scan(1, 1).poll();
    assert_eq!((plc.sent.len(), plc.controller.counters().recalls), (1, 1));
}

#[test]
fn records_of_an_item_that_has_ended_do_not_name_the_next_item_of_its_number() {
    let mut plc = Plc::new();
    plc.induct(7).poll();
    plc.left(7).travel(4_000);
    plc.scan(7, 1).poll();
    plc.travel(1_000_000);
    plc.induct(7).poll();
    assert!(plc.notes.0.is_empty());
    plc.travel(BLIND);
    assert_eq!(plc.notes.0[0].reason, Reason::NoRead);
    assert_eq!(plc.controller.counters().dropped_scans, 1);
}

#[test]
fn first_records_of_an_item_do_not_mix_with_those_of_an_earlier_item_of_its_number() {
    let mut plc = Plc::new();
    plc.record(item(7), 0, 2, ScanData::Code(bytes(&code(11)))).poll();
    plc.induct(7).travel(10);
    plc.scan(7, 1).travel(200);
    assert_eq!(plc.ops(0), [(7, divert(DE1))]);
}

#[test]
fn a_late_announcement_before_the_point_of_no_return_sends_it_to_its_outbound_chute() {
    let mut plc = Plc::new();
    assert_eq!(plc.start(1, 99).op, divert(HOLD));
    assert_eq!(plc.notes.0[0].reason, Reason::UnknownParcel);
    plc.engine.announce(&announcement(&code(99), "FR", Clearance::Released)).unwrap();
    plc.travel(fire(HOLD) - MARGIN);
    assert_eq!(plc.ops(1), [(1, divert(FR))]);
    assert_eq!((plc.commits(), plc.reserved(HOLD), plc.reserved(FR)), (0, 1, 1));
    plc.ended(1, sorter_plc::contract::Ending::Replaced, plc.sent[0].seq).poll();
    assert_eq!((plc.reserved(HOLD), plc.reserved(FR)), (0, 1));
    plc.travel(fire(FR) - fire(HOLD));
    assert_eq!(plc.commits(), 1);
}

#[test]
fn a_late_announcement_after_the_point_of_no_return_changes_nothing() {
    let mut plc = Plc::new();
    plc.start(1, 99);
    plc.travel(fire(HOLD) - MARGIN);
    assert_eq!(plc.commits(), 1);
    plc.engine.announce(&announcement(&code(99), "FR", Clearance::Released)).unwrap();
    plc.travel(MARGIN);
    plc.discharged(1, HOLD).travel(10);
    assert_eq!((plc.sent.len(), plc.all_reserved(), plc.fill(HOLD)), (1, 0, 1));
}

#[test]
fn a_customs_hold_before_the_point_of_no_return_keeps_it_from_its_outbound_chute() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    rule(&plc.engine, &code(1), Clearance::HoldInspect);
    plc.travel(fire(DE1) - MARGIN);
    // The hold chute is behind it, so the exception chute stands in.
    assert_eq!(plc.ops(1), [(1, divert(EXCEPTION))]);
}

#[test]
fn a_held_parcel_that_was_decided_too_often_is_ordered_nowhere() {
    let mut plc = Plc::new();
    let mut order = plc.start(1, 21);
    for _ in 1..8 {
        let [next] = plc.refused(1, sorter_plc::contract::Refusal::ChuteNotAvailable, order.seq).poll()
        else {
            panic!("a refused order is followed by another")
        };
        order = *next;
    }
    rule(&plc.engine, &code(21), Clearance::HoldInspect);
    let OrderOp::Divert { chute } = order.op else { panic!("the last order diverts") };
    plc.travel(fire(chute) - MARGIN);
    assert_eq!((plc.ops(8), plc.commits()), (vec![(1, OrderOp::Cancel)], 0));
    plc.ended(1, sorter_plc::contract::Ending::Cancelled, order.seq).poll();
    assert_eq!(plc.all_reserved(), 0);
}
