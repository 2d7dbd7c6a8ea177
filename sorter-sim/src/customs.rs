//! The customs office of one simulated hub: what each parcel is announced with, and what follows.
//!
//! Most imports are released in one batch for their aircraft, well before they arrive. A few are released
//! late, held, refused or seized, and a few are released first and stopped afterwards. Every answer is a
//! pure function of (seed, hub, label), so neither the order of the questions nor the number of threads
//! changes a day.
//!
//! ```
//! use sorter_core::clearance::Clearance;
//! use sorter_core::ids::HubId;
//! use sorter_core::units::Micros;
//! use sorter_sim::customs::Office;
//! use sorter_sim::load::Flow;
//! use sorter_sim::scenario::CustomsMix;
//!
//! let office = Office::new(1, HubId::new(0), &CustomsMix::default());
//! assert_eq!(office.announced(7, Flow::Import), Clearance::PreLodged);
//! assert_eq!(office.announced(7, Flow::Export { connection: 0 }), Clearance::NotSubject);
//!
//! let arrival = Micros::from_secs(9 * 3_600 + 120);
//! let mut timeline = office.timeline((0..1_000).map(|label| (label, arrival, Flow::Import)));
//! let batch = timeline.due(Micros::from_secs(8 * 3_600));
//! assert_eq!(batch.len(), 1_000);
//! assert!(batch.iter().filter(|message| message.status == Clearance::Released).count() > 900);
//! ```

mod story;
mod timeline;

pub use story::Story;
pub use timeline::{Message, Timeline};

use smallvec::SmallVec;
use sorter_core::clearance::Clearance;
use sorter_core::ids::HubId;
use sorter_core::units::Micros;

use crate::load::{Flow, draw_index};
use crate::random::{Draws, Rate, Stream};
use crate::scenario::CustomsMix;

/// The share of the imports that a targeted inspection list names.
pub const TARGETED: Rate = Rate::from_ppm(500);

/// The share of the transit parcels whose onward flight is changed.
pub const ONWARD_CHANGED: Rate = Rate::from_ppm(10_000);

/// The messages about one label, in the order in which customs sent them.
pub type Messages = SmallVec<[Message; 3]>;

/// The customs office of one hub. It remembers nothing.
#[derive(Clone, Copy, Debug)]
pub struct Office {
    seed: u64,
    hub: HubId,
    mix: CustomsMix,
}

impl Office {
    /// The office of this hub.
    pub const fn new(seed: u64, hub: HubId, mix: &CustomsMix) -> Self {
        Self { seed, hub, mix: *mix }
    }

    /// The status a label is announced with. It is older than every message that follows.
    pub const fn announced(&self, _label: u32, flow: Flow) -> Clearance {
        match flow {
            Flow::Import => Clearance::PreLodged,
            Flow::Export { .. } => Clearance::NotSubject,
            Flow::Transit { .. } => Clearance::Transit,
        }
    }

    /// What customs makes of a label.
    pub fn story(&self, label: u32, flow: Flow) -> Story {
        Story::drawn(&self.mix, flow, self.draws(label))
    }

    /// What the office sends about a label that arrives at this time: at most three messages, each of them
    /// sent later than the one before and later than 0.
    pub fn messages(&self, label: u32, arrival: Micros, flow: Flow) -> Messages {
        story::messages(&self.mix, self.story(label, flow), label, arrival, self.draws(label))
    }

    /// To which of `choices` onward connections a message with [`Message::onward_changed`] changes that of a
    /// label: the index of another one than `booked`, or `booked` where there is no other.
    ///
    /// ```
    /// use sorter_core::ids::HubId;
    /// use sorter_sim::customs::Office;
    /// use sorter_sim::scenario::CustomsMix;
    /// let office = Office::new(1, HubId::new(0), &CustomsMix::default());
    /// assert_ne!(office.changed_onward(7, 3, 18), 3);
    /// ```
    pub fn changed_onward(&self, label: u32, booked: u16, choices: u16) -> u16 {
        story::changed_onward(self.draws(label), booked, choices)
    }

    /// Every message about these labels, with the time of arrival and the flow of each.
    pub fn timeline(&self, parcels: impl IntoIterator<Item = (u32, Micros, Flow)>) -> Timeline {
        let mut timeline = Timeline::default();
        self.extend(&mut timeline, parcels);
        timeline
    }

    /// Adds every message about more labels to a timeline and drops what was given out. A run of a week
    /// can so be told day by day, with a seventh of the memory.
    ///
    /// The first message about a label is delivered up to two hours before its arrival; labels that are
    /// added later than that get it late.
    pub fn extend(&self, timeline: &mut Timeline, parcels: impl IntoIterator<Item = (u32, Micros, Flow)>) {
        timeline.add(parcels.into_iter().flat_map(|(label, at, flow)| self.messages(label, at, flow)));
    }

    fn draws(&self, label: u32) -> Draws {
        Draws::new(self.seed, Stream::Customs, draw_index(self.hub, label))
    }
}

#[cfg(test)]
mod tests;
