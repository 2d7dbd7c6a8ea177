//! Raw reads of a scanner.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("barcode"), |data: &[u8]| sorter_fuzz::barcode(data));
