//! Lines of a bounded length from a stream.

use std::io::{self, BufRead, Read, Write};

use super::MAX_ROW_BYTES;

/// Reads line after line into one buffer, which never grows over [`MAX_ROW_BYTES`] and one byte.
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u32,
}

/// What [`Lines::advance`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// No more lines.
    End,
    /// A whole line with its line end.
    Line,
    /// The last line, without line end.
    Unterminated,
    /// The beginning of a line that is too long; [`Lines::skip_rest`] passes over the rest.
    TooLong,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: Vec::with_capacity(MAX_ROW_BYTES + 1), number: 0 }
    }

    /// Goes to the next line.
    pub(super) fn advance(&mut self) -> io::Result<Frame> {
        self.fill()?;
        self.number = self.number.saturating_add(1);
        Ok(match self.line.last() {
            None => Frame::End,
            Some(_) if self.line.len() > MAX_ROW_BYTES => Frame::TooLong,
            Some(b'\n') => Frame::Line,
            Some(_) => Frame::Unterminated,
        })
    }

    /// The number of the present line, from 1.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// The present line as it came, with its line end.
    pub(super) fn raw(&self) -> &[u8] {
        &self.line
    }

    /// The present line without line end, and without the byte order mark of the file.
    pub(super) fn content(&self) -> &[u8] {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line }
    }

    /// Copies the rest of a line that is too long, piece by piece.
    pub(super) fn skip_rest(&mut self, aside: &mut impl Write) -> Result<(), SkipError> {
        while !self.line.is_empty() && self.line.last() != Some(&b'\n') {
            self.fill().map_err(SkipError::Read)?;
            aside.write_all(&self.line).map_err(SkipError::Write)?;
        }
        Ok(())
    }

    /// Reads up to the next line end, the limit or the end of the stream.
    fn fill(&mut self) -> io::Result<()> {
        self.line.clear();
        let limit = MAX_ROW_BYTES as u64 + 1;
        (&mut self.input).take(limit).read_until(b'\n', &mut self.line)?;
        Ok(())
    }
}

/// Which side of [`Lines::skip_rest`] broke.
#[derive(Debug)]
pub(super) enum SkipError {
    Read(io::Error),
    Write(io::Error),
}
