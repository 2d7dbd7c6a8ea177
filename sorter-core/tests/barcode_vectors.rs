//! Codes against published numbers, generated numbers and arbitrary bytes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sorter_core::address::Country;
use sorter_core::barcode::gs1::ApplicationIdentifier;
use sorter_core::barcode::{CodeBook, CodeError, CodeKey, Symbology, check_digit, make};

const VECTORS: &str = include_str!("data/barcode_vectors.csv");

const CARRIERS: &str = include_str!("../codes/carriers.toml");
const BY_LENGTH: &str = include_str!("../codes/by_length.toml");

/// Formats of the vectors that no book reads, each with its reason. None so far.
const NOT_READ: [(&str, &str); 0] = [];

fn carriers() -> CodeBook {
    CodeBook::from_toml("carriers.toml", CARRIERS).expect("the forms are valid")
}

#[test]
fn gives_every_published_vector_its_verdict() {
    let book = carriers();
    let mut rows: BTreeMap<&str, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let [format, value, ok] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        *rows.entry(format).or_default() += 1;
        let expected = match format {
            "DPD28" | "DPD28_HUMAN" => "DPD",
            format => format,
        };
        let (verdict, symbology) = match book.parse(value.as_bytes()) {
            Ok(parsed) => ("1", Some(parsed.symbology)),
            Err(CodeError::BadCheckDigit { symbology }) => ("0", Some(symbology)),
            Err(_) => ("no format", None),
        };
        let name = symbology.map(|symbology| book.name(symbology));
        if (verdict, name) != (ok, Some(expected)) && !NOT_READ.iter().any(|(known, _)| *known == format) {
            wrong.push(format!("{line}: {verdict} {}", name.unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{} rows have another verdict:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(rows.values().sum::<u32>(), 668, "{rows:?}");
    assert!(
        NOT_READ.iter().all(|(format, _)| rows.contains_key(format)),
        "a format that has no rows is listed"
    );
    let formats = [
        "CAINIAO_LP",
        "DHL_EXPRESS10",
        "DHL_IDENTCODE12",
        "DPD28",
        "DPD28_HUMAN",
        "POSTNL_3S",
        "SSCC18",
        "UPU_S10",
        "YUNEXPRESS",
    ];
    assert!(rows.keys().eq(formats.iter()), "{rows:?}");
}

/// UPS: test numbers of its own documents, as listed by jkeen/tracking_number_data (MIT).
#[test]
fn reads_the_codes_of_carriers() {
    let book = carriers();
    for (code, name) in [
        ("1Z5R89390357567127", "UPS_1Z"),
        ("1Z879E930346834440", "UPS_1Z"),
        ("1z410e7w0392751591", "UPS_1Z"),
        ("1Z8V92A70367203024", "UPS_1Z"),
        ("33188100256", "DHL_EXPRESS11"),
        ("563102430313", "DHL_IDENTCODE12"),
        ("JJD0099999999999999", "DHL_PAKET_JJD"),
        ("CN0023950620692", "CAINIAO_CN"),
        ("00340434161094000007", "SSCC18"),
    ] {
        let read = book.parse(code.as_bytes()).map(|parsed| book.name(parsed.symbology).to_owned());
        assert_eq!(read.as_deref(), Ok(name), "{code}");
    }
    for code in ["1Z5R89390357567128", "1Z5R89390357567127X", "1Z5R8939035756712", "563102430314"] {
        assert!(book.parse(code.as_bytes()).is_err(), "{code}");
    }
}

#[test]
fn forms_without_check_digit_come_last_since_they_take_what_others_refuse() {
    let strict = carriers();
    let book = CodeBook::from_toml("all.toml", &[CARRIERS, BY_LENGTH].concat()).unwrap();
    let name = |code: &str| book.parse(code.as_bytes()).map(|parsed| book.name(parsed.symbology).to_owned());
    for (code, with_check, without) in [
        ("563102430313", "DHL_IDENTCODE12", "GLS_12"),
        ("LP263072004SG", "UPU_S10", "CORREOS_13"),
        ("00340434161094000007", "SSCC18", "GLS_20"),
    ] {
        assert_eq!(name(code).as_deref(), Ok(with_check));
        let wrong: String = code.replace(&code[6..7], if &code[6..7] == "7" { "2" } else { "7" });
        let refused = strict.parse(wrong.as_bytes());
        assert!(matches!(refused, Err(CodeError::BadCheckDigit { .. })), "{wrong}: {refused:?}");
        assert_eq!(name(&wrong).as_deref(), Ok(without));
    }
    for (code, form) in
        [("Y8A2B3C4", "GLS_TRACK_ID"), ("12345678901234", "GLS_14"), ("6A12345678901", "COLISSIMO_13")]
    {
        assert_eq!(name(code).as_deref(), Ok(form));
    }
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
    let spellings: [&[&[u8]]; 4] = [
        &[
            b"354123455501152989",
            b"00354123455501152989",
            b"(00)354123455501152989",
            b"]C100354123455501152989\r\n",
            b"\x1d00354123455501152989",
            b"]d2\x1d00354123455501152989 ",
            b"]Q310LOT\x1d00354123455501152989",
            b"00354123455501152989\x1d42010115",
            b"00354123455501152989\x1d",
            b"(00)354123455501152989(420)10115",
            b"(403)A7(00)354123455501152989",
            b"https://id.gs1.org/00/354123455501152989",
            b"HTTPS://parcel.example/de/00/354123455501152989?420=10115\r\n",
            b"]Q1https://a.example/00/35412345550115298%39",
        ],
        &[
            b"(01)09506000134352(21)a-17",
            b"]C1010950600013435221a-17",
            b"]d2010950600013435210LOT7\x1d21a-17\x1d",
            b"\x1d21a-17\x1d0109506000134352",
            b"010950600013435221a-17\r\n",
            b"0109506000134352\x1d21a-17",
            b"https://id.gs1.org/01/09506000134352/21/a-17",
            b"https://id.gs1.org/01/9506000134352/10/LOT/21/a%2D17",
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
    let serialised = book.parse(b"(01)09506000134352(21)a-17").unwrap();
    assert_eq!(serialised.symbology, Symbology::Sgtin);
    assert_eq!(serialised.key.to_text(), "(01)09506000134352(21)a-17");
    let capital = book.parse(b"(01)09506000134352(21)A-17").unwrap();
    assert_ne!(capital.key, serialised.key, "letters of a serial number differ by case");
}

#[test]
fn an_sscc_names_the_parcel_before_a_gtin_does() {
    let both = b"(01)09506000134352(21)7(00)354123455501152989";
    let read = |book: &CodeBook, code: &[u8]| book.parse(code).map(|parsed| parsed.symbology);
    assert_eq!(read(&CodeBook::standard(), both), Ok(Symbology::Sscc18));
    let without = CodeBook::from_toml("codes.toml", "symbologies = [\"sgtin\"]").unwrap();
    assert_eq!(read(&without, both), Ok(Symbology::Sgtin));
    assert_eq!(read(&without, b"]C100354123455501152989"), Err(CodeError::NoPattern));
    let damaged = b"(01)09506000134352(21)7(00)354123455501152988";
    let refused = Err(CodeError::BadCheckDigit { symbology: Symbology::Sscc18 });
    assert_eq!(read(&CodeBook::standard(), damaged), refused, "a damaged label names nothing");
}

/// Romanian postcodes make DPD labels that begin with 01.
#[test]
fn the_digits_of_a_dpd_label_are_one_unless_they_are_marked() {
    let book = CodeBook::standard();
    let read = |code: &[u8]| book.parse(code).map(|parsed| parsed.symbology);
    let label = b"010950600013435221123456789";
    let printed = [&label[..], &[check_digit::mod37_36(label).unwrap()]].concat();
    for code in [&label[..], &[b"%", &label[..]].concat(), &printed] {
        assert_eq!(read(code), Ok(Symbology::Dpd), "{}", code.escape_ascii());
    }
    assert_eq!(read(&[b"]C1", &label[..]].concat()), Ok(Symbology::Sgtin));
    assert_eq!(read(&label[..26]), Ok(Symbology::Sgtin));
    let book = CodeBook::from_toml("codes.toml", "symbologies = [\"sgtin\"]").unwrap();
    assert_eq!(book.parse(label).map(|parsed| parsed.symbology), Ok(Symbology::Sgtin));
}

#[test]
fn what_is_marked_as_gs1_is_nothing_else() {
    let text = "[[pattern]]\nname = \"TEN\"\nform = \"9{10}\"\n";
    let book = CodeBook::from_toml("codes.toml", text).unwrap();
    assert_eq!(book.parse(b"4206063975").map(|parsed| parsed.symbology), Ok(Symbology::Pattern(0)));
    assert_eq!(book.parse(b"]C14206063975"), Err(CodeError::NoPattern));
    assert_eq!(book.parse(b"]C14206063975\x1d"), Err(CodeError::NoPattern));
    assert_eq!(book.parse(b"]C06063975293").map(|parsed| parsed.symbology), Ok(Symbology::Pattern(0)));
    // No element string begins with a letter.
    assert_eq!(book.parse(b"]C1LP263072004SG").map(|parsed| parsed.symbology), Ok(Symbology::S10));
}

#[test]
fn refuses_damaged_gs1_data_by_what_is_wrong() {
    let book = CodeBook::standard();
    let bad = |digits: &[u8]| CodeError::BadElement {
        identifier: ApplicationIdentifier::parse(digits).expect("it is one"),
    };
    let wrong = |symbology| CodeError::BadCheckDigit { symbology };
    for (raw, error) in [
        (&b"]C10035412345550115298"[..], bad(b"00")),
        (b"(00)", bad(b"00")),
        (b"]C15412345", CodeError::UnknownIdentifier),
        (b"]C10035412345550115298\xff", CodeError::ForeignCharacter),
        (b"]C100354123455501152989\x1d420\x00", CodeError::ForeignCharacter),
        (b"00354123455501152989\x1d420\x1f", CodeError::ForeignCharacter),
        (b"(21)\x01", CodeError::ForeignCharacter),
        ("https://\u{e9}.example/00/354123455501152989".as_bytes(), CodeError::ForeignCharacter),
        (b"https://www.example.com/parcel?id=354123455501152989", CodeError::NoPattern),
        (b"]C100354123455501152988", wrong(Symbology::Sscc18)),
        (b"(01)09506000134353(21)7", wrong(Symbology::Sgtin)),
        (b"01095060001343532117", wrong(Symbology::Sgtin)),
        (b"(01)09506000134352", CodeError::NoPattern),
        (b"(21)7", CodeError::NoPattern),
        (b"]C142010115", CodeError::NoPattern),
        (b"(01)09506000134352(21)ABCDEFGHIJKLMNOP", CodeError::SerialTooLong),
        (b"(01)09506000134352(21)abcdefghijklm", CodeError::SerialTooLong),
        (b"(01)09506000134352(21)123456789012345678901", bad(b"21")),
        (b"(00)354123455501152989(00)354123455501152996", bad(b"00")),
    ] {
        assert_eq!(book.parse(raw), Err(error), "{}", raw.escape_ascii());
        assert!(!error.to_string().contains('\n'));
    }
    let long = [b"https://id.gs1.org/00/354123455501152989?linkType=".as_slice(), &[b'a'; 15]].concat();
    assert_eq!(book.parse(&long), Err(CodeError::TooLong), "also what would be one");
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
    for raw in [&b"%"[..], b"%354123455501152989", b"%0036719017790614671773272767", b"HELLO"] {
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

/// Every code that differs from this one in one digit.
fn one_digit_off(code: &[u8]) -> impl Iterator<Item = (usize, u8, Vec<u8>)> + '_ {
    let places = (0..code.len()).filter(|place| code[*place].is_ascii_digit());
    places.flat_map(move |place| {
        (b'0'..=b'9').filter(move |digit| *digit != code[place]).map(move |digit| {
            let mut other = code.to_vec();
            other[place] = digit;
            (place, digit, other)
        })
    })
}

fn flipped(code: &[u8], place: usize, step: u8) -> Vec<u8> {
    let mut other = code.to_vec();
    other[place] = b'0' + (other[place] - b'0' + step) % 10;
    other
}

proptest! {
    #[test]
    fn parse_never_panics(raw in prop::collection::vec(any::<u8>(), 0..80)) {
        let book = carriers();
        let _ = (book.parse(&raw), book.self_route(&raw, Country::parse("DE")));
    }

    #[test]
    fn texts_that_look_like_codes_never_panic(
        raw in "(\\]C1|\\]d2|\x1d)?(%|[(]00[)]|00|01|[(]01[)]|https?://a/0[01]/)?[0-9A-Za-z]{0,16}(21|/21/|\x1d|[(]21[)])?[!-~]{0,20}[\r\n ]{0,2}"
    ) {
        if let Ok(parsed) = carriers().parse(raw.as_bytes()) {
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

    #[test]
    fn made_gs1_codes_are_read_in_every_spelling(
        company in 0_u64..10_u64.pow(16), item in 0_u64..10_u64.pow(13),
        serial in "[0-9]{1,20}|[0-9A-Z]{1,15}|[!\"%-'*-?A-Z_a-z]{1,12}",
    ) {
        let book = CodeBook::standard();
        let sscc = String::from_utf8(make::sscc(3, company).to_vec()).unwrap();
        let gtin = String::from_utf8(make::gtin(item).to_vec()).unwrap();
        // Without a mark this many digits are a DPD label.
        let label = serial.len() > 8 && serial.len() < 11 && serial.bytes().take(9).all(|byte| byte.is_ascii_digit());
        let unmarked = if label { "]J1" } else { "" };
        for (code, symbology, text) in [
            (format!("]C100{sscc}"), Symbology::Sscc18, sscc.clone()),
            (format!("(00){sscc}"), Symbology::Sscc18, sscc.clone()),
            (format!("https://id.gs1.org/00/{sscc}"), Symbology::Sscc18, sscc.clone()),
            (format!("]d201{gtin}21{serial}"), Symbology::Sgtin, format!("(01){gtin}(21){serial}")),
            (format!("{unmarked}01{gtin}21{serial}"), Symbology::Sgtin, format!("(01){gtin}(21){serial}")),
            (format!("(01){gtin}(21){serial}"), Symbology::Sgtin, format!("(01){gtin}(21){serial}")),
        ] {
            let parsed = book.parse(code.as_bytes()).unwrap();
            prop_assert_eq!((parsed.symbology, parsed.key.to_text()), (symbology, text), "{}", code);
            prop_assert_eq!(CodeKey::pack(parsed.key.to_text().as_bytes()), Some(parsed.key));
        }
    }

    #[test]
    fn one_wrong_digit_of_a_gtin_is_always_found(item in 0_u64..10_u64.pow(13), place in 4_usize..18, step in 1_u8..10) {
        let right = [b"(01)", &make::gtin(item)[..], b"(21)A7"].concat();
        let refused = Err(CodeError::BadCheckDigit { symbology: Symbology::Sgtin });
        prop_assert_eq!(CodeBook::standard().parse(&flipped(&right, place, step)), refused);
    }

    /// At a doubled place 5 more and 5 less come to the same.
    #[test]
    fn one_wrong_digit_of_a_ups_number_hides_only_five_off_at_a_doubled_place(text in "1Z[0-9A-Z]{8}[0-9]{7}") {
        let check = check_digit::ups(text.as_bytes()).unwrap();
        let right = [text.as_bytes(), &[check]].concat();
        let book = carriers();
        prop_assert_eq!(book.parse(&right).map(|parsed| book.name(parsed.symbology)), Ok("UPS_1Z"));
        for (place, digit, wrong) in one_digit_off(&right).filter(|(place, ..)| *place > 1) {
            let doubled = place < 17 && place % 2 == 1;
            let hides = doubled && digit.abs_diff(right[place]) == 5;
            prop_assert_eq!(book.parse(&wrong).is_ok(), hides, "{}", wrong.escape_ascii());
        }
    }

    /// 7 and 0, 8 and 1, 9 and 2 are the same modulo 7.
    #[test]
    fn one_wrong_digit_of_an_express_number_hides_only_seven_off(serial in 0_u64..10_u64.pow(9)) {
        let text = format!("{serial:09}");
        let right = [text.as_bytes(), &[check_digit::mod7(text.as_bytes()).unwrap()]].concat();
        let book = carriers();
        prop_assert!(book.parse(&right).is_ok());
        for (place, digit, wrong) in one_digit_off(&right) {
            let hides = place < 9 && digit.abs_diff(right[place]) == 7;
            prop_assert_eq!(book.parse(&wrong).is_ok(), hides, "{}", wrong.escape_ascii());
        }
    }

    /// 4 times 5 is a multiple of 10, so at a place of weight 4 five more or less comes to the same.
    #[test]
    fn one_wrong_digit_of_an_identcode_hides_only_five_off_at_a_place_of_weight_4(serial in 0_u64..10_u64.pow(11)) {
        let text = format!("{serial:011}");
        let right = [text.as_bytes(), &[check_digit::mod10_49(text.as_bytes()).unwrap()]].concat();
        let book = carriers();
        prop_assert!(book.parse(&right).is_ok());
        for (place, digit, wrong) in one_digit_off(&right) {
            let hides = place < 11 && place % 2 == 0 && digit.abs_diff(right[place]) == 5;
            prop_assert_eq!(book.parse(&wrong).is_ok(), hides, "{}", wrong.escape_ascii());
        }
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
