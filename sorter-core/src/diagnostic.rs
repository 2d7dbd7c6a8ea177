//! Problems found in input files: each with its place, all at once.

use std::fmt;

/// One problem in one input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code such as `SP0007`: two letters for the kind of file, four digits for the problem.
    pub code: &'static str,
    /// The name of the file as the user gave it.
    pub file: String,
    /// The line, from 1; `None` when the problem is about the file as a whole.
    pub line: Option<u32>,
    /// What is wrong, with the value, and what would be right.
    pub message: String,
}

impl Diagnostic {
    /// A problem at a line of a file.
    pub fn at(code: &'static str, file: &str, line: u32, message: impl Into<String>) -> Self {
        Self { code, file: file.to_owned(), line: Some(line), message: message.into() }
    }

    /// A problem of a file as a whole.
    pub fn whole(code: &'static str, file: &str, message: impl Into<String>) -> Self {
        Self { code, file: file.to_owned(), line: None, message: message.into() }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}: {}", self.file, self.code, self.message),
            None => write!(f, "{}: {}: {}", self.file, self.code, self.message),
        }
    }
}

/// All problems of one input, in the order of file and line. Never empty when used as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a problem.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok(value)` when nothing was found, else all that was found.
    ///
    /// # Errors
    /// The problems themselves.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The line, from 1, of a byte offset into a text.
    pub fn line_of(text: &str, offset: usize) -> u32 {
        let upto = &text.as_bytes()[..offset.min(text.len())];
        let breaks = upto.iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks).unwrap_or(u32::MAX - 1) + 1
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
