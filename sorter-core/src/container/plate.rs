//! Licence plates: the codes on containers.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::barcode::check_digit::mod10_31;
use crate::barcode::{MAX_RAW_BYTES, Symbology};

/// Characters of the longer kind.
const LONGEST: usize = 29;
/// Characters of an SSCC.
const SSCC_LENGTH: usize = 18;
/// Bytes of a refused text that an error shows.
const SHOWN: usize = 40;

/// The kind of a licence plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlateKind {
    /// GS1 serial shipping container code: 18 digits, the last one a check digit.
    Sscc18,
    /// UPU S9 receptacle identifier: 29 letters and digits, without a check digit.
    S9,
}

impl PlateKind {
    const fn length(self) -> usize {
        match self {
            Self::Sscc18 => SSCC_LENGTH,
            Self::S9 => LONGEST,
        }
    }
}

impl fmt::Display for PlateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sscc18 => fmt::Display::fmt(&Symbology::Sscc18, f),
            Self::S9 => f.write_str("UPU_S9"),
        }
    }
}

/// The code of a container, in its one canonical spelling. It has 30 bytes and is compared by its text.
///
/// | kind | spellings that are read | canonical spelling |
/// | --- | --- | --- |
/// | SSCC-18 | 18 digits, with or without the application identifier `00` or `(00)` | 18 digits |
/// | S9 | 29 letters and digits of either case | 29 capitals and digits |
///
/// White space around the text and what scanners add in front of it (`]C1` and its like, a GS1 separator) is
/// left out. The fields of an S9 code are, by UPU standard S9:
///
/// | places | field |
/// | --- | --- |
/// | 1 to 6 | origin, an IMPC code: two letters of the country, four letters or digits |
/// | 7 to 12 | destination, an IMPC code |
/// | 13 | category, a letter |
/// | 14, 15 | class: a letter, a letter or digit |
/// | 16 | last digit of the year |
/// | 17 to 20 | despatch number |
/// | 21 to 23 | receptacle number |
/// | 24 | 1 for the highest receptacle of the despatch, else 0 |
/// | 25 | 1 for a receptacle with registered or insured items, else 0 |
/// | 26 to 29 | weight in hectograms |
///
/// ```
/// use sorter_core::container::{LicencePlate, PlateKind};
///
/// let plate = LicencePlate::parse(b"(00)354123455501152989").unwrap();
/// assert_eq!(plate.as_str(), "354123455501152989");
/// assert_eq!(plate.kind(), PlateKind::Sscc18);
/// let bag = LicencePlate::parse(b"cnshaadefraaacn61234001100215").unwrap();
/// assert_eq!(bag.as_str(), "CNSHAADEFRAAACN61234001100215");
///
/// let error = LicencePlate::parse(b"354123455501152983").unwrap_err();
/// assert_eq!(error.to_string(), "plate \"354123455501152983\" has check digit 3 (expected 9)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LicencePlate {
    kind: PlateKind,
    /// Digits and capital letters of ASCII; zero bytes behind a shorter text.
    text: [u8; LONGEST],
}

impl From<LicencePlate> for String {
    fn from(plate: LicencePlate) -> Self {
        plate.as_str().to_owned()
    }
}

impl TryFrom<String> for LicencePlate {
    type Error = PlateError;

    fn try_from(text: String) -> Result<Self, PlateError> {
        Self::parse(text.as_bytes())
    }
}

/// Why a text is not a licence plate. What an error shows of the text is cut after 40 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlateError {
    /// More bytes than any code that is looked at.
    #[error("plate has {found} bytes (at most {MAX_RAW_BYTES})")]
    TooLong {
        /// How many.
        found: usize,
    },
    /// The length of no kind of plate.
    #[error(
        "plate {text:?} has {found} characters (expected 18 digits of an SSCC or 29 characters of an S9)"
    )]
    Length {
        /// What was read.
        text: String,
        /// How many characters it has without what scanners add.
        found: usize,
    },
    /// A character that its place does not allow.
    #[error("plate {text:?} has {found:?} in place {place} (expected {expected})")]
    Character {
        /// What was read.
        text: String,
        /// The place in the plate, from 1.
        place: usize,
        /// What stands there.
        found: char,
        /// What may stand there.
        expected: &'static str,
    },
    /// The check digit does not follow from the rest.
    #[error("plate {text:?} has check digit {found} (expected {expected})")]
    CheckDigit {
        /// What was read.
        text: String,
        /// The check digit that it has.
        found: char,
        /// The check digit that follows from the rest.
        expected: char,
    },
}

impl LicencePlate {
    /// Reads a plate from what a scanner or a message gives.
    ///
    /// # Errors
    /// [`PlateError`] when the text has the length of no kind of plate, a character in the wrong place, or
    /// another check digit than follows from the rest.
    pub fn parse(raw: &[u8]) -> Result<Self, PlateError> {
        if raw.len() > MAX_RAW_BYTES {
            return Err(PlateError::TooLong { found: raw.len() });
        }
        let payload = without_scanner_bytes(raw);
        let code = without_identifier(payload);
        let kind = match code.len() {
            SSCC_LENGTH => PlateKind::Sscc18,
            LONGEST => PlateKind::S9,
            _ => return Err(PlateError::Length { text: shown(payload), found: payload.len() }),
        };
        let mut text = [0; LONGEST];
        text[..code.len()].copy_from_slice(code);
        text.make_ascii_uppercase();
        let plate = Self { kind, text };
        plate.check_characters()?;
        plate.check_digit()?;
        Ok(plate)
    }

    /// The kind.
    pub const fn kind(&self) -> PlateKind {
        self.kind
    }

    /// The canonical text: digits and capital letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes()).expect("a plate is made of digits and letters of ASCII")
    }

    fn bytes(&self) -> &[u8] {
        &self.text[..self.kind.length()]
    }

    fn check_characters(&self) -> Result<(), PlateError> {
        for (index, byte) in self.bytes().iter().enumerate() {
            let (fits, expected) = match self.kind {
                PlateKind::Sscc18 => (byte.is_ascii_digit(), "a digit"),
                PlateKind::S9 => s9_character(index + 1, *byte),
            };
            if !fits {
                let found = char::from(*byte);
                return Err(PlateError::Character {
                    text: shown(self.bytes()),
                    place: index + 1,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }

    fn check_digit(&self) -> Result<(), PlateError> {
        if self.kind != PlateKind::Sscc18 {
            return Ok(());
        }
        let (found, rest) = self.bytes().split_last().expect("an SSCC has 18 digits");
        let expected = mod10_31(rest).expect("the characters were checked before");
        if *found == expected {
            return Ok(());
        }
        Err(PlateError::CheckDigit {
            text: shown(self.bytes()),
            found: char::from(*found),
            expected: char::from(expected),
        })
    }
}

impl fmt::Display for LicencePlate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for LicencePlate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LicencePlate({})", self.as_str())
    }
}

impl std::str::FromStr for LicencePlate {
    type Err = PlateError;

    fn from_str(text: &str) -> Result<Self, PlateError> {
        Self::parse(text.as_bytes())
    }
}

/// Whether a character may stand in a place of an S9 code, and what may.
fn s9_character(place: usize, byte: u8) -> (bool, &'static str) {
    match place {
        1 | 2 => (byte.is_ascii_uppercase(), "a letter of the country of origin"),
        3..=6 => (byte.is_ascii_alphanumeric(), "a letter or digit of the office of origin"),
        7 | 8 => (byte.is_ascii_uppercase(), "a letter of the country of destination"),
        9..=12 => (byte.is_ascii_alphanumeric(), "a letter or digit of the office of destination"),
        13 => (byte.is_ascii_uppercase(), "a letter for the category"),
        14 => (byte.is_ascii_uppercase(), "a letter for the class"),
        15 => (byte.is_ascii_alphanumeric(), "a letter or digit for the class"),
        16 => (byte.is_ascii_digit(), "a digit of the year"),
        17..=20 => (byte.is_ascii_digit(), "a digit of the despatch number"),
        21..=23 => (byte.is_ascii_digit(), "a digit of the receptacle number"),
        24 => (matches!(byte, b'0' | b'1'), "0 or 1 for the highest receptacle"),
        25 => (matches!(byte, b'0' | b'1'), "0 or 1 for registered or insured items"),
        _ => (byte.is_ascii_digit(), "a digit of the weight"),
    }
}

/// Leaves out white space around a text and the marks that scanners put in front of it.
fn without_scanner_bytes(raw: &[u8]) -> &[u8] {
    let mut payload = raw.trim_ascii();
    if let [b']', letter, modifier, rest @ ..] = payload
        && letter.is_ascii_alphabetic()
        && modifier.is_ascii_alphanumeric()
    {
        payload = rest;
    }
    payload.strip_prefix(b"\x1d").unwrap_or(payload)
}

/// Leaves out the GS1 application identifier of an SSCC.
fn without_identifier(payload: &[u8]) -> &[u8] {
    let bare = payload.strip_prefix(b"(00)").or_else(|| payload.strip_prefix(b"00"));
    bare.filter(|rest| rest.len() == SSCC_LENGTH).unwrap_or(payload)
}

/// What an error shows of a text.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(SHOWN)]).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::barcode::make;

    const S9: &str = "CNSHAADEFRAAACN61234001100215";

    fn refusal(text: &str) -> String {
        LicencePlate::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn every_spelling_of_an_sscc_is_one_plate() {
        let bare = LicencePlate::parse(b"354123455501152989").unwrap();
        for spelling in [
            "00354123455501152989",
            "(00)354123455501152989",
            " 354123455501152989\r\n",
            "]C100354123455501152989",
            "\u{1d}00354123455501152989",
        ] {
            assert_eq!(spelling.parse(), Ok(bare), "{spelling:?}");
        }
        assert_eq!(bare.kind(), PlateKind::Sscc18);
        assert_eq!(size_of::<Option<LicencePlate>>(), 30);
    }

    #[test]
    fn an_sscc_that_begins_with_two_zeros_keeps_them() {
        let plate = LicencePlate::parse(&make::sscc(0, 1)).unwrap();
        assert_eq!(plate.as_str(), "000000000000000017");
        assert_eq!("00000000000000000017".parse(), Ok(plate));
    }

    #[test]
    fn names_the_check_digit_that_was_expected() {
        assert_eq!(
            refusal("(00)354123455501152980"),
            "plate \"354123455501152980\" has check digit 0 (expected 9)"
        );
    }

    #[test]
    fn names_the_place_of_a_wrong_character() {
        assert_eq!(
            refusal("35412345550115298O"),
            "plate \"35412345550115298O\" has 'O' in place 18 (expected a digit)"
        );
        for (place, found, expected) in [
            (1, '1', "a letter of the country of origin"),
            (5, '-', "a letter or digit of the office of origin"),
            (16, 'X', "a digit of the year"),
            (20, 'O', "a digit of the despatch number"),
            (24, '2', "0 or 1 for the highest receptacle"),
            (29, 'K', "a digit of the weight"),
        ] {
            let mut text = S9.to_owned();
            text.replace_range(place - 1..place, &found.to_string());
            assert_eq!(
                refusal(&text),
                format!("plate {text:?} has {found:?} in place {place} (expected {expected})")
            );
        }
    }

    #[test]
    fn names_a_length_that_no_kind_has() {
        assert_eq!(
            refusal("0035412345550115298"),
            "plate \"0035412345550115298\" has 19 characters (expected 18 digits of an SSCC or 29 characters of \
             an S9)"
        );
        assert_eq!(refusal(&"7".repeat(65)), "plate has 65 bytes (at most 64)");
        assert!(refusal("").starts_with("plate \"\" has 0 characters"));
        assert!(refusal("\u{1b}[31m").starts_with("plate \"\\u{1b}[31m\""), "control characters are escaped");
    }

    #[test]
    fn a_wrong_character_beyond_ascii_is_refused() {
        let mut bytes = S9.as_bytes().to_vec();
        bytes[4] = 0xe9;
        assert!(matches!(LicencePlate::parse(&bytes), Err(PlateError::Character { place: 5, .. })));
    }

    proptest! {
        #[test]
        fn reads_its_own_text(extension in 0_u8..10, serial in 0_u64..10_000_000_000_000_000) {
            let plate = LicencePlate::parse(&make::sscc(extension, serial)).unwrap();
            prop_assert_eq!(plate.to_string().parse(), Ok(plate));
        }

        #[test]
        fn finds_every_single_wrong_digit(serial in 0_u64..10_000_000_000, place in 0_usize..18, by in 1_u8..10) {
            let mut text = make::sscc(3, serial);
            text[place] = (text[place] - b'0' + by) % 10 + b'0';
            let refused = matches!(LicencePlate::parse(&text), Err(PlateError::CheckDigit { .. }));
            prop_assert!(refused);
        }

        #[test]
        fn reads_s9_in_any_case(text in "[A-Z]{2}[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{4}[A-Z]{2}[A-Z0-9][0-9]{8}[01]{2}[0-9]{4}") {
            let plate = LicencePlate::parse(text.to_ascii_lowercase().as_bytes()).unwrap();
            prop_assert_eq!(plate.as_str(), text.as_str());
            prop_assert_eq!(plate.kind(), PlateKind::S9);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            if let Ok(plate) = LicencePlate::parse(&bytes) {
                prop_assert_eq!(plate.as_str().parse(), Ok(plate));
            }
        }
    }
}
