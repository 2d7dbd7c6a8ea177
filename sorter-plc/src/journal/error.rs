//! What can be wrong with journals on a disk.

use std::io;
use std::path::{Path, PathBuf};

use sorter_core::ids::HubId;
use sorter_core::journal::{CommitError, CommitErrorKind, RecordSeq};

use super::schema::{APPLICATION, SCHEMA};

/// Why a file is no journal that this version reads.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("{file}: there is no such journal")]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// It has no bytes.
    #[error(
        "{file} is empty: a journal has its tables from the beginning, so this one was cut off; bring it back from a backup"
    )]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// It is no file of SQLite.
    #[error("{file} is no SQLite file, or its head is damaged; bring it back from a backup")]
    NotSqlite {
        /// The file.
        file: PathBuf,
    },
    /// It is a file of another program.
    #[error(
        "{file} is a SQLite file of something else: its application id is {found:#010x}, that of a journal is {APPLICATION:#010x}"
    )]
    Foreign {
        /// The file.
        file: PathBuf,
        /// Its application id.
        found: i64,
    },
    /// It was written by a newer version.
    #[error(
        "{file} has schema {found} and this version knows schemas up to {SCHEMA}: read it with the version that wrote it"
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// It was written by an older version.
    #[error(
        "{file} has schema {found} and this version reads schema {SCHEMA}: a host of this version brings it to that when it goes on writing it; else read it with the version that wrote it"
    )]
    Older {
        /// The file.
        file: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// Its schema has a number that no version wrote.
    #[error(
        "{file} has schema {found}, which no version wrote: its head is damaged; bring it back from a backup"
    )]
    NoSchema {
        /// The file.
        file: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// Its tables are not those of its schema.
    #[error(
        "{file}: {what} is not as schema {SCHEMA} has it: the file was changed or is damaged; bring it back from a backup"
    )]
    Tables {
        /// The file.
        file: PathBuf,
        /// Which.
        what: String,
    },
    /// It is a journal of another hub.
    #[error("{file} is a journal of {found}, not of {wanted}")]
    OtherHub {
        /// The file.
        file: PathBuf,
        /// The hub in it.
        found: HubId,
        /// The hub that was asked for.
        wanted: HubId,
    },
    /// The mark beside the journals is damaged.
    #[error(
        "{file} is damaged, so it is not known how far the journal went; take it away to go on without this check"
    )]
    Mark {
        /// The mark.
        file: PathBuf,
    },
    /// SQLite could not read it.
    #[error("{file}: SQLite cannot {doing}: {source}")]
    Sqlite {
        /// The file.
        file: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// It ends before a record that was durable.
    #[error(
        "{file} ends with {last}, and {mark} knows {durable} to be durable: the end was lost; bring it back from a backup, or take the mark away to go on without what is lost"
    )]
    EndsEarly {
        /// The last file of the journal, or its folder where there is none.
        file: PathBuf,
        /// Its last record.
        last: RecordSeq,
        /// The mark.
        mark: PathBuf,
        /// What the mark says.
        durable: RecordSeq,
    },
    /// The operating system could not.
    #[error("{file} cannot be read: {source}")]
    Io {
        /// The file.
        file: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl FileError {
    /// Whether SQLite could not make a file beside it.
    pub(super) fn is_for_the_folder(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
        let Self::Sqlite { source, .. } = self else { return false };
        matches!(source.sqlite_error_code(), Some(CannotOpen | ReadOnly))
    }

    /// What SQLite said about a file while something was tried.
    pub(super) fn sqlite(file: &Path, doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::NotSqlite { file: file.to_owned() },
            _ => Self::Sqlite { file: file.to_owned(), doing, source },
        }
    }
}

/// Why a journal cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The day is no part of a file's name.
    #[error("{day:?} names no day of a journal: 1 to 32 letters, digits and dashes do")]
    Day {
        /// The day.
        day: String,
    },
    /// Another process writes it, or this one does already.
    #[error(
        "the journals of {hub} in {folder} are being written by process {process}: two may not write; stop that one, or name another folder"
    )]
    InUse {
        /// The hub.
        hub: HubId,
        /// The folder.
        folder: PathBuf,
        /// The process, or 0 when it has not said yet.
        process: u32,
    },
    /// The file is no journal that can be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file does not end where the writer is to go on.
    #[error(
        "{file} ends with {last} and the writer is to go on after {after}: recover again, and let nobody else write in between"
    )]
    NotThere {
        /// The file.
        file: PathBuf,
        /// Its last record.
        last: RecordSeq,
        /// Where the writer is to go on.
        after: RecordSeq,
    },
    /// A later file is there already.
    #[error(
        "{file} is not the newest journal of its hub: {newest} goes on after it; name the day of that one or a later one"
    )]
    NotNewest {
        /// The file that was to be written.
        file: PathBuf,
        /// The newest one.
        newest: String,
    },
    /// The operating system could not.
    #[error("{file} {what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// Whether an error of the operating system is about space or about a file system that is read-only.
pub(super) fn is_space(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem)
}

/// Whether what SQLite said may pass by itself.
///
/// SQLite tells a full disk from other failed writes, but neither a full quota nor a file system that has become
/// read-only; so after a failed write the folder itself is tried. A failed sync is never tried again: the kernel may
/// have dropped the pages and say the next time that all is well.
pub(super) fn classify(error: &rusqlite::Error, folder: &Path) -> CommitErrorKind {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly, SystemIoFailure,
    };
    use rusqlite::ffi::{SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC, SQLITE_READONLY_DBMOVED};
    let Some(failure) = error.sqlite_error() else { return CommitErrorKind::Fatal };
    let cannot_write = || if can_write(folder) { CommitErrorKind::Fatal } else { CommitErrorKind::NoSpace };
    match (failure.code, failure.extended_code) {
        // Somebody took the file away or put another one in its place.
        (_, SQLITE_READONLY_DBMOVED) => CommitErrorKind::Fatal,
        (DiskFull | ReadOnly | DatabaseBusy | DatabaseLocked, _) => CommitErrorKind::NoSpace,
        (_, SQLITE_IOERR_FSYNC | SQLITE_IOERR_DIR_FSYNC) => CommitErrorKind::Fatal,
        (SystemIoFailure | CannotOpen, _) => cannot_write(),
        _ => CommitErrorKind::Fatal,
    }
}

/// Whether a page can be written into a folder. Only a lack of space, or a read-only file system, counts as no.
fn can_write(folder: &Path) -> bool {
    let path = folder.join(format!(".probe-{}", std::process::id()));
    let written = std::fs::write(&path, [0; 4096]);
    let removed = std::fs::remove_file(&path);
    !written.and(removed).is_err_and(|error| is_space(&error))
}

/// What a commit failed with, in words for the operator.
pub(super) fn commit_error(error: &rusqlite::Error, file: &Path) -> CommitError {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    let folder = file.parent().unwrap_or(file);
    let kind = classify(error, folder);
    let advice = match (kind, error.sqlite_error_code()) {
        (_, Some(DatabaseBusy | DatabaseLocked)) => {
            "another program has the file locked: close it; writing goes on by itself then"
        }
        (CommitErrorKind::NoSpace, _) => {
            "make space or make the file system writable again; writing goes on by itself then"
        }
        (CommitErrorKind::Fatal, _) => {
            "it is not known what the disk has: look at the disk, then start again, which recovers from the file"
        }
    };
    CommitError { kind, text: format!("{} cannot be written: {error}; {advice}", file.display()) }
}
