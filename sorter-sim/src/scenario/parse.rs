//! From TOML to a [`Scenario`], collecting every problem with its line.

use std::collections::BTreeMap;

use sorter_core::diagnostic::{Diagnostic, Diagnostics};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::schema::{self, Field, Key};
use super::{Scenario, check};
use crate::random::Rate;

/// Reads a whole file on top of a scenario.
pub(super) fn scenario(base: Scenario, file: &str, text: &str) -> Result<Scenario, Diagnostics> {
    let mut reader = Reader { file, text, scenario: base, lines: BTreeMap::new(), found: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = reader.line(error.span().map_or(0, |span| span.start));
        // The parser may go on over several lines; a diagnostic is one.
        reader.problem("SC0001", line, error.message().replace('\n', " "));
    }
    // What the parser made of broken text is a guess, and complaints about a guess would mislead.
    if reader.found.is_empty() {
        reader.walk("", document.get_ref());
        reader.check_sabotage();
        reader.check_contradictions();
    }
    reader.found.sort_by_key(|diagnostic| diagnostic.line);
    Diagnostics(reader.found).into_result(reader.scenario)
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    scenario: Scenario,
    /// On which line each key stands, by its full name.
    lines: BTreeMap<String, u32>,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn line(&self, offset: usize) -> u32 {
        Diagnostics::line_of(self.text, offset)
    }

    fn problem(&mut self, code: &'static str, line: u32, message: String) {
        self.found.push(Diagnostic::at(code, self.file, line, message));
    }

    fn walk(&mut self, table: &str, entries: &DeTable<'_>) {
        for (name, value) in entries {
            let line = self.line(name.span().start);
            let full_name = join(table, name.get_ref());
            if let Some(key) = schema::find(table, name.get_ref()) {
                self.lines.insert(full_name, line);
                self.set(key, line, value);
            } else if table.is_empty() && schema::is_table(name.get_ref()) {
                self.lines.insert(full_name.clone(), line);
                match value.get_ref() {
                    DeValue::Table(inner) => self.walk(name.get_ref(), inner),
                    other => {
                        let message = format!("{full_name} is {} (expected a table)", other.type_str());
                        self.problem("SC0003", line, message);
                    }
                }
            } else {
                let message =
                    format!("{full_name} is not a key (expected one of {})", schema::names_in(table));
                self.problem("SC0002", line, message);
            }
        }
    }

    fn set(&mut self, key: &Key, line: u32, value: &Spanned<DeValue<'_>>) {
        let scenario = &mut self.scenario;
        let result = match &key.field {
            Field::Whole { range, set, .. } => whole(value.get_ref()).and_then(|number| {
                let number = u64::try_from(number).ok().filter(|number| range.contains(number));
                number.map(|number| set(scenario, number)).ok_or(Refused::Range)
            }),
            Field::Share { least, at } => share(value.get_ref()).and_then(|share| {
                let rate = Rate::from_share(share).filter(|rate| rate >= least);
                rate.map(|rate| *at(scenario) = rate).ok_or(Refused::Range)
            }),
            Field::Word { words, set, .. } => word(value.get_ref()).and_then(|word| {
                let index = words.iter().position(|known| *known == word);
                index.map(|index| set(scenario, index)).ok_or(Refused::Range)
            }),
            Field::Path { at } => word(value.get_ref()).and_then(|path| {
                let path = Some(path).filter(|path| !path.is_empty());
                path.map(|path| *at(scenario) = Some(path.into())).ok_or(Refused::Range)
            }),
        };
        if let Err(refused) = result {
            let shown = self.text.get(value.span()).unwrap_or("").lines().next().unwrap_or("");
            let code = match refused {
                Refused::Kind => "SC0003",
                Refused::Range => "SC0004",
            };
            self.problem(
                code,
                line,
                format!("{} is {shown} (expected {})", key.full_name(), key.field.expected()),
            );
        }
    }

    fn check_sabotage(&mut self) {
        if let Some(line) =
            self.lines.get("sabotage").copied().filter(|_| !self.lines.contains_key("sabotage.kind"))
        {
            let words = schema::find("sabotage", "kind").map_or_else(String::new, |key| key.field.expected());
            self.problem("SC0005", line, format!("sabotage.kind is not set (expected {words})"));
        }
    }

    /// Looks for contradictions in what was read. A refused value has kept its default, so a
    /// contradiction that takes part in a refusal is left out: it may be a consequence.
    fn check_contradictions(&mut self) {
        let refused: Vec<u32> = self.found.iter().filter_map(|diagnostic| diagnostic.line).collect();
        for contradiction in check::contradictions(&self.scenario) {
            let lines: Vec<u32> =
                contradiction.keys.iter().filter_map(|key| self.lines.get(*key).copied()).collect();
            if lines.iter().any(|line| refused.contains(line)) {
                continue;
            }
            if let Some(line) = lines.first() {
                self.problem("SC0005", *line, contradiction.message);
            }
        }
    }
}

/// Why a value was not taken.
enum Refused {
    /// Text where a number belongs, or the like.
    Kind,
    /// The right kind, outside the range.
    Range,
}

fn join(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
}

fn whole(value: &DeValue<'_>) -> Result<i128, Refused> {
    match value {
        DeValue::Integer(number) => {
            i128::from_str_radix(number.as_str(), number.radix()).map_err(|_| Refused::Range)
        }
        _ => Err(Refused::Kind),
    }
}

/// A share may be written as 1 or as 1.0.
fn share(value: &DeValue<'_>) -> Result<f64, Refused> {
    match value {
        DeValue::Float(number) => number.as_str().parse().map_err(|_| Refused::Kind),
        DeValue::Integer(_) => match whole(value)? {
            0 => Ok(0.0),
            1 => Ok(1.0),
            _ => Err(Refused::Range),
        },
        _ => Err(Refused::Kind),
    }
}

fn word<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Refused> {
    match value {
        DeValue::String(text) => Ok(text),
        _ => Err(Refused::Kind),
    }
}

#[cfg(test)]
mod tests {
    use sorter_core::units::{Micros, Millimetres};

    use super::super::{
        ChangeoverTimes, CustomsMix, Flows, Hall, JournalDisk, Profile, Sabotage, SabotageKind, Weekday,
        describe,
    };
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let found = Scenario::from_toml("day.toml", text).expect_err("the text has problems");
        found.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_empty_file_is_the_standard_network() {
        assert_eq!(Scenario::from_toml("day.toml", ""), Ok(Scenario::default()));
    }

    #[test]
    fn the_description_of_the_keys_is_the_standard_network() {
        assert_eq!(Scenario::from_toml("day.toml", &describe()), Ok(Scenario::default()), "{}", describe());
        assert!(describe().lines().all(|line| line.len() <= 100), "{}", describe());
    }

    #[test]
    fn every_key_reaches_its_field() {
        let text = "seed = 7\nprofile = \"flat\"\n[reads]\nmisread = 1e-5\nno_read = 0\nstray = 0.0085\n\
                    [plant]\ngap_max_mm = 400\nswap_max_s = 90\n[plc]\nscan_ms = 4\n[limits]\nutilisation = 1\n\
                    [sabotage]\nkind = \"miscount\"\nat_parcel = 9\n[plan]\nfile = \"a/b.toml\"\n";
        let scenario = Scenario::from_toml("day.toml", text).unwrap();
        assert_eq!((scenario.seed, scenario.profile), (7, Profile::Flat));
        assert_eq!(scenario.reads.misread, Rate::from_ppb(10_000));
        assert_eq!(scenario.reads.no_read, Rate::ZERO);
        assert_eq!(scenario.plant.gap_max, Millimetres::new(400));
        assert_eq!(scenario.plant.swap_max, Micros::from_secs(90));
        assert_eq!(scenario.plc_scan, Micros::from_millis(4));
        assert_eq!(scenario.utilisation, Rate::ONE);
        assert_eq!(scenario.sabotage, Some(Sabotage { kind: SabotageKind::Miscount, at_parcel: 9 }));
        assert_eq!(scenario.plan_file.as_deref(), Some(std::path::Path::new("a/b.toml")));
    }

    #[test]
    fn every_key_of_the_hall_reaches_its_field() {
        let text = "days = 7\nweekday = \"Fri\"\nprofile = \"flights\"\n[flows]\nexport = 0.1\ntransit = 0.2\n\
                    [hall]\nunload_h = 3\nfetch_max_s = 4000\nvehicles = 9\n[customs]\nrevoked = 0.01\n\
                    hold_max_s = 7200\n[changeover]\nat_h = 5\nback_h = 0\n[schedule]\nfile = \"week.csv\"\n";
        let scenario = Scenario::from_toml("day.toml", text).unwrap();
        assert_eq!((scenario.days, scenario.weekday, scenario.profile), (7, Weekday::Fri, Profile::Flights));
        assert_eq!((scenario.begins(), scenario.lasts()), (Micros::ZERO, Micros::from_secs(604_800)));
        let flows = Flows { export: Rate::from_ppm(100_000), transit: Rate::from_ppm(200_000) };
        assert_eq!(scenario.flows, flows);
        assert_eq!(
            scenario.hall,
            Hall {
                unload: Micros::from_secs(10_800),
                fetch_max: Micros::from_secs(4_000),
                vehicles: 9,
                ..Hall::default()
            }
        );
        let (revoked, hold_max) = (Rate::from_ppm(10_000), Micros::from_secs(7_200));
        assert_eq!(scenario.customs, CustomsMix { revoked, hold_max, ..CustomsMix::default() });
        let changeover = ChangeoverTimes { at: Micros::from_secs(18_000), back: None, ..Default::default() };
        assert_eq!(scenario.changeover, changeover);
        assert_eq!(scenario.schedule_file.as_deref(), Some(std::path::Path::new("week.csv")));
    }

    #[test]
    fn every_key_of_the_journal_reaches_its_field() {
        let text = "[journal]\nsync_ms = 500\nperiod_ms = 5\nbatch = 10\nlate_rate = 0.25\nlate_ms = 900\n\
                    full_at_s = 3600\nfull_for_s = 30\nfail_at_s = 0\n";
        let scenario = Scenario::from_toml("day.toml", text).unwrap();
        let disk = JournalDisk {
            sync: Micros::from_millis(500),
            period: Micros::from_millis(5),
            batch: 10,
            late_rate: Rate::from_ppm(250_000),
            late: Micros::from_millis(900),
            full_at: Some(Micros::from_secs(3_600)),
            full_for: Micros::from_secs(30),
            fail_at: None,
        };
        assert_eq!(scenario.journal, disk);
    }

    #[test]
    fn refuses_faults_of_the_journal_after_the_end_of_the_run() {
        assert_eq!(
            problems("days = 1\n[journal]\nfull_at_s = 86400\nfail_at_s = 90000\n"),
            [
                "day.toml:3: SC0005: journal.full_at_s is 86400 s, and the run lasts 86400 s",
                "day.toml:4: SC0005: journal.fail_at_s is 90000 s, and the run lasts 86400 s",
            ]
        );
    }

    #[test]
    fn refuses_contradictions_in_the_hall() {
        assert_eq!(
            problems(
                "[flows]\nexport = 0.6\ntransit = 0.5\n[hall]\nload_min_s = 2000\n[customs]\nrefused = 0.9\n\
                 revoked = 0.1\nlate_max_s = 200\n[changeover]\nback_h = 12\n"
            ),
            [
                "day.toml:2: SC0005: flows.export and transit sum to 1.1 (expected at most 1)",
                "day.toml:5: SC0005: hall.load_min_s is 2000 s, above hall.load_max_s of 1200 s",
                "day.toml:7: SC0005: customs.prelodged_late, hold_document, hold_inspect, screening, refused, \
                 seized, expired and revoked exclude each other and sum to 1.0333 (expected at most 1)",
                "day.toml:9: SC0005: customs.late_min_s is 300 s, above customs.late_max_s of 200 s",
                "day.toml:11: SC0005: changeover.back_h is 12 h, not after changeover.at_h of 12 h",
            ]
        );
    }

    #[test]
    fn reports_all_problems_at_once_in_the_order_of_lines() {
        let text = "hubs = 99\nspeed = 3\nprofile = \"steep\"\n[reads]\nno_read = 1.5\nstray = \"many\"\n\
                    [plnt]\nx = 1\n[plc]\nscan_ms = 2.5\n";
        assert_eq!(
            problems(text),
            [
                "day.toml:1: SC0004: hubs is 99 (expected a whole number from 1 to 64)",
                "day.toml:2: SC0002: speed is not a key (expected one of seed, parcels, days, weekday, hubs, \
                 sorters, profile, flows, codes, reads, plant, losses, hall, customs, changeover, journal, plc, limits, \
                 sabotage, plan, layout, schedule)",
                "day.toml:3: SC0004: profile is \"steep\" (expected one of carrier_scan, purchase, hub_inflow, flat, flights)",
                "day.toml:5: SC0004: reads.no_read is 1.5 (expected a share from 0 to 1)",
                "day.toml:6: SC0003: reads.stray is \"many\" (expected a share from 0 to 1)",
                "day.toml:7: SC0002: plnt is not a key (expected one of seed, parcels, days, weekday, hubs, \
                 sorters, profile, flows, codes, reads, plant, losses, hall, customs, changeover, journal, plc, limits, \
                 sabotage, plan, layout, schedule)",
                "day.toml:10: SC0003: plc.scan_ms is 2.5 (expected a whole number from 1 to 100)",
            ]
        );
    }

    #[test]
    fn refuses_values_that_contradict_each_other() {
        assert_eq!(
            problems("[plant]\ngap_min_mm = 400\nswap_max_s = 10\n[losses]\neye_miss = 0.8\n"),
            [
                "day.toml:2: SC0005: plant.gap_min_mm is 400 mm, above plant.gap_max_mm of 300 mm",
                "day.toml:3: SC0005: plant.swap_min_s is 20 s, above plant.swap_max_s of 10 s",
                "day.toml:5: SC0005: losses.eye_miss, big_slip and taken_off sum to 1.1 (expected 1)",
            ]
        );
        assert_eq!(
            problems("parcels = 10\n[sabotage]\nkind = \"overfill\"\nat_parcel = 10\n"),
            ["day.toml:4: SC0005: sabotage.at_parcel is 10, but the run has parcels 0 to 9 only"]
        );
        assert_eq!(
            problems("[reads]\nno_read = 0.9\nconflicting = 0.2\n"),
            [
                "day.toml:2: SC0005: reads.no_read, conflicting, stray and misread exclude each other and sum to \
              1.10851 (expected at most 1)"
            ]
        );
    }

    #[test]
    fn refuses_a_sabotage_without_its_kind() {
        assert!(problems("[sabotage]\nat_parcel = 3\n")[0].contains("SC0005: sabotage.kind is not set"));
    }

    #[test]
    fn broken_toml_is_reported_with_its_lines() {
        let found = problems("seed = 1\nhubs = = 3\n[reads\n");
        assert!(found[0].starts_with("day.toml:2: SC0001: "), "{found:?}");
        assert!(found.iter().any(|problem| problem.starts_with("day.toml:3: SC0001: ")), "{found:?}");
        assert!(problems("seed = 1\nseed = 2\n")[0].starts_with("day.toml:2: SC0001: duplicate key"));
    }

    #[test]
    fn numbers_beyond_every_integer_are_out_of_range() {
        assert!(problems("seed = -1\n")[0].contains("seed is -1"));
        assert!(
            problems("parcels = 99999999999999999999999999999999999999999999\n")[0].contains("parcels is 9")
        );
        assert!(problems("[reads]\nno_read = nan\n")[0].contains("no_read is nan"));
    }

    #[test]
    fn a_value_in_the_place_of_a_table_is_refused() {
        assert_eq!(problems("reads = 3\n"), ["day.toml:1: SC0003: reads is integer (expected a table)"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[a-z_=\\[\\]\"0-9.\n ]{0,80}") {
            let _ = Scenario::from_toml("day.toml", &text);
        }
    }
}
