//! Random days of a small hall.

use proptest::prelude::*;
use sorter_core::clearance::Clearance;

use super::book::{ANNOUNCED, Day, Op, PARCELS, Read, SORTERS};
use super::hall::*;

/// The chutes that change their state: both German ones, both of the other plan, overflow, hold, exception.
const CHUTES: [u16; 7] = [0, 1, 40, 41, 92, 98, 99];

fn read() -> impl Strategy<Value = Read> {
    prop_oneof![
        1 => Just(Read::Nothing),
        8 => (0..PARCELS).prop_map(Read::Label),
        1 => (0..PARCELS, 0..PARCELS).prop_map(|(one, other)| Read::Labels(one, other)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let report = (0..6_u8).prop_map(|which| match which {
        0 => FULL,
        1 => DISABLED,
        2 => NO_CONTAINER,
        _ => OPEN,
    });
    let status = prop_oneof![
        3 => Just(Clearance::Released),
        2 => prop::sample::select(Clearance::ALL.to_vec()),
    ];
    prop_oneof![
        1 => (ANNOUNCED..PARCELS).prop_map(Op::Announce),
        6 => (0..SORTERS, read()).prop_map(|(sorter, read)| Op::Scan(sorter, read)),
        2 => (0..64_usize, read()).prop_map(|(item, read)| Op::Rescan(item, read)),
        6 => (0..64_usize).prop_map(Op::Commit),
        2 => (0..64_usize).prop_map(Op::OrderFails),
        4 => (0..64_usize).prop_map(Op::Discharge),
        2 => (0..64_usize).prop_map(Op::Left),
        1 => (0..64_usize).prop_map(Op::Lost),
        3 => (0..PARCELS, status).prop_map(|(parcel, status)| Op::Clear(parcel, status)),
        3 => (0..SORTERS, prop::sample::select(CHUTES.to_vec()), report)
            .prop_map(|(sorter, chute, report)| Op::Chute(sorter, chute, report)),
        1 => any::<bool>().prop_map(Op::Publish),
    ]
}

fn run(ops: &[Op]) -> Vec<u64> {
    let mut day = Day::new();
    ops.iter().for_each(|op| day.run(*op));
    day.finish()
}

proptest! {
    #[test]
    fn every_sequence_agrees_with_the_book_and_repeats_to_the_same_digest(
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let digests = run(&ops);
        prop_assert_eq!(run(&ops), digests);
    }
}
