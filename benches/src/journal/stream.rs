//! Records of parcels that go over belts, and the state before them.

use std::path::Path;

use sorter_core::clearance::Clearance;
use sorter_core::ids::{ChuteId, DestinationId, HubId, ItemId, ParcelId, PlanVersion, SorterId};
use sorter_core::journal::{Body, Entry, Image, ParcelImage, Record, RecordKind, RecordSeq};
use sorter_core::manifest::Service;
use sorter_core::state_word::{StateWord, Step, WeightClass};
use sorter_core::units::{EncoderCount, Grams, Micros};
use sorter_plc::journal::JournalPlace;

pub(super) const HUB: HubId = HubId::new(1);
const DAY: &str = "2026-03-14";

/// A place in a folder that is made for it.
pub(super) fn place(folder: &Path, name: &str) -> std::io::Result<JournalPlace> {
    let folder = folder.join(name);
    std::fs::create_dir(&folder)?;
    Ok(JournalPlace { folder, hub: HUB, day: DAY.to_owned() })
}

fn announced() -> StateWord {
    let destination = DestinationId::new(4_711);
    StateWord::announced(destination, Clearance::Released, Service::Standard, WeightClass::Light)
}

/// The state of a hub in which so many parcels are announced.
pub(super) fn image(parcels: usize) -> Image {
    let parcel = ParcelImage { word: announced().to_bits(), ..ParcelImage::NOTHING };
    Image { hub: HUB, announced: (parcels as u64, 1), parcels: vec![parcel; parcels], ..Image::default() }
}

/// Four records for each parcel: it enters, is decided, committed and discharged. Neighbours in time are far apart in
/// the table of parcels, as they are in a hub.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    parcels: u64,
    made: u64,
    word: StateWord,
}

impl Stream {
    /// Of so many parcels, each of which comes once.
    pub(super) fn new(parcels: usize) -> Self {
        Self { parcels: parcels as u64, made: 0, word: announced() }
    }

    /// Of so many records.
    pub(super) fn records(count: usize) -> (Image, Vec<Record>) {
        let parcels = count.div_ceil(4).max(1);
        (image(parcels), Self::new(parcels).take(count).collect())
    }
}

impl Iterator for Stream {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let (turn, part) = (self.made / 4, self.made % 4);
        if turn == self.parcels {
            return None;
        }
        let at = Micros::new(self.made * 250);
        self.made += 1;
        let number = (turn * 2_654_435_761 % self.parcels) as u32;
        let sorter = SorterId::new((turn % 12) as u8);
        let item = ItemId::new((turn % 60_000 + 1) as u16);
        let (kind, step) = [
            (RecordKind::Entered, None),
            (RecordKind::Decided, Some(Step::Claim)),
            (RecordKind::Committed, Some(Step::Commit)),
            (RecordKind::Discharged, Some(Step::Discharge)),
        ][part as usize];
        let record = Record { item, ..Record::new(at, kind, sorter) };
        let Some(step) = step else {
            self.word = announced();
            return Some(Record { flags: Record::INDUCTED, extra: at.get(), ..record });
        };
        let before = Some(self.word);
        self.word = self.word.after(step).unwrap_or(self.word);
        Some(Record {
            parcel: Some(ParcelId::new(number)),
            chute: Some(ChuteId::new((number % 200) as u16)),
            plan: PlanVersion::new(1),
            weight: Grams::new(500),
            before,
            word: Some(self.word),
            cause: sorter_core::journal::Cause {
                kind: 0x0100,
                arg: part as u16,
                encoder: EncoderCount::new(self.made as u32),
            },
            ..record
        })
    }
}

/// The next entry after an image, which follows it.
pub(super) fn entry(image: &mut Image, record: Record) -> Entry {
    let last = |parcel: ParcelId| image.parcels.get(parcel.index()).map(|parcel| parcel.last);
    let prev = record.parcel.and_then(last).unwrap_or(RecordSeq::NONE);
    let entry = Entry { seq: image.seq.next(), prev, body: Body::Record(record) };
    image.apply(&entry);
    entry
}
