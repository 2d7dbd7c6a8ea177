//! Parcels in hold chutes: what lets them come back, and as what.

use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::engine::Fate;
use sorter_core::ids::ParcelId;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::Micros;

use super::hall::*;

fn released(hall: &mut Hall) -> Vec<u32> {
    let at = hall.now();
    hall.workers[0].released(at).into_iter().map(ParcelId::get).collect()
}

/// Parcels 0, 1 and so on, all of them held for documents in the hold chute of the first sorter.
fn held(count: u32) -> Hall {
    let parcels: Vec<_> =
        (0..count).map(|number| Parcel::new(number).status(Clearance::HoldDocument)).collect();
    let mut hall = Hall::open(&parcels);
    for number in (0..count).rev() {
        let item = hall.scan(0, &[s10(number)]);
        hall.deliver(item);
    }
    hall
}

#[test]
fn a_held_parcel_comes_back_once_customs_released_it_the_longest_held_first() {
    let mut hall = held(3);
    assert_eq!((released(&mut hall), hall.workers[0].held().len()), (vec![], 3));
    hall.set_clearance(0, Clearance::Released);
    hall.set_clearance(2, Clearance::NotSubject);
    hall.set_clearance(1, Clearance::Seized);
    assert_eq!(released(&mut hall), [2, 0]);
    assert_eq!(hall.workers[0].held().len(), 3, "they are there until somebody takes them out");
}

#[test]
fn a_parcel_that_was_inducted_again_is_no_longer_held_and_its_dwell_is_counted() {
    let mut hall = held(2);
    hall.set_clearance(0, Clearance::Released);
    let since = hall.workers[0].held().get(ParcelId::new(0)).unwrap().since;
    hall.wait_until(hour(1));
    let item = hall.scan(0, &[s10(0)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(GERMANY)));
    assert_eq!(hall.workers[0].held().get(ParcelId::new(0)), None);
    let totals = hall.workers[0].held().totals(Reason::Hold);
    assert_eq!(totals.stays, 1);
    assert!(totals.longest >= hour(1) - since && totals.longest < hour(1), "{totals:?}");
    assert!(released(&mut hall).is_empty());
    hall.deliver(item);
    assert_eq!(hall.state(0).life(), Life::Discharged);
}

#[test]
fn a_parcel_that_turns_up_on_another_sorter_leaves_the_book_with_the_next_look() {
    let mut hall = held(1);
    let item = hall.scan(1, &[s10(0)]);
    assert_eq!(hall.workers[0].held().len(), 1);
    assert_eq!((released(&mut hall), hall.workers[0].held().len()), (vec![], 0));
    hall.deliver(item);
    assert_eq!((hall.workers[0].held().len(), hall.workers[1].held().len()), (0, 1));
}

#[test]
fn goods_in_transit_come_back_while_their_flight_is_being_loaded() {
    let mut hall = Hall::open(&[Parcel::new(0).status(Clearance::Transit).booked("X04")]);
    let item = hall.scan(0, &[s10(0)]);
    hall.deliver(item);
    assert!(released(&mut hall).is_empty());
    hall.wait_until(hour(5));
    assert_eq!(released(&mut hall), [0]);
    let item = hall.scan(0, &[s10(0)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(CHINA)));
    hall.deliver(item);
    assert_eq!((hall.state(0).life(), hall.engine.recalls().len()), (Life::Discharged, 0));
}

#[test]
fn goods_that_customs_put_into_transit_come_back_with_their_booking() {
    let mut hall = held(1);
    let onward = hall.engine.timetable().connection_named("X03");
    let ruling = Ruling { at: hall.now(), status: Clearance::Transit, onward };
    hall.engine.set_clearance(key(&s10(0)), ruling).unwrap();
    assert_eq!(released(&mut hall), [0]);
    assert_eq!(hall.engine.onward(ParcelId::new(0)), onward);
}

#[test]
fn laps_begin_anew_when_a_parcel_comes_back_from_hold_as_the_same_one() {
    let mut hall = Hall::open(&[Parcel::new(0)]);
    let lap = |hall: &mut Hall| {
        let item = hall.scan(0, &[s10(0)]);
        let reason = item.held.reason;
        hall.end(item, Fate::Left);
        reason
    };
    assert_eq!(lap(&mut hall), Reason::Planned);
    hall.set_clearance(0, Clearance::HoldInspect);
    let item = hall.scan(0, &[s10(0)]);
    let parcel = item.held.claim.unwrap().parcel;
    hall.deliver(item);
    assert_eq!(hall.state(0).laps().get(), 0);
    hall.set_clearance(0, Clearance::Released);
    assert_eq!([lap(&mut hall), lap(&mut hall)], [Reason::Planned; 2]);
    let item = hall.scan(0, &[s10(0)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::LapLimit, Some(EXCEPTION)));
    assert_eq!(item.held.claim.unwrap().parcel, parcel);
    assert_eq!(hall.state(0).pass().get(), 5);
}

#[test]
fn a_parcel_that_is_taken_out_is_held_no_longer() {
    let mut hall = held(1);
    let at = hall.now() + Micros::from_secs(1);
    let dwell = hall.workers[0].taken_out(ParcelId::new(0), at).unwrap();
    assert_eq!((dwell.until, dwell.held.reason), (at, Reason::Hold));
    assert!(hall.workers[0].held().is_empty());
}

#[test]
fn a_parcel_that_is_held_on_another_sorter_by_now_stays_held_there() {
    let mut hall = held(1);
    let item = hall.scan(1, &[s10(0)]);
    hall.deliver(item);
    let at = hall.now();
    assert!(hall.workers[0].taken_out(ParcelId::new(0), at).is_some(), "its book did not know");
    assert_eq!(hall.state(0).life(), Life::Held);
    hall.set_clearance(0, Clearance::Released);
    let at = hall.now();
    assert_eq!(hall.workers[1].released(at), [ParcelId::new(0)]);
}
