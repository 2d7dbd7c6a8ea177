//! What stands in a telegram: trigger number, count of the belt encoder, codes with their positions.
//!
//! A [`TelegramFormat`] is written as a pattern: the names of the fields in their order, with the separator
//! between them that the scanner uses. `codes` comes last and takes all fields that follow; a byte behind it
//! is the mark between a code and its position in millimetres.
//!
//! ```
//! use sorter_core::units::{EncoderCount, Millimetres};
//! use sorter_plc::scanner::{Latch, TelegramFormat};
//!
//! let format = TelegramFormat::new("trigger;encoder;count;codes@")?;
//! let telegram = format.parse(b"17;4711;2;LP263072004SG@210;RB123456785GB@350")?.expect("no heartbeat");
//! assert_eq!(telegram.latch, Some(Latch::Encoder(EncoderCount::new(4_711))));
//! assert_eq!(telegram.codes()[1].bytes(), b"RB123456785GB");
//! assert_eq!(telegram.codes()[1].position, Some(Millimetres::new(350)));
//!
//! let refusal = format.parse(b"17;4711;2;LP263072004SG@210").unwrap_err();
//! assert_eq!(refusal.to_string(), "telegram says 2 codes and carries 1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fault;
mod format;
mod trigger;

pub use fault::{Excerpt, TelegramError};
pub use format::{Field, FormatError, TelegramFormat};
pub use trigger::{TriggerError, TriggerNumber, TriggerRange};

use sorter_core::barcode::MAX_RAW_BYTES;
use sorter_core::units::{EncoderCount, Grams, Millimetres};

/// The most codes of one telegram.
pub const MOST_CODES: usize = 8;
/// The most bytes of one code.
pub const MOST_CODE_BYTES: usize = MAX_RAW_BYTES;
/// No code is further from the trigger edge than this: ten times the longest parcel.
pub const FURTHEST: Millimetres = Millimetres::new(15_000);

/// Where the belt was at the trigger edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latch {
    /// The count of the PLC's belt encoder.
    Encoder(EncoderCount),
    /// Millimetres that the belt has moved since the encoder stood at 0. It does not wrap.
    Travel(u64),
}

/// One code as the scanner read it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReadCode {
    bytes: [u8; MOST_CODE_BYTES],
    length: u8,
    /// How far behind the trigger edge it is on the belt, or `None` where telegrams carry no positions.
    pub position: Option<Millimetres>,
}

impl ReadCode {
    pub(super) const NONE: Self = Self { bytes: [0; MOST_CODE_BYTES], length: 0, position: None };

    /// A code, or `None` when it has no bytes or more than [`MOST_CODE_BYTES`].
    pub fn new(bytes: &[u8], position: Option<Millimetres>) -> Option<Self> {
        let length = u8::try_from(bytes.len()).ok().filter(|length| *length > 0)?;
        let mut code = Self { length, position, ..Self::NONE };
        code.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(code)
    }

    /// The bytes, separators such as FNC1 (0x1D) included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl std::fmt::Debug for ReadCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.bytes().escape_ascii())?;
        self.position.map_or(Ok(()), |position| write!(f, " at {position}"))
    }
}

/// What the tunnel measured. What its telegrams do not carry is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Along the belt.
    pub length: Millimetres,
    /// Across the belt.
    pub width: Millimetres,
    /// Above the belt.
    pub height: Millimetres,
    /// On the scale.
    pub weight: Grams,
}

/// One telegram of a scanner: what it read since a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telegram {
    /// The number of the trigger.
    pub trigger: TriggerNumber,
    /// Where the belt was at the trigger edge, if the telegram tells.
    pub latch: Option<Latch>,
    /// What was measured, if the telegram tells.
    pub measured: Option<Measured>,
    codes: [ReadCode; MOST_CODES],
    used: u8,
}

impl Telegram {
    /// A telegram in which nothing was read yet.
    pub const fn new(trigger: TriggerNumber, latch: Option<Latch>) -> Self {
        Self { trigger, latch, measured: None, codes: [ReadCode::NONE; MOST_CODES], used: 0 }
    }

    /// The codes in the order of the telegram; none is a no-read.
    pub fn codes(&self) -> &[ReadCode] {
        &self.codes[..usize::from(self.used)]
    }

    /// Adds a code.
    ///
    /// # Errors
    /// Gives the code back when there are [`MOST_CODES`] already.
    pub fn push(&mut self, code: ReadCode) -> Result<(), ReadCode> {
        let Some(place) = self.codes.get_mut(usize::from(self.used)) else { return Err(code) };
        *place = code;
        self.used += 1;
        Ok(())
    }
}
