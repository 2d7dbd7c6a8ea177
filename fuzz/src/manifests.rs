//! Manifest files.

use std::sync::LazyLock;

use sorter_core::barcode::CodeBook;
use sorter_core::manifest::{self, MAX_CODES, MAX_LISTED, Summary};

static STANDARD: LazyLock<CodeBook> = LazyLock::new(CodeBook::standard);

/// A manifest: every row is counted once, and what was refused is refused again when it is read from the file
/// that it was written to.
pub fn manifest(data: &[u8]) {
    let mut aside = Vec::new();
    let Some(summary) = read(data, &mut aside) else {
        assert!(aside.is_empty(), "an unreadable file has no refused rows");
        return;
    };
    if summary.refused_rows() == 0 {
        assert!(aside.is_empty());
        return;
    }
    let mut twice = Vec::new();
    let again = read(&aside, &mut twice).expect("refused rows stand under the header of their file");
    assert_eq!((again.accepted, again.rows), (0, summary.refused_rows()));
    assert_eq!(twice, aside);
}

fn read(data: &[u8], aside: &mut Vec<u8>) -> Option<Summary> {
    let mut taken = 0;
    let summary = manifest::read(data, "fuzz.csv", &STANDARD, aside, |row| {
        assert!((1..=MAX_CODES).contains(&row.keys().len()));
        taken += 1;
        Ok(())
    })
    .ok()?;
    assert_eq!(summary.accepted, taken);
    assert_eq!(summary.rows, summary.accepted + summary.refused_rows());
    assert_eq!(summary.listed.len() as u64, summary.refused_rows().min(MAX_LISTED as u64));
    Some(summary)
}
