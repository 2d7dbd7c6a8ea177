//! The FIFO trap: one parcel that is lost, taken off, thrown on or slow must not shift those behind it.
//!
//! The same plant with the same incidents runs twice: once with the virtual PLC, once with a double that
//! tracks as the first version of many sorters does, by one queue of items for each photo-eye.

use std::collections::VecDeque;

use smallvec::SmallVec;
use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::units::{Grams, Micros, Millimetres};
use sorter_plc::contract::{CodeBytes, Event, Order, OrderOp, Seq};

use super::{LineSorter, PlcOutput};
use crate::plant::{
    BodyTag, Edge, Incident, IncidentKind, Labels, LineGeometry, LinePlant, PlantConfig, Travel, Witness,
};

/// Parcels of a run. The incidents strike four of the first 250; the others have to be sorted right.
const PARCELS: u32 = 1_400;
const FIRST_BEHIND: u32 = 250;
const SPACING: Micros = Micros::from_millis(400);
const SCAN: Micros = Micros::from_millis(10);
const PULSE_MM: i64 = 10;

struct Boxes;

impl Labels for Boxes {
    fn length(&self, parcel: u32) -> Millimetres {
        Millimetres::new(220 + i32::try_from(parcel * 53 % 140).unwrap())
    }

    fn measured(&self, parcel: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
        (self.length(parcel), Millimetres::new(200), Millimetres::new(90), Grams::new(300))
    }

    fn read(&self, _: u32, _: u8, _: &mut SmallVec<[CodeBytes; 4]>) {}
}

/// Where each parcel went first, and which body each item number was given to.
struct Truth {
    chutes: Vec<Option<ChuteId>>,
    bodies: Vec<BodyTag>,
}

impl Truth {
    fn new() -> Self {
        Self { chutes: vec![None; PARCELS as usize], bodies: vec![BodyTag::default(); 1 << 16] }
    }

    /// Parcels behind the incidents that are in a wrong chute.
    fn wrong(&self) -> usize {
        let behind = (FIRST_BEHIND..).zip(&self.chutes[FIRST_BEHIND as usize..]);
        behind.filter(|(parcel, chute)| chute.is_some_and(|chute| chute != chute_of(*parcel))).count()
    }

    /// Parcels behind the incidents that are in their own chute.
    fn right(&self) -> usize {
        let behind = (FIRST_BEHIND..).zip(&self.chutes[FIRST_BEHIND as usize..]);
        behind.filter(|(parcel, chute)| **chute == Some(chute_of(*parcel))).count()
    }
}

impl Witness for Truth {
    fn item_given(&mut self, item: ItemId, body: BodyTag) {
        self.bodies[item.index()] = body;
    }

    fn discharged(&mut self, body: BodyTag, chute: ChuteId, _: Micros, _: u32, _: u32) {
        self.chutes[body.parcel as usize] = Some(chute);
    }
}

fn chute_of(parcel: u32) -> ChuteId {
    ChuteId::new(u16::try_from(parcel * 37 % 100).unwrap())
}

/// The line of the standard network with chutes that never fill up.
fn geometry() -> LineGeometry {
    let mut geometry = LineGeometry::line_100();
    for chute in &mut geometry.chutes {
        (chute.capacity, chute.half_full) = (100_000, 100_000);
    }
    geometry
}

fn incidents(kinds: &[IncidentKind]) -> PlantConfig {
    let at = |(place, kind): (u32, &IncidentKind)| Incident { parcel: 101 + 30 * place, kind: *kind };
    PlantConfig { incidents: (0..).zip(kinds).map(at).collect(), ..PlantConfig::faultless(5) }
}

fn feed() -> Vec<(Micros, u32)> {
    (0..PARCELS).map(|parcel| (Micros::new(u64::from(parcel) * SPACING.get()), parcel)).collect()
}

/// The virtual PLC with a host that orders each item as soon as it is inducted.
fn with_windows(config: PlantConfig) -> Truth {
    let mut sorter = LineSorter::new(&geometry(), config, feed());
    let (mut truth, mut out) = (Truth::new(), PlcOutput::default());
    let (mut orders, mut seq, mut now) = (Vec::new(), Seq::NONE, Micros::ZERO);
    while !sorter.plant().is_drained() {
        let next = sorter.scan_after(now);
        now = if orders.is_empty() { sorter.next_due().expect("parcels are on their way") } else { next };
        out.clear();
        sorter.advance_to(now, &orders, &Boxes, &mut truth, &mut out);
        orders.clear();
        for record in &out.events {
            if matches!(record.event, Event::Inducted { .. }) {
                seq = seq.next();
                let chute = chute_of(truth.bodies[record.item.index()].parcel);
                orders.push(Order { seq, item: record.item, op: OrderOp::Divert { chute }, target: None });
            }
        }
    }
    truth
}

/// A PLC double with one queue for each photo-eye: whatever comes is what was due next.
struct Fifo {
    geometry: LineGeometry,
    queues: Vec<VecDeque<BodyTag>>,
}

impl Fifo {
    /// Where photo-eye n stands; the one after the last tracking photo-eye is the exit.
    fn eye(&self, eye: usize) -> i64 {
        let position = self.geometry.eyes.get(eye - 1).copied().unwrap_or(self.geometry.exit_eye);
        position.get().into()
    }

    /// Takes the next of the queue of an eye, and arms its diverter if it stands before the next eye.
    fn seen(&mut self, plant: &mut LinePlant, eye: EyeId, travel: i64, now: Travel) {
        let Some(body) = self.queues[eye.index()].pop_front() else { return };
        if eye.index() > self.geometry.eyes.len() {
            return;
        }
        let chute = chute_of(body.parcel);
        let position = i64::from(self.geometry.chutes[chute.index()].position.get());
        // An eye reports at the trailing edge, too late for a diverter beside it: the eye before serves that.
        let served_from = position - 500;
        if served_from < self.eye(eye.index() + 1) && served_from >= self.eye(eye.index()) {
            let fire = Travel::new(travel + position - self.eye(eye.index()));
            plant.arm(fire, now, ItemId::new(1), body.parcel);
        } else {
            self.queues[eye.index() + 1].push_back(body);
        }
    }
}

fn with_fifo(config: PlantConfig) -> Truth {
    let geometry = geometry();
    let mut plant = LinePlant::new(&geometry, config, feed());
    let queues = vec![VecDeque::new(); geometry.eyes.len() + 3];
    let mut fifo = Fifo { geometry, queues };
    let (mut truth, mut now) = (Truth::new(), Micros::ZERO);
    // What is shifted may run round for ever: the run ends a while after the last arrival.
    let end = Micros::new(u64::from(PARCELS) * SPACING.get()) + Micros::from_secs(60);
    while now < end {
        now = now + SCAN;
        plant.advance(now, &Boxes, &mut truth, |plant, truth, _, parcel, travel| {
            plant.actuate(chute_of(parcel), travel, BodyTag { parcel, pass: 0 }, truth);
        });
        let edges = plant.take_edges();
        let here = plant.clock().travel_at(now);
        for edge in &edges.edges {
            match edge {
                Edge::InductionEye { body, .. } => fifo.queues[1].push_back(*body),
                Edge::Eye { eye, count, .. } => {
                    fifo.seen(&mut plant, *eye, i64::from(count.get()) * PULSE_MM, here);
                }
                _ => {}
            }
        }
    }
    truth
}

const EYE: EyeId = EyeId::new(3);

#[test]
fn without_an_incident_even_a_queue_sorts_right() {
    let (windows, fifo) = (with_windows(incidents(&[])), with_fifo(incidents(&[])));
    assert_eq!((windows.wrong(), fifo.wrong()), (0, 0));
    assert!(windows.right() >= 1_000 && fifo.right() >= 1_000);
}

/// Windows sort everything right behind the incident, the queue does not.
fn assert_trap(kinds: &[IncidentKind]) {
    let (windows, fifo) = (with_windows(incidents(kinds)), with_fifo(incidents(kinds)));
    assert_eq!(windows.wrong(), 0, "{kinds:?}");
    assert!(windows.right() >= 1_000, "{kinds:?}: only {} right", windows.right());
    assert!(fifo.right() < 800, "{kinds:?}: the queue still sorts {} right", fifo.right());
}

#[test]
fn a_parcel_that_a_photo_eye_does_not_see_shifts_nobody() {
    assert_trap(&[IncidentKind::EyeMiss(EYE)]);
}

#[test]
fn a_parcel_taken_off_by_hand_shifts_nobody() {
    assert_trap(&[IncidentKind::TakenOff(EYE)]);
}

#[test]
fn a_parcel_thrown_on_shifts_nobody() {
    assert_trap(&[IncidentKind::ThrownOn(EYE)]);
}

#[test]
fn a_slow_parcel_is_kept_and_shifts_nobody() {
    let slow = [IncidentKind::Slow(EYE, Millimetres::new(110))];
    let windows = with_windows(incidents(&slow));
    assert_eq!(windows.wrong(), 0);
    assert_eq!(windows.chutes[101], Some(chute_of(101)), "it is within the window and keeps its order");
}

#[test]
fn all_of_them_together_shift_nobody() {
    assert_trap(&[
        IncidentKind::EyeMiss(EYE),
        IncidentKind::TakenOff(EYE),
        IncidentKind::ThrownOn(EYE),
        IncidentKind::Slow(EYE, Millimetres::new(110)),
    ]);
}
