//! The sort plan of the standard line sorter.

use sorter_core::plan::PlanSource;

/// The two texts of a plan with the names that problems are reported under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanTexts {
    /// The name of the outlet file.
    pub toml_name: &'static str,
    /// The outlets.
    pub toml: &'static str,
    /// The name of the rule file.
    pub csv_name: &'static str,
    /// The rules.
    pub csv: &'static str,
}

/// The plan for [`Layout::line_100`](sorter_core::layout::Layout::line_100): 88 outbound outlets for Europe,
/// four bonded ones for flights, four overflow outlets, and one each for no-reads, the hold and exceptions.
pub fn standard_plan_texts() -> PlanTexts {
    PlanTexts {
        toml_name: "plan_line_100.toml",
        toml: include_str!("../../data/plan_line_100.toml"),
        csv_name: "plan_line_100.csv",
        csv: include_str!("../../data/plan_line_100.csv"),
    }
}

/// The standard plan, read.
///
/// # Panics
/// Never: the tests read the embedded texts.
pub fn standard_plan() -> PlanSource {
    let texts = standard_plan_texts();
    PlanSource::from_texts(texts.toml_name, texts.toml, texts.csv_name, texts.csv)
        .expect("the tests read the embedded plan")
}
