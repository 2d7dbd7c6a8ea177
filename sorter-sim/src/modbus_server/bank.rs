//! What a server answers from.

use super::Exception;

/// The holding registers behind a server.
///
/// A server never asks for an empty range, and never for one that goes beyond register 65535.
pub trait RegisterBank {
    /// Reads the registers from `address` on, as many as `out` has.
    ///
    /// # Errors
    /// The exception to answer; what stands in `out` is then not used.
    fn read(&mut self, address: u16, out: &mut [u16]) -> Result<(), Exception>;

    /// Writes registers from `address` on.
    ///
    /// # Errors
    /// The exception to answer; nothing has been written then.
    fn write(&mut self, address: u16, words: &[u16]) -> Result<(), Exception>;
}

/// Registers that keep what was written and mean nothing, from register 0 on.
///
/// ```
/// use sorter_sim::modbus_server::{Exception, PlainRegisters, RegisterBank};
///
/// let mut bank = PlainRegisters::new(4);
/// bank.write(2, &[7, 8]).unwrap();
/// assert_eq!(bank.words(), [0, 0, 7, 8]);
/// assert_eq!(bank.write(3, &[1, 2]), Err(Exception::IllegalAddress));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainRegisters(Vec<u16>);

impl PlainRegisters {
    /// So many registers, all 0; at most 65,536.
    pub fn new(count: usize) -> Self {
        Self(vec![0; count.min(1 << 16)])
    }

    /// The registers.
    pub fn words(&self) -> &[u16] {
        &self.0
    }

    /// The registers, to be changed from behind.
    pub fn words_mut(&mut self) -> &mut [u16] {
        &mut self.0
    }
}

impl RegisterBank for PlainRegisters {
    fn read(&mut self, address: u16, out: &mut [u16]) -> Result<(), Exception> {
        let from = usize::from(address);
        out.copy_from_slice(self.0.get(from..from + out.len()).ok_or(Exception::IllegalAddress)?);
        Ok(())
    }

    fn write(&mut self, address: u16, words: &[u16]) -> Result<(), Exception> {
        let from = usize::from(address);
        let place = self.0.get_mut(from..from + words.len()).ok_or(Exception::IllegalAddress)?;
        place.copy_from_slice(words);
        Ok(())
    }
}
