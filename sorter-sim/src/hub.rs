//! One hub: an engine, its sorters with their controllers and plants, and the checker, in virtual time.
//!
//! This is the direct driver: events and orders pass as typed values at PLC scans. The sorter with the
//! earliest due scan goes next, the lower number first, so a hub is one sequence of scans whatever else runs.

mod station;
mod tally;

use std::sync::Arc;

use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::clearance::Clearance;
use sorter_core::diagnostic::Diagnostics;
use sorter_core::engine::{Engine, EngineBuilder, EngineConfig};
use sorter_core::ids::{HubId, ParcelId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest::{Announcement, Service};
use sorter_core::plan::PlanSource;
use sorter_core::state_word::Life;
use sorter_core::units::Micros;

use crate::check::{Checker, LedgerFate, RouteOracle};
use crate::data::{ParcelShape, Postcodes};
use crate::load::{Announced, HubLoad, SimParcel};
use crate::reads::HubReads;
use crate::sabotage::Saboteur;
use crate::scenario::Scenario;
use crate::stopwatch::Stopwatch;
use station::Station;
pub(crate) use tally::{HubTally, summary};

/// The hour at which every hub publishes its plan again under a new version, so that each run has a swap.
const PLAN_SWAP: Micros = Micros::from_secs(12 * 3_600);

/// No day lasts longer, whatever keeps running round: what is still on a belt then is a violation.
const LONGEST_DAY: Micros = Micros::from_secs(72 * 3_600);

/// Scans between two reports of progress.
const PROGRESS_STEP: u64 = 4_096;

/// What all hubs share.
pub(crate) struct World<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) layout: Arc<Layout>,
    pub(crate) plan: &'a PlanSource,
    pub(crate) routes: &'a RouteOracle,
    pub(crate) postcodes: &'a Postcodes,
    pub(crate) shapes: &'a [ParcelShape],
    /// Every known destination, to begin with.
    pub(crate) destinations: Destinations,
}

/// One hub in the middle of its day.
pub(crate) struct Hub<'a> {
    world: &'a World<'a>,
    reads: HubReads<'a>,
    engine: Arc<Engine>,
    /// The place in the ledger of each label; `None` until it is announced.
    announced: Vec<Option<ParcelId>>,
    /// Labels that are announced late, by time.
    late: std::iter::Peekable<std::vec::IntoIter<(Micros, u32)>>,
    swapped: bool,
    stations: Vec<Station>,
    /// When the next scan of each station is due; together in memory, since all are looked at for each scan.
    due: Vec<Option<Micros>>,
    checker: Checker<'a>,
    saboteur: Saboteur,
    stopwatch: Stopwatch,
    now: Micros,
    scans: u64,
}

impl<'a> Hub<'a> {
    /// Announces the parcels and sets up the sorters.
    ///
    /// # Errors
    /// Every problem of the plan.
    pub(crate) fn new(world: &'a World<'a>, hub: HubId, load: &'a HubLoad) -> Result<Self, Diagnostics> {
        let scenario = world.scenario;
        let reads = HubReads::new(scenario.seed, hub, &scenario.reads, load.parcels(), world.shapes);
        let late = late_labels(load.parcels());
        let mut builder = EngineBuilder::new(EngineConfig {
            hub,
            layout: Arc::clone(&world.layout),
            codes: CodeBook::standard(),
            destinations: world.destinations.clone(),
            expected_parcels: load.parcels().len(),
            late_parcels: late.len(),
            seed: scenario.seed ^ u64::from(hub.get()),
        });
        let announced = announce_all(world, &reads, &mut builder);
        let engine = builder.build(world.plan)?;
        let capacities: Vec<u32> =
            world.layout.chutes().iter().map(|chute| u32::from(chute.capacity)).collect();
        let mut checker = Checker::new(reads, world.routes, usize::from(scenario.sorters), &capacities);
        checker.plan_published(engine.plan().version().get(), Micros::ZERO);
        let station = |sorter| Station::new(world, hub, SorterId::new(sorter), &engine, load);
        let stations: Vec<Station> = (0..scenario.sorters).map(station).collect();
        Ok(Self {
            due: stations.iter().map(Station::due).collect(),
            stations,
            saboteur: Saboteur::new(scenario.sabotage),
            stopwatch: Stopwatch::new(),
            late: late.into_iter().peekable(),
            swapped: false,
            now: Micros::ZERO,
            scans: 0,
            world,
            reads,
            engine,
            announced,
            checker,
        })
    }

    /// Runs until every belt is empty. `progress` hears how many parcels more have been inducted.
    pub(crate) fn run(&mut self, progress: &(dyn Fn(u64) + Sync)) {
        let mut reported = 0;
        while let Some((due, place)) = self.next().filter(|(due, _)| *due <= LONGEST_DAY) {
            self.now = due;
            self.announce_late(due);
            self.swap_plan(due);
            let station = &mut self.stations[place];
            station.scan(due, &self.reads, &mut self.checker, &mut self.saboteur, &mut self.stopwatch);
            self.due[place] = station.due();
            self.scans += 1;
            if self.scans.is_multiple_of(PROGRESS_STEP) {
                let inducted = self.stations.iter().map(Station::first_inductions).sum();
                progress(inducted - reported);
                reported = inducted;
            }
        }
        progress(self.stations.iter().map(Station::first_inductions).sum::<u64>() - reported);
    }

    /// The earliest due scan; the lower sorter first.
    fn next(&self) -> Option<(Micros, usize)> {
        let due = |(place, due): (usize, &Option<Micros>)| Some(((*due)?, place));
        self.due.iter().enumerate().filter_map(due).min()
    }

    /// Announces what has become known by now.
    fn announce_late(&mut self, now: Micros) {
        while let Some((_, label)) = self.late.next_if(|(at, _)| *at <= now) {
            let announced = with_announcement(self.world, &self.reads, label, |announcement| {
                self.engine.announce(announcement)
            });
            self.announced[label as usize] = Some(announced.expect("labels are valid and there is room"));
        }
    }

    /// Publishes the plan again at noon.
    fn swap_plan(&mut self, now: Micros) {
        if !self.swapped && now >= PLAN_SWAP {
            self.swapped = true;
            let version = self.engine.publish(self.world.plan).expect("it was good in the morning");
            self.checker.plan_published(version.get(), now);
        }
    }

    /// The last comparison, and what there is to report.
    pub(crate) fn finish(mut self) -> HubTally {
        for (number, station) in self.stations.iter().enumerate() {
            let sorter = SorterId::new(u8::try_from(number).expect("a hub has 32 sorters"));
            let faults = station.faults();
            self.checker.sorter_empty(sorter, self.now, station.items(), station.reserved(), faults);
        }
        let (engine, announced) = (&self.engine, &self.announced);
        self.checker.compare(self.now, |label| fate(engine, announced[label as usize]));
        HubTally::of(&self)
    }
}

/// Labels that are announced late, by time and number.
fn late_labels(parcels: &[SimParcel]) -> Vec<(Micros, u32)> {
    let late = |(label, parcel): (u32, &SimParcel)| match parcel.announced() {
        Announced::Late(after) => Some((parcel.arrival + after, label)),
        Announced::Before | Announced::Never => None,
    };
    let mut labels: Vec<_> = (0..).zip(parcels).filter_map(late).collect();
    labels.sort_unstable();
    labels
}

/// Announces every parcel that is known before the day.
fn announce_all(
    world: &World<'_>,
    reads: &HubReads<'_>,
    builder: &mut EngineBuilder,
) -> Vec<Option<ParcelId>> {
    let announce = |(label, parcel): (u32, &SimParcel)| {
        (parcel.announced() == Announced::Before).then(|| {
            with_announcement(world, reads, label, |announcement| builder.announce(announcement))
                .expect("labels are valid and unique")
        })
    };
    (0..).zip(reads.parcels()).map(announce).collect()
}

/// Builds the announcement of a label and hands it on.
fn with_announcement<T>(
    world: &World<'_>,
    reads: &HubReads<'_>,
    label: u32,
    then: impl FnOnce(&Announcement<'_>) -> T,
) -> T {
    let parcel = &reads.parcels()[label as usize];
    let row = &world.postcodes.rows[parcel.postcode as usize];
    let codes = reads.codes(label);
    then(&Announcement {
        codes: codes.iter().map(sorter_plc::contract::CodeBytes::as_slice).collect(),
        country: row.country.code(),
        postcode: row.postcode.as_str(),
        weight: world.shapes[usize::from(parcel.shape)].weight,
        service: Service::default(),
        clearance: Clearance::Released,
    })
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
        Life::Discharged | Life::Recalled => LedgerFate::Discharged,
        Life::Held => LedgerFate::Held,
        Life::Exception => LedgerFate::Exception,
        Life::Recirculating | Life::Unknown => LedgerFate::Recirculating,
        Life::Lost => LedgerFate::Lost,
    }
}
