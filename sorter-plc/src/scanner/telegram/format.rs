//! Which fields a telegram has, and how it is read.

use std::fmt;

use sorter_core::units::{EncoderCount, Grams, Millimetres};
use thiserror::Error;

use super::{
    Excerpt, FURTHEST, Latch, MOST_CODES, Measured, ReadCode, Telegram, TelegramError, TriggerNumber,
    TriggerRange,
};

/// The most fields in front of the codes.
const MOST_FIELDS: usize = 16;
/// The greatest length, width and height, in millimetres.
const MOST_SIZE: u64 = 100_000;

/// A field in front of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `trigger`: the number of the trigger. Every format has it.
    Trigger,
    /// `encoder`: the count of the PLC's belt encoder at the trigger edge.
    Encoder,
    /// `travel`: millimetres that the belt has moved at the trigger edge since the encoder stood at 0.
    Travel,
    /// `count`: how many codes follow. It tells a code that contains the separator from two codes.
    Count,
    /// `length` along the belt, in millimetres.
    Length,
    /// `width` across the belt, in millimetres.
    Width,
    /// `height` above the belt, in millimetres.
    Height,
    /// `weight` in grams.
    Weight,
    /// `skip`: anything, not looked at.
    Skip,
}

impl Field {
    const ALL: [Self; 9] = [
        Self::Trigger,
        Self::Encoder,
        Self::Travel,
        Self::Count,
        Self::Length,
        Self::Width,
        Self::Height,
        Self::Weight,
        Self::Skip,
    ];

    /// Its name in a pattern.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Encoder => "encoder",
            Self::Travel => "travel",
            Self::Count => "count",
            Self::Length => "length",
            Self::Width => "width",
            Self::Height => "height",
            Self::Weight => "weight",
            Self::Skip => "skip",
        }
    }

    /// The greatest value.
    const fn most(self) -> u64 {
        match self {
            Self::Trigger | Self::Encoder | Self::Count | Self::Weight => u32::MAX as u64,
            Self::Travel | Self::Skip => u64::MAX,
            Self::Length | Self::Width | Self::Height => MOST_SIZE,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a pattern is no telegram format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// A name that no field has.
    #[error(
        "pattern has a field '{name}'; trigger, encoder, travel, count, length, width, height, weight, skip, \
         and codes at the end are known"
    )]
    UnknownField {
        /// The name.
        name: String,
    },
    /// A field stands twice.
    #[error("pattern has the field {0} twice")]
    Twice(Field),
    /// Both `encoder` and `travel`.
    #[error("pattern has both encoder and travel, one of them is expected")]
    TwoLatches,
    /// No field `trigger`.
    #[error("pattern has no field trigger")]
    NoTrigger,
    /// It does not end in `codes`, with at most one byte behind it.
    #[error("pattern does not end in codes, with at most one byte behind it as the mark of positions")]
    NoCodes,
    /// More than the limit.
    #[error("pattern has {received} fields in front of the codes, at most {MOST_FIELDS} are taken")]
    TooManyFields {
        /// The fields of the pattern.
        received: usize,
    },
    /// Separator or mark is a letter, a digit, a sign or not ASCII.
    #[error("'{0}' cannot separate fields: letters, digits, signs and bytes beyond ASCII stand in them")]
    Separator(char),
}

/// How a telegram is read. It is made from a pattern, see the [module](super).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramFormat {
    fields: Vec<Field>,
    separator: u8,
    mark: Option<u8>,
    no_reads: Vec<Vec<u8>>,
    heartbeats: Vec<Vec<u8>>,
    triggers: TriggerRange,
}

impl Default for TelegramFormat {
    /// `trigger;encoder;count;codes@`, with `NOREAD` and `?` for a no-read, and an empty telegram as heartbeat.
    fn default() -> Self {
        use Field::{Count, Encoder, Trigger};
        Self::of(vec![Trigger, Encoder, Count], b';', Some(b'@'))
    }
}

/// Whether a character may stand between fields.
fn separates(c: char) -> Result<u8, FormatError> {
    match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'+') => {
            Ok(byte)
        }
        _ => Err(FormatError::Separator(c)),
    }
}

impl TelegramFormat {
    fn of(fields: Vec<Field>, separator: u8, mark: Option<u8>) -> Self {
        let no_reads = vec![b"NOREAD".to_vec(), b"?".to_vec()];
        let triggers = TriggerRange::default();
        Self { fields, separator, mark, no_reads, heartbeats: vec![Vec::new()], triggers }
    }

    /// Reads a pattern. The separator is the first character behind the first name.
    ///
    /// # Errors
    /// See [`FormatError`].
    pub fn new(pattern: &str) -> Result<Self, FormatError> {
        let separator = pattern.chars().find(|c| !c.is_ascii_lowercase()).ok_or(FormatError::NoCodes)?;
        let separator_byte = separates(separator)?;
        let (head, last) = pattern.rsplit_once(separator).ok_or(FormatError::NoCodes)?;
        let mut behind = last.strip_prefix("codes").ok_or(FormatError::NoCodes)?.chars();
        let mark = behind.next().map(separates).transpose()?;
        if behind.next().is_some() {
            return Err(FormatError::NoCodes);
        }
        let mut fields = Vec::new();
        for name in head.split(separator) {
            let field = Field::ALL.into_iter().find(|field| field.name() == name);
            let field = field.ok_or_else(|| FormatError::UnknownField { name: name.to_owned() })?;
            if field != Field::Skip && fields.contains(&field) {
                return Err(FormatError::Twice(field));
            }
            fields.push(field);
        }
        if fields.len() > MOST_FIELDS {
            return Err(FormatError::TooManyFields { received: fields.len() });
        }
        if !fields.contains(&Field::Trigger) {
            return Err(FormatError::NoTrigger);
        }
        if fields.contains(&Field::Encoder) && fields.contains(&Field::Travel) {
            return Err(FormatError::TwoLatches);
        }
        Ok(Self::of(fields, separator_byte, mark))
    }

    /// Takes other texts for a no-read. Default `NOREAD` and `?`.
    #[must_use]
    pub fn with_no_reads(self, texts: &[&str]) -> Self {
        Self { no_reads: texts.iter().map(|text| text.as_bytes().to_vec()).collect(), ..self }
    }

    /// Takes other telegrams for heartbeats, each as a whole. Default: the empty telegram.
    #[must_use]
    pub fn with_heartbeats(self, texts: &[&str]) -> Self {
        Self { heartbeats: texts.iter().map(|text| text.as_bytes().to_vec()).collect(), ..self }
    }

    /// Takes other trigger numbers. Default 0 to 65535.
    #[must_use]
    pub fn with_triggers(self, triggers: TriggerRange) -> Self {
        Self { triggers, ..self }
    }

    /// The trigger numbers.
    pub fn triggers(&self) -> TriggerRange {
        self.triggers
    }

    /// Whether telegrams tell where the belt was at the trigger edge.
    pub fn has_latch(&self) -> bool {
        self.fields.iter().any(|field| matches!(field, Field::Encoder | Field::Travel))
    }

    /// Whether codes carry positions.
    pub fn has_positions(&self) -> bool {
        self.mark.is_some()
    }

    /// Reads what stands between start and end of a telegram; `None` is a heartbeat.
    ///
    /// A no-read text beside codes is left out: another head of the tunnel read what this one did not.
    ///
    /// # Errors
    /// See [`TelegramError`].
    pub fn parse(&self, telegram: &[u8]) -> Result<Option<Telegram>, TelegramError> {
        if self.heartbeats.iter().any(|heartbeat| heartbeat == telegram) {
            return Ok(None);
        }
        let mut parts = telegram.split(|byte| *byte == self.separator);
        let mut parsed = Telegram::new(TriggerNumber::new(0), None);
        let mut said = None;
        for (place, field) in (1..).zip(&self.fields) {
            let field = *field;
            let text = parts.next().ok_or(TelegramError::Missing { field, place })?;
            if field == Field::Skip {
                continue;
            }
            let number = number(text).filter(|number| *number <= field.most());
            let value = number.ok_or_else(|| TelegramError::NotANumber {
                field,
                place,
                received: Excerpt::of(text),
                most: field.most(),
            })?;
            if field == Field::Count {
                said = Some(bits(value));
            } else {
                set(&mut parsed, field, value);
            }
        }
        if !self.triggers.contains(parsed.trigger) {
            return Err(TelegramError::Trigger { received: parsed.trigger, range: self.triggers });
        }
        self.codes(parts, said, &mut parsed)?;
        Ok(Some(parsed))
    }

    /// Reads the codes, of which the telegram said that there are so many.
    fn codes<'a>(
        &self,
        parts: impl Iterator<Item = &'a [u8]>,
        said: Option<u32>,
        parsed: &mut Telegram,
    ) -> Result<(), TelegramError> {
        let mut parts = parts.peekable();
        let (mut received, mut unread) = (0_usize, 0_usize);
        let mut first_wrong = None;
        while let Some(text) = parts.next() {
            // A separator behind the last code is usual.
            if text.is_empty() && parts.peek().is_none() {
                break;
            }
            received += 1;
            if self.is_no_read(text) {
                unread += 1;
                continue;
            }
            match self.code(text, received) {
                // One that finds no room is counted, and the count refuses the telegram.
                Ok(code) => drop(parsed.push(code)),
                Err(error) => first_wrong = first_wrong.or(Some(error)),
            }
        }
        let read = received - unread;
        if read > MOST_CODES {
            return Err(TelegramError::TooManyCodes { received: read });
        }
        // A separator within a code shows as a wrong code, too; the count says what happened.
        if let Some(said) =
            said.filter(|said| [read, received].iter().all(|n| u32::try_from(*n) != Ok(*said)))
        {
            return Err(TelegramError::Count { said, received });
        }
        match first_wrong {
            Some(error) => Err(error),
            None if received == 0 && said.is_none() => Err(TelegramError::Nothing),
            None => Ok(()),
        }
    }

    /// Whether a text, with or without a position, stands for a no-read.
    fn is_no_read(&self, text: &[u8]) -> bool {
        let bare = self.mark.and_then(|mark| text.iter().rposition(|byte| *byte == mark));
        let bare = &text[..bare.unwrap_or(text.len())];
        self.no_reads.iter().any(|no_read| no_read == bare || no_read == text)
    }

    fn code(&self, text: &[u8], code: usize) -> Result<ReadCode, TelegramError> {
        let (bytes, position) = match self.mark {
            None => (text, None),
            Some(mark) => {
                // A code may contain the mark; its position does not.
                let place = text.iter().rposition(|byte| *byte == mark);
                let place = place.ok_or(TelegramError::NoPosition { code, mark })?;
                let behind = &text[place + 1..];
                let position = signed(behind)
                    .ok_or_else(|| TelegramError::Position { code, received: Excerpt::of(behind) })?;
                (&text[..place], Some(position))
            }
        };
        if bytes.is_empty() {
            return Err(TelegramError::CodeEmpty { code });
        }
        ReadCode::new(bytes, position).ok_or(TelegramError::CodeTooLong { code, received: bytes.len() })
    }
}

/// A number of decimal digits.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// A position: digits behind a sign or none.
fn signed(text: &[u8]) -> Option<Millimetres> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let value = i32::try_from(number(digits)?).ok().filter(|value| *value <= FURTHEST.get())?;
    Some(Millimetres::new(if negative { -value } else { value }))
}

/// A value that was checked to fit.
fn bits(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn set(telegram: &mut Telegram, field: Field, value: u64) {
    let size = Millimetres::new(i32::try_from(value).unwrap_or(i32::MAX));
    match field {
        Field::Trigger => telegram.trigger = TriggerNumber::new(bits(value)),
        Field::Encoder => telegram.latch = Some(Latch::Encoder(EncoderCount::new(bits(value)))),
        Field::Travel => telegram.latch = Some(Latch::Travel(value)),
        Field::Count | Field::Skip => {}
        Field::Length | Field::Width | Field::Height | Field::Weight => {
            let measured = telegram.measured.get_or_insert_with(Measured::default);
            match field {
                Field::Length => measured.length = size,
                Field::Width => measured.width = size,
                Field::Height => measured.height = size,
                _ => measured.weight = Grams::new(bits(value)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(format: &TelegramFormat, telegram: &[u8]) -> String {
        format.parse(telegram).expect_err("a wrong telegram").to_string()
    }

    #[test]
    fn reads_every_field_of_a_pattern() {
        let format = TelegramFormat::new("skip|trigger|travel|length|width|height|weight|codes#").unwrap();
        let telegram = format.parse(b"A7|65535|123456789012|420|300|150|1250|AB;C#-5|").unwrap().unwrap();
        assert_eq!(telegram.trigger, TriggerNumber::new(65_535));
        assert_eq!(telegram.latch, Some(Latch::Travel(123_456_789_012)));
        let measured = telegram.measured.unwrap();
        assert_eq!((measured.length, measured.height), (Millimetres::new(420), Millimetres::new(150)));
        assert_eq!(measured.weight, Grams::new(1_250));
        assert_eq!(format!("{:?}", telegram.codes()), "[AB;C at -5 mm]");
    }

    #[test]
    fn codes_are_the_bytes_that_were_read() {
        let format = TelegramFormat::default();
        let telegram = format.parse(b"1;0;1;\x1d00340123@45\xff@@12").unwrap().unwrap();
        assert_eq!(telegram.codes()[0].bytes(), b"\x1d00340123@45\xff@");
        assert_eq!(telegram.codes()[0].position, Some(Millimetres::new(12)));
    }

    #[test]
    fn a_no_read_is_a_telegram_without_codes() {
        let format = TelegramFormat::default();
        for text in ["1;0;0", "1;0;0;", "1;0;0;NOREAD", "1;0;1;NOREAD", "1;0;1;?@17", "1;0;2;?;NOREAD;"] {
            let telegram = format.parse(text.as_bytes()).unwrap().unwrap();
            assert!(telegram.codes().is_empty(), "{text}");
        }
        let beside = format.parse(b"1;0;2;?;AB@1").unwrap().unwrap();
        assert_eq!(beside.codes().len(), 1);
        let words = TelegramFormat::new("trigger,codes").unwrap().with_no_reads(&["ERR"]);
        assert!(words.parse(b"1,ERR").unwrap().unwrap().codes().is_empty());
        assert_eq!(words.parse(b"1,NOREAD").unwrap().unwrap().codes()[0].bytes(), b"NOREAD");
        assert_eq!(words.parse(b"1"), Err(TelegramError::Nothing));
    }

    #[test]
    fn a_heartbeat_is_no_telegram() {
        let format = TelegramFormat::default().with_heartbeats(&["ALIVE", ""]);
        assert_eq!(format.parse(b"ALIVE"), Ok(None));
        assert_eq!(format.parse(b""), Ok(None));
        assert!(format.parse(b"ALIVE1").is_err());
    }

    #[test]
    fn a_wrong_telegram_is_refused_with_what_and_where_and_what_was_expected() {
        let format = TelegramFormat::default();
        let check = |telegram: &[u8], text: &str| assert_eq!(refusal(&format, telegram), text);
        check(b"17", "field 2 (encoder) is missing");
        check(b"17;-4;0", "field 2 (encoder) is '-4', a number from 0 to 4294967295 is expected");
        check(
            b"17;4294967296;0",
            "field 2 (encoder) is '4294967296', a number from 0 to 4294967295 is expected",
        );
        check(b";1;0", "field 1 (trigger) is '', a number from 0 to 4294967295 is expected");
        check(b"70000;1;0", "trigger 70000 is outside of 0 to 65535");
        check(b"1;1;2;AB@1", "telegram says 2 codes and carries 1");
        check(b"1;1;1;A;B@1", "telegram says 1 codes and carries 2");
        check(b"1;1;2;@5;B@1", "code 1 is empty");
        check(b"1;1;2;;B@1", "code 1 has no position: '@' is expected behind it");
        check(b"1;1;1;AB", "code 1 has no position: '@' is expected behind it");
        check(b"1;1;1;AB@", "position of code 1 is '', a number from -15000 to 15000 is expected");
        check(b"1;1;1;AB@1.5", "position of code 1 is '1.5', a number from -15000 to 15000 is expected");
        check(b"1;1;1;AB@99999", "position of code 1 is '99999', a number from -15000 to 15000 is expected");
        let nine = [b"1;1;9".to_vec(), b";A@1".repeat(9)].concat();
        check(&nine, "telegram carries 9 codes, at most 8 are taken");
        let long = [&b"1;1;1;"[..], &[b'A'; 65], b"@1"].concat();
        check(&long, "code 1 has 65 bytes, at most 64 are taken");
        let noise = [&[0xfe; 30][..], b";1;0"].concat();
        let escaped = "\\xfe".repeat(24);
        check(
            &noise,
            &format!(
                "field 1 (trigger) is '{escaped}' and 6 bytes more, a number from 0 to 4294967295 is expected"
            ),
        );
    }

    #[test]
    fn a_pattern_that_cannot_work_is_refused() {
        let check = |pattern: &str, text: &str| {
            let error = TelegramFormat::new(pattern).expect_err(pattern).to_string();
            assert!(error.starts_with(text), "{pattern}: {error}");
        };
        check("", "pattern does not end in codes");
        check("trigger;encoder", "pattern does not end in codes");
        check("trigger;codes@@", "pattern does not end in codes");
        check("trigger;codes;", "pattern does not end in codes");
        check("trigger;codes;count", "pattern does not end in codes");
        check("trigger;encodr;codes", "pattern has a field 'encodr'");
        check("encoder;codes", "pattern has no field trigger");
        check("trigger;trigger;codes", "pattern has the field trigger twice");
        check("trigger;encoder;travel;codes", "pattern has both encoder and travel");
        check("trigger-codes", "'-' cannot separate fields");
        check("trigger;codesA", "'A' cannot separate fields");
        check("trigger@encoder@codes@", "pattern does not end in codes");
        check(&format!("trigger;{}codes", "skip;".repeat(16)), "pattern has 17 fields");
    }
}
