//! Runs the program on a scenario text and reads its report.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A run of the program that has ended.
pub(super) struct Run {
    pub(super) code: Option<i32>,
    pub(super) report: Value,
    pub(super) errors: String,
    /// What it printed beside the report.
    pub(super) output: String,
}

impl Run {
    /// Runs `day` on a scenario with further options.
    pub(super) fn of(scenario: &str, options: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder for the run");
        let (input, output) = (folder.path().join("scenario.toml"), folder.path().join("report.json"));
        std::fs::write(&input, scenario).expect("the scenario is written");
        let done = Command::new(env!("CARGO_BIN_EXE_sorter-sim"))
            .arg("day")
            .arg("--scenario")
            .arg(&input)
            .arg("--json")
            .arg(&output)
            .arg("--quiet")
            .args(options)
            .output()
            .expect("the program starts");
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        let printed = String::from_utf8_lossy(&done.stdout).into_owned();
        let text = std::fs::read_to_string(&output).expect("a report is written");
        let report =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?}; {errors}"));
        Self { code: done.status.code(), report, errors, output: printed }
    }

    /// A number of the report, by the path of its keys.
    pub(super) fn number(&self, path: &str) -> u64 {
        let value = self.report.pointer(path);
        value.and_then(Value::as_u64).unwrap_or_else(|| panic!("{path} is {value:?}, not a number"))
    }

    /// A text of the report.
    pub(super) fn text(&self, key: &str) -> &str {
        self.report[key].as_str().unwrap_or_else(|| panic!("{key} is no text"))
    }
}
