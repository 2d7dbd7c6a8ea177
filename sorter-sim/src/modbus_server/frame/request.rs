//! What a request asks.

use crate::modbus_server::Exception;

/// Function 3: read holding registers.
pub const READ: u8 = 3;
/// Function 6: write one register.
pub const WRITE_ONE: u8 = 6;
/// Function 16: write registers.
pub const WRITE: u8 = 16;
/// Function 23: write and read registers in one request.
pub const FUNCTION_23: u8 = 23;

/// Words as they stand in a frame, the high byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words<'a>(&'a [[u8; 2]]);

impl Words<'_> {
    /// How many; at most 126, as a frame has no room for more.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// Writes them to the beginning of `out` and gives that part.
    ///
    /// # Panics
    /// When `out` is shorter.
    pub fn copy_to<'o>(&self, out: &'o mut [u16]) -> &'o [u16] {
        let out = &mut out[..self.len()];
        out.iter_mut().zip(self.iter()).for_each(|(place, word)| *place = word);
        out
    }
}

/// What a request asks. Quantities are as they came: how many a server reads or writes at most is its own affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Function 3.
    Read {
        /// The first register.
        address: u16,
        /// How many.
        count: u16,
    },
    /// Function 6.
    WriteOne {
        /// The register.
        address: u16,
        /// What it is to hold.
        value: u16,
    },
    /// Function 16.
    Write {
        /// The first register.
        address: u16,
        /// What the registers are to hold.
        words: Words<'a>,
    },
    /// Function 23.
    WriteRead {
        /// The first register to read.
        read_address: u16,
        /// How many to read.
        read_count: u16,
        /// The first register to write.
        write_address: u16,
        /// What the registers are to hold.
        words: Words<'a>,
    },
}

impl<'a> Request<'a> {
    /// Reads function and data of a frame.
    ///
    /// # Errors
    /// The exception to answer: 01 for a function that is not one of the four, 03 when the number of bytes is not
    /// what the function and its own fields say.
    pub fn parse(pdu: &'a [u8]) -> Result<Self, Exception> {
        let Some((function, data)) = pdu.split_first() else { return Err(Exception::IllegalValue) };
        match (*function, data) {
            (READ, &[a, b, c, d]) => Ok(Self::Read { address: word(a, b), count: word(c, d) }),
            (WRITE_ONE, &[a, b, c, d]) => Ok(Self::WriteOne { address: word(a, b), value: word(c, d) }),
            (WRITE, &[a, b, c, d, bytes, ref values @ ..]) => {
                let words = counted(word(c, d), bytes, values)?;
                Ok(Self::Write { address: word(a, b), words })
            }
            (FUNCTION_23, &[a, b, c, d, e, f, g, h, bytes, ref values @ ..]) => Ok(Self::WriteRead {
                read_address: word(a, b),
                read_count: word(c, d),
                write_address: word(e, f),
                words: counted(word(g, h), bytes, values)?,
            }),
            (READ | WRITE_ONE | WRITE | FUNCTION_23, _) => Err(Exception::IllegalValue),
            _ => Err(Exception::IllegalFunction),
        }
    }

    /// The number of its function.
    pub const fn function(&self) -> u8 {
        match self {
            Self::Read { .. } => READ,
            Self::WriteOne { .. } => WRITE_ONE,
            Self::Write { .. } => WRITE,
            Self::WriteRead { .. } => FUNCTION_23,
        }
    }
}

const fn word(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}

/// The words of a request, when count, byte count and the bytes that are there agree.
fn counted(count: u16, bytes: u8, values: &[u8]) -> Result<Words<'_>, Exception> {
    let (words, rest) = values.as_chunks();
    let agrees = rest.is_empty() && words.len() == usize::from(count) && values.len() == usize::from(bytes);
    if agrees { Ok(Words(words)) } else { Err(Exception::IllegalValue) }
}
