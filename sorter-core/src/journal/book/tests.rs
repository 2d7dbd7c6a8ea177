use super::*;
use crate::journal::RecordKind;
use crate::units::Micros;

const SORTER: SorterId = SorterId::new(3);

fn record(number: u64) -> Record {
    Record { extra: number, ..Record::new(Micros::new(number), RecordKind::Linked, SORTER) }
}

/// What a lane has, drained and durable.
fn upto(lane: u64, hub: u64) -> Drained {
    let mut drained = Drained { hub, ..Drained::default() };
    drained.lanes[SORTER.index()] = lane;
    drained
}

#[test]
fn what_is_pushed_comes_out_as_it_was_and_is_safe_once_it_is_durable() {
    let (book, mut drain) = Book::new(BookConfig { lane: 4 });
    let mut lane = book.lane(SORTER).unwrap();
    assert_eq!((lane.capacity(), lane.backlog()), (4, 0));
    assert!(lane.is_safe(lane.mark()), "nothing has to become durable");
    for number in 0..20 {
        lane.push(&record(number));
        let mark = lane.mark();
        drain.look();
        assert_eq!((drain.waiting(), drain.pushed()[SORTER.index()]), (1, number + 1));
        assert_eq!(drain.read(SORTER.index(), number), Some(record(number)));
        drain.take(&upto(number + 1, 0));
        assert_eq!((drain.waiting(), lane.backlog(), lane.is_safe(mark)), (0, 1, false));
        drain.publish(&upto(number + 1, 0));
        assert_eq!((lane.backlog(), lane.is_safe(mark)), (0, true));
    }
    assert_eq!(book.health(), Health::Well);
}

#[test]
fn a_full_lane_loses_records_and_nothing_after_them_is_ever_safe() {
    let (book, mut drain) = Book::new(BookConfig { lane: 2 });
    let mut lane = book.lane(SORTER).unwrap();
    (0..2).for_each(|number| lane.push(&record(number)));
    let before = lane.mark();
    assert_eq!(lane.health(), Health::Well);
    lane.push(&record(2));
    assert_eq!(
        (lane.health(), book.health(), drain.health()),
        (Health::Failed, Health::Failed, Health::Failed)
    );
    drain.look();
    drain.take(&upto(2, 0));
    lane.push(&record(3));
    assert_eq!(drain.waiting(), 0, "there must be no gap, so nothing is taken any more");
    drain.publish(&upto(2, 0));
    drain.set_health(Health::Well);
    assert!(lane.is_safe(before) && !lane.is_safe(lane.mark()));
    assert_eq!((lane.backlog(), lane.health()), (2, Health::Failed));
}

#[test]
fn each_sorter_of_a_hub_has_one_lane() {
    let (book, _drain) = Book::new(BookConfig { lane: 1 });
    let lanes: Vec<_> = (0..SorterId::LIMIT as u8).map(|sorter| book.lane(SorterId::new(sorter))).collect();
    assert!(lanes.iter().all(Option::is_some));
    assert!(book.lane(SORTER).is_none());
    assert!(book.lane(SorterId::new(32)).is_none());
    assert!(book.lane(Record::HUB).is_none());
}

#[test]
fn a_lane_that_is_given_out_later_is_found() {
    let (book, mut drain) = Book::new(BookConfig::default());
    drain.look();
    let mut lane = book.lane(SORTER).unwrap();
    lane.push(&record(7));
    assert_eq!(drain.read(SORTER.index(), 0), None, "not known yet");
    drain.look();
    assert_eq!(drain.read(SORTER.index(), 0), Some(record(7)));
}

#[test]
fn the_hub_posts_in_order_and_waits_for_its_own_marks() {
    let (book, mut drain) = Book::new(BookConfig::default());
    let first = book.note(Note::PlanTaken);
    let second = book.clone().post(record(5));
    assert_eq!((second, second > first), (book.mark(), true));
    assert_eq!(drain.waiting(), 2);
    assert_eq!(drain.pop_hub(), Some((1, Body::Note(Box::new(Note::PlanTaken)))));
    assert_eq!(drain.pop_hub(), Some((2, Body::Record(record(5)))));
    assert_eq!((drain.pop_hub(), drain.waiting(), drain.popped()), (None, 0, 2));
    drain.publish(&upto(0, 1));
    assert!(book.is_safe(first) && !book.is_safe(second));
}

#[test]
fn health_is_what_the_writer_says() {
    let (book, drain) = Book::new(BookConfig::default());
    for health in [Health::Stalled, Health::Well, Health::Failed] {
        drain.set_health(health);
        assert_eq!(book.health(), health);
    }
}
