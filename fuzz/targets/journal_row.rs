//! Rows of the journal.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("journal_row"), |data: &[u8]| sorter_fuzz::journal_row(data));
