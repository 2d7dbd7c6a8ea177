//! What the PLC is told to forget.

use sorter_core::journal::{Health, SimulatedDisk};
use sorter_core::units::Micros;

use super::hall::DE;
use super::plant::Entry;
use super::world::World;

fn one(records: u8) -> Vec<Entry> {
    vec![Entry { scan: 60, parcel: 1, records }]
}

#[test]
fn nothing_is_acknowledged_while_the_disk_is_full_and_everything_after_it() {
    let full = Micros::from_millis(1_500)..Micros::from_secs(8);
    let day = (1..=12).map(|parcel| Entry { scan: 40 + 2 * parcel, parcel, records: 1 }).collect();
    let mut world = World::new(day, 3, SimulatedDisk { full, ..SimulatedDisk::default() });
    while world.now < Micros::from_millis(1_700) {
        world.cycle();
    }
    let orders = world.plant.orders.len();
    assert_eq!(world.controller().journal(world.now).unwrap().health, Health::Stalled);
    assert!(!world.plant.plc.image.permit, "induction is closed");
    let inducted = world.plant.truth.inducted;
    while world.now < Micros::from_millis(7_900) {
        world.cycle();
        assert!(!world.plant.plc.image.permit);
    }
    assert_eq!((world.plant.orders.len(), world.plant.truth.inducted), (orders, inducted));
    let kept = world.plant.plc.events.len();
    assert!(kept > 4, "the PLC keeps what nobody acknowledges: {kept} of {:?}", world.plant.truth);
    world.finish();
    let balance = world.controller().worker().balance();
    assert_eq!((balance.inducted, balance.on_belt()), (12, Some(0)));
    assert_eq!(world.controller().worker().tally().deviations, 0);
    assert!(balance.left > 0, "the belt ran empty: {balance}");
    assert!(balance.discharged > 0, "what came later was sorted: {balance}");
}

#[test]
fn a_slow_disk_slows_induction_down_before_it_stops_it() {
    let mut world = World::new(one(1), 3, SimulatedDisk::default());
    world.until_live();
    let host = world.host.as_mut().unwrap();
    host.scribe.journal_mut().disk_mut().sync = Micros::from_millis(400);
    let mut limits = Vec::new();
    for _ in 0..200 {
        world.cycle();
        let limit = world.plant.plc.image.induction_limit;
        if limits.last() != Some(&limit) {
            limits.push(limit);
        }
    }
    assert_eq!(limits[..3], [0, 150, 100], "{limits:?}");
    assert!(world.plant.plc.image.permit);
    let status = world.controller().journal(world.now).unwrap();
    assert!(status.throttled > 20 && status.closed == 0, "{status:?}");
    world.host.as_mut().unwrap().scribe.journal_mut().disk_mut().sync = Micros::from_millis(4);
    for _ in 0..500 {
        world.cycle();
    }
    assert_eq!(world.plant.plc.image.induction_limit, 0);
}

#[test]
fn scan_records_are_kept_until_those_of_their_item_are_complete() {
    let mut world = World::new(one(3), 3, SimulatedDisk::default());
    world.until_live();
    while world.plant.scan_records.is_empty() {
        world.cycle();
    }
    // Its last record is held back by the PLC.
    let last = world.plant.plc.scans.take_last();
    for _ in 0..20 {
        world.cycle();
    }
    assert_eq!(world.plant.plc.scans.len(), 2, "half of an item is in no journal");
    world.plant.plc.scans.put(last);
    for _ in 0..5 {
        world.cycle();
    }
    assert_eq!(world.plant.plc.scans.len(), 0);
}

#[test]
fn scan_records_of_an_item_do_not_wait_for_those_of_a_later_one() {
    let entry = |scan, parcel| Entry { scan, parcel, records: 3 };
    let mut world = World::new(vec![entry(60, 1), entry(64, 2)], 3, SimulatedDisk::default());
    world.until_live();
    let mut last = Vec::new();
    for records in [3, 6] {
        while world.plant.scan_records.len() < records {
            world.cycle();
        }
        last.push(world.plant.plc.scans.take_last());
    }
    // The first item is complete after the second one has begun.
    world.plant.plc.scans.put(last.swap_remove(0));
    for _ in 0..20 {
        world.cycle();
    }
    assert_eq!(world.plant.plc.scans.len(), 3, "from the first record of the second item on");
    world.plant.plc.scans.put(last.swap_remove(0));
    for _ in 0..5 {
        world.cycle();
    }
    assert_eq!(world.plant.plc.scans.len(), 0);
}

#[test]
fn an_item_with_more_records_than_the_window_is_taken_all_the_same() {
    let mut world = World::new(one(40), 3, SimulatedDisk::default());
    world.finish();
    assert_eq!(world.plant.plc.scans.len(), 0);
    assert_eq!(world.plant.truth.discharged, 1);
}

/// The first host crashes when the PLC has forgotten so many records of an item that it has not decided.
fn crash_half_read(records: u8, gone: usize) -> World {
    let mut world = World::new(one(records), 3, SimulatedDisk::default());
    world.until_live();
    while world.plant.plc.scans.gone() < gone {
        world.cycle();
    }
    assert_eq!(world.controller().worker().tally().decisions, 0);
    let noted = world.controller().counters().half_read;
    assert_eq!(noted, gone as u64 / 6);
    world.crash();
    assert_eq!(world.half_read, 1);
    world
}

#[test]
fn an_item_that_was_half_read_when_its_host_crashed_is_decided_by_all_its_codes() {
    // Its code is in the first record of nine, or in the last one of the window and in the one after it.
    for (records, gone) in [(9, 6), (14, 6), (14, 12)] {
        let mut world = crash_half_read(records, gone);
        for _ in 0..3 {
            world.cycle();
        }
        world.start();
        world.finish();
        assert_eq!(world.plant.ends, [(1, Some(DE))], "{records} records, {gone} of them acknowledged");
        let counters = world.controller().counters();
        assert_eq!((counters.resumed_reads, counters.dropped_scans), (1, 0), "{counters:?}");
    }
}

#[test]
fn an_item_that_its_plc_has_forgotten_is_half_read_by_nobody() {
    let mut world = crash_half_read(9, 6);
    world.plant.restart();
    world.start();
    world.finish();
    let counters = world.controller().counters();
    assert_eq!((counters.resumed_reads, counters.forgotten), (1, 1), "{counters:?}");
    assert_eq!(world.controller().worker().balance().unknown, 1);
    world.crash();
    assert_eq!(world.half_read, 1, "none was in the journal any more");
}
