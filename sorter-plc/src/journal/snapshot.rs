//! Snapshots, made beside the writer out of what it wrote.
//!
//! A snapshot is made from the file, by what recovery does, and not from the writer's memory. So the writer never
//! waits for one, and each record is read back and checked soon after it was written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sorter_core::ids::HubId;
use sorter_core::journal::{Image, RecordSeq};

use super::error::FileError;
use super::place::{JournalPlace, journals, remove_leftovers, snapshots, sync_folder};
use super::read::{Follower, JournalFile};
use super::recover::{ReadError, follow};

/// Why there is no new snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFileError {
    /// What was written cannot be read back.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be written.
    #[error("{file} cannot be written: {source}; the one before it still serves")]
    Write {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The journal thread has ended.
    #[error("the journal thread has ended")]
    Ended,
}

/// Follows the files of a hub and writes snapshots of what they tell.
#[derive(Debug)]
pub(super) struct SnapshotMaker {
    folder: PathBuf,
    hub: HubId,
    follower: Follower,
    /// The record of the newest snapshot.
    newest: RecordSeq,
    keep_files: usize,
}

/// Snapshots that are kept: if the newest is damaged, the one before it still serves.
const KEEP_SNAPSHOTS: usize = 2;

impl SnapshotMaker {
    pub(super) fn new(place: &JournalPlace, image: Image, keep_files: usize) -> Self {
        let (folder, hub) = (place.folder.clone(), place.hub);
        // Where the folder cannot be read the first snapshot will tell.
        let newest = snapshots(&folder, hub).ok().and_then(|found| found.first().map(|found| found.0));
        let newest = newest.unwrap_or_default();
        Self { folder, hub, follower: Follower::new(image), newest, keep_files: keep_files.max(1) }
    }

    /// The record of the newest snapshot.
    pub(super) const fn newest(&self) -> RecordSeq {
        self.newest
    }

    /// Takes in what was written since and writes a snapshot of it; then takes away what is too old.
    pub(super) fn make(&mut self, place: &JournalPlace) -> Result<(RecordSeq, String), SnapshotFileError> {
        self.catch_up()?;
        let seq = self.follower.image.seq;
        let name = place.snapshot_name(seq);
        let file = self.folder.join(&name);
        if seq != self.newest || !file.exists() {
            write(&file, &self.follower.image.to_bytes())
                .map_err(|source| SnapshotFileError::Write { file: file.clone(), source })?;
            self.newest = seq;
        }
        self.tidy().map_err(|source| SnapshotFileError::Write { file, source })?;
        Ok((seq, name))
    }

    fn catch_up(&mut self) -> Result<(), SnapshotFileError> {
        let io = |source| ReadError::File(FileError::Io { file: self.folder.clone(), source });
        let mut files = Vec::new();
        for path in journals(&self.folder, self.hub).map_err(io)? {
            files.push(JournalFile::open(&path).map_err(ReadError::File)?);
        }
        files.sort_by_key(|file| file.meta.begins);
        let newest = self.follower.image.seq;
        for file in files.into_iter().filter(|file| file.last > newest) {
            follow(file, &mut self.follower)?;
        }
        Ok(())
    }

    /// Takes away old snapshots, and old files whose records are all in the oldest snapshot that stays.
    fn tidy(&self) -> io::Result<()> {
        let found = snapshots(&self.folder, self.hub)?;
        let Some((oldest, _)) = found.iter().take(KEEP_SNAPSHOTS).next_back() else { return Ok(()) };
        for (_, file) in found.iter().skip(KEEP_SNAPSHOTS) {
            fs::remove_file(file)?;
        }
        let mut files = Vec::new();
        for path in journals(&self.folder, self.hub)? {
            // A file that cannot be read is nothing that may be taken away.
            files.extend(JournalFile::open(&path));
        }
        files.sort_by_key(|file| file.meta.begins);
        let old = files.len().saturating_sub(self.keep_files);
        for file in files.into_iter().take(old).take_while(|file| file.last <= *oldest) {
            let path = file.path.clone();
            drop(file);
            remove(&path)?;
        }
        Ok(())
    }
}

/// Takes a file of SQLite away, then what belongs to it: alone that is nothing.
fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    remove_leftovers(path)
}

/// Writes a file so that it is there whole or not at all.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = file.with_extension("new");
    let written = File::create(&new).and_then(|mut to| {
        to.write_all(bytes)?;
        to.sync_all()
    });
    if let Err(error) = written {
        // What is left of it takes the place of what may still be written.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    fs::rename(&new, file)?;
    sync_folder(file.parent().unwrap_or(file))
}
