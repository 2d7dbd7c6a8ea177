//! How orders end, and what becomes of their item then.

use sorter_core::reason::Reason;
use sorter_plc::contract::{Ending, OrderOp, Refusal, Seq};

use super::plc::*;

#[test]
fn a_discharge_ends_item_order_and_reservation() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.travel(fire(DE1));
    plc.discharged(1, DE1).travel(30);
    assert_eq!((plc.all_reserved(), plc.fill(DE1), plc.controller.items_on_belt()), (0, 1, 0));
    let balance = plc.controller.worker().balance();
    assert_eq!((balance.inducted, balance.discharged, balance.on_belt()), (1, 1, Some(0)));
    assert_eq!(plc.controller.counters().strayed, 0);
}

#[test]
fn an_item_whose_divert_missed_runs_off_and_comes_back() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.travel(fire(DE1));
    plc.missed(1, DE1).travel(50);
    assert_eq!((plc.all_reserved(), plc.sent.len(), plc.controller.counters().missed), (0, 1, 1));
    plc.left(1).travel(3_000);
    assert_eq!(plc.controller.counters().recirculations, 1);
    assert_eq!(plc.controller.worker().tally().reasons[Reason::MissedDivert as usize], 1);
    assert_eq!(plc.start(2, 1).op, divert(DE1));
}

#[test]
fn an_order_that_the_plc_calls_late_is_counted_and_decided_again_downstream() {
    let mut plc = Plc::new();
    let order = plc.start(1, 1);
    plc.travel(fire(DE1) - MARGIN + 1);
    plc.refused(1, Refusal::Late, order.seq).travel(1);
    assert_eq!(plc.ops(1), [(1, divert(DE2))]);
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2)), (0, 1));
    let counters = plc.controller.counters();
    assert_eq!((counters.late_orders, counters.refused), (1, 0));
    plc.travel(fire(DE2) - fire(DE1));
    assert_eq!(plc.commits(), 2);
}

#[test]
fn a_chute_that_the_plc_refuses_is_not_ordered_again_before_its_state_is_read() {
    let mut plc = Plc::new();
    let order = plc.start(1, 1);
    plc.refused(1, Refusal::ChuteNotAvailable, order.seq).travel(10);
    assert_eq!(plc.ops(1), [(1, divert(DE2))]);
    assert_eq!(plc.start(2, 2).op, divert(DE2));
    // The image shows that it is open, as it was before.
    plc.show().travel(10);
    assert_eq!(plc.start(3, 3).op, divert(DE1));
}

#[test]
fn a_chute_that_was_closed_at_the_fire_point_sends_the_item_downstream() {
    let mut plc = Plc::new();
    let order = plc.start(1, 1);
    plc.travel(fire(DE1));
    plc.ended(1, Ending::ChuteNotAvailable, order.seq).travel(5);
    assert_eq!(plc.ops(1), [(1, divert(DE2))]);
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2)), (0, 1));
}

#[test]
fn a_belt_that_stood_at_the_fire_point_sends_the_item_downstream() {
    let mut plc = Plc::new();
    let order = plc.start(1, 1);
    plc.travel(fire(DE1));
    plc.ended(1, Ending::BeltStopped, order.seq).poll();
    assert_eq!(plc.ops(1), [(1, divert(DE2))]);
}

#[test]
fn an_order_that_met_a_stopping_belt_is_given_again_when_it_runs() {
    let mut plc = Plc::new();
    let order = plc.start(1, 1);
    let running = std::mem::take(&mut plc.status.state);
    assert!(plc.refused(1, Refusal::NotRunning, order.seq).poll().is_empty());
    plc.status.state = running;
    plc.poll();
    assert_eq!(plc.ops(1), [(1, divert(DE1))]);
    assert_eq!(plc.reserved(DE1), 1);
}

/// An item ordered to the first German chute, which then closes, so that the second replaces it.
fn replaced() -> (Plc, Seq, Seq) {
    let mut plc = Plc::new();
    let first = plc.start(1, 1).seq;
    plc.image.full.set(DE1, true);
    plc.show().poll();
    plc.travel(fire(DE1) - MARGIN);
    assert_eq!(plc.ops(1), [(1, divert(DE2))]);
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2)), (1, 1));
    let second = plc.sent[1].seq;
    (plc, first, second)
}

#[test]
fn a_replaced_order_gives_back_only_its_own_chute() {
    let (mut plc, first, _) = replaced();
    plc.ended(1, Ending::Replaced, first).travel(10);
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2), plc.sent.len()), (0, 1, 2));
    plc.travel(fire(DE2) - fire(DE1));
    assert_eq!(plc.commits(), 1);
    plc.discharged(1, DE2).travel(100);
    assert_eq!((plc.all_reserved(), plc.controller.counters().strayed), (0, 0));
}

#[test]
fn a_refused_replacement_leaves_the_earlier_order_in_force() {
    for why in [Refusal::AlreadyFired, Refusal::Late, Refusal::TableFull] {
        let (mut plc, _, second) = replaced();
        plc.travel(10);
        plc.refused(1, why, second).travel(10);
        assert_eq!((plc.reserved(DE1), plc.reserved(DE2), plc.sent.len()), (1, 0, 2), "{why:?}");
        assert_eq!(plc.controller.counters().recalls, 1, "{why:?}");
        plc.travel(200);
        plc.discharged(1, DE1).poll();
        let (counters, tally) = (plc.controller.counters(), plc.controller.worker().tally());
        assert_eq!((plc.sent.len(), plc.all_reserved()), (2, 0), "{why:?}");
        assert_eq!((counters.strayed, tally.deviations), (0, 0), "{why:?}");
    }
}

#[test]
fn an_earlier_order_is_cancelled_when_its_item_is_known_and_the_right_chute_is_behind() {
    let mut plc = Plc::new();
    plc.image.not_available.set(NO_READ, true);
    plc.image.not_available.set(OVERFLOW, true);
    plc.show().induct(1).poll();
    plc.travel(BLIND);
    plc.scan(1, 1).travel(10);
    assert_eq!(plc.ops(0), [(1, divert(EXCEPTION)), (1, divert(DE1))]);
    plc.travel(fire(DE2) - BLIND - 10);
    let (first, replacement) = (plc.sent[0].seq, plc.sent[1].seq);
    plc.refused(1, Refusal::Late, replacement).travel(10);
    // The parcel comes back and is sorted then; in the exception chute a person would have to do it.
    assert_eq!(plc.ops(2), [(1, OrderOp::Cancel)]);
    plc.ended(1, Ending::Cancelled, first).travel(10);
    assert_eq!(plc.all_reserved(), 0);
}

#[test]
fn each_chute_that_is_turned_down_is_followed_by_the_next_of_the_plan() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    for _ in 0..3 {
        let last = plc.sent.last().unwrap().seq;
        plc.refused(1, Refusal::ChuteNotAvailable, last).poll();
    }
    assert_eq!(plc.ops(0), [DE1, DE2, OVERFLOW, EXCEPTION].map(|chute| (1, divert(chute))));
    assert_eq!((plc.all_reserved(), plc.reserved(EXCEPTION)), (1, 1));
}

#[test]
fn a_replacement_that_waits_for_the_ring_outlives_the_refusal_of_the_first_order() {
    let mut plc = Plc::new();
    plc.acks = false;
    let first = plc.start(1, 1).seq;
    for number in 2..=15 {
        plc.induct(number).no_code(number);
    }
    plc.image.full.set(DE1, true);
    plc.show().poll();
    plc.travel(fire(DE1) - MARGIN);
    plc.refused(1, Refusal::ChuteNotAvailable, first).poll();
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2), plc.sent.len()), (0, 1, 15));
    plc.acks = true;
    plc.travel(10);
    assert_eq!(plc.ops(15), [(1, divert(DE2))]);
    plc.travel(fire(DE2) - fire(DE1) - 10);
    assert_eq!(plc.commits(), 1);
}

#[test]
fn an_order_that_ended_before_its_replacement_does_not_disturb_it() {
    let (mut plc, first, _) = replaced();
    plc.ended(1, Ending::ChuteNotAvailable, first).travel(MARGIN);
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2), plc.sent.len()), (0, 1, 2));
    plc.travel(fire(DE2) - fire(DE1));
    assert_eq!(plc.commits(), 1);
}

#[test]
fn an_item_that_can_go_nowhere_any_more_has_its_order_cancelled() {
    let mut plc = Plc::new();
    let order = plc.start(1, 11);
    plc.image.not_available.set(FR, true);
    plc.show().travel(fire(FR) - MARGIN);
    assert_eq!(plc.ops(1), [(1, OrderOp::Cancel)]);
    assert_eq!(plc.reserved(FR), 1);
    plc.ended(1, Ending::Cancelled, order.seq).travel(10);
    assert_eq!((plc.all_reserved(), plc.sent.len()), (0, 2));
}

#[test]
fn a_cancellation_that_came_too_late_is_a_recall_and_no_stray() {
    let mut plc = Plc::new();
    plc.start(1, 11);
    plc.image.not_available.set(FR, true);
    plc.show().travel(fire(FR) - MARGIN);
    let cancel = plc.sent[1].seq;
    plc.refused(1, Refusal::AlreadyFired, cancel).travel(MARGIN);
    plc.discharged(1, FR).travel(100);
    let counters = plc.controller.counters();
    assert_eq!((counters.recalls, counters.strayed, plc.all_reserved()), (1, 0, 0));
}

#[test]
fn a_cancellation_that_waits_is_not_sent_when_its_order_has_ended_meanwhile() {
    let mut plc = Plc::new();
    plc.start(1, 11);
    plc.image.not_available.set(FR, true);
    plc.accepts = false;
    plc.show().travel(fire(FR) - MARGIN);
    let order = plc.sent[0].seq;
    plc.ended(1, Ending::ChuteNotAvailable, order).poll();
    plc.accepts = true;
    plc.travel(10);
    assert_eq!((plc.sent.len(), plc.all_reserved()), (1, 0));
}

#[test]
fn an_order_that_leaves_with_its_item_has_no_place_whichever_is_told_first() {
    for item_first in [false, true] {
        let mut plc = Plc::new();
        let order = plc.start(1, 1).seq;
        if item_first {
            plc.left(1).ended(1, Ending::ItemGone, order).poll();
        } else {
            plc.ended(1, Ending::ItemGone, order).left(1).poll();
        }
        let (counters, worker) = (plc.controller.counters(), plc.controller.worker());
        assert_eq!((plc.all_reserved(), worker.balance().left, plc.controller.items_on_belt()), (0, 1, 0));
        assert_eq!((counters.unknown_items, counters.foreign_events, counters.refused), (0, 0, 0));
    }
}

#[test]
fn an_order_that_ends_with_its_item_gives_its_place_back_once() {
    let mut plc = Plc::new();
    let order = plc.start(1, 1);
    plc.ended(1, Ending::ItemGone, order.seq).left(1).travel(10);
    plc.ended(1, Ending::ItemGone, order.seq).travel(10);
    let tally = plc.controller.worker().tally();
    assert_eq!((plc.all_reserved(), tally.deviations), (0, 0));
}

#[test]
fn an_item_is_not_decided_without_end() {
    let mut plc = Plc::new();
    let mut order = plc.start(1, 21);
    for _ in 0..20 {
        let Some(next) = plc.refused(1, Refusal::NotRunning, order.seq).poll().first().copied() else {
            break;
        };
        order = next;
    }
    assert_eq!((plc.sent.len(), plc.notes.0.len(), plc.all_reserved()), (8, 8, 0));
}
