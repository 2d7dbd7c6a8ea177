//! Manifests, loading and leaving.

use super::*;

/// Two items in the container of chute 0, which is being exchanged.
fn two() -> (Hall, [ItemId; 2]) {
    let mut hall = Hall::new();
    let items = [0, 0].map(|number| hall.order(number));
    for item in items {
        hall.discharge(item, 0, A);
    }
    hall.take_away(0);
    hall.put(0, 2);
    assert_eq!(hall.broken(), GOOD);
    (hall, items)
}

#[test]
fn a_manifest_is_the_event_log_of_its_container_in_its_order() {
    let (mut hall, [first, second]) = two();
    hall.manifest(&listed(0, Some(0), departure(0), &[first, second]));
    assert_eq!(hall.broken(), GOOD);
    for wrong in [&[first][..], &[second, first], &[first, first, second], &[]] {
        let (mut hall, _) = two();
        hall.manifest(&listed(0, Some(0), departure(0), wrong));
        assert_eq!(hall.broken(), DEPARTURE, "{wrong:?}");
    }
}

#[test]
fn plate_departure_and_sum_of_a_manifest_are_checked() {
    let (_, items) = two();
    let mut added = listed(0, Some(0), departure(0), &items);
    added.weight_total = Grams::new(5);
    let wrong = [
        listed(0, Some(1), departure(0), &items),
        listed(0, None, departure(0), &items),
        listed(0, Some(0), departure(1), &items),
        listed(0, Some(0), None, &items),
        added,
    ];
    for manifest in wrong {
        let (mut hall, _) = two();
        hall.manifest(&manifest);
        assert_eq!(hall.broken(), DEPARTURE, "{manifest:?}");
    }
}

#[test]
fn each_container_is_sealed_once() {
    let (mut hall, items) = two();
    let manifest = listed(0, Some(0), departure(0), &items);
    hall.manifest(&manifest);
    hall.manifest(&manifest);
    assert_eq!(hall.broken(), DEPARTURE);
    hall.manifest(&Manifest { sorter: SorterId::new(9), ..manifest });
    assert_eq!(hall.broken(), DEPARTURE);
}

#[test]
fn weights_are_those_of_the_scale() {
    let weigh = |stated: u32, after_decision: bool| {
        let mut hall = Hall::new();
        let item = ItemId::new(1);
        let weigh = |hall: &mut Hall| hall.checker.weighed(SORTER, item, Grams::new(420));
        if !after_decision {
            weigh(&mut hall);
        }
        assert_eq!(hall.order(0), item);
        if after_decision {
            weigh(&mut hall);
        }
        hall.discharge(item, 0, A);
        hall.take_away(0);
        hall.put(0, 1);
        let mut content = Content::default();
        content.push(ManifestEntry { parcel: None, item, weight: Grams::new(stated) });
        let like = listed(0, Some(0), departure(0), &[]);
        let head = ManifestHead {
            container: like.container,
            plate: like.plate,
            kind: like.kind,
            sorter: like.sorter,
            chute: like.chute,
            lane: like.lane,
            departure: like.departure,
            opened: like.opened,
        };
        hall.manifest(&content.seal(head, Micros::ZERO));
        hall.broken()
    };
    assert_eq!((weigh(420, false), weigh(420, true), weigh(0, true)), (GOOD, GOOD, GOOD));
    assert_eq!((weigh(0, false), weigh(421, false), weigh(421, true)), (DEPARTURE, DEPARTURE, DEPARTURE));
}

#[test]
fn a_body_more_than_the_manifest_says_is_found_unless_it_came_by_itself() {
    let count = |own_order: bool| {
        let mut hall = Hall::new();
        let item = hall.order(0);
        hall.discharge(item, 0, A);
        let extra = hall.order(0);
        let slide = Slide {
            sorter: SORTER,
            chute: chute(0),
            at: hall.at,
            parcel: 9,
            item: Some(extra),
            own_order,
            disturbed: false,
            heading: None,
        };
        hall.checker.slid(&mut hall.findings, &slide);
        hall.take_away(0);
        hall.put(0, 2);
        hall.manifest(&listed(0, Some(0), departure(0), &[item]));
        hall.broken()
    };
    assert_eq!((count(true), count(false)), (DEPARTURE, GOOD));
}

#[test]
fn a_body_that_the_plc_takes_for_missed_disturbs_its_container() {
    let mut hall = Hall::new();
    let item = hall.order(0);
    hall.slide(item, 0, A);
    hall.event(item, Event::Missed { diverter: DiverterId::new(0), chute: chute(0) });
    hall.take_away(0);
    hall.put(0, 1);
    hall.manifest(&listed(0, Some(0), departure(0), &[]));
    assert_eq!(hall.broken(), GOOD);
}

#[test]
fn a_container_is_loaded_once_sealed_by_its_lane_and_before_it_leaves() {
    let loaded = |load: &dyn Fn(&mut Hall)| {
        let (mut hall, items) = two();
        hall.manifest(&listed(0, Some(0), departure(0), &items));
        load(&mut hall);
        hall.broken()
    };
    let load = |hall: &mut Hall, number, connection: &str, minute| {
        hall.checker.loaded(&mut hall.findings, &plate(number), connection, 0, minutes(minute));
    };
    assert_eq!(loaded(&|hall| load(hall, 0, "T1", 260)), GOOD);
    // Only a container that was left behind goes with the next one.
    assert_eq!(loaded(&|hall| load(hall, 0, "T2", 260)), DEPARTURE);
    let left_behind = |hall: &mut Hall| {
        let load = VehicleLoad { left_behind: &[&plate(0)], ..VehicleLoad::default() };
        hall.checker.departed(&mut hall.findings, "T1", 0, minutes(270), &load);
    };
    let next = |hall: &mut Hall| {
        left_behind(hall);
        load(hall, 0, "T2", 300);
    };
    assert_eq!(loaded(&next), GOOD);
    assert_eq!(loaded(&|hall| load(hall, 0, "T1", 270)), DEPARTURE);
    assert_eq!(loaded(&|hall| load(hall, 0, "X1", 260)), DEPARTURE);
    assert_eq!(loaded(&|hall| load(hall, 0, "T9", 260)), DEPARTURE);
    // It still stands at its chute.
    assert_eq!(loaded(&|hall| load(hall, 1, "X1", 260)), DEPARTURE);
    assert_eq!(loaded(&|hall| load(hall, 77, "T1", 260)), DEPARTURE);
    let twice = |hall: &mut Hall| [0, 0].into_iter().for_each(|number| load(hall, number, "T1", 260));
    assert_eq!(loaded(&twice), DEPARTURE);
}

#[test]
fn a_container_is_loaded_neither_without_a_manifest_nor_before_its_departure() {
    let (mut hall, _) = two();
    hall.checker.loaded(&mut hall.findings, &plate(0), "T1", 0, minutes(260));
    assert_eq!(hall.broken(), DEPARTURE);

    let mut hall = Hall::new();
    hall.at = minutes(230);
    hall.event(ItemId::NONE, Event::Jam { eye: EyeId::new(1), begins: true });
    hall.swap(0, Some(0), departure(1), &[]);
    hall.checker.loaded(&mut hall.findings, &plate(0), "T1", 0, minutes(260));
    assert_eq!(hall.broken(), DEPARTURE);
}

#[test]
fn a_departure_leaves_once_and_not_before_its_time() {
    let mut hall = Hall::new();
    let mut depart = |connection, minute| {
        hall.checker.departed(&mut hall.findings, connection, 0, minutes(minute), &VehicleLoad::default());
        hall.broken()
    };
    assert_eq!(depart("T1", 269), DEPARTURE);
    assert_eq!(depart("T1", 270), GOOD);
    assert_eq!(depart("T1", 271), DEPARTURE);
    assert_eq!(depart("T9", 271), DEPARTURE);
}

#[test]
fn at_the_end_nothing_is_left_at_a_chute_and_every_manifest_has_come() {
    let (mut hall, items) = two();
    hall.checker.finished(&mut hall.findings, hall.at);
    assert_eq!(hall.broken(), (2, 0), "the manifest, and the sum");
    hall.manifest(&listed(0, Some(0), departure(0), &items));
    hall.checker.finished(&mut hall.findings, hall.at);
    assert_eq!(hall.broken(), GOOD);
    hall.scan(0, 30, true);
    let item = hall.order(0);
    hall.discharge(item, 0, A);
    hall.checker.finished(&mut hall.findings, hall.at);
    assert_eq!(hall.broken(), (2, 0));
}

#[test]
fn a_container_that_is_exchanged_by_hand_after_its_cut_off_goes_with_the_next_departure_when_it_is_empty() {
    for filled in [false, true] {
        let mut hall = Hall::new();
        let items: Vec<ItemId> = (0..u16::from(filled)).map(|_| hall.order(0)).collect();
        items.iter().for_each(|item| hall.discharge(*item, 0, A));
        hall.at = minutes(226);
        hall.checker.container_closed(&mut hall.findings, SORTER, chute(0), hall.at, u32::from(filled));
        hall.checker.swapped_by_hand(SORTER, chute(0), hall.at);
        hall.manifest(&listed(0, Some(0), departure(u16::from(!filled)), &items));
        assert_eq!(hall.broken(), GOOD);
    }
}

#[test]
fn a_departure_takes_along_what_was_loaded_and_leaves_the_rest_behind() {
    let departs = |is_loaded: bool, pieces: u32, gone: &[u32], stay: &[u32]| {
        let (mut hall, items) = two();
        hall.manifest(&listed(0, Some(0), departure(0), &items));
        if is_loaded {
            hall.checker.loaded(&mut hall.findings, &plate(0), "T1", 0, minutes(260));
        }
        let [gone, stay] = [gone, stay].map(|plates| plates.iter().map(|number| plate(*number)).collect());
        let [gone, stay]: [Vec<String>; 2] = [gone, stay];
        let [containers, left_behind] =
            [&gone, &stay].map(|plates| plates.iter().map(String::as_str).collect::<Vec<_>>());
        let load = VehicleLoad { containers: &containers, pieces, left_behind: &left_behind };
        hall.checker.departed(&mut hall.findings, "T1", 0, minutes(270), &load);
        hall.broken()
    };
    assert_eq!(departs(true, 2, &[0], &[]), GOOD);
    assert_eq!(departs(true, 1, &[0], &[]), DEPARTURE);
    assert_eq!(departs(true, 2, &[1], &[]), DEPARTURE);
    assert_eq!(departs(true, 0, &[], &[]), DEPARTURE);
    assert_eq!(departs(true, 2, &[0], &[0]), DEPARTURE);
    assert_eq!(departs(false, 0, &[], &[0]), GOOD);
    assert_eq!(departs(false, 0, &[], &[]), DEPARTURE);
    assert_eq!(departs(false, 2, &[0], &[]), DEPARTURE);
}

#[test]
fn tells_where_a_parcel_was_discharged_last() {
    let (mut hall, _) = two();
    let parcel = ParcelId::new(6);
    let mut manifest = listed(0, Some(0), departure(0), &[]);
    manifest.entries =
        vec![ManifestEntry { parcel: Some(parcel), item: ItemId::new(1), weight: Grams::ZERO }];
    hall.manifest(&manifest);
    let last = Listed { sorter: SORTER, chute: chute(0), container: manifest.container, number: 0 };
    assert_eq!((hall.checker.listed(parcel), hall.checker.listed(ParcelId::new(99))), (Some(last), None));
}
