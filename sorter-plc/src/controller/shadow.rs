//! Shadow mode: the controller decides as if it were in charge, and compares that with what the present
//! controller of the sorter does.

use std::collections::VecDeque;
use std::fmt;

use sorter_core::engine::{Fate, OrderEnd};
use sorter_core::ids::{ChuteId, ItemId, ParcelId};
use sorter_core::reason::Reason;
use sorter_core::units::Micros;

use super::Controller;
use super::items::Item;
use crate::contract::Seq;

/// Differences that a [`ShadowReport`] keeps one by one: the last of them.
pub const DIFFERENCES_KEPT: usize = 100;

/// One item that the present controller treated otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// When the item ended.
    pub at: Micros,
    /// The item.
    pub item: ItemId,
    /// Its parcel, where one was identified.
    pub parcel: Option<ParcelId>,
    /// The chute in which it ended, or none when it left at the end of the belt.
    pub went: Option<ChuteId>,
    /// The chute to which it would have been ordered, or none to let it run off.
    pub decided: Option<ChuteId>,
    /// The reason of that decision.
    pub reason: Reason,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: ", self.item, self.at)?;
        match self.went {
            Some(chute) => write!(f, "went to {chute}")?,
            None => f.write_str("ran off")?,
        }
        match self.decided {
            Some(chute) => write!(f, ", decided for {chute}: {}", self.reason),
            None => write!(f, ", decided to run off: {}", self.reason),
        }
    }
}

/// How often a controller in shadow mode agreed with the present controller.
///
/// Every inducted item that ended in a chute or left counts once, in `agreed`, `same_outlet` or `differed`.
/// Items that were lost, forgotten, turned up without induction or were on the belt before are not compared.
///
/// ```
/// use sorter_plc::controller::ShadowReport;
/// let report = ShadowReport { agreed: 90, same_outlet: 8, differed: 2, ..ShadowReport::default() };
/// assert_eq!(report.compared(), 100);
/// assert!(report.to_string().starts_with("100 items compared: 90 to the same chute"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowReport {
    /// Items that went to the decided chute, or ran off as decided.
    pub agreed: u64,
    /// Items that went to another chute that serves the same outlet of the plan.
    pub same_outlet: u64,
    /// Items that ended elsewhere.
    pub differed: u64,
    /// Those that ended elsewhere by the number of the reason of the decision.
    pub reasons: [u64; Reason::COUNT],
    /// Diverts of the present controller that missed.
    pub missed: u64,
    /// The last differences, the oldest first; at most [`DIFFERENCES_KEPT`].
    pub last: VecDeque<Difference>,
}

impl Default for ShadowReport {
    /// A report on nothing, with room for the differences that it keeps.
    fn default() -> Self {
        Self {
            agreed: 0,
            same_outlet: 0,
            differed: 0,
            reasons: [0; Reason::COUNT],
            missed: 0,
            last: VecDeque::with_capacity(DIFFERENCES_KEPT),
        }
    }
}

impl ShadowReport {
    /// Items that were compared.
    pub const fn compared(&self) -> u64 {
        self.agreed + self.same_outlet + self.differed
    }

    fn add(&mut self, difference: Difference) {
        self.differed += 1;
        self.reasons[difference.reason as usize] += 1;
        if self.last.len() == DIFFERENCES_KEPT {
            self.last.pop_front();
        }
        self.last.push_back(difference);
    }
}

impl fmt::Display for ShadowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} items compared: {} to the same chute, {} to another chute of the same outlet, {} elsewhere; {} \
             diverts missed",
            self.compared(),
            self.agreed,
            self.same_outlet,
            self.differed,
            self.missed
        )?;
        for (reason, count) in Reason::ALL.iter().zip(self.reasons).filter(|(_, count)| *count > 0) {
            writeln!(f, "{count} elsewhere, decided so: {reason}")?;
        }
        for difference in &self.last {
            writeln!(f, "{difference}")?;
        }
        Ok(())
    }
}

impl Controller {
    /// How decisions and the present controller compare, in shadow mode.
    pub fn shadow(&self) -> Option<&ShadowReport> {
        self.shadow.as_ref()
    }

    /// Takes an order as given at once: nothing is sent, so no record tells how it fares. What it replaces ends.
    pub(super) fn suppose(&mut self, now: Micros, id: ItemId, given: Option<ChuteId>) {
        let Some(item) = self.items.get_mut(id) else { return };
        self.worker.about(self.cause, item.weight);
        for (_, chute) in item.orders.drain(..) {
            self.worker.order_ended(id, now, chute, &item.held, OrderEnd::Replaced);
        }
        item.orders.extend(given.map(|chute| (Seq::NONE, chute)));
    }

    /// Compares the end of an item with what was decided about it.
    pub(super) fn compare_end(&mut self, now: Micros, item: &Item, fate: Fate) {
        let Some(shadow) = self.shadow.as_mut().filter(|_| item.inducted) else { return };
        let went = match fate {
            Fate::Discharged(chute) => Some(chute),
            Fate::Left => None,
            Fate::Lost | Fate::Forgotten => return,
        };
        let decided = item.ordered();
        if went == decided {
            shadow.agreed += 1;
            return;
        }
        let plan = self.worker.engine().plan();
        let outlet = |chute: Option<ChuteId>| plan.outlet_of_chute(chute?);
        if outlet(went).is_some() && outlet(went) == outlet(decided) {
            shadow.same_outlet += 1;
            return;
        }
        let parcel = item.identity.and_then(|identity| identity.parcel().ok());
        let reason = item.held.reason;
        shadow.add(Difference { at: now, item: item.id, parcel, went, decided, reason });
    }

    /// A divert of the present controller missed.
    pub(super) fn note_miss(&mut self) {
        if let Some(shadow) = &mut self.shadow {
            shadow.missed += 1;
        }
    }
}
