//! One sorter with its controller: a scan of the PLC, then a poll of the host.

use std::sync::Arc;

use sorter_core::chute::ChuteReport;
use sorter_core::engine::{Engine, Worker};
use sorter_core::ids::{ChuteId, HubId, SorterId};
use sorter_core::units::{Micros, Pulses};
use sorter_plc::contract::{Event, Order, Status};
use sorter_plc::controller::{Controller, ControllerConfig, DecisionNote, Inputs, Watch};

use super::World;
use crate::check::{Checker, SorterBooks};
use crate::load::HubLoad;
use crate::plant::{BodyTag, LineGeometry, PlantConfig};
use crate::random::{Draws, Stream};
use crate::reads::HubReads;
use crate::sabotage::{HallView, Saboteur};
use crate::stopwatch::Stopwatch;
use crate::virtual_plc::{LineSorter, PlcOutput};

/// How often the host reads the PLANT block while something happens.
const PLANT_PERIOD: Micros = Micros::from_secs(1);

/// One sorter with its controller.
pub(super) struct Station {
    sorter: SorterId,
    line: LineSorter,
    controller: Controller,
    orders: Vec<Order>,
    out: PlcOutput,
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
        let controller = Controller::new(
            engine.worker(sorter),
            ControllerConfig { host_period: world.scenario.plc_scan, ..ControllerConfig::default() },
        );
        Self {
            due: line.next_due(),
            pulse_us: layout.travel_time(layout.pulse_length()).get(),
            orders: Vec::new(),
            out: PlcOutput::default(),
            plant_read: Micros::ZERO,
            first_inductions: 0,
            hourly: [0; 24],
            hourly_first: [0; 24],
            sorter,
            line,
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
        self.controller.worker().tally().deviations + counters.unknown_items + self.line.plc().untracked()
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
        self.line.plant_mut().swap_at(chute, at);
    }

    /// Takes the container of a chute away at the end of the run. Where people are at it, they are done now.
    pub(super) fn take_container(&mut self, chute: ChuteId, at: Micros) {
        let worker = self.controller.worker_mut();
        if worker.swap_container(chute, at).is_err() {
            let report = ChuteReport { container: true, ..ChuteReport::default() };
            worker.chute_changed(chute, at, report);
        }
    }

    /// Has a parcel put back to the induction.
    pub(super) fn bring_back(&mut self, body: BodyTag, at: Micros) {
        self.line.plant_mut().bring_back(body, at);
    }

    /// When the next scan is due, after something was changed between two scans.
    pub(super) fn look_again(&mut self) -> Option<Micros> {
        self.due = self.due.into_iter().chain(self.line.next_due()).min();
        self.due
    }

    pub(super) fn line(&self) -> &LineSorter {
        &self.line
    }

    /// One scan of the PLC, and the poll of the host on what it reported.
    pub(super) fn scan(
        &mut self,
        now: Micros,
        reads: &HubReads<'_>,
        checker: &mut Checker<'_>,
        saboteur: &mut Saboteur,
        stopwatch: &mut Stopwatch,
    ) {
        self.out.clear();
        let mut witness = checker.witness(self.sorter);
        self.line.advance_to(now, &self.orders, reads, &mut witness, &mut self.out);
        self.orders.clear();
        for record in &self.out.events {
            checker.event(self.sorter, record);
        }
        self.count_inductions(now, checker);
        let status = self.line.status();
        let chute_changed = self.out.events.iter().any(|record| matches!(record.event, Event::Chute { .. }));
        let mut image = None;
        if chute_changed || now.saturating_since(self.plant_read) >= PLANT_PERIOD {
            self.plant_read = now;
            let seen = self.line.plant_image();
            saboteur.image(self.sorter, &seen);
            image = Some(seen);
        }
        checker.polled(self.sorter, (&self.out.events, &self.out.scans), image.as_ref(), now);
        saboteur.events(&mut self.out.events);
        saboteur.scans(self.sorter, now, &mut self.out.scans);
        let inputs = Inputs {
            status: &status,
            events: &self.out.events,
            scans: &self.out.scans,
            plant: image.as_ref(),
        };
        let mut watch = Onlooker { sorter: self.sorter, checker, saboteur, stopwatch };
        self.controller.poll(now, &inputs, &mut self.orders, &mut watch);
        if image.is_some() {
            let books = saboteur.books(SorterBooks::of_balance(&self.controller.worker().balance()));
            checker.plant_image(self.sorter, now, &self.line.plant_image(), books);
        }
        saboteur.orders(self.sorter, &mut self.orders, checker.routes());
        let postcode = |item| checker.postcode_read(self.sorter, item);
        let hall = HallView { containers: checker.containers(), at: now, postcode: &postcode };
        saboteur.hall_orders(self.sorter, &mut self.orders, &hall);
        for order in &self.orders {
            checker.ordered(self.sorter, now, order);
        }
        self.due = self.next_due(now, &status, saboteur);
    }

    /// The next scan at which the plant, the PLC or the host has something to do.
    fn next_due(&mut self, now: Micros, status: &Status, saboteur: &Saboteur) -> Option<Micros> {
        let scan = |at: Micros| self.line.scan_after(Micros::new(at.get().max(now.get() + 1) - 1));
        let pulse_us = self.pulse_us;
        let host = self.controller.next_due().map(|count| {
            let ahead = status.encoder.distance_to(count).max(Pulses::ZERO).get();
            now + Micros::new(u64::from(ahead.unsigned_abs()) * pulse_us)
        });
        let orders = (!self.orders.is_empty()).then_some(now);
        let others =
            [host.map(scan), orders.map(|at| self.line.scan_after(at)), saboteur.due(self.sorter).map(scan)];
        self.line.next_due().into_iter().chain(others.into_iter().flatten()).min()
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

/// Passes on each decision to whoever has to know.
struct Onlooker<'c, 'a> {
    sorter: SorterId,
    checker: &'c mut Checker<'a>,
    saboteur: &'c mut Saboteur,
    stopwatch: &'c mut Stopwatch,
}

impl Watch for Onlooker<'_, '_> {
    fn deciding(&mut self) {
        self.stopwatch.begin();
    }

    fn decided(&mut self, note: &DecisionNote) {
        self.stopwatch.end();
        let note = self.saboteur.decided(self.sorter, *note);
        self.checker.decided(self.sorter, &note);
    }

    fn committed(&mut self, note: &DecisionNote) {
        self.checker.committed(self.sorter, note);
    }
}
