//! The straightforward program for the same task: strings, one map behind one lock, a scan of the rules.
//!
//! It stays in the tree as the measure for the engine and as the oracle for its answers. It does less than
//! the engine: one code for each parcel, no alias, no check digit, no laps, no claims, no order that ends early.

use std::collections::HashMap;
use std::sync::Mutex;

use sorter_core::address::Destinations;
use sorter_core::clearance::Clearance;
use sorter_core::ids::{ChuteId, PlanVersion};
use sorter_core::layout::Layout;
use sorter_core::plan::ChuteRole;
use sorter_sim::data::standard_plan_texts;

use crate::workload::{Workload, plan};

struct Parcel {
    country: String,
    postcode: String,
    held: bool,
}

struct Rule {
    country: String,
    first: String,
    last: String,
    outlet: String,
}

#[derive(Clone, Copy)]
struct Chute {
    number: u16,
    capacity: u16,
    reserved: u16,
}

struct Hall {
    parcels: HashMap<String, Parcel>,
    rules: Vec<Rule>,
    chutes: HashMap<String, Vec<Chute>>,
    hold: String,
}

/// The naive sorter.
pub struct Naive {
    hall: Mutex<Hall>,
}

impl Naive {
    /// The naive sorter with the same parcels and the same plan as [`Workload::engine`].
    ///
    /// # Panics
    /// When the standard plan does not compile, which the tests rule out.
    pub fn new(workload: &Workload) -> Self {
        let layout = Layout::line_100();
        let compiled = plan()
            .compile(&layout, &Destinations::with_capacity(0), PlanVersion::new(1))
            .expect("the tests compile the standard plan");
        let mut chutes = HashMap::new();
        let mut hold = String::new();
        for outlet in compiled.outlets() {
            let chute = |id: &ChuteId| Chute {
                number: id.get(),
                capacity: layout.chutes()[id.index()].capacity,
                reserved: 0,
            };
            chutes.insert(outlet.name.clone(), outlet.chutes.iter().map(chute).collect());
            if outlet.role == ChuteRole::Hold {
                hold.clone_from(&outlet.name);
            }
        }
        let parcels = workload.parcels().iter().map(|parcel| {
            let naive = Parcel {
                country: parcel.country.code().to_owned(),
                postcode: parcel.postcode.as_str().to_owned(),
                held: parcel.clearance != Clearance::Released,
            };
            (text(parcel.code()), naive)
        });
        Self { hall: Mutex::new(Hall { parcels: parcels.collect(), rules: rules(), chutes, hold }) }
    }

    /// The chute of the parcel with this code, with a place reserved there; `None` for one that is unknown,
    /// has no rule, or has only full chutes.
    ///
    /// # Panics
    /// When another call panicked.
    pub fn decide(&self, code: &[u8]) -> Option<u16> {
        let mut hall = self.hall.lock().expect("no call panics");
        let Hall { parcels, rules, chutes, hold } = &mut *hall;
        let parcel = parcels.get(&text(code))?;
        let outlet = if parcel.held {
            hold.clone()
        } else {
            let country = rules.iter().filter(|rule| rule.country == parcel.country);
            let covers = |rule: &&Rule| {
                rule.first.is_empty() || (rule.first <= parcel.postcode && parcel.postcode <= rule.last)
            };
            country.filter(covers).max_by_key(|rule| !rule.first.is_empty())?.outlet.clone()
        };
        let group = chutes.get_mut(&outlet)?;
        let open = group.iter_mut().filter(|chute| chute.reserved < chute.capacity);
        let chute = open.min_by_key(|chute| (chute.reserved, chute.number))?;
        chute.reserved += 1;
        Some(chute.number)
    }

    /// Gives back the place in a chute.
    ///
    /// # Panics
    /// When another call panicked.
    pub fn release(&self, chute: u16) {
        let mut hall = self.hall.lock().expect("no call panics");
        let found = hall.chutes.values_mut().flatten().find(|other| other.number == chute);
        if let Some(chute) = found {
            chute.reserved -= 1;
        }
    }
}

fn text(code: &[u8]) -> String {
    String::from_utf8_lossy(code).into_owned()
}

/// The rules of the standard plan: ranges and whole countries, no prefixes.
fn rules() -> Vec<Rule> {
    let rows = standard_plan_texts().csv.lines().filter(|row| !row.starts_with('#')).skip(1);
    let rule = |row: &str| {
        let mut fields = row.split(',').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Rule { country: next(), first: next(), last: next(), outlet: next() }
    };
    rows.map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::EngineRun;

    #[test]
    fn the_naive_sorter_and_the_engine_choose_the_same_chutes() {
        let workload = Workload::new(2_000);
        let naive = Naive::new(&workload);
        let mut run = EngineRun::new(&workload);
        for parcel in workload.scanned() {
            let expected = naive.decide(parcel.code());
            let decision = run.decide_alone(parcel);
            assert_eq!(decision.assigned.chute.map(ChuteId::get), expected, "{parcel:?}");
            assert!(expected.is_some());
            naive.release(expected.unwrap());
            run.run_off_one(&decision);
        }
    }
}
