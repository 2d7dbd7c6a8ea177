//! Figures as a table for people and as one flat JSON object for programs.

use serde_json::{Map, Value};
use sorter_core::units::Share;
use sorter_plc::cycle::Times;

/// Figures by name, in the order in which they were taken. Each is printed as soon as it is there.
#[derive(Clone, Debug, Default)]
pub struct Sheet(Map<String, Value>);

impl Sheet {
    /// A sheet without figures.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a part of the table.
    pub fn title(&self, title: &str) {
        println!("\n{title}");
    }

    /// Notes one figure.
    pub fn put(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        println!("  {key:<52} {value}");
        self.0.insert(key, value);
    }

    /// Notes a figure with so many digits behind the point.
    pub fn put_rounded(&mut self, key: impl Into<String>, value: f64, digits: i32) {
        let unit = 10_f64.powi(digits);
        self.put(key, (value * unit).round() / unit);
    }

    /// Notes the quantiles of times in microseconds.
    pub fn put_times(&mut self, key: &str, times: &Times) {
        self.put(format!("{key}_count"), times.count());
        for (name, ppm) in [("p50", 500_000), ("p99", 990_000), ("p999", 999_000)] {
            let share = Share::from_ppm(ppm).unwrap_or(Share::ONE);
            self.put(format!("{key}_{name}_us"), times.quantile(share).get());
        }
        self.put(format!("{key}_max_us"), times.max().get());
    }

    /// A figure, if it was noted.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// All figures as one JSON object with a line break at its end.
    pub fn to_json(&self) -> String {
        let mut text = format!("{:#}", Value::Object(self.0.clone()));
        text.push('\n');
        text
    }
}
