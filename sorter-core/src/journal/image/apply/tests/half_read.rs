//! Items of which some scan records are acknowledged before they are decided.

use super::*;
use crate::journal::ScannedNote;

/// What the tunnel told about the item, which entered at a count if that was heard of.
fn scanned(inducted_at: Option<u32>) -> ScannedNote {
    ScannedNote {
        sorter: SORTER,
        item: ITEM,
        boot: 2,
        inducted_at: inducted_at.map(EncoderCount::new),
        since: EncoderCount::new(760),
        next: 6,
        missing: 3,
        codes: vec!["LP1".to_owned()],
        weight: Grams::ZERO,
    }
}

/// An item on the belt of a PLC with boot number 2 that entered at count 700.
fn on_belt() -> Book {
    let mut book = Book::default();
    book.record(RecordKind::Linked, |record| record.extra = 0x0002_0007);
    enter(&mut book, 700);
    book
}

fn enter(book: &mut Book, count: u64) -> &SorterImage {
    book.record(RecordKind::Entered, |record| (record.flags, record.extra) = (Record::INDUCTED, count))
}

/// A decision with the number of a reason for which no parcel is known, plus one; 0 for none.
fn decide(book: &mut Book, doubt: u64) -> &SorterImage {
    book.record(RecordKind::Decided, |record| {
        (record.parcel, record.extra) = ((doubt == 0).then_some(PARCEL), doubt);
    })
}

const DOUBT: fn(Reason) -> u64 = |reason| reason as u64 + 1;

#[test]
fn the_last_note_about_a_half_read_item_counts_until_it_is_decided_by_its_codes() {
    let mut book = on_belt();
    book.note(Note::Scanned(scanned(Some(700))));
    let more = ScannedNote { next: 8, missing: 1, ..scanned(Some(700)) };
    book.note(Note::Scanned(more.clone()));
    assert_eq!(decide(&mut book, DOUBT(Reason::NoRead)).half_read[&ITEM], more, "its codes are still wanted");
    let other = ItemId::new(41);
    book.note(Note::Scanned(ScannedNote { item: other, ..scanned(None) }));
    assert_eq!(decide(&mut book, 0).half_read.keys().collect::<Vec<_>>(), [&other]);
    book.note(Note::Scanned(scanned(Some(700))));
    assert_eq!(decide(&mut book, DOUBT(Reason::UnknownParcel)).half_read.len(), 1);
}

#[test]
fn an_item_that_ended_is_not_half_read_any_more() {
    for kind in [RecordKind::Discharged, RecordKind::Left, RecordKind::Lost, RecordKind::Forgotten] {
        for inducted_at in [Some(700), None] {
            let mut book = on_belt();
            book.note(Note::Scanned(scanned(inducted_at)));
            assert_eq!(book.record(kind, |_| {}).half_read.len(), 0, "{kind:?}");
        }
    }
}

#[test]
fn codes_may_come_before_their_item_and_are_not_those_of_a_later_one() {
    let mut book = Book::default();
    book.record(RecordKind::Linked, |record| record.extra = 0x0002_0007);
    book.note(Note::Scanned(scanned(None)));
    assert_eq!(enter(&mut book, 700).half_read[&ITEM], scanned(Some(700)));
    assert_eq!(enter(&mut book, 700).half_read.len(), 1, "the same one");
    assert_eq!(enter(&mut book, 9_000).half_read.len(), 0);
}

#[test]
fn a_note_may_come_before_the_records_of_what_was_before_it() {
    // The PLC restarted and gave the number again; all of it was written at once, and the note came first.
    let mut book = on_belt();
    let note = ScannedNote { boot: 3, ..scanned(Some(40)) };
    book.note(Note::Scanned(note.clone()));
    decide(&mut book, 0);
    book.record(RecordKind::Forgotten, |_| {});
    book.record(RecordKind::Linked, |record| record.extra = 0x0003_0001);
    assert_eq!(enter(&mut book, 40).half_read[&ITEM], note);
    assert_eq!(decide(&mut book, 0).half_read.len(), 0);
}

/// Any note about a half-read item, of the same few.
pub(super) fn notes() -> impl Strategy<Value = Note> {
    let ids = (0..2_u8, 0..4_u16, 0..3_u16, prop::option::of(0..3_u32));
    let rest = (any::<[u8; 3]>(), prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..3));
    (ids, rest).prop_map(|((sorter, item, boot, inducted_at), ([since, next, missing], codes))| {
        Note::Scanned(ScannedNote {
            sorter: SorterId::new(sorter),
            item: ItemId::new(item),
            boot,
            inducted_at: inducted_at.map(EncoderCount::new),
            since: EncoderCount::new(since.into()),
            next,
            missing,
            codes: codes.iter().map(|code| ScannedNote::text_of(code)).collect(),
            weight: Grams::ZERO,
        })
    })
}
