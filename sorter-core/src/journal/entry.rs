//! A record or note with its number.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Note, Record};
use crate::sync::record_ring::RECORD_WORDS;

/// The number of a record in its journal, from 1. 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordSeq(u64);

impl RecordSeq {
    /// Before the first record.
    pub const NONE: Self = Self(0);

    /// The number as a type.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The bare number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for RecordSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}", self.0)
    }
}

/// What an entry tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A record.
    Record(Record),
    /// A note.
    Note(Box<Note>),
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub seq: RecordSeq,
    /// The number of the record before it about the same parcel; [`RecordSeq::NONE`] for the first, and where the
    /// entry is about none.
    pub prev: RecordSeq,
    /// What it tells.
    pub body: Body,
}

impl Entry {
    /// The checksum under which a journal keeps the entry: [`record_checksum`] or [`note_checksum`].
    ///
    /// ```
    /// use sorter_core::ids::SorterId;
    /// use sorter_core::journal::{Body, Entry, Record, RecordKind, RecordSeq};
    /// use sorter_core::units::Micros;
    ///
    /// let record = Record::new(Micros::from_secs(3), RecordKind::Linked, SorterId::new(1));
    /// let entry = Entry { seq: RecordSeq::new(7), prev: RecordSeq::NONE, body: Body::Record(record) };
    /// let swapped = Entry { seq: RecordSeq::new(8), ..entry.clone() };
    /// assert_ne!(entry.checksum(), swapped.checksum());
    /// ```
    pub fn checksum(&self) -> u32 {
        match &self.body {
            Body::Record(record) => record_checksum(self.seq, self.prev, &record.to_words()),
            Body::Note(note) => note_checksum(self.seq, self.prev, &note.to_json()),
        }
    }
}

/// The checksum of a record: CRC-32 (ISO-HDLC, as in zip) of its number, the number before it, and its words but the
/// word before the step (which is that of the record before), each as 8 bytes, the lowest first.
pub fn record_checksum(seq: RecordSeq, prev: RecordSeq, words: &[u64; RECORD_WORDS]) -> u32 {
    let [at, ids, what, sizes, _, word, cause, extra] = *words;
    let mut bytes = [0; 8 * (RECORD_WORDS + 1)];
    let numbers = [seq.get(), prev.get(), at, ids, what, sizes, word, cause, extra];
    for (place, number) in bytes.as_chunks_mut().0.iter_mut().zip(numbers) {
        *place = number.to_le_bytes();
    }
    crc32fast::hash(&bytes)
}

/// The checksum of a note: CRC-32 of its number and the number before it as for a record, then the bytes of its JSON.
pub fn note_checksum(seq: RecordSeq, prev: RecordSeq, json: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&seq.get().to_le_bytes());
    hasher.update(&prev.get().to_le_bytes());
    hasher.update(json.as_bytes());
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the word before a step stands among the words of a record.
    const BEFORE: usize = 4;
    use crate::ids::{ParcelId, SorterId};
    use crate::journal::RecordKind;
    use crate::units::Micros;

    fn entry(seq: u64, prev: u64, body: Body) -> Entry {
        Entry { seq: RecordSeq::new(seq), prev: RecordSeq::new(prev), body }
    }

    fn record() -> Record {
        let parcel = Some(ParcelId::new(9));
        Record { parcel, ..Record::new(Micros::from_secs(2), RecordKind::Stepped, SorterId::new(3)) }
    }

    #[test]
    fn the_checksum_is_that_of_the_bytes_as_documented() {
        let bytes: Vec<u8> = [7, 5]
            .iter()
            .chain(&record().to_words())
            .copied()
            .enumerate()
            .filter(|(place, _)| *place != 2 + BEFORE)
            .flat_map(|(_, number): (usize, u64)| number.to_le_bytes())
            .collect();
        assert_eq!(entry(7, 5, Body::Record(record())).checksum(), crc32fast::hash(&bytes));
        let note = entry(7, 0, Body::Note(Box::new(Note::PlanTaken)));
        let bytes = [&7_u64.to_le_bytes()[..], &[0; 8], br#"{"note":"plan_taken"}"#].concat();
        assert_eq!(note.checksum(), crc32fast::hash(&bytes));
    }

    #[test]
    fn any_other_number_or_word_has_another_checksum() {
        let own = record_checksum(RecordSeq::new(7), RecordSeq::new(5), &record().to_words());
        assert_ne!(own, record_checksum(RecordSeq::new(8), RecordSeq::new(5), &record().to_words()));
        assert_ne!(own, record_checksum(RecordSeq::new(7), RecordSeq::new(6), &record().to_words()));
        for word in 0..RECORD_WORDS {
            for bit in 0..64 {
                let mut words = record().to_words();
                words[word] ^= 1 << bit;
                let other = record_checksum(RecordSeq::new(7), RecordSeq::new(5), &words);
                assert_eq!(own == other, word == BEFORE, "bit {bit} of word {word}");
            }
        }
    }
}
