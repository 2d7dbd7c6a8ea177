//! A whole line behind registers, with a host that drains its windows and orders what a test tells it to.

use smallvec::SmallVec;
use sorter_core::units::{Grams, Millimetres};
use sorter_plc::contract::Ending;

use super::*;
use crate::plant::{Labels, LineGeometry, PlantConfig};
use crate::virtual_plc::LineSorter;

struct Boxes;

impl Labels for Boxes {
    fn length(&self, parcel: u32) -> Millimetres {
        Millimetres::new(200 + i32::try_from(parcel * 37 % 200).unwrap())
    }

    fn measured(&self, parcel: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
        (self.length(parcel), Millimetres::new(200), Millimetres::new(90), Grams::new(100))
    }

    fn read(&self, parcel: u32, _: u8, out: &mut SmallVec<[CodeBytes; 4]>) {
        out.push(CodeBytes::new(&parcel.to_be_bytes()).unwrap());
    }
}

struct Plant {
    line: NetworkedLine,
    now: Micros,
    image: OrderImage,
    next_order: Seq,
    /// Every event taken, in its order.
    events: Vec<EventRecord>,
    silent: bool,
}

impl Plant {
    fn new(parcels: u32) -> Self {
        let geometry = LineGeometry { belt_capacity: 200, ..LineGeometry::line_100() };
        let feed = (0..parcels).map(|parcel| (Micros::ZERO, parcel)).collect();
        let line = LineSorter::new(&geometry, PlantConfig::faultless(1), feed);
        Self {
            line: NetworkedLine::new(line, RegisterPlcConfig::default()),
            now: Micros::ZERO,
            image: OrderImage { permit: true, ..OrderImage::default() },
            next_order: Seq::NONE,
            events: Vec::new(),
            silent: false,
        }
    }

    fn status(&mut self) -> StatusImage {
        let mut words = [0; STATUS_WORDS];
        self.line.read(0, &mut words).unwrap();
        StatusImage::decode(&words, HIGH).unwrap()
    }

    fn plant_image(&mut self) -> PlantImage {
        let mut words = [0; PLANT_WORDS];
        self.line.read(384, &mut words).unwrap();
        PlantBlock::decode(&words, HIGH).unwrap().image
    }

    fn belt(&mut self) -> Vec<BeltEntry> {
        let mut words = [0; 4 + 5 * 200];
        self.line.read(1_024, &mut words).unwrap();
        let head = BeltHead::decode(&words).unwrap();
        words[4..].chunks_exact(5).take(head.entries.into()).map(|words| belt_entry(words, HIGH)).collect()
    }

    /// One scan; before it the host writes, after it it takes the events of its session.
    fn cycle(&mut self) -> Vec<EventRecord> {
        if !self.silent {
            self.image.heartbeat = self.image.heartbeat.wrapping_add(1);
            let mut words = [0; ORDER_WORDS];
            self.image.encode(&mut words);
            self.line.write(128, &words).unwrap();
        }
        self.now = self.now + SCAN;
        self.line.scan(self.now, &Boxes, &mut ());
        let mut fresh = Vec::new();
        if !self.silent && self.image.session != 0 {
            let image = self.status();
            if image.status.session_echo == self.image.session {
                while self.image.event_ack != image.status.events_published {
                    self.image.event_ack = self.image.event_ack.next();
                    let raw = image.events[slot(self.image.event_ack, EVENT_SLOTS)];
                    fresh.push(raw.record(HIGH).unwrap());
                }
                self.image.scan_ack = image.status.scans_published;
            }
        }
        self.events.extend_from_slice(&fresh);
        fresh
    }

    fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds * 100 {
            self.cycle();
        }
    }

    fn open(&mut self, session: u16) {
        let heartbeat = self.image.heartbeat;
        self.image = OrderImage { permit: true, heartbeat, ..OrderImage::default() };
        for _ in 0..3 {
            self.cycle();
        }
        self.next_order = Seq::NONE;
        self.image.session = session;
        while self.status().status.session_echo != session {
            self.cycle();
        }
    }

    fn order(&mut self, item: ItemId, op: OrderOp) {
        self.next_order = self.next_order.next();
        let order = Order { seq: self.next_order, item, op, target: None };
        self.image.orders[slot(order.seq, ORDER_SLOTS)] = RawOrder::of(&order, self.image.session, HIGH);
    }

    fn divert(&mut self, item: ItemId, chute: u16) {
        self.order(item, OrderOp::Divert { chute: ChuteId::new(chute) });
    }

    /// Runs until an event comes that a test waits for.
    fn until(&mut self, matches: impl Fn(&Event) -> bool) -> EventRecord {
        for _ in 0..20_000 {
            if let Some(record) = self.cycle().into_iter().find(|record| matches(&record.event)) {
                return record;
            }
        }
        panic!("no such event in 200 s: {:?}", self.events.last());
    }

    fn events_of(&self, item: ItemId) -> Vec<Event> {
        self.events.iter().filter(|record| record.item == item).map(|record| record.event).collect()
    }
}

fn is_inducted(event: &Event) -> bool {
    matches!(event, Event::Inducted { .. })
}

#[test]
fn nothing_is_inducted_before_a_session_is_open_or_without_permit() {
    let mut plant = Plant::new(10);
    plant.seconds(2);
    assert_eq!(plant.plant_image().inducted, 0);
    plant.image.permit = false;
    plant.open(7);
    plant.image.permit = false;
    plant.seconds(2);
    let before = plant.plant_image().inducted;
    assert!(before <= 1);
    plant.image.permit = true;
    plant.until(is_inducted);
}

#[test]
fn an_order_over_registers_puts_its_item_into_the_chute() {
    let mut plant = Plant::new(3);
    plant.open(7);
    for chute in [5, 20, 99] {
        let item = plant.until(is_inducted).item;
        plant.divert(item, chute);
    }
    for _ in 0..3 {
        let record = plant.until(|event| matches!(event, Event::Discharged { .. }));
        let chute = [5, 20, 99][usize::from(record.item.get()) - 1];
        assert_eq!(record.event, Event::Discharged { verified: true, chute: ChuteId::new(chute) });
    }
    let image = plant.plant_image();
    assert_eq!((image.discharged_verified, image.on_belt, image.at_event), (3, 0, plant.image.event_ack));
    assert_eq!(plant.line.registers().counters().orders, 3);
}

#[test]
fn orders_taken_stay_in_force_in_the_next_session_and_end_without_their_number() {
    let mut plant = Plant::new(3);
    plant.open(7);
    for chute in [60, 61, 62] {
        let item = plant.until(is_inducted).item;
        plant.divert(item, chute);
    }
    plant.seconds(1);
    plant.open(8);
    let belt = plant.belt();
    let ordered: Vec<_> = belt.iter().map(|entry| (entry.item.get(), entry.ordered, entry.fired)).collect();
    let chute = |number| Some(ChuteId::new(number));
    assert_eq!(ordered, [(1, chute(60), false), (2, chute(61), false), (3, chute(62), false)]);
    for entry in &belt {
        let inducted = |record: &&EventRecord| record.item == entry.item && is_inducted(&record.event);
        assert_eq!(plant.events.iter().find(inducted).unwrap().encoder, entry.inducted_at);
    }
    // The first is replaced, the second cancelled and the third left as it is.
    plant.divert(ItemId::new(1), 70);
    plant.order(ItemId::new(2), OrderOp::Cancel);
    plant.until(|event| matches!(event, Event::Discharged { .. }));
    plant.until(|event| matches!(event, Event::Left { .. }));
    let ended = |ending| Event::Ended { ending, order: Seq::NONE };
    assert!(plant.events_of(ItemId::new(1)).contains(&ended(Ending::Replaced)));
    assert!(plant.events_of(ItemId::new(2)).contains(&ended(Ending::Cancelled)));
    let discharged = |chute| Event::Discharged { verified: true, chute: ChuteId::new(chute) };
    assert_eq!(plant.events_of(ItemId::new(1)).last(), Some(&discharged(70)));
    assert_eq!(plant.events_of(ItemId::new(3)).last(), Some(&discharged(62)));
    // A number of this session is told as such.
    assert_eq!(plant.status().status.order_ack.get(), 2);
}

#[test]
fn a_lost_host_stops_the_induction_and_no_divert() {
    let mut plant = Plant::new(50);
    plant.open(7);
    let item = plant.until(is_inducted).item;
    plant.divert(item, 50);
    plant.cycle();
    plant.cycle();
    plant.silent = true;
    plant.seconds(2);
    let inducted = plant.plant_image().inducted;
    plant.seconds(100);
    let image = plant.plant_image();
    assert_eq!((image.inducted, image.discharged_verified), (inducted, 1));
    assert_eq!(image.left, inducted - 1, "items without an order leave at the end");
    plant.silent = false;
    plant.seconds(5);
    assert!(plant.plant_image().inducted > inducted);
    assert!(
        plant
            .events
            .iter()
            .any(|record| matches!(record.event, Event::HostLost { order_ack } if order_ack.get() == 1))
    );
    assert!(plant.events_of(item).contains(&Event::Discharged { verified: true, chute: ChuteId::new(50) }));
}

#[test]
fn the_induction_limit_is_kept_and_lifted() {
    let mut plant = Plant::new(500);
    plant.open(7);
    plant.image.induction_limit = 30;
    plant.seconds(4);
    plant.events.clear();
    plant.seconds(60);
    let at: Vec<_> = plant.events.iter().filter(|record| is_inducted(&record.event)).collect();
    assert!((29..=31).contains(&at.len()), "{} in a minute", at.len());
    for pair in at.windows(2) {
        // 2 s at 2.5 m/s and 10 mm a pulse, and the rounding of two counts.
        assert!(pair[0].encoder.distance_to(pair[1].encoder).get() >= 499);
    }
    plant.image.induction_limit = 1;
    plant.seconds(70);
    plant.image.induction_limit = 0;
    plant.events.clear();
    plant.seconds(5);
    let inducted = plant.events.iter().filter(|record| is_inducted(&record.event)).count();
    assert!(inducted > 20, "{inducted} in 5 s without a limit");
}

#[test]
fn after_a_restart_what_is_on_the_belt_turns_up_unexpected_and_chutes_are_read_anew() {
    let mut plant = Plant::new(2_000);
    plant.open(7);
    plant.order(ItemId::NONE, OrderOp::ChuteDisable { chute: ChuteId::new(4) });
    plant.order(ItemId::NONE, OrderOp::ChuteLamp { chute: ChuteId::new(4), pattern: 9 });
    plant.seconds(60);
    assert!(plant.plant_image().not_available.get(ChuteId::new(4)));
    let item = plant.until(is_inducted).item;
    plant.divert(item, 60);
    plant.cycle();
    plant.cycle();
    let bodies = plant.line.line().plant().on_belt();
    assert!(bodies > 40);
    plant.line.kill();
    assert_eq!(plant.line.read(0, &mut [0; 4]), Err(Exception::GatewayTarget));
    plant.silent = true;
    plant.seconds(3);
    plant.silent = false;
    assert!(plant.line.line().plant().on_belt() < bodies, "some ran off, none came");
    plant.line.restart();
    let image = plant.plant_image();
    assert_eq!((image.inducted, image.on_belt), (0, 0));
    assert!(!image.not_available.get(ChuteId::new(4)) && image.container.get(ChuteId::new(4)));
    assert_eq!(plant.line.line().plc().lamp(ChuteId::new(4)), Some(0));
    let status = plant.status().status;
    assert_eq!((status.boot, status.session_echo), (2, 0));
    let on_belt = plant.line.line().plant().on_belt();
    plant.events.clear();
    plant.open(8);
    assert!(plant.belt().len() < on_belt / 4, "only what passed an eye since then is known");
    plant.image.permit = false;
    plant.seconds(60);
    let image = plant.plant_image();
    let turned_up = usize::try_from(image.unexpected).unwrap();
    assert!((on_belt - 1..=on_belt).contains(&turned_up), "{turned_up} of {on_belt}");
    assert_eq!((image.discharged_verified, image.on_belt), (0, 0), "no old order fired");
    let first = plant.events.iter().find(|record| matches!(record.event, Event::Unexpected { .. })).unwrap();
    assert_eq!(first.item.get(), 1, "items are numbered anew");
}

#[test]
fn an_unexpected_item_stands_in_belt_with_its_count_at_the_induction() {
    let mut plant = Plant::new(5);
    plant.open(7);
    plant.until(|event| matches!(event, Event::Seen { .. }));
    plant.line.restart();
    plant.open(8);
    let record = plant.until(|event| matches!(event, Event::Unexpected { .. }));
    plant.open(9);
    let Event::Unexpected { eye, .. } = record.event else { unreachable!() };
    let position = LineGeometry::line_100().eyes[eye.index() - 1];
    let entry = *plant.belt().iter().find(|entry| entry.item == record.item).unwrap();
    assert_eq!(entry.inducted_at.distance_to(record.encoder).get(), position.get() / 10);
}

#[test]
fn the_belt_takes_no_more_items_than_the_belt_block_has_entries() {
    let geometry = LineGeometry::line_100();
    let feed = (0..500).map(|parcel| (Micros::ZERO, parcel)).collect();
    let line = LineSorter::new(&geometry, PlantConfig::faultless(1), feed);
    let config = RegisterPlcConfig { belt_capacity: 12, ..RegisterPlcConfig::default() };
    let mut plant = Plant { line: NetworkedLine::new(line, config), ..Plant::new(0) };
    plant.open(7);
    let mut most = 0;
    for _ in 0..6_000 {
        plant.cycle();
        most = most.max(plant.status().status.items_on_belt);
    }
    assert!((10..=12).contains(&most), "{most} items");
    assert_eq!(plant.line.line().plc().untracked(), 0);
}

#[test]
fn item_numbers_wrap_past_0_and_leave_out_those_on_the_belt() {
    let mut plant = Plant::new(20);
    plant.line.line_mut().plc_mut().number_items_from(ItemId::new(65_530));
    plant.line.line_mut().plc_mut().keep_numbers(vec![ItemId::new(65_532), ItemId::new(1)]);
    plant.open(7);
    let items: Vec<_> = (0..10).map(|_| plant.until(is_inducted).item.get()).collect();
    assert_eq!(items, [65_530, 65_531, 65_533, 65_534, 65_535, 2, 3, 4, 5, 6]);
}
