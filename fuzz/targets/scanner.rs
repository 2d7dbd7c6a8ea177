//! Byte streams of scanner tunnels.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("scanner"), |data: &[u8]| sorter_fuzz::scanner(data));
