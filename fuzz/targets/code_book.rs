//! Code books in TOML, and a read against each.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("code_book"), |data: &[u8]| sorter_fuzz::code_book(data));
