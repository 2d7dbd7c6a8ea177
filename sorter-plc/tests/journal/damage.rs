//! Damaged journals are refused, each with a message that says what to do, and nothing is repaired in silence.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sorter_core::ids::HubId;
use sorter_core::journal::{Image, Journal, RecordSeq};
use sorter_core::units::Micros;
use sorter_plc::journal::{JournalPlace, SqliteJournal, recover, verify};

use super::sample::{Bodies, HUB, entries, initial, place, written};

/// Why the folder cannot be recovered.
fn refusal(folder: &Path) -> String {
    recover(folder, HUB, initial()).unwrap_err().to_string()
}

/// The log beside the file.
fn log(folder: &Path) -> PathBuf {
    folder.join("hub-3-2026-03-14.journal-wal")
}

/// Copies the files of a folder, as a crash of the host would leave them.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with("-shm") {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// Flips one bit of each byte of a file that `stride` lets through and recovers: what comes out is the same, or a
/// refusal. Gives how many were refused.
fn flip_each_byte(folder: &Path, file: &Path, image: &Image, stride: impl Fn(u64, u8) -> bool) -> u64 {
    let bytes = fs::read(file).unwrap();
    let open = OpenOptions::new().write(true).open(file).unwrap();
    let shm = folder.join("hub-3-2026-03-14.journal-shm");
    let mut refused = 0;
    for (offset, byte) in (0..).zip(&bytes) {
        if !stride(offset, *byte) {
            continue;
        }
        open.write_all_at(&[byte ^ 1 << (offset % 8)], offset).unwrap();
        let _ = fs::remove_file(&shm);
        match recover(folder, HUB, initial()) {
            Ok(recovery) => assert_eq!(recovery.image, *image, "byte {offset} of {}", file.display()),
            Err(_) => refused += 1,
        }
        open.write_all_at(&[*byte], offset).unwrap();
    }
    let _ = fs::remove_file(&shm);
    assert_eq!(recover(folder, HUB, initial()).unwrap().image, *image);
    refused
}

/// All bytes that hold something, and some of those that hold nothing.
fn most(offset: u64, byte: u8) -> bool {
    byte != 0 || offset.is_multiple_of(64)
}

/// A journal that was closed, and one as a crash leaves it.
fn closed_and_crashed(closed: &Path, crashed: &Path) -> Image {
    let (journal, image, _) = written(closed, 60);
    copy(closed, crashed);
    drop(journal);
    image
}

fn flip_both(stride: fn(u64, u8) -> bool) {
    let (closed, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let image = closed_and_crashed(closed.path(), crashed.path());
    assert!(!log(closed.path()).exists());
    let refused = flip_each_byte(closed.path(), &place(closed.path()).file(), &image, stride);
    assert!(refused > 5_000, "{refused} flips in the file were refused");
    let refused = flip_each_byte(crashed.path(), &log(crashed.path()), &image, stride);
    assert!(refused > 5_000, "{refused} flips in the log were refused");
    let refused = flip_each_byte(crashed.path(), &crashed.path().join("hub-3.mark"), &image, stride);
    assert!(refused > 50, "{refused} flips in the mark were refused");
}

#[test]
fn no_flipped_bit_changes_what_is_recovered() {
    flip_both(most);
}

/// As the test above, in every byte: a minute.
#[test]
#[ignore = "long, run by a step of its own in .ci/run"]
fn no_flipped_bit_of_any_byte_changes_what_is_recovered() {
    flip_both(|_, _| true);
}

#[test]
fn what_is_refused_is_among_what_a_check_finds() {
    let folder = tempfile::tempdir().unwrap();
    drop(written(folder.path(), 120));
    assert!(verify(folder.path()).unwrap().is_sound());
    let file = place(folder.path()).file();
    let bytes = fs::read(&file).unwrap();
    for offset in (0..bytes.len()).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[offset] ^= 0x10;
        fs::write(&file, &flipped).unwrap();
        let refused = recover(folder.path(), HUB, initial()).is_err();
        let found = !verify(folder.path()).unwrap().is_sound();
        assert!(found || !refused, "byte {offset} is refused and not found");
    }
}

#[test]
fn a_missing_folder_and_a_missing_file_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    assert!(refusal(&nowhere).ends_with("nowhere cannot be read: No such file or directory (os error 2)"));
    let error = verify(&nowhere).unwrap_err().to_string();
    assert!(error.ends_with("nowhere: there is no such journal"), "{error}");
    let found = verify(folder.path()).unwrap().findings;
    assert!(found[0].to_string().ends_with("there is no journal in this folder"), "{found:?}");
}

#[test]
fn a_folder_without_journals_is_a_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let recovery = recover(folder.path(), HUB, initial()).unwrap();
    assert_eq!((recovery.image, recovery.records_read), (initial(), 0));
}

#[test]
fn a_journal_that_was_taken_away_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    drop(written(folder.path(), 25));
    fs::remove_file(place(folder.path()).file()).unwrap();
    let text = refusal(folder.path());
    assert!(
        text.contains("ends with record 0, and") && text.contains("knows record 25 to be durable"),
        "{text}"
    );
    let text = SqliteJournal::open(place(folder.path()), RecordSeq::NONE).unwrap_err().to_string();
    assert!(text.contains("knows record 25 to be durable"), "{text}");
    fs::remove_file(folder.path().join("hub-3.mark")).unwrap();
    assert_eq!(recover(folder.path(), HUB, initial()).unwrap().records_read, 0);
}

#[test]
fn files_that_are_no_journal_are_refused_by_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = place(folder.path()).file();
    fs::write(&file, "").unwrap();
    assert!(refusal(folder.path()).contains("hub-3-2026-03-14.journal is empty: "));
    fs::write(&file, "seq,at,kind\n".repeat(100)).unwrap();
    assert!(refusal(folder.path()).contains("is no SQLite file, or its head is damaged"));
    fs::remove_file(&file).unwrap();
    rusqlite::Connection::open(&file).unwrap().execute_batch("CREATE TABLE t(x)").unwrap();
    let text = refusal(folder.path());
    assert!(text.contains("is a SQLite file of something else: its application id is 0x00000000"), "{text}");
    let text = SqliteJournal::open(place(folder.path()), RecordSeq::NONE).unwrap_err().to_string();
    assert!(text.contains("is a SQLite file of something else"), "{text}");
}

#[test]
fn a_newer_schema_and_changed_tables_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    drop(written(folder.path(), 25));
    let file = place(folder.path()).file();
    let change = |text: &str| rusqlite::Connection::open(&file).unwrap().execute_batch(text).unwrap();
    change("PRAGMA user_version = 2");
    assert!(refusal(folder.path()).ends_with(
        "has schema 2 and this version knows schemas up to 1: read it with the version that wrote it"
    ));
    change("PRAGMA user_version = 0");
    assert!(refusal(folder.path()).contains("has schema 0, which no version wrote"));
    change("PRAGMA user_version = 1; ALTER TABLE record ADD COLUMN more INTEGER");
    assert!(refusal(folder.path()).contains("record, a table or view, is not as schema 1 has it"));
    change("ALTER TABLE record DROP COLUMN more; UPDATE meta SET value = '4' WHERE key = 'hub'");
    assert!(refusal(folder.path()).contains("the content of table meta is not as schema 1 has it"));
}

#[test]
fn a_cut_off_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(written(folder.path(), 500));
    let file = place(folder.path()).file();
    let length = fs::metadata(&file).unwrap().len();
    for keep in [length - 1, length - 4_096, length / 2, 4_096, 100, 1] {
        File::options().write(true).open(&file).unwrap().set_len(keep).unwrap();
        let text = refusal(folder.path());
        assert!(text.contains("hub-3-2026-03-14.journal"), "cut to {keep}: {text}");
    }
}

#[test]
fn swapped_missing_and_changed_rows_are_found() {
    let changes = [
        ("UPDATE record SET seq = 1000 + seq WHERE seq = 7", "record 8 comes where record 7 has to be"),
        ("DELETE FROM record WHERE seq = 9", "record 10 comes where record 9 has to be"),
        ("UPDATE record SET at = at + 1 WHERE seq = 8", "record 8 does not fit its checksum"),
        (
            "UPDATE note SET body = replace(body, '5', '6') WHERE seq = 21",
            "record 21 does not fit its checksum",
        ),
        (
            "UPDATE note SET kind = 'boot'",
            "is a note that cannot be read: its kind is boot and its text is one of kind",
        ),
        (
            "UPDATE record SET seq = -1 WHERE seq = 7; UPDATE record SET seq = 7 WHERE seq = 8;
             UPDATE record SET seq = 8 WHERE seq = -1",
            "record 7 does not fit its checksum",
        ),
    ];
    for (change, expected) in changes {
        let folder = tempfile::tempdir().unwrap();
        drop(written(folder.path(), 120));
        let file = place(folder.path()).file();
        rusqlite::Connection::open(&file).unwrap().execute_batch(change).unwrap();
        let text = refusal(folder.path());
        assert!(text.contains(expected), "{change}: {text}");
        let verdict = verify(&file).unwrap();
        assert!(verdict.findings.iter().any(|finding| finding.text.contains(expected)), "{verdict:?}");
    }
}

#[test]
fn a_row_with_a_good_checksum_in_a_wrong_chain_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, entries) = written(folder.path(), 120);
    drop(journal);
    let Some(entry) = entries.iter().find(|entry| entry.prev != RecordSeq::NONE) else { unreachable!() };
    let wrong = sorter_core::journal::Entry { prev: RecordSeq::new(1), ..entry.clone() };
    let file = place(folder.path()).file();
    let db = rusqlite::Connection::open(&file).unwrap();
    let (sum, seq) = (wrong.checksum(), entry.seq.get().cast_signed());
    db.execute("UPDATE record SET prev = 1, sum = ? WHERE seq = ?", (sum, seq)).unwrap();
    drop(db);
    let text = refusal(folder.path());
    assert!(text.contains("names record 1 as the one before about its parcel, which is"), "{text}");
}

#[test]
fn a_file_that_is_missing_between_others_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut image, _) = written(folder.path(), 50);
    let mut bodies = Bodies::from(&image);
    for day in ["2026-03-15", "2026-03-16"] {
        drop(journal);
        let place = JournalPlace { day: day.to_owned(), ..place(folder.path()) };
        journal = SqliteJournal::open(place, image.seq).unwrap();
        journal.commit(Micros::ZERO, &entries(&mut image, &mut bodies, 30)).unwrap();
    }
    drop(journal);
    assert_eq!(recover(folder.path(), HUB, initial()).unwrap().image, image);
    let early = SqliteJournal::open(place(folder.path()), image.seq).unwrap_err().to_string();
    assert!(early.contains("hub-3-2026-03-16.journal goes on after it"), "{early}");
    let hidden = folder.path().join("hidden");
    let second = folder.path().join("hub-3-2026-03-15.journal");
    fs::rename(&second, &hidden).unwrap();
    assert!(
        refusal(folder.path()).contains("begins with record 81 and what is before it ends with record 50")
    );
    fs::rename(&hidden, &second).unwrap();
    fs::remove_file(place(folder.path()).file()).unwrap();
    assert!(
        refusal(folder.path()).contains("begins with record 51 and what is before it ends with record 0")
    );
}

#[test]
fn a_snapshot_newer_than_the_records_is_refused_and_a_damaged_one_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, image, _) = written(folder.path(), 50);
    drop(journal);
    let snapshot = |seq: u64, bytes: &[u8]| {
        let file = folder.path().join(format!("hub-3-2026-03-14-{seq:012}.snapshot"));
        fs::write(&file, bytes).unwrap();
        file
    };
    snapshot(50, &image.to_bytes());
    let damaged = snapshot(51, &image.to_bytes()[1..]);
    let recovery = recover(folder.path(), HUB, initial()).unwrap();
    assert_eq!(recovery.image, image);
    assert_eq!(recovery.from_snapshot, Some(RecordSeq::new(50)));
    assert!(recovery.passed_over[0].contains("000000000051.snapshot: snapshot begins with"));
    assert!(!verify(folder.path()).unwrap().is_sound());
    fs::remove_file(damaged).unwrap();
    assert!(verify(folder.path()).unwrap().is_sound());
    let ahead = Image { seq: RecordSeq::new(60), ..image };
    snapshot(60, &ahead.to_bytes());
    assert!(refusal(folder.path()).contains("was taken at record 60 and the records end with record 50"));
}

#[test]
fn a_snapshot_that_tells_another_state_than_the_records_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, mut image, _) = written(folder.path(), 50);
    drop(journal);
    let file = |seq: u64| folder.path().join(format!("hub-3-2026-03-14-{seq:012}.snapshot"));
    fs::write(file(0), initial().to_bytes()).unwrap();
    fs::write(file(50), image.to_bytes()).unwrap();
    assert!(verify(folder.path()).unwrap().is_sound());
    image.boots += 1;
    fs::write(file(50), image.to_bytes()).unwrap();
    let findings = verify(folder.path()).unwrap().findings;
    assert!(
        findings[0].to_string().ends_with("the records after record 0 tell another state"),
        "{findings:?}"
    );
}

#[test]
fn a_journal_of_another_hub_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(written(folder.path(), 5));
    fs::rename(place(folder.path()).file(), folder.path().join("hub-4-2026-03-14.journal")).unwrap();
    let error = recover(folder.path(), HubId::new(4), initial()).unwrap_err().to_string();
    assert!(error.ends_with("hub-4-2026-03-14.journal is a journal of hub 3, not of hub 4"), "{error}");
}
