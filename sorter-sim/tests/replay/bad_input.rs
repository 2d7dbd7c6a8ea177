//! Recordings that cannot be used, each with the reason and exit code 2.

use std::fs;

use super::program::{Recorded, errors, sorter_sim, text};

/// Spoils a recording and expects a refusal.
fn refused(spoil: impl FnOnce(&Recorded), message: &str) {
    let day = Recorded::short_day();
    spoil(&day);
    let (code, report, errors) = day.replay(&[]);
    assert_eq!(code, Some(2), "{message}: {errors}");
    assert!(errors.contains(message), "{message:?} is not in {errors}");
    assert!(report.is_null(), "{message}: there is no report");
}

fn bytes(day: &Recorded, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(day.file(name)).expect("the file is there");
    change(&mut bytes);
    fs::write(day.file(name), bytes).expect("the file is written");
}

#[test]
fn a_folder_that_is_not_there_or_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = sorter_sim(&["replay", &text(&folder.path().join("monday"))]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(errors(&missing).contains("monday is not there (expected the folder of a recording)"));
    let file = folder.path().join("scans.csv");
    fs::write(&file, "").expect("the file is written");
    let none = sorter_sim(&["replay", &text(&file)]);
    assert_eq!(none.status.code(), Some(2));
    assert!(errors(&none).contains("scans.csv is a file (expected the folder of a recording)"));
    assert_eq!(sorter_sim(&["replay"]).status.code(), Some(2));
}

#[test]
fn an_unfinished_recording() {
    refused(
        |day| fs::remove_file(day.file("recording.toml")).expect("it is there"),
        "is unfinished: it has no recording.toml",
    );
}

#[test]
fn another_format_or_another_version_of_the_program() {
    refused(
        |day| day.edit("recording.toml", |text| text.replace("format = 1", "format = 2\nmore = true")),
        "recording.toml has format 2 (this program reads 1)",
    );
    let version = |text: String| {
        text.replace(&format!("program = \"{}\"", env!("CARGO_PKG_VERSION")), "program = \"9.9\"")
    };
    refused(
        |day| day.edit("recording.toml", version),
        "was made by version 9.9 of the program (this is 0.1.0, which may decide otherwise; --any-version replays it all the same)",
    );
    let day = Recorded::short_day();
    day.edit("recording.toml", version);
    let (code, report, errors) = day.replay(&["--any-version"]);
    assert_eq!((code, report["recorded_by"].as_str()), (Some(0), Some("9.9")), "{errors}");
}

#[test]
fn a_head_that_makes_no_sense() {
    refused(
        |day| day.edit("recording.toml", |_| "what".to_owned()),
        "recording.toml is no head of a recording",
    );
    refused(
        |day| day.edit("recording.toml", |text| text.replace("seed = ", "sead = ")),
        "SC0002: sead is not a key",
    );
    refused(
        |day| day.edit("recording.toml", |text| text.replace("hubs = 2", "hubs = 3")),
        "recording.toml says it has 2 hubs (expected the 3 of its scenario, from 0 on)",
    );
}

#[test]
fn a_missing_file_and_one_too_many() {
    refused(|day| fs::remove_file(day.file("hub-1.inputs")).expect("it is there"), "the recording has no ");
    refused(
        |day| {
            fs::copy(day.file("hub-1.inputs"), day.file("hub-2.inputs")).expect("it is there");
        },
        "hub-2.inputs is of no hub of the recording",
    );
}

#[test]
fn files_of_other_hubs_and_other_runs() {
    refused(
        |day| {
            let (one, other) = (day.file("hub-0.inputs"), day.file("hub-1.inputs"));
            let [first, second] = [&one, &other].map(|path| fs::read(path).expect("it is there"));
            day.edit("recording.toml", |text| {
                let mark = |length: usize| format!("bytes = {length}\n");
                let text = text.replace(&mark(first.len()), "bytes = first\n");
                text.replace(&mark(second.len()), &mark(first.len()))
                    .replace("bytes = first\n", &mark(second.len()))
            });
            fs::write(one, second).expect("it is written");
            fs::write(other, first).expect("it is written");
        },
        "hub-0.inputs belongs to hub 1 with 1 sorters of a run with seed 1",
    );
}

#[test]
fn truncated_files() {
    refused(|day| bytes(day, "hub-0.inputs", |bytes| bytes.truncate(bytes.len() - 7)), "hub-0.inputs has ");
    let shortened = |keep: fn(usize) -> usize| {
        move |day: &Recorded| {
            let length = fs::metadata(day.file("hub-0.inputs")).expect("it is there").len();
            let kept = keep(usize::try_from(length).expect("it is short"));
            bytes(day, "hub-0.inputs", |bytes| bytes.truncate(kept));
            day.edit("recording.toml", |text| {
                text.replace(&format!("bytes = {length}\n"), &format!("bytes = {kept}\n"))
            });
        }
    };
    refused(shortened(|length| length - 7), "it ends in the middle of block 1, which begins at byte 28");
    refused(shortened(|_| 28), "it ends after record 0, and the run of the hub does not");
    refused(shortened(|_| 27), "it is no file of a recording");
}

#[test]
fn a_flipped_bit_anywhere_in_a_file() {
    refused(|day| bytes(day, "hub-1.inputs", |bytes| bytes[3] ^= 1), "it is no file of a recording");
    refused(|day| bytes(day, "hub-1.inputs", |bytes| bytes[13] ^= 1), "its head has checksum ");
    refused(|day| bytes(day, "hub-1.inputs", |bytes| bytes[1_000] ^= 4), "block 1 at byte 28 has checksum ");
    refused(|day| bytes(day, "hub-1.inputs", |bytes| bytes[35] ^= 1), "block 1 at byte 28 says that it has ");
}

#[test]
fn a_hub_that_the_recording_does_not_have() {
    let day = Recorded::short_day();
    let (code, _, errors) = day.replay(&["--hub", "2"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("the recording has no hub 2 (expected one from 0 to 1)"), "{errors}");
    assert_eq!(day.replay(&["--stop-at", "noon"]).0, Some(2));
}

#[test]
fn a_folder_for_a_recording_that_is_not_empty() {
    let day = Recorded::short_day();
    let again = sorter_sim(&["day", "--parcels", "10", "--record", &text(&day.path())]);
    assert_eq!(again.status.code(), Some(2));
    assert!(errors(&again).contains("is not empty (expected a new folder for the recording)"));
    let below = day.file("recording.toml").join("deeper");
    assert_eq!(sorter_sim(&["day", "--parcels", "10", "--record", &text(&below)]).status.code(), Some(2));
    assert_eq!(day.replay(&[]).0, Some(0), "the recording is as it was");
}
