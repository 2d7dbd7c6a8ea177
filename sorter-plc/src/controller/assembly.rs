//! Gathers the scan records of one item until all of them are there.

use smallvec::SmallVec;
use sorter_core::barcode::MAX_RAW_BYTES;
use sorter_core::ids::ItemId;
use sorter_core::units::Grams;

use crate::contract::{ScanData, ScanRecord, Seq};

/// Bytes kept of one code: one more than a code may have, so that one that was cut is refused for its length.
const CODE_BYTES: usize = MAX_RAW_BYTES + 1;
/// Codes kept of one item; more than the engine looks at, so that it can see that there are too many.
const CODES: usize = 9;
/// Items whose records may be incomplete at one time. They are a few in a row at the tunnel.
const OPEN: usize = 32;

/// One code as it was read.
#[derive(Clone, Copy)]
struct Code {
    bytes: [u8; CODE_BYTES],
    length: usize,
}

/// The codes of one item.
pub(super) struct Assembly {
    item: ItemId,
    /// The belt travel at its first record.
    since: i64,
    /// The number of its first record, which is not acknowledged before the item is decided; [`Seq::NONE`] when that
    /// was in an earlier session. `None` when its records may be acknowledged all the same.
    first: Option<Seq>,
    missing: u8,
    codes: [Code; CODES],
    used: usize,
    /// What the scale said, or zero.
    weight: Grams,
}

impl Assembly {
    fn new(record: &ScanRecord, since: i64) -> Self {
        let codes = [Code { bytes: [0; CODE_BYTES], length: 0 }; CODES];
        let missing = record.count.max(1);
        let first = Some(record.seq);
        Self { item: record.item, since, first, missing, codes, used: 0, weight: Grams::ZERO }
    }

    /// The codes read so far.
    pub(super) fn codes(&self) -> SmallVec<[&[u8]; CODES]> {
        self.codes[..self.used].iter().map(|code| &code.bytes[..code.length]).collect()
    }

    /// What the scale said about it, or zero.
    pub(super) fn weight(&self) -> Grams {
        self.weight
    }

    fn take(&mut self, record: &ScanRecord) {
        self.missing = self.missing.saturating_sub(1);
        match &record.data {
            ScanData::Code(code) if self.used < CODES => {
                let code = code.as_slice();
                self.codes[self.used].bytes[..code.len()].copy_from_slice(code);
                self.codes[self.used].length = code.len();
                self.used += 1;
            }
            ScanData::Continuation(more) if self.used > 0 => {
                let code = &mut self.codes[self.used - 1];
                let more = more.as_slice();
                let end = (code.length + more.len()).min(CODE_BYTES);
                code.bytes[code.length..end].copy_from_slice(&more[..end - code.length]);
                code.length = end;
            }
            ScanData::Measured { weight, .. } => self.weight = *weight,
            _ => {}
        }
    }
}

/// Items whose scan records are being gathered or wait for the item to be known.
pub(super) struct Assemblies {
    open: Vec<Assembly>,
    /// Items whose records were given up, since too many others came first or they were too old.
    pub(super) dropped: u64,
}

impl Assemblies {
    pub(super) fn new() -> Self {
        Self { open: Vec::with_capacity(OPEN), dropped: 0 }
    }

    /// Takes a record that came at this belt travel. Gives whether the item is complete now.
    pub(super) fn take(&mut self, record: &ScanRecord, travel: i64) -> bool {
        if record.index == 0 {
            // What stood there belongs to an earlier item of the same number, or it would have been decided.
            self.open.retain(|open| open.item != record.item);
        }
        let place = match self.open.iter().position(|open| open.item == record.item) {
            Some(place) => place,
            None => {
                if self.open.len() == OPEN {
                    self.open.remove(0);
                    self.dropped += 1;
                }
                self.open.push(Assembly::new(record, travel));
                self.open.len() - 1
            }
        };
        self.open[place].take(record);
        self.open[place].missing == 0
    }

    /// Gives up the records of an earlier item of this number: those that came before this belt travel.
    pub(super) fn give_up_before(&mut self, item: ItemId, travel: i64) {
        if self.open.iter().any(|open| open.item == item && open.since < travel) {
            self.remove(item);
            self.dropped += 1;
        }
    }

    /// Gives up the records that came beyond this belt travel: the encoder went back, so nothing tells how old
    /// they are.
    pub(super) fn give_up_after(&mut self, travel: i64) {
        let before = self.open.len();
        self.open.retain(|open| open.since <= travel);
        self.dropped += (before - self.open.len()) as u64;
    }

    /// Gives up all records: the PLC gives item numbers anew.
    pub(super) fn clear(&mut self) {
        self.dropped += self.open.len() as u64;
        self.open.clear();
    }

    /// Whether all records of an item are there.
    pub(super) fn is_complete(&self, item: ItemId) -> bool {
        self.open.iter().any(|open| open.item == item && open.missing == 0)
    }

    /// The number of the first record that has to wait for its acknowledgement, of those that came after this belt
    /// travel; [`Seq::NONE`] when it came in an earlier session.
    pub(super) fn first_since(&self, travel: i64) -> Option<Seq> {
        self.open.iter().filter(|open| open.since > travel).find_map(|open| open.first)
    }

    /// The numbers of records begin again.
    pub(super) fn renumber(&mut self) {
        for first in self.open.iter_mut().filter_map(|open| open.first.as_mut()) {
            *first = Seq::NONE;
        }
    }

    /// Lets the records from this number on be acknowledged, as far as they are of the items that wait with it: they have
    /// more records than the PLC has room for, or are gone.
    pub(super) fn let_go(&mut self, first: Seq) {
        for open in self.open.iter_mut().filter(|open| open.first == Some(first)) {
            open.first = None;
        }
    }

    /// Hands out what there is of an item.
    pub(super) fn remove(&mut self, item: ItemId) -> Option<Assembly> {
        let place = self.open.iter().position(|open| open.item == item)?;
        // The order of arrival is kept: it says who gives way.
        Some(self.open.remove(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::CodeBytes;

    fn record(item: u16, index: u8, count: u8, data: ScanData) -> ScanRecord {
        ScanRecord { seq: Seq::NONE.next(), item: ItemId::new(item), index, count, data }
    }

    #[test]
    fn a_long_code_is_joined_from_its_continuation() {
        let mut assemblies = Assemblies::new();
        let first = CodeBytes::new(&[b'A'; 32]).unwrap();
        let rest = CodeBytes::new(b"BC").unwrap();
        assert!(!assemblies.take(&record(1, 0, 2, ScanData::Code(first)), 0));
        assert!(assemblies.take(&record(1, 1, 2, ScanData::Continuation(rest)), 0));
        let assembly = assemblies.remove(ItemId::new(1)).unwrap();
        assert_eq!(assembly.codes().as_slice(), [[&[b'A'; 32][..], b"BC"].concat()]);
    }

    #[test]
    fn the_oldest_incomplete_item_gives_way_and_is_counted() {
        let mut assemblies = Assemblies::new();
        for item in 1..=33 {
            assert!(!assemblies.take(&record(item, 0, 2, ScanData::NoCode), 0));
        }
        assert_eq!(assemblies.dropped, 1);
        assert!(assemblies.remove(ItemId::new(1)).is_none());
        assert!(assemblies.remove(ItemId::new(33)).is_some());
    }

    #[test]
    fn an_item_that_was_decided_does_not_change_who_is_oldest() {
        let mut assemblies = Assemblies::new();
        for item in 1..=32 {
            assemblies.take(&record(item, 0, 2, ScanData::NoCode), 0);
        }
        assert!(assemblies.remove(ItemId::new(1)).is_some());
        for item in 33..=34 {
            assemblies.take(&record(item, 0, 2, ScanData::NoCode), 0);
        }
        assert!(assemblies.remove(ItemId::new(2)).is_none());
        assert!(assemblies.remove(ItemId::new(32)).is_some());
    }
}
