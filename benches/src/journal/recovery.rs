//! From the files to the state, against a bare read of the rows.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use sorter_core::journal::{Image, Journal, RecordSeq};
use sorter_core::units::Micros;
use sorter_plc::journal::{JournalPlace, JournalThreadConfig, SqliteJournal, recover};

use super::bare::Bare;
use super::stream::{HUB, Stream, entry, image, place};
use super::{Effort, median};
use crate::figures::Sheet;
use crate::now;

/// Entries of one commit while the journal is made.
const BATCH: usize = 10_000;

pub(super) fn take(effort: Effort, folder: &Path, sheet: &mut Sheet) -> Result<()> {
    let records = effort.recovered;
    sheet.title(&format!("recovery of {records} records"));
    let place = place(folder, "recovery")?;
    // The snapshot is as old as it gets before the next one is due.
    let after = JournalThreadConfig::default().snapshot_records.min(records as u64 / 2) as usize;
    let (last, snapshot) = write(&place, records, records - after)?;
    let (mut bare, mut without, mut with) = (Vec::new(), Vec::new(), Vec::new());
    let file = place.folder.join(format!("hub-1-2026-03-14-{:012}.snapshot", snapshot.seq.get()));
    let bytes = snapshot.to_bytes();
    for _ in 0..effort.rounds.min(3) {
        bare.push(seconds(|| {
            let read = Bare::read(&place)?;
            ensure!(read == records as u64, "{read} rows were read");
            Ok(())
        })?);
        without.push(recovered(&place, &last, None)?);
        std::fs::write(&file, &bytes)?;
        with.push(recovered(&place, &last, Some(snapshot.seq))?);
        std::fs::remove_file(&file)?;
    }
    let millions = if records == Effort::FULL.recovered { "5m".to_owned() } else { records.to_string() };
    sheet.put_rounded("journal.bare_read_s", median(bare), 3);
    sheet.put_rounded(format!("journal.recover_{millions}_s"), median(without), 3);
    sheet.put_rounded("journal.recover_snapshot_s", median(with), 3);
    sheet.put("journal.recover_snapshot_records_after", after);
    sheet.put("journal.file_bytes_per_record", std::fs::metadata(place.file())?.len() / records as u64);
    sheet.put("journal.snapshot_bytes", bytes.len());
    std::fs::remove_dir_all(&place.folder)?;
    Ok(())
}

/// Writes a journal and gives the state at its end and at record `middle`.
fn write(place: &JournalPlace, records: usize, middle: usize) -> Result<(Image, Image)> {
    let mut state = image(records.div_ceil(4));
    let mut stream = Stream::new(state.parcels.len()).take(records);
    let mut journal = SqliteJournal::open(place.clone(), RecordSeq::NONE)?;
    let mut snapshot = state.clone();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.extend(stream.by_ref().take(BATCH).map(|record| entry(&mut state, record)));
        if batch.is_empty() {
            return Ok((state, snapshot));
        }
        journal.commit(Micros::ZERO, &batch)?;
        batch.clear();
        if snapshot.seq == RecordSeq::NONE && state.seq.get() >= middle as u64 {
            snapshot = state.clone();
        }
    }
}

/// Recovers and gives the seconds.
fn recovered(place: &JournalPlace, expected: &Image, from: Option<RecordSeq>) -> Result<f64> {
    let mut recovery = None;
    let initial = image(expected.parcels.len());
    let seconds = seconds(|| {
        recovery = Some(recover(&place.folder, HUB, initial)?);
        Ok(())
    })?;
    let right = recovery.is_some_and(|found| found.image == *expected && found.from_snapshot == from);
    ensure!(right, "what was recovered is not what was written");
    Ok(seconds)
}

fn seconds(run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begin = now();
    run()?;
    Ok(Duration::as_secs_f64(&begin.elapsed()))
}
