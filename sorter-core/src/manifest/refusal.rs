//! Why an announcement is not taken.

use std::fmt;

use thiserror::Error;

use super::{MAX_CODES, MAX_FIELD_BYTES, MAX_ROW_BYTES};
use crate::address::PostcodeError;
use crate::barcode::CodeError;

/// How much of a refused text is shown.
const SHOWN_BYTES: usize = 32;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// The kind of a [`Refusal`], for counting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RefusalKind {
            $($(#[$doc])* $name,)*
        }

        impl RefusalKind {
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
    };
}

kinds! {
    /// The row announces no code.
    NoCode = "MF0101", "no code";
    /// More than [`MAX_CODES`] codes.
    TooManyCodes = "MF0102", "too many codes";
    /// A code with a wrong check digit.
    BadCheckDigit = "MF0103", "bad check digit";
    /// A code of no active symbology.
    UnknownCode = "MF0104", "unknown code";
    /// A country that is not sorted to.
    UnknownCountry = "MF0105", "unknown country";
    /// A postcode that is none of its country.
    BadPostcode = "MF0106", "bad postcode";
    /// A weight that is no number.
    BadWeight = "MF0107", "bad weight";
    /// An unknown word for the service.
    UnknownService = "MF0108", "unknown service";
    /// An unknown word for the customs status.
    UnknownClearance = "MF0109", "unknown clearance";
    /// Too few or too many fields.
    ColumnCount = "MF0110", "wrong number of columns";
    /// A last line without line end that stops before its last column.
    CutOff = "MF0111", "cut off";
    /// Quotes that do not fit together.
    BrokenQuotes = "MF0112", "broken quotes";
    /// A NUL byte.
    Nul = "MF0113", "NUL byte";
    /// Bytes that are not UTF-8.
    NotUtf8 = "MF0114", "not UTF-8";
    /// A field or a row over its limit.
    TooLong = "MF0115", "too long";
    /// A parcel that has been announced already.
    Duplicate = "MF0116", "duplicate";
    /// No room for more.
    Full = "MF0117", "no room";
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Why one announcement is not taken. Texts from the input are shown escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The announcement has no code.
    #[error("parcel has no code")]
    NoCode,
    /// The announcement has more than [`MAX_CODES`] codes.
    #[error("parcel has more than {MAX_CODES} codes")]
    TooManyCodes,
    /// The code book refuses a code.
    #[error("\"{code}\": {error}")]
    Code {
        /// The code.
        code: Box<str>,
        /// Why it was refused.
        error: CodeError,
    },
    /// The country is not sorted to.
    #[error("country \"{country}\" is not one that is sorted to")]
    UnknownCountry {
        /// What was given.
        country: Box<str>,
    },
    /// The postcode is none of its country.
    #[error(transparent)]
    Postcode(#[from] PostcodeError),
    /// The weight is not a whole number of grams up to 4294967295.
    #[error("weight \"{weight}\" is not a whole number of grams")]
    Weight {
        /// What was given.
        weight: Box<str>,
    },
    /// The word is no service.
    #[error("service \"{service}\" is not standard, express or economy")]
    Service {
        /// What was given.
        service: Box<str>,
    },
    /// The word is no customs status.
    #[error("clearance \"{clearance}\" is not a customs status")]
    Clearance {
        /// What was given.
        clearance: Box<str>,
    },
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
    /// A code of this announcement belongs to an earlier one. Raised by the receiver of the rows.
    #[error("\"{code}\" is announced twice")]
    Duplicate {
        /// The code.
        code: Box<str>,
    },
    /// The receiver of the rows has no room.
    #[error("{what} has no room (limit {limit})")]
    Full {
        /// What is full.
        what: &'static str,
        /// How many it holds.
        limit: usize,
    },
}

impl Refusal {
    /// The kind, for counting.
    pub const fn kind(&self) -> RefusalKind {
        match self {
            Self::NoCode => RefusalKind::NoCode,
            Self::TooManyCodes => RefusalKind::TooManyCodes,
            Self::Code { error: CodeError::BadCheckDigit { .. }, .. } => RefusalKind::BadCheckDigit,
            Self::Code { .. } => RefusalKind::UnknownCode,
            Self::UnknownCountry { .. } => RefusalKind::UnknownCountry,
            Self::Postcode(_) => RefusalKind::BadPostcode,
            Self::Weight { .. } => RefusalKind::BadWeight,
            Self::Service { .. } => RefusalKind::UnknownService,
            Self::Clearance { .. } => RefusalKind::UnknownClearance,
            Self::ColumnCount { .. } => RefusalKind::ColumnCount,
            Self::CutOff => RefusalKind::CutOff,
            Self::BrokenQuotes => RefusalKind::BrokenQuotes,
            Self::Nul => RefusalKind::Nul,
            Self::NotUtf8 => RefusalKind::NotUtf8,
            Self::FieldTooLong | Self::RowTooLong => RefusalKind::TooLong,
            Self::Duplicate { .. } => RefusalKind::Duplicate,
            Self::Full { .. } => RefusalKind::Full,
        }
    }

    pub(super) fn code(code: &[u8], error: CodeError) -> Self {
        Self::Code { code: shown(code), error }
    }

    pub(super) fn country(country: &str) -> Self {
        Self::UnknownCountry { country: shown(country.as_bytes()) }
    }
}

/// A text that is safe to print: cut, and escaped to printable ASCII.
pub(super) fn shown(text: &[u8]) -> Box<str> {
    text[..text.len().min(SHOWN_BYTES)].escape_ascii().to_string().into_boxed_str()
}

const fn hint(semicolons: bool) -> &'static str {
    if semicolons { "; fields are separated by commas, not by semicolons" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_with_the_kinds() {
        for (number, kind) in (101..).zip(RefusalKind::ALL) {
            assert_eq!(kind.code(), format!("MF{number:04}"));
        }
    }

    #[test]
    fn shows_hostile_text_escaped_and_cut() {
        let text = Refusal::country(&"\u{1b}[31m\u{202e}".repeat(100)).to_string();
        assert!(text.is_ascii() && text.len() < 200 && !text.contains('\u{1b}'), "{text}");
    }
}
