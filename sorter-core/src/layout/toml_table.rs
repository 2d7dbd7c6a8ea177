//! TOML read key by key, so that one pass over a file finds every problem with its line.
//!
//! Serde stops at the first value that does not fit. A person who edits a layout or a plan wants the whole
//! list, so the tables are taken apart here, and every refusal becomes a [`Diagnostic`].

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Diagnostics};

/// The codes under which one kind of file reports what is wrong with its form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormCodes {
    /// The text is not TOML.
    pub(crate) syntax: &'static str,
    /// A key that nobody reads.
    pub(crate) unknown_key: &'static str,
    /// A key that must be there.
    pub(crate) missing_key: &'static str,
    /// A value of the wrong kind or outside its limits.
    pub(crate) bad_value: &'static str,
}

/// A TOML text with the name that its problems are reported under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TomlText<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
    pub(crate) codes: FormCodes,
}

/// A value and the line it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) line: u32,
    pub(crate) value: T,
}

/// One table whose keys are taken out one by one; what is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct TomlTable<'t> {
    source: TomlText<'t>,
    line: u32,
    entries: BTreeMap<String, (u32, Spanned<DeValue<'t>>)>,
}

impl<'t> TomlText<'t> {
    /// The top table, or `None` when the text is not TOML; then every syntax error has been reported.
    pub(crate) fn root(self, problems: &mut Diagnostics) -> Option<TomlTable<'t>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let line = error.span().map(|span| self.line_of(span.start));
            let message = error.message().to_owned();
            let (code, file) = (self.codes.syntax, self.file.to_owned());
            problems.push(Diagnostic { code, file, line, message });
        }
        errors.is_empty().then(|| TomlTable::new(self, 1, root.into_inner()))
    }

    fn line_of(&self, offset: usize) -> u32 {
        Diagnostics::line_of(self.text, offset)
    }
}

impl<'t> TomlTable<'t> {
    fn new(source: TomlText<'t>, line: u32, table: DeTable<'t>) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| {
                let line = source.line_of(key.span().start);
                (key.into_inner().into_owned(), (line, value))
            })
            .collect();
        Self { source, line, entries }
    }

    /// The line on which the table begins.
    pub(crate) fn line(&self) -> u32 {
        self.line
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, key: &str, problems: &mut Diagnostics) -> Option<Located<String>> {
        self.require(key, problems)?;
        self.optional_text(key, problems)
    }

    /// A text that may be left out.
    pub(crate) fn optional_text(&mut self, key: &str, problems: &mut Diagnostics) -> Option<Located<String>> {
        let (line, value) = self.entries.remove(key)?;
        match value.as_ref().as_str() {
            Some(text) => Some(Located { line, value: text.to_owned() }),
            None => self.refuse_kind(key, line, value.as_ref(), "a text", problems),
        }
    }

    /// A whole number that must be there and lie within its limits.
    pub(crate) fn integer<T: TryFrom<i64>>(
        &mut self,
        key: &str,
        limits: RangeInclusive<i64>,
        problems: &mut Diagnostics,
    ) -> Option<Located<T>> {
        self.require(key, problems)?;
        self.optional_integer(key, limits, problems)
    }

    /// A whole number that may be left out.
    pub(crate) fn optional_integer<T: TryFrom<i64>>(
        &mut self,
        key: &str,
        limits: RangeInclusive<i64>,
        problems: &mut Diagnostics,
    ) -> Option<Located<T>> {
        let (line, value) = self.entries.remove(key)?;
        self.number(key, line, value.as_ref(), &limits, problems)
    }

    /// A list of whole numbers that must be there. Each number has its own line.
    pub(crate) fn integers<T: TryFrom<i64>>(
        &mut self,
        key: &str,
        limits: &RangeInclusive<i64>,
        problems: &mut Diagnostics,
    ) -> Option<Vec<Located<T>>> {
        self.require(key, problems)?;
        let (line, value) = self.entries.remove(key)?;
        let Some(array) = value.as_ref().as_array() else {
            return self.refuse_kind(key, line, value.as_ref(), "a list of numbers", problems);
        };
        let mut numbers = Vec::new();
        for element in array {
            let line = self.source.line_of(element.span().start);
            numbers.extend(self.number(key, line, element.as_ref(), limits, problems));
        }
        Some(numbers)
    }

    /// `true` or `false` that may be left out.
    pub(crate) fn optional_flag(&mut self, key: &str, problems: &mut Diagnostics) -> Option<bool> {
        let (line, value) = self.entries.remove(key)?;
        match value.as_ref().as_bool() {
            Some(flag) => Some(flag),
            None => self.refuse_kind(key, line, value.as_ref(), "true or false", problems),
        }
    }

    /// The tables of `[[key]]`, of which there must be at least one.
    pub(crate) fn tables(&mut self, key: &str, problems: &mut Diagnostics) -> Vec<TomlTable<'t>> {
        if self.require(key, problems).is_none() {
            return Vec::new();
        }
        let Some((line, value)) = self.entries.remove(key) else { return Vec::new() };
        let DeValue::Array(array) = value.into_inner() else {
            self.report(
                self.source.codes.bad_value,
                line,
                format!("`{key}` is not a list of tables"),
                problems,
            );
            return Vec::new();
        };
        let mut tables = Vec::new();
        for element in array {
            let line = self.source.line_of(element.span().start);
            match element.into_inner() {
                DeValue::Table(table) => tables.push(TomlTable::new(self.source, line, table)),
                other => {
                    let found = kind_of(&other);
                    let message = format!("`{key}` holds {found} where a table is wanted");
                    self.report(self.source.codes.bad_value, line, message, problems);
                }
            }
        }
        tables
    }

    /// Reports the keys that nobody took.
    pub(crate) fn finish(self, problems: &mut Diagnostics) {
        for (key, (line, _)) in &self.entries {
            self.report(self.source.codes.unknown_key, *line, format!("key `{key}` is not known"), problems);
        }
    }

    fn number<T: TryFrom<i64>>(
        &self,
        key: &str,
        line: u32,
        value: &DeValue<'_>,
        limits: &RangeInclusive<i64>,
        problems: &mut Diagnostics,
    ) -> Option<Located<T>> {
        let Some(integer) = value.as_integer() else {
            return self.refuse_kind(key, line, value, "a whole number", problems);
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let within =
            number.filter(|number| limits.contains(number)).and_then(|number| T::try_from(number).ok());
        if within.is_none() {
            let (low, high) = (limits.start(), limits.end());
            let message = format!("`{key}` is {integer}, which is not within {low} to {high}");
            self.report(self.source.codes.bad_value, line, message, problems);
        }
        within.map(|value| Located { line, value })
    }

    fn require(&self, key: &str, problems: &mut Diagnostics) -> Option<()> {
        if self.entries.contains_key(key) {
            return Some(());
        }
        self.report(self.source.codes.missing_key, self.line, format!("key `{key}` is missing"), problems);
        None
    }

    fn refuse_kind<T>(
        &self,
        key: &str,
        line: u32,
        value: &DeValue<'_>,
        wanted: &str,
        problems: &mut Diagnostics,
    ) -> Option<T> {
        let message = format!("`{key}` is {}, not {wanted}", kind_of(value));
        self.report(self.source.codes.bad_value, line, message, problems);
        None
    }

    fn report(&self, code: &'static str, line: u32, message: String, problems: &mut Diagnostics) {
        problems.push(Diagnostic::at(code, self.source.file, line, message));
    }
}

/// What a value is, as a person would say it.
fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Puts problems in the order of their lines; problems of a file as a whole come last.
pub(crate) fn sort_by_line(problems: &mut [Diagnostic]) {
    problems.sort_by_key(|problem| problem.line.unwrap_or(u32::MAX));
}
