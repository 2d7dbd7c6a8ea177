//! Luck.

use sorter_sim::random;

/// Draws of one history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws(random::Draws);

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self(random::Draws::new(seed, random::Stream::Sample, 1))
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 to `bound` - 1.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0.below(bound)
    }

    /// From 0 to `bound` - 1.
    pub(crate) fn index(&mut self, bound: usize) -> usize {
        self.0.below(u32::try_from(bound).expect("tests are small")) as usize
    }

    /// True so many times in a thousand.
    pub(crate) fn permille(&mut self, rate: u32) -> bool {
        rate > 0 && self.0.below(1_000) < rate
    }
}
