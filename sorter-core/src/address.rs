//! Where parcels go: countries, postcodes in one canonical spelling, and dense destination numbers.
//!
//! ```
//! use sorter_core::address::{Country, Destinations, Postcode};
//!
//! let germany = Country::parse("DE").unwrap();
//! let latvia = Country::parse("LV").unwrap();
//! let riga = Postcode::normalise(latvia, "1001").unwrap();
//! assert_eq!(riga.as_str(), "LV-1001");
//!
//! let refused = Postcode::normalise(germany, "1O115").unwrap_err();
//! assert_eq!(refused.to_string(), "postcode \"1O115\" is not a German postcode (expected 5 digits)");
//!
//! let mut destinations = Destinations::with_capacity(1);
//! let id = destinations.get_or_add(latvia, riga).unwrap();
//! assert_eq!(destinations.entry(id), Some((latvia, riga)));
//! ```

mod country;
mod destinations;
mod postcode;
mod rules;

pub use country::Country;
pub use destinations::{Destinations, DestinationsFull};
pub use postcode::{Postcode, PostcodeError};
