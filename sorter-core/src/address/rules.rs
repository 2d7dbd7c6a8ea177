//! The postcode rules of each country, as data.

use std::ops::RangeInclusive;

/// What is known about one country.
pub(super) struct CountryRule {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) adjective: &'static str,
    pub(super) form: &'static str,
    pub(super) shape: Shape,
}

/// How a postcode is built.
pub(super) enum Shape {
    /// Digits with fixed parts around them.
    Digits(DigitShape),
    /// Great Britain: the outward code is kept, the inward code may follow.
    Outward,
    /// Ireland: the routing key is kept, the unique identifier may follow.
    RoutingKey,
    /// The Netherlands: 4 digits are kept, 2 letters may follow.
    DutchDigits,
    /// Malta: 3 letters are kept, 4 digits may follow.
    MalteseLetters,
}

/// A postcode of digits.
pub(super) struct DigitShape {
    /// Digits before the separator, and in all.
    pub(super) groups: (usize, usize),
    /// What the canonical spelling has between the groups; the input may leave it out.
    pub(super) separator: u8,
    /// Letters that may stand in front, with or without a hyphen.
    pub(super) prefix: &'static str,
    /// What the canonical spelling has in front.
    pub(super) kept_prefix: &'static str,
    /// The numbers that are given out.
    pub(super) ranges: &'static [RangeInclusive<u32>],
}

/// Digits without separator and prefix.
const fn plain(digits: usize, ranges: &'static [RangeInclusive<u32>]) -> Shape {
    grouped(digits, digits, b' ', ranges)
}

const fn grouped(first: usize, all: usize, separator: u8, ranges: &'static [RangeInclusive<u32>]) -> Shape {
    Shape::Digits(DigitShape { groups: (first, all), separator, prefix: "", kept_prefix: "", ranges })
}

const fn prefixed(
    prefix: &'static str,
    kept_prefix: &'static str,
    digits: usize,
    ranges: &'static [RangeInclusive<u32>],
) -> Shape {
    Shape::Digits(DigitShape { groups: (digits, digits), separator: b' ', prefix, kept_prefix, ranges })
}

const fn country(
    code: &'static str,
    name: &'static str,
    adjective: &'static str,
    form: &'static str,
    shape: Shape,
) -> CountryRule {
    CountryRule { code, name, adjective, form, shape }
}

const FROM_1000: &[RangeInclusive<u32>] = &[1000..=9999];
const FOUR: &[RangeInclusive<u32>] = &[0..=9999];
const FIVE: &[RangeInclusive<u32>] = &[0..=99_999];

/// All countries, in the order of their codes.
pub(super) static COUNTRIES: [CountryRule; 32] = [
    country("AT", "Austria", "Austrian", "4 digits", plain(4, FROM_1000)),
    country("BE", "Belgium", "Belgian", "4 digits", plain(4, FROM_1000)),
    country("BG", "Bulgaria", "Bulgarian", "4 digits", plain(4, FROM_1000)),
    country("CH", "Switzerland", "Swiss", "4 digits", plain(4, FROM_1000)),
    country("CY", "Cyprus", "Cypriot", "4 digits", plain(4, FROM_1000)),
    country("CZ", "Czechia", "Czech", "5 digits as in 100 00", grouped(3, 5, b' ', &[10_000..=79_999])),
    country("DE", "Germany", "German", "5 digits", plain(5, &[1000..=99_999])),
    country("DK", "Denmark", "Danish", "4 digits", plain(4, FOUR)),
    country("EE", "Estonia", "Estonian", "5 digits", plain(5, FIVE)),
    country("ES", "Spain", "Spanish", "5 digits", plain(5, &[1000..=52_999])),
    country("FI", "Finland", "Finnish", "5 digits", plain(5, FIVE)),
    country("FR", "France", "French", "5 digits", plain(5, &[1000..=95_999, 97_000..=98_999])),
    country(
        "GB",
        "United Kingdom",
        "British",
        "an outward code as in SW1A, with or without inward code",
        Shape::Outward,
    ),
    country("GR", "Greece", "Greek", "5 digits as in 100 21", grouped(3, 5, b' ', &[10_000..=89_999])),
    country("HR", "Croatia", "Croatian", "5 digits", plain(5, &[10_000..=59_999])),
    country("HU", "Hungary", "Hungarian", "4 digits", plain(4, FROM_1000)),
    country(
        "IE",
        "Ireland",
        "Irish",
        "a routing key as in D02, with or without 4 more characters",
        Shape::RoutingKey,
    ),
    country("IS", "Iceland", "Icelandic", "3 digits", plain(3, &[100..=999])),
    country("IT", "Italy", "Italian", "5 digits", plain(5, FIVE)),
    country("LI", "Liechtenstein", "Liechtenstein", "4 digits", plain(4, &[9485..=9498])),
    country("LT", "Lithuania", "Lithuanian", "5 digits as in LT-01100", prefixed("LT", "LT-", 5, FIVE)),
    country(
        "LU",
        "Luxembourg",
        "Luxembourg",
        "4 digits as in 1111 or L-1111",
        prefixed("L", "", 4, FROM_1000),
    ),
    country("LV", "Latvia", "Latvian", "4 digits as in LV-1001", prefixed("LV", "LV-", 4, &[1000..=5999])),
    country("MT", "Malta", "Maltese", "3 letters, with or without 4 digits", Shape::MalteseLetters),
    country("NL", "The Netherlands", "Dutch", "4 digits, with or without 2 letters", Shape::DutchDigits),
    country("NO", "Norway", "Norwegian", "4 digits", plain(4, FOUR)),
    country("PL", "Poland", "Polish", "5 digits as in 00-002", grouped(2, 5, b'-', FIVE)),
    country(
        "PT",
        "Portugal",
        "Portuguese",
        "7 digits as in 1000-001",
        grouped(4, 7, b'-', &[1_000_000..=9_999_999]),
    ),
    country("RO", "Romania", "Romanian", "6 digits", plain(6, &[0..=999_999])),
    country("SE", "Sweden", "Swedish", "5 digits as in 100 04", grouped(3, 5, b' ', &[10_000..=99_999])),
    country("SI", "Slovenia", "Slovenian", "4 digits", plain(4, FROM_1000)),
    country(
        "SK",
        "Slovakia",
        "Slovak",
        "5 digits as in 010 01",
        grouped(3, 5, b' ', &[0..=9999, 80_000..=99_999]),
    ),
];
