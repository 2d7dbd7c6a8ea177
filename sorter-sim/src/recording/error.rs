//! Why a recording cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Bytes that are no record. It says what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Malformed(pub(super) &'static str);

/// Why the file of a hub cannot be read on.
#[derive(Debug, Error)]
pub enum HubFileError {
    /// The operating system says why.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    /// It does not begin as such files do.
    #[error("it is no file of a recording")]
    Foreign,
    /// Its first bytes are damaged.
    #[error("its head has checksum {found:08x} (expected {expected:08x})")]
    Head {
        /// The checksum that it has.
        found: u32,
        /// The checksum of what is there.
        expected: u32,
    },
    /// It was written in another format.
    #[error("it has format {found} (this program reads {expected})")]
    Format {
        /// Its format.
        found: u32,
        /// The format that is read.
        expected: u32,
    },
    /// It ends in the middle of a block.
    #[error("it ends in the middle of block {block}, which begins at byte {place}")]
    Truncated {
        /// The block, from 1.
        block: u64,
        /// Where it begins.
        place: u64,
    },
    /// A block has a length that none has.
    #[error("block {block} at byte {place} says that it has {length} bytes, {stored} of them stored")]
    Length {
        /// The block, from 1.
        block: u64,
        /// Where it begins.
        place: u64,
        /// How long it says that it is.
        length: u32,
        /// How many bytes it says are stored.
        stored: u32,
    },
    /// A block is damaged.
    #[error("block {block} at byte {place} has checksum {found:08x} (expected {expected:08x})")]
    Checksum {
        /// The block, from 1.
        block: u64,
        /// Where it begins.
        place: u64,
        /// The checksum that it has.
        found: u32,
        /// The checksum of what is there.
        expected: u32,
    },
    /// A block cannot be unpacked to the length that it should have.
    #[error("block {block} at byte {place} cannot be unpacked")]
    Packed {
        /// The block, from 1.
        block: u64,
        /// Where it begins.
        place: u64,
    },
    /// A block has bytes that are no record.
    #[error("record {record} in block {block} makes no sense")]
    Record {
        /// The record of the file, from 1.
        record: u64,
        /// Its block, from 1.
        block: u64,
        /// What is wrong with it.
        source: Malformed,
    },
    /// The records are over without an end.
    #[error("it ends after record {records}, and the run of the hub does not")]
    NoEnd {
        /// How many records there are.
        records: u64,
    },
    /// There is something after the end.
    #[error("it goes on after record {record}, with which the run of the hub ends")]
    AfterEnd {
        /// The last record.
        record: u64,
    },
}

/// Why a recording cannot be replayed, or made.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// There is no such folder.
    #[error("{} is not there (expected the folder of a recording)", .0.display())]
    Missing(PathBuf),
    /// It is a file.
    #[error("{} is a file (expected the folder of a recording)", .0.display())]
    NotAFolder(PathBuf),
    /// The folder for a recording has something in it.
    #[error("{} is not empty (expected a new folder for the recording)", .0.display())]
    NotEmpty(PathBuf),
    /// The run was not recorded to its end.
    #[error("the recording in {} is unfinished: it has no {}", .0.display(), super::HEAD_FILE)]
    Unfinished(PathBuf),
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The head of the recording is not what it should be.
    #[error("{} is no head of a recording", path.display())]
    Head {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It was made in another format.
    #[error("{} has format {found} (this program reads {})", path.display(), super::FORMAT)]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// It was made by another version of the program.
    #[error(
        "{} was made by version {found} of the program (this is {}, which may decide otherwise; \
         --any-version replays it all the same)",
        path.display(),
        super::PROGRAM
    )]
    Program {
        /// The file.
        path: PathBuf,
        /// The version.
        found: String,
    },
    /// The head does not fit itself, such as another number of hubs than the scenario has.
    #[error("{} says {said} (expected {expected})", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// What it says.
        said: String,
        /// What would fit.
        expected: String,
    },
    /// The recording has no such hub.
    #[error("the recording has no hub {hub} (expected one from 0 to {last})")]
    NoSuchHub {
        /// The hub that was asked for.
        hub: u8,
        /// The last one.
        last: u8,
    },
    /// The file of a hub is not there.
    #[error("the recording has no {}", .0.display())]
    NoFile(PathBuf),
    /// There is the file of a hub that the recording does not have.
    #[error("{} is of no hub of the recording", .0.display())]
    ExtraFile(PathBuf),
    /// The file of a hub is shorter or longer than it was.
    #[error("{} has {found} bytes (expected {expected})", path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// How long it is.
        found: u64,
        /// How long it was.
        expected: u64,
    },
    /// The file of a hub is of another hub or of another recording.
    #[error("{} belongs to hub {hub} with {sorters} sorters of a run with seed {seed}", path.display())]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// The hub that it says.
        hub: u8,
        /// The sorters that it says.
        sorters: u8,
        /// The seed that it says.
        seed: u64,
    },
    /// The file of a hub cannot be read on.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How.
        source: HubFileError,
    },
    /// A record is about something that the run does not have.
    #[error("record {record} of {} is about {about}, which the run does not have", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The record, from 1.
        record: u64,
        /// What it is about.
        about: String,
    },
    /// A file that the plan, the layout or the schedule is in was changed.
    #[error("{} was changed since the recording: checksum {found:08x} (expected {expected:08x})", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The checksum that it has.
        found: u32,
        /// The checksum that it had.
        expected: u32,
    },
}
