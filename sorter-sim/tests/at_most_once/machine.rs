//! A small sorter: items move a few pulses in each scan, diverters fire, some items are lost.

use sorter_core::ids::{ChuteId, DiverterId, EyeId, ItemId};
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres, MmPerSecond, Pulses};
use sorter_plc::contract::{
    BeltEntry, Capabilities, Ending, Event, EventRecord, Order, OrderOp, PlantImage, Refusal, ScanData,
    ScanRecord, Seq, StateBits, Status,
};
use sorter_sim::virtual_plc::PlcOutput;

use crate::draws::Draws;
use crate::ledger::Ledger;
use crate::stats::Happened;

pub(crate) const CHUTES: u16 = 6;
const PULSES_A_SCAN: i32 = 3;
const LENGTH: i32 = 100;
/// Where what lies on the belt of a PLC that was restarted is seen.
const EYE: i32 = 50;
const SCANS_OF_A_SLIDE: u32 = 3;
pub(crate) const CAPACITY: u16 = 40;

/// What happens on the belt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// One event and one scan record in each scan and no item.
    Metronome,
    /// Items.
    Normal,
    /// No more items.
    Ending,
}

#[derive(Clone, Copy, Debug)]
enum Job {
    None,
    Taken { order: u32, seq: Seq, chute: ChuteId },
    Fired { order: u32, chute: ChuteId, scans: u32 },
}

#[derive(Clone, Debug)]
struct Item {
    number: ItemId,
    inducted_at: EncoderCount,
    position: i32,
    job: Job,
}

/// The machine behind the registers.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) pace: Pace,
    pub(crate) boot: u16,
    /// Whether the next scan brings more than any store holds.
    pub(crate) flood: bool,
    /// Whether the next scan shows an encoder count that cannot be.
    pub(crate) glitch: bool,
    encoder: u32,
    belt: Vec<Item>,
    /// Bodies that a PLC which was restarted does not know of.
    loose: Vec<i32>,
    pub(crate) next_item: ItemId,
    closed: [bool; CHUTES as usize],
    image: PlantImage,
    pub(crate) out: PlcOutput,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self {
            pace: Pace::Normal,
            boot: 1,
            flood: false,
            glitch: false,
            encoder: 0xFFFF_F000,
            belt: Vec::new(),
            loose: Vec::new(),
            next_item: ItemId::new(1),
            closed: [false; CHUTES as usize],
            image: PlantImage::default(),
            out: PlcOutput::default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.belt.is_empty() && self.loose.is_empty()
    }

    pub(crate) fn image(&self) -> PlantImage {
        self.image
    }

    pub(crate) fn status(&self) -> Status {
        let pending = self.belt.iter().filter(|item| matches!(item.job, Job::Taken { .. })).count();
        Status {
            capabilities: Capabilities(Capabilities::FIRE_POINTS),
            encoder: EncoderCount::new(self.encoder.wrapping_add(if self.glitch { 1 << 30 } else { 0 })),
            belt_speed: MmPerSecond::new(3_000),
            state: StateBits(StateBits::RUNNING),
            scan_time: Micros::from_millis(10),
            minimum_lead: Pulses::new(PULSES_A_SCAN),
            orders_pending: u16::try_from(pending).unwrap(),
            items_on_belt: self.image.on_belt,
            ..Status::default()
        }
    }

    pub(crate) fn belt(&self) -> Vec<BeltEntry> {
        let entry = |item: &Item| {
            let (ordered, fired) = match item.job {
                Job::None => (None, false),
                Job::Taken { chute, .. } => (Some(chute), false),
                Job::Fired { chute, .. } => (Some(chute), true),
            };
            BeltEntry { item: item.number, inducted_at: item.inducted_at, ordered, fired }
        };
        self.belt.iter().map(entry).collect()
    }

    pub(crate) fn open_session(&mut self) {
        for item in &mut self.belt {
            if let Job::Taken { seq, .. } = &mut item.job {
                *seq = Seq::NONE;
            }
        }
    }

    /// The PLC forgets all; the bodies stay.
    pub(crate) fn restart(&mut self, ledger: &mut Ledger) {
        for item in std::mem::take(&mut self.belt) {
            match item.job {
                Job::None => {}
                Job::Taken { order, .. } => ledger.end(order, Happened::EndedByRestart),
                Job::Fired { order, .. } => {
                    ledger.end(order, Happened::EndedByRestart);
                    continue;
                }
            }
            self.loose.push(item.position);
        }
        self.boot += 1;
        self.image = PlantImage::default();
        self.closed = [false; CHUTES as usize];
        // Far from the numbers before, so that an old record cannot pass for a new one.
        self.next_item = ItemId::new(self.next_item.get().wrapping_add(1_000).max(1));
    }

    /// One scan with the orders that the registers hand over.
    pub(crate) fn scan(&mut self, permit: bool, orders: &[Order], ledger: &mut Ledger, draws: &mut Draws) {
        self.out.clear();
        self.encoder = self.encoder.wrapping_add(PULSES_A_SCAN.unsigned_abs());
        for order in orders {
            self.take(order, ledger);
        }
        if self.pace == Pace::Metronome {
            self.emit(ledger, ItemId::NONE, Event::Chute { chute: ChuteId::new(0) }, None);
            self.scanned(ledger, ItemId::new(1), 0, 1);
        } else {
            self.move_items(ledger, draws);
            if permit
                && self.pace == Pace::Normal
                && self.belt.len() < usize::from(CAPACITY)
                && draws.permille(350)
            {
                self.induct(ledger, draws);
            }
            if self.pace == Pace::Normal && draws.permille(250) {
                let chute = ChuteId::new(u16::try_from(draws.below(u32::from(CHUTES))).unwrap());
                self.emit(ledger, ItemId::NONE, Event::Chute { chute }, None);
            }
            if std::mem::take(&mut self.flood) {
                self.flood(ledger, draws);
            }
        }
        self.image.on_belt = u16::try_from(self.belt.len()).unwrap();
    }

    fn induct(&mut self, ledger: &mut Ledger, draws: &mut Draws) {
        let item = self.fresh_item(ledger);
        self.image.inducted += 1;
        let inducted_at = EncoderCount::new(ledger.next_event());
        self.emit(ledger, item, Event::Inducted { eye: EyeId::new(0), length: Pulses::new(9) }, None);
        self.belt.push(Item { number: item, inducted_at, position: 0, job: Job::None });
        let count = u8::try_from(draws.below(4)).unwrap();
        for index in 0..count {
            self.scanned(ledger, item, index, count);
        }
    }

    fn fresh_item(&mut self, ledger: &mut Ledger) -> ItemId {
        let item = self.next_item;
        self.next_item = item.next();
        if self.next_item.get() == 1 {
            ledger.stats.count(Happened::ItemWrap);
        }
        item
    }

    fn flood(&mut self, ledger: &mut Ledger, draws: &mut Draws) {
        let item = ItemId::new(60_000);
        if draws.permille(500) {
            for _ in 0..650 {
                self.emit(ledger, ItemId::NONE, Event::Chute { chute: ChuteId::new(1) }, None);
            }
        } else {
            for _ in 0..40 {
                self.scanned(ledger, item, 0, 2);
                self.scanned(ledger, item, 1, 2);
            }
        }
    }

    fn move_items(&mut self, ledger: &mut Ledger, draws: &mut Draws) {
        for place in &mut self.loose {
            *place += PULSES_A_SCAN;
        }
        let turned_up = self.loose.iter().filter(|place| (EYE..EYE + PULSES_A_SCAN).contains(*place)).count();
        self.loose.retain(|place| *place < LENGTH && !(EYE..EYE + PULSES_A_SCAN).contains(place));
        for _ in 0..turned_up {
            let number = self.fresh_item(ledger);
            self.image.unexpected += 1;
            let inducted_at = EncoderCount::new(ledger.next_event());
            self.emit(ledger, number, Event::Unexpected { eye: EyeId::new(1), length: Pulses::new(9) }, None);
            self.belt.push(Item { number, inducted_at, position: EYE, job: Job::None });
        }
        let mut belt = std::mem::take(&mut self.belt);
        belt.retain_mut(|item| self.move_item(item, ledger, draws));
        self.belt = belt;
    }

    /// Moves one item on. Returns whether it is still on the belt.
    fn move_item(&mut self, item: &mut Item, ledger: &mut Ledger, draws: &mut Draws) -> bool {
        item.position += PULSES_A_SCAN;
        let diverter = |chute: ChuteId| DiverterId::new(u8::try_from(chute.get()).unwrap());
        match &mut item.job {
            Job::Fired { order, chute, scans } => {
                *scans -= 1;
                if *scans > 0 {
                    return true;
                }
                let (order, chute) = (*order, *chute);
                item.job = Job::None;
                if draws.permille(150) {
                    ledger.end(order, Happened::Missed);
                    self.emit(ledger, item.number, Event::Missed { diverter: diverter(chute), chute }, None);
                    return true;
                }
                ledger.end(order, Happened::Discharged);
                self.image.discharged_unverified += 1;
                self.emit(ledger, item.number, Event::Discharged { verified: false, chute }, None);
                return false;
            }
            Job::Taken { order, seq, chute } if item.position >= fire_point(*chute) => {
                let (order, seq, chute) = (*order, *seq, *chute);
                if self.closed[chute.index()] {
                    item.job = Job::None;
                    ledger.end(order, Happened::NotAvailable);
                    let ending = Ending::ChuteNotAvailable;
                    self.emit(ledger, item.number, Event::Ended { ending, order: seq }, Some(order));
                    return true;
                }
                item.job = Job::Fired { order, chute, scans: SCANS_OF_A_SLIDE };
                ledger.fire(order);
                self.emit(ledger, item.number, Event::Fired { diverter: diverter(chute), chute }, None);
                return true;
            }
            Job::Taken { .. } | Job::None => {}
        }
        let lost = draws.permille(3);
        if item.position < LENGTH && !lost {
            return true;
        }
        if let Job::Taken { order, seq, .. } = item.job {
            ledger.end(order, Happened::ItemGone);
            let ending = Ending::ItemGone;
            self.emit(ledger, item.number, Event::Ended { ending, order: seq }, Some(order));
        }
        let event = if lost {
            self.image.lost += 1;
            Event::Lost { eye: EyeId::new(1) }
        } else {
            self.image.left += 1;
            Event::Left { eye: EyeId::new(2) }
        };
        self.emit(ledger, item.number, event, None);
        false
    }

    fn take(&mut self, order: &Order, ledger: &mut Ledger) {
        let number = ledger.take(order);
        let refusal = match order.op {
            OrderOp::Divert { chute } => self.divert(number, order, chute, ledger).err(),
            OrderOp::Cancel => self.cancel(order.item, ledger).err(),
            OrderOp::ChuteEnable { chute } => self.set_closed(chute, false).err(),
            OrderOp::ChuteDisable { chute } => self.set_closed(chute, true).err(),
            OrderOp::ChuteLamp { .. } => None,
        };
        if let Some(reason) = refusal {
            if matches!(order.op, OrderOp::Divert { .. }) {
                ledger.end(number, Happened::Refused);
            }
            self.emit(ledger, order.item, Event::Refused { reason, order: order.seq }, Some(number));
        }
    }

    fn divert(
        &mut self,
        number: u32,
        order: &Order,
        chute: ChuteId,
        ledger: &mut Ledger,
    ) -> Result<(), Refusal> {
        let closed = *self.closed.get(chute.index()).ok_or(Refusal::NoSuchChute)?;
        let place = self.belt.iter().position(|item| item.number == order.item);
        let place = place.ok_or(Refusal::UnknownItem)?;
        let before = self.belt[place].job;
        if let Job::Fired { .. } = before {
            return Err(Refusal::AlreadyFired);
        }
        if self.belt[place].position + PULSES_A_SCAN > fire_point(chute) {
            return Err(Refusal::Late);
        }
        if closed {
            return Err(Refusal::ChuteNotAvailable);
        }
        self.end_earlier(order.item, before, Ending::Replaced, ledger);
        self.belt[place].job = Job::Taken { order: number, seq: order.seq, chute };
        Ok(())
    }

    fn cancel(&mut self, item: ItemId, ledger: &mut Ledger) -> Result<(), Refusal> {
        let place = self.belt.iter().position(|here| here.number == item).ok_or(Refusal::UnknownItem)?;
        let before = self.belt[place].job;
        if let Job::Fired { .. } = before {
            return Err(Refusal::AlreadyFired);
        }
        self.end_earlier(item, before, Ending::Cancelled, ledger);
        self.belt[place].job = Job::None;
        Ok(())
    }

    fn end_earlier(&mut self, item: ItemId, before: Job, ending: Ending, ledger: &mut Ledger) {
        if let Job::Taken { order, seq, .. } = before {
            let how = if ending == Ending::Replaced { Happened::Replaced } else { Happened::Cancelled };
            ledger.end(order, how);
            self.emit(ledger, item, Event::Ended { ending, order: seq }, Some(order));
        }
    }

    fn set_closed(&mut self, chute: ChuteId, closed: bool) -> Result<(), Refusal> {
        *self.closed.get_mut(chute.index()).ok_or(Refusal::NoSuchChute)? = closed;
        Ok(())
    }

    fn emit(&mut self, ledger: &mut Ledger, item: ItemId, event: Event, order: Option<u32>) {
        let encoder = EncoderCount::new(ledger.next_event());
        let record = EventRecord { seq: Seq::NONE, item, encoder, event };
        ledger.record(self.boot, record, order);
        self.out.events.push(record);
    }

    fn scanned(&mut self, ledger: &mut Ledger, item: ItemId, index: u8, count: u8) {
        let weight = Grams::new(ledger.next_scan(self.boot));
        let [length, width, height] = [Millimetres::new(300), Millimetres::new(200), Millimetres::new(100)];
        let data = ScanData::Measured { length, width, height, weight };
        self.out.scans.push(ScanRecord { seq: Seq::NONE, item, index, count, data });
    }
}

fn fire_point(chute: ChuteId) -> i32 {
    40 + 8 * i32::from(chute.get())
}
