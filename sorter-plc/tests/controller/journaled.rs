//! Orders wait until the journal has the record of the decision behind them.

use sorter_core::journal::{Health, Mark, Scribe, SimulatedDisk, SimulatedJournal};
use sorter_core::units::Micros;
use sorter_plc::contract::{Ending, OrderOp, Seq};
use sorter_plc::controller::{ControllerConfig, ControllerMode, ThrottleStep};
use sorter_plc::host::Ready;

use super::plc::*;

/// What the belt moves in the 10 ms of the journal, in pulses.
const LAG: i32 = 2;
const COMMIT: Micros = Micros::from_millis(6);

fn scene() -> (Plc, Scribe<SimulatedJournal>) {
    with_disk(SimulatedDisk::default())
}

fn with_disk(disk: SimulatedDisk) -> (Plc, Scribe<SimulatedJournal>) {
    Plc::journaled(disk, ControllerConfig::default())
}

fn millis(millis: u64) -> Micros {
    Micros::from_millis(millis)
}

/// Inducts an item and reads the code of a parcel on it.
fn read(plc: &mut Plc, number: u16, parcel: u32) {
    plc.induct(number).scan(number, parcel).poll();
}

/// The journal writes what there is, and the time is over that it takes.
fn write(plc: &mut Plc, scribe: &mut Scribe<SimulatedJournal>) {
    scribe.turn(plc.now);
    plc.now = plc.now + COMMIT;
    scribe.turn(plc.now);
}

#[test]
fn an_order_goes_out_when_its_record_is_durable_and_not_before() {
    let (mut plc, mut scribe) = scene();
    read(&mut plc, 1, 1);
    scribe.turn(plc.now);
    assert!(plc.sent.is_empty());
    scribe.turn(millis(5));
    assert!(plc.release(millis(5)).is_empty(), "2 ms to gather and 4 ms to sync");
    scribe.turn(millis(6));
    let order = plc.release(millis(1))[0];
    assert_eq!((order.seq, order.item, order.op), (Seq::NONE.next(), item(1), divert(DE1)));
    assert_eq!(plc.notes.2, [order], "the watch is told when it goes out");
    assert!(plc.poll().is_empty());
    assert_eq!((plc.controller.counters().orders, plc.controller.counters().held_orders), (1, 1));
}

#[test]
fn a_poll_sends_what_has_become_durable_since_the_one_before() {
    let (mut plc, mut scribe) = scene();
    read(&mut plc, 1, 1);
    write(&mut plc, &mut scribe);
    assert_eq!(plc.poll().len(), 1);
}

#[test]
fn what_waits_is_sent_in_the_order_in_which_it_was_decided() {
    let (mut plc, mut scribe) = scene();
    for number in 1..=5 {
        read(&mut plc, number, u32::from(number));
        scribe.turn(plc.now);
        plc.release(millis(1));
    }
    for _ in 0..30 {
        scribe.turn(plc.now);
        plc.release(millis(1));
    }
    let sent: Vec<_> = plc.sent.iter().map(|order| (order.seq.get(), order.item.get())).collect();
    assert_eq!(sent, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
    assert_eq!(plc.notes.2, plc.sent);
}

#[test]
fn what_is_replaced_while_it_waits_is_never_sent() {
    let (mut plc, mut scribe) = scene();
    plc.induct(1).no_code(1).poll();
    plc.scan(1, 11).poll();
    write(&mut plc, &mut scribe);
    plc.release(millis(0));
    assert_eq!(plc.ops(0), [(1, divert(FR))]);
    assert_eq!((plc.reserved(NO_READ), plc.reserved(FR), plc.all_reserved()), (0, 1, 1));
}

#[test]
fn what_becomes_late_while_it_waits_is_not_sent_and_runs_off() {
    let (mut plc, mut scribe) = scene();
    read(&mut plc, 1, 1);
    plc.travel(fire(DE1) - MARGIN);
    let waiting = plc.controller.journal(plc.now).unwrap().waiting;
    assert_eq!((plc.sent.len(), waiting, plc.all_reserved()), (0, 1, 1), "there is just time");
    plc.travel(1);
    let counters = plc.controller.counters();
    assert_eq!((counters.late_orders, counters.late_held_orders, plc.all_reserved()), (1, 1, 0));
    write(&mut plc, &mut scribe);
    assert!(plc.poll().is_empty());
    plc.left(1).travel(100);
    assert_eq!(plc.controller.worker().tally().deviations, 0);
}

#[test]
fn an_order_is_late_by_what_the_belt_moved_since_it_was_last_seen() {
    let (mut plc, mut scribe) = scene();
    read(&mut plc, 1, 1);
    plc.travel(fire(DE1) - MARGIN - 10);
    write(&mut plc, &mut scribe);
    // 6 ms of these are over by now, and a pulse takes 5 ms.
    assert!(plc.release(millis(50)).is_empty());
    assert_eq!(plc.controller.counters().late_held_orders, 1);
}

#[test]
fn the_point_of_no_return_is_earlier_by_what_the_belt_moves_while_the_journal_writes() {
    let (mut plc, mut scribe) = scene();
    read(&mut plc, 1, 1);
    write(&mut plc, &mut scribe);
    plc.poll();
    assert_eq!(plc.due_in(), Some(fire(DE1) - MARGIN - LAG));
    // What is decided at the last moment still goes out in time.
    plc.travel(fire(DE1) - MARGIN - LAG - 1);
    plc.image.full.set(DE1, true);
    plc.show().travel(1);
    write(&mut plc, &mut scribe);
    assert_eq!(plc.release(millis(4))[0].op, divert(DE2));
}

#[test]
fn while_the_journal_has_no_space_nothing_goes_out_and_induction_is_closed() {
    let disk = SimulatedDisk { full: millis(0)..millis(1_000), ..SimulatedDisk::default() };
    let (mut plc, mut scribe) = with_disk(disk);
    read(&mut plc, 1, 1);
    scribe.turn(plc.now);
    scribe.turn(millis(2));
    plc.now = millis(2);
    let ready = plc.controller.ready(plc.now, true, &mut plc.sent, &mut ());
    assert_eq!((ready.permit, ready.journal.unwrap().health), (false, Health::Stalled));
    assert!(plc.travel(1).is_empty());
    for _ in 0..120 {
        plc.now = plc.now + millis(10);
        scribe.turn(plc.now);
    }
    // Throttled by the age of its oldest record it opens step by step.
    let ready = plc.controller.ready(plc.now, true, &mut plc.sent, &mut ());
    assert_eq!((ready.permit, ready.journal.unwrap().health), (true, Health::Well));
    assert_eq!(plc.ops(0), [(1, divert(DE1))]);
    assert_eq!(plc.controller.journal(plc.now).unwrap().closed, 1);
}

#[test]
fn what_passes_its_chute_while_the_journal_has_failed_runs_off() {
    let disk = SimulatedDisk { fails_at: Some(Micros::ZERO), ..SimulatedDisk::default() };
    let (mut plc, mut scribe) = with_disk(disk);
    read(&mut plc, 1, 1);
    write(&mut plc, &mut scribe);
    assert_eq!(plc.controller.journal(plc.now).unwrap().health, Health::Failed);
    plc.travel(fire(DE1));
    plc.left(1).travel(4_000);
    assert_eq!((plc.sent.len(), plc.all_reserved(), plc.controller.items_on_belt()), (0, 0, 0));
    assert_eq!(plc.controller.counters().late_held_orders, 1);
    let balance = plc.controller.worker().balance();
    assert_eq!((balance.inducted, balance.left), (1, 1));
}

#[test]
fn a_new_session_drops_what_waits_and_the_comparison_sends_it_again() {
    let (mut plc, mut scribe) = scene();
    read(&mut plc, 1, 1);
    plc.resync(&[entry(1, 0, None)]);
    assert!(plc.release(millis(0)).is_empty(), "what the PLC accepts is not known before the next poll");
    write(&mut plc, &mut scribe);
    let sent = plc.poll();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].seq, sent[0].op), (Seq::NONE.next(), divert(DE1)));
    assert_eq!(plc.all_reserved(), 1);
}

#[test]
fn a_restart_drops_what_waits() {
    let (mut plc, mut scribe) = scene();
    read(&mut plc, 1, 1);
    plc.restart();
    write(&mut plc, &mut scribe);
    assert!(plc.release(millis(0)).is_empty());
    plc.resync(&[]);
    assert!(plc.poll().is_empty());
    assert_eq!(plc.controller.journal(plc.now).unwrap().waiting, 0);
}

#[test]
fn no_more_orders_wait_than_the_ring_can_take_and_the_rest_follows() {
    let (mut plc, mut scribe) = scene();
    plc.acks = false;
    for number in 1..=20 {
        plc.induct(number).no_code(number);
    }
    plc.poll();
    write(&mut plc, &mut scribe);
    assert_eq!(plc.release(millis(0)).len(), 15);
    assert!(plc.release(millis(1)).is_empty());
    plc.acknowledge_all();
    assert_eq!(plc.poll().len(), 5);
}

#[test]
fn in_shadow_mode_nothing_waits_since_nothing_is_sent() {
    let config = ControllerConfig { mode: ControllerMode::Shadow, ..ControllerConfig::default() };
    let (mut plc, _scribe) = Plc::journaled(SimulatedDisk::default(), config);
    plc.accepts = false;
    read(&mut plc, 1, 1);
    plc.travel(fire(DE1));
    plc.discharged(1, DE1).travel(100);
    assert_eq!(plc.controller.shadow().unwrap().agreed, 1);
    assert!(plc.sent.is_empty());
    assert!(plc.controller.worker().mark() > Mark::default(), "it keeps its own journal");
}

#[test]
fn a_journal_that_is_behind_slows_induction_down_and_then_closes_it() {
    let (mut plc, _scribe) = scene();
    plc.induct(1).poll();
    let mut steps = Vec::new();
    for cycle in 0..110 {
        plc.now = millis(10 * cycle);
        let Ready { permit, limit, journal, .. } =
            plc.controller.ready(plc.now, true, &mut plc.sent, &mut ());
        let step = journal.unwrap().step;
        assert_eq!(permit, step != ThrottleStep::Closed);
        let seen = (step, limit.map(sorter_plc::exchange::PerMinute::get));
        if steps.last() != Some(&seen) {
            steps.push(seen);
        }
    }
    // The layout is rated at 12,000 an hour.
    let quarters = [
        (ThrottleStep::Open, None),
        (ThrottleStep::ThreeQuarters, Some(150)),
        (ThrottleStep::Half, Some(100)),
        (ThrottleStep::Quarter, Some(50)),
    ];
    assert_eq!(steps[..4], quarters);
    assert_eq!(steps[4].0, ThrottleStep::Closed);
    let journal = plc.controller.journal(plc.now).unwrap();
    assert_eq!((journal.throttled, journal.closed, journal.load.backlog), (90, 10, scribe_backlog(&plc)));
}

fn scribe_backlog(plc: &Plc) -> u64 {
    plc.controller.worker().lane().unwrap().backlog()
}

#[test]
fn without_a_journal_nothing_is_held_back() {
    let mut plc = Plc::new();
    read(&mut plc, 1, 1);
    assert_eq!(plc.sent.len(), 1);
    let ready = plc.controller.ready(plc.now, true, &mut plc.sent, &mut ());
    assert_eq!(ready, Ready::default());
    assert!(plc.controller.journal(plc.now).is_none());
    assert_eq!(plc.due_in(), Some(fire(DE1) - MARGIN));
    assert!(matches!(plc.sent[0].op, OrderOp::Divert { .. }));
}

/// An item whose order to a chute that is full by now is to be replaced, while the disk has no space.
fn replaced_on_a_full_disk() -> (Plc, Scribe<SimulatedJournal>) {
    let disk = SimulatedDisk { full: millis(100)..millis(200), ..SimulatedDisk::default() };
    let (mut plc, mut scribe) = with_disk(disk);
    read(&mut plc, 1, 1);
    write(&mut plc, &mut scribe);
    plc.poll();
    plc.travel(fire(DE1) - MARGIN - LAG - 1);
    plc.now = millis(100);
    plc.image.full.set(DE1, true);
    plc.show().travel(1);
    assert_eq!((plc.ops(0), plc.reserved(DE2)), (vec![(1, divert(DE1))], 1));
    (plc, scribe)
}

#[test]
fn an_order_in_force_is_called_off_once_when_its_replacement_waits_for_a_journal_that_does_not_write() {
    let (mut plc, mut scribe) = replaced_on_a_full_disk();
    assert!(plc.release(millis(10)).is_empty(), "so long was planned for");
    assert_eq!(plc.release(millis(1))[0].op, OrderOp::Cancel);
    write(&mut plc, &mut scribe);
    assert!(plc.release(millis(1)).is_empty());
    plc.ended(1, Ending::Cancelled, Seq::NONE.next()).poll();
    assert_eq!((plc.reserved(DE1), plc.reserved(DE2)), (0, 1), "what was decided since stands");
    plc.travel(fire(DE2));
    plc.left(1).travel(1);
    let counters = plc.controller.counters();
    assert_eq!((counters.called_off, counters.late_held_orders, plc.all_reserved()), (1, 1, 0));
    assert_eq!((plc.commits(), plc.controller.worker().tally().deviations), (1, 0));
}

#[test]
fn an_item_whose_order_was_called_off_still_gets_the_next_one_when_the_journal_goes_on() {
    let (mut plc, mut scribe) = replaced_on_a_full_disk();
    plc.release(millis(11));
    plc.ended(1, Ending::Cancelled, Seq::NONE.next()).poll();
    while plc.now < millis(400) {
        plc.now = plc.now + millis(10);
        scribe.turn(plc.now);
    }
    plc.poll();
    plc.controller.release(plc.now, &mut plc.sent, &mut ());
    assert_eq!(plc.ops(0), [(1, divert(DE1)), (1, OrderOp::Cancel), (1, divert(DE2))]);
    plc.travel(fire(DE2) - fire(DE1));
    plc.discharged(1, DE2).travel(1);
    assert_eq!((plc.all_reserved(), plc.controller.counters().strayed), (0, 0));
}

#[test]
fn a_late_replacement_of_an_order_that_was_called_off_does_not_bring_it_back() {
    let (mut plc, _) = replaced_on_a_full_disk();
    plc.release(millis(11));
    plc.travel(fire(DE2));
    plc.ended(1, Ending::Cancelled, Seq::NONE.next()).left(1).travel(1);
    assert_eq!((plc.commits(), plc.all_reserved(), plc.controller.counters().recalls), (1, 0, 0));
    assert_eq!(plc.controller.worker().tally().deviations, 0);
}
