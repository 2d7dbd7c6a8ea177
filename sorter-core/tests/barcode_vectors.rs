//! Codes against published numbers, generated numbers and arbitrary bytes.

use proptest::prelude::*;
use sorter_core::barcode::{CodeBook, CodeError, CodeKey, Symbology, make};

const VECTORS: &str = include_str!("data/barcode_vectors.csv");

/// The standard patterns and those of DHL, which are too weak to be on by default.
fn book() -> CodeBook {
    let pattern = |name, form, check| {
        format!("[[pattern]]\nname = \"{name}\"\nform = \"{form}\"\ncheck = \"{check}\"\n")
    };
    let text = [
        pattern("CAINIAO_LP", "'LP'9{12,14}", "none"),
        pattern("YUNEXPRESS", "'YT'9{16}", "none"),
        pattern("POSTNL_3S", "'3S'A{4}9{9}", "none"),
        pattern("DHL_EXPRESS10", "9{10}", "mod7"),
        pattern("DHL_IDENTCODE12", "9{12}", "mod10_49"),
    ];
    CodeBook::from_toml("codes.toml", &text.concat()).expect("the patterns are valid")
}

#[test]
fn gives_every_published_vector_its_verdict() {
    let book = book();
    let mut checked = 0;
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let [format, value, ok] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        let expected = match format {
            "DPD28" | "DPD28_HUMAN" => "DPD",
            format => format,
        };
        match book.parse(value.as_bytes()) {
            Ok(parsed) => assert_eq!((ok, book.name(parsed.symbology)), ("1", expected), "{line}"),
            Err(CodeError::BadCheckDigit { symbology }) => {
                assert_eq!((ok, book.name(symbology)), ("0", expected), "{line}");
            }
            Err(error) => panic!("{line}: {error}"),
        }
        checked += 1;
    }
    assert_eq!(checked, 668);
}

#[test]
fn standard_book_names_its_patterns() {
    let book = CodeBook::standard();
    for (code, name) in [
        ("LP00239506206926", "CAINIAO_LP"),
        ("YT9749135485604585", "YUNEXPRESS"),
        ("3SBSND096847637", "POSTNL_3S"),
    ] {
        assert_eq!(book.name(book.parse(code.as_bytes()).unwrap().symbology), name);
    }
    assert_eq!(book.name(Symbology::Pattern(200)), "?");
}

#[test]
fn every_spelling_of_a_code_has_one_key() {
    let book = CodeBook::standard();
    let spellings: [&[&[u8]]; 3] = [
        &[
            b"354123455501152989",
            b"00354123455501152989",
            b"(00)354123455501152989",
            b"]C100354123455501152989\r\n",
            b"\x1d00354123455501152989",
            b"]d2\x1d00354123455501152989 ",
        ],
        &[
            b"%003671901779061467177327276",
            b"003671901779061467177327276",
            b"0036719017790614671773272767",
            b"]C0%003671901779061467177327276\n",
        ],
        &[b"LP263072004SG", b"lp263072004sg", b"]C0Lp263072004sG\r"],
    ];
    for group in spellings {
        let first = book.parse(group[0]).unwrap();
        for spelling in group {
            assert_eq!(book.parse(spelling), Ok(first), "{}", spelling.escape_ascii());
        }
    }
    assert_eq!(book.parse(b"%003671901779061467177327276").unwrap().key.to_text().len(), 27);
}

#[test]
fn refuses_what_is_not_a_code() {
    let book = CodeBook::standard();
    for raw in [&b""[..], b"\r\n", b"   ", b"]C1", b"]C1\x1d\r"] {
        assert_eq!(book.parse(raw), Err(CodeError::Empty));
    }
    assert_eq!(book.parse(&[b'1'; 65]), Err(CodeError::TooLong));
    assert_eq!(book.parse(&[b'1'; 64]), Err(CodeError::NoPattern));
    for raw in
        [&b"LP26307\x002004SG"[..], "RB12345678\u{665}GB".as_bytes(), b"RB 123456785 GB", b"=1+1", b" 1"]
    {
        assert_eq!(book.parse(raw), Err(CodeError::ForeignCharacter));
    }
    for raw in [&b"%"[..], b"(00)", b"%354123455501152989", b"%0036719017790614671773272767", b"HELLO"] {
        assert_eq!(book.parse(raw), Err(CodeError::NoPattern), "{}", raw.escape_ascii());
    }
}

#[test]
fn a_symbology_that_accepts_wins_over_a_failed_check_digit() {
    let text = "[[pattern]]\nname = \"ANY18\"\nform = \"9{18}\"\n";
    let book = CodeBook::from_toml("codes.toml", text).unwrap();
    assert_eq!(book.parse(b"354123455501152988").unwrap().symbology, Symbology::Pattern(0));
    assert_eq!(book.parse(b"354123455501152989").unwrap().symbology, Symbology::Sscc18);
}

fn flipped(code: &[u8], place: usize, step: u8) -> Vec<u8> {
    let mut other = code.to_vec();
    other[place] = b'0' + (other[place] - b'0' + step) % 10;
    other
}

proptest! {
    #[test]
    fn parse_never_panics(raw in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = book().parse(&raw);
    }

    #[test]
    fn texts_that_look_like_codes_never_panic(raw in "(\\]C1)?(%|\\(00\\)|00)?[0-9A-Za-z]{0,40}[\r\n ]{0,2}") {
        if let Ok(parsed) = book().parse(raw.as_bytes()) {
            prop_assert_eq!(CodeKey::pack(parsed.key.to_text().as_bytes()), Some(parsed.key));
        }
    }

    #[test]
    fn made_codes_are_read(
        serial in 0_u32..100_000_000, company in 0_u64..10_u64.pow(16), extension in 0_u8..10,
        zip in 0_u32..10_000_000, parcel in 0_u64..10_u64.pow(14), service in 0_u16..1000, country in 0_u16..1000,
    ) {
        let book = CodeBook::standard();
        let read = |code: &[u8]| book.parse(code).map(|parsed| parsed.symbology);
        prop_assert_eq!(read(&make::s10(*b"LX", serial, *b"NL")), Ok(Symbology::S10));
        prop_assert_eq!(read(&make::sscc(extension, company)), Ok(Symbology::Sscc18));
        prop_assert_eq!(read(&make::dpd(zip, parcel, service, country)), Ok(Symbology::Dpd));
    }

    #[test]
    fn one_wrong_digit_of_an_sscc_is_always_found(company in 0_u64..10_u64.pow(16), place in 0_usize..18, step in 1_u8..10) {
        let wrong = flipped(&make::sscc(3, company), place, step);
        let refused = Err(CodeError::BadCheckDigit { symbology: Symbology::Sscc18 });
        prop_assert_eq!(CodeBook::standard().parse(&wrong), refused);
    }

    #[test]
    fn one_wrong_digit_of_a_printed_dpd_number_is_always_found(
        zip in 0_u32..10_000_000, parcel in 0_u64..10_u64.pow(14), place in 0_usize..27, step in 1_u8..10,
    ) {
        let label = &make::dpd(zip, parcel, 327, 276)[1..];
        let mut wrong = flipped(label, place, step);
        wrong.push(sorter_core::barcode::check_digit::mod37_36(label).unwrap());
        let refused = Err(CodeError::BadCheckDigit { symbology: Symbology::Dpd });
        prop_assert_eq!(CodeBook::standard().parse(&wrong), refused);
    }

    /// The rule gives 5 for two remainders, and only there a wrong digit can hide.
    #[test]
    fn one_wrong_digit_of_an_s10_hides_behind_check_digit_5_only(
        serial in 0_u32..100_000_000, place in 2_usize..11, step in 1_u8..10,
    ) {
        let right = make::s10(*b"RB", serial, *b"CN");
        let wrong = flipped(&right, place, step);
        if CodeBook::standard().parse(&wrong).is_ok() {
            prop_assert_eq!(right[10], b'5');
        }
    }
}
