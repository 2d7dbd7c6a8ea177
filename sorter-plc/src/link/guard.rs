//! A stream that lets one frame through for each request, and nothing else.
//!
//! The client behind it empties its own buffer before each request and believes exceptions of any length. What a
//! server sends without being asked, or behind an answer, would be lost there or be taken for the next answer.
//! Here it is an error, before anything more is written.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes up to the length, and with it; the length counts from there.
const LENGTH_END: usize = 6;
/// Bytes up to the function, and with it.
const FUNCTION_END: usize = 8;
/// The length of an exception, and the shortest of all.
const SHORTEST: u16 = 3;
/// The longest: a unit and the most bytes that function and data may have.
const LONGEST: u16 = 254;
/// Exceptions have this bit in their function.
const EXCEPTION: u8 = 0x80;

/// Bytes that are not one Modbus/TCP answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// The protocol is another one.
    #[error("the protocol identifier is {received}, expected 0")]
    Protocol {
        /// The protocol.
        received: u16,
    },
    /// The length cannot be that of an answer.
    #[error("the length is {received} bytes, expected {SHORTEST} to {LONGEST}")]
    Length {
        /// The length.
        received: u16,
    },
    /// The length cannot be that of an exception.
    #[error("the length of an exception is {received} bytes, expected {SHORTEST}")]
    ExceptionLength {
        /// The length.
        received: u16,
    },
    /// Something follows the answer.
    #[error("{bytes} bytes follow the answer")]
    Trailing {
        /// How many came with it.
        bytes: usize,
    },
    /// Something came before there was a request.
    #[error("bytes came that nobody had asked for")]
    Unasked,
}

impl From<FrameFault> for io::Error {
    fn from(fault: FrameFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

/// How much of an answer has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    head: [u8; FUNCTION_END],
    seen: usize,
}

impl Progress {
    /// Takes the next bytes; whether the frame is complete.
    fn take(&mut self, bytes: &[u8]) -> Result<bool, FrameFault> {
        let before = self.seen;
        for (place, byte) in self.head.iter_mut().skip(before).zip(bytes) {
            *place = *byte;
        }
        self.seen += bytes.len();
        let [_, _, p1, p0, l1, l0, _, function] = self.head;
        if self.seen < LENGTH_END {
            return Ok(false);
        }
        let (protocol, length) = (u16::from_be_bytes([p1, p0]), u16::from_be_bytes([l1, l0]));
        if protocol != 0 {
            return Err(FrameFault::Protocol { received: protocol });
        }
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(FrameFault::Length { received: length });
        }
        if self.seen >= FUNCTION_END && function & EXCEPTION != 0 && length != SHORTEST {
            return Err(FrameFault::ExceptionLength { received: length });
        }
        let total = LENGTH_END + usize::from(length);
        match self.seen.checked_sub(total) {
            None => Ok(false),
            Some(0) => Ok(true),
            Some(bytes) => Err(FrameFault::Trailing { bytes }),
        }
    }
}

/// The stream of a link. See the module.
#[derive(Debug)]
pub(super) struct Guard<S> {
    stream: S,
    /// The answer that is being waited for; none between two requests.
    awaited: Option<Progress>,
}

impl<S> Guard<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, awaited: None }
    }
}

impl<S: AsyncRead + Unpin> Guard<S> {
    /// Looks whether something came without being asked for. Costs no system call when nothing did.
    fn check_silence(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut byte = [0];
        let mut unasked = ReadBuf::new(&mut byte);
        match Pin::new(&mut self.stream).poll_read(cx, &mut unasked) {
            Poll::Pending => Ok(()),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(())) if unasked.filled().is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            Poll::Ready(Ok(())) => Err(FrameFault::Unasked.into()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let fresh = &buf.filled()[before..];
        if fresh.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let Some(answer) = self.awaited.as_mut() else { return Poll::Ready(Err(FrameFault::Unasked.into())) };
        if answer.take(fresh)? {
            self.awaited = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.awaited.is_none() {
            self.check_silence(cx)?;
            self.awaited = Some(Progress::default());
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of this protocol, length and function, with as many bytes as it should have.
    fn frame(protocol: u16, length: u16, function: u8) -> Vec<u8> {
        let mut bytes = vec![0, 1];
        bytes.extend(protocol.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend([17, function]);
        bytes.resize(LENGTH_END + usize::from(length), 0xAA);
        bytes
    }

    /// What becomes of bytes that come in pieces of one size.
    fn taken(bytes: &[u8], piece: usize) -> Result<bool, FrameFault> {
        let mut progress = Progress::default();
        let mut whole = false;
        for piece in bytes.chunks(piece) {
            whole = progress.take(piece)?;
        }
        Ok(whole)
    }

    #[test]
    fn a_frame_is_whole_at_its_last_byte_however_it_is_cut() {
        for length in [3, 4, 6, 245, 254] {
            let bytes = frame(0, length, 3);
            for piece in [1, 2, 3, 5, 6, 7, 8, 9, 100, 300] {
                assert_eq!(taken(&bytes, piece), Ok(true));
                assert_eq!(taken(&bytes[..bytes.len() - 1], piece), Ok(false));
            }
        }
    }

    #[test]
    fn names_what_is_wrong_as_soon_as_it_is_there() {
        for piece in [1, 300] {
            let wrong = taken(&frame(0x0101, 6, 3), piece);
            assert_eq!(wrong, Err(FrameFault::Protocol { received: 0x0101 }));
            for length in [0, 1, 2, 255, 65_535] {
                let head = &frame(0, length, 3)[..LENGTH_END];
                assert_eq!(taken(head, piece), Err(FrameFault::Length { received: length }));
            }
            let wrong = taken(&frame(0, 4, 0x83), piece);
            assert_eq!(wrong, Err(FrameFault::ExceptionLength { received: 4 }));
        }
        let mut doubled = frame(0, 6, 3);
        doubled.extend(frame(0, 6, 3));
        assert_eq!(taken(&doubled, 300), Err(FrameFault::Trailing { bytes: 12 }));
    }
}
