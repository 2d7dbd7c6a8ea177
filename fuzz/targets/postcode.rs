//! Postcodes of every country.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("postcode"), |data: &[u8]| sorter_fuzz::postcode(data));
