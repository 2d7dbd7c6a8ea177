//! The seeded workload that all benches share, the engine filled with it, and the naive answer to compare with.

#![forbid(unsafe_code)]

pub mod naive;
pub mod runs;
pub mod workload;

/// Whether the benches only have to show that they run: `cargo bench -- --test`, or `cargo test --benches`.
pub fn is_smoke_run() -> bool {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    has("--test") || !has("--bench")
}
