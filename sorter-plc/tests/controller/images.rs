//! Which container a parcel counts to when events and PLANT images do not come together.

use sorter_core::ids::ItemId;
use sorter_plc::contract::{Event, Seq};

use super::plc::*;

/// Two parcels on their way to the chute for France, whose container has just been taken away.
fn taken() -> Plc {
    let mut plc = Plc::new();
    plc.start(1, 11);
    plc.start(2, 12);
    plc.travel(fire(FR));
    set(&mut plc, false);
    changed(&mut plc).show().poll();
    plc
}

fn set(plc: &mut Plc, there: bool) {
    plc.image.container.set(FR, there);
    plc.image.not_available.set(FR, !there);
}

fn changed(plc: &mut Plc) -> &mut Plc {
    plc.event(ItemId::NONE, Event::Chute { chute: FR })
}

/// Has the image say at which event it stands.
fn stands_at(plc: &mut Plc, event: u16) -> &mut Plc {
    plc.image.at_event = Seq::new(event).unwrap();
    plc
}

/// The number of the last event that happened.
fn last_event(plc: &Plc) -> u16 {
    plc.last_event().get()
}

#[test]
fn an_image_with_its_event_parts_what_slid_in_before_from_what_slid_in_after() {
    let mut plc = taken();
    set(&mut plc, true);
    plc.discharged(1, FR);
    changed(&mut plc).discharged(2, FR).show().poll();
    assert_eq!(plc.fill(FR), 1);
}

#[test]
fn an_image_that_comes_after_its_event_is_taken_over_before_the_events_that_come_with_it() {
    let mut plc = taken();
    set(&mut plc, true);
    changed(&mut plc).poll();
    plc.discharged(2, FR).show().poll();
    assert_eq!(plc.fill(FR), 1);
}

#[test]
fn an_image_that_comes_late_knows_only_the_last_of_two_changes() {
    let mut plc = taken();
    set(&mut plc, true);
    changed(&mut plc).poll();
    plc.discharged(1, FR);
    changed(&mut plc).discharged(2, FR).show().poll();
    assert_eq!(plc.fill(FR), 1);
}

#[test]
fn a_new_container_in_an_image_that_is_ahead_waits_for_its_event() {
    let mut plc = taken();
    set(&mut plc, true);
    let last = last_event(&plc);
    stands_at(&mut plc, last + 2).show().poll();
    // It slid in before the container was put there: that event is the next one.
    plc.discharged(1, FR);
    changed(&mut plc).discharged(2, FR).poll();
    assert_eq!(plc.fill(FR), 1);
}

#[test]
fn a_new_container_in_an_image_that_is_ahead_waits_no_longer_than_the_events_take() {
    let mut plc = taken();
    set(&mut plc, true);
    let last = last_event(&plc);
    stands_at(&mut plc, last + 1).show().poll();
    plc.discharged(1, FR).poll();
    assert_eq!(plc.fill(FR), 0, "it slid in before");
    plc.discharged(2, FR).poll();
    assert_eq!(plc.fill(FR), 1);
}

#[test]
fn a_chute_that_closes_in_an_image_that_is_ahead_is_closed_at_once() {
    let mut plc = Plc::new();
    plc.image.full.set(DE1, true);
    stands_at(&mut plc, 10).show().poll();
    assert_eq!(plc.start(1, 1).op, divert(DE2));
}

#[test]
fn a_new_container_is_not_awaited_across_sessions() {
    for restart in [false, true] {
        let mut plc = taken();
        set(&mut plc, true);
        let last = last_event(&plc);
        stands_at(&mut plc, last + 5).show().poll();
        if restart {
            plc.restart();
        }
        plc.resync(&[]);
        plc.poll();
        assert_eq!(plc.start(3, 13).op, divert(FR));
    }
}

#[test]
fn an_image_from_before_its_event_does_not_stand_for_it() {
    let mut plc = taken();
    let last = last_event(&plc);
    changed(stands_at(&mut plc, last)).show().poll();
    set(&mut plc, true);
    stands_at(&mut plc, 0).discharged(2, FR).show().poll();
    assert_eq!(plc.fill(FR), 1);
}
