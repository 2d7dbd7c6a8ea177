//! The active symbologies and the parser of raw codes.

use super::check_digit;
use super::form::Form;
use super::gs1::{Gs1, SEPARATOR, is_text};
use super::key::CodeKey;
use super::payload::Payload;
use super::{CodeError, MAX_RAW_BYTES, Parsed, Symbology};

/// The check rule of a pattern; the check character is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    None,
    Mod10With31,
    Mod10With49,
    Mod7,
    Mod37With36,
    Ups,
}

/// A code that is known by its shape, with a check rule or without one.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) name: String,
    pub(super) form: Form,
    pub(super) check: Check,
}

/// The symbologies that a hub reads, in their order of precedence: S10, SSCC-18, DPD, GTIN with serial number, then
/// the configured patterns.
///
/// All built-in symbologies and up to [`CodeBook::MAX_PATTERNS`] patterns are tried in that order. The first
/// that takes the code wins, also over an earlier one whose check digit failed. What a scanner or a web address
/// marks as GS1 data is GS1 data and nothing else: of such data an SSCC names the parcel, and without one a GTIN
/// with a serial number does.
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
    pub(super) sgtin: bool,
    pub(super) dpd: bool,
    pub(super) patterns: Vec<Pattern>,
}

/// What one symbology says about a text.
enum Verdict {
    /// Not its shape.
    Other,
    /// Its shape with a wrong check digit.
    Wrong,
    /// One of its codes, with a serial number that no key has room for.
    TooLong,
    /// One of its codes.
    Code(CodeKey),
}

impl CodeBook {
    /// The most patterns of one book. Each costs time on every code that the earlier ones did not take.
    pub const MAX_PATTERNS: usize = 64;

    /// S10, SSCC-18, GTIN with serial number, DPD and the patterns without check digit that are common in cross-border mail:
    /// Cainiao (`'LP'9{12,14}`), YunExpress (`'YT'9{16}`) and PostNL 3S (`'3S'A{4}9{9}`).
    pub fn standard() -> Self {
        let patterns =
            [("CAINIAO_LP", "'LP'9{12,14}"), ("YUNEXPRESS", "'YT'9{16}"), ("POSTNL_3S", "'3S'A{4}9{9}")];
        let compile = |(name, form): (&str, &str)| Pattern {
            name: name.to_owned(),
            form: form.parse().expect("the built-in forms are valid"),
            check: Check::None,
        };
        Self { s10: true, sscc: true, sgtin: true, dpd: true, patterns: patterns.map(compile).to_vec() }
    }

    /// The name of a symbology, for reports; `"?"` for a pattern that this book does not have.
    pub fn name(&self, symbology: Symbology) -> &str {
        match symbology {
            Symbology::S10 => "UPU_S10",
            Symbology::Sscc18 => "SSCC18",
            Symbology::Sgtin => "SGTIN",
            Symbology::Dpd => "DPD",
            Symbology::Pattern(index) => {
                self.patterns.get(usize::from(index)).map_or("?", |pattern| pattern.name.as_str())
            }
        }
    }

    /// Recognises a raw code as it came from a scanner or a file.
    ///
    /// Left out are: CR, LF and spaces at the end, an AIM identifier such as `]C1`, and an FNC1 (0x1D) at the
    /// start. Small letters count as capitals, but for the serial number of a GTIN, where they are other
    /// characters. [`gs1`](super::gs1) has the forms of GS1 data; without any mark an SSCC may have its `00`, and
    /// `01`, GTIN, `21`, serial number is read too unless it has the 27 digits of a DPD label. Allocates nothing.
    ///
    /// # Errors
    /// See [`CodeError`]. A code is never repaired.
    pub fn parse(&self, raw: &[u8]) -> Result<Parsed, CodeError> {
        match Payload::of(raw)? {
            Payload::Plain(body) => self.plain(body),
            Payload::Sscc(number) if self.sscc => sscc(number).told(Symbology::Sscc18),
            gs1 => self.gs1(gs1),
        }
    }

    /// Apart from the way of all other codes.
    #[inline(never)]
    fn gs1(&self, payload: Payload<'_>) -> Result<Parsed, CodeError> {
        self.named_by(&payload.contents()?)
    }

    /// The parcel that GS1 data name.
    fn named_by(&self, contents: &Gs1) -> Result<Parsed, CodeError> {
        if let Some(number) = contents.sscc().filter(|_| self.sscc) {
            return sscc(number).told(Symbology::Sscc18);
        }
        match (contents.gtin(), contents.serial()) {
            (Some(gtin), Some(serial)) if self.sgtin => sgtin(gtin, serial).told(Symbology::Sgtin),
            _ => Err(CodeError::NoPattern),
        }
    }

    /// A text that says nothing about what it is.
    #[inline]
    fn plain(&self, payload: &[u8]) -> Result<Parsed, CodeError> {
        let mut refused = CodeError::NoPattern;
        if let [b'0', b'1', ..] = payload {
            match self.unmarked(payload) {
                Err(error) => refused = error,
                found => return found,
            }
        }
        let (percent, body) = match payload {
            [b'%', body @ ..] => (true, body),
            body => (false, body),
        };
        let mut buffer = [0; MAX_RAW_BYTES];
        let text = &mut buffer[..body.len()];
        for (slot, byte) in text.iter_mut().zip(body) {
            if !byte.is_ascii_alphanumeric() {
                return self.with_other_characters(payload, *byte);
            }
            *slot = byte.to_ascii_uppercase();
        }
        self.recognise(percent, text, refused)
    }

    /// The GTIN with serial number of a text that begins like one. Apart from the way of all other codes.
    #[inline(never)]
    fn unmarked(&self, text: &[u8]) -> Result<Parsed, CodeError> {
        let found = unmarked_sgtin(text).filter(|_| self.sgtin && !(self.dpd && is_label(text)));
        let (gtin, serial) = found.ok_or(CodeError::NoPattern)?;
        match sgtin(gtin, serial).told(Symbology::Sgtin) {
            // A form behind this one may have room for it.
            Err(CodeError::SerialTooLong) => Err(CodeError::NoPattern),
            told => told,
        }
    }

    /// A text with something else than letters and digits: only element strings have separators.
    #[cold]
    #[inline(never)]
    fn with_other_characters(&self, text: &[u8], first: u8) -> Result<Parsed, CodeError> {
        if first != SEPARATOR {
            return Err(CodeError::ForeignCharacter);
        }
        self.gs1(Payload::ElementString(text))
    }

    #[inline]
    fn recognise(&self, percent: bool, text: &[u8], refused: CodeError) -> Result<Parsed, CodeError> {
        let mut refused = refused;
        let mut judge = |symbology, verdict: Verdict| match verdict {
            Verdict::Code(key) => Some(Parsed { key, symbology }),
            Verdict::Wrong if refused == CodeError::NoPattern => {
                refused = CodeError::BadCheckDigit { symbology };
                None
            }
            Verdict::Wrong | Verdict::TooLong | Verdict::Other => None,
        };
        if percent {
            return if self.dpd { dpd_bars(text).told(Symbology::Dpd) } else { Err(CodeError::NoPattern) };
        }
        let built_in = [
            (self.s10, Symbology::S10, s10 as fn(&[u8]) -> Verdict),
            (self.sscc, Symbology::Sscc18, sscc),
            (self.dpd, Symbology::Dpd, dpd),
        ];
        for (active, symbology, verdict_of) in built_in {
            if active && let Some(parsed) = judge(symbology, verdict_of(text)) {
                return Ok(parsed);
            }
        }
        for (index, pattern) in (0_u8..).zip(&self.patterns) {
            if let Some(parsed) = judge(Symbology::Pattern(index), pattern.verdict(text)) {
                return Ok(parsed);
            }
        }
        Err(refused)
    }
}

impl Verdict {
    fn told(self, symbology: Symbology) -> Result<Parsed, CodeError> {
        match self {
            Self::Code(key) => Ok(Parsed { key, symbology }),
            Self::Wrong => Err(CodeError::BadCheckDigit { symbology }),
            Self::TooLong => Err(CodeError::SerialTooLong),
            Self::Other => Err(CodeError::NoPattern),
        }
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
            Check::Ups => check_digit::ups(rest),
        };
        if expected == Some(*check) { code(text) } else { Verdict::Wrong }
    }
}

fn code(text: &[u8]) -> Verdict {
    CodeKey::pack_plain(text).map_or(Verdict::Other, Verdict::Code)
}

fn s10(text: &[u8]) -> Verdict {
    let [a, b, digits @ .., c, d] = text else { return Verdict::Other };
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

fn sscc(text: &[u8]) -> Verdict {
    let ((18, bare) | (20, [b'0', b'0', bare @ ..])) = (text.len(), text) else { return Verdict::Other };
    let Some((check, rest)) = bare.split_last().filter(|(check, _)| check.is_ascii_digit()) else {
        return Verdict::Other;
    };
    match check_digit::mod10_31(rest) {
        Some(expected) if expected == *check => code(bare),
        Some(_) => Verdict::Wrong,
        None => Verdict::Other,
    }
}

fn sgtin(gtin: &[u8; 14], serial: &[u8]) -> Verdict {
    let [item @ .., check] = gtin;
    if check_digit::mod10_31(item) != Some(*check) {
        return Verdict::Wrong;
    }
    CodeKey::serialised(gtin, serial).map_or(Verdict::TooLong, Verdict::Code)
}

/// The GTIN and the serial number of a text that may be an element string of just these.
fn unmarked_sgtin(text: &[u8]) -> Option<(&[u8; 14], &[u8])> {
    let (gtin, rest) = text.strip_prefix(b"01")?.split_first_chunk::<14>()?;
    let serial = rest.strip_prefix(b"21").filter(|serial| (1..=20).contains(&serial.len()))?;
    let fits = gtin.iter().all(u8::is_ascii_digit) && serial.iter().all(|byte| is_text(*byte));
    fits.then_some((gtin, serial))
}

/// The label of DPD: 27 digits, and in print the check character.
fn dpd(text: &[u8]) -> Verdict {
    if !is_label(text) {
        return Verdict::Other;
    }
    let (label, check) = text.split_at(27);
    match check {
        [] => code(label),
        [check] if check_digit::mod37_36(label) == Some(*check) => code(label),
        [_] => Verdict::Wrong,
        _ => Verdict::Other,
    }
}

/// Whether a text has the digits of a DPD label, with or without a check character.
fn is_label(text: &[u8]) -> bool {
    matches!(text.len(), 27 | 28) && text[..27].iter().all(u8::is_ascii_digit)
}

/// What is behind the `%` in the bars of a DPD label: the digits alone.
fn dpd_bars(text: &[u8]) -> Verdict {
    if text.len() == 27 { dpd(text) } else { Verdict::Other }
}
