//! Looking into journals: by the functions, and by the queries of the document.

use rusqlite::{Connection, OpenFlags};
use sorter_core::ids::{ItemId, ParcelId, PlanVersion, SorterId};
use sorter_core::journal::{
    Body, Journal, LateNote, Note, PlanNote, Record, RecordKind, RecordSeq, ScannedNote,
};
use sorter_core::units::{EncoderCount, Grams, Micros};
use sorter_plc::journal::{Filter, JournalPlace, SqliteJournal, Told, parcel_with, show, story};

use super::sample::{Bodies, entries, initial, place, written};

/// The document with the queries.
const DOCUMENT: &str = include_str!("../../../docs/journal.md");

/// What stands between fences of a kind.
fn blocks<'a>(text: &'a str, kind: &'a str) -> impl Iterator<Item = &'a str> {
    text.split("```").skip(1).step_by(2).filter_map(move |block| block.strip_prefix(kind))
}

/// A journal of a hub that has done a bit of everything.
fn busy(folder: &std::path::Path) -> JournalPlace {
    let mut image = initial();
    let mut bodies = Bodies::from(&image);
    let mut journal = SqliteJournal::open(place(folder), RecordSeq::NONE).unwrap();
    let plan = PlanNote {
        version: PlanVersion::new(1),
        toml_name: "day.toml".to_owned(),
        toml: "name = \"day\"".to_owned(),
        csv_name: "rules.csv".to_owned(),
        csv: "country\n".to_owned(),
    };
    let late = LateNote {
        parcel: ParcelId::new(100),
        codes: vec!["LP263072004SG".to_owned(), "354123455501152989".to_owned()],
        country: "DE".to_owned(),
        postcode: "10115".to_owned(),
        weight: Grams::new(420),
        service: 0,
        clearance: 3,
        onward: None,
        ruled: None,
        ruled_onward: None,
    };
    let boot = Note::Boot { epoch: 0, unix_ms: 1_773_446_400_000, program: "sorter 0.1.0".to_owned() };
    let notes = [boot, Note::Plan(plan), Note::Announced(late)].map(|note| Body::Note(Box::new(note)));
    for body in notes {
        let entry = sorter_core::journal::Entry { seq: image.seq.next(), prev: RecordSeq::NONE, body };
        image.apply(&entry);
        journal.commit(Micros::ZERO, &[entry]).unwrap();
    }
    for _ in 0..50 {
        journal.commit(Micros::ZERO, &entries(&mut image, &mut bodies, 40)).unwrap();
    }
    journal.name_parcels([(ParcelId::new(31), "RB123456785GB")]).unwrap();
    journal.place().clone()
}

#[test]
fn every_query_of_the_document_runs_and_finds_something() {
    let folder = tempfile::tempdir().unwrap();
    let file = busy(folder.path()).file();
    let db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut queries = 0;
    for query in blocks(DOCUMENT, "sql\n") {
        let mut statement = db.prepare(query).unwrap_or_else(|error| panic!("{error}: {query}"));
        let rows = statement.query_map([], |_| Ok(())).unwrap().map(Result::unwrap).count();
        assert!(rows > 0, "nothing found by {query}");
        queries += 1;
    }
    assert!(queries >= 10, "{queries} queries");
}

#[test]
fn the_document_shows_the_tables_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = busy(folder.path()).file();
    let db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    for table in ["meta", "record", "note", "parcel"] {
        let query = "SELECT sql FROM sqlite_schema WHERE name = ?";
        let made: String = db.query_row(query, [table], |row| row.get(0)).unwrap();
        assert!(DOCUMENT.contains(&made), "docs/journal.md does not show table {table} as it is:\n{made}");
    }
}

#[test]
fn the_story_of_a_parcel_is_the_same_by_walk_and_by_search() {
    let folder = tempfile::tempdir().unwrap();
    let file = busy(folder.path()).file();
    for parcel in (0..100).map(ParcelId::new) {
        let walked = story(&file, parcel).unwrap();
        let found = show(&file, &Filter { parcel: Some(parcel), ..Filter::default() }).unwrap();
        assert_eq!(walked.lines, found, "{parcel}");
        assert_eq!(walked.before, RecordSeq::NONE);
    }
}

#[test]
fn a_story_goes_on_in_the_files_of_earlier_days() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, mut image, mut all) = written(folder.path(), 400);
    drop(journal);
    let next = JournalPlace { day: "2026-03-15".to_owned(), ..place(folder.path()) };
    let mut journal = SqliteJournal::open(next.clone(), image.seq).unwrap();
    let mut bodies = Bodies::from(&image);
    let more = entries(&mut image, &mut bodies, 400);
    journal.commit(Micros::ZERO, &more).unwrap();
    all.extend(more);
    let parcel = ParcelId::new(62);
    let about =
        |body: &Body| matches!(body, Body::Record(Record { parcel: Some(found), .. }) if *found == parcel);
    let expected: Vec<RecordSeq> =
        all.iter().filter(|entry| about(&entry.body)).map(|entry| entry.seq).collect();
    let told = story(&next.file(), parcel).unwrap();
    assert_eq!(told.lines.iter().map(|line| line.seq).collect::<Vec<_>>(), expected);
    assert!(expected[0].get() <= 400 && expected.last().unwrap().get() > 400, "{expected:?}");
    std::fs::remove_file(place(folder.path()).file()).unwrap();
    let told = story(&next.file(), parcel).unwrap();
    assert!(told.before != RecordSeq::NONE);
    let text = told.to_string();
    assert!(text.starts_with(&format!(
        "  what was before is in a file that is not here: it ends with {}",
        told.before
    )));
}

#[test]
fn a_story_is_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = busy(folder.path()).file();
    let text = story(&file, ParcelId::new(31)).unwrap().to_string();
    assert!(text.contains("item 2 decided for chute 31 by plan 1: sorted as planned (record "), "{text}");
    assert!(text.contains("item 2 slid into chute 31, container 12: sorted as planned (record "), "{text}");
    assert!(text.ends_with("now: discharged"), "{text}");
}

#[test]
fn entries_are_found_by_item_kind_time_and_from_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = busy(folder.path()).file();
    let all = show(&file, &Filter::default()).unwrap();
    assert_eq!(all.len(), 2_003);
    let last = show(&file, &Filter { last: Some(7), ..Filter::default() }).unwrap();
    assert_eq!(last, all[1_996..]);
    let item = show(&file, &Filter { item: Some(ItemId::new(9)), ..Filter::default() }).unwrap();
    assert!(!item.is_empty() && item.len() < 10);
    let of_kind =
        |kind: &str| show(&file, &Filter { kind: Some(kind.to_owned()), ..Filter::default() }).unwrap();
    let decided = of_kind("decided");
    let is_decided = |told: &Told| matches!(told, Told::Record(record) if record.kind == RecordKind::Decided);
    assert!(!decided.is_empty() && decided.iter().all(|line| is_decided(&line.told)));
    assert_eq!(of_kind("boot").len(), 1);
    assert_eq!(of_kind("nothing"), []);
    let (from, to) = (Micros::from_secs(2), Micros::from_secs(3));
    let between = show(&file, &Filter { from: Some(from), to: Some(to), ..Filter::default() }).unwrap();
    assert!(!between.is_empty() && between.iter().all(|line| line.at >= from && line.at <= to));
}

#[test]
fn parcels_are_found_by_the_codes_that_the_journal_knows() {
    let folder = tempfile::tempdir().unwrap();
    let file = busy(folder.path()).file();
    assert_eq!(parcel_with(&file, "RB123456785GB").unwrap(), Some(ParcelId::new(31)));
    assert_eq!(parcel_with(&file, "354123455501152989").unwrap(), Some(ParcelId::new(100)));
    assert_eq!(parcel_with(&file, "LP263072004SX").unwrap(), None);
}

#[test]
fn what_was_read_of_an_item_before_it_was_decided_is_told_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut image = initial();
    let mut journal = SqliteJournal::open(place(folder.path()), RecordSeq::NONE).unwrap();
    let (sorter, item, parcel) = (SorterId::new(1), ItemId::new(9), ParcelId::new(31));
    let scanned = |inducted_at| ScannedNote {
        sorter,
        item,
        boot: 2,
        inducted_at: Some(EncoderCount::new(inducted_at)),
        since: EncoderCount::new(760),
        next: 6,
        missing: 3,
        codes: vec![ScannedNote::text_of(b"LP1"), ScannedNote::text_of(b"\x1d2")],
        weight: Grams::ZERO,
    };
    let record = |kind| Record { item, extra: 700, ..Record::new(Micros::from_secs(1), kind, sorter) };
    let decided = Record { parcel: Some(parcel), extra: 0, ..record(RecordKind::Decided) };
    let told = |folder: &std::path::Path| {
        let lines = story(&place(folder).file(), parcel).unwrap();
        lines.lines.iter().map(|line| line.seq.get()).collect::<Vec<_>>()
    };
    let note = |inducted_at| Body::Note(Box::new(Note::Scanned(scanned(inducted_at))));
    // The note of an earlier item with the number, the item, its own notes, the decision, and another one.
    let bodies = [
        note(40),
        Body::Record(record(RecordKind::Entered)),
        note(700),
        note(700),
        Body::Record(decided),
        Body::Record(decided),
    ];
    for body in bodies {
        let prev = if let Body::Record(Record { parcel: Some(parcel), .. }) = body {
            image.parcels[parcel.index()].last
        } else {
            RecordSeq::NONE
        };
        let entry = sorter_core::journal::Entry { seq: image.seq.next(), prev, body };
        image.apply(&entry);
        journal.commit(Micros::from_secs(1), &[entry]).unwrap();
    }
    assert_eq!(told(folder.path()), [4, 5, 6]);
    let text = story(&place(folder.path()).file(), parcel).unwrap().to_string();
    let words = "sorter 1: item 9 read in part: LP1, \\u{1d}2 (6 records, 3 to come) (record 4)";
    assert!(text.contains(words), "{text}");
    let of_item = Filter { item: Some(item), ..Filter::default() };
    let shown = show(&place(folder.path()).file(), &of_item).unwrap();
    assert_eq!(shown.len(), 6);
    let line = shown[0].to_string();
    assert!(
        line.ends_with(
            "scanned           sorter 1 item 9 read in part: LP1, \\u{1d}2 (6 records, 3 to come)"
        ),
        "{line}"
    );
}
