//! What must always hold: the conditions that checkers test and reports count.

use std::fmt;

/// A condition that must hold in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Nothing appears and nothing disappears: every pass ends in one fate, and the sums agree.
    Accounting,
    /// One claim for each item: one parcel leaves by one label.
    Claim,
    /// No parcel is in a chute that was not decided for it.
    WrongChute,
    /// Nothing leaves that customs has not set free, and statuses follow the time of their messages.
    Customs,
    /// No order into a chute without room, and what lies in a container is what its manifest says.
    Capacity,
    /// Each decision comes from the one plan that is in force, and chutes change over drained.
    Plan,
    /// Nothing into a container or a departure that is closed.
    Departure,
    /// Nothing moves before it was written.
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

    /// The name in the JSON report and in messages.
    pub const fn key(self) -> &'static str {
        match self {
            Self::WrongChute => "wrong_chute",
            other => other.name(),
        }
    }

    /// The name for people.
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
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
