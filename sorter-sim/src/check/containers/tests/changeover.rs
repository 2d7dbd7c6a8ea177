//! Chutes that change their destination.

use super::*;

#[test]
fn a_chute_that_is_drained_and_empty_changes_at_once_and_silently() {
    let mut hall = Hall::new();
    assert_eq!(hall.checker.connection_of(SORTER, chute(0)), Some(0));
    hall.publish(1);
    assert_eq!(hall.checker.connection_of(SORTER, chute(0)), Some(2));
    let item = hall.order(0);
    hall.commit(item, 0);
    hall.discharge(item, 0, B);
    hall.swap(0, Some(0), departure(2), &[item]);
    assert_eq!(hall.broken(), GOOD);
}

#[test]
fn an_order_for_the_new_destination_before_the_chute_is_drained_is_found() {
    let mut hall = Hall::new();
    let on_its_way = hall.order(0);
    hall.publish(1);
    assert!(hall.checker.is_draining(SORTER, chute(0)) && !hall.checker.is_draining(SORTER, chute(2)));
    let early = hall.order(0);
    assert_eq!(hall.broken(), PLAN_BROKEN);
    hall.commit(early, 0);
    assert_eq!(hall.broken(), PLAN_BROKEN);
    hall.slide(early, 0, B);
    assert_eq!(hall.broken(), PLAN_BROKEN);
    // What was ordered before keeps its old destination.
    hall.commit(on_its_way, 0);
    hall.discharge(on_its_way, 0, A);
    assert_eq!(hall.broken(), GOOD);
}

#[test]
fn a_drained_chute_waits_for_the_next_container_when_something_is_in_it() {
    let mut hall = Hall::new();
    let item = hall.order(0);
    hall.publish(1);
    hall.discharge(item, 0, A);
    hall.order(0);
    assert_eq!(hall.broken(), PLAN_BROKEN);

    let mut hall = Hall::new();
    let item = hall.order(0);
    hall.discharge(item, 0, A);
    hall.publish(1);
    hall.swap(0, Some(0), departure(0), &[item]);
    hall.scan(0, 10, true);
    hall.order(0);
    assert_eq!(hall.broken(), GOOD);
}

#[test]
fn a_plate_at_a_chute_that_still_drains_is_refused() {
    let mut hall = Hall::new();
    let on_its_way = hall.order(0);
    hall.publish(1);
    hall.swap(0, Some(0), departure(0), &[]);
    hall.scan(0, 10, false);
    assert_eq!(hall.broken(), GOOD);
    hall.event(on_its_way, Event::Left { eye: EyeId::new(9) });
    hall.scan(0, 10, true);
    assert_eq!(hall.broken(), GOOD);

    let mut hall = Hall::new();
    hall.order(0);
    hall.publish(1);
    hall.swap(0, Some(0), departure(0), &[]);
    hall.scan(0, 10, true);
    assert_eq!(hall.broken(), PLAN_BROKEN);
}

#[test]
fn a_plan_that_takes_the_change_back_ends_it() {
    let mut hall = Hall::new();
    let first = hall.order(0);
    hall.publish(1);
    hall.publish(0);
    let second = hall.order(0);
    for item in [first, second] {
        hall.commit(item, 0);
        hall.discharge(item, 0, A);
    }
    assert_eq!(hall.broken(), GOOD);
}

#[test]
fn a_parcel_in_a_chute_that_its_plan_does_not_allow_is_found() {
    let mut hall = Hall::new();
    let item = hall.order(0);
    hall.slide(item, 0, B);
    assert_eq!(hall.broken(), PLAN_BROKEN);
    // Overflow is allowed, and where destinations do not count anything is.
    for (number, postcode) in [(2, B), (3, B), (4, A)] {
        let item = hall.order(number);
        hall.slide(item, number, postcode);
    }
    assert_eq!(hall.broken(), GOOD);
}

#[test]
fn what_is_booked_on_a_lane_goes_by_that_lane_whatever_its_postcode() {
    let mut hall = Hall::new();
    let item = hall.order(1);
    let mut slide = Slide {
        sorter: SORTER,
        chute: chute(1),
        at: hall.at,
        parcel: 0,
        item: Some(item),
        own_order: true,
        disturbed: false,
        heading: Some(Heading::Lane("NO:Oslo")),
    };
    hall.checker.slid(&mut hall.findings, &slide);
    assert_eq!(hall.broken(), GOOD);
    slide.heading = Some(Heading::Lane("PL:Lodz"));
    hall.checker.slid(&mut hall.findings, &slide);
    assert_eq!(hall.broken(), PLAN_BROKEN);
}
