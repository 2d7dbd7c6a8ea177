//! Notice files.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("notices"), |data: &[u8]| sorter_fuzz::notices(data));
