//! The exceptions that a server answers.

use std::fmt;

/// Why a server does not do what a request asks: the exception codes of the Modbus application protocol
/// (version 1.1b3, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exception {
    /// 01: it does not know the function.
    IllegalFunction = 0x01,
    /// 02: some of the registers do not exist.
    IllegalAddress = 0x02,
    /// 03: a quantity or a byte count is out of its range.
    IllegalValue = 0x03,
    /// 04: it failed while it did it.
    DeviceFailure = 0x04,
    /// 05: it is at it, and the answer would take too long.
    Acknowledge = 0x05,
    /// 06: it is busy.
    Busy = 0x06,
    /// 07: it cannot do it.
    NegativeAcknowledge = 0x07,
    /// 08: its memory failed a check.
    MemoryParity = 0x08,
    /// 0A: a gateway has no path to the device.
    GatewayPath = 0x0A,
    /// 0B: the device behind a gateway does not answer.
    GatewayTarget = 0x0B,
}

impl Exception {
    /// Every exception, by code.
    pub const ALL: [Self; 10] = [
        Self::IllegalFunction,
        Self::IllegalAddress,
        Self::IllegalValue,
        Self::DeviceFailure,
        Self::Acknowledge,
        Self::Busy,
        Self::NegativeAcknowledge,
        Self::MemoryParity,
        Self::GatewayPath,
        Self::GatewayTarget,
    ];

    /// The code on the wire.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exception {:02X}", self.code())
    }
}
