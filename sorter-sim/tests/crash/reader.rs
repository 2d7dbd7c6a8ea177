//! What stands on the disk, read by rules of its own: the journal's own image is not asked.

use std::collections::{BTreeMap, BTreeSet};

use sorter_core::container::LicencePlate;
use sorter_core::ids::{ChuteId, ContainerId, ItemId, ParcelId, SorterId};
use sorter_core::journal::{Body, Cause, Entry, Note, Record, RecordKind, ScannedNote};
use sorter_core::reason::Reason;
use sorter_core::state_word::StateWord;
use sorter_core::units::{Grams, Micros};

use crate::stats::{Happened, Stats};
use crate::trace;

/// What the disk tells about one item of one PLC.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Chutes that it was decided for.
    pub(crate) chutes: Vec<ChuteId>,
    pub(crate) is_decided: bool,
    /// Where it is to go by its last decision, as long as its order has not ended.
    pub(crate) chute: Option<ChuteId>,
    /// Whether its label is that of a parcel that is elsewhere.
    pub(crate) is_duplicate: bool,
    /// The parcel that it holds by its last decision.
    pub(crate) parcel: Option<ParcelId>,
    /// Whether codes of it were on the disk, and no decision, when its host crashed.
    was_half_read: bool,
}

/// An item as the journal names it: its sorter, its number, and the encoder count of the event with which it came.
pub(crate) type ItemKey = (SorterId, ItemId, u32);

/// The durable records so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    /// The items that are on a belt.
    pub(crate) on_belt: BTreeMap<(SorterId, ItemId), ItemKey>,
    pub(crate) items: BTreeMap<ItemKey, Told>,
    causes: BTreeSet<(SorterId, ItemId, u16, u16, u32)>,
    /// What the chutes were last told to show: whether a container stands there.
    containers: BTreeMap<(SorterId, ChuteId), bool>,
    /// The last state word of each parcel that anything happened to.
    pub(crate) words: BTreeMap<ParcelId, StateWord>,
    /// What slid into each container.
    pub(crate) content: BTreeMap<ContainerId, Vec<(Option<ParcelId>, Grams)>>,
    pub(crate) plates: BTreeMap<LicencePlate, ContainerId>,
    /// What was read of items that are on a belt, or will be, and are not decided by it.
    half_read: BTreeMap<(SorterId, ItemId), ScannedNote>,
}

impl Reader {
    pub(crate) fn take(&mut self, entries: &[Entry], stats: &mut Stats) {
        for entry in entries {
            match &entry.body {
                Body::Record(record) => {
                    trace::tell(record.at, format_args!("  disk {} {record:?}", entry.seq));
                    stats.count(Happened::Record);
                    self.record(record, stats);
                }
                Body::Note(note) => {
                    trace::tell(Micros::ZERO, format_args!("  disk {} {note:?}", entry.seq));
                    stats.count(Happened::Note);
                    self.note(note, stats);
                }
            }
        }
    }

    fn record(&mut self, record: &Record, stats: &mut Stats) {
        let (sorter, item, Cause { kind, arg, encoder }) = (record.sorter, record.item, record.cause);
        if let (Some(parcel), Some(word)) = (record.parcel, record.word) {
            let before = self.words.insert(parcel, word);
            assert!(before.is_none() || before == record.before, "{parcel} was {before:?}: {record:?}");
        }
        if kind != 0 {
            self.causes.insert((sorter, item, kind, arg, encoder.get()));
        }
        let key = self.on_belt.get(&(sorter, item)).copied();
        match record.kind {
            RecordKind::Entered => {
                let key = (sorter, item, encoder.get());
                self.on_belt.insert((sorter, item), key);
                self.items.entry(key).or_default();
            }
            RecordKind::Decided => {
                let Some(told) = key.and_then(|key| self.items.get_mut(&key)) else { return };
                told.is_decided = true;
                told.chutes.extend(record.chute);
                told.chute = record.chute;
                told.is_duplicate = record.reason == Reason::Duplicate;
                told.parcel = record.parcel.filter(|_| record.flags & Record::CLAIMS != 0);
                if std::mem::take(&mut told.was_half_read) {
                    let no_read = Reason::NoRead as u64 + 1;
                    assert!(record.extra != no_read, "codes of it are on the disk: {record:?}");
                    stats.count(Happened::HalfReadDecided);
                }
            }
            RecordKind::Discharged | RecordKind::Left | RecordKind::Lost | RecordKind::Forgotten => {
                self.on_belt.remove(&(sorter, item));
                self.half_read.remove(&(sorter, item));
                if let Some(container) = record.container {
                    self.content.entry(container).or_default().push((record.parcel, record.weight));
                }
                let what = match record.kind {
                    RecordKind::Discharged => Happened::Discharged,
                    RecordKind::Lost => Happened::LostItem,
                    RecordKind::Forgotten => Happened::Forgotten,
                    _ => return,
                };
                stats.count(what);
            }
            RecordKind::ChuteChanged => {
                let Some(chute) = record.chute else { return };
                self.containers.insert((sorter, chute), record.flags & Record::CONTAINER != 0);
            }
            RecordKind::OrderEnded => {
                if let Some(told) = key.and_then(|key| self.items.get_mut(&key)) {
                    told.chute = None;
                }
            }
            RecordKind::DeclaredLost => stats.count(Happened::DeclaredLost),
            _ => {}
        }
    }

    fn note(&mut self, note: &Note, stats: &mut Stats) {
        match note {
            Note::Container(record) => {
                if let Some(plate) = record.plate {
                    self.plates.insert(plate, record.id);
                }
            }
            Note::Scanned(scanned) => {
                stats.count(Happened::HalfReadNote);
                self.half_read.insert((scanned.sorter, scanned.item), scanned.clone());
            }
            _ => {}
        }
    }

    /// A host has crashed: what is half read now is for the next one.
    pub(crate) fn host_crashed(&mut self, stats: &mut Stats) {
        for (place, scanned) in &self.half_read {
            let Some(key) = self.on_belt.get(place) else { continue };
            let is_its = scanned.inducted_at.is_none_or(|count| count.get() == key.2);
            let told = self.items.get_mut(key).filter(|told| is_its && !told.is_decided);
            let Some(told) = told.filter(|_| !scanned.codes.is_empty()) else { continue };
            told.was_half_read = true;
            stats.count(Happened::HalfReadCrash);
        }
    }

    /// Whether the disk has what a scan record of an item told, before its item was decided.
    pub(crate) fn has_scan(&self, sorter: SorterId, item: ItemId, index: u8) -> bool {
        self.half_read.get(&(sorter, item)).is_some_and(|scanned| scanned.next > index)
    }

    /// Whether a record has this event of an item as its cause.
    pub(crate) fn has(&self, sorter: SorterId, item: ItemId, cause: Cause) -> bool {
        self.causes.contains(&(sorter, item, cause.kind, cause.arg, cause.encoder.get()))
    }

    /// What is told about an item that is on a belt.
    pub(crate) fn known(&self, sorter: SorterId, item: ItemId) -> Option<&Told> {
        self.on_belt.get(&(sorter, item)).and_then(|key| self.items.get(key))
    }

    /// Whether a chute shows a container, as far as the disk was told.
    pub(crate) fn shows_container(&self, sorter: SorterId, chute: ChuteId) -> Option<bool> {
        self.containers.get(&(sorter, chute)).copied()
    }
}
