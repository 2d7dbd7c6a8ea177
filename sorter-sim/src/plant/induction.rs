//! How parcels get on the belt: arrivals, priority of what came back, gaps, and hands that throw.

use sorter_core::ids::EyeId;
use sorter_core::units::Micros;

use super::bodies::{Body, NEVER, NIL};
use super::draws::{Draws, Stream};
use super::{
    BeltEvent, BodyTag, FaultKind, IncidentKind, Labels, LinePlant, MarkKind, TimeEvent, Travel, Witness, key,
};

/// How often a hand looks for room on the belt before it lays the parcel on the induction after all.
const THROWS: u64 = 8;
/// The room that a hand leaves before and behind what it throws on.
const ROOM: i64 = 50;

/// The faults that strike one body, as marks.
struct Fate {
    missed_at: u8,
    slips_to: u8,
    taken_before: u8,
    thrown_on: bool,
}

impl Fate {
    /// The fate that an incident makes. Mark n + 2 is tracking photo-eye n.
    fn of(incident: IncidentKind) -> Self {
        let mark = |eye: EyeId| eye.get().saturating_add(2);
        let mut fate = Self { missed_at: NEVER, slips_to: NEVER, taken_before: NEVER, thrown_on: false };
        match incident {
            IncidentKind::EyeMiss(eye) => fate.missed_at = mark(eye),
            IncidentKind::TakenOff(eye) => fate.taken_before = mark(eye),
            IncidentKind::ThrownOn(_) => fate.thrown_on = true,
            IncidentKind::Slow(eye, _) => fate.slips_to = mark(eye),
        }
        fate
    }
}

impl LinePlant {
    /// What was asked to happen to a body on this pass.
    pub(super) fn incident(&self, tag: BodyTag) -> Option<IncidentKind> {
        let mut asked = self.config.incidents.iter().filter(|_| tag.pass == 0);
        asked.find(|incident| incident.parcel == tag.parcel).map(|incident| incident.kind)
    }

    pub(super) fn arrival<L: Labels, W: Witness>(&mut self, at: Micros, labels: &L, witness: &mut W) {
        self.arrived += 1;
        if let Some((next, _)) = self.feed.get(self.arrived) {
            self.time.push(next.get(), TimeEvent::Arrival);
        }
        self.call_induction(at, labels, witness);
    }

    pub(super) fn come_back<L: Labels, W: Witness>(
        &mut self,
        body: BodyTag,
        at: Micros,
        labels: &L,
        witness: &mut W,
    ) {
        self.outside -= 1;
        self.returns.push_back(body);
        self.call_induction(at, labels, witness);
    }

    /// Has a parcel that lay in a chute or on the floor put back to the induction at a time; the tag is that of
    /// its next pass.
    pub fn bring_back(&mut self, body: BodyTag, at: Micros) {
        self.outside += 1;
        self.time.push(at.get(), TimeEvent::PutBack { body });
    }

    /// Lets the induction run or stand. A parcel that is on the belt already goes on.
    pub fn set_permit(&mut self, permit: bool, now: Travel) {
        if permit && !self.permit && self.waiting() > 0 {
            self.arm_induction(now.get());
        }
        self.permit = permit;
    }

    /// Sets the least time between two inductions, at the speed of the belt. Zero leaves it to the gaps.
    pub fn set_spacing(&mut self, spacing: Micros, now: Travel) {
        if spacing == self.spacing {
            return;
        }
        self.spacing = spacing;
        if self.induct_armed.take().is_some() {
            self.arm_induction(now.get());
        }
    }

    /// Where the belt must stand before the next parcel may be put on it.
    fn free_from(&self) -> i64 {
        let Some(before) = self.inducted_at.filter(|_| self.spacing > Micros::ZERO) else {
            return self.free_at;
        };
        let speed = u64::from(self.clock.speed().get());
        let travel = self.spacing.get().saturating_mul(speed).div_ceil(1_000_000);
        self.free_at.max(before.saturating_add_unsigned(travel))
    }

    fn call_induction<L: Labels, W: Witness>(&mut self, at: Micros, labels: &L, witness: &mut W) {
        let travel = self.clock.travel_at(at);
        if self.induct_armed.is_some() || !self.permit {
            return;
        }
        if travel.get() >= self.free_from() {
            self.induct(travel, labels, witness);
        } else {
            self.arm_induction(travel.get());
        }
    }

    fn arm_induction(&mut self, travel: i64) {
        if self.induct_armed.is_none() {
            let at = Travel::new(travel.max(self.free_from()));
            self.induct_armed = Some(at);
            self.belt.push(key(at.get()), BeltEvent::Induct);
        }
    }

    /// Puts the next parcel on the belt, its leading edge at the induction eye.
    pub(super) fn induct<L: Labels, W: Witness>(&mut self, travel: Travel, labels: &L, witness: &mut W) {
        if !self.permit {
            return;
        }
        while let Some(tag) = self.next_waiting() {
            let draws = Draws::new(self.config.seed, tag.parcel, u32::from(tag.pass));
            let length = i64::from(labels.length(tag.parcel).get().max(1));
            let fate = self.fate(tag, draws);
            if fate.thrown_on && self.throw_on(tag, draws, length, travel, witness) {
                continue;
            }
            let body = Body {
                tag,
                draws,
                length,
                mark: 0,
                missed_at: fate.missed_at,
                slips_to: fate.slips_to,
                taken_before: fate.taken_before,
                from: 0,
                from_at: travel.get(),
                at: travel.get(),
                generation: 0,
                ahead: NIL,
                behind: NIL,
            };
            let slot = self.bodies.insert_behind(self.bodies.last, body);
            let generation = self.bodies.get(slot).generation;
            self.belt.push(key(travel.get() + length), BeltEvent::Mark { slot, generation });
            let (low, high) = (self.config.gap_min, self.config.gap_max);
            let gap = draws.range(Stream::Gap, 0, i64::from(low.get()), i64::from(high.get()));
            self.free_at = travel.get() + length + gap;
            self.inducted_at = Some(travel.get());
            witness.inducted(tag, travel);
            break;
        }
        if self.waiting() > 0 {
            self.arm_induction(travel.get());
        }
    }

    fn next_waiting(&mut self) -> Option<BodyTag> {
        if let Some(tag) = self.returns.pop_front() {
            return Some(tag);
        }
        if self.fed == self.arrived {
            return None;
        }
        self.fed += 1;
        Some(BodyTag { parcel: self.feed[self.fed - 1].1, pass: 0 })
    }

    /// Draws which fault, if any, strikes a body on this pass.
    fn fate(&self, tag: BodyTag, draws: Draws) -> Fate {
        if let Some(incident) = self.incident(tag) {
            return Fate::of(incident);
        }
        let rates = &self.config.rates;
        let mut luck = draws.billionth(Stream::Fault);
        let mut strikes = |rate: u32| {
            let struck = luck < rate;
            luck = if struck { u32::MAX } else { luck - rate };
            struck
        };
        let [miss, slip, taken, thrown_on] =
            [rates.eye_miss, rates.big_slip, rates.taken_off, rates.thrown_on].map(&mut strikes);
        // Marks 3 to last - 1 are the tracking photo-eyes; segments between eyes end at marks 4 to last.
        let last = self.marks.len() - 1;
        let place = |struck: bool, low: usize, high: usize| {
            if !struck {
                return NEVER;
            }
            let mark = draws.range(Stream::FaultPlace, 0, mark_number(low), mark_number(high));
            u8::try_from(mark).unwrap_or(NEVER)
        };
        Fate {
            missed_at: place(miss, 3, last - 1),
            slips_to: place(slip, 4, last),
            taken_before: place(taken, 4, last),
            thrown_on,
        }
    }

    /// Throws a parcel on the belt at a drawn place between the first and the last eye where there is room.
    fn throw_on<W: Witness>(
        &mut self,
        tag: BodyTag,
        draws: Draws,
        length: i64,
        travel: Travel,
        witness: &mut W,
    ) -> bool {
        let (now, last) = (travel.get(), self.marks.len() - 1);
        debug_assert!(matches!(self.marks[3].kind, MarkKind::Eye(_)));
        let (first, last) = match self.incident(tag) {
            Some(IncidentKind::ThrownOn(eye)) => (eye.index() + 1, eye.index() + 2),
            _ => (3, last),
        };
        let (low, high) = (self.marks[first].position + length + ROOM, self.marks[last].position - ROOM);
        for attempt in 0..THROWS {
            let place = draws.range(Stream::Throw, attempt, low, high);
            let Some(mark) = self.marks.iter().position(|mark| mark.position > place) else { continue };
            if place - length < self.marks[mark - 1].position {
                // The trailing edge would lie before an eye that the leading edge has passed.
                continue;
            }
            let mut at = now + self.marks[mark].position - place;
            let Some((ahead, earliest, latest)) = self.room_at(mark, place, length, now) else { continue };
            if earliest > latest {
                continue;
            }
            at = at.clamp(earliest, latest);
            let body = Body {
                tag,
                draws,
                length,
                mark: u8::try_from(mark).unwrap_or(NEVER),
                missed_at: NEVER,
                slips_to: NEVER,
                taken_before: NEVER,
                from: place,
                from_at: now,
                at,
                generation: 0,
                ahead,
                behind: NIL,
            };
            let slot = self.bodies.insert_behind(ahead, body);
            let generation = self.bodies.get(slot).generation;
            self.belt.push(key(at + length), BeltEvent::Mark { slot, generation });
            self.faults.count(FaultKind::ThrownOn);
            self.happened(witness);
            witness.thrown_on(tag, travel);
            return true;
        }
        false
    }

    /// Who is ahead of a free place, and between which travels its new body may be at `mark`.
    fn room_at(&self, mark: usize, place: i64, length: i64, now: i64) -> Option<(u16, i64, i64)> {
        let (mut ahead, mut behind) = (NIL, self.bodies.first);
        let position = |slot: u16| {
            let body = self.bodies.get(slot);
            body.position(self.marks[usize::from(body.mark)].position, now)
        };
        while behind != NIL && position(behind) > place {
            (ahead, behind) = (behind, self.bodies.get(behind).behind);
        }
        let (mut earliest, mut latest) = (now, i64::MAX);
        if ahead != NIL {
            let body = self.bodies.get(ahead);
            if position(ahead) - body.length < place + ROOM || usize::from(body.mark) < mark {
                return None;
            }
            if usize::from(body.mark) == mark {
                earliest = body.at + body.length;
            }
        }
        if behind != NIL {
            let body = self.bodies.get(behind);
            if position(behind) > place - length - ROOM || usize::from(body.mark) > mark {
                return None;
            }
            if usize::from(body.mark) == mark {
                latest = body.at - length;
            }
        }
        Some((ahead, earliest, latest))
    }
}

/// Marks are few: their numbers fit anywhere.
fn mark_number(mark: usize) -> i64 {
    i64::try_from(mark).unwrap_or(i64::MAX)
}
