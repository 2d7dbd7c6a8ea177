//! What an engine and its workers do: decisions, commits, ends and what is counted.
//!
//! Under the model checker of `sorter_loom` there are no engines, only the protocols they are built of.

#![cfg(not(sorter_loom))]

#[path = "engine/book.rs"]
mod book;
#[path = "engine/chutes.rs"]
mod chutes;
#[path = "engine/claims.rs"]
mod claims;
#[path = "engine/commits.rs"]
mod commits;
#[path = "engine/hall.rs"]
mod hall;
#[path = "engine/hot_path.rs"]
mod hot_path;
#[path = "engine/labels.rs"]
mod labels;
#[path = "engine/plans.rs"]
mod plans;
#[path = "engine/race.rs"]
mod race;
#[path = "engine/reasons.rs"]
mod reasons;
#[path = "engine/sequences.rs"]
mod sequences;
#[path = "engine/transitions.rs"]
mod transitions;
