//! The ORDER block and its records.

use std::fmt;

use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::units::EncoderCount;

use super::{CodecError, RecordError, chute_of, long, put_long, seq_at, sized};
use crate::contract::{ORDER_SLOTS, Order, OrderOp, Seq};
use crate::register_map::{
    BlockId, CHECK_ROTATION, CHECK_SEED, OPERATIONS, ORDER_RECORD, ORDER_WORDS, PERMIT_BITS, WordOrder,
    number_of, word_of,
};

const fn at(name: &str) -> usize {
    word_of(BlockId::Order.map().fields, name)
}

const fn in_record(name: &str) -> usize {
    word_of(ORDER_RECORD.fields, name)
}

const SESSION: usize = at("session");
const HEARTBEAT: usize = at("heartbeat");
const EVENT_ACK: usize = at("event_ack");
const SCAN_ACK: usize = at("scan_ack");
const PERMIT: usize = at("permit");
const INDUCTION_LIMIT: usize = at("induction_limit");
const ORDERS: usize = at("orders");
const MAY_INDUCT: u16 = 1 << number_of(&PERMIT_BITS, "INDUCTION");

const SEQ: usize = in_record("seq");
const OP_CHUTE: usize = in_record("op_chute");
const ITEM: usize = in_record("item");
const TARGET: usize = in_record("target");
const CHECK: usize = in_record("check");
const WORDS: usize = ORDER_RECORD.words as usize;

const DIVERT: u8 = number_of(&OPERATIONS, "DIVERT");
const CANCEL: u8 = number_of(&OPERATIONS, "CANCEL");
const CHUTE_ENABLE: u8 = number_of(&OPERATIONS, "CHUTE_ENABLE");
const CHUTE_DISABLE: u8 = number_of(&OPERATIONS, "CHUTE_DISABLE");
const CHUTE_LAMP: u8 = number_of(&OPERATIONS, "CHUTE_LAMP");
/// Where the operation stands above the chute.
const OP_SHIFT: u32 = 12;
const CHUTE_MASK: u16 = (1 << OP_SHIFT) - 1;

/// The ORDER block as typed values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderImage {
    /// The session that the host wants; 0 closes it.
    pub session: u16,
    /// Rises in every cycle of the host.
    pub heartbeat: u16,
    /// The last event taken.
    pub event_ack: Seq,
    /// The last scan record taken.
    pub scan_ack: Seq,
    /// Whether induction may run.
    pub permit: bool,
    /// Inductions a minute; 0 is no limit.
    pub induction_limit: u16,
    /// The ring by slots; [`slot`](super::slot) tells the place of an order.
    pub orders: [RawOrder; ORDER_SLOTS],
}

impl OrderImage {
    /// Reads an ORDER block, the PLC's side of it. The orders are not judged.
    ///
    /// # Errors
    /// When it has another length, or when an acknowledgement is a number that does not exist.
    pub fn decode(words: &[u16]) -> Result<Self, CodecError> {
        let words: &[u16; ORDER_WORDS] = sized(words, BlockId::Order)?;
        let mut orders = [RawOrder::EMPTY; ORDER_SLOTS];
        for (order, words) in orders.iter_mut().zip(words[ORDERS..].as_chunks::<WORDS>().0) {
            order.0 = *words;
        }
        Ok(Self {
            session: words[SESSION],
            heartbeat: words[HEARTBEAT],
            event_ack: seq_at(words, EVENT_ACK, BlockId::Order)?,
            scan_ack: seq_at(words, SCAN_ACK, BlockId::Order)?,
            permit: words[PERMIT] & MAY_INDUCT != 0,
            induction_limit: words[INDUCTION_LIMIT],
            orders,
        })
    }

    /// Writes the whole block.
    pub fn encode(&self, words: &mut [u16; ORDER_WORDS]) {
        *words = [0; ORDER_WORDS];
        words[SESSION] = self.session;
        words[HEARTBEAT] = self.heartbeat;
        words[EVENT_ACK] = self.event_ack.get();
        words[SCAN_ACK] = self.scan_ack.get();
        words[PERMIT] = if self.permit { MAY_INDUCT } else { 0 };
        words[INDUCTION_LIMIT] = self.induction_limit;
        for (order, words) in self.orders.iter().zip(words[ORDERS..].as_chunks_mut::<WORDS>().0) {
            *words = order.0;
        }
    }
}

/// An order record as its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawOrder(pub [u16; WORDS]);

impl RawOrder {
    /// An empty slot.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// The words of an order in a session, with their check.
    ///
    /// Only a divert carries a target, and one at the count 0 is written as 1, because 0 is no target. An order
    /// about a chute carries no item. A chute beyond the 12 bits of the record is written as 4095, which no PLC has.
    pub fn of(order: &Order, session: u16, word_order: WordOrder) -> Self {
        let (op, chute, low) = match order.op {
            OrderOp::Divert { chute } => (DIVERT, chute, order.target.map_or(0, |at| at.get().max(1))),
            OrderOp::Cancel => (CANCEL, ChuteId::new(0), 0),
            OrderOp::ChuteEnable { chute } => (CHUTE_ENABLE, chute, 0),
            OrderOp::ChuteDisable { chute } => (CHUTE_DISABLE, chute, 0),
            OrderOp::ChuteLamp { chute, pattern } => (CHUTE_LAMP, chute, pattern.into()),
        };
        let about_item = matches!(order.op, OrderOp::Divert { .. } | OrderOp::Cancel);
        let mut words = [0; WORDS];
        words[SEQ] = order.seq.get();
        words[OP_CHUTE] = u16::from(op) << OP_SHIFT | chute.get().min(CHUTE_MASK);
        words[ITEM] = if about_item { order.item.get() } else { 0 };
        put_long(&mut words, TARGET, low, word_order);
        words[CHECK] = check_of(session, &words);
        Self(words)
    }

    /// Its number as it stands there: 0 is an empty slot, and it may be beyond [`Seq::LAST`].
    pub const fn seq(&self) -> u16 {
        self.0[SEQ]
    }

    /// Reads it, the PLC's side.
    ///
    /// # Errors
    /// When the slot is empty or its number does not exist, when its check is not that of its words in this
    /// session, and when it has an operation or a chute that the contract does not have. An order with a wrong check
    /// may be right in the next cycle; one with an unknown operation or chute is to be refused.
    pub fn order(&self, session: u16, word_order: WordOrder) -> Result<Order, RecordError> {
        let seq = Seq::new(self.seq()).filter(|seq| *seq != Seq::NONE);
        let seq = seq.ok_or(RecordError::Sequence { received: self.seq() })?;
        let (expected, received) = (check_of(session, &self.0), self.0[CHECK]);
        if expected != received {
            return Err(RecordError::Check { order: *self, expected, received });
        }
        let target = long(&self.0, TARGET, word_order);
        let (chute, item) = (self.0[OP_CHUTE] & CHUTE_MASK, ItemId::new(self.0[ITEM]));
        let known = || chute_of(chute).ok_or(RecordError::Chute { order: *self, chute });
        // Four bits are left above the chute.
        let operation = (self.0[OP_CHUTE] >> OP_SHIFT) as u8;
        let op = match operation {
            DIVERT => OrderOp::Divert { chute: known()? },
            CANCEL => OrderOp::Cancel,
            CHUTE_ENABLE => OrderOp::ChuteEnable { chute: known()? },
            CHUTE_DISABLE => OrderOp::ChuteDisable { chute: known()? },
            CHUTE_LAMP => OrderOp::ChuteLamp { chute: known()?, pattern: target as u16 },
            _ => return Err(RecordError::UnknownOperation { order: *self, operation }),
        };
        let about_item = operation == DIVERT || operation == CANCEL;
        let at = (operation == DIVERT && target != 0).then_some(EncoderCount::new(target));
        Ok(Order { seq, item: if about_item { item } else { ItemId::NONE }, op, target: at })
    }
}

impl Default for RawOrder {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl fmt::Display for RawOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::error::hexadecimal(&self.0, f)
    }
}

/// The check of an order: over the session and the five words before it.
///
/// ```
/// // The words are rotated one after the other, so each lands in other bits of the check.
/// assert_eq!(sorter_plc::codec::check(0xA5A5, &[0, 0, 0, 0, 1]), 1);
/// assert_eq!(sorter_plc::codec::check(0xA5A5, &[0, 0, 0, 1, 0]), 1 << 5);
/// ```
pub const fn check(session: u16, words: &[u16; 5]) -> u16 {
    let mut check = session ^ CHECK_SEED;
    let mut place = 0;
    while place < words.len() {
        check = check.rotate_left(CHECK_ROTATION) ^ words[place];
        place += 1;
    }
    check
}

/// The check of the words of a record, whatever its own says.
fn check_of(session: u16, words: &[u16; WORDS]) -> u16 {
    let [seq, op_chute, item, first, second, _] = *words;
    check(session, &[seq, op_chute, item, first, second])
}
