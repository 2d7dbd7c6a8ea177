//! Lanes that are filled in any order, against the order in which the words were changed.

mod threads;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::ids::SorterId;
use crate::journal::{Book, BookConfig, Lane, Note, RecordKind};
use crate::units::Micros;

const PARCELS: usize = 2;

/// Word number `number` of a parcel: no two are equal, and none is that of a parcel that was never announced.
fn word(number: u32) -> StateWord {
    StateWord::from_bits(u64::from(number) << 27 | 1).expect("it has a life, and a destination of any number")
}

/// A record of a step; `extra` is its identity.
fn record(sorter: SorterId, parcel: usize, step: (u64, u64), extra: u64) -> Record {
    let parcel = u32::try_from(parcel).expect("there are few");
    Record {
        parcel: Some(ParcelId::new(parcel)),
        before: stored(step.0),
        word: stored(step.1),
        extra,
        ..Record::new(Micros::new(extra), RecordKind::Stepped, sorter)
    }
}

/// A ledger of some parcels, lanes of two workers and of the hub, and a sequencer: one thread plays all.
struct Hub {
    book: Book,
    drain: Drain,
    lanes: Vec<Lane>,
    sequencer: Sequencer,
    ledger: [u64; PARCELS],
    /// Steps in their true order, for each parcel.
    steps: [Vec<u64>; PARCELS],
    /// Steps that were made and not recorded yet, by actor; the last actor is the hub.
    made: [Option<Record>; 3],
    notes: u64,
    /// What each record has seen: notes that were posted before it was pushed.
    seen: BTreeMap<u64, u64>,
    next: u32,
    cycle: u32,
    out: Vec<Entry>,
}

impl Hub {
    /// With a cycle the words of a parcel come again after so many steps.
    fn new(cycle: u32) -> Self {
        let (book, drain) = Book::new(BookConfig { lane: 64 });
        let lanes = (0..2).filter_map(|sorter| book.lane(SorterId::new(sorter))).collect();
        Self {
            book,
            drain,
            lanes,
            sequencer: Sequencer::new(Image::default(), true),
            ledger: [0; PARCELS],
            steps: Default::default(),
            made: [None; 3],
            notes: 0,
            seen: BTreeMap::new(),
            next: 0,
            cycle,
            out: Vec::new(),
        }
    }

    /// An actor makes the step that it has, or records the one that it made.
    fn act(&mut self, actor: usize, parcel: usize) {
        match self.made[actor].take() {
            Some(record) if actor == 2 => {
                self.book.post(record);
            }
            Some(record) => {
                self.seen.insert(record.extra, self.notes);
                self.lanes[actor].push(&record);
            }
            None => {
                self.next += 1;
                let steps = u32::try_from(self.steps[parcel].len()).expect("there are few");
                let next = word(1 + steps % self.cycle).to_bits();
                let before = std::mem::replace(&mut self.ledger[parcel], next);
                let sorter = if actor == 2 { Record::HUB } else { SorterId::new(actor as u8) };
                self.steps[parcel].push(self.next.into());
                self.made[actor] = Some(record(sorter, parcel, (before, next), self.next.into()));
            }
        }
    }

    fn note(&mut self) {
        self.notes += 1;
        self.book.note(Note::PlanTaken);
    }

    fn collect(&mut self, most: usize) {
        let before = self.out.len();
        self.sequencer.collect(&mut self.drain, before + most, &mut self.out);
    }

    /// Records what is not recorded yet, collects all of it and looks at what came out.
    fn end(mut self) -> Result<(), TestCaseError> {
        for actor in 0..3 {
            if self.made[actor].is_some() {
                self.act(actor, 0);
            }
        }
        let whole = self.steps.iter().map(|steps| steps.len() as u64).sum::<u64>() + self.notes;
        let mut looks = 0;
        while (self.out.len() as u64) < whole {
            self.collect(1_000);
            looks += 1;
            prop_assert!(looks < 100, "it goes on for ever: {} of {whole}", self.out.len());
        }
        self.collect(1_000);
        prop_assert_eq!(self.out.len() as u64, whole, "nothing is doubled");
        prop_assert_eq!(self.drain.waiting() + self.sequencer.set_aside(), 0);
        let drained = self.sequencer.drained();
        prop_assert_eq!(drained.lanes.iter().sum::<u64>() + drained.hub, whole);
        for (number, entry) in (1..).zip(&self.out) {
            prop_assert_eq!(entry.seq, RecordSeq::new(number));
        }
        for parcel in 0..PARCELS {
            self.check_parcel(parcel)?;
        }
        self.check_notes()
    }

    /// The records of a parcel make one chain, in the order of its steps, to the word that it has.
    fn check_parcel(&self, parcel: usize) -> Result<(), TestCaseError> {
        let id = ParcelId::new(parcel as u32);
        let (mut prev, mut known, mut order) = (RecordSeq::NONE, 0, Vec::new());
        for entry in &self.out {
            let Body::Record(record) = &entry.body else { continue };
            if record.parcel == Some(id) {
                prop_assert_eq!(entry.prev, prev, "the record before it about the same parcel");
                prop_assert_eq!(
                    bits(record.before),
                    known,
                    "the word before it is that of the record before it"
                );
                (prev, known) = (entry.seq, bits(record.word));
                order.push(record.extra);
            }
        }
        prop_assert_eq!(known, self.ledger[parcel], "the last word is that of the ledger");
        prop_assert_eq!(self.sequencer.image().parcel(id).word, known);
        prop_assert_eq!(self.sequencer.image().parcel(id).last, prev);
        if self.sequencer.reordered() == 0 && self.cycle > 1_000 {
            prop_assert_eq!(&order, &self.steps[parcel], "in the order of the steps");
        }
        order.sort_unstable();
        prop_assert_eq!(&order, &self.steps[parcel], "each once");
        Ok(())
    }

    /// Whoever had seen a note comes after it.
    fn check_notes(&self) -> Result<(), TestCaseError> {
        let mut notes = 0;
        for entry in &self.out {
            match &entry.body {
                Body::Note(_) => notes += 1,
                Body::Record(record) => {
                    let seen = self.seen.get(&record.extra).copied().unwrap_or(0);
                    prop_assert!(notes >= seen, "a record comes after the notes that it relies on");
                }
            }
        }
        Ok(())
    }
}

/// What happens next: an actor acts on a parcel, a note is posted, or what there is, up to so many, is collected.
#[derive(Clone, Copy, Debug)]
enum Action {
    Act(usize, usize),
    Note,
    Collect(usize),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        8 => (0..3_usize, 0..PARCELS).prop_map(|(actor, parcel)| Action::Act(actor, parcel)),
        1 => Just(Action::Note),
        2 => prop_oneof![Just(0_usize), 1..4_usize, Just(1_000)].prop_map(Action::Collect),
    ];
    prop::collection::vec(action, 0..60)
}

fn run(cycle: u32, actions: &[Action]) -> Hub {
    let mut hub = Hub::new(cycle);
    for action in actions {
        match action {
            Action::Act(actor, parcel) => hub.act(*actor, *parcel),
            Action::Note => hub.note(),
            Action::Collect(most) => hub.collect(*most),
        }
    }
    hub
}

proptest! {
    #[test]
    fn what_comes_out_is_in_the_order_of_the_steps(actions in actions()) {
        let hub = run(u32::MAX, &actions);
        prop_assert_eq!(hub.sequencer.reordered(), 0);
        hub.end()?;
    }

    #[test]
    fn words_that_come_again_confuse_no_parcel_in_the_end(cycle in 1..5_u32, actions in actions()) {
        run(cycle, &actions).end()?;
    }
}

/// Every order of the steps of `rest` that keeps the order of each actor.
fn every_order(rest: &mut [usize; 4], done: &mut Vec<usize>, check: &mut impl FnMut(&[usize])) {
    if rest.iter().sum::<usize>() == 0 {
        return check(done);
    }
    for actor in 0..rest.len() {
        if rest[actor] > 0 {
            rest[actor] -= 1;
            done.push(actor);
            every_order(rest, done, check);
            done.pop();
            rest[actor] += 1;
        }
    }
}

/// Three actors change one parcel, a step and its record being two actions, and a fourth collects.
fn all_interleavings(cycle: u32, mut counts: [usize; 4]) -> u64 {
    let (mut orders, mut reordered) = (0_u64, 0);
    every_order(&mut counts, &mut Vec::new(), &mut |order| {
        let mut hub = Hub::new(cycle);
        for actor in order {
            match actor {
                3 => hub.collect(1_000),
                actor => hub.act(*actor, 0),
            }
        }
        orders += 1;
        reordered += hub.sequencer.reordered();
        hub.end().unwrap_or_else(|error| panic!("{order:?}: {error}"));
    });
    assert!(orders > 10_000);
    reordered
}

#[test]
fn every_interleaving_of_two_workers_customs_and_the_writer_comes_out_in_order() {
    assert_eq!(all_interleavings(u32::MAX, [4, 2, 2, 3]), 0);
}

#[test]
fn every_interleaving_ends_with_the_right_word_when_words_come_again() {
    all_interleavings(2, [4, 4, 2, 2]);
}

#[test]
fn a_record_that_nothing_leads_to_is_taken_in_the_end_and_what_comes_late_changes_nothing() {
    let mut hub = Hub::new(u32::MAX);
    hub.act(0, 0);
    hub.act(1, 0);
    hub.act(1, 0);
    for _ in 0..JUMP_AFTER {
        hub.collect(10);
        assert_eq!(hub.out.len(), 0, "the thread may only be slow");
    }
    hub.collect(10);
    assert_eq!((hub.out.len(), hub.sequencer.reordered()), (1, 1));
    hub.act(0, 0);
    hub.end().unwrap();
}

#[test]
fn a_lane_that_waits_holds_up_no_other_and_is_not_starved_by_one() {
    let mut hub = Hub::new(u32::MAX);
    hub.sequencer.jump_after = 5;
    hub.act(0, 0);
    hub.act(1, 0);
    hub.act(1, 0);
    // The step of worker 0 is never recorded, and the hub goes on and on about another parcel.
    for _ in 0..10 {
        (0..4).for_each(|_| hub.act(2, 1));
        hub.collect(3);
    }
    assert_eq!(hub.sequencer.reordered(), 1);
    let lane =
        hub.out.iter().filter(|entry| matches!(&entry.body, Body::Record(record) if record.extra == 2));
    assert_eq!(lane.count(), 1);
}

#[test]
fn the_hub_counts_as_drained_up_to_what_has_to_wait() {
    let mut hub = Hub::new(u32::MAX);
    hub.act(0, 0);
    hub.act(2, 0);
    hub.act(2, 0);
    hub.note();
    hub.collect(10);
    assert_eq!(hub.out.len(), 1, "the note need not wait");
    assert_eq!(hub.sequencer.drained().hub, 0, "what is before it is not written");
    hub.act(0, 0);
    hub.collect(10);
    assert_eq!((hub.out.len(), hub.sequencer.drained().hub), (3, 2));
}
