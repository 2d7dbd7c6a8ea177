//! Every value of the contract survives its registers, in both word orders.

use proptest::collection::vec;
use proptest::prelude::*;

use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::units::EncoderCount;
use sorter_plc::codec::{
    BeltHead, OrderImage, PlantBlock, RawEvent, RawOrder, RawScan, ScanImage, StatusImage, belt_entry,
    put_belt_entry,
};
use sorter_plc::contract::{CHUTES_PER_LINK, ChuteBits, Order, OrderOp, Seq};
use sorter_plc::register_map::{
    BELT_ENTRY_WORDS, BELT_HEAD_WORDS, ORDER_WORDS, PLANT_WORDS, SCAN_WORDS, STATUS_WORDS, WordOrder,
};

use crate::arbitrary::{belt_entries, events, orders, plants, scans, seqs, statuses, word_orders};

proptest! {
    #[test]
    fn an_event_comes_back_as_it_went(record in events(), order in word_orders()) {
        let raw = RawEvent::of(&record, order);
        prop_assert_eq!(raw.seq(), record.seq.get());
        prop_assert_eq!(raw.record(order), Ok(record));
    }

    #[test]
    fn an_order_comes_back_as_it_went(order in orders(), session: u16, words in word_orders()) {
        let raw = RawOrder::of(&order, session, words);
        prop_assert_eq!(raw.seq(), order.seq.get());
        prop_assert_eq!(raw.order(session, words), Ok(order));
    }

    #[test]
    fn a_scan_record_comes_back_as_it_went(record in scans(), order in word_orders()) {
        let raw = RawScan::of(&record, order);
        prop_assert_eq!(raw.seq(), record.seq.get());
        prop_assert_eq!(raw.record(order), Ok(record));
    }

    #[test]
    fn a_belt_entry_comes_back_as_it_went(entry in belt_entries(), order in word_orders()) {
        let mut words = [0xAAAA; BELT_ENTRY_WORDS];
        put_belt_entry(&entry, &mut words, order);
        prop_assert_eq!(belt_entry(&words, order), entry);
    }

    #[test]
    fn blocks_come_back_as_they_went(
        counter: u16,
        status in statuses(),
        image in plants(),
        window in vec(any::<[u16; 6]>(), 15),
        scans in vec(any::<[u16; 16]>(), 6),
        order in word_orders(),
    ) {
        let mut events = [RawEvent::EMPTY; 15];
        events.iter_mut().zip(&window).for_each(|(event, words)| event.0 = *words);
        let sent = StatusImage { counter, status, events };
        let mut words = [0xAAAA; STATUS_WORDS];
        sent.encode(&mut words, order);
        prop_assert_eq!(StatusImage::decode(&words, order), Ok(sent));

        let sent = PlantBlock { counter, image };
        let mut words = [0xAAAA; PLANT_WORDS];
        sent.encode(&mut words, order);
        prop_assert_eq!(PlantBlock::decode(&words, order), Ok(sent));

        let mut sent = ScanImage { counter, ..ScanImage::default() };
        sent.records.iter_mut().zip(&scans).for_each(|(record, words)| record.0[..16].copy_from_slice(words));
        let mut words = [0xAAAA; SCAN_WORDS];
        sent.encode(&mut words);
        prop_assert_eq!(ScanImage::decode(&words), Ok(sent));
    }

    #[test]
    fn an_order_image_comes_back_as_it_went(
        fixed: [u16; 3],
        permit: bool,
        acks in (seqs(), seqs()),
        ring in vec(any::<[u16; 6]>(), 15),
    ) {
        let [session, heartbeat, induction_limit] = fixed;
        let mut sent = OrderImage { session, heartbeat, permit, induction_limit, ..OrderImage::default() };
        (sent.event_ack, sent.scan_ack) = acks;
        sent.orders.iter_mut().zip(&ring).for_each(|(order, words)| order.0 = *words);
        let mut words = [0xAAAA; ORDER_WORDS];
        sent.encode(&mut words);
        prop_assert_eq!(OrderImage::decode(&words), Ok(sent));
    }

    #[test]
    fn a_renumbered_record_is_the_same_but_for_its_number(record in events(), other in events(), seq in seqs()) {
        let raw = RawEvent::of(&record, WordOrder::HighFirst);
        let renumbered = RawEvent::of(&sorter_plc::contract::EventRecord { seq, ..record }, WordOrder::HighFirst);
        prop_assert!(raw.same_but_seq(&renumbered));
        let other = sorter_plc::contract::EventRecord { seq: record.seq, ..other };
        prop_assert_eq!(raw.same_but_seq(&RawEvent::of(&other, WordOrder::HighFirst)), other == record);
    }

    #[test]
    fn the_words_of_chute_bits_are_those_of_the_chutes(chutes in vec(any::<u8>(), 0..40)) {
        let mut bits = ChuteBits::default();
        let mut words = [0; CHUTES_PER_LINK / 16];
        for chute in chutes {
            bits.set(ChuteId::new(chute.into()), true);
            words[usize::from(chute) / 16] |= 1 << (chute % 16);
        }
        prop_assert_eq!(bits.to_words(), words);
        prop_assert_eq!(ChuteBits::from_words(&words), bits);
    }
}

#[test]
fn a_belt_head_comes_back_as_it_went() {
    let head = BeltHead { entries: 200, snapshot: 9 };
    let mut words = [0xAAAA; BELT_HEAD_WORDS];
    head.encode(&mut words);
    assert_eq!(words, [200, 9, 0, 0]);
    assert_eq!(BeltHead::decode(&words[..BeltHead::WORDS]), Ok(head));
    assert_eq!(head.within(200), Ok(head));
    assert_eq!(head.within(199).unwrap_err().to_string(), "BELT has 200 entries, expected at most 199");
}

#[test]
fn a_target_at_count_zero_is_written_as_one_because_zero_is_none() {
    let order = |target| Order {
        seq: Seq::new(1).unwrap(),
        item: ItemId::new(9),
        op: OrderOp::Divert { chute: ChuteId::new(3) },
        target,
    };
    let raw = |target| RawOrder::of(&order(target), 77, WordOrder::HighFirst);
    assert_eq!(raw(Some(EncoderCount::new(0))), raw(Some(EncoderCount::new(1))));
    assert_eq!(raw(None).order(77, WordOrder::HighFirst), Ok(order(None)));
}
