//! What goes wrong on a link, and what follows from it.

use std::fmt;
use std::io;

use sorter_core::units::Micros;

use crate::link::{FrameFault, UnitId};
use crate::register_map::BlockId;

/// A Modbus function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Function(u8);

impl Function {
    /// Read holding registers.
    pub const READ: Self = Self(3);
    /// Write multiple registers.
    pub const WRITE: Self = Self(16);
    /// Read and write multiple registers in one request.
    pub const READ_WRITE: Self = Self(23);

    /// Wraps a function code.
    pub const fn new(code: u8) -> Self {
        Self(code)
    }

    /// The function code.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function {}", self.0)
    }
}

/// The code of an exception that a PLC answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exception(u8);

impl Exception {
    /// The PLC does not have the function.
    pub const ILLEGAL_FUNCTION: Self = Self(1);
    /// The registers do not exist there.
    pub const ILLEGAL_ADDRESS: Self = Self(2);
    /// The quantity is not allowed.
    pub const ILLEGAL_VALUE: Self = Self(3);
    /// The request goes on in the background.
    pub const ACKNOWLEDGE: Self = Self(5);
    /// The PLC has no time now.
    pub const BUSY: Self = Self(6);
    /// A gateway has no path to the PLC.
    pub const GATEWAY_PATH: Self = Self(0x0A);
    /// A gateway got no answer from the PLC.
    pub const GATEWAY_TARGET: Self = Self(0x0B);

    /// Wraps an exception code.
    pub const fn new(code: u8) -> Self {
        Self(code)
    }

    /// The exception code.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = match self.0 {
            1 => "illegal function",
            2 => "illegal data address",
            3 => "illegal data value",
            4 => "server device failure",
            5 => "acknowledge",
            6 => "server device busy",
            8 => "memory parity error",
            0x0A => "gateway path unavailable",
            0x0B => "gateway target device failed to respond",
            _ => "not in the specification",
        };
        write!(f, "exception {:02X} ({meaning})", self.0)
    }
}

/// Registers of a request: where they begin and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Registers {
    /// Address of the first.
    pub address: u16,
    /// How many.
    pub count: u16,
}

impl fmt::Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} registers at {}", self.count, self.address)
    }
}

/// What to do after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Consequence {
    /// The socket is gone: connect again and keep the session.
    Reconnect,
    /// The connection is fine, the PLC was busy: go on with the next cycle.
    NextCycle,
    /// The connection is fine, what is behind it is not: wait before the next request.
    BackOff,
    /// The configuration does not fit the PLC: trying again at once cannot help.
    Stop,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkFault {
    /// The connection could not be opened.
    #[error("the connection could not be opened")]
    Connect(#[source] io::Error),
    /// The connection was not open in time.
    #[error("the connection was not open within {} ms", in_ms(*.0))]
    ConnectTimeout(Micros),
    /// There is no connection.
    #[error("there is no connection")]
    NotConnected,
    /// The whole answer was not there in time.
    #[error("no whole answer came within {} ms", in_ms(*.0))]
    Deadline(Micros),
    /// The stream broke, or an answer does not agree with itself.
    #[error("the connection broke")]
    Transport(#[source] io::Error),
    /// What came is not one answer to one request.
    #[error("{0}")]
    Frame(FrameFault),
    /// The answer is to another request or from another unit.
    #[error("the answer belongs to another request: {0}")]
    Header(String),
    /// The answer is of another function.
    #[error("the answer is of {received}")]
    Function {
        /// The function of the answer.
        received: Function,
    },
    /// The answer has another number of registers.
    #[error("the answer has {received} registers, expected {expected}")]
    Length {
        /// Registers asked for.
        expected: u16,
        /// Registers in the answer.
        received: usize,
    },
    /// The confirmation of a write names other registers.
    #[error("the answer confirms {received}, expected {expected}")]
    Echo {
        /// What was written.
        expected: Registers,
        /// What the answer names.
        received: Registers,
    },
    /// The PLC answered with an exception.
    #[error("the answer is {0}")]
    Exception(Exception),
    /// The request itself is outside the limits of Modbus; nothing was sent.
    #[error("a request may have 1 to {most} registers up to address 65535")]
    Limit {
        /// The most registers of one request of that function.
        most: u16,
    },
}

fn in_ms(time: Micros) -> String {
    let (ms, rest) = (time.get() / 1000, time.get() % 1000);
    if rest == 0 { ms.to_string() } else { format!("{ms}.{rest:03}") }
}

/// What a request was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The function.
    pub function: Function,
    /// The block; for [`Function::READ_WRITE`] the one that is read.
    pub block: BlockId,
    /// The registers; for [`Function::READ_WRITE`] those that are read.
    pub registers: Registers,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} ({})", self.function, self.registers, self.block)
    }
}

/// A request, or an attempt to connect, that did not work.
///
/// The text names unit, function, registers and block, then what was expected and what came.
#[derive(Debug)]
pub struct LinkError {
    /// The unit.
    pub unit: UnitId,
    /// The request; none when the connection could not be opened.
    pub asked: Option<Asked>,
    /// What went wrong.
    pub fault: LinkFault,
}

impl LinkError {
    /// The block that the request was about.
    pub fn block(&self) -> Option<BlockId> {
        self.asked.map(|asked| asked.block)
    }

    /// What to do now: the link rules of the contract.
    ///
    /// Exceptions that the contract does not name (04, 08, any other) are those of a PLC that is not well:
    /// the connection is kept and the next request waits.
    pub fn consequence(&self) -> Consequence {
        match &self.fault {
            LinkFault::Exception(Exception::ACKNOWLEDGE | Exception::BUSY) => Consequence::NextCycle,
            LinkFault::Exception(
                Exception::ILLEGAL_FUNCTION | Exception::ILLEGAL_ADDRESS | Exception::ILLEGAL_VALUE,
            )
            | LinkFault::Limit { .. } => Consequence::Stop,
            LinkFault::Exception(_) => Consequence::BackOff,
            _ => Consequence::Reconnect,
        }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.asked {
            Some(asked) => write!(f, "unit {}, {asked}: {}", self.unit, self.fault),
            None => write!(f, "unit {}: {}", self.unit, self.fault),
        }
    }
}

impl std::error::Error for LinkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.fault.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(fault: LinkFault) -> LinkError {
        let registers = Registers { address: 40, count: 16 };
        let asked = Asked { function: Function::READ, block: BlockId::Status, registers };
        LinkError { unit: UnitId::new(3), asked: Some(asked), fault }
    }

    #[test]
    fn texts_name_unit_function_block_and_both_sides() {
        let text = |fault| error(fault).to_string();
        assert_eq!(
            text(LinkFault::Deadline(Micros::new(20_500))),
            "unit 3, function 3 on 16 registers at 40 (STATUS): no whole answer came within 20.500 ms"
        );
        assert_eq!(
            text(LinkFault::Length { expected: 16, received: 15 }),
            "unit 3, function 3 on 16 registers at 40 (STATUS): the answer has 15 registers, expected 16"
        );
        assert_eq!(
            text(LinkFault::Exception(Exception::new(0x0B))),
            "unit 3, function 3 on 16 registers at 40 (STATUS): \
             the answer is exception 0B (gateway target device failed to respond)"
        );
    }

    #[test]
    fn each_exception_has_the_consequence_of_the_contract() {
        use Consequence::{BackOff, NextCycle, Stop};
        let expected = [
            (1, Stop),
            (2, Stop),
            (3, Stop),
            (4, BackOff),
            (5, NextCycle),
            (6, NextCycle),
            (7, BackOff),
            (8, BackOff),
            (0x0A, BackOff),
            (0x0B, BackOff),
            (0x55, BackOff),
        ];
        for (code, consequence) in expected {
            assert_eq!(
                error(LinkFault::Exception(Exception::new(code))).consequence(),
                consequence,
                "{code}"
            );
        }
        assert_eq!(error(LinkFault::NotConnected).consequence(), Consequence::Reconnect);
        assert_eq!(error(LinkFault::Limit { most: 125 }).consequence(), Stop);
    }
}
