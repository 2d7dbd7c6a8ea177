//! A short belt and its engine.
//!
//! In pulses of 10 mm from the induction: scanner 50 | scale 60 | blind 130 | DE 200 | FR 350 | NO-READ 500 | EXC 600 | HOLD 700 |
//! exit 900. The belt makes two pulses in a PLC scan.

use std::sync::Arc;

use smallvec::smallvec;
use sorter_core::address::{Country, Destinations};
use sorter_core::barcode::{CodeBook, make};
use sorter_core::clearance::Clearance;
use sorter_core::engine::{EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::{ChuteId, HubId};
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::plan::PlanSource;

const LAYOUT: &str = r#"
name = "short_line"
belt_speed_mm_per_s = 2000
pulse_length_mm = 10
scanner_mm = 500
scale_mm = 600
eyes_mm = [1500]
exit_eye_mm = 9000
window_mm = 150
length_tolerance_mm = 80
minimum_gap_mm = 100
belt_capacity = 40
minimum_lead_pulses = 10
rated_per_hour = 12000

[[chutes]]
first = 0
count = 2
position_mm = 2000
pitch_mm = 1500
capacity = 50
half_full = 20
transfer_ms = 1200

[[chutes]]
first = 2
count = 3
position_mm = 5000
pitch_mm = 1000
capacity = 50
half_full = 20
transfer_ms = 1200
"#;

const PLAN: &str = r#"
name = "short"
lap_limit = 3
rules = "rules.csv"
outlet = [
    { name = "DE", chutes = [0], overflow = "EXC" },
    { name = "FR", chutes = [1], overflow = "EXC" },
    { name = "NO-READ", chutes = [2], role = "no_read" },
    { name = "EXC", chutes = [3], role = "exception" },
    { name = "HOLD", chutes = [4], role = "hold" },
]
"#;

pub(crate) const DE: ChuteId = ChuteId::new(0);
pub(crate) const FR: ChuteId = ChuteId::new(1);
pub(crate) const NO_READ: ChuteId = ChuteId::new(2);
pub(crate) const CHUTES: u16 = 5;
/// Where the tunnel reads, and where the belt ends.
pub(crate) const SCANNER: u32 = 50;
pub(crate) const EXIT: u32 = 900;

/// Where a chute fires, in pulses from the induction.
pub(crate) fn fire(chute: ChuteId) -> u32 {
    [200, 350, 500, 600, 700][chute.index()]
}

/// The code of the parcel with this number: the odd ones go to Germany, the others to France.
pub(crate) fn code(parcel: u32) -> [u8; 13] {
    make::s10(*b"LP", parcel, *b"DE")
}

/// What the engine is built of, always the same.
pub(crate) fn builder() -> (EngineBuilder, PlanSource) {
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(Layout::from_toml("layout.toml", LAYOUT).unwrap()),
        codes: CodeBook::standard(),
        destinations: Destinations::with_capacity(16),
        expected_parcels: 16,
        late_parcels: 4,
        seed: 7,
        rules: HallRules::default(),
    });
    for parcel in 1..=12 {
        let (country, postcode) = if parcel % 2 == 1 { ("DE", "10115") } else { ("FR", "75001") };
        let code = code(parcel);
        let clearance = Clearance::Released;
        let codes = smallvec![&code[..]];
        builder
            .announce(&Announcement { codes, country, postcode, clearance, ..Announcement::default() })
            .unwrap();
    }
    let mut rules = String::from("country,first,last,outlet\n");
    for country in Country::all() {
        let outlet = if country.code() == "FR" { "FR" } else { "DE" };
        rules += &format!("{},,,{outlet}\n", country.code());
    }
    (builder, PlanSource::from_texts("plan.toml", PLAN, "rules.csv", &rules).unwrap())
}
