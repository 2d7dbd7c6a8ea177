//! From the files to the state at the last durable record.

use std::fs;
use std::path::{Path, PathBuf};

use sorter_core::ids::HubId;
use sorter_core::journal::{Image, RecordSeq};

use super::error::FileError;
use super::mark;
use super::place::{journals, snapshots};
use super::read::{Damage, Follower, JournalFile};

/// What recovery found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The state at the last record.
    pub image: Image,
    /// Records and notes that were read one by one.
    pub records_read: u64,
    /// The record at which the snapshot was taken from which it went on, where there was one.
    pub from_snapshot: Option<RecordSeq>,
    /// The files that were read from.
    pub files: Vec<PathBuf>,
    /// Snapshots that could not be used, newest first, and why. The state is the same without them.
    pub passed_over: Vec<String>,
}

/// Why the journal of a hub cannot be read to its end. Nothing is repaired, and nothing in the folder changes.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file is no journal that this version reads.
    #[error(transparent)]
    File(#[from] FileError),
    /// A row is damaged.
    #[error(
        "{file}: {damage}; bring the file back from a backup, and ask `journal verify` what else is wrong"
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        damage: Damage,
    },
    /// Files that follow each other do not fit.
    #[error(
        "{file} begins with {begins} and what is before it ends with {ends}: a file is missing or is of another journal; bring it back from a backup"
    )]
    Apart {
        /// The later file.
        file: PathBuf,
        /// Its first record.
        begins: RecordSeq,
        /// The last record before it.
        ends: RecordSeq,
    },
    /// A snapshot has records that no file has.
    #[error(
        "{file} was taken at {seq} and the records end with {last}: records were lost; bring the journal back from a backup"
    )]
    SnapshotAhead {
        /// The snapshot.
        file: PathBuf,
        /// The record at which it was taken.
        seq: RecordSeq,
        /// The last record.
        last: RecordSeq,
    },
}

/// Recovers the state of a hub from the journals and snapshots in a folder: the newest snapshot that is sound, and
/// the records after it, each checked. `initial` is the state before the first record, the image of a fresh engine;
/// it is what comes back from a folder without journals.
///
/// # Errors
/// When anything that has to be read is damaged or missing, or when records that were durable are not there.
pub fn recover(folder: &Path, hub: HubId, initial: Image) -> Result<Recovery, ReadError> {
    let files = in_order(folder, hub)?;
    let last = files.last().map_or(initial.seq, |file| file.last);
    let place = files.last().map_or(folder, |file| &file.path);
    mark::check(folder, hub, place, last)?;
    let mut passed_over = Vec::new();
    let snapshot = newest_snapshot(folder, hub, last, &mut passed_over)?;
    let from_snapshot = snapshot.as_ref().map(|image| image.seq);
    let mut follower = Follower::new(snapshot.unwrap_or(initial));
    let begin = follower.image.seq;
    if let Some(file) = files.first()
        && file.meta.begins > begin.next()
    {
        let (file, begins) = (file.path.clone(), file.meta.begins);
        return Err(ReadError::Apart { file, begins, ends: begin });
    }
    let mut read = Vec::new();
    for file in files.into_iter().filter(|file| file.last > begin) {
        read.push(file.path.clone());
        follow(file, &mut follower)?;
    }
    let records_read = follower.image.seq.get() - begin.get();
    Ok(Recovery { image: follower.image, records_read, from_snapshot, files: read, passed_over })
}

/// Reads what a file has after the image of a follower.
pub(super) fn follow(file: JournalFile, follower: &mut Follower) -> Result<(), ReadError> {
    let path = file.path.clone();
    let mut damage = None;
    let end = file.rows_beside(follower.image.seq, |row| {
        damage = follower.take(&row).err();
        damage.is_none()
    });
    match damage {
        Some(damage) => Err(ReadError::Damaged { file: path, damage }),
        None => Ok(end.map_err(FileError::sqlite(&path, "read its rows"))?),
    }
}

/// The files of a hub in the order of their records, which follow each other from file to file.
pub(super) fn in_order(folder: &Path, hub: HubId) -> Result<Vec<JournalFile>, ReadError> {
    let io = |source| FileError::Io { file: folder.to_owned(), source };
    let mut files = Vec::new();
    for path in journals(folder, hub).map_err(io)? {
        let file = JournalFile::open(&path)?;
        if file.meta.hub != hub {
            return Err(FileError::OtherHub { file: path, found: file.meta.hub, wanted: hub }.into());
        }
        files.push(file);
    }
    files.sort_by_key(|file| file.meta.begins);
    for pair in files.windows(2) {
        let ends = pair[0].last;
        if pair[1].meta.begins != ends.next() || pair[1].meta.previous != pair[0].name() {
            let (file, begins) = (pair[1].path.clone(), pair[1].meta.begins);
            return Err(ReadError::Apart { file, begins, ends });
        }
    }
    Ok(files)
}

fn newest_snapshot(
    folder: &Path,
    hub: HubId,
    last: RecordSeq,
    passed_over: &mut Vec<String>,
) -> Result<Option<Image>, ReadError> {
    let io = |file: &Path| {
        let file = file.to_owned();
        move |source| FileError::Io { file, source }
    };
    for (_, file) in snapshots(folder, hub).map_err(io(folder))? {
        let bytes = fs::read(&file).map_err(io(&file))?;
        match Image::from_bytes(&bytes) {
            Ok(image) if image.hub != hub => {
                passed_over.push(format!("{}: it is of {}, not of {hub}", file.display(), image.hub));
            }
            Ok(image) if image.seq > last => {
                return Err(ReadError::SnapshotAhead { file, seq: image.seq, last });
            }
            Ok(image) => return Ok(Some(image)),
            Err(error) => passed_over.push(format!("{}: {error}", file.display())),
        }
    }
    Ok(None)
}
