//! A network between an exchange and the registers: every request may suffer.

use sorter_core::units::Micros;
use sorter_plc::codec::{OrderImage, RawOrder, RecordError};
use sorter_plc::register_map::{BaseAddresses, BlockId, ORDER_WORDS, STATUS_WORDS, WordOrder};
use sorter_plc::request::{Request, Span};
use sorter_sim::modbus_server::RegisterBank;

use crate::stats::Happened;
use crate::world::World;

/// A write that left its host and has not arrived.
#[derive(Clone, Copy, Debug)]
struct Late {
    arrives: u64,
    session: u16,
    words: [u16; ORDER_WORDS],
}

/// The state of the network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    /// The tick at which a connection can be made again.
    up_at: u64,
    connected: bool,
    late: Option<Late>,
    /// A write that will be done once more after the next scan.
    doubled: Option<[u16; ORDER_WORDS]>,
}

/// How a request ended.
enum Outcome {
    Answered(Vec<u16>),
    /// The connection has to be given up.
    Lost,
    Busy,
}

impl World {
    /// One cycle of the host, if it has a connection.
    pub(crate) fn host_cycle(&mut self) {
        if self.tick < self.wire.up_at {
            return;
        }
        self.wire.connected = true;
        let now = self.now();
        self.begin_cycle(now);
        loop {
            let (span, order) = match self.exchange.next_request() {
                None => return,
                Some(Request::Read(span)) => (span, None),
                Some(Request::Cycle { order, .. }) => {
                    let words = u16::try_from(STATUS_WORDS).unwrap();
                    (Span { block: BlockId::Status, offset: 0, words }, Some(*order))
                }
            };
            match self.perform(span, order.as_ref()) {
                Outcome::Answered(words) => self.answered(now, &words),
                Outcome::Lost => return self.give_up_connection(),
                Outcome::Busy => {
                    self.count(Happened::Busy);
                    return self.exchange.refused(now, span.block);
                }
            }
        }
    }

    /// The connection is gone and comes back after a while.
    pub(crate) fn give_up_connection(&mut self) {
        let now = self.now();
        self.exchange.cut(now);
        self.wire.connected = false;
        let while_away = if self.draws.permille(100) { self.draws.below(25) } else { self.draws.below(4) };
        self.wire.up_at = self.tick + u64::from(while_away);
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.wire.connected
    }

    /// An old write arrives.
    pub(crate) fn deliver_late(&mut self) {
        let tick = self.tick;
        let Some(late) = self.wire.late.take_if(|late| late.arrives <= tick) else { return };
        self.count(Happened::WriteDelayed);
        if self.plc.session() != late.session {
            self.count(Happened::LateInOtherSession);
        }
        self.write(&late.words, 0..ORDER_WORDS);
        // The PLC sees it, and then what the host writes.
        self.plc_scan();
    }

    /// What a gateway repeats arrives after the scan that saw it first.
    pub(crate) fn deliver_double(&mut self) {
        if let Some(words) = self.wire.doubled.take() {
            self.write(&words, 0..ORDER_WORDS);
        }
    }

    fn perform(&mut self, span: Span, order: Option<&[u16; ORDER_WORDS]>) -> Outcome {
        let weather = self.weather;
        if self.draws.permille(weather.cut) {
            self.count(Happened::Cut);
            return Outcome::Lost;
        }
        if self.draws.permille(weather.drop_request) {
            self.count(Happened::RequestDropped);
            return Outcome::Lost;
        }
        if self.draws.permille(weather.busy) {
            return Outcome::Busy;
        }
        if let Some(order) = order
            && !self.carry_write(order)
        {
            return Outcome::Lost;
        }
        let words = self.carry_read(span);
        if self.draws.permille(weather.drop_answer) {
            self.count(Happened::AnswerDropped);
            return Outcome::Lost;
        }
        Outcome::Answered(words)
    }

    /// Returns whether the connection lives on.
    fn carry_write(&mut self, order: &[u16; ORDER_WORDS]) -> bool {
        let weather = self.weather;
        // One old write is on its way at a time: each connection has to be given up before the next is made.
        if self.wire.late.is_none() && self.draws.permille(weather.delay_write) {
            let arrives = self.tick + 1 + u64::from(self.draws.below(60));
            self.wire.late = Some(Late { arrives, session: order[0], words: *order });
            return false;
        }
        if self.draws.permille(weather.tear_write) {
            self.count(Happened::TornWrite);
            let (first, then) = self.tear(ORDER_WORDS);
            let before = self.ring();
            self.write(order, first);
            if self.is_torn_for_sure(&before, order) {
                self.plc_scan();
            }
            self.write(order, then);
        } else if self.draws.permille(weather.half_write) {
            self.count(Happened::HalfWrite);
            let (first, then) = self.tear(ORDER_WORDS);
            let before = self.ring();
            self.write(order, first);
            if !self.is_torn_for_sure(&before, order) {
                self.write(order, then);
            }
            return false;
        } else {
            self.write(order, 0..ORDER_WORDS);
        }
        if self.draws.permille(weather.double_write) {
            self.count(Happened::WriteDoubled);
            self.write(order, 0..ORDER_WORDS);
            self.wire.doubled = Some(*order);
        }
        if self.draws.permille(weather.jitter / 4) {
            self.count(Happened::ScanBetween);
            self.plc_scan();
        }
        true
    }

    fn carry_read(&mut self, span: Span) -> Vec<u16> {
        let mut words = vec![0; usize::from(span.words)];
        let address = BaseAddresses::default().of(span.block) + span.offset;
        if words.len() > 1 && self.draws.permille(self.weather.tear_read) {
            self.count(Happened::TornRead);
            let (first, then) = self.tear(words.len());
            for (part, scans) in [(first, 1), (then, 0)] {
                let at = address + u16::try_from(part.start).unwrap();
                self.plc.read(at, &mut words[part]).expect("the host reads inside the blocks");
                for _ in 0..scans {
                    self.plc_scan();
                }
            }
        } else {
            self.plc.read(address, &mut words).expect("the host reads inside the blocks");
        }
        words
    }

    /// Two parts, in the order in which they are copied: upwards, as servers do, or downwards.
    fn tear(&mut self, words: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let place = 1 + self.draws.index(words - 1);
        if self.draws.permille(700) { (0..place, place..words) } else { (place..words, 0..place) }
    }

    fn ring(&mut self) -> [u16; ORDER_WORDS] {
        let mut words = [0; ORDER_WORDS];
        self.plc.read(BaseAddresses::default().order, &mut words).expect("ORDER can be read");
        words
    }

    /// Whether no order that is neither the old nor the new one in its slot has a right check.
    ///
    /// A check of 16 bits passes one torn order in 65,536, and nothing in the contract keeps that one from being
    /// taken. Such a tear is counted, and the PLC does not get to see it.
    fn is_torn_for_sure(&mut self, before: &[u16; ORDER_WORDS], after: &[u16; ORDER_WORDS]) -> bool {
        let ring = self.ring();
        let slots = |words: &[u16; ORDER_WORDS]| OrderImage::decode(words).map(|image| image.orders);
        let [Ok(torn), Ok(before), Ok(after)] = [slots(&ring), slots(before), slots(after)] else {
            return true;
        };
        let passes = |(torn, (before, after)): (&RawOrder, (&RawOrder, &RawOrder))| {
            let outcome = torn.order(ring[0], WordOrder::HighFirst);
            let waits = matches!(outcome, Err(RecordError::Check { .. } | RecordError::Sequence { .. }));
            torn != before && torn != after && !waits
        };
        let passed = torn.iter().zip(before.iter().zip(&after)).any(passes);
        if passed {
            self.count(Happened::CheckPassed);
        }
        !passed
    }

    fn write(&mut self, words: &[u16; ORDER_WORDS], part: std::ops::Range<usize>) {
        let address = BaseAddresses::default().order + u16::try_from(part.start).unwrap();
        self.plc.write(address, &words[part]).expect("ORDER can be written");
    }

    pub(crate) fn now(&self) -> Micros {
        Micros::new(self.tick * 10_000)
    }
}
