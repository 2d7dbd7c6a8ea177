//! What each kind of record and note changes, and nothing else.

use proptest::prelude::*;

use super::*;
use crate::hold::Held;
use crate::ids::{ConnectionId, ParcelId, SorterId};
use crate::journal::{KeptNote, ParcelImage, PlanNote, RecordSeq};

mod half_read;

const SORTER: SorterId = SorterId::new(1);
const ITEM: ItemId = ItemId::new(40);
const PARCEL: ParcelId = ParcelId::new(3);
const CHUTE: ChuteId = ChuteId::new(5);

/// A parcel in this life; `number` makes the word another one.
fn word(life: Life, number: u64) -> StateWord {
    StateWord::from_bits(number << 27 | life as u64).expect("it has a life")
}

/// The entries of a journal, as they come.
#[derive(Default)]
struct Book {
    image: Image,
}

impl Book {
    fn apply(&mut self, body: Body) -> &Image {
        let entry = Entry { seq: self.image.seq.next(), prev: RecordSeq::NONE, body };
        self.image.apply(&entry);
        &self.image
    }

    fn note(&mut self, note: Note) -> &Image {
        self.apply(Body::Note(Box::new(note)))
    }

    /// A record about the item, with changes.
    fn record(&mut self, kind: RecordKind, change: impl FnOnce(&mut Record)) -> &SorterImage {
        let mut record = Record { item: ITEM, ..Record::new(Micros::from_secs(9), kind, SORTER) };
        change(&mut record);
        self.apply(Body::Record(record));
        &self.image.sorters[&SORTER]
    }

    fn hub(&mut self, kind: RecordKind, change: impl FnOnce(&mut Record)) -> &Image {
        let mut record =
            Record { parcel: Some(PARCEL), ..Record::new(Micros::from_secs(9), kind, Record::HUB) };
        change(&mut record);
        self.apply(Body::Record(record))
    }

    fn item(&self) -> &ItemImage {
        &self.image.sorters[&SORTER].items[&ITEM]
    }

    /// An item that entered and was decided for its chute.
    fn decided() -> Self {
        let mut book = Self::default();
        book.record(RecordKind::Entered, |record| record.flags = Record::INDUCTED);
        book.record(RecordKind::Decided, |record| {
            (record.parcel, record.chute) = (Some(PARCEL), Some(CHUTE));
            (record.word, record.flags) = (Some(word(Life::Claimed, 1)), Record::CLAIMS);
        });
        book
    }
}

#[test]
fn a_record_about_a_parcel_is_the_last_one_and_its_word_holds() {
    let mut book = Book::default();
    book.record(RecordKind::Stepped, |record| {
        (record.parcel, record.word) = (Some(PARCEL), Some(word(Life::Expected, 7)));
    });
    let known = book.image.parcel(PARCEL);
    assert_eq!((known.word, known.last), (word(Life::Expected, 7).to_bits(), RecordSeq::new(1)));
    book.record(RecordKind::Stepped, |record| record.parcel = Some(PARCEL));
    let known = book.image.parcel(PARCEL);
    assert_eq!((known.word, known.last), (word(Life::Expected, 7).to_bits(), RecordSeq::new(2)));
    assert_eq!(book.image.parcels.len(), 4);
    assert_eq!(book.image.parcel(ParcelId::new(2)), &ParcelImage::NOTHING);
    assert_eq!(book.image.parcel(ParcelId::new(9_999)), &ParcelImage::NOTHING);
    assert_eq!((book.image.seq, book.image.at), (RecordSeq::new(2), Micros::from_secs(9)));
}

#[test]
fn began_makes_the_chutes() {
    let mut book = Book::default();
    let sorter =
        book.record(RecordKind::Began, |record| (record.plan, record.extra) = (PlanVersion::new(3), 100));
    assert_eq!(
        (sorter.chutes.len(), sorter.serves, sorter.plan_seen),
        (100, PlanVersion::new(3), PlanVersion::new(0))
    );
}

#[test]
fn entered_counts_how_and_puts_the_item_on_the_belt() {
    let mut book = Book::default();
    let flags = [Record::INDUCTED, Record::FOUND, 0];
    for (number, flags) in (1..).zip(flags) {
        book.record(RecordKind::Entered, |record| {
            (record.item, record.flags, record.extra) = (ItemId::new(number), flags, 700);
        });
    }
    let sorter = &book.image.sorters[&SORTER];
    let balance = sorter.balance;
    assert_eq!((balance.inducted, balance.found, balance.unexpected), (1, 1, 1));
    let item = &sorter.items[&ItemId::new(1)];
    assert_eq!((item.inducted, item.inducted_at, item.decided), (true, EncoderCount::new(700), false));
    assert_eq!((item.identity(), item.assigned()), (None, crate::engine::Assigned::NOTHING));
    assert!(!sorter.items[&ItemId::new(2)].inducted && !sorter.items[&ItemId::new(3)].inducted);
}

#[test]
fn decided_says_where_the_item_goes_and_what_it_holds() {
    let mut book = Book::decided();
    let item = book.item();
    assert_eq!((item.decided, item.decisions, item.parcel, item.chute), (true, 1, Some(PARCEL), Some(CHUTE)));
    assert_eq!((item.claim, item.doubt, item.duplicate), (Some(word(Life::Claimed, 1)), None, false));
    book.record(RecordKind::Decided, |record| {
        (record.parcel, record.flags) = (Some(PARCEL), Record::CLAIMS | Record::DUPLICATE);
        (record.reason, record.extra) = (Reason::LateOrder, Reason::NoRead as u64 + 1);
    });
    let item = book.item();
    assert_eq!((item.decisions, item.chute, item.reason), (2, None, Reason::LateOrder));
    assert_eq!(item.claim, Some(word(Life::Claimed, 1)), "without a word it is the claim from before");
    assert_eq!((item.doubt, item.duplicate), (Some(Reason::NoRead), true));
    book.record(RecordKind::Decided, |record| record.word = Some(word(Life::Contested, 2)));
    assert_eq!((book.item().claim, book.item().parcel), (None, None));
    assert_eq!(book.image.sorters[&SORTER].decisions, 3);
}

#[test]
fn committed_is_final_until_the_order_ends_or_another_chute_comes() {
    let mut book = Book::decided();
    let commit = |book: &mut Book| {
        book.record(RecordKind::Committed, |record| record.chute = Some(CHUTE));
        assert!(book.item().committed);
    };
    commit(&mut book);
    book.record(RecordKind::Decided, |record| record.chute = Some(CHUTE));
    assert!(book.item().committed, "the same chute");
    book.record(RecordKind::Decided, |record| record.chute = Some(ChuteId::new(6)));
    assert!(!book.item().committed);
    commit(&mut book);
    book.record(RecordKind::OrderEnded, |record| record.chute = Some(CHUTE));
    assert_eq!((book.item().committed, book.item().chute), (false, None), "whatever it was decided for");
    assert_eq!(book.image.sorters[&SORTER].commits, 2);
}

#[test]
fn the_weight_is_what_the_scale_said_last() {
    let mut book = Book::decided();
    book.record(RecordKind::Committed, |record| record.weight = Grams::new(420));
    book.record(RecordKind::OrderEnded, |_| {});
    assert_eq!(book.item().weight, Grams::new(420));
}

#[test]
fn an_item_that_ended_is_off_the_belt_and_counted() {
    use RecordKind::{Discharged, Forgotten, Left, Lost};
    for (kind, place) in [(Discharged, 0), (Left, 1), (Lost, 2), (Forgotten, 3)] {
        let mut book = Book::decided();
        let sorter = book.record(kind, |record| record.reason = Reason::Overflow);
        let balance = sorter.balance;
        let ended = [balance.discharged, balance.left, balance.lost, balance.unknown];
        assert_eq!((ended[place], ended.iter().sum::<u64>(), sorter.items.len()), (1, 1, 0), "{kind:?}");
        assert_eq!(sorter.reasons[Reason::Overflow as usize], 1);
        assert_eq!(sorter.reasons.iter().sum::<u64>(), 1);
    }
}

#[test]
fn discharged_fills_the_chute_and_the_container_that_was_opened() {
    let mut book = Book::decided();
    let id = ContainerId::new(2);
    for opened in [false, true] {
        let mut record = container(id, ContainerState::Open);
        record.opened = opened.then_some(Micros::ZERO);
        book.note(Note::Container(Box::new(record)));
        book.record(RecordKind::Discharged, |record| {
            (record.parcel, record.word) = (Some(PARCEL), Some(word(Life::Discharged, 2)));
            (record.chute, record.container, record.weight) = (Some(CHUTE), Some(id), Grams::new(300));
        });
        let record = &book.image.containers[&id];
        let state = if opened { ContainerState::Filling } else { ContainerState::Open };
        assert_eq!((record.state, record.empty), (state, !opened));
    }
    let chute = &book.image.sorters[&SORTER].chutes[CHUTE.index()];
    let entry = ManifestEntry { parcel: Some(PARCEL), item: ITEM, weight: Grams::new(300) };
    assert_eq!((chute.fill, &chute.content[..]), (2, &[entry, entry][..]));
    assert_eq!(book.image.parcel(PARCEL).container, 2);
    book.record(RecordKind::Discharged, |record| {
        (record.parcel, record.word, record.chute) =
            (Some(PARCEL), Some(word(Life::Exception, 3)), Some(CHUTE));
    });
    assert_eq!(book.image.parcel(PARCEL).container, u32::MAX, "it lies in none");
    assert_eq!(book.image.sorters[&SORTER].chutes[CHUTE.index()].content.len(), 2);
}

fn container(id: ContainerId, state: ContainerState) -> ContainerRecord {
    let mut yard = crate::container::Yard::new();
    let kind = crate::container::ContainerKind::RollCage;
    let arrived = yard.arrive(SORTER, CHUTE, kind, Micros::ZERO).expect("nothing stands there");
    ContainerRecord { id, state, ..yard.get(arrived).expect("it is there").clone() }
}

#[test]
fn a_held_parcel_is_in_the_hold_book_until_it_is_decided_again_or_fetched() {
    let mut book = Book::decided();
    let hold = |book: &mut Book| {
        book.record(RecordKind::Discharged, |record| {
            (record.parcel, record.word) = (Some(PARCEL), Some(word(Life::Held, 2)));
            (record.chute, record.reason) = (Some(CHUTE), Reason::Inspect);
        });
    };
    hold(&mut book);
    let held = Held { parcel: PARCEL, chute: CHUTE, since: Micros::from_secs(9), reason: Reason::Inspect };
    assert_eq!(book.image.sorters[&SORTER].held.get(PARCEL), Some(&held));
    let sorter = book.record(RecordKind::Decided, |record| {
        (record.parcel, record.word) = (Some(PARCEL), Some(word(Life::Claimed, 3)));
    });
    assert_eq!((sorter.held.len(), sorter.held.totals(Reason::Inspect).stays), (0, 1));
    hold(&mut book);
    let sorter = book.record(RecordKind::Fetched, |record| {
        (record.parcel, record.at) = (Some(PARCEL), Micros::from_secs(20));
    });
    assert_eq!((sorter.held.len(), sorter.held.totals(Reason::Inspect).longest), (0, Micros::from_secs(11)));
}

#[test]
fn a_forgotten_parcel_is_unknown_until_it_turns_up_anywhere_or_is_declared_lost() {
    let mut book = Book::default();
    let forget = |book: &mut Book| {
        book.record(RecordKind::Forgotten, |record| {
            (record.parcel, record.word) = (Some(PARCEL), Some(word(Life::Unknown, 2)));
        });
        assert_eq!(book.image.sorters[&SORTER].unknown.get(&PARCEL), Some(&Micros::from_secs(9)));
    };
    forget(&mut book);
    book.record(RecordKind::Decided, |record| {
        record.sorter = SorterId::new(0);
        (record.parcel, record.word) = (Some(PARCEL), Some(word(Life::Claimed, 3)));
    });
    assert!(book.image.sorters[&SORTER].unknown.is_empty());
    forget(&mut book);
    let lost = |record: &mut Record| (record.parcel, record.word) = (Some(PARCEL), Some(word(Life::Lost, 4)));
    assert!(book.record(RecordKind::DeclaredLost, lost).unknown.is_empty());
    let sorter = book.record(RecordKind::Forgotten, |record| record.parcel = Some(PARCEL));
    assert!(sorter.unknown.is_empty(), "its state did not change");
}

#[test]
fn chutes_are_as_their_records_say() {
    let mut book = Book::default();
    book.record(RecordKind::ChuteChanged, |record| {
        (record.chute, record.extra) = (Some(CHUTE), 12);
        record.flags = Record::FULL | Record::CONTAINER;
    });
    book.record(RecordKind::ChangeoverBegun, |record| (record.chute, record.extra) = (Some(CHUTE), 77));
    let sorter = book.record(RecordKind::Docked, |record| {
        (record.chute, record.container) = (Some(CHUTE), Some(ContainerId::new(4)));
        (record.flags, record.extra) = (Record::SHUT, 6);
    });
    let chute = &sorter.chutes[CHUTE.index()];
    assert_eq!((chute.fill, chute.report, chute.reported), (12, Record::FULL | Record::CONTAINER, true));
    assert_eq!(chute.serving, Some(ServingImage { packed: 77, since: Micros::from_secs(9) }));
    let standing = (chute.standing, chute.shut, chute.departure);
    assert_eq!(standing, (Some(ContainerId::new(4)), true, Some(DepartureId::new(6))));
    book.record(RecordKind::ChangeoverDone, |record| record.chute = Some(CHUTE));
    book.record(RecordKind::ChangeoverDone, |record| {
        (record.chute, record.flags) = (Some(CHUTE), Record::TAKEN_BACK);
    });
    let none = |record: &mut Record| (record.chute, record.extra) = (Some(CHUTE), u64::MAX);
    let sorter = book.record(RecordKind::Docked, none);
    let chute = &sorter.chutes[CHUTE.index()];
    assert_eq!((chute.serving, chute.standing, chute.shut, chute.departure), (None, None, false, None));
    assert_eq!(sorter.changeovers, 1);
}

#[test]
fn a_container_that_is_taken_leaves_its_manifest_until_that_is_handed_out() {
    let mut book = Book::decided();
    let id = Some(ContainerId::new(4));
    book.record(RecordKind::Discharged, |record| (record.chute, record.container) = (Some(CHUTE), id));
    let sorter = book.record(RecordKind::ContainerSealed, |record| {
        (record.chute, record.container, record.extra) = (Some(CHUTE), id, u32::MAX.into());
    });
    let chute = &sorter.chutes[CHUTE.index()];
    assert_eq!((chute.fill, chute.content.len()), (0, 0));
    let sealed = &sorter.sealed[0];
    assert_eq!((sealed.at, sealed.departure, sealed.content.len()), (Micros::from_secs(9), None, 1));
    let sorter =
        book.record(RecordKind::ManifestTaken, |record| record.container = Some(ContainerId::new(5)));
    assert_eq!(sorter.sealed.len(), 1, "another one");
    assert!(book.record(RecordKind::ManifestTaken, |record| record.container = id).sealed.is_empty());
}

#[test]
fn the_plan_and_the_link_are_those_of_the_last_record() {
    let mut book = Book::default();
    book.record(RecordKind::PlanSeen, |record| record.plan = PlanVersion::new(4));
    let sorter = book.record(RecordKind::Linked, |record| record.extra = 0x0002_0007);
    let plans = (sorter.plan_seen, sorter.serves);
    assert_eq!((plans, sorter.linked), ((PlanVersion::new(4), PlanVersion::new(4)), Some(0x0002_0007)));
}

#[test]
fn the_last_events_are_remembered_once_each() {
    let mut book = Book::default();
    let cause = |arg| Cause { kind: 0x0301, arg, encoder: EncoderCount::new(5) };
    for arg in 0..100 {
        for _ in 0..2 {
            book.record(RecordKind::Stepped, |record| record.cause = cause(arg));
        }
        book.record(RecordKind::Stepped, |_| {});
    }
    let recent = &book.image.sorters[&SORTER].recent;
    assert_eq!(
        (recent.len(), recent.front(), recent.back()),
        (64, Some(&(ITEM, cause(36))), Some(&(ITEM, cause(99))))
    );
}

#[test]
fn rulings_and_bookings_of_customs() {
    let mut book = Book::default();
    let ruled = |status: Clearance, onward: u32| {
        move |record: &mut Record| {
            (record.flags, record.extra, record.weight) = (status as u8, 1_000, Grams::new(onward));
        }
    };
    let ruling = |image: &Image| {
        let ruling = image.parcel(PARCEL).ruling();
        ruling.map(|ruling| (ruling.at.get(), ruling.status, ruling.onward.map(ConnectionId::get)))
    };
    assert_eq!(ruling(&book.image), None);
    let image = book.hub(RecordKind::Ruled, ruled(Clearance::Transit, 6));
    assert_eq!(ruling(image), Some((1_000, Clearance::Transit as u8, Some(6))));
    assert_eq!(image.parcel(PARCEL).onward, 6);
    let image = book.hub(RecordKind::Ruled, ruled(Clearance::Released, u32::MAX));
    assert_eq!(
        (ruling(image), image.parcel(PARCEL).onward),
        (Some((1_000, Clearance::Released as u8, None)), 6)
    );
    let image = book.hub(RecordKind::Ruled, ruled(Clearance::Transit, u32::MAX));
    assert_eq!(image.parcel(PARCEL).onward, u32::MAX);
    assert_eq!(image.rulings().map(|(parcel, _)| parcel).collect::<Vec<_>>(), [PARCEL]);
    assert!(image.sorters.is_empty(), "the hub is no sorter");
}

#[test]
fn recalls_are_raised_renewed_and_withdrawn() {
    let mut book = Book::default();
    let raise = |status: Clearance, departure: u32| {
        move |record: &mut Record| {
            (record.flags, record.extra, record.weight) = (status as u8, 50, Grams::new(departure));
            record.container = Some(ContainerId::new(8));
        }
    };
    book.hub(RecordKind::Recalled, raise(Clearance::HoldInspect, u32::MAX));
    let image = book.hub(RecordKind::Recalled, raise(Clearance::Seized, 3));
    let expected = Recall {
        parcel: PARCEL,
        container: Some(ContainerId::new(8)),
        departure: Some(DepartureId::new(3)),
        status: Clearance::Seized,
        at: Micros::new(50),
        withdrawn: None,
    };
    assert_eq!(image.recalls.iter().collect::<Vec<_>>(), [&expected]);
    let image = book.hub(RecordKind::Withdrawn, |record| record.extra = 60);
    assert_eq!(image.recalls.iter().next().and_then(|recall| recall.withdrawn), Some(Micros::new(60)));
    let image = book.hub(RecordKind::Recalled, raise(Clearance::Seized, 3));
    assert_eq!(image.recalls.iter().count(), 2);
    book.record(RecordKind::Recalled, |record| record.parcel = Some(PARCEL));
    assert_eq!(book.image.recalls.iter().count(), 2, "a worker's record is only about the parcel");
    let image = book.hub(RecordKind::Recalled, |record| record.flags = 200);
    assert_eq!(image.recalls.iter().count(), 2, "there is no such status");
}

#[test]
fn an_announcement_books_and_uses_up_what_was_kept() {
    let mut book = Book::default();
    let kept =
        |code: &str, at| KeptNote { code: code.to_owned(), at: Micros::new(at), status: 2, onward: None };
    for (code, at) in [("A", 10), ("B", 20), ("C", 30)] {
        book.note(Note::Kept(kept(code, at)));
    }
    let late = LateNote {
        parcel: PARCEL,
        codes: vec!["A".to_owned(), "X".to_owned()],
        country: "DE".to_owned(),
        postcode: "10115".to_owned(),
        weight: Grams::new(420),
        service: 0,
        clearance: 3,
        onward: Some(7),
        ruled: Some(Micros::new(10)),
        ruled_onward: Some(6),
    };
    book.note(Note::Announced(late.clone()));
    let image = book.hub(RecordKind::Announced, |record| {
        (record.word, record.weight) = (Some(word(Life::Expected, 1)), Grams::new(7));
    });
    let parcel = image.parcel(PARCEL);
    assert_eq!((parcel.onward, parcel.word), (7, word(Life::Expected, 1).to_bits()));
    let ruling =
        crate::journal::RulingImage { at: Micros::new(10), status: 3, onward: Some(ConnectionId::new(6)) };
    assert_eq!(parcel.ruling(), Some(ruling));
    assert_eq!(image.again, [Note::Announced(late)]);
    assert_eq!(image.kept.keys().collect::<Vec<_>>(), ["B", "C"]);
    let image = book.note(Note::KeptForgotten { before: Micros::new(30) });
    assert_eq!(image.kept.values().collect::<Vec<_>>(), [&kept("C", 30)]);
}

#[test]
fn what_is_done_again_is_kept_in_its_order() {
    let mut book = Book::default();
    let text = String::new;
    let (version, at) = (PlanVersion::new(2), Micros::new(4));
    let plan = PlanNote { version, toml_name: text(), toml: text(), csv_name: text(), csv: text() };
    let notes = [
        Note::Plan(plan.clone()),
        Note::PlanAhead { at, plan },
        Note::PlanTaken,
        Note::DepartureChanged { departure: DepartureId::new(1), cut_off: at, departs: at, at },
        Note::Destination { country: text(), postcode: text() },
    ];
    for note in &notes {
        book.note(note.clone());
    }
    book.note(Note::Departed { departure: DepartureId::new(1), at });
    let image = book.note(Note::Boot { epoch: 4, unix_ms: 0, program: text() });
    assert_eq!((&image.again[..], image.boots), (&notes[..], 5));
    assert_eq!(image.departed[&DepartureId::new(1)], at);
}

#[test]
fn a_container_that_was_just_put_to_a_chute_stands_there() {
    let mut book = Book::default();
    let standing =
        |image: &Image| image.sorters[&SORTER].chutes[CHUTE.index()].standing.map(ContainerId::get);
    let put = |id, state| Note::Container(Box::new(container(ContainerId::new(id), state)));
    assert_eq!(standing(book.note(put(1, ContainerState::Arrived))), Some(1));
    assert_eq!(standing(book.note(put(2, ContainerState::Arrived))), Some(1), "there is one already");
    book.record(RecordKind::Docked, |record| (record.chute, record.extra) = (Some(CHUTE), u64::MAX));
    assert_eq!(standing(book.note(put(3, ContainerState::Open))), None, "it was put there before");
    assert_eq!(book.image.containers.len(), 3);
}

/// Any record that could be read from a journal, about few things.
fn records() -> impl Strategy<Value = Record> {
    let ids = (0..RecordKind::ALL.len(), any::<u8>(), 0..4_u16, 0..3_u32, 0..3_u32, 0..600_u16);
    let rest = (0..3_u8, any::<u8>(), 0..12_u64, any::<bool>(), any::<u64>(), 0..100_u64);
    (ids, rest).prop_map(
        |((kind, reason, item, parcel, container, chute), (sorter, flags, life, told, extra, at))| Record {
            reason: Reason::from_code(reason % Reason::COUNT as u8).unwrap_or(Reason::Planned),
            flags,
            item: ItemId::new(item),
            chute: (chute < 6).then_some(ChuteId::new(chute)),
            parcel: (parcel > 0).then_some(ParcelId::new(parcel)),
            container: (container > 0).then_some(ContainerId::new(container)),
            weight: Grams::new(if extra % 2 == 0 { u32::MAX } else { 7 }),
            word: StateWord::from_bits(extra << 27 | life).filter(|_| told),
            cause: Cause { kind: u16::from(flags % 3), ..Cause::NONE },
            extra,
            ..Record::new(
                Micros::new(at),
                RecordKind::ALL[kind],
                if sorter == 2 { Record::HUB } else { SorterId::new(sorter) },
            )
        },
    )
}

fn bodies() -> impl Strategy<Value = Body> {
    prop_oneof![9 => records().prop_map(Body::Record), 1 => half_read::notes().prop_map(|note| Body::Note(Box::new(note)))]
}

proptest! {
    #[test]
    fn any_record_is_taken_and_a_snapshot_in_between_changes_nothing(
        bodies in prop::collection::vec(bodies(), 0..120),
        at in any::<prop::sample::Index>(),
    ) {
        let mut book = Book::default();
        let mut other = Book::default();
        let snapshot = at.index(bodies.len() + 1);
        for (number, body) in bodies.iter().enumerate() {
            if number == snapshot {
                other.image = Image::from_bytes(&book.image.to_bytes()).expect("it was just made");
            }
            book.apply(body.clone());
            if number >= snapshot {
                other.apply(body.clone());
            }
            match body {
                Body::Record(record) => {
                    prop_assert_eq!(Record::from_words(&record.to_words()), Some(*record), "its stored form");
                }
                Body::Note(note) => {
                    let stored = Note::from_json(&note.to_json());
                    prop_assert_eq!(stored.as_ref(), Ok(&**note), "its stored form");
                }
            }
        }
        if snapshot < bodies.len() {
            prop_assert_eq!(&book.image, &other.image);
        }
        for sorter in book.image.sorters.values() {
            prop_assert!(sorter.recent.len() <= SorterImage::RECENT);
            prop_assert_eq!(sorter.held.iter().count(), sorter.held.len());
        }
    }
}
