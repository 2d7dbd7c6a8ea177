//! What is printed on a label: real barcodes, unique over all hubs.

use sorter_core::barcode::make::{dpd, s10, sscc};
use sorter_core::ids::HubId;
use sorter_plc::contract::CodeBytes;

use crate::random::Draws;

/// Labels that one hub can number: 25 bits. 64 hubs need 31 bits, which fit into the field of every format.
pub const LABELS_PER_HUB: u32 = 1 << 25;

/// How a sender labels its parcels. The shares are assumed; nobody publishes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CodeFormat {
    /// `LP` and 14 digits, with a UPU S10 number for the international leg. 60 % of the parcels.
    Cainiao = 0,
    /// `YT` and 16 digits, with an SSCC-18. 25 % of the parcels.
    YunExpress = 1,
    /// The 28 characters of DPD bars, with a UPU S10 number. 15 % of the parcels.
    Dpd = 2,
}

impl CodeFormat {
    /// Draws a format by its share. Takes one word.
    pub(super) fn drawn(draws: &mut Draws) -> Self {
        match draws.below(100) {
            0..60 => Self::Cainiao,
            60..85 => Self::YunExpress,
            _ => Self::Dpd,
        }
    }
}

/// Which codes a label carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeKind {
    /// Their format.
    pub format: CodeFormat,
    /// Whether it carries both codes of the format, or the first only.
    pub both: bool,
}

/// The one or two codes of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes {
    first: CodeBytes,
    second: Option<CodeBytes>,
}

impl Codes {
    /// The code that every label of its format carries.
    pub const fn first(&self) -> CodeBytes {
        self.first
    }

    /// The other code, where it is printed.
    pub const fn second(&self) -> Option<CodeBytes> {
        self.second
    }

    /// All codes of the label.
    pub fn iter(&self) -> impl Iterator<Item = CodeBytes> + use<> {
        std::iter::once(self.first).chain(self.second)
    }
}

/// The codes of a label of a hub. No two labels share a code, in one hub or in several.
///
/// ```
/// use sorter_core::ids::HubId;
/// use sorter_sim::load::{CodeFormat, CodeKind, codes_of};
/// let kind = CodeKind { format: CodeFormat::Cainiao, both: true };
/// let codes = codes_of(HubId::new(0), 15, kind);
/// assert_eq!(codes.first().as_slice(), b"LP00000000000015");
/// assert_eq!(codes.second().expect("it carries both").as_slice(), b"LA000000155CN");
/// ```
///
/// # Panics
/// When `label` is [`LABELS_PER_HUB`] or more, or the hub is above 63.
pub fn codes_of(hub: HubId, label: u32, kind: CodeKind) -> Codes {
    assert!(label < LABELS_PER_HUB, "label {label} is above the {LABELS_PER_HUB} of a hub");
    assert!(hub.get() < 64, "{hub} is above the 64 hubs that labels are numbered for");
    let number = u64::from(hub.get()) << 25 | u64::from(label);
    let (first, second) = match kind.format {
        CodeFormat::Cainiao => (lettered::<16>(*b"LP", number), bytes(&international(b'L', number))),
        CodeFormat::YunExpress => {
            (lettered::<18>(*b"YT", number), bytes(&sscc(3, 4_012_000_000_000_000 + number)))
        }
        // The postcode on the bars is 0: the parcel is routed by its announcement.
        CodeFormat::Dpd => (bytes(&dpd(0, number, 327, 276)), bytes(&international(b'C', number))),
    };
    Codes { first, second: kind.both.then_some(second) }
}

/// A short code of somebody else's system, such as the stamp of a warehouse: `W` and six digits, which is
/// no parcel number in any format.
pub fn stray_code(draws: &mut Draws) -> CodeBytes {
    let mut code = *b"W000000";
    put_digits(&mut code[1..], draws.below(1_000_000).into());
    bytes(&code)
}

/// The S10 number of the international leg. A serial has eight digits; what is above them goes into the
/// second letter of the service, `A` to `V`.
fn international(class: u8, number: u64) -> [u8; 13] {
    let serial = u32::try_from(number % 100_000_000).expect("eight digits");
    let letter = u8::try_from(number / 100_000_000).expect("31 bits are at most 21 times eight digits");
    s10([class, b'A' + letter], serial, *b"CN")
}

/// Two letters and digits, `N` characters in all.
fn lettered<const N: usize>(letters: [u8; 2], number: u64) -> CodeBytes {
    let mut code = [0; N];
    code[..2].copy_from_slice(&letters);
    put_digits(&mut code[2..], number);
    bytes(&code)
}

/// Writes a number into all of `out`, with leading zeros. Every caller leaves room for its largest number.
fn put_digits(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).expect("a digit");
        number /= 10;
    }
    debug_assert_eq!(number, 0, "the number is longer than its field");
}

fn bytes(code: &[u8]) -> CodeBytes {
    CodeBytes::new(code).expect("no format has more than 28 characters")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::random::Stream;
    use super::*;

    fn kind(format: CodeFormat, both: bool) -> CodeKind {
        CodeKind { format, both }
    }

    fn texts(hub: u8, label: u32, kind: CodeKind) -> Vec<String> {
        let codes = codes_of(HubId::new(hub), label, kind);
        codes.iter().map(|code| String::from_utf8(code.as_slice().to_vec()).unwrap()).collect()
    }

    #[test]
    fn labels_look_like_those_of_their_sender() {
        assert_eq!(texts(0, 15, kind(CodeFormat::Cainiao, true)), ["LP00000000000015", "LA000000155CN"]);
        assert_eq!(
            texts(0, 8, kind(CodeFormat::YunExpress, true)),
            ["YT0000000000000008", "340120000000000086"]
        );
        assert_eq!(
            texts(63, LABELS_PER_HUB - 1, kind(CodeFormat::Dpd, true)),
            ["%000000000002147483647327276", "CV474836471CN"]
        );
        assert_eq!(texts(0, 15, kind(CodeFormat::Cainiao, false)), ["LP00000000000015"]);
    }

    #[test]
    fn no_two_labels_share_a_code() {
        let formats = [CodeFormat::Cainiao, CodeFormat::YunExpress, CodeFormat::Dpd];
        let mut seen = BTreeSet::new();
        let mut printed = 0;
        for hub in [0, 1, 2, 5, 63] {
            let near_the_ends = (0..4_000).chain(LABELS_PER_HUB - 4_000..LABELS_PER_HUB);
            for (label, format) in near_the_ends.zip(formats.into_iter().cycle()) {
                for code in texts(hub, label, kind(format, true)) {
                    printed += 1;
                    seen.insert(code);
                }
            }
        }
        assert_eq!(seen.len(), printed);
    }

    #[test]
    fn formats_come_in_their_shares() {
        let mut counts = [0_u32; 3];
        for index in 0..100_000 {
            counts[CodeFormat::drawn(&mut Draws::new(1, Stream::CodeKind, index)) as usize] += 1;
        }
        for (count, expected) in counts.into_iter().zip([60_000, 25_000, 15_000_u32]) {
            assert!(count.abs_diff(expected) < 800, "{counts:?}");
        }
    }

    #[test]
    fn a_stray_code_is_short() {
        let code = stray_code(&mut Draws::new(1, Stream::Stray, 0));
        assert_eq!((code.as_slice().len(), code.as_slice()[0]), (7, b'W'));
    }

    #[test]
    #[should_panic(expected = "label 33554432 is above")]
    fn a_label_beyond_the_limit_stops_the_machine() {
        codes_of(HubId::new(0), LABELS_PER_HUB, kind(CodeFormat::Dpd, true));
    }
}
