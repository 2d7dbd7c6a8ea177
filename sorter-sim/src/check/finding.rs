//! What the checkers found: how often each condition was tested and how often it was broken.

use sorter_core::ids::SorterId;
use sorter_core::units::Micros;

/// Messages kept of each condition. The counts are exact, only the texts are bounded.
const KEPT: u64 = 5;

/// What must always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Nothing appears and nothing disappears.
    Accounting,
    /// One parcel leaves by one label.
    Claim,
    /// No parcel is in a chute that its label does not lead to.
    WrongChute,
    /// No order into a chute without room.
    Capacity,
    /// Each decision comes from the one plan that is in force.
    Plan,
}

impl Condition {
    /// All conditions that are checked.
    pub const ALL: [Self; 5] = [Self::Accounting, Self::Claim, Self::WrongChute, Self::Capacity, Self::Plan];

    /// The name in reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Accounting => "accounting",
            Self::Claim => "claim",
            Self::WrongChute => "wrong_chute",
            Self::Capacity => "capacity",
            Self::Plan => "plan",
        }
    }
}

/// Tests, violations and the first messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    checked: [u64; Condition::ALL.len()],
    violations: [u64; Condition::ALL.len()],
    messages: Vec<String>,
}

impl Findings {
    /// Counts a test. Gives whether the condition is broken, so that the caller tells how.
    pub fn check(&mut self, condition: Condition, holds: bool) -> bool {
        self.checked[condition as usize] += 1;
        self.violations[condition as usize] += u64::from(!holds);
        !holds
    }

    /// Keeps the message of a violation that was counted just now, if it is one of the first.
    pub fn tell(
        &mut self,
        condition: Condition,
        at: Micros,
        sorter: SorterId,
        what: impl FnOnce() -> String,
    ) {
        if self.violations[condition as usize] <= KEPT {
            self.messages.push(format!("{} at {at} on {sorter}: {}", condition.key(), what()));
        }
    }

    /// How often a condition was tested.
    pub fn checked(&self, condition: Condition) -> u64 {
        self.checked[condition as usize]
    }

    /// How often it was broken.
    pub fn violations(&self, condition: Condition) -> u64 {
        self.violations[condition as usize]
    }

    /// The first messages.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Adds the counts of another hub; its messages stay with it.
    pub fn merge(&mut self, other: &Self) {
        for place in 0..Condition::ALL.len() {
            self.checked[place] += other.checked[place];
            self.violations[place] += other.violations[place];
        }
    }
}
