//! Chutes and the people who swap their containers.

use sorter_core::ids::ChuteId;
use sorter_core::units::Micros;

use super::draws::{Draws, Stream};
use super::{
    BodyTag, ChuteGeometry, ChuteState, Edge, FaultKind, LinePlant, Mark, PlantConfig, TimeEvent, Witness,
};

pub(super) struct PlantChute {
    pub(super) position: i64,
    /// The first mark at or behind everything that the diverter can catch.
    pub(super) segment: u8,
    pub(super) transfer: Micros,
    eye: bool,
    capacity: u32,
    half_full: u32,
    pub(super) content: u32,
    /// People are called and have not yet begun.
    called: bool,
    swapping: bool,
    swaps: u32,
}

impl PlantChute {
    pub(super) fn new(chute: &ChuteGeometry, config: &PlantConfig, marks: &[Mark]) -> Self {
        let position = i64::from(chute.position.get());
        let reach = position + i64::from(config.catch.get());
        let segment = marks.iter().position(|mark| mark.position >= reach).unwrap_or(marks.len() - 1);
        Self {
            position,
            segment: u8::try_from(segment).expect("a line has at most 253 photo-eyes"),
            transfer: chute.transfer,
            eye: chute.eye,
            capacity: chute.capacity,
            half_full: chute.half_full,
            content: 0,
            called: false,
            swapping: false,
            swaps: 0,
        }
    }

    pub(super) fn state(&self) -> ChuteState {
        ChuteState {
            full: self.content >= self.capacity,
            half_full: self.content >= self.half_full,
            container: !self.swapping,
            available: !self.swapping,
        }
    }
}

impl LinePlant {
    /// A body slides past the eye of a chute.
    pub(super) fn chute_eye<W: Witness>(
        &mut self,
        chute: ChuteId,
        body: BodyTag,
        at: Micros,
        witness: &mut W,
    ) {
        self.outside -= 1;
        let spot = &mut self.chutes[chute.index()];
        let before = spot.state();
        spot.content += 1;
        let (content, capacity, after, eye) = (spot.content, spot.capacity, spot.state(), spot.eye);
        if content > capacity {
            self.faults.count(FaultKind::Overfill);
        }
        witness.discharged(body, chute, at, content, capacity);
        if eye {
            let count = self.encoder(self.clock.travel_at(at));
            self.edges.edges.push(Edge::ChuteEye { chute, at, count });
        }
        if before != after {
            self.show(chute, at);
        }
        self.call_people(chute, at);
    }

    fn call_people(&mut self, chute: ChuteId, at: Micros) {
        let spot = &self.chutes[chute.index()];
        if spot.content < spot.half_full || spot.called || spot.swapping {
            return;
        }
        let (low, high) = (self.config.swap_start_min, self.config.swap_start_max);
        let delay = self.swap_delay(chute, Stream::SwapStart, low, high);
        self.chutes[chute.index()].called = true;
        self.time.push((at + delay).get(), TimeEvent::SwapStart { chute });
    }

    /// Has people begin to swap the container of a chute at a time, whatever is in it. Nothing happens where
    /// they are at it by then.
    pub fn swap_at(&mut self, chute: ChuteId, at: Micros) {
        if chute.index() < self.chutes.len() {
            self.time.push(at.get(), TimeEvent::SwapStart { chute });
        }
    }

    pub(super) fn swap_start(&mut self, chute: ChuteId, at: Micros) {
        if self.chutes[chute.index()].swapping {
            return;
        }
        let delay = self.swap_delay(chute, Stream::Swap, self.config.swap_min, self.config.swap_max);
        let spot = &mut self.chutes[chute.index()];
        (spot.called, spot.swapping) = (false, true);
        self.time.push((at + delay).get(), TimeEvent::SwapEnd { chute });
        self.show(chute, at);
    }

    /// What slid in during the swap was put into the old container by hand.
    pub(super) fn swap_end<W: Witness>(&mut self, chute: ChuteId, at: Micros, witness: &mut W) {
        let spot = &mut self.chutes[chute.index()];
        witness.container_closed(chute, at, spot.content);
        (spot.swapping, spot.content) = (false, 0);
        spot.swaps += 1;
        self.show(chute, at);
    }

    fn show(&mut self, chute: ChuteId, at: Micros) {
        let count = self.encoder(self.clock.travel_at(at));
        let state = self.chutes[chute.index()].state();
        self.edges.edges.push(Edge::ChuteState { chute, state, count });
    }

    fn swap_delay(&self, chute: ChuteId, stream: Stream, low: Micros, high: Micros) -> Micros {
        // Chutes draw from parcels that cannot exist: numbers from the top.
        let subject = u32::MAX - u32::from(chute.get());
        let draws = Draws::new(self.config.seed, subject, self.chutes[chute.index()].swaps);
        let bounds = [low, high].map(|bound| i64::try_from(bound.get()).unwrap_or(i64::MAX));
        Micros::new(draws.range(stream, 0, bounds[0], bounds[1]).cast_unsigned())
    }
}
