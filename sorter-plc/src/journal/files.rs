//! The files of one hub in the order of their records.

use std::path::Path;

use rusqlite::Connection;
use sorter_core::ids::HubId;
use sorter_core::journal::RecordSeq;

use super::error::FileError;
use super::place::journals;
use super::schema;

/// The last number in a file that begins with number `begins`.
pub(super) fn last(db: &Connection, begins: RecordSeq) -> rusqlite::Result<RecordSeq> {
    let last = |table| db.query_row(table, [], |row| row.get::<_, Option<i64>>(0));
    let record = last("SELECT max(seq) FROM record")?;
    let note = last("SELECT max(seq) FROM note")?;
    let before = begins.get().saturating_sub(1);
    Ok(RecordSeq::new(record.max(note).map_or(before, i64::cast_unsigned)))
}

/// The name of the file with the newest records of a hub.
pub(super) fn newest(folder: &Path, hub: HubId) -> Result<Option<String>, FileError> {
    let io = |source| FileError::Io { file: folder.to_owned(), source };
    let mut newest = None;
    for file in journals(folder, hub).map_err(io)? {
        let (_, meta) = schema::open_to_read(&file)?;
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        newest = newest.max(Some((meta.begins, name)));
    }
    Ok(newest.map(|(_, name)| name))
}
