//! What happens in the hall of a hub, from one moment to the next.

use std::fs::File;
use std::io::BufWriter;

use smallvec::SmallVec;
use sorter_core::barcode::make;
use sorter_core::clearance::{Clearance, NoticeRefusal, NoticeRow};
use sorter_core::container::{self, LicencePlate, Manifest};
use sorter_core::departure::Departure;
use sorter_core::engine::ContainerError;
use sorter_core::ids::{ChuteId, ConnectionId, ContainerId, PlanVersion, SorterId};
use sorter_core::reason::Reason;
use sorter_core::units::{Grams, Micros};
use sorter_plc::contract::CodeBytes;

use super::{HallEvent, Hub, LONGEST_TAIL, NEVER, REVIEW, or_never};
use crate::check::{Place, VehicleLoad};
use crate::customs::Message;
use crate::load::Flow;
use crate::recording::{Input, NoticeInput};
use crate::report::{ClearanceReport, DepartureReport, LaneRow};

/// People at a chute whose last parcels are still coming look again after this time.
const LOOK_AGAIN: Micros = Micros::from_secs(2);

/// What was counted in the hall.
#[derive(Clone, Debug, Default)]
pub(super) struct HallCounts {
    pub(super) clearance: ClearanceReport,
    pub(super) departures: DepartureReport,
    pub(super) plans: u64,
    /// Manifests that were handed out, and what is in them.
    pub(super) manifests: u64,
    pub(super) entries: u64,
}

/// A notice of customs as the engine gets it.
fn notice(message: &Message, onward: Option<u16>) -> NoticeInput {
    NoticeInput { label: message.label, status: message.status, sent: message.sent, onward }
}

/// Containers on a departure, parcels in them, and containers left behind.
pub(super) fn counts_of(report: &container::DepartureReport) -> [u64; 3] {
    [report.loaded.len() as u64, report.pieces.into(), report.left_behind.len() as u64]
}

impl Hub<'_> {
    /// Scans a plate at every chute and notes what is known ahead.
    pub(super) fn open_the_hall(&mut self) {
        for station in 0..self.stations.len() {
            for chute in self.chutes() {
                self.scan_plate(station, chute, Micros::ZERO);
            }
        }
        let scenario = self.world.scenario;
        let (end, day) = (self.end(), Micros::from_secs(86_400));
        let timetable = self.engine.timetable();
        // What comes after the end matters for as long as parcels are on the belts.
        let late = end + LONGEST_TAIL;
        for departure in timetable.cut_offs(Micros::new(1), late) {
            self.agenda.note(departure.cut_off, HallEvent::CutOff(departure));
        }
        for departure in timetable.departing(Micros::new(1), late) {
            self.agenda.note(departure.departs, HallEvent::Departs(departure));
        }
        let changes = &scenario.changeover;
        for midnight in (0..scenario.days).map(|number| Micros::new(day.get() * u64::from(number))) {
            let there = (midnight + changes.at, self.world.changed);
            let back = changes.back.map(|back| (midnight + back, self.world.plan));
            for (at, plan) in std::iter::once(there).chain(back) {
                self.engine.plan_ahead(at, plan.clone()).expect("the plans were checked before the run");
                let changed = std::ptr::eq(plan, self.world.changed);
                self.recorder.note(Micros::ZERO, || Input::PlanAhead { due: at, changed });
                self.agenda.note(at, HallEvent::Plans);
            }
        }
        self.agenda.note(REVIEW, HallEvent::Review);
    }

    fn chutes(&self) -> impl Iterator<Item = ChuteId> + use<> {
        let count = u16::try_from(self.world.layout.chutes().len()).expect("a sorter has at most 512 chutes");
        (0..count).map(ChuteId::new)
    }

    /// When something is to happen in the hall.
    pub(super) fn hall_due(&mut self) -> Option<Micros> {
        let late = self.late.peek().map(|(at, _)| *at);
        let message = self.messages.next_due().filter(|at| *at < self.end());
        let first = or_never(self.agenda.next_due()).min(or_never(message)).min(or_never(late));
        (first != NEVER).then_some(first)
    }

    /// Everything that happens in the hall at a time.
    pub(super) fn happen(&mut self, now: Micros) {
        self.now = self.now.max(now);
        self.announce_late(now);
        self.deliver(now);
        let over = now >= self.end();
        while let Some(event) = self.agenda.pop_due(now) {
            match event {
                // From then on the belts run empty: nothing is changed and nothing brought back any more.
                HallEvent::Plans | HallEvent::Review if over => {}
                HallEvent::Plans => self.publish(now),
                HallEvent::CutOff(departure) => self.cut_off(&departure, now),
                HallEvent::Departs(departure) => self.departs(&departure, now),
                HallEvent::Swap { station, chute } => self.swap(station, chute, now),
                HallEvent::Plate { station, chute } => self.scan_plate(station, chute, now),
                HallEvent::Load(container) => self.load(container, now),
                HallEvent::Review => self.review(now),
            }
        }
        self.look_at_records(now);
        self.record_journal(now);
    }

    /// Tells the checker what customs said with the announcements that were made before the run.
    pub(super) fn tell_announced(&mut self) {
        for place in 0..self.labels.len() {
            self.tell_label(self.labels[place]);
        }
    }

    /// Tells the checker what a label was announced with.
    pub(super) fn tell_label(&mut self, label: u32) {
        let flow = self.reads.parcels()[label as usize].flow;
        self.checker.announced(label, self.office.announced(label, flow), flow.connection());
    }

    /// Hands the customs messages that are due to the engine, as one batch.
    fn deliver(&mut self, now: Micros) {
        let last = Micros::new(self.end().get() - 1);
        let delivered: Vec<Message> = self.messages.due(now.min(last)).to_vec();
        if delivered.is_empty() {
            return;
        }
        for message in &delivered {
            let onward = self.onward_of(message);
            self.checker.delivered(message.label, message.status, message.sent, onward);
        }
        let handed = |message: &Message| Some((*message, self.saboteur.message(*message)?));
        let messages: Vec<(Message, Message)> = delivered.iter().filter_map(handed).collect();
        let told: Vec<(CodeBytes, Option<u16>)> = messages
            .iter()
            .map(|(_, message)| (self.reads.codes(message.label)[0], self.onward_of(message)))
            .collect();
        let rows: Vec<NoticeRow<'_>> = messages
            .iter()
            .zip(&told)
            .map(|((_, message), (code, onward))| NoticeRow {
                code: code.as_slice(),
                status: message.status.key(),
                at: message.sent,
                onward: onward.and_then(|index| self.world.connection_name(index)),
            })
            .collect();
        let report = self.engine.notify(&rows, now);
        self.recorder.note(now, || Input::Notices {
            rows: messages.iter().zip(&told).map(|((_, message), (_, to))| notice(message, *to)).collect(),
            told: [report.outcome.applied, report.outcome.kept, report.outcome.refused.len()]
                .map(|count| count as u64),
        });
        let mut refused = report.outcome.refused.iter().peekable();
        for (place, (message, _)) in messages.iter().enumerate() {
            let refusal = refused.next_if(|refused| refused.index == place);
            if refusal.is_some_and(|refused| matches!(refused.refusal, NoticeRefusal::Older { .. })) {
                self.counts.clearance.refused_older += 1;
            }
            self.checker.outcome(now, message.label, message.sent, refusal.is_none());
        }
        let counts = &mut self.counts.clearance;
        counts.notices += messages.len() as u64;
        counts.applied += report.outcome.applied as u64;
        counts.kept += report.outcome.kept as u64;
    }

    /// The onward connection that a message names: only goods in transit have one.
    fn onward_of(&self, message: &Message) -> Option<u16> {
        let parcel = &self.reads.parcels()[message.label as usize];
        let Flow::Transit { connection } = parcel.flow else { return None };
        if message.status != Clearance::Transit {
            return None;
        }
        if !message.onward_changed {
            return Some(connection);
        }
        // It is moved to another flight of the same lane.
        let connections = self.world.onward?.connections();
        let same =
            |other: &usize| connections[*other].countries == connections[usize::from(connection)].countries;
        let choices: SmallVec<[usize; 16]> = (0..connections.len()).filter(same).collect();
        let place = choices.iter().position(|choice| *choice == usize::from(connection))?;
        let count = u16::try_from(choices.len()).ok()?;
        let chosen = self.office.changed_onward(message.label, u16::try_from(place).ok()?, count);
        u16::try_from(choices[usize::from(chosen)]).ok()
    }

    /// A plan comes into force; people are called to the chutes that change.
    fn publish(&mut self, now: Micros) {
        let published: Vec<(Micros, PlanVersion)> = self
            .engine
            .publish_due(now)
            .into_iter()
            .map(|(at, version)| (at, version.expect("the plans were checked before the run")))
            .collect();
        let versions = || published.iter().map(|(_, version)| *version).collect();
        self.recorder.note(now, || Input::Published { versions: versions() });
        for (at, version) in published {
            let changed =
                self.world.scenario.changeover.back.is_none_or(|_| self.counts.plans.is_multiple_of(2));
            let oracle = if changed { 1 } else { 0 };
            self.counts.plans += 1;
            self.checker.plan_published(version.get(), oracle, at);
        }
        let hall = &self.world.scenario.hall;
        self.call_people(now, (hall.changeover_people_min, hall.changeover_people_max));
    }

    /// Calls people to every chute whose container has to be changed and where nobody is called to yet.
    fn call_people(&mut self, now: Micros, within: (Micros, Micros)) {
        for (place, station) in self.stations.iter_mut().enumerate() {
            let worker = station.worker_mut();
            worker.attend(now);
            self.recorder.note(now, || Input::Attended { sorter: worker.sorter() });
            for (chute, _) in worker.swaps_wanted(now) {
                if self.called.insert((place, chute)) {
                    self.agenda.note_within(now, within, HallEvent::Swap { station: place, chute });
                }
            }
        }
    }

    fn cut_off(&mut self, departure: &Departure, now: Micros) {
        let missed = self.engine.missed(departure);
        let row = LaneRow { missed: missed.total(), ..self.lane_row(departure) };
        let counts = &mut self.counts.departures;
        counts.cut_offs += 1;
        for (reason, count) in Reason::ALL.iter().zip(missed.by_reason).filter(|(_, count)| *count > 0) {
            *counts.missed.entry(reason.key().to_owned()).or_default() += count;
        }
        counts.add_lane(&row);
        let hall = &self.world.scenario.hall;
        self.call_people(now, (hall.cutoff_people_min, hall.cutoff_people_max));
    }

    /// A row of the lane of a departure in which nothing is counted.
    fn lane_row(&self, departure: &Departure) -> LaneRow {
        let name = self.world.timetable.lane_name(departure.lane).unwrap_or_default();
        LaneRow { lane: name.to_owned(), ..LaneRow::default() }
    }

    /// People are at a chute. They begin when nothing is on its way to it any more.
    fn swap(&mut self, station: usize, chute: ChuteId, now: Micros) {
        let worker = self.stations[station].worker_mut();
        worker.attend(now);
        self.recorder.note(now, || Input::Attended { sorter: worker.sorter() });
        if !worker.swaps_wanted(now).any(|(wanted, _)| wanted == chute) {
            self.called.remove(&(station, chute));
            return;
        }
        if worker.chutes().get(chute).is_some_and(|state| state.reserved() > 0) {
            self.agenda.note(now + LOOK_AGAIN, HallEvent::Swap { station, chute });
            return;
        }
        self.stations[station].swap_at(chute, now);
        self.due[station] = or_never(self.stations[station].look_again());
    }

    /// Takes the manifests of the containers that were just taken from their chutes.
    pub(super) fn take_manifests(&mut self, station: usize, now: Micros) {
        for mut manifest in self.manifests_of(station, now) {
            self.saboteur.manifest(&mut manifest);
            self.sealed(&manifest, now);
            self.called.insert((station, manifest.chute));
            let hall = &self.world.scenario.hall;
            let scan = (hall.plate_scan_min, hall.plate_scan_max);
            let event = HallEvent::Plate { station, chute: manifest.chute };
            self.agenda.note_within(now, scan, event);
        }
    }

    fn manifests_of(&mut self, station: usize, now: Micros) -> Vec<Manifest> {
        let worker = self.stations[station].worker_mut();
        let (sorter, manifests) = (worker.sorter(), worker.take_manifests());
        let hashes = || manifests.iter().map(|manifest| manifest.hash).collect();
        if !manifests.is_empty() {
            self.recorder.note(now, || Input::Manifests { sorter, hashes: hashes() });
        }
        manifests
    }

    fn sealed(&mut self, manifest: &Manifest, now: Micros) {
        self.checker.manifest(manifest, now);
        self.write(manifest);
        self.counts.manifests += 1;
        self.counts.entries += u64::from(manifest.count);
        if manifest.departure.is_some() && manifest.count > 0 {
            let hall = &self.world.scenario.hall;
            let within = (hall.load_min, hall.load_max);
            self.agenda.note_within(now, within, HallEvent::Load(manifest.container));
        }
    }

    /// Writes a manifest into the folder that was asked for, under its plate.
    fn write(&mut self, manifest: &Manifest) {
        let (Some(folder), Some(plate)) = (&self.world.options.manifests, &manifest.plate) else { return };
        if self.unwritten.is_some() {
            return;
        }
        let path = folder.join(format!("hub-{}-{plate}.csv", self.engine.hub().get()));
        let written =
            File::create(&path).map(BufWriter::new).and_then(|file| manifest.write_csv(file, &*self));
        self.unwritten = written.err().map(|error| (path, error));
    }

    /// A person scans the plate of the container at a chute. While the chute drains it is scanned again later.
    fn scan_plate(&mut self, station: usize, chute: ChuteId, now: Micros) {
        let plate = self.plate_for(station, chute);
        let sorter = SorterId::new(u8::try_from(station).expect("a hub has 32 sorters"));
        let worker = self.stations[station].worker_mut();
        let opened = worker.open_container(chute, plate, now);
        let answer = opened.as_ref().ok().copied();
        self.recorder.note(now, || Input::PlateScanned { sorter, chute, plate, opened: answer });
        self.checker.plate_scanned(sorter, chute, plate.as_str(), now, opened.is_ok());
        match opened {
            Ok(_) => {
                self.plates.remove(&(station, chute));
                self.called.remove(&(station, chute));
                self.due[station] = or_never(self.stations[station].look_again());
            }
            // Something slid into it for the old destination: it is taken away as it is.
            Err(ContainerError::Draining { orders: 0, .. }) => {
                self.agenda.note(now + LOOK_AGAIN, HallEvent::Swap { station, chute });
            }
            Err(ContainerError::Draining { .. } | ContainerError::NoContainer(_)) => {
                self.agenda.note(now + LOOK_AGAIN, HallEvent::Plate { station, chute });
            }
            Err(_) => {
                self.plates.remove(&(station, chute));
                self.called.remove(&(station, chute));
            }
        }
    }

    /// The plate in the hand of the person at a chute.
    fn plate_for(&mut self, station: usize, chute: ChuteId) -> LicencePlate {
        let (hub, made) = (self.engine.hub().get(), &mut self.plates_made);
        *self.plates.entry((station, chute)).or_insert_with(|| {
            *made += 1;
            let number = u64::from(hub) * 1_000_000_000 + *made;
            LicencePlate::parse(&make::sscc(3, number)).expect("an SSCC that was made is one")
        })
    }

    /// A sealed container is at the dock door.
    fn load(&mut self, container: ContainerId, now: Micros) {
        let mut yard = self.engine.yard();
        let Some(record) = yard.get(container) else { return };
        let Some(departure) = record.departure else { return };
        let plate = record.plate;
        let capacity = self.capacity(departure.connection);
        let loaded = yard.load(container, departure.id, capacity, now);
        drop(yard);
        let taken = loaded.is_ok();
        self.recorder.note(now, || Input::Loaded { container, departure: departure.id, capacity, taken });
        // What is refused is left behind, or went over to another departure before: it goes with the next one.
        if let (Ok(()), Some(plate)) = (loaded, plate) {
            let name = self.name_of(departure.connection);
            self.checker.loaded(plate.as_str(), &name, departure.id.week(), now);
        }
    }

    fn name_of(&self, connection: ConnectionId) -> String {
        let known = self.world.timetable.connection(connection);
        known.map(|connection| connection.name.clone()).unwrap_or_default()
    }

    /// What the vehicles of a departure carry together.
    fn capacity(&self, connection: ConnectionId) -> Option<(u32, Grams)> {
        let capacity = self.world.timetable.connection(connection)?.capacity;
        let vehicles = self.world.scenario.hall.vehicles;
        let pieces = capacity.pieces.map_or(u32::MAX, |pieces| pieces.saturating_mul(vehicles));
        let mass = capacity.mass.map_or(u32::MAX, |mass| mass.get().saturating_mul(vehicles));
        Some((pieces, Grams::new(mass)))
    }

    fn departs(&mut self, departure: &Departure, now: Micros) {
        let next = self.world.timetable.next(departure.lane, now);
        let mut yard = self.engine.yard();
        let report = yard.depart(departure, next, now).expect("each departure leaves once");
        self.recorder.note(now, || Input::Departed { departure: departure.id, report: counts_of(&report) });
        let plate = |id: &ContainerId| yard.get(*id)?.plate;
        let [gone, stay] = [&report.loaded, &report.left_behind]
            .map(|ids| ids.iter().filter_map(plate).collect::<Vec<LicencePlate>>());
        drop(yard);
        let [containers, left_behind] =
            [&gone, &stay].map(|plates| plates.iter().map(LicencePlate::as_str).collect::<Vec<_>>());
        let load = VehicleLoad { containers: &containers, pieces: report.pieces, left_behind: &left_behind };
        let name = self.name_of(departure.connection);
        self.checker.departed(&name, departure.id.week(), now, &load);
        let (loaded, pieces) = (report.loaded.len() as u64, u64::from(report.pieces));
        let row = LaneRow { departures: 1, containers: loaded, pieces, ..self.lane_row(departure) };
        let counts = &mut self.counts.departures;
        counts.departed += 1;
        counts.containers_loaded += loaded;
        counts.pieces_loaded += pieces;
        counts.left_behind += report.left_behind.len() as u64;
        counts.add_lane(&row);
        let hall = &self.world.scenario.hall;
        let within = (hall.load_min, hall.load_max);
        for container in report.left_behind {
            self.agenda.note_within(now, within, HallEvent::Load(container));
        }
    }

    /// People take what was released from the hold chutes back to the inductions.
    fn review(&mut self, now: Micros) {
        self.agenda.note(now + REVIEW, HallEvent::Review);
        let hall = self.world.scenario.hall;
        for place in 0..self.stations.len() {
            let sorter = SorterId::new(u8::try_from(place).expect("a hub has 32 sorters"));
            let released = self.stations[place].worker_mut().released(now);
            self.recorder.note(now, || Input::Released { sorter, parcels: released.clone() });
            for parcel in released {
                let label = self.labels[parcel.index()];
                let truth = self.checker.truth();
                // The body with this label is where the ledger says, unless its label is a copy.
                let there = matches!(truth.places()[label as usize], Place::Chute(at, chute)
                    if at == sorter && self.world.routes[0].is_hold(chute));
                if !there || truth.label_printed(label) != label {
                    continue;
                }
                let body = truth.next_pass(label);
                let back = now + self.agenda.delay(hall.fetch_min, hall.fetch_max);
                let known = self.stations[place].worker_mut().taken_out(parcel, now).is_some();
                self.recorder.note(now, || Input::Fetched { sorter, parcel, known });
                self.stations[place].bring_back(body, back);
                self.due[place] = or_never(self.stations[place].look_again());
                self.counts.clearance.released_back += 1;
            }
        }
    }

    /// The run is over: every container is taken from its chute.
    pub(super) fn close_the_hall(&mut self) {
        let now = self.now;
        for station in 0..self.stations.len() {
            let sorter = SorterId::new(u8::try_from(station).expect("a hub has 32 sorters"));
            for chute in self.chutes() {
                let content = self.stations[station].line().plant().chute_content(chute).unwrap_or_default();
                self.checker.container_closed(sorter, chute, now, content);
                self.stations[station].take_container(chute, now);
                self.recorder.note(now, || Input::TakenAway { sorter, chute });
            }
            for mut manifest in self.manifests_of(station, now) {
                self.saboteur.manifest(&mut manifest);
                self.sealed(&manifest, now);
            }
        }
        self.checker.hall_closed(now);
    }
}
