//! Manifest files, good and bad.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Write};

use proptest::prelude::*;
use sorter_core::barcode::CodeBook;
use sorter_core::clearance::Clearance;
use sorter_core::manifest::{self, MAX_LISTED, ManifestError, Refusal, RefusalKind, Service, Summary};

const HEADER: &str = "codes,country,postcode,weight_g\n";
const GOOD: &str = "LP263072004SG,DE,10115,420\n";

fn read(file: &[u8]) -> Result<(Summary, Vec<u8>), ManifestError> {
    let mut aside = Vec::new();
    let summary = manifest::read(file, "day.csv", &CodeBook::standard(), &mut aside, |_| Ok(()))?;
    Ok((summary, aside))
}

fn refused(row: &str) -> (RefusalKind, String) {
    let (summary, aside) =
        read(format!("{HEADER}{GOOD}{row}\n{GOOD}").as_bytes()).expect("the header is good");
    assert_eq!((summary.rows, summary.accepted), (3, 2), "{row}");
    assert_eq!(aside, format!("{HEADER}{row}\n").into_bytes());
    assert_eq!(summary.listed[0].line, Some(3));
    (summary.refused[0].0, summary.listed[0].message.clone())
}

fn whole_file(file: &[u8]) -> String {
    match read(file) {
        Err(ManifestError::File(found)) => found.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn refuses_bad_rows_one_by_one_with_their_reasons() {
    for (row, kind, message) in [
        (",DE,10115,1", RefusalKind::NoCode, "parcel has no code"),
        ("A B C D E F G H I,DE,10115,1", RefusalKind::TooManyCodes, "parcel has more than 8 codes"),
        (
            "RB123456786US,DE,10115,1",
            RefusalKind::BadCheckDigit,
            "\"RB123456786US\": check digit does not fit UPU_S10",
        ),
        ("HELLO,DE,10115,1", RefusalKind::UnknownCode, "\"HELLO\": code has the form of no active symbology"),
        (
            "LP263072004SG,US,10115,1",
            RefusalKind::UnknownCountry,
            "country \"US\" is not one that is sorted to",
        ),
        (
            "LP263072004SG,DE,1O115,1",
            RefusalKind::BadPostcode,
            "postcode \"1O115\" is not a German postcode (expected 5 digits)",
        ),
        (
            "LP263072004SG,DE,10115,1.5",
            RefusalKind::BadWeight,
            "weight \"1.5\" is not a whole number of grams",
        ),
        ("LP263072004SG,DE,10115,", RefusalKind::BadWeight, "weight \"\" is not a whole number of grams"),
        ("LP263072004SG,DE,10115,-1", RefusalKind::BadWeight, "weight \"-1\" is not a whole number of grams"),
        (
            "LP263072004SG,DE,10115,4294967296",
            RefusalKind::BadWeight,
            "weight \"4294967296\" is not a whole number of grams",
        ),
        ("LP263072004SG,DE,10115", RefusalKind::ColumnCount, "row has 3 fields (the header has 4)"),
        ("LP263072004SG,DE,10115,1,x", RefusalKind::ColumnCount, "row has 5 fields (the header has 4)"),
        (
            "LP263072004SG;DE;10115;1",
            RefusalKind::ColumnCount,
            "row has 1 fields (the header has 4); fields are separated by commas, not by semicolons",
        ),
        (
            "\"LP263072004SG,DE,10115,1",
            RefusalKind::BrokenQuotes,
            "quotes do not fit together (a quoted field may not contain a line break)",
        ),
        ("LP26307\x002004SG,DE,10115,1", RefusalKind::Nul, "row has a NUL byte"),
    ] {
        assert_eq!(refused(row), (kind, message.to_owned()), "{row}");
    }
}

#[test]
fn resolves_a_row_once_for_all() {
    let file = "weight_g,note,clearance,service,postcode,codes,country\r\n\
                420,\"a, \"\"b\"\"\",released,EXPRESS,sw1a 1aa,00354123455501152989 (00)354123455501152989 LP263072004SG,gb\r\n";
    let mut rows = 0;
    let summary = manifest::read(file.as_bytes(), "day.csv", &CodeBook::standard(), io::sink(), |row| {
        rows += 1;
        let keys: Vec<String> = row.keys().iter().map(|key| key.to_text()).collect();
        assert_eq!(keys, ["354123455501152989", "LP263072004SG"]);
        assert_eq!((row.country().code(), row.postcode().as_str()), ("GB", "SW1A"));
        let announced = row.announcement();
        assert_eq!((announced.codes.len(), announced.weight.get()), (3, 420));
        assert_eq!((announced.service, announced.clearance), (Service::Express, Clearance::Released));
        Ok(())
    });
    assert_eq!((summary.unwrap().accepted, rows), (1, 1));
}

#[test]
fn missing_optional_values_take_their_defaults() {
    let file = "codes,country,postcode,weight_g,service,clearance\nLP263072004SG,DE,10115,0,,\n";
    let summary = manifest::read(file.as_bytes(), "day.csv", &CodeBook::standard(), io::sink(), |row| {
        assert_eq!(row.announcement().clearance, Clearance::Unknown);
        assert_eq!(row.announcement().service, Service::Standard);
        Ok(())
    });
    assert_eq!(summary.unwrap().accepted, 1);
}

#[test]
fn refuses_unknown_words() {
    let file = "codes,country,postcode,weight_g,service,clearance\n\
                LP263072004SG,DE,10115,1,fast,\nLP263072004SG,DE,10115,1,,free\n";
    let kinds: Vec<_> = read(file.as_bytes()).unwrap().0.refused.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [RefusalKind::UnknownService, RefusalKind::UnknownClearance]);
}

#[test]
fn accepts_byte_order_mark_mixed_line_ends_and_no_last_line_end() {
    let file = format!("\u{feff}{}\r\n{GOOD}\r\n\nLP263072004SG,DE,10115,420", HEADER.trim());
    let (summary, aside) = read(file.as_bytes()).unwrap();
    assert_eq!((summary.rows, summary.accepted), (2, 2));
    assert!(aside.is_empty());
}

#[test]
fn refuses_a_last_row_that_is_cut_off() {
    for tail in ["LP263072004SG,DE", "LP263072004SG,DE,\"101", "L"] {
        let (summary, aside) = read(format!("{HEADER}{GOOD}{tail}").as_bytes()).unwrap();
        assert_eq!(summary.refused, [(RefusalKind::CutOff, 1)], "{tail}");
        assert_eq!(aside, format!("{HEADER}{tail}\n").into_bytes());
    }
}

#[test]
fn names_what_is_wrong_with_a_whole_file() {
    assert_eq!(whole_file(b""), "day.csv: MF0001: file is empty");
    assert_eq!(whole_file(b"\n\r\n"), "day.csv: MF0001: file is empty");
    assert_eq!(whole_file(b"codes,country,weight_g\n"), "day.csv:1: MF0002: column postcode is missing");
    assert_eq!(
        whole_file(b"codes;country;postcode;weight_g\n"),
        "day.csv:1: MF0002: header has no comma: fields are separated by commas, not by semicolons"
    );
    assert_eq!(
        whole_file(b"codes,country,postcode,weight_g,codes\n"),
        "day.csv:1: MF0002: column codes is there 2 times"
    );
    assert_eq!(whole_file(b"\xff\xfec\0o\0"), "day.csv:1: MF0002: header is not UTF-8 text");
    assert_eq!(whole_file(&[b','; 20_000]), "day.csv:1: MF0002: header is longer than 16384 bytes");
    assert_eq!(whole_file(&[b','; 200]), "day.csv:1: MF0002: header has more than 64 columns");
}

#[test]
fn a_row_that_the_sink_refuses_is_set_aside() {
    let mut seen = BTreeSet::new();
    let mut aside = Vec::new();
    let file = format!("{HEADER}{GOOD}{GOOD}");
    let summary = manifest::read(file.as_bytes(), "day.csv", &CodeBook::standard(), &mut aside, |row| {
        let key = row.keys()[0];
        let duplicate = || Refusal::Duplicate { code: key.to_text().into() };
        if seen.insert(key) { Ok(()) } else { Err(duplicate()) }
    })
    .unwrap();
    assert_eq!(summary.to_string(), "2 rows, 1 accepted, 1 refused: 1 duplicate");
    assert_eq!(summary.listed[0].to_string(), "day.csv:3: MF0116: \"LP263072004SG\" is announced twice");
    assert_eq!(aside, format!("{HEADER}{GOOD}").into_bytes());
}

/// Counts what is written and keeps nothing.
#[derive(Default)]
struct Counter {
    bytes: usize,
    largest: usize,
}

impl Write for Counter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.bytes += piece.len();
        self.largest = self.largest.max(piece.len());
        Ok(piece.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_field_of_ten_megabytes_is_passed_over_piece_by_piece() {
    let huge = 10_000_000;
    let head = format!("{HEADER}{GOOD}\"");
    let tail = format!("\",DE,10115,1\n{GOOD}");
    let stream = head.as_bytes().chain(io::repeat(b'x').take(huge)).chain(tail.as_bytes());
    let mut counter = Counter::default();
    let book = CodeBook::standard();
    let summary = manifest::read(BufReader::new(stream), "day.csv", &book, &mut counter, |_| Ok(())).unwrap();
    assert_eq!((summary.rows, summary.accepted), (3, 2));
    assert_eq!(summary.refused, [(RefusalKind::TooLong, 1)]);
    assert_eq!(counter.bytes as u64, HEADER.len() as u64 + 1 + huge + "\",DE,10115,1\n".len() as u64);
    assert!(counter.largest < 20_000);
}

#[test]
fn refuses_a_field_over_its_limit() {
    let file = format!("{HEADER}{},DE,10115,1\n", "x".repeat(5000));
    assert_eq!(read(file.as_bytes()).unwrap().0.refused, [(RefusalKind::TooLong, 1)]);
}

#[test]
fn list_of_refused_rows_is_bounded_and_the_count_exact() {
    let file = format!("{HEADER}{}", ",DE,10115,1\n".repeat(1000));
    let (summary, _) = read(file.as_bytes()).unwrap();
    assert_eq!(summary.refused, [(RefusalKind::NoCode, 1000)]);
    assert_eq!(summary.listed.len(), MAX_LISTED);
}

#[test]
fn what_was_set_aside_can_be_read_again() {
    let file = format!("\u{feff}{HEADER}{GOOD}LP263072004SG,DE,1O115,1");
    let (_, aside) = read(file.as_bytes()).unwrap();
    let corrected = String::from_utf8(aside).unwrap().replace("1O115", "10115");
    let (summary, _) = read(corrected.as_bytes()).unwrap();
    assert_eq!((summary.rows, summary.accepted), (1, 1));
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("cable"))
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("disk full"))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn reports_a_stream_that_breaks() {
    let book = CodeBook::standard();
    let input = BufReader::new(HEADER.as_bytes().chain(Broken));
    let error = manifest::read(input, "day.csv", &book, io::sink(), |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "manifest day.csv cannot be read after line 1");
    let file = format!("{HEADER}bad\n");
    let error = manifest::read(file.as_bytes(), "day.csv", &book, Broken, |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "refused row of manifest day.csv at line 2 cannot be written aside");
}

proptest! {
    #[test]
    fn every_row_is_either_accepted_or_refused(
        body in prop::collection::vec(
            prop_oneof![
                Just(GOOD.as_bytes().to_vec()),
                prop::collection::vec(any::<u8>(), 0..40),
                "[LP0-9,\"; \r\nDE]{0,40}".prop_map(String::into_bytes),
            ],
            0..20,
        ),
    ) {
        let file = [HEADER.as_bytes().to_vec(), body.concat()].concat();
        let (summary, aside) = read(&file).unwrap();
        prop_assert_eq!(summary.rows, summary.accepted + summary.refused_rows());
        let good_lines = file.split(|byte| *byte == b'\n').skip(1);
        let rows = good_lines.filter(|line| !matches!(line, [] | [b'\r'])).count();
        prop_assert_eq!(summary.rows, rows as u64);
        if !aside.is_empty() {
            let (again, _) = read(&aside).unwrap();
            prop_assert_eq!((again.rows, again.accepted), (summary.refused_rows(), 0));
        }
    }

    #[test]
    fn arbitrary_files_never_panic(file in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&file);
    }
}
