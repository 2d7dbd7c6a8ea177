//! What an exchange asks its link to do: one request at a time.

use crate::register_map::{BlockId, ORDER_WORDS};

/// A part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The block.
    pub block: BlockId,
    /// The first word, counted from the base of the block.
    pub offset: u16,
    /// How many words; 1 to 125.
    pub words: u16,
}

/// One request of an exchange. Each is answered with the words that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Read a part of a block and write nothing.
    Read(Span),
    /// Write the ORDER block and read the STATUS block.
    Cycle {
        /// The words of the ORDER block.
        order: &'a [u16; ORDER_WORDS],
        /// Whether this is a moment to find out what the PLC can do: no session is open, so nothing that is
        /// written twice or not at all matters.
        may_probe: bool,
    },
}
