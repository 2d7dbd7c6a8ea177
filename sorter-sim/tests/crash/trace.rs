//! Tells what happens in a history, for who looks for the cause of a failure.

use std::fmt::Arguments;
use std::sync::OnceLock;

use sorter_core::units::Micros;

static ON: OnceLock<bool> = OnceLock::new();

/// Prints a line if `CRASH_TRACE` is set. Run one history with one thread then.
pub(crate) fn tell(now: Micros, text: Arguments<'_>) {
    if *ON.get_or_init(|| std::env::var_os("CRASH_TRACE").is_some()) {
        eprintln!("{:>10} {text}", now.get());
    }
}
