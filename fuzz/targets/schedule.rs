//! Weekly schedules as CSV.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("schedule"), |data: &[u8]| sorter_fuzz::schedule(data));
