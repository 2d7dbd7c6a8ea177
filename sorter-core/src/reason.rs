//! Why a parcel goes where it goes: one exhaustive enum with a text for operators and a retry policy.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The family of a [`Reason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReasonClass {
    /// The parcel goes where the plan sends it.
    Sorted,
    /// Which parcel it is, is not known for certain.
    Identity,
    /// The parcel is known, where it should go is not.
    Data,
    /// Something happened to the thing on the belt.
    Physical,
    /// The place where it should go cannot take it now.
    Capacity,
    /// The law does not let it leave.
    Legal,
}

/// What may be tried next with a parcel that was not sorted for this reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Nothing: the parcel is where it should be.
    Done,
    /// Let it run round again, up to the lap limit of the plan.
    Recirculate,
    /// A person reads the label again or keys it in.
    Rescan,
    /// It waits for new data and is inducted again when they have come.
    Wait,
    /// A person decides.
    Manual,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $class:ident, $retry:ident, $key:literal, $text:literal;)*) => {
        /// Why a decision came out as it did.
        ///
        /// The numbers are stored in state words and event logs: they never change their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Reason {
            $($(#[$doc])* $name = $code,)*
        }

        impl Reason {
            /// Every reason, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The reason with this number.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The family of this reason.
            pub const fn class(self) -> ReasonClass {
                match self {
                    $(Self::$name => ReasonClass::$class,)*
                }
            }

            /// What may be tried next.
            pub const fn retry(self) -> Retry {
                match self {
                    $(Self::$name => Retry::$retry,)*
                }
            }

            /// The name in reports: lower case with underscores.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            /// The sentence for the operator.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

reasons! {
    /// To its planned chute.
    Planned = 0, Sorted, Done, "planned", "sorted as planned";
    /// To the overflow chute of its destination.
    Overflow = 1, Sorted, Manual, "overflow", "its chutes are full: sent to the overflow chute";
    /// No code could be read.
    NoRead = 2, Identity, Rescan, "no_read", "no code could be read";
    /// Codes of two parcels on one item.
    ConflictingReads = 3, Identity, Rescan, "conflicting_reads", "codes of two different parcels on one item";
    /// A code was read, and its check digit is wrong.
    BadCheckDigit = 4, Identity, Rescan, "bad_check_digit", "the check digit of the code is wrong";
    /// A code was read well, and nobody announced it.
    UnknownParcel = 5, Identity, Wait, "unknown_parcel", "the parcel was not announced";
    /// The same parcel is or was somewhere else.
    Duplicate = 6, Identity, Manual, "duplicate", "another item carries the same label";
    /// The plan has no rule for the destination.
    NoRule = 7, Data, Manual, "no_rule", "the plan has no rule for this destination";
    /// The destination is not one.
    InvalidDestination = 8, Data, Manual, "invalid_destination", "the announced destination is not valid";
    /// No plan is loaded.
    PlanNotLoaded = 9, Data, Wait, "plan_not_loaded", "no sort plan is loaded";
    /// Too close to its neighbour to be diverted alone.
    TooClose = 10, Physical, Recirculate, "too_close", "too close to the next item";
    /// Two parcels travel as one item.
    Double = 11, Physical, Manual, "double", "two parcels travel as one item";
    /// Longer, wider or higher than the sorter takes.
    Oversize = 12, Physical, Manual, "oversize", "too large for this sorter";
    /// Heavier than the sorter takes.
    Overweight = 13, Physical, Manual, "overweight", "too heavy for this sorter";
    /// Measured weight and announced weight differ too much.
    WeightMismatch = 14, Physical, Manual, "weight_mismatch", "measured and announced weight differ";
    /// Tracking lost the item.
    Lost = 15, Physical, Recirculate, "lost", "tracking lost the item";
    /// An item that nobody inducted.
    Unexpected = 16, Physical, Recirculate, "unexpected", "an item turned up that was not inducted";
    /// The diverter fired and the parcel stayed on the belt.
    MissedDivert = 17, Physical, Recirculate, "missed_divert", "the divert failed";
    /// The discharge was not seen by a chute eye.
    Unverified = 18, Physical, Manual, "unverified", "no chute eye confirmed the discharge";
    /// A jam at its place.
    Jam = 19, Physical, Recirculate, "jam", "jam";
    /// On the belt when the PLC or the host restarted.
    FlushedAtRestart = 20, Physical, Recirculate, "flushed_at_restart", "on the belt when PLC or host restarted";
    /// Every chute of the destination is full.
    ChuteFull = 21, Capacity, Recirculate, "chute_full", "every chute of the destination is full";
    /// Every chute of the destination is switched off or blocked.
    ChuteDisabled = 22, Capacity, Recirculate, "chute_disabled", "the chute is not available";
    /// No container stands at the chute.
    NoContainer = 23, Capacity, Recirculate, "no_container", "no container at the chute";
    /// The chute is changing its destination.
    Changeover = 24, Capacity, Recirculate, "changeover", "the chute is changing its destination";
    /// Too many metres of parcel for the chute in its period.
    RateGuard = 25, Capacity, Recirculate, "rate_guard", "too many parcels for this chute in a short time";
    /// It went round as often as the plan allows.
    LapLimit = 26, Capacity, Manual, "lap_limit", "it went round too often";
    /// The departure of its destination is closed.
    DepartureClosed = 27, Capacity, Wait, "departure_closed", "its departure is closed";
    /// The decision came after the point of no return.
    LateOrder = 28, Capacity, Recirculate, "late_order", "its chute was behind it when it was decided";
    /// Customs hold.
    Hold = 29, Legal, Wait, "hold", "customs: held for documents";
    /// Customs inspection.
    Inspect = 30, Legal, Wait, "inspect", "customs: held for inspection";
    /// Security screening.
    Screening = 31, Legal, Wait, "screening", "held for screening";
    /// Entry refused.
    Refused = 32, Legal, Manual, "refused", "customs: refused, to be returned";
    /// Seized.
    Seized = 33, Legal, Manual, "seized", "customs: seized";
    /// Its time in temporary storage is over.
    Expired = 34, Legal, Manual, "expired", "its time in temporary storage is over";
    /// No customs status is known.
    StatusUnknown = 35, Legal, Wait, "status_unknown", "no customs status is known";
    /// Dangerous goods.
    DangerousGoods = 36, Legal, Manual, "dangerous_goods", "dangerous goods";
    /// In transit, and its onward flight is not known or not being loaded.
    OnwardFlight = 37, Legal, Wait, "onward_flight", "in transit: its onward flight is not being loaded";
}

impl Reason {
    /// How many reasons there are; their numbers are below this.
    pub const COUNT: usize = Self::ALL.len();
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dense_and_round_trip() {
        for (index, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, index);
            assert_eq!(Reason::from_code(*reason as u8), Some(*reason));
        }
        assert_eq!(Reason::from_code(u8::try_from(Reason::COUNT).unwrap()), None);
    }

    #[test]
    fn codes_fit_into_six_bits() {
        const { assert!(Reason::COUNT <= 64) };
    }
}
