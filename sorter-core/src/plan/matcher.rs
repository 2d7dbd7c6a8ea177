//! The rules of a plan, sorted once for each country and searched by bisection.

use std::fmt::{self, Write as _};

use crate::address::{Country, Postcode};

/// What a rule covers inside its country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Every code of the country.
    Country,
    /// The codes whose canonical spelling begins with this text.
    Prefix(String),
    /// The codes from the first to the last, both included.
    Range {
        /// The first code.
        first: Postcode,
        /// The last code.
        last: Postcode,
    },
}

/// Finds the most specific rule of a postcode: its range, then its longest prefix, then its country.
#[derive(Debug)]
pub(super) struct Matcher {
    countries: Vec<CountryRules>,
}

#[derive(Clone, Debug, Default)]
struct CountryRules {
    /// Sorted and disjoint, so the last range that begins at or before a code is the only candidate.
    ranges: Vec<(Postcode, Postcode, usize)>,
    /// Sorted by the bytes of the prefix.
    prefixes: Vec<(Vec<u8>, usize)>,
    longest_prefix: usize,
    whole: Option<usize>,
}

impl Matcher {
    /// Sorts rules that have been checked: their ranges are disjoint, no prefix or country comes twice.
    /// A rule is known by its place in the iteration.
    pub(super) fn new<'r>(rules: impl Iterator<Item = (Country, &'r Scope)>) -> Self {
        let mut countries = vec![CountryRules::default(); Country::COUNT];
        for (number, (country, scope)) in rules.enumerate() {
            let Some(rules) = countries.get_mut(country.index()) else { continue };
            match scope {
                Scope::Country => rules.whole = Some(number),
                Scope::Prefix(text) => rules.prefixes.push((text.as_bytes().to_vec(), number)),
                Scope::Range { first, last } => rules.ranges.push((*first, *last, number)),
            }
        }
        for rules in &mut countries {
            rules.ranges.sort_unstable();
            rules.prefixes.sort_unstable();
            rules.longest_prefix = rules.prefixes.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
        }
        Self { countries }
    }

    /// The number of the rule for a postcode.
    pub(super) fn find(&self, country: Country, postcode: &Postcode) -> Option<usize> {
        let rules = self.countries.get(country.index())?;
        rules.range_of(postcode).or_else(|| rules.prefix_of(postcode)).or(rules.whole)
    }
}

impl CountryRules {
    fn range_of(&self, postcode: &Postcode) -> Option<usize> {
        let behind = self.ranges.partition_point(|(first, _, _)| first <= postcode);
        let (_, last, number) = self.ranges.get(behind.checked_sub(1)?)?;
        (postcode <= last).then_some(*number)
    }

    fn prefix_of(&self, postcode: &Postcode) -> Option<usize> {
        if self.prefixes.is_empty() {
            return None;
        }
        let spelling = Spelling::of(postcode);
        let text = spelling.as_bytes();
        (1..=self.longest_prefix.min(text.len())).rev().find_map(|length| {
            let wanted = &text[..length];
            let place = self.prefixes.binary_search_by(|(prefix, _)| prefix.as_slice().cmp(wanted)).ok()?;
            Some(self.prefixes[place].1)
        })
    }
}

/// The canonical text of a postcode without an allocation.
struct Spelling {
    bytes: [u8; Self::CAPACITY],
    length: usize,
}

impl Spelling {
    /// Twice the longest spelling of the 32 countries; what does not fit is cut off.
    const CAPACITY: usize = 16;

    fn of(postcode: &Postcode) -> Self {
        let mut spelling = Self { bytes: [0; Self::CAPACITY], length: 0 };
        // The writer refuses only what is too long, and a text that was cut off still has its prefixes.
        let _ = write!(spelling, "{postcode}");
        spelling
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Write for Spelling {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.length..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.length += taken;
        if taken == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn country(code: &str) -> Country {
        Country::parse(code).unwrap()
    }

    /// The rule that a person would find with a finger on the list.
    fn naive(rules: &[(Country, Scope)], wanted: Country, postcode: &Postcode) -> Option<usize> {
        let text = postcode.to_string();
        let rank = |scope: &Scope| match scope {
            Scope::Range { first, last } => (first <= postcode && postcode <= last).then_some(usize::MAX),
            Scope::Prefix(prefix) => text.starts_with(prefix.as_str()).then_some(prefix.len()),
            Scope::Country => Some(0),
        };
        let mut best: Option<(usize, usize)> = None;
        for (number, (country, scope)) in rules.iter().enumerate() {
            if *country != wanted {
                continue;
            }
            if let Some(rank) = rank(scope)
                && best.is_none_or(|(highest, _)| rank > highest)
            {
                best = Some((rank, number));
            }
        }
        best.map(|(_, number)| number)
    }

    /// Rules for two countries whose codes look alike: disjoint ranges from sorted bounds, distinct
    /// prefixes, a default or none; in any order.
    fn rule_sets() -> impl Strategy<Value = Vec<(Country, Scope)>> {
        let one = |code: &'static str| {
            let bounds = prop::collection::btree_set(10_000_u32..20_000, 0..24);
            let prefixes = prop::collection::btree_set("1[0-9]{0,4}", 0..12);
            (bounds, prefixes, any::<bool>()).prop_map(move |(bounds, prefixes, whole)| {
                let country = country(code);
                let bounds: Vec<_> = bounds.into_iter().collect();
                let mut rules: Vec<_> = bounds
                    .chunks(2)
                    .map(|pair| {
                        let code = |number: &u32| Postcode::normalise(country, &number.to_string()).unwrap();
                        let last = pair.get(1).unwrap_or(&pair[0]);
                        (country, Scope::Range { first: code(&pair[0]), last: code(last) })
                    })
                    .collect();
                rules.extend(prefixes.into_iter().map(|text| (country, Scope::Prefix(text))));
                rules.extend(whole.then_some((country, Scope::Country)));
                rules
            })
        };
        (one("DE"), one("IT")).prop_map(|(german, italian)| [german, italian].concat()).prop_shuffle()
    }

    proptest! {
        #[test]
        fn bisection_finds_what_a_linear_scan_finds(
            rules in rule_sets(),
            codes in prop::collection::vec(9_990_u32..20_010, 1..60),
        ) {
            let matcher = Matcher::new(rules.iter().map(|(country, scope)| (*country, scope)));
            for number in codes {
                for country in [country("DE"), country("IT"), country("ES")] {
                    let postcode = Postcode::normalise(country, &format!("{number:05}")).unwrap();
                    prop_assert_eq!(matcher.find(country, &postcode), naive(&rules, country, &postcode));
                }
            }
        }
    }

    #[test]
    fn a_spelling_that_is_too_long_is_cut_off() {
        let mut spelling = Spelling { bytes: [0; Spelling::CAPACITY], length: 0 };
        assert!(spelling.write_str("12345678").is_ok());
        assert!(spelling.write_str("123456789").is_err());
        assert_eq!(spelling.as_bytes(), b"1234567812345678");
    }
}
