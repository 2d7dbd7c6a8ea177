//! The columns of a header, and the fields of a row.

use super::keyword::clearance_of;
use super::refusal::shown;
use super::{Announcement, MAX_FIELD_BYTES, Refusal, Service};
use crate::clearance::Clearance;
use crate::units::Grams;

/// The most columns of a file.
const MAX_COLUMNS: usize = 64;

/// The columns that are read; the first four have to be there.
const COLUMNS: [&str; 6] = ["codes", "country", "postcode", "weight_g", "service", "clearance"];
const REQUIRED: usize = 4;

/// Where each column stands.
#[derive(Debug)]
pub(super) struct Header {
    /// For each field of a row, which of [`COLUMNS`] it is.
    meaning: Vec<Option<usize>>,
}

impl Header {
    /// Finds the columns in a header line.
    ///
    /// # Errors
    /// Every problem in words, each of which makes the file unreadable.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Vec<String>> {
        let Some(text) = std::str::from_utf8(line).ok().filter(|text| !text.contains('\0')) else {
            return Err(vec!["header is not UTF-8 text".to_owned()]);
        };
        let names: Result<Vec<&str>, Refusal> = Fields::of(text).take(MAX_COLUMNS + 1).collect();
        let names = names.map_err(|refusal| vec![format!("header: {refusal}")])?;
        if names.len() == 1 && text.contains(';') {
            let hint = "header has no comma: fields are separated by commas, not by semicolons";
            return Err(vec![hint.to_owned()]);
        }
        if names.len() > MAX_COLUMNS {
            return Err(vec![format!("header has more than {MAX_COLUMNS} columns")]);
        }
        let known = |name: &&str| COLUMNS.iter().position(|column| column.eq_ignore_ascii_case(name));
        let meaning: Vec<Option<usize>> = names.iter().map(known).collect();
        let mut problems = Vec::new();
        for (column, name) in COLUMNS.iter().enumerate() {
            match meaning.iter().filter(|found| **found == Some(column)).count() {
                0 if column < REQUIRED => problems.push(format!("column {name} is missing")),
                0 | 1 => {}
                count => problems.push(format!("column {name} is there {count} times")),
            }
        }
        if problems.is_empty() { Ok(Self { meaning }) } else { Err(problems) }
    }

    /// The announcement in one row, not resolved yet.
    ///
    /// # Errors
    /// What keeps the row from being read.
    pub(super) fn announcement<'a>(&self, line: &'a [u8]) -> Result<Announcement<'a>, Refusal> {
        if line.contains(&0) {
            return Err(Refusal::Nul);
        }
        let text = std::str::from_utf8(line).map_err(|_| Refusal::NotUtf8)?;
        let [codes, country, postcode, weight, service, clearance] = self.pick(text)?;
        Ok(Announcement {
            // One more than the limit is enough to refuse the row later.
            codes: codes
                .split(' ')
                .filter(|code| !code.is_empty())
                .take(super::MAX_CODES + 1)
                .map(str::as_bytes)
                .collect(),
            country,
            postcode,
            weight: weight_of(weight)?,
            service: match service {
                "" => Service::default(),
                word => Service::parse(word)
                    .ok_or_else(|| Refusal::Service { service: shown(word.as_bytes()) })?,
            },
            clearance: match clearance {
                "" => Clearance::default(),
                word => clearance_of(word)
                    .ok_or_else(|| Refusal::Clearance { clearance: shown(word.as_bytes()) })?,
            },
        })
    }

    /// The fields in the order of [`COLUMNS`]; a column that the file does not have is empty.
    fn pick<'a>(&self, text: &'a str) -> Result<[&'a str; COLUMNS.len()], Refusal> {
        let mut picked = [""; COLUMNS.len()];
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
            Err(Refusal::ColumnCount { found, expected, semicolons })
        }
    }
}

/// Whole grams in plain digits.
fn weight_of(text: &str) -> Result<Grams, Refusal> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let grams = if plain { text.parse().ok() } else { None };
    grams.map(Grams::new).ok_or_else(|| Refusal::Weight { weight: shown(text.as_bytes()) })
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
    fn split(text: &'a str) -> Result<(&'a str, Option<&'a str>), Refusal> {
        let Some(quoted) = text.strip_prefix('"') else {
            let (field, rest) = match text.split_once(',') {
                Some((field, rest)) => (field, Some(rest)),
                None => (text, None),
            };
            return if field.contains('"') { Err(Refusal::BrokenQuotes) } else { Ok((field, rest)) };
        };
        let bytes = quoted.as_bytes();
        let mut at = 0;
        loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) => return Err(Refusal::BrokenQuotes),
                (Some(b'"'), Some(b'"')) => at += 2,
                (Some(b'"'), None) => return Ok((&quoted[..at], None)),
                (Some(b'"'), Some(b',')) => return Ok((&quoted[..at], Some(&quoted[at + 2..]))),
                (Some(b'"'), Some(_)) => return Err(Refusal::BrokenQuotes),
                (Some(_), _) => at += 1,
            }
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<&'a str, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        Some(Self::split(text).and_then(|(field, rest)| {
            if field.len() > MAX_FIELD_BYTES {
                return Err(Refusal::FieldTooLong);
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

    fn fields(line: &str) -> Result<Vec<&str>, Refusal> {
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
            assert_eq!(fields(line), Err(Refusal::BrokenQuotes), "{line}");
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
