//! The documented table of legal transitions is the one of the code.

use std::fmt::Write;

use sorter_core::state_word::{Life, Step};

const DOCUMENT: &str = include_str!("../../../docs/concurrency.md");

/// One row for each step and the life it leads to.
fn table() -> String {
    let mut table = String::from("| step | from | to |\n| --- | --- | --- |\n");
    for step in Step::ALL {
        for to in Life::ALL {
            let leads = |from: &&Life| from.after(step) == Some(to);
            let from: Vec<String> = Life::ALL.iter().filter(leads).map(|life| format!("{life:?}")).collect();
            if !from.is_empty() {
                writeln!(table, "| {step:?} | {} | {to:?} |", from.join(", ")).expect("a string takes all");
            }
        }
    }
    table
}

#[test]
fn the_documented_transitions_are_those_of_the_code() {
    let expected = table();
    assert!(
        DOCUMENT.contains(&expected),
        "docs/concurrency.md has another table of transitions; the code has:\n{expected}"
    );
}

#[test]
fn only_an_announcement_leads_away_from_absent_and_nothing_leads_back() {
    for step in Step::ALL {
        assert_eq!(Life::Absent.after(step).is_some(), step == Step::Announce, "{step:?}");
        assert!(Life::ALL.iter().all(|life| life.after(step) != Some(Life::Absent)), "{step:?}");
    }
}
