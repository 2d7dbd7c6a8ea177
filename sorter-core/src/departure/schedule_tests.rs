use super::*;
use crate::diagnostic::Diagnostics;

const HEADER: &str = "kind,id,day,time_local,origin,destination,tonnes,parcels_full,cutoff_min,closing_min";

/// What is wrong with rows under [`HEADER`], each as `line code message`.
fn problems(rows: &[&str]) -> Vec<String> {
    listed(&format!("{HEADER}\n{}", rows.join("\n")))
}

fn listed(text: &str) -> Vec<String> {
    let Diagnostics(found) =
        ScheduleSource::from_csv("week.csv", text, "LGG").expect_err("the text has problems");
    found
        .into_iter()
        .map(|found| format!("{} {} {}", found.line.unwrap_or(0), found.code, found.message))
        .collect()
}

/// The only problem of one row.
fn problem(row: &str) -> String {
    let mut found = problems(&[row]);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn compiled(text: &str) -> Timetable {
    let source = ScheduleSource::from_csv("week.csv", text, "LGG");
    Timetable::compile(&source.unwrap_or_else(|problems| panic!("{problems}")), None)
}

#[test]
fn reads_rows_with_comments_byte_order_mark_and_windows_line_ends() {
    let text = format!(
        "\u{feff}# a week\r\n{HEADER}\r\n\r\n# one out\r\ntruck,\"T1\",Tue,04:30,LGG, PL:Lodz ,8.4,24000,,\r\n"
    );
    let timetable = compiled(&text);
    let truck = timetable.connection(timetable.connection_named("T1").unwrap()).unwrap();
    assert_eq!(truck.mode, Mode::Truck);
    assert_eq!(timetable.lane_name(truck.lane), Some("PL:Lodz"));
    assert_eq!(truck.departs, Micros::from_secs(86_400 + 16_200));
    assert_eq!(truck.cut_off_lead, Micros::from_secs(45 * 60));
    assert_eq!(truck.closing_lead, Micros::from_secs(15 * 60));
    assert_eq!(truck.capacity, Capacity { pieces: Some(24_000), mass: Some(Grams::new(8_400_000)) });
}

#[test]
fn columns_may_come_in_any_order_and_optional_ones_may_be_missing() {
    let timetable = compiled("id,destination,origin,time_local,day,kind\nX1,JFK,LGG,12:00,Sun,flight\n");
    let flight = timetable.connections().next().unwrap();
    assert_eq!((flight.mode, flight.capacity), (Mode::Flight, Capacity::default()));
    assert_eq!(flight.cut_off_lead, Micros::from_secs(2 * 3_600));
}

#[test]
fn rows_that_end_at_the_hub_arrive() {
    let text = "kind,id,day,time_local,origin,destination,parcels_full,parcels_matched\n\
                flight,F2,Tue,11:21,HKG,LGG,262500,78596\n\
                truck,T9,Mon,11:21,FR:Paris,LGG,24000,\n";
    let timetable = compiled(text);
    let [truck, flight] = timetable.arrivals() else { panic!("two rows arrive") };
    assert_eq!((truck.mode, &*truck.origin, truck.pieces()), (Mode::Truck, "FR:Paris", Some(24_000)));
    assert_eq!((flight.pieces_full, flight.pieces()), (Some(262_500), Some(78_596)));
    assert_eq!(flight.in_week(2), WEEK + WEEK + Micros::from_secs(86_400 + 11 * 3_600 + 21 * 60));
    assert_eq!(timetable.lanes().count(), 0);
}

#[test]
fn an_empty_schedule_is_a_timetable_without_departures() {
    let timetable = compiled("kind,id,day,time_local,origin,destination\n");
    assert_eq!((timetable.connections().count(), timetable.arrivals().len()), (0, 0));
}

#[test]
fn refuses_a_text_without_a_header() {
    assert_eq!(listed("# nothing\n").len(), 6);
    assert_eq!(listed("")[0], "1 DS0001 column kind is missing");
}

#[test]
fn names_all_columns_that_are_missing_unknown_or_there_twice() {
    assert_eq!(
        listed("kind,id,day,time_local,origin,id,cutoff\ntruck\n"),
        [
            "1 DS0003 column id is there twice",
            "1 DS0002 column `cutoff` is not known",
            "1 DS0001 column destination is missing",
        ]
    );
}

#[test]
fn reads_the_rows_of_a_text_with_an_unknown_column() {
    let found = listed("kind,id,day,time_local,origin,destination,color\ntruck,T1,Mon,4:30,LGG,A,red\n");
    assert_eq!(found, ["1 DS0002 column `color` is not known", "2 DS0009 time `4:30` is not 00:00 to 23:59"]);
}

#[test]
fn names_every_problem_of_every_row_in_the_order_of_lines() {
    let found = problems(&[
        "ship,T 1,Mo,24:00,CGO,SZX,heavy,many,soon,never",
        "truck,T2,Mon,04:30,LGG",
        "truck,T3,Mon,04:30,LGG,A,8.4,24000,45,15",
    ]);
    let expected = [
        "2 DS0005 kind `ship` is neither truck nor flight",
        "2 DS0006 id `T 1` is not 1 to 16 letters, digits, hyphens or underscores",
        "2 DS0008 day `Mo` is not Mon, Tue, Wed, Thu, Fri, Sat, Sun",
        "2 DS0009 time `24:00` is not 00:00 to 23:59",
        "2 DS0010 the row from `CGO` to `SZX` neither starts nor ends at the hub `LGG`",
        "2 DS0015 parcels_full `many` is not a number of parcels",
        "2 DS0015 tonnes `heavy` is not a number from 0 to 1000 with at most 6 decimals",
        "2 DS0013 cutoff_min `soon` is not a number of minutes",
        "2 DS0014 closing_min `never` is not a number from 0 to 1440 minutes",
        "3 DS0004 5 fields, the header has 10",
    ];
    assert_eq!(found, expected);
}

#[test]
fn refuses_a_cut_off_after_departure() {
    assert_eq!(
        problem("truck,T07,Mon,04:30,LGG,A,,,-15,"),
        "2 DS0012 truck T07 has its cut-off 15 min after it departs"
    );
}

#[test]
fn refuses_leads_of_more_than_a_day() {
    assert_eq!(
        problem("flight,X1,Mon,04:30,LGG,A,,,1441,"),
        "2 DS0013 flight X1 has its cut-off 1441 min before it departs, at most 1440 min"
    );
    assert_eq!(
        problem("truck,T1,Mon,04:30,LGG,A,,,,-1"),
        "2 DS0014 closing_min `-1` is not a number from 0 to 1440 minutes"
    );
    let huge = problem(&format!("truck,T1,Mon,04:30,LGG,A,,,{},", "9".repeat(80)));
    assert!(huge.starts_with("2 DS0013"), "{huge}");
    let huge = problem(&format!("truck,T1,Mon,04:30,LGG,A,,,-{},", "9".repeat(80)));
    assert!(huge.starts_with("2 DS0012"), "{huge}");
}

#[test]
fn refuses_an_id_that_is_there_twice() {
    let found = problems(&["flight,F1,Mon,04:30,CGO,LGG,,,,", "truck,F1,Tue,04:30,LGG,A,,,,"]);
    assert_eq!(found, ["3 DS0007 id F1 is already in line 2"]);
}

#[test]
fn refuses_rows_that_do_both_or_name_no_lane() {
    assert_eq!(
        problem("truck,T1,Mon,04:30,LGG,LGG,,,,"),
        "2 DS0010 the row from `LGG` to `LGG` both starts and ends at the hub `LGG`"
    );
    assert_eq!(problem("truck,T1,Mon,04:30,LGG,,,,,"), "2 DS0011 the destination is empty");
    let long = problem(&format!("truck,T1,Mon,04:30,LGG,{},,,,", "x".repeat(65)));
    assert!(long.starts_with("2 DS0011 destination `xxx") && long.len() < 130, "{long}");
}

#[test]
fn refuses_two_cut_offs_of_a_lane_at_the_same_time() {
    let found = problems(&[
        "truck,T1,Mon,00:30,LGG,A,,,45,",
        "truck,T2,Mon,00:30,LGG,B,,,45,",
        "flight,X1,Mon,01:45,LGG,A,,,120,",
    ]);
    assert_eq!(
        found,
        ["4 DS0016 flight X1 and truck T1 of line 2 both go to A and have their cut-off on Sun at 23:45"]
    );
}

#[test]
fn refuses_more_rows_than_it_can_number() {
    let rows: String = (0..=ScheduleSource::MAX_ROWS)
        .map(|number| format!("flight,F{number},Mon,04:30,CGO,LGG,,,,\n"))
        .collect();
    assert_eq!(listed(&format!("{HEADER}\n{rows}")), ["4098 DS0017 the schedule has more than 4096 rows"]);
}

#[test]
fn tonnes_are_exact_to_the_gram() {
    let mass = |text| fields::tonnes(text).map(|mass| mass.map(Grams::get)).ok();
    assert_eq!(mass("8.4"), Some(Some(8_400_000)));
    assert_eq!(mass("0.000001"), Some(Some(1)));
    assert_eq!(mass("1000"), Some(Some(1_000_000_000)));
    assert_eq!(mass(""), Some(None));
    for wrong in ["1001", "-1", "+1", "1.", ".5", "1.0000001", "1e3", "8,4"] {
        assert_eq!(mass(wrong), None, "{wrong}");
    }
}
