//! Parcels in each hour of a run: by shares, and smoothed to what a sorter can induct.

use super::LoadError;

/// Shares are counted in millionths of the largest, so that the rounding of floating point decides nothing.
const SHARE_STEPS: f64 = 1_000_000.0;

/// How many parcels come in each hour since the midnight on which a run begins: 24 for each of its days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HourCounts(Vec<u32>);

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
    pub fn from_shares(total: u32, shares: &[f64]) -> Result<Self, LoadError> {
        let bad = |hour: usize| {
            let share = shares.get(hour).map_or_else(|| "-".to_owned(), f64::to_string);
            LoadError::BadProfile { hour, share }
        };
        if let Some(hour) = shares.iter().position(|share| !share.is_finite() || *share < 0.0) {
            return Err(bad(hour));
        }
        let largest = shares.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Err(bad(0));
        }
        // At most SHARE_STEPS, so the conversion is exact.
        let weight = |share: &f64| (share / largest * SHARE_STEPS).round() as u64;
        let parts: Vec<u64> = shares.iter().map(|share| u64::from(total) * weight(share)).collect();
        let sum: u64 = shares.iter().map(weight).sum();
        let mut counts: Vec<u64> = parts.iter().map(|part| part / sum).collect();
        let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
        by_remainder.sort_by_key(|hour| std::cmp::Reverse(parts[*hour] % sum));
        let missing = u64::from(total) - counts.iter().sum::<u64>();
        for hour in by_remainder.into_iter().take(usize::try_from(missing).expect("below the hours")) {
            counts[hour] += 1;
        }
        let narrow = |count| u32::try_from(count).expect("a part of a 32-bit total");
        Ok(Self(counts.into_iter().map(narrow).collect()))
    }

    /// The counts.
    pub fn get(&self) -> &[u32] {
        &self.0
    }

    /// The parcels in each hour of the day, over all days.
    ///
    /// ```
    /// use sorter_sim::load::HourCounts;
    /// let counts = HourCounts::from_shares(96, &[1.0; 48])?;
    /// assert_eq!(counts.by_hour_of_day(), [4; 24]);
    /// # Ok::<(), sorter_sim::load::LoadError>(())
    /// ```
    pub fn by_hour_of_day(&self) -> [u64; 24] {
        let mut hours = [0; 24];
        for (hour, count) in self.0.iter().enumerate() {
            hours[hour % 24] += u64::from(*count);
        }
        hours
    }

    /// The parcels of the run.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// The counts with no hour above `limit`: what an hour cannot take waits for the hours after it, and
    /// what the last hour cannot take came earlier than asked, in the latest hours that have room. `None`
    /// when the run cannot hold it.
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
        let mut smoothed = vec![0; self.0.len()];
        let mut waiting = 0;
        for (count, asked) in smoothed.iter_mut().zip(&self.0) {
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
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (sum, count) in self.0.iter_mut().zip(&other.0) {
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
            weights in prop::collection::vec(0..1_000_u32, 1..=7 * 24),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let shares: Vec<f64> = weights.into_iter().map(f64::from).collect();
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
            asked in prop::collection::vec(0..1_000_u32, 24..=7 * 24),
            limit in 1..1_000_u32,
        ) {
            let asked = HourCounts(asked);
            match asked.smooth(limit) {
                Some(smoothed) => {
                    prop_assert_eq!(smoothed.total(), asked.total());
                    prop_assert!(smoothed.get().iter().all(|count| *count <= limit));
                }
                None => prop_assert!(asked.total() > limit * u32::try_from(asked.get().len()).unwrap()),
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
            "hour 7 has a share of -0.1 of the run (expected shares of 0 or more that are not all 0)"
        );
        assert!(HourCounts::from_shares(10, &[0.0; 24]).is_err());
        assert!(HourCounts::from_shares(10, &[]).is_err());
        shares[7] = f64::NAN;
        assert!(HourCounts::from_shares(10, &shares).is_err());
    }
}
