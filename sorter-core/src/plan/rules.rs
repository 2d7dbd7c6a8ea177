//! The rule file: one rule a row, with the row as it was written.

use super::matcher::Scope;
use crate::address::{Country, Postcode};
use crate::csv_rows;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The header of the rule file.
pub(super) const HEADER: &str = "country,first,last,outlet";

/// The longest prefix that can be written, in bytes; no canonical postcode is longer.
const LONGEST_PREFIX: usize = 8;

/// One rule as it is written. Its outlet is not known to exist yet.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) line: u32,
    pub(super) text: String,
    pub(super) country: Country,
    pub(super) scope: Scope,
    pub(super) outlet: String,
}

/// Reads the rule file. `None` when it has another header; rows that are no rules are reported in `problems`.
///
/// Fields hold no commas; quotes around a field are taken off. Blank rows and rows that begin with `#` are
/// skipped.
pub(super) fn read(file: &str, text: &str, problems: &mut Diagnostics) -> Option<Vec<Rule>> {
    let mut rows = csv_rows::rows(text);
    let header = rows.next();
    let names = header.map(|(_, row)| csv_rows::fields(row).collect::<Vec<_>>().join(","));
    if names.as_deref() != Some(HEADER) {
        let (line, found) = header.unwrap_or((1, ""));
        let message = format!("the header is `{found}`, expected `{HEADER}`");
        problems.push(Diagnostic::at("SP0001", file, line, message));
        return None;
    }
    let mut rules = Vec::new();
    for (line, row) in rows {
        match parse(line, row) {
            Ok(rule) => rules.push(rule),
            Err((code, message)) => problems.push(Diagnostic::at(code, file, line, message)),
        }
    }
    Some(rules)
}

type Refusal = (&'static str, String);

fn parse(line: u32, row: &str) -> Result<Rule, Refusal> {
    let fields: Vec<&str> = csv_rows::fields(row).collect();
    let [country, first, last, outlet] = fields[..] else {
        return Err(("SP0022", format!("{} fields, expected 4: {HEADER}", fields.len())));
    };
    let country =
        Country::parse(country).ok_or_else(|| ("SP0015", format!("country `{country}` is not known")))?;
    if outlet.is_empty() {
        return Err(("SP0022", "the rule names no outlet".to_owned()));
    }
    let scope = scope(country, first, last)?;
    Ok(Rule { line, text: row.to_owned(), country, scope, outlet: outlet.to_owned() })
}

fn scope(country: Country, first: &str, last: &str) -> Result<Scope, Refusal> {
    match (first, last) {
        ("", "") => Ok(Scope::Country),
        ("", last) => Err(("SP0022", format!("the range up to `{last}` has no first postcode"))),
        (first, "") => prefix(first).map(Scope::Prefix),
        (first, last) => {
            let (first, last) = (postcode(country, first)?, postcode(country, last)?);
            if last < first {
                return Err(("SP0017", format!("the range from {first} to {last} runs backwards")));
            }
            Ok(Scope::Range { first, last })
        }
    }
}

fn postcode(country: Country, text: &str) -> Result<Postcode, Refusal> {
    Postcode::normalise(country, text).map_err(|error| ("SP0016", error.to_string()))
}

fn prefix(text: &str) -> Result<String, Refusal> {
    let Some(stem) = text.strip_suffix('*') else {
        let message =
            format!("`{text}` has no last postcode; write {text} twice for one code or {text}* for a prefix");
        return Err(("SP0022", message));
    };
    let stem = stem.to_ascii_uppercase();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'-';
    if stem.is_empty() || stem.len() > LONGEST_PREFIX || !stem.bytes().all(allowed) {
        let message = format!(
            "prefix `{text}` is not 1 to {LONGEST_PREFIX} letters, digits, spaces or hyphens before the star"
        );
        return Err(("SP0016", message));
    }
    Ok(stem)
}
