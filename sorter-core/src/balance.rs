//! The conservation law, counted: `inducted + unexpected = discharged + left + lost + on belt`.
//!
//! A restart of the PLC or of the host tears the books, and the tear is counted on both sides: items `found` on
//! the belt that nobody saw enter, and items whose end is `unknown`. Where nothing restarts both are zero.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What entered and left one sorter since its counters began.
///
/// ```
/// use sorter_core::balance::Balance;
/// let mut balance = Balance::default();
/// balance.inducted += 2;
/// balance.discharged += 1;
/// assert_eq!(balance.on_belt(), Some(1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Items that entered at an induction.
    pub inducted: u64,
    /// Items that turned up without induction.
    pub unexpected: u64,
    /// Items that the PLC had on its belt when the books began or went on, and that are not among those above.
    pub found: u64,
    /// Items that ended in a chute.
    pub discharged: u64,
    /// Items that left at the end of the belt.
    pub left: u64,
    /// Items that tracking lost.
    pub lost: u64,
    /// Items that were on the belt when the PLC forgot them, or whose end nobody recorded.
    pub unknown: u64,
}

impl Balance {
    /// Items that must be on the belt, or `None` when more ended than entered: then the law is broken.
    pub const fn on_belt(&self) -> Option<u64> {
        (self.inducted + self.unexpected + self.found)
            .checked_sub(self.discharged + self.left + self.lost + self.unknown)
    }

    /// The sum of two balances, such as of two sorters.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            inducted: self.inducted + other.inducted,
            unexpected: self.unexpected + other.unexpected,
            found: self.found + other.found,
            discharged: self.discharged + other.discharged,
            left: self.left + other.left,
            lost: self.lost + other.lost,
            unknown: self.unknown + other.unknown,
        }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} inducted + {} unexpected", self.inducted, self.unexpected)?;
        if self.found > 0 {
            write!(f, " + {} found", self.found)?;
        }
        write!(f, " = {} discharged + {} left + {} lost + ", self.discharged, self.left, self.lost)?;
        if self.unknown > 0 {
            write!(f, "{} unknown + ", self.unknown)?;
        }
        match self.on_belt() {
            Some(on_belt) => write!(f, "{on_belt} on the belt"),
            None => f.write_str("fewer than none on the belt"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_ends_than_entries_break_the_law() {
        let balance = Balance { inducted: 1, lost: 2, ..Balance::default() };
        assert_eq!(balance.on_belt(), None);
        assert!(balance.to_string().ends_with("fewer than none on the belt"));
    }

    #[test]
    fn what_a_restart_tears_is_told_only_where_there_is_something_to_tell() {
        let whole = Balance { inducted: 3, left: 1, ..Balance::default() };
        assert_eq!(
            whole.to_string(),
            "3 inducted + 0 unexpected = 0 discharged + 1 left + 0 lost + 2 on the belt"
        );
        let torn = Balance { found: 4, unknown: 2, ..whole };
        assert_eq!(torn.on_belt(), Some(4));
        assert_eq!(
            torn.to_string(),
            "3 inducted + 0 unexpected + 4 found = 0 discharged + 1 left + 0 lost + 2 unknown + 4 on the belt"
        );
        assert_eq!(torn.plus(&torn).on_belt(), Some(8));
    }
}
