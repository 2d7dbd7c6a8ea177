//! When what crashes.

use sorter_core::units::Micros;

use crate::draws::Draws;
use crate::stats::Happened;

/// What a host is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Anything.
    Any,
    BeforePoll,
    /// Its write has been done, and the answer is on its way.
    Written,
    /// What it just recorded lies in the lanes.
    Polled,
    Gathering,
    /// A batch is being synced.
    InFlight,
    /// All is synced, and the PLC has not been told.
    Unacknowledged,
    /// Orders wait for the journal.
    Held,
    Opening,
    Draining,
    Idle,
    /// Chutes change their destination.
    Changing,
}

impl Phase {
    const ALL: [Self; 12] = [
        Self::Any,
        Self::BeforePoll,
        Self::Written,
        Self::Polled,
        Self::Gathering,
        Self::InFlight,
        Self::Unacknowledged,
        Self::Held,
        Self::Opening,
        Self::Draining,
        Self::Idle,
        Self::Changing,
    ];

    pub(crate) const fn happened(self) -> Option<Happened> {
        Some(match self {
            Self::Any => return None,
            Self::BeforePoll => Happened::BeforePoll,
            Self::Written => Happened::Written,
            Self::Polled => Happened::Polled,
            Self::Gathering => Happened::Gathering,
            Self::InFlight => Happened::InFlight,
            Self::Unacknowledged => Happened::Unacknowledged,
            Self::Held => Happened::Held,
            Self::Opening => Happened::Opening,
            Self::Draining => Happened::Draining,
            Self::Idle => Happened::Idle,
            Self::Changing => Happened::Changing,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Host,
    Plc,
    Both,
    Cut,
}

/// Something that goes down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crash {
    pub(crate) at: Micros,
    pub(crate) kind: Kind,
    /// In which phase a host crashes: the first time that it is in it, or some seconds later in any.
    pub(crate) phase: Phase,
    pub(crate) sorter: usize,
    /// How long it is down.
    pub(crate) down: Micros,
    /// Whether the next host crashes right after it has recovered.
    pub(crate) again: bool,
}

impl Crash {
    /// Whether it is meant for the first moments of a host.
    pub(crate) const fn is_early(&self) -> bool {
        matches!(self.phase, Phase::Opening | Phase::Draining)
    }

    /// When it happens whatever its host is doing.
    pub(crate) fn latest(&self) -> Micros {
        let seldom = matches!(self.phase, Phase::Opening | Phase::Draining | Phase::Changing);
        self.at + Micros::from_secs(if seldom { 6 } else { 2 })
    }
}

/// The crashes of one history, the first first.
pub(crate) fn draw(draws: &mut Draws, sorters: usize, end: Micros) -> Vec<Crash> {
    let kinds: &[Kind] = match draws.below(10) {
        0..5 => &[Kind::Host],
        5..7 => &[Kind::Host, Kind::Host, Kind::Cut],
        7 => &[Kind::Plc, Kind::Host, Kind::Both],
        8 => &[Kind::Plc, Kind::Host],
        _ => &[Kind::Plc, Kind::Host, Kind::Both, Kind::Cut],
    };
    let count = 3 + draws.index(4);
    let span = u32::try_from(end.get() / 1_000).unwrap() + 5_000;
    let mut at: Vec<u32> = (0..count).map(|_| 500 + draws.below(span)).collect();
    if draws.permille(200) {
        // Twice in a row.
        at[1] = at[0] + 200 + draws.below(1_500);
    }
    at.sort_unstable();
    let crash = |at: u32| Crash {
        at: Micros::from_millis(at.into()),
        kind: kinds[draws.index(kinds.len())],
        phase: Phase::ALL[draws.index(Phase::ALL.len())],
        sorter: draws.index(sorters),
        down: Micros::from_millis(
            100 + u64::from(if draws.permille(700) { draws.below(900) } else { draws.below(4_900) }),
        ),
        again: draws.permille(60),
    };
    at.into_iter().map(crash).collect()
}
