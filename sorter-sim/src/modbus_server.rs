//! A Modbus/TCP server over any stream, as tolerant or as odd as the PLC that it stands for.
//!
//! It has its own small MBAP framing ([`frame`]), since it has to run over an in-memory stream in virtual time
//! as well as over a socket. What it answers comes from a [`RegisterBank`]; how it answers follows a
//! [`ServerProfile`], the behaviour of real devices; and [`WireFaults`] does to the answers what a bad network
//! or a bad gateway does.
//!
//! One thread, one current-thread runtime: [`ModbusServer`] is made of [`Rc`](std::rc::Rc)s. Time comes from
//! `tokio::time` alone, so a paused clock works, and every draw from a seed.
//!
//! ```
//! use std::cell::RefCell;
//! use std::rc::Rc;
//!
//! use sorter_sim::modbus_server::{ModbusServer, PlainRegisters, ServerProfile, WireFaults};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
//!
//! let bank = Rc::new(RefCell::new(PlainRegisters::new(10)));
//! bank.borrow_mut().words_mut()[3] = 0x0102;
//! let server = ModbusServer::new(bank, ServerProfile::default(), WireFaults::none());
//! let (mut client, mut far_end) = duplex(1_024);
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! let answer = runtime.block_on(async {
//!     let talk = async {
//!         client.write_all(&[0, 7, 0, 0, 0, 6, 1, 3, 0, 3, 0, 1]).await.unwrap();
//!         let mut answer = [0; 11];
//!         client.read_exact(&mut answer).await.unwrap();
//!         drop(client);
//!         answer
//!     };
//!     tokio::join!(server.serve_stream(&mut far_end), talk).1
//! });
//! assert_eq!(answer, [0, 7, 0, 0, 0, 5, 1, 3, 2, 1, 2]);
//! ```

mod bank;
mod connection;
mod counters;
mod exception;
mod faults;
pub mod frame;
mod listen;
mod profile;
#[cfg(test)]
mod tests;

pub use bank::{PlainRegisters, RegisterBank};
pub use connection::{Ended, ModbusServer};
pub use counters::ServerCounters;
pub use exception::Exception;
pub use faults::{FaultRates, FaultRatesError, WireFault, WireFaults};
pub use profile::{Answering, Echo16, Function23, Pipelining, ServerProfile, UnknownFunction};
