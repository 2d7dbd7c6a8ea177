use super::*;
use crate::address::{Destinations, Postcode};
use crate::barcode::SelfRoute;
use crate::diagnostic::Diagnostics;
use crate::layout::Layout;

const OUTLETS: &str = r#"name = "test plan"
lap_limit = 3
rules = "rules.csv"

[[outlet]]
name = "DE-N"
display = "Germany north"
chutes = [0, 1]
overflow = "OVER"

[[outlet]]
name = "DE-S"
chutes = [2]
overflow = "OVER"

[[outlet]]
name = "REST"
chutes = [3]

[[outlet]]
name = "OVER"
chutes = [92]
role = "overflow"
overflow = "EXC"

[[outlet]]
name = "EXC"
chutes = [99]
role = "exception"

[[outlet]]
name = "HOLD"
chutes = [98]
role = "hold"

[[outlet]]
name = "NOREAD"
chutes = [97]
role = "no_read"
"#;

fn rules() -> String {
    let mut rules =
        "country,first,last,outlet\n# Germany\nDE,20000,29999,DE-N\n\nDE,1*,,DE-N\nDE,12*,,DE-S\n".to_owned();
    for country in Country::all() {
        rules += &format!("{},,,REST\n", country.code());
    }
    rules
}

fn source(toml: &str, csv: &str) -> PlanSource {
    PlanSource::from_texts("plan.toml", toml, "rules.csv", csv).unwrap()
}

fn problems(toml: &str, csv: &str) -> Diagnostics {
    source(toml, csv).check(&Layout::line_100())
}

/// The problems of the test plan with one piece of its TOML replaced.
fn with(piece: &str, replacement: &str) -> Vec<String> {
    assert!(OUTLETS.contains(piece), "{piece} is in the test plan");
    texts(&problems(&OUTLETS.replacen(piece, replacement, 1), &rules()))
}

/// The problems of the test plan with rows added to its rules.
fn with_rows(rows: &str) -> Vec<String> {
    texts(&problems(OUTLETS, &(rules() + rows)))
}

fn texts(problems: &Diagnostics) -> Vec<String> {
    problems.0.iter().map(ToString::to_string).collect()
}

fn germany() -> Country {
    Country::parse("DE").unwrap()
}

fn compiled(destinations: &Destinations, toml: &str) -> Plan {
    source(toml, &rules()).compile(&Layout::line_100(), destinations, PlanVersion::new(7)).unwrap()
}

fn outlet_name(plan: &Plan, code: &str) -> String {
    let postcode = Postcode::normalise(germany(), code).unwrap();
    plan.outlet(plan.resolve(germany(), &postcode).unwrap().outlet).name.clone()
}

#[test]
fn the_most_specific_rule_wins() {
    let plan = compiled(&Destinations::with_capacity(0), OUTLETS);
    assert_eq!(outlet_name(&plan, "20000"), "DE-N");
    assert_eq!(outlet_name(&plan, "29999"), "DE-N");
    assert_eq!(outlet_name(&plan, "30000"), "REST");
    assert_eq!(outlet_name(&plan, "11999"), "DE-N");
    assert_eq!(outlet_name(&plan, "12000"), "DE-S");
}

#[test]
fn a_match_names_the_row_as_it_was_written() {
    let plan = compiled(&Destinations::with_capacity(0), OUTLETS);
    let found = plan.resolve(germany(), &Postcode::normalise(germany(), "12345").unwrap()).unwrap();
    assert_eq!(found.rule, &RuleRef { line: 6, text: "DE,12*,,DE-S".to_owned() });
}

#[test]
fn known_destinations_are_compiled_and_late_ones_are_learned() {
    let mut destinations = Destinations::with_capacity(0);
    let early = destinations.get_or_add(germany(), Postcode::normalise(germany(), "20095").unwrap()).unwrap();
    let plan = compiled(&destinations, OUTLETS);
    assert_eq!(plan.outlet_of(early), plan.outlet_named("DE-N"));

    let postcode = Postcode::normalise(germany(), "12555").unwrap();
    let late = destinations.get_or_add(germany(), postcode).unwrap();
    assert_eq!(plan.outlet_of(late), None);
    plan.learn(late, germany(), &postcode);
    assert_eq!(plan.outlet_of(late), plan.outlet_named("DE-S"));
    assert_eq!(plan.outlet_of(DestinationId::new(u32::MAX)), None);
}

#[test]
fn chutes_know_their_outlet_and_role() {
    let plan = compiled(&Destinations::with_capacity(0), OUTLETS);
    let role = |chute| plan.role_of(ChuteId::new(chute));
    assert_eq!(
        (role(1), role(92), role(99)),
        (ChuteRole::Outbound, ChuteRole::Overflow, ChuteRole::Exception)
    );
    assert_eq!((role(98), role(97), role(50)), (ChuteRole::Hold, ChuteRole::NoRead, ChuteRole::Unused));
    assert_eq!(role(100), ChuteRole::Unused);
    assert_eq!(plan.outlet_of_chute(ChuteId::new(98)), Some(plan.hold()));
    assert_eq!(plan.outlet(plan.no_read()).chutes[..], [ChuteId::new(97)]);
    assert_eq!((plan.lap_limit(), plan.version(), plan.name()), (3, PlanVersion::new(7), "test plan"));
}

#[test]
fn an_outlet_id_of_another_plan_gives_the_exception_outlet() {
    let plan = compiled(&Destinations::with_capacity(0), OUTLETS);
    assert_eq!(plan.outlet(OutletId::new(500)).name, "EXC");
}

#[test]
fn names_the_chute_and_the_layout_when_a_chute_does_not_exist() {
    assert_eq!(
        with("chutes = [2]", "chutes = [2, 214]"),
        ["plan.toml:13: SP0007: chute 214 does not exist on layout line_100 (it has chutes 0 to 99)"]
    );
}

#[test]
fn refuses_chutes_that_are_shared_missing_or_too_many() {
    assert_eq!(
        with("chutes = [2]", "chutes = [1]"),
        ["plan.toml:13: SP0008: chute 1 of outlet DE-S is already in outlet DE-N"]
    );
    assert_eq!(with("chutes = [2]", "chutes = []"), ["plan.toml:11: SP0006: outlet DE-S has no chutes"]);
    let many: Vec<_> = (20..37).collect();
    assert_eq!(
        with("chutes = [2]", &format!("chutes = {many:?}")),
        ["plan.toml:11: SP0009: outlet DE-S has 17 chutes, at most 16"]
    );
}

#[test]
fn names_the_circle_once_when_overflow_runs_in_one() {
    let toml = OUTLETS
        .replace("role = \"overflow\"\noverflow = \"EXC\"", "role = \"overflow\"\noverflow = \"DE-S\"");
    assert_eq!(
        texts(&problems(&toml, &rules())),
        ["plan.toml:14: SP0011: overflow runs in a circle: DE-S -> OVER -> DE-S"]
    );
}

#[test]
fn refuses_overflow_that_does_not_end_in_the_exception_outlet() {
    let found = with("overflow = \"EXC\"", "");
    assert_eq!(found.len(), 2);
    assert!(found[0].contains(
        "SP0012: the overflow of outlet DE-N ends in outlet OVER with the role overflow, not in the exception outlet"
    ));
    assert_eq!(with("role = \"hold\"", "role = \"hold\"\noverflow = \"EXC\""), [""; 0]);
    assert_eq!(
        with("role = \"hold\"", "role = \"hold\"\noverflow = \"OVER\""),
        ["plan.toml:35: SP0012: outlet HOLD with the role hold may only overflow to the exception outlet"]
    );
    assert_eq!(
        with("overflow = \"EXC\"", "overflow = \"EXCEPTION\""),
        ["plan.toml:24: SP0010: outlet OVER overflows to EXCEPTION, which is no outlet"]
    );
}

#[test]
fn refuses_roles_that_are_missing_doubled_or_unknown() {
    assert_eq!(with("role = \"hold\"", ""), ["plan.toml: SP0013: no outlet has the role hold"]);
    assert_eq!(
        with("role = \"overflow\"\noverflow = \"EXC\"", "role = \"exception\""),
        ["plan.toml:25: SP0013: outlet EXC has the role exception like outlet OVER"]
    );
    let found = with("role = \"hold\"", "role = \"held\"");
    assert!(found.iter().any(|text| text.contains("SP0023: role `held` is not outbound")), "{found:?}");
}

#[test]
fn what_nobody_announced_may_have_a_hold_outlet_of_its_own_and_no_other() {
    let further = |role: &str, unannounced: &str| {
        let toml = OUTLETS.replacen("chutes = [2]", &format!("chutes = [2]\n{unannounced}"), 1);
        format!("{toml}\n[[outlet]]\nname = \"HOLD-DE\"\nchutes = [50]\nrole = \"{role}\"\n")
    };
    let found = |role, unannounced| texts(&problems(&further(role, unannounced), &rules()));
    let good = further("hold", "unannounced = \"HOLD-DE\"");
    assert_eq!(texts(&problems(&good, &rules())), [""; 0]);
    let plan = compiled(&Destinations::with_capacity(0), &good);
    let held = |code| {
        let postcode = Postcode::normalise(germany(), code).unwrap();
        plan.outlet(plan.unannounced(&SelfRoute { country: germany(), postcode })).name.clone()
    };
    assert_eq!((held("12000").as_str(), held("20000").as_str()), ("HOLD-DE", "HOLD"));
    assert_eq!((plan.outlet(plan.hold()).name.as_str(), plan.home()), ("HOLD", None));
    assert_eq!(
        found("hold", ""),
        ["plan.toml:42: SP0013: outlet HOLD-DE has the role hold like outlet HOLD"]
    );
    assert_eq!(
        found("outbound", "unannounced = \"HOLD-DE\""),
        [
            "plan.toml:14: SP0028: `unannounced` of outlet DE-S: it names HOLD-DE with the role outbound, not hold"
        ]
    );
    assert_eq!(
        found("outbound", "unannounced = \"HELD\""),
        ["plan.toml:14: SP0028: `unannounced` of outlet DE-S: it names HELD, which is no outlet"]
    );
    assert_eq!(
        with("role = \"overflow\"", "role = \"overflow\"\nunannounced = \"HOLD\""),
        ["plan.toml:24: SP0028: `unannounced` of outlet OVER: it has the role overflow, not outbound"]
    );
    assert_eq!(
        with("lap_limit = 3", "lap_limit = 3\nhome = \"XX\""),
        ["plan.toml:3: SP0029: home \"XX\" is not one of the served countries"]
    );
}

#[test]
fn refuses_a_lap_limit_that_no_pass_counter_reaches() {
    let message = "plan.toml:2: SP0021: the lap limit is 8, laps are counted up to 7";
    assert_eq!(with("lap_limit = 3", "lap_limit = 8"), [message]);
    assert!(with("lap_limit = 3", "lap_limit = 7").is_empty());
}

#[test]
fn refuses_a_lap_limit_of_zero_unknown_keys_and_repeated_names_together() {
    let toml = OUTLETS
        .replace("lap_limit = 3", "lap_limit = 0\nlaplimit = 3")
        .replace("name = \"REST\"", "name = \"DE-S\"\ncolour = 1");
    let found = texts(&problems(&toml, &rules()));
    assert_eq!(
        found[..4],
        [
            "plan.toml:2: SP0021: the lap limit is 0, at least 1 is needed",
            "plan.toml:3: SP0002: key `laplimit` is not known",
            "plan.toml:17: SP0005: outlet DE-S is already on line 12",
            "plan.toml:19: SP0002: key `colour` is not known",
        ]
    );
    // Every country rule now names an outlet that is gone.
    assert_eq!(found.len(), 4 + Country::COUNT);
    assert!(found[4].contains("rules.csv:7: SP0014: the rule names outlet REST, which is not in plan.toml"));
}

#[test]
fn refuses_rows_that_are_no_rules() {
    let found = with_rows("DE,20000,DE-N\nXX,,,REST\nDE,30000,,DE-N\nDE,,30000,DE-N\nDE,3x*,,\n");
    let codes: Vec<_> = found.iter().map(|text| text.split(": ").nth(1).unwrap()).collect();
    assert_eq!(codes, ["SP0022", "SP0015", "SP0022", "SP0022", "SP0022"]);
}

#[test]
fn refuses_malformed_and_reversed_ranges() {
    let found = with_rows("DE,1O115,10200,DE-N\nDE,40000,30000,DE-N\nDE,_*,,DE-N\n");
    assert_eq!(found.len(), 3);
    assert!(found[0].contains("rules.csv:39: SP0016: ") && found[0].contains("1O115"), "{}", found[0]);
    assert_eq!(found[1], "rules.csv:40: SP0017: the range from 40000 to 30000 runs backwards");
    assert!(found[2].contains("SP0016: prefix `_*`"));
}

#[test]
fn refuses_overlapping_ranges_also_when_one_lies_inside_another() {
    let found = with_rows("DE,21000,21500,DE-S\nDE,29999,31000,DE-S\nDE,30500,30600,DE-N\n");
    assert_eq!(
        found,
        [
            "rules.csv:39: SP0018: range DE 21000 to 21500 overlaps 20000 to 29999 of line 3",
            "rules.csv:40: SP0018: range DE 29999 to 31000 overlaps 20000 to 29999 of line 3",
            "rules.csv:41: SP0018: range DE 30500 to 30600 overlaps 29999 to 31000 of line 40",
        ]
    );
}

#[test]
fn refuses_repeated_rules_and_countries_without_one() {
    assert_eq!(
        with_rows("DE,12*,,DE-N\nFR,,,DE-N\n"),
        [
            "rules.csv:39: SP0020: DE 12* has a rule on line 6 already",
            "rules.csv:40: SP0020: FR * has a rule on line 18 already",
        ]
    );
    let without_sweden = rules().replace("SE,,,REST\n", "");
    let found = texts(&problems(OUTLETS, &without_sweden));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("SP0019") && found[0].ends_with("(SE) has no rule"), "{found:?}");
}

#[test]
fn refuses_texts_that_are_neither_toml_nor_a_rule_file() {
    let refused = PlanSource::from_texts("plan.toml", "name = ", "rules.csv", "country;first;last;outlet\n");
    let problems = refused.unwrap_err();
    assert!(problems.0.iter().all(|problem| problem.code == "SP0001"));
    assert!(problems.0.iter().any(|problem| problem.file == "rules.csv"));
}

#[test]
fn compile_refuses_what_check_refuses() {
    let source = source(&OUTLETS.replace("[99]", "[100]"), &rules());
    let refused = source
        .compile(&Layout::line_100(), &Destinations::with_capacity(0), PlanVersion::new(1))
        .unwrap_err();
    assert_eq!(refused, source.check(&Layout::line_100()));
}

#[test]
fn quotes_blanks_and_windows_line_ends_do_not_matter() {
    let csv = rules().replace("DE,20000,29999,DE-N", "\"DE\", 20000 ,\"29999\",DE-N").replace('\n', "\r\n");
    assert_eq!(texts(&problems(OUTLETS, &format!("\u{feff}{csv}"))), [""; 0]);
}

#[test]
fn diff_counts_destinations_whose_outlet_or_chutes_change() {
    let mut destinations = Destinations::with_capacity(0);
    for code in ["20095", "20097", "12555", "80331"] {
        destinations.get_or_add(germany(), Postcode::normalise(germany(), code).unwrap()).unwrap();
    }
    let before = compiled(&destinations, OUTLETS);
    assert_eq!(diff(&before, &before, &destinations), PlanDiff { changed: 0, unchanged: 4, moves: vec![] });
    let after = compiled(&destinations, &OUTLETS.replace("[0, 1]", "[0]"));
    let found = diff(&before, &after, &destinations);
    assert_eq!((found.changed, found.unchanged), (2, 2));
    let name = Some("DE-N".to_owned());
    assert_eq!(found.moves, [OutletMove { from: name.clone(), to: name, destinations: 2 }]);
}

#[test]
fn a_plan_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Plan>();
}
