//! Whether a run passed.

use std::fmt;

use super::{Conditions, Summary};

/// A condition that must hold in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Every pass ends in one fate, and the sums agree.
    Accounting,
    /// One claim for each item.
    Claim,
    /// Nothing in a chute that was not decided for it.
    WrongChute,
    /// Nothing leaves that is not free to leave.
    Customs,
    /// No order beyond the room of a chute.
    Capacity,
    /// Every decision from one plan version.
    Plan,
    /// Nothing into what is closed.
    Departure,
    /// Nothing moved before it was written.
    Durability,
}

impl Condition {
    /// Every condition, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::Accounting,
        Self::Claim,
        Self::WrongChute,
        Self::Customs,
        Self::Capacity,
        Self::Plan,
        Self::Departure,
        Self::Durability,
    ];

    /// Its name in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounting => "accounting",
            Self::Claim => "claim",
            Self::WrongChute => "wrong chute",
            Self::Customs => "customs",
            Self::Capacity => "capacity",
            Self::Plan => "plan",
            Self::Departure => "departure",
            Self::Durability => "durability",
        }
    }

    /// What must hold, in a few words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Accounting => "every pass ends in exactly one fate",
            Self::Claim => "one claim for each item",
            Self::WrongChute => "ordered and fired as decided",
            Self::Customs => "only what is free to leave goes out",
            Self::Capacity => "room is reserved before an order",
            Self::Plan => "each decision from one plan version",
            Self::Departure => "nothing into what is closed",
            Self::Durability => "written before it moves",
        }
    }

    /// Its count among those of all conditions.
    pub const fn of(self, counts: &Conditions) -> Option<u64> {
        match self {
            Self::Accounting => counts.accounting,
            Self::Claim => counts.claim,
            Self::WrongChute => counts.wrong_chute,
            Self::Customs => counts.customs,
            Self::Capacity => counts.capacity,
            Self::Plan => counts.plan,
            Self::Departure => counts.departure,
            Self::Durability => counts.durability,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A condition that did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The checkers found it broken so many times.
    Broken(Condition, u64),
    /// The parcels of the report do not add up.
    ParcelsDoNotAddUp,
    /// The passes of the report do not add up.
    PassesDoNotAddUp,
    /// Tracking put so many parcels into wrong chutes, and so many are allowed.
    TooManyMissorts(u64, u64),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(condition, times) => write!(f, "{condition} {times} times"),
            Self::ParcelsDoNotAddUp => f.write_str("the parcels do not add up"),
            Self::PassesDoNotAddUp => f.write_str("the passes do not add up"),
            Self::TooManyMissorts(missorts, allowed) => {
                write!(f, "{missorts} missorts by tracking, {allowed} are allowed")
            }
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every condition held, and each was really checked.
    Passed,
    /// These did not hold.
    Broken(Vec<Finding>),
    /// None was found broken, but these were never checked.
    Unchecked(Vec<Condition>),
}

/// The verdict on a report.
///
/// A part that does not exist is `null` in both counts. A condition with one count only was not checked,
/// and so was everything in a report that has no condition at all.
pub(super) fn of(summary: &Summary) -> Verdict {
    let counts = |condition: Condition| (condition.of(&summary.violations), condition.of(&summary.checked));
    let mut broken: Vec<Finding> = Condition::ALL
        .into_iter()
        .filter_map(|condition| {
            counts(condition).0.filter(|times| *times > 0).map(|times| Finding::Broken(condition, times))
        })
        .collect();
    if !summary.parcels.adds_up() {
        broken.push(Finding::ParcelsDoNotAddUp);
    }
    if !summary.passes.adds_up() {
        broken.push(Finding::PassesDoNotAddUp);
    }
    let missorts = summary.missorts.get("tracking").copied().unwrap_or_default();
    if missorts > summary.missorts_allowed {
        broken.push(Finding::TooManyMissorts(missorts, summary.missorts_allowed));
    }
    if !broken.is_empty() {
        return Verdict::Broken(broken);
    }
    let nothing_exists = Condition::ALL.into_iter().all(|condition| counts(condition) == (None, None));
    let unchecked: Vec<Condition> = Condition::ALL
        .into_iter()
        .filter(|condition| match counts(*condition) {
            (None, None) => nothing_exists,
            (Some(_), Some(checks)) => checks == 0,
            (None, Some(_)) | (Some(_), None) => true,
        })
        .collect();
    if unchecked.is_empty() { Verdict::Passed } else { Verdict::Unchecked(unchecked) }
}
