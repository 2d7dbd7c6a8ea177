//! One line behind its registers, and the checks on what its host writes there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::units::Micros;
use sorter_plc::codec::{OrderImage, cause_of};
use sorter_plc::contract::{Event, EventRecord, OrderOp, ScanData, ScanRecord, Seq};
use sorter_plc::register_map::{BaseAddresses, ORDER_WORDS, WordOrder};
use sorter_plc::request::Span;
use sorter_sim::modbus_server::{Exception, RegisterBank};
use sorter_sim::plant::{LineGeometry, LinePlant};
use sorter_sim::register_plc::{NetworkedLine, RegisterPlcConfig};
use sorter_sim::virtual_plc::LineSorter;

use crate::draws::Draws;
use crate::reader::Reader;
use crate::site::{CAPACITY, Site};
use crate::stats::{Happened, Stats};
use crate::trace;
use crate::truth::{Eyes, Truth};

/// A line, and what its PLC has seen of its host.
pub(crate) struct PlcSide {
    pub(crate) sorter: SorterId,
    line: NetworkedLine,
    session: u16,
    /// What was acknowledged in this session.
    event_ack: Seq,
    scan_ack: Seq,
    /// The last order of this session that was looked up on the disk.
    checked: Seq,
    /// Whether a new order stands in the ring.
    fresh: bool,
    /// What the PLC has recorded and nobody acknowledged, the oldest first.
    events: VecDeque<EventRecord>,
    scans: VecDeque<ScanRecord>,
    /// Items whose diverter has fired.
    fired: BTreeSet<ItemId>,
    /// Items that a divert was taken for in this life.
    ordered: BTreeSet<ItemId>,
    hosts_lost: u64,
    /// Events that were acknowledged, by what the books of the host count.
    pub(crate) counted: Counted,
    /// How often the PLC booted.
    pub(crate) boots: u64,
}

/// Events that change the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) inducted: u64,
    pub(crate) unexpected: u64,
    pub(crate) discharged: u64,
    pub(crate) left: u64,
    pub(crate) lost: u64,
}

impl Counted {
    fn add(&mut self, event: &Event) {
        match event {
            Event::Inducted { .. } => self.inducted += 1,
            Event::Unexpected { .. } => self.unexpected += 1,
            Event::Discharged { .. } => self.discharged += 1,
            Event::Left { .. } => self.left += 1,
            Event::Lost { .. } => self.lost += 1,
            _ => {}
        }
    }
}

/// What the checks of one write look at.
pub(crate) struct Audit<'a> {
    pub(crate) now: Micros,
    pub(crate) reader: &'a Reader,
    pub(crate) truth: &'a mut Truth,
    pub(crate) stats: &'a mut Stats,
}

impl PlcSide {
    pub(crate) fn new(site: &Site<'_>, sorter: usize, draws: &mut Draws) -> Self {
        let (config, feed) = site.plant(sorter, draws);
        let geometry = LineGeometry::from(&**site.layout());
        let line = LineSorter::new(&geometry, config, feed);
        let registers = RegisterPlcConfig { belt_capacity: CAPACITY, ..RegisterPlcConfig::default() };
        Self {
            sorter: SorterId::new(u8::try_from(sorter).unwrap()),
            line: NetworkedLine::new(line, registers),
            session: 0,
            event_ack: Seq::NONE,
            scan_ack: Seq::NONE,
            checked: Seq::NONE,
            fresh: false,
            events: VecDeque::new(),
            scans: VecDeque::new(),
            fired: BTreeSet::new(),
            ordered: BTreeSet::new(),
            hosts_lost: 0,
            counted: Counted::default(),
            boots: 1,
        }
    }

    pub(crate) fn plant(&self) -> &LinePlant {
        self.line.line().plant()
    }

    pub(crate) fn plant_mut(&mut self) -> &mut LinePlant {
        self.line.line_mut().plant_mut()
    }

    pub(crate) fn is_on(&self) -> bool {
        self.line.is_on()
    }

    /// Whether records wait to be acknowledged.
    pub(crate) fn waits(&self) -> bool {
        !self.events.is_empty() || !self.scans.is_empty()
    }

    pub(crate) fn kill(&mut self) {
        self.line.kill();
    }

    pub(crate) fn restart(&mut self, truth: &mut Truth) {
        self.line.restart();
        trace::tell(Micros::ZERO, format_args!("{} restarts", self.sorter));
        self.boots += 1;
        self.events.clear();
        self.scans.clear();
        self.fired.clear();
        self.ordered.clear();
        (self.session, self.fresh) = (0, false);
        truth.plc_restarted(self.sorter.index());
    }

    /// One scan, and what it did.
    pub(crate) fn scan(&mut self, now: Micros, site: &Site<'_>, truth: &mut Truth, stats: &mut Stats) {
        let before = if self.fresh { self.line.line().plc().belt() } else { Vec::new() };
        let mut eyes = Eyes { truth, sorter: self.sorter.index() };
        self.line.scan(now, site, &mut eyes);
        if !self.line.is_on() {
            return;
        }
        let in_force = before.iter().filter_map(|entry| Some((entry.item, entry.ordered?)));
        self.look_at_orders(in_force.collect(), stats);
        let registers = self.line.registers();
        if registers.session() != self.session {
            self.session = registers.session();
            trace::tell(now, format_args!("{} serves session {}", self.sorter, self.session));
            (self.event_ack, self.scan_ack, self.checked) = (Seq::NONE, Seq::NONE, Seq::NONE);
        }
        let counters = registers.counters();
        assert_eq!((counters.lost_events, counters.ignored_acks), (0, 0), "{counters:?}");
        if std::mem::replace(&mut self.hosts_lost, counters.hosts_lost) != counters.hosts_lost {
            let event = Event::HostLost { order_ack: Seq::NONE };
            let encoder = Default::default();
            self.events.push_back(EventRecord { seq: Seq::NONE, item: ItemId::NONE, encoder, event });
        }
        for record in &self.line.output().events {
            trace::tell(now, format_args!("{} {record:?}", self.sorter));
            truth.recorded(self.sorter.index(), record);
            self.events.push_back(*record);
            let item = record.item;
            match record.event {
                Event::Inducted { .. } | Event::Unexpected { .. } => {
                    self.fired.remove(&item);
                    self.ordered.remove(&item);
                    let inducted = matches!(record.event, Event::Inducted { .. });
                    stats.count(if inducted { Happened::Inducted } else { Happened::Unexpected });
                }
                Event::Fired { .. } => {
                    stats.count(Happened::Fired);
                    assert!(self.fired.insert(item), "{item} fired twice at {now}");
                }
                Event::Missed { .. } => {
                    stats.count(Happened::Missed);
                    self.fired.remove(&item);
                }
                Event::Left { .. } => stats.count(Happened::Ran),
                _ => {}
            }
        }
        for record in &self.line.output().scans {
            trace::tell(
                now,
                format_args!("{} scan of {} {} of {}", self.sorter, record.item, record.index, record.count),
            );
        }
        self.scans.extend(&self.line.output().scans);
        if counters.lost_scans > 0 {
            // No host took scan records for so long that the PLC had no room for all of another item. Which ones it has
            // dropped is not looked at.
            truth.disturb(self.sorter.index());
            self.scans.clear();
        }
    }

    /// No divert is taken that is in force already.
    fn look_at_orders(&mut self, mut in_force: BTreeMap<ItemId, ChuteId>, stats: &mut Stats) {
        let taken = self.line.registers().orders();
        assert!(taken.is_empty() || self.fresh, "orders were taken that nobody had looked at");
        for order in taken {
            match order.op {
                OrderOp::Divert { chute } => {
                    stats.count(Happened::OrderTaken);
                    let before = in_force.insert(order.item, chute);
                    assert_ne!(before, Some(chute), "{} was ordered to {chute} twice", order.item);
                    if !self.ordered.insert(order.item) && before.is_none() {
                        stats.count(Happened::OrderAgain);
                    }
                }
                OrderOp::Cancel => {
                    in_force.remove(&order.item);
                }
                _ => {}
            }
        }
    }

    /// Reads registers; `None` from a PLC that is switched off.
    pub(crate) fn read(&mut self, span: Span) -> Option<Vec<u16>> {
        let mut words = vec![0; usize::from(span.words)];
        let address = BaseAddresses::default().of(span.block) + span.offset;
        match self.line.read(address, &mut words) {
            Ok(()) => Some(words),
            Err(Exception::GatewayTarget) => None,
            Err(other) => panic!("the host reads inside the blocks: {other:?}"),
        }
    }

    /// Writes ORDER; whether the PLC is there.
    pub(crate) fn write(&mut self, words: &[u16; ORDER_WORDS], audit: &mut Audit<'_>) -> bool {
        if self.line.write(BaseAddresses::default().order, words).is_err() {
            return false;
        }
        let image = OrderImage::decode(words).expect("a host writes what can be read");
        if image.session != 0 && image.session == self.session {
            self.look_at_acks(&image, audit);
            self.look_up_orders(&image, audit);
        }
        true
    }

    /// What is acknowledged is on the disk.
    fn look_at_acks(&mut self, image: &OrderImage, audit: &mut Audit<'_>) {
        if (image.event_ack, image.scan_ack) != (self.event_ack, self.scan_ack) {
            trace::tell(
                audit.now,
                format_args!("{} acknowledges {} {}", self.sorter, image.event_ack, image.scan_ack),
            );
        }
        let events = std::mem::replace(&mut self.event_ack, image.event_ack).distance_to(image.event_ack);
        assert!(
            usize::from(events) <= self.events.len(),
            "{events} events acknowledged of {}",
            self.events.len()
        );
        for record in self.events.drain(..usize::from(events)) {
            audit.event(self.sorter, &record);
            self.counted.add(&record.event);
        }
        let scans = std::mem::replace(&mut self.scan_ack, image.scan_ack).distance_to(image.scan_ack);
        let dropped = self.line.registers().counters().lost_scans > 0;
        let known = if dropped { 0 } else { usize::from(scans) };
        assert!(known <= self.scans.len(), "{scans} scans acknowledged of {}", self.scans.len());
        for record in self.scans.drain(..known) {
            audit.scan(self.sorter, &record);
        }
    }

    /// What is ordered is decided on the disk.
    fn look_up_orders(&mut self, image: &OrderImage, audit: &mut Audit<'_>) {
        let order = |raw: &sorter_plc::codec::RawOrder| raw.order(image.session, WordOrder::HighFirst).ok();
        let mut fresh: Vec<_> = image.orders.iter().filter_map(order).collect();
        fresh.retain(|order| (1..=15).contains(&self.checked.distance_to(order.seq)));
        fresh.sort_by_key(|order| self.checked.distance_to(order.seq));
        let from = self.checked;
        for order in fresh {
            assert_eq!(
                order.seq.get(),
                self.checked.next().get(),
                "orders are numbered without gap from {from}"
            );
            self.checked = order.seq;
            trace::tell(audit.now, format_args!("{} writes {order:?}", self.sorter));
            self.fresh = true;
            audit.stats.count(Happened::OrderWritten);
            let told = audit.reader.known(self.sorter, order.item);
            let told = told.unwrap_or_else(|| panic!("{order:?} is for an item that the disk does not know"));
            if let OrderOp::Divert { chute } = order.op {
                assert!(told.chutes.contains(&chute), "{order:?} is not decided on the disk: {told:?}");
            }
        }
        if self.line.registers().order_ack() == self.checked {
            self.fresh = false;
        }
    }

    /// What was acknowledged and what was not, by what the books count.
    pub(crate) fn counted_with_waiting(&self) -> Counted {
        let mut counted = self.counted;
        for record in &self.events {
            counted.add(&record.event);
        }
        counted
    }
}

impl Audit<'_> {
    /// An event is acknowledged.
    fn event(&mut self, sorter: SorterId, record: &EventRecord) {
        self.stats.count(Happened::EventAcked);
        self.truth.acknowledged(sorter.index(), record.item);
        let cause = cause_of(record);
        match record.event {
            Event::Inducted { .. } | Event::Unexpected { .. } => {
                assert!(
                    self.reader.has(sorter, record.item, cause),
                    "{record:?} is acknowledged and not on the disk"
                );
            }
            Event::Discharged { .. } | Event::Left { .. } | Event::Lost { .. } => {
                let known = self.reader.known(sorter, record.item);
                assert!(
                    known.is_none(),
                    "{record:?} is acknowledged, and on the disk it has not ended: {known:?}"
                );
            }
            Event::Missed { chute, .. } => {
                let known = self.reader.known(sorter, record.item);
                let ended = known.is_none_or(|told| told.chute != Some(chute));
                assert!(ended, "{record:?} is acknowledged, and on the disk its order stands: {known:?}");
            }
            _ => {}
        }
    }

    /// A scan record is acknowledged.
    fn scan(&mut self, sorter: SorterId, record: &ScanRecord) {
        self.stats.count(Happened::ScanAcked);
        let Some(told) = self.reader.known(sorter, record.item) else { return };
        if matches!(record.data, ScanData::Code(_)) {
            self.stats.count(Happened::ScanChecked);
            let is_told = told.is_decided || self.reader.has_scan(sorter, record.item, record.index);
            assert!(is_told, "{record:?} is acknowledged, and the disk does not know what it told: {told:?}");
        }
    }
}
