//! Random draws without state: a hash of what is drawn for.
//!
//! A draw depends only on (seed, parcel, pass, stream), so no event can shift the luck of another.

use crate::random::{mix, normal_of};

/// What a draw is for.
#[derive(Clone, Copy)]
#[repr(u64)]
pub(super) enum Stream {
    Gap = 1,
    Fault = 2,
    FaultPlace = 3,
    FaultSize = 4,
    Divert = 5,
    Transfer = 6,
    SwapStart = 7,
    Swap = 8,
    /// Slip in the segment that ends at mark n is stream `Slip + n`.
    Slip = 256,
    /// The n-th try to find room is stream `Throw + n`.
    Throw = 1_024,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// All draws of one (parcel, pass), or of one chute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws(u64);

impl Draws {
    #[inline]
    pub(super) fn new(seed: u64, subject: u32, round: u32) -> Self {
        let subject = u64::from(subject) << 32 | u64::from(round);
        Self(mix(mix(seed.wrapping_add(GOLDEN)) ^ subject.wrapping_mul(GOLDEN)))
    }

    #[inline]
    pub(super) fn draw(self, stream: Stream, number: u64) -> u64 {
        mix(self.0.wrapping_add((stream as u64 + number).wrapping_mul(GOLDEN)))
    }

    /// Uniform from `low` to `high`, both included; `low` when the range is empty.
    #[inline]
    pub(super) fn range(self, stream: Stream, number: u64, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap_or(1).max(1);
        let offset = (u128::from(self.draw(stream, number)) * u128::from(width)) >> 64;
        low + i64::try_from(offset).expect("an offset is less than the width of the range")
    }

    /// Uniform from 0 to 999,999,999: to be compared with a rate in parts per billion.
    #[inline]
    pub(super) fn billionth(self, stream: Stream) -> u32 {
        let billionth = ((self.draw(stream, 0) >> 32) * 1_000_000_000) >> 32;
        u32::try_from(billionth).expect("a billionth is below 10^9")
    }

    /// Normal with mean 0 and the given standard deviation in micrometres, in whole millimetres; cut at six
    /// standard deviations.
    #[inline]
    pub(super) fn normal_mm(self, stream: Stream, number: u64, sigma_um: i64) -> i64 {
        (normal_of(self.draw(stream, number)) * sigma_um as f64 / 1_000.0).round() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slip_has_the_mean_and_deviation_that_were_asked_for() {
        let n = 100_000_i64;
        let (mut sum, mut squares) = (0, 0);
        for parcel in 0..100_000 {
            let slip = Draws::new(1, parcel, 0).normal_mm(Stream::Slip, 3, 24_000);
            (sum, squares) = (sum + slip, squares + slip * slip);
        }
        assert!((sum / n).abs() <= 1, "mean {sum} / {n}");
        let variance = squares / n;
        assert!((560..=592).contains(&variance), "variance {variance}, expected 576");
    }

    #[test]
    fn ranges_include_both_ends() {
        let draws: Vec<_> = (0..1_000).map(|n| Draws::new(7, n, 2).range(Stream::Gap, 0, -1, 2)).collect();
        assert_eq!((draws.iter().min(), draws.iter().max()), (Some(&-1), Some(&2)));
        assert_eq!(Draws::new(7, 1, 2).range(Stream::Gap, 0, 5, 4), 5);
    }
}
