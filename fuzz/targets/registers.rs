//! Register words.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("registers"), |data: &[u8]| sorter_fuzz::registers(data));
