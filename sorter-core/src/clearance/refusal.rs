//! Why a notice is not taken.

use thiserror::Error;

use super::Clearance;
use crate::barcode::CodeError;
use crate::row_file::{RowFault, RowRefusal, refusal_kinds};
use crate::units::Micros;

refusal_kinds! {
    /// The kind of a [`NoticeRefusal`], for counting.
    NoticeRefusalKind;
    /// A word that is no status.
    UnknownStatus = "CN0101", "unknown status";
    /// A code with a wrong check digit.
    BadCheckDigit = "CN0102", "bad check digit";
    /// A code of no active symbology.
    UnknownCode = "CN0103", "unknown code";
    /// A newer notice stands already.
    Older = "CN0104", "older than the present one";
    /// Goods in transit without their onward connection.
    OnwardMissing = "CN0105", "onward connection missing";
    /// An onward connection that is not in the timetable.
    UnknownConnection = "CN0106", "unknown connection";
    /// No room for more.
    Full = "CN0107", "no room";
    /// A message time that is no number.
    BadTime = "CN0108", "bad message time";
    /// Too few or too many fields.
    ColumnCount = "CN0109", "wrong number of columns";
    /// A last line without line end that stops before its last column.
    CutOff = "CN0110", "cut off";
    /// Quotes that do not fit together.
    BrokenQuotes = "CN0111", "broken quotes";
    /// A NUL byte.
    Nul = "CN0112", "NUL byte";
    /// Bytes that are not UTF-8.
    NotUtf8 = "CN0113", "not UTF-8";
    /// A field or a row over its limit.
    TooLong = "CN0114", "too long";
    /// A message time that is yet to come.
    Ahead = "CN0115", "message time ahead";
}

/// Why a notice is not taken. Texts from the input are shown escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoticeRefusal {
    /// The status is no word of ours.
    #[error("customs status \"{status}\" is not known (known are {})", known_statuses())]
    UnknownStatus {
        /// What was given.
        status: Box<str>,
    },
    /// The code book refuses the code.
    #[error("\"{code}\": {error}")]
    Code {
        /// The code.
        code: Box<str>,
        /// Why it was refused.
        error: CodeError,
    },
    /// A newer notice stands already.
    #[error("notice of {at} is older than the present one of {present}")]
    Older {
        /// The time of the refused notice.
        at: Micros,
        /// The time of the notice that stands.
        present: Micros,
    },
    /// Goods in transit may leave with their onward connection only, so it has to be there.
    #[error("status transit comes without its onward connection")]
    OnwardMissing,
    /// The timetable does not have the onward connection.
    #[error("onward connection \"{connection}\" is not in the timetable")]
    UnknownConnection {
        /// What was given.
        connection: Box<str>,
    },
    /// The desk has no room.
    #[error("customs desk has no room for more {what} (limit {limit})")]
    Full {
        /// What it holds too many of.
        what: &'static str,
        /// How many it holds.
        limit: usize,
    },
    /// The message time of a row is not a whole number of microseconds.
    #[error("message time \"{time}\" is not a whole number of microseconds since the start")]
    Time {
        /// What was given.
        time: Box<str>,
    },
    /// The message time is yet to come. Such a notice would make every later one older than itself.
    #[error("message time of {at} is ahead of the present of {now}")]
    Ahead {
        /// The message time.
        at: Micros,
        /// The present.
        now: Micros,
    },
    /// The line of a file is not a row of fields.
    #[error(transparent)]
    Row(#[from] RowFault),
}

impl NoticeRefusal {
    /// The kind, for counting.
    pub const fn kind(&self) -> NoticeRefusalKind {
        match self {
            Self::UnknownStatus { .. } => NoticeRefusalKind::UnknownStatus,
            Self::Code { error: CodeError::BadCheckDigit { .. }, .. } => NoticeRefusalKind::BadCheckDigit,
            Self::Code { .. } => NoticeRefusalKind::UnknownCode,
            Self::Older { .. } => NoticeRefusalKind::Older,
            Self::OnwardMissing => NoticeRefusalKind::OnwardMissing,
            Self::UnknownConnection { .. } => NoticeRefusalKind::UnknownConnection,
            Self::Full { .. } => NoticeRefusalKind::Full,
            Self::Time { .. } => NoticeRefusalKind::BadTime,
            Self::Ahead { .. } => NoticeRefusalKind::Ahead,
            Self::Row(RowFault::ColumnCount { .. }) => NoticeRefusalKind::ColumnCount,
            Self::Row(RowFault::CutOff) => NoticeRefusalKind::CutOff,
            Self::Row(RowFault::BrokenQuotes) => NoticeRefusalKind::BrokenQuotes,
            Self::Row(RowFault::Nul) => NoticeRefusalKind::Nul,
            Self::Row(RowFault::NotUtf8) => NoticeRefusalKind::NotUtf8,
            Self::Row(RowFault::FieldTooLong | RowFault::RowTooLong) => NoticeRefusalKind::TooLong,
        }
    }
}

impl RowRefusal for NoticeRefusal {
    type Kind = NoticeRefusalKind;

    fn kind(&self) -> NoticeRefusalKind {
        self.kind()
    }
}

/// Every word that a status may have.
fn known_statuses() -> String {
    Clearance::ALL.map(Clearance::key).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_with_the_kinds() {
        for (number, kind) in (101..).zip(NoticeRefusalKind::ALL) {
            assert_eq!(kind.code(), format!("CN{number:04}"));
        }
    }

    #[test]
    fn every_problem_and_every_status_is_in_the_document() {
        let document = include_str!("../../../docs/customs.md");
        for kind in NoticeRefusalKind::ALL {
            assert!(document.contains(&format!("| {} |", kind.code())), "{kind}");
        }
        for status in Clearance::ALL {
            let reason = status.hold_reason().map_or(String::new(), |reason| format!("`{}` ", reason.key()));
            let row = format!("| {} | `{}` |", status as u8, status.key());
            let line = document.lines().find(|line| line.starts_with(&row));
            assert!(line.is_some_and(|line| line.ends_with(&format!("| {reason}|"))), "{status}: {line:?}");
        }
    }
}
