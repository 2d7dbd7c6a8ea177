//! The tables of a journal file.
//!
//! `docs/journal.md` shows them to people. A change of them is a new number: [`SCHEMA`] rises, the statements here make
//! the new tables, and one more of the [`STEPS`] brings a file from the number before to the new one. A writer takes
//! them when it opens an older file; a reader names the file and refuses, since it changes nothing. New kinds and
//! reasons are no new schema: they are added at the end of the names.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use sorter_core::clearance::Clearance;
use sorter_core::ids::HubId;
use sorter_core::journal::{RecordKind, RecordSeq};
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;

use super::error::FileError;
use super::place::log_of;

/// The application id in the head of each file: `SRTJ`.
pub const APPLICATION: i64 = 0x5352_544a;
/// The number of the tables that this version writes.
pub const SCHEMA: i64 = 1;

/// What brings a file from one schema to the next: the first from 1 to 2, and so on. There is one for each number
/// below [`SCHEMA`].
const STEPS: [&str; SCHEMA as usize - 1] = [];

/// The statements that make the tables, each with the name of what it makes.
const TABLES: [(&str, &str); 10] = [
    ("meta", include_str!("schema/meta.sql")),
    ("record", include_str!("schema/record.sql")),
    ("note", include_str!("schema/note.sql")),
    ("parcel", include_str!("schema/parcel.sql")),
    ("kind", "CREATE TABLE kind(number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"),
    ("reason", "CREATE TABLE reason(number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"),
    ("life", "CREATE TABLE life(number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"),
    ("clearance", "CREATE TABLE clearance(number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"),
    ("records", include_str!("schema/records.sql")),
    ("notes", include_str!("schema/notes.sql")),
];

/// The names behind the numbers, by table.
fn names() -> [(&'static str, Vec<(u8, String)>); 4] {
    [
        ("kind", RecordKind::ALL.iter().map(|kind| (*kind as u8, kind.key().to_owned())).collect()),
        ("reason", Reason::ALL.iter().map(|reason| (*reason as u8, reason.key().to_owned())).collect()),
        ("life", Life::ALL.iter().map(|life| (*life as u8, life.to_string())).collect()),
        ("clearance", Clearance::ALL.iter().map(|status| (*status as u8, status.key().to_owned())).collect()),
    ]
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The hub.
    pub hub: HubId,
    /// The day.
    pub day: String,
    /// The number of its first record.
    pub begins: RecordSeq,
    /// The name of the file before it, or nothing.
    pub previous: String,
    /// The name of the newest snapshot when it began, or nothing.
    pub snapshot: String,
    /// The version of the program that made it.
    pub program: String,
}

impl Meta {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("begins", self.begins.get().to_string()),
            ("day", self.day.clone()),
            ("hub", self.hub.get().to_string()),
            ("previous", self.previous.clone()),
            ("program", self.program.clone()),
            ("snapshot", self.snapshot.clone()),
        ];
        let mut sum = crc32fast::Hasher::new();
        for (key, value) in &rows {
            sum.update(format!("{key}={value}\n").as_bytes());
        }
        rows.push(("sum", sum.finalize().to_string()));
        rows
    }

    fn read(db: &Connection) -> rusqlite::Result<Option<Self>> {
        let mut statement = db.prepare("SELECT key, value FROM meta ORDER BY key")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
        let value = |key| rows.iter().find(|row| row.0 == key).map(|row| row.1.clone());
        let meta = || {
            Some(Self {
                hub: HubId::new(value("hub")?.parse().ok()?),
                day: value("day")?,
                begins: RecordSeq::new(value("begins")?.parse().ok()?),
                previous: value("previous")?,
                snapshot: value("snapshot")?,
                program: value("program")?,
            })
        };
        let same = |meta: &Self| {
            meta.rows()
                .iter()
                .map(|(key, value)| (*key, value))
                .eq(rows.iter().map(|(key, value)| (key.as_str(), value)))
        };
        Ok(meta().filter(same))
    }
}

/// Makes the tables in a file that has none.
pub(super) fn create(db: &mut Connection, meta: &Meta) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    for (_, statement) in TABLES {
        transaction.execute_batch(statement.trim_end())?;
    }
    put_names(&transaction)?;
    for row in meta.rows() {
        transaction.execute("INSERT INTO meta VALUES (?, ?)", row)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()
}

fn put_names(db: &Connection) -> rusqlite::Result<()> {
    for (table, rows) in names() {
        let mut insert = db.prepare(&format!("INSERT OR IGNORE INTO {table} VALUES (?, ?)"))?;
        for row in rows {
            insert.execute(row)?;
        }
    }
    Ok(())
}

/// Brings a file from one schema to the last, all in one transaction.
fn migrate(db: &mut Connection, from: i64, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    let done = usize::try_from(from - 1).unwrap_or(0);
    for step in steps.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len() as i64 + 1)?;
    transaction.commit()
}

/// Opens a file to be written: one of an older schema is brought to this one, and names that this version has added
/// are put in.
pub(super) fn open_to_write(file: &Path) -> Result<(Connection, Meta), FileError> {
    exists(file)?;
    let mut db = connect(file, &file.to_string_lossy(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let found = head(&db, file)?;
    if found < SCHEMA {
        migrate(&mut db, found, &STEPS).map_err(FileError::sqlite(file, "bring it to this schema"))?;
    }
    let meta = check(&db, file)?;
    put_names(&db).map_err(FileError::sqlite(file, "put names into it"))?;
    Ok((db, meta))
}

/// Opens a file to be read. Nothing in it changes.
pub(super) fn open_to_read(file: &Path) -> Result<(Connection, Meta), FileError> {
    exists(file)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let db = connect(file, &file.to_string_lossy(), flags)?;
    match check(&db, file) {
        Ok(meta) => Ok((db, meta)),
        Err(error) if error.is_for_the_folder() && !log_of(file).exists() => {
            // SQLite wants to keep an index of the log beside the file, and the folder is read-only. There is no log,
            // so it needs none.
            let db = connect(file, &unchanging(file), flags | OpenFlags::SQLITE_OPEN_URI)?;
            let meta = check(&db, file)?;
            Ok((db, meta))
        }
        Err(error) => Err(error),
    }
}

fn exists(file: &Path) -> Result<(), FileError> {
    match std::fs::metadata(file) {
        Ok(found) if found.len() == 0 => Err(FileError::Empty { file: file.to_owned() }),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(FileError::Missing { file: file.to_owned() })
        }
        Err(source) => Err(FileError::Io { file: file.to_owned(), source }),
    }
}

fn connect(file: &Path, name: &str, flags: OpenFlags) -> Result<Connection, FileError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(name, flags).map_err(FileError::sqlite(file, "open it"))?;
    db.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON")
        .map_err(FileError::sqlite(file, "set it up"))?;
    Ok(db)
}

/// The address under which SQLite takes a file for one that nobody changes.
fn unchanging(file: &Path) -> String {
    let path = file.to_string_lossy();
    let mut address = String::from("file:");
    for character in path.chars() {
        match character {
            '%' => address += "%25",
            '?' => address += "%3f",
            '#' => address += "%23",
            other => address.push(other),
        }
    }
    address + "?immutable=1"
}

/// Checks whose file it is and gives its schema, which is none that only a later version knows.
fn head(db: &Connection, file: &Path) -> Result<i64, FileError> {
    let pragma = |name: &str| {
        let number = db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        number.map_err(FileError::sqlite(file, "read its head"))
    };
    let application = pragma("application_id")?;
    if application != APPLICATION {
        return Err(FileError::Foreign { file: file.to_owned(), found: application });
    }
    match pragma("user_version")? {
        found if found > SCHEMA => Err(FileError::Newer { file: file.to_owned(), found }),
        found if found < 1 => Err(FileError::NoSchema { file: file.to_owned(), found }),
        found => Ok(found),
    }
}

/// Checks whose file it is and that its tables are those of this version.
fn check(db: &Connection, file: &Path) -> Result<Meta, FileError> {
    let found = head(db, file)?;
    if found < SCHEMA {
        return Err(FileError::Older { file: file.to_owned(), found });
    }
    if let Some(what) = differing(db).map_err(FileError::sqlite(file, "read its tables"))? {
        return Err(FileError::Tables { file: file.to_owned(), what });
    }
    let meta = Meta::read(db).map_err(FileError::sqlite(file, "read its table meta"))?;
    meta.ok_or_else(|| FileError::Tables {
        file: file.to_owned(),
        what: "the content of table meta".to_owned(),
    })
}

/// What is not as this version makes it.
fn differing(db: &Connection) -> rusqlite::Result<Option<String>> {
    let mut made = db.prepare("SELECT sql FROM sqlite_schema WHERE name = ?")?;
    for (name, statement) in TABLES {
        let found: Option<String> = made.query(params![name])?.next()?.map(|row| row.get(0)).transpose()?;
        if found.as_deref() != Some(statement.trim_end()) {
            return Ok(Some(format!("{name}, a table or view,")));
        }
    }
    for (table, names) in names() {
        let mut statement = db.prepare(&format!("SELECT number, name FROM {table} ORDER BY number"))?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: Vec<(u8, String)> = found.collect::<Result<_, _>>()?;
        // A version that knows more names has added them at the end.
        if !names.starts_with(&found) {
            return Ok(Some(format!("the content of table {table}")));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_is_brought_from_its_schema_to_the_last_one() {
        let steps = ["CREATE TABLE second(x)", "ALTER TABLE second ADD COLUMN y", "CREATE TABLE fourth(z)"];
        for from in 1..=4 {
            let mut db = Connection::open_in_memory().unwrap();
            for step in &steps[..from as usize - 1] {
                db.execute_batch(step).unwrap();
            }
            migrate(&mut db, from, &steps).unwrap();
            let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
            assert_eq!(version, 4);
            db.execute_batch("INSERT INTO second(x, y) VALUES (1, 2); INSERT INTO fourth VALUES (3)")
                .unwrap();
        }
    }

    #[test]
    fn a_path_with_any_characters_is_an_address() {
        assert_eq!(unchanging(Path::new("/a b/50%?#.journal")), "file:/a b/50%25%3f%23.journal?immutable=1");
    }
}
