//! The hub of these histories: a short line or two, a plan with a second one that moves three chutes, and parcels.

use std::fmt::Write;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use sorter_core::address::{Country, Destinations};
use sorter_core::barcode::{CodeBook, make};
use sorter_core::clearance::Clearance;
use sorter_core::engine::{ContainerPolicy, EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::{ChuteId, HubId};
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::plan::PlanSource;
use sorter_core::units::{Grams, Micros, Millimetres};
use sorter_plc::contract::CodeBytes;
use sorter_sim::plant::{FaultRates, Labels, PlantConfig};
use sorter_sim::random::{self, Stream};

use crate::draws::Draws;

const LAYOUT: &str = r#"
name = "short_line"
belt_speed_mm_per_s = 2500
pulse_length_mm = 10
scanner_mm = 800
scale_mm = 1200
eyes_mm = [1600, 5500, 9500, 13500]
exit_eye_mm = 17000
window_mm = 150
length_tolerance_mm = 80
minimum_gap_mm = 100
belt_capacity = 60
minimum_lead_pulses = 10
rated_per_hour = 12000

[[chutes]]
first = 0
count = 8
position_mm = 4000
pitch_mm = 1000
capacity = 5
half_full = 3
transfer_ms = 800

[[chutes]]
first = 8
count = 4
position_mm = 12000
pitch_mm = 1000
capacity = 40
half_full = 30
transfer_ms = 800
"#;

const HEAD: &str = "name = \"small\"\nlap_limit = 3\nrules = \"rules.csv\"\n";

const ASIDE: &str = r#"
    { name = "OVER", chutes = [8], role = "overflow", overflow = "EXC" },
    { name = "HOLD", chutes = [9], role = "hold", overflow = "EXC" },
    { name = "NO-READ", chutes = [10], role = "no_read", overflow = "EXC" },
    { name = "EXC", chutes = [11], role = "exception" },
"#;

const OUTLETS: [&str; 2] = [
    r#"
    { name = "DE", chutes = [0, 1], overflow = "OVER" },
    { name = "FR", chutes = [2, 3], overflow = "OVER" },
    { name = "AT", chutes = [4], overflow = "OVER" },
    { name = "NL", chutes = [5] , overflow = "OVER" },
    { name = "REST", chutes = [6] },
    "#,
    r#"
    { name = "DE", chutes = [0, 1], overflow = "OVER" },
    { name = "FR", chutes = [2, 7], overflow = "OVER" },
    { name = "AT", chutes = [5], overflow = "OVER" },
    { name = "NL", chutes = [4], overflow = "OVER" },
    { name = "REST", chutes = [6] },
    "#,
];

/// The chute of a hub of which parcels may be fetched again.
pub(crate) const HOLD: ChuteId = ChuteId::new(9);
pub(crate) const CHUTES: u16 = 12;
/// Chutes that lead out under either plan.
pub(crate) const OUTBOUND: u16 = 8;
pub(crate) const CAPACITY: u16 = 60;
/// How long a parcel is unknown before it counts as lost.
pub(crate) const UNKNOWN_AFTER: Micros = Micros::from_secs(8);

const PLACES: [(&str, &str); 5] =
    [("DE", "10115"), ("FR", "75001"), ("AT", "1010"), ("NL", "1012AB"), ("BE", "1000")];

/// What is the same in all histories.
pub(crate) struct Fixtures {
    layout: Arc<Layout>,
    /// The plan, and the one that some chutes change to.
    pub(crate) plans: [PlanSource; 2],
}

impl Fixtures {
    pub(crate) fn new() -> Self {
        let layout = Arc::new(Layout::from_toml("layout.toml", LAYOUT).expect("the layout is right"));
        let mut rules = String::from("country,first,last,outlet\n");
        for country in Country::all() {
            let outlet = match country.code() {
                code @ ("DE" | "FR" | "AT" | "NL") => code,
                _ => "REST",
            };
            writeln!(rules, "{},,,{outlet}", country.code()).expect("a text takes all");
        }
        let plan = |outlets: &str| {
            let toml = format!("{HEAD}outlet = [{outlets}{ASIDE}]\n");
            PlanSource::from_texts("plan.toml", &toml, "rules.csv", &rules).expect("the plan can be read")
        };
        Self { layout, plans: OUTLETS.map(plan) }
    }
}

/// When the engine hears of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announced {
    Before,
    At(Micros),
    Never,
}

/// One parcel, which has the number of its place in the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel {
    pub(crate) arrival: Micros,
    pub(crate) sorter: usize,
    /// The parcel whose label it carries: itself but for copies.
    pub(crate) label: u32,
    pub(crate) announced: Announced,
    pub(crate) clearance: Clearance,
    place: usize,
}

/// The hub of one history.
pub(crate) struct Site<'a> {
    pub(crate) fixtures: &'a Fixtures,
    pub(crate) sorters: usize,
    pub(crate) parcels: Vec<Parcel>,
    seed: u64,
    /// Times out of a thousand that a scanner reads nothing.
    no_reads: u32,
}

impl<'a> Site<'a> {
    pub(crate) fn draw(fixtures: &'a Fixtures, draws: &mut Draws) -> Self {
        let sorters = 1 + draws.index(2);
        let count = 20 + draws.below(if sorters == 1 { 21 } else { 41 });
        let span = 6_000 + draws.below(14_000);
        let mut parcels: Vec<Parcel> = Vec::new();
        for number in 0..count {
            let arrival = Micros::from_millis(u64::from(1 + draws.below(span)));
            let label = if number > 0 && draws.permille(25) {
                parcels[draws.index(number as usize)].label
            } else {
                number
            };
            let announced = match draws.below(100) {
                0..80 => Announced::Before,
                80..96 => Announced::At(Micros::from_millis(u64::from(draws.below(span + 4_000)))),
                _ => Announced::Never,
            };
            let clearance = match draws.below(100) {
                0..65 => Clearance::Released,
                65..80 => Clearance::NotSubject,
                80..90 => Clearance::PreLodged,
                90..95 => Clearance::HoldInspect,
                _ => Clearance::Unknown,
            };
            let (sorter, place) = (draws.index(sorters), draws.index(PLACES.len()));
            parcels.push(Parcel { arrival, sorter, label, announced, clearance, place });
        }
        let no_reads = if draws.permille(500) { 0 } else { 40 };
        Self { fixtures, sorters, parcels, seed: draws.next_u64(), no_reads }
    }

    /// The end of the arrivals.
    pub(crate) fn end(&self) -> Micros {
        self.parcels.iter().map(|parcel| parcel.arrival).max().unwrap_or_default()
    }

    /// An engine to be built, with all that is announced before.
    pub(crate) fn builder(&self) -> EngineBuilder {
        let rules = HallRules {
            containers: ContainerPolicy::Plated,
            kept_notices: 64,
            notice_history: 256,
            recalls: 64,
            unknown_after: UNKNOWN_AFTER,
            ..HallRules::default()
        };
        let mut builder = EngineBuilder::new(EngineConfig {
            hub: HubId::new(0),
            layout: Arc::clone(&self.fixtures.layout),
            codes: CodeBook::standard(),
            destinations: Destinations::with_capacity(16),
            expected_parcels: self.parcels.len(),
            late_parcels: 64,
            seed: self.seed,
            rules,
        });
        for number in 0..self.parcels.len() as u32 {
            if self.is_label(number) && self.parcels[number as usize].announced == Announced::Before {
                self.announce(number, |announcement| builder.announce(announcement).map(|_| ()))
                    .expect("it is new");
            }
        }
        builder
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.fixtures.layout
    }

    /// Whether a number is that of a label: copies of one have none of their own.
    pub(crate) fn is_label(&self, number: u32) -> bool {
        self.parcels[number as usize].label == number
    }

    /// Whether a label stands on one parcel only.
    pub(crate) fn is_unique(&self, label: u32) -> bool {
        self.parcels.iter().filter(|parcel| parcel.label == label).count() == 1
    }

    pub(crate) fn announce<T>(&self, label: u32, to: impl FnOnce(&Announcement<'_>) -> T) -> T {
        let parcel = &self.parcels[label as usize];
        let (country, postcode) = PLACES[parcel.place];
        let code = code(label);
        to(&Announcement {
            codes: smallvec![&code[..]],
            country,
            postcode,
            weight: weight(label),
            clearance: parcel.clearance,
            ..Announcement::default()
        })
    }

    /// The label that a scanner reads on a parcel in a pass.
    pub(crate) fn reads(&self, parcel: u32, pass: u8) -> Option<u32> {
        let mut draws = random::Draws::new(self.seed, Stream::NoRead, parcel.into()).at(pass.into());
        (draws.below(1_000) >= self.no_reads).then(|| self.parcels[parcel as usize].label)
    }

    pub(crate) fn plant(&self, sorter: usize, draws: &mut Draws) -> (PlantConfig, Vec<(Micros, u32)>) {
        let mut rate = |permille: u32| if draws.permille(600) { permille * 1_000_000 } else { 0 };
        let rates = FaultRates {
            eye_miss: rate(20),
            big_slip: rate(20),
            taken_off: rate(20),
            thrown_on: rate(15),
            failed_divert: rate(40),
        };
        let config = PlantConfig {
            return_after: Micros::from_millis(1_500),
            put_back_after: Micros::from_secs(3),
            swap_start_min: Micros::from_millis(200),
            swap_start_max: Micros::from_millis(1_500),
            swap_min: Micros::from_millis(800),
            swap_max: Micros::from_millis(2_500),
            rates,
            ..PlantConfig::faultless(draws.next_u64())
        };
        let feed = (0..).zip(&self.parcels).filter(|(_, parcel)| parcel.sorter == sorter);
        (config, feed.map(|(number, parcel)| (parcel.arrival, number)).collect())
    }
}

impl Labels for Site<'_> {
    fn length(&self, parcel: u32) -> Millimetres {
        Millimetres::new(200 + (parcel * 37 % 200) as i32)
    }

    fn measured(&self, parcel: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
        (self.length(parcel), Millimetres::new(200), Millimetres::new(90), weight(parcel))
    }

    fn read(&self, parcel: u32, pass: u8, out: &mut SmallVec<[CodeBytes; 4]>) {
        let Some(label) = self.reads(parcel, pass) else { return };
        out.push(CodeBytes::new(&code(label)).expect("13 bytes fit"));
        // Some are stuck all over with labels of others: their records do not fit into the window of the PLC.
        let others = if parcel % 4 == 1 { 5 + parcel % 3 } else { 0 };
        for number in 0..others {
            out.push(CodeBytes::new(format!("#{number}").as_bytes()).expect("2 bytes fit"));
        }
    }
}

/// The code of a label.
pub(crate) fn code(label: u32) -> [u8; 13] {
    make::s10(*b"LP", 1_000 + label, *b"SG")
}

/// What a parcel weighs: no two weigh the same.
pub(crate) fn weight(parcel: u32) -> Grams {
    Grams::new(300 + 7 * parcel)
}
