//! Records a second at large and at small commits, against bare inserts.

use std::path::Path;

use anyhow::{Result, ensure};
use sorter_core::ids::SorterId;
use sorter_core::journal::{Book, BookConfig, Image, Record, RecordSeq, Scribe, ScribeConfig};
use sorter_core::units::Micros;
use sorter_plc::journal::SqliteJournal;

use super::bare::{Bare, Columns, columns};
use super::stream::{Stream, entry, place};
use super::{Effort, median};
use crate::figures::Sheet;
use crate::now;

pub(super) fn take(effort: Effort, folder: &Path, sheet: &mut Sheet) -> Result<()> {
    sheet.title("records a second");
    for (batch, count) in [(1_000, effort.records), (10, effort.records / 10)] {
        let (image, records) = Stream::records(count);
        let mut follower = image.clone();
        let rows: Vec<Columns> =
            records.iter().filter_map(|record| columns(&entry(&mut follower, *record))).collect();
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for round in 0..effort.rounds {
            let name = |who: &str| format!("{who}-{batch}-{round}");
            ours.push(journal(folder, &name("journal"), &image, &records, batch)?);
            bare.push(inserts(folder, &name("bare"), &rows, batch)?);
        }
        let (ours, bare) = (median(ours), median(bare));
        sheet.put_rounded(format!("journal.records_{batch}_per_s"), ours, 0);
        sheet.put_rounded(format!("journal.bare_{batch}_per_s"), bare, 0);
        sheet.put_rounded(format!("journal.records_{batch}_vs_bare"), ours / bare, 3);
    }
    Ok(())
}

/// Through lane, sequencer and journal, on one thread.
fn journal(folder: &Path, name: &str, image: &Image, records: &[Record], batch: usize) -> Result<f64> {
    let place = place(folder, name)?;
    let (book, drain) = Book::new(BookConfig::default());
    let Some(mut lane) = book.lane(SorterId::new(0)) else { anyhow::bail!("the lane was given out") };
    let config = ScribeConfig { period: Micros::ZERO, most: batch, ..ScribeConfig::default() };
    let journal = SqliteJournal::open(place.clone(), RecordSeq::NONE)?;
    let mut scribe = Scribe::new(drain, journal, image.clone(), false, config);
    let begin = now();
    for (turn, records) in records.chunks(batch).enumerate() {
        records.iter().for_each(|record| lane.push(record));
        scribe.turn(Micros::new(turn as u64));
    }
    let spent = begin.elapsed().as_secs_f64();
    let written = scribe.journal().last().get();
    ensure!(written == records.len() as u64, "{written} of {} records were written", records.len());
    ensure!(scribe.commits() == records.len().div_ceil(batch) as u64, "the commits were not of {batch}");
    drop(scribe);
    std::fs::remove_dir_all(&place.folder)?;
    Ok(records.len() as f64 / spent)
}

fn inserts(folder: &Path, name: &str, rows: &[Columns], batch: usize) -> Result<f64> {
    let place = place(folder, name)?;
    let mut bare = Bare::open(&place)?;
    let begin = now();
    for rows in rows.chunks(batch) {
        bare.insert(rows)?;
    }
    let spent = begin.elapsed().as_secs_f64();
    drop(bare);
    std::fs::remove_dir_all(&place.folder)?;
    Ok(rows.len() as f64 / spent)
}
