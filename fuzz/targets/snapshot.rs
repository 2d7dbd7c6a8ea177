//! Snapshots of the journal.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("snapshot"), |data: &[u8]| sorter_fuzz::snapshot(data));
