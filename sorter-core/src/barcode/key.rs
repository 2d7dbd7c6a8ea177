//! The packed, exact key of a code.

use std::fmt;

use super::check_digit::{self, character_value};
use super::gs1::is_text;

/// Marks a key whose text is digits only.
const NUMERIC: u128 = 1 << 127;
/// Marks a key of a GTIN with its serial number.
const SERIALISED: u128 = 1 << 126;
/// Where the parts of such a key begin.
const SET_BIT: u32 = 79;
const GTIN_BIT: u32 = 81;
/// Alphanumeric characters that go through 64-bit arithmetic at once: 37^12 is below 2^63.
const WORD_CHARACTERS: usize = 12;
/// Digits that go through 64-bit arithmetic at once: 10^18 is below 2^60.
const WORD_DIGITS: usize = 18;

/// The one canonical key of a code: its text, packed without loss.
///
/// | bits | digits only | with letters | GTIN with serial number |
/// | --- | --- | --- | --- |
/// | 127 | 1 | 0 | 0 |
/// | 126 | 0 | 0 | 1 |
/// | 0 to 125 | the number with a 1 in front, which keeps leading zeros | base 37: `0` to `9` count 1 to 10, `A` to `Z` 11 to 36 | 81 to 124: GTIN without check digit; 79 and 80: what the serial number is made of; 0 to 78: the serial number |
///
/// No character counts 0 in base 37, so texts of different lengths never meet, and no key is 0: a table
/// may use 0 for an empty place. 37^24 is below 2^126, and 2 * 10^36 is below 2^121.
///
/// A serial number of digits has up to 20 of them, one of digits and capitals up to 15 characters, and any other
/// up to 12: 2 * 10^20, 37^15 and 95^12 are below 2^79. Its text is that of the printed label,
/// `(01)09506000134352(21)A-17`; one with a bracket is written `]d2010950600013435221A(17)`, which has no second
/// reading.
///
/// ```
/// use sorter_core::barcode::CodeKey;
///
/// let key = CodeKey::pack(b"LP263072004SG").unwrap();
/// assert_eq!(key.to_text(), "LP263072004SG");
/// assert_ne!(CodeKey::pack(b"007"), CodeKey::pack(b"7"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeKey(u128);

impl CodeKey {
    /// The most characters of a text that has a letter.
    pub const MAX_CHARACTERS: usize = 24;
    /// The most characters of a text that is digits only.
    pub const MAX_DIGITS: usize = 36;

    /// The most characters of the text of a key.
    pub(super) const MAX_TEXT: usize = 44;

    /// Packs a text of capital letters and digits, or `None` when it is empty, too long or has another
    /// character. A text of digits has up to [`CodeKey::MAX_DIGITS`], any other up to
    /// [`CodeKey::MAX_CHARACTERS`]. The text of a key of [`CodeKey::serialised`] gives that key.
    pub fn pack(text: &[u8]) -> Option<Self> {
        match text.first() {
            Some(b'(' | b']') => unspell_serialised(text),
            _ => Self::pack_plain(text),
        }
    }

    /// Packs a text of capital letters and digits.
    #[inline]
    pub(super) fn pack_plain(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > Self::MAX_DIGITS {
            return None;
        }
        if text.iter().all(u8::is_ascii_digit) {
            return Some(Self(NUMERIC | pack_digits(text)));
        }
        if text.len() > Self::MAX_CHARACTERS {
            return None;
        }
        pack_characters(text).map(Self)
    }

    /// Packs a GTIN with its serial number, or `None` when the check digit of the GTIN is wrong, the serial number
    /// has a character that GS1 does not allow, or it has more characters than the table above tells.
    ///
    /// ```
    /// use sorter_core::barcode::CodeKey;
    ///
    /// let key = CodeKey::serialised(b"09506000134352", b"a17").unwrap();
    /// assert_eq!(key.to_text(), "(01)09506000134352(21)a17");
    /// assert_ne!(CodeKey::serialised(b"09506000134352", b"A17"), Some(key));
    /// ```
    pub fn serialised(gtin: &[u8; 14], serial: &[u8]) -> Option<Self> {
        let [number @ .., check] = gtin;
        if check_digit::mod10_31(number) != Some(*check) {
            return None;
        }
        let item = number.iter().fold(0_u64, |item, byte| item * 10 + u64::from(byte - b'0'));
        let (set, packed) = pack_serial(serial)?;
        Some(Self(SERIALISED | u128::from(item) << GTIN_BIT | (set as u128) << SET_BIT | packed))
    }

    /// The packed value, never 0.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// The key with this packed value, which [`CodeKey::get`] gave; `None` for 0.
    pub(crate) const fn from_packed(packed: u128) -> Option<Self> {
        if packed == 0 { None } else { Some(Self(packed)) }
    }

    /// The text that was packed.
    pub fn to_text(self) -> String {
        self.to_string()
    }

    /// Writes the text to the end of `buffer` and tells where it starts.
    pub(super) fn unpack(self, buffer: &mut [u8; Self::MAX_TEXT]) -> usize {
        if self.0 & NUMERIC != 0 {
            return unpack_digits(self.0 & !NUMERIC, buffer);
        }
        if self.0 & SERIALISED == 0 {
            return unpack_characters(self.0, buffer);
        }
        let packed = self.0 & ((1 << SET_BIT) - 1);
        let mut start = match self.0 >> SET_BIT & 0b11 {
            0 => unpack_digits(packed, buffer),
            1 => unpack_characters(packed, buffer),
            _ => unpack_any(packed, buffer),
        };
        let bracket = buffer[start..].contains(&b'(');
        let mut put = |text: &[u8]| {
            let end = start;
            start = start.saturating_sub(text.len());
            buffer[start..end].copy_from_slice(&text[text.len() - (end - start)..]);
        };
        put(if bracket { b"21" } else { b"(21)" });
        put(&gtin(self.0 >> GTIN_BIT & ((1 << 44) - 1)));
        put(if bracket { b"]d201" } else { b"(01)" });
        start
    }
}

impl fmt::Display for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [b'0'; Self::MAX_TEXT];
        let start = self.unpack(&mut buffer);
        buffer[start..].iter().try_for_each(|byte| fmt::Write::write_char(f, char::from(*byte)))
    }
}

#[inline]
fn pack_digits(text: &[u8]) -> u128 {
    text.chunks(WORD_DIGITS).fold(1, |value, chunk| {
        let (word, scale) = chunk
            .iter()
            .fold((0_u64, 1_u64), |(word, scale), byte| (word * 10 + u64::from(byte - b'0'), scale * 10));
        value * u128::from(scale) + u128::from(word)
    })
}

#[inline]
fn pack_characters(text: &[u8]) -> Option<u128> {
    text.chunks(WORD_CHARACTERS).try_fold(0_u128, |value, chunk| {
        let mut word = 0_u64;
        let mut scale = 1_u64;
        for byte in chunk {
            word = word * 37 + u64::from(character_value(*byte)?) + 1;
            scale *= 37;
        }
        Some(value * u128::from(scale) + u128::from(word))
    })
}

/// What a serial number is made of, the narrowest first: each number has one set, so it has one key.
#[derive(Clone, Copy)]
enum SerialSet {
    Digits = 0,
    DigitsAndCapitals = 1,
    Any = 2,
}

#[inline(never)]
fn pack_serial(serial: &[u8]) -> Option<(SerialSet, u128)> {
    if serial.is_empty() {
        return None;
    }
    if serial.iter().all(u8::is_ascii_digit) {
        return (serial.len() <= 20).then(|| (SerialSet::Digits, pack_digits(serial)));
    }
    if serial.iter().all(|byte| character_value(*byte).is_some()) {
        let packed = if serial.len() <= 15 { pack_characters(serial) } else { None };
        return packed.map(|packed| (SerialSet::DigitsAndCapitals, packed));
    }
    let plain = serial.len() <= 12 && serial.iter().all(|byte| is_text(*byte));
    let pack = |packed: u128, byte: &u8| packed * 95 + u128::from(byte - b' ');
    plain.then(|| (SerialSet::Any, serial.iter().fold(0, pack)))
}

/// The key of a text that [`CodeKey::unpack`] wrote, and of no other spelling.
fn unspell_serialised(text: &[u8]) -> Option<CodeKey> {
    let (rest, mark) = match text.strip_prefix(b"(01)") {
        Some(rest) => (rest, &b"(21)"[..]),
        None => (text.strip_prefix(b"]d201")?, &b"21"[..]),
    };
    let (gtin, rest) = rest.split_first_chunk::<14>()?;
    let serial = rest.strip_prefix(mark)?;
    let bracket = serial.contains(&b'(');
    CodeKey::serialised(gtin, serial).filter(|_| bracket == (mark == b"21"))
}

/// The 14 digits of a GTIN without its check digit.
fn gtin(item: u128) -> [u8; 14] {
    let mut digits = [b'0'; 14];
    let mut rest = item;
    for slot in digits[..13].iter_mut().rev() {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    digits[13] = check_digit::mod10_31(&digits[..13]).unwrap_or(b'0');
    digits
}

fn unpack_digits(packed: u128, buffer: &mut [u8]) -> usize {
    unpack(packed, 10, 1, buffer, |digit| b'0' + digit)
}

fn unpack_characters(packed: u128, buffer: &mut [u8]) -> usize {
    unpack(packed, 37, 0, buffer, |value| match value {
        0..=10 => b'0' + value.saturating_sub(1),
        letter => b'A' + (letter - 11),
    })
}

fn unpack_any(packed: u128, buffer: &mut [u8]) -> usize {
    unpack(packed, 95, 0, buffer, |value| b' ' + value)
}

/// Writes the places of a number to the end of `buffer`, down to what is left at the front of it.
fn unpack(packed: u128, base: u128, last: u128, buffer: &mut [u8], character: fn(u8) -> u8) -> usize {
    let mut rest = packed;
    let mut start = buffer.len();
    while rest > last && start > 0 {
        start -= 1;
        buffer[start] = character((rest % base) as u8);
        rest /= base;
    }
    start
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(CodeKey::pack(b""), None);
        assert_eq!(CodeKey::pack(b"ab"), None);
        assert_eq!(CodeKey::pack(b"A B"), None);
        assert_eq!(CodeKey::pack(&[b'7'; 37]), None);
        assert_eq!(CodeKey::pack(&[b'Z'; 25]), None);
    }

    #[test]
    fn keeps_the_longest_texts() {
        for text in [&[b'9'; 36][..], &[b'0'; 36], &[b'Z'; 24], b"0000000000000000000000A"] {
            let key = CodeKey::pack(text).unwrap();
            assert_eq!(key.to_text().as_bytes(), text);
            assert_ne!(key.get(), 0);
        }
    }

    #[test]
    fn keeps_the_longest_serial_numbers_and_refuses_longer_ones() {
        let gtin = b"09506000134352";
        for (serial, fits) in [
            ("99999999999999999999", true),
            ("00000000000000000000", true),
            ("999999999999999999999", false),
            ("ZZZZZZZZZZZZZZZ", true),
            ("ZZZZZZZZZZZZZZZZ", false),
            ("zzzzzzzzzzzz", true),
            ("zzzzzzzzzzzzz", false),
            ("((((((((((((", true),
            ("", false),
            ("a b", false),
            ("a$b", false),
        ] {
            let key = CodeKey::serialised(gtin, serial.as_bytes());
            assert_eq!(key.is_some(), fits, "{serial}");
            let text = key.map(CodeKey::to_text).unwrap_or_default();
            assert!(!fits || text.ends_with(serial) && text.len() <= CodeKey::MAX_TEXT, "{text}");
        }
        assert_eq!(CodeKey::serialised(b"09506000134353", b"1"), None, "a wrong check digit");
        assert_eq!(CodeKey::serialised(b"0950600013435A", b"1"), None);
    }

    #[test]
    fn a_serialised_key_has_one_text() {
        for text in [
            "]d201095060001343522117",
            "(01)09506000134352(21)A(17)",
            "(01)09506000134352",
            "(01)09506000134352(21)",
            "(01)09506000134353(21)17",
            "(00)354123455501152989",
            "(",
            "]d2",
        ] {
            assert_eq!(CodeKey::pack(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn gives_back_every_gtin_with_its_serial_number(
            item in 0_u64..10_u64.pow(13),
            serial in "[0-9]{1,20}|[0-9A-Z]{1,15}|[!\"%-?A-Z_a-z]{1,12}|[(]?[1-9]{2}[)]?[0-9A-Za-z]{1,7}",
        ) {
            let gtin = gtin(item.into());
            let key = CodeKey::serialised(&gtin, serial.as_bytes()).unwrap();
            let text = key.to_text();
            prop_assert_eq!(CodeKey::pack(text.as_bytes()), Some(key), "{}", text);
            prop_assert!(text.ends_with(&serial) && text.contains(std::str::from_utf8(&gtin).unwrap()));
        }

        #[test]
        fn two_serial_numbers_never_share_a_key(one in "[01Aa(]{1,4}", other in "[01Aa(]{1,4}") {
            let key = |serial: &str| CodeKey::serialised(b"09506000134352", serial.as_bytes()).unwrap();
            prop_assert_eq!(key(&one) == key(&other), one == other);
            prop_assert_ne!(key(&one), CodeKey::pack(b"0109506000134352210").unwrap());
        }

        #[test]
        fn gives_back_every_text(text in "[0-9A-Z]{1,24}|[0-9]{1,36}") {
            prop_assert_eq!(CodeKey::pack(text.as_bytes()).unwrap().to_text(), text);
        }

        #[test]
        fn two_texts_never_share_a_key(one in "[01A]{1,4}", other in "[01A]{1,4}") {
            let same_key = CodeKey::pack(one.as_bytes()) == CodeKey::pack(other.as_bytes());
            prop_assert_eq!(same_key, one == other);
        }
    }
}
