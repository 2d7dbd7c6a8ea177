use std::collections::BTreeMap;

use sorter_core::units::{Grams, Millimetres};

use super::*;

struct Boxes;

impl Labels for Boxes {
    fn length(&self, parcel: u32) -> Millimetres {
        Millimetres::new(150 + i32::try_from(parcel * 53 % 300).unwrap())
    }

    fn measured(&self, parcel: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
        (self.length(parcel), Millimetres::new(200), Millimetres::new(90), Grams::new(400))
    }

    fn read(&self, _: u32, _: u8, _: &mut SmallVec<[CodeBytes; 4]>) {}
}

#[derive(Default)]
struct Order(Vec<BodyTag>);

impl Witness for Order {
    fn inducted(&mut self, body: BodyTag, _: Travel) {
        self.0.push(body);
    }
}

/// Runs a plant with nobody to divert, and collects all edges.
fn run(plant: &mut LinePlant, witness: &mut impl Witness, until: Micros) -> Vec<Edge> {
    let mut edges = Vec::new();
    while let Some(due) = plant.next_due().filter(|due| *due <= until) {
        plant.advance(due, &Boxes, witness, |_, _, _, _, _| {});
        let taken = plant.take_edges();
        edges.extend_from_slice(&taken.edges);
        plant.recycle(taken);
    }
    edges
}

fn at_once(parcels: u32) -> Vec<(Micros, u32)> {
    (0..parcels).map(|parcel| (Micros::ZERO, parcel)).collect()
}

#[test]
fn bodies_never_overlap_or_overtake_however_they_slip() {
    let rates = FaultRates {
        big_slip: 300_000_000,
        taken_off: 50_000_000,
        thrown_on: 50_000_000,
        ..FaultRates::default()
    };
    let config = PlantConfig { rates, slip_um_per_sqrt_m: 30_000, ..PlantConfig::faultless(3) };
    let mut plant = LinePlant::new(&LineGeometry::line_100(), config, at_once(3_000));
    let edges = run(&mut plant, &mut (), Micros::from_secs(1_200));
    let mut trailing: BTreeMap<u8, i64> = BTreeMap::new();
    let mut touched = 0;
    for edge in &edges {
        if let Edge::Eye { eye, count, length, .. } = edge {
            let (lead, trail) = (i64::from(count.get()), i64::from(count.get()) + i64::from(length.get()));
            let before = trailing.insert(eye.get(), trail).unwrap_or(0);
            assert!(lead >= before, "{eye}: leading edge at {lead}, the one before ends at {before}");
            touched += u32::from(lead == before);
        }
    }
    assert!(touched > 50, "slips push bodies together");
    assert!(plant.faults().get(FaultKind::ThrownOn) > 10);
    assert!(plant.faults().get(FaultKind::TakenOff) > 10);
}

#[test]
fn the_induction_leaves_a_gap_within_its_bounds() {
    let mut plant = LinePlant::new(&LineGeometry::line_100(), PlantConfig::faultless(1), at_once(2_000));
    let edges = run(&mut plant, &mut (), Micros::from_secs(300));
    let mut before: Option<i64> = None;
    let mut gaps = Vec::new();
    for edge in &edges {
        if let Edge::InductionEye { count, length, .. } = edge {
            gaps.extend(before.map(|before| i64::from(count.get()) - before));
            before = Some(i64::from(count.get()) + i64::from(length.get()));
        }
    }
    assert!(gaps.len() > 1_000);
    assert_eq!((gaps.iter().min(), gaps.iter().max()), (Some(&10), Some(&30)));
}

#[test]
fn what_ran_off_comes_back_before_those_who_wait() {
    let mut plant = LinePlant::new(&LineGeometry::line_100(), PlantConfig::faultless(1), at_once(2_000));
    let mut order = Order::default();
    run(&mut plant, &mut order, Micros::from_secs(200));
    let first_back = order.0.iter().position(|body| body.pass == 1).unwrap();
    assert!(order.0[first_back].parcel == 0 && first_back < 2_000);
    // The belt is full of those who come back: nobody new gets in.
    assert!(order.0[first_back + 1..first_back + 20].iter().all(|body| body.pass == 1));
    assert!(plant.waiting() > 1_000 && !plant.is_drained());
}

#[test]
fn one_run_is_like_another_and_another_seed_is_not() {
    let drive = |seed| {
        let mut plant = LinePlant::new(&LineGeometry::line_100(), PlantConfig::nominal(seed), at_once(1_000));
        run(&mut plant, &mut (), Micros::from_secs(400))
    };
    assert_eq!(drive(1), drive(1));
    assert_ne!(drive(1), drive(2));
}

#[test]
fn people_swap_a_container_at_half_full() {
    let mut plant = LinePlant::new(&LineGeometry::line_100(), PlantConfig::faultless(1), Vec::new());
    let chute = ChuteId::new(3);
    plant.outside = 45;
    for parcel in 0..45 {
        plant.chute_eye(chute, BodyTag { parcel, pass: 0 }, Micros::new(1), &mut ());
    }
    assert_eq!((plant.chute_content(chute), plant.chute_state(chute).unwrap().half_full), (Some(45), true));
    let edges = run(&mut plant, &mut (), Micros::from_secs(1_000));
    let states: Vec<_> = edges
        .iter()
        .filter_map(|edge| match edge {
            Edge::ChuteState { state, .. } => Some((state.half_full, state.container, state.available)),
            _ => None,
        })
        .collect();
    assert_eq!(states, [(true, true, true), (true, false, false), (false, true, true)]);
    assert_eq!(plant.chute_content(chute), Some(0));
}
