//! Why a telegram is refused.

use std::fmt;

use thiserror::Error;

use super::{FURTHEST, Field, MOST_CODE_BYTES, MOST_CODES, TriggerNumber, TriggerRange};

/// The first bytes of something received, escaped where they are not printable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpt {
    bytes: [u8; Self::LENGTH],
    /// How many bytes there were.
    length: usize,
}

impl Excerpt {
    /// Bytes kept.
    pub const LENGTH: usize = 24;

    /// The first bytes of these.
    pub fn of(received: &[u8]) -> Self {
        let mut bytes = [0; Self::LENGTH];
        let kept = received.len().min(Self::LENGTH);
        bytes[..kept].copy_from_slice(&received[..kept]);
        Self { bytes, length: received.len() }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = &self.bytes[..self.length.min(Self::LENGTH)];
        write!(f, "'{}'", kept.escape_ascii())?;
        if self.length > Self::LENGTH {
            write!(f, " and {} bytes more", self.length - Self::LENGTH)
        } else {
            Ok(())
        }
    }
}

/// Why a telegram is refused. Fields are counted from 1, and so are codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TelegramError {
    /// The telegram ends before a field.
    #[error("field {place} ({field}) is missing")]
    Missing {
        /// The field.
        field: Field,
        /// Its place.
        place: usize,
    },
    /// A field that has to be a number is none, or is beyond what the field can hold.
    #[error("field {place} ({field}) is {received}, a number from 0 to {most} is expected")]
    NotANumber {
        /// The field.
        field: Field,
        /// Its place.
        place: usize,
        /// What stands there.
        received: Excerpt,
        /// The greatest number that the field can hold.
        most: u64,
    },
    /// The trigger number is outside of the configured ones.
    #[error("{received} is outside of {} to {}", range.first().get(), range.last().get())]
    Trigger {
        /// The number.
        received: TriggerNumber,
        /// The configured ones.
        range: TriggerRange,
    },
    /// The telegram is not whole, or a code contains the separator.
    #[error("telegram says {said} codes and carries {received}")]
    Count {
        /// The count in the telegram.
        said: u32,
        /// The codes that follow.
        received: usize,
    },
    /// Neither a code nor the text for a no-read, and no count that says 0.
    #[error("telegram carries neither a code nor a no-read text")]
    Nothing,
    /// More than [`MOST_CODES`].
    #[error("telegram carries {received} codes, at most {MOST_CODES} are taken")]
    TooManyCodes {
        /// The codes of the telegram.
        received: usize,
    },
    /// More than [`MOST_CODE_BYTES`].
    #[error("code {code} has {received} bytes, at most {MOST_CODE_BYTES} are taken")]
    CodeTooLong {
        /// The code.
        code: usize,
        /// Its bytes.
        received: usize,
    },
    /// Nothing between two separators.
    #[error("code {code} is empty")]
    CodeEmpty {
        /// The code.
        code: usize,
    },
    /// The mark between code and position is missing.
    #[error("code {code} has no position: '{}' is expected behind it", mark.escape_ascii())]
    NoPosition {
        /// The code.
        code: usize,
        /// The mark.
        mark: u8,
    },
    /// What stands behind the mark is no position.
    #[error("position of code {code} is {received}, a number from -{most} to {most} is expected", most = FURTHEST.get())]
    Position {
        /// The code.
        code: usize,
        /// What stands there.
        received: Excerpt,
    },
}

impl TelegramError {
    /// How many kinds there are.
    pub const KINDS: usize = 10;
    /// A word for each kind, for reports; [`TelegramError::kind`] is the place in it.
    pub const NAMES: [&'static str; Self::KINDS] = [
        "missing_field",
        "not_a_number",
        "trigger_out_of_range",
        "wrong_count",
        "nothing_carried",
        "too_many_codes",
        "code_too_long",
        "code_empty",
        "no_position",
        "bad_position",
    ];

    /// The place of this kind in [`TelegramError::NAMES`].
    pub const fn kind(&self) -> usize {
        match self {
            Self::Missing { .. } => 0,
            Self::NotANumber { .. } => 1,
            Self::Trigger { .. } => 2,
            Self::Count { .. } => 3,
            Self::Nothing => 4,
            Self::TooManyCodes { .. } => 5,
            Self::CodeTooLong { .. } => 6,
            Self::CodeEmpty { .. } => 7,
            Self::NoPosition { .. } => 8,
            Self::Position { .. } => 9,
        }
    }
}
