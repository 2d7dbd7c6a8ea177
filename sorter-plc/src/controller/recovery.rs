//! How a controller goes on where an earlier host has left off, by what the journal has.
//!
//! The items of the belt are taken over with what was decided about them, and with a place in the chute of each;
//! whether their orders reached the PLC is not known. Nothing is sent until the belt was compared
//! ([`Controller::resync`]), which answers just that. The PLC sends the events again that were not acknowledged: those
//! that the journal has changed everything that they change, and are dropped. They come before the belt is compared, so
//! none is looked for later.
//!
//! What the tunnel has told about items that are half read is taken over as well, where the journal has it: the rest of
//! their records, which nobody has acknowledged, completes them.

use sorter_core::ids::ItemId;
use sorter_core::journal::{Cause, ItemImage, Recovered, ScannedNote};
use sorter_core::reason::Reason;
use sorter_core::units::Micros;

use super::belt::BeltCount;
use super::items::Item;
use super::{Controller, Watch};
use crate::contract::{Seq, Status};

/// What an earlier host left behind, and the session that there was last.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Events that the journal has, and that may come again.
    recent: Vec<(ItemId, Cause)>,
    /// Boot number of the PLC and session, of the last session that the journal has.
    linked: Option<(u16, u16)>,
    /// Whether items are here that the belt was not compared with yet.
    restored: bool,
}

impl Before {
    /// Whether this event was taken in before. Each is dropped once.
    pub(super) fn had(&mut self, item: ItemId, cause: Cause) -> bool {
        let known = self.recent.len();
        if known > 0 {
            // One event may have made several records.
            self.recent.retain(|event| *event != (item, cause));
        }
        self.recent.len() < known
    }

    /// Boot number of the PLC in the last session that the journal has.
    pub(super) fn boot(&self) -> Option<u16> {
        self.linked.map(|(boot, _)| boot)
    }

    /// From now on no event comes again.
    pub(super) fn forget(&mut self) {
        self.recent.clear();
    }
}

impl Controller {
    /// Boot number and session of the last session with the PLC that the journal has, this host's or an earlier one's.
    pub fn linked(&self) -> Option<(u16, u16)> {
        self.before.linked
    }

    /// Takes over what an earlier host knew.
    pub(super) fn restore(&mut self, recovered: Recovered) {
        let Recovered { items, recent, linked, mut half_read } = recovered;
        self.before = Before { recent, linked, restored: true };
        self.synced = false;
        let last = items.last().map(|item| item.inducted_at);
        if let Some(count) = last.or(half_read.last().map(|half| half.since)) {
            // Until the encoder is read, the belt stands where its last item entered: no distance is ambiguous.
            self.belt = BeltCount { count, travel: 0 };
        }
        for item in &items {
            self.restore_item(item);
        }
        half_read.sort_by_key(|half| self.belt.travel_of(half.since));
        for half in &half_read {
            self.restore_half_read(half);
        }
        self.images.restore(self.worker.chutes());
    }

    fn restore_item(&mut self, image: &ItemImage) {
        let origin = self.belt.travel_of(image.inducted_at);
        let mut item = Item::new(image.item, image.inducted_at, origin, image.inducted);
        item.identity = image.identity();
        item.held = image.assigned();
        item.weight = image.weight;
        item.committed = image.committed;
        item.decisions = image.decisions;
        // The worker has reserved its place.
        let ordered = image.chute.filter(|chute| self.worker.chutes().get(*chute).is_some());
        item.orders.extend(ordered.map(|chute| (Seq::NONE, chute)));
        if !self.items.insert(item) {
            self.counters.unknown_items += 1;
        }
    }

    /// Goes on with an item that was half read, if it is the one that has its number now: on the belt, or not heard of at
    /// the induction yet.
    fn restore_half_read(&mut self, half: &ScannedNote) {
        let since = self.belt.travel_of(half.since);
        let is_its = match self.items.get(half.item) {
            Some(item) => {
                let oldest = self.oldest_scan(item.origin);
                let entered = half.inducted_at.is_none_or(|count| count == item.inducted_at);
                item.awaits_codes() && entered && since >= oldest
            }
            None => half.inducted_at.is_none(),
        };
        if is_its && self.before.boot().is_none_or(|boot| boot == half.boot) {
            self.assemblies.resume(half, since);
            self.counters.resumed_reads += 1;
        }
    }

    /// Has the journal note which session with which PLC the records that follow come from.
    pub(super) fn note_session(&mut self, now: Micros, status: &Status) {
        let session = (status.boot, status.session_echo);
        if self.worker.lane().is_some() && self.before.linked != Some(session) {
            self.before.linked = Some(session);
            self.worker.linked(now, status.boot, status.session_echo);
        }
    }

    /// Decides items anew whose order had ended when the host crashed, and which the crash kept from another one.
    pub(super) fn take_up_again(&mut self, now: Micros, watch: &mut impl Watch) {
        if !std::mem::take(&mut self.before.restored) || self.shadow.is_some() {
            return;
        }
        self.list_items();
        while let Some(id) = self.roll.all.pop() {
            let interrupted = self.items.get(id).is_some_and(|item| {
                let ended = matches!(item.held.reason, Reason::LateOrder | Reason::ChuteDisabled);
                item.identity.is_some() && ended && item.held.chute.is_none() && item.ordered().is_none()
            });
            if interrupted {
                self.decide(now, id, &[], watch);
            }
        }
    }
}
