//! How often each fault strikes.

use std::str::FromStr;

use thiserror::Error;

use super::WireFault;
use crate::random::Rate;

/// How often each fault strikes, as shares of the requests. Together they are at most 1.
///
/// As a text: names with shares, `delay=0.01,cut=0.0005`; `all=0.001` stands for every kind, and what comes later
/// in the text overrides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRates([Rate; WireFault::ALL.len()]);

/// Why a text is no [`FaultRates`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultRatesError {
    /// A part is not of the form `name=share`.
    #[error("\"{part}\" is no fault with its share (expected for example delay=0.01)")]
    Form {
        /// The part.
        part: String,
    },
    /// There is no such fault.
    #[error("{name} is not a fault (expected all, {})", names())]
    Name {
        /// The name.
        name: String,
    },
    /// A share is not one.
    #[error("share of {name} is {share} (expected 0 to 1)")]
    Share {
        /// The name.
        name: String,
        /// What was written.
        share: String,
    },
    /// All shares together are more than 1.
    #[error("shares of all faults are {sum_ppb} parts per billion together (at most 1000000000)")]
    Sum {
        /// The sum.
        sum_ppb: u64,
    },
}

impl FaultRates {
    /// No faults.
    pub const NONE: Self = Self([Rate::ZERO; WireFault::ALL.len()]);

    /// The same with another rate for one kind, or `None` when all together are then more than 1.
    #[must_use]
    pub fn with(mut self, fault: WireFault, rate: Rate) -> Option<Self> {
        self.0[fault as usize] = rate;
        (self.sum_ppb() <= u64::from(Rate::ONE.ppb())).then_some(self)
    }

    /// Every kind at the same rate, or `None` when all together are more than 1.
    pub fn all(rate: Rate) -> Option<Self> {
        let rates = Self([rate; WireFault::ALL.len()]);
        (rates.sum_ppb() <= u64::from(Rate::ONE.ppb())).then_some(rates)
    }

    /// The rate of one kind.
    pub fn get(&self, fault: WireFault) -> Rate {
        self.0[fault as usize]
    }

    /// Whom a number below a billion strikes: each kind has its own part of the range.
    pub(super) fn struck(&self, mut luck: u32) -> Option<WireFault> {
        WireFault::ALL.into_iter().find(|fault| {
            let rate = self.get(*fault).ppb();
            let struck = luck < rate;
            luck = luck.saturating_sub(rate);
            struck
        })
    }

    fn sum_ppb(&self) -> u64 {
        self.0.iter().map(|rate| u64::from(rate.ppb())).sum()
    }
}

impl FromStr for FaultRates {
    type Err = FaultRatesError;

    fn from_str(text: &str) -> Result<Self, FaultRatesError> {
        let mut rates = Self::NONE;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, share) =
                part.split_once('=').ok_or_else(|| FaultRatesError::Form { part: part.to_owned() })?;
            let rate = share.parse().ok().and_then(Rate::from_share);
            let rate = rate
                .ok_or_else(|| FaultRatesError::Share { name: name.to_owned(), share: share.to_owned() })?;
            if name == "all" {
                rates.0 = [rate; WireFault::ALL.len()];
                continue;
            }
            let fault = WireFault::ALL.into_iter().find(|fault| fault.key() == name);
            let fault = fault.ok_or_else(|| FaultRatesError::Name { name: name.to_owned() })?;
            rates.0[fault as usize] = rate;
        }
        let sum_ppb = rates.sum_ppb();
        if sum_ppb > u64::from(Rate::ONE.ppb()) {
            return Err(FaultRatesError::Sum { sum_ppb });
        }
        Ok(rates)
    }
}

/// Every name, for the message.
fn names() -> String {
    WireFault::ALL.map(WireFault::key).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_faults_with_their_shares() {
        let rates: FaultRates = "all=0.01, cut=0.5,split=0".parse().expect("at most 1 in all");
        assert_eq!(rates.get(WireFault::Garbage), Rate::from_ppm(10_000));
        assert_eq!(rates.get(WireFault::Cut), Rate::from_ppm(500_000));
        assert_eq!(rates.get(WireFault::Split), Rate::ZERO);
        assert_eq!("".parse(), Ok(FaultRates::NONE));
    }

    #[test]
    fn a_text_that_is_none_is_refused_with_what_was_expected() {
        for (text, message) in [
            ("delay", "\"delay\" is no fault with its share (expected for example delay=0.01)"),
            ("delay=2", "share of delay is 2 (expected 0 to 1)"),
            ("delay=NaN", "share of delay is NaN (expected 0 to 1)"),
            (
                "all=0.1",
                "shares of all faults are 1300000000 parts per billion together (at most 1000000000)",
            ),
        ] {
            assert_eq!(
                text.parse::<FaultRates>().map_err(|error| error.to_string()),
                Err(message.to_owned())
            );
        }
        let error = "rain=0.1".parse::<FaultRates>().expect_err("rain is no fault").to_string();
        assert!(error.starts_with("rain is not a fault (expected all, delay, drop, cut,"), "{error}");
    }

    #[test]
    fn each_fault_has_its_own_part_of_the_luck() {
        let rates = FaultRates::NONE.with(WireFault::Drop, Rate::from_ppb(2)).expect("almost none");
        let rates = rates.with(WireFault::Tear, Rate::from_ppb(1)).expect("almost none");
        let struck: Vec<_> = (0..4).map(|luck| rates.struck(luck)).collect();
        assert_eq!(struck, [Some(WireFault::Drop), Some(WireFault::Drop), Some(WireFault::Tear), None]);
        assert_eq!(rates.with(WireFault::Cut, Rate::ONE), None);
    }
}
