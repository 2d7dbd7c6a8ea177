//! Where the files of a journal are, and what they are called.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sorter_core::ids::HubId;
use sorter_core::journal::RecordSeq;

/// The place of a journal: one file for each hub and day in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalPlace {
    /// The folder. It has to exist.
    pub folder: PathBuf,
    /// The hub.
    pub hub: HubId,
    /// The day as the embedder names it, as in `2026-03-14`: digits, letters and dashes, 1 to 32 of them. It is part
    /// of the file's name and otherwise a label.
    pub day: String,
}

impl JournalPlace {
    /// Days have at most this many characters.
    pub const DAY_MOST: usize = 32;

    /// The name of the file.
    pub fn file_name(&self) -> String {
        format!("hub-{}-{}.journal", self.hub.get(), self.day)
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.folder.join(self.file_name())
    }

    /// The same hub and folder on another day.
    #[must_use]
    pub fn on(&self, day: &str) -> Self {
        Self { day: day.to_owned(), ..self.clone() }
    }

    /// Whether the day can be part of a file's name.
    pub(super) fn has_a_day(&self) -> bool {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=Self::DAY_MOST).contains(&self.day.len()) && self.day.chars().all(legal)
    }

    /// The file by which a process claims the journals of the hub in this folder.
    pub(super) fn mark(folder: &Path, hub: HubId) -> PathBuf {
        folder.join(format!("hub-{}.mark", hub.get()))
    }

    /// The name of the snapshot at a record.
    pub(super) fn snapshot_name(&self, seq: RecordSeq) -> String {
        format!("hub-{}-{}-{:012}.snapshot", self.hub.get(), self.day, seq.get())
    }
}

/// The journals of a hub in a folder, by name.
pub(super) fn journals(folder: &Path, hub: HubId) -> io::Result<Vec<PathBuf>> {
    named(folder, hub, ".journal")
}

/// The snapshots of a hub in a folder with the numbers in their names, the newest first.
pub(super) fn snapshots(folder: &Path, hub: HubId) -> io::Result<Vec<(RecordSeq, PathBuf)>> {
    let number = |path: &PathBuf| {
        let stem = path.file_stem()?.to_str()?;
        stem.rsplit('-').next()?.parse().ok().map(RecordSeq::new)
    };
    let mut found: Vec<_> = named(folder, hub, ".snapshot")?
        .into_iter()
        .filter_map(|path| Some((number(&path)?, path)))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

fn named(folder: &Path, hub: HubId, end: &str) -> io::Result<Vec<PathBuf>> {
    let begin = format!("hub-{}-", hub.get());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(&begin) && name.ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Makes names that were given or taken away in a folder survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The log that SQLite keeps beside a file.
pub(super) fn log_of(file: &Path) -> PathBuf {
    beside(file, "-wal")
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Takes away what SQLite keeps beside a file that is not there any more.
pub(super) fn remove_leftovers(file: &Path) -> io::Result<()> {
    for end in ["-wal", "-shm"] {
        match fs::remove_file(beside(file, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
