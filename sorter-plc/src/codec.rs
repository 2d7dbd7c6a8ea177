//! The blocks as typed values and as register words, both ways: the host and the PLC of the simulator use it.
//!
//! Without allocation and without state. Offsets come from the [register map](crate::register_map) when this is
//! compiled. What comes over a wire is judged once, here: a block with a wrong length, header or a torn middle is a
//! [`CodecError`] as a whole, a record with a number that the contract does not have is a [`RecordError`] of its
//! own. Words that a record of its type does not use are not judged.
//!
//! On the way out, values that their words cannot hold are written as the nearest that they can.
//!
//! ```
//! use sorter_plc::codec::{RawEvent, StatusImage};
//! use sorter_plc::contract::{EVENT_SLOTS, Seq, Status};
//! use sorter_plc::register_map::{STATUS_WORDS, WordOrder};
//!
//! let status = Status { order_ack: Seq::new(7).unwrap(), ..Status::default() };
//! let image = StatusImage { counter: 40, status, events: [RawEvent::EMPTY; EVENT_SLOTS] };
//! let mut words = [0; STATUS_WORDS];
//! image.encode(&mut words, WordOrder::HighFirst);
//! assert_eq!(StatusImage::decode(&words, WordOrder::HighFirst), Ok(image));
//!
//! words[120] = 41;
//! let error = StatusImage::decode(&words, WordOrder::HighFirst).unwrap_err();
//! assert_eq!(error.to_string(), "STATUS is torn: its first counter is 40, its last 41");
//! ```

mod belt;
mod error;
mod event;
mod order;
mod plant;
mod scan;
mod status;

pub use belt::{BeltHead, belt_entry, put_belt_entry};
pub use error::{CodecError, RecordError};
pub use event::{RawEvent, cause_of};
pub use order::{OrderImage, RawOrder, check};
pub use plant::PlantBlock;
pub use scan::{RawScan, ScanImage};
pub use status::StatusImage;

use sorter_core::ids::ChuteId;

use crate::contract::{CHUTES_PER_LINK, Seq};
use crate::register_map::{BlockId, WordOrder};

/// The slot of a record in a window or ring of so many slots. [`Seq::NONE`] has none and gives 0.
///
/// # Panics
/// When there are no slots.
pub const fn slot(seq: Seq, slots: usize) -> usize {
    (seq.get() as usize).saturating_sub(1) % slots
}

/// The two words of a 32-bit value.
pub(crate) const fn words_of(value: u32, order: WordOrder) -> [u16; 2] {
    let (high, low) = ((value >> 16) as u16, value as u16);
    match order {
        WordOrder::HighFirst => [high, low],
        WordOrder::LowFirst => [low, high],
    }
}

/// The 32-bit value that begins at a word.
fn long(words: &[u16], at: usize, order: WordOrder) -> u32 {
    let (high, low) = match order {
        WordOrder::HighFirst => (words[at], words[at + 1]),
        WordOrder::LowFirst => (words[at + 1], words[at]),
    };
    u32::from(high) << 16 | u32::from(low)
}

fn put_long(words: &mut [u16], at: usize, value: u32, order: WordOrder) {
    words[at..at + 2].copy_from_slice(&words_of(value, order));
}

/// The nearest value that a word can hold.
fn clamped<T: TryInto<u16> + Default + PartialOrd>(value: T) -> u16 {
    let below = value < T::default();
    value.try_into().unwrap_or(if below { 0 } else { u16::MAX })
}

/// The words of a block, once their number is right.
fn sized<const N: usize>(words: &[u16], block: BlockId) -> Result<&[u16; N], CodecError> {
    words.try_into().map_err(|_| CodecError::Length { block, expected: N, received: words.len() })
}

/// Nothing of a block whose counters differ may be used.
fn whole(block: BlockId, first: u16, last: u16) -> Result<u16, CodecError> {
    if first == last { Ok(first) } else { Err(CodecError::Torn { block, first, last }) }
}

fn seq_at(words: &[u16], at: usize, block: BlockId) -> Result<Seq, CodecError> {
    Seq::new(words[at]).ok_or(CodecError::Sequence { block, word: at, received: words[at] })
}

/// A chute that a link can carry.
fn chute_of(number: u16) -> Option<ChuteId> {
    (usize::from(number) < CHUTES_PER_LINK).then_some(ChuteId::new(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_each_other_over_the_wrap_of_the_sequence() {
        assert_eq!(slot(Seq::NONE, 15), 0);
        let mut seq = Seq::new(65_519).unwrap();
        let next = std::iter::repeat_with(|| {
            seq = seq.next();
            (seq.get(), slot(seq, 15), slot(seq, 6))
        });
        assert!(next.take(3).eq([(65_520, 14, 5), (1, 0, 0), (2, 1, 1)]));
    }

    #[test]
    fn numbers_beyond_a_word_are_written_as_the_nearest() {
        assert_eq!([clamped(-1_i32), clamped(7_i32), clamped(70_000_i32)], [0, 7, u16::MAX]);
        assert_eq!(clamped(70_000_u64), u16::MAX);
    }
}
