//! Scanner tunnels over TCP: framed telegrams in, the scan records of the contract out.
//!
//! ```text
//!   scanner ── bytes ──▶ ScannerPort ── telegrams ──▶ ScannerFeed
//!                        Deframer, TelegramFormat         │
//!   PLC ── events, encoder ──▶ WithScanner ── Binder ◀────┘
//!                                   └── scan records ──▶ the host behind it
//! ```
//!
//! A [`ScannerPort`] is a task at the edge; all else is without I/O. [`WithScanner`] stands in front of any
//! [`Host`](crate::host::Host) and puts what the tunnel read into the scans of each cycle, so that a controller
//! cannot tell whether its PLC or a scanner of its own did the reading.
//!
//! ```
//! use sorter_core::layout::Layout;
//! use sorter_plc::link::TcpDial;
//! use sorter_plc::scanner::{Binder, BinderConfig, Framing, PortConfig, scanner_port};
//!
//! let address = "192.0.2.7:2112".parse()?;
//! let config = PortConfig { framing: Framing::cr_lf(), ..PortConfig::default() };
//! let binder = Binder::new(BinderConfig::default(), &config.format, &Layout::line_100())?;
//! let (port, mut feed) = scanner_port(TcpDial::new(address), config, 1);
//! // `port.run()` is the task; `WithScanner::new(controller, feed, binder)` is the host.
//! # drop(port);
//! assert!(feed.next_telegram().is_none());
//! # let _ = binder;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod binder;
mod framing;
mod port;
mod telegram;
mod with_scanner;

pub use binder::{Binder, BinderConfig, BinderCounters, BinderError, Binding, From};
pub use framing::{
    DEFAULT_LONGEST, Deframer, ETX, FrameRefusal, Framing, FramingError, LONGEST_TELEGRAM, STX,
};
pub use port::{
    Loss, PortConfig, PortCounters, PortReport, Refusal, Refused, ScannerFeed, ScannerPort, TcpAccept,
    scanner_port,
};
pub use telegram::{
    Excerpt, FURTHEST, Field, FormatError, Latch, MOST_CODE_BYTES, MOST_CODES, Measured, ReadCode, Telegram,
    TelegramError, TelegramFormat, TriggerError, TriggerNumber, TriggerRange,
};
pub use with_scanner::WithScanner;
