//! Containers: what their plates open, what their manifests say, and what is refused.

use sorter_core::container::{ContainerState, ManifestEntry, OpenError};
use sorter_core::engine::{Commit, ContainerError, Fate};
use sorter_core::ids::ChuteId;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;

use super::hall::*;

fn french(number: u32) -> Parcel {
    Parcel::new(number).to("FR", "75001")
}

#[test]
fn a_chute_without_an_open_plate_gets_no_order() {
    let mut hall = Hall::plated(&[french(1)]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::NoContainer, None));
    hall.end(item, Fate::Left);
    hall.scan_plate(0, FRANCE).unwrap();
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(FRANCE)));
}

#[test]
fn a_container_that_a_person_closed_gets_no_order_and_takes_no_commit() {
    let mut hall = Hall::open(&[french(1), french(2)]);
    let mut item = hall.scan(0, &[s10(1)]);
    let at = hall.now();
    let closed = hall.workers[0].close_container(FRANCE, at).unwrap();
    assert_eq!(hall.container(FRANCE), (closed, ContainerState::Closed));
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
    hall.decide(&mut item, &[]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::NoContainer, None));
    assert_eq!(hall.scan(0, &[s10(2)]).held.reason, Reason::NoContainer);
}

#[test]
fn a_manifest_is_what_slid_in_in_its_order_and_with_its_weights() {
    let mut hall = Hall::open(&[french(1), french(2), french(3)]);
    let (container, _) = hall.container(FRANCE);
    let mut items: Vec<_> = [3, 1, 2].map(|number| hall.scan(0, &[s10(number)])).into();
    items.rotate_left(1);
    let entries: Vec<_> = items
        .iter()
        .map(|item| ManifestEntry {
            parcel: item.held.claim.map(|claim| claim.parcel),
            item: item.id,
            weight: WEIGHT,
        })
        .collect();
    items.into_iter().for_each(|item| hall.deliver(item));
    assert_eq!(hall.container(FRANCE), (container, ContainerState::Filling));
    hall.swap(0, FRANCE);
    let [manifest] = hall.workers[0].take_manifests().try_into().expect("one container was taken");
    assert_eq!((manifest.container, manifest.chute, manifest.count), (container, FRANCE, 3));
    assert_eq!(manifest.entries, entries);
    assert_eq!(manifest.weight_total.get(), 3 * WEIGHT.get());
    manifest.verify().unwrap();
    let yard = hall.engine.yard();
    let record = yard.get(container).unwrap();
    assert_eq!((record.state, record.hash, record.count), (ContainerState::Swapped, manifest.hash, 3));
    assert_eq!(record.departure_id(), manifest.departure);
}

#[test]
fn what_slides_in_while_the_container_is_taken_away_belongs_to_it() {
    let mut hall = Hall::open(&[french(1), french(2)]);
    let (old, _) = hall.container(FRANCE);
    let (first, second) = (hall.scan(0, &[s10(1)]), hall.scan(0, &[s10(2)]));
    assert_eq!(hall.commit(&first), Commit::Done);
    assert_eq!(hall.commit(&second), Commit::Done);
    hall.report(0, FRANCE, NO_CONTAINER);
    hall.end(first, Fate::Discharged(FRANCE));
    hall.report(0, FRANCE, OPEN);
    hall.end(second, Fate::Discharged(FRANCE));
    let parcel = |number| hall.engine.ledger().find(key(&s10(number))).unwrap();
    let (new, _) = hall.container(FRANCE);
    assert_eq!(hall.engine.container_of(parcel(1)), Some(old));
    assert_eq!(hall.engine.container_of(parcel(2)), Some(new), "the next one stood there by then");
    assert_eq!(hall.workers[0].take_manifests()[0].count, 1);
    assert_eq!(hall.scan_plate(0, FRANCE), Ok(new));
    let state = hall.engine.yard().get(new).unwrap().state;
    assert_eq!(state, ContainerState::Filling, "the yard knows that it is not empty");
}

#[test]
fn the_container_of_a_parcel_is_told_only_while_it_rests_there() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    hall.set_clearance(1, sorter_core::clearance::Clearance::HoldDocument);
    let parcel = hall.engine.ledger().find(key(&s10(1))).unwrap();
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.engine.container_of(parcel), None);
    hall.deliver(item);
    assert_eq!(hall.engine.container_of(parcel), Some(hall.container(HOLD).0));
    hall.scan(1, &[s10(1)]);
    assert_eq!(hall.engine.container_of(parcel), None);
}

#[test]
fn a_pass_that_ends_twice_does_not_move_its_parcel() {
    let mut hall = Hall::open(&[french(1)]);
    let item = hall.scan(0, &[s10(1)]);
    let again = item.clone();
    let parcel = item.held.claim.unwrap().parcel;
    hall.deliver(item);
    let rests = hall.engine.container_of(parcel);
    hall.end(again, Fate::Discharged(EXCEPTION));
    assert_eq!((hall.state(1).life(), hall.engine.container_of(parcel)), (Life::Discharged, rests));
    assert_eq!(hall.deviations(), 2);
}

#[test]
fn a_plate_stands_on_one_container_only() {
    let mut hall = Hall::plated(&[]);
    hall.scan_plate(0, FRANCE).unwrap();
    let at = hall.now();
    let refused = hall.workers[1].open_container(FRANCE, plate(1), at).unwrap_err();
    assert!(matches!(refused, ContainerError::Plate(OpenError::PlateTaken { .. })), "{refused}");
    assert!(refused.to_string().contains(plate(1).as_str()), "{refused}");
    let refused = hall.workers[0].open_container(FRANCE, plate(2), at).unwrap_err();
    assert_eq!(refused, ContainerError::AlreadyOpen { chute: FRANCE, plate: plate(1) });
    hall.workers[1].open_container(FRANCE, plate(2), at).unwrap();
}

#[test]
fn a_container_is_not_changed_where_there_is_none() {
    let mut hall = Hall::plated(&[]);
    let (at, nowhere) = (hall.now(), ChuteId::new(500));
    assert_eq!(hall.workers[0].swap_container(nowhere, at), Err(ContainerError::NoSuchChute(nowhere)));
    hall.report(0, FRANCE, NO_CONTAINER);
    assert_eq!(hall.workers[0].swap_container(FRANCE, at), Err(ContainerError::NoContainer(FRANCE)));
    assert_eq!(hall.scan_plate(0, FRANCE), Err(ContainerError::NoContainer(FRANCE)));
    assert_eq!(hall.workers[0].close_container(HOLD, at), Err(ContainerError::NoContainer(HOLD)));
    let mut hall = Hall::new(&[]);
    assert_eq!(hall.workers[0].swap_container(FRANCE, at), Err(ContainerError::Anonymous));
    assert_eq!(hall.scan_plate(0, FRANCE), Err(ContainerError::Anonymous));
}

#[test]
fn a_container_that_a_person_changed_has_all_its_room() {
    let parcels: Vec<_> = (1..=61).map(french).collect();
    let mut hall = Hall::open(&parcels);
    for number in 1..=60 {
        let item = hall.scan(0, &[s10(number)]);
        hall.deliver(item);
    }
    assert_eq!(hall.container(FRANCE).1, ContainerState::Full);
    let item = hall.scan(0, &[s10(61)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::ChuteFull, None));
    hall.end(item, Fate::Left);
    let at = hall.now();
    hall.workers[0].swap_container(FRANCE, at).unwrap();
    hall.scan_plate(0, FRANCE).unwrap();
    let item = hall.scan(0, &[s10(61)]);
    assert_eq!(item.held.chute, Some(FRANCE));
    hall.deliver(item);
    assert_eq!(hall.workers[0].chutes().get(FRANCE).unwrap().fill(), 1);
}
