//! One belt, its plan and its parcels, told to both sides: as options to the C program, as layout and announcements
//! to the engine.

use std::ops::Range;
use std::sync::Arc;

use smallvec::smallvec;
use sorter_core::address::{Country, Destinations};
use sorter_core::barcode::{CodeBook, make};
use sorter_core::clearance::Clearance;
use sorter_core::engine::{Engine, EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::HubId;
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::plan::PlanSource;
use sorter_core::reason::Reason;

/// Six times as fast as any belt that a layout may describe: 120 parcels a second. All other figures are as long as
/// that takes.
pub(crate) const SPEED: u32 = 60_000;
const LAYOUT_SPEED: u32 = 10_000;
const PITCH: u32 = 500;
const SCANNER: u32 = 1_000;
const SCALE: u32 = 1_500;
const EYES: [u32; 4] = [4_000, 12_000, 22_000, 32_000];
const FIRST_CHUTE: u32 = 40_000;
const CHUTE_PITCH: u32 = 1_000;
const CHUTES: u16 = 20;
const EXIT: u32 = 64_000;
const TRANSFER_MS: u32 = 200;
const MINIMUM_LEAD: u32 = 20;
pub(crate) const BELT_CAPACITY: u16 = 200;
/// So many parcels that no chute is ever full.
pub(crate) const ROOMY: u16 = 60_000;

/// The belt as options of the C program.
pub(crate) fn belt_options() -> Vec<String> {
    let eyes = EYES.map(|eye| eye.to_string()).join(",");
    let chutes = format!("{FIRST_CHUTE}:{CHUTE_PITCH}:{CHUTES}");
    let options = [
        ("--speed", SPEED.to_string()),
        ("--pulse-mm", "10".to_owned()),
        ("--pitch", PITCH.to_string()),
        ("--scanner", SCANNER.to_string()),
        ("--scale", SCALE.to_string()),
        ("--eyes", eyes),
        ("--chutes", chutes),
        ("--exit", EXIT.to_string()),
        ("--transfer-ms", TRANSFER_MS.to_string()),
        ("--min-lead", MINIMUM_LEAD.to_string()),
        ("--belt-capacity", BELT_CAPACITY.to_string()),
    ];
    options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
}

/// The belt as a layout.
fn layout(chute_capacity: u16) -> Layout {
    let rated = u64::from(LAYOUT_SPEED) * 3_600 / u64::from(PITCH);
    let text = format!(
        "name = \"c_plc\"\nbelt_speed_mm_per_s = {LAYOUT_SPEED}\npulse_length_mm = 10\n\
         scanner_mm = {SCANNER}\nscale_mm = {SCALE}\neyes_mm = {EYES:?}\nexit_eye_mm = {EXIT}\n\
         window_mm = 100\nlength_tolerance_mm = 80\nminimum_gap_mm = 100\nbelt_capacity = {BELT_CAPACITY}\n\
         minimum_lead_pulses = {MINIMUM_LEAD}\nrated_per_hour = {rated}\n\
         [[chutes]]\nfirst = 0\ncount = {CHUTES}\nposition_mm = {FIRST_CHUTE}\npitch_mm = {CHUTE_PITCH}\n\
         capacity = {chute_capacity}\nhalf_full = {}\ntransfer_ms = {TRANSFER_MS}\n",
        chute_capacity.div_ceil(2)
    );
    Layout::from_toml("c_plc.toml", &text).unwrap()
}

const PLAN: &str = r#"
name = "c_plc"
lap_limit = 3
rules = "rules.csv"
outlet = [
    { name = "HOLD", chutes = [0], role = "hold" },
    { name = "DE", chutes = [1, 2, 3], overflow = "OVER" },
    { name = "FR", chutes = [4, 5], overflow = "OVER" },
    { name = "AT", chutes = [6, 7, 8], overflow = "OVER" },
    { name = "NL", chutes = [9, 10, 11, 12] },
    { name = "IT", chutes = [13, 14, 15, 16] },
    { name = "OVER", chutes = [17], role = "overflow", overflow = "EXC" },
    { name = "NO-READ", chutes = [18], role = "no_read" },
    { name = "EXC", chutes = [19], role = "exception" },
]
"#;

/// The outlets for what cannot go where it has to.
pub(crate) const OVERFLOW: Range<u16> = 17..18;
pub(crate) const NO_READ: Range<u16> = 18..19;
pub(crate) const EXCEPTION: Range<u16> = 19..20;

/// What a parcel is, and by that where it has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Announced and released, for this country, with the chutes of its outlet.
    For(&'static str, Range16),
    /// Announced for Germany, and not released.
    Held,
    Unannounced,
    /// The label cannot be read.
    NoRead,
    BadCheckDigit,
}

type Range16 = (u16, u16);

const COUNTRIES: [(&str, Range16); 5] =
    [("DE", (1, 4)), ("FR", (4, 6)), ("AT", (6, 9)), ("NL", (9, 13)), ("IT", (13, 17))];

/// One parcel of the stream.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    kind: Kind,
    /// What the scanner reads; empty when it reads nothing.
    pub(crate) label: String,
}

impl Parcel {
    fn new(number: u32) -> Self {
        let kind = match number % 100 {
            7 | 57 => Kind::NoRead,
            23 => Kind::Unannounced,
            43 => Kind::Held,
            71 => Kind::BadCheckDigit,
            // Neighbours on the belt go to different chutes.
            _ => {
                let (country, chutes) = COUNTRIES[(number as usize * 7 / 3) % COUNTRIES.len()];
                Kind::For(country, chutes)
            }
        };
        let mut code = make::s10(*b"LP", number, *b"DE");
        if kind == Kind::BadCheckDigit {
            code[10] = b'0' + (code[10] - b'0' + 1) % 10;
        }
        let mut label = String::from_utf8(code.to_vec()).expect("codes are ASCII");
        if kind == Kind::NoRead {
            label.clear();
        } else if number % 10 == 4 {
            // Longer than one scan record; the scanner fills it up with blanks.
            label = format!("{label:<40}");
        }
        Self { kind, label }
    }

    /// The chutes that the plan has for it while all of them take parcels.
    pub(crate) fn chutes(&self) -> Range<u16> {
        match self.kind {
            Kind::For(_, (first, end)) => first..end,
            Kind::Held | Kind::Unannounced => 0..1,
            // Both labels have to be read again.
            Kind::NoRead | Kind::BadCheckDigit => NO_READ,
        }
    }

    /// Why it goes there.
    pub(crate) fn reason(&self) -> Reason {
        match self.kind {
            Kind::For(..) => Reason::Planned,
            Kind::Held => Reason::Hold,
            Kind::Unannounced => Reason::UnknownParcel,
            Kind::NoRead => Reason::NoRead,
            Kind::BadCheckDigit => Reason::BadCheckDigit,
        }
    }

    /// Whether its outlet gives what it has no room for to the overflow outlet.
    pub(crate) fn may_overflow(&self) -> bool {
        matches!(self.kind, Kind::For("DE" | "FR" | "AT", _))
    }

    fn announce(&self, builder: &mut EngineBuilder) {
        let (country, clearance) = match self.kind {
            Kind::For(country, _) => (country, Clearance::Released),
            Kind::Held => ("DE", Clearance::HoldDocument),
            Kind::Unannounced | Kind::NoRead | Kind::BadCheckDigit => return,
        };
        let postcode = match country {
            "AT" => "1010",
            "NL" => "1011AB",
            _ => "10115",
        };
        let code = self.label.trim_end().as_bytes();
        let announcement =
            Announcement { codes: smallvec![code], country, postcode, clearance, ..Announcement::default() };
        builder.announce(&announcement).unwrap();
    }
}

/// The parcels of a stream, in the order in which they enter.
pub(crate) fn stream(parcels: u32) -> Vec<Parcel> {
    (1..=parcels).map(Parcel::new).collect()
}

/// An engine that these parcels were announced to.
pub(crate) fn engine(parcels: &[Parcel], chute_capacity: u16) -> Arc<Engine> {
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(layout(chute_capacity)),
        codes: CodeBook::standard(),
        destinations: Destinations::with_capacity(16),
        expected_parcels: parcels.len(),
        late_parcels: 16,
        seed: 11,
        rules: HallRules::default(),
    });
    for parcel in parcels {
        parcel.announce(&mut builder);
    }
    let mut rules = String::from("country,first,last,outlet\n");
    for country in Country::all() {
        let outlet = match country.code() {
            code @ ("FR" | "AT" | "NL" | "IT") => code,
            _ => "DE",
        };
        rules += &format!("{},,,{outlet}\n", country.code());
    }
    builder.build(&PlanSource::from_texts("plan.toml", PLAN, "rules.csv", &rules).unwrap()).unwrap()
}
