//! Reading the BELT snapshot in parts, between two looks at its head.

use sorter_core::units::Micros;

use crate::codec::{BeltHead, CodecError, belt_entry};
use crate::contract::BeltEntry;
use crate::register_map::{BELT_ENTRY_WORDS, BELT_HEAD_WORDS, BlockId, WordOrder};
use crate::request::Span;

/// The most registers that one Modbus request reads.
const MOST_WORDS: usize = 125;
/// Entries in one part; a part never splits an entry.
const PART_ENTRIES: u16 = (MOST_WORDS / BELT_ENTRY_WORDS) as u16;

/// What is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The last entry of the block, to see that the PLC has as many as the host believes.
    Last,
    /// The head before the entries.
    Before,
    /// The entries from this one on.
    Entries(u16),
    /// The head after the entries.
    After,
}

/// What came of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More parts are to be read.
    More,
    /// The snapshot was being written or has changed: reading begins again, in another cycle.
    Again,
    /// The snapshot is whole.
    Whole,
}

/// A reading of the BELT block.
#[derive(Clone, Debug)]
pub(super) struct BeltReader {
    capacity: u16,
    stage: Stage,
    head: BeltHead,
    entries: Vec<BeltEntry>,
    since: Micros,
}

impl BeltReader {
    pub(super) fn new(capacity: u16) -> Self {
        Self {
            capacity,
            stage: Stage::Last,
            head: BeltHead::default(),
            entries: Vec::with_capacity(capacity.into()),
            since: Micros::ZERO,
        }
    }

    /// Begins to read the snapshot of a session.
    pub(super) fn begin(&mut self, now: Micros) {
        self.stage = Stage::Last;
        self.since = now;
        self.entries.clear();
    }

    /// Begins again without forgetting since when it has been tried.
    pub(super) fn rewind(&mut self) {
        self.stage = Stage::Before;
        self.entries.clear();
    }

    /// For a listener that came too late for the snapshot: nothing is known to be on the belt.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// The number of the snapshot that was seen last.
    pub(super) const fn snapshot(&self) -> u16 {
        self.head.snapshot
    }

    /// How long the snapshot has been tried to read.
    pub(super) const fn waited(&self, now: Micros) -> Micros {
        now.saturating_since(self.since)
    }

    /// The entries of a whole snapshot.
    pub(super) fn entries(&self) -> &[BeltEntry] {
        &self.entries
    }

    /// What to read next.
    pub(super) fn span(&self) -> Span {
        let (first, entries) = match self.stage {
            Stage::Last => (self.capacity - 1, 1),
            Stage::Entries(first) => (first, PART_ENTRIES.min(self.head.entries - first)),
            Stage::Before | Stage::After => {
                return Span { block: BlockId::Belt, offset: 0, words: BeltHead::WORDS as u16 };
            }
        };
        let words = BELT_ENTRY_WORDS as u16;
        Span { block: BlockId::Belt, offset: BELT_HEAD_WORDS as u16 + words * first, words: words * entries }
    }

    /// Takes the words of [`BeltReader::span`].
    ///
    /// # Errors
    /// When the PLC has more items on its belt than the host is configured for.
    pub(super) fn take(&mut self, words: &[u16], order: WordOrder) -> Result<Progress, CodecError> {
        match self.stage {
            Stage::Last => self.stage = Stage::Before,
            Stage::Before => {
                self.head = BeltHead::decode(words)?;
                if self.head.snapshot == 0 {
                    return Ok(Progress::Again);
                }
                self.head.within(self.capacity)?;
                self.entries.clear();
                self.stage = if self.head.entries == 0 { Stage::After } else { Stage::Entries(0) };
            }
            Stage::Entries(first) => {
                let parts = words.chunks_exact(BELT_ENTRY_WORDS);
                self.entries.extend(parts.map(|words| belt_entry(words, order)));
                let next = first + PART_ENTRIES;
                self.stage = if next < self.head.entries { Stage::Entries(next) } else { Stage::After };
            }
            Stage::After => {
                let head = BeltHead::decode(words)?;
                if head != self.head {
                    self.head = head;
                    self.rewind();
                    return Ok(Progress::Again);
                }
                return Ok(Progress::Whole);
            }
        }
        Ok(Progress::More)
    }
}
