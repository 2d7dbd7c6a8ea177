//! The countries that are sorted to.

use std::fmt;

use super::rules::{COUNTRIES, CountryRule};

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
    fn index_fits_into_five_bits() {
        assert_eq!(Country::COUNT, 32);
    }
}
