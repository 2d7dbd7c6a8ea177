//! The real store of the journal: SQLite files on a disk, one for each hub and day.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`SqliteJournal`] | the file that is written: a transaction a batch, on the disk when it returns |
//! | [`JournalThread`] | the thread that drains a book into it, makes snapshots and goes on to the next day |
//! | [`recover`] | from files and snapshots to the state at the last record |
//! | [`verify`], [`show`], [`story`] | looking into files without changing them |
//!
//! `docs/journal.md` describes the files, what they guarantee, and the questions that they answer.

mod error;
mod files;
mod mark;
mod place;
mod query;
mod read;
mod recover;
mod row;
mod schema;
mod snapshot;
mod store;
mod studio;
mod thread;
mod verify;
mod words;
mod writer;

pub use error::{FileError, OpenError};
pub use place::JournalPlace;
pub use query::{Filter, Line, Story, Told, parcel_with, show, story};
pub use read::Damage;
pub use recover::{ReadError, Recovery, recover};
pub use schema::{APPLICATION, Meta, SCHEMA};
pub use snapshot::SnapshotFileError;
pub use store::SqliteJournal;
pub use thread::{
    JournalAlarm, JournalStatus, JournalThread, JournalThreadConfig, JournalThreadError, RotateError,
};
pub use verify::{Finding, Verdict, VerifiedFile, verify};
