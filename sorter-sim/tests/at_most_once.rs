//! Each order fires at most once and ends in exactly one way, whatever a network, a PLC and a host do to each other.
//!
//! A history is one seeded run of an exchange against a PLC of registers with a small machine behind it. For some
//! hundred cycles requests and answers are lost, doubled, delayed and torn, connections are cut, the PLC and the host
//! are restarted or stand still; then the faults stop and everything has to drain. The ledger knows each order, event
//! and scan record by a number of its own that no restart sets back, and holds every one of them against what
//! the other side says.
//!
//! Half of the histories begin in a session in which every number that wraps is about to: 65,4xx cycles were driven to
//! get there, once.
//!
//! `AT_MOST_ONCE_HISTORIES` says how many histories to run (10,000 by default), `AT_MOST_ONCE_SEED` where to begin.
//! A failing history prints the command that repeats it.

#![expect(clippy::unwrap_used, reason = "a number that does not fit is a fault of this test and stops it")]

#[path = "at_most_once/draws.rs"]
mod draws;
#[path = "at_most_once/history.rs"]
mod history;
#[path = "at_most_once/host.rs"]
mod host;
#[path = "at_most_once/ledger.rs"]
mod ledger;
#[path = "at_most_once/machine.rs"]
mod machine;
#[path = "at_most_once/stats.rs"]
mod stats;
#[path = "at_most_once/weather.rs"]
mod weather;
#[path = "at_most_once/wire.rs"]
mod wire;
#[path = "at_most_once/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use stats::Stats;
use world::World;

/// Histories after which each fault must have happened.
const ENOUGH: u64 = 5_000;

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is {text}, expected a number"))
    })
}

/// Runs the histories of a range of seeds; gives the first that fails.
fn run(seeds: impl Iterator<Item = u64>, fresh: &World, late: &World) -> Result<Stats, u64> {
    let mut stats = Stats::default();
    for seed in seeds {
        let world = if seed % 2 == 0 { fresh } else { late };
        let outcome = catch_unwind(AssertUnwindSafe(|| history::run(seed, world.clone(), &mut stats)));
        if outcome.is_err() {
            eprintln!("this was history {seed}");
            return Err(seed);
        }
    }
    Ok(stats)
}

#[test]
fn each_order_fires_at_most_once_and_ends_in_one_way() {
    let histories = setting("AT_MOST_ONCE_HISTORIES", 10_000);
    let first = setting("AT_MOST_ONCE_SEED", 0);
    let fresh = World::new();
    let late = World::about_to_wrap();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = std::thread::scope(|scope| {
        let worker = |thread| {
            let seeds = (first..first + histories).skip(thread).step_by(threads);
            let (fresh, late) = (&fresh, &late);
            scope.spawn(move || run(seeds, fresh, late))
        };
        let workers: Vec<_> = (0..threads).map(worker).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker catches its panics")).collect()
    });
    let mut total = Stats::default();
    for result in results {
        match result {
            Ok(stats) => total.add(&stats),
            Err(seed) => panic!(
                "history {seed} failed; to repeat it: AT_MOST_ONCE_SEED={seed} AT_MOST_ONCE_HISTORIES=1 \
                 cargo test -p sorter-sim --test at_most_once -- --nocapture"
            ),
        }
    }
    println!("{histories} histories from seed {first}\n{total}");
    if histories >= ENOUGH {
        assert_eq!(total.never(), [""; 0], "these did not happen");
    }
}
