//! Memory that is allocated once and used for a day.
//!
//! With [`sync`](crate::sync), the only place of the project with `unsafe`.

pub mod pages;
pub mod prefetch;
