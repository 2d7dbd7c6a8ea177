//! The columns of a header, and the fields of a row.

use super::framing::Frame;
use super::{MAX_FIELD_BYTES, RowFault};

/// The most columns of a file.
const MAX_COLUMNS: usize = 64;

/// The columns of a kind of file that are read. Other columns are passed over.
#[derive(Debug)]
pub(crate) struct Columns<const N: usize> {
    /// Their names; those that have to be there come first.
    pub(crate) names: [&'static str; N],
    /// How many have to be there.
    pub(crate) required: usize,
}

/// Where each column stands in one file.
#[derive(Debug)]
pub(super) struct Header<const N: usize> {
    /// For each field of a row, which of the columns it is.
    meaning: Vec<Option<usize>>,
}

impl<const N: usize> Header<N> {
    /// Finds the columns in a header line.
    ///
    /// # Errors
    /// Every problem in words, each of which makes the file unreadable.
    pub(super) fn parse(columns: &Columns<N>, line: &[u8]) -> Result<Self, Vec<String>> {
        let Some(text) = std::str::from_utf8(line).ok().filter(|text| !text.contains('\0')) else {
            return Err(vec!["header is not UTF-8 text".to_owned()]);
        };
        let names: Result<Vec<&str>, RowFault> = Fields::of(text).take(MAX_COLUMNS + 1).collect();
        let names = names.map_err(|fault| vec![format!("header: {fault}")])?;
        if names.len() == 1 && text.contains(';') {
            let hint = "header has no comma: fields are separated by commas, not by semicolons";
            return Err(vec![hint.to_owned()]);
        }
        if names.len() > MAX_COLUMNS {
            return Err(vec![format!("header has more than {MAX_COLUMNS} columns")]);
        }
        let known = |name: &&str| columns.names.iter().position(|column| column.eq_ignore_ascii_case(name));
        let meaning: Vec<Option<usize>> = names.iter().map(known).collect();
        let mut problems = Vec::new();
        for (column, name) in columns.names.iter().enumerate() {
            match meaning.iter().filter(|found| **found == Some(column)).count() {
                0 if column < columns.required => problems.push(format!("column {name} is missing")),
                0 | 1 => {}
                count => problems.push(format!("column {name} is there {count} times")),
            }
        }
        if problems.is_empty() { Ok(Self { meaning }) } else { Err(problems) }
    }

    /// The fields of a row in the order of [`Columns::names`]; a column that the file does not have is empty.
    ///
    /// # Errors
    /// What keeps the row from being read. A last line that stops too early is a sign of a torn file and not
    /// of a wrong row.
    pub(super) fn fields<'a>(&self, line: &'a [u8], frame: Frame) -> Result<[&'a str; N], RowFault> {
        self.pick(line).map_err(|fault| match (frame, &fault) {
            (Frame::Unterminated, RowFault::BrokenQuotes) => RowFault::CutOff,
            (Frame::Unterminated, RowFault::ColumnCount { found, expected, .. }) if found < expected => {
                RowFault::CutOff
            }
            _ => fault,
        })
    }

    fn pick<'a>(&self, line: &'a [u8]) -> Result<[&'a str; N], RowFault> {
        if line.contains(&0) {
            return Err(RowFault::Nul);
        }
        let text = std::str::from_utf8(line).map_err(|_| RowFault::NotUtf8)?;
        let mut picked = [""; N];
        let mut found = 0;
        for field in Fields::of(text) {
            let field = field?;
            if let Some(Some(column)) = self.meaning.get(found) {
                picked[*column] = field;
            }
            found += 1;
        }
        let expected = self.meaning.len();
        if found == expected {
            Ok(picked)
        } else {
            let semicolons = found == 1 && text.contains(';');
            Err(RowFault::ColumnCount { found, expected, semicolons })
        }
    }
}

/// The fields of one line, after RFC 4180 but without line breaks in fields.
///
/// A doubled quote stays doubled: no column that is read may hold a quote, so nothing has to be copied.
/// After an error there are no more fields.
struct Fields<'a> {
    /// What follows the last separator; `None` when the last field is out.
    rest: Option<&'a str>,
}

impl<'a> Fields<'a> {
    const fn of(line: &'a str) -> Self {
        Self { rest: Some(line) }
    }

    /// Splits a field from what follows its separator.
    fn split(text: &'a str) -> Result<(&'a str, Option<&'a str>), RowFault> {
        let Some(quoted) = text.strip_prefix('"') else {
            let (field, rest) = match text.split_once(',') {
                Some((field, rest)) => (field, Some(rest)),
                None => (text, None),
            };
            return if field.contains('"') { Err(RowFault::BrokenQuotes) } else { Ok((field, rest)) };
        };
        let bytes = quoted.as_bytes();
        let mut at = 0;
        loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) => return Err(RowFault::BrokenQuotes),
                (Some(b'"'), Some(b'"')) => at += 2,
                (Some(b'"'), None) => return Ok((&quoted[..at], None)),
                (Some(b'"'), Some(b',')) => return Ok((&quoted[..at], Some(&quoted[at + 2..]))),
                (Some(b'"'), Some(_)) => return Err(RowFault::BrokenQuotes),
                (Some(_), _) => at += 1,
            }
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<&'a str, RowFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        Some(Self::split(text).and_then(|(field, rest)| {
            if field.len() > MAX_FIELD_BYTES {
                return Err(RowFault::FieldTooLong);
            }
            self.rest = rest;
            Ok(field.trim_matches(' '))
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(line: &str) -> Result<Vec<&str>, RowFault> {
        Fields::of(line).collect()
    }

    #[test]
    fn splits_quoted_and_unquoted_fields() {
        assert_eq!(fields("a,b,"), Ok(vec!["a", "b", ""]));
        assert_eq!(fields(""), Ok(vec![""]));
        assert_eq!(fields("\"a,b\",\" c \",\"\""), Ok(vec!["a,b", "c", ""]));
        assert_eq!(fields("\"5\"\" pipe\",x"), Ok(vec!["5\"\" pipe", "x"]));
    }

    #[test]
    fn refuses_quotes_that_do_not_fit_together() {
        for line in ["\"a", "a\"b", "\"a\"b", "\"a\" ,b", "\"", "\"\"\"", "a,\"b"] {
            assert_eq!(fields(line), Err(RowFault::BrokenQuotes), "{line}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_csv_crate_on_what_that_crate_wrote(
            row in prop::collection::vec("[a-z,; ]{0,6}|[0-9]{0,3}", 2..8),
        ) {
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(&row).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let trimmed: Vec<&str> = row.iter().map(|field| field.trim_matches(' ')).collect();
            prop_assert_eq!(fields(text.trim_end_matches('\n')), Ok(trimmed));
        }
    }
}
