//! Why an announcement is not taken.

use thiserror::Error;

use super::MAX_CODES;
use crate::address::PostcodeError;
use crate::barcode::CodeError;
use crate::row_file::{RowFault, RowRefusal, refusal_kinds, shown};

refusal_kinds! {
    /// The kind of a [`Refusal`], for counting.
    RefusalKind;
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
    /// An onward connection that the timetable does not have.
    UnknownOnward = "MF0118", "unknown onward connection";
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
    /// The timetable does not have the onward connection.
    #[error("onward connection \"{onward}\" is not in the timetable")]
    Onward {
        /// What was given.
        onward: Box<str>,
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
    /// The row is not one of fields.
    #[error(transparent)]
    Row(#[from] RowFault),
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
            Self::Row(RowFault::ColumnCount { .. }) => RefusalKind::ColumnCount,
            Self::Row(RowFault::CutOff) => RefusalKind::CutOff,
            Self::Row(RowFault::BrokenQuotes) => RefusalKind::BrokenQuotes,
            Self::Row(RowFault::Nul) => RefusalKind::Nul,
            Self::Row(RowFault::NotUtf8) => RefusalKind::NotUtf8,
            Self::Row(RowFault::FieldTooLong | RowFault::RowTooLong) => RefusalKind::TooLong,
            Self::Duplicate { .. } => RefusalKind::Duplicate,
            Self::Full { .. } => RefusalKind::Full,
            Self::Onward { .. } => RefusalKind::UnknownOnward,
        }
    }

    pub(super) fn code(code: &[u8], error: CodeError) -> Self {
        Self::Code { code: shown(code), error }
    }

    pub(super) fn country(country: &str) -> Self {
        Self::UnknownCountry { country: shown(country.as_bytes()) }
    }
}

impl RowRefusal for Refusal {
    type Kind = RefusalKind;

    fn kind(&self) -> RefusalKind {
        self.kind()
    }
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
