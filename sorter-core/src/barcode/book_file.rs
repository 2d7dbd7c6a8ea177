//! Code books as TOML files.

use serde::Deserialize;
use toml::Spanned;

use super::book::{Check, CodeBook, Pattern};
use super::form::Form;
use crate::diagnostic::{Diagnostic, Diagnostics};

const SYNTAX: &str = "CB0001";
const SYMBOLOGY: &str = "CB0002";
const NAME: &str = "CB0003";
const FORM: &str = "CB0004";
const CHECK: &str = "CB0005";
const TOO_MANY: &str = "CB0006";

/// The longest name of a pattern.
const MAX_NAME: usize = 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    symbologies: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pattern: Vec<Spanned<PatternEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PatternEntry {
    name: Spanned<String>,
    form: Spanned<String>,
    check: Option<Spanned<String>>,
}

impl CodeBook {
    /// Reads a code book. The file is the whole list: what it does not name is not read.
    ///
    /// - `symbologies`: which of `"s10"`, `"sscc18"`, `"sgtin"` and `"dpd"` are active; without it all are.
    /// - `[[pattern]]`: `name` (capitals, digits, `_`), `form` (see [`Form`]) and `check`: `"none"`
    ///   (default), `"mod10_31"`, `"mod10_49"`, `"mod7"` over digits, or `"mod37_36"` and `"ups"` over digits and
    ///   letters. The check character is the last one of the form. Patterns are tried in the order of the file.
    ///
    /// ```
    /// use sorter_core::barcode::{CodeBook, Symbology};
    ///
    /// let book = CodeBook::from_toml(
    ///     "codes.toml",
    ///     r#"
    ///         [[pattern]]
    ///         name = "DHL_EXPRESS10"
    ///         form = "9{10}"
    ///         check = "mod7"
    ///     "#,
    /// )
    /// .unwrap();
    /// assert_eq!(book.parse(b"6063975293").unwrap().symbology, Symbology::Pattern(0));
    /// assert!(book.parse(b"6063975294").is_err());
    /// ```
    ///
    /// # Errors
    /// Every problem of the file, with its line.
    pub fn from_toml(file_name: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut found = Reporter { file_name, text, diagnostics: Diagnostics::default() };
        let mut book = Self { s10: true, sscc: true, sgtin: true, dpd: true, patterns: Vec::new() };
        match toml::from_str::<File>(text) {
            Ok(file) => {
                if let Some(active) = file.symbologies {
                    book.activate(&active, &mut found);
                }
                book.add_patterns(&file.pattern, &mut found);
            }
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                found.add(SYNTAX, start, error.message().replace('\n', " "));
            }
        }
        found.diagnostics.into_result(book)
    }

    fn activate(&mut self, active: &[Spanned<String>], found: &mut Reporter<'_>) {
        (self.s10, self.sscc, self.sgtin, self.dpd) = (false, false, false, false);
        for name in active {
            match name.get_ref().as_str() {
                "s10" => self.s10 = true,
                "sscc18" => self.sscc = true,
                "sgtin" => self.sgtin = true,
                "dpd" => self.dpd = true,
                other => {
                    let message = format!("symbology {other:?} is not one of s10, sscc18, sgtin, dpd");
                    found.add(SYMBOLOGY, name.span().start, message);
                }
            }
        }
    }

    fn add_patterns(&mut self, entries: &[Spanned<PatternEntry>], found: &mut Reporter<'_>) {
        if let Some(extra) = entries.get(Self::MAX_PATTERNS) {
            let message = format!("{} patterns (at most {})", entries.len(), Self::MAX_PATTERNS);
            found.add(TOO_MANY, extra.span().start, message);
            return;
        }
        for entry in entries {
            let entry = entry.get_ref();
            let name = entry.name.get_ref();
            self.check_name(name, entry.name.span().start, found);
            let check = entry.check.as_ref().map_or(Some(Check::None), |word| {
                let check = check_of(word.get_ref());
                if check.is_none() {
                    let message = format!(
                        "check {:?} is not one of none, mod10_31, mod10_49, mod7, mod37_36, ups",
                        word.get_ref()
                    );
                    found.add(CHECK, word.span().start, message);
                }
                check
            });
            let form = match entry.form.get_ref().parse::<Form>() {
                Ok(form) => form,
                Err(error) => {
                    found.add(FORM, entry.form.span().start, format!("pattern {name:?}: {error}"));
                    continue;
                }
            };
            let Some(check) = check else { continue };
            if let Some(problem) = misfit(&form, check) {
                found.add(CHECK, entry.form.span().start, format!("pattern {name:?}: {problem}"));
            }
            self.patterns.push(Pattern { name: name.clone(), form, check });
        }
    }

    fn check_name(&self, name: &str, offset: usize, found: &mut Reporter<'_>) {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
            let message = format!("name {name:?} is not 1 to {MAX_NAME} capitals, digits and underscores");
            found.add(NAME, offset, message);
        }
        let taken = ["UPU_S10", "SSCC18", "SGTIN", "DPD"].contains(&name)
            || self.patterns.iter().any(|pattern| pattern.name == name);
        if taken {
            found.add(NAME, offset, format!("name {name:?} is used twice"));
        }
    }
}

/// Problems so far, with what is needed to place them.
struct Reporter<'a> {
    file_name: &'a str,
    text: &'a str,
    diagnostics: Diagnostics,
}

impl Reporter<'_> {
    fn add(&mut self, code: &'static str, offset: usize, message: String) {
        let line = Diagnostics::line_of(self.text, offset);
        self.diagnostics.push(Diagnostic::at(code, self.file_name, line, message));
    }
}

fn check_of(word: &str) -> Option<Check> {
    Some(match word {
        "none" => Check::None,
        "mod10_31" => Check::Mod10With31,
        "mod10_49" => Check::Mod10With49,
        "mod7" => Check::Mod7,
        "mod37_36" => Check::Mod37With36,
        "ups" => Check::Ups,
        _ => return None,
    })
}

/// Why a check rule cannot work on a form.
fn misfit(form: &Form, check: Check) -> Option<&'static str> {
    match check {
        Check::None => None,
        _ if form.shortest() < 2 => Some("a check character needs at least one character before it"),
        Check::Mod37With36 => None,
        Check::Ups if !form.begins_with(b"1Z") => Some("this check works on forms that begin with '1Z'"),
        Check::Ups => None,
        _ if !form.is_digits_only() => Some("this check works on digits only, and the form has letters"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_every_problem_with_its_line() {
        let text = "symbologies = [\"s10\", \"qr\"]\n\n[[pattern]]\nname = \"low er\"\nform = \"LP\"\n\n\
                    [[pattern]]\nname = \"DPD\"\nform = \"A9{9}\"\ncheck = \"mod7\"\n\n\
                    [[pattern]]\nname = \"P\"\nform = \"9\"\ncheck = \"luhn\"\n";
        let found = CodeBook::from_toml("codes.toml", text).unwrap_err();
        let places: Vec<_> = found.0.iter().map(|d| (d.code, d.line.unwrap())).collect();
        assert_eq!(places, [(SYMBOLOGY, 1), (NAME, 4), (FORM, 5), (NAME, 8), (CHECK, 9), (CHECK, 15)]);
        assert_eq!(found.0[1].message, "name \"low er\" is not 1 to 24 capitals, digits and underscores");
    }

    #[test]
    fn refuses_unknown_keys_and_broken_syntax() {
        for text in ["speed = 3", "[[pattern]]\nname = 3", "[[pattern"] {
            let found = CodeBook::from_toml("codes.toml", text).unwrap_err();
            assert_eq!((found.0.len(), found.0[0].code), (1, SYNTAX), "{found}");
        }
    }

    #[test]
    fn refuses_more_patterns_than_a_book_holds() {
        let text: String =
            (0..65).map(|n| format!("[[pattern]]\nname = \"P{n}\"\nform = \"9{{5}}\"\n")).collect();
        let found = CodeBook::from_toml("codes.toml", &text).unwrap_err();
        assert_eq!(found.0[0].message, "65 patterns (at most 64)");
    }

    #[test]
    fn a_book_without_a_symbology_does_not_read_it() {
        let book = CodeBook::from_toml("codes.toml", "symbologies = [\"dpd\"]").unwrap();
        assert!(book.parse(b"LP263072004SG").is_err());
        assert!(book.parse(b"%003671901779061467177327276").is_ok());
    }
}
