//! What an exchange has to be told, and what it refuses to be told.

use std::num::NonZeroU16;

use sorter_core::units::{Micros, Pulses};

use crate::register_map::{BELT_CAPACITY, MAX_BELT_CAPACITY, WordOrder};

/// Whether an exchange drives its PLC or watches another host do it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It opens sessions, acknowledges and orders.
    #[default]
    Control,
    /// It writes nothing and follows the session of another host.
    Listen,
}

/// When events and scan records count as safe on the side of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Release {
    /// As soon as the host has taken them: by the return of its poll.
    #[default]
    Automatic,
    /// When the owner says so with [`Exchange::release`](super::Exchange::release), because a journal comes first.
    Manual,
}

/// A rate of items, at least one a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PerMinute(NonZeroU16);

impl PerMinute {
    /// A rate in items a minute, or `None` for 0, which on the wire means no limit.
    pub const fn new(items: u16) -> Option<Self> {
        match NonZeroU16::new(items) {
            Some(items) => Some(Self(items)),
            None => None,
        }
    }

    /// In items a minute.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

/// The settings of an [`Exchange`](super::Exchange).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeConfig {
    /// The period of the host cycle: 2 ms to 1 s, 10 ms by default, best equal to the PLC scan.
    pub period: Micros,
    /// Whether to drive or to watch; to drive by default.
    pub mode: Mode,
    /// The order of the words of 32-bit values; high word first by default. The PLC's probe words must agree.
    pub word_order: WordOrder,
    /// Entries of the BELT block: 1 to 1,000, 200 by default. It has to be what the PLC is configured with.
    pub belt_capacity: u16,
    /// How many items a minute the PLC may induct; no limit by default.
    pub induction_limit: Option<PerMinute>,
    /// How often PLANT is read when no event asks for it; 1 s by default.
    pub plant_period: Micros,
    /// How long to wait for the echo of a new session before beginning again; 1 s by default.
    pub opening_timeout: Micros,
    /// The time after which the PLC takes a host with an unmoved heartbeat for lost; 1 s by default. It is only
    /// checked against the other times, see [`ExchangeConfig::check_silence`].
    pub watchdog: Micros,
    /// How far the encoder may stand behind the furthest count that was seen, for a belt that rolls back or
    /// trembles; 100 pulses by default.
    pub encoder_back: Pulses,
    /// How many pulses the encoder can make in a second at most; 100,000 by default, which no belt reaches. The
    /// tighter, the sooner a forged or mangled count is found.
    pub encoder_rate: Pulses,
    /// When what the host took is acknowledged; at once by default.
    pub release: Release,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            period: Micros::from_millis(10),
            mode: Mode::Control,
            word_order: WordOrder::HighFirst,
            belt_capacity: BELT_CAPACITY,
            induction_limit: None,
            plant_period: Micros::from_secs(1),
            opening_timeout: Micros::from_secs(1),
            watchdog: Micros::from_secs(1),
            encoder_back: Pulses::new(100),
            encoder_rate: Pulses::new(100_000),
            release: Release::Automatic,
        }
    }
}

/// The shortest period of the host cycle.
pub const SHORTEST_PERIOD: Micros = Micros::from_millis(2);
/// The longest period of the host cycle.
pub const LONGEST_PERIOD: Micros = Micros::from_secs(1);
/// Host periods that have to fit into the watchdog time of the PLC.
pub const PERIODS_IN_WATCHDOG: u64 = 5;

/// Why a configuration cannot be armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeConfigError {
    /// The period is too short or too long.
    #[error("host period is {period}, allowed are {SHORTEST_PERIOD} to {LONGEST_PERIOD}")]
    Period {
        /// What was asked for.
        period: Micros,
    },
    /// BELT would have no entries or too many.
    #[error("belt capacity is {capacity} entries, allowed are 1 to {MAX_BELT_CAPACITY}")]
    BeltCapacity {
        /// What was asked for.
        capacity: u16,
    },
    /// The encoder limits leave nothing that could be right.
    #[error(
        "encoder limits are {back} backwards and {rate} in a second, allowed are 0 or more and 1 or more"
    )]
    EncoderLimits {
        /// The tolerance backwards.
        back: Pulses,
        /// The most pulses in a second.
        rate: Pulses,
    },
    /// The PLC would take a healthy host for lost.
    #[error("plc watchdog is {watchdog}, {PERIODS_IN_WATCHDOG} host periods are {periods}")]
    WatchdogPeriods {
        /// The watchdog time.
        watchdog: Micros,
        /// The periods that have to fit.
        periods: Micros,
    },
    /// One lost answer would trip the watchdog.
    #[error("plc watchdog is {watchdog}, a lost answer takes {silence} until the next write")]
    WatchdogSilence {
        /// The watchdog time.
        watchdog: Micros,
        /// Request deadline, back-off and connect time.
        silence: Micros,
    },
}

impl ExchangeConfig {
    /// Checks the settings among themselves.
    ///
    /// # Errors
    /// When a limit of the contract is not kept.
    pub fn check(&self) -> Result<(), ExchangeConfigError> {
        if self.period < SHORTEST_PERIOD || self.period > LONGEST_PERIOD {
            return Err(ExchangeConfigError::Period { period: self.period });
        }
        if self.belt_capacity == 0 || self.belt_capacity > MAX_BELT_CAPACITY {
            return Err(ExchangeConfigError::BeltCapacity { capacity: self.belt_capacity });
        }
        if self.encoder_back < Pulses::ZERO || self.encoder_rate <= Pulses::ZERO {
            return Err(ExchangeConfigError::EncoderLimits {
                back: self.encoder_back,
                rate: self.encoder_rate,
            });
        }
        let periods = Micros::new(self.period.get() * PERIODS_IN_WATCHDOG);
        if self.watchdog < periods {
            return Err(ExchangeConfigError::WatchdogPeriods { watchdog: self.watchdog, periods });
        }
        Ok(())
    }

    /// Checks that one lost answer does not trip the watchdog of the PLC. `silence` is what the link needs from
    /// the request without an answer to the next write: deadline, first back-off and connect time. To be called
    /// when a link is armed.
    ///
    /// # Errors
    /// When the watchdog time is not longer than `silence`.
    pub fn check_silence(&self, silence: Micros) -> Result<(), ExchangeConfigError> {
        if self.watchdog <= silence {
            return Err(ExchangeConfigError::WatchdogSilence { watchdog: self.watchdog, silence });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_the_contract_does_not_allow() {
        let good = ExchangeConfig::default();
        assert_eq!(good.check(), Ok(()));
        let period = ExchangeConfig { period: Micros::new(1_999), ..good };
        assert_eq!(
            period.check().unwrap_err().to_string(),
            "host period is 1999 us, allowed are 2000 us to 1000000 us"
        );
        let belt = ExchangeConfig { belt_capacity: 1_001, ..good };
        assert_eq!(belt.check(), Err(ExchangeConfigError::BeltCapacity { capacity: 1_001 }));
        let slow = ExchangeConfig { period: Micros::from_millis(201), ..good };
        assert!(matches!(slow.check(), Err(ExchangeConfigError::WatchdogPeriods { .. })));
        let stiff = ExchangeConfig { encoder_rate: Pulses::ZERO, ..good };
        assert!(matches!(stiff.check(), Err(ExchangeConfigError::EncoderLimits { .. })));
    }

    #[test]
    fn a_watchdog_has_to_outlast_a_lost_answer() {
        let config = ExchangeConfig::default();
        assert_eq!(config.check_silence(Micros::from_millis(260)), Ok(()));
        assert!(config.check_silence(Micros::from_secs(1)).is_err());
    }
}
