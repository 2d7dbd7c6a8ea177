//! The codec: what comes back is what went in, and what is wrong is named.

#[path = "codec/arbitrary.rs"]
mod arbitrary;
#[path = "codec/judging.rs"]
mod judging;
#[path = "codec/round_trips.rs"]
mod round_trips;
