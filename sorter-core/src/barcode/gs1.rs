//! GS1 data on a label: element strings, printed element strings and Digital Links.
//!
//! All three say the same: application identifiers and their values. [`Gs1`] keeps those that tell which
//! parcel it is and where it goes, and walks over all others.
//!
//! | identifier | value | what for |
//! | --- | --- | --- |
//! | (00) | SSCC, 18 digits | the key of a parcel |
//! | (01) with (21) | GTIN, 14 digits, with a serial number of 1 to 20 characters | the key of a parcel |
//! | (420) | postcode, in the country of the sender | self-routing |
//! | (421) | ISO 3166 number of the country and postcode | self-routing |
//! | (403) | routing code of the carrier | kept for who knows the carrier |
//!
//! Sources: GS1 General Specifications, sections 3 (identifiers), 7.8 (element strings and FNC1) and 7.11
//! (character sets); GS1 Digital Link Standard: URI Syntax. Compressed Digital Links are not read.
//!
//! ```
//! use sorter_core::barcode::gs1::Gs1;
//!
//! let scanned = Gs1::of_element_string(b"010950600013435221A-17\x1d4212761\x30115").unwrap();
//! let printed = Gs1::of_printed(b"(01)09506000134352(21)A-17(421)27610115").unwrap();
//! let linked = Gs1::of_link(b"https://id.gs1.org/01/09506000134352/21/A-17?421=27610115").unwrap();
//! assert_eq!((scanned, linked), (printed, printed));
//! assert_eq!(linked.serial(), Some(&b"A-17"[..]));
//! ```

mod identifier;
mod link;

pub use identifier::ApplicationIdentifier;
pub(super) use link::is_address;

use super::CodeError;
use identifier::Extent;

/// What FNC1 becomes between two elements: the group separator of ASCII.
pub const SEPARATOR: u8 = 0x1d;

/// The longest value that is kept: that of (403).
const LONGEST_KEPT: usize = 30;

/// The values of one label that a sorter asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gs1 {
    sscc: Option<[u8; 18]>,
    gtin: Option<[u8; 14]>,
    serial: Option<Value>,
    postcode: Option<Value>,
    country_and_postcode: Option<Value>,
    routing_code: Option<Value>,
}

/// A value of changing length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Value {
    bytes: [u8; LONGEST_KEPT],
    length: u8,
}

impl Value {
    fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; LONGEST_KEPT];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, length: u8::try_from(text.len()).ok()? })
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Gs1 {
    /// Reads an element string as scanners send it: identifiers and values one after the other, with a group
    /// separator behind each value whose length is not fixed. A separator behind a value of fixed length and at
    /// the end does no harm. Symbology identifier and first FNC1 are left out already.
    ///
    /// # Errors
    /// [`CodeError::UnknownIdentifier`] and [`CodeError::BadElement`]. Check digits are not looked at.
    pub fn of_element_string(text: &[u8]) -> Result<Self, CodeError> {
        let mut found = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (identifier, after) =
                ApplicationIdentifier::split(rest).ok_or(CodeError::UnknownIdentifier)?;
            let length = match identifier.extent() {
                Extent::Exactly(length) => length.min(after.len()),
                Extent::UpTo(_) => after.iter().position(|byte| *byte == SEPARATOR).unwrap_or(after.len()),
            };
            let (value, next) = after.split_at(length);
            found.take(identifier, value)?;
            rest = next.strip_prefix(&[SEPARATOR]).unwrap_or(next);
        }
        Ok(found)
    }

    /// Reads an element string as it is printed under the bars: each identifier in brackets, no separators.
    ///
    /// A value may have a bracket itself. It ends where a bracket with two to four digits follows.
    ///
    /// # Errors
    /// As for [`Gs1::of_element_string`].
    pub fn of_printed(text: &[u8]) -> Result<Self, CodeError> {
        let mut found = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let length = bracket(rest).ok_or(CodeError::UnknownIdentifier)?;
            let identifier = ApplicationIdentifier::parse(&rest[1..length - 1]);
            let identifier = identifier.ok_or(CodeError::UnknownIdentifier)?;
            let after = &rest[length..];
            let end = (0..after.len()).find(|place| bracket(&after[*place..]).is_some());
            let (value, next) = after.split_at(end.unwrap_or(after.len()));
            found.take(identifier, value)?;
            rest = next;
        }
        Ok(found)
    }

    /// Reads a Digital Link: a web address on any host that names a GS1 key in its path.
    ///
    /// Values may be percent-encoded. What stands in the path before the key does not matter, and of the query only
    /// (420), (421) and (403) do. A GTIN of 8, 12 or 13 digits, as earlier versions of the standard allow it, is
    /// filled up with zeros.
    ///
    /// # Errors
    /// [`CodeError::NoPattern`] for an address that is no Digital Link, and [`CodeError::BadElement`].
    pub fn of_link(text: &[u8]) -> Result<Self, CodeError> {
        link::read(text)
    }

    /// An SSCC of 18 digits alone.
    pub(super) fn of_sscc(digits: &[u8]) -> Self {
        Self { sscc: digits.try_into().ok(), ..Self::default() }
    }

    /// The SSCC with its check digit, which may be wrong.
    pub const fn sscc(&self) -> Option<&[u8; 18]> {
        self.sscc.as_ref()
    }

    /// The GTIN with its check digit, which may be wrong.
    pub const fn gtin(&self) -> Option<&[u8; 14]> {
        self.gtin.as_ref()
    }

    /// The serial number. Large and small letters differ.
    pub fn serial(&self) -> Option<&[u8]> {
        self.serial.as_ref().map(Value::as_bytes)
    }

    /// The postcode of (420), in the country of whoever made the label.
    pub fn postcode(&self) -> Option<&[u8]> {
        self.postcode.as_ref().map(Value::as_bytes)
    }

    /// The ISO 3166 number and the postcode of (421).
    pub fn country_and_postcode(&self) -> Option<(&[u8], &[u8])> {
        self.country_and_postcode.as_ref().map(|value| value.as_bytes().split_at(3))
    }

    /// The routing code of (403).
    pub fn routing_code(&self) -> Option<&[u8]> {
        self.routing_code.as_ref().map(Value::as_bytes)
    }

    /// Takes in one element. The same identifier may come again with the same value only.
    fn take(&mut self, identifier: ApplicationIdentifier, value: &[u8]) -> Result<(), CodeError> {
        let refused = CodeError::BadElement { identifier };
        let fits = match identifier.extent() {
            Extent::Exactly(length) => value.len() == length && value.iter().all(u8::is_ascii_digit),
            Extent::UpTo(most) => (1..=most).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic),
        };
        if !fits {
            return Err(refused);
        }
        let taken = match identifier {
            ApplicationIdentifier::SSCC => keep(&mut self.sscc, value.try_into().ok()),
            ApplicationIdentifier::GTIN => keep(&mut self.gtin, value.try_into().ok()),
            ApplicationIdentifier::SERIAL => keep(&mut self.serial, text_of(value)),
            ApplicationIdentifier::POSTCODE => keep(&mut self.postcode, text_of(value)),
            ApplicationIdentifier::COUNTRY_AND_POSTCODE => {
                let has_country = value.len() > 3 && value[..3].iter().all(u8::is_ascii_digit);
                keep(&mut self.country_and_postcode, text_of(value).filter(|_| has_country))
            }
            ApplicationIdentifier::ROUTING_CODE => keep(&mut self.routing_code, text_of(value)),
            _ => true,
        };
        if taken { Ok(()) } else { Err(refused) }
    }
}

/// Puts a value into its place, or gives `false` when it is none or another one is there.
fn keep<T: PartialEq>(place: &mut Option<T>, value: Option<T>) -> bool {
    match (&place, value) {
        (_, None) => false,
        (Some(earlier), Some(value)) => *earlier == value,
        (None, Some(value)) => {
            *place = Some(value);
            true
        }
    }
}

/// A value in the 82 characters that GS1 allows for text.
fn text_of(value: &[u8]) -> Option<Value> {
    value.iter().all(|byte| is_text(*byte)).then(|| Value::new(value)).flatten()
}

/// Whether a character is in the set of 82 of the General Specifications, figure 7.11-1.
pub(super) const fn is_text(byte: u8) -> bool {
    matches!(byte, b'!' | b'"' | b'%'..=b'?' | b'A'..=b'Z' | b'_' | b'a'..=b'z')
}

/// The length of the bracket with two to four digits that a text begins with.
fn bracket(text: &[u8]) -> Option<usize> {
    let inner = text.strip_prefix(b"(")?;
    let digits = inner.iter().take(5).position(|byte| !byte.is_ascii_digit())?;
    ((2..=4).contains(&digits) && inner[digits] == b')').then_some(digits + 2)
}

#[cfg(test)]
mod tests;
