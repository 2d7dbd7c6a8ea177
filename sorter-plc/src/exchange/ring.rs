//! The orders that were given and may not have been taken.

use crate::codec::{RawOrder, slot};
use crate::contract::{ORDER_SLOTS, Order, Seq};
use crate::register_map::WordOrder;

use super::fault::{ExchangeFault, Stream};

/// The order ring of one session, from the host's side.
///
/// `acknowledged <= written <= given`, and at most [`ORDER_SLOTS`] lie between the first and the last. A slot keeps
/// its order until a later one takes its place, which it may only when the order was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct OrderRing {
    slots: [RawOrder; ORDER_SLOTS],
    /// The last order that the host gave.
    given: Seq,
    /// The last order that stood in an image which was handed to the link.
    written: Seq,
    /// The last order that the PLC said it took.
    acknowledged: Seq,
}

impl OrderRing {
    pub(super) const fn new() -> Self {
        Self {
            slots: [RawOrder::EMPTY; ORDER_SLOTS],
            given: Seq::NONE,
            written: Seq::NONE,
            acknowledged: Seq::NONE,
        }
    }

    /// Takes the orders out of the image. The numbers stay: until the next session is live the host counts by them.
    pub(super) const fn empty(&mut self) {
        self.slots = [RawOrder::EMPTY; ORDER_SLOTS];
    }

    /// A session has become live: orders begin at 1.
    pub(super) const fn restart(&mut self) {
        *self = Self::new();
    }

    pub(super) const fn slots(&self) -> &[RawOrder; ORDER_SLOTS] {
        &self.slots
    }

    pub(super) const fn acknowledged(&self) -> Seq {
        self.acknowledged
    }

    /// How many more orders fit.
    pub(super) fn room(&self) -> usize {
        ORDER_SLOTS.saturating_sub(self.acknowledged.distance_to(self.given).into())
    }

    /// An image with everything that was given goes out.
    pub(super) const fn wrote(&mut self) {
        self.written = self.given;
    }

    /// Takes over the acknowledgement of a whole STATUS image.
    ///
    /// # Errors
    /// When the PLC acknowledges what was not written, or less than before.
    pub(super) fn acknowledge(&mut self, ack: Seq) -> Result<(), ExchangeFault> {
        let ahead = self.acknowledged.distance_to(ack);
        let none_again = ack == Seq::NONE && self.acknowledged != Seq::NONE;
        if !none_again && ahead <= self.acknowledged.distance_to(self.written) {
            self.acknowledged = ack;
            return Ok(());
        }
        if none_again || usize::from(ack.distance_to(self.acknowledged)) <= ORDER_SLOTS {
            return Err(ExchangeFault::NumberBack {
                stream: Stream::Orders,
                from: self.acknowledged,
                to: ack,
            });
        }
        Err(ExchangeFault::ForeignAck { ack, sent: self.written })
    }

    /// Puts an order into its slot.
    ///
    /// # Errors
    /// When it is not the next one or has no room. Nothing is changed then.
    pub(super) fn give(
        &mut self,
        order: &Order,
        session: u16,
        word_order: WordOrder,
    ) -> Result<(), ExchangeFault> {
        let (expected, room) = (self.given.next(), self.room());
        if order.seq != expected || room == 0 {
            return Err(ExchangeFault::HostOrder { given: order.seq, expected, room });
        }
        self.slots[slot(order.seq, ORDER_SLOTS)] = RawOrder::of(order, session, word_order);
        self.given = order.seq;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::OrderOp;
    use sorter_core::ids::{ChuteId, ItemId};

    fn order(seq: Seq) -> Order {
        Order { seq, item: ItemId::new(7), op: OrderOp::Divert { chute: ChuteId::new(3) }, target: None }
    }

    fn give(ring: &mut OrderRing, seq: Seq) -> Result<(), ExchangeFault> {
        ring.give(&order(seq), 9, WordOrder::HighFirst)
    }

    #[test]
    fn never_overwrites_an_order_that_was_not_acknowledged() {
        let mut ring = OrderRing::new();
        let mut seq = Seq::NONE;
        for _ in 0..ORDER_SLOTS {
            seq = seq.next();
            give(&mut ring, seq).unwrap();
        }
        let before = *ring.slots();
        let refused = give(&mut ring, seq.next()).unwrap_err();
        assert_eq!(refused.to_string(), "host gave order seq 16, expected seq 16 with room for 0");
        assert_eq!(*ring.slots(), before);
        ring.wrote();
        ring.acknowledge(Seq::new(1).unwrap()).unwrap();
        give(&mut ring, seq.next()).unwrap();
        assert_eq!(ring.slots()[0].seq(), 16);
    }

    #[test]
    fn goes_round_twice_without_a_jump() {
        let mut ring = OrderRing::new();
        let mut seq = Seq::NONE;
        for _ in 0..2 * u32::from(Seq::LAST) + 20 {
            seq = seq.next();
            give(&mut ring, seq).unwrap();
            ring.wrote();
            ring.acknowledge(seq).unwrap();
            assert_eq!(ring.slots()[slot(seq, ORDER_SLOTS)].seq(), seq.get());
        }
        assert_eq!(seq.get(), 20);
    }

    #[test]
    fn believes_no_acknowledgement_of_what_was_not_written() {
        let mut ring = OrderRing::new();
        give(&mut ring, Seq::NONE.next()).unwrap();
        let early = ring.acknowledge(Seq::NONE.next()).unwrap_err();
        assert!(matches!(early, ExchangeFault::ForeignAck { .. }), "{early}");
        ring.wrote();
        ring.acknowledge(Seq::NONE.next()).unwrap();
        let back = ring.acknowledge(Seq::NONE).unwrap_err();
        assert_eq!(back.to_string(), "orders went back from seq 1 to seq 0");
    }
}
