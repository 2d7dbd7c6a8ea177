//! From a record to its durability, against a commit of bare SQLite with as many rows.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use sorter_core::ids::SorterId;
use sorter_core::journal::{Book, BookConfig, Health, RecordSeq};
use sorter_plc::journal::{JournalThread, JournalThreadConfig, SqliteJournal};

use super::bare::{Bare, Columns, columns};
use super::stream::{Stream, entry, place};
use super::{Effort, quantile};
use crate::figures::Sheet;
use crate::now;

/// Records a second: the events of a hub with 12 sorters at the peak of the design, and a hundred times that.
const LOADS: [(&str, u64); 2] = [("lag", 400), ("lag_100x", 40_000)];
/// How often whoever waits looks again.
const LOOK: Duration = Duration::from_micros(20);

pub(super) fn take(effort: Effort, folder: &Path, sheet: &mut Sheet) -> Result<()> {
    let config = JournalThreadConfig::default();
    for (name, rate) in LOADS {
        sheet.title(&format!("lag at {rate} records a second"));
        let (mut lags, mut commits) = (Vec::new(), Vec::new());
        for round in 0..effort.rounds {
            lags.extend(journal(folder, &format!("{name}-{round}"), config, rate, effort.seconds)?);
            // A batch of the journal has what comes in one period.
            let batch = (rate * config.period.get() / 1_000_000).max(1);
            commits.extend(bare(
                folder,
                &format!("bare-{name}-{round}"),
                rate,
                batch as usize,
                effort.seconds,
            )?);
        }
        lags.sort_unstable();
        commits.sort_unstable();
        let us = |ns: u64| ns / 1_000;
        let (lag, commit) = (us(quantile(&lags, 0.99)), us(quantile(&commits, 0.99)));
        let allowed = config.period.get() + 2 * commit;
        sheet.put(format!("journal.{name}_p50_us"), us(quantile(&lags, 0.5)));
        sheet.put(format!("journal.{name}_p99_us"), lag);
        sheet.put(format!("journal.{name}_records"), lags.len());
        let bare = if name == "lag" { "bare_commit".to_owned() } else { format!("bare_{name}_commit") };
        sheet.put(format!("journal.{bare}_p50_us"), us(quantile(&commits, 0.5)));
        sheet.put(format!("journal.{bare}_p99_us"), commit);
        sheet.put(format!("journal.{name}_allowed_us"), allowed);
        sheet.put_rounded(format!("journal.{name}_vs_allowed"), lag as f64 / allowed as f64, 3);
    }
    Ok(())
}

/// The lag of each record in nanoseconds.
fn journal(
    folder: &Path,
    name: &str,
    config: JournalThreadConfig,
    rate: u64,
    seconds: u64,
) -> Result<Vec<u64>> {
    let place = place(folder, name)?;
    let (image, records) = Stream::records((rate * seconds) as usize);
    let (book, drain) = Book::new(BookConfig::default());
    let Some(mut lane) = book.lane(SorterId::new(0)) else { bail!("the lane was given out") };
    let journal = SqliteJournal::open(place.clone(), RecordSeq::NONE)?;
    let thread = JournalThread::start(config, journal, drain, image, |alarm| eprintln!("{alarm:?}"))?;
    let mut lags = Vec::with_capacity(records.len());
    let mut waiting = VecDeque::new();
    let begin = now();
    let mut records = records.iter();
    let mut pushed = 0;
    while records.len() > 0 || !waiting.is_empty() {
        let due = begin.elapsed().as_nanos() as u64 * rate / 1_000_000_000;
        for record in records.by_ref().take((due - pushed.min(due)) as usize) {
            let at = now();
            lane.push(record);
            waiting.push_back((lane.mark(), at));
        }
        pushed = pushed.max(due);
        while let Some((_, at)) = waiting.front().filter(|(mark, _)| lane.is_safe(*mark)) {
            lags.push(at.elapsed().as_nanos() as u64);
            waiting.pop_front();
        }
        ensure!(
            lane.health() == Health::Well,
            "the journal does not write: {:?}",
            thread.status().last_error
        );
        std::thread::park_timeout(LOOK);
    }
    thread.stop()?;
    std::fs::remove_dir_all(&place.folder)?;
    Ok(lags)
}

/// What each commit of bare SQLite takes in nanoseconds, at the pace at which the journal makes them.
fn bare(folder: &Path, name: &str, rate: u64, batch: usize, seconds: u64) -> Result<Vec<u64>> {
    let place = place(folder, name)?;
    let (mut image, records) = Stream::records((rate * seconds) as usize);
    let rows: Vec<Columns> =
        records.iter().filter_map(|record| columns(&entry(&mut image, *record))).collect();
    let mut bare = Bare::open(&place)?;
    let mut spent = Vec::new();
    let begin = now();
    let mut done = 0;
    for rows in rows.chunks(batch) {
        while (begin.elapsed().as_nanos() as u64 * rate / 1_000_000_000) < done {
            std::thread::park_timeout(LOOK);
        }
        let commit = now();
        bare.insert(rows)?;
        spent.push(commit.elapsed().as_nanos() as u64);
        done += rows.len() as u64;
    }
    drop(bare);
    std::fs::remove_dir_all(&place.folder)?;
    Ok(spent)
}
