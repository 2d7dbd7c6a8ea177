//! A parcel that is announced while others decide: teach the plan, publish the word, insert the code.

use loom::sync::Arc;
use loom::thread;

use super::{DESTINATION, PARCEL, announced};
use crate::barcode::CodeKey;
use crate::ids::ParcelId;
use crate::ledger::{Ledger, LedgerBuilder};
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::dense_table::DenseTable;
use crate::sync::late_table::LateTable;
use crate::sync::state_array::StateArray;

const HASH: u64 = 0;
/// Both halves are not zero, so that a torn read would show.
const KEY: u128 = 1 << 64 | 1;
const OUTLET: u16 = 7;

/// The table of codes, as it is or as a weak copy.
trait Codes: Send + Sync + 'static {
    fn new() -> Self;
    fn find(&self) -> Option<ParcelId>;
    fn enter(&self);
}

impl Codes for LateTable {
    /// Another code stands in the first slot already, so that the search has to go on.
    fn new() -> Self {
        let table = Self::new(2);
        table.insert(HASH, KEY + 1, ParcelId::new(9)).expect("the table is empty");
        table
    }

    fn find(&self) -> Option<ParcelId> {
        self.get(HASH, KEY)
    }

    fn enter(&self) {
        self.insert(HASH, KEY, PARCEL).expect("the slot is free");
    }
}

/// One slot of the table whose tag is stored with `Relaxed`: the weakness.
struct RelaxedTag {
    tag: AtomicU32,
    high: AtomicU64,
    low: AtomicU64,
}

impl Codes for RelaxedTag {
    fn new() -> Self {
        Self { tag: AtomicU32::new(0), high: AtomicU64::new(0), low: AtomicU64::new(0) }
    }

    fn find(&self) -> Option<ParcelId> {
        // ORDERING: Acquire, as in the table, but with no Release to pair with.
        let tag = self.tag.load(Ordering::Acquire).checked_sub(1)?;
        // ORDERING: Relaxed, both, as in the table.
        let high = self.high.load(Ordering::Relaxed);
        // ORDERING: Relaxed, as above.
        let low = self.low.load(Ordering::Relaxed);
        ((u128::from(high) << 64 | u128::from(low)) == KEY).then(|| ParcelId::new(tag))
    }

    fn enter(&self) {
        // ORDERING: Relaxed, both, as in the table.
        self.high.store((KEY >> 64) as u64, Ordering::Relaxed);
        // ORDERING: Relaxed, as above.
        self.low.store(KEY as u64, Ordering::Relaxed);
        // ORDERING: Relaxed where the table has Release. This is the weakness.
        self.tag.store(PARCEL.get() + 1, Ordering::Relaxed);
    }
}

/// What the writer and the readers share.
struct Hub<C> {
    plan: DenseTable,
    states: StateArray,
    codes: C,
}

impl<C: Codes> Hub<C> {
    fn new() -> Arc<Self> {
        Arc::new(Self { plan: DenseTable::new(2), states: StateArray::new(1), codes: C::new() })
    }

    fn teach(&self) {
        self.plan.set(DESTINATION.index(), OUTLET);
    }

    fn publish(&self) {
        self.states.publish(PARCEL, announced());
    }

    /// A reader: a found code leads to a whole word, and that to the outlet of its destination.
    fn look(&self) {
        let Some(parcel) = self.codes.find() else { return };
        let word = self.states.load(parcel).expect("a found parcel has a word");
        assert_eq!(word, announced(), "the word is whole");
        assert_eq!(self.plan.get(word.destination().index()), Some(OUTLET), "the destination is taught");
    }
}

/// A writer against two readers.
fn announce_to_two_readers<C: Codes>(announce: fn(&Hub<C>)) {
    loom::model(move || {
        let hub = Hub::<C>::new();
        let writer = Arc::clone(&hub);
        let writer = thread::spawn(move || announce(&writer));
        let reader = Arc::clone(&hub);
        let reader = thread::spawn(move || reader.look());
        hub.look();
        writer.join().expect("the writer has no reason to panic");
        reader.join().expect("the reader found what it looked for");
        assert_eq!(hub.codes.find(), Some(PARCEL), "after the announcement the code is found");
    });
}

#[test]
fn a_found_code_always_leads_to_a_whole_word_and_a_taught_destination() {
    announce_to_two_readers::<LateTable>(|hub| {
        hub.teach();
        hub.publish();
        hub.codes.enter();
    });
}

#[test]
#[should_panic(expected = "a found parcel has a word")]
fn control_a_relaxed_tag_shows_a_code_before_its_word() {
    announce_to_two_readers::<RelaxedTag>(|hub| {
        hub.teach();
        hub.publish();
        hub.codes.enter();
    });
}

#[test]
#[should_panic(expected = "a found parcel has a word")]
fn control_a_code_inserted_before_its_word_leads_nowhere() {
    announce_to_two_readers::<LateTable>(|hub| {
        hub.teach();
        hub.codes.enter();
        hub.publish();
    });
}

#[test]
#[should_panic(expected = "the destination is taught")]
fn control_a_plan_taught_after_the_announcement_misses_the_destination() {
    announce_to_two_readers::<LateTable>(|hub| {
        hub.publish();
        hub.codes.enter();
        hub.teach();
    });
}

/// A reader that has the parcel number from elsewhere and waits for its word.
fn announce_to_a_watcher(publish: fn(&AtomicU64)) {
    loom::model(move || {
        let shared = Arc::new((DenseTable::new(2), AtomicU64::new(0)));
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            writer.0.set(DESTINATION.index(), OUTLET);
            publish(&writer.1);
        });
        // ORDERING: Acquire. Pairs with the Release of the good `publish`.
        if shared.1.load(Ordering::Acquire) != 0 {
            assert_eq!(shared.0.get(DESTINATION.index()), Some(OUTLET), "the destination is taught");
        }
        writer.join().expect("the writer has no reason to panic");
    });
}

#[test]
fn a_published_word_shows_what_was_taught_before_it() {
    loom::model(|| {
        let hub = Hub::<LateTable>::new();
        let writer = Arc::clone(&hub);
        let writer = thread::spawn(move || {
            writer.teach();
            writer.publish();
        });
        if let Some(word) = hub.states.load(PARCEL) {
            let taught = hub.plan.get(word.destination().index());
            assert_eq!(taught, Some(OUTLET), "the destination is taught");
        }
        writer.join().expect("the writer has no reason to panic");
    });
}

#[test]
#[should_panic(expected = "the destination is taught")]
fn control_a_word_published_relaxed_hides_what_was_taught() {
    // ORDERING: Relaxed where the array has Release. This is the weakness.
    announce_to_a_watcher(|word| word.store(announced().to_bits(), Ordering::Relaxed));
}

#[test]
fn the_watcher_of_the_control_is_content_with_a_release() {
    // ORDERING: Release. Pairs with the Acquire of the watcher.
    announce_to_a_watcher(|word| word.store(announced().to_bits(), Ordering::Release));
}

fn key(number: u8) -> CodeKey {
    CodeKey::pack(&[b'A', number]).expect("letters and digits")
}

/// The ledger as it is, with both codes of a parcel: whoever finds it by one of them finds its word.
#[test]
fn a_parcel_of_the_ledger_is_whole_under_each_of_its_codes() {
    loom::model(|| {
        let ledger: Arc<Ledger> = Arc::new(LedgerBuilder::new(0, 1).build(1));
        let writer = Arc::clone(&ledger);
        let writer = thread::spawn(move || {
            writer.announce_late(&[key(b'1'), key(b'2')], announced(), |_| ()).expect("there is room");
        });
        for code in [key(b'2'), key(b'1')] {
            if let Some(parcel) = ledger.find(code) {
                assert_eq!(ledger.state(parcel), Some(announced()));
            }
        }
        writer.join().expect("the writer has no reason to panic");
        assert_eq!(ledger.find(key(b'1')), Some(PARCEL));
        assert_eq!(ledger.find(key(b'2')), Some(PARCEL));
    });
}
