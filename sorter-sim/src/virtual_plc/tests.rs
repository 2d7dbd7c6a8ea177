//! A line sorter with a tiny host: it orders a chute for each item as soon as it is inducted.

use std::collections::BTreeMap;

use smallvec::SmallVec;
use sorter_core::units::{Grams, Millimetres};
use sorter_plc::contract::{CodeBytes, EventRecord, OrderOp, Refusal};

use super::*;
use crate::plant::{FaultKind, FaultRates, Labels, PlantConfig};

struct Boxes;

impl Labels for Boxes {
    fn length(&self, parcel: u32) -> Millimetres {
        Millimetres::new(200 + i32::try_from(parcel * 37 % 200).unwrap())
    }

    fn measured(&self, parcel: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
        (self.length(parcel), Millimetres::new(200), Millimetres::new(90), Grams::new(100 + parcel % 900))
    }

    fn read(&self, parcel: u32, _pass: u8, out: &mut SmallVec<[CodeBytes; 4]>) {
        if parcel % 50 != 49 {
            out.push(CodeBytes::new(&parcel.to_be_bytes()).unwrap());
        }
    }
}

/// What really happened.
#[derive(Default)]
struct Truth {
    plant_events: u64,
    body_of: BTreeMap<u16, BodyTag>,
    given: Vec<(ItemId, BodyTag)>,
    discharged: Vec<(BodyTag, ChuteId)>,
    ran_off: Vec<BodyTag>,
    taken_off: Vec<BodyTag>,
    put_back: usize,
}

impl Witness for Truth {
    fn plant_event(&mut self) {
        self.plant_events += 1;
    }
    fn item_given(&mut self, item: ItemId, body: BodyTag) {
        self.body_of.insert(item.get(), body);
        self.given.push((item, body));
    }
    fn discharged(&mut self, body: BodyTag, chute: ChuteId, _: Micros, _: u32, _: u32) {
        self.discharged.push((body, chute));
    }
    fn ran_off(&mut self, body: BodyTag, _: Micros) {
        self.ran_off.push(body);
    }
    fn taken_off(&mut self, body: BodyTag, _: Micros) {
        self.taken_off.push(body);
    }
    fn put_back(&mut self, _: BodyTag, _: Micros) {
        self.put_back += 1;
    }
}

fn chute_of(item: ItemId) -> ChuteId {
    ChuteId::new(u16::try_from(u32::from(item.get()) * 7 % 100).unwrap())
}

/// What a run left behind; each event with the scan that published it.
struct Run {
    sorter: LineSorter,
    truth: Truth,
    events: Vec<(Micros, EventRecord)>,
    scans: Vec<ScanRecord>,
    refused: u64,
    ticks: u64,
}

impl Run {
    fn new(config: PlantConfig, parcels: u32, spacing: Micros) -> Self {
        Self::on(&roomy(), config, parcels, spacing)
    }

    fn on(geometry: &LineGeometry, config: PlantConfig, parcels: u32, spacing: Micros) -> Self {
        let feed = (0..parcels).map(|n| (Micros::new(u64::from(n) * spacing.get()), n)).collect();
        let sorter = LineSorter::new(geometry, config, feed);
        Self { sorter, truth: Truth::default(), events: Vec::new(), scans: Vec::new(), refused: 0, ticks: 0 }
    }

    /// Drives until the belt is empty or `until`. `host` answers each event with orders for the next scan.
    fn drive(
        &mut self,
        every_scan: bool,
        until: Micros,
        mut host: impl FnMut(&EventRecord) -> SmallVec<[(ItemId, OrderOp); 2]>,
    ) {
        let mut out = PlcOutput::default();
        let (mut orders, mut seq) = (Vec::new(), Seq::NONE);
        let mut now = Micros::ZERO;
        while !self.sorter.plant().is_drained() {
            let next = self.sorter.scan_after(now);
            now = if every_scan || !orders.is_empty() {
                next
            } else {
                self.sorter.next_due().expect("parcels that are not in a chute are on their way")
            };
            if now > until {
                return;
            }
            out.clear();
            self.sorter.advance_to(now, &orders, &Boxes, &mut self.truth, &mut out);
            orders.clear();
            self.ticks += 1;
            assert!(self.sorter.plc().is_balanced());
            for record in &out.events {
                self.events.push((now, *record));
                self.refused += u64::from(matches!(record.event, Event::Refused { .. }));
                for (item, op) in host(record) {
                    seq = seq.next();
                    orders.push(Order { seq, item, op, target: None });
                }
            }
            self.scans.extend_from_slice(&out.scans);
        }
    }

    fn count(&self, matches: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|(_, record)| matches(&record.event)).count()
    }

    fn of(&self, item: u16) -> Vec<Event> {
        let item = ItemId::new(item);
        self.events.iter().filter(|(_, record)| record.item == item).map(|(_, record)| record.event).collect()
    }

    /// Every verified discharge is that of the body that was given the number, into that chute.
    fn assert_right_chutes(&self) {
        assert_eq!(self.wrong_discharges(), 0);
    }

    fn wrong_discharges(&self) -> usize {
        let mut wrong = 0;
        let mut by_body: BTreeMap<(u32, u8), ChuteId> = BTreeMap::new();
        for (body, chute) in &self.truth.discharged {
            assert!(by_body.insert((body.parcel, body.pass), *chute).is_none());
        }
        for (_, record) in &self.events {
            if let Event::Discharged { verified: true, chute } = record.event {
                let body = self.truth.body_of[&record.item.get()];
                wrong += usize::from(by_body.get(&(body.parcel, body.pass)) != Some(&chute));
            }
        }
        wrong
    }
}

fn order_at_induction(record: &EventRecord) -> SmallVec<[(ItemId, OrderOp); 2]> {
    match record.event {
        Event::Inducted { .. } => {
            SmallVec::from_slice(&[(record.item, OrderOp::Divert { chute: chute_of(record.item) })])
        }
        _ => SmallVec::new(),
    }
}

fn with_rates(rates: FaultRates) -> PlantConfig {
    PlantConfig { rates, ..PlantConfig::faultless(5) }
}

/// The line whose chutes are never full.
fn roomy() -> LineGeometry {
    let mut geometry = LineGeometry::line_100();
    for chute in &mut geometry.chutes {
        (chute.capacity, chute.half_full) = (1_000_000, 1_000_000);
    }
    geometry
}

const FOREVER: Micros = Micros::from_secs(1_000_000);
const QUARTER_SECOND: Micros = Micros::from_millis(250);

#[test]
fn ten_thousand_parcels_land_verified_in_their_chutes() {
    let mut run = Run::new(PlantConfig::faultless(1), 10_000, QUARTER_SECOND);
    run.drive(false, FOREVER, order_at_induction);
    assert_eq!(run.count(|event| matches!(event, Event::Inducted { .. })), 10_000);
    assert_eq!(run.count(|event| matches!(event, Event::Discharged { verified: true, .. })), 10_000);
    assert_eq!(run.count(|event| matches!(event, Event::Unexpected { .. } | Event::Lost { .. })), 0);
    for (item, body) in &run.truth.given {
        let chute = run.truth.discharged.iter().find(|(other, _)| other == body).map(|(_, chute)| *chute);
        assert_eq!(chute, Some(chute_of(*item)));
    }
    let image = run.sorter.plant_image();
    assert_eq!((image.discharged_verified, image.on_belt), (10_000, 0));
    assert_eq!(run.truth.plant_events, run.sorter.plant().events());
    assert!(run.truth.plant_events >= 90_000, "{} plant events", run.truth.plant_events);
    let faults: u64 = run.sorter.plant().faults().iter().map(|(_, count)| count).sum();
    assert_eq!(faults, 0);
}

#[test]
fn sequence_numbers_have_no_gap_and_items_no_double() {
    let mut run = Run::new(PlantConfig::nominal(2), 12_000, QUARTER_SECOND);
    run.drive(false, FOREVER, order_at_induction);
    let mut seq = Seq::NONE;
    for (_, record) in &run.events {
        seq = seq.next();
        assert_eq!(record.seq, seq);
    }
    assert!(run.events.len() > usize::from(Seq::LAST), "the numbers went round");
    let mut ends: BTreeMap<u16, usize> = BTreeMap::new();
    for (_, record) in &run.events {
        let end = matches!(record.event, Event::Discharged { .. } | Event::Left { .. } | Event::Lost { .. });
        *ends.entry(record.item.get()).or_default() += usize::from(end);
    }
    ends.remove(&0);
    assert!(ends.values().all(|count| *count == 1), "each item ends once");
    run.assert_right_chutes();
}

#[test]
fn a_failed_divert_is_missed_and_leaves_and_comes_back() {
    let rates = FaultRates { failed_divert: 20_000_000, ..FaultRates::default() };
    let mut run = Run::new(with_rates(rates), 4_000, QUARTER_SECOND);
    run.drive(false, FOREVER, order_at_induction);
    let failed = run.sorter.plant().faults().get(FaultKind::FailedDivert);
    assert!(failed > 40, "{failed} failed diverts");
    let missed = run.count(|event| matches!(event, Event::Missed { .. }));
    let left = run.count(|event| matches!(event, Event::Left { .. }));
    assert_eq!((missed as u64, left as u64), (failed, failed));
    assert_eq!(run.truth.ran_off.len() as u64, failed);
    assert_eq!(run.truth.discharged.len(), 4_000);
    assert_eq!(run.count(|event| matches!(event, Event::Lost { .. } | Event::Unexpected { .. })), 0);
    run.assert_right_chutes();
}

#[test]
fn an_eye_that_misses_one_parcel_shifts_no_other() {
    let rates = FaultRates { eye_miss: 20_000_000, ..FaultRates::default() };
    let mut run = Run::new(with_rates(rates), 4_000, QUARTER_SECOND);
    run.drive(false, FOREVER, order_at_induction);
    let missed = run.sorter.plant().faults().get(FaultKind::EyeMiss);
    assert!(missed > 30, "{missed} eye misses");
    let image = run.sorter.plant_image();
    // A miss in front of the last chutes is a loss, unless the divert came first; then it turns up again.
    assert!(image.lost > 0 && u64::from(image.lost) <= missed, "{image:?}");
    assert_eq!((image.unexpected, image.left), (image.lost, image.lost));
    assert_eq!(run.truth.discharged.len(), 4_000);
    assert_eq!(run.sorter.plant().faults().get(FaultKind::CaughtNeighbour), 0);
    run.assert_right_chutes();
    for (item, body) in &run.truth.given {
        let events = run.of(item.get());
        if matches!(events[0], Event::Unexpected { .. }) {
            assert!(matches!(events.last(), Some(Event::Left { .. })));
            assert!(run.truth.ran_off.contains(body));
        }
    }
}

#[test]
fn what_is_taken_off_is_lost_and_put_back_later() {
    let rates = FaultRates { taken_off: 20_000_000, ..FaultRates::default() };
    let mut run = Run::new(with_rates(rates), 4_000, QUARTER_SECOND);
    run.drive(false, FOREVER, order_at_induction);
    let image = run.sorter.plant_image();
    let taken = run.truth.taken_off.len();
    assert!(taken > 30, "{taken} taken off");
    // A hand may take it after the diverter fired in vain, or in a slide that never comes: no more losses.
    let missed = run.count(|event| matches!(event, Event::Missed { .. }));
    assert!(image.lost as usize <= taken && image.lost as usize + missed >= taken, "{image:?}");
    assert_eq!((image.unexpected, run.truth.put_back), (0, taken));
    assert_eq!(run.truth.discharged.len(), 4_000);
    let ended = run.count(|event| matches!(event, Event::Ended { ending: Ending::ItemGone, .. }));
    assert!(ended > 0);
    run.assert_right_chutes();
}

#[test]
fn what_is_thrown_on_is_unexpected_and_nobody_else() {
    let rates = FaultRates { thrown_on: 20_000_000, ..FaultRates::default() };
    let mut run = Run::new(with_rates(rates), 4_000, Micros::from_millis(600));
    run.drive(false, FOREVER, order_at_induction);
    let thrown = run.sorter.plant().faults().get(FaultKind::ThrownOn);
    let image = run.sorter.plant_image();
    assert!(thrown > 40, "{thrown} thrown on");
    assert_eq!((u64::from(image.unexpected), u64::from(image.left), image.lost), (thrown, thrown, 0));
    run.assert_right_chutes();
}

#[test]
fn a_bad_slip_costs_few_their_place_and_none_their_chute() {
    let rates = FaultRates { big_slip: 5_000_000, ..FaultRates::default() };
    let mut run = Run::new(with_rates(rates), 6_000, Micros::from_millis(500));
    run.drive(false, FOREVER, order_at_induction);
    let image = run.sorter.plant_image();
    let slipped = run.sorter.plant().faults().get(FaultKind::BigSlip);
    assert!(slipped > 10 && image.lost > 0, "{slipped} slips, {image:?}");
    assert_eq!(run.truth.discharged.len(), 6_000);
    run.assert_right_chutes();
}

#[test]
fn driving_only_when_due_changes_nothing() {
    let rates = FaultRates {
        eye_miss: 10_000_000,
        big_slip: 10_000_000,
        taken_off: 10_000_000,
        thrown_on: 10_000_000,
        failed_divert: 10_000_000,
    };
    let drive = |every_scan| {
        let mut run = Run::new(with_rates(rates), 1_500, Micros::from_millis(701));
        run.drive(every_scan, FOREVER, order_at_induction);
        run
    };
    let (every, due) = (drive(true), drive(false));
    assert_eq!(every.events, due.events);
    assert_eq!(every.scans, due.scans);
    assert_eq!(every.truth.discharged, due.truth.discharged);
    assert_eq!(every.sorter.plant_image(), due.sorter.plant_image());
    assert!(due.ticks * 4 < every.ticks, "{} of {} scans", due.ticks, every.ticks);
}

#[test]
fn the_encoder_wraps_under_parcels_without_a_trace() {
    let drive = |start: i64| {
        let mut run = Run::new(PlantConfig::nominal(3), 400, Micros::from_millis(600));
        run.sorter.plant_mut().start_at(Travel::new(start));
        run.drive(false, FOREVER, order_at_induction);
        let events: Vec<_> = run.events.iter().map(|(at, record)| (*at, record.item, record.event)).collect();
        (events, run.events.last().map(|(_, record)| record.encoder.get()))
    };
    let (plain, _) = drive(0);
    let (wrapped, last) = drive((i64::from(u32::MAX) + 1) * 10 - 100_000);
    assert_eq!(plain, wrapped);
    assert!(last.is_some_and(|count| count < 1_000_000), "the encoder has wrapped: {last:?}");
}

#[test]
fn each_code_and_measure_reaches_its_item() {
    let mut run = Run::new(PlantConfig::faultless(4), 500, QUARTER_SECOND);
    run.drive(false, FOREVER, order_at_induction);
    assert_eq!(run.scans.len(), 1_000, "a code or a no-read and a measure each");
    for record in &run.scans {
        let parcel = run.truth.body_of[&record.item.get()].parcel;
        assert_eq!(record.count, 2);
        match record.data {
            ScanData::Code(code) => {
                assert_eq!((code.as_slice(), record.index), (&parcel.to_be_bytes()[..], 0));
            }
            ScanData::NoCode => assert_eq!((parcel % 50, record.index), (49, 0)),
            ScanData::Measured { length, .. } => {
                assert_eq!((length, record.index), (Boxes.length(parcel), 1));
            }
            ScanData::Continuation(_) => panic!("short codes have no continuation"),
        }
    }
}

/// Runs one parcel for `seconds` and returns its events; `host` answers the first SEEN of each eye.
fn one_parcel(host: impl FnMut(&EventRecord) -> SmallVec<[(ItemId, OrderOp); 2]>) -> (Run, Vec<Event>) {
    let mut run = Run::new(PlantConfig::faultless(9), 1, QUARTER_SECOND);
    run.drive(false, Micros::from_secs(60), host);
    let events = run.of(1);
    (run, events)
}

fn divert(record: &EventRecord, chute: u16) -> (ItemId, OrderOp) {
    (record.item, OrderOp::Divert { chute: ChuteId::new(chute) })
}

#[test]
fn a_late_order_is_refused_and_not_fired() {
    let (_, events) = one_parcel(|record| match record.event {
        // At 24 m chute 13, at 23 m, is behind.
        Event::Seen { eye, .. } if eye.get() == 2 => SmallVec::from_slice(&[divert(record, 13)]),
        _ => SmallVec::new(),
    });
    assert!(events.contains(&Event::Refused { reason: Refusal::Late, order: Seq::NONE.next() }));
    assert!(!events.iter().any(|event| matches!(event, Event::Fired { .. })));
    assert!(matches!(events.last(), Some(Event::Left { .. })));
}

#[test]
fn a_refused_replacement_leaves_the_earlier_order_in_force() {
    let (_, events) = one_parcel(|record| match record.event {
        Event::Inducted { .. } => SmallVec::from_slice(&[divert(record, 20), divert(record, 30)]),
        Event::Seen { eye, .. } if eye.get() == 2 => {
            SmallVec::from_slice(&[divert(record, 2), divert(record, 300)])
        }
        _ => SmallVec::new(),
    });
    let [first, _, third, fourth] = [1, 2, 3, 4].map(|seq| Seq::new(seq).unwrap());
    assert!(events.contains(&Event::Ended { ending: Ending::Replaced, order: first }));
    assert!(events.contains(&Event::Refused { reason: Refusal::Late, order: third }));
    assert!(events.contains(&Event::Refused { reason: Refusal::NoSuchChute, order: fourth }));
    assert_eq!(events.last(), Some(&Event::Discharged { verified: true, chute: ChuteId::new(30) }));
}

#[test]
fn a_cancelled_order_does_not_fire() {
    let (run, events) = one_parcel(|record| match record.event {
        Event::Inducted { .. } => SmallVec::from_slice(&[divert(record, 20), (record.item, OrderOp::Cancel)]),
        _ => SmallVec::new(),
    });
    assert!(events.contains(&Event::Ended { ending: Ending::Cancelled, order: Seq::NONE.next() }));
    assert!(matches!(events.last(), Some(Event::Left { .. })));
    assert_eq!(run.sorter.status().orders_pending, 0);
    assert_eq!(run.sorter.status().order_ack.get(), 2);
}

#[test]
fn an_order_for_nobody_or_after_the_fire_point_is_refused() {
    let (_, events) = one_parcel(|record| match record.event {
        Event::Fired { .. } => SmallVec::from_slice(&[divert(record, 90), (record.item, OrderOp::Cancel)]),
        Event::Discharged { .. } => SmallVec::from_slice(&[divert(record, 90)]),
        _ => order_at_induction(record),
    });
    let refused: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Refused { reason, .. } => Some(*reason),
            _ => None,
        })
        .collect();
    assert_eq!(refused[..2], [Refusal::AlreadyFired, Refusal::AlreadyFired]);
}

#[test]
fn a_chute_that_closes_before_the_fire_point_ends_the_order() {
    let chute = ChuteId::new(50);
    let (run, events) = one_parcel(|record| match record.event {
        Event::Inducted { .. } => SmallVec::from_slice(&[
            divert(record, 50),
            (ItemId::NONE, OrderOp::ChuteLamp { chute, pattern: 3 }),
        ]),
        Event::Seen { eye, .. } if eye.get() == 3 => {
            SmallVec::from_slice(&[(ItemId::NONE, OrderOp::ChuteDisable { chute }), divert(record, 50)])
        }
        _ => SmallVec::new(),
    });
    let [first, fourth] = [1, 4].map(|seq| Seq::new(seq).unwrap());
    assert!(events.contains(&Event::Refused { reason: Refusal::ChuteNotAvailable, order: fourth }));
    assert!(events.contains(&Event::Ended { ending: Ending::ChuteNotAvailable, order: first }));
    assert!(run.sorter.plant_image().not_available.get(chute));
    assert_eq!(run.sorter.plc().lamp(chute), Some(3));
    assert_eq!(run.count(|event| *event == Event::Chute { chute }), 1);
}

#[test]
fn a_full_chute_is_emptied_by_people_and_takes_parcels_again() {
    let mut run = Run::on(&LineGeometry::line_100(), PlantConfig::faultless(6), 300, QUARTER_SECOND);
    run.drive(false, FOREVER, |record| match record.event {
        Event::Inducted { .. } => SmallVec::from_slice(&[divert(record, 5)]),
        _ => SmallVec::new(),
    });
    assert_eq!(run.truth.discharged.len(), 300);
    assert!(run.refused + run.count(|event| matches!(event, Event::Ended { .. })) as u64 > 0);
    assert!(run.count(|event| matches!(event, Event::Chute { .. })) >= 4);
    // Nobody is sent to a full chute by the PLC; only slides already begun can come on top.
    assert!(run.sorter.plant().faults().get(FaultKind::Overfill) < 20);
    run.assert_right_chutes();
}

#[test]
fn a_chute_without_an_eye_discharges_unverified() {
    let mut geometry = LineGeometry::line_100();
    for chute in &mut geometry.chutes {
        chute.eye = false;
    }
    let mut run = Run::on(&geometry, PlantConfig::faultless(7), 200, QUARTER_SECOND);
    run.drive(false, FOREVER, order_at_induction);
    run.drive(false, FOREVER, order_at_induction);
    let image = run.sorter.plant_image();
    assert!(image.discharged_unverified + u32::from(image.on_belt) == 200, "{image:?}");
}

#[test]
fn the_induction_stands_without_permit_and_the_belt_takes_no_more_than_its_capacity() {
    let geometry = LineGeometry { belt_capacity: 12, ..LineGeometry::line_100() };
    let mut run = Run::on(&geometry, PlantConfig::faultless(8), 200, Micros::from_millis(100));
    let mut most = 0;
    let (mut out, mut now) = (PlcOutput::default(), Micros::ZERO);
    while now < Micros::from_secs(120) {
        now = run.sorter.next_due().unwrap();
        run.sorter.advance_to(now, &[], &Boxes, &mut run.truth, &mut out);
        most = most.max(run.sorter.plant_image().on_belt);
    }
    assert_eq!(most, 11, "one place is kept for the body that the eye has not seen yet");
    run.sorter.set_permit(false);
    let before = run.sorter.plant_image().inducted;
    for _ in 0..2_000 {
        now = run.sorter.scan_after(now);
        run.sorter.advance_to(now, &[], &Boxes, &mut run.truth, &mut out);
    }
    assert!(run.sorter.plant_image().inducted <= before + 1);
    run.sorter.set_permit(true);
    for _ in 0..1_000 {
        now = run.sorter.scan_after(now);
        run.sorter.advance_to(now, &[], &Boxes, &mut run.truth, &mut out);
    }
    assert!(run.sorter.plant_image().inducted > before + 5);
}

#[test]
fn a_given_target_wins_for_the_fire_point_and_ends_at_one_belt_length() {
    let mut sorter =
        LineSorter::new(&LineGeometry::line_100(), PlantConfig::faultless(8), vec![(Micros::ZERO, 0)]);
    let (mut out, mut truth) = (PlcOutput::default(), Truth::default());
    let mut now = Micros::ZERO;
    while out.events.is_empty() {
        now = sorter.next_due().unwrap();
        sorter.advance_to(now, &[], &Boxes, &mut truth, &mut out);
    }
    let here = sorter.status().encoder;
    let order = |seq, ahead| Order {
        seq: Seq::new(seq).unwrap(),
        item: ItemId::new(1),
        op: OrderOp::Divert { chute: ChuteId::new(9) },
        target: Some(here.advanced_by(Pulses::new(ahead))),
    };
    // The scan that takes the orders is 2 or 3 pulses later.
    let orders = [order(1, 11_600), order(2, 5), order(3, 800)];
    sorter.advance_to(sorter.scan_after(now), &orders, &Boxes, &mut truth, &mut out);
    while let Some(due) = sorter.next_due().filter(|_| truth.ran_off.is_empty()) {
        sorter.advance_to(due, &[], &Boxes, &mut truth, &mut out);
    }
    let refused = |event: &Event| matches!(event, Event::Refused { reason: Refusal::Late, .. });
    assert_eq!(out.events.iter().filter(|record| refused(&record.event)).count(), 2);
    let fired = out.events.iter().find(|record| matches!(record.event, Event::Fired { .. })).unwrap();
    assert_eq!(fired.encoder, here.advanced_by(Pulses::new(800)));
    // The item had left chute 9 behind or not yet reached it: the divert is missed and says so.
    assert!(out.events.iter().any(|record| matches!(record.event, Event::Missed { .. })));
    assert_eq!(sorter.plant().faults().get(FaultKind::NothingToCatch), 1);
}

/// One parcel with an order to chute 69, driven until its diverter has fired in front of photo-eye 5.
fn fired_before_eye_5() -> (LinePlant, VirtualPlc, Truth, PlcOutput, Micros) {
    let geometry = roomy();
    let mut plant = LinePlant::new(&geometry, PlantConfig::faultless(1), vec![(Micros::ZERO, 0)]);
    let mut plc = VirtualPlc::new(&geometry, LineSorter::SCAN);
    let (mut truth, mut out, mut now) = (Truth::default(), PlcOutput::default(), Micros::ZERO);
    let mut orders = Vec::new();
    while !out.events.iter().any(|record| matches!(record.event, Event::Fired { .. })) {
        now = now + LineSorter::SCAN;
        scan_with(&mut plant, &mut plc, &mut truth, &mut out, now, &orders, &[]);
        orders.clear();
        if let [EventRecord { item, event: Event::Inducted { .. }, .. }] = out.events[..]
            && plc.status(&plant).order_ack == Seq::NONE
        {
            let op = OrderOp::Divert { chute: ChuteId::new(69) };
            orders.push(Order { seq: Seq::NONE.next(), item, op, target: None });
        }
    }
    out.clear();
    (plant, plc, truth, out, now)
}

fn scan_with(
    plant: &mut LinePlant,
    plc: &mut VirtualPlc,
    truth: &mut Truth,
    out: &mut PlcOutput,
    now: Micros,
    orders: &[Order],
    more: &[Edge],
) {
    plant.advance(now, &Boxes, truth, |plant, truth, item, serial, travel| {
        plc.fire(item, serial, travel, plant, truth, out);
    });
    let mut edges = plant.take_edges();
    edges.edges.extend_from_slice(more);
    plc.scan(now, plant.clock().travel_at(now), &edges, orders, out, plant, truth);
}

#[test]
fn a_body_in_the_place_of_a_fired_item_is_not_taken_for_it_when_the_chute_eye_speaks() {
    let (mut plant, mut plc, mut truth, mut out, mut now) = fired_before_eye_5();
    let item = truth.given[0].0;
    let eye = EyeId::new(5);
    let count = plc.tracker.expected_at(item, plc.tracker.eye_position(eye).unwrap()).unwrap();
    let body = BodyTag { parcel: 77, pass: 0 };
    let stranger = Edge::Eye { eye, count, length: plc.tracker.length(item).unwrap(), body };
    now = now + LineSorter::SCAN;
    scan_with(&mut plant, &mut plc, &mut truth, &mut out, now, &[], &[stranger]);
    assert!(out.events.is_empty(), "it waits for the chute eye: {:?}", out.events);
    for _ in 0..200 {
        now = now + LineSorter::SCAN;
        scan_with(&mut plant, &mut plc, &mut truth, &mut out, now, &[], &[]);
    }
    let events: Vec<_> = out.events.iter().map(|record| (record.item == item, record.event)).collect();
    assert_eq!(events[0], (true, Event::Discharged { verified: true, chute: ChuteId::new(69) }));
    assert!(matches!(events[1], (false, Event::Unexpected { .. })), "{events:?}");
    assert_eq!(truth.given.last().map(|(_, body)| body.parcel), Some(77));
    assert!(plc.is_balanced());
}
