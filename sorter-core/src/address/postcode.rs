//! Postcodes in their canonical spelling, and the parser that leads every spelling to it.

use std::fmt;

use thiserror::Error;

use super::Country;
use super::rules::{DigitShape, Shape};

/// The longest input that is looked at, in bytes without the spaces around it.
const MAX_INPUT_BYTES: usize = 16;
/// How much of a refused text is shown.
const SHOWN_CHARACTERS: usize = 24;

/// A postcode in the canonical spelling of its country, at most 8 characters, such as `010 01` in Slovakia,
/// `00-002` in Poland or `LV-1001` in Latvia.
///
/// Kept is what a hub sorts by: the outward code in Great Britain, the routing key in Ireland, the digits in
/// the Netherlands, the letters in Malta, elsewhere the whole code. The order is the byte order of the
/// spelling. The country is not part of the value: 1010 is a postcode in several countries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Postcode([u8; 8]);

/// Why a text is not a postcode of a country. The text is shown escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PostcodeError {
    /// It is not built like one.
    #[error(
        "postcode \"{text}\" is not a {} postcode (expected {})",
        country.adjective(), country.form()
    )]
    Malformed {
        /// The country.
        country: Country,
        /// What was given.
        text: Box<str>,
    },
    /// It is built like one, and the country has no postcodes that start so.
    #[error(
        "postcode \"{text}\" is not a {} postcode (expected a number in {})",
        country.adjective(), Ranges(*country)
    )]
    OutOfRange {
        /// The country.
        country: Country,
        /// What was given.
        text: Box<str>,
    },
}

/// Why a text was refused, before it is put into words.
enum Problem {
    Malformed,
    OutOfRange,
}

impl Postcode {
    /// The canonical postcode in `text`.
    ///
    /// Spaces around it are dropped and small letters count as capitals. Between the parts of a postcode
    /// there may be a space, a hyphen or nothing; a separator elsewhere is refused, because `12-345` with
    /// country DE is a Polish postcode with the wrong country and not 12345. The prefixes `LT-`, `LV-` and `L-`
    /// may be there or not. That a code is well-formed does not mean that it exists.
    ///
    /// ```
    /// use sorter_core::address::{Country, Postcode};
    ///
    /// let normal = |country, text| {
    ///     Postcode::normalise(Country::parse(country).unwrap(), text).map(|code| code.to_string())
    /// };
    /// assert_eq!(normal("GB", "sw1a1aa").unwrap(), "SW1A");
    /// assert_eq!(normal("NL", "1011 AB").unwrap(), "1011");
    /// assert_eq!(normal("LU", "L-1111").unwrap(), "1111");
    /// assert_eq!(normal("PT", "1000 001").unwrap(), "1000-001");
    /// ```
    ///
    /// # Errors
    /// [`PostcodeError`]. Only a refusal allocates.
    pub fn normalise(country: Country, text: &str) -> Result<Self, PostcodeError> {
        Self::of_bytes(country, text.as_bytes()).map_err(|problem| {
            let shown: String = text.trim().chars().take(SHOWN_CHARACTERS).collect();
            let text = shown.escape_debug().to_string().into_boxed_str();
            match problem {
                Problem::Malformed => PostcodeError::Malformed { country, text },
                Problem::OutOfRange => PostcodeError::OutOfRange { country, text },
            }
        })
    }

    /// The postcode, where the text is one of its country. Allocates nothing.
    pub(crate) fn read(country: Country, text: &[u8]) -> Option<Self> {
        Self::of_bytes(country, text).ok()
    }

    fn of_bytes(country: Country, text: &[u8]) -> Result<Self, Problem> {
        let trimmed = text.trim_ascii();
        let shape = &country.rule().shape;
        if let Shape::Digits(shape) = shape {
            return digits(shape, trimmed);
        }
        let mut buffer = [0; MAX_INPUT_BYTES];
        let upper = buffer.get_mut(..trimmed.len()).ok_or(Problem::Malformed)?;
        for (slot, byte) in upper.iter_mut().zip(trimmed) {
            *slot = byte.to_ascii_uppercase();
        }
        let kept = match shape {
            Shape::Digits(_) => None,
            Shape::Outward => outward(upper),
            Shape::RoutingKey => routing_key(upper),
            Shape::DutchDigits => dutch_digits(upper),
            Shape::MalteseLetters => maltese_letters(upper),
        };
        kept.map(|kept| Self::spelled(kept.iter().copied())).ok_or(Problem::Malformed)
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }

    /// The spelling in 48 bits, 6 for each character, 0 where there is none.
    ///
    /// The characters of a postcode (space, hyphen, digits, capitals) differ in their low 6 bits, and none
    /// has 0 there.
    pub(super) fn packed(self) -> u64 {
        self.0.iter().fold(0, |word, byte| word << 6 | u64::from(byte & 0x3f))
    }

    /// The postcode of a word from [`Postcode::packed`].
    pub(super) fn unpacked(word: u64) -> Self {
        let mut bytes = [0; 8];
        for (place, slot) in bytes.iter_mut().rev().enumerate() {
            let low = u8::try_from(word >> (6 * place) & 0x3f).unwrap_or(0);
            *slot = match low {
                0 => 0,
                letter @ 1..0x20 => letter | 0x40,
                other => other,
            };
        }
        Self(bytes)
    }

    /// The postcode of a spelling of at most 8 characters.
    ///
    /// The characters are shifted into a word: unlike writes into an array this needs no bounds checks.
    fn spelled(spelling: impl Iterator<Item = u8>) -> Self {
        let (word, free) = spelling
            .take(8)
            .fold((0_u64, 64_u32), |(word, free), byte| (word << 8 | u64::from(byte), free - 8));
        Self(word.checked_shl(free).unwrap_or(0).to_be_bytes())
    }
}

impl fmt::Display for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postcode({:?})", self.as_str())
    }
}

/// The numbers that a country gives out, for messages.
struct Ranges(Country);

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape::Digits(shape) = &self.0.rule().shape else { return Ok(()) };
        let width = shape.groups.1;
        for (index, range) in shape.ranges.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{:0width$} to {:0width$}", range.start(), range.end())?;
        }
        Ok(())
    }
}

/// Takes off one separator, if there is one.
fn after_separator(text: &[u8]) -> &[u8] {
    match text {
        [b' ' | b'-', rest @ ..] => rest,
        rest => rest,
    }
}

fn digits(shape: &DigitShape, text: &[u8]) -> Result<Postcode, Problem> {
    let (first, all) = shape.groups;
    let body = match text.split_at_checked(shape.prefix.len()) {
        Some((prefix, rest))
            if !prefix.is_empty() && prefix.eq_ignore_ascii_case(shape.prefix.as_bytes()) =>
        {
            after_separator(rest)
        }
        _ => text,
    };
    let (head, rest) = body.split_at_checked(first).ok_or(Problem::Malformed)?;
    let tail = if all > first { after_separator(rest) } else { rest };
    if tail.len() != all - first {
        return Err(Problem::Malformed);
    }
    let mut number = 0;
    for byte in head.iter().chain(tail) {
        if !byte.is_ascii_digit() {
            return Err(Problem::Malformed);
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    if !shape.ranges.iter().any(|range| range.contains(&number)) {
        return Err(Problem::OutOfRange);
    }
    let separator = (!tail.is_empty()).then_some(shape.separator);
    let spelling = shape.kept_prefix.bytes().chain(head.iter().copied());
    Ok(Postcode::spelled(spelling.chain(separator).chain(tail.iter().copied())))
}

/// Splits a kept part from what may follow it, with or without a separator.
fn kept_and_rest(text: &[u8], kept: usize) -> Option<(&[u8], &[u8])> {
    let (kept, rest) = text.split_at_checked(kept)?;
    let tail = after_separator(rest);
    // A separator with nothing after it is a torn code.
    if tail.is_empty() && !rest.is_empty() { None } else { Some((kept, tail)) }
}

fn outward(text: &[u8]) -> Option<&[u8]> {
    let with_inward = text.len() > 4;
    let kept = if with_inward {
        let (head, inward) = text.split_at(text.len() - 3);
        let [number, a, b] = inward else { return None };
        if !number.is_ascii_digit() || !is_inward_letter(*a) || !is_inward_letter(*b) {
            return None;
        }
        match head {
            [kept @ .., b' ' | b'-'] => kept,
            kept => kept,
        }
    } else {
        text
    };
    is_outward(kept).then_some(kept)
}

fn is_inward_letter(byte: u8) -> bool {
    byte.is_ascii_uppercase() && !b"CIKMOV".contains(&byte)
}

/// Area of one or two letters, then a district of a digit with or without a further digit or letter.
fn is_outward(code: &[u8]) -> bool {
    let first = |byte: u8| byte.is_ascii_uppercase() && !b"QVX".contains(&byte);
    let second = |byte: u8| byte.is_ascii_uppercase() && !b"IJZ".contains(&byte);
    let after_one = |byte: u8| byte.is_ascii_digit() || b"ABCDEFGHJKPSTUW".contains(&byte);
    let after_two = |byte: u8| after_one(byte) || b"MNRVXY".contains(&byte);
    match *code {
        [b'G', b'I', b'R'] => true,
        [a, n] => first(a) && n.is_ascii_digit(),
        [a, n, x] if n.is_ascii_digit() => first(a) && after_one(x),
        [a, b, n] => first(a) && second(b) && n.is_ascii_digit(),
        [a, b, n, x] => first(a) && second(b) && n.is_ascii_digit() && after_two(x),
        _ => false,
    }
}

fn routing_key(text: &[u8]) -> Option<&[u8]> {
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"BGIJLMOQSUZ".contains(&byte);
    let (key, identifier) = kept_and_rest(text, 3)?;
    let known = match *key {
        [a, b, c] => key == b"D6W" || (letter(a) && b.is_ascii_digit() && c.is_ascii_digit()),
        _ => false,
    };
    let complete = matches!(identifier.len(), 0 | 4)
        && identifier.iter().all(|byte| byte.is_ascii_digit() || letter(*byte));
    (known && complete).then_some(key)
}

fn dutch_digits(text: &[u8]) -> Option<&[u8]> {
    let (number, letters) = kept_and_rest(text, 4)?;
    let known = number.iter().all(u8::is_ascii_digit) && number[0] != b'0';
    let complete = match letters {
        [] => true,
        // These three were never given out, for their meaning in history.
        b"SA" | b"SD" | b"SS" => false,
        [a, b] => a.is_ascii_uppercase() && b.is_ascii_uppercase(),
        _ => false,
    };
    (known && complete).then_some(number)
}

fn maltese_letters(text: &[u8]) -> Option<&[u8]> {
    let (letters, number) = kept_and_rest(text, 3)?;
    let known = letters.iter().all(u8::is_ascii_uppercase);
    let complete = matches!(number.len(), 0 | 4) && number.iter().all(u8::is_ascii_digit);
    (known && complete).then_some(letters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(country: &str, text: &str) -> Result<String, String> {
        Postcode::normalise(Country::parse(country).unwrap(), text)
            .map(|code| code.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_spelling_leads_to_the_canonical_one() {
        for (country, canonical, spellings) in [
            ("CZ", "100 00", &["10000", "100 00", "100-00", " 100 00 "][..]),
            ("GR", "100 21", &["10021", "100 21"]),
            ("PL", "00-002", &["00002", "00-002", "00 002"]),
            ("PT", "1000-001", &["1000001", "1000-001", "1000 001"]),
            ("LT", "LT-00001", &["00001", "LT-00001", "lt00001", "LT 00001"]),
            ("LV", "LV-1001", &["1001", "LV-1001", "lv-1001"]),
            ("LU", "1111", &["1111", "L-1111", "l1111", "L 1111"]),
            ("GB", "SW1A", &["SW1A 1AA", "SW1A1AA", "sw1a-1aa", "SW1A"]),
            ("GB", "B1", &["B1", "B1 1AA", "b11aa"]),
            ("GB", "GIR", &["GIR 0AA", "GIR"]),
            ("IE", "D6W", &["D6W", "D6W XY00", "d6wxy00"]),
            ("NL", "1011", &["1011", "1011AB", "1011 ab"]),
            ("MT", "VLT", &["VLT", "VLT 1234", "vlt1234"]),
            ("DE", "01067", &["01067", "01067 "]),
            ("SK", "010 01", &["01001"]),
        ] {
            for spelling in spellings {
                assert_eq!(normal(country, spelling).as_deref(), Ok(canonical), "{country} {spelling}");
            }
        }
    }

    #[test]
    fn refuses_what_is_not_a_postcode_of_the_country() {
        for (country, texts) in [
            ("DE", &["", "1067", "010678", "12-345", "00123", "1O115", "\u{661}0115", "LT01067"][..]),
            ("AT", &["0100", "A-1010", "10100"]),
            ("CZ", &["800 00", "1000 0", "100  00", "10 000"]),
            ("ES", &["00100", "53001"]),
            ("FR", &["96000", "99999", "00100"]),
            ("GB", &["QA1", "SW1A 1A", "SW1A 1AC", "SW1A1", "GIR0", "AI1", "W1I", "1AA", "SW1A  1AA"]),
            ("IE", &["B12", "D6X", "D02 X", "D02-", "D6W XY0O"]),
            ("LI", &["9484", "9499", "8000"]),
            ("LT", &["LT-", "LT--00001", "LV-1001", "LT-0001"]),
            ("LV", &["0999", "6000"]),
            ("NL", &["0123", "1011 SS", "1011 A", "1011-", "1011 A1"]),
            ("MT", &["VL", "VLT 123", "V1T"]),
            ("SK", &["10001", "79999"]),
            ("IS", &["099", "1010"]),
            ("PT", &["0999-999", "1000--001", "100-0001"]),
        ] {
            for text in texts {
                assert!(normal(country, text).is_err(), "{country} {text:?}");
            }
        }
    }

    #[test]
    fn says_what_was_expected() {
        assert_eq!(
            normal("DE", "1O115").unwrap_err(),
            "postcode \"1O115\" is not a German postcode (expected 5 digits)"
        );
        assert_eq!(
            normal("FR", "96000").unwrap_err(),
            "postcode \"96000\" is not a French postcode (expected a number in 01000 to 95999, 97000 to 98999)"
        );
        let long = normal("DE", &"\u{1b}[31m".repeat(1000)).unwrap_err();
        assert!(long.starts_with("postcode \"\\u{1b}[31m") && long.len() < 200, "{long}");
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(index in 0_u8..32, text in "\\PC{0,20}|[0-9A-Za-z -]{0,10}") {
            let country = Country::from_index(usize::from(index)).unwrap();
            if let Ok(code) = Postcode::normalise(country, &text) {
                prop_assert_eq!(Postcode::normalise(country, code.as_str()), Ok(code));
                prop_assert_eq!(Postcode::unpacked(code.packed()), code);
            }
        }

        #[test]
        fn order_is_that_of_the_spelling(one in "[A-Z][0-9]{1,2}", other in "[A-Z][0-9]{1,2}") {
            let gb = Country::parse("GB").unwrap();
            if let (Ok(a), Ok(b)) = (Postcode::normalise(gb, &one), Postcode::normalise(gb, &other)) {
                prop_assert_eq!(a.cmp(&b), one.cmp(&other));
            }
        }
    }
}
