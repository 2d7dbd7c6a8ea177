//! The real program with bad usage and bad input: exit codes, and texts that tell what to do.

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

fn sorter_sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sorter-sim")).args(arguments).output().expect("the program starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("reports are UTF-8")
}

/// A scenario file in a folder that goes away with it.
fn scenario_file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("busy.toml");
    std::fs::write(&path, text).expect("a file in it");
    (folder, path)
}

#[test]
fn refuses_an_unknown_option_with_exit_code_2() {
    let output = sorter_sim(&["--speed", "3"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--speed"));
}

#[test]
fn refuses_a_number_outside_its_range_and_names_the_range() {
    for (option, value, range) in [
        ("--hubs", "65", "from 1 to 64"),
        ("--sorters", "0", "from 1 to 32"),
        ("--parcels", "many", "from 1 to 30000000"),
        ("--threads", "0", "from 1 to 64"),
    ] {
        let output = sorter_sim(&["day", option, value]);
        assert_eq!(output.status.code(), Some(2), "{option}");
        let text = stderr(&output);
        assert!(text.contains(option) && text.contains(value) && text.contains(range), "{text}");
    }
}

#[test]
fn reports_all_problems_of_a_scenario_with_file_line_key_and_range() {
    let (_folder, path) = scenario_file("parcels = 0\n\n[reads]\nno_read = 1.5\nstray_rate = 0.1\n");
    let output = sorter_sim(&["--scenario", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let (text, file) = (stderr(&output), path.display());
    for line in [
        format!("{file}:1: SC0004: parcels is 0 (expected a whole number from 1 to 30000000)"),
        format!("{file}:4: SC0004: reads.no_read is 1.5 (expected a share from 0 to 1)"),
        format!("{file}:5: SC0002: reads.stray_rate is not a key (expected one of no_read, "),
    ] {
        assert!(text.contains(&line), "{text}");
    }
    assert!(stdout(&output).is_empty());
}

#[test]
fn refuses_a_scenario_that_is_not_there() {
    let output = sorter_sim(&["day", "--scenario", "/nowhere/day.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("/nowhere/day.toml cannot be read"));
}

#[test]
fn refuses_a_report_that_cannot_be_written_before_it_runs() {
    let output = sorter_sim(&["--parcels", "10", "--json", "/nowhere/report.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("/nowhere/report.json cannot be opened for the report"));
}

#[test]
fn refuses_options_that_contradict_the_scenario() {
    let (_folder, path) = scenario_file("[sabotage]\nkind = \"miscount\"\nat_parcel = 500\n");
    let output = sorter_sim(&["--scenario", path.to_str().unwrap(), "--parcels", "100"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("sabotage.at_parcel is 500, but the day has parcels 0 to 99 only"));
}

#[test]
fn refuses_a_plan_that_is_not_there() {
    let output = sorter_sim(&["plan", "check", "/nowhere/plan.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("/nowhere/plan.toml"));
    assert_eq!(sorter_sim(&["plan"]).status.code(), Some(2));
}

#[test]
fn every_command_has_help_with_an_example() {
    for arguments in [
        &["--help"][..],
        &["day", "--help"],
        &["day", "-h"],
        &["plan", "--help"],
        &["plan", "check", "--help"],
    ] {
        let output = sorter_sim(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(stdout(&output).contains("Example:\n  sorter-sim "), "{arguments:?}");
    }
    assert!(stdout(&sorter_sim(&["day", "--help"])).contains("slip_um_per_sqrt_m = 3000"));
}

#[test]
fn tells_its_version() {
    let output = sorter_sim(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), format!("sorter-sim {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_manifest_with_bad_rows_loads_the_rest_and_writes_them_aside() {
    let folder = tempfile::TempDir::new().unwrap();
    let (input, aside) = (folder.path().join("day.csv"), folder.path().join("refused.csv"));
    let rows = "codes,country,postcode,weight_g\n\
                LP263072004SG,DE,10115,420\n\
                RB123456785GB,DE,1O115,180\n\
                LP263072004SG,FR,75001,90\n\
                354123455501152989,XX,75001,950\n";
    std::fs::write(&input, rows).unwrap();
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_sorter-sim"))
        .args(["manifest", "check"])
        .arg(&input)
        .arg("--aside")
        .arg(&aside)
        .output()
        .unwrap();
    let (out, errors) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert_eq!(done.status.code(), Some(2), "{errors}");
    assert!(out.contains("4 rows, 1 accepted, 3 refused"), "{out}");
    assert!(errors.contains("day.csv:3: ") && errors.contains("postcode \"1O115\" is not a German postcode"));
    assert!(errors.contains("day.csv:4: ") && errors.contains("day.csv:5: "), "{errors}");
    let aside = std::fs::read_to_string(&aside).unwrap();
    assert_eq!(aside.lines().count(), 4, "{aside}");
}
