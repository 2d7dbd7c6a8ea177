//! A PLC without a plant, and a host that keeps it busy: all that they cost is the contract.

use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::units::{EncoderCount, Micros, MmPerSecond, Pulses};
use sorter_plc::contract::{
    Capabilities, Event, EventRecord, ORDER_SLOTS, Order, OrderOp, PlantImage, Seq, StateBits, Status,
};
use sorter_plc::controller::Inputs;
use sorter_plc::host::{Host, Resync};
use sorter_sim::modbus_server::{Exception, RegisterBank};
use sorter_sim::register_plc::{RegisterPlc, RegisterPlcConfig, SessionStep};
use sorter_sim::virtual_plc::PlcOutput;

/// The scan time of a [`BenchPlc`], and the period of its host.
pub const SCAN: Micros = Micros::from_millis(10);
/// Pulses that the belt makes in a scan: 2 m/s at one pulse in a millimetre.
const PULSES: u32 = 20;

/// The registers of the contract over an empty belt. It takes every order and reports one event for each.
#[derive(Debug)]
pub struct BenchPlc {
    registers: RegisterPlc,
    encoder: u32,
    out: PlcOutput,
}

impl Default for BenchPlc {
    fn default() -> Self {
        Self::new()
    }
}

impl BenchPlc {
    /// A PLC that has just booted.
    pub fn new() -> Self {
        Self {
            registers: RegisterPlc::new(RegisterPlcConfig::default()),
            encoder: 0,
            out: PlcOutput::default(),
        }
    }

    /// One scan.
    pub fn scan(&mut self, now: Micros) {
        self.out.clear();
        self.encoder = self.encoder.wrapping_add(PULSES);
        let encoder = EncoderCount::new(self.encoder);
        if self.registers.begin_scan(now).session == SessionStep::Opened {
            self.registers.put_belt(&[]);
        }
        for order in self.registers.orders() {
            let event = Event::Seen { eye: EyeId::new(1), deviation: Pulses::ZERO };
            self.out.events.push(EventRecord { seq: Seq::NONE, item: order.item, encoder, event });
        }
        let status = Status {
            capabilities: Capabilities(Capabilities::FIRE_POINTS),
            encoder,
            belt_speed: MmPerSecond::new(2_000),
            state: StateBits(StateBits::RUNNING),
            scan_time: SCAN,
            minimum_lead: Pulses::new(60),
            ..Status::default()
        };
        self.registers.end_scan(&self.out, &status, &PlantImage::default());
    }

    /// The last order taken in this session.
    pub fn order_ack(&self) -> Seq {
        self.registers.order_ack()
    }

    /// Orders taken so far.
    pub fn orders_taken(&self) -> u64 {
        self.registers.counters().orders
    }

    /// How often it took its host for lost.
    pub fn hosts_lost(&self) -> u64 {
        self.registers.counters().hosts_lost
    }
}

impl RegisterBank for BenchPlc {
    fn read(&mut self, address: u16, out: &mut [u16]) -> Result<(), Exception> {
        self.registers.read(address, out)
    }

    fn write(&mut self, address: u16, words: &[u16]) -> Result<(), Exception> {
        self.registers.write(address, words)
    }
}

/// What a [`BusyHost`] orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    Nothing,
    /// One order in every cycle, about items that are not there.
    EveryCycle,
    /// A chute for each item that is inducted.
    EveryItem,
}

/// A host that orders without deciding.
#[derive(Clone, Debug)]
pub struct BusyHost {
    work: Work,
    given: Seq,
    items: Vec<ItemId>,
    next_item: ItemId,
    /// The last number that the PLC said it had taken.
    pub order_ack: Seq,
    /// Cycles in which it might order.
    pub live_polls: u64,
    /// Orders given.
    pub orders: u64,
    /// Events heard.
    pub events: u64,
}

impl BusyHost {
    /// A host that has heard nothing.
    pub const fn new(work: Work) -> Self {
        Self {
            work,
            given: Seq::NONE,
            items: Vec::new(),
            next_item: ItemId::NONE,
            order_ack: Seq::NONE,
            live_polls: 0,
            orders: 0,
            events: 0,
        }
    }

    fn give(&mut self, item: ItemId, orders: &mut Vec<Order>) {
        self.given = self.given.next();
        self.orders += 1;
        let op = OrderOp::Divert { chute: ChuteId::new(item.get() % 100) };
        orders.push(Order { seq: self.given, item, op, target: None });
    }
}

impl Host for BusyHost {
    fn plc_restarted(&mut self, _: Micros) {
        self.items.clear();
    }

    fn poll(&mut self, _: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.events += inputs.events.len() as u64;
        if !inputs.accepts_orders {
            return;
        }
        self.live_polls += 1;
        self.order_ack = inputs.status.order_ack;
        let open = usize::from(self.order_ack.distance_to(self.given));
        match self.work {
            Work::Nothing => {}
            Work::EveryCycle if open < ORDER_SLOTS => {
                self.next_item = self.next_item.next();
                self.give(self.next_item, orders);
            }
            Work::EveryCycle => {}
            Work::EveryItem => {
                let inducted = inputs.events.iter().filter(|one| matches!(one.event, Event::Inducted { .. }));
                self.items.extend(inducted.map(|one| one.item));
                let room = self.items.len().min(ORDER_SLOTS - open.min(ORDER_SLOTS));
                for item in self.items.drain(..room).collect::<Vec<_>>() {
                    self.give(item, orders);
                }
            }
        }
    }

    fn resync(&mut self, _: Micros, _: &Resync<'_>) {
        self.given = Seq::NONE;
        self.items.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round_trips::InMemory;

    #[test]
    fn a_busy_host_has_one_order_taken_in_every_scan() {
        let mut cycle = InMemory::new(Work::EveryCycle);
        (0..1_000).for_each(|_| cycle.step());
        let host = cycle.host();
        assert_eq!(host.orders, 1_000);
        assert!(cycle.plc().orders_taken() >= 998, "{}", cycle.plc().orders_taken());
        assert!(host.events >= 996, "{host:?}");
    }
}
