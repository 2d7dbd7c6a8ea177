//! Decisions of a worker while snapshots are made one after the other, against none.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use sorter_core::journal::{Book, BookConfig, RecordSeq};
use sorter_core::units::Micros;
use sorter_plc::cycle::Scheduling;
use sorter_plc::journal::{JournalThread, JournalThreadConfig, SqliteJournal};

use super::stream::place;
use super::{Effort, median, quantile};
use crate::figures::Sheet;
use crate::now;
use crate::runs::EngineRun;
use crate::workload::{Parcel, Workload};

/// Announced parcels, which are all in each snapshot.
const PARCELS: u32 = 200_000;
/// Decisions of one burst, and the pause after it: 10,000 decisions a second.
const BURST: usize = 10;
const PAUSE: Duration = Duration::from_millis(1);

pub(super) fn take(effort: Effort, folder: &Path, sheet: &mut Sheet) -> Result<()> {
    sheet.title("decisions while snapshots are made");
    let workload = Workload::new(PARCELS);
    let place = place(folder, "snapshots")?;
    let (book, drain) = Book::new(BookConfig { lane: 1 << 18 });
    let mut run = EngineRun::written_by(&workload, book);
    let image = run.image();
    let journal = SqliteJournal::open(
        sorter_plc::journal::JournalPlace { hub: image.hub, ..place.clone() },
        RecordSeq::NONE,
    )?;
    let config = JournalThreadConfig {
        snapshot_records: u64::MAX,
        snapshot_every: Micros::from_secs(1 << 40),
        ..JournalThreadConfig::default()
    };
    let thread = JournalThread::start(config, journal, drain, image, |alarm| eprintln!("{alarm:?}"))?;
    // As a cycle thread is by default. The threads of the journal have begun, so they do not inherit it.
    let scheduling = Scheduling { lock_memory: false, ..Scheduling::default() };
    scheduling.apply().iter().for_each(|grant| eprintln!("{grant}"));
    let mut scans = workload.scanned().cycle();
    let mut ratios = Vec::new();
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let made = AtomicU64::new(0);
    leg(&mut run, &mut scans, effort.seconds);
    for _ in 0..effort.rounds {
        let alone = leg(&mut run, &mut scans, effort.seconds);
        let beside = while_snapshots(&thread, &made, || leg(&mut run, &mut scans, effort.seconds));
        ratios.push(quantile(&beside, 0.999) as f64 / quantile(&alone, 0.999) as f64);
        without.extend(alone);
        with.extend(beside);
    }
    without.sort_unstable();
    with.sort_unstable();
    let made = made.into_inner();
    ensure!(made > 0, "no snapshot was made");
    sheet.put("journal.snapshots_made", made);
    sheet.put("journal.decide_p999_ns", quantile(&without, 0.999));
    sheet.put("journal.decide_snapshot_p999_ns", quantile(&with, 0.999));
    sheet.put_rounded("journal.snapshot_p999_ratio", median(ratios), 3);
    sheet.put("journal.snapshot_writer_lag_max_us", thread.status().lag.max().get());
    drop(run);
    thread.stop()?;
    std::fs::remove_dir_all(&place.folder)?;
    Ok(())
}

/// Does something while one snapshot after the other is made.
fn while_snapshots<R>(thread: &JournalThread, made: &AtomicU64, run: impl FnOnce() -> R) -> R {
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // ORDERING: Relaxed, here and below. A flag to stop and a count that is read after the thread has ended.
            while !enough.load(Ordering::Relaxed) && thread.snapshot().is_ok() {
                made.fetch_add(1, Ordering::Relaxed);
            }
        });
        let result = run();
        enough.store(true, Ordering::Relaxed);
        result
    })
}

/// Decides at an even pace and gives what each decision took in nanoseconds, sorted.
fn leg<'w>(run: &mut EngineRun<'w>, scans: &mut impl Iterator<Item = &'w Parcel>, seconds: u64) -> Vec<u64> {
    let mut spent = Vec::new();
    let begin = now();
    while begin.elapsed() < Duration::from_secs(seconds) {
        for parcel in scans.by_ref().take(BURST) {
            let decide = now();
            let decision = run.decide_alone(parcel);
            spent.push(decide.elapsed().as_nanos() as u64);
            run.run_off_one(&decision);
        }
        std::thread::park_timeout(PAUSE);
    }
    spent.sort_unstable();
    spent
}
