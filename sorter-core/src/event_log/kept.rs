//! Records that stay in memory, so that the story of a parcel can be told from them.

use std::collections::BTreeMap;

use super::{LogKind, LogRecord};
use crate::ids::{ItemId, ParcelId, PlanVersion};
use crate::reason::Reason;
use crate::units::Micros;

/// Which of the records about items stay in memory. The digest covers all of them in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Keep {
    /// None.
    #[default]
    Nothing,
    /// The last ones, as many as this, of [`LogRecord`]'s 40 bytes each. Older ones are overwritten.
    Last(usize),
    /// Those about one parcel, at most [`Keep::OF_ONE_PARCEL`]; what comes after them is counted. Takes half a
    /// megabyte for each sorter, and is for a run that is repeated to look at this parcel.
    ///
    /// What happened to an item before any of its codes named the parcel is not kept, except its entry.
    Parcel(ParcelId),
}

const _: () = assert!(size_of::<LogRecord>() == 40);

impl Keep {
    /// The most records of one parcel.
    pub const OF_ONE_PARCEL: usize = 1_024;
}

/// What a worker does not know any more, or never kept, about a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gap {
    /// It keeps no records of this parcel.
    All,
    /// Records from before this time are gone.
    Before(Micros),
    /// Records from after this time found no room.
    After(Micros),
}

/// The kept records. All memory is taken when it is made.
#[derive(Debug, Default)]
pub(super) enum Kept {
    #[default]
    Nothing,
    Last(Ring),
    Parcel(Box<Track>),
}

impl Kept {
    /// Nothing so far; `earlier` tells whether there were records before.
    pub(super) fn new(keep: Keep, earlier: bool) -> Self {
        match keep {
            Keep::Nothing | Keep::Last(0) => Self::Nothing,
            Keep::Last(limit) => {
                Self::Last(Ring { records: Vec::with_capacity(limit), limit, next: 0, gone: earlier })
            }
            Keep::Parcel(parcel) => Self::Parcel(Box::new(Track {
                parcel,
                records: Vec::with_capacity(Keep::OF_ONE_PARCEL),
                items: vec![Track::NEVER; 1 << 16].into_boxed_slice(),
                since: None,
                earlier,
                no_room: 0,
            })),
        }
    }

    /// Takes in a record about an item. Allocates nothing.
    pub(super) fn push(&mut self, record: &LogRecord) {
        match self {
            Self::Nothing => {}
            Self::Last(ring) => ring.push(record),
            Self::Parcel(track) => track.push(record),
        }
    }

    /// The kept records of a parcel, the oldest first.
    pub(super) fn story(&self, parcel: ParcelId) -> impl Iterator<Item = &LogRecord> + use<'_> {
        let found = match self {
            Self::Last(ring) => ring.story(parcel),
            Self::Parcel(track) if track.parcel == parcel => track.records.iter().collect(),
            Self::Nothing | Self::Parcel(_) => Vec::new(),
        };
        found.into_iter()
    }

    /// What is missing in the story of a parcel.
    pub(super) fn gap(&self, parcel: ParcelId) -> Option<Gap> {
        match self {
            Self::Last(ring) => {
                let oldest = ring.iter().next().map_or(Gap::All, |record| Gap::Before(record.at));
                ring.gone.then_some(oldest)
            }
            Self::Parcel(track) if track.parcel == parcel => track.gap(),
            Self::Nothing | Self::Parcel(_) => Some(Gap::All),
        }
    }
}

/// The last records.
#[derive(Debug)]
pub(super) struct Ring {
    records: Vec<LogRecord>,
    limit: usize,
    /// Where the oldest record stands once the ring is full.
    next: usize,
    /// Whether there were records before the oldest.
    gone: bool,
}

impl Ring {
    fn push(&mut self, record: &LogRecord) {
        if self.records.len() < self.limit {
            self.records.push(*record);
            return;
        }
        self.records[self.next] = *record;
        self.next = (self.next + 1) % self.limit;
        self.gone = true;
    }

    fn iter(&self) -> impl Iterator<Item = &LogRecord> {
        self.records[self.next..].iter().chain(&self.records[..self.next])
    }

    /// The records that name the parcel, and the others of the passes in which an item did.
    fn story(&self, parcel: ParcelId) -> Vec<&LogRecord> {
        let names = |record: &LogRecord| record.parcel == Some(parcel);
        let mut items: BTreeMap<ItemId, Passage> = BTreeMap::new();
        for record in self.iter().filter(|record| names(record)) {
            items.entry(record.item).or_default();
        }
        let mut found: Vec<usize> = Vec::new();
        for (place, record) in self.iter().enumerate() {
            let Some(passage) = items.get_mut(&record.item) else { continue };
            if record.kind == LogKind::Entered {
                *passage = Passage::default();
            }
            passage.places.push(place);
            passage.named |= names(record);
            if passage.named {
                found.append(&mut passage.places);
            }
            if record.kind.ends_a_pass() {
                // A recall may follow; it names its parcel.
                *passage = Passage::default();
            }
        }
        found.sort_unstable();
        let records: Vec<&LogRecord> = self.iter().collect();
        found.into_iter().map(|place| records[place]).collect()
    }
}

/// The records of one pass of one item that are not in the story yet.
#[derive(Default)]
struct Passage {
    places: Vec<usize>,
    named: bool,
}

/// The records of one parcel.
#[derive(Debug)]
pub(super) struct Track {
    parcel: ParcelId,
    records: Vec<LogRecord>,
    /// By item: when it entered, or whether it is known to be of the parcel.
    items: Box<[Micros]>,
    /// When the first record of any parcel came.
    since: Option<Micros>,
    /// Whether there were records before.
    earlier: bool,
    no_room: u64,
}

impl Track {
    /// An item that is not on the belt.
    const NEVER: Micros = Micros::new(u64::MAX);
    /// An item that carries the parcel, or its label.
    const FOLLOWED: Micros = Micros::new(u64::MAX - 1);

    fn push(&mut self, record: &LogRecord) {
        self.since.get_or_insert(record.at);
        let Some(seen) = self.items.get_mut(record.item.index()) else { return };
        if record.kind == LogKind::Entered {
            *seen = record.at;
            return;
        }
        let named = record.parcel == Some(self.parcel);
        let before = *seen;
        if named {
            *seen = Self::FOLLOWED;
        }
        if record.kind.ends_a_pass() {
            *seen = Self::NEVER;
        }
        if named && before != Self::NEVER && before != Self::FOLLOWED {
            self.keep(entry_of(record, before));
        }
        if named || before == Self::FOLLOWED {
            self.keep(*record);
        }
    }

    fn keep(&mut self, record: LogRecord) {
        if self.records.len() < Keep::OF_ONE_PARCEL {
            self.records.push(record);
        } else {
            self.no_room += 1;
        }
    }

    fn gap(&self) -> Option<Gap> {
        match (self.records.last(), self.since) {
            (Some(last), _) if self.no_room > 0 => Some(Gap::After(last.at)),
            (_, Some(since)) if self.earlier => Some(Gap::Before(since)),
            _ => None,
        }
    }
}

/// The entry of an item, told when its parcel is known. Which plan was in force by then is not.
const fn entry_of(record: &LogRecord, at: Micros) -> LogRecord {
    LogRecord {
        at,
        kind: LogKind::Entered,
        reason: Reason::NoRead,
        parcel: None,
        chute: None,
        plan: PlanVersion::new(0),
        container: None,
        ..*record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SorterId;

    const MINE: ParcelId = ParcelId::new(7);

    fn record(at: u64, kind: LogKind, item: u16, parcel: Option<u32>) -> LogRecord {
        LogRecord {
            at: Micros::new(at),
            kind,
            reason: Reason::NoRead,
            sorter: SorterId::new(0),
            item: ItemId::new(item),
            parcel: parcel.map(ParcelId::new),
            chute: None,
            plan: PlanVersion::new(1),
            container: None,
        }
    }

    fn times(keep: Keep, records: &[LogRecord]) -> Vec<u64> {
        let mut kept = Kept::new(keep, false);
        records.iter().for_each(|record| kept.push(record));
        kept.story(MINE).map(|record| record.at.get()).collect()
    }

    /// Item 1 carries the parcel and is read at the second try, item 2 carries another, and item 1 once more.
    fn belt() -> Vec<LogRecord> {
        vec![
            record(1, LogKind::Entered, 1, None),
            record(2, LogKind::Entered, 2, None),
            record(3, LogKind::Decided, 1, None),
            record(4, LogKind::Decided, 2, Some(8)),
            record(6, LogKind::Decided, 1, Some(7)),
            record(7, LogKind::Left, 1, None),
            record(8, LogKind::Entered, 1, None),
            record(9, LogKind::Decided, 1, Some(8)),
            record(10, LogKind::Left, 1, Some(8)),
        ]
    }

    #[test]
    fn a_ring_tells_every_record_of_a_pass_in_which_the_parcel_was_named() {
        assert_eq!(times(Keep::Last(100), &belt()), [1, 3, 6, 7]);
    }

    #[test]
    fn the_records_of_one_parcel_begin_with_the_entry_of_its_item() {
        assert_eq!(times(Keep::Parcel(MINE), &belt()), [1, 6, 7]);
    }

    #[test]
    fn a_full_ring_forgets_the_oldest_and_says_so() {
        let mut kept = Kept::new(Keep::Last(3), false);
        for at in 1..=3 {
            kept.push(&record(at, LogKind::Decided, 1, Some(7)));
        }
        assert_eq!(kept.gap(MINE), None);
        for at in 4..=8 {
            kept.push(&record(at, LogKind::Decided, 1, Some(7)));
            let told: Vec<u64> = kept.story(MINE).map(|record| record.at.get()).collect();
            assert_eq!(told, [at - 2, at - 1, at]);
            assert_eq!(kept.gap(MINE), Some(Gap::Before(Micros::new(at - 2))));
        }
    }

    #[test]
    fn records_of_one_parcel_that_find_no_room_are_counted() {
        let mut kept = Kept::new(Keep::Parcel(MINE), false);
        for at in 0..=Keep::OF_ONE_PARCEL as u64 {
            assert_eq!(kept.gap(MINE), None);
            kept.push(&record(at, LogKind::Decided, 1, Some(7)));
        }
        assert_eq!(kept.gap(MINE), Some(Gap::After(Micros::new(Keep::OF_ONE_PARCEL as u64 - 1))));
        assert_eq!(kept.gap(ParcelId::new(8)), Some(Gap::All));
    }

    #[test]
    fn what_came_before_the_keeping_is_gone() {
        for keep in [Keep::Last(4), Keep::Parcel(MINE)] {
            let mut kept = Kept::new(keep, true);
            kept.push(&record(5, LogKind::Decided, 1, Some(7)));
            assert_eq!(kept.gap(MINE), Some(Gap::Before(Micros::new(5))));
        }
        assert_eq!(Kept::new(Keep::Nothing, false).gap(MINE), Some(Gap::All));
    }
}
