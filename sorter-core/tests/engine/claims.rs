//! One claim for each parcel: duplicates, lost parcels that turn up, and what a contest leads to.

use sorter_core::chute::ChuteReport;
use sorter_core::engine::{Commit, Fate};
use sorter_core::ids::SorterId;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;

use super::hall::*;

#[test]
fn both_items_of_a_duplicate_label_go_to_exception_when_the_first_is_not_committed() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut first = hall.scan(0, &[s10(1)]);
    let second = hall.scan(1, &[s10(1)]);
    assert_eq!((second.held.reason, second.held.chute), (Reason::Duplicate, Some(EXCEPTION)));
    assert_eq!(hall.state(1).life(), Life::Contested);

    assert_eq!(hall.commit(&first), Commit::DecideAgain);
    hall.decide(&mut first, &[]);
    assert_eq!((first.held.reason, first.held.chute), (Reason::Duplicate, Some(EXCEPTION)));
    hall.deliver(first);
    hall.deliver(second);
    assert_eq!(hall.state(1).life(), Life::Exception);
    assert_eq!(hall.workers[1].tally().contested, 1);
    assert_eq!((hall.reserved(), hall.deviations()), (0, 0));
}

#[test]
fn only_the_second_item_goes_to_exception_when_the_first_is_committed() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let first = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&first), Commit::Done);
    let second = hall.scan(1, &[s10(1)]);
    assert_eq!((second.held.reason, second.held.claim), (Reason::Duplicate, None));
    assert_eq!(hall.state(1).life(), Life::Committed);
    hall.end(first, Fate::Discharged(GERMANY));
    assert_eq!(hall.state(1).life(), Life::Discharged);
}

#[test]
fn a_second_item_is_a_duplicate_of_a_parcel_that_was_discharged() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let first = hall.scan(0, &[s10(1)]);
    hall.deliver(first);
    let second = hall.scan(0, &[s10(1)]);
    assert_eq!((second.held.reason, second.held.chute), (Reason::Duplicate, Some(EXCEPTION)));
    hall.deliver(second);
    assert_eq!(hall.state(1).life(), Life::Discharged, "the duplicate changes nothing about the first");
    assert_eq!(hall.workers[0].tally().contested, 1);
}

#[test]
fn a_duplicate_stays_one_for_its_pass_also_when_the_other_item_has_ended() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let first = hall.scan(0, &[s10(1)]);
    let mut second = hall.scan(1, &[s10(1)]);
    assert!(second.identity.unwrap().is_duplicate());
    hall.end(first, Fate::Left);
    hall.order_fails(&mut second);
    hall.decide(&mut second, &[]);
    assert_eq!((second.held.reason, second.held.claim), (Reason::Duplicate, None));
    assert_eq!(hall.state(1).life(), Life::Recirculating);
    assert_eq!(hall.workers[1].tally().contested, 1, "it is counted once");
}

#[test]
fn a_contested_parcel_that_goes_to_hold_is_decided_again_for_exception() {
    let mut hall = Hall::new(&[Parcel::new(1).status(sorter_core::clearance::Clearance::HoldInspect)]);
    let mut first = hall.scan(0, &[s10(1)]);
    assert_eq!(first.held.chute, Some(HOLD));
    hall.scan(1, &[s10(1)]);
    assert_eq!(hall.commit(&first), Commit::DecideAgain);
    hall.decide(&mut first, &[]);
    assert_eq!((first.held.reason, first.held.chute), (Reason::Duplicate, Some(EXCEPTION)));
}

#[test]
fn a_contested_parcel_stays_contested_when_its_exception_chute_fails() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut first = hall.scan(0, &[s10(1)]);
    hall.scan(1, &[s10(1)]);
    hall.decide(&mut first, &[]);
    assert_eq!(hall.commit(&first), Commit::Done);
    hall.order_fails(&mut first);
    assert_eq!(hall.state(1).life(), Life::Contested);
    hall.report(0, EXCEPTION, ChuteReport { full: true, ..OPEN });
    hall.decide(&mut first, &[]);
    assert_eq!((first.held.reason, first.held.chute), (Reason::Duplicate, None), "never out of the building");
    assert_eq!(hall.deviations(), 0);
}

#[test]
fn a_contested_parcel_that_goes_to_exception_anyway_is_decided_again_with_that_reason() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    for _ in 0..2 {
        let item = hall.scan(0, &[s10(1)]);
        hall.end(item, Fate::Left);
    }
    let mut first = hall.scan(0, &[s10(1)]);
    assert_eq!((first.held.reason, first.held.chute), (Reason::LapLimit, Some(EXCEPTION)));
    hall.scan(1, &[s10(1)]);
    assert_eq!(hall.commit(&first), Commit::DecideAgain);
    hall.decide(&mut first, &[]);
    assert_eq!((first.held.reason, first.held.chute), (Reason::Duplicate, Some(EXCEPTION)));
    hall.deliver(first);
    assert_eq!(hall.workers[0].tally().reasons[Reason::Duplicate as usize], 1);
}

#[test]
fn a_parcel_is_claimed_again_after_its_pass_ended_on_another_sorter() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    for (pass, sorter, fate) in [(1, 0, Fate::Left), (2, 1, Fate::Forgotten)] {
        let item = hall.scan(sorter, &[s10(1)]);
        assert_eq!(item.held.reason, Reason::Planned);
        let word = hall.state(1);
        assert_eq!((word.sorter(), word.pass().get()), (SorterId::new(u8::try_from(sorter).unwrap()), pass));
        hall.end(item, fate);
    }
    assert_eq!(hall.state(1).life(), Life::Unknown);
}

#[test]
fn a_lost_parcel_that_turns_up_is_an_amendment() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    hall.end(item, Fate::Lost);
    assert_eq!((hall.state(1).life(), hall.workers[0].balance().lost), (Life::Lost, 1));
    let again = hall.scan(1, &[s10(1)]);
    assert_eq!(again.held.reason, Reason::Planned);
    assert_eq!(hall.workers[1].tally().amended, 1);
    hall.deliver(again);
    assert_eq!(hall.state(1).life(), Life::Discharged);
}

#[test]
fn each_fate_leaves_its_life() {
    for (fate, life) in [
        (Fate::Discharged(GERMANY), Life::Discharged),
        (Fate::Discharged(HOLD), Life::Held),
        (Fate::Discharged(EXCEPTION), Life::Exception),
        (Fate::Discharged(OVERFLOW), Life::Exception),
        (Fate::Discharged(NO_READ), Life::Exception),
        (Fate::Left, Life::Recirculating),
        (Fate::Lost, Life::Lost),
        (Fate::Forgotten, Life::Unknown),
    ] {
        let mut hall = Hall::new(&[Parcel::new(1)]);
        let item = hall.scan(0, &[s10(1)]);
        // What the plant did is a fact, also when it was not what had been decided.
        hall.end(item, fate);
        assert_eq!(hall.state(1).life(), life, "{fate:?}");
        assert_eq!((hall.reserved(), hall.deviations()), (0, 0));
    }
}

#[test]
fn a_step_that_does_not_fit_the_state_is_counted_and_changes_nothing() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    let again = item.clone();
    hall.deliver(item);
    let before = hall.state(1);
    hall.end(again, Fate::Left);
    assert_eq!(hall.state(1), before);
    assert_eq!(hall.deviations(), 2, "an order that ended twice and a pass that ended twice");
}
