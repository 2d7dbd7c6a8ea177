//! The beat of the cycle: ticks on a grid that no delay shifts.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId as TimerClock, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::read;
use sorter_core::units::Micros;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

/// One point of the grid that was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// When it was due.
    pub scheduled: Micros,
    /// When it was noticed; the difference is the lateness.
    pub woke: Micros,
    /// Points of the grid before it that nobody took.
    pub skipped: u64,
}

impl Tick {
    /// How late it was noticed.
    pub const fn lateness(&self) -> Micros {
        self.woke.saturating_since(self.scheduled)
    }
}

/// Gives the time and the ticks of a cycle.
///
/// The ticks stand on a fixed grid. A point that passed before it was waited for is skipped and counted, never
/// made up for: after a stall there is no burst.
pub trait Beat {
    /// The time, on the clock that the hosts are told.
    fn now(&self) -> Micros;

    /// Waits for the next point of the grid. Dropping the future loses no count.
    fn tick(&mut self) -> impl Future<Output = Tick>;
}

/// The monotonic clock of the machine, with the time of the run that it began at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: u64,
    epoch: Micros,
}

impl Clock {
    pub(crate) fn starting_at(epoch: Micros) -> Self {
        Self { origin: monotonic_us(), epoch }
    }

    pub(crate) fn now(&self) -> Micros {
        self.epoch + Micros::new(monotonic_us().saturating_sub(self.origin))
    }
}

fn monotonic_us() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("a Linux machine has a monotonic clock");
    let seconds =
        u64::try_from(time.tv_sec()).expect("the monotonic clock counts from the start of the machine");
    let micros = u64::try_from(time.tv_nsec() / 1000).expect("nanoseconds count from the second");
    seconds * 1_000_000 + micros
}

fn time_spec(micros: u64) -> TimeSpec {
    TimeSpec::from_duration(Duration::from_micros(micros))
}

/// Ticks from an absolute timer of the kernel. The runtime's own timers wait on a grid of a millisecond.
#[derive(Debug)]
pub struct TimerBeat {
    timer: AsyncFd<OwnedFd>,
    clock: Clock,
    period: u64,
    /// Points of the grid that have passed.
    passed: u64,
    /// Those among them that nobody took.
    skipped: u64,
}

impl TimerBeat {
    /// A beat whose grid begins now, when the time is `epoch`; the first tick comes one period later.
    ///
    /// # Errors
    ///
    /// When the kernel has no timer to give, or the period is zero.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O.
    pub fn new(period: Micros, epoch: Micros) -> io::Result<Self> {
        if period == Micros::ZERO {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let clock = Clock::starting_at(epoch);
        let timer =
            TimerFd::new(TimerClock::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        let first = time_spec(clock.origin + period.get());
        let every = time_spec(period.get());
        timer.set(Expiration::IntervalDelayed(first, every), TimerSetTimeFlags::TFD_TIMER_ABSTIME)?;
        #[allow(
            deprecated,
            reason = "its successor is unsafe for descriptors that may change; an OwnedFd is one for life"
        )]
        let timer = AsyncFd::with_interest(OwnedFd::from(timer), Interest::READABLE)?;
        Ok(Self { timer, clock, period: period.get(), passed: 0, skipped: 0 })
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    fn due(&self, point: u64) -> Micros {
        self.clock.epoch + Micros::new(point * self.period)
    }

    /// Waits until points of the grid have passed that were not counted yet.
    async fn expirations(&mut self) -> u64 {
        loop {
            let Ok(mut ready) = self.timer.readable().await else {
                // The runtime is shutting down, and with it the cycle.
                return std::future::pending().await;
            };
            let mut count = [0; 8];
            match read(ready.get_inner(), &mut count) {
                Ok(8) => {
                    // The next point is at least a part of a period away: asking again would be in vain.
                    ready.clear_ready();
                    return u64::from_ne_bytes(count);
                }
                Err(Errno::EINTR) => {}
                _ => ready.clear_ready(),
            }
        }
    }
}

impl Beat for TimerBeat {
    fn now(&self) -> Micros {
        self.clock.now()
    }

    async fn tick(&mut self) -> Tick {
        let called = self.now();
        loop {
            let expired = self.expirations().await;
            self.passed += expired;
            let scheduled = self.due(self.passed);
            if scheduled >= called {
                self.skipped += expired.saturating_sub(1);
                let skipped = std::mem::take(&mut self.skipped);
                return Tick { scheduled, woke: self.now(), skipped };
            }
            self.skipped += expired;
        }
    }
}

/// Ticks of the runtime's own clock: exact in paused time, late by a millisecond or two in real time.
#[derive(Debug)]
pub struct PausedBeat {
    start: Instant,
    epoch: Micros,
    period: u64,
    /// The last point of the grid that was taken or skipped.
    passed: u64,
    timer: Pin<Box<Sleep>>,
}

impl PausedBeat {
    /// A beat whose grid begins now, when the time is `epoch`; the first tick comes one period later.
    ///
    /// # Panics
    ///
    /// When the period is zero, or outside a tokio runtime with time.
    pub fn new(period: Micros, epoch: Micros) -> Self {
        assert!(period > Micros::ZERO, "a beat has a period");
        let start = Instant::now();
        Self { start, epoch, period: period.get(), passed: 0, timer: Box::pin(sleep_until(start)) }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Beat for PausedBeat {
    fn now(&self) -> Micros {
        self.epoch + Micros::new(self.elapsed())
    }

    async fn tick(&mut self) -> Tick {
        let next = (self.elapsed() / self.period).max(self.passed) + 1;
        let due = next * self.period;
        self.timer.as_mut().reset(self.start + Duration::from_micros(due));
        self.timer.as_mut().await;
        let skipped = next - self.passed - 1;
        self.passed = next;
        Tick { scheduled: self.epoch + Micros::new(due), woke: self.now(), skipped }
    }
}

/// A tick as it is told to all links of a thread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stroke {
    /// Counts the ticks that were given.
    pub(super) number: u64,
    pub(super) scheduled: Micros,
}

/// The beat of a thread, as one of its links hears it.
#[derive(Debug)]
pub(super) struct SharedBeat {
    strokes: watch::Receiver<Stroke>,
    clock: Clock,
    /// The last stroke that was taken or skipped.
    heard: u64,
}

impl SharedBeat {
    pub(super) fn new(strokes: watch::Receiver<Stroke>, clock: Clock) -> Self {
        let heard = strokes.borrow().number;
        Self { strokes, clock, heard }
    }
}

impl Beat for SharedBeat {
    fn now(&self) -> Micros {
        self.clock.now()
    }

    async fn tick(&mut self) -> Tick {
        // A stroke that came while the link was busy is not taken late.
        self.strokes.mark_unchanged();
        if self.strokes.changed().await.is_err() {
            // The thread ends, and its links with it.
            return std::future::pending().await;
        }
        let stroke = *self.strokes.borrow();
        let skipped = stroke.number - self.heard - 1;
        self.heard = stroke.number;
        Tick { scheduled: stroke.scheduled, woke: self.now(), skipped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Micros = Micros::from_millis(10);
    const EPOCH: Micros = Micros::from_secs(5);

    fn tick(due_ms: u64, skipped: u64) -> Tick {
        let due = EPOCH + Micros::from_millis(due_ms);
        Tick { scheduled: due, woke: due, skipped }
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_stand_on_the_grid_whatever_happens_between_them() {
        let mut beat = PausedBeat::new(PERIOD, EPOCH);
        assert_eq!(beat.tick().await, tick(10, 0));
        tokio::time::advance(Duration::from_millis(7)).await;
        assert_eq!(beat.tick().await, tick(20, 0));
        assert_eq!(beat.tick().await, tick(30, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_counted_and_not_made_up_for() {
        let mut beat = PausedBeat::new(PERIOD, EPOCH);
        assert_eq!(beat.tick().await, tick(10, 0));
        tokio::time::advance(Duration::from_millis(95)).await;
        assert_eq!(beat.tick().await, tick(110, 9));
        assert_eq!(beat.tick().await, tick(120, 0));
        tokio::time::advance(Duration::from_millis(10)).await;
        assert_eq!(beat.tick().await, tick(140, 1), "a point that passed is not taken late");
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_wait_loses_no_count() {
        let mut beat = PausedBeat::new(PERIOD, EPOCH);
        for _ in 0..3 {
            let waited = tokio::time::timeout(Duration::from_millis(9), beat.tick()).await;
            assert!(waited.is_err() || waited == Ok(tick(10, 0)));
        }
        assert_eq!(beat.tick().await, tick(20, 0));
    }

    #[tokio::test]
    async fn the_timer_of_the_kernel_keeps_its_grid() {
        let period = Micros::from_millis(2);
        let mut beat = TimerBeat::new(period, EPOCH).unwrap();
        let mut points = 0;
        for _ in 0..20 {
            let tick = beat.tick().await;
            points += tick.skipped + 1;
            assert_eq!(tick.scheduled, EPOCH + Micros::new(points * period.get()), "every point is counted");
            assert!(tick.woke >= tick.scheduled);
            assert!(beat.now() >= tick.woke);
        }
    }

    #[tokio::test]
    async fn the_timer_of_the_kernel_counts_what_passed_while_nobody_waited() {
        let period = Micros::new(500);
        let mut beat = TimerBeat::new(period, EPOCH).unwrap();
        let first = beat.tick().await;
        while beat.now() < first.scheduled + Micros::new(2600) {
            std::hint::spin_loop();
        }
        let called = beat.now();
        let second = beat.tick().await;
        assert!(second.scheduled >= called, "a point that passed is not taken late");
        assert!(second.skipped >= 5, "{second:?}");
        assert_eq!(second.scheduled, first.scheduled + Micros::new((second.skipped + 1) * period.get()));
    }

    #[tokio::test]
    async fn a_beat_without_a_period_is_refused() {
        assert!(TimerBeat::new(Micros::ZERO, EPOCH).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_share_a_beat_miss_only_what_passed_while_they_were_busy() {
        let clock = Clock::starting_at(EPOCH);
        let (strokes, heard) = watch::channel(Stroke::default());
        let mut beat = SharedBeat::new(heard, clock);
        let stroke = |number| Stroke { number, scheduled: Micros::new(number) };
        strokes.send(stroke(1)).unwrap();
        strokes.send(stroke(2)).unwrap();
        let late = async {
            tokio::task::yield_now().await;
            strokes.send(stroke(3)).unwrap();
        };
        let (tick, ()) = tokio::join!(beat.tick(), late);
        assert_eq!((tick.scheduled, tick.skipped), (Micros::new(3), 2));
    }
}
