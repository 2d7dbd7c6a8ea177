//! Units as types, so that a mix-up of millimetres and pulses does not compile.
//!
//! ```
//! use sorter_core::units::{EncoderCount, Pulses};
//!
//! let near_the_end = EncoderCount::new(u32::MAX - 1);
//! let later = near_the_end.advanced_by(Pulses::new(5));
//! assert_eq!(later.get(), 3);
//! assert_eq!(near_the_end.distance_to(later), Pulses::new(5));
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares a newtype over an integer with a unit suffix for display.
macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($int:ty), $suffix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name($int);

        impl $name {
            /// Zero of this unit.
            pub const ZERO: Self = Self(0);

            /// Wraps a bare number that is known to be in this unit.
            pub const fn new(value: $int) -> Self {
                Self(value)
            }

            /// The bare number.
            pub const fn get(self) -> $int {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{}", $suffix), self.0)
            }
        }
    };
}

/// Declares `+` and `-` within one unit.
macro_rules! additive {
    ($name:ident) => {
        impl std::ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl std::ops::Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
    };
}

unit!(
    /// Microseconds since the start of a run: the engine never asks a clock, its caller tells it the time.
    Micros(u64), " us"
);
unit!(
    /// A length or a position along the belt, in millimetres.
    Millimetres(i32), " mm"
);
unit!(
    /// A mass in grams.
    Grams(u32), " g"
);
unit!(
    /// A signed distance along the belt in encoder pulses.
    Pulses(i32), " pulses"
);
unit!(
    /// A belt speed in millimetres a second.
    MmPerSecond(u32), " mm/s"
);

additive!(Micros);
additive!(Millimetres);
additive!(Pulses);

impl Micros {
    /// Whole seconds as microseconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// Whole milliseconds as microseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000)
    }

    /// The time since `earlier`, or zero when `earlier` is the later one.
    pub const fn saturating_since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

/// A share of a whole in parts per million. At most [`Share::ONE`].
///
/// ```
/// use sorter_core::units::Share;
/// assert_eq!(Share::from_ppm(20_000).unwrap().to_string(), "20000 ppm");
/// assert_eq!(Share::from_ppm(1_000_001), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Share(u32);

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole.
    pub const ONE: Self = Self(1_000_000);

    /// A share in parts per million, or `None` when it is more than the whole.
    pub const fn from_ppm(ppm: u32) -> Option<Self> {
        if ppm <= Self::ONE.0 { Some(Self(ppm)) } else { None }
    }

    /// In parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ppm", self.0)
    }
}

/// A reading of the belt encoder. It counts pulses and wraps at 2^32.
///
/// Two counts have a distance, not an order: [`EncoderCount::distance_to`] is the signed 32-bit
/// difference, right as long as the two are less than 2^31 pulses apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EncoderCount(u32);

impl EncoderCount {
    /// Wraps a raw count.
    pub const fn new(count: u32) -> Self {
        Self(count)
    }

    /// The raw count.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The count that stands `distance` pulses further on.
    pub const fn advanced_by(self, distance: Pulses) -> Self {
        Self(self.0.wrapping_add_signed(distance.0))
    }

    /// How far the belt moves from this count to `other`; negative when `other` is behind.
    pub const fn distance_to(self, other: Self) -> Pulses {
        Pulses(other.0.wrapping_sub(self.0).cast_signed())
    }
}

impl fmt::Display for EncoderCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "encoder {}", self.0)
    }
}
