//! One line sorter with its PLC behind a port.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use sorter_core::ids::SorterId;
use sorter_core::units::Micros;
use sorter_plc::contract::Event;

use super::MockConfig;
use super::fates::Fates;
use super::order_law::OrderLaw;
use crate::modbus_server::{ModbusServer, WireFaults};
use crate::plant::{LineGeometry, PlantConfig};
use crate::random::{Draws, Stream};
use crate::reads::HubReads;
use crate::register_plc::{NetworkedLine, RegisterPlcConfig};
use crate::scenario::PlantRates;
use crate::virtual_plc::LineSorter;

/// One line sorter with its PLC behind a port.
pub(super) struct MockSorter {
    number: SorterId,
    address: SocketAddr,
    pub(super) line: Rc<RefCell<NetworkedLine>>,
    server: ModbusServer<NetworkedLine>,
    pub(super) fates: Fates,
    pub(super) orders: OrderLaw,
    /// Events that the PLC recorded, by type.
    pub(super) events: BTreeMap<&'static str, u64>,
    pub(super) scan_records: u64,
    /// Scans after which the counters of the PLC did not add up.
    pub(super) unbalanced: u64,
}

impl MockSorter {
    pub(super) fn new(
        number: SorterId,
        address: SocketAddr,
        config: &MockConfig,
        rates: &PlantRates,
        feed: Vec<(Micros, u32)>,
    ) -> Self {
        let mut seeds = Draws::new(config.seed, Stream::Sample, number.get().into());
        let plant = PlantConfig::of_scenario(seeds.next_u64(), rates);
        let line = LineSorter::with_scan(&LineGeometry::from(&config.layout), plant, feed, config.scan);
        let registers = RegisterPlcConfig {
            belt_capacity: config.belt_capacity,
            boot: config.boot,
            word_order: config.word_order,
            ..RegisterPlcConfig::default()
        };
        let line = Rc::new(RefCell::new(NetworkedLine::new(line, registers)));
        let faults = WireFaults::new(seeds.next_u64(), config.faults);
        Self {
            number,
            address,
            server: ModbusServer::new(Rc::clone(&line), config.profile, faults),
            line,
            fates: Fates::default(),
            orders: OrderLaw::default(),
            events: BTreeMap::new(),
            scan_records: 0,
            unbalanced: 0,
        }
    }

    pub(super) fn number(&self) -> SorterId {
        self.number
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn server(&self) -> &ModbusServer<NetworkedLine> {
        &self.server
    }

    /// One scan of the PLC.
    pub(super) fn scan(&mut self, now: Micros, reads: &HubReads<'_>) {
        let mut line = self.line.borrow_mut();
        line.scan(now, reads, &mut self.fates);
        self.orders.look(&line);
        for record in &line.output().events {
            *self.events.entry(type_of(&record.event)).or_default() += 1;
        }
        self.scan_records += line.output().scans.len() as u64;
        self.unbalanced += u64::from(!line.line().plc().is_balanced());
    }
}

/// The name of the type of an event in reports.
const fn type_of(event: &Event) -> &'static str {
    match event {
        Event::Inducted { .. } => "inducted",
        Event::Seen { .. } => "seen",
        Event::Fired { .. } => "fired",
        Event::Discharged { .. } => "discharged",
        Event::Missed { .. } => "missed",
        Event::Left { .. } => "left",
        Event::Refused { .. } => "refused",
        Event::Lost { .. } => "lost",
        Event::Unexpected { .. } => "unexpected",
        Event::Chute { .. } => "chute",
        Event::HostLost { .. } => "host_lost",
        Event::State { .. } => "state",
        Event::Lap { .. } => "lap",
        Event::Ended { .. } => "ended",
        Event::Jam { .. } => "jam",
    }
}
