//! The mark: who writes the journals of a hub, and how far.
//!
//! A file beside the journals, locked by the process that writes them. After each commit it is told the number of the
//! last durable record, without waiting for the disk: after a power cut the number may be too low, never too high. A
//! journal that ends before its mark has lost records, which SQLite alone cannot know: it takes a damaged end of its
//! log for one that was never finished.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use sorter_core::ids::HubId;
use sorter_core::journal::RecordSeq;

use super::error::{FileError, OpenError};
use super::place::JournalPlace;

const BEGIN: &str = "sorter journal mark 1";

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    seq: RecordSeq,
    process: u32,
}

impl Said {
    fn to_line(self) -> String {
        let text = format!("{BEGIN} record {:020} process {:010}", self.seq.get(), self.process);
        format!("{text} sum {:08x}\n", crc32fast::hash(text.as_bytes()))
    }

    fn from_line(line: &str) -> Option<Self> {
        let (text, sum) = line.strip_suffix('\n')?.rsplit_once(" sum ")?;
        let (begin, said) = text.split_once(" record ")?;
        let (seq, process) = said.split_once(" process ")?;
        let said = Self { seq: RecordSeq::new(seq.parse().ok()?), process: process.parse().ok()? };
        let whole = begin == BEGIN && sum == format!("{:08x}", crc32fast::hash(text.as_bytes()));
        (whole && said.to_line() == line).then_some(said)
    }
}

/// The mark of a hub, held by this process.
#[derive(Debug)]
pub(super) struct Mark {
    file: Flock<File>,
}

impl Mark {
    /// Claims the journals of a hub.
    pub(super) fn claim(folder: &Path, hub: HubId) -> Result<Self, OpenError> {
        let path = JournalPlace::mark(folder, hub);
        let io = |source| OpenError::Io { what: "cannot be opened or made", file: path.clone(), source };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        match Flock::lock(file.map_err(io)?, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Self { file }),
            Err((_, Errno::EWOULDBLOCK)) => {
                let process = read(&path).ok().flatten().map_or(0, |said| said.process);
                Err(OpenError::InUse { hub, folder: folder.to_owned(), process })
            }
            Err((_, errno)) => Err(io(errno.into())),
        }
    }

    /// Says that all up to a record is durable.
    pub(super) fn set(&self, seq: RecordSeq) -> io::Result<()> {
        self.file.write_all_at(Said { seq, process: std::process::id() }.to_line().as_bytes(), 0)
    }
}

fn read(path: &Path) -> Result<Option<Said>, FileError> {
    let io = |source| FileError::Io { file: path.to_owned(), source };
    let mut text = String::new();
    match File::open(path) {
        Ok(file) => {
            // A few bytes more than a mark has are enough to see that it is none.
            let read = file.take(256).read_to_string(&mut text);
            if let Err(error) = read
                && error.kind() != io::ErrorKind::InvalidData
            {
                return Err(io(error));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    }
    match Said::from_line(&text) {
        Some(said) => Ok(Some(said)),
        None if text.is_empty() => Ok(None),
        None => Err(FileError::Mark { file: path.to_owned() }),
    }
}

/// The last record that the mark of a hub knows to be durable, with the mark's file. Nothing where there is no mark.
fn durable(folder: &Path, hub: HubId) -> Result<Option<(RecordSeq, PathBuf)>, FileError> {
    let path = JournalPlace::mark(folder, hub);
    Ok(read(&path)?.map(|said| (said.seq, path)))
}

/// Checks that a journal that ends with `last` has all that its mark knows to be durable.
pub(super) fn check(folder: &Path, hub: HubId, file: &Path, last: RecordSeq) -> Result<(), FileError> {
    match durable(folder, hub)? {
        Some((durable, mark)) if durable > last => {
            Err(FileError::EndsEarly { file: file.to_owned(), last, mark, durable })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_every_flipped_bit_is_seen() {
        let said = Said { seq: RecordSeq::new(81_234), process: 4711 };
        let line = said.to_line();
        assert_eq!(Said::from_line(&line), Some(said));
        for bit in 0..line.len() * 8 {
            let mut bytes = line.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let read = String::from_utf8(bytes).ok().and_then(|line| Said::from_line(&line));
            assert_eq!(read, None, "bit {bit}");
        }
    }
}
