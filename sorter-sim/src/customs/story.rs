//! What customs makes of one parcel: which story it gets, and the messages that tell it.

use sorter_core::clearance::Clearance;
use sorter_core::units::Micros;

use super::{Message, Messages, ONWARD_CHANGED, TARGETED};
use crate::load::Flow;
use crate::random::{Draws, Rate};
use crate::scenario::CustomsMix;

const HALF: Rate = Rate::from_ppm(500_000);
const HOUR: Micros = Micros::from_secs(3_600);
/// A batch is assessed parcel by parcel in this time before it is delivered.
const ASSESSING: Micros = Micros::from_secs(600);
/// The shortest way of a single message to the hub.
const WAY_MIN: Micros = Micros::from_secs(1);
/// The longest, unless it is overtaken.
const WAY_MAX: Micros = Micros::from_secs(20);
/// From the arrival of a parcel until most are in their chutes.
const ON_THE_BELT: Micros = Micros::from_secs(60);
/// The earliest message time of a batch: 0 is left to the announcement, 1 to an overtaken message.
const FIRST_SENT: Micros = Micros::new(2);

/// What customs makes of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Story {
    /// An import that is released before it arrives.
    Released,
    /// Assessed before it arrives, released after it.
    Late,
    /// Held for documents.
    HoldDocument,
    /// Held for inspection.
    HoldInspect,
    /// Screened.
    Screening,
    /// Refused for good.
    Refused,
    /// Seized for good.
    Seized,
    /// Out of time for good.
    Expired,
    /// Released before it arrives, held afterwards.
    Revoked,
    /// A message is overtaken by a newer one.
    OutOfOrder,
    /// Picked for inspection by chance.
    RandomInspection,
    /// Named by a targeted inspection list.
    TargetedInspection,
    /// An export: nothing to do.
    Export,
    /// In transit as booked.
    Transit,
    /// In transit, with a change of the onward flight.
    OnwardChanged,
}

/// The words of randomness of one label, each with its own number.
#[derive(Clone, Copy)]
enum Word {
    Story = 0,
    Assessed = 1,
    Event = 2,
    EventWay = 3,
    IsLifted = 4,
    Lifted = 5,
    LiftedWay = 6,
    Kind = 7,
    Overtaken = 8,
    OvertakenWay = 9,
    Onward = 10,
    Hold = 11,
}

impl Story {
    pub(super) fn drawn(mix: &CustomsMix, flow: Flow, draws: Draws) -> Self {
        let mut draws = word(draws, Word::Story);
        match flow {
            Flow::Export { .. } => return Self::Export,
            Flow::Transit { .. } if draws.chance(ONWARD_CHANGED) => return Self::OnwardChanged,
            Flow::Transit { .. } => return Self::Transit,
            Flow::Import => {}
        }
        let bands = [
            (Self::Late, mix.prelodged_late),
            (Self::HoldDocument, mix.hold_document),
            (Self::HoldInspect, mix.hold_inspect),
            (Self::Screening, mix.screening),
            (Self::Refused, mix.refused),
            (Self::Seized, mix.seized),
            (Self::Expired, mix.expired),
            (Self::Revoked, mix.revoked),
            (Self::OutOfOrder, mix.out_of_order),
            (Self::RandomInspection, mix.random_inspection),
            (Self::TargetedInspection, TARGETED),
        ];
        let mut left = draws.below(Rate::ONE.ppb());
        for (story, rate) in bands {
            match left.checked_sub(rate.ppb()) {
                Some(above) => left = above,
                None => return story,
            }
        }
        Self::Released
    }
}

/// The messages that tell the story of one label.
pub(super) fn messages(
    mix: &CustomsMix,
    story: Story,
    label: u32,
    arrival: Micros,
    draws: Draws,
) -> Messages {
    let mut letters = Letters { mix, label, arrival, draws, sent: Messages::new() };
    match story {
        Story::Export | Story::Transit => {}
        Story::OnwardChanged => letters.event(Clearance::Transit, Micros::ZERO, mix.revoke_max),
        Story::Released => letters.batch(Clearance::Released),
        Story::Refused => letters.batch(Clearance::Refused),
        Story::Seized => letters.batch(Clearance::Seized),
        Story::Expired => letters.batch(Clearance::Expired),
        Story::Late => {
            letters.batch(Clearance::Assessed);
            letters.event(Clearance::Released, mix.late_min, mix.late_max);
        }
        Story::HoldDocument => letters.held(Clearance::HoldDocument),
        Story::HoldInspect | Story::RandomInspection | Story::TargetedInspection => {
            letters.held(Clearance::HoldInspect);
        }
        Story::Screening => letters.held(Clearance::Screening),
        Story::Revoked => {
            letters.batch(Clearance::Released);
            // Every other one comes while the parcel is on the belt, where it meets decision and commit.
            let latest =
                if label.is_multiple_of(2) { mix.revoke_max.min(ON_THE_BELT) } else { mix.revoke_max };
            letters.event(letters.one_of_two_holds(), Micros::ZERO, latest);
            letters.lifted();
        }
        Story::OutOfOrder => letters.out_of_order(),
    }
    letters.sent
}

/// Another index below `choices` than the booked one, if there is any.
pub(super) fn changed_onward(draws: Draws, booked: u16, choices: u16) -> u16 {
    let others = u32::from(choices.saturating_sub(1));
    if others == 0 {
        return booked;
    }
    let step = 1 + word(draws, Word::Onward).below(others);
    u16::try_from((u32::from(booked) + step) % u32::from(choices)).expect("below a 16-bit count")
}

/// Writes the messages about one label.
struct Letters<'a> {
    mix: &'a CustomsMix,
    label: u32,
    arrival: Micros,
    draws: Draws,
    /// In the order of their message times.
    sent: Messages,
}

impl Letters<'_> {
    fn between(&self, number: Word, low: Micros, high: Micros) -> Micros {
        between(word(self.draws, number), low, high)
    }

    /// The status in the batch of the aircraft, which is delivered one hour before the hour of the arrival
    /// begins, or when the run begins.
    fn batch(&mut self, status: Clearance) {
        let hour = Micros::new(self.arrival.get() / HOUR.get() * HOUR.get());
        let delivery = hour.saturating_since(HOUR);
        let assessed = delivery.saturating_since(self.between(Word::Assessed, Micros::new(1), ASSESSING));
        let sent = assessed.max(FIRST_SENT);
        self.push(delivery.max(sent), sent, status);
    }

    /// A message of its own, sent some time after the arrival.
    fn event(&mut self, status: Clearance, low: Micros, high: Micros) {
        let sent = self.arrival + self.between(Word::Event, low, high);
        self.single(status, sent, Word::EventWay);
    }

    /// A hold in the batch, which may be lifted.
    fn held(&mut self, status: Clearance) {
        self.batch(status);
        self.lifted();
    }

    /// The release of a parcel that is held by now, if it is to be released.
    fn lifted(&mut self) {
        if !word(self.draws, Word::IsLifted).chance(self.mix.released_of_held) {
            return;
        }
        // Nobody can look at a parcel that has not arrived, so a hold lasts from the arrival at least.
        let held = self.last_sent().max(self.arrival);
        let sent = held + self.between(Word::Lifted, self.mix.hold_min, self.mix.hold_max);
        self.single(Clearance::Released, sent, Word::LiftedWay);
    }

    /// Either a hold that is overtaken by the release, or a release that is overtaken by a hold.
    fn out_of_order(&mut self) {
        let (old, new) = if word(self.draws, Word::Kind).chance(HALF) {
            (self.one_of_two_holds(), Clearance::Released)
        } else {
            (Clearance::Released, Clearance::HoldDocument)
        };
        self.batch(new);
        let batch = self.sent[0];
        let age = self.between(Word::Overtaken, Micros::new(1), ASSESSING);
        let sent = batch.sent.saturating_since(age).max(Micros::new(1));
        let latest = self.arrival.saturating_since(batch.delivery) + self.mix.revoke_max;
        let way = self.between(Word::OvertakenWay, Micros::new(1), latest.max(Micros::new(1)));
        let overtaken = Message { delivery: batch.delivery + way, sent, status: old, ..batch };
        if new == Clearance::HoldDocument {
            self.lifted();
        }
        self.sent.insert(0, overtaken);
    }

    fn one_of_two_holds(&self) -> Clearance {
        let documents = word(self.draws, Word::Hold).chance(HALF);
        if documents { Clearance::HoldDocument } else { Clearance::HoldInspect }
    }

    /// A message that goes its own way and overtakes none before it.
    fn single(&mut self, status: Clearance, sent: Micros, way: Word) {
        let sent = sent.max(self.last_sent() + Micros::new(1));
        let delivery = sent + self.between(way, WAY_MIN, WAY_MAX);
        let before = self.sent.last().map_or(Micros::ZERO, |message| message.delivery);
        self.push(delivery.max(before), sent, status);
    }

    fn last_sent(&self) -> Micros {
        self.sent.last().map_or(Micros::ZERO, |message| message.sent)
    }

    fn push(&mut self, delivery: Micros, sent: Micros, status: Clearance) {
        let onward_changed = status == Clearance::Transit;
        self.sent.push(Message { delivery, sent, label: self.label, status, onward_changed });
    }
}

fn word(draws: Draws, number: Word) -> Draws {
    draws.at(number as u64)
}

/// A time from `low` to `high`, both included; `low` when `high` is below it.
///
/// The high half of word x values, as in [`Draws::below`], for spans above 2^32 us (71 minutes).
fn between(mut draws: Draws, low: Micros, high: Micros) -> Micros {
    let values = u128::from(high.saturating_since(low).get()) + 1;
    let offset = (u128::from(draws.next_u64()) * values) >> 64;
    low + Micros::new(u64::try_from(offset).expect("the high half of a word times at most 2^64"))
}
