//! A PLC of registers alone, driven by a host that writes what a test tells it to.

mod line;
mod model;
mod orders;
mod records;
mod sessions;

use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::units::{EncoderCount, Micros, Pulses};
use sorter_plc::codec::{
    BeltHead, OrderImage, PlantBlock, RawEvent, RawOrder, ScanImage, StatusImage, belt_entry, slot,
};
use sorter_plc::contract::{
    CodeBytes, EVENT_SLOTS, Event, EventRecord, ORDER_SLOTS, Order, OrderOp, SCAN_SLOTS, ScanData, ScanRecord,
};
use sorter_plc::register_map::{PLANT_WORDS, SCAN_WORDS, STATUS_WORDS};

use super::*;

const SCAN: Micros = Micros::from_millis(10);
const HIGH: WordOrder = WordOrder::HighFirst;

/// A PLC without a machine, and what its host writes.
struct Bench {
    plc: RegisterPlc,
    now: Micros,
    image: OrderImage,
    /// What happens in the next scan.
    out: PlcOutput,
    belt: Vec<BeltEntry>,
    plant: PlantImage,
    start: Option<ScanStart>,
    taken: Vec<Order>,
}

impl Bench {
    fn new() -> Self {
        Self::with(RegisterPlcConfig::default())
    }

    fn with(config: RegisterPlcConfig) -> Self {
        Self {
            plc: RegisterPlc::new(config),
            now: Micros::ZERO,
            image: OrderImage { heartbeat: 65_500, permit: true, ..OrderImage::default() },
            out: PlcOutput::default(),
            belt: Vec::new(),
            plant: PlantImage::default(),
            start: None,
            taken: Vec::new(),
        }
    }

    /// With an open session.
    fn in_session(session: u16) -> Self {
        let mut bench = Self::new();
        bench.open(session);
        bench
    }

    fn write(&mut self) {
        let mut words = [0; ORDER_WORDS];
        self.image.encode(&mut words);
        self.plc.write(128, &words).unwrap();
    }

    fn scan(&mut self) {
        self.now = self.now + SCAN;
        let start = self.plc.begin_scan(self.now);
        self.taken.extend_from_slice(self.plc.orders());
        if start.session == SessionStep::Opened {
            self.plc.put_belt(&self.belt);
        }
        self.start = Some(start);
        self.plc.end_scan(&self.out, &Status::default(), &self.plant);
        self.out.clear();
    }

    /// The host writes with a new heartbeat, and the PLC scans.
    fn cycle(&mut self) {
        self.image.heartbeat = self.image.heartbeat.wrapping_add(1);
        self.write();
        self.scan();
    }

    fn cycles(&mut self, count: usize) {
        for _ in 0..count {
            self.cycle();
        }
    }

    fn close(&mut self) {
        let permit = self.image.permit;
        self.image =
            OrderImage { session: 0, heartbeat: self.image.heartbeat, permit, ..OrderImage::default() };
        self.cycles(3);
        assert_eq!(self.status().session_echo, 0);
    }

    fn open(&mut self, session: u16) {
        self.close();
        self.image.session = session;
        self.cycles(2);
        assert_eq!(self.status().session_echo, session);
    }

    fn status_image(&mut self) -> StatusImage {
        let mut words = [0; STATUS_WORDS];
        self.plc.read(0, &mut words).unwrap();
        StatusImage::decode(&words, HIGH).unwrap()
    }

    fn status(&mut self) -> Status {
        self.status_image().status
    }

    fn state(&mut self) -> StateBits {
        self.status().state
    }

    fn scans(&mut self) -> ScanImage {
        let mut words = [0; SCAN_WORDS];
        self.plc.read(256, &mut words).unwrap();
        ScanImage::decode(&words).unwrap()
    }

    fn plant(&mut self) -> PlantImage {
        let mut words = [0; PLANT_WORDS];
        self.plc.read(384, &mut words).unwrap();
        PlantBlock::decode(&words, HIGH).unwrap().image
    }

    fn belt(&mut self) -> (BeltHead, Vec<BeltEntry>) {
        let mut words = [0; 4 + 5 * 200];
        self.plc.read(1_024, &mut words).unwrap();
        let head = BeltHead::decode(&words).unwrap();
        let entries = words[4..].chunks_exact(5).take(head.entries.into());
        (head, entries.map(|words| belt_entry(words, HIGH)).collect())
    }

    /// The events in the window that are not acknowledged, in their order.
    fn window(&mut self) -> Vec<EventRecord> {
        let image = self.status_image();
        let (mut seq, mut records) = (self.image.event_ack, Vec::new());
        while seq != image.status.events_published {
            seq = seq.next();
            let record = image.events[slot(seq, EVENT_SLOTS)].record(HIGH).unwrap();
            assert_eq!(record.seq, seq);
            records.push(record);
        }
        records
    }

    /// The scan records in the window that are not acknowledged, in their order.
    fn scan_window(&mut self) -> Vec<ScanRecord> {
        let (image, published) = (self.scans(), self.status().scans_published);
        let (mut seq, mut records) = (self.image.scan_ack, Vec::new());
        while seq != published {
            seq = seq.next();
            let record = image.records[slot(seq, SCAN_SLOTS)].record(HIGH).unwrap();
            assert_eq!(record.seq, seq);
            records.push(record);
        }
        records
    }

    /// Takes and acknowledges all that waits.
    fn drain(&mut self) -> (Vec<EventRecord>, Vec<ScanRecord>) {
        let (mut events, mut scans) = (Vec::new(), Vec::new());
        loop {
            let (more_events, more_scans) = (self.window(), self.scan_window());
            if more_events.is_empty() && more_scans.is_empty() {
                return (events, scans);
            }
            events.extend(more_events);
            scans.extend(more_scans);
            let status = self.status();
            (self.image.event_ack, self.image.scan_ack) = (status.events_published, status.scans_published);
            self.cycle();
        }
    }

    /// Puts an order into the ring.
    fn order(&mut self, seq: u16) {
        let order = divert(seq);
        let raw = RawOrder::of(&order, self.image.session, HIGH);
        self.image.orders[slot(order.seq, ORDER_SLOTS)] = raw;
    }

    fn happens(&mut self, number: u32) {
        self.out.events.push(seen(number));
    }
}

/// The order of a number; each is about another item.
fn divert(seq: u16) -> Order {
    let op = OrderOp::Divert { chute: ChuteId::new(seq % 100) };
    Order { seq: Seq::new(seq).unwrap(), item: ItemId::new(seq), op, target: None }
}

/// An event that is unlike those of other numbers.
fn seen(number: u32) -> EventRecord {
    EventRecord {
        seq: Seq::NONE,
        item: ItemId::new(u16::try_from(number % 60_000).unwrap() + 1),
        encoder: EncoderCount::new(number),
        event: Event::Seen { eye: EyeId::new(3), deviation: Pulses::new(-4) },
    }
}

fn scanned(item: u16, index: u8, count: u8) -> ScanRecord {
    let code = CodeBytes::new(format!("{item}/{index}").as_bytes()).unwrap();
    ScanRecord { seq: Seq::NONE, item: ItemId::new(item), index, count, data: ScanData::Code(code) }
}

fn counts(events: &[EventRecord]) -> Vec<u32> {
    events.iter().map(|record| record.encoder.get()).collect()
}

fn items(scans: &[ScanRecord]) -> Vec<(u16, u8)> {
    scans.iter().map(|record| (record.item.get(), record.index)).collect()
}

#[test]
fn registers_outside_the_blocks_do_not_exist_and_only_order_is_written() {
    let mut plc = RegisterPlc::new(RegisterPlcConfig::default());
    let mut words = [0; 8];
    for address in [114, 121, 224, 250, 378, 465, 1_024 + 1_004 - 7, 65_528] {
        assert_eq!(plc.read(address, &mut words), Err(Exception::IllegalAddress), "{address}");
    }
    for address in [0, 113, 128, 216, 256, 384, 1_024, 1_024 + 1_004 - 8] {
        assert_eq!(plc.read(address, &mut words), Ok(()), "{address}");
        let writable = (128..=216).contains(&address);
        assert_eq!(plc.write(address, &words).is_ok(), writable, "{address}");
    }
}

#[test]
#[should_panic(expected = "PLANT ends at register 465, BELT begins at 400")]
fn blocks_that_overlap_are_refused() {
    let bases = BaseAddresses { belt: 400, ..BaseAddresses::default() };
    let _ = RegisterPlc::new(RegisterPlcConfig { bases, ..RegisterPlcConfig::default() });
}

#[test]
fn status_counts_scans_and_moves_with_the_encoder_in_either_word_order() {
    for word_order in [WordOrder::HighFirst, WordOrder::LowFirst] {
        let mut plc = RegisterPlc::new(RegisterPlcConfig { word_order, ..RegisterPlcConfig::default() });
        let mut words = [0; STATUS_WORDS];
        for scan in 1..=70_000_u32 {
            plc.begin_scan(Micros::new(u64::from(scan) * 10_000));
            let encoder = EncoderCount::new(scan.wrapping_mul(70_000));
            plc.end_scan(
                &PlcOutput::default(),
                &Status { encoder, ..Status::default() },
                &PlantImage::default(),
            );
            if scan % 1_000 == 0 {
                plc.read(0, &mut words).unwrap();
                let image = StatusImage::decode(&words, word_order).unwrap();
                assert_eq!(u32::from(image.counter), scan & 0xFFFF);
                assert_eq!((image.status.encoder, image.status.boot), (encoder, 1));
                assert_eq!(image.events, [RawEvent::EMPTY; EVENT_SLOTS]);
            }
        }
    }
}
