//! Whether trigger numbers keep step with the items that pass.
//!
//! Between two telegrams that were bound right, the numbers rise by as many as items passed. A trigger that
//! was lost, came twice or had no parcel changes that for all that follow, so a telegram that does not agree
//! is not bound. It is remembered as a suspect instead: when the following ones agree with it, the step has
//! changed, and when they agree with the trusted one, it was an outlier.

use crate::scanner::telegram::{TriggerNumber, TriggerRange};

/// A telegram and the place of the item that its moment stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    number: TriggerNumber,
    edge: i64,
    /// Items behind `edge` that were forgotten since.
    forgotten: u32,
}

/// The step between numbers and items.
#[derive(Clone, Debug)]
pub(super) struct Step {
    range: TriggerRange,
    agreeing: u8,
    trusted: Option<Mark>,
    suspect: Option<(Mark, u8)>,
}

impl Step {
    pub(super) fn new(range: TriggerRange, agreeing: u8) -> Self {
        Self { range, agreeing, trusted: None, suspect: None }
    }

    /// Everything begins anew.
    pub(super) fn restart(&mut self) {
        (self.trusted, self.suspect) = (None, None);
    }

    /// An item at this place is forgotten.
    pub(super) fn forget(&mut self, edge: i64) {
        let suspect = self.suspect.as_mut().map(|(mark, _)| mark);
        for mark in self.trusted.as_mut().into_iter().chain(suspect) {
            mark.forgotten = mark.forgotten.saturating_add(u32::from(edge > mark.edge));
        }
    }

    /// Takes a telegram whose moment stands for the item at `edge`; `passed` counts the known items after a
    /// place, up to and with that item. Gives whether it is trusted.
    pub(super) fn take(&mut self, number: TriggerNumber, edge: i64, passed: impl Fn(i64) -> u32) -> bool {
        let agrees = |mark: &Mark| {
            let items = mark.forgotten.saturating_add(passed(mark.edge));
            edge > mark.edge && self.range.distance(mark.number, number) == items
        };
        let mark = Mark { number, edge, forgotten: 0 };
        if self.trusted.as_ref().is_some_and(agrees) {
            (self.trusted, self.suspect) = (Some(mark), None);
            return true;
        }
        let run = match &self.suspect {
            Some((suspect, run)) if agrees(suspect) => run.saturating_add(1),
            _ => 1,
        };
        if run >= self.agreeing {
            (self.trusted, self.suspect) = (Some(mark), None);
            return true;
        }
        self.suspect = Some((mark, run));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items stand every metre; the telegram `number` comes at the moment of item `place`.
    fn trusted(step: &mut Step, number: u32, place: u32) -> bool {
        let edge = i64::from(place) * 1_000;
        step.take(TriggerNumber::new(number), edge, |from| u32::try_from((edge - from) / 1_000).unwrap_or(0))
    }

    fn in_step() -> Step {
        let mut step = Step::new(TriggerRange::new(0, 99).unwrap(), 3);
        assert!(!trusted(&mut step, 95, 5));
        assert!(!trusted(&mut step, 96, 6));
        assert!(trusted(&mut step, 97, 7));
        step
    }

    #[test]
    fn numbers_wrap_and_may_be_missing_with_their_items() {
        let mut step = in_step();
        assert!(trusted(&mut step, 98, 8));
        assert!(trusted(&mut step, 1, 11));
    }

    #[test]
    fn a_lost_or_additional_trigger_changes_the_step_after_three_that_agree() {
        for (number, place) in [(98, 9), (99, 8)] {
            let mut step = in_step();
            assert!(!trusted(&mut step, number, place));
            assert!(!trusted(&mut step, (number + 1) % 100, place + 1));
            assert!(trusted(&mut step, (number + 2) % 100, place + 2));
        }
    }

    #[test]
    fn one_outlier_changes_nothing() {
        let mut step = in_step();
        assert!(!trusted(&mut step, 98, 9));
        assert!(trusted(&mut step, 0, 10));
        assert!(!trusted(&mut step, 1, 10));
        assert!(trusted(&mut step, 1, 11));
    }
}
