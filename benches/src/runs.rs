//! Timed runs of the engine over a workload, in chunks as long as what is on a belt at once.
//!
//! Only the calls that a bench is about are timed. The rest of the life of an item, and a fresh engine once
//! every parcel has made its passes, happens between the timed chunks.

use std::time::{Duration, Instant};

use sorter_core::chute::ChuteReport;
use sorter_core::engine::{Assigned, Commit, Decision, Fate, OrderEnd, Scan, Worker};
use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::journal::{
    Book, BookConfig, Health, Image, Keep, Record, RecordKind, Scribe, ScribeConfig, SimulatedDisk,
    SimulatedJournal,
};
use sorter_core::units::{Grams, Micros, Millimetres};

use crate::naive::Naive;
use crate::workload::{Parcel, Workload};

/// Passes of each parcel before the engine is filled anew: the lap limit of the plan of the workload.
pub const PASSES: u32 = 7;
/// Items decided before their orders end: fewer than a belt of the standard layout tracks.
const CHUNK: usize = 256;

/// A worker that decides the parcels of a workload over and over.
pub struct EngineRun<'w> {
    workload: &'w Workload,
    codes: Vec<[&'w [u8]; 1]>,
    worker: Worker,
    /// The next scan, counted over all passes.
    next: usize,
    /// What writes the journal, where there is one.
    writer: Option<Writer>,
    journaled: bool,
}

/// The other end of a journal on a disk that keeps nothing. It works between the timed chunks: in a hub it has a thread
/// of its own.
type Writer = Scribe<SimulatedJournal>;

impl<'w> EngineRun<'w> {
    /// A run at its start.
    pub fn new(workload: &'w Workload) -> Self {
        Self::with(workload, false)
    }

    /// A run at its start whose worker writes to a journal.
    pub fn journaled(workload: &'w Workload) -> Self {
        Self::with(workload, true)
    }

    fn with(workload: &'w Workload, journaled: bool) -> Self {
        let codes = workload.scanned().map(|parcel| [parcel.code()]).collect();
        let (worker, writer) = start(workload, journaled);
        Self { workload, codes, worker, next: 0, writer, journaled }
    }

    /// A run of a worker whose journal somebody else writes. It decides one parcel after the other, and no chunks.
    pub fn written_by(workload: &'w Workload, book: Book) -> Self {
        let worker = workload.journaled_engine(book).worker(SorterId::new(0));
        Self { workload, codes: Vec::new(), worker, next: 0, writer: None, journaled: true }
    }

    /// The state that the journal of the engine begins with.
    pub fn image(&self) -> Image {
        self.worker.engine().image()
    }

    /// The time of `count` single decisions.
    pub fn singles(&mut self, count: u64) -> Duration {
        self.decisions(count, |worker, scans, out| out.extend(scans.iter().map(|scan| worker.decide(scan))))
    }

    /// The time of `count` decisions in batches.
    pub fn batches(&mut self, count: u64) -> Duration {
        self.decisions(count, Worker::decide_batch)
    }

    fn decisions(
        &mut self,
        count: u64,
        decide: impl Fn(&mut Worker, &[Scan<'_>], &mut Vec<Decision>),
    ) -> Duration {
        let mut spent = Duration::ZERO;
        let mut decisions = Vec::with_capacity(CHUNK);
        let mut left = count;
        while left > 0 {
            let chunk = self.chunk(left, PASSES);
            let scans: Vec<Scan<'_>> = self.codes[chunk].iter().map(|codes| scan(codes)).collect();
            let timer = Timer::start();
            decide(&mut self.worker, &scans, &mut decisions);
            spent += timer.elapsed();
            left -= scans.len() as u64;
            for decision in decisions.drain(..) {
                run_off(&mut self.worker, &decision);
            }
            self.write();
        }
        spent
    }

    /// The time of `count` items from their decision over the commit to the confirmed discharge.
    ///
    /// # Panics
    /// When an item cannot be committed, which nothing in the workload causes.
    pub fn commits_and_confirms(&mut self, count: u64) -> Duration {
        let mut spent = Duration::ZERO;
        let mut left = count;
        while left > 0 {
            let chunk = self.chunk(left, 1);
            left -= chunk.len() as u64;
            let codes = &self.codes[chunk];
            let timer = Timer::start();
            for codes in codes {
                let decision = self.worker.decide(&scan(codes));
                let held = decision.assigned;
                let done = self.worker.commit(ITEM, AT, &decision.identity, &held) == Commit::Done;
                assert!(done, "nothing changes between decision and commit");
                if let Some(chute) = held.chute {
                    self.worker.order_ended(ITEM, AT, chute, &held, OrderEnd::WithItem);
                    self.worker.finish(ITEM, AT, &held, Fate::Discharged(chute), WEIGHT);
                }
            }
            spent += timer.elapsed();
            self.empty_chutes();
            self.write();
        }
        spent
    }

    /// Lets the writer of the journal take all that there is.
    fn write(&mut self) {
        let Some(writer) = &mut self.writer else { return };
        writer.turn(AT);
        while let Some(due) = writer.due() {
            writer.turn(due);
        }
        assert_eq!(writer.health(), Health::Well, "the lane has room for a chunk");
    }

    /// Decides one parcel for which no item is under way.
    pub fn decide_alone(&mut self, parcel: &Parcel) -> Decision {
        self.worker.decide(&scan(&[parcel.code()]))
    }

    /// Lets the item of a decision leave at the end of the belt.
    pub fn run_off_one(&mut self, decision: &Decision) {
        run_off(&mut self.worker, decision);
    }

    /// The places of the next scans, after filling the engine anew when every parcel has made its passes.
    fn chunk(&mut self, left: u64, passes: u32) -> std::ops::Range<usize> {
        let parcels = self.codes.len();
        if self.next == parcels * passes as usize {
            (self.worker, self.writer) = start(self.workload, self.journaled);
            self.next = 0;
        }
        let start = self.next % parcels;
        let length = CHUNK.min(parcels - start).min(usize::try_from(left).unwrap_or(CHUNK));
        self.next += length;
        start..start + length
    }

    /// Every container is changed for an empty one.
    fn empty_chutes(&mut self) {
        for chute in 0..self.worker.chutes().iter().count() as u16 {
            let chute = ChuteId::new(chute);
            self.worker.chute_changed(chute, AT, ChuteReport::default());
            self.worker.chute_changed(chute, AT, ChuteReport { container: true, ..ChuteReport::default() });
        }
    }
}

/// A worker, and the writer of its journal.
fn start(workload: &Workload, journaled: bool) -> (Worker, Option<Writer>) {
    let sorter = SorterId::new(0);
    if !journaled {
        return (workload.engine().worker(sorter), None);
    }
    let (book, drain) = Book::new(BookConfig::default());
    let engine = workload.journaled_engine(book);
    let image = engine.image();
    let disk = SimulatedDisk { keep: Keep::Nothing, ..SimulatedDisk::default() };
    let writer = Scribe::new(drain, SimulatedJournal::new(disk), image, false, ScribeConfig::default());
    (engine.worker(sorter), Some(writer))
}

/// The time of `count` bare pushes into the lane of a worker, which is emptied between them.
///
/// # Panics
/// Never: a new book has the lane.
pub fn pushes(count: u64) -> Duration {
    let (book, drain) = Book::new(BookConfig::default());
    let mut lane = book.lane(SorterId::new(0)).expect("it is the first");
    let disk = SimulatedDisk { keep: Keep::Nothing, ..SimulatedDisk::default() };
    let config = ScribeConfig::default();
    let mut writer = Scribe::new(drain, SimulatedJournal::new(disk), Image::default(), false, config);
    let mut record = Record::new(AT, RecordKind::Decided, SorterId::new(0));
    (record.item, record.chute) = (ITEM, Some(ChuteId::new(7)));
    let mut spent = Duration::ZERO;
    let mut left = count;
    while left > 0 {
        let chunk = left.min(CHUNK as u64);
        left -= chunk;
        let timer = Timer::start();
        for number in 0..chunk {
            record.extra = number;
            lane.push(std::hint::black_box(&record));
        }
        spent += timer.elapsed();
        writer.turn(AT);
        while let Some(due) = writer.due() {
            writer.turn(due);
        }
    }
    spent
}

/// The time of `count` naive decisions; orders end between the chunks as they do for the engine.
pub fn naive(naive: &Naive, workload: &Workload, count: u64) -> Duration {
    let codes: Vec<&[u8]> = workload.scanned().map(Parcel::code).collect();
    let mut spent = Duration::ZERO;
    let mut chutes = Vec::with_capacity(CHUNK);
    let mut scans = codes.iter().cycle();
    let mut left = count;
    while left > 0 {
        let chunk: Vec<&[u8]> = scans.by_ref().take(CHUNK.min(left as usize)).copied().collect();
        let timer = Timer::start();
        chutes.extend(chunk.iter().map(|code| naive.decide(code)));
        spent += timer.elapsed();
        left -= chunk.len() as u64;
        chutes.drain(..).flatten().for_each(|chute| naive.release(chute));
    }
    spent
}

/// All items of a run have one number: the engine knows parcels by their claim, not by the item.
const ITEM: ItemId = ItemId::new(1);
const AT: Micros = Micros::from_secs(1);
const WEIGHT: Grams = Grams::new(500);

fn scan<'a>(codes: &'a [&'a [u8]]) -> Scan<'a> {
    Scan { item: ITEM, at: AT, codes, known: None, held: Assigned::NOTHING, reach: Millimetres::new(5_000) }
}

fn run_off(worker: &mut Worker, decision: &Decision) {
    let held = decision.assigned;
    if let Some(chute) = held.chute {
        worker.order_ended(ITEM, AT, chute, &held, OrderEnd::WithItem);
    }
    worker.finish(ITEM, AT, &held, Fate::Left, WEIGHT);
}

/// The clock of the benches.
struct Timer(Instant);

impl Timer {
    #[expect(clippy::disallowed_methods, reason = "a bench measures wall time")]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_go_on_over_the_end_of_the_workload() {
        let workload = Workload::new(300);
        let mut run = EngineRun::new(&workload);
        let count = 300 * u64::from(PASSES) + 100;
        run.singles(count);
        assert_eq!(run.worker.tally().decisions, 100, "the engine is filled anew after the last pass");
        assert_eq!(run.worker.chutes().reserved(), 0);
        run.batches(100);
        assert_eq!(run.worker.tally().decisions, 200);
    }

    #[test]
    fn every_parcel_of_a_run_can_be_confirmed() {
        let workload = Workload::new(1_000);
        let mut run = EngineRun::new(&workload);
        run.commits_and_confirms(1_000);
        assert_eq!(run.worker.balance().discharged, 1_000);
        assert_eq!(run.worker.tally().deviations, 0);
    }
}
