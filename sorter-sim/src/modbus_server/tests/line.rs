//! A whole line behind the server, with the real link and exchange in front of it, in virtual time.

use std::collections::BTreeMap;
use std::io;

use smallvec::SmallVec;
use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::units::{Grams, Micros, Millimetres};
use sorter_plc::contract::{CodeBytes, Event, Order, OrderOp, Seq};
use sorter_plc::controller::Inputs;
use sorter_plc::cycle::{Panel, PausedBeat, run_link};
use sorter_plc::exchange::{Exchange, ExchangeConfig, SessionState};
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{Dial, Link, LinkConfig};

use super::*;
use crate::plant::{BodyTag, Labels, LineGeometry, PlantConfig, Witness};
use crate::register_plc::{NetworkedLine, RegisterPlcConfig};
use crate::virtual_plc::LineSorter;

const SCAN: Micros = Micros::from_millis(10);

struct Boxes;

impl Labels for Boxes {
    fn length(&self, _: u32) -> Millimetres {
        Millimetres::new(300)
    }

    fn measured(&self, _: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
        (Millimetres::new(300), Millimetres::new(200), Millimetres::new(100), Grams::new(500))
    }

    fn read(&self, _: u32, _: u8, _: &mut SmallVec<[CodeBytes; 4]>) {}
}

/// The chute that every item with this number is sent to.
fn chute_of(item: ItemId) -> ChuteId {
    ChuteId::new(item.get() % 90)
}

/// Sends each new item to its chute.
#[derive(Debug, Default)]
struct ByNumber {
    last: Seq,
    waiting: Vec<ItemId>,
    ordered: u64,
    resyncs: u64,
}

impl Host for ByNumber {
    fn plc_restarted(&mut self, _: Micros) {
        panic!("the PLC never restarts");
    }

    fn poll(&mut self, _: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        for record in inputs.events {
            if let Event::Inducted { .. } | Event::Unexpected { .. } = record.event {
                self.waiting.push(record.item);
            }
        }
        if !inputs.accepts_orders {
            return;
        }
        let room = 15 - usize::from(inputs.status.order_ack.distance_to(self.last)).min(15);
        for item in self.waiting.drain(..room.min(self.waiting.len())) {
            self.last = self.last.next();
            self.ordered += 1;
            let op = OrderOp::Divert { chute: chute_of(item) };
            orders.push(Order { seq: self.last, item, op, target: None });
        }
    }

    fn resync(&mut self, _: Micros, resync: &Resync<'_>) {
        self.last = Seq::NONE;
        self.resyncs += 1;
        let unordered = resync.belt.iter().filter(|entry| entry.ordered.is_none());
        self.waiting = unordered.map(|entry| entry.item).collect();
    }
}

/// Opens a new in-memory stream to the server each time.
struct InMemory(ModbusServer<NetworkedLine>);

impl Dial for InMemory {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        let (near, mut far) = duplex(4_096);
        let server = self.0.clone();
        spawn_local(async move { server.serve_stream(&mut far).await });
        Ok(near)
    }
}

/// Where bodies really went, and what the PLC called them.
#[derive(Default)]
struct Truth {
    items: BTreeMap<u32, ItemId>,
    right: u64,
    wrong: u64,
    ran_off: u64,
}

impl Witness for Truth {
    fn item_given(&mut self, item: ItemId, body: BodyTag) {
        self.items.insert(body.parcel, item);
    }

    fn discharged(&mut self, body: BodyTag, chute: ChuteId, _: Micros, _: u32, _: u32) {
        if self.items.get(&body.parcel).copied().map(chute_of) == Some(chute) {
            self.right += 1;
        } else {
            self.wrong += 1;
        }
    }

    fn ran_off(&mut self, _: BodyTag, _: Micros) {
        self.ran_off += 1;
    }
}

/// Runs 300 parcels, two a second, and gives what happened.
fn run(profile: &str, faults: &str, seed: u64) -> (Truth, ByNumber, ServerCounters, u64, u64) {
    let mut result = None;
    in_virtual_time(async {
        let feed = (0..300).map(|parcel| (Micros::from_millis(u64::from(parcel) * 500), parcel)).collect();
        let line = LineSorter::new(&LineGeometry::line_100(), PlantConfig::faultless(seed), feed);
        let line = Rc::new(RefCell::new(NetworkedLine::new(line, RegisterPlcConfig::default())));
        let faults = WireFaults::new(seed, faults.parse().expect("faults with their shares"));
        let profile = ServerProfile::named(profile).expect("a known profile");
        let server = ModbusServer::new(Rc::clone(&line), profile, faults);
        let panel = Panel::new(ByNumber::default());
        let mut link = Link::new(InMemory(server.clone()), LinkConfig::default(), seed);
        let mut exchange = Exchange::new(ExchangeConfig::default(), seed).expect("the default configuration");
        let mut truth = Truth::default();
        let scanning = async {
            let mut beat = tokio::time::interval(Duration::from_micros(SCAN.get()));
            beat.tick().await;
            for scan in 1..=26_000 {
                beat.tick().await;
                line.borrow_mut().scan(Micros::new(scan * SCAN.get()), &Boxes, &mut truth);
            }
            assert_eq!(panel.state(), SessionState::Live);
            panel.stop();
        };
        let mut beat = PausedBeat::new(SCAN, Micros::ZERO);
        tokio::join!(scanning, run_link(&mut link, &mut exchange, &panel, &mut beat));
        assert!(line.borrow().line().plc().is_balanced());
        let orders = line.borrow().registers().counters().orders;
        let faults = server.faults().counts().map(|(_, count)| count).sum();
        result = Some((truth, panel.into_host(), server.counters(), orders, faults));
    });
    result.expect("it ran to its end")
}

#[test]
fn every_parcel_slides_where_the_host_sends_it() {
    for profile in ["plain", "no-fc23", "fc23-silent", "fc23-reset", "fc23-read-first", "scan", "write-100"] {
        let (truth, host, server, orders, _) = run(profile, "", 1);
        assert_eq!((truth.right, truth.wrong, truth.ran_off), (300, 0, 0), "{profile}");
        assert_eq!((host.ordered, orders, host.resyncs), (300, 300, 1), "{profile}");
        assert!(server.requests > 10_000, "{profile}");
    }
}

#[test]
fn faults_of_every_kind_on_the_wire_send_no_parcel_astray() {
    for seed in 1..4 {
        let (truth, _, server, _, faults) = run("plain", "all=0.0008,exception=0", seed);
        assert_eq!((truth.right + truth.ran_off, truth.wrong), (300, 0), "seed {seed}");
        assert!(truth.ran_off < 30, "{} ran off (seed {seed})", truth.ran_off);
        assert!(faults > 100 && server.connections > 20, "seed {seed}: {faults} {server:?}");
    }
}
