//! What the controller takes from the allocator while it runs.

use sorter_core::ids::ChuteId;
use sorter_core::journal::{Keep, SimulatedDisk};
use sorter_core::units::Micros;
use sorter_plc::contract::{CodeBytes, Ending, OrderOp, ScanData};

use super::plc::*;

const PARCELS: u32 = 12_000;

/// One step of a busy belt: an item enters every 25 pulses and is scanned 200 pulses later; some diverts
/// miss, some orders end otherwise, and a container is changed now and then.
fn step(plc: &mut Plc, parcel: u32) {
    let number = u16::try_from(parcel).unwrap();
    plc.induct(number);
    if let Some(scanned) = number.checked_sub(8).filter(|number| *number > 0) {
        match scanned % 10 {
            0 => {}
            1 => {
                plc.no_code(scanned);
            }
            _ => {
                let code = ScanData::Code(CodeBytes::new(&code(u32::from(scanned))).unwrap());
                plc.record(item(scanned), 0, 2, ScanData::NoCode).record(item(scanned), 1, 2, code);
            }
        }
    }
    if let Some(fired) = number.checked_sub(110).filter(|number| *number > 0) {
        let order = plc.sent.iter().rev().find(|order| order.item == item(fired)).copied();
        match order.map(|order| (order.op, order.seq)) {
            Some((OrderOp::Divert { chute }, seq)) => match fired % 16 {
                3 => {
                    plc.missed(fired, chute).left(fired);
                }
                5 => {
                    plc.ended(fired, Ending::ItemGone, seq).left(fired);
                }
                _ => {
                    plc.discharged(fired, chute);
                }
            },
            _ => {
                plc.left(fired);
            }
        }
    }
    if number % 3 == 0 {
        for (chute, there) in [(number / 3 % 20, false), ((number / 3 + 19) % 20, true)] {
            plc.image.container.set(ChuteId::new(chute), there);
            plc.image.not_available.set(ChuteId::new(chute), !there);
        }
        plc.show();
    }
    if plc.sent.len() > 1_000 {
        plc.sent.drain(..500);
    }
    plc.notes.0.clear();
    plc.notes.2.clear();
}

#[test]
fn a_poll_allocates_nothing_after_warm_up() {
    let country = |parcel: u32| ["DE", "FR", "AT", "AT"][parcel as usize % 4];
    let mut plc = Plc::with_engine(engine((1..PARCELS).map(|parcel| (parcel, country(parcel)))));
    plc.sent.reserve(2_000);
    plc.notes.0.reserve(100);
    plc.notes.2.reserve(100);
    let mut allocations = 0;
    for parcel in 1..PARCELS {
        step(&mut plc, parcel);
        let info = allocation_counter::measure(|| {
            plc.travel(25);
        });
        if parcel > 500 {
            allocations += info.count_total;
        }
    }
    let (counters, balance) = (plc.controller.counters(), plc.controller.worker().balance());
    assert_eq!(allocations, 0, "{counters:?} {balance}");
    assert_eq!(plc.controller.items_on_belt(), 110);
    assert_eq!((counters.unknown_items, plc.controller.worker().tally().deviations), (0, 0));
    assert!(
        counters.orders > 8_000 && counters.missed > 300 && balance.discharged > 6_000,
        "{counters:?} {balance}"
    );
    // Decisions taken back at the point of no return are part of the stream.
    assert!(plc.commits() > 5_000 && counters.orders > plc.commits());
    assert_ne!(plc.controller.next_due(), None);
}

#[test]
fn neither_a_poll_nor_a_release_allocates_anything_where_there_is_a_journal() {
    let disk = SimulatedDisk { keep: Keep::Nothing, ..SimulatedDisk::default() };
    let country = |parcel: u32| ["DE", "FR", "AT", "AT"][parcel as usize % 4];
    let parcels = (1..PARCELS).map(|parcel| (parcel, country(parcel)));
    let (mut plc, mut scribe) = Plc::journaled_with(parcels, disk);
    plc.sent.reserve(2_000);
    plc.notes.0.reserve(100);
    plc.notes.2.reserve(100);
    let mut allocations = 0;
    for parcel in 1..PARCELS {
        step(&mut plc, parcel);
        let info = allocation_counter::measure(|| {
            plc.travel(24);
        });
        for _ in 0..2 {
            scribe.turn(plc.now);
            let released = allocation_counter::measure(|| {
                plc.release(Micros::from_millis(3));
            });
            allocations += if parcel > 500 { info.count_total + released.count_total } else { 0 };
        }
    }
    let counters = plc.controller.counters();
    assert_eq!(allocations, 0, "{counters:?}");
    assert!(counters.held_orders > 6_000, "{counters:?}");
}

#[test]
fn a_comparison_of_the_belt_allocates_nothing() {
    let mut plc = Plc::with_engine(engine((1..400).map(|parcel| (parcel, "DE"))));
    let mut sent = 0;
    for turn in 0..4_u16 {
        for number in 1..=200 {
            plc.induct(turn * 200 + number);
            if number % 2 == 1 {
                plc.no_code(turn * 200 + number);
            }
        }
        plc.poll();
        // Half of them are gone, and as many are there that nobody knows.
        let number = |place: u16| (turn + place % 2) * 200 + 1 + place;
        let at = plc.status.encoder.get();
        let belt: Vec<_> = (0..200).map(|place| entry(number(place), at, Some(EXCEPTION))).collect();
        let notes = std::mem::take(&mut plc.notes);
        let resync = sorter_plc::host::Resync { belt: &belt, status: &plc.status };
        let info = allocation_counter::measure(|| {
            plc.controller.resync(sorter_core::units::Micros::ZERO, &resync, &mut ());
        });
        if turn > 0 {
            assert_eq!(info.count_total, 0, "{:?}", plc.controller.counters());
        }
        plc.notes = notes;
        plc.resync(&belt);
        sent += plc.poll().len();
        plc.restart();
        plc.accepts = true;
        plc.resync(&[]);
    }
    let counters = plc.controller.counters();
    assert!(sent > 0 && counters.found > 300 && counters.forgotten > 400, "{sent} {counters:?}");
}

#[test]
fn stale_deadlines_and_orders_that_wait_do_not_pile_up() {
    let mut plc = Plc::with_engine(engine(std::iter::empty()));
    plc.status.state = sorter_plc::contract::StateBits::default();
    plc.notes.0.reserve(100);
    let mut allocations = 0;
    // The belt stands, so no deadline is ever reached and no order leaves.
    for turn in 0..20_000_u32 {
        plc.induct(1).no_code(1).left(1);
        plc.notes.0.clear();
        let info = allocation_counter::measure(|| {
            plc.poll();
        });
        if turn > 10 {
            allocations += info.count_total;
        }
    }
    assert_eq!((allocations, plc.all_reserved(), plc.sent.len()), (0, 0, 0));
}
