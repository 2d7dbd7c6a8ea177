//! The 64-bit state word: the whole truth about the fate of one parcel, and the table of legal transitions.
//!
//! ```text
//! bit  63    62 61  59 58   55 54     46 45            27 26 25 24    23 22  19 18    14 13    8 7       4 3    0
//!     | change | lap  | plan  | chute   | destination    | class| service| pass | sorter | reason | clear. | life |
//!       2        3      4       9         19               2      2        4      5        6        4        4
//! ```
//!
//! Every transition is one compare-and-swap of the word. What [`Life::after`] does not list cannot happen.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clearance::Clearance;
use crate::ids::{ChuteId, DestinationId, PlanVersion, SorterId};
use crate::manifest::Service;
use crate::reason::Reason;

/// Where a parcel is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Life {
    /// No parcel stands here.
    Absent = 0,
    /// Announced, not seen yet.
    Expected = 1,
    /// An item on a belt carries it, and its order can still change.
    Claimed = 2,
    /// As claimed, and a second item with the same label was seen: only the exception chute is left.
    Contested = 3,
    /// Its order can no longer be replaced with certainty.
    Committed = 4,
    /// In an outbound chute.
    Discharged = 5,
    /// In a hold chute.
    Held = 6,
    /// In an exception, no-read or overflow chute.
    Exception = 7,
    /// It left at the end of the belt, or a person took it from its chute, and comes back.
    Recirculating = 8,
    /// On a belt when the PLC or the host forgot it.
    Unknown = 9,
    /// Tracking lost it.
    Lost = 10,
    /// It was discharged and has to be taken out again.
    Recalled = 11,
}

/// A step in the life of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// It is announced.
    Announce,
    /// An item takes it: a new pass begins.
    Claim,
    /// The item that holds it gets another chute.
    Retarget,
    /// Another item with its label was seen.
    Contest,
    /// The point of no return.
    Commit,
    /// Its order ended without a divert; it is still on the belt.
    Reopen,
    /// Into an outbound chute.
    Discharge,
    /// Into a hold chute.
    Hold,
    /// Into an exception, no-read or overflow chute.
    Except,
    /// Off the end of the belt.
    RunOff,
    /// Tracking lost it.
    Lose,
    /// PLC or host restarted with the item on the belt.
    Forget,
    /// It has to come out of its chute again.
    Recall,
    /// A person took it out of its chute to have it inducted again.
    Fetch,
    /// Customs let it leave after all: it may stay in its outbound container.
    Withdraw,
    /// The same for one in the container of an overflow chute.
    WithdrawAside,
}

impl Step {
    /// Every step, in the order of a life.
    pub const ALL: [Self; 16] = [
        Self::Announce,
        Self::Claim,
        Self::Retarget,
        Self::Contest,
        Self::Commit,
        Self::Reopen,
        Self::Discharge,
        Self::Hold,
        Self::Except,
        Self::RunOff,
        Self::Lose,
        Self::Forget,
        Self::Recall,
        Self::Fetch,
        Self::Withdraw,
        Self::WithdrawAside,
    ];
}

impl Life {
    /// Every life, in the order of its number.
    pub const ALL: [Self; 12] = [
        Self::Absent,
        Self::Expected,
        Self::Claimed,
        Self::Contested,
        Self::Committed,
        Self::Discharged,
        Self::Held,
        Self::Exception,
        Self::Recirculating,
        Self::Unknown,
        Self::Lost,
        Self::Recalled,
    ];

    /// The table of legal transitions: the life after `step`, or `None` when the step is not legal here.
    ///
    /// A claimed or contested parcel may reach a chute before it was committed, because what the plant did
    /// is a fact that the ledger has to take. A discharged parcel is never claimed again: a second item
    /// with its label is a duplicate until a person has looked at it. What is recalled was discharged, or is
    /// an exception since it went to an overflow chute.
    ///
    /// ```
    /// use sorter_core::state_word::{Life, Step};
    /// assert_eq!(Life::Expected.after(Step::Claim), Some(Life::Claimed));
    /// assert_eq!(Life::Discharged.after(Step::Claim), None);
    /// ```
    pub const fn after(self, step: Step) -> Option<Self> {
        Some(match (self, step) {
            (Self::Absent, Step::Announce) => Self::Expected,
            (
                Self::Expected
                | Self::Recirculating
                | Self::Lost
                | Self::Unknown
                | Self::Held
                | Self::Exception
                | Self::Recalled,
                Step::Claim,
            )
            | (Self::Claimed, Step::Retarget)
            | (Self::Committed, Step::Reopen) => Self::Claimed,
            (Self::Claimed, Step::Contest) | (Self::Contested, Step::Retarget) => Self::Contested,
            (Self::Claimed | Self::Contested, Step::Commit) => Self::Committed,
            (Self::Claimed | Self::Contested | Self::Committed, Step::Discharge) => Self::Discharged,
            (Self::Claimed | Self::Contested | Self::Committed, Step::Hold) => Self::Held,
            (Self::Claimed | Self::Contested | Self::Committed, Step::Except) => Self::Exception,
            (Self::Claimed | Self::Contested | Self::Committed, Step::RunOff)
            | (Self::Held | Self::Exception | Self::Recalled, Step::Fetch) => Self::Recirculating,
            (
                Self::Claimed | Self::Contested | Self::Committed | Self::Recirculating | Self::Unknown,
                Step::Lose,
            ) => Self::Lost,
            (Self::Claimed | Self::Contested | Self::Committed, Step::Forget) => Self::Unknown,
            (Self::Discharged | Self::Exception, Step::Recall) => Self::Recalled,
            (Self::Recalled, Step::Withdraw) => Self::Discharged,
            (Self::Recalled, Step::WithdrawAside) => Self::Exception,
            _ => return None,
        })
    }

    /// Whether an item on a belt holds the parcel now.
    pub const fn is_live_claim(self) -> bool {
        matches!(self, Self::Claimed | Self::Contested | Self::Committed)
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Expected => "expected",
            Self::Claimed => "on a belt",
            Self::Contested => "on a belt with a duplicate label",
            Self::Committed => "committed to its chute",
            Self::Discharged => "discharged",
            Self::Held => "in a hold chute",
            Self::Exception => "in an exception chute",
            Self::Recirculating => "recirculating",
            Self::Unknown => "unknown after a restart",
            Self::Lost => "lost",
            Self::Recalled => "recalled",
        })
    }
}

/// One field of the word.
struct Field {
    shift: u32,
    bits: u32,
}

impl Field {
    const fn get(self, word: u64) -> u64 {
        word >> self.shift & ((1 << self.bits) - 1)
    }

    const fn set(self, word: u64, value: u64) -> u64 {
        let mask = ((1 << self.bits) - 1) << self.shift;
        word & !mask | (value << self.shift) & mask
    }
}

const LIFE: Field = Field { shift: 0, bits: 4 };
const CLEARANCE: Field = Field { shift: 4, bits: 4 };
const REASON: Field = Field { shift: 8, bits: 6 };
const SORTER: Field = Field { shift: 14, bits: 5 };
const PASS: Field = Field { shift: 19, bits: 4 };
const SERVICE: Field = Field { shift: 23, bits: 2 };
const CLASS: Field = Field { shift: 25, bits: 2 };
const DESTINATION: Field = Field { shift: 27, bits: 19 };
const CHUTE: Field = Field { shift: 46, bits: 9 };
const PLAN: Field = Field { shift: 55, bits: 4 };
const LAP: Field = Field { shift: 59, bits: 3 };
const CHANGE: Field = Field { shift: 62, bits: 2 };

/// The value of the chute field that means no chute.
const NO_CHUTE: u64 = (1 << 9) - 1;

/// The weight class of a parcel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum WeightClass {
    /// Up to 500 g.
    #[default]
    Light = 0,
    /// Up to 2 kg.
    Medium = 1,
    /// Up to 10 kg.
    Heavy = 2,
    /// Above 10 kg.
    Bulky = 3,
}

/// The number of a pass of a parcel over a sorter: 0 before the first, then 1 to 15, then 1 again. Together
/// with the sorter it names a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pass(u8);

impl Pass {
    /// The pass after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(if self.0 == 15 { 1 } else { self.0 + 1 })
    }

    /// The bare number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How often a parcel has run off the end since it last came to rest; stays at [`Laps::HIGHEST`].
///
/// A parcel comes to rest in a chute of any kind. So what comes back from a hold chute begins anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Laps(u8);

impl Laps {
    /// The most laps that are counted, and so the highest lap limit that a plan may have.
    pub const HIGHEST: u8 = 7;

    /// The bare number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// One more.
    const fn next(self) -> Self {
        Self(if self.0 == Self::HIGHEST { Self::HIGHEST } else { self.0 + 1 })
    }
}

/// The 64-bit state word of one parcel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct StateWord(u64);

impl From<StateWord> for u64 {
    fn from(word: StateWord) -> Self {
        word.0
    }
}

impl TryFrom<u64> for StateWord {
    type Error = String;

    fn try_from(bits: u64) -> Result<Self, String> {
        Self::from_bits(bits).ok_or_else(|| format!("{bits:#018x} is no state word"))
    }
}

impl StateWord {
    /// The word of a parcel that was announced.
    pub const fn announced(
        destination: DestinationId,
        clearance: Clearance,
        service: Service,
        class: WeightClass,
    ) -> Self {
        let word = LIFE.set(0, Life::Expected as u64);
        let word = CLEARANCE.set(word, clearance as u64);
        let word = SERVICE.set(word, service as u64);
        let word = CLASS.set(word, class as u64);
        let word = DESTINATION.set(word, destination.get() as u64);
        Self(CHUTE.set(word, NO_CHUTE))
    }

    /// The word as stored.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// A word from its stored form, or `None` when a field holds a number that no version wrote.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let legal = LIFE.get(bits) < Life::ALL.len() as u64
            && CLEARANCE.get(bits) < Clearance::ALL.len() as u64
            && REASON.get(bits) < Reason::COUNT as u64;
        legal.then_some(Self(bits))
    }

    /// Where the parcel is in its life.
    pub const fn life(self) -> Life {
        Life::ALL[LIFE.get(self.0) as usize]
    }

    /// Its customs status.
    pub const fn clearance(self) -> Clearance {
        Clearance::ALL[CLEARANCE.get(self.0) as usize]
    }

    /// The reason of its last decision.
    pub fn reason(self) -> Reason {
        Reason::ALL[REASON.get(self.0) as usize]
    }

    /// The sorter of its last claim.
    pub const fn sorter(self) -> SorterId {
        SorterId::new(SORTER.get(self.0) as u8)
    }

    /// Its pass.
    pub const fn pass(self) -> Pass {
        Pass(PASS.get(self.0) as u8)
    }

    /// Its laps.
    pub const fn laps(self) -> Laps {
        Laps(LAP.get(self.0) as u8)
    }

    /// Its destination.
    pub const fn destination(self) -> DestinationId {
        DestinationId::new(DESTINATION.get(self.0) as u32)
    }

    /// The chute of its last decision, or `None` when it was to run off.
    pub const fn chute(self) -> Option<ChuteId> {
        match CHUTE.get(self.0) {
            NO_CHUTE => None,
            chute => Some(ChuteId::new(chute as u16)),
        }
    }

    /// The low four bits of the plan version of its last decision.
    pub const fn plan_bits(self) -> u8 {
        PLAN.get(self.0) as u8
    }

    /// Who holds the parcel.
    pub const fn owner(self) -> Owner {
        Owner { sorter: self.sorter(), pass: self.pass() }
    }

    /// The word with another customs status.
    #[must_use]
    pub const fn with_clearance(self, clearance: Clearance) -> Self {
        Self(CLEARANCE.set(self.0, clearance as u64)).changed()
    }

    /// The word after a step, or `None` when the step is not legal.
    #[must_use]
    pub const fn after(self, step: Step) -> Option<Self> {
        match self.life().after(step) {
            Some(life) => Some(Self(LIFE.set(self.0, life as u64)).with_laps_after(step).changed()),
            None => None,
        }
    }

    const fn with_laps_after(self, step: Step) -> Self {
        let laps = match step {
            Step::RunOff => self.laps().next(),
            Step::Discharge | Step::Hold | Step::Except => Laps(0),
            _ => return self,
        };
        Self(LAP.set(self.0, laps.0 as u64))
    }

    /// The word with another owner.
    #[must_use]
    pub(crate) const fn with_owner(self, owner: Owner) -> Self {
        let word = SORTER.set(self.0, owner.sorter.get() as u64);
        Self(PASS.set(word, owner.pass.0 as u64))
    }

    /// The word with the outcome of a decision.
    #[must_use]
    pub(crate) const fn with_decision(
        self,
        chute: Option<ChuteId>,
        reason: Reason,
        plan: PlanVersion,
    ) -> Self {
        let chute = match chute {
            Some(chute) => chute.get() as u64,
            None => NO_CHUTE,
        };
        let word = CHUTE.set(self.0, chute);
        let word = REASON.set(word, reason as u64);
        Self(PLAN.set(word, plan.get() as u64 & 0xF))
    }

    /// The word with its change counter one further, so that a stale comparison fails.
    const fn changed(self) -> Self {
        Self(CHANGE.set(self.0, CHANGE.get(self.0) + 1))
    }
}

impl fmt::Debug for StateWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateWord")
            .field("life", &self.life())
            .field("clearance", &self.clearance())
            .field("reason", &self.reason())
            .field("owner", &self.owner())
            .field("laps", &self.laps().get())
            .field("destination", &self.destination())
            .field("chute", &self.chute())
            .field("plan_bits", &self.plan_bits())
            .finish()
    }
}

/// Who holds a parcel: one pass over one sorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The sorter.
    pub sorter: SorterId,
    /// The pass.
    pub pass: Pass,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word() -> StateWord {
        StateWord::announced(
            DestinationId::new(400_000),
            Clearance::Released,
            Service::default(),
            WeightClass::Heavy,
        )
    }

    #[test]
    fn fields_do_not_touch_each_other() {
        let owner = Owner { sorter: SorterId::new(31), pass: Pass(15) };
        let word = word()
            .with_owner(owner)
            .with_decision(Some(ChuteId::new(510)), Reason::DangerousGoods, PlanVersion::new(0xFF))
            .with_clearance(Clearance::NotSubject);
        assert_eq!(word.life(), Life::Expected);
        assert_eq!(word.owner(), owner);
        assert_eq!(word.destination().get(), 400_000);
        assert_eq!(word.chute(), Some(ChuteId::new(510)));
        assert_eq!(word.reason(), Reason::DangerousGoods);
        assert_eq!(word.clearance(), Clearance::NotSubject);
        assert_eq!(word.plan_bits(), 0xF);
        assert_eq!(StateWord::from_bits(word.to_bits()), Some(word));
    }

    #[test]
    fn a_word_with_a_number_out_of_range_is_not_a_word() {
        assert_eq!(StateWord::from_bits(15), None);
        assert_eq!(StateWord::from_bits(LIFE.set(0, 1) | CLEARANCE.set(0, 12)), None);
        assert_eq!(StateWord::from_bits(REASON.set(0, 63)), None);
    }

    #[test]
    fn only_listed_steps_are_legal() {
        let legal = Life::ALL
            .iter()
            .flat_map(|life| Step::ALL.iter().map(move |step| life.after(*step)))
            .filter(Option::is_some)
            .count();
        assert_eq!(legal, 1 + 7 + 1 + 1 + 2 + 2 + 3 + 3 + 3 + 3 + 5 + 3 + 2 + 3 + 1 + 1);
    }

    #[test]
    fn every_life_can_be_reached_and_every_live_claim_can_end() {
        let mut reached = vec![Life::Absent];
        let mut next = 0;
        while next < reached.len() {
            let from = reached[next];
            for life in Step::ALL.iter().filter_map(|step| from.after(*step)) {
                if !reached.contains(&life) {
                    reached.push(life);
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), Life::ALL.len());
        for life in Life::ALL.iter().filter(|life| life.is_live_claim()) {
            for step in [Step::Discharge, Step::Hold, Step::Except, Step::RunOff, Step::Lose, Step::Forget] {
                assert!(life.after(step).is_some_and(|after| !after.is_live_claim()), "{life:?} {step:?}");
            }
        }
    }

    #[test]
    fn a_live_claim_never_has_the_number_of_no_pass() {
        let mut pass = Pass::default();
        for count in 0..100_u8 {
            pass = pass.next();
            assert_eq!(pass.get(), count % 15 + 1);
        }
    }

    #[test]
    fn laps_rise_with_each_run_off_and_begin_anew_where_a_parcel_comes_to_rest() {
        let lap = |word: StateWord| word.after(Step::Claim).unwrap().after(Step::RunOff).unwrap();
        let mut word = word();
        for count in 1..12 {
            word = lap(word);
            assert_eq!(word.laps().get(), count.min(Laps::HIGHEST));
        }
        let rested = word.after(Step::Claim).unwrap().after(Step::Hold).unwrap();
        assert_eq!(rested.laps().get(), 0);
        assert_eq!(lap(rested).laps().get(), 1);
    }

    #[test]
    fn each_step_changes_the_word_even_when_the_life_stays() {
        let claimed = word().after(Step::Claim).unwrap();
        assert_ne!(claimed.after(Step::Retarget), Some(claimed));
    }
}
