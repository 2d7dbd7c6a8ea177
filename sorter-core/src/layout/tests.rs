use super::*;

const LINE_100: &str = include_str!("../../layouts/line_100.toml");

fn codes(text: &str) -> Vec<(&'static str, Option<u32>)> {
    match Layout::from_toml("hall.toml", text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.0.iter().map(|problem| (problem.code, problem.line)).collect(),
    }
}

/// The problems of the standard layout with one line of it replaced.
fn codes_with(line: &str, replacement: &str) -> Vec<&'static str> {
    assert!(LINE_100.contains(line), "{line} is in the standard layout");
    codes(&LINE_100.replacen(line, replacement, 1)).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn the_standard_line_has_its_hundred_chutes() {
    let layout = Layout::line_100();
    assert_eq!(layout.name(), "line_100");
    assert_eq!(layout.chutes().len(), 100);
    let last = layout.chute(ChuteId::new(99)).unwrap();
    assert_eq!(
        (last.position, last.diverter, last.capacity),
        (Millimetres::new(109_000), DiverterId::new(99), 120)
    );
    assert_eq!(layout.chute(ChuteId::new(91)).unwrap().capacity, 60);
    assert!(layout.chute(ChuteId::new(100)).is_none());
    assert!(layout.chutes().iter().all(|chute| chute.eye));
}

#[test]
fn photo_eye_zero_is_the_induction() {
    let layout = Layout::line_100();
    assert_eq!(layout.eye(EyeId::new(0)), Some(Millimetres::ZERO));
    assert_eq!(layout.eye(EyeId::new(1)), Some(Millimetres::new(5_000)));
    assert_eq!(layout.eye(EyeId::new(7)), None);
}

#[test]
fn lengths_become_the_nearest_pulse() {
    let layout = Layout::line_100();
    let pulses = |length| layout.pulses(Millimetres::new(length)).get();
    assert_eq!((pulses(14), pulses(15), pulses(-14), pulses(-15), pulses(0)), (1, 2, -1, -2, 0));
    assert_eq!(pulses(i32::MAX), 214_748_365);
    assert_eq!(pulses(i32::MIN), -214_748_365);
}

#[test]
fn travel_time_is_rounded_up() {
    let layout = Layout::line_100();
    assert_eq!(layout.travel_time(Millimetres::new(115_000)), Micros::from_secs(46));
    assert_eq!(layout.travel_time(Millimetres::new(1)), Micros::new(400));
    assert_eq!(layout.travel_time(Millimetres::new(-5)), Micros::ZERO);
}

#[test]
fn reports_every_problem_at_once_in_the_order_of_lines() {
    let text = LINE_100
        .replace("scale_mm = 4000", "scale_mm = 2000")
        .replace("belt_capacity = 400", "belt_capacity = 0\ncolour = \"red\"")
        .replace("rated_per_hour = 18000\n", "")
        .replace("half_full = 80", "half_full = 121");
    let found = codes(&text);
    let names: Vec<_> = found.iter().map(|(code, _)| *code).collect();
    assert_eq!(names, ["LA0003", "LA0005", "LA0004", "LA0002", "LA0010"]);
    assert!(found.is_sorted_by_key(|(_, line)| *line));
}

#[test]
fn names_the_line_and_both_sides() {
    let text = LINE_100.replace("pulse_length_mm = 10", "pulse_length_mm = 1_000_000");
    let problems = Layout::from_toml("hall.toml", &text).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "hall.toml:5: LA0004: `pulse_length_mm` is 1000000, which is not within 1 to 1000"
    );
}

#[test]
fn reports_all_syntax_errors_with_their_lines() {
    let found = codes("name = \nbelt_speed_mm_per_s = 1 2\n");
    assert!(found.len() >= 2, "{found:?}");
    assert!(found.iter().all(|(code, line)| *code == "LA0001" && line.is_some()));
}

#[test]
fn refuses_values_of_the_wrong_kind() {
    assert_eq!(codes_with("scanner_mm = 3000", "scanner_mm = \"3 m\""), ["LA0004"]);
    assert_eq!(codes_with("scanner_mm = 3000", "scanner_mm = 3000.5"), ["LA0004"]);
    assert_eq!(codes_with("name = \"line_100\"", "name = 100"), ["LA0004"]);
    assert_eq!(codes_with("capacity = 60", "capacity = 0"), ["LA0004"]);
}

#[test]
fn refuses_stations_and_photo_eyes_out_of_order() {
    assert_eq!(codes_with("scanner_mm = 3000", "scanner_mm = 4000"), ["LA0005"]);
    assert_eq!(codes_with("scale_mm = 4000", "scale_mm = 10000"), ["LA0005"]);
    assert_eq!(codes_with("24000, 43000", "43000, 24000"), ["LA0006"]);
    assert_eq!(codes_with("100000]", "115000]"), ["LA0006"]);
}

#[test]
fn refuses_chutes_that_are_not_dense_and_rising() {
    assert_eq!(codes_with("first = 92", "first = 93"), ["LA0007"]);
    assert_eq!(codes_with("position_mm = 102000", "position_mm = 101000"), ["LA0008"]);
    assert_eq!(codes_with("count = 8", "count = 8\nfirst_diverter = 91"), ["LA0015"]);
    assert_eq!(codes_with("count = 8", "count = 8\nfirst_diverter = 249"), ["LA0004"]);
    assert!(codes_with("count = 8", "count = 165").contains(&"LA0009"));
}

#[test]
fn refuses_an_exit_without_run_off() {
    assert_eq!(codes_with("exit_eye_mm = 115000", "exit_eye_mm = 110499"), ["LA0011"]);
    assert_eq!(codes_with("exit_eye_mm = 115000", "exit_eye_mm = 110500"), [""; 0]);
}

#[test]
fn refuses_a_window_that_reaches_the_next_parcel_or_chute() {
    assert_eq!(codes_with("window_mm = 150", "window_mm = 249"), [""; 0]);
    assert_eq!(codes_with("window_mm = 150", "window_mm = 250"), ["LA0012"]);
    assert_eq!(codes_with("window_mm = 150", "window_mm = 500"), ["LA0012", "LA0012"]);
}

#[test]
fn refuses_a_flow_that_the_belt_cannot_carry() {
    assert_eq!(codes_with("minimum_gap_mm = 100", "minimum_gap_mm = 500"), ["LA0013"]);
    assert_eq!(codes_with("belt_capacity = 400", "belt_capacity = 229"), ["LA0016"]);
    assert_eq!(codes_with("minimum_lead_pulses = 10", "minimum_lead_pulses = 600"), ["LA0014"]);
}

#[test]
fn a_single_chute_needs_no_count_and_no_pitch() {
    let text = LINE_100.replace("count = 8\n", "").replacen(
        "position_mm = 102000\npitch_mm = 1000",
        "position_mm = 102000",
        1,
    );
    let layout = Layout::from_toml("hall.toml", &text).unwrap();
    assert_eq!(layout.chutes().len(), 93);
}
