//! Scanner tunnels: what is bound against what was really on the belt, and the port over in-memory streams.

#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

mod scanner {
    mod belt;
    mod binding;
    mod port;
}
