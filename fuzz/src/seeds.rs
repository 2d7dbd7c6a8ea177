//! Inputs to start from: one good one of each kind, so that a fuzzer is past the first check at once.

mod journal;
mod recordings;
mod registers;

use std::path::Path;
use std::{env, fs};

use sorter_core::address::Country;
use sorter_core::barcode::make;

use crate::SEPARATOR;

const OUTLETS: &str = r#"name = "seed"
lap_limit = 3
rules = "rules.csv"
outlet = [
  { name = "DE", display = "Germany", chutes = [0, 1], overflow = "OVER" },
  { name = "REST", chutes = [2], overflow = "EXC" },
  { name = "OVER", chutes = [92], role = "overflow", overflow = "EXC" },
  { name = "EXC", chutes = [99], role = "exception" },
  { name = "HOLD", chutes = [98], role = "hold" },
  { name = "NO-READ", chutes = [97], role = "no_read" },
]
"#;

const CODE_BOOK: &str = r#"symbologies = ["s10", "dpd"]
[[pattern]]
name = "EXPRESS"
form = "'JD'A{2,4}9{10,14}"
check = "mod37_36"
[[pattern]]
name = "TEN"
form = "9{10}"
check = "mod7"
"#;

const MANIFEST: &str = "codes,country,postcode,weight_g,service,clearance,note\r\n\
LP263072004SG LP00239506206926,DE,10115,420,standard,released,\"a, b\"\r\n\
354123455501152989,FR,75001,950,express,hold_inspect,\r\n\
RB123456786US,XX,1O115,heavy,slow,free,\r\n";

const NOTICES: &str = "code,status,message_time,onward\r\n\
LP263072004SG,pre_lodged,1000000,\r\n\
LP263072004SG,released,3000000,\r\n\
LP263072004SG,hold_inspect,2000000,\r\n\
354123455501152989,transit,2000000,X03\r\n\
354123455501152989,transit,2000000,X04\r\n\
RB123456785GB,free,soon,\r\n";

const SCHEDULE: &str = "# a week\r\n\
kind,id,day,time_local,origin,destination,tonnes,parcels_full,cutoff_min,closing_min\r\n\
flight,F01,Mon,11:45,CGO,LGG,89.4,255400,,\r\n\
truck,T07,Mon,00:30,LGG,PL:Lodz,8.4,24000,45,15\r\n\
truck,\"T08\",Sun,23:59,LGG,PL:Lodz,8.4,,0,0\r\n\
flight,X01,Wed,12:00,LGG,JFK,100.123456,,1440,1440\r\n";

/// The seeds of a target; none for a name that is not one.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let text = |text: &str| text.as_bytes().to_vec();
    match target {
        "barcode" => codes(),
        "gs1" => gs1_data(),
        "plate" => plates(),
        "postcode" => postcodes(),
        "manifest" => vec![text(MANIFEST), text(&MANIFEST.replace("\r\n", "\n"))],
        "notices" => vec![text(NOTICES), text(&NOTICES.replace("\r\n", "\n"))],
        "plan" => vec![joined(OUTLETS, &rules())],
        "layout" => vec![text(include_str!("../../sorter-core/layouts/line_100.toml"))],
        "code_book" => {
            vec![joined(CODE_BOOK, "6063975293"), joined(CODE_BOOK, "%003671901779061467177327276")]
        }
        "schedule" => vec![text(SCHEDULE), joined(SCHEDULE, &SCHEDULE.replace("T07", "T09"))],
        "modbus_frame" => requests(),
        "registers" => registers::blocks(),
        "scanner" => streams(),
        "snapshot" => journal::snapshots(),
        "journal_row" => journal::rows(),
        "recording" => recordings::files(),
        _ => Vec::new(),
    }
}

/// Writes the seeds of a target into the corpus folder that libFuzzer was given, if it was given one.
///
/// libFuzzer initialises a target before it reads its corpus, so the seeds are there in time.
pub fn plant(target: &str) {
    let folder = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let Some(folder) = folder.filter(|folder| Path::new(folder).is_dir()) else { return };
    for (number, seed) in of(target).iter().enumerate() {
        let path = Path::new(&folder).join(format!("seed-{number}"));
        fs::write(&path, seed).unwrap_or_else(|error| panic!("{} is not writable: {error}", path.display()));
    }
}

fn joined(first: &str, second: &str) -> Vec<u8> {
    [first.as_bytes(), &[SEPARATOR], second.as_bytes()].concat()
}

fn codes() -> Vec<Vec<u8>> {
    vec![
        make::s10(*b"LP", 26_307_200, *b"SG").to_vec(),
        make::sscc(3, 4_012_345_123_456_789).to_vec(),
        [b"]C100", &make::sscc(3, 4_012_345_123_456_789)[..], b"\r\n"].concat(),
        [b"(00)", &make::sscc(0, 1)[..]].concat(),
        make::dpd(36_719, 1_779_061_467_177, 327, 276).to_vec(),
        b"0036719017790614671773272767".to_vec(),
        b"LP00239506206926".to_vec(),
        b"yt1234567890123456".to_vec(),
        b"3SABCD123456789".to_vec(),
        b"(01)09506000134352(21)a-17".to_vec(),
        b"1Z5R89390357567127".to_vec(),
    ]
}

fn gs1_data() -> Vec<Vec<u8>> {
    let spellings: [&[u8]; 6] = [
        b"3103000420\x1d00354123455501152989\x1d42010115",
        b"010950600013435210LOT7\x1d21a-17\x1d42127610115\x1d403R+7",
        b"(01)09506000134352(21)a(17(421)27610115",
        b"(00)354123455501152989(420)10115",
        b"https://id.gs1.org/01/9506000134352/10/LOT/21/a%2F17?421=27610115&linkType=all#x",
        b"HTTP://A.EXAMPLE:80/de/00/35412345550115298%39?403=R%2B7",
    ];
    spellings.map(<[u8]>::to_vec).to_vec()
}

fn plates() -> Vec<Vec<u8>> {
    vec![
        make::sscc(3, 5_412_345_550_115_298).to_vec(),
        [b"]C100", &make::sscc(3, 5_412_345_550_115_298)[..], b"\r\n"].concat(),
        [b"(00)", &make::sscc(0, 1)[..]].concat(),
        b"CNSHAADEFRAAACN61234001100215".to_vec(),
        b" cnshaadefraaaun69999999010000".to_vec(),
    ]
}

/// The first byte picks framing, format and split, see the target.
fn streams() -> Vec<Vec<u8>> {
    let framed: [(u8, &[u8]); 6] = [
        (0x10, b"\x021;380;2;LP263072004SG@210;\x1d00340123@350\x03\r\n\x02\x03\x022;460;1;NOREAD\x03"),
        (0x21, b"0;0;1;A@-5\r\n\r\n1;480;0\r\nrubbish\r\n"),
        (0x35, b"7,4800,1250,AB,CD\r\n8,5600,0,E\r\n9,1,1,\r\n"),
        (0x0a, b"x|1|100|AB#12\nx|1|1|CD#900\nx|2|2|EF#0|?\n"),
        (0x0f, b"<1;380;400;300;200;900;AB@1><ALIVE><2;460;1;1;1;1;?>"),
        (0x3c, b"\x021;0;1;1;1;1;AB\x02\x03\x03\x02ALIVE\x03"),
    ];
    framed.map(|(choice, stream)| [&[choice], stream].concat()).to_vec()
}

fn postcodes() -> Vec<Vec<u8>> {
    let samples =
        ["10115", "1010", "123 45", "LV-1010", "SW1A 1AA", "D02 AF30", "1012 AB", "VLT 1117", "l-1009"];
    let first = |index: usize| u8::try_from(index).unwrap_or(0);
    (0..Country::COUNT)
        .map(|index| [&[first(index)], samples[index % samples.len()].as_bytes()].concat())
        .collect()
}

/// The size of the pieces, then frames: each function alone, all of them together, and one with a bad length.
fn requests() -> Vec<Vec<u8>> {
    let pdus: [&[u8]; 5] = [
        &[3, 0, 0, 0, 121],
        &[6, 0, 128, 0, 7],
        &[16, 0, 128, 0, 2, 4, 0, 7, 0, 8],
        &[23, 0, 0, 0, 121, 0, 128, 0, 1, 2, 0, 7],
        &[43, 14, 1, 0],
    ];
    let frame = |pdu: &[u8]| [&[0, 1, 0, 0, 0, pdu.len() as u8 + 1, 1], pdu].concat();
    let mut seeds: Vec<Vec<u8>> = pdus.iter().map(|pdu| [&[255][..], &frame(pdu)].concat()).collect();
    seeds.push([vec![3], pdus.iter().flat_map(|pdu| frame(pdu)).collect()].concat());
    seeds.push([&[1][..], &frame(pdus[0]), &[0, 2, 0, 0, 255, 255, 1, 3]].concat());
    seeds
}

fn rules() -> String {
    let mut rules = String::from("country,first,last,outlet\nDE,01067,99998,DE\nDE,1*,,REST\n");
    rules.extend(Country::all().map(|country| format!("{},,,REST\n", country.code())));
    rules
}
