//! Codes that tell by themselves where their parcel goes.

use super::book::CodeBook;
use super::gs1::Gs1;
use super::key::CodeKey;
use super::payload::Payload;
use super::{CodeError, Symbology};
use crate::address::{Country, Postcode};

/// The destination that stands in a code itself.
///
/// It says where a parcel would go, not which one it is and not that it may leave: nothing about customs follows
/// from a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfRoute {
    /// The country.
    pub country: Country,
    /// The postcode, in its canonical spelling.
    pub postcode: Postcode,
}

impl CodeBook {
    /// Where a code says by itself that its parcel goes: a DPD label by its postcode and country, GS1 data by (421),
    /// or by (420) in the country `home`. (403) is the business of its carrier and tells nothing here.
    ///
    /// `None` for all other codes, for damaged ones, for countries that are not served and for what is no postcode
    /// of its country. DPD labels tell postcodes of digits only. Allocates nothing.
    ///
    /// ```
    /// use sorter_core::address::Country;
    /// use sorter_core::barcode::CodeBook;
    ///
    /// let book = CodeBook::standard();
    /// let route = book.self_route(b"%003671901779061467177327276", None).unwrap();
    /// assert_eq!((route.country.code(), route.postcode.as_str()), ("DE", "36719"));
    ///
    /// let label = b"]C100354123455501152989\x1d42010115";
    /// assert_eq!(book.self_route(label, None), None);
    /// assert_eq!(book.self_route(label, Country::parse("DE")).unwrap().postcode.as_str(), "10115");
    /// ```
    pub fn self_route(&self, raw: &[u8], home: Option<Country>) -> Option<SelfRoute> {
        let read = self.parse(raw);
        // GS1 data may tell a destination and name no parcel.
        if !matches!(read, Ok(_) | Err(CodeError::NoPattern)) {
            return None;
        }
        match read {
            Ok(parsed) if parsed.symbology == Symbology::Dpd => of_dpd(parsed.key),
            _ => of_gs1(&Payload::of(raw).ok()?.contents().ok()?, home),
        }
    }
}

fn of_gs1(contents: &Gs1, home: Option<Country>) -> Option<SelfRoute> {
    if let Some((number, postcode)) = contents.country_and_postcode() {
        return route(Country::from_iso_number(number)?, postcode);
    }
    route(home?, contents.postcode()?)
}

/// The first 7 digits are the postcode with zeros in front, the last 3 the country.
fn of_dpd(key: CodeKey) -> Option<SelfRoute> {
    let mut buffer = [0; CodeKey::MAX_TEXT];
    let start = key.unpack(&mut buffer);
    let label: &[u8; 27] = buffer[start..].try_into().ok()?;
    let country = Country::from_iso_number(&label[24..])?;
    let (zeros, postcode) = label[..7].split_at(7_usize.checked_sub(country.postcode_digits()?)?);
    zeros.iter().all(|digit| *digit == b'0').then(|| route(country, postcode)).flatten()
}

fn route(country: Country, postcode: &[u8]) -> Option<SelfRoute> {
    Some(SelfRoute { country, postcode: Postcode::read(country, postcode)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::barcode::make;

    fn told(raw: &[u8], home: &str) -> Option<String> {
        let route = CodeBook::standard().self_route(raw, Country::parse(home))?;
        Some(format!("{} {}", route.country, route.postcode))
    }

    #[test]
    fn a_dpd_label_tells_its_country_and_postcode() {
        for (zip, country, expected) in [
            (36_719, 276, Some("DE 36719")),
            (1_067, 276, Some("DE 01067")),
            (1_010, 40, Some("AT 1010")),
            (1_012, 528, Some("NL 1012")),
            (1_000_001, 620, Some("PT 1000-001")),
            (1_001, 428, Some("LV LV-1001")),
            (1_036_719, 276, None),
            (11_010, 40, None),
            (1_010, 826, None),
            (1_010, 840, None),
            (0, 40, None),
        ] {
            let label = make::dpd(zip, 1_779_061_467_177, 327, country);
            assert_eq!(told(&label, "FR").as_deref(), expected, "{zip} {country}");
            assert_eq!(told(&label[1..], "").as_deref(), expected, "{zip} {country}");
        }
    }

    #[test]
    fn gs1_data_tell_it_with_or_without_a_key() {
        for (label, expected) in [
            ("]C142127610115", Some("DE 10115")),
            ("(421)528 1012AB", None),
            ("(421)5281012AB", Some("NL 1012")),
            ("(00)354123455501152989(421)040 1010", None),
            ("(00)354123455501152989(421)0401010", Some("AT 1010")),
            ("(00)354123455501152989(420)75001", Some("FR 75001")),
            ("(00)354123455501152989(420)75001(421)27610115", Some("DE 10115")),
            ("(00)354123455501152989(403)276+10115", None),
            ("(00)354123455501152988(421)27610115", None),
            ("(421)8401012", None),
            ("(421)27610", None),
            ("https://id.gs1.org/00/354123455501152989?421=27610115", Some("DE 10115")),
            ("00354123455501152989\x1d42127610115", Some("DE 10115")),
            ("00354123455501152989", None),
            ("354123455501152989", None),
            ("LP263072004SG", None),
        ] {
            assert_eq!(told(label.as_bytes(), "FR").as_deref(), expected, "{label}");
        }
    }
}
