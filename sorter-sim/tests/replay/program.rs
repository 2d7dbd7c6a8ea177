//! The program with a folder for the files of a test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

/// A small day in which everything happens that comes from outside: changeover, customs, late announcements, lost and
/// refused items, and a disk that is late.
pub(super) const DAY: &str = "\
    parcels = 6_000\n\
    hubs = 2\n\
    sorters = 2\n\
    [changeover]\n\
    at_h = 14\n\
    share = 0.3\n\
    back_h = 16\n\
    [reads]\n\
    not_announced = 0.02\n\
    late_announced = 0.5\n\
    [plant]\n\
    tracking_loss = 0.02\n\
    failed_divert = 0.02\n\
    [journal]\n\
    late_rate = 0.1\n\
    late_ms = 3_000\n";

/// A day of two hubs that is over soon.
const SHORT: &str = "parcels = 300\nhubs = 2\nsorters = 1\n";

static BUSY_DAY: LazyLock<Recorded> = LazyLock::new(|| Recorded::of("day", DAY, &["--threads", "1"]));
static SHORT_DAY: LazyLock<Recorded> = LazyLock::new(|| Recorded::of("day", SHORT, &[]));

/// Runs the program.
pub(super) fn sorter_sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sorter-sim")).args(arguments).output().expect("the program starts")
}

/// What it said on stderr.
pub(super) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with a recording in it.
pub(super) struct Recorded {
    folder: TempDir,
    /// The digest of the run.
    pub(super) digest: String,
}

impl Recorded {
    /// Runs a command on a scenario and records it.
    pub(super) fn of(command: &str, scenario: &str, options: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder for the run");
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(folder.path().join("scenario.toml"), scenario).expect("the scenario is written");
        let (input, report, record) = (path("scenario.toml"), path("report.json"), path("recording"));
        let fixed = [command, "--quiet", "--scenario", &input, "--json", &report, "--record", &record];
        let output = sorter_sim(&[&fixed, options].concat());
        let text = std::fs::read_to_string(&report).unwrap_or_else(|_| panic!("{}", errors(&output)));
        let report: Value = serde_json::from_str(&text).expect("the report is JSON");
        let digest = report["digest"].as_str().expect("a run has a digest").to_owned();
        Self { folder, digest }
    }

    /// The recording of [`DAY`], to be spoilt.
    pub(super) fn busy_day() -> Self {
        BUSY_DAY.copy()
    }

    /// The recording of a day that is over soon, to be spoilt.
    pub(super) fn short_day() -> Self {
        SHORT_DAY.copy()
    }

    fn copy(&self) -> Self {
        let copy = Self { folder: TempDir::new().expect("a folder"), digest: self.digest.clone() };
        std::fs::create_dir(copy.path()).expect("a folder in it");
        for entry in std::fs::read_dir(self.path()).expect("the recording is there").flatten() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("the file is copied");
        }
        copy
    }

    /// The recording.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("recording")
    }

    /// A file of the recording.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Changes a text of the recording.
    pub(super) fn edit(&self, name: &str, change: impl FnOnce(String) -> String) {
        let text = std::fs::read_to_string(self.file(name)).expect("the file is there");
        std::fs::write(self.file(name), change(text)).expect("the file is written");
    }

    /// Replays it with some options. Gives the exit code, the report where there is one, and what was said on stderr.
    pub(super) fn replay(&self, options: &[&str]) -> (Option<i32>, Value, String) {
        let report = self.folder.path().join("replay.json");
        let _ = std::fs::remove_file(&report);
        let fixed = ["replay", &text(&self.path()), "--quiet", "--json", &text(&report)];
        let output = sorter_sim(&[&fixed, options].concat());
        let json = std::fs::read_to_string(&report).unwrap_or_default();
        (output.status.code(), serde_json::from_str(&json).unwrap_or_default(), errors(&output))
    }
}

/// A path as an argument.
pub(super) fn text(path: &Path) -> String {
    path.display().to_string()
}
