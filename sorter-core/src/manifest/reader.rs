//! The streaming reader of manifest files.

use std::fmt;
use std::io::{self, BufRead, Write};

use thiserror::Error;

use super::fields::Header;
use super::framing::{Frame, Lines, SkipError};
use super::{MAX_LISTED, MAX_ROW_BYTES, Refusal, RefusalKind, Row};
use crate::barcode::CodeBook;
use crate::diagnostic::{Diagnostic, Diagnostics};

const EMPTY_FILE: &str = "MF0001";
const BAD_HEADER: &str = "MF0002";

/// What became of the rows of one file. `rows` is `accepted` and all counts of `refused` added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of the file, without the header and without blank lines.
    pub rows: u64,
    /// Rows that were taken.
    pub accepted: u64,
    /// How many rows were refused, for each kind that occurred, in the order of the kinds.
    pub refused: Vec<(RefusalKind, u64)>,
    /// The first [`MAX_LISTED`] refused rows with line and reason.
    pub listed: Vec<Diagnostic>,
}

/// Why a file cannot be read as a whole.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// The file is empty, or its header is not that of a manifest. No row was handed on.
    #[error(transparent)]
    File(#[from] Diagnostics),
    /// The stream broke. The rows before were handed on.
    #[error("manifest {file} cannot be read after line {line}")]
    Read {
        /// The name of the file.
        file: String,
        /// The last line that was read.
        line: u32,
        /// What the stream said.
        source: io::Error,
    },
    /// A refused row could not be written aside. The rows before were handed on.
    #[error("refused row of manifest {file} at line {line} cannot be written aside")]
    Aside {
        /// The name of the file.
        file: String,
        /// The line of the refused row.
        line: u32,
        /// What the writer said.
        source: io::Error,
    },
}

/// Reads a manifest row by row.
///
/// Each good row goes to `sink`, which may refuse it, for example as a duplicate. Each refused row is counted
/// by kind, listed with its line and reason, and written to `aside` as it came; the header goes there first,
/// so that what was written aside can be corrected and read again. A byte order mark and CR LF line ends are
/// fine, and a last line without line end is a row like any other. No more than one row is held in memory, and
/// no row is longer than [`MAX_ROW_BYTES`].
///
/// # Errors
/// [`ManifestError::File`] for a file without rows to speak of, naming every missing column;
/// [`ManifestError::Read`] and [`ManifestError::Aside`] when one of the streams breaks.
pub fn read<R, W, S>(
    input: R,
    file_name: &str,
    book: &CodeBook,
    aside: W,
    mut sink: S,
) -> Result<Summary, ManifestError>
where
    R: BufRead,
    W: Write,
    S: FnMut(&Row<'_>) -> Result<(), Refusal>,
{
    let mut lines = Lines::new(input);
    let header = read_header(&mut lines, file_name)?;
    let mut aside = Aside { output: aside, header: Some(lines.raw().to_vec()) };
    let mut tally = Tally { file_name, counts: vec![0; RefusalKind::ALL.len()], summary: Summary::default() };
    loop {
        let frame = lines.advance().map_err(|source| read_error(file_name, lines.number(), source))?;
        let refusal = match frame {
            Frame::End => break,
            Frame::Line | Frame::Unterminated if lines.content().is_empty() => continue,
            Frame::TooLong => Some(Refusal::RowTooLong),
            Frame::Line | Frame::Unterminated => {
                let resolved = header.announcement(lines.content()).and_then(|found| found.resolve(book));
                let refusal = resolved.and_then(|row| sink(&row)).err();
                refusal.map(|refusal| refusal_at_end(refusal, frame))
            }
        };
        tally.summary.rows += 1;
        let Some(refusal) = refusal else {
            tally.summary.accepted += 1;
            continue;
        };
        tally.add(&refusal, lines.number());
        set_aside(&mut aside, &mut lines, frame, file_name)?;
    }
    let at_end = |source| ManifestError::Aside { file: file_name.to_owned(), line: lines.number(), source };
    aside.output.flush().map_err(at_end)?;
    Ok(tally.finish())
}

/// Finds the header in the first line that is not blank.
fn read_header<R: BufRead>(lines: &mut Lines<R>, file_name: &str) -> Result<Header, ManifestError> {
    loop {
        let frame = lines.advance().map_err(|source| read_error(file_name, lines.number(), source))?;
        let problems = match frame {
            Frame::End => {
                return Err(
                    Diagnostics(vec![Diagnostic::whole(EMPTY_FILE, file_name, "file is empty")]).into()
                );
            }
            Frame::TooLong => vec![format!("header is longer than {MAX_ROW_BYTES} bytes")],
            Frame::Line | Frame::Unterminated if lines.content().is_empty() => continue,
            Frame::Line | Frame::Unterminated => match Header::parse(lines.content()) {
                Ok(header) => return Ok(header),
                Err(problems) => problems,
            },
        };
        let line = lines.number();
        let at_line = |message| Diagnostic::at(BAD_HEADER, file_name, line, message);
        return Err(Diagnostics(problems.into_iter().map(at_line).collect()).into());
    }
}

/// A last line that stops too early is a sign of a torn file and not of a wrong row.
fn refusal_at_end(refusal: Refusal, frame: Frame) -> Refusal {
    match (frame, &refusal) {
        (Frame::Unterminated, Refusal::BrokenQuotes) => Refusal::CutOff,
        (Frame::Unterminated, Refusal::ColumnCount { found, expected, .. }) if found < expected => {
            Refusal::CutOff
        }
        _ => refusal,
    }
}

fn set_aside<R: BufRead, W: Write>(
    aside: &mut Aside<W>,
    lines: &mut Lines<R>,
    frame: Frame,
    file_name: &str,
) -> Result<(), ManifestError> {
    let line = lines.number();
    let broken = |source| ManifestError::Aside { file: file_name.to_owned(), line, source };
    aside.begin(lines.raw()).map_err(broken)?;
    if frame == Frame::TooLong {
        lines.skip_rest(&mut aside.output).map_err(|error| match error {
            SkipError::Read(source) => read_error(file_name, line, source),
            SkipError::Write(source) => broken(source),
        })?;
    }
    if lines.raw().last() == Some(&b'\n') { Ok(()) } else { aside.output.write_all(b"\n").map_err(broken) }
}

fn read_error(file_name: &str, line: u32, source: io::Error) -> ManifestError {
    ManifestError::Read { file: file_name.to_owned(), line, source }
}

/// Where refused rows go.
struct Aside<W> {
    output: W,
    /// The header, until the first row is written.
    header: Option<Vec<u8>>,
}

impl<W: Write> Aside<W> {
    fn begin(&mut self, row: &[u8]) -> io::Result<()> {
        if let Some(header) = self.header.take() {
            self.output.write_all(&header)?;
        }
        self.output.write_all(row)
    }
}

/// The counts while a file is read.
struct Tally<'a> {
    file_name: &'a str,
    /// By the place in [`RefusalKind::ALL`].
    counts: Vec<u64>,
    summary: Summary,
}

impl Tally<'_> {
    fn add(&mut self, refusal: &Refusal, line: u32) {
        let kind = refusal.kind();
        self.counts[kind as usize] += 1;
        if self.summary.listed.len() < MAX_LISTED {
            let listed = Diagnostic::at(kind.code(), self.file_name, line, refusal.to_string());
            self.summary.listed.push(listed);
        }
    }

    fn finish(mut self) -> Summary {
        let counted = RefusalKind::ALL.iter().copied().zip(self.counts);
        self.summary.refused = counted.filter(|(_, count)| *count > 0).collect();
        self.summary
    }
}

impl Summary {
    /// How many rows were refused in all.
    pub fn refused_rows(&self) -> u64 {
        self.refused.iter().map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, {} accepted, {} refused", self.rows, self.accepted, self.refused_rows())?;
        for (index, (kind, count)) in self.refused.iter().enumerate() {
            write!(f, "{}{count} {kind}", if index == 0 { ": " } else { ", " })?;
        }
        Ok(())
    }
}
