//! Sort plans and layouts.

use std::sync::LazyLock;

use sorter_core::address::{Country, Destinations, Postcode};
use sorter_core::chute::ChuteBank;
use sorter_core::ids::PlanVersion;
use sorter_core::layout::Layout;
use sorter_core::plan::{ChuteRole, Plan, PlanSource};

use crate::halves;

static LINE_100: LazyLock<Layout> = LazyLock::new(Layout::line_100);

/// A plan as TOML, then its rules as CSV: a plan without problems compiles, and the compiled plan agrees with
/// itself.
pub fn plan(data: &[u8]) {
    let (toml, csv) = halves(data);
    let (Ok(toml), Ok(csv)) = (std::str::from_utf8(toml), std::str::from_utf8(csv)) else { return };
    let Ok(source) = PlanSource::from_texts("plan.toml", toml, "rules.csv", csv) else { return };
    let problems = source.check(&LINE_100);
    let (destinations, postcodes) = sample();
    match source.compile(&LINE_100, &destinations, PlanVersion::new(1)) {
        Ok(plan) => {
            assert!(problems.is_empty(), "{problems}");
            agrees_with_itself(&plan, &destinations, &postcodes);
        }
        Err(found) => assert_eq!(found, problems),
    }
}

/// One postcode in each country that has plain digits.
fn sample() -> (Destinations, Vec<(Country, Postcode)>) {
    let mut destinations = Destinations::with_capacity(Country::COUNT);
    let mut postcodes = Vec::new();
    for country in Country::all() {
        let found = ["10115", "1010", "100 00", "101", "AB1", "D02", "VLT"]
            .iter()
            .find_map(|text| Postcode::normalise(country, text).ok());
        let Some(postcode) = found else { continue };
        destinations.get_or_add(country, postcode).expect("the directory has room for one a country");
        postcodes.push((country, postcode));
    }
    (destinations, postcodes)
}

fn agrees_with_itself(plan: &Plan, destinations: &Destinations, postcodes: &[(Country, Postcode)]) {
    for (country, postcode) in postcodes {
        let by_id = destinations.get(*country, postcode).and_then(|id| plan.outlet_of(id));
        let by_rule = plan.resolve(*country, postcode).map(|found| found.outlet);
        assert_eq!(by_id, by_rule, "{country} {postcode}");
    }
    for outlet in plan.outlets() {
        assert!((1..=Plan::MAX_CHUTES_PER_OUTLET).contains(&outlet.chutes.len()), "{}", outlet.name);
        assert_ne!(outlet.role, ChuteRole::Unused);
        let mut last = outlet;
        let mut steps = 0;
        while let Some(next) = last.overflow {
            last = plan.outlet(next);
            steps += 1;
            assert!(steps <= plan.outlets().len(), "the overflow of {} runs in a circle", outlet.name);
        }
    }
    for (outlet, role) in [
        (plan.exception(), ChuteRole::Exception),
        (plan.hold(), ChuteRole::Hold),
        (plan.no_read(), ChuteRole::NoRead),
    ] {
        assert_eq!(plan.outlet(outlet).role, role);
    }
}

/// A layout: one that passes has what every user of a layout relies on.
pub fn layout(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(layout) = Layout::from_toml("layout.toml", text) else { return };
    assert!((1..=Layout::MAX_CHUTES).contains(&layout.chutes().len()));
    assert!(layout.belt_speed().get() > 0 && layout.pulse_length().get() > 0);
    assert!(layout.chutes().is_sorted_by_key(|chute| chute.position));
    assert!(layout.chutes().iter().all(|chute| chute.capacity > 0 && chute.half_full <= chute.capacity));
    assert!(layout.eyes().is_sorted());
    assert!(layout.pulses(layout.exit_eye()).get() >= 0);
    assert_eq!(ChuteBank::new(&layout).iter().count(), layout.chutes().len());
}
