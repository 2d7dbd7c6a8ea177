//! The belt: items that move, are read, diverted, and fall into chutes.

use sorter_core::ids::{ChuteId, DiverterId, EyeId, ItemId};
use sorter_core::journal::Cause;
use sorter_core::units::{EncoderCount, Pulses};
use sorter_plc::codec::{RawScan, cause_of};
use sorter_plc::contract::{
    BeltEntry, CodeBytes, Event, EventRecord, Order, OrderOp, Refusal, ScanData, ScanRecord, Seq,
};

use super::hall::{CHUTES, EXIT, SCANNER, code, fire};
use super::plc::Plc;

/// Pulses from the diverter to the eye of the chute.
const SLIDE: u32 = 40;

/// An item on the belt.
#[derive(Clone, Debug)]
struct Body {
    item: u16,
    inducted_at: u32,
    parcel: u32,
    /// Records that the tunnel has made of it.
    told: u8,
    order: Option<(u16, Seq, ChuteId)>,
    fired: bool,
    /// The PLC has forgotten it.
    forgotten: bool,
}

/// What the plant counts, beside the PLC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) inducted: u64,
    pub(crate) discharged: u64,
    pub(crate) left: u64,
    pub(crate) unexpected: u64,
    pub(crate) forgotten: u64,
}

/// When what enters, and what the tunnel reads on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// PLC scans since the begin.
    pub(crate) scan: u32,
    pub(crate) parcel: u32,
    /// Records that the tunnel makes of it; none is a tunnel that says nothing.
    pub(crate) records: u8,
}

/// Records of readings that take their time: more than the window of the PLC has slots.
const LONG: std::ops::Range<u8> = 7..20;
const TWO_WINDOWS: u8 = 13;
/// What the belt moves between two records of a long reading.
const RECORD: u32 = 4;

/// A PLC with a belt.
pub(crate) struct Plant {
    pub(crate) plc: Plc,
    day: Vec<Entry>,
    bodies: Vec<Body>,
    scans: u32,
    next_item: u16,
    seen_orders: usize,
    pub(crate) truth: Truth,
    /// Every event that was reported since the PLC started, with its item.
    pub(crate) reported: Vec<(ItemId, Cause)>,
    /// Every scan record that was reported since the PLC started: its item and its index.
    pub(crate) scan_records: Vec<(ItemId, u8)>,
    /// The chute that each parcel ended in; none for the end of the belt.
    pub(crate) ends: Vec<(u32, Option<ChuteId>)>,
    /// Orders that the PLC took: the item, and its chute.
    pub(crate) orders: Vec<(u16, ChuteId)>,
}

impl Plant {
    pub(crate) fn new(day: Vec<Entry>, boot: u16) -> Self {
        let mut plc = Plc::new();
        plc.boot = boot;
        plc.speed = 2;
        plc.capacity = 40;
        for chute in 0..CHUTES {
            plc.plant.container.set(ChuteId::new(chute), true);
        }
        plc.publish();
        Self {
            plc,
            day,
            bodies: Vec::new(),
            scans: 0,
            next_item: 0,
            seen_orders: 0,
            truth: Truth::default(),
            reported: Vec::new(),
            scan_records: Vec::new(),
            ends: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// Whether everything has entered and left.
    pub(crate) fn is_done(&self) -> bool {
        self.bodies.is_empty() && self.day.iter().all(|entry| entry.scan < self.scans)
    }

    /// One scan of the PLC.
    pub(crate) fn scan(&mut self) {
        self.plc.scan();
        self.take_orders();
        self.move_bodies();
        let due = self.day.iter().filter(|entry| entry.scan == self.scans).copied().collect::<Vec<_>>();
        for entry in due {
            self.induct(entry);
        }
        self.scans += 1;
        self.show();
    }

    /// The PLC starts again: it has forgotten its items, which are still there.
    pub(crate) fn restart(&mut self) {
        self.plc.restart();
        self.plc.speed = 2;
        for chute in 0..CHUTES {
            self.plc.plant.container.set(ChuteId::new(chute), true);
        }
        self.reported.clear();
        self.scan_records.clear();
        self.next_item = 1_000;
        for body in &mut self.bodies {
            self.truth.forgotten += u64::from(!body.forgotten);
            body.forgotten = true;
            body.order = None;
        }
        self.show();
    }

    fn report(&mut self, item: u16, event: Event, encoder: u32) {
        let (item_id, encoder) = (ItemId::new(item), EncoderCount::new(encoder));
        self.reported
            .push((item_id, cause_of(&EventRecord { seq: Seq::NONE, item: item_id, encoder, event })));
        self.plc.report(item, event);
    }

    fn induct(&mut self, entry: Entry) {
        if !self.plc.image.permit {
            // It waits at the induction.
            let again = Entry { scan: self.scans + 1, ..entry };
            self.day.retain(|other| other.parcel != entry.parcel);
            self.day.push(again);
            return;
        }
        self.next_item += 1;
        self.truth.inducted += 1;
        let (item, at) = (self.next_item, self.plc.encoder);
        let event = Event::Inducted { eye: EyeId::new(0), length: Pulses::new(30) };
        self.report(item, event, at);
        self.bodies.push(Body {
            item,
            inducted_at: at,
            parcel: entry.parcel,
            told: 0,
            order: None,
            fired: false,
            forgotten: false,
        });
    }

    fn take_orders(&mut self) {
        let taken: Vec<(u16, Order)> = self.plc.taken[self.seen_orders..].to_vec();
        self.seen_orders = self.plc.taken.len();
        for (session, order) in taken {
            let (id, now) = (order.item.get(), self.plc.encoder);
            let Some(body) = self.bodies.iter_mut().find(|body| body.item == id && !body.forgotten) else {
                self.report(id, Event::Refused { reason: Refusal::UnknownItem, order: order.seq }, now);
                continue;
            };
            match order.op {
                OrderOp::Divert { chute } => {
                    let left = body.inducted_at.wrapping_add(fire(chute)).wrapping_sub(now).cast_signed();
                    assert!(left >= 50, "{order:?} has {left} pulses left, the minimum lead is 50");
                    let before = body.order.map(|(.., chute)| chute);
                    assert_ne!(before, Some(chute), "{order:?} is in force already");
                    body.order = Some((session, order.seq, chute));
                    self.orders.push((id, chute));
                }
                OrderOp::Cancel => body.order = None,
                _ => {}
            }
        }
    }

    fn move_bodies(&mut self) {
        let now = self.plc.encoder;
        for mut body in std::mem::take(&mut self.bodies) {
            let at = now.wrapping_sub(body.inducted_at);
            if at >= SCANNER {
                self.read(&mut body, at - SCANNER);
            }
            if let Some((.., chute)) = body.order {
                if !body.fired && at >= fire(chute) {
                    body.fired = true;
                    self.report(body.item, Event::Fired { diverter: DiverterId::new(0), chute }, now);
                }
                if body.fired && at >= fire(chute) + SLIDE {
                    self.report(body.item, Event::Discharged { verified: true, chute }, now);
                    self.truth.discharged += 1;
                    self.ends.push((body.parcel, Some(chute)));
                    continue;
                }
            }
            if at >= EXIT {
                if body.forgotten {
                    self.next_item += 1;
                    body.item = self.next_item;
                    self.truth.unexpected += 1;
                    let event = Event::Unexpected { eye: EyeId::new(2), length: Pulses::new(30) };
                    self.report(body.item, event, now);
                }
                self.report(body.item, Event::Left { eye: EyeId::new(2) }, now);
                self.truth.left += 1;
                self.ends.push((body.parcel, None));
                continue;
            }
            self.bodies.push(body);
        }
    }

    /// The tunnel tells what it has read of a body that is so far behind it: of a long reading a record every now and
    /// then, of any other one all at once.
    fn read(&mut self, body: &mut Body, behind: u32) {
        let entry = self.day.iter().find(|entry| entry.parcel == body.parcel).unwrap();
        let count = entry.records;
        let is_long = LONG.contains(&count);
        while body.told < count && !body.forgotten && (!is_long || behind >= RECORD * u32::from(body.told)) {
            let (index, code) = (body.told, code(body.parcel));
            let code_of = |bytes: &[u8]| CodeBytes::new(bytes).unwrap();
            let data = match (is_long, index) {
                // What is not read any more when the window is full.
                (true, 0) if count < TWO_WINDOWS => ScanData::Code(code_of(&code)),
                // What is read in part.
                (true, 5) if count >= TWO_WINDOWS => ScanData::Code(code_of(&code[..7])),
                (true, 6) if count >= TWO_WINDOWS => ScanData::Continuation(code_of(&code[7..])),
                (false, _) if index + 1 == count => ScanData::Code(code_of(&code)),
                _ => ScanData::NoCode,
            };
            let record = ScanRecord { seq: Seq::NONE, item: ItemId::new(body.item), index, count, data };
            self.plc.report_scan(RawScan::of(&record, self.plc.word_order).0);
            self.scan_records.push((record.item, index));
            body.told += 1;
        }
    }

    /// Shows the belt as it is now.
    fn show(&mut self) {
        let known = self.bodies.iter().filter(|body| !body.forgotten);
        self.plc.belt = known
            .map(|body| BeltEntry {
                item: ItemId::new(body.item),
                inducted_at: EncoderCount::new(body.inducted_at),
                ordered: body.order.map(|(.., chute)| chute),
                fired: body.fired,
            })
            .collect();
        self.plc.publish();
    }
}
