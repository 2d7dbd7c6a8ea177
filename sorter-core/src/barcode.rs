//! Codes on parcels: symbologies, check digits and the one key that every spelling of a code leads to.
//!
//! A scanner or an announcement hands over raw bytes. A [`CodeBook`] strips what scanners add, finds the
//! symbology, proves the check digit and packs the text into a [`CodeKey`]. The key is exact: two codes
//! have the same key only when they are the same code. [`gs1`] reads element strings and Digital Links, and
//! [`CodeBook::self_route`] what a label says about its destination.
//!
//! ```
//! use sorter_core::barcode::{CodeBook, Symbology};
//!
//! let book = CodeBook::standard();
//! let bare = book.parse(b"354123455501152989").unwrap();
//! let scanned = book.parse(b"]C100354123455501152989\r\n").unwrap();
//! assert_eq!(scanned.key, bare.key);
//! assert_eq!(bare.symbology, Symbology::Sscc18);
//! assert_eq!(bare.key.to_text(), "354123455501152989");
//! ```

mod book;
mod book_file;
pub mod check_digit;
mod form;
pub mod gs1;
mod key;
pub mod make;
mod payload;
mod self_route;

pub use book::CodeBook;
pub use form::{Form, FormError};
pub use key::CodeKey;
pub use self_route::SelfRoute;

use std::fmt;

use gs1::ApplicationIdentifier;
use thiserror::Error;

/// The longest raw code that is looked at, in bytes, with everything that a scanner adds.
pub const MAX_RAW_BYTES: usize = 64;

/// The kind of code that a text was recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbology {
    /// UPU S10 postal item number: 2 letters, 8 digits, check digit, 2 letters.
    S10,
    /// GS1 serial shipping container code: 18 digits.
    Sscc18,
    /// GS1 trade item number with a serial number, (01) and (21).
    Sgtin,
    /// DPD parcel label: 27 digits.
    Dpd,
    /// A configured pattern, by its place in the [`CodeBook`], from 0. [`CodeBook::name`] tells its name.
    Pattern(u8),
}

impl fmt::Display for Symbology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S10 => f.write_str("UPU_S10"),
            Self::Sscc18 => f.write_str("SSCC18"),
            Self::Sgtin => f.write_str("SGTIN"),
            Self::Dpd => f.write_str("DPD"),
            Self::Pattern(index) => write!(f, "pattern {index}"),
        }
    }
}

/// A code that was recognised and whose check digit, if it has one, is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The canonical key.
    pub key: CodeKey,
    /// What the code was recognised as.
    pub symbology: Symbology,
}

/// Why raw bytes are not a code. The code itself is not kept, so that refusing one costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Nothing was left after the bytes that scanners add.
    #[error("code is empty")]
    Empty,
    /// More than [`MAX_RAW_BYTES`].
    #[error("code is longer than {MAX_RAW_BYTES} bytes")]
    TooLong,
    /// Something other than a digit or a letter of ASCII, or in GS1 data other than a printed character of ASCII.
    #[error("code has a character that is neither a digit nor a letter")]
    ForeignCharacter,
    /// GS1 data with something that is no application identifier where one has to stand.
    #[error("GS1 data have no application identifier where one has to stand")]
    UnknownIdentifier,
    /// GS1 data whose value has the wrong length or characters, or comes twice and not the same.
    #[error("value of application identifier {identifier} has a wrong length or character, or comes twice")]
    BadElement {
        /// What the value is for.
        identifier: ApplicationIdentifier,
    },
    /// A GTIN with a serial number that is good and does not fit into a key.
    #[error("serial number of the GTIN is too long (20 digits, 15 digits and capitals, or 12 characters)")]
    SerialTooLong,
    /// The shape of this symbology, with a check digit that does not follow from the rest. No other
    /// symbology took the code.
    #[error("check digit does not fit {symbology}")]
    BadCheckDigit {
        /// The first symbology, in the order of precedence, whose shape it has.
        symbology: Symbology,
    },
    /// The shape of no active symbology.
    #[error("code has the form of no active symbology")]
    NoPattern,
}
