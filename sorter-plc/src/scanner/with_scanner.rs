//! A host whose scan records come from a scanner over TCP.

use sorter_core::units::Micros;

use super::binder::{Binder, BinderCounters};
use super::port::{PortReport, ScannerFeed};
use crate::contract::{Order, ScanRecord};
use crate::controller::Inputs;
use crate::exchange::Delivered;
use crate::host::{Host, Ready, Resync};

/// Records that one cycle hands over without growing its list.
const RECORDS: usize = 256;

/// Puts the reads of a scanner tunnel into the scans of each cycle, so that the host behind it sees what it
/// would see if the PLC reported them.
///
/// A scanner over TCP sends its reads once and is told of nothing, so there is nothing to acknowledge: what it sent and
/// the host had not decided when it crashed is gone. Such an item is decided by nothing, as one that was not read, and
/// comes back. With a journal the loss is that and no more: what was decided stands.
#[derive(Debug)]
pub struct WithScanner<H> {
    inner: H,
    feed: ScannerFeed,
    binder: Binder,
    records: Vec<ScanRecord>,
}

impl<H> WithScanner<H> {
    /// The host with the scanner that feeds it.
    pub fn new(inner: H, feed: ScannerFeed, binder: Binder) -> Self {
        Self { inner, feed, binder, records: Vec::with_capacity(RECORDS) }
    }

    /// The host.
    pub fn inner(&self) -> &H {
        &self.inner
    }

    /// The host, to change it.
    pub fn inner_mut(&mut self) -> &mut H {
        &mut self.inner
    }

    /// What the binder counted.
    pub fn binder_counters(&self) -> BinderCounters {
        self.binder.counters()
    }

    /// What the port has seen.
    pub fn port_report(&self) -> PortReport {
        self.feed.report()
    }
}

impl<H: Host> Host for WithScanner<H> {
    fn timed(&mut self, period: Micros, deadline: Micros) {
        self.inner.timed(period, deadline);
    }

    fn plc_restarted(&mut self, now: Micros) {
        self.binder.plc_restarted();
        self.inner.plc_restarted(now);
    }

    fn poll(&mut self, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.binder.observe(inputs.status, inputs.events);
        loop {
            if !self.binder.has_room() {
                break;
            }
            let Some(telegram) = self.feed.next_telegram() else {
                self.binder.drained();
                break;
            };
            self.binder.take(&telegram);
        }
        self.records.clear();
        self.binder.take_records(inputs.scans, &mut self.records);
        self.binder.bind(&mut self.records);
        self.inner.poll(now, &Inputs { scans: &self.records, ..*inputs }, orders);
    }

    fn delivered(&mut self, up_to: Delivered) {
        self.inner.delivered(up_to);
    }

    fn ready(&mut self, now: Micros, accepts_orders: bool, orders: &mut Vec<Order>) -> Ready {
        self.inner.ready(now, accepts_orders, orders)
    }

    fn linked_before(&self) -> Option<(u16, u16)> {
        self.inner.linked_before()
    }

    fn unheard(&mut self, now: Micros) {
        self.inner.unheard(now);
    }

    fn resync(&mut self, now: Micros, resync: &Resync<'_>) {
        self.binder.resync(resync);
        self.inner.resync(now, resync);
    }
}
