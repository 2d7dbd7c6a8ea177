//! The state that the records of a journal tell.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Cause, KeptNote, Note, RecordSeq, ScannedNote};
use crate::balance::Balance;
use crate::clearance::Recalls;
use crate::container::{ContainerRecord, ManifestEntry};
use crate::engine::{Assigned, Claim, Identity};
use crate::hold::HoldBook;
use crate::ids::{
    ChuteId, ConnectionId, ContainerId, DepartureId, HubId, ItemId, ParcelId, PlanVersion, SorterId,
};
use crate::ledger::Hint;
use crate::reason::Reason;
use crate::state_word::StateWord;
use crate::units::{EncoderCount, Grams, Micros};

mod apply;

/// What is known of one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParcelImage {
    /// Its state word as stored; 0 for a place that is not announced.
    pub word: u64,
    /// The last record about it.
    pub last: RecordSeq,
    /// The container that it was put into last, as [`ContainerId`] or all ones.
    pub container: u32,
    /// The connection that it is booked on, as a number or all ones.
    pub onward: u32,
    /// When customs wrote the newest ruling about it, or all ones where there is none.
    pub ruled_at: u64,
    /// The connection that the ruling names, as a number or all ones.
    pub ruled_onward: u16,
    /// The number of the status that the ruling gives it.
    pub ruled: u8,
}

impl ParcelImage {
    /// A parcel of which nothing is known.
    pub const NOTHING: Self = Self {
        word: 0,
        last: RecordSeq::NONE,
        container: u32::MAX,
        onward: u32::MAX,
        ruled_at: u64::MAX,
        ruled_onward: u16::MAX,
        ruled: 0,
    };

    /// The newest ruling of customs about it.
    pub fn ruling(&self) -> Option<RulingImage> {
        (self.ruled_at != u64::MAX).then(|| RulingImage {
            at: Micros::new(self.ruled_at),
            status: self.ruled,
            onward: (self.ruled_onward != u16::MAX).then_some(ConnectionId::new(self.ruled_onward)),
        })
    }
}

/// The newest ruling of customs about a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulingImage {
    /// When customs wrote it.
    pub at: Micros,
    /// The number of the status.
    pub status: u8,
    /// The connection that it names.
    pub onward: Option<ConnectionId>,
}

/// An item on a belt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemImage {
    /// Its number.
    pub item: ItemId,
    /// The encoder count at its induction.
    pub inducted_at: EncoderCount,
    /// Whether it came through an induction.
    pub inducted: bool,
    /// Whether it was decided.
    pub decided: bool,
    /// The parcel that its codes named, or that it holds although they are in doubt.
    pub parcel: Option<ParcelId>,
    /// The state word after the last decision that gave it its claim; `None` when it holds no parcel.
    pub claim: Option<StateWord>,
    /// For which reason its codes name no parcel, once it was decided.
    pub doubt: Option<Reason>,
    /// Whether its label is live on another item.
    pub duplicate: bool,
    /// Where it was decided to go.
    pub chute: Option<ChuteId>,
    /// Why.
    pub reason: Reason,
    /// Whether its order is past its point of no return.
    pub committed: bool,
    /// What the scale said, or zero.
    pub weight: Grams,
    /// Decisions in this pass.
    pub decisions: u8,
}

/// What a chute serves while it changes over from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServingImage {
    /// The assignment, role, bond, kind and lane, as the engine packs them.
    pub packed: u64,
    /// Since when it drains.
    pub since: Micros,
}

/// One chute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChuteImage {
    /// Parcels known to be in it.
    pub fill: u16,
    /// What the PLC said last, as the flags of a record.
    pub report: u8,
    /// Whether the PLC said anything.
    pub reported: bool,
    /// What lies in the container that stands there, in its order. Empty where the hub keeps no books.
    pub content: Vec<ManifestEntry>,
    /// The container that stands there, as its worker has it.
    pub standing: Option<ContainerId>,
    /// Whether that container gets no more orders: closed, or being taken away.
    pub shut: bool,
    /// The departure that the container is bound to, as its worker has it.
    pub departure: Option<DepartureId>,
    /// What it still serves, while it changes over.
    pub serving: Option<ServingImage>,
}

/// A container that was sealed and whose manifest nobody has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedImage {
    /// The container.
    pub container: ContainerId,
    /// When it was sealed.
    pub at: Micros,
    /// What it was to leave with then.
    pub departure: Option<DepartureId>,
    /// What lies in it.
    pub content: Vec<ManifestEntry>,
}

/// One sorter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SorterImage {
    /// What entered and left.
    pub balance: Balance,
    /// Its chutes.
    pub chutes: Vec<ChuteImage>,
    /// The items on its belt.
    pub items: BTreeMap<ItemId, ItemImage>,
    /// What the tunnel has told about items whose codes may still come to something: they are on the belt, or were not
    /// heard of at the induction yet.
    pub half_read: BTreeMap<ItemId, ScannedNote>,
    /// The parcels in its hold chutes, and how long others were there.
    pub held: HoldBook,
    /// Sealed containers whose manifests nobody has taken.
    pub sealed: Vec<SealedImage>,
    /// The plan that its worker decided by last; 0 when it has decided nothing.
    pub plan_seen: PlanVersion,
    /// The plan that its chutes serve, but for those that change over.
    pub serves: PlanVersion,
    /// The boot number and session of the last session with its PLC, as [`super::RecordKind::Linked`] has them.
    pub linked: Option<u32>,
    /// The last events that were taken, the oldest first, each with its item: those that may come again. At most
    /// [`SorterImage::RECENT`].
    pub recent: VecDeque<(ItemId, Cause)>,
    /// Parcels that are unknown since a restart, with the time.
    pub unknown: BTreeMap<ParcelId, Micros>,
    /// Ended passes by the number of the reason of their last decision.
    pub reasons: Vec<u64>,
    /// Decisions.
    pub decisions: u64,
    /// Decisions that passed the point of no return.
    pub commits: u64,
    /// Chutes that changed their destination.
    pub changeovers: u64,
}

/// The state of a hub that the records of its journal tell, up to one of them.
///
/// Its stored form is [`Image::to_bytes`]; that of `serde` leaves the parcels out.
///
/// ```
/// use sorter_core::ids::{ItemId, SorterId};
/// use sorter_core::journal::{Body, Entry, Image, Record, RecordKind, RecordSeq};
/// use sorter_core::units::Micros;
///
/// let (sorter, item) = (SorterId::new(2), ItemId::new(7));
/// let entered = Record::new(Micros::from_secs(1), RecordKind::Entered, sorter);
/// let entered = Record { item, flags: Record::INDUCTED, ..entered };
///
/// let mut image = Image::default();
/// let (seq, prev) = (RecordSeq::new(1), RecordSeq::NONE);
/// image.apply(&Entry { seq, prev, body: Body::Record(entered) });
/// assert_eq!(image.sorters[&sorter].balance.on_belt(), Some(1));
/// assert!(image.sorters[&sorter].items.contains_key(&item));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The hub.
    pub hub: HubId,
    /// The last record that is in it.
    pub seq: RecordSeq,
    /// The latest time that a record has.
    pub at: Micros,
    /// Hosts that wrote so far.
    pub boots: u32,
    /// The number of parcels that were announced before the journal began, and a hash of their codes: an engine that
    /// is to go on has to have the same.
    pub announced: (u64, u64),
    /// Every parcel, by number.
    #[serde(skip)]
    pub parcels: Vec<ParcelImage>,
    /// The sorters by number.
    pub sorters: BTreeMap<SorterId, SorterImage>,
    /// Every container, by number.
    pub containers: BTreeMap<ContainerId, ContainerRecord>,
    /// Departures that left.
    pub departed: BTreeMap<DepartureId, Micros>,
    /// Rulings that are kept for codes, by code.
    pub kept: BTreeMap<String, KeptNote>,
    /// Recalls, in their order.
    pub recalls: Recalls,
    /// What is done again at recovery: announcements, plans, departures, in their order.
    #[serde(with = "super::note::as_json")]
    pub again: Vec<Note>,
}

impl Image {
    /// What is known of a parcel; [`ParcelImage::NOTHING`] where it never occurred.
    pub fn parcel(&self, parcel: ParcelId) -> &ParcelImage {
        self.parcels.get(parcel.index()).unwrap_or(&ParcelImage::NOTHING)
    }

    /// The newest ruling of customs about each parcel that has one, by number.
    pub fn rulings(&self) -> impl Iterator<Item = (ParcelId, RulingImage)> {
        let numbered = (0..).map(ParcelId::new).zip(&self.parcels);
        numbered.filter_map(|(parcel, image)| Some((parcel, image.ruling()?)))
    }

    fn place(&mut self, parcel: ParcelId) -> &mut ParcelImage {
        if self.parcels.len() <= parcel.index() {
            self.parcels.resize(parcel.index() + 1, ParcelImage::NOTHING);
        }
        &mut self.parcels[parcel.index()]
    }
}

impl SorterImage {
    /// Events that are remembered. The PLC shows 15 at a time and no further ones before these are acknowledged, so
    /// at most 15 that were taken can come again; some of them cause several records.
    pub const RECENT: usize = 64;

    fn chute(&mut self, chute: ChuteId) -> &mut ChuteImage {
        if self.chutes.len() <= chute.index() {
            self.chutes.resize_with(chute.index() + 1, ChuteImage::default);
        }
        &mut self.chutes[chute.index()]
    }
}

/// What an earlier host knew of the belt of one sorter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The items on its belt, by number.
    pub items: Vec<ItemImage>,
    /// The last events that were taken: those of them that were not acknowledged come again.
    pub recent: Vec<(ItemId, Cause)>,
    /// Boot number and session of the last session.
    pub linked: Option<(u16, u16)>,
    /// What the tunnel has told about items that are not decided by it, by number; see [`SorterImage::half_read`].
    pub half_read: Vec<ScannedNote>,
}

impl ItemImage {
    /// What its codes said, once it was decided. Codes that nobody had announced are not known any more.
    pub fn identity(&self) -> Option<Identity> {
        let found = match self.doubt {
            Some(doubt) => Err(doubt),
            None => self.parcel.ok_or(Reason::NoRead),
        };
        self.decided.then(|| Identity::recovered(found, self.duplicate))
    }

    /// What it holds from its last decision.
    pub fn assigned(&self) -> Assigned {
        let claim =
            |word: StateWord| Some(Claim { parcel: self.parcel?, owner: word.owner(), hint: Hint::NONE });
        Assigned { claim: self.claim.and_then(claim), chute: self.chute, reason: self.reason }
    }
}
