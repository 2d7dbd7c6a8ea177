//! Two clocks, belt travel and time, and the way from one to the other.

use sorter_core::units::{Micros, MmPerSecond};

/// How far the belt has travelled since the plant was built, in millimetres; never negative.
///
/// What happens on the belt is keyed in travel: a belt that stops moves none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Travel(i64);

impl Travel {
    /// Wraps a bare number of millimetres.
    pub const fn new(millimetres: i64) -> Self {
        Self(millimetres)
    }

    /// The bare number of millimetres.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Division by a number known only at run time, by one multiplication.
///
/// With m = floor(2^64 / d) + 1 the high word of n x m is n / d, exact for every n below 2^64 / d.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Divisor {
    magic: u64,
    divisor: u64,
}

impl Divisor {
    /// # Panics
    /// When the divisor is below 2, for which there is no such multiplier in 64 bits.
    pub(crate) fn new(divisor: u64) -> Self {
        assert!(divisor >= 2, "divisor is {divisor} (expected 2 or more)");
        Self { magic: u64::MAX / divisor + 1, divisor }
    }

    #[inline]
    pub(crate) fn divide(self, n: u64) -> u64 {
        debug_assert!(n < u64::MAX / self.divisor, "{n} is too large to be divided by {}", self.divisor);
        ((u128::from(n) * u128::from(self.magic)) >> 64) as u64
    }

    #[inline]
    pub(crate) fn divide_up(self, n: u64) -> u64 {
        self.divide(n + (self.divisor - 1))
    }

    pub(crate) fn get(self) -> u64 {
        self.divisor
    }
}

/// The motion of a belt: it has run at `speed` since `running_since`, where it stood at `travel_at`.
///
/// ```
/// use sorter_core::units::{Micros, MmPerSecond};
/// use sorter_sim::plant::{BeltClock, Travel};
///
/// let clock = BeltClock::new(Micros::ZERO, Travel::new(100), MmPerSecond::new(2_500));
/// assert_eq!(clock.travel_at(Micros::from_secs(1)), Travel::new(2_600));
/// assert_eq!(clock.time_of(Travel::new(101)), Micros::new(400));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BeltClock {
    running_since: u64,
    travel_at: i64,
    speed: Divisor,
}

impl BeltClock {
    /// A belt that starts at a place and a time.
    ///
    /// # Panics
    /// When the speed is below 2 mm/s.
    pub fn new(running_since: Micros, travel_at: Travel, speed: MmPerSecond) -> Self {
        let speed = Divisor::new(u64::from(speed.get()));
        Self { running_since: running_since.get(), travel_at: travel_at.get(), speed }
    }

    /// Where the belt stands at a time: the last whole millimetre. Before the start it stands at the start.
    #[inline]
    pub fn travel_at(&self, at: Micros) -> Travel {
        let run = at.get().saturating_sub(self.running_since);
        Travel(self.travel_at + (run * self.speed.get() / 1_000_000).cast_signed())
    }

    /// The first microsecond at which the belt has reached a place; the start for places before it.
    #[inline]
    pub fn time_of(&self, travel: Travel) -> Micros {
        let run = (travel.0 - self.travel_at).max(0).cast_unsigned();
        Micros::new(self.running_since + self.speed.divide_up(run * 1_000_000))
    }

    /// The belt speed.
    pub fn speed(&self) -> MmPerSecond {
        MmPerSecond::new(u32::try_from(self.speed.get()).expect("it was built from 32 bits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn time_of_is_the_first_microsecond_of_a_place(speed in 2_u32..5_000, distance in 0_i64..300_000_000) {
            let clock = BeltClock::new(Micros::new(77), Travel::new(12), MmPerSecond::new(speed));
            let place = Travel::new(12 + distance);
            let at = clock.time_of(place);
            prop_assert!(clock.travel_at(at) >= place);
            if distance > 0 {
                prop_assert!(clock.travel_at(at - Micros::new(1)) < place);
            }
        }

        #[test]
        fn divides_like_the_machine(divisor in 2_u64..100_000, n in 0_u64..100_000_000_000_000) {
            prop_assert_eq!(Divisor::new(divisor).divide(n), n / divisor);
            prop_assert_eq!(Divisor::new(divisor).divide_up(n), n.div_ceil(divisor));
        }
    }
}
