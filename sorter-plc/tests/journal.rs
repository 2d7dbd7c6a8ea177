//! The journal in SQLite files: what it keeps, how it is read back, and what is done about damage.

#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

mod journal {
    mod damage;
    mod faults;
    mod processes;
    mod queries;
    mod recovery;
    mod sample;
    mod scene;
    mod thread;
}
