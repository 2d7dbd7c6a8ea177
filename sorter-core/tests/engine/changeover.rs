//! Chutes that change their destination when one plan follows another.

use sorter_core::engine::{Commit, ContainerError, Fate, SwapCause};
use sorter_core::ids::{ChuteId, PlanVersion};
use sorter_core::plan::ChuteRole;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::Micros;

use super::hall::*;

/// France takes the second German chute.
fn evening() -> String {
    LANES.replacen("chutes = [0, 1]", "chutes = [0]", 1).replacen("chutes = [2]", "chutes = [2, 1]", 1)
}

const SECOND: ChuteId = ChuteId::new(1);

fn changing(hall: &Hall) -> Vec<ChuteId> {
    hall.workers[0].changing().collect()
}

fn attend(hall: &mut Hall) {
    let at = hall.now();
    hall.workers.iter_mut().for_each(|worker| worker.attend(at));
}

/// A hall in which both German chutes hold a parcel and the second one is ordered once more.
fn busy() -> (Hall, Item) {
    let parcels: Vec<_> = (1..=4).map(Parcel::new).chain([Parcel::new(5).to("FR", "75001")]).collect();
    let mut hall = Hall::open(&parcels);
    let items = [1, 2, 3, 4].map(|number| hall.scan(0, &[s10(number)]));
    let [first, second, _, last] = items;
    assert_eq!((second.held.chute, last.held.chute), (Some(SECOND), Some(SECOND)));
    hall.deliver(first);
    hall.deliver(second);
    (hall, last)
}

#[test]
fn only_the_chutes_that_differ_drain() {
    let (mut hall, _item) = busy();
    hall.engine.publish(&plan(&evening())).unwrap();
    attend(&mut hall);
    assert_eq!(changing(&hall), [SECOND]);
    let at = hall.now();
    assert_eq!(hall.workers[0].swaps_wanted(at).collect::<Vec<_>>(), [(SECOND, SwapCause::Changeover)]);
    assert_eq!(hall.workers[1].changing().count(), 0, "an empty chute changes at once");
    assert_eq!(hall.workers[1].tally().changeovers, 1);
}

#[test]
fn what_was_ordered_before_the_plan_keeps_its_destination() {
    let (mut hall, item) = busy();
    hall.engine.publish(&plan(&evening())).unwrap();
    assert_eq!(hall.commit(&item), Commit::Done);
    let german = hall.departure_at(0, SECOND).unwrap();
    hall.end(item, Fate::Discharged(SECOND));
    assert_eq!(hall.state(4).life(), Life::Discharged);
    assert_eq!(hall.departure_at(0, SECOND), Some(german), "it lies in a container to Germany");
    hall.report(0, GERMANY, FULL);
    hall.report(0, FRANCE, FULL);
    let next = hall.scan(0, &[s10(5)]);
    assert_eq!((next.held.reason, next.held.chute), (Reason::Changeover, None));
}

#[test]
fn the_new_destination_is_ordered_only_after_the_container_is_changed() {
    let (mut hall, item) = busy();
    hall.engine.publish(&plan(&evening())).unwrap();
    hall.report(0, FRANCE, FULL);
    hall.deliver(item);
    assert_eq!(changing(&hall), [SECOND], "it is drained, and its container is not empty");
    let waits = hall.scan(0, &[s10(5)]);
    assert_eq!(waits.held.chute, None);
    hall.end(waits, Fate::Left);
    hall.swap(0, SECOND);
    assert_eq!(changing(&hall), []);
    let next = hall.scan(0, &[s10(5)]);
    assert_eq!(next.held.chute, Some(SECOND));
    let lane = hall.departure_at(0, SECOND).unwrap().lane;
    assert_eq!(hall.engine.timetable().lane_name(lane), Some("FR:Paris"));
    assert_eq!((hall.workers[0].tally().changeovers, hall.deviations()), (1, 0));
}

#[test]
fn a_container_that_is_changed_too_early_does_not_end_the_changeover() {
    let (mut hall, item) = busy();
    hall.engine.publish(&plan(&evening())).unwrap();
    assert_eq!(hall.commit(&item), Commit::Done);
    hall.report(0, SECOND, NO_CONTAINER);
    hall.report(0, SECOND, OPEN);
    let refused = hall.scan_plate(0, SECOND).unwrap_err();
    assert_eq!(refused, ContainerError::Draining { chute: SECOND, orders: 1 });
    hall.end(item, Fate::Discharged(SECOND));
    assert_eq!(changing(&hall), [SECOND], "a parcel to Germany lies in the new container");
    assert!(hall.scan_plate(0, SECOND).is_err());
    hall.swap(0, SECOND);
    assert_eq!(changing(&hall), []);
}

#[test]
fn the_last_parcel_of_a_chute_without_books_on_containers_is_booked_as_what_it_was() {
    let mut hall = Hall::new(&[Parcel::new(1).to("FR", "75001")]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    let outlets = OUTLETS.replacen("chutes = [98]", "chutes = [2]", 1).replacen(
        "\"FR\", chutes = [2]",
        "\"FR\", chutes = [98]",
        1,
    );
    hall.engine.publish(&plan(&outlets)).unwrap_err();
    let outlets = outlets.replacen("\"FR\", chutes = [98]", "\"FR\", chutes = [98, 50]", 1);
    hall.engine.publish(&plan(&outlets)).unwrap();
    attend(&mut hall);
    hall.end(item, Fate::Discharged(FRANCE));
    assert_eq!(hall.state(1).life(), Life::Discharged, "it was not put into a hold chute");
    assert_eq!(changing(&hall), [FRANCE]);
}

#[test]
fn taking_the_plan_back_ends_the_changeover() {
    let (mut hall, item) = busy();
    hall.engine.publish(&plan(&evening())).unwrap();
    attend(&mut hall);
    hall.engine.publish(&plan(LANES)).unwrap();
    attend(&mut hall);
    assert_eq!(changing(&hall), []);
    hall.deliver(item);
    let next = hall.scan(0, &[s10(3)]);
    assert!(next.held.chute.is_some());
    assert_eq!((hall.workers[0].tally().changeovers, hall.deviations()), (0, 0));
}

#[test]
fn an_item_without_a_parcel_is_not_committed_to_what_leads_out_after_a_changeover() {
    let mut hall = Hall::open(&[]);
    let item = hall.scan(0, &[s10(1)]);
    let outlets =
        LANES.replacen("chutes = [98]", "chutes = [50]", 1).replacen("chutes = [2]", "chutes = [2, 98]", 1);
    hall.engine.publish(&plan(&outlets)).unwrap();
    attend(&mut hall);
    assert_eq!(changing(&hall), [HOLD], "an order is on its way");
    hall.end(item, Fate::Left);
    assert_eq!(changing(&hall), []);
    assert_eq!(hall.workers[0].chutes().get(HOLD).unwrap().dock().role, ChuteRole::Outbound);
}

#[test]
fn a_plan_that_leaves_a_destination_without_a_chute_is_refused_by_name() {
    let mut hall = Hall::open(&[Parcel::new(1), Parcel::new(2).to("FR", "75001")]);
    let swapped = LANES.replacen("chutes = [0, 1]", "chutes = [2]", 1).replacen(
        "\"FR\", chutes = [2]",
        "\"FR\", chutes = [0, 1]",
        1,
    );
    let refused = hall.engine.publish(&plan(&swapped)).unwrap_err();
    let codes: Vec<_> = refused.0.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["SP0027", "SP0027"]);
    let text = refused.to_string();
    assert!(text.contains("outlet DE has no chute for its 1 destinations"), "{text}");
    assert_eq!(hall.engine.plan().version(), PlanVersion::new(1));
    attend(&mut hall);
    assert_eq!(changing(&hall), []);
    assert_eq!(hall.scan(0, &[s10(1)]).held.chute, Some(GERMANY));
}

#[test]
fn a_plan_with_a_lane_that_no_departure_serves_is_refused() {
    let hall = Hall::open(&[]);
    let refused = hall.engine.publish(&plan(&LANES.replacen("FR:Paris", "FR:Lyon", 1))).unwrap_err();
    assert_eq!(refused.0[0].code, "SP0026");
    assert!(refused.to_string().contains("FR:Lyon"), "{refused}");
}

#[test]
fn a_plan_ahead_of_its_time_is_published_when_its_time_has_come() {
    let hall = Hall::open(&[]);
    hall.engine.plan_ahead(hour(2), plan(&evening())).unwrap();
    hall.engine.plan_ahead(hour(1), plan(LANES)).unwrap();
    assert_eq!(hall.engine.publish_due(hour(1) - Micros::new(1)), []);
    assert_eq!(hall.engine.publish_due(hour(1)), [(hour(1), Ok(PlanVersion::new(2)))]);
    assert_eq!(hall.engine.publish_due(hour(3)), [(hour(2), Ok(PlanVersion::new(3)))]);
    assert_eq!(hall.engine.publish_due(hour(4)), []);
    assert_eq!(hall.engine.plan().outlet_of_chute(SECOND), hall.engine.plan().outlet_named("FR"));
}

#[test]
fn a_plan_ahead_of_its_time_is_checked_when_it_is_handed_in() {
    let hall = Hall::open(&[]);
    let refused = hall.engine.plan_ahead(hour(1), plan(&LANES.replacen("chutes = [98]", "chutes = [2]", 1)));
    assert!(refused.unwrap_err().to_string().contains("SP0008"));
    assert_eq!(hall.engine.publish_due(hour(2)), []);
}

#[test]
fn an_item_that_slides_into_the_chute_of_its_earlier_order_lies_in_a_container_of_that_destination() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    let mut item = hall.scan(0, &[s10(1)]);
    assert_eq!(item.held.chute, Some(GERMANY));
    let morning =
        LANES.replacen("chutes = [0, 1]", "chutes = [1]", 1).replacen("chutes = [2]", "chutes = [2, 0]", 1);
    hall.engine.publish(&plan(&morning)).unwrap();
    // The replacement comes too late for the PLC, so the first order is in force until the item is done with.
    let first = std::mem::take(&mut item.orders);
    hall.decide(&mut item, &[]);
    assert_eq!(item.held.chute, Some(SECOND));
    item.orders.splice(0..0, first);
    let german = hall.departure_at(0, GERMANY).unwrap();
    hall.end(item, Fate::Discharged(GERMANY));
    attend(&mut hall);
    assert_eq!(hall.departure_at(0, GERMANY), Some(german), "it lies in a container to Germany");
    assert_eq!(changing(&hall), [GERMANY]);
    hall.swap(0, GERMANY);
    assert_eq!((changing(&hall), hall.reserved(), hall.deviations()), (vec![], 0, 0));
}

#[test]
fn every_chute_that_an_ended_item_was_ordered_to_changes_over() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    let mut item = hall.scan(0, &[s10(1)]);
    let morning =
        LANES.replacen("chutes = [0, 1]", "chutes = [1]", 1).replacen("chutes = [2]", "chutes = [2, 0]", 1);
    hall.engine.publish(&plan(&morning)).unwrap();
    let first = std::mem::take(&mut item.orders);
    hall.decide(&mut item, &[]);
    item.orders.splice(0..0, first);
    hall.end(item, Fate::Left);
    attend(&mut hall);
    assert_eq!(changing(&hall), []);
    assert_eq!(hall.workers[0].chutes().get(GERMANY).unwrap().dock().gate, sorter_core::chute::Gate::Open);
}

#[test]
fn a_plan_taken_back_empties_the_chutes_of_a_postcode_that_was_announced_between() {
    let mut hall = Hall::open(&[Parcel::new(1), Parcel::new(2).to("FR", "75001")]);
    let outlets = LANES.replace("Cologne\"", "Cologne\", overflow = \"OVER\"");
    let outlets = outlets.replace("Paris\"", "Paris\", overflow = \"OVER\"");
    // The plans differ only in postcodes that nobody has announced so far.
    let rules = |outlet: &str| {
        let mut rules = format!("country,first,last,outlet\nDE,10000,99998,DE\nDE,01*,,{outlet}\n");
        for country in sorter_core::address::Country::all().filter(|country| country.code() != "DE") {
            let outlet = if country.code() == "FR" { "FR" } else { "REST" };
            rules += &format!("{},,,{outlet}\n", country.code());
        }
        sorter_core::plan::PlanSource::from_texts("plan.toml", &outlets, "rules.csv", &rules).unwrap()
    };
    hall.engine.publish(&rules("DE")).unwrap();
    hall.engine.publish(&rules("FR")).unwrap();
    attend(&mut hall);
    assert_eq!(changing(&hall), []);
    hall.announce(&Parcel::new(3).to("DE", "01067")).unwrap();
    let item = hall.scan(0, &[s10(3)]);
    assert_eq!(item.held.chute, Some(FRANCE));
    hall.deliver(item);
    hall.engine.publish(&rules("DE")).unwrap();
    attend(&mut hall);
    assert_eq!(changing(&hall), [FRANCE], "a parcel to Dresden lies in its container");
    assert_eq!(hall.workers[0].tally().changeovers, 2, "the German chutes are empty");
}
