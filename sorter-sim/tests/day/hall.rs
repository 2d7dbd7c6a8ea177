//! The rules of the hub in whole runs: customs, departures, containers and changeover.

use super::run::Run;

const WEEK: &str = "\
    parcels = 60_000\n\
    hubs = 1\n\
    sorters = 2\n\
    days = 7\n\
    profile = \"flights\"\n";

/// A busy hour in which the plan moves 30 % of the chutes, and back again.
const CHANGEOVER: &str = "\
    parcels = 60_000\n\
    hubs = 1\n\
    sorters = 2\n\
    [changeover]\n\
    at_h = 14\n\
    share = 0.3\n\
    back_h = 16\n";

/// The sum of the numbers of an object in the report.
fn sum(run: &Run, path: &str) -> u64 {
    let object = run.report.pointer(path).and_then(|value| value.as_object()).expect("an object");
    object.values().map(|value| value.as_u64().expect("a count")).sum()
}

#[test]
fn a_week_passes_with_every_cut_off_and_every_manifest_checked() {
    let run = Run::of(WEEK, &[]);
    assert_eq!(run.code, Some(0), "{}", run.errors);
    assert_eq!(run.number("/departures/cut_offs"), run.number("/departures/departed"));
    assert!(run.number("/departures/departed") > 80, "83 departures in a week");
    assert!(run.number("/departures/pieces_loaded") > 30_000);
    assert!(sum(&run, "/departures/missed") > 0, "what missed a cut-off is counted by cause");
    // Every discharge of the week is in exactly one manifest.
    assert_eq!(run.number("/parcels/manifested"), run.number("/passes/discharged"));
    assert_eq!(run.number("/containers/manifests_checked"), run.number("/containers/sealed"));
    for flow in ["import", "export", "transit"] {
        assert!(run.number(&format!("/flows/{flow}")) > 1_000, "{flow}");
    }
}

#[test]
fn customs_hold_release_and_recall_in_a_day_and_what_was_held_comes_back() {
    let run = Run::of("parcels = 60_000\nhubs = 1\nsorters = 2\n", &[]);
    assert_eq!(run.code, Some(0), "{}", run.errors);
    for count in ["applied", "kept", "refused_older", "recalls", "released_back"] {
        assert!(run.number(&format!("/clearance/{count}")) > 0, "{count}");
    }
    assert_eq!(run.number("/clearance/recalls"), run.number("/parcels/recalled"));
    for reason in ["hold", "inspect", "screening", "status_unknown", "onward_flight", "departure_closed"] {
        assert!(run.number(&format!("/reasons/{reason}")) > 0, "{reason} is part of the day");
    }
}

#[test]
fn a_plan_that_moves_a_third_of_the_chutes_in_the_peak_puts_nothing_into_a_wrong_container() {
    let run = Run::of(CHANGEOVER, &[]);
    assert_eq!(run.code, Some(0), "{}", run.errors);
    // 26 of 88 outbound chutes on two sorters, there and back.
    assert_eq!(run.number("/changeovers/chutes"), 26 * 2 * 2);
    assert_eq!(run.number("/changeovers/plans"), 2);
    assert!(run.number("/changeovers/recirculations/changeover") > 0, "it costs recirculation");
    for condition in ["plan", "wrong_chute", "departure"] {
        assert_eq!(run.number(&format!("/violations/{condition}")), 0, "{}", run.errors);
    }
}

#[test]
fn the_story_of_a_parcel_is_told_on_demand_and_changes_nothing() {
    let day = "parcels = 5_000\nhubs = 1\nsorters = 1\n";
    let plain = Run::of(day, &[]);
    // Not every label has a number of this format, but one of the first ten has.
    let told = (0..10).map(|label| Run::of(day, &["--explain", &format!("LP{label:014}")]));
    let told =
        told.into_iter().find(|run| !run.output.is_empty()).expect("one of ten labels has an LP number");
    assert_eq!(plain.text("digest"), told.text("digest"));
    for part in ["customs: ", "entered", "decided for chute", "slid into", "container", "now: "] {
        assert!(told.output.contains(part), "{part} in {}", told.output);
    }
}

#[test]
fn the_manifests_are_written_one_for_each_container_that_held_something() {
    let folder = tempfile::TempDir::new().expect("a folder for the manifests");
    let path = folder.path().display().to_string();
    let run = Run::of("parcels = 3_000\nhubs = 1\nsorters = 1\n", &["--manifests", &path]);
    let files: Vec<_> = std::fs::read_dir(folder.path()).expect("it is there").flatten().collect();
    assert_eq!(files.len() as u64, run.number("/containers/sealed"), "{}", run.errors);
    let lines =
        |text: String| text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
    let entries: usize =
        files.iter().map(|file| lines(std::fs::read_to_string(file.path()).expect("a text"))).sum();
    assert_eq!(entries as u64, run.number("/parcels/manifested"));
}
