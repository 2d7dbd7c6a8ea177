//! Trigger numbers: they rise by one with each edge at the tunnel, and wrap.

use std::fmt;

use thiserror::Error;

/// The number of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TriggerNumber(u32);

impl TriggerNumber {
    /// Wraps a bare number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The bare number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for TriggerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trigger {}", self.0)
    }
}

/// Why a range cannot be one of trigger numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TriggerError {
    /// So few numbers come again while the parcel before still is at the tunnel.
    #[error("trigger numbers {first} to {last} are fewer than {least}", least = TriggerRange::FEWEST)]
    TooFew {
        /// The first number.
        first: u32,
        /// The last number.
        last: u32,
    },
}

/// Which numbers triggers have. After the last one the first comes again.
///
/// ```
/// use sorter_plc::scanner::{TriggerNumber, TriggerRange};
///
/// let digits = TriggerRange::new(0, 9_999)?;
/// assert_eq!(digits.distance(TriggerNumber::new(9_999), TriggerNumber::new(0)), 1);
/// # Ok::<(), sorter_plc::scanner::TriggerError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriggerRange {
    first: u32,
    last: u32,
}

impl TriggerRange {
    /// A range has no fewer numbers.
    pub const FEWEST: u32 = 100;

    /// The numbers from `first` to `last`, both included.
    ///
    /// # Errors
    /// When they are fewer than [`TriggerRange::FEWEST`].
    pub const fn new(first: u32, last: u32) -> Result<Self, TriggerError> {
        if last < first || last - first < Self::FEWEST - 1 {
            return Err(TriggerError::TooFew { first, last });
        }
        Ok(Self { first, last })
    }

    /// The first number.
    pub const fn first(&self) -> TriggerNumber {
        TriggerNumber(self.first)
    }

    /// The last number.
    pub const fn last(&self) -> TriggerNumber {
        TriggerNumber(self.last)
    }

    /// Whether a trigger can have this number.
    pub const fn contains(&self, number: TriggerNumber) -> bool {
        self.first <= number.0 && number.0 <= self.last
    }

    /// The number after this one.
    #[must_use]
    pub const fn next(&self, number: TriggerNumber) -> TriggerNumber {
        TriggerNumber(if number.0 >= self.last { self.first } else { number.0 + 1 })
    }

    /// How many triggers `later` is after `earlier`, modulo the wrap. Both have to be of the range.
    pub const fn distance(&self, earlier: TriggerNumber, later: TriggerNumber) -> u32 {
        if later.0 >= earlier.0 {
            later.0 - earlier.0
        } else {
            // The range has `last - first + 1` numbers, and `earlier` is beyond `later`.
            self.last - earlier.0 + (later.0 - self.first) + 1
        }
    }
}

impl Default for TriggerRange {
    /// 0 to 65535.
    fn default() -> Self {
        Self { first: 0, last: 65_535 }
    }
}
