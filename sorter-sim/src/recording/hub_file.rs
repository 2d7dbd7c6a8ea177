//! The file of one hub: a head, then blocks of records, the last of which is [`Input::Ended`].
//!
//! ```text
//! magic "sortrec\n" | format u32 | hub u8 | sorters u8 | 0 u16 | seed u64 | CRC-32 of all before, u32
//! ```

use std::io::{self, Read, Write};

use sorter_core::ids::{HubId, SorterId};
use sorter_core::units::Micros;
use sorter_plc::contract::Order;
use sorter_plc::controller::Inputs;

use super::block::{BLOCK_BYTES, BlockReader, BlockWriter, read_up_to};
use super::codec::{Decoder, Encoder};
use super::error::HubFileError;
use super::numbers::Bytes;
use super::record::{Input, PollAnswer, Record};
use super::{FORMAT, Malformed};

const MAGIC: &[u8; 8] = b"sortrec\n";
const HEAD_BYTES: usize = 28;

/// Whose records a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubHead {
    /// The hub.
    pub hub: HubId,
    /// How many sorters it has.
    pub sorters: u8,
    /// The seed of the run.
    pub seed: u64,
}

impl HubHead {
    fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12] = self.hub.get();
        bytes[13] = self.sorters;
        bytes[16..24].copy_from_slice(&self.seed.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..24]);
        bytes[24..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Result<Self, HubFileError> {
        if bytes[..8] != *MAGIC {
            return Err(HubFileError::Foreign);
        }
        let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (found, expected) = (number(24), crc32fast::hash(&bytes[..24]));
        if found != expected {
            return Err(HubFileError::Head { found, expected });
        }
        if number(8) != FORMAT {
            return Err(HubFileError::Format { found: number(8), expected: FORMAT });
        }
        let seed = u64::from(number(16)) | u64::from(number(20)) << 32;
        Ok(Self { hub: HubId::new(bytes[12]), sorters: bytes[13], seed })
    }
}

/// Writes the records of a hub.
#[derive(Debug)]
pub struct HubWriter<W> {
    blocks: BlockWriter<W>,
    encoder: Encoder,
    block: Vec<u8>,
    records: u64,
}

impl<W: Write> HubWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn new(mut to: W, head: HubHead) -> io::Result<Self> {
        to.write_all(&head.to_bytes())?;
        Ok(Self {
            blocks: BlockWriter::new(to, HEAD_BYTES as u64),
            encoder: Encoder::new(),
            block: Vec::with_capacity(BLOCK_BYTES * 2),
            records: 0,
        })
    }

    /// Begins the record of a poll. [`HubWriter::end_poll`] has to be called next.
    pub fn begin_poll(&mut self, at: Micros, sorter: SorterId, inputs: &Inputs<'_>) {
        self.encoder.begin_poll(&mut self.block, at, sorter, inputs);
    }

    /// Ends the record of a poll with what came out of it: the orders, and what else is in the answer.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn end_poll(&mut self, orders: &[Order], rest: &PollAnswer) -> io::Result<()> {
        self.encoder.end_poll(&mut self.block, orders, rest);
        self.ended()
    }

    /// Writes any record.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write(&mut self, at: Micros, input: &Input) -> io::Result<()> {
        self.encoder.write(&mut self.block, at, input);
        self.ended()
    }

    fn ended(&mut self) -> io::Result<()> {
        self.records += 1;
        if self.block.len() < BLOCK_BYTES {
            return Ok(());
        }
        self.blocks.write(&mut self.block)
    }

    /// Writes what is left, and gives the writer, how many records there are, and the bytes that they take.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn finish(mut self) -> io::Result<(W, u64, u64)> {
        if !self.block.is_empty() {
            self.blocks.write(&mut self.block)?;
        }
        let bytes = self.blocks.written();
        let mut to = self.blocks.into_inner();
        to.flush()?;
        Ok((to, self.records, bytes))
    }
}

/// Reads the records of a hub.
///
/// ```
/// use sorter_core::ids::{HubId, SorterId};
/// use sorter_core::units::Micros;
/// use sorter_sim::recording::{HubHead, HubReader, HubWriter, Input};
///
/// let head = HubHead { hub: HubId::new(0), sorters: 2, seed: 1 };
/// let mut writer = HubWriter::new(Vec::new(), head)?;
/// writer.write(Micros::from_secs(5), &Input::Attended { sorter: SorterId::new(1) })?;
/// writer.write(Micros::from_secs(9), &Input::Ended { digests: vec![7, 8] })?;
/// let (bytes, records, _) = writer.finish()?;
///
/// let mut reader = HubReader::new(bytes.as_slice())?;
/// assert_eq!(reader.head(), head);
/// let first = reader.next()?.expect("there are two");
/// assert_eq!((first.at, first.input), (Micros::from_secs(5), Input::Attended { sorter: SorterId::new(1) }));
/// assert!(matches!(reader.next()?, Some(record) if record.input == Input::Ended { digests: vec![7, 8] }));
/// assert!(reader.next()?.is_none());
/// assert_eq!(reader.records(), records);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HubReader<R> {
    head: HubHead,
    blocks: BlockReader<R>,
    decoder: Decoder,
    block: Vec<u8>,
    place: usize,
    records: u64,
    ended: bool,
}

impl<R: Read> HubReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// [`HubFileError`] when there is none.
    pub fn new(mut from: R) -> Result<Self, HubFileError> {
        let mut head = [0; HEAD_BYTES];
        if read_up_to(&mut from, &mut head)? < HEAD_BYTES {
            return Err(HubFileError::Foreign);
        }
        Ok(Self {
            head: HubHead::from_bytes(&head)?,
            blocks: BlockReader::new(from, HEAD_BYTES as u64),
            decoder: Decoder::new(),
            block: Vec::new(),
            place: 0,
            records: 0,
            ended: false,
        })
    }

    /// Whose records they are.
    pub fn head(&self) -> HubHead {
        self.head
    }

    /// Records that were read.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The next record; `None` after the last.
    ///
    /// # Errors
    /// [`HubFileError`]; there is nothing more to read then.
    #[expect(clippy::should_implement_trait, reason = "an iterator would hide that an error ends it")]
    pub fn next(&mut self) -> Result<Option<Record>, HubFileError> {
        while self.place == self.block.len() {
            self.place = 0;
            if !self.blocks.read(&mut self.block)? {
                let records = self.records;
                return if self.ended { Ok(None) } else { Err(HubFileError::NoEnd { records }) };
            }
        }
        if self.ended {
            return Err(HubFileError::AfterEnd { record: self.records });
        }
        let mut bytes = Bytes::new(&self.block[self.place..]);
        self.records += 1;
        let (record, block) = (self.records, self.blocks.blocks());
        let misread = |source: Malformed| HubFileError::Record { record, block, source };
        let record = self.decoder.read(&mut bytes).map_err(misread)?;
        self.place = self.block.len() - bytes.left();
        self.ended = matches!(record.input, Input::Ended { .. });
        Ok(Some(record))
    }
}
