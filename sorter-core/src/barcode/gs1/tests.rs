//! Element strings, printed ones and Digital Links against each other.

use proptest::prelude::*;

use super::*;

const SSCC: &[u8; 18] = b"354123455501152989";
const GTIN: &[u8; 14] = b"09506000134352";

fn of(text: &str) -> Result<Gs1, CodeError> {
    Gs1::of_element_string(text.as_bytes())
}

fn bad(digits: &str) -> CodeError {
    CodeError::BadElement { identifier: ApplicationIdentifier::parse(digits.as_bytes()).unwrap() }
}

#[test]
fn walks_over_identifiers_that_nobody_asks_for() {
    for text in [
        "00354123455501152989",
        "00354123455501152989\x1d",
        "10LOT/7\x1d00354123455501152989",
        "1526123100354123455501152989",
        "3103000420\x1d00354123455501152989",
        "023541234555011537\x1d00354123455501152989",
        "4109501101020016\x1d0035412345550115298990ANY",
        "24012-7\x1d00354123455501152989\x1d8020REF+1\x1d400ORDER",
    ] {
        let text = text.replace("023541234555011537", "0235412345550115");
        let found = of(&text);
        assert_eq!(found.map(|found| found.sscc().copied()), Ok(Some(*SSCC)), "{text:?}");
    }
}

#[test]
fn keeps_each_value_that_is_asked_for() {
    let found = of("00354123455501152989420SW1A 1AA").unwrap_err();
    assert_eq!(found, bad("420"), "a space is in no value");
    let found =
        of("00354123455501152989420SW1A1AA\x1d421528101\x1d403R+7\x1d0109506000134352\x1d21a/b").unwrap();
    assert_eq!((found.sscc(), found.gtin()), (Some(SSCC), Some(GTIN)));
    assert_eq!((found.serial(), found.postcode()), (Some(&b"a/b"[..]), Some(&b"SW1A1AA"[..])));
    assert_eq!(found.country_and_postcode(), Some((&b"528"[..], &b"101"[..])));
    assert_eq!(found.routing_code(), Some(&b"R+7"[..]));
}

#[test]
fn refuses_what_does_not_follow_its_identifiers() {
    for (text, error) in [
        ("\x1d00354123455501152989", CodeError::UnknownIdentifier),
        ("00354123455501152989\x1d\x1d420101", CodeError::UnknownIdentifier),
        ("0", CodeError::UnknownIdentifier),
        ("42", CodeError::UnknownIdentifier),
        ("50123", CodeError::UnknownIdentifier),
        ("LP263072004SG", CodeError::UnknownIdentifier),
        ("0035412345550115298", bad("00")),
        ("0035412345550115298A", bad("00")),
        ("21", bad("21")),
        ("21\x1d420101", bad("21")),
        ("21123456789012345678901", bad("21")),
        ("21AB$", bad("21")),
        ("421276", bad("421")),
        ("421DE10115", bad("421")),
        ("4031234567890123456789012345678901", bad("403")),
        ("00354123455501152989\x1d00354123455501152988", bad("00")),
        ("21A\x1d21B", bad("21")),
    ] {
        assert_eq!(of(text), Err(error), "{text:?}");
    }
    assert!(of("21A\x1d21A").is_ok(), "the same value again says nothing new");
}

#[test]
fn a_printed_value_ends_where_an_identifier_follows() {
    let printed = |text: &str| Gs1::of_printed(text.as_bytes());
    for (text, serial) in [
        ("(01)09506000134352(21)A(1)", "A(1)"),
        ("(01)09506000134352(21)A(10)7", "A"),
        ("(21)((x)(01)09506000134352", "((x)"),
        ("(21)A(12345)", "A(12345)"),
        ("(21)A(12", "A(12"),
    ] {
        assert_eq!(printed(text).unwrap().serial(), Some(serial.as_bytes()), "{text}");
    }
    for (text, error) in [
        ("(", CodeError::UnknownIdentifier),
        ("(00", CodeError::UnknownIdentifier),
        ("(0)1", CodeError::UnknownIdentifier),
        ("(99999)1", CodeError::UnknownIdentifier),
        ("(050)1", CodeError::UnknownIdentifier),
        ("(420", CodeError::UnknownIdentifier),
        ("(0021)7", CodeError::UnknownIdentifier),
        ("(00)", bad("00")),
        ("(00)(21)A", bad("00")),
    ] {
        assert_eq!(printed(text), Err(error), "{text}");
    }
}

#[test]
fn a_link_names_its_key_at_the_end_of_the_path() {
    let link = |text: &str| Gs1::of_link(text.as_bytes());
    for text in [
        "https://id.gs1.org/00/354123455501152989",
        "HTTP://ID.GS1.ORG/00/354123455501152989",
        "https://parcels.example:8443/de/00/354123455501152989?linkType=gs1:pip#here",
        "https://a.example/01/00/00/354123455501152989",
        "https://a.example/00/35412345550115298%39",
    ] {
        assert_eq!(link(text).unwrap().sscc(), Some(SSCC), "{text}");
    }
    for (text, serial) in [
        ("https://id.gs1.org/01/09506000134352/21/12345", "12345"),
        ("https://id.gs1.org/01/9506000134352/21/12345", "12345"),
        ("https://a.example/x/01/09506000134352/22/v/10/LOT/21/a%2Fb%28", "a/b("),
        ("https://a.example/01/09506000134352/21/A?10=L&421=040&x", "A"),
    ] {
        let found = link(&text.replace("421=040", "421=0401010")).unwrap();
        assert_eq!((found.gtin(), found.serial()), (Some(GTIN), Some(serial.as_bytes())), "{text}");
    }
    let found = link("https://a.example/00/354123455501152989?420=10115;403=%2B7&21=X").unwrap();
    assert_eq!((found.postcode(), found.routing_code()), (Some(&b"10115"[..]), Some(&b"+7"[..])));
    assert_eq!(found.serial(), None, "a serial number belongs into the path");
}

#[test]
fn refuses_addresses_that_are_no_link_or_a_damaged_one() {
    let link = |text: &str| Gs1::of_link(text.as_bytes()).unwrap_err();
    for text in [
        "https://",
        "https:///00/354123455501152989",
        "https://a.example",
        "https://a.example/",
        "https://a.example/shop/21/abc",
        "https://a.example/21/abc",
        "https://a.example/00/354123455501152989/",
        "https://a.example/?00=354123455501152989",
        "ftp://a.example/00/354123455501152989",
        "00/354123455501152989",
    ] {
        assert_eq!(link(text), CodeError::NoPattern, "{text}");
    }
    for (text, identifier) in [
        ("https://a.example/00/35412345550115298", "00"),
        ("https://a.example/00/%zz4123455501152989", "00"),
        ("https://a.example/01/09506000134352/21/a%2", "21"),
        ("https://a.example/01/09506000134352/21/a%20b", "21"),
        ("https://a.example/01/09506000134352/21/", "21"),
        ("https://a.example/01/0950600013/21/1", "01"),
        ("https://a.example/00/354123455501152989?421=27", "421"),
    ] {
        assert_eq!(link(text), bad(identifier), "{text}");
    }
}

/// Writes a text with an escape for each character that a path must not have, and for some that it may.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Y' | b'a'..=b'z' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02x}"),
        })
        .collect()
}

proptest! {
    #[test]
    fn three_spellings_say_the_same(
        serial in "[!\"%-?A-Z_a-z]{1,20}",
        postcode in "[0-9A-Z]{1,9}",
        lot in prop::option::of("[0-9A-Za-z]{1,20}"),
        host in "[a-z]{1,8}(/[0-9a-z]{1,3}){0,3}",
    ) {
        let gtin = "09506000134352";
        let lots = |before: &str, after: &str| lot.as_ref().map_or(String::new(), |lot| format!("{before}{lot}{after}"));
        let scanned = format!("01{gtin}{}21{serial}\x1d421276{postcode}", lots("10", "\x1d"));
        let link = format!(
            "https://{host}/01/{gtin}{}/21/{}?linkType=all&421=276{postcode}",
            lots("/10/", ""),
            escaped(&serial),
        );
        let found = Gs1::of_element_string(scanned.as_bytes());
        let told = found.unwrap();
        prop_assert_eq!((told.gtin(), told.serial()), (Some(GTIN), Some(serial.as_bytes())));
        prop_assert_eq!(Gs1::of_link(link.as_bytes()), found, "{}", link);
        // In print a bracket in a value may look like an identifier.
        if !serial.contains('(') {
            let printed = format!("(01){gtin}{}(21){serial}(421)276{postcode}", lots("(10)", ""));
            prop_assert_eq!(Gs1::of_printed(printed.as_bytes()), found, "{}", printed);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = (Gs1::of_element_string(&bytes), Gs1::of_printed(&bytes), Gs1::of_link(&bytes));
        let link = [b"https://a/", &bytes[..]].concat();
        let _ = Gs1::of_link(&link);
    }

    #[test]
    fn no_text_that_looks_like_gs1_panics(text in "(https?://[a-z]{1,3}/?)?[(/]?(00|01|21|420|421|403|10)?[)/0-9A-Z%\x1d=?&;(]{0,60}") {
        let text = text.as_bytes();
        let _ = (Gs1::of_element_string(text), Gs1::of_printed(text), Gs1::of_link(text));
    }
}
