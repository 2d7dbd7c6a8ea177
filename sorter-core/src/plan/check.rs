//! A plan held against a layout: outlets, chutes, roles and overflow.

use std::collections::BTreeMap;

use super::source::{OutletSource, PlanSource};
use super::{ChuteRole, Plan, check_rules};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::layout::Layout;
use crate::layout::toml_table::sort_by_line;
use crate::state_word::Laps;

/// Everything that is wrong with the plan, the TOML file first, each file in the order of its lines.
pub(super) fn check(source: &PlanSource, layout: &Layout) -> Diagnostics {
    let mut checker = Checker { source, layout, by_name: BTreeMap::new(), problems: Vec::new() };
    checker.names();
    checker.lap_limit();
    checker.chutes();
    checker.roles();
    checker.overflow();
    checker.lanes();
    checker.unannounced();
    let Checker { by_name, mut problems, .. } = checker;
    let mut rule_problems = check_rules::check(source, &by_name);

    for problem in &source.form_problems.0 {
        let of_rules = problem.file == source.csv_name && source.csv_name != source.toml_name;
        if of_rules { &mut rule_problems } else { &mut problems }.push(problem.clone());
    }
    sort_by_line(&mut problems);
    sort_by_line(&mut rule_problems);
    problems.append(&mut rule_problems);
    Diagnostics(problems)
}

struct Checker<'a> {
    source: &'a PlanSource,
    layout: &'a Layout,
    /// The first outlet of each name.
    by_name: BTreeMap<&'a str, usize>,
    problems: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn report(&mut self, code: &'static str, line: u32, message: String) {
        self.problems.push(Diagnostic::at(code, &self.source.toml_name, line, message));
    }

    fn names(&mut self) {
        let source = self.source;
        for (index, outlet) in source.outlets.iter().enumerate() {
            if outlet.name.is_empty() {
                continue;
            }
            if let Some(first) = self.by_name.get(outlet.name.as_str()) {
                let message =
                    format!("outlet {} is already on line {}", outlet.name, source.outlets[*first].line);
                self.report("SP0005", outlet.line, message);
            } else {
                self.by_name.insert(&outlet.name, index);
            }
        }
    }

    /// Only what is sorted by destination leaves by a lane.
    fn lanes(&mut self) {
        let source = self.source;
        for outlet in source.outlets.iter().filter(|outlet| outlet.role != ChuteRole::Outbound) {
            if let Some(lane) = &outlet.lane {
                let (name, role) = (&outlet.name, outlet.role);
                let message = format!(
                    "outlet {name} has lane \"{}\" and role {role}: only outbound outlets have a lane",
                    lane.value
                );
                self.report("SP0025", lane.line, message);
            }
        }
    }

    /// What nobody announced may go to hold outlets only: no label says that a parcel may leave.
    fn unannounced(&mut self) {
        let source = self.source;
        for outlet in &source.outlets {
            let Some(name) = &outlet.unannounced else { continue };
            let target = self.by_name.get(name.value.as_str()).map(|place| source.outlets[*place].role);
            let problem = match target {
                _ if outlet.role != ChuteRole::Outbound => {
                    format!("has the role {}, not outbound", outlet.role)
                }
                None => format!("names {}, which is no outlet", name.value),
                Some(ChuteRole::Hold) => continue,
                Some(role) => format!("names {} with the role {role}, not hold", name.value),
            };
            self.report(
                "SP0028",
                name.line,
                format!("`unannounced` of outlet {}: it {problem}", outlet.name),
            );
        }
    }

    fn lap_limit(&mut self) {
        let limit = self.source.lap_limit;
        if limit.value == 0 {
            self.report("SP0021", limit.line, "the lap limit is 0, at least 1 is needed".to_owned());
        }
        if limit.value > Laps::HIGHEST {
            let (found, highest) = (limit.value, Laps::HIGHEST);
            let message = format!("the lap limit is {found}, laps are counted up to {highest}");
            self.report("SP0021", limit.line, message);
        }
    }

    fn chutes(&mut self) {
        let source = self.source;
        let count = self.layout.chutes().len();
        let mut user_of: BTreeMap<u16, &'a OutletSource> = BTreeMap::new();
        for outlet in &source.outlets {
            let Some(chutes) = &outlet.chutes else { continue };
            if chutes.is_empty() {
                self.report("SP0006", outlet.line, format!("outlet {} has no chutes", outlet.name));
            }
            if chutes.len() > Plan::MAX_CHUTES_PER_OUTLET {
                let (found, limit) = (chutes.len(), Plan::MAX_CHUTES_PER_OUTLET);
                let message = format!("outlet {} has {found} chutes, at most {limit}", outlet.name);
                self.report("SP0009", outlet.line, message);
            }
            for chute in chutes {
                if chute.value.index() >= count {
                    let message = format!(
                        "{} does not exist on layout {} (it has chutes 0 to {})",
                        chute.value,
                        self.layout.name(),
                        count.saturating_sub(1)
                    );
                    self.report("SP0007", chute.line, message);
                }
                if let Some(other) = user_of.insert(chute.value.get(), outlet) {
                    let message = format!(
                        "{} of outlet {} is already in outlet {}",
                        chute.value, outlet.name, other.name
                    );
                    self.report("SP0008", chute.line, message);
                }
            }
        }
    }

    fn roles(&mut self) {
        for role in [ChuteRole::Exception, ChuteRole::Hold, ChuteRole::NoRead] {
            let mut holders = self.source.outlets.iter().filter(|outlet| outlet.role == role);
            let Some(first) = holders.next() else {
                let message = format!("no outlet has the role {role}");
                self.problems.push(Diagnostic::whole("SP0013", &self.source.toml_name, message));
                continue;
            };
            let named = |outlet: &OutletSource| {
                let names = self.source.outlets.iter().filter_map(|other| other.unannounced.as_ref());
                role == ChuteRole::Hold && names.into_iter().any(|name| name.value == outlet.name)
            };
            let further: Vec<_> = holders.filter(|outlet| !named(outlet)).collect();
            for outlet in further {
                let message =
                    format!("outlet {} has the role {role} like outlet {}", outlet.name, first.name);
                self.report("SP0013", outlet.line, message);
            }
        }
    }

    fn overflow(&mut self) {
        let source = self.source;
        for (index, outlet) in source.outlets.iter().enumerate() {
            let Some(overflow) = &outlet.overflow else { continue };
            if !self.by_name.contains_key(overflow.value.as_str()) {
                let message =
                    format!("outlet {} overflows to {}, which is no outlet", outlet.name, overflow.value);
                self.report("SP0010", overflow.line, message);
                continue;
            }
            match self.follow(index) {
                Chain::Circle(members) => self.circle(index, &members, overflow.line),
                Chain::Ends(last) => self.chain_end(outlet, &source.outlets[last], overflow.line),
                Chain::Broken => {}
            }
        }
    }

    /// Follows the overflow of an outlet to its end. No chain is longer than there are outlets.
    fn follow(&self, start: usize) -> Chain {
        let mut visited = vec![start];
        let mut at = start;
        loop {
            let Some(overflow) = &self.source.outlets[at].overflow else { return Chain::Ends(at) };
            let Some(next) = self.by_name.get(overflow.value.as_str()) else { return Chain::Broken };
            if let Some(entry) = visited.iter().position(|outlet| outlet == next) {
                return Chain::Circle(visited.split_off(entry));
            }
            visited.push(*next);
            at = *next;
        }
    }

    /// A circle is one problem, told at its first outlet; outlets that only lead into it are not told.
    fn circle(&mut self, start: usize, members: &[usize], line: u32) {
        if members.iter().min() != Some(&start) {
            return;
        }
        let names =
            members.iter().chain(members.first()).map(|outlet| self.source.outlets[*outlet].name.as_str());
        let message = format!("overflow runs in a circle: {}", names.collect::<Vec<_>>().join(" -> "));
        self.report("SP0011", line, message);
    }

    fn chain_end(&mut self, outlet: &OutletSource, last: &OutletSource, line: u32) {
        if last.role != ChuteRole::Exception {
            let message = format!(
                "the overflow of outlet {} ends in outlet {} with the role {}, not in the exception outlet",
                outlet.name, last.name, last.role
            );
            self.report("SP0012", line, message);
        }
        // A held or unread parcel that overflows must not reach an outlet from which it would leave.
        let direct = outlet.overflow.as_ref().map(|overflow| &overflow.value) == Some(&last.name);
        if matches!(outlet.role, ChuteRole::Hold | ChuteRole::NoRead) && !direct {
            let message = format!(
                "outlet {} with the role {} may only overflow to the exception outlet",
                outlet.name, outlet.role
            );
            self.report("SP0012", line, message);
        }
    }
}

/// Where following the overflow leads.
enum Chain {
    /// To an outlet without overflow.
    Ends(usize),
    /// Into a circle of these outlets.
    Circle(Vec<usize>),
    /// To a name that is no outlet; that has been reported where it is written.
    Broken,
}
