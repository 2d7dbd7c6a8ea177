//! Nothing moves before it is written: what a slow, late, full or failing disk under the journal does to a day.

use super::run::Run;

/// A small day. At 13:00 its peak begins.
const DAY: &str = "parcels = 10_000\nhubs = 1\nsorters = 2\n";

fn day_with(disk: &str) -> Run {
    Run::of(&format!("{DAY}[journal]\n{disk}"), &[])
}

/// Every condition holds, and every parcel has an end.
fn assert_accounted(run: &Run) {
    for condition in
        ["accounting", "claim", "wrong_chute", "customs", "capacity", "plan", "departure", "durability"]
    {
        assert_eq!(run.number(&format!("/violations/{condition}")), 0, "{}", run.errors);
    }
    let ends = ["discharged", "recalled", "exception", "held", "lost", "on_floor", "waiting"];
    let ended: u64 = ends.iter().map(|end| run.number(&format!("/parcels/{end}"))).sum();
    assert_eq!(run.number("/parcels/inducted"), ended);
    assert_eq!(run.number("/passes/on_belt"), 0);
}

fn seconds(run: &Run, key: &str) -> f64 {
    run.report["journal"][key].as_f64().expect("a time in seconds")
}

#[test]
fn a_disk_that_keeps_up_costs_no_order_and_no_induction() {
    let run = day_with("");
    assert_eq!(run.code, Some(0), "{}", run.errors);
    assert_accounted(&run);
    assert!(run.number("/journal/records") > 4 * run.number("/parcels/inducted"));
    // Orders that take others back are not checked, and wait as well.
    assert!(run.number("/journal/held_orders") >= run.number("/checked/durability"));
    assert!(run.number("/journal/lag_us/max") < 20_000, "{}", run.report["journal"]);
    for nothing in ["late_held_orders", "alarms", "stalls", "failed"] {
        assert_eq!(run.number(&format!("/journal/{nothing}")), 0, "{nothing}");
    }
}

#[test]
fn each_order_counts_once_behind_a_disk_that_takes_no_time() {
    let run = day_with("sync_ms = 0\nperiod_ms = 0\n");
    assert_eq!(run.code, Some(0), "{}", run.errors);
    assert_accounted(&run);
}

#[test]
fn a_slow_disk_slows_induction_down_before_anything_is_lost() {
    let run = day_with("sync_ms = 500\n");
    assert_eq!(run.code, Some(0), "{}", run.errors);
    assert_accounted(&run);
    assert_eq!(run.number("/parcels/inducted"), 10_000);
    assert!(run.number("/journal/alarms") > 100, "{}", run.report["journal"]);
    assert!(seconds(&run, "throttled_s") > 3_600.0, "{}", run.report["journal"]);
    assert!(run.number("/journal/lag_us/p50") >= 500_000);
    assert_eq!(run.number("/journal/late_held_orders"), 0, "the point of no return counts on the disk");
}

#[test]
fn batches_that_are_late_now_and_then_hold_orders_back_and_nothing_else() {
    let run = day_with("late_rate = 0.2\nlate_ms = 500\n");
    assert_eq!(run.code, Some(0), "{}", run.errors);
    assert_accounted(&run);
    assert!(run.number("/faults/journal_late") > 1_000);
    assert!(run.number("/journal/lag_us/p99") > 400_000, "{}", run.report["journal"]);
    assert_eq!(run.number("/parcels/inducted"), 10_000);
}

#[test]
fn a_full_disk_closes_induction_until_there_is_space_again() {
    let run = day_with("full_at_s = 46800\nfull_for_s = 60\n");
    assert_eq!(run.code, Some(0), "{}", run.errors);
    assert_accounted(&run);
    assert_eq!(run.number("/faults/journal_full"), 1);
    assert_eq!(run.number("/journal/stalls"), 1);
    let (stalled, closed) = (seconds(&run, "stalled_s"), seconds(&run, "closed_s"));
    assert!((50.0..=60.0).contains(&stalled), "{stalled} s");
    // Two sorters, each closed for as long, and somewhat longer while they catch up.
    assert!((2.0 * stalled - 5.0..2.0 * stalled + 10.0).contains(&closed), "{closed} s of {stalled} s");
    assert_eq!(run.number("/parcels/inducted"), 10_000, "service has resumed");
    assert_eq!(run.number("/parcels/waiting"), 0);
}

#[test]
fn a_disk_that_fails_for_good_stops_ordering_and_every_parcel_has_a_place() {
    let run = day_with("fail_at_s = 46800\n");
    assert_accounted(&run);
    assert_eq!(run.number("/faults/journal_failed"), 1);
    assert_eq!(run.number("/journal/failed"), 1);
    let inducted = run.number("/parcels/inducted");
    assert!((1_000..9_000).contains(&inducted), "{inducted} inducted: none after it failed");
    assert!(run.number("/parcels/waiting") > 0, "what ran off the belts waits at the inductions");
    assert_eq!(run.code, Some(1), "{}", run.errors);
    assert!(run.errors.contains("BROKEN: journals that failed for good: 1"), "{}", run.errors);
}

#[test]
fn a_full_disk_that_nobody_met_fails_the_run() {
    // A minute after midnight nothing has arrived yet.
    let run = Run::of("parcels = 50\nhubs = 1\nsorters = 1\n[journal]\nfull_at_s = 1\nfull_for_s = 1\n", &[]);
    assert_eq!(run.number("/faults/journal_full"), 0);
    assert_eq!(run.code, Some(1), "{}", run.errors);
    assert!(run.errors.contains("the fault journal_full was asked for and did not happen"), "{}", run.errors);
}
