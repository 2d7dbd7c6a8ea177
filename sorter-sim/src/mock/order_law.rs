//! The law of orders, counted on the side of the PLC: each is taken once, and each divert ends in one way.

use std::collections::VecDeque;

use sorter_plc::contract::{Event, Order, OrderOp, Seq};

use crate::register_plc::NetworkedLine;

/// So many orders back a refusal may name one.
const REMEMBERED: usize = 64;

/// What became of the orders that one PLC took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OrderLaw {
    session: u16,
    last: Seq,
    /// The last orders of the session that were diverts.
    diverts_of_session: VecDeque<Seq>,
    pub(super) diverts: u64,
    pub(super) others: u64,
    pub(super) fired: u64,
    pub(super) refused: u64,
    pub(super) ended: u64,
    pub(super) missed: u64,
    /// Orders that were not the next one of their session.
    pub(super) out_of_order: u64,
    /// Scans after which diverts taken were not fired + ended + refused + pending.
    pub(super) unbalanced: u64,
}

impl OrderLaw {
    /// Looks at what a scan of the PLC took and recorded.
    pub(super) fn look(&mut self, line: &NetworkedLine) {
        if self.session != line.registers().session() {
            self.session = line.registers().session();
            self.last = Seq::NONE;
            self.diverts_of_session.clear();
        }
        if !line.is_on() {
            return;
        }
        for order in line.registers().orders() {
            self.taken(order);
        }
        for record in &line.output().events {
            self.recorded(&record.event);
        }
        let settled = self.fired + self.ended + self.refused;
        let pending = u64::from(line.line().status().orders_pending);
        self.unbalanced += u64::from(self.diverts != settled + pending);
    }

    fn taken(&mut self, order: &Order) {
        self.out_of_order += u64::from(order.seq != self.last.next());
        self.last = order.seq;
        if !matches!(order.op, OrderOp::Divert { .. }) {
            self.others += 1;
            return;
        }
        self.diverts += 1;
        if self.diverts_of_session.len() == REMEMBERED {
            self.diverts_of_session.pop_front();
        }
        self.diverts_of_session.push_back(order.seq);
    }

    fn recorded(&mut self, event: &Event) {
        match event {
            Event::Fired { .. } => self.fired += 1,
            Event::Missed { .. } => self.missed += 1,
            Event::Ended { .. } => self.ended += 1,
            Event::Refused { order, .. } => {
                self.refused += u64::from(self.diverts_of_session.contains(order));
            }
            _ => {}
        }
    }
}
