//! Modbus/TCP requests and answers as bytes, without I/O.
//!
//! Whatever bytes come, there is a defined answer or a defined end:
//!
//! | what comes | what follows |
//! | --- | --- |
//! | a protocol identifier other than 0 | the connection is closed |
//! | a length below 2 or above 254 | the connection is closed, without waiting for what it claims |
//! | a function other than 3, 6, 16 and 23 | exception 01 |
//! | a request that is longer or shorter than its function or its byte count says | exception 03 |
//! | less than a whole frame | waits for the rest |
//!
//! A frame has at most 260 bytes, so nothing here ever needs memory that a length field asks for.

mod answer;
mod buffer;
mod request;
#[cfg(test)]
mod tests;

use sorter_plc::link::UnitId;

pub use answer::{MAX_ANSWER_WORDS, put_echo, put_exception, put_words};
pub use buffer::{Frame, FrameBuffer, FrameError};
pub use request::{FUNCTION_23, READ, Request, WRITE, WRITE_ONE, Words};

/// Bytes before the function: transaction, protocol, length and unit.
pub const HEADER_BYTES: usize = 7;
/// The most bytes of a frame.
pub const MAX_FRAME_BYTES: usize = 260;

/// Whom an answer is for: what an answer repeats of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The transaction identifier.
    pub transaction: u16,
    /// The unit identifier.
    pub unit: UnitId,
}
