use std::collections::BTreeSet;

use super::*;

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

fn load(scenario: &Scenario, hub: u8) -> HubLoad {
    let destinations = AliasTable::new(&WEIGHTS).unwrap();
    let network = Network { destinations: &destinations, lengths_mm: &[200, 250, 400], hourly: &PEAKED };
    HubLoad::build(scenario, HubId::new(hub), &network, 18_000).unwrap()
}

#[test]
fn a_parcel_takes_24_bytes() {
    assert_eq!(size_of::<SimParcel>(), 24);
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
    assert_eq!(&hours, load.planned().get());
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
    let network = Network { destinations: &destinations, lengths_mm: &[200], hourly: &[1.0; 24] };
    let scenario = Scenario { parcels: 345_601, hubs: 1, sorters: 1, ..Scenario::default() };
    let refused = HubLoad::build(&scenario, HubId::new(0), &network, 18_000).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "345601 parcels on one sorter are more than it can induct in a day (14400 an hour at a \
         utilisation of 0.8); take fewer parcels, more hubs or more sorters"
    );
}

#[test]
fn refuses_a_network_without_lengths() {
    let destinations = AliasTable::new(&[1]).unwrap();
    let network = Network { destinations: &destinations, lengths_mm: &[], hourly: &[1.0; 24] };
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
