//! What a journal has on its disk: snapshots, records and notes.

use sorter_core::journal::{Body, Entry, Image, Note, Record, RecordSeq, SnapshotError, SnapshotHead};

/// Where the length of the body and the checksum stand in the head of a snapshot.
const LENGTH: std::ops::Range<usize> = 24..32;
const CHECKSUM: std::ops::Range<usize> = 32..36;

/// A snapshot: what can be read is written and read again as the same. Under a checksum that was made right the same
/// holds, so that a fuzzer comes to the contents.
pub fn snapshot(data: &[u8]) {
    read(data);
    if data.len() < SnapshotHead::SIZE {
        assert!(Image::from_bytes(data).is_err(), "a head is not a snapshot");
        return;
    }
    let mut sealed = data.to_vec();
    let length = (data.len() - SnapshotHead::SIZE) as u64;
    sealed[LENGTH].copy_from_slice(&length.to_le_bytes());
    // The first answer tells the checksum of these bytes.
    if let Err(SnapshotError::Damaged { computed, .. }) = Image::from_bytes(&sealed) {
        sealed[CHECKSUM].copy_from_slice(&computed.to_le_bytes());
    }
    read(&sealed);
}

fn read(data: &[u8]) {
    let Ok(image) = Image::from_bytes(data) else { return };
    let again = image.to_bytes();
    assert_eq!(Image::from_bytes(&again).as_ref(), Ok(&image));
}

/// A row of a journal: eight words of a record, and the text of a note after them. What can be read is written as it
/// was, and an image takes it.
pub fn journal_row(data: &[u8]) {
    let (words, text) = data.as_chunks::<8>();
    if let Some((words, _)) = words.split_first_chunk::<8>() {
        let words = words.map(u64::from_le_bytes);
        if let Some(record) = Record::from_words(&words) {
            assert_eq!(Record::from_words(&record.to_words()), Some(record));
            let is_near = record.parcel.is_none_or(|parcel| parcel.get() < 10_000);
            take(is_near.then_some(Body::Record(record)));
        }
    }
    let text = data.get(64..).unwrap_or(text);
    let Some(note) = std::str::from_utf8(text).ok().and_then(|text| Note::from_json(text).ok()) else {
        return;
    };
    assert_eq!(Note::from_json(&note.to_json()).as_ref(), Ok(&note));
    let is_near = match &note {
        Note::Announced(late) => late.parcel.get() < 10_000,
        _ => true,
    };
    take(is_near.then(|| Body::Note(Box::new(note))));
}

/// An image has a place for each parcel up to the highest number, so numbers from nowhere are not tried.
fn take(body: Option<Body>) {
    let Some(body) = body else { return };
    let mut image = Image::default();
    let (seq, prev) = (RecordSeq::new(1), RecordSeq::NONE);
    let entry = Entry { seq, prev, body };
    image.apply(&entry);
    assert_eq!(image.seq, entry.seq);
    assert_eq!(entry.checksum(), entry.clone().checksum());
    assert_eq!(Image::from_bytes(&image.to_bytes()), Ok(image));
}
