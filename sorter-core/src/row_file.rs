//! Files of rows: CSV with a header, one row a line, read as a stream.
//!
//! Manifests and notice files are such files. A row that cannot be read costs nothing but itself: it is counted
//! by kind, listed with its line and reason, and written aside as it came, under the header of its file, so
//! that what was written aside can be corrected and read again. A byte order mark and CR LF line ends are fine,
//! and a last line without line end is a row like any other. Blank lines are passed over. Fields may stand in
//! quotes after RFC 4180, but no field has a line break.

mod fields;
mod framing;
mod reader;

pub(crate) use fields::Columns;
pub(crate) use reader::{Format, read};

use std::fmt;
use std::io;

use thiserror::Error;

use crate::diagnostic::{Diagnostic, Diagnostics};

/// The longest field, in bytes.
pub const MAX_FIELD_BYTES: usize = 4 * 1024;
/// The longest row, in bytes with its line end. What is longer is passed over without being kept.
pub const MAX_ROW_BYTES: usize = 16 * 1024;
/// How many refused rows are listed with their reasons; all of them are counted.
pub const MAX_LISTED: usize = 100;
/// How much of a refused text is shown.
const SHOWN_BYTES: usize = 32;

/// Why a line is not a row of its file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowFault {
    /// The row has another number of fields than the header.
    #[error("row has {found} fields (the header has {expected}){}", hint(*semicolons))]
    ColumnCount {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
        /// Whether the row seems to be separated by semicolons.
        semicolons: bool,
    },
    /// The last line has no line end and stops before its last column.
    #[error("file is cut off in this row")]
    CutOff,
    /// A quote inside an unquoted field, text after a closing quote, or a quote that is not closed.
    #[error("quotes do not fit together (a quoted field may not contain a line break)")]
    BrokenQuotes,
    /// A NUL byte.
    #[error("row has a NUL byte")]
    Nul,
    /// Not UTF-8.
    #[error("row is not UTF-8 text")]
    NotUtf8,
    /// A field over [`MAX_FIELD_BYTES`].
    #[error("field is longer than {MAX_FIELD_BYTES} bytes")]
    FieldTooLong,
    /// A row over [`MAX_ROW_BYTES`].
    #[error("row is longer than {MAX_ROW_BYTES} bytes")]
    RowTooLong,
}

/// Why a file cannot be read as a whole.
#[derive(Debug, Error)]
pub enum RowFileError {
    /// The file is empty, or its header is not that of such a file. No row was handed on.
    #[error(transparent)]
    File(#[from] Diagnostics),
    /// The stream broke. The rows before were handed on.
    #[error("{what} {file} cannot be read after line {line}")]
    Read {
        /// What kind of file it is.
        what: &'static str,
        /// The name of the file.
        file: String,
        /// The last line that was read.
        line: u32,
        /// What the stream said.
        source: io::Error,
    },
    /// A refused row could not be written aside. The rows before were handed on.
    #[error("refused row of {what} {file} at line {line} cannot be written aside")]
    Aside {
        /// What kind of file it is.
        what: &'static str,
        /// The name of the file.
        file: String,
        /// The line of the refused row.
        line: u32,
        /// What the writer said.
        source: io::Error,
    },
}

/// What became of the rows of one file. `rows` is `accepted` and all counts of `refused` added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary<K> {
    /// Rows of the file, without the header and without blank lines.
    pub rows: u64,
    /// Rows that were taken.
    pub accepted: u64,
    /// How many rows were refused, for each kind that occurred, in the order of the kinds.
    pub refused: Vec<(K, u64)>,
    /// The first [`MAX_LISTED`] refused rows with line and reason.
    pub listed: Vec<Diagnostic>,
}

// Derived, this would ask for a default of the kinds.
impl<K> Default for Summary<K> {
    fn default() -> Self {
        Self { rows: 0, accepted: 0, refused: Vec::new(), listed: Vec::new() }
    }
}

impl<K> Summary<K> {
    /// How many rows were refused in all.
    pub fn refused_rows(&self) -> u64 {
        self.refused.iter().map(|(_, count)| count).sum()
    }
}

impl<K: fmt::Display> fmt::Display for Summary<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, {} accepted, {} refused", self.rows, self.accepted, self.refused_rows())?;
        for (index, (kind, count)) in self.refused.iter().enumerate() {
            write!(f, "{}{count} {kind}", if index == 0 { ": " } else { ", " })?;
        }
        Ok(())
    }
}

/// Why a row of one kind of file is refused.
pub(crate) trait RowRefusal: fmt::Display + From<RowFault> {
    /// For counting.
    type Kind: Kind;

    /// The kind of this refusal.
    fn kind(&self) -> Self::Kind;
}

/// The kinds of a [`RowRefusal`], as [`refusal_kinds`] declares them.
pub(crate) trait Kind: Copy + 'static {
    /// Every kind, in the order of its number.
    const ALL: &'static [Self];

    /// The place in [`Kind::ALL`].
    fn index(self) -> usize;

    /// The code in diagnostics.
    fn code(self) -> &'static str;
}

/// Declares the kinds of a refusal, each with its code in diagnostics and its name in reports.
macro_rules! refusal_kinds {
    ($(#[$all_doc:meta])* $all:ident; $($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        $(#[$all_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $all {
            $($(#[$doc])* $name,)*
        }

        impl $all {
            /// Every kind, in the order of its code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code in diagnostics. It never changes its meaning.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The name in reports.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }

        impl std::fmt::Display for $all {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.text())
            }
        }

        impl $crate::row_file::Kind for $all {
            const ALL: &'static [Self] = Self::ALL;

            fn index(self) -> usize {
                self as usize
            }

            fn code(self) -> &'static str {
                self.code()
            }
        }
    };
}
pub(crate) use refusal_kinds;

/// A text that is safe to print: cut, and escaped to printable ASCII.
pub(crate) fn shown(text: &[u8]) -> Box<str> {
    text[..text.len().min(SHOWN_BYTES)].escape_ascii().to_string().into_boxed_str()
}

const fn hint(semicolons: bool) -> &'static str {
    if semicolons { "; fields are separated by commas, not by semicolons" } else { "" }
}
