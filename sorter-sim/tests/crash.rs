//! After any crash every parcel has a fate.
//!
//! A history is one seeded run of a small hub: one or two lines behind registers, with exchange, controller, engine
//! and journal before them, in virtual time and without sockets. Parcels come, customs and shippers speak, people
//! change containers and scan plates. Meanwhile hosts, PLCs, both or connections go down at moments that are drawn:
//! between a write and its answer, while a batch is being synced, while a session opens, right after a recovery. Then
//! nothing goes down any more, and everything has to come to rest.
//!
//! The plant is the truth. What a host writes to a PLC is held against what the disk had at that moment, read by
//! rules of its own; where every parcel lies in the end is held against the ledger.
//!
//! `CRASHES` says how many crashes to run (10,000 by default), `CRASH_SEED` where to begin. A failing history prints
//! the command that repeats it; `CRASH_TRACE=1` tells what happens in it.

#![expect(clippy::unwrap_used, reason = "a number that does not fit is a fault of this test and stops it")]

#[path = "crash/compare.rs"]
mod compare;
#[path = "at_most_once/draws.rs"]
mod draws;
#[path = "crash/history.rs"]
mod history;
#[path = "crash/host.rs"]
mod host;
#[path = "crash/outbox.rs"]
mod outbox;
#[path = "crash/people.rs"]
mod people;
#[path = "crash/plan.rs"]
mod plan;
#[path = "crash/plc_side.rs"]
mod plc_side;
#[path = "crash/reader.rs"]
mod reader;
#[path = "crash/site.rs"]
mod site;
#[path = "crash/stats.rs"]
mod stats;
#[path = "crash/striking.rs"]
mod striking;
#[path = "crash/trace.rs"]
mod trace;
#[path = "crash/truth.rs"]
mod truth;
#[path = "crash/verdict.rs"]
mod verdict;
#[path = "crash/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use site::Fixtures;
use stats::{Happened, Stats};

/// Crashes after which each kind of thing must have happened.
const ENOUGH: u64 = 5_000;

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is {text}, expected a number"))
    })
}

/// Runs histories until there were enough crashes; gives the seed of the first that fails.
fn run(fixtures: &Fixtures, next: &AtomicU64, crashed: &AtomicU64, crashes: u64) -> Result<Stats, u64> {
    let mut total = Stats::default();
    while crashed.load(Ordering::Relaxed) < crashes {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        let mut stats = Stats::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| history::run(seed, fixtures, &mut stats)));
        if outcome.is_err() {
            crashed.store(u64::MAX, Ordering::Relaxed);
            eprintln!("this was history {seed}");
            return Err(seed);
        }
        crashed.fetch_add(stats.get(Happened::Crash), Ordering::Relaxed);
        total.add(&stats);
    }
    Ok(total)
}

#[test]
fn after_any_crash_every_parcel_has_a_fate() {
    let crashes = setting("CRASHES", 10_000);
    let first = setting("CRASH_SEED", 0);
    let fixtures = Fixtures::new();
    let (next, crashed) = (AtomicU64::new(first), AtomicU64::new(0));
    let threads = if crashes == 1 { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    let results: Vec<_> = std::thread::scope(|scope| {
        let worker = |_| scope.spawn(|| run(&fixtures, &next, &crashed, crashes));
        let workers: Vec<_> = (0..threads).map(worker).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker catches its panics")).collect()
    });
    let mut total = Stats::default();
    for result in results {
        match result {
            Ok(stats) => total.add(&stats),
            Err(seed) => panic!(
                "history {seed} failed; to repeat it: CRASH_SEED={seed} CRASHES=1 \
                 cargo test -p sorter-sim --test crash -- --nocapture"
            ),
        }
    }
    println!("{} histories from seed {first}\n{total}", next.load(Ordering::Relaxed) - first);
    if total.get(Happened::Crash) >= ENOUGH {
        assert_eq!(total.never(), [""; 0], "these did not happen");
    }
}
