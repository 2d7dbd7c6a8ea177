//! Customs status of a parcel and the gate that it has to pass.

use std::fmt;

use crate::reason::Reason;

/// The customs status of a parcel. The engine obeys it; it never assesses duty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Clearance {
    /// Nothing is known. Fails closed: the parcel goes to hold.
    #[default]
    Unknown = 0,
    /// Declared before arrival, not assessed yet.
    PreLodged = 1,
    /// Assessed, not released yet.
    Assessed = 2,
    /// Released for free circulation.
    Released = 3,
    /// Held for documents.
    HoldDocument = 4,
    /// Held for inspection.
    HoldInspect = 5,
    /// Selected for security screening.
    Screening = 6,
    /// Entry refused, to be returned.
    Refused = 7,
    /// Seized.
    Seized = 8,
    /// Its time in temporary storage is over.
    Expired = 9,
    /// In transit (T1): may leave with its onward flight only.
    Transit = 10,
    /// Not subject to clearance, such as Union goods or export after release.
    NotSubject = 11,
}

impl Clearance {
    /// Every status, in the order of its number.
    pub const ALL: [Self; 12] = [
        Self::Unknown,
        Self::PreLodged,
        Self::Assessed,
        Self::Released,
        Self::HoldDocument,
        Self::HoldInspect,
        Self::Screening,
        Self::Refused,
        Self::Seized,
        Self::Expired,
        Self::Transit,
        Self::NotSubject,
    ];

    /// The status with this number.
    pub const fn from_code(code: u8) -> Option<Self> {
        if (code as usize) < Self::ALL.len() { Some(Self::ALL[code as usize]) } else { None }
    }

    /// Why a parcel with this status may not go to an outbound chute, or `None` when it may.
    ///
    /// Transit goods may leave only with their onward flight; as long as no departure is bound to the
    /// chute they are held as [`Reason::StatusUnknown`].
    ///
    /// ```
    /// use sorter_core::{clearance::Clearance, reason::Reason};
    /// assert_eq!(Clearance::Released.hold_reason(), None);
    /// assert_eq!(Clearance::Unknown.hold_reason(), Some(Reason::StatusUnknown));
    /// ```
    pub const fn hold_reason(self) -> Option<Reason> {
        match self {
            Self::Released | Self::NotSubject => None,
            Self::Unknown | Self::PreLodged | Self::Assessed | Self::Transit => Some(Reason::StatusUnknown),
            Self::HoldDocument => Some(Reason::Hold),
            Self::HoldInspect => Some(Reason::Inspect),
            Self::Screening => Some(Reason::Screening),
            Self::Refused => Some(Reason::Refused),
            Self::Seized => Some(Reason::Seized),
            Self::Expired => Some(Reason::Expired),
        }
    }
}

impl fmt::Display for Clearance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::PreLodged => "pre-lodged",
            Self::Assessed => "assessed",
            Self::Released => "released",
            Self::HoldDocument => "held for documents",
            Self::HoldInspect => "held for inspection",
            Self::Screening => "screening",
            Self::Refused => "refused",
            Self::Seized => "seized",
            Self::Expired => "expired",
            Self::Transit => "transit",
            Self::NotSubject => "not subject to clearance",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_released_and_not_subject_pass_the_gate() {
        for status in Clearance::ALL {
            let may_leave = matches!(status, Clearance::Released | Clearance::NotSubject);
            assert_eq!(status.hold_reason().is_none(), may_leave, "{status}");
            assert_eq!(Clearance::from_code(status as u8), Some(status));
        }
        assert_eq!(Clearance::from_code(12), None);
    }
}
