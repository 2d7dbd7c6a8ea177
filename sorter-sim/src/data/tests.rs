use std::collections::BTreeMap;

use sorter_core::address::{Country, Destinations};
use sorter_core::container::ContainerKind;
use sorter_core::ids::{ChuteId, PlanVersion};
use sorter_core::layout::Layout;
use sorter_core::plan::{ChuteRole, Plan, PlanReadError, PlanSource};

use super::*;

/// The standard plan over every postcode of the data, each of which gets the id of its row.
fn compiled(postcodes: &Postcodes) -> (Plan, Destinations) {
    let mut destinations = Destinations::with_capacity(0);
    for row in &postcodes.rows {
        destinations.get_or_add(row.country, row.postcode).unwrap();
    }
    let plan = standard_plan().compile(&Layout::line_100(), &destinations, PlanVersion::new(1));
    (plan.unwrap_or_else(|problems| panic!("{problems}")), destinations)
}

#[test]
fn every_postcode_of_the_data_is_canonical() {
    assert_eq!(postcodes::tests::unreadable_rows(), Vec::<String>::new());
}

#[test]
fn postcodes_come_in_order_and_once_with_greece_at_the_end() {
    let postcodes = Postcodes::load();
    assert_eq!(postcodes.rows.len(), Postcodes::COUNT);
    let greece = Country::parse("GR").unwrap();
    let first_greek = postcodes.rows.iter().position(|row| row.country == greece).unwrap();
    assert_eq!(postcodes.rows.len() - first_greek, 1_247);
    for part in [&postcodes.rows[..first_greek], &postcodes.rows[first_greek..]] {
        assert!(part.is_sorted_by(|a, b| (a.country.code(), a.postcode) < (b.country.code(), b.postcode)));
    }
}

#[test]
fn weights_sum_to_what_the_source_states() {
    let postcodes = Postcodes::load();
    assert_eq!(postcodes.total_weight(), 999_974_198);
    assert!(postcodes.rows.iter().all(|row| row.weight >= 1));
}

#[test]
fn shapes_have_the_count_and_the_sums_of_the_source() {
    let shapes = Shapes::load();
    assert_eq!(shapes.rows.len(), Shapes::COUNT);
    let sum = |side: fn(&ParcelShape) -> i32| shapes.rows.iter().map(side).sum::<i32>();
    assert_eq!(sum(|shape| shape.length.get()), 2_624_336);
    assert_eq!(sum(|shape| shape.width.get()), 1_873_103);
    assert_eq!(sum(|shape| shape.height.get()), 497_204);
    assert_eq!(shapes.rows.iter().map(|shape| shape.weight.get()).sum::<u32>(), 3_116_012);
    assert_eq!(shapes.rows.iter().filter(|shape| shape.non_conveyable).count(), 31);
}

#[test]
fn each_profile_is_a_whole_day() {
    for profile in HourlyProfile::ALL {
        let sum: u32 = profile.shares_ppm().iter().sum();
        assert!(sum.abs_diff(1_000_000) <= 500, "{} sums to {sum}", profile.name());
        assert_eq!(HourlyProfile::from_name(profile.name()), Some(profile));
    }
    assert_eq!(HourlyProfile::HubInflow.shares_ppm()[17], 122_900);
}

#[test]
fn the_standard_plan_is_clean_on_the_standard_line() {
    let problems = standard_plan().check(&Layout::line_100());
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn every_destination_of_the_data_has_an_outbound_outlet_and_none_is_overloaded() {
    let postcodes = Postcodes::load();
    let (plan, destinations) = compiled(&postcodes);
    let mut weight_of = BTreeMap::new();
    for row in &postcodes.rows {
        let id = destinations.get(row.country, &row.postcode).unwrap();
        let outlet = plan.outlet_of(id).unwrap_or_else(|| panic!("{} {}", row.country.code(), row.postcode));
        assert_eq!(plan.outlet(outlet).role, ChuteRole::Outbound);
        *weight_of.entry(outlet).or_insert(0_u64) += u64::from(row.weight);
    }
    let limit = postcodes.total_weight() * 16 / 1_000;
    for (outlet, weight) in &weight_of {
        assert!(*weight <= limit, "{} has {weight} ppb", plan.outlet(*outlet).name);
    }
    assert_eq!(weight_of.len(), 88);
}

#[test]
fn the_standard_plan_uses_every_chute_for_its_role() {
    let (plan, _) = compiled(&Postcodes { rows: Vec::new() });
    let roles: Vec<_> = (0..100).map(|chute| plan.role_of(ChuteId::new(chute))).collect();
    assert!(roles[..92].iter().all(|role| *role == ChuteRole::Outbound));
    assert!(roles[92..96].iter().all(|role| *role == ChuteRole::Overflow));
    let last = [ChuteRole::Exception, ChuteRole::NoRead, ChuteRole::Hold, ChuteRole::Exception];
    assert_eq!(roles[96..], last);
}

/// The rows of the embedded schedule that leave the hub: kind and destination.
fn leaving() -> Vec<(&'static str, &'static str)> {
    let rows = rows(include_str!("../../data/schedule.csv")).map(|row| row.split(',').collect::<Vec<_>>());
    rows.filter(|fields| fields[4] == "LGG").map(|fields| (fields[0], fields[5])).collect()
}

#[test]
fn every_outbound_outlet_leaves_by_a_lane_of_the_schedule() {
    let (plan, _) = compiled(&Postcodes { rows: Vec::new() });
    let leaving = leaving();
    for outlet in plan.outlets().iter().filter(|outlet| outlet.role == ChuteRole::Outbound) {
        let lane = outlet.lane.as_deref().unwrap_or_else(|| panic!("{} has no lane", outlet.name));
        let by = if outlet.bonded { "flight" } else { "truck" };
        assert!(leaving.contains(&(by, lane)), "{} leaves by {lane}", outlet.name);
        let countries = lane.split(':').next().unwrap();
        let country = outlet.name.trim_start_matches("AIR-").split('-').next().unwrap();
        assert!(countries.split('+').any(|of_lane| of_lane == country), "{} by {lane}", outlet.name);
    }
}

#[test]
fn every_lane_of_the_schedule_has_an_outlet() {
    let (plan, _) = compiled(&Postcodes { rows: Vec::new() });
    for (_, lane) in leaving() {
        assert!(plan.outlets().iter().any(|outlet| outlet.lane.as_deref() == Some(lane)), "{lane}");
    }
    let bonded: Vec<_> = plan.outlets().iter().filter(|outlet| outlet.bonded).collect();
    assert_eq!(bonded.len(), 4);
    assert!(bonded.iter().all(|outlet| outlet.container == ContainerKind::Uld));
}

#[test]
fn greece_is_one_rule_so_that_the_plan_holds_no_greek_postcode() {
    let greek: Vec<_> = standard_plan_texts().csv.lines().filter(|row| row.starts_with("GR")).collect();
    assert_eq!(greek, ["GR,,,GR"]);
}

#[test]
fn a_plan_is_read_from_its_file_with_the_rules_beside_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
    let source = PlanSource::read(format!("{folder}/plan_line_100.toml")).unwrap();
    assert_eq!(source.name(), standard_plan().name());
    assert_eq!(source.rule_count(), standard_plan().rule_count());
    let missing = PlanSource::read(format!("{folder}/plan_line_7.toml")).unwrap_err();
    assert!(matches!(missing, PlanReadError::Io { .. }));
    assert!(missing.to_string().ends_with("plan_line_7.toml is not readable"));
}
