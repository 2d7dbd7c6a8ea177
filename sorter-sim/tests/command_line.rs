//! The real program with bad usage and bad input: exit codes, and texts that tell what to do.

#![expect(clippy::unwrap_used, reason = "what a test sets up is right, or the test fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

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
        ("--parcels", "many", "from 1 to 60000000"),
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
        format!("{file}:1: SC0004: parcels is 0 (expected a whole number from 1 to 60000000)"),
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
    assert!(stderr(&output).contains("sabotage.at_parcel is 500, but the run has parcels 0 to 99 only"));
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
        &["week", "--help"],
        &["week", "-h"],
        &["plan", "--help"],
        &["plan", "check", "--help"],
        &["schedule", "--help"],
        &["schedule", "check", "--help"],
        &["notices", "--help"],
        &["notices", "check", "--help"],
        &["journal", "--help"],
        &["journal", "show", "--help"],
        &["journal", "verify", "--help"],
        &["journal", "explain", "--help"],
        &["mock", "--help"],
        &["drive", "--help"],
        &["drive", "-h"],
        &["replay", "--help"],
    ] {
        let output = sorter_sim(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(stdout(&output).contains("Example:\n  sorter-sim "), "{arguments:?}");
    }
    assert!(stdout(&sorter_sim(&["day", "--help"])).contains("slip_um_per_sqrt_m = 3000"));
    assert!(stdout(&sorter_sim(&["day", "--help"])).contains("[default: 5_000_000]"));
    assert!(stdout(&sorter_sim(&["week", "--help"])).contains("[default: 35_000_000]"));
}

#[test]
fn a_week_takes_the_options_of_a_day_and_refuses_the_same() {
    let (_folder, path) = scenario_file("parcels = 0\n");
    let output = sorter_sim(&["week", "--scenario", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("busy.toml:1: SC0004: parcels is 0"), "{}", stderr(&output));
    let output = sorter_sim(&["week", "--hubs", "65"]);
    assert!(stderr(&output).contains("from 1 to 64"), "{}", stderr(&output));
}

#[test]
fn refuses_before_a_run_what_cannot_be_explained_or_written() {
    for command in ["day", "week"] {
        let output = sorter_sim(&[command, "--parcels", "10", "--explain", "RB123456786US"]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(stderr(&output).contains("no parcel can have the code \"RB123456786US\""), "{command}");
        let (_folder, file) = scenario_file("");
        let output = sorter_sim(&[command, "--parcels", "10", "--manifests", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(stderr(&output).contains("busy.toml cannot be made for the manifests"), "{command}");
    }
}

#[test]
fn a_good_schedule_is_summed_up_and_a_bad_one_told_line_by_line() {
    let (folder, _) = scenario_file("");
    let file = folder.path().join("week.csv");
    let header = "kind,id,day,time_local,origin,destination,parcels_full,cutoff_min\n";
    let good = "flight,F01,Mon,11:45,CGO,LGG,1000,\ntruck,T07,Mon,04:30,LGG,PL:Lodz,24000,60\n";
    std::fs::write(&file, [header, good].concat()).unwrap();
    let output = sorter_sim(&["schedule", "check", file.to_str().unwrap(), "--hub", "LGG"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = "schedule of hub LGG is good: 1 flights and 0 trucks arrive with 1000 parcels a week, \
                0 flights and 1 trucks leave on 1 lanes\n";
    assert!(stdout(&output).ends_with(told), "{}", stdout(&output));

    let bad = "truck,T07,Mon,04:30,LGG,PL:Lodz,24000,-5\nbus,B01,Mon,04:30,LGG,FR:Lyon,,\n";
    std::fs::write(&file, [header, bad].concat()).unwrap();
    let output = sorter_sim(&["schedule", "check", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let errors = stderr(&output);
    assert!(errors.contains("week.csv:2: DS0012: ") && errors.contains("week.csv:3: DS0005: "), "{errors}");
    assert_eq!(sorter_sim(&["schedule", "check", "/nowhere/week.csv"]).status.code(), Some(2));
}

#[test]
fn a_plan_is_checked_against_a_schedule_when_there_is_one() {
    let (folder, _) = scenario_file("");
    let file = folder.path().join("week.csv");
    let rows = "kind,id,day,time_local,origin,destination\ntruck,T07,Mon,04:30,LGG,PL:Lodz\n";
    std::fs::write(&file, rows).unwrap();
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/data/plan_line_100.toml");
    assert_eq!(sorter_sim(&["plan", "check", plan]).status.code(), Some(0));
    let output = sorter_sim(&["plan", "check", plan, "--schedule", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("SP0026: outlet "), "{}", stderr(&output));
    let week = concat!(env!("CARGO_MANIFEST_DIR"), "/data/schedule.csv");
    let output = sorter_sim(&["plan", "check", plan, "--schedule", week, "--hub", "LGG"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn notices_with_bad_rows_are_taken_in_without_them_and_the_rest_written_aside() {
    let (folder, _) = scenario_file("");
    let (input, aside) = (folder.path().join("customs.csv"), folder.path().join("refused.csv"));
    let rows = "code,status,message_time,onward\n\
                LP263072004SG,released,3600000000,\n\
                RB123456785GB,free,3600000000,\n\
                LP263072004SG,assessed,3,\n\
                354123455501152989,transit,3600500000,X99\n";
    std::fs::write(&input, rows).unwrap();
    let (file, aside_file) = (input.to_str().unwrap(), aside.to_str().unwrap());
    let output = sorter_sim(&["notices", "check", file, "--aside", aside_file]);
    assert_eq!(output.status.code(), Some(2));
    let (out, errors) = (stdout(&output), stderr(&output));
    assert!(out.contains("4 rows, 2 accepted, 2 refused: "), "{out}");
    assert!(out.ends_with("; 2 codes have a status\n"), "{out}");
    assert!(
        errors.contains("customs.csv:3: CN0101: ") && errors.contains("customs.csv:4: CN0104: "),
        "{errors}"
    );
    let aside = std::fs::read_to_string(&aside).unwrap();
    assert_eq!(aside.lines().count(), 3, "{aside}");

    let week = concat!(env!("CARGO_MANIFEST_DIR"), "/data/schedule.csv");
    let output = sorter_sim(&["notices", "check", file, "--schedule", week]);
    assert!(stderr(&output).contains("customs.csv:5: CN0106: "), "{}", stderr(&output));
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

#[test]
fn serves_virtual_plcs_for_anybody_and_tells_what_happened() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = folder.path().join("mock.json");
    let arguments = ["mock", "--sorters", "2", "--duration", "1", "--faults", "delay=0.01", "--json"];
    let mut process = Command::new(env!("CARGO_BIN_EXE_sorter-sim"))
        .args(arguments)
        .arg(&json)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(process.stdout.take().expect("stdout is a pipe")).lines();
    for sorter in 0..2 {
        let line = lines.next().expect("a line for each sorter").expect("it is a text");
        let prefix = format!("sorter {sorter} listens on ");
        let mut client = TcpStream::connect(line.strip_prefix(&prefix).expect(&line)).expect("it listens");
        // The magic and the version in STATUS.
        client.write_all(&[0, 1, 0, 0, 0, 6, 1, 3, 0, 1, 0, 2]).expect("the server reads");
        let mut answer = [0; 13];
        client.read_exact(&mut answer).expect("an answer");
        assert_eq!(answer, [0, 1, 0, 0, 0, 7, 1, 3, 4, 0x50, 0x52, 0, 1]);
    }
    assert!(lines.map_while(Result::ok).any(|line| line.starts_with("sorter 1: 0 inducted, ")));
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&json).expect("a report")).expect("it is JSON");
    assert_eq!(report["sorters"][1]["server"]["requests"], 1);
}

#[test]
fn refuses_a_mock_that_cannot_be() {
    for (arguments, parts) in [
        (["mock", "--profile", "perfect"], ["--profile", "fc23-silent"]),
        (["mock", "--faults", "rain=0.1"], ["rain is not a fault", "wrong_transaction"]),
        (["mock", "--sorters", "129"], ["--sorters", "from 1 to 128"]),
        (["mock", "--listen", "203.0.113.1:1"], ["sorter 0 cannot listen on 203.0.113.1:1", "because"]),
        (["mock", "--json", "/nowhere/mock.json"], ["/nowhere/mock.json", "cannot be opened"]),
    ] {
        let output = sorter_sim(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = stderr(&output);
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
}

#[test]
fn a_mock_that_is_told_to_end_still_tells_what_happened() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_sorter-sim"))
        .args(["mock", "--parcels-per-hour", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(process.stdout.take().expect("stdout is a pipe")).lines();
    lines.next().expect("it listens").expect("it is a text");
    let told = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    assert!(told.expect("kill runs").success());
    assert!(lines.map_while(Result::ok).any(|line| line.starts_with("sorter 0: 0 inducted, ")));
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}

/// A journal of two parcels in a folder.
fn journal_file() -> (tempfile::TempDir, String) {
    use sorter_core::clearance::Clearance;
    use sorter_core::ids::{ChuteId, DestinationId, HubId, ItemId, ParcelId, SorterId};
    use sorter_core::journal::{Body, Entry, Journal, Record, RecordKind, RecordSeq};
    use sorter_core::manifest::Service;
    use sorter_core::state_word::{StateWord, Step, WeightClass};
    use sorter_core::units::Micros;
    use sorter_plc::journal::{JournalPlace, SqliteJournal};

    let folder = tempfile::tempdir().unwrap();
    let place = JournalPlace { folder: folder.path().into(), hub: HubId::new(1), day: "2026-03-14".into() };
    let mut journal = SqliteJournal::open(place, RecordSeq::NONE).unwrap();
    let word = StateWord::announced(
        DestinationId::new(1),
        Clearance::Released,
        Service::Standard,
        WeightClass::Light,
    );
    for number in 0..2_u8 {
        let seq = RecordSeq::new(u64::from(number) + 1);
        let at = Micros::from_secs(8 * 3_600 + u64::from(number) * 60);
        let record = Record {
            item: ItemId::new(7),
            parcel: Some(ParcelId::new(u32::from(number))),
            chute: Some(ChuteId::new(3)),
            before: Some(word),
            word: word.after(Step::Claim),
            ..Record::new(at, RecordKind::Decided, SorterId::new(number))
        };
        journal.commit(at, &[Entry { seq, prev: RecordSeq::NONE, body: Body::Record(record) }]).unwrap();
    }
    journal.name_parcels([(ParcelId::new(1), "LP263072004SG")]).unwrap();
    let file = journal.file().to_str().unwrap().to_owned();
    (folder, file)
}

#[test]
fn a_journal_is_shown_and_verified_and_tells_the_story_of_a_parcel() {
    let (folder, file) = journal_file();
    let shown = |arguments: &[&str]| {
        let output = sorter_sim(&[&["journal", "show", &file], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let both = shown(&[]);
    assert_eq!(both.lines().count(), 2);
    let second = both.lines().nth(1).unwrap();
    assert!(
        second.contains("2  08:01:00.000  decided           sorter 1 item 7 parcel 1 chute 3"),
        "{second}"
    );
    let only = format!("{second}\n");
    assert_eq!(shown(&["--last", "1"]), only);
    assert_eq!(shown(&["--parcel", "LP263072004SG"]), only);
    assert_eq!(shown(&["--parcel", "1"]), only);
    assert_eq!(shown(&["--from", "08:00:30", "--kind", "decided", "--item", "7"]), only);
    assert_eq!(shown(&["--to", "07:59"]), "");

    for parcel in ["1", "LP263072004SG"] {
        let output = sorter_sim(&["journal", "explain", parcel, &file]);
        let told = stdout(&output);
        assert!(
            told.starts_with("parcel 1\n  08:01:00.000  sorter 1: item 7 decided for chute 3 by "),
            "{told}"
        );
        assert!(told.ends_with("now: on a belt\n"), "{told}");
    }

    for path in [&file, folder.path().to_str().unwrap()] {
        let output = sorter_sim(&["journal", "verify", path]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).ends_with(": hub 1, record 1 to record 2, 2 records and 0 notes\n"));
    }
}

#[test]
fn journals_that_cannot_be_read_and_parcels_that_they_do_not_know_are_refused() {
    let (folder, file) = journal_file();
    let refused = |arguments: &[&str]| {
        let output = sorter_sim(&[&["journal"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        stderr(&output)
    };
    assert!(refused(&["show", "nowhere.journal"]).contains("nowhere.journal: there is no such journal"));
    assert!(refused(&["verify", "nowhere"]).contains("nowhere: there is no such journal"));
    assert!(refused(&["explain", "5", &file]).contains("has no record about parcel 5"));
    assert!(
        refused(&["explain", "RB123456785GB", &file]).contains("knows no parcel with the code RB123456785GB")
    );
    assert!(refused(&["show", &file, "--kind", "eaten"]).contains("eaten is no kind of record"));
    assert!(refused(&["show", &file, "--from", "8 o'clock"]).contains("is no time such as 08:15"));
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 4_096]).unwrap();
    assert!(!refused(&["verify", folder.path().to_str().unwrap()]).is_empty());
}
