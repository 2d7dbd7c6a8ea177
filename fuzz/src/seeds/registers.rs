//! One good block of each kind, in both word orders.

use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::units::{EncoderCount, Pulses};
use sorter_plc::codec::{OrderImage, PlantBlock, RawEvent, RawOrder, RawScan, ScanImage, StatusImage};
use sorter_plc::contract::{
    CodeBytes, EVENT_SLOTS, Event, EventRecord, Order, OrderOp, ScanData, ScanRecord, Seq, Status,
};
use sorter_plc::register_map::{ORDER_WORDS, PLANT_WORDS, SCAN_WORDS, STATUS_WORDS, WordOrder};

const SESSION: u16 = 7;

/// The inputs.
pub(super) fn blocks() -> Vec<Vec<u8>> {
    let orders = [(0, WordOrder::HighFirst), (1, WordOrder::LowFirst)];
    orders.into_iter().flat_map(|(choice, order)| of(choice, order)).collect()
}

fn of(choice: u8, order: WordOrder) -> [Vec<u8>; 7] {
    let (event, divert, scan) = (event(order), divert(order), scan(order));
    let mut status = [0; STATUS_WORDS];
    let mut events = [RawEvent::EMPTY; EVENT_SLOTS];
    events[0] = event;
    StatusImage { counter: 9, status: Status::default(), events }.encode(&mut status, order);
    let mut orders = [0; ORDER_WORDS];
    let mut image = OrderImage { session: SESSION, heartbeat: 3, permit: true, ..OrderImage::default() };
    image.orders[0] = divert;
    image.encode(&mut orders);
    let mut scans = [0; SCAN_WORDS];
    let mut image = ScanImage { counter: 9, ..ScanImage::default() };
    image.records[0] = scan;
    image.encode(&mut scans);
    let mut plant = [0; PLANT_WORDS];
    PlantBlock { counter: 9, ..PlantBlock::default() }.encode(&mut plant, order);
    [&status[..], &orders, &scans, &plant, &event.0, &divert.0, &scan.0].map(|words| bytes(choice, words))
}

fn bytes(choice: u8, words: &[u16]) -> Vec<u8> {
    [choice].into_iter().chain(words.iter().flat_map(|word| word.to_be_bytes())).collect()
}

fn first() -> Seq {
    Seq::NONE.next()
}

fn event(order: WordOrder) -> RawEvent {
    let event = Event::Inducted { eye: EyeId::new(0), length: Pulses::new(400) };
    let record =
        EventRecord { seq: first(), item: ItemId::new(5), encoder: EncoderCount::new(70_000), event };
    RawEvent::of(&record, order)
}

fn divert(order: WordOrder) -> RawOrder {
    let op = OrderOp::Divert { chute: ChuteId::new(3) };
    let divert = Order { seq: first(), item: ItemId::new(5), op, target: Some(EncoderCount::new(90_000)) };
    RawOrder::of(&divert, SESSION, order)
}

fn scan(order: WordOrder) -> RawScan {
    let code = CodeBytes::new(b"LP263072004SG").expect("it fits");
    let data = ScanData::Code(code);
    RawScan::of(&ScanRecord { seq: first(), item: ItemId::new(5), index: 0, count: 1, data }, order)
}
