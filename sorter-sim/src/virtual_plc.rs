//! The PLC of a line sorter: it tracks items by their edges, fires diverters on its encoder, and speaks
//! exactly the events and orders of the host–PLC contract.
//!
//! A scan works in this order: orders, edges in the order in which they happened, time-outs of diverts,
//! deadlines of photo-eyes, permit. Orders come first because the host wrote them before the scan began;
//! what an edge of the same scan then does to their item ends them like any other order. Between scans
//! only the fire points act: they are compared with the encoder by hardware, and what they check is what
//! the last scan knew.

#[cfg(test)]
mod fifo_trap;
mod firing;
mod line_sorter;
mod orders;
mod sessions;
#[cfg(test)]
mod tests;

use sorter_core::ids::{ChuteId, DiverterId, EyeId, ItemId};
use sorter_core::tracking::{Sighting, Tracker, TrackerConfig};
use sorter_core::units::{EncoderCount, Micros, Pulses};
use sorter_plc::contract::{
    Capabilities, Ending, Event, EventRecord, Order, PlantImage, ScanData, ScanRecord, Seq, StateBits, Status,
};

use crate::plant::{BodyTag, ChuteState, Edge, Edges, LineGeometry, LinePlant, Travel, Witness};
use firing::{Fired, Sighted};
pub use line_sorter::LineSorter;

/// Room in the tracker beyond the belt capacity, for what turns up without induction.
const UNEXPECTED_ROOM: usize = 64;

/// What a PLC published, in order. The caller clears it.
#[derive(Clone, Debug, Default)]
pub struct PlcOutput {
    /// Event records.
    pub events: Vec<EventRecord>,
    /// Scan records.
    pub scans: Vec<ScanRecord>,
}

impl PlcOutput {
    /// Forgets all, keeping the memory.
    pub fn clear(&mut self) {
        self.events.clear();
        self.scans.clear();
    }
}

/// The order of one item.
#[derive(Clone, Copy, Debug)]
enum OrderState {
    None,
    /// Taken, not yet fired. `serial` names its armed fire point, 0 while that is too far ahead to be armed.
    Taken {
        seq: Seq,
        chute: ChuteId,
        target: Option<EncoderCount>,
        serial: u32,
    },
    Fired {
        diverter: DiverterId,
        chute: ChuteId,
        position: Pulses,
    },
}

/// What the PLC keeps with each item.
#[derive(Clone, Copy, Debug)]
struct ItemRecord {
    body: BodyTag,
    /// The count at its induction, which identifies it with its number. Tracking moves on from it.
    inducted_at: EncoderCount,
    order: OrderState,
    /// Scan records published so far.
    scans: u8,
}

struct PlcChute {
    diverter: DiverterId,
    position: Pulses,
    transfer: Micros,
    eye: bool,
    disabled: bool,
    sensors: ChuteState,
    lamp: u16,
}

impl PlcChute {
    fn takes_items(&self) -> bool {
        !self.disabled && self.sensors.available && self.sensors.container && !self.sensors.full
    }

    /// Brings the bits of this chute in the image up to date. Returns whether any changed.
    fn show(&self, chute: ChuteId, image: &mut PlantImage) -> bool {
        let ChuteState { full, half_full, container, available } = self.sensors;
        let not_available = self.disabled || !available || !container;
        let bits = [
            (&mut image.full, full),
            (&mut image.half_full, half_full),
            (&mut image.not_available, not_available),
            (&mut image.container, container),
        ];
        let mut changed = false;
        for (block, bit) in bits {
            changed |= block.get(chute) != bit;
            block.set(chute, bit);
        }
        changed
    }
}

/// The present of one scan.
#[derive(Clone, Copy)]
struct Here {
    now: Micros,
    travel: Travel,
    count: EncoderCount,
}

/// The PLC of one line sorter.
pub struct VirtualPlc {
    tracker: Tracker<ItemRecord>,
    belt: TrackerConfig,
    chutes: Vec<PlcChute>,
    scanner: Pulses,
    scale: Pulses,
    exit_eye: EyeId,
    belt_length: Pulses,
    window: Pulses,
    pulse_mm: i64,
    belt_capacity: usize,
    /// Items that the PLC can hold at all.
    item_limit: usize,
    minimum_lead: Pulses,
    scan_time: Micros,
    /// Orders whose diverter has fired, in the order of their firing.
    fired: Vec<Fired>,
    /// The first time-out of those fired.
    fired_due: Option<Micros>,
    image: PlantImage,
    events: Seq,
    scans: Seq,
    order_ack: Seq,
    next_item: ItemId,
    /// Numbers that are not given though no item on the belt has them.
    taken_numbers: Vec<ItemId>,
    pending: u16,
    serial: u32,
    permit: bool,
    /// The least time between two inductions.
    spacing: Micros,
    here: Here,
    /// Edges that could not be tracked because the belt was full.
    untracked: u64,
}

impl VirtualPlc {
    /// A PLC that has just booted, serves session 1 and has a live host. Induction has permit.
    ///
    /// # Panics
    /// When a geometry breaks the limits that [`LineGeometry`] states.
    pub fn new(geometry: &LineGeometry, scan_time: Micros) -> Self {
        assert!(geometry.chutes.len() <= 256, "line has {} chutes (at most 256)", geometry.chutes.len());
        let mut eyes: Vec<Pulses> = geometry.eyes.iter().map(|eye| geometry.pulses(*eye)).collect();
        eyes.push(geometry.pulses(geometry.exit_eye));
        let exit_eye = EyeId::new(u8::try_from(eyes.len()).expect("a line has at most 253 photo-eyes"));
        let tracker = TrackerConfig {
            eyes,
            window: geometry.pulses(geometry.window),
            length_tolerance: geometry.pulses(geometry.length_tolerance),
            capacity: usize::from(geometry.belt_capacity) + UNEXPECTED_ROOM,
        };
        let empty = ChuteState { full: false, half_full: false, container: true, available: true };
        let chute = |chute: &crate::plant::ChuteGeometry| PlcChute {
            diverter: chute.diverter,
            position: geometry.pulses(chute.position),
            transfer: chute.transfer,
            eye: chute.eye,
            disabled: false,
            sensors: empty,
            lamp: 0,
        };
        let mut image = PlantImage::default();
        for index in 0..geometry.chutes.len() {
            image.container.set(chute_id(index), true);
        }
        Self {
            window: tracker.window,
            item_limit: tracker.capacity,
            tracker: Tracker::new(&tracker),
            belt: tracker,
            chutes: geometry.chutes.iter().map(chute).collect(),
            scanner: geometry.pulses(geometry.scanner),
            scale: geometry.pulses(geometry.scale),
            exit_eye,
            belt_length: geometry.pulses(geometry.exit_eye),
            pulse_mm: i64::from(geometry.pulse.get()),
            belt_capacity: usize::from(geometry.belt_capacity),
            minimum_lead: geometry.minimum_lead,
            scan_time,
            fired: Vec::new(),
            fired_due: None,
            image,
            events: Seq::NONE,
            scans: Seq::NONE,
            order_ack: Seq::NONE,
            next_item: ItemId::new(1),
            taken_numbers: Vec::new(),
            pending: 0,
            serial: 0,
            permit: true,
            spacing: Micros::ZERO,
            here: Here { now: Micros::ZERO, travel: Travel::default(), count: EncoderCount::default() },
            untracked: 0,
        }
    }

    /// Whether the host lets the induction run; takes effect at the next scan.
    pub fn set_permit(&mut self, permit: bool) {
        self.permit = permit;
    }

    /// The PLANT block: counters and chute states as they stand after the last scan.
    pub fn plant_image(&self) -> PlantImage {
        self.image
    }

    /// The STATUS block as it stands after the last scan, but for the records, which are published at once.
    pub fn status(&self, plant: &LinePlant) -> Status {
        Status {
            session_echo: 1,
            boot: 1,
            capabilities: Capabilities(
                Capabilities::FIRE_POINTS | Capabilities::VERIFIES | Capabilities::REPORTS_SCANS,
            ),
            encoder: self.here.count,
            belt_speed: plant.clock().speed(),
            state: StateBits(StateBits::LIVE | StateBits::RUNNING | self.table_bit()),
            scan_time: self.scan_time,
            minimum_lead: self.minimum_lead,
            order_ack: self.order_ack,
            orders_pending: self.pending,
            events_published: self.events,
            event_backlog: 0,
            scans_published: self.scans,
            scan_backlog: 0,
            belt_at: Seq::NONE,
            items_on_belt: self.image.on_belt,
        }
    }

    /// The pattern that a chute lamp shows; `None` for a chute that does not exist.
    pub fn lamp(&self, chute: ChuteId) -> Option<u16> {
        self.chutes.get(chute.index()).map(|chute| chute.lamp)
    }

    /// Edges that could not be tracked because the belt was full of items.
    pub fn untracked(&self) -> u64 {
        self.untracked
    }

    /// When the next time-out or deadline falls, if nothing else happens before.
    pub fn next_due(&self, plant: &LinePlant) -> Option<Micros> {
        let lost = self.tracker.next_deadline().map(|count| plant.clock().time_of(self.travel_of(count)));
        match (lost, self.fired_due) {
            (Some(lost), Some(fired)) => Some(lost.min(fired)),
            (lost, fired) => lost.or(fired),
        }
    }

    /// One scan. `edges` are what happened since the last one; records are appended to `out`.
    #[expect(
        clippy::too_many_arguments,
        reason = "the inputs and outputs of one scan, each of another owner"
    )]
    pub fn scan<W: Witness>(
        &mut self,
        now: Micros,
        travel: Travel,
        edges: &Edges,
        orders: &[Order],
        out: &mut PlcOutput,
        plant: &mut LinePlant,
        witness: &mut W,
    ) {
        self.here = Here { now, travel, count: plant.encoder(travel) };
        for order in orders {
            self.take_order(order, plant, out);
        }
        for edge in &edges.edges {
            self.edge(edge, edges, plant, out, witness);
        }
        if self.fired_due.is_some_and(|due| due <= now) {
            self.time_out_diverts(out);
        }
        while let Some(lost) = self.tracker.overdue(self.here.count) {
            self.end_order(lost.item, lost.data.order, lost.deadline, out);
            self.image.lost += 1;
            self.emit(out, lost.item, lost.deadline, Event::Lost { eye: lost.eye });
        }
        self.image.on_belt =
            u16::try_from(self.tracker.len()).expect("the tracker holds at most 65,000 items");
        self.image.at_event = self.events;
        debug_assert!(self.is_balanced(), "items of the PLC do not add up: {:?}", self.image);
        // One body may be past the start of the belt and not yet past the eye: it takes the last place.
        plant.set_permit(self.permit && self.tracker.len() + 2 <= self.belt_capacity, travel);
        plant.set_spacing(self.spacing, travel);
    }

    /// Whether inducted + unexpected = discharged + left + lost + on belt.
    pub fn is_balanced(&self) -> bool {
        let PlantImage {
            inducted, unexpected, discharged_verified, discharged_unverified, left, lost, ..
        } = self.image;
        let ended = [discharged_verified, discharged_unverified, left, lost];
        let ended: u64 = ended.into_iter().map(u64::from).sum();
        u64::from(inducted) + u64::from(unexpected) == ended + u64::from(self.image.on_belt)
    }

    fn edge<W: Witness>(
        &mut self,
        edge: &Edge,
        edges: &Edges,
        plant: &mut LinePlant,
        out: &mut PlcOutput,
        witness: &mut W,
    ) {
        match *edge {
            Edge::InductionEye { count, length, body } => {
                let item = self.fresh_item();
                let full = self.tracker.len() >= self.item_limit;
                if full || self.tracker.induct(item, count, length, fresh_record(body, count)).is_err() {
                    self.untracked += 1;
                    return;
                }
                self.image.inducted += 1;
                witness.item_given(item, body);
                self.emit(out, item, count, Event::Inducted { eye: EyeId::new(0), length });
            }
            Edge::Eye { eye, count, length, body } => match self.tracker.edge(eye, count, length) {
                Ok(Sighting::Seen { item, deviation }) => {
                    let sighting = Sighted { eye, count, length, deviation, body };
                    self.seen(item, &sighting, plant, out);
                }
                Ok(Sighting::Unexpected) => self.unexpected(eye, count, length, body, out, witness),
                Err(_) => self.untracked += 1,
            },
            Edge::Scan { count, first, codes } => {
                let codes = &edges.codes[first as usize..][..usize::from(codes)];
                let Some(item) = self.tracker.item_over(self.scanner, count) else { return };
                let records = codes.iter().map(|code| ScanData::Code(*code));
                // The scale will add one record.
                self.publish(item, codes.len().max(1) + 1, records, out);
                if codes.is_empty() {
                    self.publish(item, 2, std::iter::once(ScanData::NoCode), out);
                }
            }
            Edge::Scale { count, length, width, height, weight } => {
                let Some(item) = self.tracker.item_over(self.scale, count) else { return };
                let codes = self.tracker.get(item).map_or(0, |record| usize::from(record.scans));
                let measured = ScanData::Measured { length, width, height, weight };
                self.publish(item, codes + 1, std::iter::once(measured), out);
            }
            Edge::ChuteEye { chute, at, count } => self.chute_eye(chute, at, count, out, witness),
            Edge::ChuteState { chute, state, count } => {
                if let Some(spot) = self.chutes.get_mut(chute.index()) {
                    spot.sensors = state;
                    self.show_chute(chute, count, out);
                }
            }
        }
    }

    /// An eye saw an item that was due.
    fn seen(&mut self, item: ItemId, sighted: &Sighted, plant: &mut LinePlant, out: &mut PlcOutput) {
        let Sighted { eye, count, deviation, .. } = *sighted;
        let order = self.tracker.get(item).map_or(OrderState::None, |record| record.order);
        if let OrderState::Fired { diverter, chute, position } = order {
            // Behind its diverter it should not be. An eye in front of the diverter proves nothing.
            if self.tracker.eye_position(eye).is_some_and(|eye| eye >= position) {
                if self.keep_sighting(item, sighted) {
                    return;
                }
                self.missed(item, diverter, chute, count, out);
            }
        }
        self.emit_sighting(item, eye, count, deviation, out);
        if let OrderState::Taken { target: None, .. } = order {
            self.arm(item, plant);
        }
    }

    /// Reports an item at an eye; at the exit eye it leaves.
    fn emit_sighting(
        &mut self,
        item: ItemId,
        eye: EyeId,
        count: EncoderCount,
        deviation: Pulses,
        out: &mut PlcOutput,
    ) {
        if eye == self.exit_eye {
            self.leave(item, count, out);
        } else {
            self.emit(out, item, count, Event::Seen { eye, deviation });
        }
    }

    fn leave(&mut self, item: ItemId, count: EncoderCount, out: &mut PlcOutput) {
        if let Some(record) = self.tracker.remove(item) {
            self.end_order(item, record.order, count, out);
            self.image.left += 1;
            self.emit(out, item, count, Event::Left { eye: self.exit_eye });
        }
    }

    fn unexpected<W: Witness>(
        &mut self,
        eye: EyeId,
        count: EncoderCount,
        length: Pulses,
        body: BodyTag,
        out: &mut PlcOutput,
        witness: &mut W,
    ) {
        let item = self.fresh_item();
        let position = self.tracker.eye_position(eye).unwrap_or(Pulses::ZERO);
        let record = fresh_record(body, count.advanced_by(Pulses::ZERO - position));
        let full = self.tracker.len() >= self.item_limit;
        if full || self.tracker.insert_unexpected(item, eye, count, length, record).is_err() {
            self.untracked += 1;
            return;
        }
        self.image.unexpected += 1;
        witness.item_given(item, body);
        self.emit(out, item, count, Event::Unexpected { eye, length });
        if eye == self.exit_eye {
            self.leave(item, count, out);
        }
    }

    /// Ends the order of an item that is no longer on the belt. Fired orders are resolved before.
    fn end_order(&mut self, item: ItemId, order: OrderState, count: EncoderCount, out: &mut PlcOutput) {
        if let OrderState::Taken { seq, .. } = order {
            self.pending -= 1;
            self.emit(out, item, count, Event::Ended { ending: Ending::ItemGone, order: seq });
        }
    }

    fn publish(
        &mut self,
        item: ItemId,
        count: usize,
        records: impl Iterator<Item = ScanData>,
        out: &mut PlcOutput,
    ) {
        let count = u8::try_from(count).unwrap_or(u8::MAX);
        let Some(record) = self.tracker.get_mut(item) else { return };
        for data in records {
            self.scans = self.scans.next();
            out.scans.push(ScanRecord { seq: self.scans, item, index: record.scans, count, data });
            record.scans = record.scans.saturating_add(1);
        }
    }

    /// Brings the bits of a chute up to date, and says so if they changed.
    fn show_chute(&mut self, chute: ChuteId, count: EncoderCount, out: &mut PlcOutput) {
        let Some(spot) = self.chutes.get(chute.index()) else { return };
        let changed = spot.show(chute, &mut self.image);
        if changed {
            self.emit(out, ItemId::NONE, count, Event::Chute { chute });
        }
    }

    /// The next number that no item on the belt has.
    fn fresh_item(&mut self) -> ItemId {
        while self.tracker.contains(self.next_item) || self.taken_numbers.contains(&self.next_item) {
            self.next_item = self.next_item.next();
        }
        let item = self.next_item;
        self.next_item = item.next();
        item
    }

    #[inline]
    fn emit(&mut self, out: &mut PlcOutput, item: ItemId, encoder: EncoderCount, event: Event) {
        self.events = self.events.next();
        out.events.push(EventRecord { seq: self.events, item, encoder, event });
    }

    /// Where the belt is when the encoder reaches `count`, as seen from the last scan.
    fn travel_of(&self, count: EncoderCount) -> Travel {
        let distance = i64::from(self.here.count.distance_to(count).get());
        let here = self.here.travel.get();
        Travel::new((here - here % self.pulse_mm + distance * self.pulse_mm).max(0))
    }
}

fn fresh_record(body: BodyTag, inducted_at: EncoderCount) -> ItemRecord {
    ItemRecord { body, inducted_at, order: OrderState::None, scans: 0 }
}

fn chute_id(index: usize) -> ChuteId {
    ChuteId::new(u16::try_from(index).expect("a link has at most 256 chutes"))
}
