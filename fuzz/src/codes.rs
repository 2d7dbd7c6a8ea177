//! Codes, licence plates, postcodes and code books.

use std::sync::LazyLock;

use sorter_core::address::{Country, Postcode};
use sorter_core::barcode::{CodeBook, MAX_RAW_BYTES, Symbology};
use sorter_core::container::LicencePlate;

use crate::halves;

static STANDARD: LazyLock<CodeBook> = LazyLock::new(CodeBook::standard);

/// Raw reads against the standard book.
pub fn barcode(data: &[u8]) {
    read_again(&STANDARD, data);
}

/// A code book as TOML, then a raw read against it.
pub fn code_book(data: &[u8]) {
    let (text, code) = halves(data);
    let Ok(text) = std::str::from_utf8(text) else { return };
    match CodeBook::from_toml("codes.toml", text) {
        Ok(book) => read_again(&book, code),
        Err(problems) => assert!(!problems.is_empty(), "refused without a problem"),
    }
}

/// A code that is read has a key whose text is read as the same key, and case does not matter.
fn read_again(book: &CodeBook, code: &[u8]) {
    let parsed = book.parse(code);
    assert!(parsed.is_err() || code.len() <= MAX_RAW_BYTES);
    let Ok(parsed) = parsed else { return };
    let text = parsed.key.to_text();
    let again = book.parse(text.as_bytes()).expect("the text of a key is a code");
    assert_eq!(again.key, parsed.key, "{text}");
    assert_eq!(book.parse(&code.to_ascii_lowercase()), Ok(parsed), "{text}");
    if let Symbology::Pattern(_) = parsed.symbology {
        assert_ne!(book.name(parsed.symbology), "?");
    }
}

/// A licence plate: its canonical text is read as the same plate, and what is refused is told in a short text.
pub fn plate(data: &[u8]) {
    match LicencePlate::parse(data) {
        Ok(plate) => {
            let text = plate.as_str();
            assert!(matches!(text.len(), 18 | 29) && data.len() <= MAX_RAW_BYTES, "{text}");
            assert_eq!(text.parse(), Ok(plate));
            assert_eq!(LicencePlate::parse(&data.to_ascii_lowercase()), Ok(plate), "{text}");
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() < 1_000 && !message.contains('\u{1b}'), "{message:?}");
        }
    }
}

/// A country, then a postcode of it: the canonical spelling is spelled canonically.
pub fn postcode(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Some(country) = Country::from_index(usize::from(*first) % Country::COUNT) else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match Postcode::normalise(country, text) {
        Ok(postcode) => {
            let spelling = postcode.as_str();
            assert!((1..=8).contains(&spelling.len()) && spelling.is_ascii(), "{spelling:?}");
            assert_eq!(Postcode::normalise(country, spelling), Ok(postcode), "{spelling:?}");
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() < 1_000 && !message.contains('\u{1b}'), "{message:?}");
        }
    }
}
