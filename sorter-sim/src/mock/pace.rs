//! Wall time: when the scans of the mock are due. The only place of the mock that looks at a clock.

use std::time::Duration;

use sorter_core::units::Micros;
use tokio::time::{Instant, sleep_until};

/// The grid of the scans in wall time.
///
/// After a stall the scans go on from the grid: what was due meanwhile is left out and counted, like the scans of
/// a PLC that overran.
pub(super) struct Pace {
    begun: Instant,
    period: Micros,
    /// The number of the last scan.
    last: u64,
    skipped: u64,
}

impl Pace {
    /// A grid that begins now.
    pub(super) fn start(period: Micros) -> Self {
        let period = period.max(Micros::new(1));
        Self { begun: Instant::now(), period, last: 0, skipped: 0 }
    }

    /// Waits for the next scan, and gives its time since the begin: a multiple of the period.
    pub(super) async fn next(&mut self) -> Micros {
        sleep_until(self.begun + self.time_of(self.last + 1)).await;
        let elapsed = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let scan = (elapsed / self.period.get()).max(self.last + 1);
        self.skipped += scan - self.last - 1;
        self.last = scan;
        Micros::new(scan * self.period.get())
    }

    /// Scans so far.
    pub(super) fn scans(&self) -> u64 {
        self.last - self.skipped
    }

    /// Scans that were left out.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    fn time_of(&self, scan: u64) -> Duration {
        Duration::from_micros(scan.saturating_mul(self.period.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_stay_on_the_grid_and_those_of_a_stall_are_left_out() {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut pace = Pace::start(Micros::from_millis(10));
            assert_eq!(pace.next().await, Micros::from_millis(10));
            assert_eq!(pace.next().await, Micros::from_millis(20));
            tokio::time::advance(Duration::from_millis(57)).await;
            assert_eq!(pace.next().await, Micros::from_millis(70));
            assert_eq!(pace.next().await, Micros::from_millis(80));
            assert_eq!((pace.scans(), pace.skipped()), (4, 4));
        });
    }
}
