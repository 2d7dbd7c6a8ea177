//! Every key of a scenario file: its range, what it means, and how it gets into a [`Scenario`].

use std::ops::RangeInclusive;
use std::path::PathBuf;

use sorter_core::units::{Micros, Millimetres};

use super::{
    DAYS_LIMIT, HUBS_LIMIT, PARCELS_LIMIT, Profile, SORTERS_LIMIT, Sabotage, SabotageKind, Scenario, Weekday,
};
use crate::random::Rate;

/// What stands for the value of a key that has none.
const NO_VALUE: &str = "-";

/// One key.
pub(super) struct Key {
    /// The table it stands in; empty at the top.
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    pub(super) field: Field,
    /// What it means, in a few words.
    meaning: &'static str,
}

/// The kind of a value, with its limits and the way into the scenario and out of it.
pub(super) enum Field {
    Whole {
        range: RangeInclusive<u64>,
        set: fn(&mut Scenario, u64),
        get: fn(&Scenario) -> Option<u64>,
    },
    Share {
        least: Rate,
        at: fn(&mut Scenario) -> &mut Rate,
    },
    Word {
        words: &'static [&'static str],
        set: fn(&mut Scenario, usize),
        get: fn(&Scenario) -> Option<usize>,
    },
    Path {
        at: fn(&mut Scenario) -> &mut Option<PathBuf>,
    },
}

impl Field {
    /// What a value must be, for messages and for the table of keys.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Whole { range, .. } => format!("a whole number from {} to {}", range.start(), range.end()),
            Self::Share { least, .. } => format!("a share from {least} to 1"),
            Self::Word { words, .. } => format!("one of {}", words.join(", ")),
            Self::Path { .. } => "the path of a file".to_owned(),
        }
    }
}

impl Key {
    /// The name with its table, as messages show it.
    pub(super) fn full_name(&self) -> String {
        if self.table.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.table, self.name) }
    }

    /// Its value in a scenario, as it would stand in a file.
    fn shown(&self, scenario: &Scenario) -> String {
        let mut scenario = scenario.clone();
        let text = match &self.field {
            Field::Whole { get, .. } => get(&scenario).map(|value| value.to_string()),
            Field::Share { at, .. } => Some(at(&mut scenario).to_string()),
            Field::Word { words, get, .. } => get(&scenario).map(|index| words[index].to_owned()),
            Field::Path { at } => at(&mut scenario).as_ref().map(|path| path.display().to_string()),
        };
        text.unwrap_or_else(|| NO_VALUE.to_owned())
    }
}

/// Converts a checked number to the type of its field.
fn narrow<T: TryFrom<u64>>(value: u64) -> T {
    T::try_from(value).ok().expect("the range of each key fits the type of its field")
}

fn seconds(value: Micros) -> Option<u64> {
    Some(value.get() / 1_000_000)
}

fn hours(value: Micros) -> Option<u64> {
    Some(value.get() / 3_600_000_000)
}

const fn of_hours(value: u64) -> Micros {
    Micros::from_secs(value * 3_600)
}

fn millimetres(value: Millimetres) -> Option<u64> {
    u64::try_from(value.get()).ok()
}

/// The sabotage of a scenario, begun with defaults when its first key is met.
fn sabotage(scenario: &mut Scenario) -> &mut Sabotage {
    scenario.sabotage.get_or_insert(Sabotage { kind: SabotageKind::SwapScans, at_parcel: 0 })
}

macro_rules! keys {
    ($($table:literal . $name:literal = $field:expr, $meaning:literal;)*) => {
        /// Every key, in the order in which a file would have them.
        pub(super) const KEYS: &[Key] =
            &[$(Key { table: $table, name: $name, field: $field, meaning: $meaning },)*];
    };
}

macro_rules! whole {
    ($range:expr, $get:expr, $set:expr) => {
        Field::Whole { range: $range, set: $set, get: $get }
    };
}

macro_rules! share {
    ($($path:ident).+) => {
        Field::Share { least: Rate::ZERO, at: |s| &mut s.$($path).+ }
    };
}

macro_rules! length {
    ($range:expr, $field:ident) => {
        whole!($range, |s| millimetres(s.plant.$field), |s, v| s.plant.$field = Millimetres::new(narrow(v)))
    };
}

macro_rules! time {
    ($range:expr, $($path:ident).+) => {
        whole!($range, |s| seconds(s.$($path).+), |s, v| s.$($path).+ = Micros::from_secs(v))
    };
}

macro_rules! millis {
    ($range:expr, $($path:ident).+) => {
        whole!($range, |s| Some(s.$($path).+.get() / 1_000), |s, v| s.$($path).+ = Micros::from_millis(v))
    };
}

/// A second of the run, or 0 for never.
macro_rules! moment {
    ($($path:ident).+) => {
        whole!(0..=604_800, |s| seconds(s.$($path).+.unwrap_or_default()),
            |s, v| s.$($path).+ = (v > 0).then(|| Micros::from_secs(v)))
    };
}

keys! {
    ""."seed" = whole!(0..=i64::MAX as u64, |s| Some(s.seed), |s, v| s.seed = v),
        "from which every random draw follows";
    ""."parcels" = whole!(1..=PARCELS_LIMIT as u64, |s| Some(s.parcels.into()), |s, v| s.parcels = narrow(v)),
        "physical parcels of the run over all hubs";
    ""."days" = whole!(1..=DAYS_LIMIT as u64, |s| Some(s.days.into()), |s, v| s.days = narrow(v)),
        "days of the run";
    ""."weekday" = Field::Word {
            words: &Weekday::KEYS,
            set: |s, index| s.weekday = Weekday::ALL[index],
            get: |s| Some(s.weekday as usize),
        },
        "the day of a run of one day; longer ones begin on Mon";
    ""."hubs" = whole!(1..=HUBS_LIMIT as u64, |s| Some(s.hubs.into()), |s, v| s.hubs = narrow(v)),
        "buildings; they share nothing";
    ""."sorters" = whole!(1..=SORTERS_LIMIT as u64, |s| Some(s.sorters.into()), |s, v| s.sorters = narrow(v)),
        "sorters in each hub";
    ""."profile" = Field::Word {
            words: &Profile::KEYS,
            set: |s, index| s.profile = Profile::ALL[index],
            get: |s| Some(s.profile as usize),
        },
        "how arrivals spread over the day";
    "flows"."export" = share!(flows.export), "truck in, flight out; the rest is import";
    "flows"."transit" = share!(flows.transit), "flight in, flight out, under T1";
    "codes"."two_codes" = share!(codes.two_codes), "labels with two codes";
    "reads"."no_read" = share!(reads.no_read), "no code is read";
    "reads"."conflicting" = share!(reads.conflicting), "a code of another announced parcel is read beside its own";
    "reads"."stray" = share!(reads.stray), "a foreign short code is read beside its own";
    "reads"."not_announced" = share!(reads.not_announced), "not announced when it arrives";
    "reads"."late_announced" = share!(reads.late_announced), "share of these that is announced on its way";
    "reads"."misread" = share!(reads.misread), "all codes read as those of another parcel";
    "reads"."duplicate_label" = share!(reads.duplicate_label), "carries a copy of another label";
    "plant"."gap_min_mm" = length!(1..=5_000, gap_min), "smallest gap between two parcels";
    "plant"."gap_max_mm" = length!(1..=5_000, gap_max), "largest gap";
    "plant"."slip_um_per_sqrt_m" = whole!(0..=100_000, |s| Some(s.plant.slip_um_per_sqrt_m.into()),
            |s, v| s.plant.slip_um_per_sqrt_m = narrow(v)),
        "standard deviation of the slip over one metre";
    "plant"."tracking_loss" = share!(plant.tracking_loss), "passes in which tracking is put to a test";
    "plant"."thrown_on" = share!(plant.thrown_on), "passes after which a thing is thrown on the belt";
    "plant"."failed_divert" = share!(plant.failed_divert), "diverts that leave the parcel on the belt";
    "plant"."return_s" = time!(1..=3_600, plant.return_time), "from the end of the belt to the induction queue";
    "plant"."put_back_s" = time!(1..=3_600, plant.put_back_after), "from the floor back to the induction queue";
    "plant"."swap_start_min_s" = time!(0..=7_200, plant.swap_start_min), "people come this long after half full";
    "plant"."swap_start_max_s" = time!(0..=7_200, plant.swap_start_max), "at the latest";
    "plant"."swap_min_s" = time!(1..=3_600, plant.swap_min), "shortest change of a container";
    "plant"."swap_max_s" = time!(1..=3_600, plant.swap_max), "longest change";
    "plant"."catch_mm" = length!(1..=1_000, catch), "how far off a diverter still catches a parcel";
    "losses"."eye_miss" = share!(plant.losses.eye_miss), "of tracking_loss: a photo-eye misses it";
    "losses"."big_slip" = share!(plant.losses.big_slip), "of tracking_loss: slips beyond any window";
    "losses"."taken_off" = share!(plant.losses.taken_off), "of tracking_loss: a person takes it off";
    "hall"."unload_h" = whole!(1..=24, |s| hours(s.hall.unload), |s, v| s.hall.unload = of_hours(v)),
        "hours over which a flight reaches the inductions";
    "hall"."plate_scan_min_s" = time!(0..=3_600, hall.plate_scan_min),
        "from a new container in place to its plate scanned";
    "hall"."plate_scan_max_s" = time!(0..=3_600, hall.plate_scan_max), "at the latest";
    "hall"."cutoff_people_min_s" = time!(0..=7_200, hall.cutoff_people_min),
        "people come to a chute this long after its cut-off";
    "hall"."cutoff_people_max_s" = time!(0..=7_200, hall.cutoff_people_max), "at the latest";
    "hall"."changeover_people_min_s" = time!(0..=7_200, hall.changeover_people_min),
        "people come to a chute that changes outlet";
    "hall"."changeover_people_max_s" = time!(0..=7_200, hall.changeover_people_max), "at the latest";
    "hall"."load_min_s" = time!(0..=14_400, hall.load_min), "from a container sealed to loaded";
    "hall"."load_max_s" = time!(0..=14_400, hall.load_max), "at most";
    "hall"."fetch_min_s" = time!(0..=86_400, hall.fetch_min),
        "from a hold released to the parcel at an induction";
    "hall"."fetch_max_s" = time!(0..=86_400, hall.fetch_max), "at most";
    "hall"."vehicles" = whole!(1..=1_000, |s| Some(s.hall.vehicles.into()), |s, v| s.hall.vehicles = narrow(v)),
        "times the capacity of a row of the schedule";
    "customs"."prelodged_late" = share!(customs.prelodged_late), "not released at its induction, released later";
    "customs"."hold_document" = share!(customs.hold_document), "held for a document";
    "customs"."hold_inspect" = share!(customs.hold_inspect), "held for an inspection";
    "customs"."screening" = share!(customs.screening), "held for a screening";
    "customs"."refused" = share!(customs.refused), "refused, goes back";
    "customs"."seized" = share!(customs.seized), "seized";
    "customs"."expired" = share!(customs.expired), "its time in storage is over";
    "customs"."revoked" = share!(customs.revoked), "released at first, held later";
    "customs"."out_of_order" = share!(customs.out_of_order), "an older message arrives after a newer";
    "customs"."random_inspection" = share!(customs.random_inspection), "on the random inspection list";
    "customs"."late_min_s" = time!(0..=604_800, customs.late_min), "a late release comes after the induction";
    "customs"."late_max_s" = time!(0..=604_800, customs.late_max), "at the latest";
    "customs"."hold_min_s" = time!(0..=604_800, customs.hold_min), "a hold is released after";
    "customs"."hold_max_s" = time!(0..=604_800, customs.hold_max), "at the latest";
    "customs"."revoke_max_s" = time!(0..=604_800, customs.revoke_max),
        "a revocation comes at most so late after induction";
    "customs"."released_of_held" = share!(customs.released_of_held), "of the held, released in the end";
    "changeover"."at_h" = whole!(0..=167, |s| hours(s.changeover.at), |s, v| s.changeover.at = of_hours(v)),
        "hour of the run in which chutes change outlet";
    "changeover"."share" = share!(changeover.share), "of the outbound chutes change; 0 is no changeover";
    "changeover"."back_h" = whole!(0..=167, |s| hours(s.changeover.back.unwrap_or_default()),
            |s, v| s.changeover.back = (v > 0).then(|| of_hours(v))),
        "hour in which they change back; 0 is never";
    "journal"."sync_ms" = millis!(0..=60_000, journal.sync), "from a batch written to durable";
    "journal"."period_ms" = millis!(0..=1_000, journal.period), "how long the first record of a batch waits";
    "journal"."batch" = whole!(1..=100_000, |s| Some(s.journal.batch.into()), |s, v| s.journal.batch = narrow(v)),
        "records of a batch at most";
    "journal"."late_rate" = share!(journal.late_rate), "of the batches are durable late";
    "journal"."late_ms" = millis!(1..=600_000, journal.late), "by so much";
    "journal"."full_at_s" = moment!(journal.full_at), "second in which the disk is full; 0 is never";
    "journal"."full_for_s" = time!(1..=86_400, journal.full_for), "for so long";
    "journal"."fail_at_s" = moment!(journal.fail_at), "second in which the disk fails for good; 0 is never";
    "plc"."scan_ms" = whole!(1..=100, |s| Some(s.plc_scan.get() / 1_000),
            |s, v| s.plc_scan = Micros::from_millis(v)),
        "time between two PLC scans";
    "limits"."utilisation" = Field::Share { least: Rate::from_ppm(10_000), at: |s| &mut s.utilisation },
        "of its rated throughput a sorter is planned for";
    "limits"."missorts" = share!(missorts), "of the discharged may be missorted by tracking";
    "sabotage"."kind" = Field::Word {
            words: &SabotageKind::KEYS,
            set: |s, index| sabotage(s).kind = SabotageKind::ALL[index],
            get: |s| s.sabotage.map(|sabotage| sabotage.kind as usize),
        },
        "a deliberate fault that a checker must find";
    "sabotage"."at_parcel" = whole!(0..=PARCELS_LIMIT as u64 - 1,
            |s| s.sabotage.map(|sabotage| sabotage.at_parcel.into()),
            |s, v| sabotage(s).at_parcel = narrow(v)),
        "at which parcel, from 0 over all hubs";
    "plan"."file" = Field::Path { at: |s| &mut s.plan_file }, "sort plan instead of the generated one";
    "layout"."file" = Field::Path { at: |s| &mut s.layout_file }, "layout instead of the built-in line sorter";
    "schedule"."file" = Field::Path { at: |s| &mut s.schedule_file }, "schedule instead of the built-in week";
}

/// The key with this place in a file.
pub(super) fn find(table: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.table == table && key.name == name)
}

/// Whether a table has this name.
pub(super) fn is_table(name: &str) -> bool {
    !name.is_empty() && KEYS.iter().any(|key| key.table == name)
}

/// The keys of a table (or at the top), for messages.
pub(super) fn names_in(table: &str) -> String {
    let mut names: Vec<&str> = KEYS.iter().filter(|key| key.table == table).map(|key| key.name).collect();
    if table.is_empty() {
        names.extend(KEYS.iter().map(|key| key.table).filter(|table| !table.is_empty()));
        names.dedup();
    }
    names.join(", ")
}

/// A scenario as a file that sets every key which has a value.
pub(super) fn written(scenario: &Scenario) -> String {
    let mut lines = Vec::new();
    let mut table = "";
    for key in KEYS {
        let shown = key.shown(scenario);
        if shown == NO_VALUE {
            continue;
        }
        if key.table != table {
            table = key.table;
            lines.push(format!("[{table}]"));
        }
        let value = match &key.field {
            Field::Word { .. } | Field::Path { .. } => toml::Value::String(shown).to_string(),
            Field::Whole { .. } | Field::Share { .. } => shown,
        };
        lines.push(format!("{} = {value}", key.name));
    }
    lines.join("\n") + "\n"
}

/// A scenario file with every key at its default, with meaning and range as comments.
///
/// The text is a valid scenario: tables and keys without a default are commented out.
pub fn describe() -> String {
    let standard = Scenario::default();
    let mut lines = Vec::new();
    let mut table = "";
    for key in KEYS {
        if key.table != table {
            table = key.table;
            let has_values = KEYS.iter().any(|other| other.table == table && other.shown(&standard) != "-");
            lines.push(format!("{}[{table}]", if has_values { "" } else { "# " }));
        }
        let value = match (&key.field, key.shown(&standard)) {
            (_, none) if none == "-" => format!("# {} =", key.name),
            (Field::Word { .. } | Field::Path { .. }, word) => format!("{} = \"{word}\"", key.name),
            (_, number) => format!("{} = {number}", key.name),
        };
        let range = match &key.field {
            Field::Whole { range, .. } => format!(" ({} to {})", range.start(), range.end()),
            Field::Share { least, .. } => format!(" ({least} to 1)"),
            Field::Word { .. } | Field::Path { .. } => String::new(),
        };
        lines.push(format!("{value:<29} # {}{range}", key.meaning));
        if let Field::Word { words, .. } = &key.field {
            lines.extend(wrapped(words).into_iter().map(|words| format!("{:<29} # {words}", "")));
        }
    }
    lines.join("\n") + "\n"
}

/// Words with commas, in as few lines as 68 columns allow.
fn wrapped(words: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut().filter(|line| line.len() + word.len() + 2 <= 68) {
            Some(line) => line.extend([", ", word]),
            None => lines.push((*word).to_owned()),
        }
    }
    lines
}
