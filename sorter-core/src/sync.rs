//! The lock-free protocols of the crate. Every atomic lives here, behind a type that states its protocol.
//!
//! Under `--cfg sorter_loom` the atomics are those of the loom model checker. Its models run with
//! `RUSTFLAGS="--cfg sorter_loom" cargo test -p sorter-core --release --lib models`. They are told in
//! `docs/concurrency.md`, as are all atomics with their writers, readers and partners.

pub mod day_table;
pub mod dense_table;
pub mod key_list;
#[cfg(any(test, feature = "oracle-ledger"))]
pub mod late_table;
pub mod number_table;
pub mod record_ring;
pub mod sparse_table;
#[cfg(any(test, feature = "oracle-ledger"))]
pub mod state_array;

#[cfg(all(test, sorter_loom))]
mod models;

/// The one place that chooses between the atomics of the standard library and those of loom.
pub(crate) mod atomic {
    #[cfg(sorter_loom)]
    pub(crate) use loom::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};
    #[cfg(not(sorter_loom))]
    pub(crate) use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};
}
