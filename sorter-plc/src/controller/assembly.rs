//! Gathers the scan records of one item until all of them are there.

use smallvec::SmallVec;
use sorter_core::barcode::MAX_RAW_BYTES;
use sorter_core::ids::{ItemId, SorterId};
use sorter_core::journal::ScannedNote;
use sorter_core::units::{EncoderCount, Grams};

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
    /// The number of the first of its records that no journal has, which is not acknowledged before the item is
    /// decided; [`Seq::NONE`] when that was in an earlier session. `None` when the journal has all of them.
    first: Option<Seq>,
    /// The index of its next record. Its records come in the order of their indices.
    next: u8,
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
        Self { item: record.item, since, first, next: 0, missing, codes, used: 0, weight: Grams::ZERO }
    }

    /// What an earlier host had of an item.
    fn resumed(note: &ScannedNote, since: i64) -> Self {
        let codes = [Code { bytes: [0; CODE_BYTES], length: 0 }; CODES];
        let (next, missing, weight) = (note.next, note.missing, note.weight);
        let mut assembly =
            Self { item: note.item, since, first: None, next, missing, codes, used: 0, weight };
        for text in note.codes.iter().take(CODES) {
            assembly.begin_code();
            assembly.add_to_code(&ScannedNote::bytes_of(text));
        }
        assembly
    }

    /// What there is of the item, for the journal: `inducted_at` is where it entered, if that is known, and `since`
    /// where its first record came.
    pub(super) fn note(
        &self,
        (sorter, boot): (SorterId, u16),
        inducted_at: Option<EncoderCount>,
        since: EncoderCount,
    ) -> ScannedNote {
        let codes = self.codes().iter().map(|code| ScannedNote::text_of(code)).collect();
        let (item, next, missing, weight) = (self.item, self.next, self.missing, self.weight);
        ScannedNote { sorter, item, boot, inducted_at, since, next, missing, codes, weight }
    }

    pub(super) fn item(&self) -> ItemId {
        self.item
    }

    /// The belt travel at its first record.
    pub(super) fn since(&self) -> i64 {
        self.since
    }

    /// The codes read so far.
    pub(super) fn codes(&self) -> SmallVec<[&[u8]; CODES]> {
        self.codes[..self.used].iter().map(|code| &code.bytes[..code.length]).collect()
    }

    /// What the scale said about it, or zero.
    pub(super) fn weight(&self) -> Grams {
        self.weight
    }

    /// Begins another code, if there is room for one.
    fn begin_code(&mut self) -> bool {
        let fits = self.used < CODES;
        self.used += usize::from(fits);
        fits
    }

    /// Adds to the last code what there is room for.
    fn add_to_code(&mut self, more: &[u8]) {
        let Some(last) = self.used.checked_sub(1) else { return };
        let code = &mut self.codes[last];
        let end = (code.length + more.len()).min(CODE_BYTES);
        code.bytes[code.length..end].copy_from_slice(&more[..end - code.length]);
        code.length = end;
    }

    /// Takes a record, unless it was taken before; gives whether it was new.
    fn take(&mut self, record: &ScanRecord) -> bool {
        let is_new = record.index >= self.next;
        // The number by which the PLC shows it now is the one that has to wait.
        match self.first {
            None if is_new => self.first = Some(record.seq),
            Some(Seq::NONE) => self.first = Some(record.seq),
            _ => {}
        }
        if !is_new {
            return false;
        }
        self.next = record.index.saturating_add(1);
        self.missing = self.missing.saturating_sub(1);
        match &record.data {
            ScanData::Code(code) if self.begin_code() => self.add_to_code(code.as_slice()),
            ScanData::Continuation(more) => self.add_to_code(more.as_slice()),
            ScanData::Measured { weight, .. } => self.weight = *weight,
            _ => {}
        }
        true
    }
}

/// Items whose scan records are being gathered or wait for the item to be known.
pub(super) struct Assemblies {
    open: Vec<Assembly>,
    /// Items whose records were given up, since too many others came first or they were too old.
    pub(super) dropped: u64,
    /// Records that came again.
    pub(super) repeated: u64,
}

impl Assemblies {
    pub(super) fn new() -> Self {
        Self { open: Vec::with_capacity(OPEN), dropped: 0, repeated: 0 }
    }

    /// Goes on with what an earlier host had of an item, as if its first record had come at this belt travel. Items
    /// have to be given in the order in which they came.
    pub(super) fn resume(&mut self, note: &ScannedNote, since: i64) {
        self.make_room();
        self.open.push(Assembly::resumed(note, since));
    }

    /// The oldest gives way where there are too many.
    fn make_room(&mut self) {
        if self.open.len() == OPEN {
            self.open.remove(0);
            self.dropped += 1;
        }
    }

    /// Takes a record that came at this belt travel. Gives whether the item is complete now.
    ///
    /// What comes again in a new session, since it was not acknowledged, is taken once: from its first record on the item
    /// begins anew, and of another record its index says that it was there before.
    pub(super) fn take(&mut self, record: &ScanRecord, travel: i64) -> bool {
        if record.index == 0 {
            // What stood there belongs to an earlier item of the same number, or comes again as a whole.
            self.open.retain(|open| open.item != record.item);
        }
        let place = match self.open.iter().position(|open| open.item == record.item) {
            Some(place) => place,
            None => {
                self.make_room();
                self.open.push(Assembly::new(record, travel));
                self.open.len() - 1
            }
        };
        let is_new = self.open[place].take(record);
        self.repeated += u64::from(!is_new);
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

    /// The number of the first record after `before` that has to wait for its acknowledgement, of items whose first one
    /// came after this belt travel; [`Seq::NONE`] when it came in an earlier session.
    pub(super) fn first_since(&self, travel: i64, before: Seq) -> Option<Seq> {
        let waiting = self.open.iter().filter(|open| open.since > travel).filter_map(|open| open.first);
        waiting.min_by_key(|first| if *first == Seq::NONE { 0 } else { before.distance_to(*first) })
    }

    /// The numbers of records begin again.
    pub(super) fn renumber(&mut self) {
        for first in self.open.iter_mut().filter_map(|open| open.first.as_mut()) {
            *first = Seq::NONE;
        }
    }

    /// Lets the records from this number on be acknowledged, as far as they are of the items that wait with it: they have
    /// more records than the PLC has room for, or are gone. Gives each of these items, whose records the journal has to
    /// have instead.
    pub(super) fn let_go(&mut self, first: Seq) -> impl Iterator<Item = &Assembly> {
        let waiting = self.open.iter_mut().filter(move |open| open.first == Some(first));
        waiting.map(|open| {
            open.first = None;
            &*open
        })
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

    /// A record with this number of an item with many.
    fn numbered(seq: u16, item: u16, index: u8) -> ScanRecord {
        let data = ScanData::Code(CodeBytes::new(&[b'A' + index]).unwrap());
        ScanRecord { seq: Seq::new(seq).unwrap(), ..record(item, index, 9, data) }
    }

    fn let_go(assemblies: &mut Assemblies, first: u16) -> Vec<ScannedNote> {
        let count = EncoderCount::default();
        let halves = assemblies.let_go(Seq::new(first).unwrap());
        halves.map(|half| half.note((SorterId::new(0), 3), None, count)).collect()
    }

    #[test]
    fn what_comes_after_a_note_waits_again_and_the_earliest_that_waits_counts() {
        let mut assemblies = Assemblies::new();
        for (seq, item, index) in [(1, 7, 0), (2, 8, 0), (3, 7, 1)] {
            assemblies.take(&numbered(seq, item, index), 0);
        }
        let first = |assemblies: &Assemblies| assemblies.first_since(-1, Seq::NONE).map(Seq::get);
        assert_eq!(first(&assemblies), Some(1));
        assert_eq!(let_go(&mut assemblies, 1)[0].next, 2);
        assert_eq!(first(&assemblies), Some(2));
        assemblies.take(&numbered(4, 7, 2), 0);
        assert_eq!(first(&assemblies), Some(2), "the one that waited before");
        assert_eq!(let_go(&mut assemblies, 2)[0].codes, ["A"]);
        assert_eq!(first(&assemblies), Some(4));
        let again = let_go(&mut assemblies, 4);
        assert_eq!((again[0].next, again[0].missing, again[0].codes.len()), (3, 6, 3), "all that there is");
        assert_eq!(first(&assemblies), None);
    }

    #[test]
    fn an_item_goes_on_where_its_note_ends_and_takes_no_record_twice() {
        let mut assemblies = Assemblies::new();
        for index in 0..6 {
            assemblies.take(&numbered(u16::from(index) + 1, 7, index), 40);
        }
        let note = let_go(&mut assemblies, 1).remove(0);
        let mut next = Assemblies::new();
        next.resume(&note, 12);
        assert_eq!(next.first_since(0, Seq::NONE), None, "the journal has all of it");
        // The last two records of the note had not been acknowledged.
        for (seq, index) in [(1, 4), (2, 5), (3, 6), (4, 7)] {
            assert!(!next.take(&numbered(seq, 7, index), 50));
        }
        assert_eq!((next.repeated, next.first_since(0, Seq::NONE).map(Seq::get)), (2, Some(3)));
        assert!(next.take(&numbered(5, 7, 8), 50));
        assert_eq!(next.remove(ItemId::new(7)).unwrap().codes().concat(), b"ABCDEFGHI");
    }

    #[test]
    fn an_item_whose_first_record_comes_again_begins_anew() {
        let mut assemblies = Assemblies::new();
        for round in 0..2 {
            for index in 0..8 {
                assert!(!assemblies.take(&numbered(u16::from(index) + 1, 7, index), round));
            }
        }
        assert!(assemblies.take(&numbered(9, 7, 8), 2));
        assert_eq!(assemblies.remove(ItemId::new(7)).unwrap().codes().concat(), b"ABCDEFGHI");
        assert_eq!((assemblies.repeated, assemblies.dropped), (0, 0));
    }

    #[test]
    fn what_came_in_an_earlier_session_waits_by_the_number_of_this_one() {
        let mut assemblies = Assemblies::new();
        assemblies.take(&numbered(1, 7, 0), 0);
        let_go(&mut assemblies, 1);
        assemblies.take(&numbered(2, 7, 1), 0);
        assemblies.renumber();
        assert_eq!(assemblies.first_since(-1, Seq::NONE), Some(Seq::NONE));
        assert!(!assemblies.take(&numbered(1, 7, 1), 0));
        assert_eq!(assemblies.first_since(-1, Seq::NONE).map(Seq::get), Some(1));
        assert_eq!(assemblies.repeated, 1);
    }
}
