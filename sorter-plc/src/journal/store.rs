//! The file that is written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, TransactionBehavior, params};
use sorter_core::ids::ParcelId;
use sorter_core::journal::{
    Body, CommitError, CommitErrorKind, Entry, Journal, Note, RecordSeq, note_checksum,
};
use sorter_core::units::Micros;

use super::error::{FileError, OpenError, commit_error};
use super::files;
use super::mark::{self, Mark};
use super::place::{JournalPlace, remove_leftovers, sync_folder};
use super::row::{RecordRow, last_of};
use super::schema::{self, Meta};

const INSERT_RECORD: &str = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const INSERT_NOTE: &str = "INSERT INTO note VALUES (?, ?, ?, ?, ?)";
/// How long a commit waits for another program that has the file locked.
const BUSY: Duration = Duration::from_millis(100);
/// Pages of the log after which they are brought into the file.
const LOG_PAGES: u64 = 1_000;
/// Rows of a page, for an estimate of the pages that a commit adds to the log.
const PAGE_ROWS: u64 = 40;

/// The journal of one hub and day in a SQLite file.
///
/// A commit returns when the batch is on the disk: the file is in WAL mode with `synchronous=FULL`. One process
/// writes the journals of a hub in a folder; a second one is refused. Others may read at any time.
///
/// ```
/// use sorter_core::ids::{HubId, SorterId};
/// use sorter_core::journal::{Body, Entry, Journal, Record, RecordKind, RecordSeq};
/// use sorter_core::units::Micros;
/// use sorter_plc::journal::{JournalPlace, SqliteJournal};
///
/// let folder = tempfile::tempdir()?;
/// let place = JournalPlace { folder: folder.path().into(), hub: HubId::new(1), day: "2026-03-14".into() };
/// let mut journal = SqliteJournal::open(place, RecordSeq::NONE)?;
///
/// let record = Record::new(Micros::from_secs(1), RecordKind::Entered, SorterId::new(0));
/// let entry = Entry { seq: RecordSeq::new(1), prev: RecordSeq::NONE, body: Body::Record(record) };
/// journal.commit(Micros::from_secs(1), &[entry])?;
/// assert_eq!(journal.last(), RecordSeq::new(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteJournal {
    place: JournalPlace,
    file: PathBuf,
    db: Connection,
    mark: Mark,
    last: RecordSeq,
    /// The time as the writer knows it, or zero.
    time: Micros,
    /// Pages in the log that are not in the file yet, about.
    log: u64,
    /// Why nothing may be written any more.
    broken: Option<CommitError>,
}

impl SqliteJournal {
    /// Opens the file of a day to write after record `after`, or makes it. What an earlier process left is brought
    /// into order by SQLite; recover first, since `after` is what recovery has read.
    ///
    /// # Errors
    /// When another process writes the journals of the hub in this folder, when the file is no journal of the hub and
    /// of this version, when it does not end with `after`, and when the disk does not let it.
    pub fn open(place: JournalPlace, after: RecordSeq) -> Result<Self, OpenError> {
        if !place.has_a_day() {
            return Err(OpenError::Day { day: place.day });
        }
        let mark = Mark::claim(&place.folder, place.hub)?;
        let file = place.file();
        mark::check(&place.folder, place.hub, &file, after)?;
        let newest = files::newest(&place.folder, place.hub)?;
        match newest {
            Some(newest) if newest != place.file_name() && file.exists() => {
                return Err(OpenError::NotNewest { file, newest });
            }
            Some(newest) if newest == place.file_name() => {}
            newest => create(&place, after, newest.unwrap_or_default(), String::new())?,
        }
        let db = open_to_write(&place, after)?;
        mark.set(after).map_err(|source| OpenError::Io {
            what: "cannot be marked as in use",
            file: file.clone(),
            source,
        })?;
        Ok(Self { file, db, mark, last: after, time: Micros::ZERO, log: LOG_PAGES, broken: None, place })
    }

    /// Where it is.
    pub const fn place(&self) -> &JournalPlace {
        &self.place
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The last durable record.
    pub const fn last(&self) -> RecordSeq {
        self.last
    }

    /// Keeps codes of parcels that were announced before, so that a story can be asked for by code. About 30 bytes for
    /// each; not needed for recovery.
    ///
    /// # Errors
    /// As those of a commit.
    pub fn name_parcels<'a>(
        &mut self,
        codes: impl IntoIterator<Item = (ParcelId, &'a str)>,
    ) -> Result<(), CommitError> {
        let mut rows = 0;
        let insert = || {
            let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut statement =
                    transaction.prepare_cached("INSERT OR IGNORE INTO parcel VALUES (?, ?)")?;
                for (parcel, code) in codes {
                    rows += statement.execute(params![parcel.get(), code])? as u64;
                }
            }
            transaction.commit()
        };
        insert().map_err(|error| commit_error(&error, &self.file))?;
        self.log += 2 + rows / PAGE_ROWS;
        Ok(())
    }

    /// Whether the log has grown so long that it should be brought into the file.
    pub const fn wants_checkpoint(&self) -> bool {
        self.log >= LOG_PAGES
    }

    /// Brings what is in the log into the file. It takes some milliseconds, so a writer does it between batches; a
    /// commit does it itself when it was not done for long.
    ///
    /// A lack of space is no harm: the log stays until there is some. When the disk fails, so does the next commit.
    pub fn checkpoint(&mut self) {
        let run = self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        let failure = run.err().map(|error| commit_error(&error, &self.file));
        self.log = 0;
        self.broken = failure.filter(|error| error.kind == CommitErrorKind::Fatal);
        if self.broken.is_some() {
            self.leave_alone();
        }
    }

    /// Has SQLite write nothing more at the end, since a disk that has failed once may say of the next sync that it
    /// went well: what is durable stays in the log, which is checked when it is read.
    fn leave_alone(&self) {
        // Where it cannot be set, recovery still finds what is damaged by its checksums.
        let _ = self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }

    /// Says what time it is, so that what is written counts as durable from then on and not from when it was due.
    pub(super) const fn set_time(&mut self, now: Micros) {
        self.time = now;
    }

    /// Goes on in the file of another day.
    ///
    /// # Errors
    /// When that file is there already or cannot be made. It goes on in the old file then.
    pub(super) fn rotate(&mut self, day: &str, snapshot: &str) -> Result<(), OpenError> {
        let place = self.place.on(day);
        if !place.has_a_day() {
            return Err(OpenError::Day { day: place.day });
        }
        let file = place.file();
        if file.exists() {
            let source = io::ErrorKind::AlreadyExists.into();
            return Err(OpenError::Io { what: "is there already", file, source });
        }
        create(&place, self.last, self.place.file_name(), snapshot.to_owned())?;
        let db = open_to_write(&place, self.last).inspect_err(|_| {
            // The old file goes on, so nothing may stand there that claims to go on after it.
            let _ = fs::remove_file(&file);
        })?;
        // The old connection closes here, which brings its log into its file.
        self.db = db;
        (self.place, self.file, self.log) = (place, file, 0);
        Ok(())
    }

    fn insert(&mut self, now: Micros, batch: &[Entry]) -> rusqlite::Result<()> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut insert = transaction.prepare_cached(INSERT_RECORD)?;
            for entry in batch {
                match &entry.body {
                    Body::Record(record) => insert_record(&mut insert, RecordRow::new(entry, record))?,
                    Body::Note(note) => insert_note(&transaction, now, entry, note)?,
                }
            }
        }
        transaction.commit()
    }
}

impl Journal for SqliteJournal {
    fn commit(&mut self, now: Micros, batch: &[Entry]) -> Result<Micros, CommitError> {
        let Some(last) = last_of(self.last, batch) else {
            let text = format!(
                "a batch does not follow {} in {}: nothing of it was written",
                self.last,
                self.file.display()
            );
            return Err(CommitError { kind: CommitErrorKind::Fatal, text });
        };
        if self.log >= 4 * LOG_PAGES {
            self.checkpoint();
        }
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        if let Err(error) = self.insert(now, batch) {
            let mut error = commit_error(&error, &self.file);
            if !self.db.is_autocommit() {
                // The batch could not even be taken back, so another try would find its rows there.
                error.kind = CommitErrorKind::Fatal;
            }
            if error.kind == CommitErrorKind::Fatal {
                self.leave_alone();
            }
            return Err(error);
        }
        self.last = last;
        self.log += 2 + batch.len() as u64 / PAGE_ROWS;
        // The batch is durable whether the mark says so or not: it only finds damage later on.
        let _ = self.mark.set(last);
        Ok(now.max(self.time))
    }
}

fn insert_record(insert: &mut CachedStatement<'_>, row: RecordRow) -> rusqlite::Result<()> {
    let [seq, prev, at, parcel, container, what, sizes, word, cause, extra] = row.columns();
    let sum = row.sum();
    insert.execute(params![seq, prev, at, parcel, container, what, sizes, word, cause, extra, sum])?;
    Ok(())
}

fn insert_note(db: &Connection, now: Micros, entry: &Entry, note: &Note) -> rusqlite::Result<()> {
    let body = note.to_json();
    let sum = note_checksum(entry.seq, entry.prev, &body);
    let (seq, at) = (entry.seq.get().cast_signed(), now.get().cast_signed());
    db.prepare_cached(INSERT_NOTE)?.execute(params![seq, at, note.key(), body, sum])?;
    Ok(())
}

/// Makes the file of a day: under another name first, so that a journal has its tables from the beginning.
fn create(
    place: &JournalPlace,
    after: RecordSeq,
    previous: String,
    snapshot: String,
) -> Result<(), OpenError> {
    let file = place.file();
    let new = file.with_extension("new");
    let io = |what| move |source| OpenError::Io { what, file: place.file(), source };
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io("cannot be made")(error)),
        _ => {}
    }
    let meta = Meta {
        hub: place.hub,
        day: place.day.clone(),
        begins: after.next(),
        previous,
        snapshot,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let made = Connection::open(&new).and_then(|mut db| {
        db.execute_batch("PRAGMA synchronous=FULL")?;
        schema::create(&mut db, &meta)
    });
    made.map_err(FileError::sqlite(&file, "make it"))?;
    remove_leftovers(&file).map_err(io("cannot be made"))?;
    fs::rename(&new, &file).map_err(io("cannot be made"))?;
    sync_folder(&place.folder).map_err(io("cannot be made to last"))
}

fn open_to_write(place: &JournalPlace, after: RecordSeq) -> Result<Connection, OpenError> {
    let file = place.file();
    let (db, meta) = schema::open_to_write(&file)?;
    if meta.hub != place.hub {
        return Err(FileError::OtherHub { file, found: meta.hub, wanted: place.hub }.into());
    }
    let set_up = || {
        db.busy_timeout(BUSY)?;
        db.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864",
        )?;
        files::last(&db, meta.begins)
    };
    let last = set_up().map_err(FileError::sqlite(&file, "set it up for writing"))?;
    if last != after {
        return Err(OpenError::NotThere { file, last, after });
    }
    Ok(db)
}
