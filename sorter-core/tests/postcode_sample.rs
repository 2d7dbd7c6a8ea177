//! Postcodes against a sample of real ones.

use std::collections::BTreeSet;

use sorter_core::address::{Country, Destinations, Postcode};

const SAMPLE: &str = include_str!("data/postcodes_sample.csv");

fn sample() -> impl Iterator<Item = (Country, &'static str)> {
    SAMPLE.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| {
        let (country, code) = line.split_once(',').expect("two columns");
        (Country::parse(country).expect("a known country"), code)
    })
}

#[test]
fn every_real_postcode_is_its_own_canonical_spelling() {
    for (country, code) in sample() {
        let normal = Postcode::normalise(country, code).unwrap();
        assert_eq!(normal.as_str(), code, "{country}");
    }
}

#[test]
fn separators_and_capitals_make_no_difference() {
    for (country, code) in sample() {
        let bare: String = code.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        assert_eq!(Postcode::normalise(country, &bare).unwrap().as_str(), code, "{country} {bare}");
    }
}

#[test]
fn order_is_that_of_the_file_within_a_country() {
    for pair in sample().collect::<Vec<_>>().windows(2) {
        let [one, other] = [pair[0], pair[1]].map(|(c, code)| (c, Postcode::normalise(c, code).unwrap()));
        assert!(one < other, "{one:?} {other:?}");
    }
}

#[test]
fn every_sampled_postcode_gets_its_own_number() {
    let mut directory = Destinations::with_capacity(500);
    let ids: BTreeSet<_> = sample()
        .map(|(country, code)| {
            directory.get_or_add(country, Postcode::normalise(country, code).unwrap()).unwrap()
        })
        .collect();
    assert_eq!((ids.len(), directory.len()), (sample().count(), sample().count()));
    assert!(ids.len() > 400);
}
