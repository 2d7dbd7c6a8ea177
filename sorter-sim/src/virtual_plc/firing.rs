//! From the fire point to the end of an order: fired, discharged, missed.

use sorter_core::ids::{ChuteId, DiverterId, EyeId, ItemId};
use sorter_core::units::{EncoderCount, Micros, Pulses};
use sorter_plc::contract::{Ending, Event};

use super::{OrderState, PlcOutput, VirtualPlc};
use crate::plant::{BodyTag, LinePlant, Travel, Witness};

/// An order whose diverter has fired.
#[derive(Clone, Copy)]
pub(super) struct Fired {
    item: ItemId,
    chute: ChuteId,
    diverter: DiverterId,
    /// No slide is faster.
    earliest: Micros,
    /// No slide is slower.
    deadline: Micros,
    /// What a photo-eye behind the diverter took for the item while its slide was not over.
    sighted: Option<Sighted>,
}

/// What a photo-eye saw of an item.
#[derive(Clone, Copy)]
pub(super) struct Sighted {
    pub(super) eye: EyeId,
    pub(super) count: EncoderCount,
    pub(super) length: Pulses,
    pub(super) deviation: Pulses,
    pub(super) body: BodyTag,
}

impl VirtualPlc {
    /// Arms the fire point of an item at its exact place, if it is near enough to be known for good.
    pub(super) fn arm(&mut self, item: ItemId, plant: &mut LinePlant) {
        let Some((count, near)) = self.fire_point(item) else { return };
        let serial = if near { self.fresh_serial() } else { 0 };
        if let Some(record) = self.tracker.get_mut(item)
            && let OrderState::Taken { serial: armed, .. } = &mut record.order
        {
            *armed = serial;
        }
        if near {
            // The leading edge was somewhere within its pulse.
            let travel = Travel::new(self.travel_of(count).get() + self.pulse_mm / 2);
            plant.arm(travel, self.here.travel, item, serial);
        }
    }

    fn fresh_serial(&mut self) -> u32 {
        self.serial = self.serial.checked_add(1).unwrap_or(1);
        self.serial
    }

    /// The belt has reached an armed fire point. A replaced, moved or ended one is a stale shell.
    pub(super) fn fire<W: Witness>(
        &mut self,
        item: ItemId,
        serial: u32,
        travel: Travel,
        plant: &mut LinePlant,
        witness: &mut W,
        out: &mut PlcOutput,
    ) {
        let Some(record) = self.tracker.get_mut(item) else { return };
        let OrderState::Taken { seq, chute, serial: armed, .. } = record.order else { return };
        if armed != serial {
            return;
        }
        let count = plant.encoder(travel);
        let spot = &self.chutes[chute.index()];
        self.pending -= 1;
        if !spot.takes_items() {
            record.order = OrderState::None;
            self.emit(out, item, count, Event::Ended { ending: Ending::ChuteNotAvailable, order: seq });
            return;
        }
        let (diverter, position, transfer) = (spot.diverter, spot.position, spot.transfer);
        record.order = OrderState::Fired { diverter, chute, position };
        let body = record.body;
        self.tracker.mark_fired(item);
        let at = plant.clock().time_of(travel);
        let (earliest, deadline) = (at + Micros::new(transfer.get() / 2), at + transfer);
        self.fired.push(Fired { item, chute, diverter, earliest, deadline, sighted: None });
        self.fired_due = Some(self.fired_due.map_or(deadline, |due| due.min(deadline)));
        self.emit(out, item, count, Event::Fired { diverter, chute });
        plant.actuate(chute, travel, body, witness);
    }

    /// A chute eye was blocked: by the first item fired to this chute whose slide fits the time.
    ///
    /// What a photo-eye took for that item meanwhile was another body in its place.
    pub(super) fn chute_eye<W: Witness>(
        &mut self,
        chute: ChuteId,
        at: Micros,
        count: EncoderCount,
        out: &mut PlcOutput,
        witness: &mut W,
    ) {
        let fits = |fired: &Fired| fired.chute == chute && fired.earliest <= at && at <= fired.deadline;
        let Some(index) = self.fired.iter().position(fits) else { return };
        let Fired { item, sighted, .. } = self.fired.remove(index);
        self.fired_changed();
        self.image.discharged_verified += 1;
        self.tracker.remove(item);
        self.emit(out, item, count, Event::Discharged { verified: true, chute });
        if let Some(Sighted { eye, count, length, body, .. }) = sighted {
            self.unexpected(eye, count, length, body, out, witness);
        }
    }

    /// Keeps what a photo-eye took for a fired item until its chute eye has spoken or its slide is over.
    ///
    /// Gives `false` when nothing will speak: the chute has no eye, or there was a sighting before.
    pub(super) fn keep_sighting(&mut self, item: ItemId, sighted: &Sighted) -> bool {
        let chutes = &self.chutes;
        let waits = |fired: &&mut Fired| {
            fired.item == item && fired.sighted.is_none() && chutes[fired.chute.index()].eye
        };
        let Some(fired) = self.fired.iter_mut().find(waits) else { return false };
        fired.sighted = Some(*sighted);
        true
    }

    /// Resolves the diverts whose slide is over: missed where a chute eye would have seen it, else done.
    pub(super) fn time_out_diverts(&mut self, out: &mut PlcOutput) {
        let (now, count) = (self.here.now, self.here.count);
        while let Some(index) = self.fired.iter().position(|fired| fired.deadline <= now) {
            let Fired { item, chute, diverter, sighted, .. } = self.fired[index];
            if self.chutes[chute.index()].eye {
                self.missed(item, diverter, chute, count, out);
                if let Some(Sighted { eye, count, deviation, .. }) = sighted {
                    self.emit_sighting(item, eye, count, deviation, out);
                }
            } else {
                self.fired.remove(index);
                self.image.discharged_unverified += 1;
                self.tracker.remove(item);
                self.emit(out, item, count, Event::Discharged { verified: false, chute });
            }
        }
        self.fired_changed();
    }

    /// A fired item is still on the belt: its order ends and the item is tracked on.
    pub(super) fn missed(
        &mut self,
        item: ItemId,
        diverter: DiverterId,
        chute: ChuteId,
        count: EncoderCount,
        out: &mut PlcOutput,
    ) {
        self.fired.retain(|fired| fired.item != item);
        self.fired_changed();
        self.tracker.mark_missed(item);
        if let Some(record) = self.tracker.get_mut(item) {
            record.order = OrderState::None;
        }
        self.emit(out, item, count, Event::Missed { diverter, chute });
    }

    fn fired_changed(&mut self) {
        self.fired_due = self.fired.iter().map(|fired| fired.deadline).min();
    }
}
