//! From an outlet of the plan to a chute that is ahead of the item and has room.

use smallvec::SmallVec;

use crate::chute::{ChuteBank, Dock};
use crate::ids::{ChuteId, ConnectionId, OutletId};
use crate::layout::Layout;
use crate::plan::Plan;
use crate::reason::Reason;
use crate::units::{Micros, Millimetres};

/// What an outlet offers an item at its place on the belt.
pub(super) struct Offer {
    /// The chute, or why there is none.
    pub(super) chute: Result<ChuteId, Reason>,
    /// Whether the chute belongs to an overflow outlet and not to the one that was asked for.
    pub(super) overflowed: bool,
    /// Further chutes of the outlet that could have been taken.
    pub(super) alternates: SmallVec<[ChuteId; 6]>,
}

/// Where the item is, what it holds already and what it needs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The present time.
    pub(super) at: Micros,
    /// The first position at which an order is still sure to be taken.
    pub(super) reach: Millimetres,
    /// The chute that its present order goes to: its place there is reserved already.
    pub(super) held: Option<ChuteId>,
    /// Goods in transit go with this connection only, from a bonded chute, and to no overflow.
    pub(super) transit: Option<ConnectionId>,
    /// Whether another lap costs less than the overflow, for a chute that will be back in a minute.
    pub(super) patient: bool,
}

/// Finds a chute for an outlet, along its overflow chain if need be.
pub(super) fn offer(plan: &Plan, layout: &Layout, bank: &ChuteBank, outlet: OutletId, place: Place) -> Offer {
    let mut offer = Offer { chute: Err(Reason::NoRule), overflowed: false, alternates: SmallVec::new() };
    let mut next = Some(outlet);
    // A checked plan has no circles, so no chain is longer than there are outlets.
    for step in 0..plan.outlets().len() {
        let Some(outlet) = next else { break };
        let target = plan.outlet(outlet);
        match best(&target.chutes, layout, bank, place, &mut offer.alternates) {
            Ok(chute) => {
                offer.chute = Ok(chute);
                offer.overflowed = step > 0;
                return offer;
            }
            Err(reason) if step == 0 && (place.transit.is_some() || place.waits_for(reason)) => {
                offer.chute = Err(reason);
                return offer;
            }
            // The first obstacle is the one to tell: later outlets are only the way around it.
            Err(reason) if step == 0 => offer.chute = Err(reason),
            Err(_) => {}
        }
        next = target.overflow;
    }
    offer
}

impl Place {
    /// Whether another pass is better than the overflow, which is for want of room. What came too late for
    /// its chute is sorted right on its next pass, and a chute whose container is being changed is back soon.
    const fn waits_for(&self, obstacle: Reason) -> bool {
        match obstacle {
            Reason::LateOrder => true,
            Reason::Changeover | Reason::DepartureClosed => self.patient,
            _ => false,
        }
    }

    /// Whether the container at a chute leaves with the connection that the item needs, if it needs one.
    fn fits(&self, dock: &Dock) -> bool {
        self.transit.is_none_or(|connection| dock.bonded && dock.connection == Some(connection))
    }
}

/// The chute of a group with the most free room; the lowest number wins a tie.
fn best(
    chutes: &[ChuteId],
    layout: &Layout,
    bank: &ChuteBank,
    place: Place,
    alternates: &mut SmallVec<[ChuteId; 6]>,
) -> Result<ChuteId, Reason> {
    let mut best: Option<(u16, ChuteId)> = None;
    let mut obstacle = Reason::NoRule;
    for chute in chutes {
        let (Some(spec), Some(state)) = (layout.chutes().get(chute.index()), bank.get(*chute)) else {
            continue;
        };
        let held = place.held == Some(*chute);
        let room = if held { state.usable(place.at) } else { state.room(place.at) };
        if !place.fits(state.dock()) {
            // What ails the chute of the right connection says more.
            if obstacle == Reason::NoRule {
                obstacle = Reason::OnwardFlight;
            }
        } else if spec.position < place.reach {
            obstacle = Reason::LateOrder;
        } else if let Err(no_room) = room {
            obstacle = no_room.reason();
        } else if held {
            // Another chute of the group would only cost a replacement order.
            return Ok(*chute);
        } else {
            let free = state.free();
            if alternates.len() < alternates.inline_size() {
                alternates.push(*chute);
            }
            if best.is_none_or(|(most, _)| free > most) {
                best = Some((free, *chute));
            }
        }
    }
    let (_, chute) = best.ok_or(obstacle)?;
    alternates.retain(|alternate| *alternate != chute);
    Ok(chute)
}
