//! Random draws without state: each is a pure function of (seed, stream, index, counter).
//!
//! A parcel draws from its own index, and each purpose has its own [`Stream`]. So neither the order in
//! which events are handled nor the number of threads can change what a parcel experiences, and a new
//! purpose does not move the draws of the others.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
//! OOPSLA 2014): a Weyl sequence behind a 64-bit finaliser. Here the sequence starts at a hash of seed,
//! stream and index. Only integer arithmetic and the IEEE operations `+ - * / sqrt` are used, so debug and
//! release builds draw the same bits on every machine.
//!
//! ```
//! use sorter_sim::random::{Draws, Rate, Stream};
//!
//! let mut draws = Draws::new(1, Stream::NoRead, 4711);
//! let fate = draws.chance(Rate::from_ppm(15_000));
//! assert_eq!(fate, Draws::new(1, Stream::NoRead, 4711).chance(Rate::from_ppm(15_000)));
//! ```

mod alias;
mod normal;
mod rate;

pub use alias::{AliasError, AliasTable};
pub use rate::Rate;

use sorter_core::units::Millimetres;

/// What a draw is for. The numbers are part of every recorded digest: they never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Stream {
    /// To which postcode a parcel goes.
    Destination = 1,
    /// When it arrives at the induction queue.
    Arrival = 2,
    /// How long it is.
    Shape = 3,
    /// Which codes its label carries.
    CodeKind = 4,
    /// Whether and when it is announced.
    Announcement = 5,
    /// Whether it carries a copy of another label.
    DuplicateLabel = 6,
    /// Whether a scanner reads nothing.
    NoRead = 7,
    /// Whether a code of another announced parcel is read beside its own.
    Conflict = 8,
    /// Whether a foreign short code is read beside its own.
    Stray = 9,
    /// Whether its codes are read as those of another parcel.
    Misread = 10,
    /// How it slips on the belt.
    Slip = 11,
    /// Whether tracking loses it, and how.
    TrackingLoss = 12,
    /// Where on the belt tracking loses it.
    TrackingLossPlace = 13,
    /// Whether somebody throws a thing on the belt behind it.
    ThrownOn = 14,
    /// Whether its divert fails.
    DivertFailure = 15,
    /// The gap in front of it.
    Gap = 16,
    /// When people come to a half-full container.
    EmptyingStart = 17,
    /// How long they take to change it.
    Emptying = 18,
    /// How long it takes to come back to the induction.
    Return = 19,
    /// Which parcels a check looks at.
    Sample = 20,
    /// Whether it is import, export or transit.
    Flow = 21,
    /// What customs makes of it, and when.
    Customs = 24,
    /// How long people and vehicles of the hall take.
    Hall = 25,
    /// What happens to a request of a link and to its answer.
    Wire = 26,
    /// What the disk of a journal does.
    Disk = 27,
}

/// The odd constant of the Weyl sequence: 2^64 divided by the golden ratio.
const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The 64-bit finaliser of SplitMix64 (variant 13 of David Stafford).
pub(crate) const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// The draws of one index in one stream.
///
/// The n-th call depends on (seed, stream, index, n) alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    state: u64,
}

impl Draws {
    /// The draws of `index` in `stream` under `seed`.
    pub const fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let key = mix(seed ^ (stream as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
        Self { state: mix(key.wrapping_add(index.wrapping_mul(GOLDEN_GAMMA))) }
    }

    /// The same draws, moved on by `counter` 64-bit words.
    ///
    /// ```
    /// use sorter_sim::random::{Draws, Stream};
    /// let mut draws = Draws::new(1, Stream::Slip, 7);
    /// draws.next_u64();
    /// assert_eq!(draws.next_u64(), Draws::new(1, Stream::Slip, 7).at(1).next_u64());
    /// ```
    #[must_use]
    pub const fn at(self, counter: u64) -> Self {
        Self { state: self.state.wrapping_add(counter.wrapping_mul(GOLDEN_GAMMA)) }
    }

    /// The next 64 random bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        mix(self.state)
    }

    /// A number below `bound`, or 0 when `bound` is 0. Takes one word.
    ///
    /// The high half of word x bound (Lemire 2019, without rejection): each result has a probability
    /// within 2^-64 of 1 / `bound`, which no run of a simulator can tell from exact.
    pub fn below(&mut self, bound: u32) -> u32 {
        let product = u128::from(self.next_u64()) * u128::from(bound);
        u32::try_from(product >> 64).expect("the high half of word x bound is below a 32-bit bound")
    }

    /// True with the probability `rate`. Takes one word.
    ///
    /// The threshold is an integer: a rate of 1e-5 is 10,000 parts per billion, exactly.
    pub fn chance(&mut self, rate: Rate) -> bool {
        self.below(Rate::ONE.ppb()) < rate.ppb()
    }

    /// A whole number from `low` to `high`, both included. Takes one word.
    ///
    /// # Panics
    /// When `high` is below `low`.
    pub fn uniform(&mut self, low: i32, high: i32) -> i32 {
        assert!(low <= high, "a range from {low} to {high} holds nothing");
        let values = i64::from(high) - i64::from(low) + 1;
        let offset = (i128::from(self.next_u64()) * i128::from(values)) >> 64;
        i32::try_from(i128::from(low) + offset).expect("the offset stays inside low..=high")
    }

    /// A normal deviate with mean 0 and standard deviation `sigma_um`, in micrometres. Takes one word.
    ///
    /// Cut at 6 sigma, which one draw in 500 million would pass.
    pub fn normal_um(&mut self, sigma_um: u32) -> i32 {
        let deviate = (self.standard_normal() * f64::from(sigma_um)).round();
        // `as` saturates, and 6 sigma of any slip that a scenario allows is far inside 32 bits.
        deviate as i32
    }

    /// As [`Draws::normal_um`], rounded to whole millimetres.
    pub fn normal_mm(&mut self, sigma_um: u32) -> Millimetres {
        let deviate = (self.standard_normal() * f64::from(sigma_um) / 1_000.0).round();
        Millimetres::new(deviate as i32)
    }

    /// A standard normal deviate within +-6, by inversion. Takes one word.
    pub fn standard_normal(&mut self) -> f64 {
        normal_of(self.next_u64())
    }
}

/// A standard normal deviate within +-6 from one random word, by inversion.
pub(crate) fn normal_of(word: u64) -> f64 {
    // The middle of one of 2^52 equal cells: never 0, never 1, and exact in an f64.
    let probability = ((word >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    normal::quantile(probability).clamp(-6.0, 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_of_a_seed_never_change() {
        let mut draws = Draws::new(1, Stream::Destination, 0);
        assert_eq!(
            [draws.next_u64(), draws.next_u64(), draws.next_u64()],
            [0xC498_626D_7A4E_4B33, 0x61FD_C8BA_4FEA_B131, 0xC21F_D652_DC5E_5368]
        );
        assert_eq!(Draws::new(2, Stream::Destination, 0).next_u64(), 0x2DDC_6489_CFDD_DB6D);
        assert_eq!(Draws::new(1, Stream::Arrival, 0).next_u64(), 0x945E_8AF9_B7B5_094A);
        assert_eq!(Draws::new(1, Stream::Destination, 1).next_u64(), 0x69B5_1B4F_C316_0070);
        let slips: Vec<i32> =
            (0..6).map(|index| Draws::new(1, Stream::Slip, index).normal_um(3_000)).collect();
        assert_eq!(slips, [5038, 381, -2882, -4404, 3867, 1082]);
    }

    #[test]
    fn the_finaliser_is_that_of_the_paper() {
        // First outputs of SplitMix64 from state 0, as published with the reference implementation.
        let mut draws = Draws { state: 0 };
        assert_eq!(draws.next_u64(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(draws.next_u64(), 0x6E78_9E6A_A1B9_65F4);
        assert_eq!(draws.next_u64(), 0x06C4_5D18_8009_454F);
    }

    #[test]
    fn numbers_below_a_bound_are_even_and_inside() {
        let mut counts = [0_u32; 7];
        for index in 0..70_000 {
            counts[Draws::new(9, Stream::Shape, index).below(7) as usize] += 1;
        }
        // Standard deviation of a cell is 93; five of them.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 465), "{counts:?}");
        assert_eq!(Draws::new(9, Stream::Shape, 0).below(0), 0);
        assert_eq!(Draws::new(9, Stream::Shape, 0).below(1), 0);
    }

    #[test]
    fn neighbouring_indices_streams_and_seeds_are_not_correlated() {
        for pair in [
            |i: u64| (Draws::new(1, Stream::Gap, i), Draws::new(1, Stream::Gap, i + 1)),
            |i: u64| (Draws::new(1, Stream::Gap, i), Draws::new(1, Stream::EmptyingStart, i)),
            |i: u64| (Draws::new(1, Stream::Gap, i), Draws::new(2, Stream::Gap, i)),
        ] {
            let agreeing: u32 = (0..10_000)
                .map(|i| {
                    let (mut a, mut b) = pair(i);
                    (a.next_u64() ^ b.next_u64()).count_zeros()
                })
                .sum();
            // 640,000 fair bits agree 320,000 times with a standard deviation of 400.
            assert!(agreeing.abs_diff(320_000) < 2_000, "{agreeing}");
        }
    }

    #[test]
    fn a_rare_chance_comes_as_often_as_its_rate() {
        let rate = Rate::from_ppb(10_000);
        let hits = (0..5_000_000).filter(|index| Draws::new(3, Stream::Misread, *index).chance(rate)).count();
        // Expected 50 with a standard deviation of 7.1; five of them.
        assert!(hits.abs_diff(50) < 36, "{hits}");
        assert!((0..1_000).all(|index| Draws::new(3, Stream::Misread, index).chance(Rate::ONE)));
        assert!((0..1_000).all(|index| !Draws::new(3, Stream::Misread, index).chance(Rate::ZERO)));
    }

    #[test]
    fn uniform_covers_its_range_and_nothing_else() {
        let mut seen = [false; 5];
        for index in 0..200 {
            let value = Draws::new(5, Stream::Gap, index).uniform(-2, 2);
            seen[usize::try_from(value + 2).unwrap()] = true;
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(Draws::new(5, Stream::Gap, 0).uniform(3, 3), 3);
        Draws::new(5, Stream::Gap, 0).uniform(i32::MIN, i32::MAX);
    }

    #[test]
    fn normal_deviates_have_the_moments_of_a_normal() {
        let samples = 400_000_u32;
        let (mut sum, mut squares, mut fourth, mut beyond_3, mut beyond_4) = (0.0, 0.0, 0.0, 0_u32, 0_u32);
        for index in 0..samples {
            let value = Draws::new(11, Stream::Slip, u64::from(index)).standard_normal();
            sum += value;
            squares += value * value;
            fourth += value.powi(4);
            beyond_3 += u32::from(value.abs() > 3.0);
            beyond_4 += u32::from(value.abs() > 4.0);
        }
        let n = f64::from(samples);
        // Five standard errors: mean 1/sqrt n, variance sqrt(2/n), fourth moment sqrt(96/n).
        assert!((sum / n).abs() < 5.0 / n.sqrt(), "mean {}", sum / n);
        assert!((squares / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "variance {}", squares / n);
        assert!((fourth / n - 3.0).abs() < 5.0 * (96.0 / n).sqrt(), "fourth moment {}", fourth / n);
        // 2 Phi(-3) n = 1,080 with a standard deviation of 33; 2 Phi(-4) n = 25 with 5.
        assert!(beyond_3.abs_diff(1_080) < 165, "{beyond_3}");
        assert!(beyond_4.abs_diff(25) < 25, "{beyond_4}");
    }

    #[test]
    fn normal_deviates_scale_with_sigma() {
        let micrometres = Draws::new(1, Stream::Slip, 3).normal_um(3_000);
        let millimetres = Draws::new(1, Stream::Slip, 3).normal_mm(3_000).get();
        assert!((micrometres - millimetres * 1_000).abs() <= 500);
        assert_eq!(Draws::new(1, Stream::Slip, 3).normal_um(0), 0);
    }
}
