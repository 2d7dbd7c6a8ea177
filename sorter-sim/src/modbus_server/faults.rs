//! What a bad network, a bad gateway or a failing server does to single requests and answers.

mod rates;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use sorter_core::units::Micros;
use tokio::sync::Notify;

use super::Exception;
use crate::random::{Draws, Stream};
pub use rates::{FaultRates, FaultRatesError};

/// Faults that may be asked for and have not yet struck; what is asked for beyond is refused.
const ASKED_LIMIT: usize = 4_096;

/// What may happen to one request and its answer. At most one of them does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum WireFault {
    /// The answer comes late, by up to [`WireFaults::set_longest_delay`].
    Delay,
    /// The request is lost before the server sees it.
    Drop,
    /// The connection is cut: before the request is served, after it, or in the middle of the answer.
    Cut,
    /// The answer comes byte by byte, with pauses.
    Split,
    /// The answer comes twice.
    Duplicate,
    /// The answer comes after the next one.
    Reorder,
    /// The answer has another transaction identifier.
    WrongTransaction,
    /// The length field of the answer is wrong, or bytes of the answer are missing or too many.
    WrongLength,
    /// The answer is in the name of another unit.
    WrongUnit,
    /// The request is not served; any exception comes instead.
    Exception,
    /// The request is served and not answered.
    Silence,
    /// Random bytes come instead of the answer.
    Garbage,
    /// The server copies half of the registers, pauses as for a delay, and copies the rest.
    Tear,
}

impl WireFault {
    /// Every kind, in order.
    pub const ALL: [Self; 13] = [
        Self::Delay,
        Self::Drop,
        Self::Cut,
        Self::Split,
        Self::Duplicate,
        Self::Reorder,
        Self::WrongTransaction,
        Self::WrongLength,
        Self::WrongUnit,
        Self::Exception,
        Self::Silence,
        Self::Garbage,
        Self::Tear,
    ];

    /// The key in reports and on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Drop => "drop",
            Self::Cut => "cut",
            Self::Split => "split",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::WrongTransaction => "wrong_transaction",
            Self::WrongLength => "wrong_length",
            Self::WrongUnit => "wrong_unit",
            Self::Exception => "exception",
            Self::Silence => "silence",
            Self::Garbage => "garbage",
            Self::Tear => "tear",
        }
    }
}

/// A fault that strikes, with the draws for its details.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strike {
    pub(super) fault: WireFault,
    draws: Draws,
    longest_delay: Micros,
}

impl Strike {
    /// A pause of a delay or a tear: anything from 1 us to the longest.
    pub(super) fn pause(&mut self) -> Micros {
        let longest = u32::try_from(self.longest_delay.get()).unwrap_or(u32::MAX);
        Micros::new(u64::from(self.below(longest)) + 1)
    }

    /// A number below a bound, or 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.draws.below(bound)
    }

    /// A random byte.
    pub(super) fn byte(&mut self) -> u8 {
        self.draws.next_u64().to_be_bytes()[0]
    }

    /// One of the exceptions.
    pub(super) fn exception(&mut self) -> Exception {
        let count = u32::try_from(Exception::ALL.len()).unwrap_or(0);
        Exception::ALL[self.below(count) as usize % Exception::ALL.len()]
    }
}

/// The faults of one server. Which request is struck follows from the seed and the number of the request alone.
///
/// Rates, delays and the link itself may be changed while the server runs: it is held in an [`Rc`] by the server
/// and by whoever plays fate.
///
/// ```
/// use sorter_sim::modbus_server::{FaultRates, WireFault, WireFaults};
///
/// let faults = WireFaults::new(7, "delay=0.01,cut=0.0005".parse::<FaultRates>().unwrap());
/// assert_eq!(faults.count(WireFault::Cut), 0);
/// faults.set_rates(FaultRates::NONE);
/// faults.ask(WireFault::Silence);
/// ```
#[derive(Debug)]
pub struct WireFaults {
    seed: u64,
    rates: Cell<FaultRates>,
    longest_delay: Cell<Micros>,
    /// Requests that a fate was drawn for.
    drawn: Cell<u64>,
    asked: RefCell<VecDeque<WireFault>>,
    counts: [Cell<u64>; WireFault::ALL.len()],
    link_is_down: Cell<bool>,
    /// How often the link was cut, and who waits to be told.
    cuts: Cell<u64>,
    cut: Notify,
}

impl WireFaults {
    /// Faults with such rates. Delays last up to 50 ms.
    pub fn new(seed: u64, rates: FaultRates) -> Rc<Self> {
        Rc::new(Self {
            seed,
            rates: Cell::new(rates),
            longest_delay: Cell::new(Micros::new(50_000)),
            drawn: Cell::new(0),
            asked: RefCell::default(),
            counts: Default::default(),
            link_is_down: Cell::new(false),
            cuts: Cell::new(0),
            cut: Notify::new(),
        })
    }

    /// No faults, until some are asked for.
    pub fn none() -> Rc<Self> {
        Self::new(0, FaultRates::NONE)
    }

    /// Other rates from the next request on; [`FaultRates::NONE`] ends the faults.
    pub fn set_rates(&self, rates: FaultRates) {
        self.rates.set(rates);
    }

    /// The longest delay, from the next request on. More than 4,294 s are taken for 4,294 s.
    pub fn set_longest_delay(&self, longest: Micros) {
        self.longest_delay.set(longest);
    }

    /// Has the next request struck by a fault, whatever the rates; called more often, the ones after it too, in
    /// this order. False when 4,096 already wait.
    pub fn ask(&self, fault: WireFault) -> bool {
        let mut asked = self.asked.borrow_mut();
        let room = asked.len() < ASKED_LIMIT;
        if room {
            asked.push_back(fault);
        }
        room
    }

    /// Cuts every connection now.
    pub fn cut_all(&self) {
        self.cuts.set(self.cuts.get() + 1);
        self.cut.notify_waiters();
    }

    /// Takes the link down, which cuts every connection and turns away new ones, or brings it up.
    pub fn set_link_down(&self, down: bool) {
        self.link_is_down.set(down);
        if down {
            self.cut_all();
        }
    }

    /// Whether the link is down.
    pub fn link_is_down(&self) -> bool {
        self.link_is_down.get()
    }

    /// How often a fault has struck.
    pub fn count(&self, fault: WireFault) -> u64 {
        self.counts[fault as usize].get()
    }

    /// Every kind of fault with how often it has struck, in order.
    pub fn counts(&self) -> impl Iterator<Item = (WireFault, u64)> + '_ {
        WireFault::ALL.into_iter().map(|fault| (fault, self.count(fault)))
    }

    /// How often the link was cut as a whole.
    pub fn cuts(&self) -> u64 {
        self.cuts.get()
    }

    /// Told at every cut of the whole link.
    pub(super) fn cut(&self) -> &Notify {
        &self.cut
    }

    /// The fate of the next request.
    pub(super) fn strike(&self) -> Option<Strike> {
        let asked = self.asked.borrow_mut().pop_front();
        let rates = self.rates.get();
        if asked.is_none() && rates == FaultRates::NONE {
            return None;
        }
        let number = self.drawn.get();
        self.drawn.set(number + 1);
        let mut draws = Draws::new(self.seed, Stream::Wire, number);
        let luck = draws.below(crate::random::Rate::ONE.ppb());
        let fault = asked.or_else(|| rates.struck(luck))?;
        let count = &self.counts[fault as usize];
        count.set(count.get() + 1);
        Some(Strike { fault, draws, longest_delay: self.longest_delay.get() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rate;

    #[test]
    fn strikes_as_often_as_the_rates_say_and_the_same_for_the_same_seed() {
        let rates = FaultRates::NONE
            .with(WireFault::Delay, Rate::from_ppm(100_000))
            .and_then(|rates| rates.with(WireFault::Cut, Rate::from_ppm(10_000)))
            .expect("11 % in all");
        let run = |seed| {
            let faults = WireFaults::new(seed, rates);
            let fates: Vec<_> = (0..10_000).map(|_| faults.strike().map(|strike| strike.fault)).collect();
            (fates, faults.count(WireFault::Delay), faults.count(WireFault::Cut))
        };
        let (fates, delays, cuts) = run(3);
        // Five standard deviations: 30 for the delays, 10 for the cuts.
        assert!(delays.abs_diff(1_000) < 150 && cuts.abs_diff(100) < 50, "{delays} {cuts}");
        assert_eq!(fates, run(3).0);
        assert_ne!(fates, run(4).0);
    }

    #[test]
    fn what_is_asked_for_comes_next_and_in_order() {
        let faults = WireFaults::none();
        assert!(faults.strike().is_none());
        assert!(faults.ask(WireFault::Tear) && faults.ask(WireFault::Drop));
        let struck: Vec<_> = (0..3).map(|_| faults.strike().map(|strike| strike.fault)).collect();
        assert_eq!(struck, [Some(WireFault::Tear), Some(WireFault::Drop), None]);
        assert_eq!(faults.counts().map(|(_, count)| count).sum::<u64>(), 2);
    }

    #[test]
    fn faults_that_wait_are_limited() {
        let faults = WireFaults::none();
        let taken = (0..5_000).filter(|_| faults.ask(WireFault::Drop)).count();
        assert_eq!(taken, ASKED_LIMIT);
    }
}
