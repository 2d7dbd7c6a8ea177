//! What a cycle costs in memory.

use sorter_core::units::Micros;
use sorter_plc::contract::Order;
use sorter_plc::controller::Inputs;
use sorter_plc::host::{Host, Resync};
use sorter_plc::register_map::BlockId;
use sorter_plc::request::Span;

use super::rig::Rig;

struct Quiet;

impl Host for Quiet {
    fn plc_restarted(&mut self, _now: Micros) {}
    fn poll(&mut self, _now: Micros, _inputs: &Inputs<'_>, _orders: &mut Vec<Order>) {}
    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {}
}

#[test]
fn a_cycle_allocates_nothing() {
    let mut rig = Rig::live();
    rig.cycles(30);
    for item in 1..=30 {
        rig.plc.induct(item);
        rig.plc.read_code(item);
    }
    for _ in 0..200 {
        rig.now = rig.now + Micros::from_millis(10);
        rig.plc.scan();
        let blocks = [BlockId::Status, BlockId::Scan, BlockId::Plant];
        let words = [121, 122, 81];
        let answers: Vec<Vec<u16>> = blocks
            .iter()
            .zip(words)
            .map(|(block, words)| rig.plc.read(Span { block: *block, offset: 0, words }).unwrap())
            .collect();
        let (exchange, now) = (&mut rig.exchange, rig.now);
        let info = allocation_counter::measure(|| {
            exchange.begin_cycle(now, &mut Quiet).unwrap();
            let mut next = 0;
            while let Some(request) = exchange.next_request() {
                let block = match request {
                    sorter_plc::request::Request::Read(span) => span.block,
                    sorter_plc::request::Request::Cycle { .. } => BlockId::Status,
                };
                next += 1;
                assert!(next < 4);
                let place = blocks.iter().position(|known| *known == block).unwrap();
                exchange.answered(now, &answers[place], &mut Quiet).unwrap();
            }
        });
        assert_eq!(info.count_total, 0);
    }
    assert!(rig.exchange.counters().events >= 15);
}
