//! The story of a parcel, told from what workers kept.

use std::sync::Arc;

use allocation_counter::measure;
use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::container::LicencePlate;
use sorter_core::departure::{ScheduleSource, Timetable};
use sorter_core::engine::{
    Assigned, Commit, ContainerPolicy, Decision, Engine, EngineBuilder, EngineConfig, Fate, HallRules,
    OrderEnd, Scan, Worker,
};
use sorter_core::event_log::{Gap, Keep, LogRecord};
use sorter_core::ids::{ChuteId, HubId, ItemId, ParcelId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest::{Announcement, Service};
use sorter_core::units::{EncoderCount, Micros, Millimetres};

use super::hall::{self, GERMANY, HOLD, OUTLETS, WEIGHT, s10, sscc};

const SCHEDULE: &str = "kind,id,day,time_local,origin,destination,cutoff_min\n\
                        truck,T23,Wed,02:00,LGG,DE:Munich,45\n";

/// Milliseconds after Tuesday 11:47.
fn at(millis: u64) -> Micros {
    Micros::from_secs(86_400 + 11 * 3_600 + 47 * 60) + Micros::from_millis(millis)
}

fn item(number: u16) -> ItemId {
    ItemId::new(number)
}

/// A hall whose containers have plates, and whose German chutes serve a truck.
struct Hall {
    engine: Arc<Engine>,
    workers: Vec<Worker>,
}

/// The outlets of the test plan, Germany with its lane.
fn outlets() -> String {
    OUTLETS.replace("chutes = [0, 1], ", "chutes = [0, 1], lane = \"DE:Munich\", ")
}

impl Hall {
    /// Two sorters that keep these records, and one parcel to Berlin.
    fn new(clearance: Clearance, keep: Keep) -> Self {
        let source =
            ScheduleSource::from_csv("week.csv", SCHEDULE, "LGG").expect("the test schedule is good");
        let timetable = Timetable::compile(&source, None);
        let mut builder = EngineBuilder::new(EngineConfig {
            hub: HubId::new(0),
            layout: Arc::new(Layout::line_100()),
            codes: CodeBook::standard(),
            destinations: Destinations::with_capacity(1),
            expected_parcels: 1,
            late_parcels: 0,
            seed: 1,
            rules: HallRules { containers: ContainerPolicy::Plated, timetable, ..HallRules::default() },
        });
        let code = s10(1);
        let announcement = Announcement {
            codes: [&code[..]].into_iter().collect(),
            country: "DE",
            postcode: "10115",
            weight: WEIGHT,
            service: Service::Standard,
            clearance,
            onward: None,
        };
        builder.announce(&announcement).expect("the parcel of a test is good");
        let engine = builder.build(&hall::plan(&outlets())).expect("the test plan is good");
        let mut last_plate = 0;
        let workers = (0..2).map(|sorter| {
            let mut worker = engine.worker(SorterId::new(sorter));
            for chute in [0, 1, 2, 92, 97, 98, 99].map(ChuteId::new) {
                let plate = LicencePlate::parse(&sscc(last_plate)).expect("an SSCC is a plate");
                worker
                    .open_container(chute, plate, Micros::from_secs(60))
                    .expect("a container stands at each chute");
                last_plate += 1;
            }
            worker.keep(keep);
            worker
        });
        let workers = workers.collect();
        Self { engine, workers }
    }

    /// An item enters and is decided 100 ms later.
    fn scan(&mut self, sorter: usize, item: ItemId, millis: u64) -> Decision {
        self.workers[sorter].entered(item, at(millis), true, EncoderCount::default());
        self.decide(sorter, item, millis + 100, Assigned::NOTHING)
    }

    fn decide(&mut self, sorter: usize, item: ItemId, millis: u64, held: Assigned) -> Decision {
        let code = s10(1);
        let codes = [&code[..]];
        let reach = Millimetres::new(8_000);
        let scan = Scan { item, at: at(millis), codes: &codes, known: None, held, reach };
        self.workers[sorter].decide(&scan)
    }

    /// An item is committed and slides into its chute 100 ms later.
    fn deliver(&mut self, sorter: usize, item: ItemId, millis: u64, decision: &Decision) -> ChuteId {
        let (worker, held) = (&mut self.workers[sorter], decision.assigned);
        assert_eq!(worker.commit(item, at(millis), &decision.identity, &held), Commit::Done);
        let chute = held.chute.expect("what is delivered has an order");
        worker.order_ended(item, at(millis + 100), chute, &held, OrderEnd::WithItem);
        worker.finish(item, at(millis + 100), &held, Fate::Discharged(chute), WEIGHT);
        chute
    }

    /// An item runs off the end although it had an order.
    fn run_off(&mut self, sorter: usize, item: ItemId, millis: u64, decision: &Decision) {
        let (worker, held) = (&mut self.workers[sorter], decision.assigned);
        let chute = held.chute.expect("it had an order");
        worker.order_ended(item, at(millis), chute, &held, OrderEnd::ItemGoesOn);
        worker.finish(item, at(millis + 100), &Assigned { chute: None, ..held }, Fate::Left, WEIGHT);
    }

    fn customs(&self, millis: u64, status: Clearance) {
        let ruling = Ruling { at: at(millis), status, onward: None };
        self.engine.set_clearance(hall::key(&s10(1)), ruling).expect("each ruling is newer");
    }

    fn story(&self) -> String {
        self.engine.explain(&s10(1)).expect("it is announced").with_workers(&self.workers).to_string()
    }
}

const RULE: &str = "plan test plan version 1 sends it to outlet DE by the rule on line 2";
const DEPARTURE: &str = "T23 to DE:Munich, cut-off Wed 01:15, departs Wed 02:00";
const PARCEL: ParcelId = ParcelId::new(0);

#[test]
fn tells_a_parcel_from_its_release_to_its_departure() {
    let mut hall = Hall::new(Clearance::PreLodged, Keep::Last(100));
    hall.customs(0, Clearance::Released);
    let decision = hall.scan(1, item(812), 3_120);
    hall.deliver(1, item(812), 5_000, &decision);
    let story = "\
parcel LP000000014SG to DE 10115, announced
  Tue 11:47:00.000  customs: released
  Tue 11:47:03.120  sorter 1: item 812 entered
  Tue 11:47:03.220  sorter 1: item 812 decided for chute 0 by plan 1 (outlet DE by the rule on line 2): sorted as planned
  Tue 11:47:05.000  sorter 1: item 812 committed to chute 0
  Tue 11:47:05.100  sorter 1: item 812 slid into chute 0, container 100 (plate 300000000000000070)
";
    let now = "now: discharged; pass 1 on sorter 1, decided for chute 0 because: sorted as planned";
    let container = "container 100 (plate 300000000000000070)";
    assert_eq!(
        hall.story(),
        format!(
            "{story}{now}; in {container}, at chute 0 of sorter 1, for {DEPARTURE}; customs: released; {RULE}"
        )
    );

    let container_id = hall.engine.container_of(PARCEL).unwrap();
    hall.workers[1].swap_container(GERMANY, at(60_000)).unwrap();
    let lane = hall.engine.timetable().lane_named("DE:Munich").unwrap();
    let truck = hall.engine.timetable().next(lane, at(0)).unwrap();
    hall.engine.yard().load(container_id, truck.id, None, at(90_000)).unwrap();
    assert!(hall.story().contains(&format!("; in {container}, loaded on {DEPARTURE}; customs")));
    hall.engine.yard().depart(&truck, None, truck.departs).unwrap();
    let left = "  Tue 11:48:00.000  yard: container 100 taken from chute 0 with 1 item
  Wed 02:00:00.000  yard: container 100 left with T23 to DE:Munich
";
    assert_eq!(
        hall.story(),
        format!("{story}{left}{now}; in {container}, gone with T23 to DE:Munich; customs: released; {RULE}")
    );
}

#[test]
fn tells_a_parcel_that_was_held_and_inducted_again() {
    let mut hall = Hall::new(Clearance::HoldInspect, Keep::Last(100));
    let decision = hall.scan(0, item(1), 0);
    assert_eq!(hall.deliver(0, item(1), 2_000, &decision), HOLD);
    hall.customs(60_000, Clearance::Released);
    let decision = hall.scan(1, item(9), 90_000);
    assert_eq!(hall.deliver(1, item(9), 92_000, &decision), GERMANY);
    assert_eq!(
        hall.story(),
        format!(
            "\
parcel LP000000014SG to DE 10115, announced
  Tue 11:47:00.000  sorter 0: item 1 entered
  Tue 11:47:00.100  sorter 0: item 1 decided for hold chute 98 by plan 1 (outlet HOLD): customs: held for inspection
  Tue 11:47:02.000  sorter 0: item 1 committed to hold chute 98
  Tue 11:47:02.100  sorter 0: item 1 slid into hold chute 98, container 98 (plate 300000000000000056)
  Tue 11:48:00.000  customs: released
  Tue 11:48:30.000  sorter 1: item 9 entered
  Tue 11:48:30.100  sorter 1: item 9, inducted again from hold chute 98, decided for chute 0 by plan 1 (outlet DE by the rule on line 2): sorted as planned
  Tue 11:48:32.000  sorter 1: item 9 committed to chute 0
  Tue 11:48:32.100  sorter 1: item 9 slid into chute 0, container 100 (plate 300000000000000070)
now: discharged; pass 2 on sorter 1, decided for chute 0 because: sorted as planned; in container 100 (plate 300000000000000070), at chute 0 of sorter 1, for {DEPARTURE}; customs: released; {RULE}"
        )
    );
    let document = include_str!("../../../docs/explain.md");
    assert!(document.contains(&hall.story()), "docs/explain.md shows another story");
}

#[test]
fn tells_a_recall_after_the_discharge_even_when_customs_wrote_before_it() {
    let mut hall = Hall::new(Clearance::Released, Keep::Parcel(PARCEL));
    let decision = hall.scan(0, item(1), 0);
    hall.deliver(0, item(1), 2_000, &decision);
    hall.customs(500, Clearance::HoldInspect);
    assert_eq!(
        hall.story(),
        format!(
            "\
parcel LP000000014SG to DE 10115, announced
  Tue 11:47:00.000  sorter 0: item 1 entered
  Tue 11:47:00.100  sorter 0: item 1 decided for chute 0 by plan 1 (outlet DE by the rule on line 2): sorted as planned
  Tue 11:47:00.500  customs: held for inspection
  Tue 11:47:02.000  sorter 0: item 1 committed to chute 0
  Tue 11:47:02.100  sorter 0: item 1 slid into chute 0, container 0 (plate 300000000000000001)
  Tue 11:47:02.100  customs: recalled from container 0 (plate 300000000000000001): held for inspection, as customs wrote on Tue 11:47:00.500
now: recalled; pass 1 on sorter 0, decided for chute 0 because: sorted as planned; in container 0 (plate 300000000000000001), at chute 0 of sorter 0, for {DEPARTURE}; customs: held for inspection; {RULE}"
        )
    );
}

#[test]
fn tells_a_recall_at_the_discharge_once() {
    let mut hall = Hall::new(Clearance::Released, Keep::Last(100));
    let decision = hall.scan(0, item(1), 0);
    let held = decision.assigned;
    assert_eq!(hall.workers[0].commit(item(1), at(2_000), &decision.identity, &held), Commit::Done);
    hall.customs(2_050, Clearance::Seized);
    hall.workers[0].order_ended(item(1), at(2_100), GERMANY, &held, OrderEnd::WithItem);
    hall.workers[0].finish(item(1), at(2_100), &held, Fate::Discharged(GERMANY), WEIGHT);
    let story = hall.story();
    let end = "\
  Tue 11:47:02.050  customs: seized
  Tue 11:47:02.100  sorter 0: item 1 slid into chute 0, container 0 (plate 300000000000000001)
  Tue 11:47:02.100  customs: recalled from container 0 (plate 300000000000000001): seized, as customs wrote on Tue 11:47:02.050
now: recalled; ";
    assert!(story.contains(end), "{story}");
}

#[test]
fn tells_laps_losses_a_second_label_and_a_plan_change() {
    let mut hall = Hall::new(Clearance::Released, Keep::Last(100));
    let first = hall.scan(0, item(1), 0);
    hall.run_off(0, item(1), 4_000, &first);
    hall.engine.publish(&hall::plan(&outlets().replace("test plan", "evening"))).unwrap();
    let second = hall.scan(0, item(2), 60_000);
    hall.workers[0].order_ended(item(2), at(61_000), GERMANY, &second.assigned, OrderEnd::WithItem);
    hall.workers[0].finish(item(2), at(61_000), &second.assigned, Fate::Lost, WEIGHT);
    let third = hall.scan(1, item(2), 120_000);
    let duplicate = hall.scan(0, item(3), 120_500);
    let again = hall.decide(1, item(2), 121_000, third.assigned);
    hall.workers[1].order_ended(item(2), at(121_000), GERMANY, &again.assigned, OrderEnd::Replaced);
    hall.deliver(1, item(2), 122_000, &again);
    hall.deliver(0, item(3), 122_500, &duplicate);
    assert_eq!(
        hall.story(),
        "\
parcel LP000000014SG to DE 10115, announced as released
  Tue 11:47:00.000  sorter 0: item 1 entered
  Tue 11:47:00.100  sorter 0: item 1 decided for chute 0 by plan 1 (outlet DE by the rule on line 2): sorted as planned
  Tue 11:47:04.000  sorter 0: the order of item 1 to chute 0 ended and it went on
  Tue 11:47:04.100  sorter 0: item 1 ran off the end (lap 1)
  Tue 11:48:00.000  sorter 0: item 2 entered
  Tue 11:48:00.100  sorter 0: item 2, back, decided for chute 0 by plan 2 (outlet DE by the rule on line 2): sorted as planned
  Tue 11:48:01.000  sorter 0: item 2 lost by tracking
  Tue 11:49:00.000  sorter 1: item 2 entered
  Tue 11:49:00.100  sorter 1: item 2, found again, decided for chute 0 by plan 2 (outlet DE by the rule on line 2): sorted as planned
  Tue 11:49:00.500  sorter 0: item 3 entered
  Tue 11:49:00.600  sorter 0: item 3 decided for exception chute 99 by plan 2 (outlet EXC): another item carries the same label
  Tue 11:49:01.000  sorter 1: item 2 decided again for exception chute 99 instead of chute 0 by plan 2 (outlet EXC): another item carries the same label
  Tue 11:49:02.000  sorter 1: item 2 committed to exception chute 99
  Tue 11:49:02.100  sorter 1: item 2 slid into exception chute 99, container 199 (plate 300000000000000131)
  Tue 11:49:02.500  sorter 0: item 3 committed to exception chute 99
  Tue 11:49:02.600  sorter 0: item 3 slid into exception chute 99, container 99 (plate 300000000000000063)
now: in an exception chute; pass 3 on sorter 1, decided for chute 99 because: another item carries the same label; in container 199 (plate 300000000000000131), at chute 99 of sorter 1; customs: released; plan evening version 2 sends it to outlet DE by the rule on line 2"
    );
}

#[test]
fn says_which_events_are_gone_and_which_were_never_kept() {
    let mut hall = Hall::new(Clearance::Released, Keep::Nothing);
    let decision = hall.scan(0, item(1), 0);
    let second_line = |hall: &Hall| hall.story().lines().nth(1).unwrap().to_owned();
    assert_eq!(second_line(&hall), "  events are not kept: keep them with Worker::keep");
    hall.workers[1].keep(Keep::Last(3));
    assert_eq!(second_line(&hall), "  events of it are not kept on sorter 0");
    hall.workers[0].keep(Keep::Last(3));
    hall.deliver(0, item(1), 1_000, &decision);
    assert_eq!(
        second_line(&hall),
        "  older events are gone: they are kept on sorter 0 from Tue 11:47:01.000"
    );
    for number in 2..5 {
        hall.scan(0, item(number), u64::from(number) * 1_000);
    }
    assert_eq!(hall.workers[0].gap(PARCEL), Some(Gap::Before(at(3_100))));
    let story = hall.story();
    let begin = "\
parcel LP000000014SG to DE 10115, announced as released
  older events are gone: they are kept on sorter 0 from Tue 11:47:03.100
  Tue 11:47:03.100  sorter 0: item 3 decided for exception chute 99 by plan 1 (outlet EXC): another item carries the same label
  Tue 11:47:04.000  sorter 0: item 4 entered
  Tue 11:47:04.100  sorter 0: item 4 decided for exception chute 99 by plan 1 (outlet EXC): another item carries the same label
now: discharged; ";
    assert!(story.starts_with(begin), "{story}");
}

#[test]
fn tells_the_same_from_records_in_any_order_of_the_sorters_and_leaves_out_those_of_others() {
    let mut hall = Hall::new(Clearance::Released, Keep::Last(100));
    let first = hall.scan(0, item(1), 0);
    hall.run_off(0, item(1), 4_000, &first);
    hall.scan(1, item(1), 60_000);
    let kept = |sorter: usize| hall.workers[sorter].story(PARCEL).copied().collect::<Vec<_>>();
    let other = |record| LogRecord { parcel: Some(ParcelId::new(1)), ..record };
    let others = kept(0).into_iter().map(other);
    let records: Vec<_> = kept(1).into_iter().chain(kept(0)).chain(others).collect();
    let told = hall.engine.explain(&s10(1)).unwrap().with_records(records);
    assert_eq!((told.records.len(), told.to_string()), (6, hall.story()));
}

#[test]
fn keeping_events_allocates_nothing_on_the_way_of_a_parcel() {
    for keep in [Keep::Last(4), Keep::Parcel(PARCEL)] {
        let mut hall = Hall::new(Clearance::Released, keep);
        let counted = measure(|| {
            let worker = &mut hall.workers[0];
            for number in 0..5_000 {
                worker.entered(item(number), at(0), true, EncoderCount::default());
            }
        });
        assert_eq!(counted.count_total, 0, "{keep:?} {counted:?}");
        let code = s10(1);
        let codes = [&code[..]];
        let worker = &mut hall.workers[0];
        let counted = measure(|| {
            let reach = Millimetres::new(8_000);
            let (item, held) = (item(1), Assigned::NOTHING);
            let decision = worker.decide(&Scan { item, at: at(1), codes: &codes, known: None, held, reach });
            worker.commit(item, at(2), &decision.identity, &decision.assigned);
            worker.order_ended(item, at(3), GERMANY, &decision.assigned, OrderEnd::WithItem);
            worker.finish(item, at(3), &decision.assigned, Fate::Discharged(GERMANY), WEIGHT);
        });
        assert_eq!(counted.count_total, 0, "{keep:?} {counted:?}");
        assert!(worker.gap(PARCEL).is_none_or(|gap| gap != Gap::All));
    }
}
