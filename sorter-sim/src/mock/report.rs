//! What a mock knows at its end.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;
use sorter_core::units::Micros;

use super::MockConfig;
use super::ends::BodyEnd;
use super::fates::Place;
use super::judge::Judge;
use super::load::MockLoad;
use super::pace::Pace;
use super::sorter::MockSorter;
use crate::modbus_server::ServerCounters;

/// What a mock knows at its end. Its JSON form is the output of `sorter-sim mock --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MockReport {
    /// The version of this format: 1.
    pub schema: u32,
    /// The version of the program.
    pub version: String,
    /// The seed.
    pub seed: u64,
    /// How long it ran, in seconds.
    pub ran_s: f64,
    /// The scan time of the PLCs, in microseconds.
    pub scan_us: u64,
    /// Scans of each PLC.
    pub scans: u64,
    /// Scans of each PLC that were left out because the machine was busy.
    pub skipped_scans: u64,
    /// Each sorter, by number.
    pub sorters: Vec<SorterReport>,
    /// Where each body ended, by sorter and number.
    #[serde(skip)]
    pub ends: Vec<BodyEnd>,
}

/// What is known of one sorter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SorterReport {
    /// Its number.
    pub sorter: u8,
    /// Where it listened.
    pub address: SocketAddr,
    /// What its PLC counted of items: the counters of PLANT.
    pub items: BTreeMap<&'static str, u64>,
    /// What its PLC counted of the host: sessions, orders, waits and losses.
    pub host: BTreeMap<&'static str, u64>,
    /// Events that its PLC recorded, by type.
    pub events: BTreeMap<&'static str, u64>,
    /// Scan records that its PLC made.
    pub scan_records: u64,
    /// What became of the bodies; each counts once for each time that it happened.
    pub bodies: BTreeMap<&'static str, u64>,
    /// Bodies that slid into each chute, by its number.
    pub chutes: BTreeMap<u16, u64>,
    /// What went wrong on the belt and at the chutes, by kind.
    pub plant_faults: BTreeMap<&'static str, u64>,
    /// What its server counted.
    pub server: BTreeMap<&'static str, u64>,
    /// What went wrong on the wire, by kind.
    pub wire_faults: BTreeMap<&'static str, u64>,
    /// Orders that its PLC took, and how the diverts among them ended.
    pub orders: BTreeMap<&'static str, u64>,
    /// Bodies that slid where the plan does not let their label go.
    pub astray: u64,
    /// Bodies that have been on the belt and are nowhere now, or were where they cannot have been.
    pub unaccounted: u64,
    /// Scans after which the diverts taken were not fired + ended + refused + pending, and orders out of turn.
    pub order_faults: u64,
    /// Scans after which inducted + unexpected was not discharged + left + lost + on belt.
    pub unbalanced_scans: u64,
}

impl MockReport {
    pub(super) fn new(
        config: &MockConfig,
        ran: Micros,
        pace: &Pace,
        sorters: &[MockSorter],
        (judge, load): (&Judge<'_>, &MockLoad),
    ) -> Self {
        let ends = |sorter: &MockSorter| BodyEnd::all(sorter.number(), &sorter.fates, load);
        Self {
            ends: sorters.iter().flat_map(ends).collect(),
            schema: 1,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: config.seed,
            ran_s: ran.get() as f64 / 1e6,
            scan_us: config.scan.get(),
            scans: pace.scans(),
            skipped_scans: pace.skipped(),
            sorters: sorters.iter().map(|sorter| SorterReport::new(sorter, judge)).collect(),
        }
    }

    /// As one JSON object with a line break at its end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("numbers and texts are JSON");
        text.push('\n');
        text
    }

    /// What broke a law of the PLC or of nature: one line for each sorter and law. Empty for a good run.
    pub fn violations(&self) -> Vec<String> {
        let of = |sorter: &SorterReport| {
            let number = sorter.sorter;
            let laws = [
                (sorter.unbalanced_scans, "scans after which its items did not add up"),
                (sorter.order_faults, "scans or orders that broke the law of orders"),
                (sorter.unaccounted, "bodies that are not accounted for"),
            ];
            let broken = laws.into_iter().filter(|(count, _)| *count > 0);
            broken.map(move |(count, what)| format!("sorter {number}: {count} {what}")).collect::<Vec<_>>()
        };
        self.sorters.iter().flat_map(of).collect()
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for sorter in &self.sorters {
            let of = |map: &BTreeMap<&'static str, u64>, key| map.get(key).copied().unwrap_or(0);
            writeln!(
                out,
                "sorter {}: {} inducted, {} unexpected, {} in chutes, {} ran off, {} on belt; {} sessions, \
                 {} orders taken, {} events, {} requests, {} wire faults; {} astray",
                sorter.sorter,
                of(&sorter.bodies, "inducted"),
                of(&sorter.items, "unexpected"),
                sorter.chutes.values().sum::<u64>(),
                of(&sorter.bodies, "ran_off"),
                of(&sorter.bodies, "on_belt"),
                of(&sorter.host, "sessions"),
                of(&sorter.host, "orders"),
                sorter.events.values().sum::<u64>(),
                of(&sorter.server, "requests"),
                sorter.wire_faults.values().sum::<u64>(),
                sorter.astray,
            )?;
        }
        writeln!(
            out,
            "{} s, {} scans of {} us, {} left out",
            self.ran_s, self.scans, self.scan_us, self.skipped_scans
        )
    }
}

impl SorterReport {
    fn new(sorter: &MockSorter, judge: &Judge<'_>) -> Self {
        let line = sorter.line.borrow();
        let (image, counters) = (line.line().plant_image(), line.registers().counters());
        let (plant, fates) = (line.line().plant(), &sorter.fates);
        let items = [
            ("inducted", image.inducted),
            ("unexpected", image.unexpected),
            ("discharged_verified", image.discharged_verified),
            ("discharged_unverified", image.discharged_unverified),
            ("left", image.left),
            ("lost", image.lost),
            ("on_belt", image.on_belt.into()),
        ];
        let host = [
            ("sessions", counters.sessions),
            ("orders", counters.orders),
            ("waits", counters.waits),
            ("ignored_acks", counters.ignored_acks),
            ("hosts_lost", counters.hosts_lost),
            ("lost_events", counters.lost_events),
            ("lost_scans", counters.lost_scans),
            ("boots", counters.boots),
        ];
        let bodies = [
            ("inducted", fates.inducted),
            ("thrown_on", fates.thrown_on),
            ("ran_off", fates.ran_off),
            ("taken_off", fates.taken_off),
            ("put_back", fates.put_back),
            ("on_belt", plant.on_belt() as u64),
            ("waiting", plant.waiting() as u64),
            ("containers_changed", fates.containers),
            ("distinct", fates.places.len() as u64),
            ("distinct_in_chutes", fates.at(Place::Chute)),
            ("distinct_on_belt", fates.at(Place::Belt)),
            ("distinct_back", fates.at(Place::Back)),
            ("outside", plant.outside() as u64),
        ];
        let law = &sorter.orders;
        let orders = [
            ("diverts", law.diverts),
            ("others", law.others),
            ("fired", law.fired),
            ("missed", law.missed),
            ("ended", law.ended),
            ("refused", law.refused),
            ("pending", line.line().status().orders_pending.into()),
        ];
        let moving = fates.at(Place::Belt) + fates.at(Place::Back);
        let there = (plant.on_belt() + plant.outside()) as u64;
        Self {
            sorter: sorter.number().get(),
            address: sorter.address(),
            items: items.map(|(key, count)| (key, u64::from(count))).into(),
            host: host.into(),
            events: sorter.events.clone(),
            scan_records: sorter.scan_records,
            bodies: bodies.into(),
            chutes: fates.in_chutes.iter().map(|(chute, count)| (chute.get(), *count)).collect(),
            plant_faults: plant.faults().iter().map(|(kind, count)| (kind.key(), count)).collect(),
            server: server_counts(&sorter.server().counters()),
            wire_faults: sorter.server().faults().counts().map(|(kind, count)| (kind.key(), count)).collect(),
            orders: orders.into(),
            astray: fates.discharges.iter().filter(|(body, chute)| !judge.allows(*body, *chute)).count()
                as u64,
            unaccounted: fates.impossible + moving.abs_diff(there),
            order_faults: law.unbalanced + law.out_of_order,
            unbalanced_scans: sorter.unbalanced,
        }
    }
}

fn server_counts(counters: &ServerCounters) -> BTreeMap<&'static str, u64> {
    [
        ("connections", counters.connections),
        ("turned_away", counters.turned_away),
        ("idle_closed", counters.idle_closed),
        ("malformed", counters.malformed),
        ("cut", counters.cut),
        ("accept_errors", counters.accept_errors),
        ("requests", counters.requests),
        ("lost_pipelined", counters.lost_pipelined),
        ("foreign_units", counters.foreign_units),
        ("exceptions", counters.exceptions),
    ]
    .into()
}
