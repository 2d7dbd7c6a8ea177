//! Measures how long decisions take, one in 64. The only place of the simulated day that reads a clock.

use std::time::Instant;

use hdrhistogram::Histogram;
use sorter_core::units::Micros;

use crate::report::Latency;

/// One decision in this many is timed, since reading the clock costs as much as a decision.
const SAMPLE: u32 = 64;

/// Times of decisions in nanoseconds.
pub(crate) struct Stopwatch {
    histogram: Histogram<u64>,
    count: u32,
    begun: Option<Instant>,
}

impl Stopwatch {
    pub(crate) fn new() -> Self {
        let histogram = Histogram::new_with_max(1_000_000_000, 3).expect("three digits up to a second");
        Self { histogram, count: 0, begun: None }
    }

    /// A decision begins.
    pub(crate) fn begin(&mut self) {
        self.count = self.count.wrapping_add(1);
        if self.count.is_multiple_of(SAMPLE) {
            self.begun = Some(now());
        }
    }

    /// It was taken.
    pub(crate) fn end(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.histogram.saturating_record(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
    }

    /// Adds the samples of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("both have the same bounds");
    }

    /// The quantiles, or `None` without a sample.
    pub(crate) fn latency(&self) -> Option<Latency> {
        Latency::of(&self.histogram)
    }
}

/// The time of a run.
pub(crate) struct RunTime(Instant);

impl RunTime {
    pub(crate) fn start() -> Self {
        Self(now())
    }

    pub(crate) fn elapsed(&self) -> Micros {
        Micros::new(u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a run takes is measured, and decides nothing")]
fn now() -> Instant {
    Instant::now()
}
