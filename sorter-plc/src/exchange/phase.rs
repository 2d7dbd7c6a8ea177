//! Where a session stands.

use sorter_core::units::Micros;

use crate::contract::Seq;
use crate::request::Span;

use super::fault::SetupFault;

/// What an exchange is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// There is no connection. The session, if there is one, is kept.
    Disconnected,
    /// STATUS is read before anything is written; a listening exchange waits here for the session of another host.
    Looking,
    /// Session 0 is being written.
    Closing,
    /// A new session is being written, its echo has not come.
    Opening,
    /// The BELT snapshot is being read.
    ReadingBelt,
    /// Events are taken, orders are not given: up to the BELT snapshot of a new session, or to the end of the
    /// windows after an overflow.
    Draining,
    /// Events are taken and orders are given.
    Live,
    /// The PLC is not the one that is configured: nothing is written.
    Faulted(SetupFault),
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    Down,
    /// It is there; STATUS was not read since.
    Unproved,
    Up,
}

/// Where the session stands, whether there is a connection or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is known.
    Looking,
    Closing(Closing),
    Opening {
        since: Micros,
    },
    ReadingBelt {
        belt_at: Seq,
    },
    Draining {
        belt_at: Seq,
    },
    Live,
    /// The PLC lost events; its windows are taken to their end.
    Overflow,
    Faulted {
        fault: SetupFault,
        /// When to look again, and at what besides STATUS.
        look_at: Micros,
        also: Option<Span>,
    },
}

impl Phase {
    /// Whether the echo of the session has come.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::ReadingBelt { .. } | Self::Draining { .. } | Self::Live | Self::Overflow)
    }

    pub(super) const fn state(&self) -> SessionState {
        match self {
            Self::Looking => SessionState::Looking,
            Self::Closing(_) => SessionState::Closing,
            Self::Opening { .. } => SessionState::Opening,
            Self::ReadingBelt { .. } => SessionState::ReadingBelt,
            Self::Draining { .. } | Self::Overflow => SessionState::Draining,
            Self::Live => SessionState::Live,
            Self::Faulted { fault, .. } => SessionState::Faulted(*fault),
        }
    }
}

/// Host periods, answered writes and PLC scans for which session 0 is written at least.
const CLOSING_BEATS: u32 = 5;

/// The writing of session 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    since: Micros,
    /// Cycles with session 0 that were answered.
    cycles: u32,
    /// The scan counter of the last of them.
    counter: u16,
    /// PLC scans since the first of them.
    scans: u32,
    complained: Micros,
}

impl Closing {
    pub(super) const fn new(now: Micros) -> Self {
        Self { since: now, cycles: 0, counter: 0, scans: 0, complained: now }
    }

    /// An image came in answer to session 0.
    pub(super) fn answered(&mut self, counter: u16) {
        if self.cycles > 0 {
            self.scans = self.scans.saturating_add(counter.wrapping_sub(self.counter).into());
        }
        self.cycles = self.cycles.saturating_add(1);
        self.counter = counter;
    }

    /// The PLC restarted meanwhile: its counter means something else.
    pub(super) const fn restart(&mut self, now: Micros) {
        *self = Self::new(now);
    }

    /// Whether session 0 was written long enough for the PLC to have seen it.
    pub(super) const fn is_long_enough(&self, now: Micros, period: Micros) -> bool {
        self.cycles > CLOSING_BEATS
            && self.scans >= CLOSING_BEATS
            && now.saturating_since(self.since).get() >= period.get() * CLOSING_BEATS as u64
    }

    pub(super) const fn scans(&self) -> u32 {
        self.scans
    }

    /// How long session 0 has been written, each time that another `interval` is over.
    pub(super) fn overdue(&mut self, now: Micros, interval: Micros) -> Option<Micros> {
        if now.saturating_since(self.complained) < interval {
            return None;
        }
        self.complained = now;
        Some(now.saturating_since(self.since))
    }
}

/// The source of session numbers: not zero, never the same twice in a row, the same for the same seed.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    state: u64,
    last: u16,
}

impl Sessions {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed, last: 0 }
    }

    /// A new session. `avoid` is one that the PLC serves or served.
    pub(super) fn draw(&mut self, avoid: u16) -> u16 {
        loop {
            // SplitMix64: a Weyl sequence and the finaliser of variant 13 of David Stafford. It goes through all
            // numbers, so that the loop ends.
            self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = self.state;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let [.., high, low] = (word ^ (word >> 31)).to_be_bytes();
            let session = u16::from_be_bytes([high, low]);
            if session != 0 && session != self.last && session != avoid {
                self.last = session;
                return session;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_not_zero_and_never_the_same_twice_in_a_row() {
        let mut sessions = Sessions::new(3);
        let mut last = 0;
        for _ in 0..200_000 {
            let session = sessions.draw(4_711);
            assert!(session != 0 && session != last && session != 4_711);
            last = session;
        }
        assert_eq!(Sessions::new(5).draw(0), Sessions::new(5).draw(0));
        assert_ne!(Sessions::new(5).draw(0), Sessions::new(6).draw(0));
    }

    #[test]
    fn closing_lasts_five_periods_and_five_scans() {
        let period = Micros::from_millis(10);
        let mut closing = Closing::new(Micros::ZERO);
        // The PLC scans once in two host periods, and its counter wraps meanwhile.
        for beat in 0..10_u16 {
            closing.answered(65_534_u16.wrapping_add(beat / 2));
            let now = Micros::new(u64::from(beat) * period.get());
            assert!(!closing.is_long_enough(now, period), "after {beat} cycles");
        }
        closing.answered(65_534_u16.wrapping_add(5));
        assert!(closing.is_long_enough(Micros::from_millis(100), period));
        assert!(!closing.is_long_enough(Micros::from_millis(49), period));
    }

    #[test]
    fn closing_lasts_until_session_0_was_written_often_enough() {
        let mut closing = Closing::new(Micros::ZERO);
        for beat in 0..5 {
            closing.answered(100 * beat);
        }
        assert!(
            !closing.is_long_enough(Micros::from_secs(5), Micros::from_millis(10)),
            "5 writes are 4 beats"
        );
    }
}
