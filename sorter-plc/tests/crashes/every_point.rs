//! After a crash at any moment every item has one end, and no order was given twice.

use sorter_core::journal::{LateSyncs, SimulatedDisk};
use sorter_core::state_word::Life;
use sorter_core::units::{Micros, Share};

use super::hall::{DE, FR, NO_READ};
use super::plant::Entry;
use super::world::World;

/// Twelve parcels, two of them with more records than the window has slots, and one that the tunnel says nothing of.
fn day() -> Vec<Entry> {
    let records = |parcel| match parcel {
        4 => 9,
        10 => 14,
        7 => 0,
        parcel => (parcel % 3 + 1) as u8,
    };
    (1..=12).map(|parcel| Entry { scan: 60 + 12 * parcel, parcel, records: records(parcel) }).collect()
}

/// Every third disk is quick, one is slow, and one is late now and then.
fn world(boot: u16, seed: u64) -> World {
    let (sync, share) = [(4, 0), (25, 0), (8, 300_000)][(seed % 3) as usize];
    let late = LateSyncs { share: Share::from_ppm(share).unwrap(), most: Micros::from_millis(60) };
    World::new(
        day(),
        boot,
        SimulatedDisk { seed, sync: Micros::from_millis(sync), late, ..SimulatedDisk::default() },
    )
}

/// How often a host has the choice to crash in a day.
fn moments() -> u32 {
    let mut world = world(3, 0);
    world.finish();
    world.moments
}

/// What has to hold at the end, whatever happened on the way.
fn check_books(world: &World) {
    let (truth, balance) = (world.plant.truth, world.controller().worker().balance());
    let (controller, worker) = (world.controller().counters(), world.controller().worker());
    assert_eq!(balance.on_belt(), Some(0), "{truth:?} {balance}");
    assert_eq!(
        (balance.inducted, balance.discharged, balance.left),
        (truth.inducted, truth.discharged, truth.left)
    );
    assert_eq!((worker.tally().deviations, worker.chutes().reserved()), (0, 0), "{controller:?}");
    assert_eq!((controller.unknown_items, controller.strayed), (0, 0), "{controller:?}");
    let mut ends = world.ends_in_journal();
    let count = ends.len();
    ends.sort_unstable();
    ends.dedup();
    assert_eq!(ends.len(), count, "an item ended twice");
    assert_eq!(count as u64, truth.inducted + truth.unexpected);
}

#[test]
fn a_day_without_a_crash_sorts_every_parcel() {
    let mut world = world(3, 0);
    world.finish();
    check_books(&world);
    let mut ends = world.plant.ends.clone();
    ends.sort_unstable();
    let expected = (1..=12).map(|parcel| match parcel {
        7 => (parcel, Some(NO_READ)),
        odd if odd % 2 == 1 => (odd, Some(DE)),
        even => (even, Some(FR)),
    });
    assert_eq!(ends, expected.collect::<Vec<_>>());
    assert_eq!(world.controller().counters().held_orders, 12);
}

/// The host crashes at a moment and starts again so many cycles later.
fn crash(moment: u32, down: u32, boot: u16) -> World {
    let mut world = world(boot, u64::from(moment));
    world.crash_at(moment);
    while world.host.is_some() {
        world.cycle();
    }
    for _ in 0..down {
        world.cycle();
    }
    world.start();
    world.finish();
    world
}

#[test]
fn wherever_the_host_crashes_every_item_has_one_end() {
    let mut repeated = 0;
    let mut diverted = 0;
    let mut half_read = (0, 0);
    let mut scans_again = 0;
    for moment in 1..=moments() {
        let world = crash(moment, moment % 40, 3);
        check_books(&world);
        let (balance, counters) = (world.controller().worker().balance(), world.controller().counters());
        assert_eq!((balance.unknown, balance.found, balance.lost), (0, 0, 0), "{counters:?}");
        repeated += counters.repeated_events;
        diverted += world.plant.truth.discharged;
        half_read.0 += world.half_read;
        half_read.1 += counters.resumed_reads;
        scans_again += counters.repeated_scans;
        for (parcel, chute) in &world.plant.ends {
            let right = match (parcel, chute) {
                (_, None) | (7, Some(NO_READ)) => continue,
                (parcel, Some(DE)) => parcel % 2 == 1,
                (parcel, Some(FR)) => parcel % 2 == 0,
                (_, Some(_)) => false,
            };
            assert!(right, "parcel {parcel} is in {chute:?}");
            assert_eq!(world.life(*parcel), Life::Discharged);
        }
    }
    assert!(repeated > 10, "{repeated} events came again");
    assert!(half_read.0 > 20, "items were half read on the disk {} times", half_read.0);
    assert!(scans_again > 0, "no scan record came again that the journal had");
    assert_eq!(half_read.1, half_read.0 as u64, "the next host goes on with each of them");
    assert!(diverted > 12 * u64::from(moments()) / 2, "{diverted} parcels were diverted");
}

#[test]
fn a_host_that_crashes_in_front_of_a_plc_without_a_boot_word_knows_its_session_again() {
    let mut unknown = 0;
    for moment in (1..=moments()).step_by(7) {
        let world = crash(moment, 5, 0);
        check_books(&world);
        // Where the crash came while a session was being opened, its echo is not the last one that is durable.
        unknown += u64::from(world.controller().worker().balance().unknown > 0);
    }
    assert_eq!(unknown, 0);
}

#[test]
fn a_plc_that_restarts_while_the_host_is_down_leaves_every_item_unknown_and_none_twice() {
    for boot in [3, 0] {
        for moment in (1..=moments()).step_by(5) {
            let mut world = world(boot, u64::from(moment));
            world.crash_at(moment);
            while world.host.is_some() {
                world.cycle();
            }
            world.plant.restart();
            for _ in 0..moment % 20 {
                world.cycle();
            }
            world.start();
            world.finish();
            let (truth, balance) = (world.plant.truth, world.controller().worker().balance());
            assert_eq!(balance.on_belt(), Some(0), "{truth:?} {balance}");
            assert_eq!(world.controller().items_on_belt(), 0);
            assert_eq!(world.controller().worker().chutes().reserved(), 0);
            // What the PLC had not told when it restarted is told by nobody: an item that the journal knows is unknown,
            // also one that was discharged, and one that it does not know has not been.
            let unheard = truth.discharged - balance.discharged;
            assert!(balance.unknown <= truth.forgotten + unheard, "{truth:?} {balance}");
            assert_eq!(balance.unexpected, truth.unexpected);
        }
    }
}

#[test]
fn a_second_crash_soon_after_the_first_is_no_other() {
    let last = moments();
    for moment in (40..=last).step_by(11) {
        let mut world = world(3, u64::from(moment));
        world.crash_at(moment);
        while world.host.is_some() {
            world.cycle();
        }
        world.start();
        let second = world.moments + moment % 97 + 1;
        world.crash_at(second);
        for _ in 0..200 {
            world.cycle();
        }
        if world.host.is_none() {
            world.start();
        }
        world.finish();
        check_books(&world);
        assert_eq!(world.controller().worker().balance().unknown, 0, "moment {moment}");
    }
}
