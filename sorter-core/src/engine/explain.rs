//! Why a parcel is where it is, in words.

use std::fmt;

use crate::address::{Country, Postcode};
use crate::barcode::CodeKey;
use crate::plan::Plan;
use crate::state_word::{Life, StateWord};

/// What the ledger and the plan say about one parcel. Its `Display` is the text for a person.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The state word.
    pub state: StateWord,
    /// The country of its destination.
    pub country: Country,
    /// The postcode of its destination.
    pub postcode: Postcode,
    /// The outlet that the present plan gives it, and the line of the rule.
    pub rule: Option<(String, u32)>,
    code: CodeKey,
    plan: String,
}

impl Explanation {
    pub(super) fn new(
        code: CodeKey,
        state: StateWord,
        country: Country,
        postcode: Postcode,
        plan: &Plan,
    ) -> Self {
        let rule = plan
            .resolve(country, &postcode)
            .map(|found| (plan.outlet(found.outlet).name.to_string(), found.rule.line));
        let plan = format!("{} version {}", plan.name(), plan.version().get());
        Self { state, country, postcode, rule, code, plan }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state;
        write!(
            f,
            "parcel {} to {} {}: {}",
            self.code.to_text(),
            self.country.code(),
            self.postcode,
            state.life()
        )?;
        if state.life() != Life::Expected {
            write!(f, "; pass {} on {}", state.pass().get(), state.sorter())?;
            match state.chute() {
                Some(chute) => write!(f, ", decided for {chute}")?,
                None => f.write_str(", decided to run off")?,
            }
            write!(f, " because: {}", state.reason())?;
        }
        write!(f, "; customs: {}", state.clearance())?;
        match &self.rule {
            Some((outlet, line)) => {
                write!(f, "; plan {} sends it to outlet {outlet} by the rule on line {line}", self.plan)
            }
            None => write!(f, "; plan {} has no rule for it", self.plan),
        }
    }
}
