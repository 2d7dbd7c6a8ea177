//! The table against a map, on few different hashes, so that searches run into each other.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::clearance::Clearance;
use crate::ids::DestinationId;
use crate::manifest::Service;
use crate::state_word::{Step, WeightClass};

fn word(destination: u32) -> StateWord {
    let destination = DestinationId::new(destination);
    StateWord::announced(destination, Clearance::Released, Service::default(), WeightClass::Light)
}

/// A hash with this home, as a part of 256. Different ones have different fingerprints.
const fn hash(home: u8, print: u64) -> u64 {
    (home as u64) << 56 | print << 8 | home as u64
}

#[test]
fn a_slot_is_seen_when_it_is_published_and_not_before() {
    let table = DayTable::new(10);
    let slot = table.claim(hash(3, 7), 42).unwrap();
    assert_eq!(table.find(hash(3, 7)), None);
    assert_eq!(table.load(slot), None);
    let seen = table.publications();
    table.publish(slot, word(1));
    assert_ne!(table.publications(), seen);
    assert_eq!(table.find(hash(3, 7)), Some(Found { slot, number: 42 }));
    assert_eq!(table.load(slot), Some(word(1)));
    assert_eq!(table.find(hash(3, 8)), None);
}

#[test]
fn an_alias_leads_to_its_parcel_and_takes_no_step() {
    let table = DayTable::new(10);
    let slot = table.claim(hash(0, 1), 5).unwrap();
    table.publish(slot, word(9));
    let alias = table.claim(hash(200, 2), 0).unwrap();
    table.publish_alias(alias, slot);
    assert_eq!(table.find(hash(200, 2)), Some(Found { slot, number: 5 }));
    assert_eq!(table.load(alias), None);
    let found: Vec<_> = table.matches(hash(200, 2)).collect();
    assert_eq!(found, [Match { slot: alias, number: 0, alias_of: Some(slot) }]);
}

#[test]
fn the_word_of_an_alias_is_no_state_word_for_any_slot() {
    for slot in [0, 1, u32::MAX] {
        assert_eq!(StateWord::from_bits(u64::from(slot) << ALIAS_SHIFT | ALIAS), None);
    }
}

#[test]
fn a_step_is_taken_from_the_word_that_stands_there_only() {
    let table = DayTable::new(1);
    let slot = table.claim(hash(0, 1), 0).unwrap();
    table.publish(slot, word(1));
    let claimed = word(1).after(Step::Claim).unwrap();
    assert_eq!(table.replace(slot, word(1), claimed), Ok(()));
    assert_eq!(table.replace(slot, word(1), claimed), Err(claimed));
}

#[test]
fn a_fingerprint_of_zero_is_found_like_any_other() {
    let table = DayTable::new(4);
    let slot = table.claim(0, 0).unwrap();
    table.publish(slot, word(1));
    assert_eq!(table.find(0), Some(Found { slot, number: 0 }));
    assert_eq!(table.number(slot), 0);
}

#[test]
fn lines_are_filled_from_home_to_buddy_to_the_next_pair_and_the_last_wraps_around() {
    let table = DayTable::with_pairs(3);
    let lines: Vec<_> = table.probe(hash(255, 0)).collect();
    assert_eq!(lines, [5, 4, 1, 0, 3, 2]);
    for number in 0..24 {
        assert_eq!(
            table.claim(hash(255, 1), number).unwrap().get() as usize / WIDTH,
            lines[number as usize / 4]
        );
    }
    assert_eq!(table.claim(hash(0, 1), 0), Err(DayTableFull { slots: 24 }));
    assert!(!table.has_room(hash(0, 1), 1));
}

#[test]
fn a_table_at_its_load_has_room_for_every_code_and_short_searches() {
    let codes = 70_000_u64;
    let table = DayTable::new(codes as usize);
    assert!(table.room() >= codes as usize);
    let hash = |number: u64| {
        (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    };
    let mut furthest = 0;
    for number in 0..codes {
        let slot = table.claim(hash(number), number as u32).expect("the load is bounded");
        table.publish(slot, word(1));
        let line = slot.get() as usize / WIDTH;
        let step = table.probe(hash(number)).position(|probed| probed == line).unwrap();
        furthest = furthest.max(step);
    }
    assert!(furthest < DayTable::PAIRS, "the furthest code is {furthest} lines from home");
    assert!((0..codes).all(|number| table.find(hash(number)).is_some()));
    assert!((codes..2 * codes).all(|number| table.find(hash(number)).is_none()));
}

#[test]
fn threads_that_insert_at_once_lose_no_code_and_readers_see_whole_words_only() {
    const EACH: u64 = if cfg!(miri) { 50 } else { 20_000 };
    const WRITERS: u64 = 3;
    let table = DayTable::new((EACH * WRITERS) as usize);
    let hash = |number: u64| {
        (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    };
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let table = &table;
            scope.spawn(move || {
                for number in writer * EACH..(writer + 1) * EACH {
                    let slot = table.claim(hash(number), number as u32).expect("there is room for all");
                    table.publish(slot, word(number as u32 % 1_000));
                }
            });
        }
        for number in (0..WRITERS * EACH).rev() {
            if let Some(found) = table.find(hash(number)) {
                assert_eq!(found.number, number as u32);
                assert_eq!(table.load(found.slot), Some(word(number as u32 % 1_000)));
            }
        }
    });
    for number in 0..WRITERS * EACH {
        assert_eq!(table.find(hash(number)).map(|found| found.number), Some(number as u32));
    }
    assert_eq!(u64::from(table.publications()), EACH * WRITERS);
}

proptest! {
    #[test]
    fn finds_what_a_map_finds(
        codes in prop::collection::vec((prop::sample::select(vec![0_u8, 1, 100, 255]), 0_u64..40, any::<bool>()), 0..120),
    ) {
        let table = DayTable::new(60);
        let mut oracle: BTreeMap<u64, Found> = BTreeMap::new();
        let mut latest: Option<Found> = None;
        for (number, (home, print, alias)) in codes.into_iter().enumerate() {
            let hash = hash(home, print + 1);
            if oracle.contains_key(&hash) {
                continue;
            }
            let Ok(slot) = table.claim(hash, number as u32) else { continue };
            let found = match latest.filter(|_| alias) {
                Some(parcel) => {
                    table.publish_alias(slot, parcel.slot);
                    parcel
                }
                None => {
                    table.publish(slot, word(number as u32));
                    Found { slot, number: number as u32 }
                }
            };
            latest = Some(found);
            oracle.insert(hash, found);
        }
        for home in [0, 1, 100, 255] {
            for print in 0..41 {
                let hash = hash(home, print + 1);
                let one_by_one = table.matches(hash).next().map(|found| table.parcel_of(found));
                prop_assert_eq!(one_by_one, oracle.get(&hash).copied());
                prop_assert_eq!(table.find(hash), oracle.get(&hash).copied());
            }
        }
    }
}
