//! One record of the journal in its stored form, and what each kind says.
//!
//! # What each kind says
//! Whatever the kind: with [`Record::word`] the parcel has this word from now on. A record that names a parcel and
//! changes no word has neither `before` nor `word`. `cause` is the event of the PLC, or [`Cause::NONE`]; of what a chute
//! event leads to only the last record, `chute_changed`, has it. `weight` is
//! what the scale said of the item so far, or zero, except where the table says otherwise. *None* in a number is all
//! ones of its width. *Claim* means that an item holds its parcel.
//!
//! Records of workers, by their sorter:
//!
//! | kind | fields | what is so from then on |
//! | --- | --- | --- |
//! | `began` | `plan`, `extra` = number of chutes | a worker began: its chutes serve that plan; it has decided nothing |
//! | `entered` | `item`, flags, `extra` = encoder count at the induction | the item is on the belt. With `INDUCTED` the balance counts it as inducted, with `FOUND` as found, without both as unexpected |
//! | `decided` | `item`, `parcel`, `chute`, `reason`, `plan`, flags, `extra` = number of the reason for which the codes name no parcel, plus 1, or 0 | decisions + 1; the item goes to `chute`. `CLAIMS`: it holds `parcel`, by the owner in `word`; without a word as before. Without `CLAIMS` it holds none, and a word is that of the parcel of another item, which it contested. `DUPLICATE`: another item has its label. Another chute than before is not committed. A parcel that was held leaves the hold book of this sorter; one that was unknown is no longer |
//! | `committed` | `item`, `parcel`, `chute` | commits + 1; the order of the item is final |
//! | `order_ended` | `item`, `parcel`, `chute` = where it would have gone | the item goes on, not committed. If that chute is the one that it was decided for, it has none |
//! | `discharged` | `item`, `parcel`, `chute`, `reason`, `container`, `weight` = of the manifest | the item is off the belt: balance, reasons + 1, fill of the chute + 1. With a container it is the next entry of what lies at the chute, and if the container was opened, it is no longer empty and takes the step `Fill`. With a word `container`, or none, is where the parcel is; a word that is held puts it into the hold book at `at` for `reason` (a stay that it had there is over) |
//! | `left`, `lost`, `forgotten` | `item`, `parcel`, `reason` | the item is off the belt: balance, reasons + 1. A forgotten parcel with a word is unknown since `at` |
//! | `recalled` | `parcel`, `container` | only its word; the list is the hub's |
//! | `chute_changed` | `chute`, the four report flags, `extra` = fill after it | report and fill are so |
//! | `plan_seen` | `plan` | the worker decides by it, and its chutes serve it unless a changeover says otherwise. Changeovers that it begins come before it, those that it takes back after it |
//! | `changeover_begun` | `chute`, `extra` = what it still serves, packed | since `at` it changes over from that |
//! | `changeover_done` | `chute`, `TAKEN_BACK` or nothing | it serves the plan that the worker saw last; changeovers + 1 unless taken back |
//! | `container_opened` | `chute`, `container` | told by the container's note |
//! | `container_sealed` | `chute`, `container`, `extra` = its departure or none | what lay at the chute is its manifest, which nobody has taken yet; the fill of the chute is 0 |
//! | `docked` | `chute`, `container`, `SHUT` or nothing, `extra` = departure or none | that container stands there for its worker, shut or not, bound to that departure |
//! | `manifest_taken` | `container` | its manifest was handed out |
//! | `stepped` | `parcel` | only its word |
//! | `fetched` | `parcel` | it leaves the hold book of this sorter |
//! | `declared_lost` | `parcel` | it is no longer unknown |
//! | `linked` | `extra` = boot number (high half of 32 bits) and session (low half) | so it was last |
//!
//! Records of the hub, with the sorter [`Record::HUB`]:
//!
//! | kind | fields | what is so from then on |
//! | --- | --- | --- |
//! | `ruled` | `parcel`, flags = number of the status, `extra` = time of the message, `weight` = number of the connection or none | the newest ruling about the parcel. If it names a connection or its status is transit, the parcel is booked on that connection, or on none |
//! | `recalled` | `parcel`, `container`, flags = number of the status, `extra` = time of the message, `weight` = departure or none | the open recall of the parcel is this one, in the place of the one that it had, or else at the end of the list |
//! | `withdrawn` | `parcel`, `extra` = time of the message | its open recall is over as of that |
//! | `announced` | `parcel`, `weight` = number of the connection or none | it is announced; its note comes before and tells the same |
//! | `stepped` | `parcel` | only its word |

use serde::{Deserialize, Serialize};

use crate::event_log::LogKind;
use crate::ids::{ChuteId, ContainerId, ItemId, ParcelId, PlanVersion, SorterId};
use crate::reason::Reason;
use crate::state_word::StateWord;
use crate::sync::record_ring::RECORD_WORDS;
use crate::units::{EncoderCount, Grams, Micros};

/// What a record tells. The numbers are stored: they never change their meaning. Those up to 15 are those of
/// [`LogKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RecordKind {
    /// An item was decided or decided again: the order that follows from it.
    Decided = 1,
    /// Its decision passed the point of no return.
    Committed = 2,
    /// It is in a chute.
    Discharged = 3,
    /// It left at the end.
    Left = 4,
    /// Tracking lost it.
    Lost = 5,
    /// Its order ended and the item is still on the belt.
    OrderEnded = 6,
    /// An item entered or turned up.
    Entered = 7,
    /// A chute changed its state.
    ChuteChanged = 8,
    /// The worker took over another plan.
    PlanSeen = 9,
    /// Its end is unknown.
    Forgotten = 10,
    /// The container at a chute takes orders.
    ContainerOpened = 11,
    /// A container was taken from its chute.
    ContainerSealed = 12,
    /// A chute is to change its destination and drains.
    ChangeoverBegun = 13,
    /// A chute serves its new destination, or its old one again.
    ChangeoverDone = 14,
    /// A discharged parcel has to be taken out of its container again.
    Recalled = 15,
    /// The state of a parcel changed by a step that no other kind tells.
    Stepped = 16,
    /// A person took a parcel out of a hold chute.
    Fetched = 17,
    /// A ruling of customs came into force.
    Ruled = 18,
    /// A recall is over.
    Withdrawn = 19,
    /// A parcel was announced while the engine ran; its note comes right before.
    Announced = 20,
    /// A session with the PLC opened: `extra` is its boot number (high half of 32 bits) and session (low half).
    Linked = 21,
    /// The manifest of a container was handed out.
    ManifestTaken = 22,
    /// A parcel that was unknown since a restart did not turn up and is declared lost.
    DeclaredLost = 23,
    /// What stands at a chute, as its worker has it.
    Docked = 24,
    /// A worker began.
    Began = 25,
}

impl RecordKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 25] = [
        Self::Decided,
        Self::Committed,
        Self::Discharged,
        Self::Left,
        Self::Lost,
        Self::OrderEnded,
        Self::Entered,
        Self::ChuteChanged,
        Self::PlanSeen,
        Self::Forgotten,
        Self::ContainerOpened,
        Self::ContainerSealed,
        Self::ChangeoverBegun,
        Self::ChangeoverDone,
        Self::Recalled,
        Self::Stepped,
        Self::Fetched,
        Self::Ruled,
        Self::Withdrawn,
        Self::Announced,
        Self::Linked,
        Self::ManifestTaken,
        Self::DeclaredLost,
        Self::Docked,
        Self::Began,
    ];

    /// The kind with this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// The name in the journal's tables: lower case with underscores.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Committed => "committed",
            Self::Discharged => "discharged",
            Self::Left => "left",
            Self::Lost => "lost",
            Self::OrderEnded => "order_ended",
            Self::Entered => "entered",
            Self::ChuteChanged => "chute_changed",
            Self::PlanSeen => "plan_seen",
            Self::Forgotten => "forgotten",
            Self::ContainerOpened => "container_opened",
            Self::ContainerSealed => "container_sealed",
            Self::ChangeoverBegun => "changeover_begun",
            Self::ChangeoverDone => "changeover_done",
            Self::Recalled => "recalled",
            Self::Stepped => "stepped",
            Self::Fetched => "fetched",
            Self::Ruled => "ruled",
            Self::Withdrawn => "withdrawn",
            Self::Announced => "announced",
            Self::Linked => "linked",
            Self::ManifestTaken => "manifest_taken",
            Self::DeclaredLost => "declared_lost",
            Self::Docked => "docked",
            Self::Began => "began",
        }
    }
}

impl From<LogKind> for RecordKind {
    fn from(kind: LogKind) -> Self {
        Self::ALL[kind as usize - 1]
    }
}

/// The event of a PLC that caused a record, in all its words but the sequence number and the item, which the record
/// has itself. By this an event that comes again after a crash of the host is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// Type in the high byte, detail in the low one; 0 where no event caused the record.
    pub kind: u16,
    /// The argument.
    pub arg: u16,
    /// The encoder count at the edge.
    pub encoder: EncoderCount,
}

impl Cause {
    /// No event: a decision, a person, customs.
    pub const NONE: Self = Self { kind: 0, arg: 0, encoder: EncoderCount::new(0) };

    const fn to_bits(self) -> u64 {
        (self.kind as u64) << 48 | (self.arg as u64) << 32 | self.encoder.get() as u64
    }

    const fn from_bits(bits: u64) -> Self {
        Self { kind: (bits >> 48) as u16, arg: (bits >> 32) as u16, encoder: EncoderCount::new(bits as u32) }
    }
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Micros,
    /// What.
    pub kind: RecordKind,
    /// The reason of the decision, where there is one.
    pub reason: Reason,
    /// The sorter; [`Record::HUB`] for what belongs to none.
    pub sorter: SorterId,
    /// What the kind says besides; see [`Record`]'s flags.
    pub flags: u8,
    /// The item, or none.
    pub item: ItemId,
    /// The chute, where there is one.
    pub chute: Option<ChuteId>,
    /// The parcel, where it is known.
    pub parcel: Option<ParcelId>,
    /// The container, where there is one.
    pub container: Option<ContainerId>,
    /// The plan version.
    pub plan: PlanVersion,
    /// What the scale said, or zero.
    pub weight: Grams,
    /// The state word of the parcel before the step that the record tells; `None` where its state did not change.
    pub before: Option<StateWord>,
    /// The state word after the step.
    pub word: Option<StateWord>,
    /// The event of the PLC that caused it.
    pub cause: Cause,
    /// What the kind says besides.
    pub extra: u64,
}

impl Record {
    /// The sorter of records that belong to the hub.
    pub const HUB: SorterId = SorterId::new(u8::MAX);

    /// Entered: through an induction.
    pub const INDUCTED: u8 = 1;
    /// Entered: found on the belt when PLC and host compared it.
    pub const FOUND: u8 = 2;
    /// Decided: the item holds the parcel (its claim), by the pass in the word.
    pub const CLAIMS: u8 = 4;
    /// Decided: another item carries the same label.
    pub const DUPLICATE: u8 = 8;
    /// Docked: the container gets no more orders.
    pub const SHUT: u8 = 1;
    /// ChangeoverDone: the plan took the change back.
    pub const TAKEN_BACK: u8 = 1;
    /// Chute: the PLC says full, half full, not available, container in place.
    pub const FULL: u8 = 16;
    /// See [`Record::FULL`].
    pub const HALF_FULL: u8 = 32;
    /// See [`Record::FULL`].
    pub const NOT_AVAILABLE: u8 = 64;
    /// See [`Record::FULL`].
    pub const CONTAINER: u8 = 128;

    /// A record in which only this is said.
    pub const fn new(at: Micros, kind: RecordKind, sorter: SorterId) -> Self {
        Self {
            at,
            kind,
            reason: Reason::Planned,
            sorter,
            flags: 0,
            item: ItemId::NONE,
            chute: None,
            parcel: None,
            container: None,
            plan: PlanVersion::new(0),
            weight: Grams::ZERO,
            before: None,
            word: None,
            cause: Cause::NONE,
            extra: 0,
        }
    }

    /// Kind, reason, sorter, flags, item and chute in one number, the lowest byte first: the column `what`.
    pub fn what(&self) -> u64 {
        let chute = self.chute.map_or(u16::MAX, ChuteId::get);
        self.kind as u64
            | (self.reason as u64) << 8
            | u64::from(self.sorter.get()) << 16
            | u64::from(self.flags) << 24
            | u64::from(self.item.get()) << 32
            | u64::from(chute) << 48
    }

    /// The stored form.
    pub fn to_words(&self) -> [u64; RECORD_WORDS] {
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        [
            self.at.get(),
            pair(
                self.parcel.map_or(u32::MAX, ParcelId::get),
                self.container.map_or(u32::MAX, ContainerId::get),
            ),
            self.what(),
            pair(self.plan.get(), self.weight.get()),
            self.before.map_or(0, StateWord::to_bits),
            self.word.map_or(0, StateWord::to_bits),
            self.cause.to_bits(),
            self.extra,
        ]
    }

    /// A record from its stored form, or `None` when a field holds a number that no version wrote.
    pub fn from_words(words: &[u64; RECORD_WORDS]) -> Option<Self> {
        let [at, ids, what, sizes, before, word, cause, extra] = *words;
        let some = |number: u32| (number != u32::MAX).then_some(number);
        let chute = (what >> 48) as u16;
        let state = |bits| if bits == 0 { Some(None) } else { StateWord::from_bits(bits).map(Some) };
        Some(Self {
            at: Micros::new(at),
            kind: RecordKind::from_code(what as u8)?,
            reason: Reason::from_code((what >> 8) as u8)?,
            sorter: SorterId::new((what >> 16) as u8),
            flags: (what >> 24) as u8,
            item: ItemId::new((what >> 32) as u16),
            chute: (chute != u16::MAX).then_some(ChuteId::new(chute)),
            parcel: some(ids as u32).map(ParcelId::new),
            container: some((ids >> 32) as u32).map(ContainerId::new),
            plan: PlanVersion::new(sizes as u32),
            weight: Grams::new((sizes >> 32) as u32),
            before: state(before)?,
            word: state(word)?,
            cause: Cause::from_bits(cause),
            extra,
        })
    }
}
