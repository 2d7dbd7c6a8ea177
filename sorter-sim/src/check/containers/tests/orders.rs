//! Plates, orders and commits.

use super::*;

#[test]
fn an_order_needs_an_open_container_with_a_plate() {
    let mut hall = Hall::unplated();
    let item = hall.order(0);
    hall.commit(item, 0);
    assert_eq!(hall.broken(), (2, 0));

    let mut hall = Hall::new();
    hall.take_away(0);
    hall.at = minutes(1);
    hall.order(0);
    assert_eq!(hall.broken(), DEPARTURE);
    hall.checker.closed_by_hand(SORTER, chute(1), hall.at);
    hall.at = minutes(2);
    hall.order(1);
    assert_eq!(hall.broken(), DEPARTURE);
}

#[test]
fn an_order_that_was_decided_in_the_poll_that_shut_its_container_is_forgiven_and_its_commit_is_not() {
    let mut hall = Hall::new();
    hall.at = minutes(1);
    hall.take_away(0);
    let item = hall.order(0);
    assert_eq!(hall.broken(), GOOD);
    hall.commit(item, 0);
    assert_eq!(hall.broken(), DEPARTURE);
}

#[test]
fn nothing_is_ordered_or_committed_at_the_cut_off_into_a_container_with_content() {
    let mut hall = Hall::new();
    let (early, on_its_way) = (hall.order(0), hall.order(0));
    hall.discharge(early, 0, A);
    hall.at = minutes(225);
    hall.commit(on_its_way, 0);
    hall.order(0);
    assert_eq!(hall.broken(), (2, 0));
    // It may slide in after the cut-off when it was committed before, but not after the departure.
    hall.slide(on_its_way, 0, A);
    assert_eq!(hall.broken(), GOOD);
    hall.at = minutes(270);
    let lost = hall.order(0);
    hall.slide(lost, 0, A);
    assert_eq!(hall.broken(), (2, 0));
}

#[test]
fn an_empty_container_goes_with_the_next_departure_once_nothing_is_on_its_way() {
    let mut hall = Hall::new();
    assert_eq!(hall.checker.connection_of(SORTER, chute(0)), Some(0));
    let on_its_way = hall.order(0);
    hall.at = minutes(225);
    hall.event(ItemId::NONE, Event::Jam { eye: EyeId::new(1), begins: true });
    hall.order(0);
    assert_eq!(hall.broken(), DEPARTURE);

    let mut hall = Hall::new();
    let replaced = hall.order(0);
    hall.at = minutes(225);
    hall.event(on_its_way, Event::Missed { diverter: DiverterId::new(0), chute: chute(0) });
    hall.event(replaced, Event::Ended { ending: Ending::ItemGone, order: Seq::new(hall.orders).unwrap() });
    assert_eq!(hall.checker.connection_of(SORTER, chute(0)), Some(1));
    let next = hall.order(0);
    hall.commit(next, 0);
    hall.discharge(next, 0, A);
    hall.swap(0, Some(0), departure(1), &[next]);
    assert_eq!(hall.broken(), GOOD);
}

#[test]
fn a_parcel_that_slides_into_an_empty_container_keeps_it_with_its_departure() {
    let mut hall = Hall::new();
    let last = hall.order(0);
    hall.commit(last, 0);
    hall.at = minutes(226);
    hall.discharge(last, 0, A);
    assert_eq!(hall.checker.connection_of(SORTER, chute(0)), Some(0));
    hall.swap(0, Some(0), departure(0), &[last]);
    assert_eq!(hall.broken(), GOOD);
}

#[test]
fn a_plate_is_accepted_exactly_when_nothing_is_in_its_way() {
    let mut hall = Hall::unplated();
    hall.scan(0, 7, false);
    assert_eq!(hall.broken(), DEPARTURE);
    hall.scan(0, 7, true);
    hall.scan(0, 8, false);
    assert_eq!(hall.broken(), GOOD);
    hall.scan(0, 8, true);
    assert_eq!(hall.broken(), DEPARTURE);
    // The plate is on another container.
    hall.scan(1, 8, true);
    assert_eq!(hall.broken(), DEPARTURE);
    hall.take_away(2);
    hall.scan(2, 9, true);
    assert_eq!(hall.broken(), DEPARTURE);
}

#[test]
fn a_plate_may_come_back_when_its_container_has_left_or_was_emptied() {
    let mut hall = Hall::new();
    let item = hall.order(4);
    hall.discharge(item, 4, A);
    hall.swap(4, Some(4), None, &[item]);
    hall.scan(4, 4, false);
    hall.checker.emptied(&mut hall.findings, &plate(4), hall.at);
    hall.scan(4, 4, true);
    assert_eq!(hall.broken(), GOOD);
    hall.checker.emptied(&mut hall.findings, &plate(4), hall.at);
    assert_eq!(hall.broken(), DEPARTURE);
}
