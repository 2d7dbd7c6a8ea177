//! Dense numbers for destinations.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use thiserror::Error;

use super::{Country, Postcode};
use crate::ids::DestinationId;

/// The directory that gives each (country, postcode) a dense number, counted from 0 in the order of arrival.
///
/// Numbers never change and are never given back, so a plan may be an array over them. The hash function has
/// a fixed seed: the same input gives the same directory on every run.
#[derive(Clone, Debug, Default)]
pub struct Destinations {
    ids: HashMap<u64, DestinationId, FixedState>,
    /// Country above the 48 bits of the packed postcode, by id.
    entries: Vec<u64>,
}

/// The directory has [`DestinationId::LIMIT`] destinations and takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("directory of destinations is full (limit {})", DestinationId::LIMIT)]
pub struct DestinationsFull;

impl Destinations {
    /// An empty directory with room for `capacity` destinations, at most [`DestinationId::LIMIT`].
    pub fn with_capacity(capacity: usize) -> Self {
        let capacity = capacity.min(DestinationId::LIMIT);
        Self {
            ids: HashMap::with_capacity_and_hasher(capacity, FixedState::default()),
            entries: Vec::with_capacity(capacity),
        }
    }

    /// The number of a destination that is in the directory.
    pub fn get(&self, country: Country, postcode: &Postcode) -> Option<DestinationId> {
        self.ids.get(&key(country, *postcode)).copied()
    }

    /// The number of a destination, which is added when it is new.
    ///
    /// # Errors
    /// [`DestinationsFull`] when it is new and there is no number left.
    pub fn get_or_add(
        &mut self,
        country: Country,
        postcode: Postcode,
    ) -> Result<DestinationId, DestinationsFull> {
        let key = key(country, postcode);
        if let Some(id) = self.ids.get(&key) {
            return Ok(*id);
        }
        let next = u32::try_from(self.entries.len()).map_err(|_| DestinationsFull)?;
        let id = DestinationId::new(next);
        if id.index() >= DestinationId::LIMIT {
            return Err(DestinationsFull);
        }
        self.ids.insert(key, id);
        self.entries.push(key);
        Ok(id)
    }

    /// The destination with this number.
    pub fn entry(&self, id: DestinationId) -> Option<(Country, Postcode)> {
        self.entries.get(id.index()).and_then(|key| unkey(*key))
    }

    /// How many destinations there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All destinations, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (DestinationId, Country, Postcode)> + '_ {
        (0_u32..).zip(&self.entries).filter_map(|(number, key)| {
            unkey(*key).map(|(country, postcode)| (DestinationId::new(number), country, postcode))
        })
    }
}

fn key(country: Country, postcode: Postcode) -> u64 {
    (country.index() as u64) << 48 | postcode.packed()
}

fn unkey(key: u64) -> Option<(Country, Postcode)> {
    let country = usize::try_from(key >> 48).ok().and_then(Country::from_index)?;
    Some((country, Postcode::unpacked(key)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn country(code: &str) -> Country {
        Country::parse(code).unwrap()
    }

    #[test]
    fn one_number_for_each_country_and_postcode() {
        let mut directory = Destinations::with_capacity(4);
        let code = Postcode::normalise(country("AT"), "1010").unwrap();
        let vienna = directory.get_or_add(country("AT"), code).unwrap();
        let swiss = directory.get_or_add(country("CH"), code).unwrap();
        assert_ne!(vienna, swiss);
        assert_eq!(directory.get_or_add(country("AT"), code), Ok(vienna));
        assert_eq!(directory.get(country("NO"), &code), None);
        assert_eq!(directory.len(), 2);
        assert_eq!(directory.entry(DestinationId::new(2)), None);
    }

    #[test]
    fn refuses_the_destination_after_the_last() {
        let mut directory = Destinations::with_capacity(usize::MAX);
        for number in 0..DestinationId::LIMIT {
            let code = Postcode::normalise(country("RO"), &format!("{number:06}")).unwrap();
            directory.get_or_add(country("RO"), code).unwrap();
        }
        let last = Postcode::normalise(country("RO"), "999999").unwrap();
        assert_eq!(directory.get_or_add(country("RO"), last), Err(DestinationsFull));
        let first = Postcode::normalise(country("RO"), "000000").unwrap();
        assert_eq!(directory.get_or_add(country("RO"), first), Ok(DestinationId::new(0)));
    }

    proptest! {
        #[test]
        fn numbers_agree_with_an_ordered_map(codes in prop::collection::vec((0_u8..32, 1000_u32..1200), 0..200)) {
            let mut directory = Destinations::with_capacity(0);
            let mut oracle: BTreeMap<(Country, Postcode), DestinationId> = BTreeMap::new();
            for (index, number) in codes {
                let country = Country::from_index(usize::from(index)).unwrap();
                let Ok(code) = Postcode::normalise(country, &number.to_string()) else { continue };
                let next = DestinationId::new(oracle.len() as u32);
                let expected = *oracle.entry((country, code)).or_insert(next);
                prop_assert_eq!(directory.get_or_add(country, code), Ok(expected));
            }
            for ((country, code), id) in &oracle {
                prop_assert_eq!(directory.entry(*id), Some((*country, *code)));
            }
            let listed: Vec<u32> = directory.iter().map(|(id, ..)| id.get()).collect();
            prop_assert_eq!(listed, (0..oracle.len() as u32).collect::<Vec<_>>());
        }
    }
}
