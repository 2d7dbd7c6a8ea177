//! The packed, exact key of a code.

use std::fmt;

/// Marks a key whose text is digits only.
const NUMERIC: u128 = 1 << 127;
/// Alphanumeric characters that go through 64-bit arithmetic at once: 37^12 is below 2^63.
const WORD_CHARACTERS: usize = 12;
/// Digits that go through 64-bit arithmetic at once: 10^18 is below 2^60.
const WORD_DIGITS: usize = 18;

/// The one canonical key of a code: its text, packed without loss.
///
/// | bits | digits only | with letters |
/// | --- | --- | --- |
/// | 127 | 1 | 0 |
/// | 126 | 0 | 0 |
/// | 0 to 125 | the number with a 1 in front, which keeps leading zeros | base 37: `0` to `9` count 1 to 10, `A` to `Z` 11 to 36 |
///
/// No character counts 0 in base 37, so texts of different lengths never meet, and no key is 0: a table
/// may use 0 for an empty place. 37^24 is below 2^126, and 2 * 10^36 is below 2^121.
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

    /// Packs a text of capital letters and digits, or `None` when it is empty, too long or has another
    /// character. A text of digits has up to [`CodeKey::MAX_DIGITS`], any other up to
    /// [`CodeKey::MAX_CHARACTERS`].
    pub fn pack(text: &[u8]) -> Option<Self> {
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
    fn unpack(self, buffer: &mut [u8; Self::MAX_DIGITS]) -> usize {
        let numeric = self.0 & NUMERIC != 0;
        let (base, last) = if numeric { (10, 1) } else { (37, 0) };
        let mut rest = self.0 & !NUMERIC;
        let mut start = buffer.len();
        while rest > last && start > 0 {
            start -= 1;
            let digit = u8::try_from(rest % base).unwrap_or(0);
            buffer[start] = match digit {
                digit if numeric => b'0' + digit,
                digit @ 0..=10 => b'0' + digit.saturating_sub(1),
                digit => b'A' + (digit - 11),
            };
            rest /= base;
        }
        start
    }
}

impl fmt::Display for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [b'0'; Self::MAX_DIGITS];
        let start = self.unpack(&mut buffer);
        buffer[start..].iter().try_for_each(|byte| fmt::Write::write_char(f, char::from(*byte)))
    }
}

/// The value of a digit (0 to 9) or a capital letter (10 to 35).
pub(super) const fn character_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'Z' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn pack_digits(text: &[u8]) -> u128 {
    text.chunks(WORD_DIGITS).fold(1, |value, chunk| {
        let (word, scale) = chunk
            .iter()
            .fold((0_u64, 1_u64), |(word, scale), byte| (word * 10 + u64::from(byte - b'0'), scale * 10));
        value * u128::from(scale) + u128::from(word)
    })
}

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

    proptest! {
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
