//! Hubs over links: the real exchange and link between each controller and its PLC, in memory and over sockets.

#![expect(clippy::unwrap_used, reason = "what a test sets up is right, or the test fails")]

use sorter_core::units::Micros;
use sorter_sim::live::{self, LiveFault, LiveOptions, Transport};
use sorter_sim::report::{LinksReport, Summary};
use sorter_sim::run_options::RunOptions;
use sorter_sim::scenario::{Sabotage, SabotageKind, Scenario};

/// Two sorters for a minute at their design load.
fn scenario(seed: u64, parcels: u32) -> Scenario {
    let mut scenario = Scenario {
        seed,
        parcels,
        hubs: 1,
        sorters: 2,
        arrive_within: Some(Micros::from_secs(60)),
        ..Scenario::default()
    };
    scenario.plant.return_time = Micros::from_secs(5);
    scenario.plant.put_back_after = Micros::from_secs(5);
    (scenario.hall.fetch_min, scenario.hall.fetch_max) = (Micros::from_secs(5), Micros::from_secs(10));
    scenario
}

fn run(scenario: &Scenario, transport: Transport, faults: &[&str]) -> Summary {
    let faults = faults.iter().map(|fault| fault.parse::<LiveFault>().unwrap()).collect();
    let live = LiveOptions { transport, faults, ..LiveOptions::default() };
    let outcome = live::run(scenario, &live, &RunOptions::default(), &|_| {}).unwrap();
    assert_eq!(outcome.summary.exit_code(), 0, "{:?}\n{:#?}", outcome.summary.verdict(), outcome.messages);
    outcome.summary
}

fn links(summary: &Summary) -> &LinksReport {
    summary.links.as_ref().unwrap()
}

#[test]
fn in_memory_the_same_seed_gives_the_same_run_and_another_one_does_not() {
    let [one, again, other] = [1, 1, 2].map(|seed| run(&scenario(seed, 360), Transport::Memory, &[]));
    assert_eq!((&one.digest, &one.fates_digest), (&again.digest, &again.fates_digest));
    assert_eq!(one.links, again.links);
    assert_ne!(one.digest, other.digest);
    assert_eq!((one.late_orders, links(&one).sessions), (0, 2));
}

#[test]
fn a_plc_that_is_switched_off_and_on_loses_no_parcel() {
    let summary = run(&scenario(3, 360), Transport::Memory, &["plc_restart@20:0:3", "plc_restart@40:1:1"]);
    assert_eq!(summary.parcels.inducted, 360);
    assert!(summary.passes.forgotten > 0, "nothing was on the belts");
    assert_eq!((links(&summary).restarts, links(&summary).faults["plc_restart"]), (2, 2));
}

#[test]
fn a_cable_that_is_pulled_for_five_seconds_costs_no_session_and_no_parcel() {
    let summary = run(&scenario(4, 360), Transport::Memory, &["link_cut@15:0:5", "link_cut@30:1:5"]);
    assert_eq!(summary.parcels.inducted, 360);
    let links = links(&summary);
    assert_eq!((links.sessions, links.restarts, links.faults["link_cut"]), (2, 0, 2));
    assert!(links.offline > 900, "{} ticks without connection", links.offline);
}

#[test]
fn no_order_goes_out_and_no_event_is_acknowledged_before_it_is_durable() {
    let summary = run(&scenario(7, 120), Transport::Memory, &[]);
    let journal = summary.journal.as_ref().unwrap();
    // An order for nearly each item, its begin and its end.
    let checked = summary.checked.durability.unwrap();
    assert!(
        2 * checked > 5 * summary.parcels.inducted,
        "{checked} checks of {} parcels",
        summary.parcels.inducted
    );
    assert!(journal.records > 4 * summary.parcels.inducted && journal.held_orders > 100, "{journal:?}");
}

#[test]
fn a_disk_that_says_what_it_does_not_have_is_found_by_orders_and_by_acknowledgements() {
    let mut scenario = scenario(8, 120);
    scenario.sabotage = Some(Sabotage { kind: SabotageKind::OrderBeforeDurable, at_parcel: 20 });
    let live = LiveOptions { transport: Transport::Memory, ..LiveOptions::default() };
    let outcome = live::run(&scenario, &live, &RunOptions::default(), &|_| {}).unwrap();
    assert!(outcome.summary.violations.durability > Some(0), "{:?}", outcome.summary.faults);
    assert!(
        outcome.messages.iter().any(|message| message.contains("the PLC forgets")),
        "{:#?}",
        outcome.messages
    );
}

#[test]
fn a_full_disk_closes_induction_over_links_too_until_there_is_space() {
    let mut scenario = scenario(9, 240);
    scenario.journal.full_at = Some(Micros::from_secs(20));
    scenario.journal.full_for = Micros::from_secs(10);
    let summary = run(&scenario, Transport::Memory, &[]);
    assert_eq!((summary.faults["journal_full"], summary.parcels.inducted), (1, 240));
    let journal = summary.journal.as_ref().unwrap();
    assert!(journal.closed_s >= 2.0 * journal.stalled_s - 1.0 && journal.stalled_s > 5.0, "{journal:?}");
}

#[test]
fn a_fault_of_a_sorter_that_is_not_there_fails_the_run() {
    let live = LiveOptions {
        transport: Transport::Memory,
        faults: vec!["link_cut@1:9:1".parse().unwrap()],
        ..LiveOptions::default()
    };
    let outcome = live::run(&scenario(5, 20), &live, &RunOptions::default(), &|_| {}).unwrap();
    assert_eq!(outcome.summary.exit_code(), 1);
}

#[test]
fn over_sockets_every_parcel_is_accounted_for() {
    let mut scenario = scenario(6, 12);
    scenario.arrive_within = Some(Micros::from_secs(5));
    let live = LiveOptions { transport: Transport::Loopback, ..LiveOptions::default() };
    let outcome = live::run(&scenario, &live, &RunOptions::default(), &|_| {}).unwrap();
    // Whether an order came in time depends on the machine here, and is looked at in virtual time.
    assert_eq!(outcome.messages, Vec::<String>::new());
    assert_eq!(outcome.summary.parcels.inducted, 12);
    assert!(links(&outcome.summary).cycles > 0);
}
