//! The register map is consistent in itself, and what is written from it is current.
//!
//! `UPDATE_DOCS=1 cargo test -p sorter-plc --test register_map` writes the documents anew.

#[path = "register_map/consistency.rs"]
mod consistency;
#[path = "register_map/csv.rs"]
mod csv;
#[path = "register_map/markdown.rs"]
mod markdown;
#[path = "register_map/structured_text.rs"]
mod structured_text;

use std::path::Path;
use std::{env, fs};

/// Compares a document with what the map says, or writes it when `UPDATE_DOCS` is set.
fn keep_current(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, text).unwrap_or_else(|error| panic!("{path} is not writable: {error}"));
    }
    let present = fs::read_to_string(&file).unwrap_or_default();
    let first = present.lines().zip(text.lines()).position(|(present, wanted)| present != wanted);
    assert!(
        present == text,
        "{path} is not what the map says, first in line {}; \
         UPDATE_DOCS=1 cargo test -p sorter-plc --test register_map writes it anew",
        first.unwrap_or(present.lines().count().min(text.lines().count())) + 1
    );
}

#[test]
fn the_document_says_what_the_map_says() {
    keep_current("docs/register-map.md", &markdown::document());
}

#[test]
fn the_csv_file_has_one_line_for_each_word_of_the_map() {
    keep_current("docs/register-map.csv", &csv::document());
}

#[test]
fn the_constants_of_the_structured_text_program_are_those_of_the_map() {
    keep_current("sorter-plc/st/registers.st", &structured_text::document());
}
