//! One hub: an engine, its sorters with their controllers and plants, the hall around them, and the checker, in
//! virtual time.
//!
//! This is the direct driver: events and orders pass as typed values at PLC scans. What happens in the hall at
//! a time goes before the scans of that time. The sorter with the earliest due scan goes next, the lower number
//! first, so a hub is one sequence whatever else runs.

mod announce;
mod hall;
mod journal;
mod life;
mod linked;
mod plc_side;
mod recorder;
mod replayed;
mod station;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use sorter_core::address::Destinations;
use sorter_core::barcode::{CodeBook, CodeKey};
use sorter_core::container::LicencePlate;
use sorter_core::departure::Timetable;
use sorter_core::diagnostic::Diagnostics;
use sorter_core::engine::Engine;
use sorter_core::event_log::Keep;
use sorter_core::ids::{ChuteId, ContainerId, HubId, ParcelId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::plan::PlanSource;
use sorter_core::state_word::Life;
use sorter_core::units::Micros;

use crate::check::{Checker, LabelEnd, LedgerFate, RouteOracle, ScheduleOracle};
use crate::customs::{Office, Timeline};
use crate::data::{ParcelShape, Postcodes};
use crate::explain;
use crate::load::{Announced, HubLoad, Onward, SimParcel};
use crate::reads::HubReads;
use crate::recording::{HubHead, Input};
use crate::run_options::RunOptions;
use crate::sabotage::Saboteur;
use crate::scenario::Scenario;
use crate::stopwatch::Stopwatch;
use announce::{Prepared, late_labels, prepare, with_announcement};
use hall::{Agenda, HallEvent};
use journal::HubJournal;
use recorder::Recorder;
pub(crate) use replayed::{Mismatch, ReplayedHub, Stop};
use station::{Audience, Station};
pub(crate) use tally::{HubTally, digest, summary};

/// No run lasts longer after its last day, whatever keeps running round: what is still on a belt then is a
/// violation.
const LONGEST_TAIL: Micros = Micros::from_secs(48 * 3_600);

/// Scans between two reports of progress.
const PROGRESS_STEP: u64 = 4_096;

/// How often people look at what they may take from the hold chutes.
const REVIEW: Micros = Micros::from_secs(60);

/// Later than everything.
const NEVER: Micros = Micros::new(u64::MAX);

fn or_never(due: Option<Micros>) -> Micros {
    due.unwrap_or(NEVER)
}

/// What stands between the controllers and their PLCs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// Events and orders pass as typed values at PLC scans, in virtual time.
    Direct,
    /// They pass through registers, which a link reads and writes.
    Linked,
}

/// What all hubs share.
pub(crate) struct World<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) layout: Arc<Layout>,
    pub(crate) plan: &'a PlanSource,
    /// The plan of the changeover; the same as `plan` when no chute changes.
    pub(crate) changed: &'a PlanSource,
    /// The routes of `plan` and of `changed`.
    pub(crate) routes: &'a [RouteOracle],
    /// The schedule as the checkers read it, and in it the rows of the connections of `onward`.
    pub(crate) schedule: &'a ScheduleOracle,
    pub(crate) onward_rows: &'a [u16],
    pub(crate) timetable: &'a Timetable,
    /// Where export and transit parcels go on to.
    pub(crate) onward: Option<&'a Onward>,
    pub(crate) postcodes: &'a Postcodes,
    pub(crate) shapes: &'a [ParcelShape],
    /// Every known destination, to begin with.
    pub(crate) destinations: Destinations,
    pub(crate) driver: Driver,
    /// What is asked of the run beside its scenario.
    pub(crate) options: &'a RunOptions,
}

/// One hub in the middle of its run.
pub(crate) struct Hub<'a> {
    world: &'a World<'a>,
    reads: HubReads<'a>,
    engine: Arc<Engine>,
    /// The place in the ledger of each label; `None` until it is announced.
    announced: Vec<Option<ParcelId>>,
    /// The label of each place in the ledger.
    labels: Vec<u32>,
    /// Labels that are announced late, by time.
    late: std::iter::Peekable<std::vec::IntoIter<(Micros, u32)>>,
    office: Office,
    messages: Timeline,
    agenda: Agenda,
    journal: HubJournal,
    /// Chutes that people are called to, or where a container without plate stands.
    called: BTreeSet<(usize, ChuteId)>,
    /// Plates that people hold in their hands.
    plates: BTreeMap<(usize, ChuteId), LicencePlate>,
    plates_made: u64,
    stations: Vec<Station>,
    /// When the next scan of each station is due, or [`NEVER`]; together in memory, since all are looked at for each
    /// scan.
    due: Vec<Micros>,
    checker: Checker<'a>,
    saboteur: Saboteur,
    stopwatch: Stopwatch,
    recorder: Recorder,
    counts: life::HallCounts,
    /// The code of the parcel whose story is told at the end.
    explained: Option<CodeKey>,
    /// The first manifest that could not be written.
    unwritten: Option<(PathBuf, std::io::Error)>,
    now: Micros,
    /// Since when no belt has had anything to do; for runs in real time.
    quiet_since: Micros,
    scans: u64,
}

impl<'a> Hub<'a> {
    /// Announces the parcels and sets up the sorters and the hall.
    ///
    /// # Errors
    /// Every problem of the plan.
    pub(crate) fn new(world: &'a World<'a>, hub: HubId, load: &'a HubLoad) -> Result<Self, Diagnostics> {
        let scenario = world.scenario;
        let reads = HubReads::new(scenario.seed, hub, &scenario.reads, load.parcels(), world.shapes);
        let late = late_labels(load.parcels());
        let office = Office::new(scenario.seed, hub, &scenario.customs);
        let Prepared { engine, announced, labels, drain } = prepare(world, hub, &reads, &office)?;
        let journal = HubJournal::new(scenario, hub, drain, engine.image());
        let capacities: Vec<u32> =
            world.layout.chutes().iter().map(|chute| u32::from(chute.capacity)).collect();
        let sorters = usize::from(scenario.sorters);
        let mut checker =
            Checker::new(reads, world.routes, world.schedule, world.onward_rows, sorters, &capacities);
        checker.plan_published(engine.plan().version().get(), 0, Micros::ZERO);
        let station = |sorter| Station::new(world, hub, SorterId::new(sorter), &engine, load);
        let stations: Vec<Station> = (0..scenario.sorters).map(station).collect();
        let subject = |(label, parcel): (u32, &SimParcel)| {
            (parcel.announced() != Announced::Never).then_some((label, parcel.arrival, parcel.flow))
        };
        let mut hub = Self {
            due: stations.iter().map(|station| or_never(station.due())).collect(),
            stations,
            messages: office.timeline((0..).zip(load.parcels()).filter_map(subject)),
            agenda: Agenda::new(scenario.seed, hub),
            journal,
            office,
            called: BTreeSet::new(),
            plates: BTreeMap::new(),
            plates_made: 0,
            saboteur: Saboteur::new(scenario.sabotage),
            stopwatch: Stopwatch::new(),
            recorder: Recorder::new(
                world.options.record.as_deref(),
                HubHead { hub, sorters: scenario.sorters, seed: scenario.seed },
            ),
            counts: life::HallCounts::default(),
            explained: world.options.explain.as_deref().and_then(code_key),
            unwritten: None,
            late: late.into_iter().peekable(),
            now: Micros::ZERO,
            quiet_since: Micros::ZERO,
            scans: 0,
            world,
            reads,
            engine,
            announced,
            labels,
            checker,
        };
        hub.keep_story();
        hub.tell_announced();
        hub.open_the_hall();
        hub.look_at_records(Micros::ZERO);
        hub.record_journal(Micros::ZERO);
        Ok(hub)
    }

    /// When the last day is over. The hall rests from then on, and the belts run empty.
    pub(crate) fn end(&self) -> Micros {
        self.world.scenario.lasts()
    }

    /// Runs until every belt is empty. `progress` hears how many parcels more have been inducted.
    pub(crate) fn run(&mut self, progress: &(dyn Fn(u64) + Sync)) {
        let mut reported = 0;
        let longest = self.end() + LONGEST_TAIL;
        loop {
            let scan = self.next().filter(|(due, _)| *due <= longest);
            let hall = self.hall_due();
            let next = scan.map_or(NEVER, |(due, _)| due).min(or_never(hall));
            if self.write_journal(if next == NEVER { longest } else { next }) {
                continue;
            }
            match (scan, hall) {
                (Some((due, _)), Some(at)) if at <= due => self.happen(at),
                (None, Some(at)) if at < self.end() => self.happen(at),
                (Some((due, place)), _) => {
                    self.now = due;
                    self.scan(due, place);
                    if self.scans.is_multiple_of(PROGRESS_STEP) {
                        if self.recorder.has_failed() {
                            break;
                        }
                        let inducted = self.stations.iter().map(Station::first_inductions).sum();
                        progress(inducted - reported);
                        reported = inducted;
                    }
                }
                (None, _) => break,
            }
        }
        progress(self.stations.iter().map(Station::first_inductions).sum::<u64>() - reported);
    }

    /// One scan of a station, and what people have to do after it.
    fn scan(&mut self, due: Micros, place: usize) {
        let station = &mut self.stations[place];
        let mut audience = Audience {
            checker: &mut self.checker,
            saboteur: &mut self.saboteur,
            stopwatch: &mut self.stopwatch,
            recorder: &mut self.recorder,
        };
        station.scan(due, &self.reads, &mut audience);
        self.due[place] = or_never(station.due());
        let recorded = station.has_recorded();
        let has_manifests = station.has_manifests();
        if recorded {
            self.look_at_records(due);
            self.recorder.journal(due, || self.journal.progress());
        }
        self.scans += 1;
        if has_manifests {
            self.take_manifests(place, due);
        }
    }

    /// Has the journal do what is due until then, each thing at its time. Gives whether a station has to look at
    /// something because of it.
    fn write_journal(&mut self, until: Micros) -> bool {
        while let Some(at) = self.journal.due().filter(|at| *at <= until) {
            if !self.journal.turn(at, &mut self.checker, &mut self.saboteur) {
                continue;
            }
            self.record_journal(at);
            if self.wake_stations(at) {
                return true;
            }
        }
        false
    }

    /// Has a journal that rests look at what was recorded. One that waits for nothing and takes no time has written it
    /// at once.
    fn look_at_records(&mut self, now: Micros) {
        if self.journal.is_idle() && self.journal.turn(now, &mut self.checker, &mut self.saboteur) {
            self.wake_stations(now);
        }
    }

    /// Has the stations whose orders wait look at the journal. Gives whether there were any.
    fn wake_stations(&mut self, at: Micros) -> bool {
        let mut woken = false;
        for (station, due) in self.stations.iter_mut().zip(&mut self.due) {
            if station.waits_for_journal() {
                *due = or_never(station.look_at_journal(at));
                woken = true;
            }
        }
        woken
    }

    fn record_journal(&mut self, now: Micros) {
        self.recorder.journal(now, || self.journal.progress());
    }

    /// The earliest due scan; the lower sorter first.
    fn next(&self) -> Option<(Micros, usize)> {
        let (place, due) = self.due.iter().copied().enumerate().min_by_key(|(_, due)| *due)?;
        (due != NEVER).then_some((due, place))
    }

    /// Announces what has become known by now.
    fn announce_late(&mut self, now: Micros) {
        while let Some((_, label)) = self.late.next_if(|(at, _)| *at <= now) {
            let announced = with_announcement(self.world, &self.reads, &self.office, label, |announcement| {
                self.engine.announce(announcement)
            });
            let parcel = announced.expect("labels are valid and there is room");
            self.recorder.note(now, || Input::Announced { label, parcel: Some(parcel) });
            self.announced[label as usize] = Some(parcel);
            self.labels.push(label);
            self.tell_label(label);
            self.keep_story();
        }
    }

    /// Has the workers keep the events of the parcel whose story is told, once it is announced.
    fn keep_story(&mut self) {
        let Some(parcel) = self.explained.and_then(|code| self.engine.ledger().find(code)) else { return };
        for station in &mut self.stations {
            if station.worker_mut().gap(parcel).is_some() {
                station.worker_mut().keep(Keep::Parcel(parcel));
            }
        }
    }

    /// The story that was asked for, where the parcel is one of this hub.
    fn story(&self) -> Option<String> {
        let code = self.explained?.to_text();
        let workers = self.stations.iter().map(|station| station.controller().worker());
        explain::story(&self.engine, workers, code.as_bytes())
    }

    /// Whether customs want the parcel back that has this label of its own.
    fn is_recalled(&self, label: u32) -> bool {
        fate(&self.engine, self.announced[label as usize]) == LedgerFate::Recalled
    }

    /// The last comparison, and what there is to report.
    ///
    /// # Errors
    /// When a manifest or a recording could not be written.
    pub(crate) fn finish(mut self) -> Result<HubTally, (PathBuf, std::io::Error)> {
        self.close_the_hall();
        if self.journal.has_failed() {
            self.checker.induction_stays_closed();
        }
        for (number, station) in self.stations.iter().enumerate() {
            let sorter = SorterId::new(u8::try_from(number).expect("a hub has 32 sorters"));
            let faults = station.faults();
            self.checker.sorter_empty(sorter, self.now, station.items(), station.reserved(), faults);
        }
        let (engine, announced) = (&self.engine, &self.announced);
        let recalls: BTreeMap<ParcelId, Option<ContainerId>> =
            engine.open_recalls().iter().map(|recall| (recall.parcel, recall.container)).collect();
        self.checker.compare(self.now, |label| {
            let parcel = announced[label as usize];
            let recall = parcel.and_then(|parcel| recalls.get(&parcel).copied());
            LabelEnd { fate: fate(engine, parcel), parcel, recall }
        });
        let mut tally = HubTally::of(&self);
        let digests = self.stations.iter().map(|station| station.controller().worker().digest()).collect();
        tally.recorded = self.recorder.finish(self.now, tally.digest(), digests)?;
        self.unwritten.map_or(Ok(tally), Err)
    }
}

/// The key of a code as a person wrote it.
fn code_key(code: &str) -> Option<CodeKey> {
    CodeBook::standard().parse(code.as_bytes()).ok().map(|parsed| parsed.key)
}

/// What the ledger says about a parcel, in the words of the checkers.
fn fate(engine: &Engine, parcel: Option<ParcelId>) -> LedgerFate {
    let Some(word) = parcel.and_then(|parcel| engine.ledger().state(parcel)) else {
        return LedgerFate::Absent;
    };
    match word.life() {
        Life::Absent => LedgerFate::Absent,
        Life::Expected => LedgerFate::Expected,
        Life::Claimed | Life::Contested | Life::Committed => LedgerFate::OnBelt,
        Life::Discharged => LedgerFate::Discharged,
        Life::Recalled => LedgerFate::Recalled,
        Life::Held => LedgerFate::Held,
        Life::Exception => LedgerFate::Exception,
        Life::Recirculating | Life::Unknown => LedgerFate::Recirculating,
        Life::Lost => LedgerFate::Lost,
    }
}
