//! The reader of notice files.

use std::io::{BufRead, Write};

use super::{Notice, NoticeRefusal, NoticeRefusalKind, NoticeRow};
use crate::row_file::{self, Columns, Format, RowFileError, shown};
use crate::units::Micros;

/// What became of the rows of one notice file.
pub type NoticeSummary = row_file::Summary<NoticeRefusalKind>;

const FORMAT: Format<4> = Format {
    what: "notice file",
    columns: Columns { names: ["code", "status", "message_time", "onward"], required: 3 },
    empty_file: "CN0001",
    bad_header: "CN0002",
};

/// Reads a file of notices row by row: CSV with the columns `code`, `status`, `message_time` (whole
/// microseconds since the start of the run) and, where goods are in transit, `onward`.
///
/// Each notice goes to `sink`, in the order of the file, which need not be that of the message times. The sink
/// may refuse it. Each refused row is counted by kind, listed with its line and reason, and written to `aside`
/// as it came under the header of the file: see [`row_file`].
///
/// ```
/// use sorter_core::clearance::read_notices;
///
/// let file = "code,status,message_time,onward\n\
///             LP263072004SG,released,3600000000,\n\
///             RB123456785GB,free,3600000000,\n";
/// let mut aside = Vec::new();
/// let summary = read_notices(file.as_bytes(), "day.csv", &mut aside, |_| Ok(())).unwrap();
/// assert_eq!(summary.to_string(), "2 rows, 1 accepted, 1 refused: 1 unknown status");
/// assert!(summary.listed[0].to_string().starts_with("day.csv:3: CN0101: customs status \"free\" is not"));
/// assert!(aside.ends_with(b"\nRB123456785GB,free,3600000000,\n"));
/// ```
///
/// # Errors
/// [`RowFileError::File`] for a file without rows to speak of, naming every missing column;
/// [`RowFileError::Read`] and [`RowFileError::Aside`] when one of the streams breaks.
pub fn read_notices<R, W, S>(
    input: R,
    file_name: &str,
    aside: W,
    mut sink: S,
) -> Result<NoticeSummary, RowFileError>
where
    R: BufRead,
    W: Write,
    S: FnMut(&Notice<'_>) -> Result<(), NoticeRefusal>,
{
    row_file::read(input, file_name, &FORMAT, aside, |[code, status, time, onward]| {
        let onward = Some(onward).filter(|name| !name.is_empty());
        let row = NoticeRow { code: code.as_bytes(), status, at: time_of(time)?, onward };
        sink(&Notice::try_from(row)?)
    })
}

/// Whole microseconds in plain digits.
fn time_of(text: &str) -> Result<Micros, NoticeRefusal> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let micros = if plain { text.parse().ok() } else { None };
    micros.map(Micros::new).ok_or_else(|| NoticeRefusal::Time { time: shown(text.as_bytes()) })
}

#[cfg(test)]
mod tests;
