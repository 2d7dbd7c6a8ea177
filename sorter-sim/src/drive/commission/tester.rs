//! The host of a commissioning: gives the orders that it is asked for and measures what comes of them.

use std::collections::VecDeque;

use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Micros};
use sorter_plc::contract::{
    Capabilities, Event, EventRecord, ORDER_SLOTS, Order, OrderOp, Refusal, Seq, StateBits, Status,
};
use sorter_plc::controller::Inputs;
use sorter_plc::host::{Host, Resync};
use std::sync::Arc;

/// Items whose ways are kept.
const TRACKS: usize = 256;

/// How the lamp orders fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lamps {
    /// Orders asked for: one to light each lamp, one to put it out.
    pub asked: u64,
    /// Those that the PLC took.
    pub taken: u64,
    /// Those that it refused.
    pub refused: u64,
    /// The slowest, from the poll that gave the order to the answer with its acknowledgement.
    pub slowest: Micros,
}

/// One divert, from the order to the chute eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shot {
    /// The chute.
    pub chute: ChuteId,
    /// The item.
    pub item: ItemId,
    /// Its encoder count at the induction.
    pub inducted_at: EncoderCount,
    /// When the order was given.
    pub ordered: Micros,
    /// When its acknowledgement was read.
    pub taken: Option<Micros>,
    /// When it was read that the diverter fired, and at which count it did.
    pub fired: Option<(Micros, EncoderCount)>,
    /// When it was read that the item is in the chute, at which count it was, and whether an eye saw it.
    pub discharged: Option<(Micros, EncoderCount, bool)>,
    /// How it failed.
    pub failed: Option<Failure>,
}

/// How a divert failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The PLC refused it.
    Refused(Refusal),
    /// The diverter fired and the item stayed on the belt.
    Missed,
    /// It ended without a divert.
    Ended,
    /// The item left or was lost first.
    Gone,
}

impl Shot {
    /// Whether nothing more will come of it.
    pub const fn is_over(&self) -> bool {
        self.discharged.is_some() || self.failed.is_some()
    }
}

/// The way of an item: where its leading edge was at which encoder count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// The item.
    pub item: ItemId,
    /// Each photo-eye that saw it, from the induction on.
    pub eyes: Vec<(EyeId, EncoderCount)>,
}

/// Gives the orders that it is asked for, and no other.
#[derive(Debug)]
pub struct Tester {
    layout: Arc<Layout>,
    sent: Seq,
    wanted: VecDeque<(ItemId, OrderOp)>,
    /// Orders that are not acknowledged, with the time at which they were given.
    open: VecDeque<(Seq, OrderOp, Micros)>,
    lamps: Lamps,
    aim: Option<ChuteId>,
    shot: Option<Shot>,
    tracks: VecDeque<Track>,
    /// The first and the last look at the encoder while the belt ran.
    run: Option<((Micros, EncoderCount), (Micros, EncoderCount))>,
    status: Status,
}

impl Tester {
    /// A tester that orders nothing yet.
    pub fn new(layout: Arc<Layout>) -> Self {
        Self {
            layout,
            sent: Seq::NONE,
            wanted: VecDeque::new(),
            open: VecDeque::new(),
            lamps: Lamps::default(),
            aim: None,
            shot: None,
            tracks: VecDeque::new(),
            run: None,
            status: Status::default(),
        }
    }

    /// Lights the lamp of each chute of the layout, or puts it out.
    pub fn set_lamps(&mut self, pattern: u16) {
        let chutes = (0..self.layout.chutes().len()).filter_map(|chute| u16::try_from(chute).ok());
        let orders =
            chutes.map(|chute| (ItemId::NONE, OrderOp::ChuteLamp { chute: ChuteId::new(chute), pattern }));
        let before = self.wanted.len();
        self.wanted.extend(orders);
        self.lamps.asked += (self.wanted.len() - before) as u64;
    }

    /// How the lamp orders fared.
    pub fn lamps(&self) -> Lamps {
        self.lamps
    }

    /// Whether every order that was asked for has been answered.
    pub fn is_idle(&self) -> bool {
        self.wanted.is_empty() && self.open.is_empty()
    }

    /// Diverts the next item that is inducted into this chute.
    pub fn aim(&mut self, chute: ChuteId) {
        (self.aim, self.shot) = (Some(chute), None);
    }

    /// The divert, when there was an item for it.
    pub fn shot(&self) -> Option<Shot> {
        self.shot
    }

    /// The ways of the last items.
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter()
    }

    /// Pulses of the encoder and the time that they took, from the first to the last look while the belt ran.
    pub fn run(&self) -> Option<(Micros, sorter_core::units::Pulses)> {
        let (first, last) = self.run?;
        let elapsed = last.0.saturating_since(first.0);
        (elapsed > Micros::ZERO).then(|| (elapsed, first.1.distance_to(last.1)))
    }

    /// The last STATUS.
    pub fn status(&self) -> Status {
        self.status
    }

    fn inducted(&mut self, record: &EventRecord) {
        if self.tracks.len() == TRACKS {
            self.tracks.pop_front();
        }
        self.tracks.push_back(Track { item: record.item, eyes: vec![(EyeId::new(0), record.encoder)] });
        if let Some(chute) = self.aim.take() {
            self.wanted.push_back((record.item, OrderOp::Divert { chute }));
            self.shot = Some(Shot {
                chute,
                item: record.item,
                inducted_at: record.encoder,
                ordered: Micros::ZERO,
                taken: None,
                fired: None,
                discharged: None,
                failed: None,
            });
        }
    }

    fn event(&mut self, now: Micros, record: &EventRecord) {
        match record.event {
            Event::Inducted { .. } => self.inducted(record),
            Event::Seen { eye, .. } => {
                if let Some(track) = self.tracks.iter_mut().rev().find(|track| track.item == record.item) {
                    track.eyes.push((eye, record.encoder));
                }
            }
            Event::Refused { reason, order } => self.refused(order, reason),
            _ => {}
        }
        let Some(shot) = self.shot.as_mut().filter(|shot| shot.item == record.item && !shot.is_over()) else {
            return;
        };
        match record.event {
            Event::Fired { .. } => shot.fired = Some((now, record.encoder)),
            Event::Discharged { verified, .. } => shot.discharged = Some((now, record.encoder, verified)),
            Event::Missed { .. } => shot.failed = Some(Failure::Missed),
            Event::Ended { .. } => shot.failed = Some(Failure::Ended),
            Event::Left { .. } | Event::Lost { .. } => shot.failed = Some(Failure::Gone),
            _ => {}
        }
    }

    fn refused(&mut self, order: Seq, reason: Refusal) {
        let Some(place) = self.open.iter().position(|(seq, _, _)| *seq == order) else { return };
        match self.open.remove(place) {
            Some((_, OrderOp::ChuteLamp { .. }, _)) => self.lamps.refused += 1,
            Some((_, OrderOp::Divert { .. }, _)) => {
                if let Some(shot) = &mut self.shot {
                    shot.failed = Some(Failure::Refused(reason));
                }
            }
            _ => {}
        }
    }

    /// Order n is accepted when order ack is at or past it and no refusal of it is on the way.
    fn acknowledged(&mut self, now: Micros, ack: Seq) {
        while let Some((seq, op, given)) = self.open.front().copied() {
            if usize::from(seq.distance_to(ack)) > ORDER_SLOTS {
                return;
            }
            self.open.pop_front();
            match op {
                OrderOp::ChuteLamp { .. } => {
                    self.lamps.taken += 1;
                    self.lamps.slowest = self.lamps.slowest.max(now.saturating_since(given));
                }
                OrderOp::Divert { .. } => {
                    if let Some(shot) = &mut self.shot {
                        shot.taken = Some(now);
                    }
                }
                _ => {}
            }
        }
    }

    fn send(&mut self, now: Micros, status: &Status, orders: &mut Vec<Order>) {
        while self.open.len() < ORDER_SLOTS {
            let Some((item, op)) = self.wanted.pop_front() else { return };
            self.sent = self.sent.next();
            let needs_target = status.capabilities.0 & Capabilities::NEEDS_TARGET != 0;
            let target = match (op, self.shot.as_mut()) {
                (OrderOp::Divert { chute }, Some(shot)) => {
                    shot.ordered = now;
                    let position = self.layout.chute(chute).map(|chute| self.layout.pulses(chute.position));
                    position.filter(|_| needs_target).map(|pulses| shot.inducted_at.advanced_by(pulses))
                }
                _ => None,
            };
            self.open.push_back((self.sent, op, now));
            orders.push(Order { seq: self.sent, item, op, target });
        }
    }
}

impl Host for Tester {
    fn plc_restarted(&mut self, _now: Micros) {
        self.tracks.clear();
    }

    fn poll(&mut self, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.status = *inputs.status;
        for record in inputs.events {
            self.event(now, record);
        }
        if inputs.status.state.has(StateBits::RUNNING) {
            let here = (now, inputs.status.encoder);
            self.run = Some((self.run.map_or(here, |(first, _)| first), here));
        } else {
            self.run = None;
        }
        if inputs.accepts_orders {
            if inputs.status.event_backlog == 0 {
                self.acknowledged(now, inputs.status.order_ack);
            }
            self.send(now, inputs.status, orders);
        }
    }

    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {
        // What was not acknowledged is not given again: nothing is to move unasked.
        self.sent = Seq::NONE;
        self.open.clear();
    }
}
