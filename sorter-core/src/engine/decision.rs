//! What goes into a decision, what comes out of it, and how what it led to ends.

use smallvec::SmallVec;

use super::identity::Identity;
use crate::ids::{ChuteId, ItemId, ParcelId, PlanVersion};
use crate::ledger::{Entry, Hint, Ledger};
use crate::reason::Reason;
use crate::state_word::Owner;
use crate::units::{Micros, Millimetres};

/// The hold of one item on one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The parcel.
    pub parcel: ParcelId,
    /// Sorter and pass.
    pub owner: Owner,
    /// The slot of the parcel.
    pub(crate) hint: Hint,
}

impl Claim {
    /// Where the ledger has the parcel.
    pub(super) fn entry(&self, ledger: &Ledger) -> Option<Entry> {
        ledger.entry_by(self.parcel, self.hint)
    }
}

/// What an item holds from its last decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Its parcel, if it has one.
    pub claim: Option<Claim>,
    /// Where its present order goes to.
    pub chute: Option<ChuteId>,
    /// Why.
    pub reason: Reason,
}

impl Assigned {
    /// An item that was not decided yet.
    pub const NOTHING: Self = Self { claim: None, chute: None, reason: Reason::NoRead };
}

/// What is known about an item when it has to be decided.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// The item.
    pub item: ItemId,
    /// The present time.
    pub at: Micros,
    /// The codes read on it since the last decision, as raw bytes; none at all is a no-read. At most
    /// [`super::MAX_CODES`] are looked at.
    pub codes: &'a [&'a [u8]],
    /// The identity from an earlier decision about the same item. New codes are added to what it says.
    pub known: Option<Identity>,
    /// What the item holds from an earlier decision.
    pub held: Assigned,
    /// The first position along the belt at which an order is still sure to be taken.
    pub reach: Millimetres,
}

/// Chutes that would have done as well.
pub type Alternates = SmallVec<[ChuteId; 6]>;

/// The answer to a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which parcel it is, or why that is not known. Keep it for the next decision about the item.
    pub identity: Identity,
    /// What the item holds now. A chute that it did not hold before has a place reserved, which goes back
    /// through [`Worker::order_ended`](super::Worker::order_ended). No chute means: no order, let it run off.
    pub assigned: Assigned,
    /// The plan that decided.
    pub plan: PlanVersion,
    /// Chutes of the same outlet that would have done as well.
    pub alternates: Alternates,
}

/// The answer at the point of no return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The order stands.
    Done,
    /// Something has changed since: decide again now.
    DecideAgain,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEnd {
    /// The item is done with, and its order with it.
    WithItem,
    /// Another order took its place.
    Replaced,
    /// It ended and the item is still on the belt: missed, refused, or its chute closed.
    ItemGoesOn,
}

/// How a pass of an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In a chute.
    Discharged(ChuteId),
    /// Off the end of the belt.
    Left,
    /// Lost by tracking.
    Lost,
    /// Not known: the PLC restarted and forgot it, or it was gone from the belt when a link came back.
    Forgotten,
}

/// What a worker counted beside its balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Ended passes by the reason of their last decision, indexed by the number of the reason.
    pub reasons: [u64; Reason::COUNT],
    /// Decisions, first ones and further ones.
    pub decisions: u64,
    /// Decisions that passed the point of no return.
    pub commits: u64,
    /// Parcels claimed again after tracking had lost them.
    pub amended: u64,
    /// Items whose label is live on another item.
    pub contested: u64,
    /// Parcels that were discharged and found held by customs at that moment.
    pub recalls: u64,
    /// Chutes that changed their destination.
    pub changeovers: u64,
    /// The time from the new plan to the new destination, over all of them.
    pub changing: Micros,
    /// The slowest of them.
    pub longest_change: Micros,
    /// Parcels that were unknown since a restart, did not turn up and were declared lost.
    pub declared_lost: u64,
    /// Facts that do not fit the state of their parcel; each would be a fault of the engine.
    pub deviations: u64,
}
