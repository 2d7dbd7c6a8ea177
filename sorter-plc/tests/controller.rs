//! The controller against a PLC that reports whatever a test tells it to.

#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

mod controller {
    mod allocation;
    mod attended;
    mod chutes;
    mod deciding;
    mod endings;
    mod images;
    mod journaled;
    mod margin;
    mod nonsense;
    mod oddities;
    mod orders;
    mod plc;
    mod restart;
    mod resync;
    mod shadow;
    mod unheard;
}
