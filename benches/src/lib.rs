//! What the benches share: seeded workloads, PLCs without a plant, raw contestants, and the figures of the link and of
//! the journal.

#![forbid(unsafe_code)]

pub mod figures;
pub mod journal;
pub mod naive;
pub mod plc;
pub mod round_trips;
pub mod runs;
pub mod workload;

use std::time::Instant;

/// The time: a bench is there to look at the clock.
#[expect(clippy::disallowed_methods, reason = "what is measured here is wall time, and it decides nothing")]
pub fn now() -> Instant {
    Instant::now()
}

/// Whether the benches only have to show that they run: `cargo bench -- --test`, or `cargo test --benches`.
pub fn is_smoke_run() -> bool {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    has("--test") || !has("--bench")
}
