//! What a cycle measures of itself.

use std::fmt;

use hdrhistogram::Histogram;
use sorter_core::units::{Micros, Share};

/// The longest time that is told apart; longer ones count as this.
const LONGEST: u64 = 60_000_000;

/// How often which time was measured: an HDR histogram of microseconds up to a minute. It never grows.
#[derive(Clone, PartialEq)]
pub struct Times(Histogram<u64>);

impl Times {
    /// No times yet, to be told apart by two significant digits; 20 KB.
    pub fn coarse() -> Self {
        Self::with_digits(2)
    }

    /// No times yet, to be told apart by three significant digits; 150 KB.
    pub fn fine() -> Self {
        Self::with_digits(3)
    }

    fn with_digits(digits: u8) -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, digits).expect("the bounds are those of a histogram"))
    }

    /// Counts a time; one of more than a minute as a minute.
    pub fn record(&mut self, time: Micros) {
        self.0.saturating_record(time.get());
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that this share of them does not exceed; zero when there are none.
    ///
    /// ```
    /// use sorter_core::units::{Micros, Share};
    /// use sorter_plc::cycle::Times;
    ///
    /// let mut times = Times::fine();
    /// (1..=1000).for_each(|time| times.record(Micros::new(time)));
    /// assert_eq!(times.quantile(Share::from_ppm(990_000).unwrap()), Micros::new(990));
    /// ```
    pub fn quantile(&self, share: Share) -> Micros {
        Micros::new(self.0.value_at_quantile(f64::from(share.ppm()) / 1e6))
    }

    /// The longest; zero when there are none.
    pub fn max(&self) -> Micros {
        Micros::new(self.0.max())
    }

    /// Counts all the times of another one too.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same bounds, whatever their digits.
        self.0.add(&other.0).expect("histograms of the same bounds can be added");
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |quantile| self.0.value_at_quantile(quantile);
        let (count, max) = (self.0.len(), self.0.max());
        let (p50, p99, p999, p9999) = (at(0.5), at(0.99), at(0.999), at(0.9999));
        write!(f, "p50 {p50}, p99 {p99}, p99.9 {p999}, p99.99 {p9999}, max {max} us of {count}")
    }
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Times({self})")
    }
}

/// Of one link.
#[derive(Clone, Debug)]
pub struct LinkStats {
    /// Cycles that were gone through to their end.
    pub cycles: u64,
    /// Cycles that an error of the link ended.
    pub broken: u64,
    /// Ticks that came while the link waited for an answer.
    pub missed: u64,
    /// Ticks that came while there was no connection, or while the link backed off.
    pub offline: u64,
    /// Connections that were opened.
    pub connects: u64,
    /// Attempts to connect that failed.
    pub refused_connects: u64,
    /// From the point of the grid to the begin of the cycle of this link.
    pub lateness: Times,
    /// What ORDER and STATUS took: one function 23, or 16 and 3.
    pub round_trip: Times,
}

impl Default for LinkStats {
    fn default() -> Self {
        Self {
            cycles: 0,
            broken: 0,
            missed: 0,
            offline: 0,
            connects: 0,
            refused_connects: 0,
            lateness: Times::coarse(),
            round_trip: Times::coarse(),
        }
    }
}

/// Of a cycle thread.
#[derive(Clone, Debug)]
pub struct CycleStats {
    /// Ticks that were given to the links.
    pub ticks: u64,
    /// Points of the grid at which the thread did not run: it stalled.
    pub skipped: u64,
    /// From a point of the grid to the wake-up of the thread.
    pub wake_up: Times,
}

impl Default for CycleStats {
    fn default() -> Self {
        Self { ticks: 0, skipped: 0, wake_up: Times::fine() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_any_length_are_counted() {
        let mut times = Times::fine();
        for time in [0, 1, 40, 1_000_000, LONGEST, u64::MAX] {
            times.record(Micros::new(time));
        }
        assert_eq!(times.count(), 6);
        assert!(times.max().get() >= LONGEST);
        let mut all = Times::coarse();
        all.merge(&times);
        all.merge(&times);
        assert_eq!(all.count(), 12);
    }

    #[test]
    fn tells_its_tail_in_one_line() {
        let mut times = Times::fine();
        (1..=100).for_each(|time| times.record(Micros::new(time)));
        assert_eq!(times.to_string(), "p50 50, p99 99, p99.9 100, p99.99 100, max 100 us of 100");
        assert_eq!(Times::coarse().to_string(), "p50 0, p99 0, p99.9 0, p99.99 0, max 0 us of 0");
    }
}
