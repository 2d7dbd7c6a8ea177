//! Shadow mode: what would have been ordered, against what another controller does.

use sorter_core::ids::EyeId;
use sorter_core::reason::Reason;
use sorter_core::units::Pulses;
use sorter_plc::contract::{Ending, Event, Refusal, Seq, StateBits};
use sorter_plc::controller::{DIFFERENCES_KEPT, ShadowReport};

use super::plc::*;

fn shadow() -> Plc {
    Plc::new().shadowed()
}

/// An item comes and is read, as under another controller.
fn come(plc: &mut Plc, number: u16, parcel: u32) {
    plc.induct(number).poll();
    assert!(plc.scan(number, parcel).travel(10).is_empty());
}

fn report(plc: &Plc) -> &ShadowReport {
    plc.controller.shadow().expect("it is in shadow mode")
}

#[test]
fn a_controller_in_shadow_mode_decides_and_commits_and_orders_nothing() {
    let mut plc = shadow();
    come(&mut plc, 1, 1);
    plc.accepts = true;
    plc.travel(fire(DE1) - MARGIN);
    assert_eq!((plc.sent.len(), plc.notes.0.len(), plc.commits(), plc.reserved(DE1)), (0, 1, 1, 1));
    plc.discharged(1, DE1).travel(100);
    assert_eq!((report(&plc).agreed, report(&plc).compared()), (1, 1));
    assert_eq!((plc.all_reserved(), plc.controller.counters().orders), (0, 1));
}

#[test]
fn another_chute_of_the_outlet_and_another_outlet_are_told_apart() {
    let mut plc = shadow();
    for (number, chute) in [(1, DE2), (2, FR), (3, EXCEPTION)] {
        come(&mut plc, number, u32::from(number));
        plc.discharged(number, chute).poll();
    }
    come(&mut plc, 4, 4);
    plc.left(4).poll();
    let report = report(&plc);
    assert_eq!((report.agreed, report.same_outlet, report.differed), (0, 1, 3));
    assert_eq!(report.reasons[Reason::Planned as usize], 3);
    let went: Vec<_> = report.last.iter().map(|difference| difference.went).collect();
    assert_eq!(went, [Some(FR), Some(EXCEPTION), None]);
    assert_eq!(plc.controller.counters().strayed, 0);
    assert_eq!(
        report.to_string().lines().nth(1),
        Some("3 elsewhere, decided so: sorted as planned"),
        "{report}"
    );
}

#[test]
fn what_the_other_controller_orders_is_not_its_own() {
    let mut plc = shadow();
    come(&mut plc, 1, 1);
    let first = Seq::NONE.next();
    for order in [Seq::NONE, first] {
        plc.refused(1, Refusal::Late, order).ended(1, Ending::ChuteNotAvailable, order).travel(10);
    }
    assert_eq!((plc.reserved(DE1), plc.notes.0.len()), (1, 1));
    let counters = plc.controller.counters();
    assert_eq!((counters.late_orders, counters.refused), (0, 0));
}

#[test]
fn a_missed_divert_that_it_would_have_made_too_agrees_when_the_item_runs_off() {
    let mut plc = shadow();
    come(&mut plc, 1, 1);
    plc.missed(1, DE1).left(1).poll();
    assert_eq!((report(&plc).agreed, report(&plc).missed), (1, 1));
}

#[test]
fn a_decision_that_changes_gives_the_place_of_the_one_before_back() {
    let mut plc = shadow();
    come(&mut plc, 1, 1);
    plc.image.full.set(DE1, true);
    plc.show().travel(fire(DE1) - MARGIN);
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2)), (0, 1));
    plc.discharged(1, DE2).travel(100);
    assert_eq!((report(&plc).agreed, plc.all_reserved()), (1, 0));
}

#[test]
fn items_that_it_could_not_decide_for_are_not_compared() {
    let mut plc = shadow();
    plc.event(item(1), Event::Unexpected { eye: EyeId::new(1), length: Pulses::new(30) }).poll();
    plc.discharged(1, FR).discharged(9, FR).poll();
    come(&mut plc, 2, 1);
    plc.event(item(2), Event::Lost { eye: EyeId::new(1) }).poll();
    assert_eq!(report(&plc).compared(), 0);
    let counters = plc.controller.counters();
    assert_eq!((counters.foreign_events, counters.unknown_items), (1, 0));
}

#[test]
fn a_stopped_belt_takes_no_orders_in_shadow_either_and_what_comes_too_late_is_late() {
    let mut plc = shadow();
    plc.status.state = StateBits::default();
    come(&mut plc, 1, 1);
    plc.travel(fire(DE1));
    plc.status.state = StateBits(StateBits::RUNNING);
    plc.poll();
    assert_eq!(plc.controller.counters().late_orders, 1);
    plc.left(1).poll();
    assert_eq!((report(&plc).agreed, plc.all_reserved()), (1, 0));
}

#[test]
fn only_the_last_differences_are_kept() {
    let mut plc = shadow();
    for number in 1..=DIFFERENCES_KEPT as u16 + 20 {
        plc.induct(number).poll();
        plc.no_code(number).poll();
        plc.discharged(number, FR).poll();
    }
    let report = report(&plc);
    assert_eq!((report.differed, report.last.len()), (120, DIFFERENCES_KEPT));
    assert_eq!(report.last[0].item, item(21));
}

#[test]
fn a_restart_and_a_comparison_leave_its_books_right() {
    let mut plc = shadow();
    come(&mut plc, 1, 1);
    plc.restart();
    come(&mut plc, 1, 2);
    plc.resync(&[entry(1, 10, Some(FR)), entry(2, 3, Some(FR))]);
    assert_eq!((plc.reserved(DE1), plc.reserved(FR)), (1, 1));
    plc.discharged(1, DE1).discharged(2, FR).poll();
    assert_eq!((report(&plc).agreed, report(&plc).compared(), plc.all_reserved()), (1, 1, 0));
    let worker = plc.controller.worker();
    assert_eq!((worker.balance().on_belt(), worker.tally().deviations), (Some(0), 0));
}
