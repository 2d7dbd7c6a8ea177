//! The countries that are sorted to.

use std::fmt;

use super::rules::{COUNTRIES, CountryRule, Shape};

/// The ISO 3166-1 numbers, in the order of the codes.
const ISO_NUMBERS: [u16; Country::COUNT] = [
    40, 56, 100, 756, 196, 203, 276, 208, 233, 724, 246, 250, 826, 300, 191, 348, 372, 352, 380, 438, 440,
    442, 428, 470, 528, 578, 616, 620, 642, 752, 705, 703,
];

/// One of the 32 countries whose postcodes are known: the EU, and GB, CH, IS, LI, NO.
///
/// Countries are ordered by their code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(u8);

impl Country {
    /// How many countries there are; their indexes are below this.
    pub const COUNT: usize = COUNTRIES.len();

    /// The country with this ISO 3166 alpha-2 code, in capital or small letters.
    pub fn parse(text: &str) -> Option<Self> {
        let [first, second] = text.as_bytes() else { return None };
        let code = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
        let index = COUNTRIES.binary_search_by(|rule| rule.code.as_bytes().cmp(&code)).ok()?;
        u8::try_from(index).ok().map(Self)
    }

    /// The country with this index.
    pub const fn from_index(index: usize) -> Option<Self> {
        if index < Self::COUNT { Some(Self(index as u8)) } else { None }
    }

    /// The country with this ISO 3166-1 number of three digits, such as `276`.
    pub fn from_iso_number(digits: &[u8]) -> Option<Self> {
        let [a, b, c] = digits else { return None };
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = [a, b, c].iter().fold(0, |number, digit| number * 10 + u16::from(**digit - b'0'));
        ISO_NUMBERS.iter().position(|known| *known == number).and_then(Self::from_index)
    }

    /// How many digits its postcodes have, for a country whose postcodes are told by digits alone.
    pub(crate) const fn postcode_digits(self) -> Option<usize> {
        match &self.rule().shape {
            Shape::Digits(shape) => Some(shape.groups.1),
            Shape::DutchDigits => Some(4),
            Shape::Outward | Shape::RoutingKey | Shape::MalteseLetters => None,
        }
    }

    /// Every country, in the order of the codes.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..COUNTRIES.len() as u8).map(Self)
    }

    /// The place in an array by country, below [`Country::COUNT`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The ISO 3166 alpha-2 code, in capital letters.
    pub const fn code(self) -> &'static str {
        self.rule().code
    }

    /// The English name.
    pub const fn name(self) -> &'static str {
        self.rule().name
    }

    /// The adjective in messages, such as `German`.
    pub const fn adjective(self) -> &'static str {
        self.rule().adjective
    }

    /// What a postcode looks like, such as `5 digits`.
    pub const fn form(self) -> &'static str {
        self.rule().form
    }

    pub(super) const fn rule(self) -> &'static CountryRule {
        &COUNTRIES[self.0 as usize]
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_and_nothing_else() {
        for country in Country::all() {
            assert_eq!(Country::parse(country.code()), Some(country));
            assert_eq!(Country::parse(&country.code().to_lowercase()), Some(country));
            assert_eq!(Country::from_index(country.index()), Some(country));
        }
        for text in ["", "D", "DEU", "XX", "US", "D\u{c9}", " DE"] {
            assert_eq!(Country::parse(text), None);
        }
        assert_eq!(Country::from_index(32), None);
    }

    #[test]
    fn each_country_has_its_iso_number() {
        for (number, code) in [
            ("040", "AT"),
            ("056", "BE"),
            ("100", "BG"),
            ("756", "CH"),
            ("196", "CY"),
            ("203", "CZ"),
            ("276", "DE"),
            ("208", "DK"),
            ("233", "EE"),
            ("724", "ES"),
            ("246", "FI"),
            ("250", "FR"),
            ("826", "GB"),
            ("300", "GR"),
            ("191", "HR"),
            ("348", "HU"),
            ("372", "IE"),
            ("352", "IS"),
            ("380", "IT"),
            ("438", "LI"),
            ("440", "LT"),
            ("442", "LU"),
            ("428", "LV"),
            ("470", "MT"),
            ("528", "NL"),
            ("578", "NO"),
            ("616", "PL"),
            ("620", "PT"),
            ("642", "RO"),
            ("752", "SE"),
            ("705", "SI"),
            ("703", "SK"),
        ] {
            assert_eq!(Country::from_iso_number(number.as_bytes()).map(Country::code), Some(code));
        }
        for text in ["", "40", "0040", "840", "000", "27A", "999"] {
            assert_eq!(Country::from_iso_number(text.as_bytes()), None);
        }
    }

    #[test]
    fn index_fits_into_five_bits() {
        assert_eq!(Country::COUNT, 32);
    }
}
