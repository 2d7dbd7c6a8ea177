//! What one hub has to report, and the sum over hubs.

use std::collections::BTreeMap;

use sorter_core::container::ContainerRecord;
use sorter_core::ids::SorterId;
use sorter_core::reason::Reason;
use sorter_core::units::Micros;
use std::hash::Hasher;
use twox_hash::XxHash3_64;

use super::journal::JournalTally;
use super::{Hub, Station};
use crate::check::{Findings, MissortCause, Place};
use crate::load::Flow;
use crate::plant::FaultKind;
use crate::recording::RecordedHub;
use crate::report::{
    ChangeoverReport, ClearanceReport, Conditions, ContainerReport, DepartureReport, FlowCounts, HubRow,
    Parcels, Passes, SorterRow, Stays, Summary, hex,
};
use crate::scenario::Scenario;
use crate::stopwatch::{RunTime, Stopwatch};

/// Missorts by tracking that are no evidence of a fault, however short the run.
const FEW_MISSORTS: u64 = 3;

/// What one hub has to report.
pub(crate) struct HubTally {
    findings: Findings,
    missorts: BTreeMap<MissortCause, u64>,
    parcels: Parcels,
    passes: Passes,
    reasons: [u64; Reason::COUNT],
    faults: BTreeMap<String, u64>,
    late_orders: u64,
    flows: FlowCounts,
    clearance: ClearanceReport,
    departures: DepartureReport,
    containers: ContainerReport,
    changeovers: ChangeoverReport,
    pub(crate) story: Option<String>,
    /// What the head of a recording says about the hub, where it is recorded.
    pub(crate) recorded: Option<RecordedHub>,
    row: HubRow,
    sorters: Vec<SorterRow>,
    countries: BTreeMap<String, u64>,
    hourly: [u64; 24],
    digest: u64,
    fates_digest: u64,
    stopwatch: Stopwatch,
    journal: JournalTally,
    events: u64,
    scans: u64,
    end: Micros,
}

impl HubTally {
    pub(super) fn of(hub: &Hub<'_>) -> Self {
        let mut tally = Self {
            findings: hub.checker.findings().clone(),
            missorts: hub.checker.missorts().clone(),
            parcels: Parcels {
                announced: hub.announced.iter().flatten().count() as u64,
                ..Parcels::default()
            },
            passes: Passes::default(),
            reasons: [0; Reason::COUNT],
            faults: BTreeMap::new(),
            late_orders: 0,
            flows: FlowCounts::default(),
            clearance: hub.counts.clearance.clone(),
            departures: hub.counts.departures.clone(),
            containers: containers(hub),
            changeovers: changeovers(hub),
            story: hub.story(),
            recorded: None,
            row: HubRow { hub: hub.engine.hub().get(), ..HubRow::default() },
            sorters: Vec::new(),
            countries: BTreeMap::new(),
            hourly: [0; 24],
            digest: 0,
            fates_digest: 0,
            stopwatch: Stopwatch::new(),
            journal: JournalTally::new(),
            events: hub.checker.plant_events(),
            scans: hub.scans,
            end: hub.now,
        };
        tally.stopwatch.merge(&hub.stopwatch);
        for (number, station) in hub.stations.iter().enumerate() {
            tally.add_station(
                SorterId::new(u8::try_from(number).expect("a hub has 32 sorters")),
                station,
                hub,
            );
        }
        tally.digest = digest(hub.stations.iter().map(|station| station.controller().worker().digest()));
        tally.add_fates(hub);
        tally.add_clearance(hub);
        tally.add_waiting(hub);
        tally.add_journal(hub);
        if let Some(kind) = hub.saboteur.kind() {
            *tally.faults.entry(format!("sabotage_{}", kind.key())).or_default() += hub.saboteur.acted();
        }
        tally
    }

    fn add_station(&mut self, sorter: SorterId, station: &Station, hub: &Hub<'_>) {
        let (books, forgotten) = station.passes();
        self.passes.inducted += books.inducted;
        self.passes.unexpected += books.unexpected;
        self.passes.discharged += books.discharged;
        self.passes.left += books.left;
        self.passes.lost += books.lost;
        self.passes.forgotten += forgotten;
        self.passes.on_belt += u64::from(station.line().plant_image().on_belt);
        let worker = station.controller().worker();
        for (sum, count) in self.reasons.iter_mut().zip(worker.tally().reasons) {
            *sum += count;
        }
        for (kind, count) in station.line().plant().faults().iter() {
            *self.faults.entry(FaultKind::key(kind).to_owned()).or_default() += count;
        }
        let counters = station.controller().counters();
        self.late_orders += counters.late_orders;
        self.row.recirculations += counters.recirculations;
        for (sum, count) in self.hourly.iter_mut().zip(station.hourly_first) {
            *sum += count;
        }
        let peak = station.hourly.iter().copied().max().unwrap_or_default();
        let utilisation = peak as f64 / f64::from(hub.world.layout.rated_per_hour());
        self.row.utilisation_max = self.row.utilisation_max.max(utilisation);
        self.sorters.push(SorterRow {
            hub: self.row.hub,
            sorter: sorter.get(),
            inducted: books.inducted,
            peak_hour_inductions: peak,
            utilisation,
        });
    }

    /// Counts what the journal did, and the faults that its disk was asked for.
    fn add_journal(&mut self, hub: &Hub<'_>) {
        self.journal.add_hub(&hub.journal);
        for station in &hub.stations {
            self.journal.add_station(station.journal(), &station.controller().counters());
        }
        for (kind, times) in hub.journal.faults() {
            *self.faults.entry(kind.to_owned()).or_default() += times;
        }
    }

    /// Counts what is bound to a departure and still here.
    fn add_waiting(&mut self, hub: &Hub<'_>) {
        let yard = hub.engine.yard();
        let waits = |record: &&ContainerRecord| record.departure.is_some() && record.left.is_none();
        for record in yard.iter().filter(waits).filter(|record| record.count > 0) {
            self.departures.containers_waiting += 1;
            self.departures.pieces_waiting += u64::from(record.count);
        }
    }

    /// Counts the recalls and the stays in hold chutes.
    fn add_clearance(&mut self, hub: &Hub<'_>) {
        let yard = hub.engine.yard();
        for recall in hub.engine.recalls().iter().filter(|recall| recall.withdrawn.is_none()) {
            let left = recall.container.and_then(|container| yard.get(container)?.left);
            self.clearance.recalls += 1;
            self.clearance.recalls_after_departure += u64::from(left.is_some_and(|left| left <= recall.at));
            self.clearance.recalls_left += u64::from(left.is_some());
        }
        for station in &hub.stations {
            for (reason, totals) in station.controller().worker().held().all_totals() {
                let stays = Stays::in_seconds(totals.stays, totals.sum, totals.longest);
                self.clearance.held_dwell_s.entry(reason.key().to_owned()).or_default().add(&stays);
            }
        }
    }

    /// Counts where every parcel ended, and folds it into the digest.
    fn add_fates(&mut self, hub: &Hub<'_>) {
        let mut digest = XxHash3_64::with_seed(0);
        let truth = hub.checker.truth();
        for (parcel, place) in truth.places().iter().enumerate() {
            let (kind, sorter, chute) = match place {
                Place::Outside => (0_u8, 0, 0),
                Place::Belt(sorter) => (1, sorter.get(), 0),
                Place::ReturnLine(sorter) => (2, sorter.get(), 0),
                Place::Floor => (3, 0, 0),
                Place::Chute(sorter, chute) => (4, sorter.get(), chute.get()),
            };
            let [low, high] = chute.to_le_bytes();
            digest.write(&[kind, sorter, low, high]);
            let number = u32::try_from(parcel).expect("numbered by u32");
            if *place != Place::Outside {
                match truth.parcel(number).flow {
                    Flow::Import => self.flows.import += 1,
                    Flow::Export { .. } => self.flows.export += 1,
                    Flow::Transit { .. } => self.flows.transit += 1,
                }
            }
            match place {
                Place::Chute(_, chute)
                    if hub.world.routes[0].serves_destinations(*chute) && hub.is_recalled(number) =>
                {
                    self.parcels.recalled += 1;
                }
                Place::Chute(_, chute) if hub.world.routes[0].is_outbound(*chute) => {
                    self.parcels.discharged += 1;
                    let postcode = truth.parcel(number).postcode;
                    let country = hub.world.postcodes.rows[postcode as usize].country.code();
                    match self.countries.get_mut(country) {
                        Some(count) => *count += 1,
                        None => drop(self.countries.insert(country.to_owned(), 1)),
                    }
                }
                Place::Chute(_, chute) if hub.world.routes[0].is_hold(*chute) => self.parcels.held += 1,
                Place::Chute(..) => self.parcels.exception += 1,
                Place::Floor => self.parcels.on_floor += 1,
                Place::ReturnLine(_) if hub.journal.has_failed() => self.parcels.waiting += 1,
                // Not in the sum, so that a parcel that is still under way breaks it.
                Place::Outside | Place::Belt(_) | Place::ReturnLine(_) => {}
            }
            self.parcels.inducted += u64::from(*place != Place::Outside);
        }
        self.fates_digest = digest.finish();
        self.parcels.manifested = hub.counts.entries;
        self.row.inducted = self.parcels.inducted;
        self.row.discharged = self.parcels.discharged;
        self.row.exception = self.parcels.exception;
        self.row.held = self.parcels.held;
    }

    /// The digest of the event logs of its sorters.
    pub(super) fn digest(&self) -> u64 {
        self.digest
    }

    /// The first messages of the checkers.
    pub(crate) fn messages(&self) -> impl Iterator<Item = String> + '_ {
        self.findings.messages().iter().map(|message| format!("hub {}: {message}", self.row.hub))
    }
}

/// The digest of a hub from those of its sorters, or of a run from those of its hubs, in their order.
pub(crate) fn digest(parts: impl Iterator<Item = u64>) -> u64 {
    let mut digest = XxHash3_64::with_seed(0);
    parts.for_each(|part| digest.write_u64(part));
    digest.finish()
}

/// The report over all hubs, in their order.
pub(crate) fn summary(hubs: &[HubTally], scenario: &Scenario, asked: [u64; 24], time: &RunTime) -> Summary {
    let mut report = Summary { seed: scenario.seed, ..Summary::default() };
    let mut findings = Findings::default();
    let mut stopwatch = Stopwatch::new();
    let mut journals = JournalTally::new();
    let mut fates = XxHash3_64::with_seed(0);
    report.hourly.asked = asked;
    for hub in hubs {
        findings.merge(&hub.findings);
        stopwatch.merge(&hub.stopwatch);
        journals.merge(&hub.journal);
        fates.write_u64(hub.fates_digest);
        add_counts(&mut report, hub);
    }
    report.digest = hex(digest(hubs.iter().map(|hub| hub.digest)));
    report.fates_digest = hex(fates.finish());
    report.simulated_s = hubs.iter().map(|hub| seconds(hub.end)).fold(0.0, f64::max);
    report.wall_s = seconds(time.elapsed());
    report.parcels_per_s = report.parcels.inducted as f64 / report.wall_s.max(1e-9);
    report.events_per_parcel = report.events as f64 / (report.parcels.inducted as f64).max(1.0);
    let discharged = u32::try_from(report.parcels.discharged).unwrap_or(u32::MAX);
    report.missorts_allowed = u64::from(scenario.missorts.of(discharged)).max(FEW_MISSORTS);
    report.decision_ns = stopwatch.latency();
    report.violations = Conditions::count(|condition| Some(findings.violations(condition)));
    report.checked = Conditions::count(|condition| Some(findings.checked(condition)));
    report.journal = Some(journals.report());
    report
}

fn add_counts(report: &mut Summary, hub: &HubTally) {
    let (parcels, passes) = (&mut report.parcels, &mut report.passes);
    parcels.announced += hub.parcels.announced;
    parcels.inducted += hub.parcels.inducted;
    parcels.discharged += hub.parcels.discharged;
    parcels.exception += hub.parcels.exception;
    parcels.held += hub.parcels.held;
    parcels.recalled += hub.parcels.recalled;
    parcels.manifested += hub.parcels.manifested;
    parcels.lost += hub.parcels.lost;
    parcels.on_floor += hub.parcels.on_floor;
    parcels.waiting += hub.parcels.waiting;
    passes.inducted += hub.passes.inducted;
    passes.unexpected += hub.passes.unexpected;
    passes.discharged += hub.passes.discharged;
    passes.left += hub.passes.left;
    passes.lost += hub.passes.lost;
    passes.forgotten += hub.passes.forgotten;
    passes.on_belt += hub.passes.on_belt;
    for (cause, count) in &hub.missorts {
        *report.missorts.entry(cause.key().to_owned()).or_default() += count;
    }
    for (reason, count) in Reason::ALL.iter().zip(hub.reasons).filter(|(_, count)| *count > 0) {
        *report.reasons.entry(reason.key().to_owned()).or_default() += count;
    }
    for (kind, count) in &hub.faults {
        *report.faults.entry(kind.clone()).or_default() += count;
    }
    for (country, count) in &hub.countries {
        *report.countries.entry(country.clone()).or_default() += count;
    }
    for (sum, count) in report.hourly.inducted.iter_mut().zip(hub.hourly) {
        *sum += count;
    }
    report.late_orders += hub.late_orders;
    report.recirculations += hub.row.recirculations;
    report.flows.add(&hub.flows);
    report.clearance.add(&hub.clearance);
    report.departures.add(&hub.departures);
    report.containers.add(&hub.containers);
    report.changeovers.add(&hub.changeovers);
    report.events += hub.events;
    report.plc_scans += hub.scans;
    report.hubs.push(hub.row);
    report.sorters.extend_from_slice(&hub.sorters);
}

/// What became of the containers of a hub.
fn containers(hub: &Hub<'_>) -> ContainerReport {
    let counters = hub.engine.yard().counters();
    let (manifests, entries) = (hub.counts.manifests, hub.counts.entries);
    ContainerReport {
        opened: counters.opened,
        sealed: counters.sealed,
        loaded: counters.loaded,
        departed: counters.departed,
        manifests_checked: manifests,
        mean_parcels: if manifests == 0 { 0.0 } else { entries as f64 / manifests as f64 },
    }
}

/// What the changeovers of a hub took.
fn changeovers(hub: &Hub<'_>) -> ChangeoverReport {
    let mut report = ChangeoverReport { plans: hub.counts.plans, ..ChangeoverReport::default() };
    let mut sum = Micros::ZERO;
    for station in &hub.stations {
        let tally = station.controller().worker().tally();
        report.chutes += tally.changeovers;
        sum = sum + tally.changing;
        report.max_s = report.max_s.max(seconds(tally.longest_change));
        for reason in [Reason::Changeover, Reason::DepartureClosed, Reason::NoContainer] {
            *report.recirculations.entry(reason.key().to_owned()).or_default() +=
                tally.reasons[reason as usize];
        }
    }
    report.mean_s = if report.chutes == 0 { 0.0 } else { seconds(sum) / report.chutes as f64 };
    report
}

fn seconds(time: Micros) -> f64 {
    time.get() as f64 / 1e6
}
