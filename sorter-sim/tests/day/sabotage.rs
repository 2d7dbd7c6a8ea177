//! Every checker can fail: a sabotage at the typed border is reported, and the exit code is 1.

use super::run::Run;

/// A small day, with copied labels enough to meet their originals.
const DAY: &str = "\
    parcels = 40_000\n\
    hubs = 1\n\
    sorters = 2\n\
    [reads]\n\
    duplicate_label = 0.01\n";

/// People who come so late that chutes are full.
const SLOW_PEOPLE: &str = "[plant]\nswap_start_min_s = 7000\nswap_start_max_s = 7200\n";

/// A changeover of many chutes, in which some drain for long enough to be ordered to.
const CHANGEOVER: &str = "[changeover]\nshare = 0.3\n";

fn sabotaged(kind: &str) -> Run {
    let more = match kind {
        "overfill" => SLOW_PEOPLE,
        "undrained_switch" => CHANGEOVER,
        _ => "",
    };
    Run::of(&format!("{DAY}{more}[sabotage]\nkind = \"{kind}\"\nat_parcel = 2000\n"), &[])
}

/// The run reports the condition broken, tells how, and fails.
fn assert_found(kind: &str, condition: &str) {
    let run = sabotaged(kind);
    assert!(run.number(&format!("/faults/sabotage_{kind}")) > 0, "{kind} never acted");
    assert!(run.number(&format!("/violations/{condition}")) > 0, "{condition} holds: {}", run.report);
    assert_eq!(run.code, Some(1), "{}", run.errors);
    assert!(run.errors.contains(&format!("{condition} at ")), "{}", run.errors);
    assert!(run.errors.contains("repeat with: sorter-sim day --seed 1"), "{}", run.errors);
}

#[test]
fn the_day_without_sabotage_is_good_and_every_condition_was_tested() {
    let run = Run::of(DAY, &[]);
    assert_eq!(run.code, Some(0), "{}", run.errors);
    for condition in
        ["accounting", "claim", "wrong_chute", "customs", "capacity", "plan", "departure", "durability"]
    {
        assert_eq!(run.number(&format!("/violations/{condition}")), 0);
        assert!(run.number(&format!("/checked/{condition}")) > 10_000, "{condition}");
    }
    assert!(run.number("/reasons/overflow") > 100, "full chutes are part of this day");
    assert!(run.number("/reasons/duplicate") > 100, "duplicate labels are part of this day");
}

#[test]
fn two_swapped_items_are_found() {
    assert_found("swap_scans", "wrong_chute");
}

#[test]
fn an_order_to_another_chute_is_found() {
    assert_found("order_elsewhere", "wrong_chute");
}

#[test]
fn a_dropped_confirmation_is_found() {
    assert_found("drop_confirm", "accounting");
}

#[test]
fn a_claim_given_twice_is_found() {
    assert_found("claim_twice", "claim");
}

#[test]
fn an_order_into_a_full_chute_is_found() {
    assert_found("overfill", "capacity");
}

#[test]
fn a_decision_under_another_plan_is_found() {
    assert_found("mix_plans", "plan");
}

#[test]
fn a_counter_that_is_off_by_one_is_found() {
    assert_found("miscount", "accounting");
}

#[test]
fn an_unreleased_parcel_let_through_is_found() {
    assert_found("release_unreleased", "customs");
}

#[test]
fn a_lost_hold_is_found() {
    assert_found("lose_hold", "customs");
}

#[test]
fn an_older_message_taken_for_a_newer_one_is_found() {
    assert_found("old_status", "customs");
}

#[test]
fn a_parcel_in_a_closed_container_is_found() {
    assert_found("closed_container", "departure");
}

#[test]
fn a_manifest_that_is_one_short_is_found() {
    assert_found("short_manifest", "departure");
}

#[test]
fn a_chute_that_is_switched_without_draining_is_found() {
    assert_found("undrained_switch", "plan");
}

#[test]
fn an_order_that_is_sent_before_its_decision_is_durable_is_found() {
    assert_found("order_before_durable", "durability");
}

#[test]
fn a_condition_that_was_never_tested_fails_the_run() {
    // Nobody announced anything, so nothing is ordered out and no claim is ever tested.
    let scenario = "parcels = 500\nhubs = 1\nsorters = 1\n[reads]\nnot_announced = 1\nlate_announced = 0\n";
    let run = Run::of(scenario, &[]);
    assert_eq!(run.number("/checked/claim"), 0);
    assert_eq!(run.number("/violations/claim"), 0);
    assert_eq!(run.code, Some(1), "{}", run.errors);
}
