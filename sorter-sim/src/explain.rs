//! The story of one parcel of a simulated hub.

use sorter_core::engine::{Engine, Worker};

/// The story of the parcel with this code, told from what the engine knows and the events that the workers
/// of the hub kept, one event a line; `None` for a code that is not a parcel code or was not announced.
///
/// What workers keep is set with [`Worker::keep`] before the day. Since a day can be repeated exactly, a second
/// run that keeps one parcel only tells all about it.
pub fn story<'w>(
    engine: &Engine,
    workers: impl IntoIterator<Item = &'w Worker>,
    code: &[u8],
) -> Option<String> {
    Some(engine.explain(code)?.with_workers(workers).to_string())
}
