//! What a raw read is, without the bytes that scanners add.

use super::gs1::{Gs1, SEPARATOR, is_address};
use super::{CodeError, MAX_RAW_BYTES};

/// The symbology identifiers of GS1 data: GS1-128, GS1 DataBar and composite, GS1 DataMatrix, GS1 QR Code, GS1
/// DotCode.
///
/// Source: ISO/IEC 15424.
const GS1_SYMBOLS: [&[u8; 3]; 5] = [b"]C1", b"]e0", b"]d2", b"]Q3", b"]J1"];

/// A raw read. Never empty.
#[derive(Clone, Copy)]
pub(super) enum Payload<'a> {
    /// Characters that say nothing about what they are.
    Plain(&'a [u8]),
    /// The 18 digits of an element string that is (00) and nothing else.
    Sscc(&'a [u8]),
    /// An element string as scanners send it.
    ElementString(&'a [u8]),
    /// An element string as it is printed.
    Printed(&'a [u8]),
    /// A web address.
    Link(&'a [u8]),
}

impl<'a> Payload<'a> {
    /// Takes off line end, AIM identifier and first FNC1, and tells GS1 data by one of these, a bracket or the
    /// scheme of a web address.
    ///
    /// An identifier of GS1 with a letter behind it says nothing: no element string begins with one.
    #[inline]
    pub(super) fn of(raw: &'a [u8]) -> Result<Self, CodeError> {
        if raw.len() > MAX_RAW_BYTES {
            return Err(CodeError::TooLong);
        }
        let mut rest = raw;
        while let [before @ .., b'\r' | b'\n' | b' '] = rest {
            rest = before;
        }
        let mut marked = false;
        if let [b']', _, _, after @ ..] = rest {
            marked = GS1_SYMBOLS.iter().any(|symbol| rest.starts_with(*symbol));
            rest = after;
        }
        if let Some(after) = rest.strip_prefix(&[SEPARATOR]) {
            marked = true;
            rest = after;
        }
        let Some(first) = rest.first() else { return Err(CodeError::Empty) };
        if !marked && !matches!(first, b'(' | b'h' | b'H') {
            return Ok(Self::Plain(rest));
        }
        Ok(match rest {
            // Most GS1 labels of parcels say no more than this.
            [b'0', b'0', sscc @ ..] if marked && sscc.len() == 18 && sscc.iter().all(u8::is_ascii_digit) => {
                Self::Sscc(sscc)
            }
            [b'0'..=b'9', b'0'..=b'9', ..] if marked => Self::ElementString(rest),
            [b'(', ..] => Self::Printed(rest),
            [b'h' | b'H', ..] if is_address(rest) => Self::Link(rest),
            _ => Self::Plain(rest),
        })
    }

    /// What it says as GS1 data. Apart from [`Payload::of`], so that codes of other kinds do not pay for it.
    #[inline(never)]
    pub(super) fn contents(self) -> Result<Gs1, CodeError> {
        let text = match self {
            Self::Plain(text)
            | Self::Sscc(text)
            | Self::ElementString(text)
            | Self::Printed(text)
            | Self::Link(text) => text,
        };
        let separated = matches!(self, Self::Plain(_) | Self::ElementString(_));
        if !text.iter().all(|byte| byte.is_ascii_graphic() || separated && *byte == SEPARATOR) {
            return Err(CodeError::ForeignCharacter);
        }
        match self {
            Self::Plain(text) | Self::ElementString(text) => Gs1::of_element_string(text),
            Self::Sscc(number) => Ok(Gs1::of_sscc(number)),
            Self::Printed(text) => Gs1::of_printed(text),
            Self::Link(text) => Gs1::of_link(text),
        }
    }
}
