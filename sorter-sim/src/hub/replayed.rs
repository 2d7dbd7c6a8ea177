//! A hub that is repeated from its recording: engine, controllers and a stand-in for its journal, without plant, PLC
//! or checkers.

use std::fmt::Debug;
use std::sync::Arc;

use sorter_core::clearance::NoticeRow;
use sorter_core::diagnostic::Diagnostics;
use sorter_core::engine::Engine;
use sorter_core::ids::{DepartureId, HubId, ParcelId, SorterId};
use sorter_core::journal::Follower;
use sorter_core::units::Micros;
use sorter_plc::contract::{CodeBytes, Order, OrderOp};
use sorter_plc::controller::{Controller, DecisionNote};

use super::World;
use super::announce::{Prepared, prepare, with_announcement};
use super::life::counts_of;
use super::station::{controller, take_away};
use crate::customs::Office;
use crate::load::HubLoad;
use crate::reads::HubReads;
use crate::recording::{Counts, Input, NoticeInput, Poll, Record, Trace};
use crate::report::hex;

/// A hub in the middle of its replay.
pub(crate) struct ReplayedHub<'a> {
    world: &'a World<'a>,
    reads: HubReads<'a>,
    office: Office,
    engine: Arc<Engine>,
    journal: Follower,
    controllers: Vec<Controller>,
    traces: Vec<Trace>,
    /// The orders of the present poll.
    orders: Vec<Order>,
}

/// Why a replay does not go on after a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The record is about something that the run does not have.
    Foreign(String),
    /// Something else came out.
    Mismatch(Mismatch),
}

/// What came out otherwise than in the first run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) sorter: Option<SorterId>,
    pub(crate) what: &'static str,
    pub(crate) recorded: String,
    pub(crate) replayed: String,
}

impl<'a> ReplayedHub<'a> {
    /// The hub before its run.
    ///
    /// # Errors
    /// Every problem of the plan.
    pub(crate) fn new(world: &'a World<'a>, hub: HubId, load: &'a HubLoad) -> Result<Self, Diagnostics> {
        let scenario = world.scenario;
        let reads = HubReads::new(scenario.seed, hub, &scenario.reads, load.parcels(), world.shapes);
        let office = Office::new(scenario.seed, hub, &scenario.customs);
        let Prepared { engine, drain, .. } = prepare(world, hub, &reads, &office)?;
        let sorters = (0..scenario.sorters).map(SorterId::new);
        Ok(Self {
            controllers: sorters.clone().map(|sorter| controller(world, &engine, sorter)).collect(),
            traces: sorters.map(|_| Trace::keeping()).collect(),
            journal: Follower::new(drain),
            orders: Vec::new(),
            world,
            reads,
            office,
            engine,
        })
    }

    /// What happened so far.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.traces.iter().for_each(|trace| counts.add(&trace.counts()));
        counts
    }

    /// The digest of the event log of each sorter.
    pub(crate) fn digests(&self) -> Vec<u64> {
        self.controllers.iter().map(|controller| controller.worker().digest()).collect()
    }

    /// Does again what a record says, and compares what comes out.
    pub(crate) fn repeat(&mut self, record: &Record) -> Result<(), Stop> {
        let at = record.at;
        match &record.input {
            Input::Poll(poll) => self.poll(at, poll),
            Input::Attended { sorter } => {
                self.controller(*sorter)?.worker_mut().attend(at);
                Ok(())
            }
            Input::PlateScanned { sorter, chute, plate, opened } => {
                let found = self.controller(*sorter)?.worker_mut().open_container(*chute, *plate, at);
                same(Some(*sorter), "the container that the scan of its plate opens", opened, &found.ok())
            }
            Input::TakenAway { sorter, chute } => {
                take_away(self.controller(*sorter)?.worker_mut(), *chute, at);
                Ok(())
            }
            Input::Released { sorter, parcels } => {
                let found = self.controller(*sorter)?.worker_mut().released(at);
                same(Some(*sorter), "the parcels that may be taken from the hold", parcels, &found)
            }
            Input::Fetched { sorter, parcel, known } => {
                let found = self.controller(*sorter)?.worker_mut().taken_out(*parcel, at).is_some();
                same(Some(*sorter), "whether the fetched parcel was held", known, &found)
            }
            Input::Manifests { sorter, hashes } => {
                let manifests = self.controller(*sorter)?.worker_mut().take_manifests();
                let found: Vec<String> = manifests.iter().map(|manifest| hex(manifest.hash)).collect();
                let recorded: Vec<String> = hashes.iter().copied().map(hex).collect();
                same(Some(*sorter), "the manifests", &recorded, &found)
            }
            other => self.repeat_of_hub(at, other),
        }
    }

    fn repeat_of_hub(&mut self, at: Micros, input: &Input) -> Result<(), Stop> {
        match input {
            Input::Announced { label, parcel } => {
                let found = self.announce(*label)?;
                same(None, "the place in the ledger of the parcel that is announced late", parcel, &found)
            }
            Input::Notices { rows, told } => {
                let found = self.notify(rows, at)?;
                same(None, "how many notices are applied, kept and refused", told, &found)
            }
            Input::PlanAhead { due, changed } => {
                let plan = if *changed { self.world.changed } else { self.world.plan };
                let refused = self.engine.plan_ahead(*due, plan.clone()).err().map(|error| error.to_string());
                same(None, "the problems of the plan that is made ahead", &None, &refused)
            }
            Input::Published { versions } => {
                let published = self.engine.publish_due(at).into_iter();
                let found: Vec<_> = published.filter_map(|(_, version)| version.ok()).collect();
                same(None, "the plans that come into force", versions, &found)
            }
            Input::Loaded { container, departure, capacity, taken } => {
                let found = self.engine.yard().load(*container, *departure, *capacity, at).is_ok();
                same(None, "whether the container is loaded", taken, &found)
            }
            Input::Departed { departure, report } => {
                let found = self.depart(*departure, at)?;
                let what = "containers on the departure, parcels in them, and containers left behind";
                same(None, what, &Some(*report), &found)
            }
            Input::Journal(progress) => {
                let refused = self.journal.follow(progress).err().map(|error| error.to_string());
                same(None, "what is durable and was never recorded", &None, &refused)
            }
            Input::Ended { digests } => self.ended(digests),
            Input::Poll(_)
            | Input::Attended { .. }
            | Input::PlateScanned { .. }
            | Input::TakenAway { .. }
            | Input::Released { .. }
            | Input::Fetched { .. }
            | Input::Manifests { .. } => unreachable!("what is about a sorter is repeated above"),
        }
    }

    fn poll(&mut self, at: Micros, poll: &Poll) -> Result<(), Stop> {
        let place = poll.sorter.index();
        self.controller(poll.sorter)?;
        let (controller, trace) = (&mut self.controllers[place], &mut self.traces[place]);
        self.orders.clear();
        trace.next_poll();
        let ready = controller.ready(at, true, &mut self.orders, trace);
        trace.ready(&ready);
        trace.polling(&poll.events);
        controller.poll(at, &poll.inputs(), &mut self.orders, trace);
        let found = trace.answer(self.orders.len(), controller.worker());
        let recorded = &poll.answer;
        let sorter = Some(poll.sorter);
        let longest = recorded.orders.len().max(self.orders.len());
        for place in 0..longest {
            let (recorded, found) = (recorded.orders.get(place), self.orders.get(place));
            if recorded != found {
                let [recorded, replayed] = [recorded, found].map(order_text);
                return Err(Stop::Mismatch(Mismatch { sorter, what: "an order", recorded, replayed }));
            }
        }
        if recorded.noted != found.noted {
            let recorded =
                recorded.noted.map_or_else(|| "none".to_owned(), |sum| format!("checksum {sum:04x}"));
            let sum = found.noted.map_or_else(|| "none".to_owned(), |sum| format!("checksum {sum:04x}"));
            let notes: Vec<String> = trace.latest().iter().map(note_text).collect();
            let replayed = if notes.is_empty() { sum } else { format!("{sum}: {}", notes.join("; ")) };
            let what = "the decisions and commits so far";
            return Err(Stop::Mismatch(Mismatch { sorter, what, recorded, replayed }));
        }
        same(sorter, "what is left of the induction", &recorded.induction, &found.induction)?;
        same(sorter, "the digest of the event log", &recorded.digest.map(hex), &found.digest.map(hex))
    }

    fn controller(&mut self, sorter: SorterId) -> Result<&mut Controller, Stop> {
        self.controllers.get_mut(sorter.index()).ok_or_else(|| Stop::Foreign(sorter.to_string()))
    }

    fn known(&self, label: u32) -> Result<u32, Stop> {
        let known = (label as usize) < self.reads.parcels().len();
        known.then_some(label).ok_or_else(|| Stop::Foreign(format!("label {label}")))
    }

    fn announce(&self, label: u32) -> Result<Option<ParcelId>, Stop> {
        let label = self.known(label)?;
        Ok(with_announcement(self.world, &self.reads, &self.office, label, |announcement| {
            self.engine.announce(announcement).ok()
        }))
    }

    fn notify(&self, rows: &[NoticeInput], at: Micros) -> Result<[u64; 3], Stop> {
        let code = |row: &NoticeInput| Ok(self.reads.codes(self.known(row.label)?)[0]);
        let codes = rows.iter().map(code).collect::<Result<Vec<CodeBytes>, Stop>>()?;
        let rows: Vec<NoticeRow<'_>> = rows
            .iter()
            .zip(&codes)
            .map(|(row, code)| NoticeRow {
                code: code.as_slice(),
                status: row.status.key(),
                at: row.sent,
                onward: row.onward.and_then(|connection| self.world.connection_name(connection)),
            })
            .collect();
        let outcome = self.engine.notify(&rows, at).outcome;
        Ok([outcome.applied, outcome.kept, outcome.refused.len()].map(|count| count as u64))
    }

    fn depart(&self, departure: DepartureId, at: Micros) -> Result<Option<[u64; 3]>, Stop> {
        let known = self.engine.timetable().departure(departure);
        let departure = known.ok_or_else(|| Stop::Foreign(departure.to_string()))?;
        let next = self.world.timetable.next(departure.lane, at);
        Ok(self.engine.yard().depart(&departure, next, at).ok().map(|report| counts_of(&report)))
    }

    fn ended(&self, digests: &[u64]) -> Result<(), Stop> {
        let found = self.digests();
        same(None, "the number of sorters", &digests.len(), &found.len())?;
        for (sorter, (recorded, found)) in (0..).map(SorterId::new).zip(digests.iter().zip(&found)) {
            same(Some(sorter), "the digest of the event log at the end", &hex(*recorded), &hex(*found))?;
        }
        Ok(())
    }
}

/// Compares what came out with what was recorded.
fn same<T: Debug + PartialEq>(
    sorter: Option<SorterId>,
    what: &'static str,
    recorded: &T,
    replayed: &T,
) -> Result<(), Stop> {
    if recorded == replayed {
        return Ok(());
    }
    let [recorded, replayed] = [recorded, replayed].map(|value| format!("{value:?}"));
    Err(Stop::Mismatch(Mismatch { sorter, what, recorded, replayed }))
}

fn order_text(order: Option<&Order>) -> String {
    let Some(order) = order else { return "none".to_owned() };
    let op = match order.op {
        OrderOp::Divert { chute } => format!("divert to {chute}"),
        OrderOp::Cancel => "cancel".to_owned(),
        OrderOp::ChuteEnable { chute } => format!("enable {chute}"),
        OrderOp::ChuteDisable { chute } => format!("disable {chute}"),
        OrderOp::ChuteLamp { chute, pattern } => format!("lamp of {chute} to {pattern}"),
    };
    format!("{}: {} {op}", order.seq, order.item)
}

fn note_text(note: &DecisionNote) -> String {
    let chute = note.chute.map_or_else(|| "no chute".to_owned(), |chute| chute.to_string());
    let parcel = note.parcel.map_or_else(|| "unknown parcel".to_owned(), |parcel| parcel.to_string());
    format!("{} with {parcel} to {chute} for {}", note.item, note.reason.key())
}
