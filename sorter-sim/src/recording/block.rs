//! Blocks: pieces of a stream of records, compressed, each with its length and checksum.
//!
//! ```text
//! +------------+---------------+---------------------------+-------------------+
//! | raw length | stored length | CRC-32 of lengths and the | stored bytes      |
//! | u32        | u32           | stored bytes, u32         | (raw DEFLATE)     |
//! +------------+---------------+---------------------------+-------------------+
//! ```
//!
//! A block whose two lengths are the same is not compressed. A record never goes over the end of a block.

use std::io::{self, Read, Write};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::error::HubFileError;

/// A block is written when it has this many bytes.
pub(super) const BLOCK_BYTES: usize = 64 << 10;

/// No block has more bytes: so much is a batch of a million notices at one moment.
const MOST_BYTES: u32 = 64 << 20;

/// Bytes before the stored bytes.
const HEAD_BYTES: usize = 12;

/// Compresses blocks into a stream.
#[derive(Debug)]
pub(super) struct BlockWriter<W> {
    to: W,
    deflate: Compress,
    stored: Vec<u8>,
    written: u64,
}

impl<W: Write> BlockWriter<W> {
    /// Blocks after what was written before.
    pub(super) fn new(to: W, written: u64) -> Self {
        let deflate = Compress::new(Compression::fast(), false);
        Self { to, deflate, stored: Vec::new(), written }
    }

    /// Writes one block and empties it.
    pub(super) fn write(&mut self, raw: &mut Vec<u8>) -> io::Result<()> {
        self.deflate.reset();
        self.stored.clear();
        // What does not get shorter is stored as it is.
        self.stored.reserve(raw.len());
        let room = raw.len().saturating_sub(1);
        let mut packed = std::mem::take(&mut self.stored);
        packed.resize(room, 0);
        let status = self.deflate.compress(raw, &mut packed, FlushCompress::Finish)?;
        let stored = if status == Status::StreamEnd {
            packed.truncate(usize::try_from(self.deflate.total_out()).unwrap_or(room));
            &packed
        } else {
            &*raw
        };
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "one moment has more than 64 MiB");
        let length = u32::try_from(raw.len()).ok().filter(|length| *length <= MOST_BYTES);
        let lengths = [length.ok_or_else(too_long)?, u32::try_from(stored.len()).map_err(|_| too_long())?];
        let [raw_length, stored_length] = lengths.map(u32::to_le_bytes);
        self.to.write_all(&raw_length)?;
        self.to.write_all(&stored_length)?;
        self.to.write_all(&checksum(&raw_length, &stored_length, stored).to_le_bytes())?;
        self.to.write_all(stored)?;
        self.written += (HEAD_BYTES + stored.len()) as u64;
        self.stored = packed;
        raw.clear();
        Ok(())
    }

    /// Bytes of the stream so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// The stream.
    pub(super) fn into_inner(self) -> W {
        self.to
    }
}

fn checksum(raw_length: &[u8], stored_length: &[u8], stored: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(raw_length);
    hasher.update(stored_length);
    hasher.update(stored);
    hasher.finalize()
}

/// Reads blocks from a stream.
#[derive(Debug)]
pub(super) struct BlockReader<R> {
    from: R,
    inflate: Decompress,
    stored: Vec<u8>,
    blocks: u64,
    /// Where the next block begins.
    place: u64,
}

impl<R: Read> BlockReader<R> {
    /// Blocks that begin at this place of a stream.
    pub(super) fn new(from: R, place: u64) -> Self {
        Self { from, inflate: Decompress::new(false), stored: Vec::new(), blocks: 0, place }
    }

    /// Blocks that were read.
    pub(super) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Reads the next block. Gives `false` at the end of the stream.
    pub(super) fn read(&mut self, raw: &mut Vec<u8>) -> Result<bool, HubFileError> {
        raw.clear();
        let (block, place) = (self.blocks + 1, self.place);
        let mut head = [0; HEAD_BYTES];
        match read_up_to(&mut self.from, &mut head)? {
            0 => return Ok(false),
            HEAD_BYTES => {}
            _ => return Err(HubFileError::Truncated { block, place }),
        }
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (length, stored, found) = (number(0), number(4), number(8));
        if length > MOST_BYTES || stored > length {
            return Err(HubFileError::Length { block, place, length, stored });
        }
        self.stored.clear();
        // Room is made as bytes come, not as they are promised.
        (&mut self.from).take(stored.into()).read_to_end(&mut self.stored)?;
        if self.stored.len() < stored as usize {
            return Err(HubFileError::Truncated { block, place });
        }
        let expected = checksum(&head[..4], &head[4..8], &self.stored);
        if expected != found {
            return Err(HubFileError::Checksum { block, place, found, expected });
        }
        if stored == length {
            raw.extend_from_slice(&self.stored);
        } else {
            self.unpack(raw, length as usize).ok_or(HubFileError::Packed { block, place })?;
        }
        self.blocks = block;
        self.place += HEAD_BYTES as u64 + u64::from(stored);
        Ok(true)
    }

    /// Unpacks what was stored to exactly so many bytes.
    fn unpack(&mut self, raw: &mut Vec<u8>, length: usize) -> Option<()> {
        self.inflate.reset(false);
        loop {
            if raw.len() == raw.capacity() {
                // Room for one byte more than there should be, so that the end is seen.
                raw.reserve((length + 1).saturating_sub(raw.len()).min(BLOCK_BYTES * 2));
            }
            let (taken, given) = (self.inflate.total_in(), raw.len());
            let rest = self.stored.get(usize::try_from(taken).ok()?..)?;
            let status = self.inflate.decompress_vec(rest, raw, FlushDecompress::None).ok()?;
            if status == Status::StreamEnd {
                return (raw.len() == length).then_some(());
            }
            let stands = self.inflate.total_in() == taken && raw.len() == given;
            if stands || raw.len() > length {
                return None;
            }
        }
    }
}

/// Reads until the buffer is full or the stream ends, and gives how many bytes came.
pub(super) fn read_up_to(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(blocks: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = BlockWriter::new(Vec::new(), 0);
        for block in blocks {
            writer.write(&mut block.clone()).expect("a vector takes everything");
        }
        let length = writer.written();
        let stream = writer.into_inner();
        assert_eq!(length, stream.len() as u64);
        stream
    }

    fn read(stream: &[u8]) -> Result<Vec<Vec<u8>>, HubFileError> {
        let (mut reader, mut raw, mut blocks) = (BlockReader::new(stream, 0), Vec::new(), Vec::new());
        while reader.read(&mut raw)? {
            blocks.push(raw.clone());
        }
        Ok(blocks)
    }

    proptest! {
        #[test]
        fn blocks_come_back_as_they_were(blocks: Vec<Vec<u8>>, repeated in 0_usize..200_000) {
            let mut blocks = blocks;
            blocks.push(vec![7; repeated]);
            prop_assert_eq!(read(&written(&blocks)).expect("nothing was changed"), blocks);
        }

        #[test]
        fn a_flipped_bit_is_found(text in "[a-c]{1,200}", place: prop::sample::Index, bit in 0..8_u32) {
            let mut stream = written(&[text.clone().into_bytes()]);
            let place = place.index(stream.len());
            stream[place] ^= 1_u8 << bit;
            prop_assert!(read(&stream).is_err(), "byte {place}, bit {bit} of {text:?}");
        }

        #[test]
        fn a_cut_within_a_block_is_found(text in "[a-c]{1,200}", place: prop::sample::Index) {
            let stream = written(&[text.into_bytes()]);
            let cut = 1 + place.index(stream.len() - 1);
            let found = matches!(read(&stream[..cut]), Err(HubFileError::Truncated { block: 1, place: 0 }));
            prop_assert!(found, "cut at {cut}");
        }
    }

    #[test]
    fn a_promise_of_a_huge_block_is_refused() {
        let mut stream = vec![0xff; 8];
        stream.extend([0; 4]);
        assert!(matches!(read(&stream), Err(HubFileError::Length { block: 1, .. })));
    }
}
