//! Application identifiers, and how long their values are.

use std::fmt;

/// A GS1 application identifier: two to four digits that say what the value behind them is.
///
/// Only those that the General Specifications give out, by their first two digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApplicationIdentifier {
    number: u16,
    digits: u8,
}

/// How long a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Digits, always as many, with no separator behind them.
    Exactly(usize),
    /// Up to so many characters, ended by a separator or by the end.
    UpTo(usize),
}

impl ApplicationIdentifier {
    /// (00): serial shipping container code.
    pub const SSCC: Self = Self { number: 0, digits: 2 };
    /// (01): global trade item number.
    pub const GTIN: Self = Self { number: 1, digits: 2 };
    /// (21): serial number of a GTIN.
    pub const SERIAL: Self = Self { number: 21, digits: 2 };
    /// (403): routing code.
    pub const ROUTING_CODE: Self = Self { number: 403, digits: 3 };
    /// (420): postcode of the receiver.
    pub const POSTCODE: Self = Self { number: 420, digits: 3 };
    /// (421): country and postcode of the receiver.
    pub const COUNTRY_AND_POSTCODE: Self = Self { number: 421, digits: 3 };

    /// The identifier with these digits, and nothing else.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        Self::split(digits).and_then(|(identifier, rest)| rest.is_empty().then_some(identifier))
    }

    /// The identifier that a text begins with, and what follows it.
    pub(super) fn split(text: &[u8]) -> Option<(Self, &[u8])> {
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_u16, |number, byte| {
                byte.is_ascii_digit().then(|| number * 10 + u16::from(byte - b'0'))
            })
        };
        let (digits, _) = rule(number(text.get(..2)?)?)?;
        let (own, rest) = text.split_at_checked(usize::from(digits))?;
        Some((Self { number: number(own)?, digits }, rest))
    }

    /// How long its values are.
    pub(super) const fn extent(self) -> Extent {
        let first_two = match self.digits {
            2 => self.number,
            3 => self.number / 10,
            _ => self.number / 100,
        };
        match rule(first_two) {
            Some((_, extent)) => extent,
            // No identifier is made without a rule.
            None => Extent::Exactly(0),
        }
    }

    /// Whether a Digital Link has it behind its key, to say more about the same thing.
    pub(super) const fn is_qualifier(self) -> bool {
        matches!(self.number, 10 | 21 | 22 | 235 | 254 | 7040 | 8011 | 8019)
    }
}

/// The digits of the identifiers that begin with these two, and how long their values are.
///
/// Sources: General Specifications, figures 3.2-1 (identifiers) and 7.8.5-2 (the lengths that never change; 04 and
/// some of the teens have one although they are not given out). Of identifiers with several formats this is the
/// longest.
const fn rule(first_two: u16) -> Option<(u8, Extent)> {
    use Extent::{Exactly, UpTo};
    Some(match first_two {
        0 => (2, Exactly(18)),
        1..=3 => (2, Exactly(14)),
        4 => (2, Exactly(16)),
        11..=19 => (2, Exactly(6)),
        20 => (2, Exactly(2)),
        31..=36 => (4, Exactly(6)),
        41 => (3, Exactly(13)),
        10 | 21 | 22 => (2, UpTo(20)),
        23 => (3, UpTo(28)),
        24 | 25 | 40 => (3, UpTo(30)),
        30 | 37 => (2, UpTo(8)),
        39 => (4, UpTo(18)),
        42 | 71 => (3, UpTo(20)),
        43 | 81 | 82 => (4, UpTo(70)),
        70 | 72 => (4, UpTo(30)),
        80 => (4, UpTo(90)),
        90 => (2, UpTo(30)),
        91..=99 => (2, UpTo(90)),
        _ => return None,
    })
}

impl fmt::Display for ApplicationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:0digits$})", self.number, digits = usize::from(self.digits))
    }
}

impl fmt::Debug for ApplicationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApplicationIdentifier{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_two_to_four_digits() {
        for (text, rest) in [("00", ""), ("21ABC", "ABC"), ("42110115", "10115"), ("3103000123", "000123")] {
            let (identifier, after) = ApplicationIdentifier::split(text.as_bytes()).unwrap();
            assert_eq!(after, rest.as_bytes());
            let digits = &text[..text.len() - rest.len()];
            assert_eq!(identifier.to_string(), format!("({digits})"));
            assert_eq!(ApplicationIdentifier::parse(digits.as_bytes()), Some(identifier));
        }
        for text in ["", "0", "42", "310", "05", "50", "60", "88", "2A", "\u{665}\u{665}"] {
            assert_eq!(ApplicationIdentifier::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn lengths_that_never_change_are_those_of_the_published_table() {
        let mut fixed = Vec::new();
        for first_two in 0..100 {
            if let Some((digits, Extent::Exactly(length))) = rule(first_two) {
                fixed.push((first_two, usize::from(digits) + length));
            }
        }
        let mut published = vec![(0, 20), (1, 16), (2, 16), (3, 16), (4, 18)];
        published.extend((11..20).map(|first_two| (first_two, 8)));
        published.push((20, 4));
        published.extend((31..37).map(|first_two| (first_two, 10)));
        published.push((41, 16));
        assert_eq!(fixed, published);
    }
}
