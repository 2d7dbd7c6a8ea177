//! Random days of a hall with customs, departures, containers and plans that follow each other.

use proptest::prelude::*;
use sorter_core::clearance::Clearance;

use super::rules_oracle::{ANNOUNCED, CHUTES, Op, PARCELS, Rules, SORTERS};

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let chute = || (0..SORTERS, prop::sample::select(CHUTES.to_vec()));
    let status = prop_oneof![
        4 => Just(Clearance::Released),
        2 => Just(Clearance::Transit),
        2 => Just(Clearance::HoldInspect),
        1 => prop::sample::select(Clearance::ALL.to_vec()),
    ];
    let notice = (0..PARCELS, status, prop::bool::weighted(0.1), prop::option::of(0..3_usize));
    prop_oneof![
        1 => (ANNOUNCED..PARCELS).prop_map(Op::Announce),
        10 => (0..SORTERS, 0..PARCELS).prop_map(|(sorter, parcel)| Op::Scan(sorter, parcel)),
        3 => (0..64_usize).prop_map(Op::Rescan),
        8 => (0..64_usize).prop_map(Op::Commit),
        1 => (0..64_usize).prop_map(Op::OrderFails),
        6 => (0..64_usize).prop_map(Op::Discharge),
        2 => (0..64_usize).prop_map(Op::Left),
        1 => (0..64_usize).prop_map(Op::Lost),
        5 => notice.prop_map(|(parcel, status, old, onward)| Op::Notice(parcel, status, old, onward)),
        1 => (1..6_u64).prop_map(Op::Wait),
        2 => chute().prop_map(|(sorter, chute)| Op::Take(sorter, chute)),
        4 => chute().prop_map(|(sorter, chute)| Op::Put(sorter, chute)),
        1 => chute().prop_map(|(sorter, chute)| Op::Full(sorter, chute)),
        6 => chute().prop_map(|(sorter, chute)| Op::Plate(sorter, chute)),
        1 => chute().prop_map(|(sorter, chute)| Op::Close(sorter, chute)),
        1 => chute().prop_map(|(sorter, chute)| Op::SwapByHand(sorter, chute)),
        2 => (0..3_usize).prop_map(Op::Publish),
    ]
}

fn run(ops: &[Op]) -> Vec<u64> {
    let mut rules = Rules::new();
    ops.iter().for_each(|op| rules.run(*op));
    rules.finish()
}

proptest! {
    #[test]
    fn every_order_of_events_keeps_the_rules_and_repeats_to_the_same_digest(
        ops in prop::collection::vec(op(), 1..200),
    ) {
        let digests = run(&ops);
        prop_assert_eq!(run(&ops), digests);
    }
}
