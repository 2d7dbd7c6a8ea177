//! Orders and their acknowledgement.

use proptest::prelude::*;
use sorter_core::units::Micros;
use sorter_plc::codec::slot;
use sorter_plc::contract::{ORDER_SLOTS, Seq};
use sorter_plc::exchange::{ExchangeFault, SessionState};
use sorter_plc::register_map::BlockId;

use super::rig::{Fate, Rig, divert};

fn taken(rig: &Rig) -> Vec<u16> {
    rig.plc.taken.iter().map(|(_, order)| order.item.get()).collect()
}

#[test]
fn the_whole_ring_is_written_in_every_cycle() {
    let mut rig = Rig::live();
    rig.cycles_in_scan = 4;
    rig.host.wishes.extend(1..=9);
    rig.cycles(2);
    rig.asked.clear();
    rig.cycles(3);
    for image in rig.images() {
        for number in 1..=9 {
            let seq = Seq::new(number).unwrap();
            assert_eq!(image.orders[slot(seq, ORDER_SLOTS)].seq(), number);
        }
    }
    rig.cycles(4);
    assert_eq!(taken(&rig), (1..=9).collect::<Vec<_>>());
}

#[test]
fn an_order_whose_answer_was_lost_is_taken_once() {
    let mut rig = Rig::live();
    rig.host.wishes.push_back(1);
    rig.cycle();
    rig.fates.push((BlockId::Status, Fate::LostOnTheWayBack));
    rig.cycle();
    rig.cycles(5);
    assert_eq!(taken(&rig), [1]);
    assert_eq!(rig.host.last_poll().0.order_ack.get(), 1);
    assert_eq!(rig.faults, []);
}

#[test]
fn order_numbers_wrap_without_losing_or_doubling_one() {
    let mut rig = Rig::live();
    rig.host.forgetful = true;
    let orders = 2 * u32::from(Seq::LAST) + 40;
    for round in 0..orders.div_ceil(10) {
        rig.host.wishes.extend((0..10).map(|place| (round * 10 + place) as u16));
        rig.cycle();
        rig.asked.clear();
    }
    rig.cycles(4);
    let expected: Vec<u16> = (0..orders.div_ceil(10) * 10).map(|order| order as u16).collect();
    assert!(taken(&rig) == expected);
    assert_eq!(rig.faults, []);
}

#[test]
fn an_order_that_was_not_taken_is_not_sent_in_the_next_session() {
    let mut rig = Rig::live();
    rig.host.wishes.push_back(1);
    rig.cycle();
    rig.plc.close();
    rig.until(SessionState::Closing);
    rig.asked.clear();
    rig.until(SessionState::Live);
    let later = rig.images().into_iter().filter(|image| image.session == rig.exchange.session());
    for image in later {
        assert!(image.orders.iter().all(|order| order.seq() == 0), "an old order in a new session");
    }
    rig.host.wishes.push_back(2);
    rig.cycles(3);
    assert_eq!(taken(&rig), [2]);
}

#[test]
fn the_host_counts_in_its_own_numbers_until_it_is_told_of_the_new_session() {
    let mut rig = Rig::live();
    rig.host.wishes.extend(1..=7);
    rig.cycles(3);
    assert_eq!(rig.host.last_poll().0.order_ack.get(), 7);
    rig.plc.close();
    for item in 1..=40 {
        rig.plc.induct(item);
    }
    rig.until(SessionState::Draining);
    rig.cycle();
    assert_eq!(rig.host.last_poll().0.order_ack.get(), 7, "the PLC's own is {}", rig.plc.order_ack.get());
    rig.until(SessionState::Live);
    rig.cycle();
    assert_eq!(rig.host.last_poll().0.order_ack, Seq::NONE);
}

#[test]
fn an_acknowledgement_of_what_was_not_sent_ends_the_session() {
    let mut rig = Rig::live();
    rig.host.wishes.push_back(1);
    rig.cycles(2);
    rig.plc.order_ack = Seq::new(40).unwrap();
    rig.cycle();
    let fault = "plc acknowledges order seq 40, the last one sent is seq 1: another host writes to it";
    assert_eq!(rig.fault(), fault);
    assert_eq!(rig.exchange.counters().foreign, 1);
    assert_eq!(rig.exchange.state(), SessionState::Closing);
    rig.until(SessionState::Live);
}

#[test]
fn an_acknowledgement_that_goes_back_ends_the_session() {
    let mut rig = Rig::live();
    rig.host.wishes.extend(1..=3);
    rig.cycles(3);
    rig.plc.image.orders = Default::default();
    rig.plc.order_ack = Seq::new(1).unwrap();
    rig.plc.running = false;
    rig.plc.publish();
    rig.cycle();
    assert_eq!(rig.fault(), "orders went back from seq 3 to seq 1");
    assert_eq!(rig.exchange.counters().number_faults, 1);
    rig.plc.running = true;
    rig.until(SessionState::Live);
}

#[test]
fn a_new_session_that_acknowledges_an_order_is_not_from_here() {
    let mut rig = Rig::new();
    rig.plc.put_on_belt(190);
    rig.until(SessionState::ReadingBelt);
    rig.plc.order_ack = Seq::new(2).unwrap();
    rig.cycle();
    let fault = "plc acknowledges order seq 2, the last one sent is seq 0: another host writes to it";
    assert_eq!(rig.fault(), fault);
    rig.until(SessionState::Live);
}

#[test]
fn an_order_is_not_believed_taken_before_it_was_written() {
    let mut rig = Rig::live();
    rig.host.wishes.push_back(1);
    rig.cycle();
    // The host has given order 1, and nothing was written since.
    rig.exchange.cut(rig.now);
    rig.plc.order_ack = Seq::new(1).unwrap();
    rig.plc.running = false;
    rig.plc.publish();
    rig.fates.push((BlockId::Status, Fate::Answered));
    rig.fates.push((BlockId::Status, Fate::LostOnTheWay));
    rig.cycle();
    assert_eq!(rig.host.last_poll().0.order_ack, Seq::NONE);
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "host gave order seq 5, expected seq 1"))]
fn an_order_with_a_wrong_number_is_not_sent() {
    let mut rig = Rig::live();
    rig.host.rude.push(divert(Seq::new(5).unwrap(), 1));
    rig.cycles(5);
    assert!(taken(&rig).is_empty());
    assert_eq!(rig.exchange.counters().refused_orders, 1);
    rig.until(SessionState::Live);
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "expected seq 16 with room for 0"))]
fn an_order_beyond_the_ring_overwrites_none() {
    let mut rig = Rig::live();
    rig.cycles_in_scan = 50;
    rig.host.rude = (1..=17).map(|number| divert(Seq::new(number).unwrap(), number)).collect();
    rig.cycle();
    assert_eq!(rig.exchange.counters().refused_orders, 2);
    assert_eq!(rig.exchange.counters().orders, 15);
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "with room for 0"))]
fn an_order_outside_a_live_session_is_not_sent() {
    let mut rig = Rig::new();
    rig.plc.put_on_belt(200);
    rig.until(SessionState::ReadingBelt);
    rig.host.rude.push(divert(Seq::new(1).unwrap(), 1));
    rig.cycle();
    assert_eq!(rig.exchange.counters().refused_orders, 1);
    rig.until(SessionState::Live);
    assert!(taken(&rig).is_empty());
}

/// What happens to the link or to the PLC in a cycle.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    None,
    Cut(Fate),
    Silence(u64),
    Close,
    Restart,
    Torn,
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        8 => Just(Mishap::None),
        2 => Just(Mishap::Cut(Fate::LostOnTheWay)),
        2 => Just(Mishap::Cut(Fate::LostOnTheWayBack)),
        1 => (1_u64..3_000).prop_map(Mishap::Silence),
        1 => Just(Mishap::Close),
        1 => Just(Mishap::Restart),
        1 => Just(Mishap::Torn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is lost on the way: each item is ordered at most once, in its order, by a PLC that takes an order
    /// whenever it can, and each event reaches the host once.
    #[test]
    fn orders_and_events_pass_at_most_once(
        script in prop::collection::vec((mishap(), 0_u8..3, 0_u32..40), 1..60),
        pace in 1_u32..4,
    ) {
        let mut rig = Rig::new();
        rig.cycles_in_scan = pace;
        let (mut item, mut event, mut restarted_at) = (0, 0, Vec::new());
        for (mishap, count, cycles) in script {
            for _ in 0..count {
                item += 1;
                event += 1;
                rig.host.wishes.push_back(item);
                rig.plc.induct(event);
            }
            match mishap {
                Mishap::None => {}
                Mishap::Cut(fate) => rig.fates.push((BlockId::Status, fate)),
                Mishap::Silence(millis) => {
                    rig.exchange.cut(rig.now);
                    rig.now = rig.now + Micros::from_millis(millis);
                }
                Mishap::Close => rig.plc.close(),
                Mishap::Restart => {
                    restarted_at.push(event);
                    rig.plc.restart();
                }
                Mishap::Torn => {
                    let mut torn = 3;
                    rig.mangle = Some(Box::new(move |_, words| {
                        if torn > 0 {
                            torn -= 1;
                            words[0] = words[0].wrapping_add(1);
                        }
                    }));
                }
            }
            rig.cycles(cycles);
        }
        rig.until(SessionState::Live);
        rig.cycles(400);
        let taken = taken(&rig);
        prop_assert!(taken.windows(2).all(|pair| pair[0] < pair[1]), "taken {:?}", taken);
        let told = rig.host.event_items();
        prop_assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "told {:?}", told);
        if restarted_at.is_empty() {
            prop_assert_eq!(told, (1..=event).collect::<Vec<_>>());
        }
        let strange = rig.faults.iter().find(|fault| matches!(
            fault,
            ExchangeFault::NumberBack { .. }
                | ExchangeFault::NumberJump { .. }
                | ExchangeFault::ForeignAck { .. }
                | ExchangeFault::EncoderFast { .. }
        ));
        prop_assert_eq!(strange, None);
    }
}
