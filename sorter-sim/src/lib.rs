//! Simulated sorting hubs: plant, virtual PLC, loads, faults, checks and reports.

#![forbid(unsafe_code)]

pub mod check;
pub mod cli;
pub mod condition;
pub mod customs;
pub mod data;
pub mod day;
pub mod explain;
pub mod hub;
pub mod load;
pub mod plant;
pub mod random;
pub mod reads;
pub mod report;
pub mod run_options;
mod sabotage;
pub mod scenario;
mod stopwatch;
pub mod virtual_plc;
pub mod wheel;
