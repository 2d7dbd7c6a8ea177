//! Parcels in each hour of a day: by a profile, and smoothed to what a sorter can induct.

use super::LoadError;

/// Hours of a day.
const HOURS: usize = 24;

/// Shares are counted in millionths of the largest, so that the rounding of floating point decides nothing.
const SHARE_STEPS: f64 = 1_000_000.0;

/// How many parcels come in each hour from midnight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HourCounts([u32; HOURS]);

impl HourCounts {
    /// Splits `total` by shares that need not sum to 1, by the method of the largest remainder: the parts
    /// sum to `total` exactly, and each is its exact part rounded up or down. The earlier hour wins a tie.
    ///
    /// # Errors
    /// When a share is negative or not a number, or all are 0.
    ///
    /// ```
    /// use sorter_sim::load::HourCounts;
    /// let counts = HourCounts::from_shares(25, &[1.0; 24])?;
    /// assert_eq!((counts.get()[0], counts.get()[23], counts.total()), (2, 1, 25));
    /// # Ok::<(), sorter_sim::load::LoadError>(())
    /// ```
    pub fn from_shares(total: u32, shares: &[f64; HOURS]) -> Result<Self, LoadError> {
        let bad = |hour: usize| LoadError::BadProfile { hour, share: shares[hour].to_string() };
        if let Some(hour) = shares.iter().position(|share| !share.is_finite() || *share < 0.0) {
            return Err(bad(hour));
        }
        let largest = shares.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Err(bad(0));
        }
        // At most SHARE_STEPS, so the conversion is exact.
        let weights = shares.map(|share| (share / largest * SHARE_STEPS).round() as u64);
        let sum: u64 = weights.iter().sum();
        let parts = weights.map(|weight| u64::from(total) * weight);
        let mut counts = parts.map(|part| part / sum);
        let mut by_remainder: [usize; HOURS] = std::array::from_fn(|hour| hour);
        by_remainder.sort_by_key(|hour| std::cmp::Reverse(parts[*hour] % sum));
        let missing = u64::from(total) - counts.iter().sum::<u64>();
        for hour in by_remainder.into_iter().take(usize::try_from(missing).expect("below 24")) {
            counts[hour] += 1;
        }
        Ok(Self(counts.map(|count| u32::try_from(count).expect("a part of a 32-bit total"))))
    }

    /// The counts.
    pub const fn get(&self) -> &[u32; HOURS] {
        &self.0
    }

    /// The parcels of the day.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// The counts with no hour above `limit`: what an hour cannot take waits for the hours after it, and
    /// what the last hour cannot take came earlier than asked, in the latest hours that have room. `None`
    /// when the day cannot hold it.
    ///
    /// ```
    /// use sorter_sim::load::HourCounts;
    /// let mut shares = [0.0; 24];
    /// (shares[3], shares[23]) = (1.0, 1.0);
    /// let smoothed = HourCounts::from_shares(20, &shares)?.smooth(8).expect("192 have room");
    /// assert_eq!(smoothed.get()[3..6], [8, 2, 0]);
    /// assert_eq!(smoothed.get()[21..], [0, 2, 8]);
    /// # Ok::<(), sorter_sim::load::LoadError>(())
    /// ```
    pub fn smooth(&self, limit: u32) -> Option<Self> {
        let mut smoothed = [0; HOURS];
        let mut waiting = 0;
        for (count, asked) in smoothed.iter_mut().zip(self.0) {
            waiting += asked;
            *count = waiting.min(limit);
            waiting -= *count;
        }
        for count in smoothed.iter_mut().rev() {
            let room = waiting.min(limit - *count);
            *count += room;
            waiting -= room;
        }
        (waiting == 0).then_some(Self(smoothed))
    }

    /// Adds the counts of another sorter, hour by hour.
    pub(super) fn add(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_sum_to_the_total_and_stay_next_to_their_share(
            total in 0..5_000_000_u32,
            weights in prop::array::uniform24(0..1_000_u32),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let shares = weights.map(f64::from);
            let counts = HourCounts::from_shares(total, &shares).unwrap();
            prop_assert_eq!(counts.total(), total);
            let sum: f64 = shares.iter().sum();
            for (count, share) in counts.get().iter().zip(shares) {
                let exact = f64::from(total) * share / sum;
                // One parcel of rounding, and a millionth of the day for the steps of the shares.
                prop_assert!((f64::from(*count) - exact).abs() <= 1.0 + f64::from(total) / 1e6);
            }
        }

        #[test]
        fn smoothing_keeps_the_total_and_the_limit(
            asked in prop::array::uniform24(0..1_000_u32),
            limit in 1..1_000_u32,
        ) {
            let asked = HourCounts(asked);
            match asked.smooth(limit) {
                Some(smoothed) => {
                    prop_assert_eq!(smoothed.total(), asked.total());
                    prop_assert!(smoothed.get().iter().all(|count| *count <= limit));
                }
                None => prop_assert!(asked.total() > limit * 24),
            }
        }
    }

    #[test]
    fn smoothing_leaves_a_day_within_the_limit_alone() {
        let asked = HourCounts::from_shares(1_000, &[1.0; 24]).unwrap();
        assert_eq!(asked.smooth(42).as_ref(), Some(&asked));
        assert_eq!(asked.smooth(41), None);
    }

    #[test]
    fn refuses_shares_that_are_not_shares() {
        let mut shares = [1.0; 24];
        shares[7] = -0.1;
        let refused = HourCounts::from_shares(10, &shares).unwrap_err().to_string();
        assert_eq!(
            refused,
            "hour 7 has a share of -0.1 of the day (expected shares of 0 or more that are not all 0)"
        );
        assert!(HourCounts::from_shares(10, &[0.0; 24]).is_err());
        shares[7] = f64::NAN;
        assert!(HourCounts::from_shares(10, &shares).is_err());
    }
}
