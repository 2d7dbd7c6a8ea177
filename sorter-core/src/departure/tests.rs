use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

const MINUTE: u64 = 60_000_000;
const HEADER: &str = "kind,id,day,time_local,origin,destination,cutoff_min,closing_min\n";

/// A time of week 0 from its minute.
fn minute(minutes: u64) -> Micros {
    Micros::new(minutes * MINUTE)
}

fn source(rows: &str) -> ScheduleSource {
    ScheduleSource::from_csv("week.csv", &format!("{HEADER}{rows}"), "HUB")
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn compiled(rows: &str) -> Timetable {
    Timetable::compile(&source(rows), None)
}

/// Two trucks to A on Monday 10:00 and 20:00 and one to B on Monday 00:30, each with its cut-off an hour before.
fn three_trucks() -> Timetable {
    compiled(
        "truck,T1,Mon,10:00,HUB,A,60,15\ntruck,T2,Mon,20:00,HUB,A,60,15\ntruck,T3,Mon,00:30,HUB,B,60,15\n",
    )
}

fn lane(timetable: &Timetable, name: &str) -> LaneId {
    timetable.lane_named(name).unwrap()
}

fn departure(timetable: &Timetable, name: &str, week: u16) -> Departure {
    let connection = timetable.connection_named(name).unwrap();
    timetable.departure(DepartureId::of(week, connection)).unwrap()
}

#[test]
fn a_departure_passes_through_its_states() {
    let timetable = three_trucks();
    let second = departure(&timetable, "T2", 0);
    let states: Vec<_> = [0, 9 * 60 - 1, 9 * 60, 18 * 60 + 45, 19 * 60, 20 * 60]
        .map(|at| second.state(minute(at)).key())
        .into_iter()
        .collect();
    assert_eq!(states, ["planned", "planned", "open", "closing", "closed", "departed"]);
}

#[test]
fn no_time_and_no_number_is_too_extreme() {
    let timetable = three_trucks();
    let edge = i64::MAX.unsigned_abs() / 2;
    let end = WEEK.get() * 65_535;
    let times =
        [0, 1, end - 1, end, end + 1, edge - 1, edge, edge + 1, u64::MAX - 1, u64::MAX].map(Micros::new);
    let weeks = [0, 1, 65_533, 65_534, 65_535];
    for (connection, week) in (0..5).flat_map(|number| weeks.map(|week| (ConnectionId::new(number), week))) {
        let id = DepartureId::of(week, connection);
        for (cut_off, departs) in times.iter().flat_map(|first| times.map(|second| (*first, second))) {
            for now in times {
                let Ok(changed) = timetable.changed(id, cut_off, departs, now) else { continue };
                let present = changed.departure(id).unwrap();
                assert_eq!((present.cut_off, present.departs), (cut_off, departs));
                for at in times {
                    let next = changed.next(present.lane, at);
                    assert!(next.is_none_or(|next| next.cut_off > at));
                    assert!(changed.next_of(connection, at).is_none_or(|next| next.cut_off > at));
                    let (_, _) = (present.state(at), WeekTime(at).to_string());
                }
            }
        }
    }
    for at in times {
        assert_eq!(Timetable::empty().next(LaneId::new(0), at), None);
        assert_eq!(Timetable::empty().next_of(ConnectionId::new(0), at), None);
        assert_eq!(timetable.next(LaneId::new(u16::MAX), at), None);
        assert_eq!(timetable.cut_offs(at, Micros::ZERO), []);
        assert_eq!(timetable.departing(at, at), []);
    }
}

#[test]
fn the_next_departure_opens_at_the_cut_off_of_the_one_before() {
    let timetable = three_trucks();
    let a = lane(&timetable, "A");
    assert_eq!(timetable.next(a, Micros::ZERO), Some(departure(&timetable, "T1", 0)));
    assert_eq!(timetable.next(a, minute(9 * 60)), Some(departure(&timetable, "T2", 0)));
    assert_eq!(departure(&timetable, "T1", 0).opens, Micros::ZERO);
    assert_eq!(departure(&timetable, "T1", 1).opens, minute(19 * 60));
    assert_eq!(timetable.next(LaneId::new(2), Micros::ZERO), None);
}

#[test]
fn a_departure_with_its_cut_off_before_the_run_is_past() {
    let timetable = three_trucks();
    let first = departure(&timetable, "T3", 0);
    assert_eq!((first.opens, first.closing, first.cut_off), (Micros::ZERO, Micros::ZERO, Micros::ZERO));
    assert_eq!(first.departs, minute(30));
    assert_eq!(first.state(Micros::ZERO), DepartureState::Closed);
    let next = timetable.next(lane(&timetable, "B"), Micros::ZERO).unwrap();
    assert_eq!((next.id.week(), next.cut_off), (1, minute(7 * 1_440 - 30)));
    assert_eq!(timetable.cut_offs(Micros::ZERO, minute(60)), []);
    assert_eq!(timetable.departing(Micros::ZERO, minute(60)), [first]);
}

#[test]
fn the_timetable_ends_after_65_535_weeks_without_a_gap() {
    let timetable = three_trucks();
    let (a, b) = (lane(&timetable, "A"), lane(&timetable, "B"));
    let last = departure(&timetable, "T3", 65_535);
    assert_eq!(timetable.next(b, Micros::new(last.cut_off.get() - 1)), Some(last));
    assert_eq!(timetable.next(b, last.cut_off), None);
    let last = departure(&timetable, "T2", 65_534);
    assert_eq!(timetable.next(a, last.opens), Some(last));
    let behind = timetable.connection_named("T1").unwrap();
    assert_eq!(timetable.departure(DepartureId::of(65_535, behind)), None);
    let end = Micros::new(u64::MAX);
    assert_eq!((timetable.next(a, end), timetable.next_of(behind, end)), (None, None));
    assert_eq!((timetable.cut_offs(end, end), timetable.departing(end, end)), (vec![], vec![]));
    assert_eq!(timetable.cut_offs(last.opens, end).len(), 3);
}

#[test]
fn a_delay_keeps_its_departure_open_and_opens_the_next_later() {
    let timetable = three_trucks();
    let first = departure(&timetable, "T1", 0);
    let delayed = timetable.changed(first.id, minute(12 * 60), minute(13 * 60), minute(60)).unwrap();
    let a = lane(&timetable, "A");
    assert_eq!(delayed.next(a, minute(11 * 60)).unwrap().id, first.id);
    assert_eq!(departure(&delayed, "T2", 0).opens, minute(12 * 60));
    assert_eq!(departure(&delayed, "T1", 0).closing, minute(12 * 60 - 15));
    assert_eq!(delayed.cut_offs(minute(9 * 60), minute(9 * 60 + 1)), []);
    assert_eq!(delayed.cut_offs(minute(12 * 60), minute(12 * 60 + 1)), [departure(&delayed, "T1", 0)]);
    assert_eq!(delayed.departing(minute(0), minute(13 * 60)).len(), 1);
    assert_eq!(delayed.departing(minute(13 * 60), minute(13 * 60 + 1)).len(), 1);
    assert_eq!(timetable.next(a, minute(11 * 60)).unwrap().id, departure(&timetable, "T2", 0).id);
    assert_eq!(departure(&delayed, "T1", 1), departure(&timetable, "T1", 1));
}

#[test]
fn an_early_leave_opens_the_next_departure_earlier() {
    let timetable = three_trucks();
    let second = departure(&timetable, "T2", 0);
    let early = timetable.changed(second.id, minute(9 * 60 + 5), minute(11 * 60), minute(60)).unwrap();
    assert_eq!(departure(&early, "T2", 0).closing, minute(9 * 60));
    assert_eq!(early.next(lane(&early, "A"), minute(9 * 60 + 5)), Some(departure(&early, "T1", 1)));
    assert_eq!(departure(&early, "T1", 1).opens, minute(9 * 60 + 5));
}

#[test]
fn refuses_changes_of_departures_that_it_does_not_have() {
    let id = DepartureId::of(0, ConnectionId::new(3));
    let error = three_trucks().changed(id, minute(1), minute(2), minute(0)).unwrap_err();
    assert_eq!(error, ChangeError::Unknown { departure: id });
    assert_eq!(error.to_string(), "departure 3 is not in the timetable");
}

#[test]
fn refuses_changes_of_what_is_past() {
    let timetable = three_trucks();
    let first = departure(&timetable, "T1", 0);
    let change = |cut_off, departs, now| {
        timetable.changed(first.id, minute(cut_off), minute(departs), minute(now)).map(|_| ()).map_err(
            |error| match error {
                ChangeError::Past { milestone, at, .. } => (milestone, at),
                other => panic!("{other}"),
            },
        )
    };
    assert_eq!(change(540, 700, 600), Err((Milestone::Departure, minute(600))));
    assert_eq!(change(540, 569, 570), Err((Milestone::Departure, minute(569))));
    assert_eq!(change(580, 700, 570), Err((Milestone::CutOff, minute(540))));
    assert_eq!(change(399, 600, 400), Err((Milestone::CutOff, minute(399))));
    assert_eq!(change(540, 700, 570), Ok(()));
    assert_eq!(change(400, 400, 400), Ok(()));
    let error = timetable.changed(first.id, minute(540), minute(700), minute(600)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "T1 of week 0: its departure at Mon 10:00 of week 0 is past at Mon 10:00 of week 0"
    );
}

#[test]
fn a_cut_off_from_before_the_run_may_stay_when_the_departure_moves() {
    let timetable = three_trucks();
    let first = departure(&timetable, "T3", 0);
    let later = timetable.changed(first.id, first.cut_off, minute(90), minute(10)).unwrap();
    assert_eq!(departure(&later, "T3", 0), Departure { departs: minute(90), ..first });
    assert_eq!(later.cut_offs(Micros::ZERO, minute(60)), []);
    assert_eq!(later.departing(minute(90), minute(91)), [departure(&later, "T3", 0)]);
}

#[test]
fn refuses_a_changed_cut_off_after_the_departure() {
    let timetable = three_trucks();
    let id = departure(&timetable, "T1", 0).id;
    let error = timetable.changed(id, minute(601), minute(600), minute(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "T1 of week 0: cut-off at Mon 10:01 of week 0 is after its departure at Mon 10:00 of week 0"
    );
}

#[test]
fn refuses_a_cut_off_that_changes_the_order_of_a_lane() {
    let timetable = three_trucks();
    let second = departure(&timetable, "T2", 0).id;
    let error = timetable.changed(second, minute(540), minute(700), minute(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "T2 of week 0: cut-off at Mon 09:00 of week 0 is not after it opens at Mon 09:00 of week 0"
    );
    let late = departure(&timetable, "T1", 1);
    let error = timetable.changed(second, late.cut_off, late.departs, minute(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "T1 of week 1: cut-off at Mon 09:00 of week 1 is not after it opens at Mon 09:00 of week 1"
    );
}

#[test]
fn connections_and_lanes_that_are_gone_keep_their_numbers() {
    let first = three_trucks();
    let second = Timetable::compile(
        &source("truck,T4,Tue,10:00,HUB,C,60,15\ntruck,T2,Mon,21:00,HUB,A,60,15\n"),
        Some(&first),
    );
    for name in ["T1", "T2", "T3"] {
        assert_eq!(second.connection_named(name), first.connection_named(name));
    }
    assert_eq!((lane(&second, "A"), lane(&second, "B")), (lane(&first, "A"), lane(&first, "B")));
    assert_eq!(second.lane_name(lane(&second, "B")), Some("B"));
    assert_eq!(second.lanes().collect::<Vec<_>>(), [lane(&second, "A"), lane(&second, "C")]);
    assert_eq!((second.lane_count(), second.connections().count()), (3, 2));
    let gone = second.connection_named("T3").unwrap();
    assert!(!second.connection(gone).unwrap().runs);
    assert_eq!((second.next_of(gone, minute(0)), second.next(lane(&second, "B"), minute(0))), (None, None));
    assert_eq!(second.departure(DepartureId::of(0, gone)), None);
    let again = Timetable::compile(&source("truck,T3,Mon,00:30,HUB,B,60,15\n"), Some(&second));
    assert_eq!(again.next_of(gone, minute(0)).map(|next| next.connection), Some(gone));
}

#[test]
fn delays_outlive_another_schedule_where_the_order_allows_it() {
    let timetable = three_trucks();
    let first = departure(&timetable, "T1", 0);
    let delayed = timetable.changed(first.id, minute(12 * 60), minute(13 * 60), minute(0)).unwrap();
    let rows = |second: &str| {
        let rows = format!("truck,T1,Mon,10:00,HUB,A,60,15\ntruck,T2,Mon,{second},HUB,A,60,15\n");
        Timetable::compile(&source(&rows), Some(&delayed))
    };
    assert_eq!(departure(&rows("21:00"), "T1", 0).cut_off, minute(12 * 60));
    assert_eq!(departure(&rows("12:30"), "T1", 0).cut_off, first.cut_off);
}

#[test]
fn an_empty_timetable_has_nothing() {
    let timetable = Timetable::empty();
    assert_eq!((timetable.lanes().count(), timetable.lane_count()), (0, 0));
    assert_eq!(timetable.cut_offs(Micros::ZERO, Micros::new(u64::MAX)), []);
    assert_eq!(timetable.departure(DepartureId::new(0)), None);
}

#[test]
fn times_are_shown_as_people_say_them() {
    let shown = |micros| WeekTime(Micros::new(micros)).to_string();
    assert_eq!(shown(0), "Mon 00:00 of week 0");
    assert_eq!(shown(WEEK.get() - 1), "Sun 23:59:59.999999 of week 0");
    assert_eq!(shown(3 * WEEK.get() + 61_000_000), "Mon 00:01:01 of week 3");
}

/// A row of a drawn schedule: lane, minute of departure in the week, minutes of cut-off and of closing.
type Row = (u8, u64, u64, u64);

/// Weeks that the oracle lays out.
const WEEKS: u16 = 4;

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..3_u8, 0..10_080_u64, 0..=1_440_u64, 0..=1_440_u64);
    prop::collection::vec(row, 1..12).prop_map(|mut rows| {
        let mut seen = std::collections::BTreeSet::new();
        rows.retain(|(lane, departs, lead, _)| seen.insert((*lane, (departs + 10_080 - lead) % 10_080)));
        rows
    })
}

fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for (number, (lane, departs, lead, closing)) in rows.iter().enumerate() {
        let day = DAYS[(departs / 1_440) as usize];
        let (hour, minute) = (departs / 60 % 24, departs % 60);
        writeln!(text, "truck,T{number},{day},{hour:02}:{minute:02},HUB,L{lane},{lead},{closing}").unwrap();
    }
    text
}

/// The departures of the first weeks as a plain list, with signed cut-offs.
struct Oracle {
    list: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: DepartureId,
    lane: u8,
    cut_off: i64,
    departs: i64,
    closing_lead: i64,
}

impl Oracle {
    fn new(rows: &[Row]) -> Self {
        let list = (0..WEEKS)
            .flat_map(|week| rows.iter().enumerate().map(move |(number, row)| (week, number, *row)))
            .map(|(week, number, (lane, departs, lead, closing))| {
                let departs = i64::from(week) * 10_080 + departs as i64;
                let connection = ConnectionId::new(number as u16);
                Entry {
                    id: DepartureId::of(week, connection),
                    lane,
                    cut_off: departs - lead as i64,
                    departs,
                    closing_lead: closing as i64,
                }
            })
            .collect();
        Self { list }
    }

    /// The same change, judged on the list. The lane keeps its order exactly when no other cut-off of the lane
    /// is passed.
    fn change(&mut self, id: DepartureId, cut_off: i64, departs: i64, now: i64) -> bool {
        let Some(place) = self.list.iter().position(|entry| entry.id == id) else { return false };
        let old = self.list[place];
        let moves = cut_off != old.cut_off.max(0);
        let over = old.departs <= now || departs < now;
        let cut_off_over = moves && (old.cut_off <= now || cut_off < now);
        if cut_off > departs || over || cut_off_over {
            return false;
        }
        let (low, high) = (old.cut_off.min(cut_off), old.cut_off.max(cut_off));
        let others = self.list.iter().filter(|entry| entry.lane == old.lane && entry.id != id);
        let passes = others.clone().any(|entry| (low..=high).contains(&entry.cut_off));
        if moves && (passes || cut_off == 0) {
            return false;
        }
        if moves {
            self.list[place].cut_off = cut_off;
        }
        self.list[place].departs = departs;
        true
    }

    fn departure(&self, timetable: &Timetable, entry: &Entry) -> Departure {
        let before =
            self.list.iter().filter(|other| other.lane == entry.lane && other.cut_off < entry.cut_off);
        let opens = before.map(|other| other.cut_off).max().unwrap_or(0).max(0);
        let closing = (entry.cut_off - entry.closing_lead).max(opens);
        let time = |minutes: i64| minute(minutes.max(0) as u64);
        Departure {
            id: entry.id,
            connection: entry.id.connection(),
            lane: lane(timetable, &format!("L{}", entry.lane)),
            opens: time(opens),
            closing: time(closing),
            cut_off: time(entry.cut_off),
            departs: time(entry.departs),
        }
    }

    /// The first cut-off after a time among some departures.
    fn next(&self, at: i64, among: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let open = self.list.iter().filter(|entry| entry.cut_off > at && among(entry));
        open.min_by_key(|entry| entry.cut_off)
    }

    fn between(&self, from: i64, to: i64, time: fn(&Entry) -> i64) -> Vec<DepartureId> {
        let mut found: Vec<_> = self.list.iter().filter(|entry| (from..to).contains(&time(entry))).collect();
        found.sort_by_key(|entry| (time(entry), entry.id));
        found.into_iter().map(|entry| entry.id).collect()
    }
}

/// A change of departure `0 % rows` in week `1` by minutes to its cut-off and to its departure, at a time.
type Move = (usize, u16, i64, i64, i64);

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let shift = prop_oneof![Just(0), -90..90_i64, -3_000..3_000_i64];
    prop::collection::vec((0..12_usize, 0..2_u16, shift.clone(), shift, 0..12_000_i64), 0..12)
}

/// The timetable and the list after the same changes. Each is refused by both or by none.
fn moved(rows: &[Row], moves: &[Move]) -> (Timetable, Oracle) {
    let mut timetable = compiled(&text(rows));
    let mut oracle = Oracle::new(rows);
    for (number, week, cut_off, departs, now) in moves {
        let connection = ConnectionId::new((number % rows.len()) as u16);
        let present = timetable.departure(DepartureId::of(*week, connection)).unwrap();
        let minutes = |time: Micros, by: i64| ((time.get() / MINUTE) as i64 + by).max(0);
        let (cut_off, departs) = (minutes(present.cut_off, *cut_off), minutes(present.departs, *departs));
        let time = |minutes: i64| minute(minutes as u64);
        let changed = timetable.changed(present.id, time(cut_off), time(departs), time(*now));
        assert_eq!(changed.is_ok(), oracle.change(present.id, cut_off, departs, *now), "{changed:?}");
        timetable = changed.unwrap_or(timetable);
    }
    (timetable, oracle)
}

proptest! {
    #[test]
    fn answers_are_those_of_a_plain_list(
        rows in rows(),
        moves in moves(),
        times in prop::collection::vec((0..20_000_i64, 0..3_000_i64), 1..20),
    ) {
        let (timetable, oracle) = moved(&rows, &moves);
        for entry in oracle.list.iter().filter(|entry| entry.id.week() < WEEKS - 1) {
            prop_assert_eq!(timetable.departure(entry.id), Some(oracle.departure(&timetable, entry)));
        }
        for (at, span) in times {
            let (from, to) = (minute(at as u64), minute((at + span) as u64));
            for lane_number in 0..3 {
                let Some(lane) = timetable.lane_named(&format!("L{lane_number}")) else { continue };
                let expected = oracle.next(at, |entry| entry.lane == lane_number).unwrap();
                prop_assert_eq!(timetable.next(lane, from), Some(oracle.departure(&timetable, expected)));
            }
            for number in 0..rows.len() {
                let connection = ConnectionId::new(number as u16);
                let expected = oracle.next(at, |entry| entry.id.connection() == connection).unwrap();
                prop_assert_eq!(
                    timetable.next_of(connection, from),
                    Some(oracle.departure(&timetable, expected))
                );
            }
            let ids = |found: Vec<Departure>| found.into_iter().map(|found| found.id).collect::<Vec<_>>();
            let cut_offs = oracle.between(at, at + span, |entry| entry.cut_off);
            prop_assert_eq!(ids(timetable.cut_offs(from, to)), cut_offs);
            let departing = oracle.between(at, at + span, |entry| entry.departs);
            prop_assert_eq!(ids(timetable.departing(from, to)), departing);
        }
    }

    #[test]
    fn exactly_one_departure_of_a_lane_takes_parcels_at_any_time(
        rows in rows(),
        moves in moves(),
        times in prop::collection::vec(0..20_000_u64, 1..20),
    ) {
        let (timetable, oracle) = moved(&rows, &moves);
        for at in times.into_iter().map(minute) {
            for lane in timetable.lanes() {
                let taking: Vec<_> = oracle
                    .list
                    .iter()
                    .filter_map(|entry| timetable.departure(entry.id))
                    .filter(|departure| departure.lane == lane)
                    .filter(|departure| {
                        matches!(departure.state(at), DepartureState::Open | DepartureState::Closing)
                    })
                    .collect();
                prop_assert_eq!(taking, Vec::from_iter(timetable.next(lane, at)));
            }
        }
    }

    #[test]
    fn numbers_are_the_same_in_a_later_timetable(first in rows(), second in rows(), moves in moves()) {
        let (timetable, _) = moved(&first, &moves);
        let later = Timetable::compile(&source(&text(&second)), Some(&timetable));
        for number in 0..first.len() {
            let name = format!("T{number}");
            prop_assert_eq!(later.connection_named(&name), timetable.connection_named(&name));
        }
        for lane in timetable.lanes() {
            prop_assert_eq!(later.lane_name(lane), timetable.lane_name(lane));
        }
        for connection in later.connections() {
            prop_assert_eq!(later.connection_named(&connection.name), Some(connection.id));
            let weeks = (0..3).filter_map(|week| later.departure(DepartureId::of(week, connection.id)));
            for departure in weeks.filter(|departure| departure.cut_off > Micros::ZERO) {
                prop_assert!(departure.opens < departure.cut_off && departure.cut_off <= departure.departs);
                prop_assert_eq!(later.next(departure.lane, departure.opens), Some(departure));
            }
        }
    }
}
