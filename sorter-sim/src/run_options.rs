//! What is asked of a run beside its scenario. It never changes what happens in it.

use std::path::PathBuf;

/// What is asked of a run beside its scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// A code of the parcel whose whole story is told at the end.
    pub explain: Option<String>,
    /// The folder for the manifests of all containers, a file for each. It exists.
    pub manifests: Option<PathBuf>,
    /// The folder into which every hub is recorded. It exists; see [`NewRecording`](crate::recording::NewRecording).
    pub record: Option<PathBuf>,
}
