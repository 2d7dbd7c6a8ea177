//! Lines, a host that may be down, a disk, and the people around them, in one virtual time.

use std::collections::VecDeque;

use sorter_core::journal::{Health, LateSyncs, ScribeState, SimulatedDisk, SimulatedJournal};
use sorter_core::units::{Micros, Share};
use sorter_plc::exchange::SessionState;
use sorter_plc::register_map::{BlockId, STATUS_WORDS};
use sorter_plc::request::{Request, Span};

use crate::draws::Draws;
use crate::host::{Disk, Host};
use crate::people::{Hall, People};
use crate::plan::{self, Crash, Phase};
use crate::plc_side::{Audit, PlcSide};
use crate::reader::{Reader, Told};
use crate::site::{Fixtures, Site};
use crate::stats::{Happened, Stats};
use crate::trace;
use crate::truth::{Container, ItemLife, Truth};

/// One scan of a PLC, and one period of a host.
pub(crate) const TICK: Micros = Micros::from_millis(10);

/// Everything.
pub(crate) struct World<'a> {
    pub(crate) site: Site<'a>,
    pub(crate) now: Micros,
    pub(crate) draws: Draws,
    pub(crate) stats: Stats,
    pub(crate) truth: Truth,
    pub(crate) reader: Reader,
    pub(crate) lines: Vec<PlcSide>,
    pub(crate) people: People,
    pub(crate) host: Option<Host>,
    pub(crate) disk: Disk,
    /// When the next host starts.
    pub(crate) start_at: Micros,
    /// Whether the next host crashes right after its start.
    pub(crate) stillborn: bool,
    pub(crate) crashes: VecDeque<Crash>,
    /// Containers that were changed and whose change the journal has not, by their place in what is gone.
    changed: Vec<usize>,
    /// PLCs that are switched off, with the time at which they are on again.
    pub(crate) off: Vec<(usize, Micros)>,
    /// How long after a scan the host polls, and how long its requests take.
    offset: Micros,
    round_trip: Micros,
}

impl<'a> World<'a> {
    pub(crate) fn new(fixtures: &'a Fixtures, mut draws: Draws) -> Self {
        let site = Site::draw(fixtures, &mut draws);
        let lines: Vec<_> = (0..site.sorters).map(|sorter| PlcSide::new(&site, sorter, &mut draws)).collect();
        let people = People::draw(&site, &mut draws);
        let crashes = plan::draw(&mut draws, site.sorters, site.end());
        let journal = SimulatedJournal::new(disk(&mut draws, site.end()));
        Self {
            now: Micros::ZERO,
            stats: Stats::default(),
            truth: Truth::new(site.sorters, site.parcels.len()),
            reader: Reader::default(),
            people,
            host: None,
            disk: Disk { journal, initial: None, snapshot: None, last_state: None },
            start_at: Micros::ZERO,
            stillborn: false,
            crashes: crashes.into(),
            changed: Vec::new(),
            off: Vec::new(),
            offset: Micros::new(500 + u64::from(draws.below(5_000))),
            round_trip: Micros::new(300 + u64::from(draws.below(2_000))),
            lines,
            site,
            draws,
        }
    }

    /// One period: the PLCs scan, the host polls, the journal writes, people walk about.
    pub(crate) fn tick(&mut self) {
        self.now = self.now + TICK;
        for line in &mut self.lines {
            line.scan(self.now, &self.site, &mut self.truth, &mut self.stats);
        }
        self.look_at_changed_containers();
        self.strike_plcs();
        let scan = self.now;
        self.live(scan);
        // The next scan is on the grid, whatever was in between.
        self.now = scan;
    }

    /// What the host does between two scans.
    fn live(&mut self, scan: Micros) {
        if self.host.is_none() && self.start_at <= self.now {
            self.start_host();
        }
        if self.crashes_in(Phase::BeforePoll) {
            return self.crash_host(Phase::BeforePoll);
        }
        for sorter in 0..self.lines.len() {
            self.now = scan + self.offset;
            if let Some(phase) = self.host_cycle(sorter) {
                return self.crash_host(phase);
            }
        }
        for phase in
            [Phase::Polled, Phase::Any, Phase::Opening, Phase::Draining, Phase::Held, Phase::Changing]
        {
            if self.crashes_in(phase) {
                return self.crash_host(phase);
            }
        }
        let polled = self.now;
        // The writer wakes up each millisecond.
        for step in 0..5 {
            self.now = polled + Micros::from_millis(step);
            self.write_journal();
            for phase in [Phase::Gathering, Phase::InFlight, Phase::Unacknowledged, Phase::Idle] {
                if self.crashes_in(phase) {
                    return self.crash_host(phase);
                }
            }
            if self.rests() {
                break;
            }
        }
        self.walk_about();
    }

    fn rests(&self) -> bool {
        self.host.as_ref().is_none_or(|host| *host.scribe.state() == ScribeState::Idle)
    }

    fn write_journal(&mut self) {
        let Some(host) = &mut self.host else { return };
        host.scribe.turn(self.now);
        let durable = host.scribe.journal_mut().durable_by(self.now);
        if !durable.is_empty() {
            self.reader.take(durable, &mut self.stats);
        }
        if host.health() == Health::Failed {
            self.stats.count(Happened::DiskFailed);
            self.crash_host(Phase::Any);
        }
    }

    /// One cycle of one link; gives the phase in which the host has to crash.
    fn host_cycle(&mut self, sorter: usize) -> Option<Phase> {
        let now = self.now;
        let host = self.host.as_mut()?;
        let link = &mut host.links[sorter];
        if link.up_at > now {
            link.controller.unheard(now, &mut ());
            self.truth.disturb(sorter);
            return None;
        }
        // What the host gave without a right to is counted by the exchange.
        let _ = link.exchange.begin_cycle(now, &mut link.controller);
        loop {
            let host = self.host.as_mut()?;
            let link = &mut host.links[sorter];
            let line = &mut self.lines[sorter];
            let mut wrote = false;
            let span = match link.exchange.next_request() {
                None => break,
                Some(Request::Read(span)) => span,
                Some(Request::Cycle { order, .. }) => {
                    wrote = true;
                    let (reader, truth, stats) = (&self.reader, &mut self.truth, &mut self.stats);
                    if !line.write(order, &mut Audit { now: self.now, reader, truth, stats }) {
                        self.cut(sorter);
                        return None;
                    }
                    Span { block: BlockId::Status, offset: 0, words: STATUS_WORDS as u16 }
                }
            };
            let Some(words) = line.read(span) else {
                self.cut(sorter);
                return None;
            };
            if wrote && self.crashes_in(Phase::Written) {
                return Some(Phase::Written);
            }
            self.now = self.now + self.round_trip;
            let link = &mut self.host.as_mut()?.links[sorter];
            // What it says was wrong it has dealt with.
            let _ = link.exchange.answered(self.now, &words, &mut link.controller);
        }
        let link = &mut self.host.as_mut()?.links[sorter];
        if link.exchange.state() != SessionState::Live {
            link.controller.unheard(self.now, &mut ());
            self.truth.disturb(sorter);
        }
        None
    }

    /// A connection is cut.
    pub(crate) fn cut(&mut self, sorter: usize) {
        let Some(host) = &mut self.host else { return };
        let link = &mut host.links[sorter];
        trace::tell(self.now, format_args!("the connection of {sorter} is cut"));
        link.exchange.cut(self.now);
        link.up_at = self.now + Micros::from_millis(u64::from(self.draws.below(300)));
        self.truth.disturb(sorter);
    }

    fn start_host(&mut self) {
        let how = (self.draws.next_u64(), self.draws.permille(500));
        self.disk.journal.durable_by(self.now);
        let host = Host::start(&self.site, &mut self.disk, self.now, how, &mut self.stats);
        crate::compare::read(&self.reader, host.scribe.image());
        trace::tell(self.now, format_args!("a host starts"));
        if let Some(crash) = self.crashes.front_mut() {
            // What was meant for the time that it was down comes in its first moments.
            if crash.is_early() {
                crash.at = self.now;
            } else if crash.at <= self.now {
                crash.at = self.now + Micros::from_millis(u64::from(self.draws.below(1_500)));
            }
        }
        self.host = Some(host);
        if std::mem::take(&mut self.stillborn) {
            self.stats.count(Happened::Recovering);
            self.crash_host(Phase::Any);
        }
    }

    /// Whether the journal knew, when a container was changed, that the one before it was being taken away, and had the
    /// change before anything went down. If not, what slid in around the change may be told of the other container: a
    /// CHUTE event does not say what changed, and the image that does comes after the events that had piled up.
    fn look_at_changed_containers(&mut self) {
        for place in std::mem::take(&mut self.truth.fresh) {
            self.stats.count(Happened::Swap);
            let Container { sorter, chute, .. } = self.truth.gone[place];
            if self.reader.shows_container(self.lines[sorter].sorter, chute) == Some(false) {
                self.changed.push(place);
            } else {
                self.lose_sight(place);
            }
        }
        for place in std::mem::take(&mut self.changed) {
            let Container { sorter, chute, .. } = self.truth.gone[place];
            let hears = self.host.as_ref().is_some_and(|host| {
                host.links[sorter].exchange.state() == SessionState::Live && host.health() == Health::Well
            });
            if self.reader.shows_container(self.lines[sorter].sorter, chute) == Some(true) {
                continue;
            }
            if hears {
                self.changed.push(place);
            } else {
                self.lose_sight(place);
            }
        }
    }

    /// The journal does not tell for sure what slid into a container and into the one after it.
    fn lose_sight(&mut self, place: usize) {
        self.stats.count(Happened::SwapUnseen);
        let Container { sorter, chute, plate, .. } = self.truth.gone[place];
        self.truth.gone[place].is_told = false;
        let later = self.truth.gone.iter_mut().chain(self.truth.standing.iter_mut().flatten());
        let next =
            later.filter(|other| (other.sorter, other.chute) == (sorter, chute) && other.plate > plate);
        if let Some(next) = next.min_by_key(|other| other.plate) {
            next.is_told = false;
        }
    }

    fn walk_about(&mut self) {
        let Some(host) = &mut self.host else { return };
        if host.health() != Health::Well {
            return;
        }
        self.people.talk(self.now, host, &self.site, &mut self.stats);
        let (lines, truth, site, stats) = (&mut self.lines, &mut self.truth, &self.site, &mut self.stats);
        self.people.walk(self.now, &mut Hall { host, lines, truth, site, stats });
        if self.draws.permille(5)
            && let Some(snapshot) = self.host.as_ref().and_then(Host::snapshot)
        {
            self.stats.count(Happened::Snapshot);
            self.disk.snapshot = Some(snapshot);
        }
    }

    /// Whether everything has come to rest.
    pub(crate) fn is_drained(&self) -> bool {
        let Some(host) = &self.host else { return false };
        self.crashes.is_empty()
            && self.off.is_empty()
            && self.now >= self.people.end()
            && self.people.are_done()
            && host.is_live()
            && *host.scribe.state() == ScribeState::Idle
            && self.lines.iter().all(|line| line.plant().is_drained() && !line.waits())
            && host.links.iter().all(|link| link.controller.items_on_belt() == 0)
    }
}

impl World<'_> {
    /// What the disk tells about an item.
    pub(crate) fn told(&self, life: &ItemLife) -> Option<Told> {
        let key = (self.lines[life.sorter].sorter, life.item, life.entered?.get());
        self.reader.items.get(&key).cloned()
    }

    /// Syncs that were late.
    pub(crate) fn late_syncs(&self, host: &Host) -> (u64, u64) {
        let counts = host.scribe.journal().counts();
        (counts.late, counts.no_space)
    }

    /// Why it is not at rest.
    pub(crate) fn describe(&self) -> String {
        let host = self.host.as_ref();
        let links = host.iter().flat_map(|host| &host.links);
        let links: Vec<_> = links
            .map(|link| (link.exchange.state(), link.controller.items_on_belt(), link.exchange.counters()))
            .collect();
        let plants =
            self.lines.iter().map(|line| (line.plant().on_belt(), line.plant().waiting(), line.waits()));
        format!(
            "{:?} {links:?} belt, waiting, unacknowledged {:?}, crashes {:?}, off {:?}, people {}, journal {:?} {:?}",
            self.now,
            plants.collect::<Vec<_>>(),
            self.crashes,
            self.off,
            self.people.are_done(),
            host.map(|host| host.scribe.state()),
            host.map(Host::health),
        )
    }
}

/// How the disk of a history behaves.
fn disk(draws: &mut Draws, end: Micros) -> SimulatedDisk {
    let mut disk = SimulatedDisk { seed: draws.next_u64(), ..SimulatedDisk::default() };
    if draws.permille(300) {
        let share = Share::from_ppm(50_000).expect("a part of the whole");
        disk.late = LateSyncs { share, most: Micros::from_millis(200) };
    }
    let mut time =
        || Micros::from_millis(u64::from(1_000 + draws.below(u32::try_from(end.get() / 1_000).unwrap())));
    let (full, fails) = (time(), time());
    if draws.permille(80) {
        disk.full = full..full + Micros::from_millis(u64::from(200 + draws.below(1_500)));
    }
    if draws.permille(60) {
        disk.fails_at = Some(fails);
    }
    disk
}
