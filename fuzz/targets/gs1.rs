//! GS1 element strings, printed ones and Digital Links.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("gs1"), |data: &[u8]| sorter_fuzz::gs1(data));
