//! Looking into journals: some records, the story of a parcel, the number behind a code.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, params_from_iter};
use sorter_core::ids::{ItemId, ParcelId};
use sorter_core::journal::{Note, Record, RecordKind, RecordSeq};
use sorter_core::units::Micros;

use super::error::FileError;
use super::read::{JournalFile, record_row};
use super::row::RecordRow;

const COLUMNS: &str = "seq, prev, at, parcel, container, what, sizes, word, cause, extra, sum";
const NOTE_COLUMNS: &str = "seq, at, kind, body";

/// The kind of the notes about items that are half read.
const SCANNED: &str = "scanned";
/// How long before its decision an item is looked for in them: longer than any belt runs.
const READ_WITHIN: Micros = Micros::from_secs(600);

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// About this parcel.
    pub parcel: Option<ParcelId>,
    /// About this item, notes of what was read of it included. Numbers of items come again during a day.
    pub item: Option<ItemId>,
    /// Of this kind, by its name in the journal: a kind of record or of note.
    pub kind: Option<String>,
    /// Not before this time.
    pub from: Option<Micros>,
    /// Not after this time.
    pub to: Option<Micros>,
    /// The last ones only, so many.
    pub last: Option<usize>,
}

/// One entry. Its `Display` is one line: number, time, kind, and what else it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub seq: RecordSeq,
    /// The number of the record before it about the same parcel.
    pub prev: RecordSeq,
    /// When.
    pub at: Micros,
    /// What it tells.
    pub told: Told,
}

/// What an entry tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A record. The state word before its step is not there; it is that of the record before.
    Record(Record),
    /// A note.
    Note {
        /// Its kind.
        kind: String,
        /// Its JSON.
        body: String,
    },
    /// The row does not fit its checksum, or holds a number that no version wrote.
    Damaged,
}

/// What happened to a parcel. Its `Display` is a line for each record, in words, and one for the codes of an item that
/// were in the journal before it was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// The records about it, the earliest first.
    pub lines: Vec<Line>,
    /// The record before the first of them, when it is in a file that is not there.
    pub before: RecordSeq,
}

/// The entries of a file that fit a filter, in their order.
///
/// # Errors
/// When the file is no journal of this version, or cannot be read.
pub fn show(path: &Path, filter: &Filter) -> Result<Vec<Line>, FileError> {
    let file = JournalFile::open(path)?;
    let error = FileError::sqlite(path, "read its rows");
    let mut lines = records(&file, filter).map_err(&error)?;
    lines.extend(notes(&file, filter).map_err(&error)?);
    lines.sort_by_key(|line| line.seq);
    if let Some(last) = filter.last {
        lines.drain(..lines.len().saturating_sub(last));
    }
    Ok(lines)
}

fn records(file: &JournalFile, filter: &Filter) -> rusqlite::Result<Vec<Line>> {
    let kind = match &filter.kind {
        Some(name) => match RecordKind::ALL.into_iter().find(|kind| kind.key() == name) {
            Some(kind) => Some(kind),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let mut conditions = Conditions::new();
    conditions.add("parcel = ?", filter.parcel.map(|parcel| i64::from(parcel.get())));
    conditions.add("what >> 32 & 65535 = ?", filter.item.map(|item| i64::from(item.get())));
    conditions.add("what & 255 = ?", kind.map(|kind| i64::from(kind as u8)));
    conditions.add_times(filter);
    let mut statement = file.db.prepare(&conditions.query(COLUMNS, "record", filter.last))?;
    let lines = statement.query_map(params_from_iter(conditions.values), |row| {
        let (row, sum) = record_row(row)?;
        Ok(line(&row, sum))
    })?;
    lines.collect()
}

fn notes(file: &JournalFile, filter: &Filter) -> rusqlite::Result<Vec<Line>> {
    if filter.parcel.is_some() {
        return Ok(Vec::new());
    }
    let mut conditions = Conditions::new();
    // Of notes only these are about items.
    conditions.add("kind = ?", filter.item.map(|_| SCANNED.to_owned()));
    conditions.add("body ->> '$.item' = ?", filter.item.map(|item| i64::from(item.get())));
    conditions.add("kind = ?", filter.kind.clone());
    conditions.add_times(filter);
    let mut statement = file.db.prepare(&conditions.query(NOTE_COLUMNS, "note", filter.last))?;
    statement.query_map(params_from_iter(conditions.values), note_line)?.collect()
}

/// The line of a note.
fn note_line(row: &Row<'_>) -> rusqlite::Result<Line> {
    let told = Told::Note { kind: row.get(2)?, body: row.get(3)? };
    let (seq, at) = (row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned());
    let (seq, at) = (RecordSeq::new(seq), Micros::new(at));
    Ok(Line { seq, prev: RecordSeq::NONE, at, told })
}

/// The conditions of a query.
struct Conditions {
    texts: Vec<&'static str>,
    values: Vec<Value>,
}

impl Conditions {
    const fn new() -> Self {
        Self { texts: Vec::new(), values: Vec::new() }
    }

    fn add(&mut self, text: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.texts.push(text);
            self.values.push(value.into());
        }
    }

    fn add_times(&mut self, filter: &Filter) {
        // No run lasts long enough for a time to need the highest bit.
        let bits = |time: Micros| i64::try_from(time.get()).unwrap_or(i64::MAX);
        self.add("at >= ?", filter.from.map(bits));
        self.add("at <= ?", filter.to.map(bits));
    }

    fn query(&self, columns: &str, table: &str, last: Option<usize>) -> String {
        let mut query = format!("SELECT {columns} FROM {table}");
        for (index, text) in self.texts.iter().enumerate() {
            query += if index == 0 { " WHERE " } else { " AND " };
            query += text;
        }
        query += " ORDER BY seq";
        if let Some(last) = last {
            query += &format!(" DESC LIMIT {last}");
        }
        query
    }
}

fn line(row: &RecordRow, sum: i64) -> Line {
    let record = row.record(0).filter(|_| i64::from(row.sum()) == sum);
    let told = record.map_or(Told::Damaged, Told::Record);
    Line { seq: row.seq(), prev: row.prev(), at: row.at(), told }
}

/// The story of a parcel: its last record in a file is looked for, and from there each names the one before it, in
/// this file and in those before it.
///
/// # Errors
/// When a file is no journal of this version, or cannot be read.
pub fn story(path: &Path, parcel: ParcelId) -> Result<Story, FileError> {
    let mut file = JournalFile::open(path)?;
    let mut story = Story::default();
    let mut next = last_about(&file, parcel)?;
    while next == RecordSeq::NONE
        && let Some(earlier) = before(&file)?
    {
        file = earlier;
        next = last_about(&file, parcel)?;
    }
    while next != RecordSeq::NONE {
        while next < file.meta.begins {
            let Some(earlier) = before(&file)? else { break };
            file = earlier;
        }
        let found = at(&file, next).map_err(FileError::sqlite(&file.path, "read a row"))?;
        let Some(found) = found else { break };
        let half_read = half_read(&file, &found).map_err(FileError::sqlite(&file.path, "look for codes"))?;
        // A chain goes back; one that does not is damaged, and must not be followed for ever.
        next = if found.prev < found.seq { found.prev } else { RecordSeq::NONE };
        story.lines.push(found);
        story.lines.extend(half_read);
    }
    story.before = next;
    story.lines.reverse();
    Ok(story)
}

/// Where a line decides an item: what the file has of its codes from before, when its scan records were acknowledged
/// while some were still to come.
fn half_read(file: &JournalFile, line: &Line) -> rusqlite::Result<Option<Line>> {
    let record = match &line.told {
        Told::Record(record) if record.kind == RecordKind::Decided => record,
        _ => return Ok(None),
    };
    let (sorter, item) = (i64::from(record.sorter.get()), i64::from(record.item.get()));
    let (from, to) =
        (line.at.get().saturating_sub(READ_WITHIN.get()).cast_signed(), line.seq.get().cast_signed());
    let query = format!(
        "SELECT {NOTE_COLUMNS} FROM note WHERE kind = ? AND at >= ? AND seq < ?
         AND body ->> '$.sorter' = ? AND body ->> '$.item' = ? ORDER BY seq DESC LIMIT 1"
    );
    let mut statement = file.db.prepare_cached(&query)?;
    let found = statement.query_row((SCANNED, from, to, sorter, item), note_line).optional()?;
    let Some(found) = found else { return Ok(None) };
    let Told::Note { body, .. } = &found.told else { return Ok(None) };
    let Ok(Note::Scanned(note)) = Note::from_json(body) else { return Ok(None) };
    // Whether it was decided already, or another item with its number came since.
    let inducted_at = note.inducted_at.map(|count| i64::from(count.get()));
    let other = "SELECT 1 FROM record WHERE seq > ?1 AND seq < ?2
                 AND what >> 16 & 255 = ?3 AND what >> 32 & 65535 = ?4
                 AND (what & 255 = ?5 OR what & 255 = ?6 AND ?7 IS NOT NULL AND extra <> ?7)";
    let kinds = (RecordKind::Decided as u8, RecordKind::Entered as u8);
    let values = (found.seq.get().cast_signed(), to, sorter, item, kinds.0, kinds.1, inducted_at);
    let is_other = file.db.prepare_cached(other)?.exists(values)?;
    Ok((!is_other).then_some(found))
}

/// The last record about a parcel in a file.
fn last_about(file: &JournalFile, parcel: ParcelId) -> Result<RecordSeq, FileError> {
    let query = "SELECT seq FROM record WHERE parcel = ? ORDER BY seq DESC LIMIT 1";
    let found = file.db.query_row(query, [parcel.get()], |row| row.get::<_, i64>(0)).optional();
    let seq = found.map_err(FileError::sqlite(&file.path, "look for a parcel"))?;
    Ok(seq.map_or(RecordSeq::NONE, |seq| RecordSeq::new(seq.cast_unsigned())))
}

fn before(file: &JournalFile) -> Result<Option<JournalFile>, FileError> {
    let path = file.path.with_file_name(&file.meta.previous);
    if file.meta.previous.is_empty() || !path.exists() {
        return Ok(None);
    }
    JournalFile::open(&path).map(Some)
}

fn at(file: &JournalFile, seq: RecordSeq) -> rusqlite::Result<Option<Line>> {
    let mut statement = file.db.prepare_cached(&format!("SELECT {COLUMNS} FROM record WHERE seq = ?"))?;
    let found = statement.query_row([seq.get().cast_signed()], |row| {
        let (row, sum) = record_row(row)?;
        Ok(line(&row, sum))
    });
    found.optional()
}

/// The number of the parcel with a code, in its canonical spelling, as far as the file knows: parcels that were
/// announced while it was written, and those that were named to it.
///
/// # Errors
/// When the file is no journal of this version, or cannot be read.
pub fn parcel_with(path: &Path, code: &str) -> Result<Option<ParcelId>, FileError> {
    let file = JournalFile::open(path)?;
    let query = "SELECT parcel FROM parcel WHERE code = ?1
                 UNION ALL
                 SELECT json_extract(body, '$.parcel') FROM note, json_each(body, '$.codes')
                 WHERE note.kind = 'announced' AND json_each.value = ?1";
    let found = file.db.query_row(query, [code], |row| row.get(0)).optional();
    Ok(found.map_err(FileError::sqlite(path, "look for a code"))?.map(ParcelId::new))
}
