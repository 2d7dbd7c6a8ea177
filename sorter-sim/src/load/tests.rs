use std::collections::BTreeSet;

use sorter_core::address::Country;
use sorter_core::departure::Mode;

use super::*;
use crate::scenario::{Flows, Hall, Profile, Weekday};

/// Weights of four countries with a known mix, spread over a few postcodes each.
const WEIGHTS: [u32; 8] = [100, 60, 90, 70, 300, 130, 200, 50];

const PEAKED: [f64; 24] = {
    let mut shares = [0.02; 24];
    shares[14] = 0.3;
    shares[15] = 0.2;
    shares
};

fn scenario(parcels: u32) -> Scenario {
    Scenario { parcels, hubs: 6, sorters: 12, ..Scenario::default() }
}

fn network(destinations: &AliasTable) -> Network<'_> {
    let lengths_mm = &[200, 250, 400];
    Network { destinations, lengths_mm, hourly: &PEAKED, arrivals: &[], onward: None }
}

fn load(scenario: &Scenario, hub: u8) -> HubLoad {
    let destinations = AliasTable::new(&WEIGHTS).unwrap();
    HubLoad::build(scenario, HubId::new(hub), &network(&destinations), 18_000).unwrap()
}

#[test]
fn a_parcel_takes_32_bytes() {
    assert_eq!(size_of::<SimParcel>(), 32);
}

#[test]
fn parcels_are_split_exactly_and_evenly() {
    for parcels in [1, 71, 72, 73, 1_000, 100_003] {
        let scenario = scenario(parcels);
        let mut sizes = Vec::new();
        for hub in 0..6 {
            let load = load(&scenario, hub);
            sizes.extend((0..12).map(|sorter| load.sorter(SorterId::new(sorter)).len()));
        }
        assert_eq!(sizes.iter().sum::<usize>(), parcels as usize);
        assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
    }
}

#[test]
fn arrivals_rise_and_follow_the_planned_hours() {
    let load = load(&scenario(200_000), 3);
    let mut hours = [0_u32; 24];
    for sorter in 0..12 {
        let parcels = load.sorter(SorterId::new(sorter));
        assert!(parcels.is_sorted_by_key(|parcel| parcel.arrival));
        for parcel in parcels {
            hours[usize::try_from(parcel.arrival.get() / 3_600_000_000).unwrap()] += 1;
        }
    }
    assert_eq!(hours, load.planned().get());
    assert_eq!(load.asked().total(), load.planned().total());
    assert!(load.sorter(SorterId::new(12)).is_empty());
}

#[test]
fn no_hour_is_above_the_planned_utilisation() {
    let scenario = scenario(5_000_000);
    let load = load(&scenario, 0);
    // 69,444 parcels, 30 % of them asked for between 14 and 15 h: 20,833 against a limit of 14,400.
    assert!(load.asked().get()[14] > 12 * 14_400);
    let mut hours = [0_u32; 24];
    for parcel in load.sorter(SorterId::new(11)) {
        hours[usize::try_from(parcel.arrival.get() / 3_600_000_000).unwrap()] += 1;
    }
    assert!(hours.iter().all(|count| *count <= 14_400), "{hours:?}");
    assert_eq!(hours[14], 14_400);
}

#[test]
fn refuses_a_day_that_cannot_hold_the_parcels() {
    let destinations = AliasTable::new(&[1]).unwrap();
    let network = Network { hourly: &[1.0; 24], ..network(&destinations) };
    let scenario = Scenario { parcels: 345_601, hubs: 1, sorters: 1, ..Scenario::default() };
    let refused = HubLoad::build(&scenario, HubId::new(0), &network, 18_000).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "345601 parcels on one sorter are more than it can induct in 1 d (14400 an hour at a \
         utilisation of 0.8); take fewer parcels, more hubs or more sorters"
    );
}

#[test]
fn refuses_a_network_without_lengths() {
    let destinations = AliasTable::new(&[1]).unwrap();
    let network = Network { lengths_mm: &[], ..network(&destinations) };
    let refused = HubLoad::build(&scenario(10), HubId::new(0), &network, 18_000).unwrap_err();
    assert_eq!(refused, LoadError::BadShapes { count: 0 });
}

#[test]
fn destinations_follow_the_weights() {
    let load = load(&scenario(600_000), 1);
    let mut counts = [0_u32; WEIGHTS.len()];
    for parcel in load.parcels() {
        counts[parcel.postcode as usize] += 1;
    }
    let total = f64::from(WEIGHTS.iter().sum::<u32>());
    for (count, weight) in counts.into_iter().zip(WEIGHTS) {
        let share = f64::from(weight) / total;
        let (expected, deviation) = (100_000.0 * share, (100_000.0 * share * (1.0 - share)).sqrt());
        assert!((f64::from(count) - expected).abs() < 5.0 * deviation, "{counts:?}");
    }
}

#[test]
fn announcements_and_labels_come_at_their_rates() {
    let mut scenario = scenario(600_000);
    scenario.reads.duplicate_label = Rate::from_ppm(1_000);
    let load = load(&scenario, 2);
    let (mut late, mut never, mut copies, mut both) = (0_u32, 0_u32, 0_u32, 0_u32);
    for (index, parcel) in (0..).zip(load.parcels()) {
        match parcel.announced() {
            Announced::Before => {}
            Announced::Late(after) => {
                assert!(after > Micros::ZERO && after <= LATEST_ANNOUNCEMENT);
                late += 1;
            }
            Announced::Never => never += 1,
        }
        if parcel.label != index {
            copies += 1;
            let other = &load.parcels()[parcel.label as usize];
            assert_eq!((other.label, other.kind), (parcel.label, parcel.kind));
        }
        both += u32::from(parcel.kind.both);
    }
    // 100,000 parcels; five standard deviations each.
    assert!(late.abs_diff(200) < 71, "{late}");
    assert!(never.abs_diff(300) < 87, "{never}");
    assert!(copies.abs_diff(100) < 50, "{copies}");
    assert!(both.abs_diff(85_000) < 565, "{both}");
}

#[test]
fn a_changed_rate_changes_only_what_it_is_about() {
    let nominal = scenario(60_000);
    let mut other = nominal.clone();
    other.reads.not_announced = Rate::from_ppm(500_000);
    let (nominal, other) = (load(&nominal, 4), load(&other, 4));
    assert_ne!(nominal, other);
    for (a, b) in nominal.parcels().iter().zip(other.parcels()) {
        assert_eq!(
            (a.arrival, a.label, a.postcode, a.shape, a.kind),
            (b.arrival, b.label, b.postcode, b.shape, b.kind)
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_load_and_another_seed_another() {
    let first = scenario(60_000);
    assert_eq!(load(&first, 5), load(&first, 5));
    assert_ne!(load(&first, 5).parcels(), load(&first, 4).parcels());
    let second = Scenario { seed: 2, ..first.clone() };
    assert_ne!(load(&first, 5), load(&second, 5));
}

#[test]
fn codes_of_two_hubs_never_meet() {
    let mut scenario = scenario(30_000);
    scenario.reads.duplicate_label = Rate::ZERO;
    let mut seen = BTreeSet::new();
    let mut printed = 0;
    for hub in 0..6 {
        for parcel in load(&scenario, hub).parcels() {
            for code in codes_of(HubId::new(hub), parcel.label, parcel.kind).iter() {
                printed += 1;
                seen.insert(code.as_slice().to_vec());
            }
        }
    }
    assert_eq!(seen.len(), printed);
}

const HOUR: u64 = 3_600;

fn arrival(mode: Mode, hour: u64, pieces: u32) -> WeeklyArrival {
    WeeklyArrival { at: Micros::from_secs(hour * HOUR), pieces, mode }
}

/// Two flights and a truck on Tuesday, a flight on Wednesday and one late on Sunday.
fn arrivals() -> [WeeklyArrival; 5] {
    [
        arrival(Mode::Flight, 24 + 10, 200),
        arrival(Mode::Flight, 24 + 20, 100),
        arrival(Mode::Truck, 24 + 5, 7),
        arrival(Mode::Flight, 48 + 10, 100),
        arrival(Mode::Flight, 6 * 24 + 22, 100),
    ]
}

/// A Tuesday by the flights, or a week; each flight is unloaded in four hours.
fn by_flights(parcels: u32, days: u8) -> Scenario {
    let hall = Hall { unload: Micros::from_secs(4 * HOUR), ..Hall::default() };
    Scenario { profile: Profile::Flights, days, hall, ..scenario(parcels) }
}

/// A flight to the last two of the postcodes on Tuesday and one on Friday.
fn onward() -> Onward {
    let [gb, de] = ["GB", "DE"].map(|code| Country::parse(code).unwrap());
    let flight = |id: &str, hour: u64| OnwardConnection {
        id: id.into(),
        countries: vec![gb],
        departs: Micros::from_secs(hour * HOUR),
    };
    let rows = WEIGHTS.iter().enumerate().map(|(index, weight)| (if index < 6 { de } else { gb }, *weight));
    Onward::new(rows, vec![flight("X01", 24 + 22), flight("X02", 4 * 24 + 22)]).unwrap()
}

fn load_by_flights(scenario: &Scenario, onward: Option<&Onward>) -> HubLoad {
    let destinations = AliasTable::new(&WEIGHTS).unwrap();
    let network = Network { arrivals: &arrivals(), onward, ..network(&destinations) };
    HubLoad::build(scenario, HubId::new(0), &network, 18_000).unwrap()
}

#[test]
fn parcels_of_a_flight_come_evenly_from_an_hour_after_landing() {
    let load = load_by_flights(&by_flights(86_400, 1), None);
    let mut expected = [0; 24];
    expected[11..15].fill(2_400);
    // The last hour of the evening flight is that of the same flight a week before.
    expected[21..24].fill(1_200);
    expected[0] = 1_200;
    assert_eq!(load.asked().get(), expected);
    assert_eq!(load.parcels().len(), 14_400);
}

#[test]
fn a_week_has_the_flights_of_every_day_and_its_total_stays() {
    let load = load_by_flights(&by_flights(72_000, 7), None);
    let counts = load.asked().get();
    assert_eq!((counts.len(), load.asked().total()), (7 * 24, 12_000));
    let days: Vec<u32> = counts.chunks(24).map(|day| day.iter().sum()).collect();
    // A quarter of the evening flight of Tuesday comes on Wednesday, three of that of Sunday on Monday.
    assert_eq!(days, [1_800, 6_600, 3_000, 0, 0, 0, 600]);
    assert!(load.sorter(SorterId::new(3)).last().unwrap().arrival > Micros::from_secs(6 * 24 * HOUR));
}

#[test]
fn refuses_a_day_on_which_no_flight_lands() {
    let destinations = AliasTable::new(&WEIGHTS).unwrap();
    let network = Network { arrivals: &arrivals(), ..network(&destinations) };
    let scenario = Scenario { weekday: Weekday::Thu, ..by_flights(100, 1) };
    let refused = HubLoad::build(&scenario, HubId::new(0), &network, 18_000).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no flight lands in the 1 d of the run, so no parcel arrives by the profile \"flights\""
    );
}

#[test]
fn export_comes_by_truck_and_transit_by_flight_at_their_rates() {
    let onward = onward();
    let load = load_by_flights(&by_flights(604_800, 1), Some(&onward));
    let (mut exports, mut transits) = (0_u32, 0_u32);
    for parcel in load.parcels() {
        let hour = parcel.arrival.get() / 1_000_000 / HOUR;
        match parcel.flow {
            Flow::Import => assert_ne!(hour, 6),
            Flow::Export { connection } => {
                assert_eq!((hour, connection), (6, 0));
                exports += 1;
            }
            Flow::Transit { connection } => {
                assert_ne!(hour, 6);
                // Four hours before the flight of Tuesday the next one is that of Friday.
                assert_eq!(connection, u16::from(hour >= 18), "{parcel:?}");
                transits += 1;
            }
        }
        assert!(parcel.flow == Flow::Import || parcel.postcode >= 6);
        assert_eq!(parcel.flow.connection().is_none(), parcel.flow == Flow::Import);
    }
    // 100,800 parcels; export is exact, transit within five standard deviations.
    assert_eq!(exports, 4_032);
    assert!(transits.abs_diff(3_024) < 271, "{transits}");
}

#[test]
fn export_and_transit_come_in_every_hour_of_a_profile() {
    let scenario = scenario(600_000);
    let destinations = AliasTable::new(&WEIGHTS).unwrap();
    let network = Network { onward: Some(&onward()), ..network(&destinations) };
    let load = HubLoad::build(&scenario, HubId::new(0), &network, 18_000).unwrap();
    let count = |of: fn(&Flow) -> bool| load.parcels().iter().filter(|parcel| of(&parcel.flow)).count();
    let exports = count(|flow| matches!(flow, Flow::Export { .. }));
    let transits = count(|flow| matches!(flow, Flow::Transit { .. }));
    assert!(exports.abs_diff(4_000) < 310, "{exports}");
    assert!(transits.abs_diff(3_000) < 270, "{transits}");
}

#[test]
fn flows_change_nothing_about_import_parcels() {
    let scenario = by_flights(60_000, 1);
    let onward = onward();
    let (plain, with_flows) = (load_by_flights(&scenario, None), load_by_flights(&scenario, Some(&onward)));
    assert!(plain.parcels().iter().all(|parcel| parcel.flow == Flow::Import));
    for (a, b) in plain.parcels().iter().zip(with_flows.parcels()) {
        assert_eq!((a.label, a.shape, a.kind, a.announced()), (b.label, b.shape, b.kind, b.announced()));
        assert!(b.flow != Flow::Import || a.postcode == b.postcode);
    }
}

#[test]
fn what_waits_for_a_sorter_stays_what_it_was() {
    let onward = onward();
    let scenario = Scenario {
        hubs: 1,
        sorters: 1,
        flows: Flows { export: Rate::from_ppm(200_000), ..Flows::default() },
        ..by_flights(200_000, 1)
    };
    // The truck brings 40,000 at 6 h, the flights almost 27,000 an hour, and 14,400 are inducted.
    let load = load_by_flights(&scenario, Some(&onward));
    assert_eq!((load.asked().get()[6], load.planned().get()[6]), (40_000, 14_400));
    let export = |parcel: &&SimParcel| matches!(parcel.flow, Flow::Export { .. });
    assert_eq!(load.parcels().iter().filter(export).count(), 40_000);
}
