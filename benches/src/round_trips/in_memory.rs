//! A cycle without a wire: what the exchange and the codec cost.

use sorter_core::units::Micros;
use sorter_plc::exchange::{Exchange, ExchangeConfig, SessionState};
use sorter_plc::register_map::{BaseAddresses, STATUS_WORDS};
use sorter_plc::request::Request;
use sorter_sim::modbus_server::RegisterBank;

use crate::plc::{BenchPlc, BusyHost, SCAN, Work};

/// An exchange that calls the registers of its PLC.
#[derive(Debug)]
pub struct InMemory {
    exchange: Exchange,
    host: BusyHost,
    plc: BenchPlc,
    bases: BaseAddresses,
    now: Micros,
}

impl InMemory {
    /// A session that is live.
    ///
    /// # Panics
    /// When none becomes live, which the tests rule out.
    pub fn new(work: Work) -> Self {
        let exchange = Exchange::new(ExchangeConfig::default(), 1).expect("the defaults are allowed");
        let mut new = Self {
            exchange,
            host: BusyHost::new(work),
            plc: BenchPlc::new(),
            bases: BaseAddresses::default(),
            now: Micros::ZERO,
        };
        for _ in 0..100 {
            new.step();
            if new.exchange.state() == SessionState::Live && new.host.live_polls > 0 {
                new.host.orders = 0;
                return new;
            }
        }
        panic!("the session is {:?} after 100 cycles", new.exchange.state());
    }

    /// One cycle, after one scan of the PLC.
    pub fn step(&mut self) {
        self.scan();
        self.cycle();
    }

    /// One scan of the PLC alone.
    pub fn scan(&mut self) {
        self.plc.scan(self.now + SCAN);
    }

    /// One cycle alone.
    pub fn cycle(&mut self) {
        self.now = self.now + SCAN;
        self.exchange.begin_cycle(self.now, &mut self.host).expect("the host keeps to the contract");
        let mut words = [0; STATUS_WORDS + 4];
        while let Some(request) = self.exchange.next_request() {
            let read = match request {
                Request::Cycle { order, .. } => {
                    let written = self.plc.write(self.bases.order, order);
                    let read = &mut words[..STATUS_WORDS];
                    written.and_then(|()| self.plc.read(self.bases.status, read)).map(|()| STATUS_WORDS)
                }
                Request::Read(span) => {
                    let count = usize::from(span.words);
                    let address = self.bases.of(span.block) + span.offset;
                    self.plc.read(address, &mut words[..count]).map(|()| count)
                }
            };
            let count = read.expect("the registers are those of the contract");
            self.exchange
                .answered(self.now, &words[..count], &mut self.host)
                .expect("the PLC keeps to the contract");
        }
    }

    /// The host.
    pub fn host(&self) -> &BusyHost {
        &self.host
    }

    /// The PLC.
    pub fn plc(&self) -> &BenchPlc {
        &self.plc
    }
}
