//! The register map as data: the one source of codec, documentation, mock, CSV and Structured Text.
//!
//! Each block is a list of [`Field`]s. The codec takes its offsets from these lists when it is compiled, so that
//! map and codec cannot disagree; `docs/register-map.md`, `docs/register-map.csv` and the constants of the
//! Structured Text program are written from them.
//!
//! ```
//! use sorter_plc::register_map::{BLOCKS, BaseAddresses, BlockId};
//!
//! let status = BlockId::Status.map();
//! let speed = status.fields.iter().find(|field| field.name == "belt_speed").unwrap();
//! assert_eq!((speed.word, speed.words, speed.unit), (10, 1, "mm/s"));
//! assert_eq!(BaseAddresses::default().of(status.id) + speed.word, 10);
//! assert_eq!(BLOCKS.len(), 5);
//! ```

use std::fmt;

mod belt;
mod events;
mod order;
mod plant;
mod scan;
mod status;

pub use belt::{BELT_ENTRY, BELT_FLAGS};
pub use events::{ENDINGS, EVENT_TYPES, EventType, REFUSALS};
pub use order::{OPERATIONS, ORDER_RECORD, PERMIT_BITS};
pub use scan::{SCAN_KINDS, SCAN_RECORD};
pub use status::{CAPABILITIES, EVENT_RECORD, STATE_BITS};

/// What word 1 of STATUS says: this is a sorter.
pub const MAGIC: u16 = 0x5052;
/// The version of the contract that word 2 of STATUS says.
pub const VERSION: u16 = 1;
/// The 32-bit value whose words show in which order a PLC stores them.
pub const WORD_ORDER_PROBE: u32 = 0x0102_0304;
/// What the session is mixed with at the start of an order check.
pub const CHECK_SEED: u16 = 0xA5A5;
/// Bits by which an order check is rotated left before each word.
pub const CHECK_ROTATION: u32 = 5;
/// The chute word of a BELT entry without an order.
pub const NO_CHUTE: u16 = 0xFFFF;
/// Items that a BELT block holds where nothing else is configured.
pub const BELT_CAPACITY: u16 = 200;
/// The most items that a BELT block can be configured for.
pub const MAX_BELT_CAPACITY: u16 = 1_000;
/// Events that a PLC keeps behind the window, at least.
pub const EVENT_STORE: usize = 512;
/// Scan records that a PLC keeps behind the window, at least.
pub const SCAN_STORE: usize = 60;

/// Words of the STATUS block.
pub const STATUS_WORDS: usize = 121;
/// Words of the ORDER block.
pub const ORDER_WORDS: usize = 96;
/// Words of the SCAN block.
pub const SCAN_WORDS: usize = 122;
/// Words of the PLANT block.
pub const PLANT_WORDS: usize = 81;
/// Words before the entries of the BELT block.
pub const BELT_HEAD_WORDS: usize = 4;
/// Words of one entry of the BELT block.
pub const BELT_ENTRY_WORDS: usize = 5;

/// The blocks of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockId {
    /// PLC to host, every cycle.
    Status,
    /// Host to PLC, every cycle.
    Order,
    /// PLC to host, when scan records wait.
    Scan,
    /// PLC to host, after a CHUTE event and every second.
    Plant,
    /// PLC to host, when a session opens.
    Belt,
}

/// Where the blocks stand among the holding registers of a PLC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseAddresses {
    /// Of STATUS.
    pub status: u16,
    /// Of ORDER.
    pub order: u16,
    /// Of SCAN.
    pub scan: u16,
    /// Of PLANT.
    pub plant: u16,
    /// Of BELT.
    pub belt: u16,
}

impl Default for BaseAddresses {
    /// The addresses of the contract.
    fn default() -> Self {
        Self { status: 0, order: 128, scan: 256, plant: 384, belt: 1024 }
    }
}

impl BaseAddresses {
    /// Where a block begins.
    pub const fn of(&self, block: BlockId) -> u16 {
        match block {
            BlockId::Status => self.status,
            BlockId::Order => self.order,
            BlockId::Scan => self.scan,
            BlockId::Plant => self.plant,
            BlockId::Belt => self.belt,
        }
    }
}

/// In which order the two words of a 32-bit value stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WordOrder {
    /// The high word first, as the contract has it.
    #[default]
    HighFirst,
    /// The low word first, as some PLCs store it.
    LowFirst,
}

/// One field of a block or of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The first word, counted from the base of the block or record.
    pub word: u16,
    /// How many words it has.
    pub words: u16,
    /// Its name, unique in its block or record.
    pub name: &'static str,
    /// The unit of its value; empty where it has none.
    pub unit: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The record that stands in it several times over, in a window or ring.
    pub record: Option<&'static Record>,
}

impl Field {
    /// A field without records.
    const fn new(
        word: u16,
        words: u16,
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { word, words, name, unit, meaning, record: None }
    }

    /// Whether it is one value of 32 bits. Any other field of several words is as many words.
    pub const fn is_long(&self) -> bool {
        self.words == 2 && !self.is_reserved()
    }

    /// Whether its words are kept for later versions: written as 0, not judged when read.
    pub const fn is_reserved(&self) -> bool {
        matches!(self.name.as_bytes(), [b'r', b'e', b's', b'e', b'r', b'v', b'e', b'd', b'_', ..])
    }

    /// A window or ring of records.
    const fn ring(
        word: u16,
        slots: u16,
        name: &'static str,
        record: &'static Record,
        meaning: &'static str,
    ) -> Self {
        Self { word, words: slots * record.words, name, unit: "", meaning, record: Some(record) }
    }
}

/// A record: one slot of a window or ring, or one entry of the BELT block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: &'static str,
    /// Its length.
    pub words: u16,
    /// Its fields.
    pub fields: &'static [Field],
}

/// Who writes a block and who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The PLC writes it.
    PlcToHost,
    /// The host writes it.
    HostToPlc,
}

/// One block of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which one.
    pub id: BlockId,
    /// Its name.
    pub name: &'static str,
    /// Its length. BELT: its head and the entries of [`BELT_CAPACITY`] items.
    pub words: u16,
    /// Who writes it.
    pub direction: Direction,
    /// When it travels.
    pub when: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// A number with a name: an operation, a reason, a kind, or a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The number. A bit: its number, from 0.
    pub number: u8,
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

impl Named {
    const fn new(number: u8, name: &'static str, meaning: &'static str) -> Self {
        Self { number, name, meaning }
    }
}

/// The blocks in the order of their default addresses.
pub const BLOCKS: [Block; 5] = [status::BLOCK, order::BLOCK, scan::BLOCK, plant::BLOCK, belt::BLOCK];

impl BlockId {
    /// The map of the block.
    pub const fn map(self) -> &'static Block {
        match self {
            Self::Status => &status::BLOCK,
            Self::Order => &order::BLOCK,
            Self::Scan => &scan::BLOCK,
            Self::Plant => &plant::BLOCK,
            Self::Belt => &belt::BLOCK,
        }
    }

    /// The name of the block, as the contract writes it.
    pub const fn name(self) -> &'static str {
        self.map().name
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Words of a BELT block for so many items.
pub const fn belt_words(capacity: u16) -> usize {
    BELT_HEAD_WORDS + BELT_ENTRY_WORDS * capacity as usize
}

/// Where a field begins. The codec asks when it is compiled, so that a name that is not in the map does not build.
pub(crate) const fn word_of(fields: &[Field], name: &str) -> usize {
    fields[place_of(fields, name)].word as usize
}

const fn place_of(fields: &[Field], name: &str) -> usize {
    let mut place = 0;
    while place < fields.len() {
        if is_same(fields[place].name, name) {
            return place;
        }
        place += 1;
    }
    panic!("the map has no field of this name")
}

/// The number of a named one, looked up when the codec is compiled.
pub(crate) const fn number_of(list: &[Named], name: &str) -> u8 {
    let mut place = 0;
    while place < list.len() {
        if is_same(list[place].name, name) {
            return list[place].number;
        }
        place += 1;
    }
    panic!("the map has nothing of this name")
}

/// Whether two names are the same, in a constant.
pub(crate) const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut place = 0;
    while place < a.len() {
        if a[place] != b[place] {
            return false;
        }
        place += 1;
    }
    true
}

/// Whether the fields follow each other without gap or overlap and end where the block or record ends.
const fn are_gapless(fields: &[Field], words: usize) -> bool {
    let (mut place, mut next) = (0, 0);
    while place < fields.len() {
        if fields[place].word as usize != next {
            return false;
        }
        next += fields[place].words as usize;
        place += 1;
    }
    next == words
}

const _: () = {
    assert!(are_gapless(status::BLOCK.fields, STATUS_WORDS));
    assert!(are_gapless(order::BLOCK.fields, ORDER_WORDS));
    assert!(are_gapless(scan::BLOCK.fields, SCAN_WORDS));
    assert!(are_gapless(plant::BLOCK.fields, PLANT_WORDS));
    assert!(are_gapless(belt::BLOCK.fields, belt_words(BELT_CAPACITY)));
    let mut records = [&EVENT_RECORD, &ORDER_RECORD, &SCAN_RECORD, &BELT_ENTRY].as_slice();
    while let [record, rest @ ..] = records {
        assert!(are_gapless(record.fields, record.words as usize));
        records = rest;
    }
};
