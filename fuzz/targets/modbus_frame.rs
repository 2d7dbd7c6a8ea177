//! Requests of Modbus/TCP.
#![no_main]

libfuzzer_sys::fuzz_target!(init: sorter_fuzz::seeds::plant("modbus_frame"), |data: &[u8]| sorter_fuzz::modbus_frame(data));
