//! Items that get lost, turn up, go astray or are not known, and records that contradict each other.

use sorter_core::engine::Tally;
use sorter_core::ids::{ChuteId, EyeId, InductionId, ItemId};
use sorter_core::reason::Reason;
use sorter_core::units::Pulses;
use sorter_plc::contract::{Ending, Event, Refusal, ScanData, Seq, StateBits};

use super::plc::*;

fn ended_for(tally: &Tally, reason: Reason) -> u64 {
    tally.reasons[reason as usize]
}

fn unexpected(eye: u8) -> Event {
    Event::Unexpected { eye: EyeId::new(eye), length: Pulses::new(30) }
}

#[test]
fn a_lost_item_gives_its_place_back_and_moves_nobody_else() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.travel(50);
    plc.start(2, 11);
    plc.event(item(1), Event::Lost { eye: EyeId::new(1) }).travel(370);
    assert_eq!((plc.reserved(DE1), plc.reserved(FR), plc.controller.items_on_belt()), (0, 1, 1));
    assert_eq!(plc.due_in(), Some(fire(FR) - MARGIN - 370));
    assert_eq!(ended_for(plc.controller.worker().tally(), Reason::Lost), 1);
    assert_eq!(plc.controller.worker().balance().lost, 1);
}

#[test]
fn a_lost_parcel_that_is_inducted_again_is_an_amendment() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.event(item(1), Event::Lost { eye: EyeId::new(1) }).travel(500);
    assert_eq!(plc.start(2, 1).op, divert(DE1));
    assert_eq!(plc.controller.worker().tally().amended, 1);
}

#[test]
fn an_item_that_turned_up_never_gets_an_order() {
    let mut plc = Plc::new();
    plc.scan(5, 1).poll();
    plc.event(item(5), unexpected(1)).poll();
    plc.scan(5, 2).no_code(5).travel(50);
    plc.refused(5, Refusal::Late, Seq::NONE).ended(5, Ending::ChuteNotAvailable, Seq::NONE);
    plc.travel(3_000);
    assert_eq!((plc.sent.len(), plc.notes.0.len(), plc.due_in()), (0, 0, None));
    plc.left(5).travel(500);
    let worker = plc.controller.worker();
    assert_eq!((worker.balance().unexpected, worker.balance().left), (1, 1));
    assert_eq!(ended_for(worker.tally(), Reason::Unexpected), 1);
}

#[test]
fn a_discharge_into_another_chute_is_counted_where_it_happened() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.travel(fire(DE1));
    plc.discharged(1, FR).travel(100);
    assert_eq!((plc.fill(FR), plc.fill(DE1), plc.all_reserved()), (1, 0, 0));
    assert_eq!(plc.controller.counters().strayed, 1);
}

#[test]
fn a_discharge_of_an_item_without_order_is_counted_as_strayed() {
    let mut plc = Plc::new();
    plc.induct(1).poll();
    plc.discharged(1, EXCEPTION).poll();
    assert_eq!((plc.controller.counters().strayed, plc.fill(EXCEPTION)), (1, 1));
    assert_eq!(plc.due_in(), None);
}

#[test]
fn a_second_item_of_a_live_number_is_counted_and_changes_nothing() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    plc.travel(100);
    plc.induct(1).event(item(1), unexpected(1)).poll();
    let worker = plc.controller.worker();
    assert_eq!((worker.balance().inducted, worker.balance().unexpected), (1, 0));
    assert_eq!((plc.controller.counters().unknown_items, plc.sent.len()), (2, 1));
    assert_eq!(plc.due_in(), Some(fire(DE1) - MARGIN - 100));
}

#[test]
fn the_same_label_on_two_items_sends_both_to_the_exception_chute() {
    let mut plc = Plc::new();
    assert_eq!(plc.start(1, 1).op, divert(DE1));
    plc.travel(50);
    assert_eq!(plc.start(2, 1).op, divert(EXCEPTION));
    plc.travel(fire(DE1) - MARGIN - 50);
    assert_eq!(plc.ops(2), [(1, divert(EXCEPTION))]);
}

#[test]
fn events_about_items_that_are_not_known_are_counted() {
    let mut plc = Plc::new();
    plc.discharged(9, DE1).missed(9, DE1).left(9);
    plc.event(item(9), Event::Lost { eye: EyeId::new(1) });
    plc.poll();
    assert_eq!(plc.controller.counters().unknown_items, 4);
    // An order may end after its item, so these say nothing about what the host knows.
    plc.refused(9, Refusal::UnknownItem, Seq::NONE.next())
        .ended(9, Ending::ItemGone, Seq::NONE.next())
        .poll();
    assert_eq!(plc.controller.counters().unknown_items, 4);
    assert_eq!(plc.controller.worker().balance(), sorter_core::balance::Balance::default());
}

#[test]
fn item_0_is_no_item() {
    let mut plc = Plc::new();
    plc.induct(0).no_code(0).poll();
    plc.travel(BLIND);
    assert_eq!((plc.sent.len(), plc.controller.items_on_belt()), (0, 0));
    assert_eq!(plc.controller.counters().unknown_items, 1);
}

#[test]
fn a_chute_that_the_sorter_does_not_have_does_no_harm() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    let nowhere = ChuteId::new(300);
    plc.missed(1, nowhere).event(ItemId::NONE, Event::Chute { chute: nowhere }).poll();
    plc.image.full.set(ChuteId::new(255), true);
    plc.show().poll();
    assert_eq!(plc.reserved(DE1), 1);
    plc.discharged(1, nowhere).poll();
    assert_eq!((plc.all_reserved(), plc.controller.items_on_belt()), (0, 0));
}

#[test]
fn events_of_the_machine_change_nothing_about_an_item() {
    let mut plc = Plc::new();
    plc.start(1, 1);
    let chute = DE1;
    plc.event(item(1), Event::Seen { eye: EyeId::new(1), deviation: Pulses::new(-3) })
        .event(item(1), Event::Fired { diverter: sorter_core::ids::DiverterId::new(1), chute })
        .event(item(1), Event::Lap { induction: InductionId::new(0), laps: 1 })
        .event(ItemId::NONE, Event::HostLost { order_ack: Seq::NONE })
        .event(ItemId::NONE, Event::State { state: StateBits(StateBits::RUNNING) })
        .event(ItemId::NONE, Event::Jam { eye: EyeId::new(1), begins: true })
        .travel(100);
    assert_eq!((plc.sent.len(), plc.reserved(DE1), plc.controller.items_on_belt()), (1, 1, 1));
    assert_eq!(plc.due_in(), Some(fire(DE1) - MARGIN - 100));
    plc.event(ItemId::NONE, Event::State { state: StateBits(StateBits::E_STOP) })
        .event(ItemId::NONE, Event::Jam { eye: EyeId::new(1), begins: false })
        .poll();
    let counters = plc.controller.counters();
    assert_eq!((counters.host_lost, counters.stops, counters.laps, counters.jams), (1, 1, 1, 1));
}

#[test]
fn a_belt_with_more_items_than_it_can_have_refuses_and_counts_them() {
    let mut plc = Plc::new();
    for number in 1..=401 {
        plc.induct(number).poll();
    }
    // Twice the belt capacity of 200, since ends of items may still wait to be read.
    assert_eq!((plc.controller.items_on_belt(), plc.controller.counters().unknown_items), (400, 1));
    plc.record(item(401), 0, 1, ScanData::NoCode).travel(BLIND);
    for number in 1..=401 {
        plc.left(number);
    }
    plc.poll();
    assert_eq!((plc.all_reserved(), plc.controller.items_on_belt()), (0, 0));
}
