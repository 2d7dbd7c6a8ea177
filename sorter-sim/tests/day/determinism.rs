//! The same seed is the same day, on any number of threads.

use super::run::Run;

const DAY: &str = "parcels = 60_000\nhubs = 3\nsorters = 2\n";

fn digests(options: &[&str]) -> (String, String) {
    let run = Run::of(DAY, options);
    assert_eq!(run.code, Some(0), "{options:?}: {}", run.errors);
    (run.text("digest").to_owned(), run.text("fates_digest").to_owned())
}

#[test]
fn a_seed_gives_the_same_day_on_one_and_on_two_threads() {
    let one = digests(&["--seed", "11", "--threads", "1"]);
    assert_eq!(one, digests(&["--seed", "11", "--threads", "2"]));
    assert_eq!(one, digests(&["--seed", "11", "--threads", "2"]));
    assert_eq!(one, digests(&["--seed", "11", "--threads", "1"]));
}

#[test]
fn another_seed_gives_another_day() {
    let (one, other) = (digests(&["--seed", "11"]), digests(&["--seed", "12"]));
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
}

#[test]
fn parcels_and_passes_add_up_and_no_belt_keeps_an_item() {
    let run = Run::of(DAY, &[]);
    let parcels = |key: &str| run.number(&format!("/parcels/{key}"));
    assert_eq!(parcels("inducted"), 60_000);
    let ended = parcels("discharged") + parcels("recalled") + parcels("exception") + parcels("held");
    assert_eq!(ended + parcels("lost") + parcels("on_floor"), 60_000);
    let passes = |key: &str| run.number(&format!("/passes/{key}"));
    let entered = passes("inducted") + passes("unexpected");
    assert_eq!(entered, passes("discharged") + passes("left") + passes("lost"));
    assert_eq!(passes("on_belt"), 0);
    assert!(run.report["events_per_parcel"].as_f64().is_some_and(|events| events >= 9.0));
}
