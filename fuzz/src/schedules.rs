//! Weekly schedules.

use sorter_core::departure::{Departure, ScheduleSource, Timetable, WEEK};
use sorter_core::units::Micros;

use crate::halves;

/// A schedule as CSV, then the one that follows it: each one without problems compiles to a timetable that
/// agrees with itself, and the second keeps the numbers of the first.
pub fn schedule(data: &[u8]) {
    let (first, second) = halves(data);
    let Some(first) = read(first) else { return };
    let timetable = Timetable::compile(&first, None);
    agrees_with_itself(&timetable);
    let Some(second) = read(second) else { return };
    let later = Timetable::compile(&second, Some(&timetable));
    agrees_with_itself(&later);
    for connection in timetable.connections() {
        assert_eq!(later.connection_named(&connection.name), Some(connection.id));
    }
    for lane in timetable.lanes() {
        assert_eq!(later.lane_name(lane), timetable.lane_name(lane));
    }
}

fn read(text: &[u8]) -> Option<ScheduleSource> {
    match ScheduleSource::from_csv("week.csv", std::str::from_utf8(text).ok()?, "LGG") {
        Ok(source) => Some(source),
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a problem");
            for problem in &problems.0 {
                assert!(problem.message.len() < 1_000 && !problem.message.contains('\u{1b}'), "{problem}");
            }
            None
        }
    }
}

fn agrees_with_itself(timetable: &Timetable) {
    for lane in timetable.lanes() {
        let mut at = Micros::ZERO;
        for _ in 0..4 {
            let next = timetable.next(lane, at).expect("a lane has a departure every week");
            assert!(next.opens <= at && at < next.cut_off, "{next:?} at {at}");
            assert!(
                next.opens <= next.closing && next.closing <= next.cut_off && next.cut_off <= next.departs
            );
            assert_eq!(timetable.departure(next.id), Some(next));
            at = next.cut_off;
        }
    }
    // The second week has one departure of each connection, whatever the first one lacks.
    let count = timetable.connections().count();
    let by_id = |mut found: Vec<Departure>| {
        found.sort_by_key(|departure| departure.connection);
        found.dedup_by_key(|departure| departure.connection);
        found.len()
    };
    assert_eq!(by_id(timetable.cut_offs(WEEK, WEEK + WEEK)), count);
    assert_eq!(by_id(timetable.departing(WEEK, WEEK + WEEK)), count);
    delays(timetable);
}

/// Moves the first departures by an hour; those that may move are found at their new times.
fn delays(timetable: &Timetable) {
    let hour = Micros::from_secs(3_600);
    for departure in timetable.cut_offs(Micros::ZERO, WEEK).into_iter().take(8) {
        let (cut_off, departs) = (departure.cut_off + hour, departure.departs + hour);
        let Ok(changed) = timetable.changed(departure.id, cut_off, departs, Micros::ZERO) else { continue };
        let delayed = changed.departure(departure.id).expect("a change removes no departure");
        assert_eq!((delayed.cut_off, delayed.departs), (cut_off, departs));
        assert_eq!(changed.next(departure.lane, departure.cut_off), Some(delayed));
    }
}
