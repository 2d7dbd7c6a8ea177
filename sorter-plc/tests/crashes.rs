//! The host crashes at every point of a scripted day, and goes on by its journal.

#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

mod crashes {
    mod acknowledging;
    mod every_point;
    mod hall;
    mod plant;
    #[path = "../exchange/plc.rs"]
    #[allow(dead_code, reason = "other tests use more of it")]
    mod plc;
    mod world;
}
