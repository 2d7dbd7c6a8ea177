//! What an engine and its workers do: decisions, commits, ends and what is counted.
//!
//! Under the model checker of `sorter_loom` there are no engines, only the protocols they are built of.

#![cfg(not(sorter_loom))]

#[path = "engine/book.rs"]
mod book;
#[path = "engine/changeover.rs"]
mod changeover;
#[path = "engine/chutes.rs"]
mod chutes;
#[path = "engine/claims.rs"]
mod claims;
#[path = "engine/commits.rs"]
mod commits;
#[path = "engine/containers.rs"]
mod containers;
#[path = "engine/customs.rs"]
mod customs;
#[path = "engine/departures.rs"]
mod departures;
#[path = "engine/hall.rs"]
mod hall;
#[path = "engine/holds.rs"]
mod holds;
#[path = "engine/hot_path.rs"]
mod hot_path;
#[path = "engine/journal.rs"]
mod journal;
#[path = "engine/journal_oracle.rs"]
mod journal_oracle;
#[path = "engine/labels.rs"]
mod labels;
#[path = "engine/plans.rs"]
mod plans;
#[path = "engine/race.rs"]
mod race;
#[path = "engine/reasons.rs"]
mod reasons;
#[path = "engine/recovery.rs"]
mod recovery;
#[path = "engine/rules.rs"]
mod rules;
#[path = "engine/rules_oracle.rs"]
mod rules_oracle;
#[path = "engine/sequences.rs"]
mod sequences;
#[path = "engine/story.rs"]
mod story;
#[path = "engine/transitions.rs"]
mod transitions;
