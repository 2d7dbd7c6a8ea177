//! Taking orders.

use super::*;

#[test]
fn orders_are_taken_in_order_and_each_once_however_often_the_ring_is_written() {
    let mut bench = Bench::in_session(7);
    for seq in [1, 2, 4] {
        bench.order(seq);
    }
    bench.cycles(3);
    assert_eq!(bench.taken, [divert(1), divert(2)]);
    bench.order(3);
    for _ in 0..5 {
        bench.write();
        bench.cycle();
    }
    assert_eq!(bench.taken, [divert(1), divert(2), divert(3), divert(4)]);
    assert_eq!(bench.status().order_ack.get(), 4);
    assert_eq!(bench.plc.counters().orders, 4);
}

#[test]
fn a_whole_ring_is_taken_in_one_scan_over_the_wrap_of_the_numbers() {
    let mut bench = Bench::in_session(7);
    let (mut seq, mut sent) = (Seq::NONE, Vec::new());
    for _ in 0..Seq::LAST / 15 + 2 {
        sent.clear();
        for _ in 0..15 {
            seq = seq.next();
            bench.order(seq.get());
            sent.push(divert(seq.get()));
        }
        bench.taken.clear();
        bench.cycle();
        let ack = bench.status().order_ack;
        assert_eq!((&bench.taken, ack), (&sent, seq));
    }
    assert_eq!(seq.get(), 30);
}

#[test]
fn a_wrong_check_holds_the_order_and_those_behind_it_and_shows_after_100_scans() {
    let mut bench = Bench::in_session(7);
    bench.order(1);
    bench.order(2);
    bench.image.orders[0].0[2] ^= 1;
    bench.cycle();
    for _ in 1..99 {
        bench.scan();
    }
    assert!(!bench.state().has(StateBits::ORDER_SLOT_BAD));
    bench.scan();
    assert!(bench.state().has(StateBits::ORDER_SLOT_BAD));
    assert!(bench.taken.is_empty());
    bench.order(1);
    bench.cycle();
    assert_eq!(bench.taken, [divert(1), divert(2)]);
    assert!(!bench.state().has(StateBits::ORDER_SLOT_BAD));
}

#[test]
fn a_torn_slot_is_not_taken_until_it_is_whole() {
    let mut bench = Bench::in_session(7);
    bench.order(1);
    let mut words = [0; ORDER_WORDS];
    bench.image.encode(&mut words);
    for torn in 7..12 {
        bench.plc.write(128, &words[..torn]).unwrap();
        bench.scan();
        assert!(bench.taken.is_empty(), "{torn} words");
    }
    bench.plc.write(128, &words).unwrap();
    bench.scan();
    assert_eq!(bench.taken, [divert(1)]);
}

#[test]
fn an_order_of_another_session_has_a_wrong_check() {
    let mut bench = Bench::in_session(7);
    bench.image.orders[0] = RawOrder::of(&divert(1), 8, HIGH);
    bench.cycles(5);
    assert!(bench.taken.is_empty());
}

#[test]
fn orders_that_were_not_taken_are_forgotten_with_their_session() {
    let mut bench = Bench::in_session(7);
    bench.order(1);
    bench.cycle();
    bench.order(3);
    bench.cycle();
    bench.close();
    bench.image.session = 8;
    bench.cycles(5);
    assert_eq!((bench.taken.len(), bench.status().order_ack), (1, Seq::NONE));
}

#[test]
fn an_unknown_operation_or_chute_is_passed_on_to_be_refused() {
    let mut bench = Bench::in_session(7);
    for (place, op_chute) in [(0, 9 << 12 | 3), (1, 1 << 12 | 300), (2, 3 << 12 | 256)] {
        bench.order(place + 1);
        let raw = &mut bench.image.orders[usize::from(place)];
        raw.0[1] = op_chute;
        let [seq, op, item, high, low, _] = raw.0;
        raw.0[5] = sorter_plc::codec::check(7, &[seq, op, item, high, low]);
    }
    bench.cycle();
    let refused: Vec<_> = bench.taken.iter().map(|order| (order.seq.get(), order.item.get())).collect();
    assert_eq!(refused, [(1, 1), (2, 2), (3, 3)]);
    for order in &bench.taken {
        assert!(matches!(order.op, OrderOp::Divert { chute } if chute.get() > 255), "{order:?}");
    }
}

#[test]
fn no_order_is_taken_while_events_are_lost_or_about_to_be() {
    let mut bench = Bench::in_session(7);
    for number in 0..528 {
        bench.happens(number);
    }
    bench.cycle();
    assert_eq!(bench.status().event_backlog, 513);
    bench.order(1);
    bench.cycles(3);
    assert!(bench.taken.is_empty(), "there is no room for what may come of it");
    bench.image.event_ack = Seq::new(15).unwrap();
    bench.cycle();
    assert_eq!(bench.taken.len(), 1);
}
