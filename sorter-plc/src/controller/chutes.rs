//! What CHUTE events and PLANT images say about the chutes, and when it is believed.
//!
//! # The order of images and events
//! A CHUTE event tells that a chute changed and not how; that stands in the PLANT image, which is read after the
//! events and so may show what happened after them. What slid in before a container was changed has to count to
//! the old container, and what slid in after it to the new one. Therefore:
//!
//! - An image that came with a CHUTE event is taken over at the place of the event in the stream.
//! - An image that comes later is taken over before the events that come with it. What slid in between the event
//!   and its image is booked to the container before. On a link that is one or two cycles, and a parcel slides
//!   for longer than that: nothing that the diverter sent after the change is in the chute by then.
//! - An image that is ahead of the events, by its event number, and shows a new container is taken over at the
//!   next CHUTE event of the chute, or when the events have come to where the image stands.
//! - Whatever else an image shows is taken over at once: a chute that closed gets no more orders.
//!
//! A container that is changed while the link is down shows in no image. It is found when people scan the plate of
//! the new one.

use sorter_core::chute::{ChuteBank, ChuteReport};
use sorter_core::ids::ChuteId;
use sorter_core::units::{Grams, Micros};

use super::Controller;
use crate::contract::{CHUTES_PER_LINK, ChuteBits, Event, EventRecord, PlantImage, Seq};

/// Numbers further apart than this are of different sessions.
const HALF: u16 = Seq::LAST / 2;

/// What is known of the chutes, and how far it can be believed.
pub(super) struct Images {
    /// The last image, with what orders that were turned down have taught since.
    last: PlantImage,
    /// The last event that was taken in.
    taken: Seq,
    /// Chutes whose change was told and not shown yet.
    unseen: ChuteBits,
    /// Chutes with a new container in an image that is ahead of the events.
    early: ChuteBits,
    /// Where the image with the last of them stands.
    early_at: Seq,
}

impl Images {
    /// The chutes as the chute bank has them at first: containers in place. A first image that shows none is a
    /// change.
    pub(super) fn new(chutes: usize) -> Self {
        let mut last = PlantImage::default();
        for chute in (0..).map(ChuteId::new).take(chutes.min(CHUTES_PER_LINK)) {
            last.container.set(chute, true);
        }
        let none = ChuteBits::default();
        Self { last, taken: Seq::NONE, unseen: none, early: none, early_at: Seq::NONE }
    }

    /// The chutes as they were when an earlier host last heard of them.
    pub(super) fn restore(&mut self, chutes: &ChuteBank) {
        for number in (0..).take(CHUTES_PER_LINK) {
            let chute = ChuteId::new(number);
            let Some(state) = chutes.get(chute) else { return };
            let report = state.report();
            self.last.full.set(chute, report.full);
            self.last.half_full.set(chute, report.half_full);
            self.last.not_available.set(chute, report.not_available);
            self.last.container.set(chute, report.container);
        }
    }

    /// The numbers of events begin again.
    pub(super) fn restart(&mut self) {
        self.taken = Seq::NONE;
    }
}

/// Whether `seq` is the number `other` or comes after it.
const fn is_past(seq: Seq, other: Seq) -> bool {
    other.distance_to(seq) < HALF
}

fn each(bits: ChuteBits) -> impl Iterator<Item = ChuteId> {
    ChuteBits::default().changed(&bits)
}

impl Controller {
    /// Takes over what earlier events announced, before the events that came with this image.
    pub(super) fn show_unseen(&mut self, now: Micros, plant: &PlantImage, events: &[EventRecord]) {
        if self.images.unseen == ChuteBits::default() {
            return;
        }
        for chute in each(std::mem::take(&mut self.images.unseen)) {
            // Where it changed again, the image shows it after that.
            if !events.iter().any(|record| record.event == Event::Chute { chute }) {
                self.observe_chute(now, chute, plant);
            }
        }
    }

    /// Takes in that a chute changed.
    pub(super) fn chute_event(&mut self, now: Micros, chute: ChuteId, seq: Seq, plant: Option<&PlantImage>) {
        if chute.index() >= CHUTES_PER_LINK {
            return;
        }
        // An image that names no event was made together with those it came with.
        if let Some(plant) = plant.filter(|plant| plant.at_event == Seq::NONE || is_past(plant.at_event, seq))
        {
            self.observe_chute(now, chute, plant);
        } else if self.images.early.get(chute) {
            let last = self.images.last;
            self.observe_chute(now, chute, &last);
        } else {
            self.images.unseen.set(chute, true);
        }
    }

    /// Notes how far the events have been taken in.
    pub(super) fn took_event(&mut self, seq: Seq) {
        self.images.taken = seq;
    }

    /// Takes over the chutes whose state has changed since the last image.
    pub(super) fn observe_chutes(&mut self, now: Micros, plant: &PlantImage) {
        let before = std::mem::replace(&mut self.images.last, *plant);
        let ahead = plant.at_event != Seq::NONE && !is_past(self.images.taken, plant.at_event);
        let images = [
            (before.full, plant.full),
            (before.half_full, plant.half_full),
            (before.not_available, plant.not_available),
            (before.container, plant.container),
        ];
        // In most cycles nothing has changed.
        for (old, new) in images.into_iter().filter(|(old, new)| old != new) {
            for chute in old.changed(&new) {
                let known = self.worker.chutes().get(chute).map(|state| state.report().container);
                if ahead && known == Some(false) && plant.container.get(chute) {
                    self.images.early.set(chute, true);
                    self.images.early_at = plant.at_event;
                } else {
                    self.observe_chute(now, chute, plant);
                }
            }
        }
    }

    /// Takes over new containers whose image was ahead of the events, once these have come there.
    pub(super) fn show_early(&mut self, now: Micros) {
        if is_past(self.images.taken, self.images.early_at) {
            self.show_all_early(now);
        }
    }

    /// The same, wherever the events stand: those that were awaited do not come any more.
    pub(super) fn show_all_early(&mut self, now: Micros) {
        let last = self.images.last;
        for chute in each(std::mem::take(&mut self.images.early)) {
            self.observe_chute(now, chute, &last);
        }
    }

    /// Takes over one chute as an image shows it.
    fn observe_chute(&mut self, now: Micros, chute: ChuteId, plant: &PlantImage) {
        let report = ChuteReport {
            full: plant.full.get(chute),
            half_full: plant.half_full.get(chute),
            not_available: plant.not_available.get(chute),
            container: plant.container.get(chute),
        };
        self.images.early.set(chute, false);
        if self.worker.chutes().get(chute).is_some_and(|state| state.report() != report) {
            self.worker.about(self.cause, Grams::ZERO);
            self.worker.chute_changed(chute, now, report);
        }
    }

    /// The PLC turned an order down for its chute. That is its last known state until a PLANT image says more.
    pub(super) fn turned_down(&mut self, now: Micros, chute: ChuteId) {
        let Some(state) = self.worker.chutes().get(chute).filter(|state| state.takes_ordered(now).is_ok())
        else {
            return;
        };
        let report = ChuteReport { not_available: true, ..state.report() };
        self.worker.about(self.cause, Grams::ZERO);
        self.worker.chute_changed(chute, now, report);
        self.images.last.not_available.set(chute, true);
    }
}
