//! The thread that writes.

use sorter_core::journal::{Health, RecordSeq};
use sorter_core::units::Micros;
use sorter_plc::journal::{JournalThreadConfig, recover};

use super::sample::{HUB, initial};
use super::scene::{Scene, recovered};

#[test]
fn what_is_pushed_is_durable_soon_and_recovered_word_for_word() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path());
    for count in [1, 10, 3_000] {
        let marks = scene.push(count);
        scene.wait_until_safe(marks);
    }
    let image = recovered(folder.path());
    assert_eq!(image.seq, RecordSeq::new(3_011));
    let status = scene.thread.stop().unwrap();
    assert_eq!((status.durable, status.health), (RecordSeq::new(3_011), Health::Well));
    assert!(status.lag.max() > Micros::ZERO);
}

#[test]
fn a_stopped_thread_has_written_everything_and_made_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path());
    scene.push(5_000);
    let status = scene.thread.stop().unwrap();
    assert_eq!((status.durable, status.snapshot), (RecordSeq::new(5_000), RecordSeq::new(5_000)));
    let recovery = recover(folder.path(), HUB, initial()).unwrap();
    assert_eq!((recovery.records_read, recovery.from_snapshot), (0, Some(RecordSeq::new(5_000))));
    assert_eq!(scene.alarms.try_iter().count(), 0);
}

#[test]
fn a_journal_goes_on_where_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path());
    scene.push(700);
    scene.thread.stop().unwrap();
    let image = recover(folder.path(), HUB, initial()).unwrap().image;
    let mut scene = Scene::with(folder.path(), JournalThreadConfig::default(), image);
    scene.push(300);
    assert_eq!(scene.thread.stop().unwrap().durable, RecordSeq::new(1_000));
    let recovery = recover(folder.path(), HUB, initial()).unwrap();
    assert_eq!(recovery.image.seq, RecordSeq::new(1_000));
}

#[test]
fn the_state_is_the_same_with_and_without_snapshots() {
    let config = JournalThreadConfig { snapshot_records: 100, ..JournalThreadConfig::default() };
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::with(folder.path(), config, initial());
    for _ in 0..10 {
        let marks = scene.push(333);
        scene.wait_until_safe(marks);
    }
    let made = scene.thread.snapshot().unwrap();
    assert_eq!(made, RecordSeq::new(3_330));
    let marks = scene.push(44);
    scene.wait_until_safe(marks);
    let with = recover(folder.path(), HUB, initial()).unwrap();
    // One that was due may have been made after the one that was asked for.
    let from = with.from_snapshot.unwrap();
    assert!(from >= made, "{from} is older than {made}");
    assert_eq!(with.records_read, 3_374 - from.get());
    scene.thread.stop().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "snapshot") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let without = recover(folder.path(), HUB, initial()).unwrap();
    assert_eq!((without.from_snapshot, without.records_read), (None, 3_374));
    assert_eq!(without.image, with.image);
}

#[test]
fn a_new_day_is_a_new_file_and_old_days_are_taken_away() {
    let config = JournalThreadConfig { keep_days: 2, ..JournalThreadConfig::default() };
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::with(folder.path(), config, initial());
    for day in 15..20 {
        let marks = scene.push(200);
        scene.wait_until_safe(marks);
        let file = scene.thread.rotate(&format!("2026-03-{day}")).unwrap();
        assert_eq!(scene.thread.status().file, file);
    }
    let marks = scene.push(50);
    scene.wait_until_safe(marks);
    let image = recovered(folder.path());
    assert_eq!(image.seq, RecordSeq::new(1_050));
    scene.thread.stop().unwrap();
    assert_eq!(scene.alarms.try_iter().count(), 0);
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".journal"))
        .collect();
    names.sort();
    assert_eq!(names, ["hub-3-2026-03-18.journal", "hub-3-2026-03-19.journal"]);
}

#[test]
fn a_day_that_is_there_already_is_refused_and_writing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path());
    let refused = scene.thread.rotate("2026-03-14").unwrap_err().to_string();
    assert!(refused.contains("hub-3-2026-03-14.journal is there already"), "{refused}");
    let refused = scene.thread.rotate("../x").unwrap_err().to_string();
    assert_eq!(refused, "\"../x\" names no day of a journal: 1 to 32 letters, digits and dashes do");
    scene.push(5);
    assert_eq!(scene.thread.stop().unwrap().durable, RecordSeq::new(5));
}
