//! Taking orders, and refusing them with the reasons of the contract in its order.

use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::units::{EncoderCount, Pulses};
use sorter_plc::contract::{Ending, Event, Order, OrderOp, Refusal, Seq};

use super::{OrderState, PlcOutput, VirtualPlc};
use crate::plant::LinePlant;

impl VirtualPlc {
    /// Takes an order if it is the next one; any other is a repetition and left alone.
    pub(super) fn take_order(&mut self, order: &Order, plant: &mut LinePlant, out: &mut PlcOutput) {
        if order.seq != self.order_ack.next() {
            return;
        }
        self.order_ack = order.seq;
        let result = match order.op {
            OrderOp::Divert { chute } => self.divert(order, chute, plant, out),
            OrderOp::Cancel => self.cancel(order.item, out),
            OrderOp::ChuteEnable { chute } => self.set_disabled(chute, false, out),
            OrderOp::ChuteDisable { chute } => self.set_disabled(chute, true, out),
            OrderOp::ChuteLamp { chute, pattern } => match self.chutes.get_mut(chute.index()) {
                Some(spot) => {
                    spot.lamp = pattern;
                    Ok(())
                }
                None => Err(Refusal::NoSuchChute),
            },
        };
        if let Err(reason) = result {
            let count = self.here.count;
            self.emit(out, order.item, count, Event::Refused { reason, order: order.seq });
        }
    }

    /// The order in which reasons are checked is that of the contract: 6, 3, 2, 8, 1, 5, 4. The belt of
    /// this PLC always runs, so 6 does not occur.
    fn divert(
        &mut self,
        order: &Order,
        chute: ChuteId,
        plant: &mut LinePlant,
        out: &mut PlcOutput,
    ) -> Result<(), Refusal> {
        let spot = self.chutes.get(chute.index()).ok_or(Refusal::NoSuchChute)?;
        let expected = self.tracker.expected_at(order.item, spot.position).ok_or(Refusal::UnknownItem)?;
        let earlier = self.order_of(order.item)?;
        let ahead = self.here.count.distance_to(order.target.unwrap_or(expected));
        if ahead < self.minimum_lead || order.target.is_some() && ahead > self.belt_length {
            return Err(Refusal::Late);
        }
        if !spot.takes_items() {
            return Err(Refusal::ChuteNotAvailable);
        }
        if earlier.is_none() && usize::from(self.pending) >= self.belt_capacity {
            return Err(Refusal::TableFull);
        }
        match earlier {
            Some(seq) => self.ended(order.item, Ending::Replaced, seq, out),
            None => self.pending += 1,
        }
        let taken = OrderState::Taken { seq: order.seq, chute, target: order.target, serial: 0 };
        if let Some(record) = self.tracker.get_mut(order.item) {
            record.order = taken;
        }
        self.arm(order.item, plant);
        Ok(())
    }

    fn cancel(&mut self, item: ItemId, out: &mut PlcOutput) -> Result<(), Refusal> {
        if let Some(seq) = self.order_of(item)? {
            self.ended(item, Ending::Cancelled, seq, out);
            self.pending -= 1;
            if let Some(record) = self.tracker.get_mut(item) {
                record.order = OrderState::None;
            }
        }
        Ok(())
    }

    /// The unfired order of an item.
    fn order_of(&self, item: ItemId) -> Result<Option<Seq>, Refusal> {
        match self.tracker.get(item).ok_or(Refusal::UnknownItem)?.order {
            OrderState::None => Ok(None),
            OrderState::Taken { seq, .. } => Ok(Some(seq)),
            OrderState::Fired { .. } => Err(Refusal::AlreadyFired),
        }
    }

    fn ended(&mut self, item: ItemId, ending: Ending, order: Seq, out: &mut PlcOutput) {
        let count = self.here.count;
        self.emit(out, item, count, Event::Ended { ending, order });
    }

    fn set_disabled(&mut self, chute: ChuteId, disabled: bool, out: &mut PlcOutput) -> Result<(), Refusal> {
        let spot = self.chutes.get_mut(chute.index()).ok_or(Refusal::NoSuchChute)?;
        spot.disabled = disabled;
        let count = self.here.count;
        self.show_chute(chute, count, out);
        Ok(())
    }

    /// Where the order of an item is to fire, and whether that is final.
    ///
    /// A given target is final. A target that the PLC works out moves with each sighting, so it is armed
    /// only when the diverter comes before the next eye has reported: with the trailing edge, one scan late.
    pub(super) fn fire_point(&self, item: ItemId) -> Option<(EncoderCount, bool)> {
        /// Belt travel that covers a scan and its jitter.
        const SCAN_REACH: i32 = 50;
        let OrderState::Taken { chute, target, .. } = self.tracker.get(item)?.order else { return None };
        if let Some(target) = target {
            return Some((target, true));
        }
        let position = self.chutes.get(chute.index())?.position;
        let length = self.tracker.length(item)?;
        let next_eye = self.tracker.next_eye(item).and_then(|eye| self.tracker.eye_position(eye));
        let reach = self.window + length + Pulses::new(SCAN_REACH);
        let near = next_eye.is_none_or(|eye| position <= eye + reach);
        Some((self.tracker.expected_at(item, position)?, near))
    }
}
