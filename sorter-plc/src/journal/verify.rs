//! Everything that can be checked about journals, without changing them.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sorter_core::ids::HubId;
use sorter_core::journal::{Image, RecordSeq};

use super::error::FileError;
use super::files;
use super::mark;
use super::place::{journals, snapshots};
use super::read::{Follower, JournalFile, Row};

/// Findings of one file beyond this are counted and not listed.
const LISTED: u64 = 100;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, or the folder.
    pub path: PathBuf,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.text)
    }
}

/// One journal file that was read through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedFile {
    /// The file.
    pub path: PathBuf,
    /// Its hub.
    pub hub: HubId,
    /// Its first record as it says itself.
    pub begins: RecordSeq,
    /// Its last record.
    pub last: RecordSeq,
    /// Records that were read.
    pub records: u64,
    /// Notes that were read.
    pub notes: u64,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The files that could be read through, in the order of their names.
    pub files: Vec<VerifiedFile>,
    /// Snapshots that are sound and tell the same as the records.
    pub snapshots: Vec<PathBuf>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub const fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, path: &Path, text: impl Into<String>) {
        self.findings.push(Finding { path: path.to_owned(), text: text.into() });
    }
}

/// Checks a journal file, or all journals and snapshots in a folder: each row against its checksum, the numbers and the
/// chain of each parcel for gaps, the file by SQLite's own check, files against those before them, the end of the last
/// one against the mark, and each snapshot against what the records say since the one before it.
///
/// # Errors
/// When there is nothing of that name, or it cannot be read at all. All else is in the findings.
pub fn verify(path: &Path) -> Result<Verdict, FileError> {
    let mut verdict = Verdict::default();
    if !path.is_dir() {
        let file = JournalFile::open(path)?;
        verify_file(&file, &mut verdict);
        let folder = path.parent().unwrap_or(path);
        if files::newest(folder, file.meta.hub).is_ok_and(|newest| newest == Some(file.name()))
            && let Err(error) = mark::check(folder, file.meta.hub, path, file.last)
        {
            verdict.find(path, without_path(&error.to_string(), path));
        }
        return Ok(verdict);
    }
    for hub in hubs(path)? {
        verify_hub(path, hub, &mut verdict)?;
    }
    if verdict.files.is_empty() && verdict.findings.is_empty() {
        verdict.find(path, "there is no journal in this folder");
    }
    Ok(verdict)
}

/// The hubs of which there is any file in a folder.
fn hubs(folder: &Path) -> Result<Vec<HubId>, FileError> {
    let io = |source| FileError::Io { file: folder.to_owned(), source };
    let mut found = Vec::new();
    for hub in (0..=u8::MAX).map(HubId::new) {
        if !journals(folder, hub).map_err(io)?.is_empty() || !snapshots(folder, hub).map_err(io)?.is_empty() {
            found.push(hub);
        }
    }
    Ok(found)
}

fn verify_hub(folder: &Path, hub: HubId, verdict: &mut Verdict) -> Result<(), FileError> {
    let io = |source| FileError::Io { file: folder.to_owned(), source };
    let mut files = Vec::new();
    for path in journals(folder, hub).map_err(io)? {
        match JournalFile::open(&path) {
            Ok(file) => files.push(file),
            Err(error) => verdict.find(&path, without_path(&error.to_string(), &path)),
        }
    }
    files.sort_by_key(|file| file.meta.begins);
    let mut before: Option<(RecordSeq, String)> = None;
    for file in &files {
        verify_file(file, verdict);
        if file.meta.hub != hub {
            verdict.find(&file.path, format!("it is a journal of {}, not of {hub}", file.meta.hub));
        }
        if let Some((ends, name)) = &before {
            let (begins, previous) = (file.meta.begins, &file.meta.previous);
            if begins != ends.next() {
                verdict.find(&file.path, format!("it begins with {begins}, and {name} ends with {ends}"));
            }
            if previous != name {
                verdict.find(&file.path, format!("it goes on after {previous}, and before it is {name}"));
            }
        }
        before = Some((file.last, file.name()));
    }
    let last = files.last().map_or(RecordSeq::NONE, |file| file.last);
    if let Err(error) = mark::check(folder, hub, files.last().map_or(folder, |file| &file.path), last) {
        verdict.find(folder, error.to_string());
    }
    verify_snapshots(folder, hub, &files, verdict)
}

fn verify_file(file: &JournalFile, verdict: &mut Verdict) {
    let mut follower = Follower::checking(file.meta.begins);
    let (mut records, mut notes, mut damaged) = (0, 0, 0);
    let mut findings = Vec::new();
    let end = file.rows(RecordSeq::NONE, |row| {
        match row {
            Row::Record(..) => records += 1,
            Row::Note(_) => notes += 1,
        }
        if let Err(damage) = follower.take(&row) {
            damaged += 1;
            if damaged <= LISTED {
                findings.push(damage.to_string());
            }
            follower.skip(&row);
        }
        true
    });
    if damaged > LISTED {
        findings.push(format!("{} more rows are damaged", damaged - LISTED));
    }
    if let Err(error) = end {
        findings.push(format!("SQLite cannot read its rows after {}: {error}", follower.image.seq));
    }
    match integrity(&file.db) {
        Ok(texts) => findings.extend(texts),
        Err(error) => findings.push(format!("SQLite cannot check it: {error}")),
    }
    findings.into_iter().for_each(|text| verdict.find(&file.path, text));
    verdict.files.push(VerifiedFile {
        path: file.path.clone(),
        hub: file.meta.hub,
        begins: file.meta.begins,
        last: file.last,
        records,
        notes,
    });
}

/// What SQLite's own check of a file finds.
fn integrity(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare("PRAGMA integrity_check")?;
    let texts = statement.query_map([], |row| row.get::<_, String>(0))?;
    texts
        .filter(|text| !matches!(text.as_deref(), Ok("ok")))
        .map(|text| Ok(format!("SQLite: {}", text?)))
        .collect()
}

/// Checks each snapshot, and follows the records from each to the next to see that they tell the same.
fn verify_snapshots(
    folder: &Path,
    hub: HubId,
    files: &[JournalFile],
    verdict: &mut Verdict,
) -> Result<(), FileError> {
    let io = |source| FileError::Io { file: folder.to_owned(), source };
    let last = files.last().map_or(RecordSeq::NONE, |file| file.last);
    let mut earlier: Option<Image> = None;
    for (_, path) in snapshots(folder, hub).map_err(io)?.into_iter().rev() {
        let bytes = fs::read(&path).map_err(|source| FileError::Io { file: path.clone(), source })?;
        match Image::from_bytes(&bytes) {
            Err(error) => verdict.find(&path, error.to_string()),
            Ok(image) if image.hub != hub => {
                verdict.find(&path, format!("it is of {}, not of {hub}", image.hub));
            }
            Ok(image) if image.seq > last => {
                verdict.find(&path, format!("it was taken at {} and the records end with {last}", image.seq));
            }
            Ok(image) => {
                let from = earlier.as_ref().map_or(image.seq, |earlier| earlier.seq);
                if earlier.take().is_none_or(|earlier| tells(files, earlier, &image)) {
                    verdict.snapshots.push(path);
                } else {
                    verdict.find(&path, format!("the records after {from} tell another state"));
                }
                earlier = Some(image);
            }
        }
    }
    Ok(())
}

/// Whether the records lead from one image to another.
fn tells(files: &[JournalFile], from: Image, to: &Image) -> bool {
    let mut follower = Follower::new(from);
    for file in files.iter().filter(|file| file.meta.begins <= to.seq) {
        let after = follower.image.seq;
        let read = file.rows(after, |row| row.seq() <= to.seq && follower.take(&row).is_ok());
        if read.is_err() {
            return false;
        }
    }
    follower.image == *to
}

/// A message without the file that it begins with.
fn without_path(text: &str, path: &Path) -> String {
    let rest = text.strip_prefix(&path.display().to_string()).unwrap_or(text);
    rest.trim_start_matches([':', ' ']).to_owned()
}
