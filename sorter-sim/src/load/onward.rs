//! How a parcel goes on: import by truck, export and transit by a booked flight.

use sorter_core::address::Country;
use sorter_core::units::Micros;

use crate::random::{AliasError, AliasTable, Draws};

/// From the arrival of a parcel at its induction to the departure it is booked on, at least. The cut-off
/// of a flight is two hours before it leaves, so a parcel has two hours to be sorted.
pub const CONNECTING_TIME: Micros = Micros::from_secs(4 * 3_600);

/// A week, in which the schedule repeats.
pub(super) const WEEK: Micros = Micros::from_secs(7 * 86_400);

/// How a parcel comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Flight in, truck out, cleared here.
    Import,
    /// Truck in, flight out.
    Export {
        /// The booked connection, as an index into [`Onward::connections`].
        connection: u16,
    },
    /// Flight in, flight out, not cleared here.
    Transit {
        /// The booked connection, as an index into [`Onward::connections`].
        connection: u16,
    },
}

impl Flow {
    /// The booked connection, as an index into [`Onward::connections`]; import has none.
    pub const fn connection(self) -> Option<u16> {
        match self {
            Self::Import => None,
            Self::Export { connection } | Self::Transit { connection } => Some(connection),
        }
    }
}

/// A flight that leaves every week and takes booked parcels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnwardConnection {
    /// Its name in the schedule, such as `X03`.
    pub id: String,
    /// The countries it serves.
    pub countries: Vec<Country>,
    /// When it leaves, since Monday 00:00.
    pub departs: Micros,
}

/// Where export and transit parcels may go, and by which flights.
///
/// ```
/// use sorter_core::address::Country;
/// use sorter_core::units::Micros;
/// use sorter_sim::load::{Onward, OnwardConnection};
/// use sorter_sim::random::{Draws, Stream};
///
/// let [gb, de] = ["GB", "DE"].map(|code| Country::parse(code).expect("a known country"));
/// let hour = |hour: u64| Micros::from_secs(hour * 3_600);
/// let flight = |id: &str, departs| OnwardConnection { id: id.into(), countries: vec![gb], departs };
/// let onward = Onward::new([(de, 7), (gb, 3)], vec![flight("X01", hour(10)), flight("X02", hour(40))])?;
/// // Postcode 1 is the only one that a flight serves. At 7:00 the flight at 10:00 is too near.
/// assert_eq!(onward.book(&mut Draws::new(1, Stream::Destination, 0), hour(7)), (1, 1));
/// assert_eq!(onward.book(&mut Draws::new(1, Stream::Destination, 0), hour(37)), (1, 0));
/// # Ok::<(), sorter_sim::random::AliasError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onward {
    connections: Vec<OnwardConnection>,
    /// Draws a place in `postcodes`.
    table: AliasTable,
    /// The postcodes that a connection serves, with their countries.
    postcodes: Vec<(u32, Country)>,
    /// By index of the country: departures in a week and connections, the earliest first.
    departures: Vec<Vec<(Micros, u16)>>,
}

impl Onward {
    /// Connections over the postcodes of a network, each given by its country and its weight in the order
    /// of their indexes.
    ///
    /// # Errors
    /// When no postcode with a weight is served by a connection.
    ///
    /// # Panics
    /// When there are more than 65,536 connections.
    pub fn new(
        postcodes: impl IntoIterator<Item = (Country, u32)>,
        connections: Vec<OnwardConnection>,
    ) -> Result<Self, AliasError> {
        let mut departures = vec![Vec::new(); Country::COUNT];
        for (index, connection) in connections.iter().enumerate() {
            let index = u16::try_from(index).expect("a schedule has at most 65,536 connections");
            let departs = Micros::new(connection.departs.get() % WEEK.get());
            for country in &connection.countries {
                departures[country.index()].push((departs, index));
            }
        }
        departures.iter_mut().for_each(|of_country| of_country.sort_unstable());
        let served = (0..).zip(postcodes).filter(|(_, (country, _))| !departures[country.index()].is_empty());
        let (postcodes, weights): (Vec<(u32, Country)>, Vec<u32>) =
            served.map(|(index, (country, weight))| ((index, country), weight)).unzip();
        Ok(Self { connections, table: AliasTable::new(&weights)?, postcodes, departures })
    }

    /// The connections, in the order they were given in.
    pub fn connections(&self) -> &[OnwardConnection] {
        &self.connections
    }

    /// Draws a postcode that a connection serves and books the next connection of its country that leaves
    /// [`CONNECTING_TIME`] after `at` or later, round the end of the week. `at` is since Monday 00:00.
    /// Gives the indexes of both. Takes one word.
    pub fn book(&self, draws: &mut Draws, at: Micros) -> (u32, u16) {
        let (postcode, country) = self.postcodes[self.table.draw(draws) as usize];
        let ready = Micros::new((at + CONNECTING_TIME).get() % WEEK.get());
        let departures = &self.departures[country.index()];
        let next = departures.partition_point(|(departs, _)| *departs < ready);
        let (_, connection) =
            departures.get(next).or(departures.first()).expect("only served countries are drawn");
        (postcode, *connection)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::random::Stream;
    use super::*;

    fn country(code: &str) -> Country {
        Country::parse(code).unwrap()
    }

    fn connection(id: usize, codes: &[&str], departs: u64) -> OnwardConnection {
        let countries = codes.iter().map(|code| country(code)).collect();
        OnwardConnection { id: format!("X{id:02}"), countries, departs: Micros::new(departs) }
    }

    proptest! {
        #[test]
        fn books_what_a_search_through_all_connections_finds(
            times in prop::collection::vec(0..WEEK.get(), 1..12),
            at in 0..WEEK.get() * 2,
        ) {
            let connections: Vec<_> =
                times.iter().enumerate().map(|(id, departs)| connection(id, &["GB"], *departs)).collect();
            let onward = Onward::new([(country("GB"), 1)], connections).unwrap();
            let (_, booked) = onward.book(&mut Draws::new(1, Stream::Destination, 0), Micros::new(at));
            let ready = at + CONNECTING_TIME.get();
            let wait = |departs: u64| (departs + 3 * WEEK.get() - ready) % WEEK.get();
            let least = times.iter().map(|departs| wait(*departs)).min().unwrap();
            prop_assert_eq!(wait(times[usize::from(booked)]), least);
        }
    }

    #[test]
    fn draws_only_postcodes_that_a_flight_serves_by_their_weight() {
        let rows = [("CH", 10), ("DE", 1_000), ("LI", 30), ("GB", 60)];
        let connections = vec![connection(0, &["GB"], 5), connection(1, &["CH", "LI"], 5)];
        let onward = Onward::new(rows.map(|(code, weight)| (country(code), weight)), connections).unwrap();
        let mut counts = [0_u32; 4];
        for index in 0..10_000 {
            let (postcode, booked) =
                onward.book(&mut Draws::new(1, Stream::Destination, index), Micros::ZERO);
            counts[postcode as usize] += 1;
            assert_eq!(booked, u16::from(postcode != 3));
        }
        // Five standard deviations each.
        for (count, expected) in counts.into_iter().zip([1_000, 0, 3_000, 6_000_u32]) {
            assert!(count.abs_diff(expected) < 250, "{counts:?}");
        }
    }

    #[test]
    fn refuses_connections_that_serve_no_postcode() {
        let refused = Onward::new([(country("DE"), 7)], vec![connection(0, &["GB"], 5)]);
        assert_eq!(refused, Err(AliasError::Empty { count: 0 }));
    }
}
