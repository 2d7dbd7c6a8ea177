//! Induction is slowed down, and stopped, before the journal loses anything.

use sorter_core::units::{Micros, Share};

use crate::exchange::PerMinute;

/// How far the journal is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Records that are not durable.
    pub backlog: u64,
    /// Records that there is room for.
    pub capacity: u64,
    /// How long the oldest of them has waited.
    pub age: Micros,
}

/// How much of induction is left. From step to step it is less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ThrottleStep {
    /// All of it.
    #[default]
    Open,
    /// Three quarters.
    ThreeQuarters,
    /// Half.
    Half,
    /// A quarter.
    Quarter,
    /// None: induction is not permitted.
    Closed,
}

impl ThrottleStep {
    const ALL: [Self; 5] = [Self::Open, Self::ThreeQuarters, Self::Half, Self::Quarter, Self::Closed];

    /// The quarters of the full rate that are left.
    const fn quarters(self) -> u32 {
        4 - self as u32
    }

    /// The step that gives more.
    fn eased(self) -> Self {
        Self::ALL[(self as usize).saturating_sub(1)]
    }
}

/// When a [`Throttle`] goes from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleConfig {
    /// The rate that the steps are quarters of; `None` for the rated throughput of the layout.
    pub full: Option<PerMinute>,
    /// The share of the journal's room at which each step begins. Default 1/16, 1/8, 1/4 and 1/2: with the default room
    /// of 16,384 records and five records an item, half of it is more than all that a belt can bring.
    pub backlog: [Share; 4],
    /// The age of the oldest record at which each step begins. Default 100 ms, 250 ms, 500 ms and 1 s: an item that
    /// enters takes some seconds to its first chute, and until then its order has to be durable.
    pub age: [Micros; 4],
    /// How long both have to be below half of a step's beginning until it ends; default 1 s. Then the next one may end
    /// after as long again.
    pub ease: Micros,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        let share = |ppm| Share::from_ppm(ppm).unwrap_or_default();
        Self {
            full: None,
            backlog: [share(62_500), share(125_000), share(250_000), share(500_000)],
            age: [100, 250, 500, 1_000].map(Micros::from_millis),
            ease: Micros::from_secs(1),
        }
    }
}

/// Says how much of induction is left while the journal is behind. It goes up with the load at once, several steps
/// where it has to, and down one step at a time, with a pause.
///
/// ```
/// use sorter_core::units::Micros;
/// use sorter_plc::controller::{Load, Throttle, ThrottleConfig, ThrottleStep};
/// use sorter_plc::exchange::PerMinute;
///
/// let mut throttle = Throttle::new(ThrottleConfig::default(), 300);
/// let load = Load { backlog: 5, capacity: 16_384, age: Micros::from_millis(300) };
/// assert_eq!(throttle.update(Micros::ZERO, load), ThrottleStep::Half);
/// assert_eq!(throttle.limit(), PerMinute::new(150));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    config: ThrottleConfig,
    full: u16,
    step: ThrottleStep,
    /// Since when the load has been low enough for the step to end.
    calm_since: Option<Micros>,
}

impl Throttle {
    /// A throttle that is open. `rated` is the full rate in items a minute where the configuration has none.
    pub fn new(config: ThrottleConfig, rated: u16) -> Self {
        let full = config.full.map_or(rated, PerMinute::get).max(1);
        Self { config, full, step: ThrottleStep::Open, calm_since: None }
    }

    /// Takes in how far the journal is behind, and gives the step.
    pub fn update(&mut self, now: Micros, load: Load) -> ThrottleStep {
        let wanted = self.step_of(load, 1);
        if wanted > self.step {
            self.step = wanted;
            self.calm_since = None;
            return self.step;
        }
        if self.step_of(load, 2) >= self.step {
            self.calm_since = None;
            return self.step;
        }
        let since = *self.calm_since.get_or_insert(now);
        if now.saturating_since(since) >= self.config.ease {
            self.step = self.step.eased();
            self.calm_since = None;
        }
        self.step
    }

    /// The step that a load asks for when it counts so many times.
    fn step_of(&self, load: Load, times: u64) -> ThrottleStep {
        let backlog = u128::from(load.backlog) * u128::from(times) * 1_000_000;
        let age = load.age.get().saturating_mul(times);
        let begins = |place: usize| {
            let share = u128::from(load.capacity) * u128::from(self.config.backlog[place].ppm());
            load.backlog > 0 && (backlog >= share || age >= self.config.age[place].get())
        };
        let steps = (0..4).rev().find(|place| begins(*place)).map_or(0, |place| place + 1);
        ThrottleStep::ALL[steps]
    }

    /// The step that it stands at.
    pub const fn step(&self) -> ThrottleStep {
        self.step
    }

    /// Whether induction may run.
    pub fn permits(&self) -> bool {
        self.step != ThrottleStep::Closed
    }

    /// How many items a minute may enter; `None` while it is open. Never less than one.
    pub fn limit(&self) -> Option<PerMinute> {
        if self.step == ThrottleStep::Open {
            return None;
        }
        let items = u32::from(self.full) * self.step.quarters() / 4;
        PerMinute::new(u16::try_from(items.max(1)).unwrap_or(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle() -> Throttle {
        Throttle::new(ThrottleConfig::default(), 300)
    }

    fn aged(millis: u64) -> Load {
        Load { backlog: 1, capacity: 16_384, age: Micros::from_millis(millis) }
    }

    fn filled(backlog: u64) -> Load {
        Load { backlog, capacity: 16_384, age: Micros::ZERO }
    }

    #[test]
    fn a_journal_that_keeps_up_slows_nothing_down() {
        let mut throttle = throttle();
        for now in 0..100 {
            assert_eq!(throttle.update(Micros::from_millis(now), aged(99)), ThrottleStep::Open);
        }
        assert_eq!((throttle.limit(), throttle.permits()), (None, true));
    }

    #[test]
    fn the_stricter_of_backlog_and_age_counts() {
        let steps = [(0, 0), (1_023, 0), (1_024, 1), (2_048, 2), (4_096, 3), (8_192, 4)];
        for (backlog, step) in steps {
            assert_eq!(throttle().update(Micros::ZERO, filled(backlog)) as u8, step, "{backlog} records");
        }
        for (millis, step) in [(99, 0), (100, 1), (250, 2), (500, 3), (1_000, 4), (100_000, 4)] {
            assert_eq!(throttle().update(Micros::ZERO, aged(millis)) as u8, step, "{millis} ms");
        }
        let both = Load { age: Micros::from_millis(250), ..filled(1_024) };
        assert_eq!(throttle().update(Micros::ZERO, both), ThrottleStep::Half);
    }

    #[test]
    fn each_step_leaves_a_quarter_less() {
        let limits = [100, 250, 500].map(|millis| {
            let mut throttle = throttle();
            throttle.update(Micros::ZERO, aged(millis));
            throttle.limit().map(PerMinute::get)
        });
        assert_eq!(limits, [Some(225), Some(150), Some(75)]);
        let mut slow = Throttle::new(ThrottleConfig::default(), 2);
        slow.update(Micros::ZERO, aged(500));
        assert_eq!(slow.limit(), PerMinute::new(1), "a limit of none would be no limit on the wire");
    }

    #[test]
    fn it_closes_at_once_and_opens_step_by_step() {
        let mut throttle = throttle();
        assert_eq!(throttle.update(Micros::ZERO, aged(5_000)), ThrottleStep::Closed);
        assert!(!throttle.permits());
        let mut changes = Vec::new();
        for millis in (0..6_000).step_by(10) {
            let before = throttle.step();
            let step = throttle.update(Micros::from_millis(millis), Load::default());
            if step != before {
                changes.push((millis, step as u8));
            }
        }
        // Each pause begins at the look after the change before.
        assert_eq!(changes, [(1_000, 3), (2_010, 2), (3_020, 1), (4_030, 0)]);
    }

    #[test]
    fn a_load_between_half_a_step_and_the_step_leaves_everything_as_it_is() {
        let mut throttle = throttle();
        throttle.update(Micros::ZERO, aged(100));
        for second in 1..100 {
            let load = if second % 2 == 0 { aged(51) } else { aged(99) };
            assert_eq!(throttle.update(Micros::from_secs(second), load), ThrottleStep::ThreeQuarters);
        }
        throttle.update(Micros::from_secs(100), aged(49));
        assert_eq!(throttle.update(Micros::from_secs(101), aged(49)), ThrottleStep::Open);
    }

    #[test]
    fn a_load_that_comes_back_begins_the_pause_anew() {
        let mut throttle = throttle();
        throttle.update(Micros::ZERO, aged(100));
        throttle.update(Micros::from_millis(100), aged(1));
        throttle.update(Micros::from_millis(900), aged(80));
        assert_eq!(throttle.update(Micros::from_millis(1_500), aged(1)), ThrottleStep::ThreeQuarters);
        assert_eq!(throttle.update(Micros::from_millis(2_500), aged(1)), ThrottleStep::Open);
    }
}
