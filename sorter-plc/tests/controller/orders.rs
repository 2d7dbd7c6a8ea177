//! When orders go out: the point of no return, the ring, and states in which they are held back.

use sorter_core::reason::Reason;
use sorter_plc::contract::{ORDER_SLOTS, Seq, StateBits};

use super::plc::*;

/// Checks an item from induction to commit, and tells how the controller announces what it waits for.
fn commits_at_the_point_of_no_return(
    plc: &mut Plc,
    number: u16,
    parcel: u32,
    chute: sorter_core::ids::ChuteId,
) {
    let before = plc.commits();
    assert_eq!(plc.start(number, parcel).op, divert(chute));
    let ahead = fire(chute) - MARGIN;
    assert_eq!(plc.due_in(), Some(ahead));
    plc.travel(ahead - 1);
    assert_eq!((plc.commits(), plc.due_in()), (before, Some(1)));
    plc.travel(1);
    assert_eq!((plc.commits(), plc.due_in()), (before + 1, None));
}

#[test]
fn an_order_is_committed_exactly_at_its_point_of_no_return() {
    commits_at_the_point_of_no_return(&mut Plc::new(), 1, 1, DE1);
}

#[test]
fn the_point_of_no_return_is_right_across_the_wrap_of_the_encoder() {
    for start in [u32::MAX - 700, u32::MAX - 300, u32::MAX, i32::MAX as u32 - 300] {
        let mut plc = Plc::new().at(start);
        plc.poll();
        commits_at_the_point_of_no_return(&mut plc, 1, 1, DE1);
    }
}

#[test]
fn item_numbers_go_on_from_65535_to_1() {
    let mut plc = Plc::new();
    plc.induct(65_535).scan(65_535, 1).poll();
    plc.induct(1).scan(1, 11).travel(50);
    assert_eq!(plc.ops(0), [(65_535, divert(DE1)), (1, divert(FR))]);
    plc.discharged(65_535, DE1).travel(700);
    plc.discharged(1, FR).travel(200);
    assert_eq!((plc.controller.items_on_belt(), plc.all_reserved()), (0, 0));
}

#[test]
fn order_numbers_go_on_from_65520_to_1() {
    let mut plc = Plc::new();
    let mut last = Seq::NONE;
    let mut number = sorter_core::ids::ItemId::NONE;
    for _ in 0..u32::from(Seq::LAST) + 40 {
        number = number.next();
        let order = {
            let [order] = plc.induct(number.get()).no_code(number.get()).travel(1) else {
                panic!("each item has an order")
            };
            *order
        };
        assert_eq!((order.seq, order.item), (last.next(), number));
        last = order.seq;
        plc.left(number.get()).travel(30);
        plc.notes.0.clear();
        plc.sent.truncate(1);
        plc.sent[0] = order;
    }
    assert_eq!(last.get(), 40);
    assert_eq!(plc.controller.counters().orders, u64::from(Seq::LAST) + 40);
}

#[test]
fn the_ring_is_not_overrun_where_order_numbers_begin_again() {
    let mut plc = Plc::new();
    let mut number = 0;
    while plc.sent.last().is_none_or(|order| order.seq.get() < Seq::LAST - 5) {
        number = number % u16::MAX + 1;
        plc.induct(number).no_code(number).travel(1);
        plc.left(number).travel(1);
        plc.sent.drain(..plc.sent.len() - 1);
        plc.notes.0.clear();
    }
    plc.acknowledge_all();
    plc.acks = false;
    for item in 1..=20 {
        plc.induct(item).no_code(item);
    }
    let seqs: Vec<_> = plc.poll().iter().map(|order| order.seq.get()).collect();
    assert_eq!(seqs, [65_516, 65_517, 65_518, 65_519, 65_520, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    plc.status.order_ack = Seq::new(2).unwrap();
    let seqs: Vec<_> = plc.poll().iter().map(|order| order.seq.get()).collect();
    assert_eq!(seqs, [11, 12, 13, 14, 15]);
}

#[test]
fn at_most_15_orders_are_unacknowledged_and_the_others_follow() {
    let mut plc = Plc::new();
    plc.acks = false;
    for number in 1..=20 {
        plc.induct(number).no_code(number);
    }
    assert_eq!(plc.poll().len(), ORDER_SLOTS);
    assert!(plc.travel(100).is_empty());
    plc.status.order_ack = Seq::new(3).unwrap();
    let items: Vec<_> = plc.travel(100).iter().map(|order| order.item.get()).collect();
    assert_eq!(items, [16, 17, 18]);
    plc.acknowledge_all();
    assert_eq!(plc.poll().len(), 2);
}

#[test]
fn orders_that_waited_beyond_their_point_of_no_return_are_late_and_not_sent() {
    let mut plc = Plc::new();
    plc.acks = false;
    for number in 1..=17 {
        plc.induct(number).no_code(number);
    }
    plc.poll();
    plc.travel(fire(NO_READ) - MARGIN + 1);
    plc.acks = true;
    assert!(plc.poll().is_empty());
    assert_eq!(plc.controller.counters().late_orders, 2);
    for number in 1..=17 {
        plc.left(number);
    }
    plc.poll();
    assert_eq!(plc.all_reserved(), 0);
    let tally = plc.controller.worker().tally();
    assert_eq!(tally.reasons[Reason::LateOrder as usize], 2);
    assert_eq!(tally.deviations, 0);
}

#[test]
fn an_order_that_waited_can_still_be_sent_at_its_point_of_no_return() {
    let mut plc = Plc::new();
    plc.acks = false;
    for number in 1..=16 {
        plc.induct(number).no_code(number);
    }
    assert_eq!(plc.poll().len(), ORDER_SLOTS);
    plc.acks = true;
    plc.travel(fire(NO_READ) - MARGIN);
    assert_eq!((plc.ops(15), plc.commits()), (vec![(16, divert(NO_READ))], 16));
    assert_eq!(plc.controller.counters().late_orders, 0);
}

#[test]
fn orders_are_held_back_while_the_belt_does_not_run_or_the_host_is_not_live() {
    let mut plc = Plc::new();
    for state in [0, StateBits::LIVE, StateBits::RUNNING, StateBits::RUNNING | StateBits::E_STOP] {
        plc.status.state = StateBits(state);
        plc.induct(1).scan(1, 1);
        assert!(plc.poll().is_empty(), "state {state:#b}");
    }
    assert_eq!((plc.notes.0.len(), plc.reserved(DE1)), (1, 1));
    plc.status.state = StateBits(StateBits::RUNNING | StateBits::LIVE | StateBits::JAM);
    plc.poll();
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
}

#[test]
fn nothing_is_sent_for_an_item_that_ended_while_its_order_waited() {
    let mut plc = Plc::new();
    plc.status.state = StateBits(StateBits::LIVE);
    plc.induct(1).scan(1, 1).poll();
    plc.left(1).poll();
    // The number is given again, to an item that is decided for another chute.
    plc.induct(1).scan(1, 11).travel(10);
    plc.status.state = StateBits(StateBits::LIVE | StateBits::RUNNING);
    plc.poll();
    assert_eq!(plc.ops(0), [(1, divert(FR))]);
    assert_eq!(plc.all_reserved(), 1);
}
