//! Departures: cut-offs, delays, what misses them, and goods that leave with one connection only.

use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::container::ContainerState;
use sorter_core::engine::{Commit, Fate, SwapCause};
use sorter_core::ids::ChuteId;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::Micros;

use super::hall::*;

fn connection(hall: &Hall, name: &str) -> sorter_core::ids::ConnectionId {
    hall.engine.timetable().connection_named(name).expect("it is in the schedule")
}

/// The name of the connection that the container at a chute leaves with.
fn leaves_with(hall: &Hall, chute: ChuteId) -> String {
    let departure = hall.departure_at(0, chute).expect("it is bound");
    hall.engine.timetable().connection(departure.connection).expect("it is in the schedule").name.clone()
}

fn transit(number: u32, connection: &'static str) -> Parcel {
    Parcel::new(number).status(Clearance::Transit).booked(connection)
}

#[test]
fn an_order_given_before_the_cut_off_is_decided_again_by_the_commit_after_it() {
    let mut hall = Hall::open(&[Parcel::new(1).to("FR", "75001")]);
    hall.wait_until(hour(5) - Micros::from_secs(1));
    let mut item = hall.scan(0, &[s10(1)]);
    assert_eq!(item.held.chute, Some(FRANCE));
    hall.wait_until(hour(5));
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
    hall.decide(&mut item, &[]);
    assert_eq!(item.held.chute, None, "its container is not taken away while it is ordered to");
    assert_eq!(item.held.reason, Reason::DepartureClosed);
}

#[test]
fn what_misses_its_departure_goes_round_and_leaves_with_the_next_one() {
    let mut hall = Hall::open(&[Parcel::new(1).to("FR", "75001"), Parcel::new(2).to("FR", "75001")]);
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    let first = hall.departure_at(0, FRANCE).unwrap();
    hall.wait_until(first.cut_off);
    let item = hall.scan(0, &[s10(2)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::DepartureClosed, None));
    hall.end(item, Fate::Left);
    let at = hall.now();
    let wanted: Vec<_> = hall.workers[0].swaps_wanted(at).collect();
    assert_eq!(wanted, [(FRANCE, SwapCause::DepartureClosed)]);
    hall.swap(0, FRANCE);
    let item = hall.scan(0, &[s10(2)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(FRANCE)));
    hall.deliver(item);
    assert_eq!(hall.departure_at(0, FRANCE).unwrap().departs, first.departs + sorter_core::departure::WEEK);
    let manifests = hall.workers[0].take_manifests();
    assert_eq!((manifests[0].count, manifests[0].departure), (1, Some(first.id)));
}

#[test]
fn an_empty_container_takes_the_next_departure_at_the_cut_off() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    let (container, _) = hall.container(GERMANY);
    assert_eq!(leaves_with(&hall, GERMANY), "T01");
    hall.wait_until(hour(3));
    assert_eq!(hall.container(GERMANY), (container, ContainerState::Open));
    assert_eq!(leaves_with(&hall, GERMANY), "T02");
    let at = hall.now();
    assert_eq!(hall.workers[0].swaps_wanted(at).count(), 0);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(item.held.chute, Some(GERMANY));
    hall.deliver(item);
    assert_eq!(hall.deviations(), 0);
}

#[test]
fn an_empty_container_that_is_closed_stays_so_when_its_departure_closes() {
    let mut hall = Hall::open(&[]);
    let at = hall.now();
    let closed = hall.workers[0].close_container(GERMANY, at).unwrap();
    hall.wait_until(hour(3));
    assert_eq!(hall.container(GERMANY), (closed, ContainerState::Closed));
    assert_eq!(hall.engine.yard().get(closed).unwrap().state, ContainerState::Closed);
}

#[test]
fn what_was_committed_before_the_cut_off_leaves_with_its_departure() {
    let mut hall = Hall::open(&[transit(1, "X03")]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(CHINA)));
    assert_eq!(hall.commit(&item), Commit::Done);
    hall.wait_until(hour(5));
    assert_eq!(leaves_with(&hall, CHINA), "X03", "something is still on its way to it");
    hall.end(item, Fate::Discharged(CHINA));
    assert_eq!((leaves_with(&hall, CHINA).as_str(), hall.state(1).life()), ("X03", Life::Discharged));
    assert_eq!(hall.engine.recalls(), []);
}

#[test]
fn goods_in_transit_leave_with_their_own_flight_only() {
    let mut hall = Hall::open(&[transit(1, "X03"), transit(2, "X04")]);
    assert_eq!(hall.scan(0, &[s10(1)]).held.chute, Some(CHINA));
    let item = hall.scan(0, &[s10(2)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::OnwardFlight, Some(HOLD)));
    hall.deliver(item);
    assert_eq!(hall.state(2).life(), Life::Held);
}

#[test]
fn goods_in_transit_leave_from_a_bonded_chute_only() {
    let mut hall = Hall::open(&[transit(1, "X03"), transit(2, "T01")]);
    let item = hall.scan(0, &[s10(2)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::OnwardFlight, Some(HOLD)), "no truck is bonded");
    let unbonded = LANES.replacen(", bonded = true", "", 1);
    hall.engine.publish(&plan(&unbonded)).unwrap();
    let at = hall.now();
    hall.workers[0].attend(at);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::OnwardFlight, Some(HOLD)));
}

#[test]
fn goods_in_transit_wait_while_their_own_chute_is_full() {
    let mut hall = Hall::open(&[transit(1, "X03")]);
    hall.report(0, CHINA, FULL);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::ChuteFull, None));
}

#[test]
fn goods_in_transit_without_a_connection_are_held() {
    let mut hall = Hall::open(&[Parcel::new(1).status(Clearance::Transit)]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::OnwardFlight, Some(HOLD)));
}

#[test]
fn booked_export_goes_to_the_outlet_of_its_lane() {
    let mut hall = Hall::open(&[Parcel::new(1).booked("X04")]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(CHINA)));
    hall.deliver(item);
    assert_eq!(hall.state(1).life(), Life::Discharged, "an earlier flight of its lane will do");
}

#[test]
fn a_container_of_another_flight_recalls_goods_in_transit_that_slide_into_it() {
    let mut hall = Hall::open(&[transit(1, "X03")]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    hall.wait_until(hour(5));
    hall.swap(0, CHINA);
    assert_eq!(leaves_with(&hall, CHINA), "X04");
    hall.end(item, Fate::Discharged(CHINA));
    assert_eq!(hall.state(1).life(), Life::Recalled);
    let [recall] = hall.engine.recalls().try_into().expect("one parcel is recalled");
    assert_eq!(recall.departure, hall.departure_at(0, CHINA).map(|departure| departure.id));
}

#[test]
fn a_new_onward_connection_after_the_discharge_is_a_recall() {
    let mut hall = Hall::open(&[transit(1, "X03")]);
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    let ruling =
        Ruling { at: hall.now(), status: Clearance::Transit, onward: Some(connection(&hall, "X04")) };
    let report = hall.engine.set_clearance(key(&s10(1)), ruling).unwrap();
    assert_eq!((report.recalls.len(), hall.state(1).life()), (1, Life::Recalled));
    let back = Ruling { at: hall.now(), onward: Some(connection(&hall, "X03")), ..ruling };
    let report = hall.engine.set_clearance(key(&s10(1)), back).unwrap();
    assert_eq!((report.recalls.len(), report.withdrawn.len()), (0, 1));
}

#[test]
fn a_delay_keeps_its_containers_open_and_an_early_leave_closes_them() {
    let mut hall = Hall::open(&[Parcel::new(1).to("FR", "75001")]);
    let departure = hall.departure_at(0, FRANCE).unwrap();
    let engine = std::sync::Arc::clone(&hall.engine);
    engine.change_departure(departure.id, hour(7), hour(8), hour(1)).unwrap();
    hall.wait_until(hour(6));
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(item.held.chute, Some(FRANCE));
    assert_eq!(hall.departure_at(0, FRANCE).unwrap().cut_off, hour(7));
    engine.change_departure(departure.id, hour(6) + Micros::from_secs(1), hour(8), hour(6)).unwrap();
    hall.wait_until(hour(6) + Micros::from_secs(2));
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
}

#[test]
fn a_container_of_a_delayed_departure_is_loaded_after_the_time_of_the_schedule() {
    let mut hall = Hall::open(&[Parcel::new(1).to("FR", "75001")]);
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    let (container, departure) = (hall.container(FRANCE).0, hall.departure_at(0, FRANCE).unwrap());
    hall.swap(0, FRANCE);
    hall.engine.change_departure(departure.id, departure.cut_off, hour(9), hour(1)).unwrap();
    hall.engine.yard().load(container, departure.id, None, hour(8)).unwrap();
}

#[test]
fn a_change_after_the_departure_is_refused_and_changes_nothing() {
    let hall = Hall::open(&[]);
    let departure = hall.departure_at(0, FRANCE).unwrap();
    let refused = hall.engine.change_departure(departure.id, hour(8), hour(7), hour(1)).unwrap_err();
    assert!(refused.to_string().contains("is after its departure"), "{refused}");
    assert!(hall.engine.change_departure(departure.id, hour(8), hour(9), hour(7)).is_err());
    assert_eq!(hall.engine.timetable().departure(departure.id), Some(departure));
}

#[test]
fn what_missed_a_departure_is_counted_by_its_reason() {
    let parcels: Vec<_> = (1..=6).map(Parcel::new).collect();
    let mut hall = Hall::open(&parcels);
    let departure = hall.departure_at(0, GERMANY).unwrap();
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    let committed = hall.scan(0, &[s10(2)]);
    assert_eq!(hall.commit(&committed), Commit::Done);
    hall.set_clearance(3, Clearance::HoldInspect);
    let held = hall.scan(0, &[s10(3)]);
    hall.deliver(held);
    let _on_its_way = hall.scan(0, &[s10(4)]);
    for chute in [GERMANY, ChuteId::new(1)] {
        hall.report(0, chute, FULL);
    }
    hall.report(0, EXCEPTION, FULL);
    let ran_off = hall.scan(0, &[s10(5)]);
    assert_eq!((ran_off.held.reason, ran_off.held.chute), (Reason::ChuteFull, None));
    hall.end(ran_off, Fate::Left);
    let missed = hall.engine.missed(&departure);
    let of = |reason: Reason| missed.by_reason[reason as usize];
    assert_eq!(of(Reason::Inspect), 1);
    assert_eq!(of(Reason::DepartureClosed), 1);
    assert_eq!(of(Reason::ChuteFull), 1);
    assert_eq!((missed.total(), missed.not_seen), (3, 1));
    let other = hall.departure_at(0, FRANCE).unwrap();
    assert_eq!(hall.engine.missed(&other).total(), 0);
}

#[test]
fn goods_in_transit_miss_their_own_departure_only() {
    let mut hall = Hall::open(&[transit(1, "X04")]);
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    let timetable = hall.engine.timetable();
    let missed = |name| {
        let departure = timetable.next_of(connection(&hall, name), Micros::ZERO).unwrap();
        hall.engine.missed(&departure).by_reason[Reason::OnwardFlight as usize]
    };
    assert_eq!((missed("X03"), missed("X04")), (0, 1));
}
