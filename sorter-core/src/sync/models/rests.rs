//! The container of a parcel and the connection that it is booked on, beside its state word.

use loom::sync::Arc;
use loom::thread;

use super::{Cell, Real, announced, claimed};
use crate::clearance::Clearance;
use crate::state_word::{Life, StateWord, Step};
use crate::sync::number_table::NumberTable;
use crate::sync::sparse_table::SparseTable;

const OLD: u32 = 1;
const NEW: u32 = 2;

/// A parcel with its two entries.
struct Hub {
    states: Real,
    containers: NumberTable,
    onward: SparseTable,
}

impl Hub {
    fn new(word: StateWord) -> Arc<Self> {
        let hub =
            Self { states: Real::new(word), containers: NumberTable::new(1), onward: SparseTable::new(1) };
        hub.containers.set(0, Some(OLD));
        hub.onward.set(0, Some(OLD));
        Arc::new(hub)
    }

    fn load(&self) -> StateWord {
        self.states.load()
    }

    /// One step by whoever holds the parcel, as the worker makes it.
    fn step(&self, mut after: impl FnMut(StateWord) -> StateWord) -> StateWord {
        let mut word = self.load();
        loop {
            let next = after(word);
            match self.states.replace(word, next) {
                Ok(()) => return next,
                Err(other) => word = other,
            }
        }
    }
}

/// A parcel in a hold chute, after its first pass.
fn held() -> StateWord {
    claimed(announced(), 0).and_then(|word| word.after(Step::Hold)).expect("the steps are legal")
}

/// The protocol: the entry counts when the word is the same before and after it.
fn look_twice(hub: &Hub) -> Option<(StateWord, u32)> {
    let word = hub.load();
    let container = hub.containers.get(0)?;
    (hub.load() == word).then_some((word, container))
}

/// The weakness: the entry counts for the word that was read before it.
fn look_once(hub: &Hub) -> Option<(StateWord, u32)> {
    let word = hub.load();
    Some((word, hub.containers.get(0)?))
}

/// A held parcel is inducted again and put into another container, while somebody asks where it rests.
fn inducted_again(look: fn(&Hub) -> Option<(StateWord, u32)>) {
    loom::model(move || {
        let hub = Hub::new(held());
        let worker = Arc::clone(&hub);
        let worker = thread::spawn(move || {
            worker.step(|word| claimed(word, 1).expect("a held parcel can be claimed"));
            worker.containers.set(0, Some(NEW));
            worker.step(|word| word.after(Step::Discharge).expect("it is claimed"));
        });
        if let Some((word, container)) = look(&hub) {
            match word.life() {
                Life::Held => assert_eq!(container, OLD, "the container is that of the word"),
                Life::Discharged => assert_eq!(container, NEW, "the container is that of the word"),
                _ => {}
            }
        }
        worker.join().expect("the worker has no reason to panic");
        assert_eq!(look(&hub).map(|(_, container)| container), Some(NEW));
    });
}

#[test]
fn a_parcel_at_rest_is_told_with_its_own_container() {
    inducted_again(look_twice);
}

#[test]
#[should_panic(expected = "the container is that of the word")]
fn control_one_look_tells_the_container_of_a_later_pass() {
    inducted_again(look_once);
}

/// Goods in transit that are claimed for the container of the old connection.
fn in_transit() -> StateWord {
    claimed(announced(), 0).expect("it can be claimed").with_clearance(Clearance::Transit)
}

/// Commits to a container of the old connection, or tells that it has to be decided again.
fn commit(hub: &Hub) -> bool {
    let mut word = hub.load();
    loop {
        if hub.onward.get(0) != Some(OLD) {
            return false;
        }
        let next = word.after(Step::Commit).expect("it is claimed");
        match hub.states.replace(word, next) {
            Ok(()) => return true,
            Err(other) => word = other,
        }
    }
}

/// Customs name another connection; gives the life in which they found the parcel.
fn rebook(hub: &Hub) -> Life {
    hub.onward.set(0, Some(NEW));
    let mut found = Life::Absent;
    hub.step(|word| found_in(&mut found, word));
    found
}

/// The weakness: the word is changed first, and the connection after it.
fn rebook_too_late(hub: &Hub) -> Life {
    let mut found = Life::Absent;
    hub.step(|word| found_in(&mut found, word));
    hub.onward.set(0, Some(NEW));
    found
}

fn rebooked_while_committed(rebook: fn(&Hub) -> Life) {
    loom::model(move || {
        let hub = Hub::new(in_transit());
        let customs = Arc::clone(&hub);
        let customs = thread::spawn(move || rebook(&customs));
        let committed = commit(&hub);
        let found = customs.join().expect("customs have no reason to panic");
        let recall = found == Life::Committed;
        assert_eq!(committed, recall, "a commit to the old flight is refused or seen by customs");
        assert_eq!(hub.onward.get(0), Some(NEW));
    });
}

#[test]
fn a_commit_to_the_old_connection_is_refused_or_seen_by_customs() {
    rebooked_while_committed(rebook);
}

#[test]
#[should_panic(expected = "a commit to the old flight is refused or seen by customs")]
fn control_a_connection_written_behind_the_word_is_missed_by_the_commit() {
    rebooked_while_committed(rebook_too_late);
}

/// A worker that discharged the parcel and customs that book it on the flight it lies in: nobody recalls it for
/// the connection from before.
fn rebooked_after_the_discharge(recall: fn(&Hub)) {
    loom::model(move || {
        let resting = in_transit().after(Step::Discharge).expect("it is claimed");
        let hub = Hub::new(resting);
        let customs = Arc::clone(&hub);
        let customs = thread::spawn(move || {
            customs.onward.set(0, Some(NEW));
            let mut found = Life::Absent;
            customs.step(|word| found_in(&mut found, word));
            found
        });
        recall(&hub);
        let found = customs.join().expect("customs have no reason to panic");
        let recalled = hub.load().life() == Life::Recalled;
        assert!(!recalled || found == Life::Recalled, "no recall comes after the new booking");
    });
}

fn recall_from(hub: &Hub, mut onward: impl FnMut() -> Option<u32>) {
    let mut word = hub.load();
    // The parcel lies in a container of the new connection.
    while onward() != Some(NEW) {
        let next = word.after(Step::Recall).expect("it is discharged");
        match hub.states.replace(word, next) {
            Ok(()) => return,
            Err(other) => word = other,
        }
    }
}

#[test]
fn a_recall_looks_at_the_connection_in_each_round() {
    rebooked_after_the_discharge(|hub| recall_from(hub, || hub.onward.get(0)));
}

#[test]
#[should_panic(expected = "no recall comes after the new booking")]
fn control_a_recall_by_the_connection_of_its_first_round_is_wrong() {
    rebooked_after_the_discharge(|hub| {
        let first = hub.onward.get(0);
        recall_from(hub, || first);
    });
}

/// Notes the life of a parcel and gives the word with the status said again.
fn found_in(found: &mut Life, word: StateWord) -> StateWord {
    *found = word.life();
    word.with_clearance(Clearance::Transit)
}
