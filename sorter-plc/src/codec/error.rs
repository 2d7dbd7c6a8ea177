//! What is wrong with a block or with one of its records.

use std::fmt;

use thiserror::Error;

use super::{RawEvent, RawOrder};
use crate::contract::{CHUTES_PER_LINK, Seq};
use crate::register_map::{BlockId, MAGIC, VERSION};

/// Why nothing of a block can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    /// It has another number of words.
    #[error("{block} has {received} words, expected {expected}")]
    Length {
        /// The block.
        block: BlockId,
        /// Words of the block.
        expected: usize,
        /// Words that came.
        received: usize,
    },
    /// It was read while the PLC wrote it.
    #[error("{block} is torn: its first counter is {first}, its last {last}")]
    Torn {
        /// The block.
        block: BlockId,
        /// Counter A.
        first: u16,
        /// Counter B.
        last: u16,
    },
    /// There is no sorter, or its registers begin somewhere else.
    #[error("STATUS has the magic word {received:#06x}, expected {MAGIC:#06x}")]
    Magic {
        /// What stood there.
        received: u16,
    },
    /// The PLC has another version of the contract.
    #[error("STATUS is of version {received}, expected {VERSION}")]
    Version {
        /// What stood there.
        received: u16,
    },
    /// The PLC stores 32-bit values in another order than configured.
    #[error(
        "STATUS has the word order probe {:#06x} {:#06x}, expected {:#06x} {:#06x}",
        received[0], received[1], expected[0], expected[1]
    )]
    WordOrder {
        /// The two words for the order that is configured.
        expected: [u16; 2],
        /// The two words that came.
        received: [u16; 2],
    },
    /// A sequence number that does not exist.
    #[error("{block} has the sequence number {received} in word {word}, expected at most {}", Seq::LAST)]
    Sequence {
        /// The block.
        block: BlockId,
        /// The word, counted from the base of the block.
        word: usize,
        /// What stood there.
        received: u16,
    },
    /// More entries than the block holds.
    #[error("BELT has {received} entries, expected at most {capacity}")]
    Entries {
        /// What the block holds.
        capacity: u16,
        /// What its head says.
        received: u16,
    },
}

/// Why a record cannot be used. The records before and behind it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The slot is empty, or its number does not exist.
    #[error("a record has the sequence number {received}, expected 1 to {}", Seq::LAST)]
    Sequence {
        /// What stood there.
        received: u16,
    },
    /// An event of a type that the contract does not have.
    #[error("event {} has the unknown type {number}: {}", record.seq(), record)]
    UnknownType {
        /// The words.
        record: RawEvent,
        /// The type.
        number: u8,
    },
    /// An event whose detail the contract does not have for its type.
    #[error("event {} has the unknown detail {detail}: {}", record.seq(), record)]
    UnknownDetail {
        /// The words.
        record: RawEvent,
        /// The detail.
        detail: u8,
    },
    /// An event whose argument is beyond what the contract has for its type.
    #[error("event {} has the argument {arg}, which its type does not have: {}", record.seq(), record)]
    Argument {
        /// The words.
        record: RawEvent,
        /// The argument.
        arg: u16,
    },
    /// An order that was read while it was written, or that was written for another session.
    #[error("order {} has the check {received:#06x}, expected {expected:#06x}", order.seq())]
    Check {
        /// The words.
        order: RawOrder,
        /// The check of its words.
        expected: u16,
        /// The check that came.
        received: u16,
    },
    /// An order to do what the contract does not have.
    #[error("order {} has the unknown operation {operation}: {}", order.seq(), order)]
    UnknownOperation {
        /// The words.
        order: RawOrder,
        /// The operation.
        operation: u8,
    },
    /// An order about a chute that no link carries.
    #[error("order {} names chute {chute}, a link has {CHUTES_PER_LINK} chutes", order.seq())]
    Chute {
        /// The words.
        order: RawOrder,
        /// The chute.
        chute: u16,
    },
    /// A scan record of a kind that the contract does not have.
    #[error("scan record {} has the unknown kind {kind}", seq.get())]
    UnknownKind {
        /// Its number.
        seq: Seq,
        /// The kind.
        kind: u8,
    },
    /// A code longer than its record.
    #[error("scan record {} has a code of {received} characters, a record holds {limit}", seq.get())]
    CodeLength {
        /// Its number.
        seq: Seq,
        /// The length that it states.
        received: u8,
        /// What a record holds.
        limit: usize,
    },
    /// A scan record outside the records of its item.
    #[error("scan record {} is record {index} of {count}, counted from 0", seq.get())]
    Index {
        /// Its number.
        seq: Seq,
        /// Its place, from 0.
        index: u8,
        /// How many records the item is said to have.
        count: u8,
    },
}

/// Words as a controls engineer reads them in a watch table.
pub(super) fn hexadecimal(words: &[u16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            f.write_str(" ")?;
        }
        write!(f, "{word:04x}")?;
    }
    Ok(())
}
