//! Whether a run passed.

use std::fmt;

use super::Summary;
pub use crate::condition::Condition;

/// A condition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The checkers found it broken so many times.
    Broken(Condition, u64),
    /// The parcels of the report do not add up.
    ParcelsDoNotAddUp,
    /// The passes of the report do not add up.
    PassesDoNotAddUp,
    /// Tracking put so many parcels into wrong chutes, and so many are allowed.
    TooManyMissorts(u64, u64),
    /// So many orders came late, and no fault was announced that explains them.
    LateOrders(u64),
    /// A fault of this kind was asked for and never happened.
    FaultMissing(String),
    /// The books of hosts and PLCs were never compared.
    BooksNotCompared,
    /// The journals of so many hubs failed for good.
    JournalFailed(u64),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(condition, times) => write!(f, "{condition} {times} times"),
            Self::ParcelsDoNotAddUp => f.write_str("the parcels do not add up"),
            Self::PassesDoNotAddUp => f.write_str("the passes do not add up"),
            Self::TooManyMissorts(missorts, allowed) => {
                write!(f, "{missorts} missorts by tracking, {allowed} are allowed")
            }
            Self::LateOrders(count) => write!(f, "{count} orders came late without a fault"),
            Self::FaultMissing(kind) => write!(f, "the fault {kind} was asked for and did not happen"),
            Self::JournalFailed(hubs) => {
                write!(f, "journals that failed for good: {hubs}")
            }
            Self::BooksNotCompared => f.write_str("the books of hosts and PLCs were never compared"),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every condition held, and each was really checked.
    Passed,
    /// These did not hold.
    Broken(Vec<Finding>),
    /// None was found broken, but these were never checked.
    Unchecked(Vec<Condition>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("PASSED: every condition held and was checked"),
            Self::Broken(findings) => write!(f, "BROKEN: {}", listed(findings)),
            Self::Unchecked(conditions) => write!(f, "UNCHECKED: never tested: {}", listed(conditions)),
        }
    }
}

fn listed(items: &[impl fmt::Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The verdict on a report.
///
/// A condition with a checker that has no counts, or only one of the two, was not checked.
pub(super) fn of(summary: &Summary) -> Verdict {
    let counts = |condition| (summary.violations.of(condition), summary.checked.of(condition));
    let mut broken: Vec<Finding> = Condition::ALL
        .into_iter()
        .filter_map(|condition| {
            counts(condition).0.filter(|times| *times > 0).map(|times| Finding::Broken(condition, times))
        })
        .collect();
    if !summary.parcels.adds_up() {
        broken.push(Finding::ParcelsDoNotAddUp);
    }
    if !summary.passes.adds_up() {
        broken.push(Finding::PassesDoNotAddUp);
    }
    let missorts = summary.missorts.get("tracking").copied().unwrap_or_default();
    if missorts > summary.missorts_allowed {
        broken.push(Finding::TooManyMissorts(missorts, summary.missorts_allowed));
    }
    if let Some(links) = &summary.links {
        if links.late_orders_outside_faults > 0 {
            broken.push(Finding::LateOrders(links.late_orders_outside_faults));
        }
        // A fault that nobody noticed did not happen.
        let noticed = |kind: &str| match kind {
            "plc_restart" => links.restarts,
            "link_cut" => links.connects.saturating_sub(links.links),
            _ => u64::MAX,
        };
        let missing = links.faults.iter().filter(|(kind, times)| **times == 0 || noticed(kind) < **times);
        broken.extend(missing.map(|(kind, _)| Finding::FaultMissing(kind.clone())));
    }
    if summary.links.as_ref().is_some_and(|links| links.images_compared < links.links) {
        broken.push(Finding::BooksNotCompared);
    }
    let missing = summary.faults.iter().filter(|(kind, times)| kind.starts_with("journal_") && **times == 0);
    broken.extend(missing.map(|(kind, _)| Finding::FaultMissing(kind.clone())));
    if let Some(journal) = summary.journal.as_ref().filter(|journal| journal.failed > 0) {
        broken.push(Finding::JournalFailed(journal.failed));
    }
    if !broken.is_empty() {
        return Verdict::Broken(broken);
    }
    let unchecked: Vec<Condition> = Condition::ALL
        .into_iter()
        .filter(|condition| match counts(*condition) {
            (Some(_), Some(checks)) => checks == 0,
            (None, _) | (Some(_), None) => true,
        })
        .collect();
    if unchecked.is_empty() { Verdict::Passed } else { Verdict::Unchecked(unchecked) }
}
