//! The PLC side of the contract, as small as the tests allow. It shares the codec with the host and nothing else.

use std::collections::VecDeque;

use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::units::{EncoderCount, Micros, MmPerSecond, Pulses};
use sorter_plc::codec::{
    BeltHead, OrderImage, PlantBlock, RawEvent, RawScan, ScanImage, StatusImage, put_belt_entry, slot,
};
use sorter_plc::contract::{
    BeltEntry, CodeBytes, EVENT_SLOTS, Event, EventRecord, ORDER_SLOTS, Order, PlantImage, SCAN_SLOTS,
    ScanData, ScanRecord, Seq, StateBits, Status,
};
use sorter_plc::register_map::{
    BELT_ENTRY_WORDS, BELT_HEAD_WORDS, BlockId, ORDER_WORDS, PLANT_WORDS, SCAN_WORDS, STATUS_WORDS, WordOrder,
};
use sorter_plc::request::Span;

/// Records that wait to be acknowledged, with the window in front.
pub(crate) struct Store<const WORDS: usize, const SLOTS: usize> {
    acknowledged: Seq,
    /// Records that were acknowledged since the PLC started.
    gone: usize,
    waiting: VecDeque<[u16; WORDS]>,
    slots: [[u16; WORDS]; SLOTS],
}

impl<const WORDS: usize, const SLOTS: usize> Store<WORDS, SLOTS> {
    fn new() -> Self {
        Self { acknowledged: Seq::NONE, gone: 0, waiting: VecDeque::new(), slots: [[0; WORDS]; SLOTS] }
    }

    fn renumber(&mut self) {
        self.acknowledged = Seq::NONE;
        self.slots = [[0; WORDS]; SLOTS];
    }

    /// Fills the window and tells its last number and what waits behind it.
    fn publish(&mut self) -> (Seq, u16) {
        let mut seq = self.acknowledged;
        for record in self.waiting.iter_mut().take(SLOTS) {
            seq = seq.next();
            record[0] = seq.get();
            self.slots[slot(seq, SLOTS)] = *record;
        }
        (seq, self.waiting.len().saturating_sub(SLOTS) as u16)
    }

    fn acknowledge(&mut self, ack: Seq) {
        let (published, _) = self.publish();
        let taken = self.acknowledged.distance_to(ack);
        if taken <= self.acknowledged.distance_to(published) {
            self.waiting.drain(..usize::from(taken));
            self.acknowledged = ack;
            self.gone += usize::from(taken);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    #[allow(dead_code, reason = "only some tests look at what was acknowledged")]
    pub(crate) fn gone(&self) -> usize {
        self.gone
    }

    #[allow(dead_code, reason = "only some tests hold records back")]
    pub(crate) fn take_last(&mut self) -> Option<[u16; WORDS]> {
        self.waiting.pop_back()
    }

    #[allow(dead_code, reason = "only some tests hold records back")]
    pub(crate) fn put(&mut self, record: Option<[u16; WORDS]>) {
        self.waiting.extend(record);
    }
}

/// A PLC that does what the contract says, and what a test does to its fields.
pub(crate) struct Plc {
    pub(crate) counter: u16,
    pub(crate) boot: u16,
    pub(crate) echo: u16,
    pub(crate) encoder: u32,
    /// Pulses in a scan.
    pub(crate) speed: u32,
    pub(crate) state: u16,
    pub(crate) capacity: u16,
    pub(crate) word_order: WordOrder,
    pub(crate) events: Store<6, EVENT_SLOTS>,
    pub(crate) scans: Store<20, SCAN_SLOTS>,
    pub(crate) belt: Vec<BeltEntry>,
    snapshot: Vec<BeltEntry>,
    pub(crate) snapshot_number: u16,
    pub(crate) plant: PlantImage,
    belt_at: Seq,
    pub(crate) order_ack: Seq,
    /// The session and the orders that were taken in it.
    pub(crate) taken: Vec<(u16, Order)>,
    pub(crate) image: OrderImage,
    seen: Option<(u16, u16)>,
    zero_seen: bool,
    /// Whether it opens sessions at all.
    pub(crate) deaf: bool,
    /// Whether its program runs; a PLC that stands still answers with what it had.
    pub(crate) running: bool,
    status: [u16; STATUS_WORDS],
}

impl Plc {
    pub(crate) fn new() -> Self {
        let mut plc = Self {
            counter: 65_500,
            boot: 3,
            echo: 0,
            encoder: u32::MAX - 500,
            speed: 20,
            state: StateBits::RUNNING | StateBits::LIVE,
            capacity: 200,
            word_order: WordOrder::HighFirst,
            events: Store::new(),
            scans: Store::new(),
            belt: Vec::new(),
            snapshot: Vec::new(),
            snapshot_number: 0,
            plant: PlantImage::default(),
            belt_at: Seq::NONE,
            order_ack: Seq::NONE,
            taken: Vec::new(),
            image: OrderImage::default(),
            seen: None,
            zero_seen: false,
            deaf: false,
            running: true,
            status: [0; STATUS_WORDS],
        };
        plc.publish();
        plc
    }

    /// It starts again and has forgotten everything.
    pub(crate) fn restart(&mut self) {
        let boot = if self.boot == 0 { 0 } else { self.boot + 1 };
        let taken = std::mem::take(&mut self.taken);
        *self = Self { boot, taken, capacity: self.capacity, word_order: self.word_order, ..Self::new() };
    }

    pub(crate) fn write(&mut self, words: &[u16; ORDER_WORDS]) {
        self.image = OrderImage::decode(words).unwrap();
    }

    pub(crate) fn scan(&mut self) {
        if !self.running {
            return;
        }
        self.counter = self.counter.wrapping_add(1);
        self.encoder = self.encoder.wrapping_add(self.speed);
        let image = self.image;
        let now = (image.session, image.heartbeat);
        if self.seen.is_some_and(|seen| seen.1 != now.1) {
            if self.seen.is_some_and(|seen| seen.0 == now.0) {
                self.act(image.session);
            }
            self.seen = Some(now);
        }
        self.seen.get_or_insert(now);
        if self.echo != 0 && image.session == self.echo {
            self.events.acknowledge(image.event_ack);
            self.scans.acknowledge(image.scan_ack);
            self.take_orders(&image);
        }
        self.publish();
    }

    fn act(&mut self, session: u16) {
        if session == 0 {
            self.close();
            self.zero_seen = true;
        } else if self.echo == 0 && self.zero_seen && !self.deaf {
            self.zero_seen = false;
            self.events.renumber();
            self.scans.renumber();
            self.order_ack = Seq::NONE;
            self.snapshot.clone_from(&self.belt);
            self.snapshot_number = self.snapshot_number % 999 + 1;
            self.belt_at = Seq::new(self.events.len() as u16).unwrap();
            self.echo = session;
        }
    }

    /// It closes its session, by itself when a test says so.
    pub(crate) fn close(&mut self) {
        self.echo = 0;
        self.zero_seen = false;
        self.state &= !(StateBits::EVENT_OVERFLOW | StateBits::SCAN_OVERFLOW);
        self.publish();
    }

    fn take_orders(&mut self, image: &OrderImage) {
        for _ in 0..ORDER_SLOTS {
            let next = self.order_ack.next();
            let raw = image.orders[slot(next, ORDER_SLOTS)];
            if raw.seq() != next.get() {
                return;
            }
            let Ok(order) = raw.order(image.session, self.word_order) else { return };
            self.taken.push((self.echo, order));
            self.order_ack = next;
        }
    }

    pub(crate) fn publish(&mut self) {
        let closed = (Seq::NONE, self.events.len() as u16, Seq::NONE, self.scans.len() as u16);
        let (events, event_backlog, scans, scan_backlog) = if self.echo == 0 {
            closed
        } else {
            let (events, scans) = (self.events.publish(), self.scans.publish());
            (events.0, events.1, scans.0, scans.1)
        };
        let status = Status {
            session_echo: self.echo,
            boot: self.boot,
            encoder: EncoderCount::new(self.encoder),
            belt_speed: MmPerSecond::new(2_000),
            state: StateBits(self.state),
            scan_time: Micros::from_millis(10),
            minimum_lead: Pulses::new(50),
            order_ack: self.order_ack,
            events_published: events,
            event_backlog,
            scans_published: scans,
            scan_backlog,
            items_on_belt: self.belt.len() as u16,
            belt_at: self.belt_at,
            ..Status::default()
        };
        let mut slots = [RawEvent::EMPTY; EVENT_SLOTS];
        if self.echo != 0 {
            slots = self.events.slots.map(RawEvent);
        }
        let image = StatusImage { counter: self.counter, status, events: slots };
        image.encode(&mut self.status, self.word_order);
    }

    /// The words of a part of a block, or `None` where it has none.
    pub(crate) fn read(&self, span: Span) -> Option<Vec<u16>> {
        let words = match span.block {
            BlockId::Status => self.status.to_vec(),
            BlockId::Order => vec![0; ORDER_WORDS],
            BlockId::Scan => {
                let mut words = [0; SCAN_WORDS];
                let records = self.scans.slots.map(RawScan);
                ScanImage { counter: self.counter, records }.encode(&mut words);
                words.to_vec()
            }
            BlockId::Plant => {
                let mut words = [0; PLANT_WORDS];
                PlantBlock { counter: self.counter, image: self.plant }.encode(&mut words, self.word_order);
                words.to_vec()
            }
            BlockId::Belt => self.belt_words(),
        };
        let first = usize::from(span.offset);
        words.get(first..first + usize::from(span.words)).map(<[u16]>::to_vec)
    }

    fn belt_words(&self) -> Vec<u16> {
        let mut words = vec![0; BELT_HEAD_WORDS + BELT_ENTRY_WORDS * usize::from(self.capacity)];
        let head = BeltHead { entries: self.snapshot.len() as u16, snapshot: self.snapshot_number };
        head.encode((&mut words[..BELT_HEAD_WORDS]).try_into().unwrap());
        let places = words[BELT_HEAD_WORDS..].chunks_exact_mut(BELT_ENTRY_WORDS);
        for (entry, place) in self.snapshot.iter().zip(places) {
            put_belt_entry(entry, place.try_into().unwrap(), self.word_order);
        }
        words
    }

    pub(crate) fn report(&mut self, item: u16, event: Event) {
        let record = EventRecord {
            seq: Seq::NONE,
            item: ItemId::new(item),
            encoder: EncoderCount::new(self.encoder),
            event,
        };
        self.events.waiting.push_back(RawEvent::of(&record, self.word_order).0);
    }

    /// An event that is told from all others by its item.
    pub(crate) fn induct(&mut self, item: u16) {
        self.report(item, Event::Inducted { eye: EyeId::new(1), length: Pulses::new(300) });
    }

    pub(crate) fn report_raw(&mut self, words: [u16; 6]) {
        self.events.waiting.push_back(words);
    }

    #[allow(dead_code, reason = "some tests make their own records")]
    pub(crate) fn report_scan(&mut self, words: [u16; 20]) {
        self.scans.waiting.push_back(words);
    }

    pub(crate) fn read_code(&mut self, item: u16) {
        let record = ScanRecord {
            seq: Seq::NONE,
            item: ItemId::new(item),
            index: 0,
            count: 1,
            data: ScanData::Code(CodeBytes::new(b"LP1234567890").unwrap()),
        };
        self.scans.waiting.push_back(RawScan::of(&record, self.word_order).0);
    }

    pub(crate) fn put_on_belt(&mut self, items: u16) {
        self.belt = (1..=items)
            .map(|item| BeltEntry {
                item: ItemId::new(item),
                inducted_at: EncoderCount::new(0x0001_0000 + u32::from(item)),
                ordered: (item % 2 == 0).then(|| ChuteId::new(item % 200)),
                fired: item % 4 == 0,
            })
            .collect();
    }
}
