//! What goes down, when, and what is left of it.

use sorter_core::journal::{Lane, ScribeState, SimulatedDisk, SimulatedJournal};
use sorter_core::units::Micros;
use sorter_plc::exchange::SessionState;

use crate::host::Host;
use crate::plan::{Kind, Phase};
use crate::plc_side::PlcSide;
use crate::stats::Happened;
use crate::trace;
use crate::world::World;

impl World<'_> {
    /// The crash that is due, if it is one of a host that is to happen in this phase.
    pub(crate) fn crashes_in(&self, phase: Phase) -> bool {
        let Some(crash) = self.crashes.front().filter(|crash| crash.at <= self.now) else { return false };
        let Some(host) = &self.host else { return false };
        if !matches!(crash.kind, Kind::Host | Kind::Both) {
            return false;
        }
        if crash.latest() <= self.now {
            return true;
        }
        crash.phase == phase && self.is_in(host, phase)
    }

    fn is_in(&self, host: &Host, phase: Phase) -> bool {
        let state =
            |wanted: &[SessionState]| host.links.iter().any(|link| wanted.contains(&link.exchange.state()));
        let mut workers = host.links.iter().map(|link| link.controller.worker());
        let waits = workers.clone().any(|worker| !worker.is_safe(worker.mark()));
        match phase {
            Phase::Any | Phase::BeforePoll | Phase::Written => true,
            Phase::Polled => waits,
            Phase::Gathering => matches!(host.scribe.state(), ScribeState::Gathering(_)),
            Phase::InFlight => matches!(host.scribe.state(), ScribeState::Writing(at) if *at > self.now),
            Phase::Unacknowledged => !waits && host.is_live() && self.lines.iter().any(PlcSide::waits),
            Phase::Held => host.links.iter().any(|link| link.controller.counters().held_orders > 0) && waits,
            Phase::Opening => {
                state(&[SessionState::Opening, SessionState::ReadingBelt, SessionState::Closing])
            }
            Phase::Draining => state(&[SessionState::Draining]),
            Phase::Idle => *host.scribe.state() == ScribeState::Idle,
            Phase::Changing => workers.any(|worker| worker.changing().next().is_some()),
        }
    }

    /// A host crashes, with its PLCs where the plan says so.
    pub(crate) fn crash_host(&mut self, phase: Phase) {
        let Some(mut host) = self.host.take() else { return };
        trace::tell(self.now, format_args!("the host crashes in {phase:?}"));
        let due = self.crashes.front().copied().filter(|crash| crash.at <= self.now);
        let due = due.filter(|crash| matches!(crash.kind, Kind::Host | Kind::Both));
        let both = due.is_some_and(|crash| crash.kind == Kind::Both);
        let mut down = Micros::from_millis(100 + u64::from(self.draws.below(900)));
        if let Some(crash) = due {
            self.crashes.pop_front();
            (down, self.stillborn) = (crash.down, crash.again);
        }
        self.stats.count(Happened::Crash);
        self.stats.count(if both { Happened::BothCrash } else { Happened::HostCrash });
        let meant = due.is_none_or(|crash| crash.phase == phase);
        if let Some(happened) = phase.happened().filter(|_| meant) {
            self.stats.count(happened);
        }
        self.close_books(&mut host);
        let mut journal =
            std::mem::replace(host.scribe.journal_mut(), SimulatedJournal::new(SimulatedDisk::default()));
        let left = journal.crash(self.now);
        // Records that were pushed and not written are gone too.
        let lanes = host.links.iter().map(|link| link.controller.worker().lane().map_or(0, Lane::backlog));
        let torn = left.lost.max(lanes.sum::<u64>().saturating_sub(left.survived));
        self.stats.count_many(Happened::TornTail, u64::from(torn > 0));
        self.stats.count_many(Happened::TornRecords, torn);
        self.stats.count_many(Happened::Survived, left.survived);
        self.reader.take(journal.durable_by(self.now), &mut self.stats);
        self.reader.host_crashed(&mut self.stats);
        // Where nothing was lost, the next host is what this one was.
        let hub_is_safe = host.book.is_safe(host.book.mark());
        self.disk.last_state =
            (torn == 0 && left.survived == 0 && hub_is_safe).then(|| crate::compare::state(&host));
        self.disk.journal = journal;
        self.people.host_crashed();
        self.start_at = self.now + down;
        for sorter in 0..self.lines.len() {
            self.truth.disturb(sorter);
            if both {
                self.switch_off(sorter, down);
            }
        }
    }

    /// Counts what a host did, before it is gone.
    pub(crate) fn close_books(&mut self, host: &mut Host) {
        self.stats.count_many(Happened::Commit, host.scribe.commits());
        for link in &host.links {
            let counters = link.controller.counters();
            self.stats.count_many(Happened::EventDropped, counters.repeated_events);
            self.stats.count_many(Happened::OrderHeld, counters.held_orders);
            self.stats.count_many(Happened::Resumed, counters.resumed_reads);
            assert_eq!(link.controller.worker().tally().deviations, 0, "facts that did not fit the books");
            assert_eq!(counters.unknown_items, 0, "events about items that cannot be");
            assert_eq!(counters.found, 0, "the journal knows every item: {counters:?}");
            assert_eq!(link.exchange.counters().setup_faults, 0, "{:?}", link.exchange.counters());
            assert_eq!(link.exchange.counters().foreign, 0, "{:?}", link.exchange.counters());
        }
    }

    fn switch_off(&mut self, sorter: usize, down: Micros) {
        self.lines[sorter].kill();
        self.off.push((sorter, self.now + down));
        self.cut(sorter);
    }

    /// PLCs that go down, come back, or lose their connection.
    pub(crate) fn strike_plcs(&mut self) {
        let now = self.now;
        for (sorter, _) in self.off.extract_if(.., |(_, at)| *at <= now).collect::<Vec<_>>() {
            self.lines[sorter].restart(&mut self.truth);
        }
        let Some(crash) = self.crashes.front().copied().filter(|crash| crash.at <= now) else { return };
        match crash.kind {
            Kind::Host | Kind::Both => {}
            Kind::Cut => {
                self.crashes.pop_front();
                self.stats.count(Happened::Cut);
                self.cut(crash.sorter);
            }
            Kind::Plc if !self.lines[crash.sorter].is_on() => {}
            Kind::Plc => {
                self.crashes.pop_front();
                self.stats.count(Happened::Crash);
                self.stats.count(Happened::PlcCrash);
                if self.draws.permille(500) {
                    // A gateway in between keeps the connection.
                    self.lines[crash.sorter].restart(&mut self.truth);
                } else {
                    self.switch_off(crash.sorter, crash.down);
                }
            }
        }
    }
}
