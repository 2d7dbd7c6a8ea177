//! Rooms in chutes: reserved by a decision, given back by every end of an order.

use sorter_core::chute::ChuteReport;
use sorter_core::engine::{Assigned, Fate, OrderEnd};
use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::reason::Reason;
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres};

use super::hall::*;

#[test]
fn no_way_of_an_item_leaks_a_reservation() {
    let fates =
        [Fate::Discharged(FRANCE), Fate::Discharged(EXCEPTION), Fate::Left, Fate::Lost, Fate::Forgotten];
    for fate in fates {
        for commits in [false, true] {
            for replaced in [false, true] {
                let mut hall = Hall::new(&[Parcel::new(1).to("FR", "75001")]);
                let mut item = hall.scan(0, &[s10(1)]);
                if replaced {
                    hall.set_clearance(1, sorter_core::clearance::Clearance::Refused);
                    hall.decide(&mut item, &[]);
                }
                assert_eq!(hall.reserved(), 1);
                if commits {
                    hall.commit(&item);
                }
                hall.end(item, fate);
                assert_eq!((hall.reserved(), hall.deviations()), (0, 0), "{fate:?} {commits} {replaced}");
            }
        }
    }
}

#[test]
fn an_item_that_was_found_takes_the_place_of_its_order_and_counts_until_it_ends() {
    let mut hall = Hall::new(&[]);
    let (found, at) = (ItemId::new(7), Micros::from_secs(1));
    let worker = &mut hall.workers[0];
    worker.found(found, at, EncoderCount::default());
    assert!(worker.reserve(FRANCE));
    assert!(!worker.reserve(ChuteId::new(511)), "the sorter has no such chute");
    assert_eq!((worker.chutes().reserved(), worker.balance().on_belt()), (1, Some(1)));
    worker.order_ended(found, at, FRANCE, &Assigned::NOTHING, OrderEnd::WithItem);
    worker.finish(found, at, &Assigned::NOTHING, Fate::Discharged(FRANCE), Grams::ZERO);
    let balance = worker.balance();
    assert_eq!((balance.found, balance.discharged, balance.on_belt()), (1, 1, Some(0)));
    assert_eq!((hall.reserved(), hall.deviations()), (0, 0));
}

#[test]
fn orders_on_their_way_count_against_the_capacity() {
    let parcels: Vec<_> = (1..=61).map(|number| Parcel::new(number).to("FR", "75001")).collect();
    let mut hall = Hall::new(&parcels);
    let mut items: Vec<_> = (1..=60).map(|number| hall.scan(0, &[s10(number)])).collect();
    assert!(items.iter().all(|item| item.held.chute == Some(FRANCE)));
    let mut last = hall.scan(0, &[s10(61)]);
    assert_eq!((last.held.reason, last.held.chute), (Reason::ChuteFull, None));

    // A parcel in the chute takes the room that its order had reserved, one that ran off gives it back.
    hall.deliver(items.pop().unwrap());
    assert_eq!(hall.decide(&mut last, &[]).assigned.chute, None);
    hall.end(items.pop().unwrap(), Fate::Left);
    assert_eq!(hall.decide(&mut last, &[]).assigned.chute, Some(FRANCE));
    let chute = *hall.workers[0].chutes().get(FRANCE).unwrap();
    assert_eq!((chute.fill(), chute.reserved(), chute.free()), (1, 59, 0));
}

#[test]
fn an_item_keeps_its_own_place_in_a_chute_that_has_no_other() {
    let parcels: Vec<_> = (1..=60).map(|number| Parcel::new(number).to("FR", "75001")).collect();
    let mut hall = Hall::new(&parcels);
    let mut items: Vec<_> = (1..=60).map(|number| hall.scan(0, &[s10(number)])).collect();
    assert_eq!(hall.decide(&mut items[0], &[]).assigned.chute, Some(FRANCE));
    assert_eq!(hall.reserved(), 60);
}

#[test]
fn an_item_keeps_its_chute_when_another_of_the_outlet_has_become_emptier() {
    let mut hall = Hall::new(&[Parcel::new(1), Parcel::new(2), Parcel::new(3)]);
    let mut items: Vec<_> = (1..=3).map(|number| hall.scan(0, &[s10(number)])).collect();
    assert_eq!(items[0].held.chute, Some(GERMANY));
    hall.end(items.remove(1), Fate::Left);
    assert_eq!(hall.decide(&mut items[0], &[]).assigned.chute, Some(GERMANY));
}

#[test]
fn the_chutes_of_one_sorter_do_not_fill_those_of_another() {
    let mut hall = Hall::new(&[Parcel::new(1).to("FR", "75001")]);
    hall.report(0, FRANCE, FULL);
    assert_eq!(hall.scan(1, &[s10(1)]).held.chute, Some(FRANCE));
}

#[test]
fn a_chute_behind_the_item_gives_way_to_one_ahead_of_it() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut item = hall.enter(0);
    hall.decide_at(&mut item, &[s10(1)], Millimetres::new(10_500));
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(ChuteId::new(1))));
}

#[test]
fn a_swapped_container_gives_its_chute_back() {
    let mut hall = Hall::new(&[Parcel::new(1).to("FR", "75001")]);
    for report in [FULL, NO_CONTAINER] {
        hall.report(0, FRANCE, report);
        let item = hall.scan(0, &[s10(1)]);
        assert_eq!(item.held.chute, None);
        hall.end(item, Fate::Lost);
        hall.report(0, FRANCE, ChuteReport { container: false, ..OPEN });
        hall.report(0, FRANCE, OPEN);
    }
    assert_eq!(hall.workers[0].chutes().get(FRANCE).unwrap().free(), 60);
}
