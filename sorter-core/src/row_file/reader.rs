//! The loop over the rows of a file.

use std::io::{self, BufRead, Write};

use super::fields::{Columns, Header};
use super::framing::{Frame, Lines, SkipError};
use super::{Kind, MAX_LISTED, MAX_ROW_BYTES, RowFault, RowFileError, RowRefusal, Summary};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// A kind of file.
#[derive(Debug)]
pub(crate) struct Format<const N: usize> {
    /// What it is called in errors.
    pub(crate) what: &'static str,
    /// The columns that are read.
    pub(crate) columns: Columns<N>,
    /// The code of the problem that a file is empty.
    pub(crate) empty_file: &'static str,
    /// The code of the problem that a header is not that of such a file.
    pub(crate) bad_header: &'static str,
}

/// A file as it is called in errors.
#[derive(Clone, Copy)]
struct FileName<'a> {
    what: &'static str,
    name: &'a str,
}

/// Reads a file row by row, and hands the fields of each on in the order of the columns of its format.
///
/// Each row that `row` or the reader refuses is counted by kind, listed with its line and reason, and written
/// to `aside` as it came; the header goes there first. No more than one row is held in memory, and no row is
/// longer than [`MAX_ROW_BYTES`].
///
/// # Errors
/// [`RowFileError`].
pub(crate) fn read<const N: usize, F: RowRefusal>(
    input: impl BufRead,
    file_name: &str,
    format: &Format<N>,
    aside: impl Write,
    mut row: impl FnMut([&str; N]) -> Result<(), F>,
) -> Result<Summary<F::Kind>, RowFileError> {
    let file = FileName { what: format.what, name: file_name };
    let mut lines = Lines::new(input);
    let header = read_header(&mut lines, format, file)?;
    let mut aside = Aside { output: aside, header: Some(lines.raw().to_vec()) };
    let mut tally = Tally::new(file_name);
    loop {
        let frame = lines.advance().map_err(|source| file.read_error(lines.number(), source))?;
        let outcome = match frame {
            Frame::End => break,
            Frame::Line | Frame::Unterminated if lines.content().is_empty() => continue,
            Frame::TooLong => Err(RowFault::RowTooLong.into()),
            Frame::Line | Frame::Unterminated => {
                header.fields(lines.content(), frame).map_err(F::from).and_then(&mut row)
            }
        };
        tally.summary.rows += 1;
        let Err(refusal) = outcome else {
            tally.summary.accepted += 1;
            continue;
        };
        tally.add(&refusal, lines.number());
        set_aside(&mut aside, &mut lines, frame, file)?;
    }
    aside.output.flush().map_err(|source| file.aside_error(lines.number(), source))?;
    Ok(tally.finish())
}

/// Finds the header in the first line that is not blank.
fn read_header<const N: usize, R: BufRead>(
    lines: &mut Lines<R>,
    format: &Format<N>,
    file: FileName<'_>,
) -> Result<Header<N>, RowFileError> {
    loop {
        let frame = lines.advance().map_err(|source| file.read_error(lines.number(), source))?;
        let problems = match frame {
            Frame::End => {
                let empty = Diagnostic::whole(format.empty_file, file.name, "file is empty");
                return Err(Diagnostics(vec![empty]).into());
            }
            Frame::TooLong => vec![format!("header is longer than {MAX_ROW_BYTES} bytes")],
            Frame::Line | Frame::Unterminated if lines.content().is_empty() => continue,
            Frame::Line | Frame::Unterminated => match Header::parse(&format.columns, lines.content()) {
                Ok(header) => return Ok(header),
                Err(problems) => problems,
            },
        };
        let line = lines.number();
        let at_line = |message| Diagnostic::at(format.bad_header, file.name, line, message);
        return Err(Diagnostics(problems.into_iter().map(at_line).collect()).into());
    }
}

fn set_aside<R: BufRead, W: Write>(
    aside: &mut Aside<W>,
    lines: &mut Lines<R>,
    frame: Frame,
    file: FileName<'_>,
) -> Result<(), RowFileError> {
    let line = lines.number();
    let broken = |source| file.aside_error(line, source);
    aside.begin(lines.raw()).map_err(broken)?;
    if frame == Frame::TooLong {
        lines.skip_rest(&mut aside.output).map_err(|error| match error {
            SkipError::Read(source) => file.read_error(line, source),
            SkipError::Write(source) => broken(source),
        })?;
    }
    if lines.raw().last() == Some(&b'\n') { Ok(()) } else { aside.output.write_all(b"\n").map_err(broken) }
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
struct Tally<'a, K> {
    file_name: &'a str,
    /// By the number of the kind.
    counts: Vec<u64>,
    summary: Summary<K>,
}

impl<'a, K: Kind> Tally<'a, K> {
    fn new(file_name: &'a str) -> Self {
        Self { file_name, counts: vec![0; K::ALL.len()], summary: Summary::default() }
    }

    fn add(&mut self, refusal: &impl RowRefusal<Kind = K>, line: u32) {
        let kind = refusal.kind();
        self.counts[kind.index()] += 1;
        if self.summary.listed.len() < MAX_LISTED {
            let listed = Diagnostic::at(kind.code(), self.file_name, line, refusal.to_string());
            self.summary.listed.push(listed);
        }
    }

    fn finish(mut self) -> Summary<K> {
        let counted = K::ALL.iter().copied().zip(self.counts);
        self.summary.refused = counted.filter(|(_, count)| *count > 0).collect();
        self.summary
    }
}

impl FileName<'_> {
    fn read_error(self, line: u32, source: io::Error) -> RowFileError {
        RowFileError::Read { what: self.what, file: self.name.to_owned(), line, source }
    }

    fn aside_error(self, line: u32, source: io::Error) -> RowFileError {
        RowFileError::Aside { what: self.what, file: self.name.to_owned(), line, source }
    }
}
