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
#[derive(Debug)]
struct Outlet {
    role: String,
    chutes: Vec<ChuteId>,
    overflow: Option<String>,
    lane: Option<String>,
    bonded: bool,
    /// What kind of container stands at its chutes.
    container: String,
}

/// The routes of a plan for a list of postcodes.
#[derive(Debug)]
pub struct RouteOracle {
    routes: Vec<Route>,
    /// The route of each postcode plus one; zero for none.
    of_postcode: Vec<u16>,
    /// The route of each outlet that has postcodes, plus one.
    numbers: BTreeMap<String, u16>,
    outlets: BTreeMap<String, Outlet>,
    /// The outlet of each chute.
    of_chute: BTreeMap<ChuteId, String>,
    /// What each chute is for, by its number: asked for each parcel, so without a search by name.
    purposes: Vec<Purpose>,
    /// The route of each lane.
    of_lane: BTreeMap<String, Route>,
}

/// What a chute is for.
#[derive(Clone, Copy, Debug, Default)]
struct Purpose {
    outbound: bool,
    overflow: bool,
    hold: bool,
    bonded: bool,
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
        let mut of_chute = BTreeMap::new();
        for (name, outlet) in &outlets {
            of_chute.extend(outlet.chutes.iter().map(|chute| (*chute, name.clone())));
        }
        let (mut routes, mut of_postcode) = (Vec::new(), Vec::new());
        let mut numbers: BTreeMap<String, u16> = BTreeMap::new();
        for (country, postcode) in postcodes {
            let rule = rules.get(country).and_then(|rules| most_specific(rules, &postcode));
            let number = match rule {
                None => 0,
                Some(outlet) => match numbers.get(outlet) {
                    Some(number) => *number,
                    None => {
                        routes.push(route_of(&outlets, outlet));
                        let number =
                            u16::try_from(routes.len()).expect("a plan has fewer outlets than chutes");
                        numbers.insert(outlet.to_owned(), number);
                        number
                    }
                },
            };
            of_postcode.push(number);
        }
        let count = of_chute.keys().next_back().map_or(0, |last: &ChuteId| last.index() + 1);
        let mut purposes = vec![Purpose::default(); count];
        for (chute, name) in &of_chute {
            let outlet = &outlets[name];
            purposes[chute.index()] = Purpose {
                outbound: outlet.role == "outbound",
                overflow: outlet.role == "overflow",
                hold: outlet.role == "hold",
                bonded: outlet.bonded,
            };
        }
        let lanes = outlets.values().filter_map(|outlet| outlet.lane.clone());
        let of_lane = lanes.map(|lane| (lane.clone(), route_of_lane(&outlets, &lane))).collect();
        Ok(Self { routes, of_postcode, numbers, outlets, of_chute, purposes, of_lane })
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
        self.purpose(chute).outbound
    }

    /// Whether a chute is for what may not leave yet.
    pub fn is_hold(&self, chute: ChuteId) -> bool {
        self.purpose(chute).hold
    }

    /// Whether a chute takes parcels by their destination, be it as overflow.
    pub fn serves_destinations(&self, chute: ChuteId) -> bool {
        let purpose = self.purpose(chute);
        purpose.outbound || purpose.overflow
    }

    /// The lane by which the containers of a chute leave.
    pub fn lane(&self, chute: ChuteId) -> Option<&str> {
        self.outlet(chute)?.lane.as_deref()
    }

    /// Whether goods in transit may be put into a chute.
    pub fn is_bonded(&self, chute: ChuteId) -> bool {
        self.purpose(chute).bonded
    }

    /// The route of what is booked on a departure of a lane: every chute whose containers leave by it, and the
    /// overflow outlets after it.
    pub fn route_of_lane(&self, lane: &str) -> Option<&Route> {
        self.of_lane.get(lane)
    }

    /// Whether a chute serves the same under another plan for the same postcodes: the same postcodes by the same
    /// lane in the same kind of container. Chutes of outlets without postcodes serve the same when their outlets
    /// have the same name.
    pub fn serves_same(&self, other: &Self, chute: ChuteId) -> bool {
        let (ours, theirs) = match (self.of_chute.get(&chute), other.of_chute.get(&chute)) {
            (None, None) => return true,
            (Some(ours), Some(theirs)) => (ours, theirs),
            _ => return false,
        };
        let (one, two) = (&self.outlets[ours], &other.outlets[theirs]);
        let alike = (&one.role, &one.lane, one.bonded, &one.container)
            == (&two.role, &two.lane, two.bonded, &two.container);
        let (one, two) = (self.numbers.get(ours), other.numbers.get(theirs));
        match (one, two) {
            (None, None) => alike && ours == theirs,
            (Some(one), Some(two)) => {
                let mut pairs = self.of_postcode.iter().zip(&other.of_postcode);
                alike && pairs.all(|(before, after)| (before == one) == (after == two))
            }
            _ => false,
        }
    }

    fn outlet(&self, chute: ChuteId) -> Option<&Outlet> {
        self.outlets.get(self.of_chute.get(&chute)?)
    }

    fn purpose(&self, chute: ChuteId) -> Purpose {
        self.purposes.get(chute.index()).copied().unwrap_or_default()
    }
}

/// Every chute whose containers leave by a lane, and the overflow outlets after it.
fn route_of_lane(outlets: &BTreeMap<String, Outlet>, lane: &str) -> Route {
    let by_lane = outlets.iter().filter(|(_, outlet)| outlet.lane.as_deref() == Some(lane));
    Route { chutes: by_lane.flat_map(|(name, _)| route_of(outlets, name).chutes).collect() }
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
            lane: text("lane"),
            bonded: value.get("bonded").and_then(Value::as_bool).unwrap_or(false),
            container: text("container").unwrap_or_else(|| "roll_cage".to_owned()),
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

    fn oracle(plan: &str, rules: &str) -> RouteOracle {
        let codes = ["10400", "10550", "20000"].map(|code| ("DE", code.to_owned()));
        RouteOracle::read(plan, &format!("country,first,last,outlet\n{rules}"), codes.into_iter()).unwrap()
    }

    #[test]
    fn a_chute_serves_the_same_with_the_same_postcodes_lane_and_container_only() {
        let plain = oracle(PLAN, "DE,,,B\nDE,10*,,A\n");
        let same = |plan: &str, rules: &str| {
            let other = oracle(plan, rules);
            let same: Vec<bool> =
                (0..6).map(|chute| plain.serves_same(&other, ChuteId::new(chute))).collect();
            assert_eq!(
                same,
                (0..6).map(|chute| other.serves_same(&plain, ChuteId::new(chute))).collect::<Vec<_>>()
            );
            same
        };
        let rules = "DE,,,B\nDE,10*,,A\n";
        assert_eq!(same(PLAN, rules), [true; 6]);
        assert_eq!(same(PLAN, "DE,,,B\nDE,104*,,A\n"), [false, false, false, true, true, true]);
        let renamed = (PLAN.replace("\"A\"", "\"Q\""), rules.replace('A', "Q"));
        assert_eq!(same(&renamed.0, &renamed.1), [true; 6]);
        let moved = PLAN.replace("[0, 1]", "[0, 5]");
        assert_eq!(same(&moved, rules), [true, false, true, true, true, false]);
        let by_lane = PLAN.replace("chutes = [2]", "chutes = [2]\nlane = \"DE:Cologne\"");
        assert_eq!(same(&by_lane, rules), [true, true, false, true, true, true]);
        let overflow = PLAN.replace("\"O\"", "\"P\"");
        assert_eq!(same(&overflow, rules), [true, true, true, false, true, true]);
    }

    #[test]
    fn a_lane_leads_to_its_chutes_and_their_overflow() {
        let plan = PLAN.replace("overflow = \"O\"", "overflow = \"O\"\nlane = \"DE:Cologne\"\nbonded = true");
        let oracle = oracle(&plan, "DE,,,B\n");
        let route = oracle.route_of_lane("DE:Cologne").unwrap();
        assert_eq!(
            [0, 1, 2, 3, 4].map(|chute| route.allows(ChuteId::new(chute))),
            [true, true, false, true, false]
        );
        assert_eq!((oracle.lane(ChuteId::new(1)), oracle.lane(ChuteId::new(2))), (Some("DE:Cologne"), None));
        assert!(oracle.is_bonded(ChuteId::new(0)) && !oracle.is_bonded(ChuteId::new(3)));
    }
}
