//! Links at their beat: the loop of a link in virtual time, the cycle thread over loopback.

#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

mod cycle {
    mod beat;
    mod faults;
    mod plc;
    mod stopping;
    mod thread;
}
