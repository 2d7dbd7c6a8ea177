//! Deliberate faults at the typed border, so that every checker can be seen to fail.
//!
//! A sabotage acts from one parcel count on and does something that a right engine never does. No run has one
//! unless its scenario asks for it.

mod hall;

use std::collections::BTreeMap;

pub(crate) use hall::HallView;
use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::reason::Reason;
use sorter_core::units::Micros;
use sorter_plc::contract::{ChuteBits, Event, EventRecord, Order, OrderOp, PlantImage, ScanData, ScanRecord};
use sorter_plc::controller::DecisionNote;

use crate::check::{RouteOracle, SorterBooks};
use crate::scenario::{Sabotage, SabotageKind};

/// A scan may wait this long for the next one, so that two can be swapped before either item is overdue.
const SWAP_WAIT: Micros = Micros::from_millis(1_200);

/// Pairs of scans that are swapped: one of a pair may be an exception anyhow, which hides its swap.
const SWAPS: u64 = 5;

/// Turns of a disk in which it lies: not each of them has a decision behind it.
const LIES: u64 = 200;

/// The sabotage of one hub.
pub(crate) struct Saboteur {
    plan: Option<Sabotage>,
    /// Items inducted so far.
    inducted: u32,
    /// Times it acted.
    acted: u64,
    /// The scan that waits to be swapped with the next one of its sorter.
    waiting: Option<(SorterId, Micros, Vec<ScanRecord>)>,
    /// The last outbound chute that was ordered at any sorter.
    last_outbound: Option<ChuteId>,
    /// An item whose last decision was for a duplicate label.
    duplicate: Option<(SorterId, ItemId)>,
    /// A chute that is full.
    full: Option<(SorterId, ChuteId)>,
    /// The newest message time of each label, for whoever makes an older one newer.
    newest: BTreeMap<u32, Micros>,
}

impl Saboteur {
    pub(crate) fn new(plan: Option<Sabotage>) -> Self {
        Self {
            plan,
            inducted: 0,
            acted: 0,
            waiting: None,
            last_outbound: None,
            duplicate: None,
            full: None,
            newest: BTreeMap::new(),
        }
    }

    /// Times it acted.
    pub(crate) fn acted(&self) -> u64 {
        self.acted
    }

    /// The kind, if there is one.
    pub(crate) fn kind(&self) -> Option<SabotageKind> {
        self.plan.as_ref().map(|plan| plan.kind)
    }

    /// Whether this kind acts now.
    fn acts(&self, kind: SabotageKind) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.kind == kind && self.inducted >= plan.at_parcel)
    }

    /// Counts inductions and drops a confirmation.
    pub(crate) fn events(&mut self, events: &mut Vec<EventRecord>) {
        let inducted = events.iter().filter(|record| matches!(record.event, Event::Inducted { .. })).count();
        self.inducted += u32::try_from(inducted).expect("few events fit into one scan");
        if self.acts(SabotageKind::DropConfirm)
            && self.acted == 0
            && let Some(place) =
                events.iter().position(|record| matches!(record.event, Event::Discharged { .. }))
        {
            events.remove(place);
            self.acted += 1;
        }
    }

    /// Swaps the scans of two items that follow each other closely on one sorter.
    pub(crate) fn scans(&mut self, sorter: SorterId, now: Micros, scans: &mut Vec<ScanRecord>) {
        if let Some((_, since, _)) = &self.waiting
            && now.saturating_since(*since) > SWAP_WAIT
            && self.waiting.as_ref().is_some_and(|(at, ..)| *at == sorter)
        {
            // Nobody came in time; the records go on as they were.
            let (_, _, records) = self.waiting.take().expect("looked at just now");
            scans.splice(0..0, records);
        }
        if !self.acts(SabotageKind::SwapScans) || self.acted >= SWAPS || scans.is_empty() {
            return;
        }
        let has_code = |record: &ScanRecord| matches!(record.data, ScanData::Code(_));
        if self.waiting.is_none() && !scans.iter().any(has_code) {
            return;
        }
        match self.waiting.take() {
            // What the scale adds about the waiting item waits with it.
            Some((at, since, mut records)) if at == sorter && records[0].item == scans[0].item => {
                records.append(scans);
                self.waiting = Some((at, since, records));
            }
            None => self.waiting = Some((sorter, now, std::mem::take(scans))),
            Some((at, since, records)) if at != sorter || !scans.iter().any(has_code) => {
                self.waiting = Some((at, since, records));
            }
            Some((_, _, mut records)) => {
                let (first, second) = (records[0].item, scans[0].item);
                records.iter_mut().for_each(|record| record.item = second);
                scans
                    .iter_mut()
                    .filter(|record| record.item == second)
                    .for_each(|record| record.item = first);
                scans.append(&mut records);
                self.acted += 1;
            }
        }
    }

    /// When waiting scans have to be looked at again.
    pub(crate) fn due(&self, sorter: SorterId) -> Option<Micros> {
        let (at, since, _) = self.waiting.as_ref()?;
        (*at == sorter).then(|| *since + SWAP_WAIT + Micros::new(1))
    }

    /// Mixes up the plan version of a decision, and remembers which item has a duplicate label.
    pub(crate) fn decided(&mut self, sorter: SorterId, mut note: DecisionNote) -> DecisionNote {
        if self.acts(SabotageKind::MixPlans) && self.acted == 0 {
            note.plan = sorter_core::ids::PlanVersion::new(note.plan.get() + 1);
            self.acted += 1;
        }
        if self.acts(SabotageKind::ClaimTwice) && note.reason == Reason::Duplicate {
            self.duplicate = Some((sorter, note.item));
        }
        note
    }

    /// Sends an order to another chute or to a full one, or a duplicate out of the building.
    pub(crate) fn orders(&mut self, sorter: SorterId, orders: &mut [Order], routes: &RouteOracle) {
        for order in orders {
            let OrderOp::Divert { chute } = &mut order.op else { continue };
            if self.acts(SabotageKind::OrderElsewhere) && self.acted == 0 && routes.is_outbound(*chute) {
                *chute = ChuteId::new(if chute.get() == 0 { 1 } else { chute.get() - 1 });
                self.acted += 1;
            }
            if self.duplicate == Some((sorter, order.item))
                && let Some(out) = self.last_outbound
            {
                *chute = out;
                self.duplicate = None;
                self.acted += 1;
            }
            if let Some((_, full)) = self.full.filter(|(at, _)| *at == sorter && self.acted == 0) {
                *chute = full;
                self.acted += 1;
            }
            if routes.is_outbound(*chute) {
                self.last_outbound = Some(*chute);
            }
        }
    }

    /// Remembers a chute that is full.
    pub(crate) fn image(&mut self, sorter: SorterId, image: &PlantImage) {
        if self.acts(SabotageKind::Overfill) {
            let full = ChuteBits::default().changed(&image.full).next();
            self.full = full.map(|chute| (sorter, chute));
        }
    }

    /// Whether the disk says that it has a batch which it does not have yet, so that orders go out before their
    /// decisions are durable.
    pub(crate) fn disk_lies(&mut self) -> bool {
        let lies = self.acts(SabotageKind::OrderBeforeDurable) && self.acted < LIES;
        self.acted += u64::from(lies);
        lies
    }

    /// Counts one item too many.
    pub(crate) fn books(&mut self, mut books: SorterBooks) -> SorterBooks {
        if self.acts(SabotageKind::Miscount) {
            books.inducted += 1;
            self.acted += 1;
        }
        books
    }
}
