//! Postcodes of 32 countries with their share of parcels.

use sorter_core::address::{Country, Destinations, Postcode};

use super::{rows, unpacked};

static EUROPE: &[u8] = include_bytes!("../../data/postcodes.csv.gz");
static GREECE: &[u8] = include_bytes!("../../data/postcodes_gr_odbl.csv.gz");

/// One postcode of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostcodeRow {
    /// Its country.
    pub country: Country,
    /// The postcode; in GB, IE, NL and MT only the part that the data has (outward code, routing key, digits,
    /// letters).
    pub postcode: Postcode,
    /// Expected parcels in 10^9 parcels; at least 1.
    pub weight: u32,
}

/// All postcodes of the standard network: 31 countries by country and postcode, then Greece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postcodes {
    /// The rows, each (country, postcode) once.
    pub rows: Vec<PostcodeRow>,
}

impl Postcodes {
    /// How many rows there are.
    pub const COUNT: usize = 360_914;

    /// Unpacks and reads the embedded files.
    ///
    /// # Panics
    /// Never: the tests read every row.
    pub fn load() -> Self {
        let mut all = Vec::with_capacity(Self::COUNT);
        for file in [EUROPE, GREECE] {
            let text = unpacked(file);
            all.extend(rows(&text).map(|row| parse(row).expect("the tests read every embedded postcode")));
        }
        Self { rows: all }
    }

    /// A directory of all of them.
    pub fn destinations(&self) -> Destinations {
        let mut destinations = Destinations::with_capacity(self.rows.len());
        for row in &self.rows {
            destinations.get_or_add(row.country, row.postcode).expect("the data has fewer than the limit");
        }
        destinations
    }

    /// The sum of the weights.
    pub fn total_weight(&self) -> u64 {
        self.rows.iter().map(|row| u64::from(row.weight)).sum()
    }
}

fn parse(row: &str) -> Option<PostcodeRow> {
    let mut fields = row.split(',');
    let country = Country::parse(fields.next()?)?;
    let postcode = Postcode::normalise(country, fields.next()?).ok()?;
    let weight = fields.next()?.parse().ok()?;
    Some(PostcodeRow { country, postcode, weight })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The rows that do not read, for a test that names them.
    pub(in crate::data) fn unreadable_rows() -> Vec<String> {
        let texts = [unpacked(EUROPE), unpacked(GREECE)];
        let all = texts.iter().flat_map(|text| rows(text));
        all.filter(|row| parse(row).is_none()).map(str::to_owned).collect()
    }

    #[test]
    fn a_row_without_a_weight_is_not_read() {
        assert_eq!(parse("AT,1010"), None);
        assert_eq!(parse("AT,1010,-5"), None);
        assert_eq!(parse("AT,1010,5").unwrap().weight, 5);
    }
}
