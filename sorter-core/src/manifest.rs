//! Announcements: what a hub is told about a parcel before it arrives, and the reader of manifest files.
//!
//! A manifest is a CSV file with a header and the columns `codes` (one or more, separated by a space),
//! `country`, `postcode` and `weight_g`; `service` and `clearance` may be there, other columns are passed over.
//! A row is one line. [`read`] hands good rows on one by one and writes bad ones aside, so the size of a file
//! does not matter and one bad row costs nothing but itself.
//!
//! ```
//! use sorter_core::barcode::CodeBook;
//! use sorter_core::manifest;
//!
//! let file = "codes,country,postcode,weight_g\n\
//!             LP263072004SG LP00239506206926,DE,10115,420\n\
//!             RB123456785GB,DE,1O115,180\n";
//! let mut refused_rows = Vec::new();
//! let mut accepted = Vec::new();
//! let summary = manifest::read(
//!     file.as_bytes(),
//!     "day.csv",
//!     &CodeBook::standard(),
//!     &mut refused_rows,
//!     |row| {
//!         accepted.push((row.keys().len(), row.country(), row.postcode()));
//!         Ok(())
//!     },
//! )
//! .unwrap();
//! assert_eq!((summary.rows, summary.accepted), (2, 1));
//! assert_eq!(
//!     summary.listed[0].to_string(),
//!     "day.csv:3: MF0106: postcode \"1O115\" is not a German postcode (expected 5 digits)"
//! );
//! assert!(refused_rows.ends_with(b"RB123456785GB,DE,1O115,180\n"));
//! ```

mod fields;
mod keyword;
mod reader;
mod refusal;

pub use reader::{ManifestError, Summary, read};
pub use refusal::{Refusal, RefusalKind};

pub use crate::row_file::{MAX_FIELD_BYTES, MAX_LISTED, MAX_ROW_BYTES};

use smallvec::SmallVec;

use crate::address::{Country, Postcode};
use crate::barcode::{CodeBook, CodeKey};
use crate::clearance::Clearance;
use crate::units::Grams;

/// The most codes of one parcel.
pub const MAX_CODES: usize = 8;

/// How fast a parcel travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Service {
    /// The usual service.
    #[default]
    Standard = 0,
    /// Before the others.
    Express = 1,
    /// After the others.
    Economy = 2,
}

/// What is announced about one parcel, as it was written. Nothing is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement<'a> {
    /// Every code that may stand on the parcel, at most [`MAX_CODES`].
    pub codes: SmallVec<[&'a [u8]; 4]>,
    /// The ISO 3166 alpha-2 code of the destination country.
    pub country: &'a str,
    /// The postcode of the destination.
    pub postcode: &'a str,
    /// The announced weight.
    pub weight: Grams,
    /// The announced service.
    pub service: Service,
    /// The customs status at the time of the announcement.
    pub clearance: Clearance,
    /// The connection that it is booked on, such as the onward flight of goods in transit.
    pub onward: Option<&'a str>,
}

/// An announcement whose codes, country and postcode have been checked and brought into their normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    announcement: Announcement<'a>,
    keys: SmallVec<[CodeKey; 4]>,
    country: Country,
    postcode: Postcode,
}

impl<'a> Announcement<'a> {
    /// Checks every code and the destination.
    ///
    /// # Errors
    /// The first problem: no code or too many, a code that the book refuses, an unknown country, a malformed
    /// postcode.
    pub fn resolve(self, book: &CodeBook) -> Result<Row<'a>, Refusal> {
        if self.codes.is_empty() {
            return Err(Refusal::NoCode);
        }
        if self.codes.len() > MAX_CODES {
            return Err(Refusal::TooManyCodes);
        }
        let mut keys = SmallVec::new();
        for code in &self.codes {
            let key = book.parse(code).map_err(|error| Refusal::code(code, error))?.key;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let country = Country::parse(self.country).ok_or_else(|| Refusal::country(self.country))?;
        let postcode = Postcode::normalise(country, self.postcode)?;
        Ok(Row { announcement: self, keys, country, postcode })
    }
}

impl<'a> Row<'a> {
    /// The announcement as it was written.
    pub const fn announcement(&self) -> &Announcement<'a> {
        &self.announcement
    }

    /// The keys of the codes in their order, each once. At least one.
    pub fn keys(&self) -> &[CodeKey] {
        &self.keys
    }

    /// The destination country.
    pub const fn country(&self) -> Country {
        self.country
    }

    /// The canonical destination postcode.
    pub const fn postcode(&self) -> Postcode {
        self.postcode
    }
}
