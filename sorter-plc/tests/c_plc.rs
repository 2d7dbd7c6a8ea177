//! Engine, controller, exchange and link against the PLC side in C under `tests/c_plc`, which was written from the
//! host-PLC contract alone.
//!
//! Each test lets a fixed stream of parcels run over the belt of the C program and then holds three books against
//! each other: what the C program says became of each item and each order, what the controller was told and ordered,
//! and what the plan says about the code of the parcel. `.ci/peers` builds the program and runs these tests.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

#[path = "c_plc/audit.rs"]
mod audit;
#[path = "c_plc/books.rs"]
mod books;
#[path = "c_plc/clean.rs"]
mod clean;
#[path = "c_plc/faults.rs"]
mod faults;
#[path = "c_plc/hall.rs"]
mod hall;
#[path = "peers/process.rs"]
mod process;
#[path = "c_plc/restarts.rs"]
mod restarts;
#[path = "c_plc/run.rs"]
mod run;
