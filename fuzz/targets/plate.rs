//! Licence plates of containers.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("plate"), |data: &[u8]| sorter_fuzz::plate(data));
