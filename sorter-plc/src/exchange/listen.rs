//! Following the session of another host without writing anything.

use sorter_core::units::Micros;

use crate::codec::{StatusImage, slot};
use crate::contract::{EVENT_SLOTS, Seq};

use super::{Exchange, ExchangeFault, Latches, Phase};

impl Exchange {
    /// A STATUS that was read while another host drives the PLC.
    pub(super) fn overheard(&mut self, now: Micros, image: &StatusImage) -> Result<(), ExchangeFault> {
        let echo = image.status.session_echo;
        if echo == 0 {
            if self.phase.is_open() {
                self.reopen(now);
            }
            return Ok(());
        }
        if !self.phase.is_open() || echo != self.session {
            self.join(now, image);
        } else {
            let status = &image.status;
            let streams =
                [self.events.behind(status.events_published), self.scans.behind(status.scans_published)];
            // A jump only means that the other host was faster, and what it took is counted as missed.
            let back = |fault: &ExchangeFault| matches!(fault, ExchangeFault::NumberBack { .. });
            if let Some(fault) = streams.into_iter().filter_map(Result::err).find(back) {
                self.counters.number_faults += 1;
                self.reopen(now);
                return Err(fault);
            }
        }
        self.session_status(now, image)
    }

    /// Takes up a session where its windows stand.
    fn join(&mut self, now: Micros, image: &StatusImage) {
        let status = &image.status;
        self.session = status.session_echo;
        self.counters.sessions += 1;
        self.events.join(status.events_published);
        self.scans.join(status.scans_published);
        self.latches = Latches::default();
        self.pulse.forget();
        self.plant_due = true;
        self.plant_known = false;
        self.held_plant = None;
        let first = Seq::NONE.next();
        let from_its_beginning = self.events.delivered() == Seq::NONE
            && (status.events_published == Seq::NONE
                || image.events[slot(first, EVENT_SLOTS)].seq() == first.get());
        let events = u32::from(status.events_published.get()) + u32::from(status.event_backlog);
        if from_its_beginning && u32::from(status.belt_at.get()) <= events {
            self.phase = Phase::ReadingBelt { belt_at: status.belt_at };
            self.belt.begin(now);
        } else {
            self.phase = Phase::Draining { belt_at: Seq::NONE };
            self.belt.clear();
        }
    }
}
