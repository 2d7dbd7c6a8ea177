//! What must hold between the parts of the map.

use std::collections::BTreeSet;

use sorter_plc::contract::{CHUTES_PER_LINK, EVENT_SLOTS, ORDER_SLOTS, SCAN_SLOTS, Seq};
use sorter_plc::register_map::{
    BELT_CAPACITY, BELT_ENTRY, BLOCKS, BaseAddresses, BlockId, CAPABILITIES, ENDINGS, EVENT_RECORD,
    EVENT_TYPES, Field, MAX_BELT_CAPACITY, Named, OPERATIONS, ORDER_RECORD, REFUSALS, SCAN_KINDS,
    SCAN_RECORD, STATE_BITS, belt_words,
};

/// The most words that one read of Modbus carries.
const MAX_READ: u16 = 125;
/// The most words that FC 23 writes; FC 16 takes two more.
const MAX_WRITE: u16 = 121;

fn names(fields: &[Field]) -> BTreeSet<&str> {
    fields.iter().map(|field| field.name).collect()
}

#[test]
fn names_are_unique_in_their_block_or_record() {
    let records = [EVENT_RECORD, ORDER_RECORD, SCAN_RECORD, BELT_ENTRY];
    let lists = BLOCKS.iter().map(|block| block.fields).chain(records.iter().map(|record| record.fields));
    for fields in lists {
        assert_eq!(names(fields).len(), fields.len(), "{fields:?}");
    }
}

#[test]
fn numbers_and_names_of_a_list_are_unique() {
    let lists: [&[Named]; 6] = [&STATE_BITS, &CAPABILITIES, &REFUSALS, &ENDINGS, &OPERATIONS, &SCAN_KINDS];
    for list in lists {
        let numbers: BTreeSet<u8> = list.iter().map(|named| named.number).collect();
        let names: BTreeSet<&str> = list.iter().map(|named| named.name).collect();
        assert_eq!((numbers.len(), names.len()), (list.len(), list.len()), "{list:?}");
    }
    let numbers: BTreeSet<u8> = EVENT_TYPES.iter().map(|event| event.number).collect();
    assert!(numbers.into_iter().eq(1..=15));
}

#[test]
fn blocks_do_not_overlap_at_their_default_addresses() {
    let bases = BaseAddresses::default();
    for (block, next) in BLOCKS.iter().zip(&BLOCKS[1..]) {
        assert!(bases.of(block.id) + block.words <= bases.of(next.id), "{} runs into {}", block.id, next.id);
    }
    assert!(usize::from(bases.belt) + belt_words(MAX_BELT_CAPACITY) <= 1 << 16);
}

#[test]
fn cyclic_blocks_fit_into_one_request() {
    for id in [BlockId::Status, BlockId::Scan, BlockId::Plant] {
        assert!(id.map().words <= MAX_READ, "{id}");
    }
    assert!(BlockId::Order.map().words <= MAX_WRITE);
}

#[test]
fn windows_and_rings_have_the_slots_of_the_typed_values() {
    let slots = |id: BlockId, name: &str| {
        let field = id.map().fields.iter().find(|field| field.name == name).unwrap();
        usize::from(field.words / field.record.unwrap().words)
    };
    assert_eq!(slots(BlockId::Status, "events"), EVENT_SLOTS);
    assert_eq!(slots(BlockId::Order, "orders"), ORDER_SLOTS);
    assert_eq!(slots(BlockId::Scan, "records"), SCAN_SLOTS);
    assert_eq!(slots(BlockId::Belt, "items"), usize::from(BELT_CAPACITY));
    for slots in [EVENT_SLOTS, ORDER_SLOTS, SCAN_SLOTS] {
        assert_eq!(usize::from(Seq::LAST) % slots, 0, "the slot formula jumps at the wrap");
    }
}

#[test]
fn one_block_of_chute_bits_has_a_bit_for_each_chute() {
    let bits = BlockId::Plant.map().fields.iter().filter(|field| field.unit == "bits");
    assert!(bits.clone().all(|field| usize::from(field.words) * 16 == CHUTES_PER_LINK));
    assert_eq!(bits.count(), 4);
}
