//! What the checkers found: how often each condition was tested and how often it was broken.

use sorter_core::ids::SorterId;
use sorter_core::units::Micros;

pub use crate::condition::Condition;

/// Messages kept of each condition. The counts are exact, only the texts are bounded.
const KEPT: u64 = 5;

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

    /// As [`Findings::tell`], about something that happened at no sorter.
    pub fn tell_hub(&mut self, condition: Condition, at: Micros, what: impl FnOnce() -> String) {
        if self.violations[condition as usize] <= KEPT {
            self.messages.push(format!("{} at {at}: {}", condition.key(), what()));
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
