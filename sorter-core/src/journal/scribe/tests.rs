//! Group commit, in virtual time.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::ids::SorterId;
use crate::journal::{
    Body, Book, BookConfig, Keep, Lane, LateSyncs, Mark, Note, Record, RecordKind, SimulatedDisk,
    SimulatedJournal,
};
use crate::units::Share;

const SORTER: SorterId = SorterId::new(0);

/// A store that answers as it is told, and otherwise takes 4 ms; with what it was given, as time and numbers.
#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<CommitErrorKind>,
    /// What it was asked at which time, and whether it took it.
    asked: Vec<(u64, Vec<u64>, bool)>,
}

impl Journal for Script {
    fn commit(&mut self, now: Micros, batch: &[Entry]) -> Result<Micros, CommitError> {
        let answer = self.answers.pop_front();
        let numbers = batch.iter().map(|entry| entry.seq.get()).collect();
        self.asked.push((now.get() / 1_000, numbers, answer.is_none()));
        match answer {
            Some(kind) => Err(CommitError { kind, text: "as told".to_owned() }),
            None => Ok(now + Micros::from_millis(4)),
        }
    }
}

struct Desk<J> {
    book: Book,
    lane: Lane,
    scribe: Scribe<J>,
}

impl<J: Journal> Desk<J> {
    fn new(journal: J, most: usize) -> Self {
        let (book, drain) = Book::new(BookConfig { lane: 64 });
        let lane = book.lane(SORTER).expect("it is the first");
        let config = ScribeConfig { most, ..ScribeConfig::default() };
        let scribe = Scribe::new(drain, journal, Image::default(), true, config);
        Self { book, lane, scribe }
    }

    fn push(&mut self, count: u64) -> Mark {
        for _ in 0..count {
            self.lane.push(&Record::new(Micros::ZERO, RecordKind::Linked, SORTER));
        }
        self.lane.mark()
    }

    /// A turn at a millisecond, with what came out of it.
    fn turn(&mut self, millis: u64) -> (usize, usize) {
        let turn = self.scribe.turn(Micros::from_millis(millis));
        (turn.written, turn.durable)
    }

    fn due(&self) -> Option<u64> {
        self.scribe.due().map(|due| due.get() / 1_000)
    }
}

fn script(answers: &[CommitErrorKind]) -> Script {
    Script { answers: answers.iter().copied().collect(), asked: Vec::new() }
}

#[test]
fn a_batch_begins_when_its_first_record_has_waited_for_the_period() {
    let mut desk = Desk::new(script(&[]), 1_000);
    assert_eq!((desk.turn(5), desk.due()), ((0, 0), None));
    let first = desk.push(1);
    assert_eq!((desk.turn(10), desk.due()), ((0, 0), Some(12)));
    let second = desk.push(2);
    assert_eq!((desk.turn(11), desk.due()), ((0, 0), Some(12)));
    assert_eq!((desk.turn(12), desk.due()), ((3, 0), Some(16)));
    let third = desk.push(1);
    assert_eq!((desk.turn(15), desk.lane.is_safe(first)), ((0, 0), false));
    assert_eq!(desk.turn(16), (1, 3), "what came meanwhile is written at once");
    assert!(desk.lane.is_safe(first) && desk.lane.is_safe(second) && !desk.lane.is_safe(third));
    assert_eq!((desk.turn(20), desk.due()), ((0, 1), None));
    assert!(desk.lane.is_safe(third) && desk.scribe.backlog() == 0);
    let expected = vec![(12, vec![1, 2, 3], true), (16, vec![4], true)];
    assert_eq!((desk.scribe.commits(), desk.scribe.into_journal().asked), (2, expected));
}

#[test]
fn a_full_batch_does_not_wait_and_is_no_larger_than_it_may_be() {
    let mut desk = Desk::new(script(&[]), 5);
    desk.push(4);
    assert_eq!(desk.turn(10), (0, 0));
    let marks = (desk.push(1), desk.push(7));
    assert_eq!((desk.turn(11), desk.due()), ((5, 0), Some(15)));
    assert_eq!(desk.scribe.backlog(), 12);
    assert_eq!(desk.turn(15), (5, 5));
    assert!(desk.lane.is_safe(marks.0) && !desk.lane.is_safe(marks.1));
    assert_eq!((desk.turn(19), desk.due()), ((2, 5), Some(23)));
    assert_eq!((desk.turn(23), desk.due(), desk.lane.is_safe(marks.1)), ((0, 2), None, true));
    let sizes: Vec<_> =
        desk.scribe.journal().asked.iter().map(|(at, numbers, _)| (*at, numbers.len())).collect();
    assert_eq!(sizes, [(11, 5), (15, 5), (19, 2)]);
}

#[test]
fn a_late_turn_does_what_was_due_at_the_time_when_it_was() {
    let mut desk = Desk::new(script(&[]), 5);
    let mark = desk.push(7);
    desk.turn(10);
    assert_eq!((desk.turn(1_000), desk.due()), ((2, 7), None), "the first was full and written at 10 ms");
    assert!(desk.lane.is_safe(mark));
    let times: Vec<_> = desk.scribe.journal().asked.iter().map(|(at, ..)| *at).collect();
    assert_eq!(times, [10, 14]);
}

#[test]
fn what_has_no_space_is_tried_again_and_nothing_is_lost() {
    let mut desk = Desk::new(script(&[CommitErrorKind::NoSpace; 3]), 1_000);
    let mark = desk.push(2);
    desk.turn(10);
    assert_eq!((desk.turn(12), desk.due()), ((0, 0), Some(112)));
    assert_eq!((desk.book.health(), desk.scribe.health()), (Health::Stalled, Health::Stalled));
    assert!(desk.scribe.durable_image().is_none(), "the image is ahead of what is written");
    let later = desk.push(3);
    assert_eq!(desk.turn(112), (0, 0));
    assert_eq!((desk.turn(211), desk.due()), ((0, 0), Some(212)));
    assert_eq!((desk.turn(212), desk.lane.is_safe(mark)), ((0, 0), false));
    assert_eq!((desk.turn(312), desk.book.health()), ((2, 0), Health::Well), "it goes on by itself");
    assert_eq!(desk.turn(316), (3, 2));
    assert!(desk.lane.is_safe(mark) && !desk.lane.is_safe(later));
    assert_eq!(desk.turn(320), (0, 3));
    assert_eq!(desk.scribe.durable_image().map(|image| image.seq.get()), Some(5));
    let asked = &desk.scribe.journal().asked;
    assert!(asked[..4].iter().all(|(_, numbers, _)| *numbers == [1, 2]), "it is the same batch");
    assert_eq!(asked[4], (316, vec![3, 4, 5], true));
}

#[test]
fn nothing_is_written_after_a_failure() {
    let mut desk = Desk::new(script(&[CommitErrorKind::Fatal]), 1_000);
    let mark = desk.push(2);
    desk.turn(10);
    assert_eq!((desk.turn(12), desk.due()), ((0, 0), None));
    assert!(matches!(desk.scribe.state(), ScribeState::Failed(error) if error.text == "as told"));
    for millis in [13, 112, 10_000] {
        desk.push(1);
        assert_eq!(desk.turn(millis), (0, 0));
    }
    assert_eq!((desk.book.health(), desk.lane.is_safe(mark)), (Health::Failed, false));
    assert_eq!((desk.scribe.backlog(), desk.scribe.journal().asked.len()), (5, 1));
}

#[test]
fn a_lane_that_was_full_is_a_failure() {
    let mut desk = Desk::new(script(&[]), 1_000);
    let mark = desk.push(64);
    desk.turn(10);
    desk.turn(12);
    desk.push(65);
    assert_eq!(desk.turn(13), (0, 0));
    assert!(matches!(desk.scribe.state(), ScribeState::Failed(_)));
    assert_eq!(
        (desk.turn(100), desk.lane.is_safe(mark)),
        ((0, 0), false),
        "what was in flight is not published"
    );
    assert_eq!(desk.lane.health(), Health::Failed);
}

#[test]
fn without_a_period_what_waits_is_written_in_the_turn_that_finds_it() {
    let mut desk = Desk::new(script(&[]), 1_000);
    desk.scribe.config.period = Micros::ZERO;
    desk.push(3);
    assert_eq!((desk.turn(10), desk.due()), ((3, 0), Some(14)));
}

#[test]
fn what_cannot_be_brought_into_order_yet_is_looked_at_again_after_the_period() {
    let mut desk = Desk::new(script(&[]), 1_000);
    let (known, next) =
        (crate::state_word::StateWord::from_bits(1), crate::state_word::StateWord::from_bits(2));
    let parcel = Some(crate::ids::ParcelId::new(0));
    let step = Record { parcel, word: next, ..Record::new(Micros::ZERO, RecordKind::Stepped, SORTER) };
    desk.lane.push(&Record { before: known, ..step });
    assert_eq!((desk.turn(10), desk.due()), ((0, 0), Some(12)));
    assert_eq!((desk.turn(12), desk.due()), ((0, 0), Some(14)));
    let mark = desk.book.post(Record { word: known, sorter: Record::HUB, ..step });
    assert_eq!((desk.turn(14), desk.due()), ((2, 0), Some(18)));
    assert_eq!((desk.turn(18), desk.book.is_safe(mark), desk.scribe.reordered()), ((0, 2), true, 0));
}

/// A thread that pushes, and what happens at each millisecond.
#[derive(Clone, Debug)]
struct Plan {
    pushes: Vec<u64>,
    disk: SimulatedDisk,
    most: usize,
}

fn plans() -> impl Strategy<Value = Plan> {
    let pushes = prop::collection::vec(prop_oneof![3 => Just(0_u64), 1 => 1..4_u64], 1..200);
    (pushes, any::<u64>(), 0..500_000_u32, 0..100_u64, 0..60_u64, 1..6_usize).prop_map(
        |(pushes, seed, late, full_at, full_for, most)| {
            let share = Share::from_ppm(late).expect("it is at most the whole");
            let full = Micros::from_millis(full_at)..Micros::from_millis(full_at + full_for);
            let late = LateSyncs { share, most: Micros::from_millis(9) };
            let disk = SimulatedDisk { late, full, seed, keep: Keep::All, ..SimulatedDisk::default() };
            Plan { pushes, disk, most }
        },
    )
}

proptest! {
    #[test]
    fn what_is_safe_is_exactly_what_the_disk_has(plan in plans()) {
        let (book, drain) = Book::new(BookConfig { lane: 1_024 });
        let mut lanes: Vec<_> = (0..2).filter_map(|sorter| book.lane(SorterId::new(sorter))).collect();
        let config = ScribeConfig { most: plan.most, retry: Micros::from_millis(7), ..ScribeConfig::default() };
        let mut scribe = Scribe::new(drain, SimulatedJournal::new(plan.disk), Image::default(), true, config);
        let (mut marks, mut next) = (Vec::new(), 0_u64);
        for (milli, count) in plan.pushes.iter().enumerate() {
            let now = Micros::from_millis(milli as u64);
            while scribe.due().is_some_and(|due| due <= now) {
                scribe.turn(now);
            }
            for _ in 0..*count {
                let lane = (next % 3) as usize;
                let record = Record { extra: next, ..Record::new(now, RecordKind::Linked, SORTER) };
                let mark = match lanes.get_mut(lane) {
                    Some(lane) => { lane.push(&record); lane.mark() }
                    None if next % 2 == 0 => book.note(Note::PlanTaken),
                    None => book.post(record),
                };
                marks.push((lane, mark));
                next += 1;
            }
            if scribe.due().is_none() {
                scribe.turn(now);
            }
            let durable = scribe.journal_mut().last_durable(now).get();
            let is_safe = |(lane, mark): &(usize, Mark)| match lanes.get(*lane) {
                Some(lane) => lane.is_safe(*mark),
                None => book.is_safe(*mark),
            };
            prop_assert_eq!(marks.iter().filter(|mark| is_safe(mark)).count() as u64, durable);
            prop_assert_eq!(scribe.backlog(), next - durable);
        }
        // A thousand turns are enough for all of it: then everything is durable and nothing was changed on the way.
        for _ in 0..1_000 {
            if let Some(due) = scribe.due() {
                scribe.turn(due);
            }
        }
        prop_assert_eq!((scribe.state(), scribe.backlog()), (&ScribeState::Idle, 0));
        let entries = scribe.journal().entries();
        prop_assert_eq!(entries.len() as u64, next);
        let mut image = Image::default();
        entries.iter().for_each(|entry| image.apply(entry));
        prop_assert_eq!(&image, scribe.image());
        let mut told: Vec<_> = entries.iter().filter_map(|entry| match &entry.body {
            Body::Record(record) => Some(record.extra),
            Body::Note(_) => None,
        }).collect();
        told.sort_unstable();
        told.dedup();
        let notes = entries.iter().filter(|entry| matches!(entry.body, Body::Note(_))).count();
        prop_assert_eq!(told.len() + notes, entries.len());
    }
}
