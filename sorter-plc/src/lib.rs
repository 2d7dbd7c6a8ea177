//! The exchange between a sort engine and the PLC of a sorter, and the controller loop that an embedder runs.

#![forbid(unsafe_code)]

pub mod codec;
pub mod contract;
pub mod controller;
pub mod cycle;
pub mod exchange;
pub mod host;
pub mod journal;
pub mod link;
pub mod register_map;
pub mod request;
pub mod scanner;
