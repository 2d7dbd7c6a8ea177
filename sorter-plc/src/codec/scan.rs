//! The SCAN block and its records.

use sorter_core::ids::ItemId;
use sorter_core::units::{Grams, Millimetres};

use super::{CodecError, RecordError, clamped, long, put_long, sized, whole};
use crate::contract::{CodeBytes, SCAN_SLOTS, ScanData, ScanRecord, Seq};
use crate::register_map::{BlockId, SCAN_KINDS, SCAN_RECORD, SCAN_WORDS, WordOrder, number_of, word_of};

const fn at(name: &str) -> usize {
    word_of(BlockId::Scan.map().fields, name)
}

const fn in_record(name: &str) -> usize {
    word_of(SCAN_RECORD.fields, name)
}

const COUNTER_A: usize = at("scan_counter_a");
const RECORDS: usize = at("records");
const COUNTER_B: usize = at("scan_counter_b");

const SEQ: usize = in_record("seq");
const ITEM: usize = in_record("item");
const KIND_LENGTH: usize = in_record("kind_length");
const INDEX_COUNT: usize = in_record("index_count");
const DATA: usize = in_record("data");
const WORDS: usize = SCAN_RECORD.words as usize;

const CODE: u8 = number_of(&SCAN_KINDS, "CODE");
const NO_CODE: u8 = number_of(&SCAN_KINDS, "NO_CODE");
const MEASURED: u8 = number_of(&SCAN_KINDS, "MEASURED");
const CONTINUATION: u8 = number_of(&SCAN_KINDS, "CONTINUATION");

const LENGTH: usize = DATA;
const WIDTH: usize = DATA + 1;
const HEIGHT: usize = DATA + 2;
const WEIGHT: usize = DATA + 3;

/// The SCAN block as typed values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanImage {
    /// The scan counter.
    pub counter: u16,
    /// The window by slots; [`slot`](super::slot) tells the place of a record.
    pub records: [RawScan; SCAN_SLOTS],
}

impl ScanImage {
    /// Reads a SCAN block.
    ///
    /// # Errors
    /// When it has another length or is torn.
    pub fn decode(words: &[u16]) -> Result<Self, CodecError> {
        let words: &[u16; SCAN_WORDS] = sized(words, BlockId::Scan)?;
        let counter = whole(BlockId::Scan, words[COUNTER_A], words[COUNTER_B])?;
        let mut records = [RawScan::EMPTY; SCAN_SLOTS];
        for (record, words) in records.iter_mut().zip(words[RECORDS..].as_chunks::<WORDS>().0) {
            record.0 = *words;
        }
        Ok(Self { counter, records })
    }

    /// Writes the whole block.
    pub fn encode(&self, words: &mut [u16; SCAN_WORDS]) {
        words[COUNTER_A] = self.counter;
        for (record, words) in self.records.iter().zip(words[RECORDS..].as_chunks_mut::<WORDS>().0) {
            *words = record.0;
        }
        words[COUNTER_B] = self.counter;
    }
}

/// A scan record as its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawScan(pub [u16; WORDS]);

impl RawScan {
    /// An empty slot.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// The words of a scan record.
    pub fn of(record: &ScanRecord, order: WordOrder) -> Self {
        let mut words = [0; WORDS];
        let (kind, length) = match &record.data {
            ScanData::Code(code) => (CODE, put_code(&mut words, code)),
            ScanData::NoCode => (NO_CODE, 0),
            ScanData::Measured { length, width, height, weight } => {
                words[LENGTH] = clamped(length.get());
                words[WIDTH] = clamped(width.get());
                words[HEIGHT] = clamped(height.get());
                put_long(&mut words, WEIGHT, weight.get(), order);
                (MEASURED, 0)
            }
            ScanData::Continuation(code) => (CONTINUATION, put_code(&mut words, code)),
        };
        words[SEQ] = record.seq.get();
        words[ITEM] = record.item.get();
        words[KIND_LENGTH] = u16::from_be_bytes([kind, length]);
        words[INDEX_COUNT] = u16::from_be_bytes([record.index, record.count]);
        Self(words)
    }

    /// Its number as it stands there: 0 is an empty slot, and it may be beyond [`Seq::LAST`].
    pub const fn seq(&self) -> u16 {
        self.0[SEQ]
    }

    /// Reads it.
    ///
    /// # Errors
    /// When the slot is empty or its number does not exist, when the kind is unknown, when a code is longer than
    /// the record, and when it is not one of the records that its item is said to have.
    pub fn record(&self, order: WordOrder) -> Result<ScanRecord, RecordError> {
        let seq = Seq::new(self.seq()).filter(|seq| *seq != Seq::NONE);
        let seq = seq.ok_or(RecordError::Sequence { received: self.seq() })?;
        let [kind, length] = self.0[KIND_LENGTH].to_be_bytes();
        let [index, count] = self.0[INDEX_COUNT].to_be_bytes();
        let data = match kind {
            CODE => ScanData::Code(self.code(seq, length)?),
            NO_CODE => ScanData::NoCode,
            MEASURED => ScanData::Measured {
                length: Millimetres::new(self.0[LENGTH].into()),
                width: Millimetres::new(self.0[WIDTH].into()),
                height: Millimetres::new(self.0[HEIGHT].into()),
                weight: Grams::new(long(&self.0, WEIGHT, order)),
            },
            CONTINUATION => ScanData::Continuation(self.code(seq, length)?),
            _ => return Err(RecordError::UnknownKind { seq, kind }),
        };
        if index >= count {
            return Err(RecordError::Index { seq, index, count });
        }
        Ok(ScanRecord { seq, item: ItemId::new(self.0[ITEM]), index, count, data })
    }

    /// Whether both are the same record, perhaps under another number.
    pub fn same_but_seq(&self, other: &Self) -> bool {
        let renumbered = |mut words: [u16; WORDS]| {
            words[SEQ] = 0;
            words
        };
        renumbered(self.0) == renumbered(other.0)
    }

    fn code(&self, seq: Seq, length: u8) -> Result<CodeBytes, RecordError> {
        let mut bytes = [0; CodeBytes::CAPACITY];
        for (pair, word) in bytes.chunks_exact_mut(2).zip(&self.0[DATA..]) {
            pair.copy_from_slice(&word.to_be_bytes());
        }
        let code = bytes.get(..usize::from(length)).and_then(CodeBytes::new);
        code.ok_or(RecordError::CodeLength { seq, received: length, limit: CodeBytes::CAPACITY })
    }
}

impl Default for RawScan {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Two characters in a word, the first in the high byte; gives the number of characters.
fn put_code(words: &mut [u16; WORDS], code: &CodeBytes) -> u8 {
    for (word, pair) in words[DATA..].iter_mut().zip(code.as_slice().chunks(2)) {
        *word = u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
    }
    // A record holds 32 characters.
    code.as_slice().len() as u8
}
