//! Two processes on one journal, and a process that is killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sorter_core::journal::RecordSeq;
use sorter_plc::journal::{Filter, SqliteJournal, recover, show, verify};

use super::sample::{HUB, initial, place, written};
use super::scene::{Scene, recovered};

/// The folder that a second process of this test is told.
const FOLDER: &str = "SORTER_JOURNAL_TEST_FOLDER";

/// Starts this program as another process, to run one test only.
fn other(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("journal::processes::{test}"), "--ignored", "--nocapture"]);
    command.env(FOLDER, folder).stdout(Stdio::piped());
    command
}

fn told_folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

#[test]
fn a_second_process_is_refused_by_name_and_may_read() {
    let folder = tempfile::tempdir().unwrap();
    let (_journal, image, _) = written(folder.path(), 30);
    let refused = other("tries_to_write", folder.path()).output().unwrap();
    let said = String::from_utf8(refused.stdout).unwrap();
    let expected = format!(
        "the journals of hub 3 in {} are being written by process {}: two may not write",
        folder.path().display(),
        std::process::id()
    );
    assert!(said.contains(&expected), "{said}");
    assert_eq!(recovered(folder.path()), image, "others may read, and nothing has changed");
    assert!(verify(folder.path()).unwrap().is_sound());
    assert_eq!(show(&place(folder.path()).file(), &Filter::default()).unwrap().len(), 30);
}

/// What the second process does; on its own it does nothing.
#[test]
#[ignore = "part of another test"]
fn tries_to_write() {
    let Some(folder) = told_folder() else { return };
    println!("{}", SqliteJournal::open(place(&folder), RecordSeq::new(30)).unwrap_err());
}

#[test]
fn the_same_process_cannot_open_a_journal_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, image, _) = written(folder.path(), 30);
    let text = SqliteJournal::open(place(folder.path()), image.seq).unwrap_err().to_string();
    assert!(text.contains("two may not write"), "{text}");
    drop(journal);
    assert!(SqliteJournal::open(place(folder.path()), image.seq).is_ok());
}

#[test]
fn a_killed_process_has_lost_nothing_that_it_called_durable() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = RecordSeq::NONE;
    for kill in 0..6_u64 {
        let mut child = other("writes_until_it_is_killed", folder.path()).spawn().unwrap();
        let durable = read_and_kill(&mut child, 20 + kill * kill * 10);
        let recovery = recover(folder.path(), HUB, initial()).unwrap();
        assert!(recovery.image.seq >= durable, "{} is gone after {}", durable, recovery.image.seq);
        assert!(recovery.image.seq >= last);
        last = durable.max(last);
        assert_eq!(verify(folder.path()).unwrap().findings, []);
    }
    assert!(last > RecordSeq::new(100));
}

/// Reads what a process calls durable, kills it after some lines, and gives the last.
fn read_and_kill(child: &mut Child, lines: u64) -> RecordSeq {
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut last = RecordSeq::NONE;
    let mut seen = 0;
    for line in said.lines() {
        let Some(durable) = line.unwrap().strip_prefix("durable ").and_then(|number| number.parse().ok())
        else {
            continue;
        };
        last = RecordSeq::new(durable);
        seen += 1;
        if seen == lines {
            // What it still says on its way is read too: it was durable.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    last
}

/// What the process does that is killed; on its own it does nothing.
#[test]
#[ignore = "part of another test"]
fn writes_until_it_is_killed() {
    let Some(folder) = told_folder() else { return };
    let image = recovered(&folder);
    let config = sorter_plc::journal::JournalThreadConfig { snapshot_records: 500, ..Default::default() };
    let mut scene = Scene::with(&folder, config, image);
    for count in (1..40).cycle() {
        let marks = scene.push(count);
        scene.wait_until_safe(marks);
        println!("durable {}", scene.thread.status().durable.get());
    }
}
