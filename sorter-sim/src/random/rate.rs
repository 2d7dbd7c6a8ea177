//! Probabilities as whole parts per billion.

use std::fmt;

/// A probability or a share, in parts per billion: 0 to 1 in steps of 1e-9.
///
/// An integer, because 1e-5 has no exact `f64` and a threshold that depends on rounding is not the same
/// everywhere.
///
/// ```
/// use sorter_sim::random::Rate;
/// assert_eq!(Rate::from_share(0.00001), Some(Rate::from_ppb(10_000)));
/// assert_eq!(Rate::from_ppm(15_000).to_string(), "0.015");
/// assert_eq!(Rate::from_share(1.5), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u32);

impl Rate {
    /// Never.
    pub const ZERO: Self = Self(0);
    /// Always.
    pub const ONE: Self = Self(1_000_000_000);

    /// Parts per billion.
    ///
    /// # Panics
    /// When there are more than a billion.
    pub const fn from_ppb(ppb: u32) -> Self {
        assert!(ppb <= Self::ONE.0, "a rate is at most 1");
        Self(ppb)
    }

    /// Parts per million.
    ///
    /// # Panics
    /// When there are more than a million.
    pub const fn from_ppm(ppm: u32) -> Self {
        assert!(ppm <= 1_000_000, "a rate is at most 1");
        Self(ppm * 1_000)
    }

    /// The nearest rate to a share between 0 and 1, or `None` outside (or not a number).
    pub fn from_share(share: f64) -> Option<Self> {
        // The product is between 0 and 1e9 and rounded, so the conversion is exact.
        (0.0..=1.0).contains(&share).then(|| Self((share * 1e9).round() as u32))
    }

    /// In parts per billion.
    pub const fn ppb(self) -> u32 {
        self.0
    }

    /// This share of a count, rounded down.
    ///
    /// ```
    /// use sorter_sim::random::Rate;
    /// assert_eq!(Rate::from_ppm(800_000).of(18_001), 14_400);
    /// ```
    pub const fn of(self, count: u32) -> u32 {
        (count as u64 * self.0 as u64 / Self::ONE.0 as u64) as u32
    }

    /// One minus this.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(Self::ONE.0 - self.0)
    }
}

impl fmt::Display for Rate {
    /// As a decimal share without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{}.{:09}", self.0 / Self::ONE.0, self.0 % Self::ONE.0);
        f.write_str(digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_shares_become_exact_parts_per_billion() {
        for (share, ppb) in
            [(0.0, 0), (1e-9, 1), (0.00001, 10_000), (0.0085, 8_500_000), (1.0, 1_000_000_000)]
        {
            assert_eq!(Rate::from_share(share), Some(Rate::from_ppb(ppb)));
        }
        assert_eq!(Rate::from_share(-0.1), None);
        assert_eq!(Rate::from_share(f64::NAN), None);
    }

    #[test]
    fn shows_itself_as_the_share_that_was_written() {
        for (ppb, text) in [(0, "0"), (10_000, "0.00001"), (8_500_000, "0.0085"), (1_000_000_000, "1")] {
            assert_eq!(Rate::from_ppb(ppb).to_string(), text);
        }
    }

    #[test]
    fn share_of_a_count_does_not_overflow() {
        assert_eq!(Rate::ONE.of(u32::MAX), u32::MAX);
        assert_eq!(Rate::ONE.complement(), Rate::ZERO);
    }
}
