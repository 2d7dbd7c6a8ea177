//! A host that keeps what it is told, and the cycle between it and the PLC.

use std::collections::VecDeque;

use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::units::Micros;
use sorter_plc::codec::OrderImage;
use sorter_plc::contract::{
    BeltEntry, EventRecord, ORDER_SLOTS, Order, OrderOp, PlantImage, ScanRecord, Seq, Status,
};
use sorter_plc::controller::Inputs;
use sorter_plc::exchange::{
    Delivered, Exchange, ExchangeConfig, ExchangeFault, Mode, SessionState, SetupFault,
};
use sorter_plc::host::{Host, Ready, Resync};
use sorter_plc::register_map::BlockId;
use sorter_plc::request::{Request, Span};

use super::plc::Plc;

/// What a host is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    Restarted,
    Poll {
        status: Box<Status>,
        events: Vec<EventRecord>,
        scans: Vec<ScanRecord>,
        plant: Option<Box<PlantImage>>,
        accepts: bool,
    },
    Resync(Vec<BeltEntry>),
}

/// Keeps what it is told and numbers its orders as the controller does.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) calls: Vec<Call>,
    /// Items to divert as soon as orders are accepted.
    pub(crate) wishes: VecDeque<u16>,
    pub(crate) sent: Seq,
    /// Orders to give without asking whether they are accepted.
    pub(crate) rude: Vec<Order>,
    pub(crate) forgetful: bool,
    /// What it says before each cycle, and the orders that it gives then.
    pub(crate) ready: Ready,
    pub(crate) held: VecDeque<u16>,
    /// The last hand-over that it was told of.
    pub(crate) delivered: Option<Delivered>,
}

pub(crate) fn divert(seq: Seq, item: u16) -> Order {
    Order { seq, item: ItemId::new(item), op: OrderOp::Divert { chute: ChuteId::new(3) }, target: None }
}

impl Recorder {
    fn note(&mut self, call: Call) {
        if !self.forgetful {
            self.calls.push(call);
        }
    }

    /// The items of all events, in their order.
    pub(crate) fn event_items(&self) -> Vec<u16> {
        let items = self.calls.iter().filter_map(|call| match call {
            Call::Poll { events, .. } => Some(events.iter().map(|event| event.item.get())),
            _ => None,
        });
        items.flatten().collect()
    }

    /// The items of all scan records, in their order.
    pub(crate) fn scan_items(&self) -> Vec<u16> {
        let items = self.calls.iter().filter_map(|call| match call {
            Call::Poll { scans, .. } => Some(scans.iter().map(|scan| scan.item.get())),
            _ => None,
        });
        items.flatten().collect()
    }

    pub(crate) fn plants(&self) -> Vec<PlantImage> {
        let images = self.calls.iter().filter_map(|call| match call {
            Call::Poll { plant, .. } => plant.as_deref().copied(),
            _ => None,
        });
        images.collect()
    }

    pub(crate) fn restarts(&self) -> usize {
        self.calls.iter().filter(|call| **call == Call::Restarted).count()
    }

    pub(crate) fn belts(&self) -> Vec<Vec<BeltEntry>> {
        let belts = self.calls.iter().filter_map(|call| match call {
            Call::Resync(belt) => Some(belt.clone()),
            _ => None,
        });
        belts.collect()
    }

    pub(crate) fn last_poll(&self) -> (Status, bool) {
        let last = self.calls.iter().rev().find_map(|call| match call {
            Call::Poll { status, accepts, .. } => Some((**status, *accepts)),
            _ => None,
        });
        last.unwrap()
    }
}

impl Host for Recorder {
    fn plc_restarted(&mut self, _now: Micros) {
        self.note(Call::Restarted);
    }

    fn poll(&mut self, _now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.note(Call::Poll {
            status: Box::new(*inputs.status),
            events: inputs.events.to_vec(),
            scans: inputs.scans.to_vec(),
            plant: inputs.plant.map(|plant| Box::new(*plant)),
            accepts: inputs.accepts_orders,
        });
        let ack = inputs.status.order_ack;
        assert!(
            usize::from(ack.distance_to(self.sent)) <= ORDER_SLOTS,
            "{ack} is not right for {}",
            self.sent
        );
        orders.append(&mut self.rude);
        while inputs.accepts_orders && usize::from(ack.distance_to(self.sent)) < ORDER_SLOTS {
            let Some(item) = self.wishes.pop_front() else { return };
            self.sent = self.sent.next();
            orders.push(divert(self.sent, item));
        }
    }

    fn delivered(&mut self, up_to: Delivered) {
        self.delivered = Some(up_to);
    }

    fn ready(&mut self, _now: Micros, accepts_orders: bool, orders: &mut Vec<Order>) -> Ready {
        let held = if accepts_orders { self.held.len() } else { 0 };
        for item in self.held.drain(..held) {
            self.sent = self.sent.next();
            orders.push(divert(self.sent, item));
        }
        self.ready
    }

    fn resync(&mut self, _now: Micros, resync: &Resync<'_>) {
        assert_eq!(resync.status.order_ack, Seq::NONE);
        self.sent = Seq::NONE;
        self.note(Call::Resync(resync.belt.to_vec()));
    }
}

/// What an exchange asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    Read(Span),
    Cycle { image: OrderImage, may_probe: bool },
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// It never reaches the PLC, and the connection is gone.
    LostOnTheWay,
    /// The PLC does it, and the connection is gone before the answer.
    LostOnTheWayBack,
    /// The PLC does not do it now.
    Refused,
}

/// Changes the words of an answer.
type Mangle = Box<dyn FnMut(BlockId, &mut Vec<u16>)>;

pub(crate) struct Rig {
    pub(crate) exchange: Exchange,
    pub(crate) plc: Plc,
    pub(crate) host: Recorder,
    pub(crate) now: Micros,
    pub(crate) asked: Vec<Asked>,
    pub(crate) faults: Vec<ExchangeFault>,
    /// Host cycles in a PLC scan, and how many are to come before the next.
    pub(crate) cycles_in_scan: u32,
    until_scan: u32,
    /// What is done to the words of an answer.
    pub(crate) mangle: Option<Mangle>,
    /// Blocks whose requests meet with something else than an answer.
    pub(crate) fates: Vec<(BlockId, Fate)>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(ExchangeConfig::default())
    }

    pub(crate) fn listening() -> Self {
        Self::with(ExchangeConfig { mode: Mode::Listen, ..ExchangeConfig::default() })
    }

    pub(crate) fn with(config: ExchangeConfig) -> Self {
        let mut plc = Plc::new();
        plc.word_order = config.word_order;
        plc.capacity = config.belt_capacity;
        plc.publish();
        Self {
            exchange: Exchange::new(config, 11).unwrap(),
            plc,
            host: Recorder::default(),
            now: Micros::from_secs(100),
            asked: Vec::new(),
            faults: Vec::new(),
            cycles_in_scan: 1,
            until_scan: 0,
            mangle: None,
            fates: Vec::new(),
        }
    }

    /// A rig with a live session.
    pub(crate) fn live() -> Self {
        let mut rig = Self::new();
        rig.until(SessionState::Live);
        rig
    }

    /// One host cycle and, when it is time, one PLC scan before it is answered.
    pub(crate) fn cycle(&mut self) {
        self.now = self.now + self.exchange.config().period;
        if let Err(fault) = self.exchange.begin_cycle(self.now, &mut self.host) {
            self.faults.push(fault);
        }
        if self.until_scan == 0 {
            self.until_scan = self.cycles_in_scan;
        }
        self.until_scan -= 1;
        let mut scan_due = self.until_scan == 0;
        let mut requests = 0;
        while let Some(request) = self.exchange.next_request() {
            requests += 1;
            assert!(requests < 20, "a cycle has an end");
            let (asked, span, order) = match request {
                Request::Read(span) => (Asked::Read(span), span, None),
                Request::Cycle { order, may_probe } => {
                    let image = OrderImage::decode(order).unwrap();
                    let span = Span { block: BlockId::Status, offset: 0, words: 121 };
                    (Asked::Cycle { image, may_probe }, span, Some(*order))
                }
            };
            self.asked.push(asked);
            let fate = self.fates.iter().position(|(block, _)| *block == span.block);
            let fate = fate.map_or(Fate::Answered, |place| self.fates.remove(place).1);
            if fate != Fate::LostOnTheWay && fate != Fate::Refused {
                if let Some(order) = order {
                    self.plc.write(&order);
                }
                if std::mem::take(&mut scan_due) {
                    self.plc.scan();
                }
            }
            if !self.answer(fate, span) {
                return;
            }
        }
        if scan_due {
            self.plc.scan();
        }
    }

    /// Says whether the cycle goes on.
    fn answer(&mut self, fate: Fate, span: Span) -> bool {
        match fate {
            Fate::Answered => {}
            Fate::LostOnTheWay | Fate::LostOnTheWayBack => {
                self.exchange.cut(self.now);
                return false;
            }
            Fate::Refused => {
                self.exchange.refused(self.now, span.block);
                return false;
            }
        }
        let Some(mut words) = self.plc.read(span) else {
            let fault = self.exchange.rejected(self.now, span.block);
            self.faults.push(ExchangeFault::Setup(fault));
            return false;
        };
        if let Some(mangle) = &mut self.mangle {
            mangle(span.block, &mut words);
        }
        if let Err(fault) = self.exchange.answered(self.now, &words, &mut self.host) {
            self.faults.push(fault);
        }
        true
    }

    pub(crate) fn cycles(&mut self, cycles: u32) {
        for _ in 0..cycles {
            self.cycle();
        }
    }

    /// Cycles until a state is reached, and tells how many.
    pub(crate) fn until(&mut self, state: SessionState) -> u32 {
        for cycles in 0..2_000 {
            if self.exchange.state() == state {
                return cycles;
            }
            self.cycle();
        }
        panic!("never came to {state:?}, is {:?}, faults {:?}", self.exchange.state(), self.faults);
    }

    /// The PLC closes its session, and another one is opened.
    pub(crate) fn change_session(&mut self) {
        self.plc.close();
        self.until(SessionState::Closing);
        self.until(SessionState::Live);
    }

    /// Cycles until the PLC is found not to be the one that is configured.
    pub(crate) fn until_fault(&mut self) -> SetupFault {
        for _ in 0..2_000 {
            if let SessionState::Faulted(fault) = self.exchange.state() {
                return fault;
            }
            self.cycle();
        }
        panic!("no fault was found, the state is {:?}", self.exchange.state());
    }

    /// The images that were written, in their order.
    pub(crate) fn images(&self) -> Vec<OrderImage> {
        let images = self.asked.iter().filter_map(|asked| match asked {
            Asked::Cycle { image, .. } => Some(*image),
            Asked::Read(_) => None,
        });
        images.collect()
    }

    /// How often a block was read.
    pub(crate) fn reads(&self, block: BlockId) -> usize {
        self.asked.iter().filter(|asked| matches!(asked, Asked::Read(span) if span.block == block)).count()
    }

    /// The only fault so far, as a person reads it.
    pub(crate) fn fault(&self) -> String {
        assert_eq!(self.faults.len(), 1, "{:?}", self.faults);
        self.faults[0].to_string()
    }
}
