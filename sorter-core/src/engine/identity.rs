//! Which parcel an item carries, from all codes that were read on it.
//!
//! 1. Codes of no active symbology and codes that are refused are dropped, those with a wrong check digit too.
//! 2. Each other code is looked up; all codes of a parcel lead to it.
//! 3. What the codes that are left say:
//!
//! | read on the item | the item is |
//! | --- | --- |
//! | codes of one parcel, and nothing else that was read well | that parcel |
//! | codes of one parcel, and unknown codes of other symbologies | that parcel: aliases are often not announced |
//! | codes of one parcel, and an unknown code of a symbology that named it | conflicting: a parcel has one code of each kind, so there are two labels |
//! | codes of two parcels | conflicting, whichever was read first |
//! | unknown codes only | unknown, and held: nobody knows what customs say about the parcel. Where the labels tell one destination and the plan has a hold outlet for it, it is held there |
//! | codes with a wrong check digit only | a bad check digit |
//! | nothing, or only codes that were refused otherwise: too long, empty, foreign characters, no symbology, damaged GS1 data | a no-read |
//! | codes of one parcel that another item holds | that parcel, and a duplicate |
//!
//! An item with more than [`MAX_CODES`] codes, or with more than four different unknown ones, is conflicting.

use smallvec::SmallVec;

use crate::address::Country;
use crate::barcode::{CodeBook, CodeError, Parsed, SelfRoute, Symbology};
use crate::ids::ParcelId;
use crate::ledger::{CodeHash, Entry, Hint, Ledger};
use crate::reason::Reason;

/// Codes of one scan that are looked at. An item with more has them counted out as conflicting.
pub const MAX_CODES: usize = 8;
/// Different unknown codes of one item that are kept for another look when late data may have come. An item
/// with more of them is conflicting.
const KEPT_CODES: usize = 4;

/// What the codes of an item say about it. Small, so that the item can keep it for a second decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    found: Result<ParcelId, Reason>,
    /// The slot of the parcel.
    hint: Hint,
    /// The symbologies of the codes that named the parcel.
    kinds: Kinds,
    /// Codes that were read well and that nobody announced, each once.
    unknown: [Option<Parsed>; KEPT_CODES],
    /// Where the labels say that an unknown parcel goes.
    told: Told,
    duplicate: bool,
}

/// What the codes of an item say about its destination by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    One(SelfRoute),
    /// Two of them disagree.
    Several,
}

impl Told {
    fn and(self, route: SelfRoute) -> Self {
        match self {
            Self::Nothing => Self::One(route),
            Self::One(earlier) if earlier == route => self,
            Self::One(_) | Self::Several => Self::Several,
        }
    }
}

impl Identity {
    /// An item without a single read.
    pub const NO_READ: Self = Self {
        found: Err(Reason::NoRead),
        hint: Hint::NONE,
        kinds: Kinds(0),
        unknown: [None; KEPT_CODES],
        told: Told::Nothing,
        duplicate: false,
    };

    /// The parcel, or the reason why none is known.
    ///
    /// # Errors
    /// One of the identity reasons.
    pub const fn parcel(&self) -> Result<ParcelId, Reason> {
        self.found
    }

    /// Where the label of an unknown parcel says that it goes. It grants nothing: such a parcel goes to hold, to the
    /// hold outlet that the plan has for that destination if it has one. `None` for a parcel that is known, and
    /// when no code tells a destination or two tell different ones.
    pub const fn self_route(&self) -> Option<SelfRoute> {
        match (self.found, self.told) {
            (Err(Reason::UnknownParcel), Told::One(route)) => Some(route),
            _ => None,
        }
    }

    /// Whether another item held the parcel when this one was decided. The item then stays a duplicate for
    /// the rest of its pass, also when the other has ended by then: nobody knows which label is the true one.
    pub const fn is_duplicate(&self) -> bool {
        self.duplicate
    }

    /// An item that is known by the parcel that it holds.
    pub(super) const fn of(parcel: ParcelId, hint: Hint) -> Self {
        Self { found: Ok(parcel), hint, ..Self::NO_READ }
    }

    /// Where the ledger has the parcel, or the reason why none is known.
    pub(super) fn entry(&self, ledger: &Ledger) -> Result<Entry, Reason> {
        ledger.entry_by(self.found?, self.hint).ok_or(Reason::UnknownParcel)
    }

    /// What an earlier host had found out: the parcel, or why none was known. Codes that nobody had announced are not
    /// among it.
    pub(crate) fn recovered(found: Result<ParcelId, Reason>, duplicate: bool) -> Self {
        Self { found, duplicate, ..Self::NO_READ }
    }

    /// The identity of an item that turned out to carry the label of another.
    pub(super) const fn as_duplicate(self) -> Self {
        Self { duplicate: true, ..self }
    }

    /// What is known with the codes of a further scan.
    pub(super) fn with_reads(self, reads: &Reads, ledger: &Ledger) -> Self {
        if reads.too_many {
            return Self { found: Err(Reason::ConflictingReads), ..Self::NO_READ };
        }
        let mut next = self;
        for (read, hash) in &reads.codes {
            next.add(*read, ledger.find_entry(read.key, *hash));
        }
        if reads.bad_check_digit && next.found == Err(Reason::NoRead) {
            next.found = Err(Reason::BadCheckDigit);
        }
        next.checked()
    }

    /// The identity with what the labels of an unknown parcel tell about its destination. Labels that tell a postcode
    /// alone mean one of `home`.
    pub(super) fn with_routes(self, codes: &[&[u8]], book: &CodeBook, home: Option<Country>) -> Self {
        if self.found != Err(Reason::UnknownParcel) {
            return self;
        }
        let routes = codes.iter().filter_map(|code| book.self_route(code, home));
        Self { told: routes.fold(self.told, Told::and), ..self }
    }

    /// The identity once more, for an item that was unknown: late data may have come.
    pub(super) fn looked_up_again(self, ledger: &Ledger) -> Self {
        // An item of an earlier host has no codes left to look for.
        if self.found != Err(Reason::UnknownParcel) || self.unknown[0].is_none() {
            return self;
        }
        let mut next = Self { told: self.told, ..Self::NO_READ };
        for read in self.unknown.iter().flatten() {
            next.add(*read, ledger.find_entry(read.key, ledger.hash(read.key)));
        }
        next.checked()
    }

    /// Takes in one code that was read well, with what the ledger has for it.
    fn add(&mut self, read: Parsed, entry: Option<Entry>) {
        match (entry, self.found) {
            (_, Err(Reason::ConflictingReads)) => {}
            (Some(entry), Ok(other)) if entry.parcel() != other => self.found = Err(Reason::ConflictingReads),
            (Some(entry), _) => {
                self.found = Ok(entry.parcel());
                self.hint = entry.hint();
                self.kinds = self.kinds.with(read.symbology);
            }
            (None, found) => {
                self.found = found.or(Err(Reason::UnknownParcel));
                match self.unknown.iter_mut().find(|kept| kept.is_none_or(|kept| kept.key == read.key)) {
                    Some(kept) => *kept = Some(read),
                    None => self.found = Err(Reason::ConflictingReads),
                }
            }
        }
    }

    /// The identity, or a conflict when an unknown code is of a kind that has named the parcel already.
    fn checked(self) -> Self {
        let second_label = |read: &Parsed| self.kinds.has(read.symbology);
        if self.found == Err(Reason::ConflictingReads) || self.unknown.iter().flatten().any(second_label) {
            return Self { found: Err(Reason::ConflictingReads), ..Self::NO_READ };
        }
        self
    }
}

/// The codes of one scan, parsed: what can be known of them before anybody looks into the ledger.
///
/// Codes of no active symbology are left out, as foreign labels are common.
#[derive(Clone, Debug)]
pub(super) struct Reads {
    /// Those that were read well, with their hashes. Never more than fit without an allocation.
    codes: SmallVec<[(Parsed, CodeHash); MAX_CODES]>,
    bad_check_digit: bool,
    too_many: bool,
}

impl Reads {
    pub(super) fn of(codes: &[&[u8]], book: &CodeBook, ledger: &Ledger) -> Self {
        let too_many = codes.len() > MAX_CODES;
        let mut reads = Self { codes: SmallVec::new(), bad_check_digit: false, too_many };
        for code in codes.iter().filter(|_| !too_many) {
            match book.parse(code) {
                Ok(read) => reads.codes.push((read, ledger.hash(read.key))),
                Err(CodeError::BadCheckDigit { .. }) => reads.bad_check_digit = true,
                Err(_) => {}
            }
        }
        reads
    }

    /// Asks for the memory in which the ledger has these codes.
    pub(super) fn prefetch(&self, ledger: &Ledger) {
        self.codes.iter().for_each(|(_, hash)| ledger.prefetch(*hash));
    }
}

/// A set of symbologies, one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kinds(u128);

impl Kinds {
    const fn with(self, symbology: Symbology) -> Self {
        Self(self.0 | Self::bit(symbology))
    }

    const fn has(self, symbology: Symbology) -> bool {
        self.0 & Self::bit(symbology) != 0
    }

    const fn bit(symbology: Symbology) -> u128 {
        let place = match symbology {
            Symbology::S10 => 0,
            Symbology::Sscc18 => 1,
            Symbology::Dpd => 2,
            Symbology::Sgtin => 3,
            Symbology::Pattern(index) => 4 + index as u32,
        };
        // A book has no pattern beyond the last bit; the assertion below holds it to that.
        1 << if place < u128::BITS { place } else { u128::BITS - 1 }
    }
}

const _: () = assert!(4 + CodeBook::MAX_PATTERNS <= u128::BITS as usize);
