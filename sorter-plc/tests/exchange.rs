//! The exchange against a small PLC that a test scripts.

#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

mod exchange {
    mod allocation;
    mod belt;
    mod listening;
    mod nonsense;
    mod orders;
    mod plc;
    mod ready;
    mod records;
    mod rig;
    mod sessions;
    mod setup;
    mod watching;
}
