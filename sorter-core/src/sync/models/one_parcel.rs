//! One parcel and two threads that want different things of it.
//!
//! The loops are those of the worker: load, judge, compare-and-swap, and again with the word that won.

use loom::sync::Arc;
use loom::thread;

use super::{Cell, CheckThenStore, Real, announced, claimed};
use crate::clearance::Clearance;
use crate::state_word::{Life, StateWord, Step};

/// What a decision for an item gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decided {
    Claimed,
    Duplicate,
}

/// Decides for an item of a sorter.
fn decide(cell: &impl Cell, sorter: u8) -> Decided {
    let mut word = cell.load();
    loop {
        let (next, outcome) = match word.life() {
            Life::Claimed => (word.after(Step::Contest), Decided::Duplicate),
            _ => (claimed(word, sorter), Decided::Claimed),
        };
        let Some(next) = next else { return Decided::Duplicate };
        match cell.replace(word, next) {
            Ok(()) => return outcome,
            Err(other) => word = other,
        }
    }
}

/// Commits the parcel to its outbound chute, or tells that it has to be decided again.
fn commit(cell: &impl Cell) -> bool {
    let mut word = cell.load();
    loop {
        if word.life() == Life::Contested || word.clearance().hold_reason().is_some() {
            return false;
        }
        let next = word.after(Step::Commit).expect("it is claimed");
        match cell.replace(word, next) {
            Ok(()) => return true,
            Err(other) => word = other,
        }
    }
}

/// Sets a hold and gives the life in which it found the parcel.
fn hold(cell: &impl Cell) -> Life {
    let mut word = cell.load();
    loop {
        match cell.replace(word, word.with_clearance(Clearance::HoldDocument)) {
            Ok(()) => return word.life(),
            Err(other) => word = other,
        }
    }
}

/// Runs two threads on one parcel and gives their results and the word that is left.
fn race<C: Cell, A: Send + 'static, B: 'static>(
    cell: C,
    one: fn(&C) -> A,
    other: fn(&C) -> B,
) -> (A, B, StateWord) {
    let cell = Arc::new(cell);
    let shared = Arc::clone(&cell);
    let handle = thread::spawn(move || one(&shared));
    let other = other(&cell);
    let one = handle.join().expect("the thread has no reason to panic");
    (one, other, cell.load())
}

fn claimed_word() -> StateWord {
    claimed(announced(), 0).expect("an announced parcel can be claimed")
}

fn exactly_one_claims<C: Cell>(new: fn(StateWord) -> C) {
    loom::model(move || {
        let (first, second, left) = race(new(announced()), |cell| decide(cell, 1), |cell| decide(cell, 2));
        assert_ne!(first, second, "one item claims the parcel and the other is a duplicate");
        let winner = if first == Decided::Claimed { 1 } else { 2 };
        assert_eq!(left.sorter().get(), winner, "the word names the winner");
        assert_eq!(left.life(), Life::Contested, "the duplicate was told to the winner");
    });
}

fn a_hold_wins_before_the_commit_and_is_a_recall_after_it<C: Cell>(new: fn(StateWord) -> C) {
    loom::model(move || {
        let (committed, found, left) = race(new(claimed_word()), commit, hold);
        let told = "hold and commit have one order";
        assert_eq!(left.clearance(), Clearance::HoldDocument, "{told}: no hold is lost");
        assert_eq!(committed, left.life() == Life::Committed, "{told}: no commit is lost");
        let recall = found == Life::Committed;
        assert_eq!(committed, recall, "{told}: a hold that came second saw the commit");
    });
}

fn a_contest_and_a_commit_never_both_win<C: Cell>(new: fn(StateWord) -> C) {
    loom::model(move || {
        let (committed, newcomer, left) = race(new(claimed_word()), commit, |cell| decide(cell, 2));
        assert_eq!(newcomer, Decided::Duplicate, "a live claim is never taken over");
        let expected = if committed { Life::Committed } else { Life::Contested };
        assert_eq!(left.life(), expected, "contest and commit have one order");
        assert_eq!(left.sorter().get(), 0, "the first item keeps its claim");
    });
}

/// Two sorters see a parcel while customs set a hold.
fn a_hold_is_not_lost_between_two_deciders<C: Cell>(new: fn(StateWord) -> C) {
    loom::model(move || {
        let cell = Arc::new(new(announced()));
        let customs = Arc::clone(&cell);
        let customs = thread::spawn(move || hold(&*customs));
        let decider = Arc::clone(&cell);
        let decider = thread::spawn(move || decide(&*decider, 1));
        let mine = decide(&*cell, 2);
        customs.join().expect("customs have no reason to panic");
        let other = decider.join().expect("the decider has no reason to panic");
        let left = cell.load();
        let told = "two deciders and customs have one order";
        assert_ne!(mine, other, "{told}: one claims the parcel and the other is a duplicate");
        assert_eq!(left.clearance(), Clearance::HoldDocument, "{told}: no hold is lost");
        assert_eq!(left.life(), Life::Contested, "{told}: no claim is lost");
    });
}

#[test]
fn two_deciders_and_customs_have_one_order() {
    a_hold_is_not_lost_between_two_deciders(Real::new);
}

#[test]
#[should_panic(expected = "two deciders and customs have one order")]
fn control_two_deciders_and_customs_lose_steps_when_they_check_and_then_store() {
    a_hold_is_not_lost_between_two_deciders(CheckThenStore::new);
}

#[test]
fn two_deciders_never_both_claim_a_parcel() {
    exactly_one_claims(Real::new);
}

#[test]
#[should_panic(expected = "one item claims the parcel")]
fn control_two_deciders_both_claim_when_they_check_and_then_store() {
    exactly_one_claims(CheckThenStore::new);
}

#[test]
fn a_hold_before_the_commit_stops_it_and_a_hold_after_it_is_seen_as_a_recall() {
    a_hold_wins_before_the_commit_and_is_a_recall_after_it(Real::new);
}

#[test]
#[should_panic(expected = "hold and commit have one order")]
fn control_a_hold_is_lost_when_the_commit_checks_and_then_stores() {
    a_hold_wins_before_the_commit_and_is_a_recall_after_it(CheckThenStore::new);
}

#[test]
fn a_contested_parcel_is_never_committed_to_an_outbound_chute() {
    a_contest_and_a_commit_never_both_win(Real::new);
}

#[test]
#[should_panic(expected = "contest and commit have one order")]
fn control_a_contest_is_overrun_when_the_commit_checks_and_then_stores() {
    a_contest_and_a_commit_never_both_win(CheckThenStore::new);
}
