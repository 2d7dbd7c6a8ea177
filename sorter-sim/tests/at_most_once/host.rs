//! A host that gives orders at random and holds everything it is told against the ledger.

use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::units::{EncoderCount, Micros};
use sorter_plc::contract::{Event, ORDER_SLOTS, Order, OrderOp, PlantImage, ScanData, Seq};
use sorter_plc::controller::Inputs;
use sorter_plc::host::{Host, Resync};

use crate::draws::Draws;
use crate::ledger::Ledger;
use crate::machine::{CHUTES, Pace};

/// What a host remembers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    items: Vec<ItemId>,
    given: Seq,
    pub(crate) last_event: Option<u32>,
    /// In which session that was taken.
    last_session: u16,
    /// The boot of the PLC, until a restart is told.
    boot: Option<u16>,
    last_scan: Option<u32>,
    /// The session that is resynchronised, and which one it is of those that the PLC opened.
    live: Option<(u16, u32)>,
    pub(crate) plant: Option<PlantImage>,
    event_seq: Seq,
    scan_seq: Seq,
    pub(crate) event_wraps: u64,
    pub(crate) scan_wraps: u64,
}

impl Memory {
    /// Whether the PLC has taken every order.
    pub(crate) fn all_acknowledged(&self, ack: Seq) -> bool {
        self.live.is_some() && self.given == ack
    }
}

/// A host at work.
pub(crate) struct HostAtWork<'a> {
    pub(crate) memory: &'a mut Memory,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) draws: &'a mut Draws,
    pub(crate) pace: Pace,
}

impl Host for HostAtWork<'_> {
    fn plc_restarted(&mut self, _: Micros) {
        self.memory.items.clear();
        self.memory.live = None;
        self.memory.boot = None;
    }

    fn poll(&mut self, _: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        let (memory, status) = (&mut *self.memory, inputs.status);
        memory.live = memory.live.filter(|(session, _)| *session == status.session_echo);
        let opening = memory.live.map(|(_, opening)| opening);
        assert!(memory.boot.is_none_or(|boot| boot == status.boot), "a restart was not told");
        memory.boot = Some(status.boot);
        for record in inputs.events {
            let same_session = memory.last_session == status.session_echo;
            memory.last_session = status.session_echo;
            self.ledger.deliver(record, &mut memory.last_event, same_session, status.boot, opening);
            match record.event {
                Event::Inducted { .. } | Event::Unexpected { .. } => memory.items.push(record.item),
                Event::Discharged { .. } | Event::Left { .. } | Event::Lost { .. } => {
                    memory.items.retain(|item| *item != record.item);
                }
                _ => {}
            }
            memory.event_wraps += u64::from(memory.event_seq.get() == Seq::LAST && record.seq.get() == 1);
            memory.event_seq = record.seq;
        }
        for record in inputs.scans {
            let ScanData::Measured { weight, .. } = record.data else { unreachable!("only such are made") };
            self.ledger.deliver_scan(weight.get(), &mut memory.last_scan, status.boot);
            memory.scan_wraps += u64::from(memory.scan_seq.get() == Seq::LAST && record.seq.get() == 1);
            memory.scan_seq = record.seq;
        }
        if let Some(image) = inputs.plant {
            check_sum(image);
            memory.plant = Some(*image);
        }
        if inputs.accepts_orders {
            let opening = opening.expect("orders are accepted after the resync");
            self.ledger.acknowledged(opening, status.order_ack);
            self.order(opening, status.order_ack, orders);
        }
    }

    fn resync(&mut self, _: Micros, resync: &Resync<'_>) {
        let (session, boot) = (resync.status.session_echo, resync.status.boot);
        let opening = self.ledger.resync(session, boot, resync.belt, self.memory.last_event);
        self.memory.items = resync.belt.iter().map(|entry| entry.item).collect();
        self.memory.live = Some((session, opening));
        self.memory.given = Seq::NONE;
    }
}

impl HostAtWork<'_> {
    fn order(&mut self, opening: u32, ack: Seq, orders: &mut Vec<Order>) {
        let room = ORDER_SLOTS - usize::from(ack.distance_to(self.memory.given));
        let wanted = match self.pace {
            Pace::Metronome => 1,
            Pace::Ending => 0,
            Pace::Normal if self.draws.permille(50) => ORDER_SLOTS,
            Pace::Normal => self.draws.index(4),
        };
        for _ in 0..wanted.min(room) {
            let (op, item) = self.draw_op();
            let target =
                matches!(op, OrderOp::Divert { .. }).then(|| EncoderCount::new(self.ledger.next_order() + 1));
            self.memory.given = self.memory.given.next();
            let order = Order { seq: self.memory.given, item, op, target };
            self.ledger.give(opening, order);
            orders.push(order);
        }
    }

    fn draw_op(&mut self) -> (OrderOp, ItemId) {
        if self.pace == Pace::Metronome {
            return (OrderOp::ChuteLamp { chute: ChuteId::new(0), pattern: 3 }, ItemId::NONE);
        }
        let draws = &mut *self.draws;
        let chute = ChuteId::new(u16::try_from(draws.below(u32::from(CHUTES))).unwrap());
        let item = match self.memory.items.len() {
            0 => ItemId::new(59_999),
            // Rather one of those that came last: the others have passed most diverters.
            count => self.memory.items[draws.index(count).max(draws.index(count))],
        };
        match draws.below(100) {
            0..70 => (OrderOp::Divert { chute }, item),
            70..75 => (OrderOp::Divert { chute }, ItemId::new(59_998)),
            75..80 => (OrderOp::Divert { chute: ChuteId::new(999) }, item),
            80..88 => (OrderOp::Cancel, item),
            88..91 => (OrderOp::ChuteDisable { chute }, ItemId::NONE),
            91..96 => (OrderOp::ChuteEnable { chute }, ItemId::NONE),
            _ => (OrderOp::ChuteLamp { chute, pattern: 5 }, ItemId::NONE),
        }
    }
}

fn check_sum(image: &PlantImage) {
    let PlantImage { inducted, unexpected, discharged_verified, discharged_unverified, left, lost, .. } =
        image;
    let ended = discharged_verified + discharged_unverified + left + lost;
    assert_eq!(inducted + unexpected, ended + u32::from(image.on_belt), "{image:?}");
}
