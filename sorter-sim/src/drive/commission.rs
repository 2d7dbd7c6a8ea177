//! The first day with a PLC: read everything, then try its lamps, one divert, its pulses and its speed.
//!
//! [`look`] writes nothing. A [`Tester`] is the host behind the session that is opened afterwards; it gives only the
//! orders that it is asked for.

mod findings;
mod look;
mod tester;

pub use findings::{Finding, Judged, judge};
pub use look::{Look, LookError, look};
pub use tester::{Lamps, Shot, Tester, Track};
