//! What a controller tells whoever watches it: a checker, a stopwatch, a recorder.

use sorter_core::ids::{ChuteId, ItemId, ParcelId, PlanVersion};
use sorter_core::reason::Reason;
use sorter_core::units::Micros;

use super::Inputs;
use crate::contract::Order;

/// What the controller decided about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecisionNote {
    /// When.
    pub at: Micros,
    /// The item.
    pub item: ItemId,
    /// The parcel, where one was identified.
    pub parcel: Option<ParcelId>,
    /// The chute, or none to let it run off.
    pub chute: Option<ChuteId>,
    /// Why.
    pub reason: Reason,
    /// By which plan.
    pub plan: PlanVersion,
}

/// What came out when the belt of the PLC was compared with what the controller knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResyncNote<'a> {
    /// Items that both know.
    pub kept: &'a [ItemId],
    /// Items that are no longer on the belt: their end was not recorded, so their fate is unknown.
    pub gone: &'a [ItemId],
    /// Items on the belt that the controller did not know. It never orders them.
    pub found: &'a [ItemId],
}

/// Watches a controller. Every method does nothing unless it is written.
///
/// ```
/// use sorter_core::units::Micros;
/// use sorter_plc::contract::Order;
/// use sorter_plc::controller::Watch;
///
/// #[derive(Default)]
/// struct Sent(usize);
///
/// impl Watch for Sent {
///     fn ordered(&mut self, _now: Micros, orders: &[Order]) {
///         self.0 += orders.len();
///     }
/// }
/// let mut sent = Sent::default();
/// let watch: &mut dyn Watch = &mut sent;
/// watch.ordered(Micros::ZERO, &[]);
/// ```
pub trait Watch {
    /// The PLC reported this, and the controller is about to take it in.
    fn reported(&mut self, _now: Micros, _inputs: &Inputs<'_>) {}
    /// A decision begins.
    fn deciding(&mut self) {}
    /// It was taken.
    fn decided(&mut self, _note: &DecisionNote) {}
    /// An item passed its point of no return to the chute of the note.
    fn committed(&mut self, _note: &DecisionNote) {}
    /// These orders are to be sent; called at the end of each poll, also with none.
    fn ordered(&mut self, _now: Micros, _orders: &[Order]) {}
    /// The PLC restarted, and every item on the belt is forgotten.
    fn restarted(&mut self, _now: Micros) {}
    /// A session has opened, and the belt was compared.
    fn resynced(&mut self, _now: Micros, _note: &ResyncNote<'_>) {}
}

impl Watch for () {}

/// Passes everything on to the watch inside.
macro_rules! pass_on {
    ($($kind:ty),*) => {
        $(impl<W: Watch + ?Sized> Watch for $kind {
            fn reported(&mut self, now: Micros, inputs: &Inputs<'_>) {
                (**self).reported(now, inputs);
            }
            fn deciding(&mut self) {
                (**self).deciding();
            }
            fn decided(&mut self, note: &DecisionNote) {
                (**self).decided(note);
            }
            fn committed(&mut self, note: &DecisionNote) {
                (**self).committed(note);
            }
            fn ordered(&mut self, now: Micros, orders: &[Order]) {
                (**self).ordered(now, orders);
            }
            fn restarted(&mut self, now: Micros) {
                (**self).restarted(now);
            }
            fn resynced(&mut self, now: Micros, note: &ResyncNote<'_>) {
                (**self).resynced(now, note);
            }
        })*
    };
}

pass_on!(&mut W, Box<W>);
