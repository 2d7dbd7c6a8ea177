//! Deliberate faults of the hall: customs, containers, manifests and changeover.

use sorter_core::clearance::Clearance;
use sorter_core::container::{Content, Manifest, ManifestHead};
use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::units::Micros;
use sorter_plc::contract::{Order, OrderOp};

use super::Saboteur;
use crate::check::ContainerChecker;
use crate::customs::Message;
use crate::scenario::SabotageKind;

/// Orders that are sent elsewhere: not each of them ends in the chute, since the item may be past it.
const REDIRECTED: u64 = 20;

/// What the saboteur sees of the hall when it looks for a wrong chute.
pub(crate) struct HallView<'v, 'a> {
    /// What stands at the chutes.
    pub(crate) containers: &'v ContainerChecker<'a>,
    /// The present.
    pub(crate) at: Micros,
    /// The postcode index of the label that was read on an item, if one was.
    pub(crate) postcode: &'v dyn Fn(ItemId) -> Option<u32>,
}

impl HallView<'_, '_> {
    /// The last chute of the belt that is fit, so that the item is most likely not past it.
    fn last_chute(&self, fit: impl Fn(ChuteId) -> bool) -> Option<ChuteId> {
        self.containers.chutes().rev().find(|chute| fit(*chute))
    }

    /// A chute where a container stands that takes no orders: it has no plate, or its departure is closed.
    fn closed(&self, sorter: SorterId) -> Option<ChuteId> {
        let containers = self.containers;
        self.last_chute(|chute| {
            let shut = !containers.takes_orders(sorter, chute, self.at);
            shut && containers.has_container(sorter, chute) && containers.routes_in_force().is_outbound(chute)
        })
    }

    /// A chute that drains before it serves the destination of an item.
    fn draining(&self, sorter: SorterId, item: ItemId) -> Option<ChuteId> {
        let containers = self.containers;
        let route = containers.routes_in_force().route((self.postcode)(item)?)?;
        self.last_chute(|chute| {
            let open = containers.takes_orders(sorter, chute, self.at);
            open && containers.is_draining(sorter, chute) && route.allows(chute)
        })
    }

    /// An outbound chute, when an item with a label is on its way to a hold chute.
    fn way_out(&self, sorter: SorterId, item: ItemId, chute: ChuteId) -> Option<ChuteId> {
        let containers = self.containers;
        (self.postcode)(item).filter(|_| containers.routes_of(sorter, chute).is_hold(chute))?;
        self.last_chute(|chute| {
            let open = containers.takes_orders(sorter, chute, self.at);
            open && !containers.is_draining(sorter, chute)
                && containers.routes_of(sorter, chute).is_outbound(chute)
        })
    }
}

impl Saboteur {
    /// Sends an order to a closed container, to a chute that still drains, or out instead of to the hold. To be
    /// called after [`Saboteur::orders`], before the checkers see the orders.
    pub(crate) fn hall_orders(&mut self, sorter: SorterId, orders: &mut [Order], hall: &HallView<'_, '_>) {
        for order in orders {
            let OrderOp::Divert { chute } = &mut order.op else { continue };
            if self.acted >= REDIRECTED {
                return;
            }
            let other = if self.acts(SabotageKind::ClosedContainer) {
                hall.closed(sorter)
            } else if self.acts(SabotageKind::UndrainedSwitch) {
                hall.draining(sorter, order.item)
            } else if self.acts(SabotageKind::ReleaseUnreleased) {
                hall.way_out(sorter, order.item, *chute)
            } else {
                return;
            };
            if let Some(other) = other.filter(|other| other != chute) {
                *chute = other;
                self.acted += 1;
            }
        }
    }

    /// Takes the last entry out of a manifest and makes all else fit, so that only who knows what was discharged
    /// can tell. To be called before the checkers see the manifest.
    pub(crate) fn manifest(&mut self, manifest: &mut Manifest) {
        if !self.acts(SabotageKind::ShortManifest) || self.acted > 0 || manifest.entries.is_empty() {
            return;
        }
        let mut content = Content::default();
        let short = manifest.entries.len() - 1;
        manifest.entries[..short].iter().for_each(|entry| content.push(*entry));
        let head = ManifestHead {
            container: manifest.container,
            plate: manifest.plate,
            kind: manifest.kind,
            sorter: manifest.sorter,
            chute: manifest.chute,
            lane: manifest.lane,
            departure: manifest.departure,
            opened: manifest.opened,
        };
        *manifest = content.seal(head, manifest.sealed);
        self.acted += 1;
    }

    /// What the engine gets instead of a message of customs, or nothing: holds are lost, and what is older than
    /// an earlier message gets the newest time. The checkers see the message itself as delivered, and what the
    /// engine made of the one it got as the answer to it.
    pub(crate) fn message(&mut self, message: Message) -> Option<Message> {
        let holds = message.status.hold_reason().is_some() && message.status != Clearance::Transit;
        if holds && self.acts(SabotageKind::LoseHold) {
            self.acted += 1;
            return None;
        }
        if self.plan.as_ref().is_some_and(|plan| plan.kind == SabotageKind::OldStatus) {
            let newest = *self.newest.entry(message.label).or_insert(message.sent);
            if message.sent < newest && self.acts(SabotageKind::OldStatus) {
                self.acted += 1;
                return Some(Message { sent: newest + Micros::new(1), ..message });
            }
            self.newest.insert(message.label, newest.max(message.sent));
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests;
