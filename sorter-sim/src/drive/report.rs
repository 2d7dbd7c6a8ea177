//! What a host knows at its end.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use sorter_plc::controller::Attended;
use sorter_plc::cycle::{CycleReport, LinkReport, Times};
use sorter_plc::exchange::SessionState;

use super::DriveConfig;
use super::eyewitness::Eyewitness;
use super::log::{LinkLog, Logs};
use crate::report::Latency;

/// What a host knows at its end. Its JSON form is the output of `sorter-sim drive --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriveReport {
    /// The version of this format: 1.
    pub schema: u32,
    /// The version of the program.
    pub version: String,
    /// How long it ran, in seconds.
    pub ran_s: f64,
    /// The period of the cycle, in microseconds.
    pub period_us: u64,
    /// Whether it only watched.
    pub shadow: bool,
    /// What the operating system granted.
    pub grants: Vec<String>,
    /// Ticks of the cycle thread.
    pub ticks: u64,
    /// Points of its grid at which it did not run.
    pub skipped: u64,
    /// From a point of the grid to the wake-up of the thread, in microseconds.
    pub wake_up_us: Option<Latency>,
    /// The sums over all links.
    pub total: BTreeMap<&'static str, u64>,
    /// An exchange of ORDER and STATUS over all links, in microseconds.
    pub round_trip_us: Option<Latency>,
    /// Each link, in the order of the addresses.
    pub links: Vec<DrivenLink>,
}

/// What is known of one link and the sorter behind it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrivenLink {
    /// Its address.
    pub address: String,
    /// Where its session stood before the end.
    pub state: String,
    /// Whether its session was open then.
    pub up: bool,
    /// The last fault.
    pub fault: Option<String>,
    /// What was counted on the link, in its exchange and by its controller.
    pub counts: BTreeMap<&'static str, u64>,
    /// The balance of the items.
    pub balance: BTreeMap<&'static str, u64>,
    /// Whether what entered is what ended and what the controller has on its belt.
    pub balanced: bool,
    /// What became of items that were on the belt before this host.
    pub found: BTreeMap<&'static str, u64>,
    /// An exchange of ORDER and STATUS, in microseconds.
    pub round_trip_us: Option<Latency>,
    /// From the point of the grid to the begin of a cycle, in microseconds.
    pub lateness_us: Option<Latency>,
    /// How decisions and the present controller compare, in shadow mode.
    pub shadow: Option<String>,
    /// What happened, oldest first.
    pub incidents: Vec<Happened>,
    /// Incidents that are not kept.
    pub dropped_incidents: u64,
}

/// Something that happened on a link.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happened {
    /// Seconds since the start.
    pub at_s: f64,
    /// What.
    pub what: String,
    /// How often, in a row.
    pub times: u64,
}

impl DriveReport {
    pub(super) fn new(
        config: &DriveConfig,
        last: &CycleReport,
        states: &[SessionState],
        hosts: &[Attended<Eyewitness>],
        logs: Logs,
    ) -> Self {
        let addresses = config.addresses.iter().map(ToString::to_string);
        let sides = last.links.iter().zip(states).zip(hosts).zip(logs.links);
        let links: Vec<DrivenLink> = addresses
            .zip(sides)
            .map(|(address, (((link, state), host), log))| DrivenLink::new(address, link, *state, host, log))
            .collect();
        let mut total = BTreeMap::new();
        for (key, count) in links.iter().flat_map(|link| link.counts.iter().chain(&link.balance)) {
            *total.entry(*key).or_default() += count;
        }
        let mut round_trip = Times::coarse();
        last.links.iter().for_each(|link| round_trip.merge(&link.stats.round_trip));
        Self {
            schema: 1,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ran_s: last.at.saturating_since(config.cycle.epoch).get() as f64 / 1e6,
            period_us: config.cycle.period.get(),
            shadow: config.shadow,
            grants: last.grants.iter().map(ToString::to_string).collect(),
            ticks: last.cycle.ticks,
            skipped: last.cycle.skipped,
            wake_up_us: Latency::of_times(&last.cycle.wake_up),
            total,
            round_trip_us: Latency::of_times(&round_trip),
            links,
        }
    }

    /// As one JSON object with a line break at its end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("numbers and texts are JSON");
        text.push('\n');
        text
    }

    /// What is not as it should be: a link that is not up, a balance that does not close, an order for an item that
    /// was found. Empty for a good run.
    pub fn problems(&self) -> Vec<String> {
        self.links.iter().flat_map(DrivenLink::problems).collect()
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for link in &self.links {
            link.print(out)?;
        }
        writeln!(
            out,
            "{:.1} s, {} ticks of {} us, {} skipped",
            self.ran_s, self.ticks, self.period_us, self.skipped
        )?;
        for (what, times) in [("wake-up", &self.wake_up_us), ("round trip", &self.round_trip_us)] {
            if let Some(times) = times {
                let Latency { p50, p99, p999, p9999, max } = times;
                writeln!(
                    out,
                    "{what}: p50 {p50} us, p99 {p99} us, p99.9 {p999} us, p99.99 {p9999} us, max {max} us"
                )?;
            }
        }
        writeln!(out, "{}", self.grants.join("; "))
    }
}

impl DrivenLink {
    fn new(
        address: String,
        link: &LinkReport,
        state: SessionState,
        host: &Attended<Eyewitness>,
        log: LinkLog,
    ) -> Self {
        let Attended { controller, watch } = host;
        let balance = controller.worker().balance();
        let on_belt = controller.items_on_belt() as u64;
        let found = [
            ("found", watch.found),
            ("discharged", watch.discharged),
            ("left", watch.left),
            ("lost", watch.lost),
            ("unknown", watch.unknown),
            ("on_belt", watch.on_belt()),
            ("ordered", watch.ordered),
        ];
        Self {
            address,
            state: format!("{state:?}"),
            up: state == SessionState::Live,
            fault: log.fault,
            counts: counts(link, host),
            balance: [
                ("inducted", balance.inducted),
                ("unexpected", balance.unexpected),
                ("found", balance.found),
                ("discharged", balance.discharged),
                ("left", balance.left),
                ("lost", balance.lost),
                ("unknown", balance.unknown),
                ("on_belt", on_belt),
            ]
            .into(),
            balanced: balance.on_belt() == Some(on_belt),
            found: found.into(),
            round_trip_us: Latency::of_times(&link.stats.round_trip),
            lateness_us: Latency::of_times(&link.stats.lateness),
            shadow: controller.shadow().map(ToString::to_string),
            incidents: log.kept,
            dropped_incidents: log.dropped,
        }
    }

    fn problems(&self) -> Vec<String> {
        let address = &self.address;
        let mut problems = Vec::new();
        if !self.up {
            let fault = self.fault.as_deref().unwrap_or("nothing was heard of it");
            problems.push(format!("{address} is not up, its session is {}: {fault}", self.state));
        }
        if !self.balanced {
            problems.push(format!("{address}: its items do not add up: {:?}", self.balance));
        }
        let found = &self.found;
        let ends = ["discharged", "left", "lost", "unknown", "on_belt"];
        if found["found"] != ends.iter().map(|end| found[end]).sum::<u64>() || found["ordered"] > 0 {
            problems.push(format!("{address}: items that were found ended wrong: {found:?}"));
        }
        problems
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let (counts, balance) = (&self.counts, &self.balance);
        writeln!(
            out,
            "{} {}: {} inducted, {} unexpected, {} found, {} discharged, {} left, {} lost, {} unknown, {} on belt; \
             {} orders, {} late; {} cycles, {} missed, {} offline, {} connects, {} sessions, {} restarts",
            self.address,
            if self.up { "up" } else { "NOT UP" },
            balance["inducted"],
            balance["unexpected"],
            balance["found"],
            balance["discharged"],
            balance["left"],
            balance["lost"],
            balance["unknown"],
            balance["on_belt"],
            counts["orders"],
            counts["late_orders"],
            counts["cycles"],
            counts["missed"],
            counts["offline"],
            counts["connects"],
            counts["sessions"],
            counts["plc_restarts"],
        )?;
        match &self.shadow {
            Some(shadow) => write!(out, "{shadow}"),
            None => Ok(()),
        }
    }
}

/// What was counted on the link, in its exchange and by its controller.
fn counts(link: &LinkReport, host: &Attended<Eyewitness>) -> BTreeMap<&'static str, u64> {
    let (stats, exchange) = (&link.stats, &link.exchange);
    let (controller, tally) = (host.controller.counters(), host.controller.worker().tally());
    [
        ("cycles", stats.cycles),
        ("broken", stats.broken),
        ("missed", stats.missed),
        ("offline", stats.offline),
        ("connects", stats.connects),
        ("refused_connects", stats.refused_connects),
        ("sessions", exchange.sessions),
        ("resyncs", exchange.resyncs),
        ("plc_restarts", exchange.restarts),
        ("closed_by_plc", exchange.closed_by_plc),
        ("foreign", exchange.foreign),
        ("setup_faults", exchange.setup_faults),
        ("torn", exchange.torn),
        ("stalls", exchange.stalls),
        ("number_faults", exchange.number_faults),
        ("encoder_faults", exchange.encoder_faults),
        ("event_overflows", exchange.event_overflows),
        ("scan_overflows", exchange.scan_overflows),
        ("unknown_events", exchange.unknown_events),
        ("repeated_events", exchange.repeated_events),
        ("missed_events", exchange.missed_events),
        ("events", exchange.events),
        ("scans", exchange.scans),
        ("orders", controller.orders),
        ("late_orders", controller.late_orders),
        ("refused_orders", controller.refused),
        ("missed_diverts", controller.missed),
        ("recirculations", controller.recirculations),
        ("unknown_items", controller.unknown_items),
        ("foreign_events", controller.foreign_events),
        ("host_lost", controller.host_lost),
        ("recalls", controller.recalls),
        ("dropped_scans", controller.dropped_scans),
        ("decisions", tally.decisions),
        ("deviations", tally.deviations),
    ]
    .into()
}
