//! The point of no return: what may still change an order, and what has come too late.

use sorter_core::clearance::Clearance;
use sorter_core::engine::{Commit, Fate};
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;

use super::hall::*;

#[test]
fn a_release_before_the_commit_wins() {
    let mut hall = Hall::new(&[Parcel::new(1).status(Clearance::Assessed)]);
    let mut item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::StatusUnknown, Some(HOLD)));
    hall.set_clearance(1, Clearance::Released);
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
    hall.decide(&mut item, &[]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(GERMANY)));
    hall.deliver(item);
    assert_eq!(hall.state(1).life(), Life::Discharged);
}

#[test]
fn a_hold_before_the_commit_wins() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut item = hall.scan(0, &[s10(1)]);
    hall.set_clearance(1, Clearance::Seized);
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
    hall.decide(&mut item, &[]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Seized, Some(HOLD)));
    hall.deliver(item);
    assert_eq!(hall.state(1).life(), Life::Held);
}

#[test]
fn a_hold_after_the_commit_is_a_recall_as_soon_as_the_parcel_slides_into_its_chute() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    let report = hall.set_clearance(1, Clearance::HoldInspect);
    assert_eq!((report.recalls.len(), report.on_their_way.len()), (0, 1));
    let word = hall.state(1);
    assert_eq!((word.life(), word.clearance()), (Life::Committed, Clearance::HoldInspect));
    hall.end(item, Fate::Discharged(GERMANY));
    let word = hall.state(1);
    assert_eq!((word.life(), word.clearance()), (Life::Recalled, Clearance::HoldInspect));
    assert_eq!(hall.engine.recalls().len(), 1);
    assert_eq!((hall.workers[0].tally().recalls, hall.deviations()), (1, 0));
}

#[test]
fn a_change_of_one_hold_for_another_keeps_the_order() {
    let mut hall = Hall::new(&[Parcel::new(1).status(Clearance::HoldDocument)]);
    let item = hall.scan(0, &[s10(1)]);
    hall.set_clearance(1, Clearance::Seized);
    assert_eq!(hall.commit(&item), Commit::Done);
}

#[test]
fn an_order_to_a_chute_that_closed_is_decided_again() {
    for report in [FULL, DISABLED, NO_CONTAINER] {
        let mut hall = Hall::new(&[Parcel::new(1)]);
        let mut item = hall.scan(0, &[s10(1)]);
        hall.report(0, GERMANY, report);
        assert_eq!(hall.commit(&item), Commit::DecideAgain);
        hall.decide(&mut item, &[]);
        assert_eq!((item.held.reason, item.held.chute.unwrap().get()), (Reason::Planned, 1));
        assert_eq!(hall.reserved(), 1);
        hall.deliver(item);
    }
}

#[test]
fn a_committed_item_keeps_its_order_when_it_is_decided_once_more() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    hall.report(0, GERMANY, FULL);
    let held = item.held;
    assert_eq!(hall.decide(&mut item, &[]).assigned, held);
    assert_eq!((hall.reserved(), hall.state(1).life()), (1, Life::Committed));
}

#[test]
fn a_commit_is_repeated_without_harm() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    assert_eq!(hall.commit(&item), Commit::Done);
}

#[test]
fn a_commit_by_what_an_item_held_earlier_is_refused() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut item = hall.scan(0, &[s10(1)]);
    let other_chute = item.clone();
    hall.report(0, GERMANY, FULL);
    hall.decide(&mut item, &[]);
    hall.report(0, GERMANY, OPEN);
    assert_eq!(hall.commit(&other_chute), Commit::DecideAgain);

    let other_pass = item.clone();
    hall.end(item, Fate::Left);
    let again = hall.scan(0, &[s10(1)]);
    hall.report(0, GERMANY, FULL);
    let mut same_chute = again.clone();
    hall.decide(&mut same_chute, &[]);
    assert_eq!(hall.state(1).chute(), other_pass.held.chute);
    assert_eq!(hall.commit(&other_pass), Commit::DecideAgain);
    assert_eq!(hall.state(1).life(), Life::Claimed);
}

#[test]
fn an_item_that_runs_off_has_nothing_to_commit() {
    let mut hall = Hall::new(&[Parcel::new(1).to("FR", "75001")]);
    hall.report(0, FRANCE, FULL);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    assert_eq!(hall.state(1).life(), Life::Claimed);
    assert_eq!(hall.workers[0].tally().commits, 0);
    hall.end(item, Fate::Left);
    assert_eq!(hall.state(1).life(), Life::Recirculating);
}

#[test]
fn a_missed_divert_opens_the_claim_for_another_decision() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    hall.order_fails(&mut item);
    assert_eq!((hall.state(1).life(), hall.reserved()), (Life::Claimed, 0));
    hall.set_clearance(1, Clearance::HoldDocument);
    hall.decide(&mut item, &[]);
    assert_eq!(item.held.chute, Some(HOLD), "what has changed meanwhile counts");
    hall.deliver(item);
    assert_eq!((hall.state(1).life(), hall.deviations()), (Life::Held, 0));
}
