//! How long to wait before a connection is tried again.

use sorter_core::units::Micros;

/// The wait between attempts to connect: nothing before the first, then doubling, with jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Wait before the second attempt in a row. Default 50 ms.
    pub first: Micros,
    /// No wait is longer, jitter included. Default 2 s.
    pub most: Micros,
}

impl Default for Backoff {
    /// 50 ms doubling to 2 s, as the contract has it.
    fn default() -> Self {
        Self { first: Micros::from_millis(50), most: Micros::from_secs(2) }
    }
}

/// Attempts since the last connection that worked, and the jitter between them.
///
/// A connection works when it gave two right answers: the first is that to a read, and a server may answer those and
/// end the connection at each write. One answer is worth one attempt without a wait, and no second one.
#[derive(Clone, Debug)]
pub(crate) struct Attempts {
    backoff: Backoff,
    made: u32,
    /// Whether the present connection has given a right answer.
    answered: bool,
    /// Whether one answer is still worth an attempt without a wait.
    trusted: bool,
    jitter: u64,
}

impl Attempts {
    pub(crate) fn new(backoff: Backoff, seed: u64) -> Self {
        Self { backoff, made: 0, answered: false, trusted: true, jitter: seed }
    }

    /// Counts an attempt and gives the wait before it.
    ///
    /// The base doubles up to four fifths of the longest wait; up to a quarter of it is added, so that the
    /// links that one switch cut off do not come back in step.
    pub(crate) fn next_wait(&mut self) -> Micros {
        let before = self.made;
        self.made = self.made.saturating_add(1);
        let Some(doublings) = before.checked_sub(1) else { return Micros::ZERO };
        let most = self.backoff.most.get();
        let doubled = self.backoff.first.get().saturating_mul(1 << doublings.min(32));
        let base = doubled.min(most - most / 5);
        let spread = base / 4 + 1;
        Micros::new((base + self.draw() % spread).min(most))
    }

    /// A connection is attempted: nothing was answered on it yet.
    pub(crate) fn connecting(&mut self) {
        self.answered = false;
    }

    /// The connection works: the next loss is tried again at once.
    pub(crate) fn reset(&mut self) {
        self.trusted = true;
        self.made = 0;
    }

    /// An answer was right.
    pub(crate) fn answered(&mut self) {
        if std::mem::replace(&mut self.answered, true) {
            self.reset();
        } else if std::mem::take(&mut self.trusted) {
            self.made = 0;
        }
    }

    /// The next number of splitmix64.
    fn draw(&mut self) -> u64 {
        self.jitter = self.jitter.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.jitter;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(seed: u64, count: usize) -> Vec<u64> {
        let mut attempts = Attempts::new(Backoff::default(), seed);
        (0..count).map(|_| attempts.next_wait().get() / 1000).collect()
    }

    #[test]
    fn tries_at_once_then_doubles_up_to_the_longest_wait() {
        for seed in 0..1000 {
            let waits = waits(seed, 12);
            assert_eq!(waits[0], 0);
            for (n, base) in [50, 100, 200, 400, 800, 1600, 1600, 1600].into_iter().enumerate() {
                assert!((base..=base + base / 4).contains(&waits[n + 1]), "seed {seed}: {waits:?}");
            }
        }
    }

    #[test]
    fn two_seeds_do_not_wait_in_step() {
        assert_ne!(waits(1, 8), waits(2, 8));
        assert_eq!(waits(1, 8), waits(1, 8));
    }

    #[test]
    fn two_right_answers_begin_again_and_one_does_so_once() {
        let mut attempts = Attempts::new(Backoff::default(), 7);
        let connect = |attempts: &mut Attempts| {
            attempts.connecting();
            attempts.next_wait()
        };
        for _ in 0..100 {
            connect(&mut attempts);
        }
        attempts.answered();
        assert_eq!(connect(&mut attempts), Micros::ZERO);
        attempts.answered();
        assert!(connect(&mut attempts) > Micros::ZERO);
        attempts.answered();
        attempts.answered();
        assert_eq!(connect(&mut attempts), Micros::ZERO);
        attempts.answered();
        assert_eq!(connect(&mut attempts), Micros::ZERO, "it is trusted again");
    }

    #[test]
    fn odd_limits_stay_within_them() {
        for (first, most) in [(0, 0), (5_000_000, 10), (u64::MAX, u64::MAX), (1, 3)] {
            let backoff = Backoff { first: Micros::new(first), most: Micros::new(most) };
            let mut attempts = Attempts::new(backoff, 3);
            for _ in 0..80 {
                assert!(attempts.next_wait() <= backoff.most);
            }
        }
    }
}
