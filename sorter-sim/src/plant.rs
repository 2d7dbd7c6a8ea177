//! The physical side of one line sorter: parcels, belt, sensors, diverters, chutes and people.
//!
//! A pure state machine: no I/O, no clock of its own, random draws hashed from (seed, parcel, pass).
//! Two wheels hold what is to come. What happens on the belt is keyed in [`Travel`], the rest in
//! microseconds. At one instant the belt goes first.
//!
//! A body on the belt has one event at a time, its next *mark*: induction eye, scanner, scale, photo-eyes,
//! exit eye. A mark is passed when the trailing edge passes it. Only then the slip up to the next mark is
//! drawn; between marks the leading edge moves evenly.

mod bodies;
mod border;
mod clock;
mod config;
mod draws;
mod geometry;
mod induction;
mod motion;
mod people;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use smallvec::SmallVec;
use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::units::{EncoderCount, Micros};
use sorter_plc::contract::CodeBytes;

use crate::wheel::BucketWheel;
use bodies::Bodies;
pub use border::{BodyTag, ChuteState, Edge, Edges, Labels, Witness};
pub(crate) use clock::Divisor;
pub use clock::{BeltClock, Travel};
pub use config::{FaultCounts, FaultKind, FaultRates, Incident, IncidentKind, PlantConfig};
pub use geometry::{ChuteGeometry, LineGeometry};
use people::PlantChute;

/// What happens at a place of the belt.
#[derive(Clone, Copy)]
enum BeltEvent {
    /// The trailing edge of a body passes its next mark.
    Mark { slot: u16, generation: u16 },
    /// A person takes a body off.
    TakeOff { slot: u16, generation: u16 },
    /// The induction is free for the next parcel.
    Induct,
    /// A fire point that the PLC has armed.
    Fire { item: ItemId, serial: u32 },
}

/// What happens at a time.
#[derive(Clone, Copy)]
enum TimeEvent {
    /// The next parcel of the feed arrives at the induction.
    Arrival,
    /// A body slides past a chute eye.
    ChuteEye { chute: ChuteId, body: BodyTag },
    /// What ran off the end is back at the induction.
    Return { body: BodyTag },
    /// What lay on the floor is put back to the induction.
    PutBack { body: BodyTag },
    /// People begin to swap the container of a chute.
    SwapStart { chute: ChuteId },
    /// A new container is in place.
    SwapEnd { chute: ChuteId },
}

/// A sensor along the belt.
#[derive(Clone, Copy, Debug)]
enum MarkKind {
    Induction,
    Scanner,
    Scale,
    Eye(EyeId),
    Exit(EyeId),
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    position: i64,
    kind: MarkKind,
    /// Standard deviation of the slip from the mark before to this one.
    sigma_um: i64,
}

/// The physical side of one line sorter.
pub struct LinePlant {
    config: PlantConfig,
    clock: BeltClock,
    pulse: Divisor,
    marks: Vec<Mark>,
    window: i64,
    belt: BucketWheel<BeltEvent>,
    time: BucketWheel<TimeEvent>,
    bodies: Bodies,
    chutes: Vec<PlantChute>,
    /// Arrivals, by time; those before `arrived` have come, those before `fed` are on their way.
    feed: Vec<(Micros, u32)>,
    arrived: usize,
    fed: usize,
    /// What came back waits here and goes first.
    returns: VecDeque<BodyTag>,
    permit: bool,
    /// Where the belt must stand before the next parcel may be put on it.
    free_at: i64,
    /// Where the belt stood when the last parcel was put on it.
    inducted_at: Option<i64>,
    /// The least time between two inductions.
    spacing: Micros,
    /// The place of the [`BeltEvent::Induct`] on the wheel that counts; others are stale.
    induct_armed: Option<Travel>,
    edges: Edges,
    codes: SmallVec<[CodeBytes; 4]>,
    faults: FaultCounts,
    events: u64,
    /// Parcels in chute slides, on their way back or on the floor.
    outside: usize,
}

impl LinePlant {
    /// A plant with an empty belt that starts to run at time 0, and the parcels that will arrive.
    ///
    /// `feed` holds (time of arrival, parcel) in any order; parcels of one time keep their order. The
    /// induction has permit from the start.
    ///
    /// # Panics
    /// When a geometry breaks the limits that [`LineGeometry`] states.
    pub fn new(geometry: &LineGeometry, config: PlantConfig, mut feed: Vec<(Micros, u32)>) -> Self {
        feed.sort_by_key(|(at, _)| *at);
        let marks = marks(geometry, &config);
        let pulse = u64::try_from(geometry.pulse.get()).expect("a pulse is a positive length");
        let mut plant = Self {
            clock: BeltClock::new(Micros::ZERO, Travel::default(), geometry.belt_speed),
            pulse: Divisor::new(pulse),
            window: i64::from(geometry.window.get()),
            // 64 mm x 2,048 = 131 m: a whole belt; 65.5 ms x 2,048 = 134 s: slides and ways back.
            belt: BucketWheel::new(6, 2_048),
            time: BucketWheel::new(16, 2_048),
            bodies: Bodies::new(marks.len()),
            chutes: geometry.chutes.iter().map(|chute| PlantChute::new(chute, &config, &marks)).collect(),
            marks,
            config,
            arrived: 0,
            fed: 0,
            returns: VecDeque::new(),
            permit: true,
            free_at: 0,
            inducted_at: None,
            spacing: Micros::ZERO,
            induct_armed: None,
            edges: Edges::default(),
            codes: SmallVec::new(),
            faults: FaultCounts::default(),
            events: 0,
            outside: 0,
            feed,
        };
        if let Some((at, _)) = plant.feed.first() {
            plant.time.push(at.get(), TimeEvent::Arrival);
        }
        plant
    }

    /// Sets the belt as if it had run this far before time 0, so that the encoder may be about to wrap.
    ///
    /// # Panics
    /// When something has happened on the belt already.
    pub fn start_at(&mut self, travel: Travel) {
        assert!(self.events == 0 && self.belt.is_empty(), "belt has run already");
        self.clock = BeltClock::new(Micros::ZERO, travel, self.clock.speed());
        self.free_at = travel.get();
        // The wheel learns where the present is.
        let none = self.belt.pop_due(key(travel.get()));
        debug_assert!(none.is_none());
    }

    /// The motion of the belt.
    pub fn clock(&self) -> &BeltClock {
        &self.clock
    }

    /// The encoder at a place of belt travel.
    #[inline]
    pub fn encoder(&self, travel: Travel) -> EncoderCount {
        EncoderCount::new((self.pulse_number(travel.get()) & 0xFFFF_FFFF) as u32)
    }

    /// What happened since it was asked last, as the sensors show it.
    pub fn take_edges(&mut self) -> Edges {
        std::mem::take(&mut self.edges)
    }

    /// Gives the memory of taken edges back, to be filled again; what it holds is forgotten.
    pub fn recycle(&mut self, mut edges: Edges) {
        edges.clear();
        if self.edges.edges.is_empty() {
            self.edges = edges;
        }
    }

    /// Events so far: arrivals, inductions, marks passed, diverts, chute eyes, swaps.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How often each fault happened.
    pub fn faults(&self) -> &FaultCounts {
        &self.faults
    }

    /// What the sensors of a chute show; `None` for a chute that does not exist.
    pub fn chute_state(&self, chute: ChuteId) -> Option<ChuteState> {
        self.chutes.get(chute.index()).map(PlantChute::state)
    }

    /// Parcels in the container of a chute.
    pub fn chute_content(&self, chute: ChuteId) -> Option<u32> {
        self.chutes.get(chute.index()).map(|chute| chute.content)
    }

    /// Bodies on the belt.
    pub fn on_belt(&self) -> usize {
        self.bodies.len()
    }

    /// Parcels that wait at the induction.
    pub fn waiting(&self) -> usize {
        self.arrived - self.fed + self.returns.len()
    }

    /// Parcels that have been on the belt and are not: in a slide, on their way back, on the floor, or waiting at
    /// the induction again.
    pub fn outside(&self) -> usize {
        self.outside + self.returns.len()
    }

    /// Whether every parcel of the feed is in a chute.
    pub fn is_drained(&self) -> bool {
        self.fed == self.feed.len() && self.returns.is_empty() && self.bodies.len() == 0 && self.outside == 0
    }

    /// When the next thing happens, whether on the belt or off it.
    #[inline]
    pub fn next_due(&self) -> Option<Micros> {
        let belt = self.belt.peek_key().map(|key| self.clock.time_of(Travel::new(key.cast_signed())));
        match (belt, self.time.peek_key().map(Micros::new)) {
            (Some(belt), Some(time)) => Some(belt.min(time)),
            (belt, time) => belt.or(time),
        }
    }

    /// Lets everything happen up to and including `now`, in order; `fire` is called at each armed fire point.
    pub fn advance<L: Labels, W: Witness>(
        &mut self,
        now: Micros,
        labels: &L,
        witness: &mut W,
        mut fire: impl FnMut(&mut Self, &mut W, ItemId, u32, Travel),
    ) {
        let here = key(self.clock.travel_at(now).get());
        loop {
            let next_time = self.time.peek_key().filter(|at| *at <= now.get());
            let limit = match next_time {
                Some(at) => key(self.clock.travel_at(Micros::new(at)).get()),
                None => here,
            };
            if let Some((travel, event)) = self.belt.pop_due(limit) {
                let travel = Travel::new(travel.cast_signed());
                match event {
                    BeltEvent::Mark { slot, generation } => {
                        self.mark(slot, generation, travel, labels, witness);
                    }
                    BeltEvent::TakeOff { slot, generation } => {
                        self.take_off(slot, generation, travel, witness);
                    }
                    BeltEvent::Induct if self.induct_armed == Some(travel) => {
                        self.induct_armed = None;
                        self.induct(travel, labels, witness);
                    }
                    BeltEvent::Induct => {}
                    BeltEvent::Fire { item, serial } => fire(self, witness, item, serial, travel),
                }
            } else if let Some((at, event)) = self.time.pop_due(now.get()) {
                self.at_time(Micros::new(at), event, labels, witness);
            } else {
                return;
            }
        }
    }

    /// Has `fire` called when the belt reaches `travel`; at once if it has passed it.
    pub(crate) fn arm(&mut self, travel: Travel, now: Travel, item: ItemId, serial: u32) {
        self.belt.push(key(travel.max(now).get()), BeltEvent::Fire { item, serial });
    }

    fn at_time<L: Labels, W: Witness>(&mut self, at: Micros, event: TimeEvent, labels: &L, witness: &mut W) {
        self.happened(witness);
        match event {
            TimeEvent::Arrival => self.arrival(at, labels, witness),
            TimeEvent::ChuteEye { chute, body } => self.chute_eye(chute, body, at, witness),
            TimeEvent::Return { body } => self.come_back(body, at, labels, witness),
            TimeEvent::PutBack { body } => {
                witness.put_back(body, at);
                self.come_back(body, at, labels, witness);
            }
            TimeEvent::SwapStart { chute } => self.swap_start(chute, at),
            TimeEvent::SwapEnd { chute } => self.swap_end(chute, at, witness),
        }
    }

    #[inline]
    fn happened<W: Witness>(&mut self, witness: &mut W) {
        self.events += 1;
        witness.plant_event();
    }

    #[inline]
    fn pulse_number(&self, travel: i64) -> u64 {
        self.pulse.divide(key(travel))
    }
}

/// Belt travel as a key of the wheel: it is never negative.
#[inline]
fn key(travel: i64) -> u64 {
    debug_assert!(travel >= 0, "belt travel is {travel} mm");
    travel.cast_unsigned()
}

fn marks(geometry: &LineGeometry, config: &PlantConfig) -> Vec<Mark> {
    let exit = u8::try_from(geometry.eyes.len() + 1).expect("a line has at most 253 photo-eyes");
    let eyes = (1..).map(|eye| MarkKind::Eye(EyeId::new(eye))).zip(geometry.eyes.iter().copied());
    let mut places = vec![(MarkKind::Scanner, geometry.scanner), (MarkKind::Scale, geometry.scale)];
    places.extend(eyes);
    places.push((MarkKind::Exit(EyeId::new(exit)), geometry.exit_eye));
    let mut marks = vec![Mark { position: 0, kind: MarkKind::Induction, sigma_um: 0 }];
    let mut before = 0_i64;
    for (kind, position) in places {
        let position = i64::from(position.get());
        assert!(position > before, "{kind:?} at {position} mm is not behind the mark at {before} mm");
        // sigma x sqrt(metres) = sqrt(sigma^2 x millimetres / 1000)
        let sigma = i64::from(config.slip_um_per_sqrt_m);
        let sigma_um = (sigma * sigma * (position - before) / 1_000).isqrt();
        marks.push(Mark { position, kind, sigma_um });
        before = position;
    }
    marks
}
