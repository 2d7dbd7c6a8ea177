//! Sort plans: outlets in TOML, rules in CSV.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("plan"), |data: &[u8]| sorter_fuzz::plan(data));
