use super::*;
use crate::barcode::make;
use crate::ids::ConnectionId;

const SORTER: SorterId = SorterId::new(1);
const CHUTE: ChuteId = ChuteId::new(12);

fn plate(number: u64) -> LicencePlate {
    LicencePlate::parse(&make::sscc(3, number)).unwrap()
}

/// A departure with its cut-off at a time, and 50 microseconds until it leaves.
fn departure(id: u32, lane: u16, cut_off: u64) -> Departure {
    Departure {
        id: DepartureId::new(id),
        connection: ConnectionId::new(0),
        lane: LaneId::new(lane),
        opens: Micros::ZERO,
        closing: Micros::new(cut_off - 10),
        cut_off: Micros::new(cut_off),
        departs: Micros::new(cut_off + 50),
    }
}

fn bound(departure: Departure) -> Binding {
    Binding { outbound: true, departure: Some(departure), ..Binding::default() }
}

fn opened(yard: &mut Yard, chute: ChuteId, number: u64, binding: Binding) -> ContainerId {
    yard.arrive(SORTER, chute, ContainerKind::RollCage, Micros::ZERO).unwrap();
    yard.open(SORTER, chute, plate(number), binding, Micros::new(1)).unwrap()
}

/// A container with ten parcels of 100 g, taken from its chute.
fn sealed(yard: &mut Yard, number: u64, departure: Departure) -> ContainerId {
    let id = opened(yard, CHUTE, number, bound(departure));
    yard.seal(id, 10, Grams::new(1_000), 7, Micros::new(2)).unwrap();
    id
}

fn text<T: std::fmt::Debug>(result: Result<T, impl std::error::Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn refuses_a_second_container_until_the_first_is_taken_away() {
    let mut yard = Yard::new();
    let first = yard.arrive(SORTER, CHUTE, ContainerKind::Uld, Micros::ZERO).unwrap();
    let second = yard.arrive(SORTER, CHUTE, ContainerKind::Uld, Micros::ZERO);
    assert_eq!(
        text(second),
        "chute 12 of sorter 1 still has container 0, which is arrived (expected to be swapped first)"
    );
    yard.seal(first, 0, Grams::ZERO, 0, Micros::ZERO).unwrap();
    let second = yard.arrive(SORTER, CHUTE, ContainerKind::Uld, Micros::ZERO).unwrap();
    assert_eq!(yard.standing(SORTER, CHUTE).unwrap().id, second);
}

#[test]
fn refuses_a_plate_at_a_chute_that_has_no_container() {
    assert_eq!(
        text(Yard::new().open(SORTER, CHUTE, plate(1), Binding::default(), Micros::ZERO)),
        "chute 12 of sorter 1 has no container (expected one to be put there before its plate is scanned)"
    );
}

#[test]
fn refuses_a_second_plate_on_an_open_container() {
    let mut yard = Yard::new();
    opened(&mut yard, CHUTE, 1, Binding::default());
    assert_eq!(
        text(yard.open(SORTER, CHUTE, plate(2), Binding::default(), Micros::ZERO)),
        "container 0 at chute 12 of sorter 1 is open (expected arrived)"
    );
    assert_eq!(yard.by_plate(&plate(2)), None);
}

#[test]
fn a_plate_is_taken_until_its_container_has_left() {
    let mut yard = Yard::new();
    let (truck, next) = (departure(77, 0, 100), departure(78, 0, 300));
    let other = ChuteId::new(13);
    let attempt = |yard: &mut Yard| {
        text(yard.open(SORTER, other, plate(1), bound(truck), Micros::new(3)))
            .split_once("which is ")
            .map(|(_, rest)| rest.to_owned())
    };
    let cage = opened(&mut yard, CHUTE, 1, bound(truck));
    yard.arrive(SORTER, other, ContainerKind::RollCage, Micros::ZERO).unwrap();
    let where_it_is = |place: &str| Some(format!("{place} (expected a plate not in use)"));
    assert_eq!(attempt(&mut yard), where_it_is("at chute 12 of sorter 1"));
    yard.seal(cage, 3, Grams::ZERO, 7, Micros::new(2)).unwrap();
    assert_eq!(attempt(&mut yard), where_it_is("in the yard"));
    yard.load(cage, truck.id, None, Micros::new(120)).unwrap();
    assert_eq!(attempt(&mut yard), where_it_is("on the vehicle of departure 77"));
    yard.depart(&truck, None, truck.departs).unwrap();
    assert_eq!(yard.by_plate(&plate(1)).unwrap().place().to_string(), "gone with departure 77");
    let again = yard.open(SORTER, other, plate(1), bound(next), Micros::new(160)).unwrap();
    assert_eq!(yard.by_plate(&plate(1)).unwrap().id, again);
}

#[test]
fn a_container_that_was_emptied_gives_its_plate_back() {
    let mut yard = Yard::new();
    let cage = opened(&mut yard, CHUTE, 1, Binding::default());
    assert_eq!(
        text(yard.empty(cage, Micros::ZERO)),
        "container 0 is at chute 12 of sorter 1 (expected in the yard)"
    );
    yard.seal(cage, 3, Grams::ZERO, 7, Micros::ZERO).unwrap();
    yard.empty(cage, Micros::new(9)).unwrap();
    assert_eq!(yard.get(cage).unwrap().place().to_string(), "emptied");
    assert_eq!(text(yard.empty(cage, Micros::ZERO)), "container 0 is emptied (expected in the yard)");
    opened(&mut yard, CHUTE, 1, Binding::default());
}

#[test]
fn names_why_container_and_departure_do_not_go_together() {
    let mut yard = Yard::new();
    yard.arrive(SORTER, CHUTE, ContainerKind::Pallet, Micros::ZERO).unwrap();
    let truck = departure(77, 4, 100);
    let mut attempt = |binding, at| text(yard.open(SORTER, CHUTE, plate(1), binding, Micros::new(at)));
    let inside = Binding { outbound: false, ..bound(truck) };
    assert_eq!(attempt(inside, 0), "container 0 is not outbound (expected outbound for departure 77)");
    let elsewhere = Binding { lane: Some(LaneId::new(2)), ..bound(truck) };
    assert_eq!(attempt(elsewhere, 0), "container 0 is for lane 2 (departure 77 goes to lane 4)");
    assert_eq!(
        attempt(bound(truck), 100),
        "departure 77 had its cut-off at 100 us (it is 100 us, expected earlier)"
    );
    assert_eq!(attempt(bound(truck), 150), "departure 77 left at 150 us (it is 150 us, expected earlier)");
    let record = yard.standing(SORTER, CHUTE).unwrap();
    assert_eq!((record.state, record.plate, record.departure), (ContainerState::Arrived, None, None));
}

#[test]
fn only_an_empty_container_gets_another_departure() {
    let mut yard = Yard::new();
    let (truck, next) = (departure(77, 0, 100), departure(78, 0, 300));
    let cage = opened(&mut yard, CHUTE, 1, bound(truck));
    yard.close(cage).unwrap();
    yard.rebind(cage, next, Micros::new(100)).unwrap();
    assert_eq!(yard.get(cage).unwrap().state, ContainerState::Open);
    assert_eq!((yard.of_departure(truck.id).count(), yard.of_departure(next.id).count()), (0, 1));
    yard.fill(cage).unwrap();
    yard.close(cage).unwrap();
    assert_eq!(
        text(yard.rebind(cage, truck, Micros::ZERO)),
        "container 0 is closed and not empty (expected an empty one)"
    );
    yard.seal(cage, 1, Grams::ZERO, 7, Micros::ZERO).unwrap();
    assert_eq!(
        text(yard.rebind(cage, truck, Micros::ZERO)),
        "container 0 is swapped (expected open or closed)"
    );
}

#[test]
fn names_the_states_that_a_step_expects() {
    let mut yard = Yard::new();
    let id = yard.arrive(SORTER, CHUTE, ContainerKind::Bag, Micros::ZERO).unwrap();
    assert_eq!(
        text(yard.fill(id)),
        "container 0 is arrived (step fill expects open, filling, full or closed)"
    );
    yard.seal(id, 0, Grams::ZERO, 0, Micros::ZERO).unwrap();
    assert_eq!(
        text(yard.seal(id, 0, Grams::ZERO, 0, Micros::ZERO)),
        "container 0 is swapped (expected at its chute)"
    );
    let nobody = ContainerId::new(9);
    for text in [
        text(yard.fill_up(nobody)),
        text(yard.close(nobody)),
        text(yard.seal(nobody, 0, Grams::ZERO, 0, Micros::ZERO)),
        text(yard.empty(nobody, Micros::ZERO)),
        text(yard.rebind(nobody, departure(1, 0, 100), Micros::ZERO)),
        text(yard.load(nobody, DepartureId::new(1), None, Micros::ZERO)),
    ] {
        assert_eq!(text, "container 9 is not in the book of the yard");
    }
}

#[test]
fn loads_only_what_is_sealed_on_the_departure_that_it_is_bound_to() {
    let mut yard = Yard::new();
    let truck = departure(77, 0, 100);
    let at = Micros::new(110);
    let cage = opened(&mut yard, CHUTE, 1, bound(truck));
    assert_eq!(
        text(yard.load(cage, truck.id, None, at)),
        "container 0 is open and at chute 12 of sorter 1 (expected swapped)"
    );
    yard.seal(cage, 10, Grams::new(1_000), 7, at).unwrap();
    assert_eq!(
        text(yard.load(cage, DepartureId::new(5), None, at)),
        "container 0 is bound to departure 77 (expected departure 5)"
    );
    assert_eq!(
        text(yard.load(cage, truck.id, None, truck.departs)),
        "departure 77 left at 150 us (it is 150 us, expected earlier)"
    );
    assert_eq!(yard.load_plate(&plate(1), truck.id, None, at), Ok(cage));
    assert_eq!(
        text(yard.load_plate(&plate(1), truck.id, None, at)),
        "container 0 is on the vehicle of departure 77 (expected in the yard)"
    );
    let unknown = plate(8);
    assert_eq!(
        text(yard.load_plate(&unknown, truck.id, None, at)),
        format!("plate \"{unknown}\" is on no container of the yard")
    );
    let held = opened(&mut yard, CHUTE, 2, Binding::default());
    yard.seal(held, 1, Grams::ZERO, 7, at).unwrap();
    assert_eq!(
        text(yard.load(held, truck.id, None, at)),
        "container 1 is bound to no departure (expected departure 77)"
    );
}

#[test]
fn a_full_vehicle_leaves_the_rest_for_the_next_departure() {
    let mut yard = Yard::new();
    let (truck, next) = (departure(77, 0, 100), departure(78, 0, 300));
    let at = Micros::new(120);
    let cages: Vec<_> = (0..3).map(|number| sealed(&mut yard, number, truck)).collect();
    let standing = opened(&mut yard, CHUTE, 9, bound(truck));
    let capacity = Some((25, Grams::new(2_000)));
    yard.load(cages[0], truck.id, capacity, at).unwrap();
    yard.load(cages[1], truck.id, capacity, at).unwrap();
    assert_eq!(
        text(yard.load(cages[2], truck.id, capacity, at)),
        "departure 77 with container 2 would have 30 parcels of 3000 g (at most 25 of 2000 g)"
    );
    let report = yard.depart(&truck, Some(next), truck.departs).unwrap();
    assert_eq!(
        report,
        DepartureReport {
            departure: truck.id,
            loaded: cages[..2].to_vec(),
            pieces: 20,
            weight: Grams::new(2_000),
            left_behind: vec![cages[2]],
            at_chutes: vec![standing],
        }
    );
    let bound: Vec<_> = yard.of_departure(next.id).map(|it| it.id).collect();
    assert_eq!(bound, [cages[2], standing]);
    assert_eq!((yard.counters().departed, yard.counters().left_behind), (2, 1));
    yard.load(cages[2], next.id, capacity, Micros::new(310)).unwrap();
}

#[test]
fn a_bonded_container_does_not_go_over_to_another_connection() {
    let flight = departure(77, 0, 100);
    let other = Departure { connection: ConnectionId::new(1), ..departure(78, 0, 300) };
    let next_week = departure(79, 0, 500);
    for (next, bound_to) in [(other, None), (next_week, Some(next_week.id))] {
        let mut yard = Yard::new();
        let id = opened(&mut yard, CHUTE, 1, Binding { bonded: true, ..bound(flight) });
        yard.seal(id, 10, Grams::new(1_000), 7, Micros::new(2)).unwrap();
        let report = yard.depart(&flight, Some(next), flight.departs).unwrap();
        assert_eq!(report.left_behind, [id]);
        assert_eq!(yard.get(id).unwrap().departure_id(), bound_to);
    }
}

#[test]
fn what_no_departure_follows_waits_for_one() {
    let mut yard = Yard::new();
    let (truck, extra) = (departure(77, 0, 100), departure(90, 0, 400));
    let cage = sealed(&mut yard, 1, truck);
    yard.depart(&truck, None, truck.departs).unwrap();
    let record = yard.get(cage).unwrap();
    assert_eq!((record.departure, record.lane, record.place()), (None, Some(truck.lane), Place::InYard));
    // Its cut-off does not matter to a container that takes no more orders.
    yard.rebind(cage, extra, Micros::new(420)).unwrap();
    assert_eq!(yard.get(cage).unwrap().state, ContainerState::Swapped);
    yard.load(cage, extra.id, None, Micros::new(430)).unwrap();
}

#[test]
fn a_departure_leaves_once_and_not_before_its_time() {
    let mut yard = Yard::new();
    let truck = departure(77, 0, 100);
    assert_eq!(
        text(yard.depart(&truck, None, Micros::new(149))),
        "departure 77 leaves at 150 us (it is 149 us, expected not earlier)"
    );
    assert_eq!(
        text(yard.depart(&truck, Some(departure(78, 3, 300)), truck.departs)),
        "departure 78 goes to lane 3 (expected lane 0, as departure 77 does)"
    );
    assert_eq!(
        text(yard.depart(&truck, Some(departure(76, 0, 50)), truck.departs)),
        "departure 76 after departure 77 has left too (it is 150 us, expected one that leaves later)"
    );
    yard.depart(&truck, None, truck.departs).unwrap();
    assert_eq!(
        text(yard.depart(&truck, None, Micros::new(200))),
        "departure 77 left at 150 us (expected to leave once)"
    );
}

#[test]
fn a_delay_reaches_every_container_of_the_departure() {
    let mut yard = Yard::new();
    let truck = departure(77, 0, 100);
    let cage = sealed(&mut yard, 1, truck);
    let delayed = Departure { departs: Micros::new(500), ..truck };
    assert_eq!(yard.retime(&delayed), 1);
    yard.load(cage, truck.id, None, Micros::new(400)).unwrap();
    yard.depart(&delayed, None, Micros::new(500)).unwrap();
    assert_eq!(yard.retime(&truck), 0);
    assert_eq!(yard.get(cage).unwrap().departure, Some(delayed));
}
