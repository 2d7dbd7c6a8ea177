//! Register words from a PLC or a host, as every block and record of the contract.

use sorter_plc::codec::{
    BeltHead, OrderImage, PlantBlock, RawEvent, RawOrder, RawScan, ScanImage, StatusImage, belt_entry, check,
    put_belt_entry,
};
use sorter_plc::register_map::{
    BELT_ENTRY_WORDS, BELT_HEAD_WORDS, ORDER_WORDS, PLANT_WORDS, SCAN_WORDS, STATUS_WORDS, WordOrder,
};

/// Words as blocks: the first byte chooses the word order, the others are words, high byte first. What is accepted
/// says the same when it is written and read again.
pub fn registers(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let order = if choice % 2 == 0 { WordOrder::HighFirst } else { WordOrder::LowFirst };
    let words: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    status(&words, order);
    orders(&words, order);
    scans(&words, order);
    plant(&words, order);
    belt(&words, order);
    // Records at the front, so that they are reached without a good block around them.
    if let Some(words) = words.first_chunk() {
        event(RawEvent(*words), order);
        order_record(RawOrder(*words), words[0], order);
        let mut sealed = *words;
        sealed[5] = check(words[0], words.first_chunk().expect("six words have five"));
        order_record(RawOrder(sealed), words[0], order);
    }
    if let Some(words) = words.first_chunk() {
        scan_record(RawScan(*words), order);
    }
}

fn status(words: &[u16], order: WordOrder) {
    let Ok(image) = StatusImage::decode(words, order) else { return };
    let mut again = [0; STATUS_WORDS];
    image.encode(&mut again, order);
    assert_eq!(StatusImage::decode(&again, order), Ok(image));
    image.events.into_iter().for_each(|raw| event(raw, order));
}

fn event(raw: RawEvent, order: WordOrder) {
    assert!(raw.same_but_seq(&raw));
    match raw.record(order) {
        Ok(record) => assert_eq!(RawEvent::of(&record, order).record(order), Ok(record)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn orders(words: &[u16], order: WordOrder) {
    let Ok(image) = OrderImage::decode(words) else { return };
    let mut again = [0; ORDER_WORDS];
    image.encode(&mut again);
    assert_eq!(OrderImage::decode(&again), Ok(image));
    image.orders.into_iter().for_each(|raw| order_record(raw, image.session, order));
}

fn order_record(raw: RawOrder, session: u16, order: WordOrder) {
    match raw.order(session, order) {
        Ok(taken) => {
            assert_ne!(raw.seq(), 0, "an empty slot was taken");
            assert_eq!(RawOrder::of(&taken, session, order).order(session, order), Ok(taken));
            assert!(raw.order(!session, order).is_err(), "an order of another session was taken");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn scans(words: &[u16], order: WordOrder) {
    let Ok(image) = ScanImage::decode(words) else { return };
    let mut again = [0; SCAN_WORDS];
    image.encode(&mut again);
    assert_eq!(ScanImage::decode(&again), Ok(image));
    image.records.into_iter().for_each(|raw| scan_record(raw, order));
}

fn scan_record(raw: RawScan, order: WordOrder) {
    match raw.record(order) {
        Ok(record) => assert_eq!(RawScan::of(&record, order).record(order), Ok(record)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn plant(words: &[u16], order: WordOrder) {
    let Ok(block) = PlantBlock::decode(words, order) else { return };
    let mut again = [0; PLANT_WORDS];
    block.encode(&mut again, order);
    assert_eq!(PlantBlock::decode(&again, order), Ok(block));
}

fn belt(words: &[u16], order: WordOrder) {
    if let Ok(head) = BeltHead::decode(words) {
        let mut again = [0; BELT_HEAD_WORDS];
        head.encode(&mut again);
        assert_eq!(BeltHead::decode(&again), Ok(head));
        assert_eq!(head.within(head.entries), Ok(head));
    }
    for words in words.chunks_exact(BELT_ENTRY_WORDS) {
        let entry = belt_entry(words, order);
        let mut again = [0; BELT_ENTRY_WORDS];
        put_belt_entry(&entry, &mut again, order);
        assert_eq!(belt_entry(&again, order), entry);
    }
}
