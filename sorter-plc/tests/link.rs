//! The link against a server that answers whatever a test tells it to, byte by byte, in paused time.

#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

mod link {
    mod back_off;
    mod exceptions;
    mod forged;
    mod function_23;
    mod limits;
    mod server;
    mod wrong_answers;
}
