//! Layouts in TOML.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("layout"), |data: &[u8]| sorter_fuzz::layout(data));
