//! Chutes that fill, close and get another container.

use sorter_core::reason::Reason;

use super::plc::*;

#[test]
fn a_full_chute_gets_no_orders_until_it_is_emptied() {
    let mut plc = Plc::new();
    plc.image.full.set(DE1, true);
    plc.image.half_full.set(DE1, true);
    plc.show().poll();
    assert_eq!(plc.start(1, 1).op, divert(DE2));
    plc.image.full.set(DE1, false);
    plc.image.half_full.set(DE1, false);
    plc.show().poll();
    assert_eq!(plc.start(2, 2).op, divert(DE1));
}

#[test]
fn reservations_fill_a_chute_before_its_eye_does() {
    let mut plc = Plc::new();
    let chutes: Vec<_> = (1..=7).map(|number| plc.start(number, u32::from(number)).op).collect();
    let expected = [DE1, DE2, DE1, DE2, DE1, DE2, OVERFLOW].map(divert);
    assert_eq!(chutes, expected);
    assert_eq!(plc.notes.0[6].reason, Reason::Overflow);
}

#[test]
fn a_chute_that_closes_before_the_point_of_no_return_is_given_up() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.image.not_available.set(DE1, true);
    plc.show().poll();
    assert_eq!(plc.sent.len(), 1);
    plc.travel(fire(DE1) - MARGIN);
    assert_eq!(plc.ops(1), [(1, divert(DE2))]);
}

#[test]
fn a_chute_that_closes_after_the_point_of_no_return_keeps_its_order() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.travel(fire(DE1) - MARGIN);
    plc.image.not_available.set(DE1, true);
    plc.show().travel(10);
    assert_eq!((plc.sent.len(), plc.commits()), (1, 1));
}

#[test]
fn a_first_image_without_container_is_believed() {
    let mut plc = Plc::new();
    plc.image.container.set(DE1, false);
    plc.show().poll();
    assert_eq!(plc.start(1, 1).op, divert(DE2));
}

#[test]
fn another_container_empties_the_chute_and_keeps_the_orders_on_their_way() {
    let mut plc = Plc::new();
    for number in 1..=2 {
        plc.start(number, u32::from(number) + 10);
    }
    plc.travel(fire(FR));
    plc.discharged(1, FR).discharged(2, FR).travel(40);
    plc.start(3, 13);
    assert_eq!((plc.fill(FR), plc.reserved(FR)), (2, 1));
    plc.image.container.set(FR, false);
    plc.image.not_available.set(FR, true);
    plc.show().poll();
    plc.induct(4).scan(4, 14).poll();
    assert_eq!((plc.sent.len(), plc.notes.0[3].reason), (3, Reason::NoContainer));
    plc.image.container.set(FR, true);
    plc.image.not_available.set(FR, false);
    plc.show().poll();
    assert_eq!((plc.fill(FR), plc.reserved(FR)), (0, 1));
    assert_eq!(plc.start(5, 15).op, divert(FR));
}
