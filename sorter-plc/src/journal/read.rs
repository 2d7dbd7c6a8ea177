//! Rows of a file in the order of their numbers, and their checks.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::{Connection, Row as SqliteRow};
use sorter_core::journal::{Body, Entry, Image, Note, ParcelImage, Record, RecordSeq, note_checksum};
use sorter_core::state_word::StateWord;

use super::error::FileError;
use super::files;
use super::row::RecordRow;
use super::schema::{self, Meta};

const RECORDS: &str = "SELECT seq, prev, at, parcel, container, what, sizes, word, cause, extra, sum \
                       FROM record WHERE seq > ? ORDER BY seq";
const NOTES: &str = "SELECT seq, kind, body, sum FROM note WHERE seq > ? ORDER BY seq";
/// Rows that are handed from one thread to another at once, and how many such portions may wait.
const PORTION: usize = 1_024;
const PORTIONS: usize = 8;

/// A row as it was read.
#[derive(Debug)]
pub(super) enum Row {
    /// Of the table `record`, with its checksum.
    Record(RecordRow, i64),
    /// Of the table `note`.
    Note(Box<NoteRow>),
}

/// A row of the table `note` as it was read.
#[derive(Debug)]
pub(super) struct NoteRow {
    seq: RecordSeq,
    kind: String,
    body: String,
    sum: i64,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is not what was written.
    #[error("{seq} does not fit its checksum")]
    Sum {
        /// The row.
        seq: RecordSeq,
    },
    /// Rows are missing before it.
    #[error("{found} comes where {expected} has to be")]
    Gap {
        /// The row that has to be there.
        expected: RecordSeq,
        /// The row that is there.
        found: RecordSeq,
    },
    /// It names another record as the one before about its parcel than there is.
    #[error("{seq} names {stated} as the one before about its parcel, which is {known}")]
    Chain {
        /// The row.
        seq: RecordSeq,
        /// What it names.
        stated: RecordSeq,
        /// What there is.
        known: RecordSeq,
    },
    /// It fits its checksum and holds a number that no version wrote.
    #[error("{seq} holds a number that this version does not know")]
    Number {
        /// The row.
        seq: RecordSeq,
    },
    /// It is a note and its text is none.
    #[error("{seq} is a note that cannot be read: {text}")]
    Note {
        /// The row.
        seq: RecordSeq,
        /// Why.
        text: String,
    },
}

/// A file that is open to be read.
#[derive(Debug)]
pub(super) struct JournalFile {
    pub(super) path: PathBuf,
    pub(super) meta: Meta,
    /// The last record when it was opened.
    pub(super) last: RecordSeq,
    pub(super) db: Connection,
}

impl JournalFile {
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let (db, meta) = schema::open_to_read(path)?;
        let last = files::last(&db, meta.begins).map_err(FileError::sqlite(path, "find its last record"))?;
        Ok(Self { path: path.to_owned(), meta, last, db })
    }

    pub(super) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Hands the rows after a record to `take`, until there are no more or it says that it has enough.
    pub(super) fn rows(
        &self,
        after: RecordSeq,
        mut take: impl FnMut(Row) -> bool,
    ) -> Result<(), rusqlite::Error> {
        let after = after.get().cast_signed();
        let mut records = self.db.prepare(RECORDS)?;
        let mut notes = self.db.prepare(NOTES)?;
        let (mut records, mut notes) = (records.query([after])?, notes.query([after])?);
        let mut note = notes.next()?.map(note_row).transpose()?;
        while let Some(row) = records.next()? {
            let (row, sum) = record_row(row)?;
            while let Some(earlier) = note.take_if(|note| note.seq < row.seq()) {
                note = notes.next()?.map(note_row).transpose()?;
                if !take(Row::Note(Box::new(earlier))) {
                    return Ok(());
                }
            }
            if !take(Row::Record(row, sum)) {
                return Ok(());
            }
        }
        while let Some(row) = note {
            note = notes.next()?.map(note_row).transpose()?;
            if !take(Row::Note(Box::new(row))) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// As [`JournalFile::rows`], read on a thread of its own while `take` does its work here.
    pub(super) fn rows_beside(
        self,
        after: RecordSeq,
        mut take: impl FnMut(Row) -> bool,
    ) -> Result<(), rusqlite::Error> {
        let (portions, read) = sync_channel(PORTIONS);
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || self.send(after, &portions));
            let mut enough = false;
            while !enough && let Ok(portion) = read.recv() {
                enough = !Vec::into_iter(portion).all(&mut take);
            }
            // The reader ends when nobody listens any more.
            drop::<Receiver<_>>(read);
            match reader.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    fn send(&self, after: RecordSeq, portions: &SyncSender<Vec<Row>>) -> Result<(), rusqlite::Error> {
        let mut portion = Vec::with_capacity(PORTION);
        self.rows(after, |row| {
            portion.push(row);
            if portion.len() < PORTION {
                return true;
            }
            portions.send(std::mem::replace(&mut portion, Vec::with_capacity(PORTION))).is_ok()
        })?;
        // Whoever has heard enough does not miss the rest.
        let _ = portions.send(portion);
        Ok(())
    }
}

pub(super) fn record_row(row: &SqliteRow<'_>) -> rusqlite::Result<(RecordRow, i64)> {
    let mut columns = [None; 10];
    for (index, column) in columns.iter_mut().enumerate() {
        *column = row.get(index)?;
    }
    Ok((RecordRow::from_columns(columns), row.get(10)?))
}

fn note_row(row: &SqliteRow<'_>) -> rusqlite::Result<NoteRow> {
    let seq = RecordSeq::new(row.get::<_, i64>(0)?.cast_unsigned());
    Ok(NoteRow { seq, kind: row.get(1)?, body: row.get(2)?, sum: row.get(3)? })
}

impl Row {
    pub(super) const fn seq(&self) -> RecordSeq {
        match self {
            Self::Record(row, _) => row.seq(),
            Self::Note(row) => row.seq,
        }
    }
}

/// Follows rows from an image on.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) image: Image,
    /// Whether the image is kept whole; without it only the chains of the parcels are.
    whole: bool,
    /// Records before this one have not been seen, so it is not known which of them is the last about a parcel.
    seen_from: RecordSeq,
    /// Rows that were skipped, as their first and last.
    lost: Vec<(RecordSeq, RecordSeq)>,
}

impl Follower {
    /// Follows the rows after an image, and keeps it whole.
    pub(super) const fn new(image: Image) -> Self {
        Self { image, whole: true, seen_from: RecordSeq::NONE, lost: Vec::new() }
    }

    /// Checks rows from a number on, of which it does not know what came before.
    pub(super) fn checking(from: RecordSeq) -> Self {
        let seq = RecordSeq::new(from.get().saturating_sub(1));
        Self { image: Image { seq, ..Image::default() }, whole: false, seen_from: from, lost: Vec::new() }
    }

    /// Takes the next row, if it is sound. Else it stays where it was.
    pub(super) fn take(&mut self, row: &Row) -> Result<(), Damage> {
        let (expected, found) = (self.image.seq.next(), row.seq());
        if expected != found {
            return Err(Damage::Gap { expected, found });
        }
        match row {
            Row::Record(row, sum) => self.take_record(row, *sum),
            Row::Note(row) => self.take_note(row),
        }
    }

    /// Goes on after a row that was not sound. What others say of it and of those missing before it is taken as said.
    pub(super) fn skip(&mut self, row: &Row) {
        let seq = row.seq();
        self.lost.push((self.image.seq.next().min(seq), seq));
        self.image.seq = self.image.seq.max(seq);
    }

    fn take_record(&mut self, row: &RecordRow, sum: i64) -> Result<(), Damage> {
        let seq = row.seq();
        if i64::from(row.sum()) != sum {
            return Err(Damage::Sum { seq });
        }
        let place = row.parcel().and_then(|parcel| self.image.parcels.get(parcel)).copied();
        let place = place.unwrap_or(ParcelImage::NOTHING);
        let (stated, known) = (row.prev(), place.last);
        let unseen = known == RecordSeq::NONE && stated < self.seen_from;
        let lost = || self.lost.iter().any(|(first, last)| (*first..=*last).contains(&stated));
        if stated != known && !unseen && !lost() {
            return Err(Damage::Chain { seq, stated, known });
        }
        let record = row.record(place.word).ok_or(Damage::Number { seq })?;
        if !self.whole
            && let Some(parcel) = row.parcel()
        {
            self.link(parcel, seq, &record);
        }
        self.apply(&Entry { seq, prev: stated, body: Body::Record(record) });
        Ok(())
    }

    /// Takes in what the next records about the parcel rely on.
    fn link(&mut self, parcel: usize, seq: RecordSeq, record: &Record) {
        let parcels = &mut self.image.parcels;
        if parcels.len() <= parcel {
            parcels.resize(parcel + 1, ParcelImage::NOTHING);
        }
        parcels[parcel].last = seq;
        parcels[parcel].word = record.word.map_or(parcels[parcel].word, StateWord::to_bits);
    }

    fn take_note(&mut self, row: &NoteRow) -> Result<(), Damage> {
        let seq = row.seq;
        if i64::from(note_checksum(seq, RecordSeq::NONE, &row.body)) != row.sum {
            return Err(Damage::Sum { seq });
        }
        let note = Note::from_json(&row.body).map_err(|error| Damage::Note { seq, text: error.text })?;
        if note.key() != row.kind {
            let text = format!("its kind is {} and its text is one of kind {}", row.kind, note.key());
            return Err(Damage::Note { seq, text });
        }
        self.apply(&Entry { seq, prev: RecordSeq::NONE, body: Body::Note(Box::new(note)) });
        Ok(())
    }

    fn apply(&mut self, entry: &Entry) {
        if self.whole {
            self.image.apply(entry);
        } else {
            self.image.seq = entry.seq;
        }
    }
}
