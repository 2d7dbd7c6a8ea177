//! The exchange between a sort engine and the PLC of a sorter, and the controller loop that an embedder runs.

#![forbid(unsafe_code)]

pub mod contract;
pub mod controller;
