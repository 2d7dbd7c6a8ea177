//! Which chutes a plan allows for each postcode, read from the text of the plan without the engine.
//!
//! It is slow and simple on purpose: for each postcode it looks at each rule of its country.

use std::collections::BTreeMap;

use smallvec::SmallVec;
use sorter_core::ids::ChuteId;
use toml::{Table, Value};

/// Why the text of a plan could not be read. The plan check of the engine names places; this only says what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The TOML text.
    #[error("the plan is not TOML: {0}")]
    Toml(String),
    /// The CSV text.
    #[error("the rules are not CSV: {0}")]
    Csv(String),
    /// A key that an outlet must have.
    #[error("outlet \"{outlet}\" has no usable \"{key}\"")]
    Outlet {
        /// The outlet.
        outlet: String,
        /// The key.
        key: &'static str,
    },
}

/// The chutes that a destination may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Those of its outlet and those of the overflow outlets after it, as far as they serve destinations.
    chutes: SmallVec<[ChuteId; 4]>,
}

impl Route {
    /// Whether the chute is one of them.
    pub fn allows(&self, chute: ChuteId) -> bool {
        self.chutes.contains(&chute)
    }
}

/// One outlet as the text has it.
struct Outlet {
    role: String,
    chutes: Vec<ChuteId>,
    overflow: Option<String>,
}

/// The routes of a plan for a list of postcodes.
#[derive(Debug)]
pub struct RouteOracle {
    routes: Vec<Route>,
    /// The route of each postcode plus one; zero for none.
    of_postcode: Vec<u16>,
    roles: BTreeMap<ChuteId, String>,
}

impl RouteOracle {
    /// Reads a plan for these (country, postcode) pairs in their canonical spelling.
    ///
    /// # Errors
    /// [`RouteError`].
    pub fn read<'a>(
        toml: &str,
        csv: &str,
        postcodes: impl Iterator<Item = (&'a str, String)>,
    ) -> Result<Self, RouteError> {
        let outlets = read_outlets(toml)?;
        let rules = read_rules(csv)?;
        let mut oracle = Self { routes: Vec::new(), of_postcode: Vec::new(), roles: BTreeMap::new() };
        for outlet in outlets.values() {
            oracle.roles.extend(outlet.chutes.iter().map(|chute| (*chute, outlet.role.clone())));
        }
        let mut numbers: BTreeMap<&str, u16> = BTreeMap::new();
        for (country, postcode) in postcodes {
            let rule = rules.get(country).and_then(|rules| most_specific(rules, &postcode));
            let number = rule.map_or(0, |outlet| {
                *numbers.entry(outlet).or_insert_with(|| {
                    oracle.routes.push(route_of(&outlets, outlet));
                    u16::try_from(oracle.routes.len()).expect("a plan has fewer outlets than chutes")
                })
            });
            oracle.of_postcode.push(number);
        }
        Ok(oracle)
    }

    /// The file of the rules that a plan names.
    ///
    /// # Errors
    /// [`RouteError::Toml`] when the text is not TOML or names no file.
    pub fn rules_file(toml: &str) -> Result<String, RouteError> {
        let table: Table =
            toml.parse().map_err(|error: toml::de::Error| RouteError::Toml(error.to_string()))?;
        let rules = table.get("rules").and_then(Value::as_str).map(str::to_owned);
        rules.ok_or_else(|| RouteError::Toml("it names no \"rules\"".to_owned()))
    }

    /// The route of a postcode by its index.
    pub fn route(&self, postcode: u32) -> Option<&Route> {
        let number = usize::from(*self.of_postcode.get(postcode as usize)?);
        self.routes.get(number.checked_sub(1)?)
    }

    /// Whether a chute leads out of the building.
    pub fn is_outbound(&self, chute: ChuteId) -> bool {
        self.has_role(chute, "outbound")
    }

    /// Whether a chute is for what may not leave yet.
    pub fn is_hold(&self, chute: ChuteId) -> bool {
        self.has_role(chute, "hold")
    }

    /// Whether a chute takes parcels by their destination, be it as overflow.
    pub fn serves_destinations(&self, chute: ChuteId) -> bool {
        self.is_outbound(chute) || self.has_role(chute, "overflow")
    }

    fn has_role(&self, chute: ChuteId, role: &str) -> bool {
        self.roles.get(&chute).is_some_and(|known| known == role)
    }
}

/// One rule: first, last, outlet.
type Rule = (String, String, String);

fn read_rules(text: &str) -> Result<BTreeMap<String, Vec<Rule>>, RouteError> {
    let mut rules: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    for record in reader.records() {
        let record = record.map_err(|error| RouteError::Csv(error.to_string()))?;
        let field = |place| record.get(place).unwrap_or_default().trim().to_owned();
        rules.entry(field(0)).or_default().push((field(1), field(2), field(3)));
    }
    Ok(rules)
}

/// Ranges before prefixes, longer prefixes before shorter ones, the country rule last.
fn most_specific<'a>(rules: &'a [Rule], postcode: &str) -> Option<&'a str> {
    let range = rules
        .iter()
        .find(|(first, last, _)| !last.is_empty() && first.as_str() <= postcode && postcode <= last.as_str());
    let prefix = || {
        let fitting = rules.iter().filter_map(|rule| {
            let prefix = rule.0.strip_suffix('*').filter(|_| rule.1.is_empty())?;
            postcode.starts_with(prefix).then_some((prefix.len(), rule))
        });
        fitting.max_by_key(|(length, _)| *length).map(|(_, rule)| rule)
    };
    let country = || rules.iter().find(|(first, last, _)| first.is_empty() && last.is_empty());
    range.or_else(prefix).or_else(country).map(|(_, _, outlet)| outlet.as_str())
}

fn read_outlets(text: &str) -> Result<BTreeMap<String, Outlet>, RouteError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| RouteError::Toml(error.to_string()))?;
    let list = table.get("outlet").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut outlets = BTreeMap::new();
    for value in list {
        let text = |key| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let name = text("name").unwrap_or_default();
        let unusable = |key| RouteError::Outlet { outlet: name.clone(), key };
        let chutes = value.get("chutes").and_then(Value::as_array).ok_or_else(|| unusable("chutes"))?;
        let number = |chute: &Value| u16::try_from(chute.as_integer()?).ok().map(ChuteId::new);
        let chutes: Option<Vec<ChuteId>> = chutes.iter().map(number).collect();
        let outlet = Outlet {
            role: text("role").unwrap_or_else(|| "outbound".to_owned()),
            chutes: chutes.ok_or_else(|| unusable("chutes"))?,
            overflow: text("overflow"),
        };
        outlets.insert(name, outlet);
    }
    Ok(outlets)
}

/// The chutes of an outlet and of the overflow outlets behind it, the exception outlet left out.
fn route_of(outlets: &BTreeMap<String, Outlet>, name: &str) -> Route {
    let mut chutes = SmallVec::new();
    let mut next = Some(name);
    // A chain that runs in a circle does not pass the plan check; the count only bounds this reader.
    for _ in 0..outlets.len() {
        let Some(outlet) = next.and_then(|name| outlets.get(name)) else { break };
        if matches!(outlet.role.as_str(), "outbound" | "overflow") {
            chutes.extend_from_slice(&outlet.chutes);
        }
        next = outlet.overflow.as_deref();
    }
    Route { chutes }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"
        [[outlet]]
        name = "A"
        chutes = [0, 1]
        overflow = "O"
        [[outlet]]
        name = "B"
        chutes = [2]
        [[outlet]]
        name = "O"
        role = "overflow"
        chutes = [3]
        overflow = "X"
        [[outlet]]
        name = "X"
        role = "exception"
        chutes = [4]
    "#;

    #[test]
    fn the_most_specific_rule_wins_and_overflow_is_allowed() {
        let rules = "country,first,last,outlet\nDE,,,B\nDE,10*,,A\nDE,10500,10600,B\n";
        let codes = ["10400", "10550", "20000"].map(|code| ("DE", code.to_owned()));
        let oracle = RouteOracle::read(PLAN, rules, codes.into_iter().chain([("FR", "1".into())])).unwrap();
        let allowed = |postcode| {
            let route = oracle.route(postcode)?;
            Some((0..5).filter(|chute| route.allows(ChuteId::new(*chute))).collect::<Vec<_>>())
        };
        assert_eq!(allowed(0), Some(vec![0, 1, 3]));
        assert_eq!(allowed(1), Some(vec![2]));
        assert_eq!(allowed(2), Some(vec![2]));
        assert_eq!(allowed(3), None);
        assert!(oracle.serves_destinations(ChuteId::new(3)) && !oracle.is_outbound(ChuteId::new(3)));
    }
}
