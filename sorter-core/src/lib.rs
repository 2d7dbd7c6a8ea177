//! Sort decisions for a parcel sorter: which chute, why, and where every parcel is.
//!
//! The crate has no clock, no network and no threads of its own. The present time and the belt position
//! are arguments, so that the same code runs in a hall and in a simulator.

#![deny(unsafe_code)]

pub mod address;
pub mod balance;
pub mod barcode;
pub mod chute;
pub mod clearance;
pub mod container;
mod csv_rows;
pub mod departure;
pub mod diagnostic;
pub mod engine;
pub mod event_log;
pub mod hold;
pub mod ids;
pub mod journal;
pub mod layout;
pub mod ledger;
pub mod manifest;
#[expect(unsafe_code, reason = "mapped memory and prefetches, behind safe types")]
pub mod mem;
pub mod plan;
pub mod reason;
pub mod row_file;
pub mod state_word;
#[expect(unsafe_code, reason = "says which of its types may lie in zeroed memory")]
pub mod sync;
pub mod tracking;
pub mod units;
