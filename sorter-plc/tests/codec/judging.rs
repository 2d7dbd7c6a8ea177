//! What is wrong with a block or a record is named, and nothing of it is used.

use proptest::collection::vec;
use proptest::prelude::*;

use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_plc::codec::{
    BeltHead, CodecError, OrderImage, PlantBlock, RawEvent, RawOrder, RawScan, RecordError, ScanImage,
    StatusImage, belt_entry, check,
};
use sorter_plc::contract::{EVENT_SLOTS, Event, EventRecord, Order, OrderOp, Seq, Status};
use sorter_plc::register_map::{BlockId, ORDER_WORDS, PLANT_WORDS, SCAN_WORDS, STATUS_WORDS, WordOrder};

use crate::arbitrary::{events, orders, word_orders};

const HIGH: WordOrder = WordOrder::HighFirst;

fn good_status() -> [u16; STATUS_WORDS] {
    let image = StatusImage { counter: 5, status: Status::default(), events: [RawEvent::EMPTY; EVENT_SLOTS] };
    let mut words = [0; STATUS_WORDS];
    image.encode(&mut words, HIGH);
    words
}

/// What is said of a STATUS block in which one word was changed.
fn message_of(word: usize, value: u16) -> String {
    let mut words = good_status();
    words[word] = value;
    StatusImage::decode(&words, HIGH).expect_err("one word is wrong").to_string()
}

#[test]
fn every_wrong_word_of_the_header_is_named() {
    assert_eq!(message_of(1, 0), "STATUS has the magic word 0x0000, expected 0x5052");
    assert_eq!(message_of(2, 2), "STATUS is of version 2, expected 1");
    assert_eq!(
        message_of(4, 0x0403),
        "STATUS has the word order probe 0x0102 0x0403, expected 0x0102 0x0304"
    );
    assert_eq!(message_of(0, 6), "STATUS is torn: its first counter is 6, its last 5");
    assert_eq!(message_of(120, 4), "STATUS is torn: its first counter is 5, its last 4");
    for word in [14, 16, 18, 21] {
        let expected = format!("STATUS has the sequence number 65521 in word {word}, expected at most 65520");
        assert_eq!(message_of(word, 65_521), expected);
    }
}

#[test]
fn the_other_word_order_is_told_by_the_probe() {
    let expected = CodecError::WordOrder { expected: [0x0304, 0x0102], received: [0x0102, 0x0304] };
    assert_eq!(StatusImage::decode(&good_status(), WordOrder::LowFirst), Err(expected));
}

#[test]
fn torn_scan_and_plant_blocks_are_told_as_such() {
    let (mut scan, mut plant) = ([0; SCAN_WORDS], [0; PLANT_WORDS]);
    (scan[121], plant[80]) = (1, 1);
    let torn = |block| CodecError::Torn { block, first: 0, last: 1 };
    assert_eq!(ScanImage::decode(&scan), Err(torn(BlockId::Scan)));
    assert_eq!(PlantBlock::decode(&plant, HIGH), Err(torn(BlockId::Plant)));
}

#[test]
fn a_block_of_another_length_is_told_with_both_lengths() {
    let words = [0; 200];
    let too_long = |block, expected| CodecError::Length { block, expected, received: 200 };
    assert_eq!(StatusImage::decode(&words, HIGH), Err(too_long(BlockId::Status, STATUS_WORDS)));
    assert_eq!(OrderImage::decode(&words), Err(too_long(BlockId::Order, ORDER_WORDS)));
    assert_eq!(ScanImage::decode(&words), Err(too_long(BlockId::Scan, SCAN_WORDS)));
    assert_eq!(PlantBlock::decode(&words, HIGH), Err(too_long(BlockId::Plant, PLANT_WORDS)));
    assert_eq!(BeltHead::decode(&words[..1]).unwrap_err().to_string(), "BELT has 1 words, expected 2");
}

#[test]
fn an_acknowledgement_that_does_not_exist_is_not_taken() {
    let mut words = [0; ORDER_WORDS];
    words[3] = 65_535;
    let expected = CodecError::Sequence { block: BlockId::Order, word: 3, received: 65_535 };
    assert_eq!(OrderImage::decode(&words), Err(expected));
}

#[test]
fn events_with_numbers_of_another_contract_are_named_with_their_words() {
    let judged = |kind, arg| RawEvent([4, kind, 7, arg, 0, 1]).record(HIGH).unwrap_err().to_string();
    assert_eq!(judged(0x1000, 0), "event 4 has the unknown type 16: 0004 1000 0007 0000 0000 0001");
    assert_eq!(judged(0x0009, 0), "event 4 has the unknown type 0: 0004 0009 0007 0000 0000 0001");
    assert_eq!(judged(0x0707, 0), "event 4 has the unknown detail 7: 0004 0707 0007 0000 0000 0001");
    assert_eq!(judged(0x0E06, 0), "event 4 has the unknown detail 6: 0004 0e06 0007 0000 0000 0001");
    assert_eq!(judged(0x0402, 0), "event 4 has the unknown detail 2: 0004 0402 0007 0000 0000 0001");
    let of_argument =
        |kind, arg| matches!(judged(kind, arg), text if text.contains("which its type does not"));
    assert!(of_argument(0x0301, 256), "a chute that no link carries");
    assert!(of_argument(0x0701, 65_521), "an order that does not exist");
    assert!(of_argument(0x0F01, 2), "a jam that neither begins nor ends");
}

#[test]
fn empty_slots_are_no_records() {
    let empty = RecordError::Sequence { received: 0 };
    assert_eq!(RawEvent::EMPTY.record(HIGH), Err(empty));
    assert_eq!(RawScan::EMPTY.record(HIGH), Err(empty));
    assert_eq!(
        RawEvent([65_521, 0x0100, 1, 1, 0, 0]).record(HIGH).unwrap_err().to_string(),
        "a record has the sequence number 65521, expected 1 to 65520"
    );
}

/// The check of a zeroed slot is right in one session, so the empty slot has to be told by its number.
#[test]
fn a_zeroed_order_slot_is_valid_in_no_session() {
    for session in 0..=u16::MAX {
        assert!(RawOrder::EMPTY.order(session, HIGH).is_err(), "session {session}");
    }
    assert_eq!(check(0xA5A5, &[0; 5]), 0);
}

#[test]
fn the_check_of_an_order_is_that_of_the_document() {
    let document = include_str!("../../../docs/register-map.md");
    let expected = check(0x1234, &[1, 0x1003, 7, 0, 0]);
    assert!(
        document.contains(&format!("the words 1, 0x1003, 7, 0, 0 it is {expected:#06X}").replace("0X", "0x"))
    );
}

#[test]
fn orders_to_do_what_no_plc_does_are_named() {
    let judged = |op_chute| {
        let words = [8, op_chute, 0, 0, 0];
        let raw = RawOrder([8, op_chute, 0, 0, 0, check(3, &words)]);
        raw.order(3, HIGH).unwrap_err().to_string()
    };
    assert!(judged(0x6000).starts_with("order 8 has the unknown operation 6: 0008 6000"));
    assert_eq!(judged(0x1100), "order 8 names chute 256, a link has 256 chutes");
    let far = Order {
        seq: Seq::new(1).unwrap(),
        item: ItemId::new(1),
        op: OrderOp::Divert { chute: ChuteId::new(5_000) },
        target: None,
    };
    let raw = RawOrder::of(&far, 3, HIGH);
    assert_eq!(
        raw.order(3, HIGH).unwrap_err().to_string(),
        "order 1 names chute 4095, a link has 256 chutes",
        "a chute never spills into the operation"
    );
}

#[test]
fn scan_records_that_contradict_themselves_are_named() {
    let judged = |kind_length, index_count| {
        let mut words = [0; 20];
        words[..4].copy_from_slice(&[6, 1, kind_length, index_count]);
        RawScan(words).record(HIGH).unwrap_err().to_string()
    };
    assert_eq!(judged(0x0500, 1), "scan record 6 has the unknown kind 5");
    assert_eq!(judged(0x0121, 1), "scan record 6 has a code of 33 characters, a record holds 32");
    assert_eq!(judged(0x0200, 0x0202), "scan record 6 is record 2 of 2, counted from 0");
    assert_eq!(judged(0x0200, 0), "scan record 6 is record 0 of 0, counted from 0");
}

#[test]
fn a_value_beyond_its_word_is_written_as_the_nearest() {
    let seen = |deviation| {
        let event = Event::Seen { eye: EyeId::new(1), deviation: sorter_core::units::Pulses::new(deviation) };
        let record = EventRecord {
            seq: Seq::new(1).unwrap(),
            item: ItemId::new(1),
            encoder: Default::default(),
            event,
        };
        RawEvent::of(&record, HIGH).0[3].cast_signed()
    };
    assert_eq!([seen(-40_000), seen(40_000), seen(-3)], [i16::MIN, i16::MAX, -3]);
}

proptest! {
    /// A slot of the ring is rewritten word by word; an order that is half the old one and half the new one is not
    /// taken, unless it is one of the two.
    #[test]
    fn a_slot_with_one_word_of_the_order_before_it_is_not_taken(
        old in orders(),
        new in orders(),
        session: u16,
        place in 0_usize..6,
        words in word_orders(),
    ) {
        let (old, new) = (RawOrder::of(&old, session, words), RawOrder::of(&new, session, words));
        let mut torn = new;
        torn.0[place] = old.0[place];
        if torn != new && torn != old {
            prop_assert!(torn.order(session, words).is_err());
        }
    }

    #[test]
    fn an_order_of_another_session_is_not_taken(order in orders(), session: u16, other: u16) {
        prop_assume!(session != other);
        let raw = RawOrder::of(&order, session, HIGH);
        let judged = raw.order(other, HIGH);
        prop_assert!(matches!(judged, Err(RecordError::Check { .. })), "{:?}", judged);
    }

    #[test]
    fn one_changed_word_changes_the_check(words: [u16; 5], session: u16, place in 0_usize..5, value: u16) {
        let mut changed = words;
        changed[place] = value;
        prop_assert_eq!(check(session, &words) == check(session, &changed), words == changed);
    }

    #[test]
    fn any_words_are_judged_without_a_panic(words in vec(any::<u16>(), 0..140), order in word_orders()) {
        let _ = StatusImage::decode(&words, order);
        let _ = OrderImage::decode(&words);
        let _ = ScanImage::decode(&words);
        let _ = PlantBlock::decode(&words, order);
        let _ = BeltHead::decode(&words);
    }

    #[test]
    fn any_records_are_judged_without_a_panic(words: [u16; 20], session: u16, order in word_orders()) {
        let six: [u16; 6] = words[..6].try_into().unwrap();
        let _ = RawEvent(six).record(order);
        let _ = RawOrder(six).order(session, order);
        let _ = RawScan(words).record(order);
        let _ = belt_entry(&words, order);
    }

    /// What is taken from any words says the same when it is written again.
    #[test]
    fn what_is_taken_is_written_again_with_the_same_meaning(
        mut words: [u16; 20],
        session: u16,
        kind in 0_u8..17,
        detail: u8,
        order in word_orders(),
    ) {
        words[1] = u16::from_be_bytes([kind, detail]);
        words[2] = u16::from_be_bytes([kind % 6, detail % 40]);
        let six: [u16; 6] = words[..6].try_into().unwrap();
        if let Ok(record) = RawEvent(six).record(order) {
            prop_assert_eq!(RawEvent::of(&record, order).record(order), Ok(record));
        }
        if let Ok(record) = RawScan(words).record(order) {
            prop_assert_eq!(RawScan::of(&record, order).record(order), Ok(record));
        }
        let mut checked = six;
        checked[5] = check(session, &six[..5].try_into().unwrap());
        if let Ok(taken) = RawOrder(checked).order(session, order) {
            prop_assert_eq!(RawOrder::of(&taken, session, order).order(session, order), Ok(taken));
        }
    }

    #[test]
    fn one_torn_word_of_a_counter_is_told_whatever_else_stands_there(record in events(), counter: u16, by in 1_u16..) {
        let mut events = [RawEvent::EMPTY; EVENT_SLOTS];
        events[0] = RawEvent::of(&record, HIGH);
        let image = StatusImage { counter, status: Status::default(), events };
        let mut words = [0; STATUS_WORDS];
        image.encode(&mut words, HIGH);
        words[0] = counter.wrapping_add(by);
        let torn = CodecError::Torn { block: BlockId::Status, first: words[0], last: counter };
        prop_assert_eq!(StatusImage::decode(&words, HIGH), Err(torn));
    }
}
