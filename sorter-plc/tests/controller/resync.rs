//! Sessions that open: the belt is compared, and orders are given again, left alone or replaced.

use sorter_core::ids::EyeId;
use sorter_core::units::{EncoderCount, Pulses};
use sorter_plc::contract::{BeltEntry, Ending, Event, ORDER_SLOTS, OrderOp, Refusal, Seq};

use super::plc::*;

/// The link is cut, and comes back this many pulses later with the belt of the PLC.
fn cut(plc: &mut Plc, pulses: i32, belt: &[BeltEntry]) {
    plc.accepts = false;
    plc.travel(pulses);
    plc.resync(belt);
    plc.poll();
}

#[test]
fn an_order_that_is_in_force_stands_and_is_committed_in_its_time() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    cut(&mut plc, 100, &[entry(1, 0, Some(DE1))]);
    assert_eq!((plc.sent.len(), plc.reserved(DE1), plc.all_reserved()), (0, 1, 1));
    assert_eq!(plc.due_in(), Some(fire(DE1) - MARGIN - 100));
    plc.travel(fire(DE1) - MARGIN - 100);
    assert_eq!(plc.commits(), 1);
    plc.discharged(1, DE1).travel(100);
    let (counters, tally) = (plc.controller.counters(), plc.controller.worker().tally());
    assert_eq!((counters.strayed, counters.recalls, tally.deviations, plc.all_reserved()), (0, 0, 0, 0));
}

#[test]
fn orders_that_were_never_taken_are_sent_again_the_first_to_fire_first() {
    let mut plc = Plc::new();
    plc.start(1, 11);
    plc.start(2, 1);
    let running = std::mem::take(&mut plc.status.state);
    plc.induct(3).scan(3, 2).poll();
    plc.status.state = running;
    cut(&mut plc, 100, &[entry(1, 0, None), entry(2, 0, None), entry(3, 0, None)]);
    assert_eq!(plc.ops(0), [(2, divert(DE1)), (3, divert(DE2)), (1, divert(FR))]);
    let seqs: Vec<_> = plc.sent.iter().map(|order| order.seq.get()).collect();
    assert_eq!(seqs, [1, 2, 3]);
    assert_eq!((plc.reserved(FR), plc.reserved(DE1), plc.reserved(DE2)), (1, 1, 1));
}

#[test]
fn more_than_the_ring_holds_waits_for_it() {
    let mut plc = Plc::new();
    plc.acks = false;
    for number in 1..=20 {
        plc.induct(number).no_code(number);
    }
    plc.poll();
    let belt: Vec<_> = (1..=20).map(|number| entry(number, 0, None)).collect();
    cut(&mut plc, 100, &belt);
    assert_eq!(plc.sent.len(), ORDER_SLOTS);
    plc.acknowledge_all();
    assert_eq!(plc.poll().len(), 5);
    assert_eq!(plc.all_reserved(), 20);
}

#[test]
fn an_order_that_there_is_no_time_to_send_again_is_late_and_the_item_runs_off() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    cut(&mut plc, fire(DE1) - MARGIN + 1, &[entry(1, 0, None)]);
    assert_eq!((plc.sent.len(), plc.controller.counters().late_orders, plc.all_reserved()), (0, 1, 0));
    plc.left(1).travel(100);
    assert_eq!(plc.start(2, 1).op, divert(DE1));
}

#[test]
fn a_committed_order_that_was_never_taken_opens_its_claim_again() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.travel(fire(DE1) - MARGIN);
    assert_eq!(plc.commits(), 1);
    plc.resync(&[entry(1, 0, None)]);
    plc.poll();
    // There is just time, since the belt has not moved.
    assert_eq!((plc.ops(0), plc.all_reserved()), (vec![(1, divert(DE1))], 1));
    plc.discharged(1, DE1).travel(100);
    assert_eq!((plc.controller.worker().tally().deviations, plc.all_reserved()), (0, 0));
}

#[test]
fn a_committed_order_that_was_never_taken_may_become_another() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.travel(fire(DE1) - MARGIN);
    plc.image.full.set(DE1, true);
    plc.show().poll();
    plc.resync(&[entry(1, 0, None)]);
    plc.poll();
    assert_eq!((plc.ops(0), plc.reserved(DE1), plc.reserved(DE2)), (vec![(1, divert(DE2))], 0, 1));
}

#[test]
fn items_are_placed_anew_after_an_encoder_that_went_round_without_sense() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    for count in [0x5555_5555, 0xAAAA_AAAA, 0] {
        plc.status.encoder = EncoderCount::new(count);
        plc.poll();
    }
    plc.resync(&[entry(1, 0, None)]);
    plc.poll();
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
}

#[test]
fn scan_records_from_ahead_of_an_encoder_that_began_again_are_given_up() {
    let mut plc = Plc::new().at(4_000_000);
    plc.scan(1, 1).poll();
    plc.status.encoder = EncoderCount::new(100);
    plc.resync(&[]);
    plc.induct(1).poll();
    plc.travel(BLIND);
    assert_eq!(plc.ops(0), [(1, divert(NO_READ))]);
}

/// An item whose second order, to the second German chute, may or may not have been taken.
fn replaced() -> Plc {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.image.full.set(DE1, true);
    plc.show().poll();
    plc.travel(fire(DE1) - MARGIN);
    assert_eq!((plc.ops(1), plc.all_reserved()), (vec![(1, divert(DE2))], 2));
    plc
}

#[test]
fn a_replacement_that_was_taken_leaves_one_order_and_one_place() {
    let mut plc = replaced();
    cut(&mut plc, 10, &[entry(1, 0, Some(DE2))]);
    assert_eq!((plc.sent.len(), plc.reserved(DE1), plc.reserved(DE2)), (0, 0, 1));
    plc.travel(100);
    assert_eq!(plc.commits(), 1);
}

#[test]
fn a_replacement_that_was_not_taken_is_sent_again() {
    let mut plc = replaced();
    cut(&mut plc, 10, &[entry(1, 0, Some(DE1))]);
    assert_eq!((plc.ops(0), plc.reserved(DE1), plc.reserved(DE2)), (vec![(1, divert(DE2))], 1, 1));
    // The end of the one from before names no order.
    plc.ended(1, Ending::Replaced, Seq::NONE).travel(10);
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2)), (0, 1));
}

#[test]
fn an_order_that_fired_while_its_replacement_was_under_way_is_a_recall() {
    let mut plc = replaced();
    let fired = BeltEntry { fired: true, ..entry(1, 0, Some(DE1)) };
    cut(&mut plc, 50, &[fired]);
    let counters = plc.controller.counters();
    assert_eq!((plc.sent.len(), counters.recalls, counters.late_orders), (0, 1, 0));
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2), plc.due_in()), (1, 0, None));
    plc.discharged(1, DE1).travel(100);
    let (counters, tally) = (plc.controller.counters(), plc.controller.worker().tally());
    assert_eq!((counters.strayed, tally.deviations, plc.all_reserved()), (0, 0, 0));
}

#[test]
fn an_order_that_fired_as_decided_is_committed_at_once() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.accepts = false;
    let fired = BeltEntry { fired: true, ..entry(1, 0, Some(DE1)) };
    plc.status.encoder = plc.status.encoder.advanced_by(Pulses::new(fire(DE1)));
    plc.resync(&[fired]);
    assert_eq!((plc.commits(), plc.due_in()), (1, None));
}

#[test]
fn a_cancellation_that_was_not_taken_is_sent_again() {
    let mut plc = Plc::new();
    plc.start(1, 11);
    plc.image.not_available.set(FR, true);
    plc.show().travel(fire(FR) - MARGIN);
    assert_eq!(plc.ops(1), [(1, OrderOp::Cancel)]);
    cut(&mut plc, 5, &[entry(1, 0, Some(FR))]);
    assert_eq!((plc.ops(0), plc.reserved(FR)), (vec![(1, OrderOp::Cancel)], 1));
    plc.ended(1, Ending::Cancelled, Seq::NONE).travel(5);
    assert_eq!(plc.all_reserved(), 0);
}

#[test]
fn an_order_of_an_earlier_session_ends_without_a_number() {
    for ending in [Ending::ChuteNotAvailable, Ending::BeltStopped] {
        let mut plc = Plc::new();
        plc.start(1, 1);
        cut(&mut plc, 100, &[entry(1, 0, Some(DE1))]);
        plc.travel(fire(DE1) - 100);
        plc.ended(1, ending, Seq::NONE).travel(5);
        assert_eq!((plc.ops(0), plc.reserved(DE1)), (vec![(1, divert(DE2))], 0), "{ending:?}");
    }
    let mut plc = Plc::new();
    plc.start(1, 1);
    cut(&mut plc, 100, &[entry(1, 0, Some(DE1))]);
    plc.refused(1, Refusal::ChuteNotAvailable, Seq::NONE).travel(5);
    assert_eq!((plc.ops(0), plc.reserved(DE1)), (vec![(1, divert(DE2))], 0));
}

#[test]
fn an_item_that_is_not_on_the_belt_any_more_is_forgotten() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.start(2, 11);
    plc.accepts = false;
    plc.travel(100);
    // The number of the first has been given again.
    let compared = plc.resync(&[entry(1, 90, Some(DE2))]);
    assert_eq!((&compared.gone[..], &compared.found[..]), (&[1, 2][..], &[1][..]));
    assert_eq!((plc.reserved(DE1), plc.reserved(FR), plc.reserved(DE2)), (0, 0, 1));
    let balance = plc.controller.worker().balance();
    assert_eq!((balance.inducted, balance.unknown, balance.found, balance.on_belt()), (2, 2, 1, Some(1)));
}

#[test]
fn an_unexpected_item_is_the_same_within_the_window_of_its_eye() {
    let mut plc = Plc::new().at(10_000);
    let seen = Event::Unexpected { eye: EyeId::new(1), length: Pulses::new(30) };
    plc.event(item(5), seen).poll();
    // Its eye stands at 400 pulses; the window is 15.
    assert_eq!(plc.resync(&[entry(5, 9_615, None)]).kept, [5]);
    assert_eq!(plc.resync(&[entry(5, 9_631, None)]).found, [5]);
    assert_eq!(plc.controller.worker().balance().unknown, 1);
}

#[test]
fn an_inducted_item_is_the_same_at_its_very_count_only() {
    let mut plc = Plc::new();
    plc.induct(1).induct(2).poll();
    let compared = plc.resync(&[entry(1, 0, None), entry(2, 1, None)]);
    assert_eq!((&compared.kept[..], &compared.gone[..], &compared.found[..]), (&[1][..], &[2][..], &[2][..]));
}

#[test]
fn an_item_that_waits_for_its_records_is_decided_in_the_new_session() {
    let mut plc = Plc::new();
    plc.induct(1).induct(2).poll();
    cut(&mut plc, 100, &[entry(1, 0, None), entry(2, 0, None)]);
    plc.scan(1, 1).travel(BLIND - 100);
    assert_eq!(plc.ops(0), [(1, divert(DE1)), (2, divert(NO_READ))]);
}

#[test]
fn fire_points_are_right_when_the_encoder_moved_far_wrapped_or_began_again() {
    for (start, now) in [(u32::MAX - 50, 100), (i32::MAX as u32, i32::MAX as u32 + 151), (5, 156)] {
        let mut plc = Plc::new().at(start);
        plc.poll();
        plc.start(1, 1);
        plc.status.encoder = EncoderCount::new(now);
        plc.resync(&[entry(1, start, Some(DE1))]);
        assert_eq!(plc.due_in(), Some(fire(DE1) - MARGIN - 151), "{start}");
    }
    // The encoder began again and the item did not: it is ahead of the belt until the belt is there.
    let mut plc = Plc::new().at(4_000_000);
    plc.poll();
    plc.induct(1).poll();
    plc.status.encoder = EncoderCount::new(100);
    plc.resync(&[entry(1, 4_000_000, None)]);
    plc.status.encoder = EncoderCount::new(4_000_000 + BLIND as u32);
    plc.poll();
    assert_eq!(plc.ops(0), [(1, divert(NO_READ))]);
}

#[test]
fn entries_that_cannot_be_are_counted_and_do_no_harm() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    let nowhere = Some(sorter_core::ids::ChuteId::new(300));
    plc.resync(&[
        entry(0, 0, Some(FR)),
        entry(1, 0, nowhere),
        entry(1, 0, Some(FR)),
        entry(2, 7, nowhere),
        entry(2, 7, Some(FR)),
    ]);
    plc.poll();
    assert_eq!(plc.controller.counters().unknown_items, 3);
    assert_eq!((plc.ops(0), plc.all_reserved()), (vec![(1, divert(DE1))], 1));
    plc.left(1).left(2).poll();
    let worker = plc.controller.worker();
    assert_eq!((worker.balance().on_belt(), worker.tally().deviations), (Some(0), 0));
}

#[test]
fn an_order_that_another_host_gave_to_an_undecided_item_stands_until_it_is_decided() {
    let mut plc = Plc::new();
    plc.induct(1).induct(2).poll();
    cut(&mut plc, 10, &[entry(1, 0, Some(FR)), entry(2, 0, Some(FR))]);
    assert_eq!((plc.sent.len(), plc.reserved(FR)), (0, 2));
    plc.scan(1, 1).scan(2, 11).travel(100);
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
    // The second goes where it was sent, and is committed like any other.
    plc.travel(fire(DE1) - MARGIN - 111);
    assert_eq!(plc.commits(), 0);
    plc.travel(fire(FR) - fire(DE1) + 1);
    assert_eq!(plc.commits(), 2);
}
