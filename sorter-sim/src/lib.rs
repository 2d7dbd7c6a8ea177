//! Simulated sorting hubs: plant, virtual PLC, loads, faults, checks and reports.

#![forbid(unsafe_code)]

pub mod check;
pub mod cli;
pub mod condition;
pub mod customs;
pub mod data;
pub mod day;
pub mod drive;
pub mod explain;
pub mod hub;
pub mod live;
pub mod load;

pub mod mock;
pub mod modbus_server;
pub mod plant;
pub mod random;
pub mod reads;
pub mod recording;
pub mod register_plc;
pub mod replay;
pub mod report;
pub mod run_options;
mod sabotage;
pub mod scenario;
mod stopwatch;
pub mod virtual_plc;
pub mod wheel;
