//! One sorter with its controller: a scan of the PLC, then a poll of the host.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use sorter_core::chute::ChuteReport;
use sorter_core::engine::{Engine, Worker};
use sorter_core::ids::{ChuteId, HubId, SorterId};
use sorter_core::journal::{Health, Lane, Mark};
use sorter_core::units::{Micros, Pulses};
use sorter_plc::contract::{Event, Order, PlantImage, Seq, Status};
use sorter_plc::controller::{Controller, ControllerConfig, DecisionNote, Inputs, Watch};
use sorter_plc::exchange::Delivered;
use sorter_plc::host::{Ready, Resync};

use super::journal::{Induction, StationJournal};
use super::plc_side::PlcSide;
use super::recorder::Recorder;
use super::{Driver, World};
use crate::check::{Checker, SorterBooks};
use crate::load::HubLoad;
use crate::plant::{BodyTag, LineGeometry, PlantConfig};
use crate::random::{Draws, Rate, Stream};
use crate::reads::HubReads;
use crate::register_plc::NetworkedLine;
use crate::sabotage::{HallView, Saboteur};
use crate::scenario::JournalDisk;
use crate::stopwatch::Stopwatch;
use crate::virtual_plc::{LineSorter, PlcOutput};

/// How often the host reads the PLANT block while something happens.
const PLANT_PERIOD: Micros = Micros::from_secs(1);

/// How often a host looks whether the journal leaves more of the induction.
const JOURNAL_LOOK: Micros = Micros::from_millis(100);

/// One sorter with its controller.
pub(super) struct Station {
    sorter: SorterId,
    plc: PlcSide,
    controller: Controller,
    orders: Vec<Order>,
    /// How far its records had come at the last look.
    mark: Mark,
    /// Whether orders wait for the journal.
    waits: bool,
    journal: StationJournal,
    out: PlcOutput,
    /// The session that the link serves.
    session: u16,
    /// The last event that was heard of in the session.
    heard: Seq,
    /// What the host had counted when the PLC booted.
    before_boot: SorterBooks,
    /// What the PLC had counted when it was switched off, over all boots.
    retired: SorterBooks,
    /// Items that it had on its belt then.
    forgotten: u64,
    /// PLANT images, and those of them that were compared with the books of the host.
    images: (u64, u64),
    excused_until: Micros,
    /// Whether the disk of the journal was asked for faults: orders that waited for it too long have a cause.
    disk_excuses: bool,
    late_outside_faults: u64,
    plant_read: Micros,
    due: Option<Micros>,
    pulse_us: u64,
    first_inductions: u64,
    /// Inductions by hour from midnight to midnight.
    pub(super) hourly: [u64; 24],
    /// First inductions by hour; what runs past midnight counts to the last hour.
    pub(super) hourly_first: [u64; 24],
}

impl Station {
    pub(super) fn new(
        world: &World<'_>,
        hub: HubId,
        sorter: SorterId,
        engine: &Arc<Engine>,
        load: &HubLoad,
    ) -> Self {
        let layout = &world.layout;
        let place = u64::from(hub.get()) << 8 | u64::from(sorter.get());
        let seed = Draws::new(world.scenario.seed, Stream::Sample, place).next_u64();
        let config = PlantConfig::of_scenario(seed, &world.scenario.plant);
        let feed = load.range_of(sorter).map(|parcel| (load.parcels()[parcel as usize].arrival, parcel));
        let geometry = LineGeometry::from(&**layout);
        let line = LineSorter::with_scan(&geometry, config, feed.collect(), world.scenario.plc_scan);
        let due = line.next_due();
        let plc = match world.driver {
            Driver::Direct => PlcSide::Direct(Box::new(line)),
            Driver::Linked => PlcSide::linked(line, layout),
        };
        let controller = controller(world, engine, sorter);
        Self {
            due,
            pulse_us: layout.travel_time(layout.pulse_length()).get(),
            orders: Vec::new(),
            mark: Mark::default(),
            waits: false,
            journal: StationJournal::default(),
            out: PlcOutput::default(),
            session: 0,
            heard: Seq::NONE,
            before_boot: SorterBooks::default(),
            retired: SorterBooks::default(),
            forgotten: 0,
            images: (0, 0),
            excused_until: Micros::ZERO,
            disk_excuses: world.scenario.journal.has_faults(),
            late_outside_faults: 0,
            plant_read: Micros::ZERO,
            first_inductions: 0,
            hourly: [0; 24],
            hourly_first: [0; 24],
            sorter,
            plc,
            controller,
        }
    }

    /// When the next scan with something to do is due; `None` when the day of this sorter is over.
    pub(super) fn due(&self) -> Option<Micros> {
        self.due
    }

    /// Parcels inducted for the first time.
    pub(super) fn first_inductions(&self) -> u64 {
        self.first_inductions
    }

    /// Items that the host has on the belt.
    pub(super) fn items(&self) -> usize {
        self.controller.items_on_belt()
    }

    /// Places reserved in chutes.
    pub(super) fn reserved(&self) -> u32 {
        self.controller.worker().chutes().reserved()
    }

    /// Facts that the host could not fit into its books, and items that the PLC could not track.
    pub(super) fn faults(&self) -> u64 {
        let counters = self.controller.counters();
        self.controller.worker().tally().deviations + counters.unknown_items + self.line().plc().untracked()
    }

    pub(super) fn controller(&self) -> &Controller {
        &self.controller
    }

    /// The worker, for the people of the hall.
    pub(super) fn worker_mut(&mut self) -> &mut Worker {
        self.controller.worker_mut()
    }

    /// Whether containers were taken away whose manifests nobody has taken.
    pub(super) fn has_manifests(&self) -> bool {
        self.controller.worker().has_manifests()
    }

    /// Has people begin to change the container of a chute.
    pub(super) fn swap_at(&mut self, chute: ChuteId, at: Micros) {
        self.plc.line_mut().plant_mut().swap_at(chute, at);
    }

    /// Takes the container of a chute away at the end of the run.
    pub(super) fn take_container(&mut self, chute: ChuteId, at: Micros) {
        take_away(self.controller.worker_mut(), chute, at);
    }

    /// Has a parcel put back to the induction.
    pub(super) fn bring_back(&mut self, body: BodyTag, at: Micros) {
        self.plc.line_mut().plant_mut().bring_back(body, at);
    }

    /// When the next scan is due, after something was changed between two scans.
    pub(super) fn look_again(&mut self) -> Option<Micros> {
        let next = self.line().next_due();
        self.due = self.due.into_iter().chain(next).min();
        self.due
    }

    pub(super) fn line(&self) -> impl Deref<Target = LineSorter> + '_ {
        self.plc.line()
    }

    /// One scan of the PLC, and the poll of the host on what it reported: the direct driver.
    pub(super) fn scan(&mut self, now: Micros, reads: &HubReads<'_>, audience: &mut Audience<'_, '_>) {
        self.ask_host(now, audience);
        let PlcSide::Direct(line) = &mut self.plc else { return };
        self.out.clear();
        for order in &self.orders {
            audience.checker.reached_plc(self.sorter, now, order);
        }
        let mut witness = audience.checker.witness(self.sorter);
        line.advance_to(now, &self.orders, reads, &mut witness, &mut self.out);
        self.orders.clear();
        let status = self.line().status();
        let chute_changed = self.out.events.iter().any(|record| matches!(record.event, Event::Chute { .. }));
        let due = chute_changed || now.saturating_since(self.plant_read) >= PLANT_PERIOD;
        let image = due.then(|| self.line().plant_image());
        if due {
            self.plant_read = now;
        }
        self.hear(now, &status, image.as_ref(), true, audience);
        self.due = self.next_due(now, &status, audience.saboteur);
    }

    /// What the host says before a scan: orders whose decisions are durable by now, and what the journal leaves of the
    /// induction.
    fn ask_host(&mut self, now: Micros, audience: &mut Audience<'_, '_>) {
        let held = self.orders.len();
        let mut watch = onlooker(self.sorter, audience);
        let ready = self.controller.ready(now, true, &mut self.orders, &mut watch);
        audience.recorder.ready(self.sorter, &ready, &self.orders[held..]);
        if let PlcSide::Direct(line) = &mut self.plc {
            line.set_permit(ready.permit);
            let spacing = ready.limit.map_or(0, |limit| 60_000_000 / u64::from(limit.get()));
            line.plc_mut().set_induction_spacing(Micros::new(spacing));
        }
        self.note_ready(now, &ready);
        self.emit(now, held, audience);
    }

    /// Notes what the journal leaves of the induction.
    fn note_ready(&mut self, now: Micros, ready: &Ready) {
        let induction = match (ready.permit, ready.limit) {
            (false, _) => Induction::Closed,
            (true, Some(_)) => Induction::Throttled,
            (true, None) => Induction::Open,
        };
        self.journal.induction(now, induction);
    }

    /// Whether orders wait for the journal.
    pub(super) fn waits_for_journal(&self) -> bool {
        self.waits
    }

    /// Whether there is something new for the journal, since this was asked last.
    pub(super) fn has_recorded(&mut self) -> bool {
        let mark = self.controller.worker().mark();
        std::mem::replace(&mut self.mark, mark) != mark
    }

    /// What the journal did to this sorter.
    pub(super) fn journal(&self) -> &StationJournal {
        &self.journal
    }

    /// When the next scan is due, now that the journal has written something.
    pub(super) fn look_at_journal(&mut self, now: Micros) -> Option<Micros> {
        let next = self.line().scan_after(now);
        self.due = self.due.into_iter().chain([next]).min();
        self.due
    }

    /// One scan of the PLC behind its registers.
    pub(super) fn scan_plc(&mut self, now: Micros, reads: &HubReads<'_>, checker: &mut Checker<'_>) {
        let PlcSide::Linked(line) = &self.plc else { return };
        let mut line = line.borrow_mut();
        line.scan(now, reads, &mut checker.witness(self.sorter));
        for record in line.acknowledged() {
            checker.acknowledged(self.sorter, now, record);
        }
        for order in line.orders() {
            checker.reached_plc(self.sorter, now, order);
        }
    }

    /// What the host says before a cycle of its link.
    pub(super) fn ready_link(
        &mut self,
        now: Micros,
        accepts_orders: bool,
        orders: &mut Vec<Order>,
        audience: &mut Audience<'_, '_>,
    ) -> Ready {
        let late = self.late_orders();
        let mut watch = onlooker(self.sorter, audience);
        let ready = self.controller.ready(now, accepts_orders, &mut self.orders, &mut watch);
        self.count_late(now, late);
        self.note_ready(now, &ready);
        self.emit(now, 0, audience);
        orders.append(&mut self.orders);
        ready
    }

    /// What the link has handed over up to here has been taken in.
    pub(super) fn delivered(&mut self, up_to: Delivered) {
        self.controller.delivered(up_to);
    }

    /// Late orders so far that no fault of the disk explains.
    fn late_orders(&self) -> u64 {
        let counters = self.controller.counters();
        counters.late_orders - if self.disk_excuses { counters.late_held_orders } else { 0 }
    }

    /// Counts the late orders since there were so many, unless a fault explains them.
    fn count_late(&mut self, now: Micros, before: u64) {
        if now > self.excused_until {
            self.late_outside_faults += self.late_orders() - before;
        }
    }

    /// The poll of the host on what a link has brought.
    pub(super) fn hear_link(
        &mut self,
        now: Micros,
        inputs: &Inputs<'_>,
        orders: &mut Vec<Order>,
        audience: &mut Audience<'_, '_>,
    ) {
        if self.session != inputs.status.session_echo {
            self.session = inputs.status.session_echo;
            self.heard = Seq::NONE;
        }
        self.out.clear();
        self.out.events.extend_from_slice(inputs.events);
        self.out.scans.extend_from_slice(inputs.scans);
        let late = self.late_orders();
        self.hear(now, inputs.status, inputs.plant, inputs.accepts_orders, audience);
        self.count_late(now, late);
        orders.append(&mut self.orders);
    }

    /// PLANT images that were read, and those that were compared with the books of the host.
    pub(super) fn images(&self) -> (u64, u64) {
        self.images
    }

    /// The link has these times.
    pub(super) fn timed(&mut self, period: Micros, deadline: Micros) {
        self.controller.timed(period, deadline);
    }

    /// Late orders have a cause until then.
    pub(super) fn excuse(&mut self, until: Micros) {
        self.excused_until = self.excused_until.max(until);
    }

    /// Late orders that no fault explains.
    pub(super) fn late_outside_faults(&self) -> u64 {
        self.late_outside_faults
    }

    /// The link has found that the PLC has booted.
    pub(super) fn plc_restarted(&mut self, now: Micros, audience: &mut Audience<'_, '_>) {
        let mut watch = onlooker(self.sorter, audience);
        self.controller.plc_restarted(now, &mut watch);
        self.before_boot = SorterBooks::of_balance(&self.controller.worker().balance());
    }

    /// The link could not hear the PLC.
    pub(super) fn unheard(&mut self, now: Micros, audience: &mut Audience<'_, '_>) {
        self.controller.unheard(now, &mut onlooker(self.sorter, audience));
    }

    /// The link has opened a session.
    pub(super) fn resync(&mut self, now: Micros, resync: &Resync<'_>, audience: &mut Audience<'_, '_>) {
        let mut watch = onlooker(self.sorter, audience);
        self.controller.resync(now, resync, &mut watch);
    }

    /// Switches the PLC off: its counters and its items are gone with it.
    pub(super) fn kill_plc(&mut self) {
        let PlcSide::Linked(line) = &self.plc else { return };
        let image = line.borrow().line().plant_image();
        self.retired = self.retired.plus(&SorterBooks::of_image(&image));
        self.forgotten += u64::from(image.on_belt);
        line.borrow_mut().kill();
    }

    /// Switches the PLC on again.
    pub(super) fn start_plc(&mut self) {
        if let PlcSide::Linked(line) = &self.plc {
            line.borrow_mut().restart();
        }
    }

    /// What the PLC has counted over all its boots, and the items that it forgot at their ends.
    pub(super) fn passes(&self) -> (SorterBooks, u64) {
        (SorterBooks::of_image(&self.line().plant_image()).plus(&self.retired), self.forgotten)
    }

    /// The line behind its registers, for the server before it.
    ///
    /// # Panics
    /// When the station is driven directly.
    pub(super) fn networked(&self) -> Rc<RefCell<NetworkedLine>> {
        match &self.plc {
            PlcSide::Linked(line) => Rc::clone(line),
            PlcSide::Direct(_) => panic!("{} has no registers: it is driven directly", self.sorter),
        }
    }

    /// The poll of the host on what was reported, with everybody who watches it.
    fn hear(
        &mut self,
        now: Micros,
        status: &Status,
        image: Option<&PlantImage>,
        accepts_orders: bool,
        audience: &mut Audience<'_, '_>,
    ) {
        let Audience { checker, saboteur, stopwatch, recorder } = audience;
        for record in &self.out.events {
            checker.event(self.sorter, record);
            self.heard = record.seq;
        }
        self.count_inductions(now, checker);
        if let Some(image) = image {
            saboteur.image(self.sorter, image);
        }
        checker.polled(self.sorter, (&self.out.events, &self.out.scans), image, now);
        saboteur.events(&mut self.out.events);
        saboteur.scans(self.sorter, now, &mut self.out.scans);
        let (events, scans) = (&self.out.events, &self.out.scans);
        let inputs = Inputs { status, events, scans, plant: image, accepts_orders };
        recorder.begin_poll(now, self.sorter, &inputs);
        let mut watch = Onlooker { sorter: self.sorter, checker, saboteur, stopwatch, recorder };
        let first = self.orders.len();
        self.controller.poll(now, &inputs, &mut self.orders, &mut watch);
        recorder.end_poll(&self.orders[first..], self.controller.worker());
        if let Some(image) = image {
            // What happened between the events that were heard and the image is in the books of the PLC alone.
            let exact = image.at_event == self.heard;
            self.images.0 += 1;
            self.images.1 += u64::from(exact);
            let books = exact.then(|| saboteur.books(self.books()));
            checker.plant_image(self.sorter, now, image, books);
        }
        self.emit(now, first, audience);
        let waiting = self.controller.worker().lane().map_or(0, Lane::backlog);
        self.journal.most_waiting = self.journal.most_waiting.max(waiting);
        self.waits = self.controller.journal(now).is_some_and(|journal| journal.waiting > 0);
    }

    /// The controller has given the orders from `first` on: everybody who watches sees them.
    fn emit(&mut self, now: Micros, first: usize, audience: &mut Audience<'_, '_>) {
        let Audience { checker, saboteur, .. } = audience;
        let orders = &mut self.orders[first..];
        saboteur.orders(self.sorter, orders, checker.routes());
        let postcode = |item| checker.postcode_read(self.sorter, item);
        let hall = HallView { containers: checker.containers(), at: now, postcode: &postcode };
        saboteur.hall_orders(self.sorter, orders, &hall);
        for order in orders {
            checker.ordered(self.sorter, now, order);
        }
    }

    /// What the host has counted since the PLC has booted.
    fn books(&self) -> SorterBooks {
        SorterBooks::of_balance(&self.controller.worker().balance()).since(&self.before_boot)
    }

    /// The next scan at which the plant, the PLC or the host has something to do.
    fn next_due(&mut self, now: Micros, status: &Status, saboteur: &Saboteur) -> Option<Micros> {
        let line = self.plc.line();
        let scan = |at: Micros| line.scan_after(Micros::new(at.get().max(now.get() + 1) - 1));
        let pulse_us = self.pulse_us;
        let host = self.controller.next_due().map(|count| {
            let ahead = status.encoder.distance_to(count).max(Pulses::ZERO).get();
            now + Micros::new(u64::from(ahead.unsigned_abs()) * pulse_us)
        });
        let orders = (!self.orders.is_empty()).then_some(now);
        // An induction that stands brings nothing that would make anybody look whether it may run again.
        let lane = self.controller.worker().lane();
        let hopes = self.journal.is_restrained() && lane.is_some_and(|lane| lane.health() != Health::Failed);
        let look = hopes.then(|| now + JOURNAL_LOOK);
        let others = [
            host.map(scan),
            orders.map(|at| line.scan_after(at)),
            saboteur.due(self.sorter).map(scan),
            look.map(scan),
        ];
        line.next_due().into_iter().chain(others.into_iter().flatten()).min()
    }

    fn count_inductions(&mut self, now: Micros, checker: &Checker<'_>) {
        for record in &self.out.events {
            if !matches!(record.event, Event::Inducted { .. }) {
                continue;
            }
            let hour = usize::try_from(now.get() / 3_600_000_000).unwrap_or(usize::MAX);
            // What runs round after midnight says nothing about the load of an hour of the day.
            if let Some(count) = self.hourly.get_mut(hour) {
                *count += 1;
            }
            let hour = hour.min(23);
            if checker.truth().is_first_pass(self.sorter, record.item) {
                self.first_inductions += 1;
                self.hourly_first[hour] += 1;
            }
        }
    }
}

/// How long a record may take until it is durable: it may come right after a batch was written. What a full disk takes
/// nobody can know ahead.
fn journal_lag(disk: &JournalDisk) -> Micros {
    let late = if disk.late_rate > Rate::ZERO { disk.late } else { Micros::ZERO };
    let sync = disk.sync + late;
    (disk.period + sync + sync).max(ControllerConfig::default().journal_lag)
}

/// Tells a worker that the container of a chute is taken away. Where people are at it, they are done now.
pub(super) fn take_away(worker: &mut Worker, chute: ChuteId, at: Micros) {
    if worker.swap_container(chute, at).is_err() {
        let report = ChuteReport { container: true, ..ChuteReport::default() };
        worker.chute_changed(chute, at, report);
    }
}

/// The controller of a sorter.
pub(super) fn controller(world: &World<'_>, engine: &Arc<Engine>, sorter: SorterId) -> Controller {
    Controller::new(
        engine.worker(sorter),
        ControllerConfig {
            host_period: world.scenario.plc_scan,
            journal_lag: journal_lag(&world.scenario.journal),
            ..ControllerConfig::default()
        },
    )
}

/// Who watches the border of a sorter.
pub(super) struct Audience<'c, 'a> {
    pub(super) checker: &'c mut Checker<'a>,
    pub(super) saboteur: &'c mut Saboteur,
    pub(super) stopwatch: &'c mut Stopwatch,
    pub(super) recorder: &'c mut Recorder,
}

/// Passes on each decision to whoever has to know.
struct Onlooker<'c, 'a> {
    sorter: SorterId,
    checker: &'c mut Checker<'a>,
    saboteur: &'c mut Saboteur,
    stopwatch: &'c mut Stopwatch,
    recorder: &'c mut Recorder,
}

fn onlooker<'o, 'a>(sorter: SorterId, audience: &'o mut Audience<'_, 'a>) -> Onlooker<'o, 'a> {
    let Audience { checker, saboteur, stopwatch, recorder } = audience;
    Onlooker { sorter, checker, saboteur, stopwatch, recorder }
}

impl Watch for Onlooker<'_, '_> {
    fn deciding(&mut self) {
        self.stopwatch.begin();
    }

    fn decided(&mut self, note: &DecisionNote) {
        self.stopwatch.end();
        self.recorder.decided(self.sorter, note);
        let note = self.saboteur.decided(self.sorter, *note);
        self.checker.decided(self.sorter, &note);
    }

    fn committed(&mut self, note: &DecisionNote) {
        self.recorder.committed(self.sorter, note);
        self.checker.committed(self.sorter, note);
    }
}
