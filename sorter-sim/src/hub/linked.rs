//! A hub whose controllers speak with their PLCs over links: what the drivers of `live` do with it.
//!
//! The plants scan at their own times, each host polls when an answer of its PLC has come, and the hall goes by the
//! clock. All of it happens on one thread, one thing after the other, so the hub needs no lock.

use std::cell::RefCell;
use std::rc::Rc;

use sorter_core::ids::SorterId;
use sorter_core::units::Micros;
use sorter_plc::contract::Order;
use sorter_plc::controller::Inputs;
use sorter_plc::exchange::Delivered;
use sorter_plc::host::{Ready, Resync};

use super::Hub;
use super::station::{Audience, Station};
use crate::register_plc::NetworkedLine;

/// The sorters rest for so long before a run in real time is over: what was reported last has been taken by then.
const QUIET: Micros = Micros::from_secs(2);

/// No run in real time lasts longer after its last parcel has arrived: what is still on a belt then is a violation.
const LONGEST_TAIL: Micros = Micros::from_secs(900);

impl Hub<'_> {
    /// A line behind its registers, for the server before it.
    pub(crate) fn networked(&self, place: usize) -> Rc<RefCell<NetworkedLine>> {
        self.stations[place].networked()
    }

    /// How many sorters the hub has.
    pub(crate) fn sorters(&self) -> usize {
        self.stations.len()
    }

    /// Whether anything is due in the hall.
    fn hall_due_by(&mut self, now: Micros) -> bool {
        self.hall_due().is_some_and(|at| at <= now)
    }

    /// Everything that is due in the hall, and one scan of each PLC.
    pub(crate) fn scan_plcs(&mut self, now: Micros) {
        while self.hall_due_by(now) {
            let due = self.hall_due().unwrap_or(now);
            self.catch_up(due);
            self.happen(due);
        }
        self.now = self.now.max(now);
        self.catch_up(now);
        let Self { stations, reads, checker, .. } = self;
        for station in stations {
            station.scan_plc(now, reads, checker);
            self.scans += 1;
        }
    }

    /// Has the journal do what is due by now. To be called before anything is recorded at this time.
    fn catch_up(&mut self, now: Micros) {
        while self.write_journal(now) {}
    }

    /// A link has these times.
    pub(crate) fn timed(&mut self, place: usize, period: Micros, deadline: Micros) {
        self.stations[place].timed(period, deadline);
    }

    /// A cycle of a link begins: what its host says.
    pub(crate) fn ready(
        &mut self,
        place: usize,
        now: Micros,
        accepts_orders: bool,
        orders: &mut Vec<Order>,
    ) -> Ready {
        self.catch_up(now);
        let mut audience = Audience {
            checker: &mut self.checker,
            saboteur: &mut self.saboteur,
            stopwatch: &mut self.stopwatch,
            recorder: &mut self.recorder,
        };
        let ready = self.stations[place].ready_link(now, accepts_orders, orders, &mut audience);
        self.look_at_records(now);
        ready
    }

    /// What a link has handed over up to here has been taken in.
    pub(crate) fn delivered(&mut self, place: usize, up_to: Delivered) {
        self.stations[place].delivered(up_to);
    }

    /// A link has brought an answer of its PLC.
    pub(crate) fn heard(&mut self, place: usize, now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.catch_up(now);
        let mut audience = Audience {
            checker: &mut self.checker,
            saboteur: &mut self.saboteur,
            stopwatch: &mut self.stopwatch,
            recorder: &mut self.recorder,
        };
        let station = &mut self.stations[place];
        station.hear_link(now, inputs, orders, &mut audience);
        if station.has_manifests() {
            self.take_manifests(place, now);
        }
        self.look_at_records(now);
    }

    /// A link has found that its PLC has booted.
    pub(crate) fn plc_restarted(&mut self, place: usize, now: Micros) {
        self.catch_up(now);
        self.checker.plc_restarted(sorter_at(place));
        let mut audience = Audience {
            checker: &mut self.checker,
            saboteur: &mut self.saboteur,
            stopwatch: &mut self.stopwatch,
            recorder: &mut self.recorder,
        };
        self.stations[place].plc_restarted(now, &mut audience);
        self.look_at_records(now);
    }

    /// A link could not hear its PLC.
    pub(crate) fn unheard(&mut self, place: usize, now: Micros) {
        self.catch_up(now);
        let mut audience = Audience {
            checker: &mut self.checker,
            saboteur: &mut self.saboteur,
            stopwatch: &mut self.stopwatch,
            recorder: &mut self.recorder,
        };
        self.stations[place].unheard(now, &mut audience);
        self.look_at_records(now);
    }

    /// A link has opened a session.
    pub(crate) fn resynced(&mut self, place: usize, now: Micros, resync: &Resync<'_>) {
        self.catch_up(now);
        let mut audience = Audience {
            checker: &mut self.checker,
            saboteur: &mut self.saboteur,
            stopwatch: &mut self.stopwatch,
            recorder: &mut self.recorder,
        };
        self.stations[place].resync(now, resync, &mut audience);
        self.look_at_records(now);
    }

    /// Switches a PLC off.
    pub(crate) fn kill_plc(&mut self, place: usize) {
        self.checker.plc_killed(sorter_at(place));
        self.stations[place].kill_plc();
    }

    /// Switches it on again.
    pub(crate) fn start_plc(&mut self, place: usize) {
        self.stations[place].start_plc();
    }

    /// Late orders of a sorter are its fault's until then.
    pub(crate) fn excuse(&mut self, place: usize, until: Micros) {
        self.stations[place].excuse(until);
    }

    /// Late orders that no fault explains.
    pub(crate) fn late_outside_faults(&self) -> u64 {
        self.stations.iter().map(Station::late_outside_faults).sum()
    }

    /// PLANT images that were read, and those that stood where the host had heard the events, so that the books of both
    /// were compared.
    pub(crate) fn images(&self) -> (u64, u64) {
        let counts = self.stations.iter().map(Station::images);
        counts.fold((0, 0), |(all, exact), (more, compared)| (all + more, exact + compared))
    }

    /// Parcels that were inducted for the first time.
    pub(crate) fn inducted(&self) -> u64 {
        self.stations.iter().map(Station::first_inductions).sum()
    }

    /// Whether every belt is empty and nothing more will come, since so long that the hosts know it.
    pub(crate) fn is_over(&mut self, now: Micros) -> bool {
        let busy =
            self.stations.iter().any(|station| station.line().next_due().is_some() || station.items() > 0);
        if busy || now < self.end() {
            self.quiet_since = now;
        }
        now >= self.end() + LONGEST_TAIL || now.saturating_since(self.quiet_since) >= QUIET
    }
}

fn sorter_at(place: usize) -> SorterId {
    SorterId::new(u8::try_from(place).expect("a hub has 32 sorters"))
}
