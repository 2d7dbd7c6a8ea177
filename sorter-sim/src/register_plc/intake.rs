//! Taking orders from the ring: the next one, in order, each once.

use sorter_core::ids::{ChuteId, ItemId};
use sorter_plc::codec::{OrderImage, RawOrder, RecordError, slot};
use sorter_plc::contract::{ORDER_SLOTS, Order, OrderOp, Seq};
use sorter_plc::register_map::WordOrder;

/// Scans after which a next order with a wrong check is reported.
const PATIENCE: u32 = 100;
/// No link has this chute: an order that nobody understands is refused for it.
const NO_CHUTE: ChuteId = ChuteId::new(4_095);

/// How far the orders of a session are taken.
#[derive(Clone, Debug)]
pub(super) struct Intake {
    ack: Seq,
    /// Scans in which the next order has stood in its slot with a wrong check.
    bad_scans: u32,
}

impl Intake {
    pub(super) fn new() -> Self {
        Self { ack: Seq::NONE, bad_scans: 0 }
    }

    /// A session opens: its orders begin at 1.
    pub(super) fn open(&mut self) {
        (self.ack, self.bad_scans) = (Seq::NONE, 0);
    }

    /// The session closes or its image cannot be used.
    pub(super) fn pause(&mut self) {
        self.bad_scans = 0;
    }

    pub(super) fn ack(&self) -> Seq {
        self.ack
    }

    /// Whether the next order has waited for a right check for too long.
    pub(super) fn is_stuck(&self) -> bool {
        self.bad_scans >= PATIENCE
    }

    /// Appends the orders that are next. Returns whether one stands there and is not taken.
    pub(super) fn take(
        &mut self,
        image: &OrderImage,
        word_order: WordOrder,
        may_take: bool,
        orders: &mut Vec<Order>,
    ) -> bool {
        loop {
            let next = self.ack.next();
            let raw = image.orders[slot(next, ORDER_SLOTS)];
            if raw.seq() != next.get() {
                self.bad_scans = 0;
                return false;
            }
            match raw.order(image.session, word_order) {
                Err(RecordError::Check { .. }) => {
                    self.bad_scans = self.bad_scans.saturating_add(1);
                    return true;
                }
                _ if !may_take => {
                    self.bad_scans = 0;
                    return true;
                }
                Ok(order) => orders.push(order),
                Err(_) => orders.push(not_understood(next, raw)),
            }
            (self.ack, self.bad_scans) = (next, 0);
        }
    }
}

/// An order with an unknown operation or chute is refused as one for a chute that does not exist.
fn not_understood(seq: Seq, raw: RawOrder) -> Order {
    let [_, _, item, ..] = raw.0;
    Order { seq, item: ItemId::new(item), op: OrderOp::Divert { chute: NO_CHUTE }, target: None }
}
