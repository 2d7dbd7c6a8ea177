//! The ledger by itself, and against the one on a map.

use proptest::prelude::*;

use super::index::KeyHash;
use super::table::LedgerBuilder;
use super::{LedgerError, oracle};
use crate::barcode::CodeKey;
use crate::clearance::Clearance;
use crate::ids::{DestinationId, ParcelId};
use crate::manifest::Service;
use crate::state_word::{StateWord, Step, WeightClass};
use crate::sync::day_table::DayTable;

fn key(number: u32) -> CodeKey {
    CodeKey::pack(format!("LP{number:09}").as_bytes()).unwrap()
}

fn keys(numbers: &[u32]) -> Vec<CodeKey> {
    numbers.iter().map(|number| key(*number)).collect()
}

fn word(destination: u32) -> StateWord {
    let destination = DestinationId::new(destination);
    StateWord::announced(destination, Clearance::Released, Service::default(), WeightClass::Light)
}

#[test]
fn a_parcel_is_found_by_each_of_its_codes() {
    let mut builder = LedgerBuilder::new(10, 1);
    let parcel = builder.announce(&[key(1), key(2), key(1)], word(7)).unwrap();
    let ledger = builder.build(0);
    assert_eq!(ledger.find(key(1)), Some(parcel));
    assert_eq!(ledger.find(key(2)), Some(parcel));
    assert_eq!(ledger.find(key(3)), None);
    assert_eq!(ledger.state(parcel).unwrap().destination().get(), 7);
    assert_eq!(ledger.first_code(parcel), Some(key(1)));
    assert_eq!(ledger.first_code(ParcelId::new(1)), None);
}

#[test]
fn a_duplicate_is_refused_and_leaves_no_half_of_itself() {
    let mut builder = LedgerBuilder::new(10, 1);
    let first = builder.announce(&[key(2)], word(0)).unwrap();
    let refused = builder.announce(&[key(1), key(2)], word(0));
    assert_eq!(refused, Err(LedgerError::Duplicate { first }));
    assert_eq!(builder.announce(&[key(1)], word(0)), Ok(ParcelId::new(1)));
}

#[test]
fn late_announcements_stop_at_the_capacity_and_lose_nothing() {
    let ledger = LedgerBuilder::new(0, 1).build(2);
    assert_eq!(ledger.announce_late(&[key(1), key(2)], word(1), |_| ()), Ok(ParcelId::new(0)));
    assert_eq!(ledger.announce_late(&[key(3)], word(2), |_| ()), Ok(ParcelId::new(1)));
    assert_eq!(ledger.announce_late(&[key(4)], word(3), |_| ()), Err(LedgerError::Full { capacity: 2 }));
    assert_eq!(ledger.find(key(2)), Some(ParcelId::new(0)));
    assert_eq!(ledger.len(), 2);
}

#[test]
fn a_parcel_whose_codes_do_not_all_find_room_is_refused_as_a_whole() {
    let ledger = LedgerBuilder::new(0, 1).build(1);
    let codes: Vec<_> = (0..5).map(key).collect();
    assert_eq!(ledger.announce_late(&codes, word(1), |_| ()), Err(LedgerError::Full { capacity: 1 }));
    assert!(codes.iter().all(|code| ledger.find(*code).is_none()));
    assert_eq!(ledger.announce_late(&codes[..4], word(1), |_| ()), Ok(ParcelId::new(0)));
}

#[test]
fn a_ledger_grows_while_it_is_filled_and_every_code_is_found_after_that() {
    let mut builder = LedgerBuilder::new(3, 5);
    for number in 0..3_000 {
        let codes = keys(&[number * 3, number * 3 + 1, number * 3 + 2]);
        let codes = &codes[..1 + number as usize % 3];
        assert_eq!(builder.announce(codes, word(number)), Ok(ParcelId::new(number)));
    }
    let ledger = builder.build(100);
    for number in 0..3_000 {
        for further in 0..3 {
            let announced = further <= number % 3;
            let found = ledger.find(key(number * 3 + further));
            assert_eq!(found, announced.then_some(ParcelId::new(number)));
        }
        assert_eq!(ledger.state(ParcelId::new(number)), Some(word(number)));
    }
    let table = ledger.table();
    assert_eq!((table.codes, table.twins), (6_000, 0));
    assert!(table.codes * 100 <= table.slots * 70, "{table:?}");
    assert_eq!(ledger.late_codes(), 0);
}

#[test]
fn the_numbers_of_parcels_do_not_depend_on_the_seed() {
    let filled = |seed| {
        let mut builder = LedgerBuilder::new(1, seed);
        let early: Vec<_> = (0..50).map(|number| builder.announce(&[key(number)], word(0))).collect();
        let ledger = builder.build(50);
        let late = (50..100).map(|number| ledger.announce_late(&[key(number)], word(0), |_| ()));
        (early, late.collect::<Vec<_>>())
    };
    assert_eq!(filled(1), filled(2));
}

#[test]
fn twins_are_told_apart_by_their_exact_keys() {
    // Every code has the same hash.
    let mut builder = LedgerBuilder::with_hash(20, KeyHash::masked(1, 0));
    assert_eq!(builder.announce(&keys(&[1, 2]), word(1)), Ok(ParcelId::new(0)));
    assert_eq!(builder.announce(&keys(&[3]), word(2)), Ok(ParcelId::new(1)));
    assert_eq!(
        builder.announce(&keys(&[2]), word(3)),
        Err(LedgerError::Duplicate { first: ParcelId::new(0) })
    );
    let ledger = builder.build(2);
    assert_eq!(ledger.announce_late(&keys(&[4, 5]), word(4), |_| ()), Ok(ParcelId::new(2)));
    let found: Vec<_> = (0..7).map(|code| ledger.find(key(code)).map(ParcelId::get)).collect();
    assert_eq!(found, [None, Some(0), Some(0), Some(1), Some(2), Some(2), None]);
    assert_eq!(ledger.table().twins, 4);
}

#[test]
fn codes_that_all_have_one_hash_fill_the_reach_of_a_search_and_no_more_memory() {
    let mut builder = LedgerBuilder::with_hash(0, KeyHash::masked(1, 0));
    let announced = (0..200).map_while(|number| builder.announce(&[key(number)], word(0)).ok()).count();
    assert_eq!(announced, DayTable::PAIRS * 8);
    assert_eq!(builder.announce(&[key(999)], word(0)), Err(LedgerError::Full { capacity: announced }));
    let ledger = builder.build(0);
    assert_eq!(ledger.find(key(100)), Some(ParcelId::new(100)));
}

/// What happens to a ledger after it was built.
#[derive(Clone, Debug)]
enum Event {
    Announce(Vec<u32>),
    Find(u32),
    /// A step of the parcel of this number, from the word that it has or from one that it had.
    Step(u32, bool),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        prop::collection::vec(0_u32..90, 0..4).prop_map(Event::Announce),
        (0_u32..90).prop_map(Event::Find),
        (0_u32..60, any::<bool>()).prop_map(|(parcel, stale)| Event::Step(parcel, stale)),
    ];
    prop::collection::vec(event, 0..60)
}

proptest! {
    #[test]
    fn the_table_does_what_the_oracle_does(
        early in prop::collection::vec(prop::collection::vec(0_u32..90, 0..4), 0..30),
        expected in 0_usize..40,
        events in events(),
        // All bits, or so few that codes have equal fingerprints. Only announced codes are exact before there are any.
        mask in prop::sample::select(vec![u64::MAX, 0b111, 0xF << 60 | 1]),
    ) {
        let exact = mask == u64::MAX;
        let mut builder = LedgerBuilder::with_hash(expected, KeyHash::masked(9, mask));
        let mut old = oracle::LedgerBuilder::new(expected, 9);
        for codes in &early {
            prop_assert_eq!(builder.announce(&keys(codes), word(3)), old.announce(&keys(codes), word(3)));
        }
        prop_assert_eq!(builder.words(), old.words());
        let mut codes: [Vec<_>; 2] = [builder.codes().collect(), old.codes().collect()];
        codes.iter_mut().for_each(|codes| codes.sort_unstable());
        prop_assert_eq!(&codes[0], &codes[1]);
        // Few announcements for the room that there is: neither is full.
        let (ledger, old) = (builder.build(60), old.build(60));
        prop_assert_eq!(ledger.capacity(), old.capacity());
        for event in events {
            match event {
                Event::Announce(codes) => {
                    let codes = keys(&codes);
                    let (mut told, mut told_old) = (None, None);
                    let got = ledger.announce_late(&codes, word(5), |parcel| told = Some(parcel));
                    let expected = old.announce_late(&codes, word(5), |parcel| told_old = Some(parcel));
                    prop_assert_eq!((got, told), (expected, told_old));
                }
                Event::Find(code) => {
                    let (got, expected) = (ledger.find(key(code)), old.find(key(code)));
                    prop_assert!(got == expected || !exact && expected.is_none() && ledger.table().twins == 0);
                }
                Event::Step(number, stale) => {
                    let parcel = ParcelId::new(number);
                    prop_assert_eq!(ledger.state(parcel), old.state(parcel));
                    let Some(present) = old.state(parcel) else { continue };
                    let next = present.after(Step::Claim).or(present.after(Step::RunOff)).unwrap();
                    let from = if stale { next } else { present };
                    prop_assert_eq!(ledger.replace(parcel, from, next), old.replace(parcel, from, next));
                }
            }
            prop_assert_eq!(ledger.len(), old.len());
        }
        for code in 0..90 {
            if exact || old.find(key(code)).is_some() {
                prop_assert_eq!(ledger.find(key(code)), old.find(key(code)));
            }
        }
        for parcel in (0..95).map(ParcelId::new) {
            prop_assert_eq!(ledger.state(parcel), old.state(parcel));
        }
    }
}
