//! The customs desk of a hub: which ruling of a parcel is in force.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::history::History;
use super::{Clearance, NoticeRefusal, Recalls, Ruling};
use crate::barcode::CodeKey;
use crate::ids::ParcelId;
use crate::units::Micros;

/// How much a [`CustomsDesk`] holds. Nothing grows over its limit; what does not fit is refused or counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskLimits {
    /// Parcels, those announced late included: as many as the ledger. 4 bytes each, and 16 for the newest
    /// ruling about each parcel that has one.
    pub parcels: usize,
    /// Codes that nobody announced yet and for which a ruling is kept. About 50 bytes each.
    pub kept: usize,
    /// Rulings that a newer one has replaced, kept for the stories of parcels. 16 bytes each.
    pub history: usize,
    /// Recalls that are listed. About 80 bytes each.
    pub recalls: usize,
}

/// What became of a ruling that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// This is in force now and has to be written to the state of the parcel. It may be stricter than what was
    /// handed in: see [`Ruling::merged`].
    Applied(Ruling),
    /// It is kept for the code, which nobody announced yet.
    Kept,
    /// The same is in force already.
    Repeat,
    /// Another ruling of the same time is in force, which is stricter.
    Outweighed,
}

/// What a [`CustomsDesk`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeskCounts {
    /// Rulings that came into force for a parcel.
    pub applied: u64,
    /// Rulings that were kept for a code, newer ones for the same code included.
    pub kept: u64,
    /// Kept rulings that were taken when their parcel was announced. A parcel whose codes have one each counts
    /// all of them.
    pub taken: u64,
    /// Kept rulings that were forgotten because nobody announced their code.
    pub forgotten: u64,
    /// Rulings that said again what was in force.
    pub repeated: u64,
    /// Rulings of the same time as one that is stricter.
    pub outweighed: u64,
    /// Rulings that were refused because a newer one is in force.
    pub older: u64,
    /// Rulings that were refused for want of room.
    pub full: u64,
}

/// Which ruling of customs is in force for each parcel of a hub, what was in force before, what is kept for
/// codes that nobody announced yet, and which parcels customs wants back.
///
/// In force is the ruling with the newest message time, whenever it came. Revocation is a ruling like any
/// other: a later message may hold what an earlier one released. An older message is refused. Two messages of
/// the same time contradict each other; the stricter one is in force, so that a doubt never lets a parcel out.
///
/// The desk is for one thread. Whoever shares it has to look up a code in the ledger and hand its ruling in
/// without letting go of the desk, or a code that is announced meanwhile keeps its ruling for ever.
///
/// ```
/// use sorter_core::barcode::CodeKey;
/// use sorter_core::clearance::{Accepted, Clearance, CustomsDesk, DeskLimits, NoticeRefusal, Ruling};
/// use sorter_core::ids::ParcelId;
/// use sorter_core::units::Micros;
///
/// let limits = DeskLimits { parcels: 10, kept: 10, history: 10, recalls: 10 };
/// let mut desk = CustomsDesk::new(limits, 1);
/// let ruling = |at, status| Ruling { at: Micros::new(at), status, onward: None };
///
/// // Customs is faster than the announcement.
/// let code = CodeKey::pack(b"LP263072004SG").unwrap();
/// assert_eq!(desk.keep(code, ruling(5, Clearance::Released)), Ok(Accepted::Kept));
/// let parcel = ParcelId::new(0);
/// assert_eq!(desk.announced(parcel, &[code]), Some(ruling(5, Clearance::Released)));
///
/// // A revocation, and a message that was overtaken by it.
/// let hold = ruling(7, Clearance::HoldInspect);
/// assert_eq!(desk.accept(parcel, hold), Ok(Accepted::Applied(hold)));
/// assert_eq!(
///     desk.accept(parcel, ruling(6, Clearance::Released)),
///     Err(NoticeRefusal::Older { at: Micros::new(6), present: Micros::new(7) })
/// );
/// assert_eq!(desk.history(parcel).map(|it| it.status).collect::<Vec<_>>(), [
///     Clearance::Released,
///     Clearance::HoldInspect,
/// ]);
/// ```
#[derive(Debug)]
pub struct CustomsDesk {
    history: History,
    kept: HashMap<CodeKey, Ruling, FixedState>,
    kept_limit: usize,
    recalls: Recalls,
    counts: DeskCounts,
}

impl CustomsDesk {
    /// An empty desk. The seed keys the hash of the codes, so that nobody can send codes that all collide.
    pub fn new(limits: DeskLimits, seed: u64) -> Self {
        Self {
            history: History::new(limits.parcels, limits.history),
            kept: HashMap::with_hasher(FixedState::with_seed(seed)),
            kept_limit: limits.kept,
            recalls: Recalls::new(limits.recalls),
            counts: DeskCounts::default(),
        }
    }

    /// Hands in a ruling about an announced parcel.
    ///
    /// # Errors
    /// [`NoticeRefusal::Older`] when a newer one is in force; [`NoticeRefusal::Full`] for a parcel beyond the
    /// limit. Both are counted and change nothing.
    pub fn accept(&mut self, parcel: ParcelId, ruling: Ruling) -> Result<Accepted, NoticeRefusal> {
        if parcel.index() >= self.history.parcels() {
            self.counts.full += 1;
            return Err(NoticeRefusal::Full { what: "parcels", limit: self.history.parcels() });
        }
        let present = self.history.newest(parcel);
        let accepted = self.judge(present, ruling)?;
        if let Accepted::Applied(merged) = accepted {
            self.counts.applied += 1;
            self.history.push(parcel, merged);
        }
        Ok(accepted)
    }

    /// Keeps a ruling for a code that nobody announced yet. Of several the newest is kept.
    ///
    /// # Errors
    /// [`NoticeRefusal::Older`] when a newer one is kept; [`NoticeRefusal::Full`] when there is no room for
    /// another code. Both are counted and change nothing.
    pub fn keep(&mut self, code: CodeKey, ruling: Ruling) -> Result<Accepted, NoticeRefusal> {
        let present = self.kept.get(&code).copied();
        if present.is_none() && self.kept.len() >= self.kept_limit {
            self.counts.full += 1;
            return Err(NoticeRefusal::Full { what: "codes without parcel", limit: self.kept_limit });
        }
        match self.judge(present, ruling)? {
            Accepted::Applied(merged) => {
                self.counts.kept += 1;
                self.kept.insert(code, merged);
                Ok(Accepted::Kept)
            }
            other => Ok(other),
        }
    }

    /// What the rulings that are kept for any of these codes say together.
    pub fn kept_for(&self, codes: &[CodeKey]) -> Option<Ruling> {
        codes.iter().filter_map(|code| self.kept.get(code).copied()).reduce(Ruling::merged)
    }

    /// Takes the rulings that are kept for any of these codes, and gives back what they say together.
    pub fn take_kept(&mut self, codes: &[CodeKey]) -> Option<Ruling> {
        let mut all: Option<Ruling> = None;
        for code in codes {
            if let Some(ruling) = self.kept.remove(code) {
                self.counts.taken += 1;
                all = Some(all.map_or(ruling, |others| others.merged(ruling)));
            }
        }
        all
    }

    /// Takes what is kept for the codes of a parcel that was just announced, and hands it in for the parcel.
    ///
    /// Gives back the ruling to write to the state of the parcel, in place of the status of its announcement;
    /// `None` when nothing is kept, or nothing that is newer than what is in force.
    pub fn announced(&mut self, parcel: ParcelId, codes: &[CodeKey]) -> Option<Ruling> {
        let kept = self.take_kept(codes)?;
        match self.accept(parcel, kept) {
            Ok(Accepted::Applied(ruling)) => Some(ruling),
            _ => None,
        }
    }

    /// Forgets kept rulings of a message time before `before`, and tells how many. Codes that are never
    /// announced would use up the room for others.
    pub fn forget_kept(&mut self, before: Micros) -> usize {
        let present = self.kept.len();
        self.kept.retain(|_, ruling| ruling.at >= before);
        let forgotten = present - self.kept.len();
        self.counts.forgotten += forgotten as u64;
        forgotten
    }

    /// Every ruling that is kept for a code, in no order.
    pub(crate) fn all_kept(&self) -> impl Iterator<Item = (CodeKey, Ruling)> + '_ {
        self.kept.iter().map(|(code, ruling)| (*code, *ruling))
    }

    /// Takes over the ruling about a parcel that was in force under another host. Nothing is counted.
    pub(crate) fn restore(&mut self, parcel: ParcelId, ruling: Ruling) {
        self.history.push(parcel, ruling);
    }

    /// Takes over a ruling that another host kept for a code. Nothing is counted.
    pub(crate) fn restore_kept(&mut self, code: CodeKey, ruling: Ruling) {
        self.kept.insert(code, ruling);
    }

    /// The ruling in force for a parcel; `None` when customs has said nothing since the announcement.
    pub fn in_force(&self, parcel: ParcelId) -> Option<Ruling> {
        self.history.newest(parcel)
    }

    /// The status in force for a parcel, if customs has said anything since the announcement.
    pub fn status(&self, parcel: ParcelId) -> Option<Clearance> {
        self.in_force(parcel).map(|ruling| ruling.status)
    }

    /// What has been in force for a parcel, the oldest first. The last one is in force. Rulings before it may
    /// be missing when [`CustomsDesk::dropped`] is not 0.
    pub fn history(&self, parcel: ParcelId) -> impl Iterator<Item = Ruling> + use<> {
        let mut rulings: smallvec::SmallVec<[Ruling; 8]> = self.history.newest_first(parcel).collect();
        rulings.reverse();
        rulings.into_iter()
    }

    /// How many rulings were left out of the history for want of room.
    pub const fn dropped(&self) -> u64 {
        self.history.dropped()
    }

    /// For how many codes a ruling is kept now.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// What was counted.
    pub const fn counts(&self) -> DeskCounts {
        self.counts
    }

    /// The parcels that customs wants back.
    pub const fn recalls(&self) -> &Recalls {
        &self.recalls
    }

    /// The parcels that customs wants back, to raise and withdraw recalls.
    pub const fn recalls_mut(&mut self) -> &mut Recalls {
        &mut self.recalls
    }

    /// What a ruling does to the present one, and counts it unless it is applied.
    fn judge(&mut self, present: Option<Ruling>, ruling: Ruling) -> Result<Accepted, NoticeRefusal> {
        let Some(present) = present else { return Ok(Accepted::Applied(ruling)) };
        if ruling.at < present.at {
            self.counts.older += 1;
            return Err(NoticeRefusal::Older { at: ruling.at, present: present.at });
        }
        let merged = present.merged(ruling);
        Ok(if merged != present {
            Accepted::Applied(merged)
        } else if ruling == present {
            self.counts.repeated += 1;
            Accepted::Repeat
        } else {
            self.counts.outweighed += 1;
            Accepted::Outweighed
        })
    }
}

#[cfg(test)]
mod tests;
