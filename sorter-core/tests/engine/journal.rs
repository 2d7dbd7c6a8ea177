//! What the records of a hall tell, at any moment, and hosts that go on from it.

use proptest::prelude::*;

use super::journal_oracle::{Kept, Step, recover_after_each};
use super::rules::op;
use super::rules_oracle::SORTERS;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        60 => op().prop_map(Step::Rule),
        3 => (0..64_usize).prop_map(Step::Forget),
        1 => (0..8_usize, 0..40_u64).prop_map(|(which, minutes)| Step::Delay(which, minutes)),
        2 => (0..64_usize).prop_map(Step::Load),
        1 => (0..8_usize).prop_map(Step::Depart),
        1 => (0..3_usize).prop_map(Step::Ahead),
        2 => Just(Step::Due),
        1 => Just(Step::ForgetKept),
        3 => (0..SORTERS).prop_map(Step::TakeOut),
        2 => (0..SORTERS).prop_map(Step::Released),
        6 => (1..9_usize).prop_map(Step::Collect),
        2 => Just(Step::Crash),
    ]
}

proptest! {
    #[test]
    fn the_records_tell_what_the_engine_says_and_a_host_goes_on_from_them(
        steps in prop::collection::vec(step(), 1..150),
        every in 1..20_usize,
    ) {
        let mut kept = Kept::new();
        for (place, step) in steps.iter().enumerate() {
            kept.run(*step);
            if place % every == 0 {
                kept.compare();
            }
        }
        kept.finish();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_host_goes_on_wherever_its_journal_was_torn(
        steps in prop::collection::vec(step(), 1..60),
        every in 3..40_usize,
    ) {
        let mut kept = Kept::new();
        steps.iter().filter(|step| !matches!(step, Step::Crash)).for_each(|step| kept.run(*step));
        let (first, entries) = kept.finish();
        recover_after_each(&first, &entries, every);
    }
}
