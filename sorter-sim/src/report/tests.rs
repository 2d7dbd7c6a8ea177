use super::*;

fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
}

/// A small run whose sums agree, with every section filled.
fn fixed() -> Summary {
    let mut hourly = Hourly::default();
    for hour in 0..24 {
        hourly.asked[hour] = 100_000 + 9_000 * hour as u64;
        hourly.inducted[hour] = hourly.asked[hour].min(250_000);
    }
    Summary {
        seed: 7,
        version: "0.1.0".to_owned(),
        parcels: Parcels {
            announced: 4_990_000,
            inducted: 5_000_000,
            discharged: 4_879_880,
            recalled: 120,
            exception: 118_000,
            held: 1_000,
            lost: 900,
            on_floor: 100,
            waiting: 0,
            manifested: 4_998_900,
        },
        passes: Passes {
            inducted: 5_120_000,
            unexpected: 500,
            discharged: 4_999_000,
            left: 120_000,
            lost: 1_500,
            forgotten: 0,
            on_belt: 0,
        },
        violations: Conditions::count(|_| Some(0)),
        checked: Conditions::count(|_| Some(5_120_500)),
        missorts: counts(&[("misread", 49), ("swapped_within_windows", 12)]),
        reasons: counts(&[("planned", 4_880_000), ("no_read", 75_000), ("conflicting_reads", 42_500)]),
        faults: counts(&[("no_read", 75_000), ("eye_miss", 15_000), ("failed_divert", 14_600)]),
        late_orders: 31,
        recirculations: 120_000,
        simulated_s: 87_240.0,
        wall_s: 7.25,
        parcels_per_s: 689_655.2,
        events: 46_500_000,
        decision_ns: Some(Latency { p50: 210, p99: 900, p999: 2_400, p9999: 15_300, max: 12_300_000 }),
        digest: hex(0x1234_5678_9abc_def0),
        fates_digest: hex(0xFEED),
        hubs: (0..6)
            .map(|hub| HubRow {
                hub,
                inducted: 833_333,
                discharged: 813_000,
                exception: 19_600,
                held: 166,
                recirculations: 20_000,
                utilisation_max: 0.412,
            })
            .collect(),
        sorters: (0..72)
            .map(|place| SorterRow {
                hub: place / 12,
                sorter: place % 12,
                inducted: 71_000 + 100 * u64::from(place),
                peak_hour_inductions: 7_400,
                utilisation: 0.411,
            })
            .collect(),
        countries: (0..32_u8)
            .map(|n| {
                (
                    format!("{}{}", char::from(b'A' + n % 26), char::from(b'A' + n / 2)),
                    800_000 / (u64::from(n) + 1),
                )
            })
            .collect(),
        hourly,
        events_per_parcel: 9.3,
        plc_scans: 31_000_000,
        flows: FlowCounts { import: 4_650_000, export: 200_000, transit: 150_000 },
        clearance: clearance(),
        departures: departures(),
        containers: ContainerReport {
            opened: 16_240,
            sealed: 16_210,
            loaded: 15_930,
            departed: 15_920,
            manifests_checked: 16_210,
            mean_parcels: 308.4,
        },
        changeovers: ChangeoverReport {
            plans: 2,
            chutes: 60,
            mean_s: 93.6,
            max_s: 402.0,
            recirculations: counts(&[("changeover", 1_240), ("departure_closed", 3_905)]),
        },
        journal: Some(journal()),
        ..Summary::default()
    }
}

fn journal() -> JournalReport {
    JournalReport {
        records: 26_100_000,
        commits: 14_300_000,
        lag_us: Some(Latency { p50: 6_000, p99: 6_000, p999: 6_003, p9999: 10_000, max: 10_007 }),
        most_waiting: 41,
        held_orders: 4_950_000,
        ..JournalReport::default()
    }
}

fn clearance() -> ClearanceReport {
    let hours = |hours: f64| 3_600.0 * hours;
    let stays = |stays, mean, max| Stays { stays, mean, max };
    ClearanceReport {
        notices: 5_130_000,
        applied: 4_980_000,
        refused_older: 5_000,
        kept: 145_000,
        recalls: 140,
        recalls_after_departure: 20,
        recalls_left: 90,
        released_back: 31_400,
        held_dwell_s: BTreeMap::from([
            ("hold".to_owned(), stays(14_000, hours(9.4), hours(23.9))),
            ("inspect".to_owned(), stays(11_200, hours(9.1), hours(23.8))),
            ("status_unknown".to_owned(), stays(6_200, 2_400.0, 10_900.0)),
        ]),
    }
}

fn departures() -> DepartureReport {
    let names = ["AT:Vienna", "DE:Cologne", "DE:Hamburg", "ES:Madrid", "FR:Lyon", "FR:Paris", "GB:London"];
    let lane = |number: usize| LaneRow {
        lane: names.get(number).map_or_else(|| format!("XX:Place {number}"), |name| (*name).to_owned()),
        departures: 6,
        containers: 940,
        pieces: 287_000,
        missed: 40 * (number as u64 % 5),
    };
    DepartureReport {
        cut_offs: 102,
        departed: 102,
        containers_loaded: 15_920,
        pieces_loaded: 4_870_000,
        left_behind: 3,
        containers_waiting: 120,
        pieces_waiting: 9_800,
        missed: counts(&[("hold", 1_300), ("departure_closed", 900), ("no_read", 20)]),
        by_lane: (0..17).map(lane).collect(),
    }
}

fn page(summary: &Summary) -> String {
    let mut out = Vec::new();
    print_table(summary, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_json_object_has_the_keys_of_the_command_line() {
    let value: serde_json::Value = serde_json::from_str(&fixed().to_json()).unwrap();
    let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys[..22],
        [
            "schema",
            "seed",
            "version",
            "parcels",
            "passes",
            "violations",
            "checked",
            "missorts",
            "reasons",
            "faults",
            "late_orders",
            "recirculations",
            "simulated_s",
            "wall_s",
            "parcels_per_s",
            "events",
            "decision_ns",
            "cycle_us",
            "digest",
            "fates_digest",
            "hubs",
            "sorters"
        ]
    );
    assert_eq!(value["schema"], 1);
    assert_eq!(value["violations"]["accounting"], 0);
    assert_eq!(value["violations"]["durability"], 0);
    assert!(value["cycle_us"].is_null() && value["links"].is_null());
    assert_eq!(value["journal"]["lag_us"]["p50"], 6_000);
    assert_eq!(value["journal"]["held_orders"], 4_950_000);
    assert_eq!(value["checked"].as_object().unwrap().len(), 8);
    assert_eq!(value["decision_ns"]["p9999"], 15_300);
    assert_eq!(value["digest"], "123456789abcdef0");
    assert_eq!(value["hourly"]["asked"].as_array().unwrap().len(), 24);
    assert_eq!(value["parcels"]["on_floor"], 100);
    assert_eq!(value["passes"]["on_belt"], 0);
    assert_eq!(value["parcels"]["recalled"], 120);
    assert_eq!(value["parcels"]["manifested"], 4_998_900);
    assert_eq!(value["flows"]["transit"], 150_000);
    assert_eq!(value["clearance"]["held_dwell_s"]["hold"]["stays"], 14_000);
    assert_eq!(value["departures"]["missed"]["departure_closed"], 900);
    assert_eq!(value["departures"]["by_lane"][1]["lane"], "DE:Cologne");
    assert_eq!(value["containers"]["mean_parcels"], 308.4);
    assert_eq!(value["changeovers"]["recirculations"]["changeover"], 1_240);
}

#[test]
fn passes_only_when_every_condition_was_checked() {
    let mut summary = fixed();
    assert_eq!((summary.verdict(), summary.exit_code()), (Verdict::Passed, 0));
    summary.checked.claim = Some(0);
    assert_eq!((summary.verdict(), summary.exit_code()), (Verdict::Unchecked(vec![Condition::Claim]), 1));
    summary.checked.claim = None;
    assert_eq!(summary.verdict(), Verdict::Unchecked(vec![Condition::Claim]));
    assert_eq!(Summary::default().verdict(), Verdict::Unchecked(Condition::ALL.to_vec()));
}

#[test]
fn every_condition_has_to_be_checked() {
    for condition in [Condition::Customs, Condition::Departure, Condition::Durability] {
        let mut summary = fixed();
        let without = |counts: Conditions| Conditions::count(|of| counts.of(of).filter(|_| of != condition));
        (summary.checked, summary.violations) = (without(summary.checked), without(summary.violations));
        assert_eq!(summary.verdict(), Verdict::Unchecked(vec![condition]));
    }
}

#[test]
fn a_violation_breaks_the_run_even_where_something_is_unchecked() {
    let mut summary = fixed();
    summary.checked.claim = Some(0);
    summary.violations.capacity = Some(3);
    assert_eq!(summary.verdict(), Verdict::Broken(vec![Finding::Broken(Condition::Capacity, 3)]));
    assert_eq!(summary.exit_code(), 1);
    assert!(page(&summary).contains("\nBROKEN: capacity 3 times\n"));
}

#[test]
fn sums_that_do_not_agree_break_the_run() {
    let mut summary = fixed();
    summary.passes.left += 1;
    summary.parcels.recalled -= 1;
    assert_eq!(
        summary.verdict(),
        Verdict::Broken(vec![Finding::ParcelsDoNotAddUp, Finding::PassesDoNotAddUp])
    );
    assert!(page(&summary).contains('≠'));
}

#[test]
fn more_missorts_by_tracking_than_allowed_break_the_run() {
    let mut summary = fixed();
    summary.missorts_allowed = 47;
    summary.missorts.insert("tracking".to_owned(), 47);
    assert_eq!(summary.verdict(), Verdict::Passed);
    summary.missorts.insert("tracking".to_owned(), 48);
    assert_eq!(summary.verdict(), Verdict::Broken(vec![Finding::TooManyMissorts(48, 47)]));
    assert!(page(&summary).contains("BROKEN: 48 missorts by tracking, 47 are allowed"));
}

#[test]
fn a_fault_of_the_journal_that_did_not_happen_breaks_the_run() {
    let mut summary = fixed();
    summary.faults.insert("journal_full".to_owned(), 1);
    assert_eq!(summary.verdict(), Verdict::Passed);
    summary.faults.insert("journal_full".to_owned(), 0);
    assert_eq!(summary.verdict(), Verdict::Broken(vec![Finding::FaultMissing("journal_full".to_owned())]));
}

#[test]
fn a_journal_that_failed_breaks_the_run_and_says_so() {
    let mut summary = fixed();
    summary.journal = Some(JournalReport { failed: 2, ..journal() });
    assert_eq!(summary.verdict(), Verdict::Broken(vec![Finding::JournalFailed(2)]));
    let page = page(&summary);
    assert!(page.contains("BROKEN: journals that failed for good: 2"));
    assert!(page.contains("failed for good in 2 hubs"));
}

#[test]
fn a_journal_that_fell_behind_is_an_alarm_on_the_page() {
    let mut summary = fixed();
    let slow = JournalReport {
        alarms: 3,
        throttled_s: 90.0,
        closed_s: 7.5,
        stalls: 1,
        stalled_s: 60.0,
        ..journal()
    };
    summary.journal = Some(slow);
    assert_eq!(summary.verdict(), Verdict::Passed);
    let page = page(&summary);
    assert!(page.contains("ALARM 3 times: induction slowed down for 1 min 30 s, closed for 7.5 s"), "{page}");
    assert!(page.contains("no space 1 times, for 1 min 00 s"), "{page}");
}

#[test]
fn the_page_fits_into_100_columns_without_colour() {
    let mut widest = fixed();
    widest.sorters.iter_mut().for_each(|sorter| (sorter.inducted, sorter.utilisation) = (432_000, 1.0));
    for reason in sorter_core::reason::Reason::ALL {
        widest.reasons.insert(reason.key().to_owned(), 35_000_000);
        widest.departures.missed.insert(reason.key().to_owned(), 35_000_000);
        widest.changeovers.recirculations.insert(reason.key().to_owned(), 35_000_000);
        let week = Stays { stays: 35_000_000, mean: 604_800.0, max: 604_800.0 };
        widest.clearance.held_dwell_s.insert(reason.key().to_owned(), week);
    }
    widest.parcels = Parcels {
        announced: 35_000_000,
        inducted: 35_000_000,
        discharged: 35_000_000,
        recalled: 35_000_000,
        exception: 35_000_000,
        held: 35_000_000,
        lost: 35_000_000,
        on_floor: 35_000_000,
        waiting: 35_000_000,
        manifested: 35_000_000,
    };
    widest.clearance = ClearanceReport {
        notices: 350_000_000,
        applied: 350_000_000,
        refused_older: 35_000_000,
        kept: 35_000_000,
        recalls: 1_000_000,
        recalls_after_departure: 1_000_000,
        recalls_left: 1_000_000,
        released_back: 1_000_000,
        ..widest.clearance
    };
    widest.departures.by_lane.push(LaneRow {
        lane: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch".to_owned(),
        departures: 1_000,
        containers: 1_000_000,
        pieces: 35_000_000,
        missed: 35_000_000,
    });
    widest.journal = Some(JournalReport {
        records: 500_000_000,
        commits: 500_000_000,
        lag_us: Some(Latency {
            p50: 60_000_000,
            p99: 60_000_000,
            p999: 60_000_000,
            p9999: 60_000_000,
            max: 3_600_000_000,
        }),
        most_waiting: 1_000_000,
        held_orders: 500_000_000,
        late_held_orders: 500_000_000,
        called_off: 500_000_000,
        alarms: 1_000_000,
        throttled_s: 604_800.0,
        closed_s: 604_800.0,
        stalls: 1_000_000,
        stalled_s: 604_800.0,
        failed: 64,
    });
    let page = page(&fixed()) + &page(&widest);
    for line in page.lines() {
        assert!(line.chars().count() <= 100, "{} columns: {line}", line.chars().count());
        assert_eq!(line.trim_end(), line);
    }
    assert!(!page.contains('\u{1b}'));
}

#[test]
fn the_page_of_a_run_stays_as_it_is() {
    let page = page(&fixed());
    let expected = include_str!("page.txt");
    assert_eq!(page, expected, "\n{page}");
}

#[test]
fn a_report_of_nothing_prints() {
    let page = page(&Summary::default());
    assert!(page.contains("UNCHECKED: never tested: accounting, claim"));
    assert!(page.contains("none sampled"));
}

#[test]
fn a_hub_with_more_sorters_than_a_line_continues_on_the_next() {
    let mut summary = fixed();
    summary.sorters = (0..14)
        .map(|sorter| SorterRow { hub: 0, sorter, inducted: 71_000, ..SorterRow::default() })
        .collect();
    assert!(page(&summary).contains(" s12+"));
}
