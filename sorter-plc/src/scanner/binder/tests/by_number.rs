//! Telegrams that carry nothing but a number: the place of the belt when they come tells whose they are.

use sorter_core::ids::EyeId;
use sorter_core::layout::Layout;
use sorter_core::units::{Millimetres, Pulses};

use super::{NOWHERE, Rig};
use crate::contract::Event;
use crate::scanner::{Binding, From};

const BY_NUMBER: Binding = Binding::ByNumber {
    from: From::TrailingEdge,
    least: Millimetres::new(50),
    most: Millimetres::new(300),
    agreeing: 2,
};

#[test]
fn by_number_each_item_gets_the_telegram_of_its_moment() {
    let mut rig = Rig::new(BY_NUMBER, "trigger;codes");
    for n in 1..=5_u16 {
        rig.item(n, 3_000 + i64::from(n) * 900, 400);
    }
    for n in 1..=5_u16 {
        let edge = 3_000 + i64::from(n) * 900;
        rig.run_to(edge + 550);
        rig.telegram(u32::from(n) + 40, edge, &[(&format!("code {n}"), NOWHERE)]);
    }
    rig.run_to(12_000);
    // The first one has nothing to agree with yet.
    rig.expect(&[(1, &["no read"]), (2, &["code 2"]), (3, &["code 3"]), (4, &["code 4"]), (5, &["code 5"])]);
}

/// Six items in step, then the faults of one telegram; `n` items get the telegrams that `of` gives.
fn numbered(mut of: impl FnMut(u32, &mut Rig)) -> Rig {
    let mut rig = Rig::new(BY_NUMBER, "trigger;codes");
    for n in 1..=12_u16 {
        rig.item(n, 3_000 + i64::from(n) * 900, 400);
    }
    for n in 1..=12_u32 {
        rig.run_to(3_000 + i64::from(n) * 900 + 550);
        of(n, &mut rig);
    }
    rig.run_to(20_000);
    rig
}

fn send(rig: &mut Rig, number: u32, n: u32) {
    rig.telegram(number, 0, &[(&format!("code {n}"), NOWHERE)]);
}

/// Checks that every code is at its own item, and gives the items without.
fn unread(rig: &Rig) -> Vec<u16> {
    let read = rig.read();
    let unread = |item: &u16| match read.get(item).map(|texts| texts[0].as_str()) {
        Some("no read") | None => true,
        Some(code) => {
            assert_eq!(code, format!("code {item}"));
            false
        }
    };
    (2..=12).filter(unread).collect()
}

#[test]
fn by_number_a_lost_telegram_costs_its_item_only() {
    let rig = numbered(|n, rig| {
        if n != 6 {
            send(rig, n, n);
        }
    });
    assert_eq!(unread(&rig), [6]);
    assert_eq!(rig.binder.counters().missing_numbers, 1);
}

#[test]
fn by_number_a_lost_trigger_shifts_nobody() {
    let rig = numbered(|n, rig| {
        if n != 6 {
            send(rig, if n > 6 { n - 1 } else { n }, n);
        }
    });
    assert_eq!(unread(&rig), [6, 7]);
}

#[test]
fn by_number_a_doubled_trigger_shifts_nobody() {
    let rig = numbered(|n, rig| {
        send(rig, if n > 6 { n + 1 } else { n }, n);
        if n == 6 {
            send(rig, 7, 6);
        }
    });
    assert_eq!(unread(&rig), [6, 7]);
}

#[test]
fn by_number_a_doubled_trigger_whose_first_telegram_is_lost_is_not_trusted() {
    let rig = numbered(|n, rig| send(rig, if n > 5 { n + 1 } else { n }, n));
    assert_eq!(unread(&rig), [6]);
}

#[test]
fn by_number_a_telegram_that_comes_one_item_late_is_nobodys() {
    let rig = numbered(|n, rig| match n {
        6 => {}
        7 => {
            send(rig, 6, 6);
            send(rig, 7, 7);
        }
        _ => send(rig, n, n),
    });
    assert_eq!(unread(&rig), [6, 7]);
    let rig = numbered(|n, rig| match n {
        6 => {}
        // The late one comes, and that of the item itself is lost.
        7 => send(rig, 6, 6),
        _ => send(rig, n, n),
    });
    assert_eq!(unread(&rig), [6, 7]);
}

#[test]
fn by_number_a_stretch_with_two_items_makes_both_a_no_read() {
    let mut rig = Rig::new(BY_NUMBER, "trigger;codes");
    for n in 1..=4_u16 {
        rig.item(n, 3_000 + i64::from(n) * 900, 400);
    }
    rig.item(5, 7_600, 200);
    rig.item(6, 7_900, 200);
    for n in 1..=4_u32 {
        rig.run_to(3_000 + i64::from(n) * 900 + 550);
        send(&mut rig, n, n);
    }
    rig.run_to(8_120);
    send(&mut rig, 5, 5);
    // This one can only be of the sixth, but then the one before could have been, too.
    rig.run_to(8_300);
    send(&mut rig, 6, 6);
    rig.run_to(12_000);
    assert_eq!(rig.read()[&4], ["code 4"]);
    assert_eq!(
        (&rig.read()[&5], &rig.read()[&6]),
        (&vec!["no read".to_owned()], &vec!["no read".to_owned()])
    );
    assert_eq!(rig.binder.counters().ambiguous, 1);
}

#[test]
fn by_number_items_that_are_far_away_still_count_for_the_step() {
    let mut rig = Rig::new(BY_NUMBER, "trigger;codes");
    let edges = [4_000, 5_000, 6_000, 7_000, 15_000];
    for (n, edge) in (1..).zip(edges) {
        rig.item(n, edge, 400);
    }
    for (n, edge) in (1..).zip(edges) {
        rig.run_to(edge + 550);
        // The telegram of the fourth is lost, and nobody comes for a long time.
        if n != 4 {
            send(&mut rig, n, n);
        }
    }
    rig.run_to(20_000);
    assert_eq!(rig.read()[&5], ["code 5"]);
}

#[test]
fn by_number_an_item_that_turns_up_late_makes_a_claim_on_its_place_doubtful() {
    let text = include_str!("../../../../../sorter-core/layouts/line_100.toml").replace("[5000,", "[3200,");
    let layout = Layout::from_toml("eye_behind.toml", &text).unwrap();
    for turns_up in [true, false] {
        let mut rig = Rig::on(&layout, BY_NUMBER, "trigger;codes");
        for n in 1..=5_u16 {
            rig.item(n, 3_000 + i64::from(n) * 900, 400);
        }
        for n in 1..=5_u32 {
            rig.run_to(3_000 + i64::from(n) * 900 + 550);
            send(&mut rig, n, n);
        }
        rig.run_to(8_150);
        if turns_up {
            let length = Pulses::new(5);
            rig.event(20, 8_150, Event::Unexpected { eye: EyeId::new(1), length });
        }
        rig.run_to(12_000);
        assert_eq!(rig.read()[&5], [if turns_up { "no read" } else { "code 5" }]);
        assert_eq!(rig.read().contains_key(&20), turns_up);
    }
}

#[test]
fn by_number_a_telegram_behind_a_burst_can_be_as_old_as_the_burst() {
    let mut rig = Rig::new(BY_NUMBER, "trigger;codes");
    for n in 1..=15_u16 {
        rig.item(n, 3_000 + i64::from(n) * 900, 400);
    }
    rig.run_to(4_450);
    // No cycle runs while eleven items pass; then their telegrams come at once, but for one.
    for n in 1..=9 {
        send(&mut rig, n, n);
    }
    rig.jump_to(14_350);
    assert_eq!(rig.binder.counters().ambiguous, 9);
    send(&mut rig, 10, 10);
    rig.jump_to(14_370);
    assert_eq!(rig.binder.counters().ambiguous, 10);
    rig.jump_to(14_390);
    rig.run_to(20_000);
    assert_eq!(rig.binder.counters().read_items, 0);
}

#[test]
fn by_number_codes_beyond_their_item_go_to_the_neighbour_or_to_nobody() {
    let mut rig = Rig::new(BY_NUMBER, "trigger;codes@");
    // The third one follows closely.
    let items = [(1, 3_900), (2, 4_800), (3, 5_250), (4, 6_600)];
    for (item, edge) in items {
        rig.item(item, edge, 400);
    }
    for (item, edge) in items {
        rig.run_to(edge + 550);
        let own = format!("code {item}");
        let codes: &[(&str, i32)] = match item {
            2 => &[(&own, 100), ("code 3", 520), ("nobody", -150), ("not there yet", 2_000)],
            3 => &[],
            _ => &[(&own, 100)],
        };
        rig.telegram(u32::from(item), 0, codes);
    }
    rig.run_to(12_000);
    rig.expect(&[(1, &["no read"]), (2, &["code 2"]), (3, &["code 3"]), (4, &["code 4"])]);
    assert_eq!((rig.binder.counters().foreign_codes, rig.binder.counters().moved_codes), (2, 1));
}
