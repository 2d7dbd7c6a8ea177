//! A parcel that is announced while others decide: claim a slot, teach the plan, publish the word, then the aliases.

use loom::sync::Arc;
use loom::thread;

use super::{DESTINATION, PARCEL, announced, claimed};
use crate::barcode::CodeKey;
use crate::ledger::{Ledger, LedgerBuilder};
use crate::state_word::StateWord;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::day_table::{DayTable, Slot};
use crate::sync::dense_table::DenseTable;

/// Two codes whose searches begin at the same line.
const CODE: u64 = 1;
const OTHER: u64 = 2;
const OUTLET: u16 = 7;

/// The table of codes, as it is or as a weak copy, with room for what the models put into it.
trait Table: Send + Sync + 'static {
    fn new() -> Self;
    fn find(&self) -> Option<Slot>;
    fn load(&self, slot: Slot) -> Option<StateWord>;
    fn claim(&self) -> Slot;
    fn publish(&self, slot: Slot);
}

impl Table for DayTable {
    fn new() -> Self {
        Self::new(1)
    }

    fn find(&self) -> Option<Slot> {
        self.find(CODE).map(|found| {
            assert_eq!(found.number, PARCEL.get(), "the slot has the number of the parcel");
            found.slot
        })
    }

    fn load(&self, slot: Slot) -> Option<StateWord> {
        self.load(slot)
    }

    fn claim(&self) -> Slot {
        self.claim(CODE, PARCEL.get()).expect("the table is empty")
    }

    fn publish(&self, slot: Slot) {
        self.publish(slot, announced());
    }
}

/// One slot whose word is published with `Relaxed`: the weakness.
struct RelaxedPublish {
    tag: AtomicU64,
    word: AtomicU64,
}

impl Table for RelaxedPublish {
    fn new() -> Self {
        Self { tag: AtomicU64::new(0), word: AtomicU64::new(0) }
    }

    fn find(&self) -> Option<Slot> {
        let slot = Slot::new(0);
        // ORDERING: Relaxed, as in the table.
        let tag = self.tag.load(Ordering::Relaxed);
        (tag == CODE && self.load(slot).is_some()).then_some(slot)
    }

    fn load(&self, _slot: Slot) -> Option<StateWord> {
        // ORDERING: Acquire, as in the table, but with no Release to pair with.
        let bits = self.word.load(Ordering::Acquire);
        if bits == 0 { None } else { StateWord::from_bits(bits) }
    }

    fn claim(&self) -> Slot {
        // ORDERING: Relaxed, as in the table.
        let claimed = self.tag.compare_exchange(0, CODE, Ordering::Relaxed, Ordering::Relaxed);
        claimed.map(|_| Slot::new(0)).expect("the slot is empty")
    }

    fn publish(&self, _slot: Slot) {
        // ORDERING: Relaxed where the table has Release. This is the weakness.
        self.word.store(announced().to_bits(), Ordering::Relaxed);
    }
}

/// What the writer and the readers share.
struct Hub<T> {
    plan: DenseTable,
    table: T,
}

impl<T: Table> Hub<T> {
    fn new() -> Arc<Self> {
        Arc::new(Self { plan: DenseTable::new(2), table: T::new() })
    }

    fn teach(&self) {
        self.plan.set(DESTINATION.index(), OUTLET);
    }

    /// A reader: a found code leads to a whole word, and that to the outlet of its destination.
    fn look(&self) {
        let Some(slot) = self.table.find() else { return };
        let word = self.table.load(slot).expect("a found parcel has a word");
        assert_eq!(word, announced(), "the word is whole");
        assert_eq!(self.plan.get(word.destination().index()), Some(OUTLET), "the destination is taught");
    }
}

/// A writer against two readers.
fn announce_to_two_readers<T: Table>(announce: fn(&Hub<T>)) {
    loom::model(move || {
        let hub = Hub::<T>::new();
        let writer = Arc::clone(&hub);
        let writer = thread::spawn(move || announce(&writer));
        let reader = Arc::clone(&hub);
        let reader = thread::spawn(move || reader.look());
        hub.look();
        writer.join().expect("the writer has no reason to panic");
        reader.join().expect("the reader found what it looked for");
        assert!(hub.table.find().is_some(), "after the announcement the code is found");
    });
}

#[test]
fn a_found_code_always_leads_to_a_whole_word_and_a_taught_destination() {
    announce_to_two_readers::<DayTable>(|hub| {
        let slot = Table::claim(&hub.table);
        hub.teach();
        Table::publish(&hub.table, slot);
    });
}

#[test]
#[should_panic(expected = "the destination is taught")]
fn control_a_word_published_relaxed_hides_what_was_taught() {
    announce_to_two_readers::<RelaxedPublish>(|hub| {
        let slot = hub.table.claim();
        hub.teach();
        hub.table.publish(slot);
    });
}

#[test]
#[should_panic(expected = "the destination is taught")]
fn control_a_plan_taught_after_the_announcement_misses_the_destination() {
    announce_to_two_readers::<DayTable>(|hub| {
        let slot = Table::claim(&hub.table);
        Table::publish(&hub.table, slot);
        hub.teach();
    });
}

/// Two deciders and the announcer of one parcel: how many of the two claimed it.
fn announce_to_two_deciders(replace: fn(&DayTable, Slot, StateWord, StateWord) -> bool) {
    let decide = move |table: &DayTable, sorter: u8| {
        let Some(found) = table.find(CODE) else { return false };
        let word = table.load(found.slot).expect("a found parcel has a word");
        let next = claimed(word, sorter).filter(|_| !word.life().is_live_claim());
        next.is_some_and(|next| replace(table, found.slot, word, next))
    };
    loom::model(move || {
        let table = Arc::new(DayTable::new(1));
        let writer = Arc::clone(&table);
        let writer = thread::spawn(move || {
            let slot = writer.claim(CODE, 0).expect("the table is empty");
            writer.publish(slot, announced());
        });
        let decider = Arc::clone(&table);
        let decider = thread::spawn(move || decide(&decider, 1));
        let mine = decide(&table, 2);
        writer.join().expect("the writer has no reason to panic");
        let other = decider.join().expect("the decider has no reason to panic");
        assert!(!(mine && other), "one item claims the parcel at most");
    });
}

#[test]
fn two_deciders_never_both_claim_a_parcel_that_is_announced_meanwhile() {
    announce_to_two_deciders(|table, slot, word, next| table.replace(slot, word, next).is_ok());
}

#[test]
#[should_panic(expected = "one item claims the parcel at most")]
fn control_two_deciders_both_claim_when_they_check_and_then_store() {
    announce_to_two_deciders(|table, slot, word, next| {
        let same = table.load(slot) == Some(word);
        if same {
            table.restore(slot, next);
        }
        same
    });
}

/// An alias is inserted with its parcel while another thread looks for it.
fn insert_with_alias(insert: fn(&DayTable, Slot, Slot)) {
    loom::model(move || {
        let table = Arc::new(DayTable::new(1));
        let writer = Arc::clone(&table);
        let writer = thread::spawn(move || {
            let parcel = writer.claim(CODE, 0).expect("the table is empty");
            let alias = writer.claim(OTHER, 0).expect("one slot is taken");
            insert(&writer, parcel, alias);
        });
        if let Some(found) = table.find(OTHER) {
            assert_eq!(table.load(found.slot), Some(announced()), "an alias leads to its parcel");
        }
        writer.join().expect("the writer has no reason to panic");
        assert!(table.find(OTHER).is_some() && table.find(CODE).is_some());
    });
}

#[test]
fn an_alias_that_is_found_leads_to_a_whole_parcel() {
    insert_with_alias(|table, parcel, alias| {
        table.publish(parcel, announced());
        table.publish_alias(alias, parcel);
    });
}

#[test]
#[should_panic(expected = "an alias leads to its parcel")]
fn control_an_alias_that_is_published_before_its_parcel_leads_nowhere() {
    insert_with_alias(|table, parcel, alias| {
        table.publish_alias(alias, parcel);
        table.publish(parcel, announced());
    });
}

/// Two threads insert two codes that both want the first slot of one line.
fn two_codes_for_one_slot(claim: fn(&AtomicU64, u64) -> bool) {
    loom::model(move || {
        let slots = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let insert = move |slots: &[AtomicU64; 2], tag| {
            assert!(slots.iter().any(|slot| claim(slot, tag)), "there is a slot for each");
        };
        let writer = Arc::clone(&slots);
        let writer = thread::spawn(move || insert(&writer, CODE));
        insert(&slots, OTHER);
        writer.join().expect("the writer found a slot");
        // ORDERING: Relaxed. Both threads are done.
        let mut left = [slots[0].load(Ordering::Relaxed), slots[1].load(Ordering::Relaxed)];
        left.sort_unstable();
        assert_eq!(left, [CODE, OTHER], "no code is lost");
    });
}

#[test]
fn two_codes_never_get_one_slot() {
    loom::model(|| {
        let table = Arc::new(DayTable::new(1));
        let insert = |table: &DayTable, code, number| {
            let slot = table.claim(code, number).expect("there is a slot for each");
            table.publish(slot, announced());
        };
        let writer = Arc::clone(&table);
        let writer = thread::spawn(move || insert(&writer, CODE, 5));
        insert(&table, OTHER, 6);
        writer.join().expect("the writer found a slot");
        let number = |code| table.find(code).map(|found| found.number);
        assert_eq!((number(CODE), number(OTHER)), (Some(5), Some(6)), "no code is lost");
    });
}

#[test]
#[should_panic(expected = "no code is lost")]
fn control_a_code_is_lost_when_slots_are_claimed_by_check_and_store() {
    two_codes_for_one_slot(|slot, tag| {
        // ORDERING: Relaxed, as in the table; the weakness is that the look and the store are two steps.
        let empty = slot.load(Ordering::Relaxed) == 0;
        if empty {
            // ORDERING: Relaxed, as above.
            slot.store(tag, Ordering::Relaxed);
        }
        empty
    });
}

#[test]
fn the_claim_of_the_control_is_content_with_a_compare_and_swap() {
    two_codes_for_one_slot(|slot, tag| {
        // ORDERING: Relaxed, both, as in the table.
        slot.compare_exchange(0, tag, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    });
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
