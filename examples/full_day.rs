//! A small simulated day: 20,000 parcels through two hubs of two sorters, to the last empty belt.
//!
//! Shows: a scenario put together by a program, the day on it, its report, and the verdict. The same day is
//! `sorter-sim day --parcels 20_000 --hubs 2 --sorters 2 --seed 7`.
//!
//! Run it with `cargo run --release -p sorter-examples --example full_day`.

use sorter_sim::report::{Verdict, print_table};
use sorter_sim::run_options::RunOptions;
use sorter_sim::scenario::Scenario;

fn main() -> anyhow::Result<()> {
    let scenario = Scenario { seed: 7, parcels: 20_000, hubs: 2, sorters: 2, ..Scenario::default() };
    let contradictions = scenario.contradictions();
    anyhow::ensure!(contradictions.is_empty(), contradictions.join("\n"));

    let threads = 2;
    let outcome = sorter_sim::day::run(&scenario, threads, &RunOptions::default(), &|_parcels_done| {})?;
    print_table(&outcome.summary, &mut std::io::stdout().lock())?;
    anyhow::ensure!(
        outcome.summary.verdict() == Verdict::Passed,
        "the day did not pass: seed {}",
        scenario.seed
    );
    Ok(())
}
