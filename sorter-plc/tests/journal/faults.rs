//! Disks that are full, read-only or broken. They are small file systems that are mounted for the test; where that is
//! not permitted, the test says so and does nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sorter_core::journal::Health;
use sorter_plc::journal::{JournalAlarm, JournalThreadConfig, JournalThreadError, SqliteJournal, verify};

use super::sample::{initial, place, written};
use super::scene::{Scene, recovered};

/// A small file system. It is unmounted at the end.
struct Disk {
    at: PathBuf,
    #[expect(dead_code, reason = "it is removed at the end")]
    folder: tempfile::TempDir,
    under: Option<Box<Self>>,
}

impl Disk {
    /// Keeps the file system that it is on for as long.
    fn over(mut self, under: Self) -> Self {
        self.under = Some(Box::new(under));
        self
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["-l", self.at.to_str().unwrap()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn mount(options: &[&str]) -> Option<Disk> {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let mounted = run("mount", &[options, &[at.to_str().unwrap()]].concat());
    if !mounted {
        // Nothing to unmount.
        eprintln!("not tested: mounting a small file system is not permitted here");
        return None;
    }
    Some(Disk { at, folder, under: None })
}

/// A file system in memory with so much room.
fn small(size: &str) -> Option<Disk> {
    mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
}

/// An image of an ext4 file system of so many MB on a disk.
fn ext4(under: &Disk, size: u64, options: &[&str]) -> Option<String> {
    let image = under.at.join("image").to_str().unwrap().to_owned();
    fs::File::create(&image).unwrap().set_len(size << 20).unwrap();
    if !run("mkfs.ext4", &[&["-q", "-F", "-m", "0"], options, &[&image[..]]].concat()) {
        eprintln!("not tested: there is no mkfs.ext4 here");
        return None;
    }
    Some(image)
}

/// An ext4 file system of 64 MB on a disk that has room for 8 MB: syncs fail when it is full.
fn breaking() -> Option<Disk> {
    let under = small("8m")?;
    let image = ext4(&under, 64, &["-O", "^has_journal"])?;
    mount(&["-o", "loop", &image]).map(|disk| disk.over(under))
}

fn no_snapshots() -> JournalThreadConfig {
    use sorter_core::units::Micros;
    JournalThreadConfig {
        snapshot_records: u64::MAX,
        snapshot_every: Micros::new(u64::MAX),
        ..Default::default()
    }
}

/// Pushes records until the journal is not well any more.
fn push_until_unwell(scene: &mut Scene) {
    for _ in 0..100_000 {
        if scene.lane.health() != Health::Well {
            return;
        }
        let marks = scene.push(50);
        while scene.lane.health() == Health::Well && !scene.lane.is_safe(marks.0) {
            std::thread::yield_now();
        }
    }
    panic!("the disk is never full");
}

fn wait_for(scene: &Scene, alarm: impl Fn(&JournalAlarm) -> bool) -> JournalAlarm {
    scene.alarms.iter().find(alarm).unwrap()
}

/// Fills a disk, sees that nothing more counts as safe, makes space, and sees that it goes on by itself.
fn fill_and_make_space(at: &Path, filler: usize) {
    fs::write(at.join("filler"), vec![0; filler]).unwrap();
    let mut scene = Scene::with(at, no_snapshots(), initial());
    push_until_unwell(&mut scene);
    let JournalAlarm::Stalled(text) = wait_for(&scene, |_| true) else { panic!("no alarm for a full disk") };
    assert!(text.contains("hub-3-2026-03-14.journal cannot be written: "), "{text}");
    assert!(text.ends_with("writing goes on by itself then"), "{text}");
    let marks = scene.push(500);
    assert_eq!(scene.lane.health(), Health::Stalled);
    assert!(!scene.lane.is_safe(marks.0));
    assert!(scene.lane.backlog() > 300);
    let status = scene.thread.status();
    assert_eq!((status.health, status.last_error), (Health::Stalled, Some(text)));
    let image = recovered(at);
    assert_eq!(image.seq, status.durable, "what is durable can be read while the disk is full");
    fs::remove_file(at.join("filler")).unwrap();
    assert_eq!(wait_for(&scene, |_| true), JournalAlarm::Resumed);
    scene.wait_until_safe(marks);
    // The status is written after the marks, so only that of the end is sure to know of them.
    let durable = scene.thread.stop().unwrap().durable;
    assert!(durable.get() >= image.seq.get() + 500, "{durable} after {}", image.seq);
    assert_eq!(recovered(at).seq, durable);
    assert_eq!(verify(at).unwrap().findings, []);
}

#[test]
fn a_full_disk_stops_the_journal_until_there_is_space() {
    let Some(disk) = small("2m") else { return };
    fill_and_make_space(&disk.at, 1_200_000);
}

#[test]
fn a_full_ext4_disk_stops_the_journal_until_there_is_space() {
    let Some(under) = small("20m") else { return };
    let Some(image) = ext4(&under, 16, &[]) else { return };
    let Some(disk) = mount(&["-o", "loop", &image]) else { return };
    let disk = disk.over(under);
    fill_and_make_space(&disk.at, 10_000_000);
}

#[test]
fn a_thread_that_is_stopped_while_the_disk_is_full_says_what_is_not_written() {
    let Some(disk) = small("2m") else { return };
    let mut scene = Scene::with(&disk.at, no_snapshots(), initial());
    push_until_unwell(&mut scene);
    let Err(JournalThreadError::Unwritten { waiting, text }) = scene.thread.stop() else {
        panic!("it cannot have written everything")
    };
    assert!(waiting > 0);
    assert!(text.contains("make space"), "{text}");
}

#[test]
fn a_failed_sync_ends_the_journal_and_what_was_durable_is_still_there() {
    let Some(disk) = breaking() else { return };
    let mut scene = Scene::with(&disk.at, no_snapshots(), initial());
    push_until_unwell(&mut scene);
    let JournalAlarm::Failed(text) = wait_for(&scene, |_| true) else {
        panic!("a failed sync is no lack of space")
    };
    assert!(text.contains("it is not known what the disk has"), "{text}");
    assert_eq!(scene.lane.health(), Health::Failed);
    let marks = scene.push(10);
    assert!(!scene.lane.is_safe(marks.0));
    let durable = scene.thread.status().durable;
    assert!(matches!(scene.thread.stop(), Err(JournalThreadError::Unwritten { .. })));
    assert!(recovered(&disk.at).seq >= durable);
}

/// Has ext4 act as after an error of its own: it is read-only from then on.
fn make_read_only(at: &Path) -> bool {
    let source = Command::new("findmnt").args(["-n", "-o", "SOURCE"]).arg(at).output().unwrap();
    let device = String::from_utf8(source.stdout).unwrap();
    let name = device.trim().trim_start_matches("/dev/");
    fs::write(format!("/sys/fs/ext4/{name}/trigger_fs_error"), "1").is_ok()
}

#[test]
fn a_disk_that_becomes_read_only_while_it_is_written_stops_the_journal_until_it_was_repaired() {
    let Some(under) = small("20m") else { return };
    let Some(image) = ext4(&under, 16, &[]) else { return };
    let Some(disk) = mount(&["-o", "loop,errors=remount-ro", &image]) else { return };
    let mut scene = Scene::with(&disk.at, no_snapshots(), initial());
    let marks = scene.push(500);
    scene.wait_until_safe(marks);
    if !make_read_only(&disk.at) {
        eprintln!("not tested: ext4 cannot be made to fail here");
        return;
    }
    push_until_unwell(&mut scene);
    let JournalAlarm::Stalled(text) = wait_for(&scene, |_| true) else { panic!("it may be mended") };
    assert!(text.contains("hub-3-2026-03-14.journal cannot be written: "), "{text}");
    assert!(text.contains("make the file system writable again"), "{text}");
    let marks = scene.push(10);
    assert!(!scene.lane.is_safe(marks.0));
    let durable = scene.thread.status().durable;
    assert!(matches!(scene.thread.stop(), Err(JournalThreadError::Unwritten { .. })));
    drop(disk);
    let Some(disk) = mount(&["-o", "loop", &image]) else { panic!("it can be mounted again") };
    let found = recovered(&disk.at);
    assert!(found.seq >= durable, "{} of {durable}", found.seq);
    let mut scene = Scene::with(&disk.at, no_snapshots(), found);
    let marks = scene.push(500);
    scene.wait_until_safe(marks);
}

#[test]
fn a_read_only_disk_is_refused_at_the_start_and_can_be_read() {
    let Some(disk) = small("2m") else { return };
    let (journal, image, _) = written(&disk.at, 50);
    drop(journal);
    assert!(run("mount", &["-o", "remount,ro", disk.at.to_str().unwrap()]));
    assert_eq!(recovered(&disk.at), image, "it can be read");
    let text = SqliteJournal::open(place(&disk.at), image.seq).unwrap_err().to_string();
    assert!(text.contains("hub-3.mark cannot be opened or made: Read-only file system"), "{text}");
}
