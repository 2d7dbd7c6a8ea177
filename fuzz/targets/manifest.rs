//! Manifest files.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("manifest"), |data: &[u8]| sorter_fuzz::manifest(data));
