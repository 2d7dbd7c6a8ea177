//! Recordings of runs: everything that came from outside into engines, workers and controllers, so that a run can be
//! repeated without plant and without virtual PLC, and everything that came out, so that a difference is seen where it
//! happens.
//!
//! A recording is a folder. Each hub has a file of records, in the order of their happening: [`HubWriter`] and
//! [`HubReader`]. The head of the recording, [`Head`], has the scenario from which all else is made again. It is written
//! last, so a recording without one is unfinished. `docs/recording.md` has the layout to the bit.

mod block;
mod codec;
mod error;
mod events;
mod folder;
mod head;
mod hub_file;
mod images;
mod numbers;
mod orders;
mod record;
mod trace;

pub use error::{HubFileError, Malformed, RecordingError};
pub use folder::{NewRecording, Recording, hub_file_name};
pub use head::{Head, RecordedFile, RecordedHub};
pub use hub_file::{HubHead, HubReader, HubWriter};
pub use record::{InductionLimit, Input, NoticeInput, Poll, PollAnswer, Record};
pub use trace::Counts;
pub(crate) use trace::Trace;

/// The inside of the first block of a file with these records.
pub fn block_of(records: &[Record]) -> Vec<u8> {
    let (mut encoder, mut block) = (codec::Encoder::new(), Vec::new());
    records.iter().for_each(|record| encoder.write(&mut block, record.at, &record.input));
    block
}

/// The records inside the first block of a file until something is wrong, and what that is.
pub fn records_of(block: &[u8]) -> (Vec<Record>, Option<Malformed>) {
    let (mut decoder, mut bytes, mut records) =
        (codec::Decoder::new(), numbers::Bytes::new(block), Vec::new());
    while bytes.left() > 0 {
        match decoder.read(&mut bytes) {
            Ok(record) => records.push(record),
            Err(wrong) => return (records, Some(wrong)),
        }
    }
    (records, None)
}

/// The format of recordings that is written and read.
pub const FORMAT: u32 = 1;

/// The version of this program. Another one may decide otherwise.
pub const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// The file with the head of a recording.
pub const HEAD_FILE: &str = "recording.toml";

/// The digest of the event log of a sorter is in every so many polls of it.
pub const DIGEST_PERIOD: u64 = 256;
