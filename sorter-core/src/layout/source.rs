//! A layout as it is written: the keys of the TOML file with their limits and lines.

use super::toml_table::{FormCodes, Located, TomlTable, TomlText};
use super::{Chute, Layout};
use crate::diagnostic::Diagnostics;
use crate::ids::DiverterId;
use crate::units::{Micros, Millimetres, MmPerSecond, Pulses};

const CODES: FormCodes =
    FormCodes { syntax: "LA0001", unknown_key: "LA0002", missing_key: "LA0003", bad_value: "LA0004" };

/// The longest belt: 1 km. It keeps every position far inside 32 bits of pulses of 1 mm.
const LONGEST_BELT_MM: i64 = 1_000_000;

/// What the file says, as far as it could be read. A value that is missing here has been reported.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: Option<Located<String>>,
    pub(super) belt_speed: Option<Located<u32>>,
    pub(super) pulse_length: Option<Located<i32>>,
    pub(super) minimum_gap: Option<Located<i32>>,
    pub(super) scanner: Option<Located<i32>>,
    pub(super) scale: Option<Located<i32>>,
    pub(super) eyes: Vec<Located<i32>>,
    pub(super) exit_eye: Option<Located<i32>>,
    pub(super) window: Option<Located<i32>>,
    pub(super) length_tolerance: Option<Located<i32>>,
    pub(super) belt_capacity: Option<Located<u16>>,
    pub(super) minimum_lead: Option<Located<i32>>,
    pub(super) rated_per_hour: Option<Located<u32>>,
    /// The blocks of chutes; `None` when one of them could not be read, so that the numbers and places of
    /// the others say nothing.
    pub(super) blocks: Option<Vec<ChuteBlock>>,
}

/// One `[[chutes]]` block: chutes of one kind at equal steps.
#[derive(Debug)]
pub(super) struct ChuteBlock {
    pub(super) line: u32,
    pub(super) first: Located<u16>,
    pub(super) count: u16,
    first_diverter: u16,
    position: i32,
    pitch: i32,
    capacity: u16,
    pub(super) half_full: Located<u16>,
    transfer_ms: u32,
    eye: bool,
}

/// A chute of a block before it is known to fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct DraftChute {
    pub(super) line: u32,
    pub(super) position: i64,
    pub(super) diverter: u32,
    pub(super) capacity: u16,
}

/// Reads the text key by key. `None` when it is not TOML.
pub(super) fn read(file: &str, text: &str, problems: &mut Diagnostics) -> Option<Draft> {
    let mut root = TomlText { file, text, codes: CODES }.root(problems)?;
    let position = 1..=LONGEST_BELT_MM;
    let draft = Draft {
        name: root.text("name", problems),
        belt_speed: root.integer("belt_speed_mm_per_s", 1..=10_000, problems),
        pulse_length: root.integer("pulse_length_mm", 1..=1_000, problems),
        minimum_gap: root.integer("minimum_gap_mm", 0..=10_000, problems),
        scanner: root.integer("scanner_mm", position.clone(), problems),
        scale: root.integer("scale_mm", position.clone(), problems),
        eyes: root.integers("eyes_mm", &position, problems).unwrap_or_default(),
        exit_eye: root.integer("exit_eye_mm", position, problems),
        window: root.integer("window_mm", 1..=10_000, problems),
        length_tolerance: root.integer("length_tolerance_mm", 1..=10_000, problems),
        belt_capacity: root.integer("belt_capacity", 1..=65_535, problems),
        minimum_lead: root.integer("minimum_lead_pulses", 1..=100_000, problems),
        rated_per_hour: root.integer("rated_per_hour", 1..=100_000, problems),
        blocks: root
            .tables("chutes", problems)
            .into_iter()
            .map(|block| ChuteBlock::read(block, problems))
            .collect::<Vec<_>>()
            .into_iter()
            .collect(),
    };
    root.finish(problems);
    Some(draft)
}

impl ChuteBlock {
    fn read(mut table: TomlTable<'_>, problems: &mut Diagnostics) -> Option<Self> {
        let line = table.line();
        let first = table.integer::<u16>("first", 0..=65_535, problems);
        let count = table.optional_integer("count", 1..=65_535, problems).map_or(1, |count| count.value);
        let diverter = table.optional_integer("first_diverter", 0..=255, problems);
        let position = table.integer("position_mm", 1..=LONGEST_BELT_MM, problems);
        let pitch = match count {
            1 => table.optional_integer("pitch_mm", 1..=LONGEST_BELT_MM, problems).map_or(Some(1), value_of),
            _ => table.integer("pitch_mm", 1..=LONGEST_BELT_MM, problems).map(|pitch| pitch.value),
        };
        let capacity = table.integer("capacity", 1..=65_535, problems);
        let half_full = table.integer("half_full", 0..=65_535, problems);
        let transfer_ms = table.integer("transfer_ms", 0..=60_000, problems);
        let eye = table.optional_flag("eye", problems).unwrap_or(true);
        table.finish(problems);
        Some(Self {
            line,
            first: first?,
            count,
            first_diverter: diverter.map_or(first?.value, |diverter| diverter.value),
            position: position?.value,
            pitch: pitch?,
            capacity: capacity?.value,
            half_full: half_full?,
            transfer_ms: transfer_ms?.value,
            eye,
        })
    }

    /// The chutes of this block, in the order of their numbers.
    pub(super) fn chutes(&self) -> impl Iterator<Item = DraftChute> + '_ {
        (0..self.count).map(|step| DraftChute {
            line: self.line,
            position: i64::from(self.position) + i64::from(self.pitch) * i64::from(step),
            diverter: u32::from(self.first_diverter) + u32::from(step),
            capacity: self.capacity,
        })
    }
}

impl Draft {
    /// Every chute of every block.
    pub(super) fn chutes(&self) -> impl Iterator<Item = DraftChute> + '_ {
        self.blocks.iter().flatten().flat_map(ChuteBlock::chutes)
    }

    /// The layout, or `None` when a value is missing or a chute does not fit; both have been reported.
    pub(super) fn into_layout(self) -> Option<Layout> {
        let mut chutes = Vec::new();
        for block in self.blocks.as_ref()? {
            for chute in block.chutes() {
                chutes.push(Chute {
                    diverter: DiverterId::new(u8::try_from(chute.diverter).ok()?),
                    position: Millimetres::new(i32::try_from(chute.position).ok()?),
                    capacity: block.capacity,
                    half_full: block.half_full.value,
                    transfer: Micros::from_millis(u64::from(block.transfer_ms)),
                    eye: block.eye,
                });
            }
        }
        Some(Layout {
            name: self.name?.value,
            belt_speed: MmPerSecond::new(self.belt_speed?.value),
            pulse_length: millimetres(self.pulse_length)?,
            minimum_gap: millimetres(self.minimum_gap)?,
            scanner: millimetres(self.scanner)?,
            scale: millimetres(self.scale)?,
            eyes: self.eyes.iter().map(|eye| Millimetres::new(eye.value)).collect(),
            exit_eye: millimetres(self.exit_eye)?,
            window: millimetres(self.window)?,
            length_tolerance: millimetres(self.length_tolerance)?,
            belt_capacity: self.belt_capacity?.value,
            minimum_lead: Pulses::new(self.minimum_lead?.value),
            rated_per_hour: self.rated_per_hour?.value,
            chutes,
        })
    }
}

fn millimetres(length: Option<Located<i32>>) -> Option<Millimetres> {
    length.map(|length| Millimetres::new(length.value))
}

fn value_of(number: Located<i32>) -> Option<i32> {
    Some(number.value)
}
