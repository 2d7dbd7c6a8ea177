//! The conservation law, counted: `inducted + unexpected = discharged + left + lost + on belt`.

use std::fmt;

/// What entered and left one sorter since its counters began.
///
/// ```
/// use sorter_core::balance::Balance;
/// let mut balance = Balance::default();
/// balance.inducted += 2;
/// balance.discharged += 1;
/// assert_eq!(balance.on_belt(), Some(1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Items that entered at an induction.
    pub inducted: u64,
    /// Items that turned up without induction.
    pub unexpected: u64,
    /// Items that ended in a chute.
    pub discharged: u64,
    /// Items that left at the end of the belt.
    pub left: u64,
    /// Items that tracking lost.
    pub lost: u64,
}

impl Balance {
    /// Items that must be on the belt, or `None` when more ended than entered: then the law is broken.
    pub const fn on_belt(&self) -> Option<u64> {
        (self.inducted + self.unexpected).checked_sub(self.discharged + self.left + self.lost)
    }

    /// The sum of two balances, such as of two sorters.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            inducted: self.inducted + other.inducted,
            unexpected: self.unexpected + other.unexpected,
            discharged: self.discharged + other.discharged,
            left: self.left + other.left,
            lost: self.lost + other.lost,
        }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} inducted + {} unexpected = {} discharged + {} left + {} lost + ",
            self.inducted, self.unexpected, self.discharged, self.left, self.lost
        )?;
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
}
