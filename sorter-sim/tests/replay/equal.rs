//! A run that is repeated from its recording comes out the same.

use super::program::{DAY, Recorded, sorter_sim, text};

#[test]
fn a_day_is_repeated_with_the_same_digest_on_any_number_of_threads() {
    let one = Recorded::busy_day();
    let two = Recorded::of("day", DAY, &["--threads", "2"]);
    for name in ["hub-0.inputs", "hub-1.inputs", "recording.toml"] {
        let [first, second] =
            [&one, &two].map(|recorded| std::fs::read(recorded.file(name)).expect("the file is there"));
        assert!(first == second, "{name} depends on the number of threads");
    }
    for threads in ["1", "2"] {
        let (code, report, errors) = one.replay(&["--threads", threads]);
        assert_eq!(code, Some(0), "{errors}");
        assert_eq!(report["digest_recorded"], one.digest.as_str());
        assert_eq!(report["digest_replayed"], one.digest.as_str());
        assert_eq!(report["parcels"], 6_000);
        assert!(report["counts"]["decisions"].as_u64() > Some(6_000), "{report}");
        assert!(report["counts"]["orders"].as_u64() > Some(6_000), "{report}");
    }
}

#[test]
fn a_day_that_is_recorded_is_the_same_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let (scenario, json) = (folder.path().join("day.toml"), folder.path().join("report.json"));
    std::fs::write(&scenario, DAY).expect("the scenario is written");
    let done = sorter_sim(&["--quiet", "--scenario", &text(&scenario), "--json", &text(&json)]);
    assert_eq!(done.status.code(), Some(0));
    let report = std::fs::read_to_string(&json).expect("a report is written");
    assert!(report.contains(&Recorded::busy_day().digest));
}

#[test]
fn a_week_is_repeated_with_its_departures() {
    let week = Recorded::of("week", "parcels = 6_000\nhubs = 1\nsorters = 2\n", &[]);
    let (code, report, errors) = week.replay(&[]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(report["digest_replayed"], week.digest.as_str());
    assert!(report["hubs"][0]["until_s"].as_f64() > Some(6.0 * 86_400.0));
}

#[test]
fn a_run_whose_disk_is_full_or_fails_is_repeated_as_it_was() {
    for fault in ["full_at_s = 50400", "fail_at_s = 50400", "sync_ms = 0\nperiod_ms = 0"] {
        let run = Recorded::of(
            "day",
            &format!("parcels = 3_000\nhubs = 1\nsorters = 2\n[journal]\n{fault}\n"),
            &[],
        );
        let (code, report, errors) = run.replay(&[]);
        assert_eq!(code, Some(0), "{fault}: {errors}");
        assert_eq!(report["digest_replayed"], run.digest.as_str(), "{fault}");
    }
}

#[test]
fn a_run_with_a_sabotage_is_repeated_with_what_the_sabotage_did() {
    for kind in ["swap_scans", "drop_confirm", "old_status", "lose_hold", "short_manifest"] {
        let scenario = format!(
            "parcels = 4_000\nhubs = 1\nsorters = 2\n[sabotage]\nkind = \"{kind}\"\nat_parcel = 500\n"
        );
        let run = Recorded::of("day", &scenario, &[]);
        let (code, _, errors) = run.replay(&[]);
        assert_eq!(code, Some(0), "{kind}: {errors}");
    }
}

#[test]
fn one_hub_and_a_part_of_the_day_are_repeated_alone() {
    let day = Recorded::busy_day();
    let (code, report, errors) = day.replay(&["--hub", "1", "--stop-at", "12:30"]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(report["hubs"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["hubs"][0]["hub"], 1);
    assert_eq!(report["stopped_at_s"], 45_000.0);
    assert!(report["hubs"][0]["until_s"].as_f64() < Some(45_000.0));
    assert!(report["digest_replayed"].is_null() && report["parcels"].is_null());
    let whole = day.replay(&["--hub", "1"]).1;
    assert_eq!(whole["hubs"][0]["digest_replayed"], whole["hubs"][0]["digest_recorded"]);
}

#[test]
fn plan_layout_and_schedule_are_taken_along() {
    let folder = tempfile::tempdir().expect("a folder for the files");
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let layout = data.join("../../sorter-core/layouts/line_100.toml");
    for (from, to) in [
        (data.join("plan_line_100.toml"), "plan_line_100.toml"),
        (data.join("plan_line_100.csv"), "plan_line_100.csv"),
        (data.join("schedule.csv"), "week.csv"),
        (layout, "line.toml"),
    ] {
        std::fs::copy(from, folder.path().join(to)).expect("the file is copied");
    }
    let path = |name: &str| text(&folder.path().join(name));
    let scenario = format!(
        "parcels = 1_000\nhubs = 1\nsorters = 1\n[plan]\nfile = \"{}\"\n[layout]\nfile = \"{}\"\n[schedule]\nfile = \"{}\"\n",
        path("plan_line_100.toml"),
        path("line.toml"),
        path("week.csv")
    );
    let day = Recorded::of("day", &scenario, &[]);
    drop(folder);
    let (code, _, errors) = day.replay(&[]);
    assert_eq!(code, Some(0), "{errors}");
    day.edit("schedule.csv", |text| text.replace("T07", "T08"));
    let (code, _, errors) = day.replay(&[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("schedule.csv was changed since the recording"), "{errors}");
}
