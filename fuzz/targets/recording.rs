//! Files of recordings.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("recording"), |data: &[u8]| sorter_fuzz::recording(data));
