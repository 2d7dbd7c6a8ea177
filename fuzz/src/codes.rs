//! Codes, licence plates, postcodes and code books.

use std::sync::LazyLock;

use sorter_core::address::{Country, Postcode};
use sorter_core::barcode::gs1::Gs1;
use sorter_core::barcode::{CodeBook, CodeError, MAX_RAW_BYTES, Symbology};
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

/// GS1 data in each of their three forms, whatever the bytes are meant to be.
///
/// What has a serial number is read as the same one when it is written anew as an element string, and the book
/// agrees with the parser of the form about each text that it takes for one.
pub fn gs1(data: &[u8]) {
    for parse in [Gs1::of_element_string, Gs1::of_printed, Gs1::of_link] {
        let Ok(found) = parse(data) else { continue };
        if let (Some(gtin), Some(serial)) = (found.gtin(), found.serial()) {
            let anew = [b"01", &gtin[..], b"21", serial].concat();
            let again = Gs1::of_element_string(&anew).expect("a written element string is one");
            assert_eq!((again.gtin(), again.serial()), (Some(gtin), Some(serial)));
        }
        if let Some((country, postcode)) = found.country_and_postcode() {
            assert!(country.len() == 3 && (1..=17).contains(&postcode.len()));
        }
    }
    let marked = [b"]C1", data].concat();
    match (STANDARD.parse(&marked), Gs1::of_element_string(data)) {
        (Ok(parsed), Ok(found)) if parsed.symbology == Symbology::Sscc18 => {
            assert_eq!(found.sscc().map(|sscc| sscc.escape_ascii().to_string()), Some(parsed.key.to_text()));
        }
        (Ok(parsed), Ok(found)) if parsed.symbology == Symbology::Sgtin => {
            let gtin = found.gtin().map(|gtin| gtin.escape_ascii().to_string());
            assert!(gtin.is_some_and(|gtin| parsed.key.to_text().contains(&gtin)));
        }
        (Err(CodeError::BadElement { identifier }), _) => assert!(identifier.to_string().len() <= 6),
        _ => {}
    }
    read_again(&STANDARD, data);
    read_again(&STANDARD, &marked);
}

/// A code that is read has a key whose text is read as the same key. Case does not matter, but in the serial number
/// of a GTIN and in the identifier of a scanner.
fn read_again(book: &CodeBook, code: &[u8]) {
    let parsed = book.parse(code);
    assert!(parsed.is_err() || code.len() <= MAX_RAW_BYTES);
    let Ok(parsed) = parsed else { return };
    let text = parsed.key.to_text();
    let again = book.parse(text.as_bytes()).expect("the text of a key is a code");
    assert_eq!(again.key, parsed.key, "{text}");
    if parsed.symbology != Symbology::Sgtin && !code.starts_with(b"]") {
        assert_eq!(book.parse(&code.to_ascii_lowercase()), Ok(parsed), "{text}");
    }
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
