//! What bodies do on the belt: pass marks, slip, get diverted, taken off, run off.

use sorter_core::ids::ChuteId;
use sorter_core::units::{Micros, Pulses};

use super::bodies::{Body, NIL};
use super::config::IncidentKind;
use super::draws::Stream;
use super::{
    BeltEvent, BodyTag, Edge, FaultKind, Labels, LinePlant, MarkKind, TimeEvent, Travel, Witness, key,
};

impl LinePlant {
    /// The trailing edge of a body passes its next mark.
    pub(super) fn mark<L: Labels, W: Witness>(
        &mut self,
        slot: u16,
        generation: u16,
        travel: Travel,
        labels: &L,
        witness: &mut W,
    ) {
        if !self.bodies.is_current(slot, generation) {
            return;
        }
        self.happened(witness);
        let body = *self.bodies.get(slot);
        let kind = self.marks[usize::from(body.mark)].kind;
        match kind {
            MarkKind::Induction => {
                let (count, length) = (self.encoder(Travel::new(body.at)), self.shown_length(&body));
                self.edges.edges.push(Edge::InductionEye { count, length, body: body.tag });
            }
            MarkKind::Scanner => self.scan(&body, labels),
            MarkKind::Scale => {
                let count = self.encoder(Travel::new(body.at + body.length / 2));
                let (length, width, height, weight) = labels.measured(body.tag.parcel);
                self.edges.edges.push(Edge::Scale { count, length, width, height, weight });
            }
            MarkKind::Eye(eye) | MarkKind::Exit(eye) => {
                if body.missed_at == body.mark {
                    self.faults.count(FaultKind::EyeMiss);
                } else {
                    let (count, length) = (self.encoder(Travel::new(body.at)), self.shown_length(&body));
                    self.edges.edges.push(Edge::Eye { eye, count, length, body: body.tag });
                }
            }
        }
        if let MarkKind::Exit(_) = kind {
            let at = self.clock.time_of(travel);
            self.bodies.remove(slot);
            witness.ran_off(body.tag, at);
            self.outside += 1;
            let back = TimeEvent::Return { body: next_pass(body.tag) };
            self.time.push((at + self.config.return_after).get(), back);
        } else {
            self.go_on(slot, &body, travel);
        }
    }

    /// Draws the way of a body to the mark after the one that it has just passed.
    fn go_on(&mut self, slot: u16, body: &Body, travel: Travel) {
        let to = body.mark + 1;
        let (here, mark) = (self.marks[usize::from(body.mark)].position, self.marks[usize::from(to)]);
        let mut slip = body.draws.normal_mm(Stream::Slip, u64::from(to), mark.sigma_um);
        if body.slips_to == to {
            slip += if let Some(IncidentKind::Slow(_, by)) = self.incident(body.tag) {
                i64::from(by.get())
            } else {
                self.faults.count(FaultKind::BigSlip);
                body.draws.range(Stream::FaultSize, 0, self.window * 3 / 2, self.window * 3)
            };
        }
        let mut at = body.at + mark.position - here + slip;
        if body.ahead != NIL {
            let ahead = self.bodies.get(body.ahead);
            // Bodies touch, they do not overlap or overtake.
            if ahead.mark == to {
                at = at.max(ahead.at + ahead.length);
            } else if ahead.mark == to + 1 && ahead.from == mark.position {
                at = at.max(ahead.from_at + ahead.length);
            }
        }
        at = at.max(travel.get() - body.length);
        self.bodies.pass(slot);
        let moved = self.bodies.get_mut(slot);
        (moved.from, moved.from_at, moved.at) = (here, body.at, at);
        let generation = body.generation;
        self.belt.push(key(at + body.length), BeltEvent::Mark { slot, generation });
        if body.taken_before == to {
            let place = body.draws.range(Stream::FaultSize, 1, travel.get(), at.max(travel.get()));
            self.belt.push(key(place), BeltEvent::TakeOff { slot, generation });
        }
    }

    pub(super) fn take_off<W: Witness>(
        &mut self,
        slot: u16,
        generation: u16,
        travel: Travel,
        witness: &mut W,
    ) {
        if !self.bodies.is_current(slot, generation) {
            return;
        }
        self.happened(witness);
        let tag = self.bodies.get(slot).tag;
        self.bodies.remove(slot);
        self.faults.count(FaultKind::TakenOff);
        let at = self.clock.time_of(travel);
        witness.taken_off(tag, at);
        self.outside += 1;
        let back = TimeEvent::PutBack { body: next_pass(tag) };
        self.time.push((at + self.config.put_back_after).get(), back);
    }

    /// Fires the diverter of a chute, at its place in belt travel.
    ///
    /// It catches the body whose leading edge is nearest, if one is near enough. `meant` is for the count
    /// of caught neighbours only.
    pub fn actuate<W: Witness>(&mut self, chute: ChuteId, travel: Travel, meant: BodyTag, witness: &mut W) {
        self.happened(witness);
        let Some(slot) = self.body_at_diverter(chute, travel.get()) else {
            self.faults.count(FaultKind::NothingToCatch);
            return;
        };
        let body = *self.bodies.get(slot);
        if body.draws.billionth(Stream::Divert) < self.config.rates.failed_divert {
            self.faults.count(FaultKind::FailedDivert);
            return;
        }
        if body.tag != meant {
            self.faults.count(FaultKind::CaughtNeighbour);
        }
        self.bodies.remove(slot);
        self.outside += 1;
        // A slide takes 70 to 90 % of the limit: little enough spread that two slides stay in order.
        let limit = i64::try_from(self.chutes[chute.index()].transfer.get()).unwrap_or(i64::MAX / 100);
        let slide = body.draws.range(Stream::Transfer, 0, limit * 70 / 100, limit * 90 / 100);
        let at = self.clock.time_of(travel) + Micros::new(slide.cast_unsigned());
        self.time.push(at.get(), TimeEvent::ChuteEye { chute, body: body.tag });
    }

    fn body_at_diverter(&self, chute: ChuteId, travel: i64) -> Option<u16> {
        let spot = self.chutes.get(chute.index())?;
        let catch = i64::from(self.config.catch.get());
        let mut slot = self.bodies.foremost_up_to(spot.segment);
        let mut nearest: Option<(i64, u16)> = None;
        while slot != NIL {
            let body = self.bodies.get(slot);
            let mark = self.marks[usize::from(body.mark)].position;
            let slip = body.slip(mark).abs();
            // Without division: where it would be, had it slipped all its way already.
            let guess = mark + travel - body.at - spot.position;
            if guess < -catch - slip {
                break;
            }
            if guess <= catch + slip {
                let distance = (body.position(mark, travel) - spot.position).abs();
                if distance <= catch && nearest.is_none_or(|(best, _)| distance < best) {
                    nearest = Some((distance, slot));
                }
            }
            slot = body.behind;
        }
        nearest.map(|(_, slot)| slot)
    }

    fn scan<L: Labels>(&mut self, body: &Body, labels: &L) {
        let count = self.encoder(Travel::new(body.at + body.length / 2));
        self.codes.clear();
        labels.read(body.tag.parcel, body.tag.pass, &mut self.codes);
        let first = u32::try_from(self.edges.codes.len()).unwrap_or(u32::MAX);
        let codes = u8::try_from(self.codes.len()).unwrap_or(u8::MAX);
        self.edges.codes.extend_from_slice(&self.codes);
        self.edges.edges.push(Edge::Scan { count, first, codes });
    }

    /// The length as the encoder shows it: the difference of two truncated counts.
    fn shown_length(&self, body: &Body) -> Pulses {
        let pulses = self.pulse_number(body.at + body.length) - self.pulse_number(body.at);
        Pulses::new(i32::try_from(pulses).unwrap_or(i32::MAX))
    }
}

fn next_pass(body: BodyTag) -> BodyTag {
    BodyTag { pass: body.pass.saturating_add(1), ..body }
}
