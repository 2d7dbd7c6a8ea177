//! The active symbologies and the parser of raw codes.

use super::check_digit;
use super::form::Form;
use super::key::CodeKey;
use super::{CodeError, MAX_RAW_BYTES, Parsed, Symbology};

/// The check rule of a pattern; the check character is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    None,
    Mod10With31,
    Mod10With49,
    Mod7,
    Mod37With36,
}

/// A code that is known by its shape, with a check rule or without one.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) name: String,
    pub(super) form: Form,
    pub(super) check: Check,
}

/// The symbologies that a hub reads, in their order of precedence: S10, SSCC-18, DPD, then the configured
/// patterns.
///
/// All built-in symbologies and up to [`CodeBook::MAX_PATTERNS`] patterns are tried in that order. The first
/// that takes the code wins, also over an earlier one whose check digit failed.
///
/// ```
/// use sorter_core::barcode::{CodeBook, CodeError, Symbology};
///
/// let book = CodeBook::standard();
/// let bars = book.parse(b"%003671901779061467177327276").unwrap();
/// let printed = book.parse(b"0036719017790614671773272767").unwrap();
/// assert_eq!(bars, printed);
/// assert_eq!(
///     book.parse(b"RB123456786US"),
///     Err(CodeError::BadCheckDigit { symbology: Symbology::S10 })
/// );
/// ```
#[derive(Clone, Debug)]
pub struct CodeBook {
    pub(super) s10: bool,
    pub(super) sscc: bool,
    pub(super) dpd: bool,
    pub(super) patterns: Vec<Pattern>,
}

/// What stands before the letters and digits of a code and tells its symbology.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    /// `%`, the first character in the bars of a DPD label.
    Percent,
    /// `(00)`, the printed application identifier of an SSCC.
    Sscc,
}

/// What one symbology says about a text.
enum Verdict {
    /// Not its shape.
    Other,
    /// Its shape with a wrong check digit.
    Wrong,
    /// One of its codes.
    Code(CodeKey),
}

impl CodeBook {
    /// The most patterns of one book. Each costs time on every code that the earlier ones did not take.
    pub const MAX_PATTERNS: usize = 64;

    /// S10, SSCC-18, DPD and the patterns without check digit that are common in cross-border mail:
    /// Cainiao (`'LP'9{12,14}`), YunExpress (`'YT'9{16}`) and PostNL 3S (`'3S'A{4}9{9}`).
    pub fn standard() -> Self {
        let patterns =
            [("CAINIAO_LP", "'LP'9{12,14}"), ("YUNEXPRESS", "'YT'9{16}"), ("POSTNL_3S", "'3S'A{4}9{9}")];
        let compile = |(name, form): (&str, &str)| Pattern {
            name: name.to_owned(),
            form: form.parse().expect("the built-in forms are valid"),
            check: Check::None,
        };
        Self { s10: true, sscc: true, dpd: true, patterns: patterns.map(compile).to_vec() }
    }

    /// The name of a symbology, for reports; `"?"` for a pattern that this book does not have.
    pub fn name(&self, symbology: Symbology) -> &str {
        match symbology {
            Symbology::S10 => "UPU_S10",
            Symbology::Sscc18 => "SSCC18",
            Symbology::Dpd => "DPD",
            Symbology::Pattern(index) => {
                self.patterns.get(usize::from(index)).map_or("?", |pattern| pattern.name.as_str())
            }
        }
    }

    /// Recognises a raw code as it came from a scanner or a file.
    ///
    /// Left out are: CR, LF and spaces at the end, an AIM identifier such as `]C1`, and an FNC1 (0x1D) at the
    /// start. Small letters count as capitals. Allocates nothing.
    ///
    /// # Errors
    /// See [`CodeError`]. A code is never repaired.
    pub fn parse(&self, raw: &[u8]) -> Result<Parsed, CodeError> {
        if raw.len() > MAX_RAW_BYTES {
            return Err(CodeError::TooLong);
        }
        let payload = strip_scanner_bytes(raw);
        if payload.is_empty() {
            return Err(CodeError::Empty);
        }
        let (mark, body) = split_mark(payload);
        let mut buffer = [0; MAX_RAW_BYTES];
        let text = &mut buffer[..body.len()];
        for (slot, byte) in text.iter_mut().zip(body) {
            if !byte.is_ascii_alphanumeric() {
                return Err(CodeError::ForeignCharacter);
            }
            *slot = byte.to_ascii_uppercase();
        }
        self.recognise(mark, text)
    }

    fn recognise(&self, mark: Mark, text: &[u8]) -> Result<Parsed, CodeError> {
        let mut refused = CodeError::NoPattern;
        let mut judge = |symbology, verdict| match verdict {
            Verdict::Code(key) => Some(Parsed { key, symbology }),
            Verdict::Wrong if refused == CodeError::NoPattern => {
                refused = CodeError::BadCheckDigit { symbology };
                None
            }
            Verdict::Wrong | Verdict::Other => None,
        };
        let built_in = [
            (self.s10, Symbology::S10, s10 as fn(Mark, &[u8]) -> Verdict),
            (self.sscc, Symbology::Sscc18, sscc),
            (self.dpd, Symbology::Dpd, dpd),
        ];
        for (active, symbology, verdict_of) in built_in {
            if active && let Some(parsed) = judge(symbology, verdict_of(mark, text)) {
                return Ok(parsed);
            }
        }
        if mark == Mark::None {
            for (index, pattern) in (0_u8..).zip(&self.patterns) {
                if let Some(parsed) = judge(Symbology::Pattern(index), pattern.verdict(text)) {
                    return Ok(parsed);
                }
            }
        }
        Err(refused)
    }
}

impl Pattern {
    fn verdict(&self, text: &[u8]) -> Verdict {
        if !self.form.matches(text) {
            return Verdict::Other;
        }
        let Some((check, rest)) = text.split_last() else { return Verdict::Other };
        let expected = match self.check {
            Check::None => return code(text),
            Check::Mod10With31 => check_digit::mod10_31(rest),
            Check::Mod10With49 => check_digit::mod10_49(rest),
            Check::Mod7 => check_digit::mod7(rest),
            Check::Mod37With36 => check_digit::mod37_36(rest),
        };
        if expected == Some(*check) { code(text) } else { Verdict::Wrong }
    }
}

fn code(text: &[u8]) -> Verdict {
    CodeKey::pack(text).map_or(Verdict::Other, Verdict::Code)
}

fn s10(mark: Mark, text: &[u8]) -> Verdict {
    let (Mark::None, [a, b, digits @ .., c, d]) = (mark, text) else { return Verdict::Other };
    let Some((check, serial)) = digits.split_last() else { return Verdict::Other };
    let Ok(serial) = <&[u8; 8]>::try_from(serial) else { return Verdict::Other };
    if ![a, b, c, d].iter().all(|letter| letter.is_ascii_uppercase()) || !check.is_ascii_digit() {
        return Verdict::Other;
    }
    match check_digit::s10(serial) {
        Some(expected) if expected == *check => code(text),
        Some(_) => Verdict::Wrong,
        None => Verdict::Other,
    }
}

fn sscc(mark: Mark, text: &[u8]) -> Verdict {
    let bare = match (mark, text.len(), text) {
        (Mark::None | Mark::Sscc, 18, bare) => bare,
        (Mark::None, 20, [b'0', b'0', bare @ ..]) => bare,
        _ => return Verdict::Other,
    };
    let Some((check, rest)) = bare.split_last().filter(|(check, _)| check.is_ascii_digit()) else {
        return Verdict::Other;
    };
    match check_digit::mod10_31(rest) {
        Some(expected) if expected == *check => code(bare),
        Some(_) => Verdict::Wrong,
        None => Verdict::Other,
    }
}

fn dpd(mark: Mark, text: &[u8]) -> Verdict {
    let Some((label, check)) = text.split_at_checked(27) else { return Verdict::Other };
    if !label.iter().all(u8::is_ascii_digit) {
        return Verdict::Other;
    }
    match (mark, check) {
        (Mark::None | Mark::Percent, []) => code(label),
        (Mark::None, [check]) if check_digit::mod37_36(label) == Some(*check) => code(label),
        (Mark::None, [_]) => Verdict::Wrong,
        _ => Verdict::Other,
    }
}

/// Takes off the line end, the AIM identifier and the FNC1 that scanners add.
fn strip_scanner_bytes(raw: &[u8]) -> &[u8] {
    let mut payload = raw;
    while let [rest @ .., b'\r' | b'\n' | b' '] = payload {
        payload = rest;
    }
    if let [b']', _, _, rest @ ..] = payload {
        payload = rest;
    }
    payload.strip_prefix(b"\x1d").unwrap_or(payload)
}

fn split_mark(payload: &[u8]) -> (Mark, &[u8]) {
    match payload {
        [b'%', rest @ ..] => (Mark::Percent, rest),
        [b'(', b'0', b'0', b')', rest @ ..] => (Mark::Sscc, rest),
        rest => (Mark::None, rest),
    }
}
