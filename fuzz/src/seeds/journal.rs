//! Snapshots and rows of a journal.

use sorter_core::ids::{ChuteId, ContainerId, ItemId, ParcelId, SorterId};
use sorter_core::journal::{Body, Entry, Image, Note, PlanNote, Record, RecordKind, RecordSeq, ScannedNote};
use sorter_core::state_word::StateWord;
use sorter_core::units::{EncoderCount, Grams, Micros};

/// The records of a short journal.
fn records() -> Vec<Record> {
    let sorter = SorterId::new(1);
    RecordKind::ALL
        .iter()
        .zip(1_u32..)
        .map(|(kind, number)| Record {
            item: ItemId::new((number % 3) as u16),
            chute: Some(ChuteId::new(5)),
            parcel: Some(ParcelId::new(number % 4)),
            container: Some(ContainerId::new(2)),
            weight: Grams::new(300),
            word: StateWord::from_bits(u64::from(number) << 27 | u64::from(number % 12)),
            flags: number as u8,
            extra: u64::from(number),
            ..Record::new(
                Micros::from_secs(number.into()),
                *kind,
                if number % 5 == 0 { Record::HUB } else { sorter },
            )
        })
        .collect()
}

fn notes() -> Vec<Note> {
    let text = String::from;
    let plan = PlanNote {
        version: Default::default(),
        toml_name: text("a.toml"),
        toml: text("name = \"a\"\n"),
        csv_name: text("a.csv"),
        csv: text("x\r\n"),
    };
    vec![
        Note::Boot { epoch: 1, unix_ms: 2, program: text("0.1.0") },
        Note::Plan(plan),
        Note::Destination { country: text("DE"), postcode: text("10115") },
        Note::PlanTaken,
        Note::Scanned(ScannedNote {
            sorter: SorterId::new(1),
            item: ItemId::new(3),
            boot: 2,
            inducted_at: Some(EncoderCount::new(700)),
            since: EncoderCount::new(760),
            next: 6,
            missing: 3,
            codes: vec![text("LP1"), ScannedNote::text_of(b"\x1d\xff")],
            weight: Grams::new(300),
        }),
    ]
}

pub(super) fn snapshots() -> Vec<Vec<u8>> {
    let mut image = Image::default();
    let records = records().into_iter().map(Body::Record);
    let notes = notes().into_iter().map(|note| Body::Note(Box::new(note)));
    for (number, body) in (1..).zip(records.chain(notes)) {
        image.apply(&Entry { seq: RecordSeq::new(number), prev: RecordSeq::NONE, body });
    }
    vec![image.to_bytes(), Image::default().to_bytes()]
}

pub(super) fn rows() -> Vec<Vec<u8>> {
    let words =
        |record: &Record| record.to_words().iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let notes = notes().into_iter().map(|note| [vec![0; 64], note.to_json().into_bytes()].concat());
    records().iter().map(words).chain(notes).collect()
}
