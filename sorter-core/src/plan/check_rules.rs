//! The rules of a plan held against each other and against the outlets.

use std::collections::BTreeMap;

use super::matcher::Scope;
use super::rules::Rule;
use super::source::PlanSource;
use crate::address::{Country, Postcode};
use crate::diagnostic::Diagnostic;

/// Everything that is wrong between rules, in no particular order.
pub(super) fn check(source: &PlanSource, outlets: &BTreeMap<&str, usize>) -> Vec<Diagnostic> {
    let mut checker = Checker { source, problems: Vec::new() };
    checker.outlets(outlets);
    checker.repeats();
    checker.overlaps();
    checker.countries();
    checker.problems
}

struct Checker<'a> {
    source: &'a PlanSource,
    problems: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn report(&mut self, code: &'static str, line: u32, message: String) {
        self.problems.push(Diagnostic::at(code, &self.source.csv_name, line, message));
    }

    fn outlets(&mut self, outlets: &BTreeMap<&str, usize>) {
        for rule in &self.source.rules {
            if !outlets.contains_key(rule.outlet.as_str()) {
                let message = format!(
                    "the rule names outlet {}, which is not in {}",
                    rule.outlet, self.source.toml_name
                );
                self.report("SP0014", rule.line, message);
            }
        }
    }

    fn repeats(&mut self) {
        let mut first_of: BTreeMap<(usize, &str), u32> = BTreeMap::new();
        for rule in &self.source.rules {
            let prefix = match &rule.scope {
                Scope::Country => "",
                Scope::Prefix(text) => text,
                Scope::Range { .. } => continue,
            };
            if let Some(first) = first_of.get(&(rule.country.index(), prefix)) {
                let code = rule.country.code();
                let message = format!("{code} {prefix}* has a rule on line {first} already");
                self.report("SP0020", rule.line, message);
            } else {
                first_of.insert((rule.country.index(), prefix), rule.line);
            }
        }
    }

    fn overlaps(&mut self) {
        let mut ranges: Vec<(usize, Postcode, Postcode, &Rule)> = Vec::new();
        for rule in &self.source.rules {
            if let Scope::Range { first, last } = &rule.scope {
                ranges.push((rule.country.index(), *first, *last, rule));
            }
        }
        ranges.sort_unstable_by_key(|(country, first, last, rule)| (*country, *first, *last, rule.line));
        // The range that reaches farthest so far: a later one that begins inside it overlaps.
        let mut farthest: Option<(usize, Postcode, Postcode, &Rule)> = None;
        for range in ranges {
            let (country, first, last, rule) = range;
            match farthest {
                Some((its_country, its_first, its_last, other))
                    if its_country == country && first <= its_last =>
                {
                    let code = rule.country.code();
                    let message = format!(
                        "range {code} {first} to {last} overlaps {its_first} to {its_last} of line {}",
                        other.line
                    );
                    self.report("SP0018", rule.line, message);
                    if last > its_last {
                        farthest = Some(range);
                    }
                }
                _ => farthest = Some(range),
            }
        }
    }

    fn countries(&mut self) {
        let mut covered = [false; Country::COUNT];
        for rule in &self.source.rules {
            covered[rule.country.index()] = true;
        }
        for country in Country::all() {
            if !covered[country.index()] {
                let message = format!("{} ({}) has no rule", country.name(), country.code());
                self.problems.push(Diagnostic::whole("SP0019", &self.source.csv_name, message));
            }
        }
    }
}
