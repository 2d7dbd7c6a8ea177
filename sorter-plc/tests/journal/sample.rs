//! Records of parcels that go over a belt, as a worker would write them.

use std::path::Path;

use sorter_core::clearance::Clearance;
use sorter_core::ids::{
    ChuteId, ContainerId, DepartureId, DestinationId, HubId, ItemId, ParcelId, PlanVersion, SorterId,
};
use sorter_core::journal::{Body, Entry, Image, Note, ParcelImage, Record, RecordKind, RecordSeq};
use sorter_core::manifest::Service;
use sorter_core::state_word::{StateWord, Step, WeightClass};
use sorter_core::units::Micros;
use sorter_plc::journal::{JournalPlace, SqliteJournal};

pub(crate) const HUB: HubId = HubId::new(3);
/// Parcels that are announced from the beginning.
pub(crate) const PARCELS: u32 = 100;

pub(crate) fn word() -> StateWord {
    StateWord::announced(DestinationId::new(7), Clearance::Released, Service::Standard, WeightClass::Light)
}

/// The image of an engine that was just made.
pub(crate) fn initial() -> Image {
    let parcel = ParcelImage { word: word().to_bits(), ..ParcelImage::NOTHING };
    Image {
        hub: HUB,
        announced: (u64::from(PARCELS), 1),
        parcels: vec![parcel; PARCELS as usize],
        ..Image::default()
    }
}

pub(crate) fn place(folder: &Path) -> JournalPlace {
    JournalPlace { folder: folder.to_owned(), hub: HUB, day: "2026-03-14".to_owned() }
}

/// Bodies of entries: four records for each pass of a parcel, and a note now and then.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    made: u64,
    words: Vec<Option<StateWord>>,
    waiting: Vec<Body>,
}

impl Bodies {
    pub(crate) fn from(image: &Image) -> Self {
        let words = image.parcels.iter().map(|parcel| StateWord::from_bits(parcel.word)).collect();
        Self { made: image.seq.get() * 7, words, waiting: Vec::new() }
    }

    fn pass(&mut self) {
        self.made += 1;
        let (at, item) = (Micros::from_millis(self.made * 13), ItemId::new((self.made % 60_000 + 1) as u16));
        let number = (self.made * 31) as usize % self.words.len();
        let record = |kind| Record { item, ..Record::new(at, kind, SorterId::new((self.made % 4) as u8)) };
        let mut bodies =
            vec![Body::Record(Record { flags: Record::INDUCTED, ..record(RecordKind::Entered) })];
        let mut step = |kind, step| {
            let before = self.words[number];
            let Some(word) = before.and_then(|word| word.after(step)) else { return };
            self.words[number] = Some(word);
            bodies.push(Body::Record(Record {
                parcel: Some(ParcelId::new(number as u32)),
                chute: Some(ChuteId::new(number as u16)),
                plan: PlanVersion::new(1),
                container: (kind == RecordKind::Discharged).then_some(ContainerId::new(12)),
                before,
                word: Some(word),
                ..record(kind)
            }));
        };
        step(RecordKind::Decided, Step::Claim);
        step(RecordKind::Committed, Step::Commit);
        if number % 10 == 1 {
            step(RecordKind::Discharged, Step::Discharge);
        } else {
            step(RecordKind::Left, Step::RunOff);
        }
        if self.made.is_multiple_of(5) {
            let departure = DepartureId::new(self.made as u32);
            bodies.push(Body::Note(Box::new(Note::Departed { departure, at })));
            let report = Record {
                chute: Some(ChuteId::new(3)),
                flags: Record::FULL,
                extra: 40,
                ..record(RecordKind::ChuteChanged)
            };
            bodies.push(Body::Record(Record { item: ItemId::NONE, ..report }));
        }
        bodies.reverse();
        self.waiting = bodies;
    }
}

impl Iterator for Bodies {
    type Item = Body;

    fn next(&mut self) -> Option<Body> {
        if self.waiting.is_empty() {
            self.pass();
        }
        self.waiting.pop()
    }
}

/// The next entries after an image, which follows them.
pub(crate) fn entries(image: &mut Image, bodies: &mut Bodies, count: usize) -> Vec<Entry> {
    let numbered = bodies.take(count).map(|body| {
        let prev = match &body {
            Body::Record(Record { parcel: Some(parcel), .. }) => image.parcels[parcel.index()].last,
            _ => RecordSeq::NONE,
        };
        let entry = Entry { seq: image.seq.next(), prev, body };
        image.apply(&entry);
        entry
    });
    numbered.collect()
}

/// A journal with that many entries, written in batches of ten, and the state that they tell.
pub(crate) fn written(folder: &Path, count: usize) -> (SqliteJournal, Image, Vec<Entry>) {
    use sorter_core::journal::Journal as _;
    let mut image = initial();
    let mut bodies = Bodies::from(&image);
    let entries = entries(&mut image, &mut bodies, count);
    let mut journal = SqliteJournal::open(place(folder), RecordSeq::NONE).unwrap();
    for batch in entries.chunks(10) {
        journal.commit(Micros::from_secs(1), batch).unwrap();
    }
    (journal, image, entries)
}
