//! A journal on a disk that is made up, with the faults of real ones.

use std::collections::VecDeque;
use std::ops::Range;

use super::{CommitError, CommitErrorKind, Entry, Journal, RecordSeq};
use crate::units::{Micros, Share};

/// What a [`SimulatedJournal`] remembers of the entries that it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Keep {
    /// None of them: it only says when they are durable.
    Nothing,
    /// Those that [`SimulatedJournal::durable_by`] has not given yet. Somebody has to ask, or they pile up.
    Unread,
    /// All, so that a host can go on from them after a crash.
    #[default]
    All,
}

/// Syncs that take longer than others, as those of a disk that is busy with something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LateSyncs {
    /// How many are late.
    pub share: Share,
    /// How much longer a late one takes at most; how much is drawn evenly from 1 microsecond to this.
    pub most: Micros,
}

/// How a [`SimulatedJournal`] behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedDisk {
    /// How long a sync takes. Default 4 ms.
    pub sync: Micros,
    /// Syncs that take longer. Default none.
    pub late: LateSyncs,
    /// While there is no space, or the file system is read-only: every commit is refused and may be tried again.
    /// Empty by default.
    pub full: Range<Micros>,
    /// From when on a sync fails. What is written later is refused for good, until the host was restarted; the
    /// fault strikes once. Default never.
    pub fails_at: Option<Micros>,
    /// What it remembers. Default everything.
    pub keep: Keep,
    /// What late syncs and the fate of what was not synced at a crash are drawn from.
    pub seed: u64,
}

impl Default for SimulatedDisk {
    fn default() -> Self {
        Self {
            sync: Micros::from_millis(4),
            late: LateSyncs::default(),
            full: Micros::ZERO..Micros::ZERO,
            fails_at: None,
            keep: Keep::All,
            seed: 0,
        }
    }
}

/// What happened to a [`SimulatedJournal`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskCounts {
    /// Batches that were taken.
    pub commits: u64,
    /// Entries in them.
    pub entries: u64,
    /// Batches whose sync took longer.
    pub late: u64,
    /// The longest sync.
    pub longest: Micros,
    /// Batches that were refused since there was no space; one that is tried again counts again.
    pub no_space: u64,
    /// Batches that were refused since the disk had failed.
    pub failed: u64,
    /// Crashes.
    pub crashes: u64,
    /// Entries that were not synced at a crash and did not survive it.
    pub lost: u64,
    /// Entries that were not synced at a crash, or whose sync had failed, and survived it all the same.
    pub survived: u64,
}

/// What a crash left of a [`SimulatedJournal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AfterCrash {
    /// The last entry that it has.
    pub last: RecordSeq,
    /// Entries that were lost.
    pub lost: u64,
    /// Entries that survived although nobody had been told that they are durable.
    pub survived: u64,
}

/// A batch that is not durable yet.
#[derive(Clone, Copy, Debug)]
struct Flight {
    durable_at: Micros,
    entries: usize,
    last: RecordSeq,
}

/// A journal in memory that is durable some time after it was written.
///
/// What happens is drawn from a seed and depends on nothing but the calls, so a run can be repeated.
///
/// ```
/// use sorter_core::ids::{ParcelId, SorterId};
/// use sorter_core::journal::{
///     Body, Entry, Journal, Record, RecordKind, RecordSeq, SimulatedDisk, SimulatedJournal,
/// };
/// use sorter_core::units::Micros;
///
/// let entry = |seq| Entry {
///     seq: RecordSeq::new(seq),
///     prev: RecordSeq::NONE,
///     body: Body::Record(Record::new(Micros::from_millis(seq), RecordKind::PlanSeen, SorterId::new(0))),
/// };
/// let mut journal = SimulatedJournal::new(SimulatedDisk::default());
/// let durable = journal.commit(Micros::from_millis(10), &[entry(1), entry(2)]).unwrap();
/// assert_eq!(durable, Micros::from_millis(14));
/// assert_eq!(journal.durable_by(Micros::from_millis(13)).len(), 0);
/// assert_eq!(journal.durable_by(Micros::from_millis(14)).len(), 2);
///
/// journal.commit(Micros::from_millis(20), &[entry(3)]).unwrap();
/// let left = journal.crash(Micros::from_millis(21));
/// // The batch was being written: it is there whole or not at all.
/// assert_eq!(left.lost + left.survived, 1);
/// assert_eq!(journal.entries().len() as u64, 2 + left.survived);
/// ```
#[derive(Clone, Debug)]
pub struct SimulatedJournal {
    disk: SimulatedDisk,
    /// What is remembered, in order: what is durable and was asked for, what is durable, what is in flight.
    kept: Vec<Entry>,
    /// How many of those were given by `durable_by`.
    read: usize,
    flights: VecDeque<Flight>,
    last: RecordSeq,
    failed: bool,
    random: u64,
    counts: DiskCounts,
}

impl SimulatedJournal {
    /// An empty journal on this disk.
    pub fn new(disk: SimulatedDisk) -> Self {
        Self {
            random: disk.seed,
            disk,
            kept: Vec::new(),
            read: 0,
            flights: VecDeque::new(),
            last: RecordSeq::NONE,
            failed: false,
            counts: DiskCounts::default(),
        }
    }

    /// The entries that became durable since this was asked last, the oldest first. None with [`Keep::Nothing`].
    ///
    /// Times must not go back from one call to the next.
    pub fn durable_by(&mut self, now: Micros) -> &[Entry] {
        if self.disk.keep == Keep::Unread {
            self.kept.drain(..self.read);
            self.read = 0;
        }
        self.land(now);
        let from = self.read;
        self.read = self.kept.len().saturating_sub(self.in_flight());
        &self.kept[from..self.read]
    }

    /// The last entry that is durable at a time.
    pub fn last_durable(&mut self, now: Micros) -> RecordSeq {
        self.land(now);
        self.last
    }

    /// What is remembered, the oldest first; with what is in flight. After a crash it is what the next host finds.
    pub fn entries(&self) -> &[Entry] {
        &self.kept
    }

    /// Drops the entries up to this one, which a snapshot has.
    pub fn forget(&mut self, up_to: RecordSeq) {
        let known = self.kept.partition_point(|entry| entry.seq <= up_to);
        let gone = known.min(self.kept.len().saturating_sub(self.in_flight()));
        self.kept.drain(..gone);
        self.read = self.read.saturating_sub(gone);
    }

    /// The host, or its machine, stops at once. Every batch that is durable by then survives; a later one is there
    /// whole or not at all, and none is there without those before it.
    ///
    /// The journal that is left can be written to by the next host. A full disk stays full; one that had failed
    /// works again.
    pub fn crash(&mut self, now: Micros) -> AfterCrash {
        self.land(now);
        let mut left = AfterCrash { last: self.last, lost: 0, survived: 0 };
        let mut alive = true;
        for flight in std::mem::take(&mut self.flights) {
            alive = alive && self.draw() & 1 == 0;
            if alive {
                left.survived += flight.entries as u64;
                left.last = flight.last;
            } else {
                left.lost += flight.entries as u64;
            }
        }
        self.last = left.last;
        self.kept.truncate(self.kept.partition_point(|entry| entry.seq <= left.last));
        self.failed = false;
        self.counts.crashes += 1;
        self.counts.lost += left.lost;
        self.counts.survived += left.survived;
        left
    }

    /// What happened so far.
    pub const fn counts(&self) -> DiskCounts {
        self.counts
    }

    /// How it behaves; it may be changed between calls.
    pub const fn disk_mut(&mut self) -> &mut SimulatedDisk {
        &mut self.disk
    }

    /// Counts what is durable by now as that.
    fn land(&mut self, now: Micros) {
        while let Some(flight) = self.flights.front().filter(|flight| flight.durable_at <= now) {
            self.last = flight.last;
            self.flights.pop_front();
        }
    }

    fn in_flight(&self) -> usize {
        self.flights.iter().map(|flight| flight.entries).sum()
    }

    /// How long the next sync takes.
    fn sync(&mut self) -> Micros {
        let late = self.disk.late;
        if late.share == Share::ZERO || self.draw() % 1_000_000 >= u64::from(late.share.ppm()) {
            return self.disk.sync;
        }
        self.counts.late += 1;
        self.disk.sync + Micros::new(1 + self.draw() % late.most.get().max(1))
    }

    /// The next number of SplitMix64 (Steele, Lea and Flood, 2014).
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ self.random >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Has a batch under way that is durable at a time.
    fn take_off(&mut self, batch: &[Entry], durable_at: Micros) {
        let Some(last) = batch.last().map(|entry| entry.seq) else { return };
        self.flights.push_back(Flight { durable_at, entries: batch.len(), last });
        if self.disk.keep != Keep::Nothing {
            self.kept.extend_from_slice(batch);
        }
    }

    /// Whether a batch that is written at a time is refused.
    fn refuse(&mut self, now: Micros, batch: &[Entry]) -> Option<CommitError> {
        let (kind, text) = if self.failed {
            (CommitErrorKind::Fatal, "simulated disk failed before: the host has to be restarted".to_owned())
        } else if self.disk.full.contains(&now) {
            let text = format!("simulated disk is full until {}: it is tried again", self.disk.full.end);
            (CommitErrorKind::NoSpace, text)
        } else if self.disk.fails_at.is_some_and(|from| from <= now) {
            self.disk.fails_at = None;
            self.failed = true;
            // Nobody knows whether the disk has this batch; a crash decides.
            self.take_off(batch, Micros::new(u64::MAX));
            let text = format!("simulated disk failed at a sync at {now}: the host has to be restarted");
            (CommitErrorKind::Fatal, text)
        } else {
            return None;
        };
        match kind {
            CommitErrorKind::NoSpace => self.counts.no_space += 1,
            CommitErrorKind::Fatal => self.counts.failed += 1,
        }
        Some(CommitError { kind, text })
    }
}

impl Journal for SimulatedJournal {
    fn commit(&mut self, now: Micros, batch: &[Entry]) -> Result<Micros, CommitError> {
        self.land(now);
        if let Some(error) = self.refuse(now, batch) {
            return Err(error);
        }
        // One sync at a time: a batch waits for the one before it.
        let begin = self.flights.back().map_or(now, |flight| flight.durable_at.max(now));
        let sync = self.sync();
        self.counts.commits += 1;
        self.counts.entries += batch.len() as u64;
        self.counts.longest = self.counts.longest.max(sync);
        self.take_off(batch, begin + sync);
        Ok(begin + sync)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::SorterId;
    use crate::journal::{Body, Record, RecordKind};

    const MS: fn(u64) -> Micros = Micros::from_millis;

    fn entries(numbers: std::ops::RangeInclusive<u64>) -> Vec<Entry> {
        let record = Record::new(Micros::ZERO, RecordKind::PlanSeen, SorterId::new(0));
        let entry =
            |seq| Entry { seq: RecordSeq::new(seq), prev: RecordSeq::NONE, body: Body::Record(record) };
        numbers.map(entry).collect()
    }

    fn journal(disk: SimulatedDisk) -> SimulatedJournal {
        SimulatedJournal::new(disk)
    }

    #[test]
    fn a_full_disk_takes_what_is_tried_again_later() {
        let mut journal = journal(SimulatedDisk { full: MS(5)..MS(9), ..SimulatedDisk::default() });
        assert_eq!(journal.commit(MS(4), &entries(1..=1)), Ok(MS(8)));
        let error = journal.commit(MS(8), &entries(2..=3)).unwrap_err();
        assert_eq!(error.kind, CommitErrorKind::NoSpace);
        assert_eq!(journal.commit(MS(9), &entries(2..=3)), Ok(MS(13)));
        assert_eq!(journal.counts().no_space, 1);
        assert_eq!(journal.durable_by(MS(13)), entries(1..=3));
    }

    #[test]
    fn a_failed_disk_takes_nothing_until_the_host_was_restarted() {
        let mut journal = journal(SimulatedDisk { fails_at: Some(MS(5)), ..SimulatedDisk::default() });
        journal.commit(MS(1), &entries(1..=1)).unwrap();
        assert_eq!(journal.commit(MS(5), &entries(2..=3)).unwrap_err().kind, CommitErrorKind::Fatal);
        assert_eq!(journal.commit(MS(6), &entries(2..=3)).unwrap_err().kind, CommitErrorKind::Fatal);
        assert_eq!(journal.durable_by(MS(1_000)), entries(1..=1));
        let left = journal.crash(MS(1_000));
        assert_eq!(left.lost + left.survived, 2, "the batch that failed is there whole or not at all");
        assert_eq!(journal.counts().failed, 2);
        journal.commit(MS(1_001), &entries(left.last.get() + 1..=9)).unwrap();
        assert_eq!(journal.entries(), entries(1..=9));
    }

    #[test]
    fn without_keeping_it_remembers_nothing_but_counts() {
        let mut journal = journal(SimulatedDisk { keep: Keep::Nothing, ..SimulatedDisk::default() });
        journal.commit(MS(0), &entries(1..=5)).unwrap();
        assert_eq!(journal.durable_by(MS(10)), []);
        assert_eq!(journal.last_durable(MS(10)).get(), 5);
        assert_eq!(journal.counts().entries, 5);
        assert_eq!(journal.crash(MS(10)), AfterCrash { last: RecordSeq::new(5), lost: 0, survived: 0 });
    }

    #[test]
    fn what_was_asked_for_is_dropped_when_only_the_unread_is_kept() {
        let mut journal = journal(SimulatedDisk { keep: Keep::Unread, ..SimulatedDisk::default() });
        for batch in 0..100_u64 {
            let now = MS(batch * 10);
            assert_eq!(journal.durable_by(now).len(), usize::from(batch > 0) * 3);
            journal.commit(now, &entries(batch * 3 + 1..=batch * 3 + 3)).unwrap();
            assert!(journal.entries().len() <= 6, "what was given goes when it is asked for again");
        }
    }

    #[test]
    fn what_a_snapshot_has_can_be_forgotten_but_for_what_is_in_flight() {
        let mut journal = journal(SimulatedDisk::default());
        journal.commit(MS(0), &entries(1..=4)).unwrap();
        assert_eq!(journal.durable_by(MS(4)).len(), 4);
        journal.commit(MS(5), &entries(5..=6)).unwrap();
        journal.forget(RecordSeq::new(2));
        assert_eq!(journal.entries(), entries(3..=6));
        assert_eq!(journal.durable_by(MS(9)), entries(5..=6));
        journal.forget(RecordSeq::new(100));
        assert_eq!(journal.entries(), []);
    }

    proptest! {
        #[test]
        fn a_crash_keeps_all_that_was_durable_and_ends_at_the_border_of_a_batch(
            seed in any::<u64>(),
            batches in prop::collection::vec((0..10_u64, 1..5_u64), 1..20),
            late in 0..=1_000_000_u32,
            crash_after in 0..20_u64,
        ) {
            let late = LateSyncs { share: Share::from_ppm(late).expect("it is at most the whole"), most: MS(30) };
            let disk = SimulatedDisk { late, seed, ..SimulatedDisk::default() };
            let (mut one, mut two) = (journal(disk.clone()), journal(disk));
            let (mut now, mut last, mut ends) = (Micros::ZERO, 0, vec![(Micros::ZERO, 0)]);
            for (wait, size) in batches {
                now = now + MS(wait);
                let batch = entries(last + 1..=last + size);
                let durable = one.commit(now, &batch).unwrap();
                prop_assert_eq!(two.commit(now, &batch), Ok(durable), "the seed decides");
                prop_assert!(durable >= now + MS(4));
                last += size;
                ends.push((durable, last));
            }
            let crash = now + MS(crash_after);
            let safe = ends.iter().filter(|(durable, _)| *durable <= crash).map(|(_, last)| *last).max();
            let left = one.crash(crash);
            prop_assert_eq!(two.crash(crash), left);
            prop_assert!(Some(left.last.get()) >= safe);
            prop_assert!(ends.iter().any(|(_, last)| *last == left.last.get()), "a batch is there whole");
            prop_assert_eq!(left.last.get() + left.lost, last);
            let expected = entries(1..=left.last.get());
            prop_assert_eq!(one.entries(), &expected[..]);
            prop_assert_eq!(one.durable_by(crash).len() as u64, left.last.get(), "the checker is fed with it too");
        }
    }
}
