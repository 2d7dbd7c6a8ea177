//! An engine that writes to a journal, and goes on where the journal of an earlier host ends.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sorter_core::engine::{Engine, EngineBuilder, RecoverError};
use sorter_core::ids::HubId;
use sorter_core::journal::{Book, BookConfig, RecordSeq};
use sorter_core::plan::PlanSource;
use sorter_core::units::Micros;
use sorter_plc::journal::{
    JournalAlarm, JournalPlace, JournalThread, JournalThreadConfig, JournalThreadError, OpenError, ReadError,
    SqliteJournal, recover,
};
use thiserror::Error;

use super::EngineError;

/// Why there is no journaled engine.
#[derive(Debug, Error)]
pub enum JournaledError {
    /// The folder cannot be made.
    #[error("{path} cannot be made for the journal")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is there cannot be read to its end.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Journal and engine do not go together.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The engine cannot be built.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The journal cannot be written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no thread for it.
    #[error(transparent)]
    Thread(#[from] JournalThreadError),
}

/// An engine with its journal.
pub struct Journaled {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The thread that writes.
    pub thread: JournalThread,
    /// The time at which the hub goes on.
    pub epoch: Micros,
    /// The last record of the host before; [`RecordSeq::NONE`] for the first host.
    pub after: RecordSeq,
    /// Records that were read one by one, behind a snapshot or from the first.
    pub records_read: u64,
}

/// Opens the journal of a hub in a folder. Where an earlier host has left one, the engine is as it was after its last
/// record; else it is built with the plan. Alarms of the journal go to `alarm`, on its thread.
///
/// The time of the hub is the time since 1970, so that it goes on from one host to the next.
///
/// # Errors
/// [`JournaledError`]; nothing is repaired silently.
pub fn open(
    folder: &Path,
    mut builder: EngineBuilder,
    plan: &PlanSource,
    mut alarm: impl FnMut(&str) + Send + 'static,
) -> Result<Journaled, JournaledError> {
    fs::create_dir_all(folder)
        .map_err(|source| JournaledError::Folder { path: folder.to_owned(), source })?;
    let (book, drain) = Book::new(BookConfig::default());
    let hub = builder.hub();
    let initial = builder.image();
    let found = recover(folder, hub, initial.clone())?;
    let (after, records_read) = (found.image.seq, found.records_read);
    let now = wall_clock();
    builder.starts_at(now);
    let (engine, image) = if after == RecordSeq::NONE {
        builder.keep_journal(book);
        (builder.build(plan).map_err(EngineError::Plan)?, initial)
    } else {
        (builder.recover(found.image.clone(), Some(book))?, found.image)
    };
    let epoch = now.max(image.at + Micros::from_millis(1));
    let journal = SqliteJournal::open(place(folder, hub, now), after)?;
    let config = JournalThreadConfig { epoch, ..JournalThreadConfig::default() };
    let thread = JournalThread::start(config, journal, drain, image, move |what| alarm(&text_of(&what)))?;
    Ok(Journaled { engine, thread, epoch, after, records_read })
}

fn text_of(alarm: &JournalAlarm) -> String {
    match alarm {
        JournalAlarm::Stalled(why) => format!("nothing is ordered, since nothing can be written: {why}"),
        JournalAlarm::Resumed => "it writes again".to_owned(),
        JournalAlarm::Failed(why) => format!("nothing is ordered any more, start again: {why}"),
        JournalAlarm::NoSnapshot(why) => format!("there is no new snapshot: {why}"),
    }
}

fn place(folder: &Path, hub: HubId, now: Micros) -> JournalPlace {
    JournalPlace { folder: folder.to_owned(), hub, day: day_of(now) }
}

/// Microseconds since 1970.
fn wall_clock() -> Micros {
    #[expect(
        clippy::disallowed_methods,
        reason = "a host takes its time from the clock of the machine, once"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::new(u64::try_from(now.as_micros()).unwrap_or(u64::MAX))
}

/// The date, as in `2026-03-14`, in UTC: the civil calendar counted in eras of 400 years from 1 March of year 0.
fn day_of(at: Micros) -> String {
    let days = at.get() / 86_400_000_000 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    format!("{:04}-{month:02}-{date:02}", era * 400 + year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        let day = |days: u64| day_of(Micros::new(days * 86_400_000_000));
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(59), "1970-03-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(20_780), "2026-11-23");
        assert_eq!(day(47_540), "2100-02-28");
        assert_eq!(day(47_541), "2100-03-01");
    }
}
