//! From bytes to frames.

use sorter_plc::link::UnitId;
use thiserror::Error;

use super::{HEADER_BYTES, Header, MAX_FRAME_BYTES};

/// Bytes of a header that the length field does not count.
const UNCOUNTED: usize = 6;
/// Bytes that wait at most: a dozen of the longest frames, or hundreds of short ones.
const CAPACITY: usize = 4_096;

/// Why a stream of bytes cannot be read on. The only way out is to close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The stream does not carry Modbus.
    #[error("protocol identifier is {received} (expected 0)")]
    Protocol {
        /// The identifier.
        received: u16,
    },
    /// No frame has such a length.
    #[error("length field is {received} bytes (expected 2 to 254)")]
    Length {
        /// The length.
        received: u16,
    },
}

/// One whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Whom the answer is for.
    pub header: Header,
    /// Function and data; at least the function.
    pub pdu: &'a [u8],
}

/// Collects the bytes of a stream and gives them out as frames. Its memory is fixed.
///
/// ```
/// use sorter_sim::modbus_server::frame::FrameBuffer;
///
/// let mut buffer = FrameBuffer::new();
/// let bytes = [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 9];
/// buffer.space()[..12].copy_from_slice(&bytes);
/// buffer.filled(12);
/// let frame = buffer.next_frame().unwrap().unwrap();
/// assert_eq!((frame.header.transaction, frame.pdu), (1, &bytes[7..]));
/// assert_eq!(buffer.next_frame(), Ok(None));
/// ```
#[derive(Clone, Debug)]
pub struct FrameBuffer {
    bytes: Box<[u8]>,
    /// `bytes[start..end]` came and was not given out.
    start: usize,
    end: usize,
}

impl FrameBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self { bytes: vec![0; CAPACITY].into_boxed_slice(), start: 0, end: 0 }
    }

    /// Room for the next bytes. It is never empty after [`FrameBuffer::next_frame`] had no more to give.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 && self.bytes.len() - self.end < MAX_FRAME_BYTES {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.bytes[self.end..]
    }

    /// So many bytes have been put into the room.
    ///
    /// # Panics
    /// When there was no such room.
    pub fn filled(&mut self, count: usize) {
        assert!(count <= self.bytes.len() - self.end, "{count} bytes are more than there was room for");
        self.end += count;
    }

    /// Bytes that came and were not given out.
    pub fn waiting(&self) -> usize {
        self.end - self.start
    }

    /// Forgets what came and was not given out.
    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// The next whole frame, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the next bytes are the beginning of no frame. It stays so: nothing that follows can be trusted.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let Some(frame) = self.whole_frame()? else { return Ok(None) };
        let from = self.start;
        self.start += frame;
        let bytes = &self.bytes[from..self.start];
        let header = Header {
            transaction: u16::from_be_bytes([bytes[0], bytes[1]]),
            unit: UnitId::new(bytes[HEADER_BYTES - 1]),
        };
        Ok(Some(Frame { header, pdu: &bytes[HEADER_BYTES..] }))
    }

    /// Whether a whole frame waits, or an error.
    pub fn has_frame(&self) -> bool {
        !matches!(self.whole_frame(), Ok(None))
    }

    /// The bytes of the next frame when all of them are there.
    fn whole_frame(&self) -> Result<Option<usize>, FrameError> {
        let waiting = &self.bytes[self.start..self.end];
        // Each field is judged as soon as it is there, so that nobody waits for the end of nonsense.
        let Some(protocol) = word(waiting, 2) else { return Ok(None) };
        if protocol != 0 {
            return Err(FrameError::Protocol { received: protocol });
        }
        let Some(length) = word(waiting, 4) else { return Ok(None) };
        let bytes = UNCOUNTED + usize::from(length);
        if !(HEADER_BYTES + 1..=MAX_FRAME_BYTES).contains(&bytes) {
            return Err(FrameError::Length { received: length });
        }
        Ok((waiting.len() >= bytes).then_some(bytes))
    }
}

impl Default for FrameBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// The big-endian word at a place, if it is there.
fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes([bytes[0], bytes[1]]))
}
