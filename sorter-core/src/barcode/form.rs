//! The template language for codes that are known by their shape, and its matcher.

use thiserror::Error;

use super::check_digit::character_value;
use super::key::CodeKey;

/// Letters and digits as bits: bit `v` is the character of value `v`.
const DIGITS: u64 = (1 << 10) - 1;
const LETTERS: u64 = ((1 << 36) - 1) ^ DIGITS;

/// The shape of a code, compiled from a template.
///
/// | in a template | matches |
/// | --- | --- |
/// | `9` | one digit |
/// | `A` | one letter |
/// | `X` | one digit or letter |
/// | `{3}` after one of these | three of them |
/// | `{12,14}` after one of these | twelve to fourteen of them |
/// | `'LP'` | these letters and digits themselves |
///
/// A text matches as a whole, in at most 36 characters, or 24 when it may have a letter.
///
/// The matcher follows every way through the template at once: bit `n` of its state says that the first
/// `n` elements can be matched by the text so far. One step is a shift, a mask and the closure over
/// elements that may be left out, which G. Navarro and M. Raffinot do with one subtraction ("Fast and
/// Simple Character Classes and Bounded Gaps Pattern Matching", 2003). Its cost depends on the length of
/// the text only.
///
/// ```
/// use sorter_core::barcode::Form;
///
/// let form: Form = "'LP'9{12,14}".parse().unwrap();
/// assert!(form.matches(b"LP00239506206926"));
/// assert!(!form.matches(b"LP263072004SG"));
/// ```
#[derive(Clone, Debug)]
pub struct Form {
    /// For each character value, bit `n` is set when element `n - 1` takes that character.
    takes: [u64; 36],
    /// Bit `n` is set when element `n - 1` may be left out.
    optional: u64,
    /// The state before each run of optional elements.
    run_starts: u64,
    /// The state after each run of optional elements.
    run_ends: u64,
    /// The state in which all elements are matched.
    done: u64,
    shortest: usize,
    longest: usize,
    digits_only: bool,
}

/// Why a template is not one. Columns count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    /// No element, or none that has to be there.
    #[error("form matches the empty text")]
    MatchesNothing,
    /// A character that starts no element.
    #[error("{found:?} in column {column} is no class (9, A, X) and no quoted text")]
    Unexpected {
        /// Where.
        column: usize,
        /// What stands there.
        found: char,
    },
    /// A quote that is not closed, is empty, or holds something else than capital letters and digits.
    #[error("quoted text in column {column} is not 'CAPITALS0123'")]
    Quote {
        /// Where the quote opens.
        column: usize,
    },
    /// A repetition that is not `{n}` or `{m,n}` with m <= n and n from 1 to 36.
    #[error("repetition in column {column} is not {{n}} or {{m,n}} with n from 1 to 36")]
    Repetition {
        /// Where the brace opens.
        column: usize,
    },
    /// The longest text that it matches does not fit into a key.
    #[error("form matches {longest} characters (at most {limit})")]
    TooLong {
        /// The longest text.
        longest: usize,
        /// 36 for digits, 24 when letters may occur.
        limit: usize,
    },
}

/// One place of a template: the characters it takes, and whether it may be left out.
struct Element {
    set: u64,
    optional: bool,
}

impl Form {
    /// Whether the whole text, in capital letters and digits, has this shape.
    pub fn matches(&self, text: &[u8]) -> bool {
        if text.len() < self.shortest || text.len() > self.longest {
            return false;
        }
        let mut state = self.closure(1);
        for byte in text {
            let Some(value) = character_value(*byte) else { return false };
            state = self.closure((state << 1) & self.takes[usize::from(value)]);
            if state == 0 {
                return false;
            }
        }
        state & self.done != 0
    }

    /// Whether every text of this shape is digits only.
    pub const fn is_digits_only(&self) -> bool {
        self.digits_only
    }

    /// Whether every text of this shape begins with these characters.
    pub(super) fn begins_with(&self, start: &[u8]) -> bool {
        start.iter().zip(1_u32..).all(|(byte, place)| {
            let bit = 1_u64.checked_shl(place).unwrap_or(0);
            let takers = (0..36).filter(|value| self.takes[*value] & bit != 0);
            self.optional & bit == 0 && takers.map(Some).eq([character_value(*byte).map(usize::from)])
        })
    }

    /// The fewest characters of a text of this shape.
    pub const fn shortest(&self) -> usize {
        self.shortest
    }

    /// Adds the states that are reached by leaving optional elements out.
    ///
    /// Within one run of optional elements the subtraction borrows up to the lowest active state, so the
    /// bits above that state are the ones that it leaves unchanged.
    const fn closure(&self, state: u64) -> u64 {
        let with_ends = state | self.run_ends;
        state | (self.optional & (!with_ends.wrapping_sub(self.run_starts) ^ with_ends))
    }

    fn compile(elements: &[Element]) -> Result<Self, FormError> {
        let longest = elements.len();
        let shortest = elements.iter().filter(|element| !element.optional).count();
        let digits_only = elements.iter().all(|element| element.set & LETTERS == 0);
        let limit = if digits_only { CodeKey::MAX_DIGITS } else { CodeKey::MAX_CHARACTERS };
        if longest > limit {
            return Err(FormError::TooLong { longest, limit });
        }
        if shortest == 0 {
            return Err(FormError::MatchesNothing);
        }
        let mut takes = [0; 36];
        let mut optional = 0_u64;
        for (index, element) in elements.iter().enumerate() {
            let bit = 1 << (index + 1);
            for (value, places) in takes.iter_mut().enumerate() {
                if element.set >> value & 1 == 1 {
                    *places |= bit;
                }
            }
            if element.optional {
                optional |= bit;
            }
        }
        Ok(Self {
            takes,
            optional,
            run_starts: (optional & !(optional << 1)) >> 1,
            run_ends: optional & !(optional >> 1),
            done: 1 << longest,
            shortest,
            longest,
            digits_only,
        })
    }
}

impl std::str::FromStr for Form {
    type Err = FormError;

    fn from_str(template: &str) -> Result<Self, FormError> {
        let characters: Vec<char> = template.chars().collect();
        let mut elements = Vec::new();
        let mut at = 0;
        while let Some(found) = characters.get(at) {
            let column = at + 1;
            let set = match found {
                '9' => DIGITS,
                'A' => LETTERS,
                'X' => DIGITS | LETTERS,
                '\'' => {
                    at += quoted(&characters[column..], column, &mut elements)? + 2;
                    continue;
                }
                found => return Err(FormError::Unexpected { column, found: *found }),
            };
            at += 1;
            let mut bounds = (1, 1);
            if characters.get(at) == Some(&'{') {
                let inner = braced(&characters[at + 1..]);
                bounds =
                    inner.as_deref().and_then(repetition).ok_or(FormError::Repetition { column: at + 1 })?;
                at += inner.map_or(0, |inner| inner.len()) + 2;
            }
            elements.extend((0..bounds.1).map(|count| Element { set, optional: count >= bounds.0 }));
        }
        Self::compile(&elements)
    }
}

/// Adds the literal characters up to the closing quote and tells how many there are.
fn quoted(rest: &[char], column: usize, elements: &mut Vec<Element>) -> Result<usize, FormError> {
    let refused = FormError::Quote { column };
    let Some(length) = rest.iter().position(|c| *c == '\'').filter(|length| *length > 0) else {
        return Err(refused);
    };
    for character in &rest[..length] {
        let value = u8::try_from(*character).ok().and_then(character_value);
        let Some(value) = value else { return Err(refused) };
        elements.push(Element { set: 1 << value, optional: false });
    }
    Ok(length)
}

/// The text up to the closing brace.
fn braced(rest: &[char]) -> Option<String> {
    let length = rest.iter().take(8).position(|c| *c == '}')?;
    Some(rest[..length].iter().collect())
}

/// The bounds in `n` or `m,n`.
fn repetition(text: &str) -> Option<(usize, usize)> {
    let number = |part: &str| {
        let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<usize>().ok()).flatten()
    };
    let (least, most) = match text.split_once(',') {
        Some((least, most)) => (number(least)?, number(most)?),
        None => (number(text)?, number(text)?),
    };
    (least <= most && (1..=CodeKey::MAX_DIGITS).contains(&most)).then_some((least, most))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tries every way through the template, one element after the other.
    fn matches_naively(elements: &[(u64, usize, usize)], text: &[u8]) -> bool {
        let Some(((set, least, most), rest)) = elements.split_first() else { return text.is_empty() };
        (*least..=*most).any(|count| {
            count <= text.len()
                && text[..count].iter().all(|byte| set >> character_value(*byte).unwrap() & 1 == 1)
                && matches_naively(rest, &text[count..])
        })
    }

    fn parts() -> impl Strategy<Value = Vec<(char, usize, usize)>> {
        let part = (prop_oneof![Just('9'), Just('A'), Just('X')], 0_usize..3, 0_usize..3)
            .prop_map(|(class, least, more)| (class, least, (least + more).max(1)));
        prop::collection::vec(part, 1..5)
    }

    #[test]
    fn tells_where_a_template_is_wrong() {
        let refused = |template: &str| template.parse::<Form>().unwrap_err();
        assert_eq!(refused(""), FormError::MatchesNothing);
        assert_eq!(refused("9{0,3}"), FormError::MatchesNothing);
        assert_eq!(refused("LP9{12}"), FormError::Unexpected { column: 1, found: 'L' });
        assert_eq!(refused("'LP9{12}"), FormError::Quote { column: 1 });
        assert_eq!(refused("9''"), FormError::Quote { column: 2 });
        assert_eq!(refused("9'lp'"), FormError::Quote { column: 2 });
        for template in ["9{", "9{}", "9{3,2}", "9{0}", "9{37}", "9{+1}", "9{1,2,3}", "9{99999999999}"] {
            assert_eq!(refused(template), FormError::Repetition { column: 2 }, "{template}");
        }
        assert_eq!(refused("9{20}9{17}"), FormError::TooLong { longest: 37, limit: 36 });
        assert_eq!(refused("A9{24}"), FormError::TooLong { longest: 25, limit: 24 });
    }

    #[test]
    fn takes_the_longest_templates() {
        let form: Form = "9{1,36}".parse().unwrap();
        assert!(form.matches(&[b'5'; 36]) && form.matches(b"5") && !form.matches(&[b'5'; 37]));
        assert!(form.is_digits_only());
        assert_eq!(form.shortest(), 1);
    }

    #[test]
    fn tells_what_every_text_begins_with() {
        let begins = |template: &str| template.parse::<Form>().unwrap().begins_with(b"1Z");
        assert!(begins("'1Z'X{16}") && begins("'1Z5R'9{2}"));
        for template in ["'1'A", "X{2}", "'1'", "'1Y'9", "9{0,1}'1Z'"] {
            assert!(!begins(template), "{template}");
        }
    }

    proptest! {
        #[test]
        fn fast_match_agrees_with_trying_everything(parts in parts(), text in "[0A]{0,12}") {
            let template: String =
                parts.iter().map(|(class, least, most)| format!("{class}{{{least},{most}}}")).collect();
            let naive: Vec<_> = parts
                .iter()
                .map(|(class, least, most)| {
                    let set = match class { '9' => DIGITS, 'A' => LETTERS, _ => DIGITS | LETTERS };
                    (set, *least, *most)
                })
                .collect();
            match template.parse::<Form>() {
                Ok(form) => {
                    prop_assert_eq!(form.matches(text.as_bytes()), matches_naively(&naive, text.as_bytes()));
                }
                Err(error) => prop_assert_eq!(error, FormError::MatchesNothing),
            }
        }

        #[test]
        fn any_template_is_taken_or_refused(template in "[9AX{},0-9'LP]{0,40}|\\PC{0,20}") {
            let _ = template.parse::<Form>();
        }
    }
}
