//! The streaming reader of manifest files.

use std::io::{BufRead, Write};

use super::fields::COLUMNS;
use super::{Announcement, Refusal, RefusalKind, Row};
use crate::barcode::CodeBook;
use crate::row_file::{self, Format, RowFileError};

/// What became of the rows of one manifest.
pub type Summary = row_file::Summary<RefusalKind>;

/// Why a manifest cannot be read as a whole.
pub type ManifestError = RowFileError;

const FORMAT: Format<7> =
    Format { what: "manifest", columns: COLUMNS, empty_file: "MF0001", bad_header: "MF0002" };

/// Reads a manifest row by row.
///
/// Each good row goes to `sink`, which may refuse it, for example as a duplicate. Each refused row is counted
/// by kind, listed with its line and reason, and written to `aside` as it came; the header goes there first,
/// so that what was written aside can be corrected and read again. A byte order mark and CR LF line ends are
/// fine, and a last line without line end is a row like any other. No more than one row is held in memory, and
/// no row is longer than [`MAX_ROW_BYTES`](super::MAX_ROW_BYTES).
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
    row_file::read(input, file_name, &FORMAT, aside, |fields| {
        let row = Announcement::from_fields(fields)?.resolve(book)?;
        sink(&row)
    })
}
