//! Customs status of a parcel, the gate that it has to pass, and the messages of customs.
//!
//! A [`Notice`] says which status a parcel has, as of which time, and for goods in transit with which
//! connection they travel on. Resolved it is a [`Ruling`]. The [`CustomsDesk`] decides which ruling of a parcel
//! is the newest, keeps the others as its history, and keeps rulings for codes that nobody announced yet. An
//! [`InspectionList`] selects parcels for a check.

mod batch;
mod desk;
mod file;
mod history;
mod inspection;
mod notice;
mod recall;
mod refusal;

pub use batch::{BatchOutcome, RefusedNotice};
pub use desk::{Accepted, CustomsDesk, DeskCounts, DeskLimits};
pub use file::{NoticeSummary, read_notices};
pub use inspection::{InspectionList, Selection};
pub use notice::{Notice, NoticeRow, Ruling};
pub use recall::{Recall, RecallCounts, Recalls};
pub use refusal::{NoticeRefusal, NoticeRefusalKind};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// The customs status of a parcel. The engine obeys it; it never assesses duty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// Transit goods may leave only into a container of their onward connection. Wherever that is not known
    /// or not being loaded, they are held as [`Reason::OnwardFlight`].
    ///
    /// ```
    /// use sorter_core::{clearance::Clearance, reason::Reason};
    /// assert_eq!(Clearance::Released.hold_reason(), None);
    /// assert_eq!(Clearance::Unknown.hold_reason(), Some(Reason::StatusUnknown));
    /// ```
    pub const fn hold_reason(self) -> Option<Reason> {
        match self {
            Self::Released | Self::NotSubject => None,
            Self::Unknown | Self::PreLodged | Self::Assessed => Some(Reason::StatusUnknown),
            Self::Transit => Some(Reason::OnwardFlight),
            Self::HoldDocument => Some(Reason::Hold),
            Self::HoldInspect => Some(Reason::Inspect),
            Self::Screening => Some(Reason::Screening),
            Self::Refused => Some(Reason::Refused),
            Self::Seized => Some(Reason::Seized),
            Self::Expired => Some(Reason::Expired),
        }
    }

    /// Whether a parcel with this status may go to any outbound chute.
    ///
    /// A parcel in transit may not: it leaves with its onward connection or not at all.
    pub const fn free_to_leave(self) -> bool {
        self.hold_reason().is_none()
    }

    /// The word in files, messages and reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::PreLodged => "pre_lodged",
            Self::Assessed => "assessed",
            Self::Released => "released",
            Self::HoldDocument => "hold_document",
            Self::HoldInspect => "hold_inspect",
            Self::Screening => "screening",
            Self::Refused => "refused",
            Self::Seized => "seized",
            Self::Expired => "expired",
            Self::Transit => "transit",
            Self::NotSubject => "not_subject",
        }
    }

    /// The status with this word, in capital or small letters.
    ///
    /// ```
    /// use sorter_core::clearance::Clearance;
    /// assert_eq!(Clearance::from_key("HOLD_INSPECT"), Some(Clearance::HoldInspect));
    /// assert_eq!(Clearance::from_key("free"), None);
    /// ```
    pub fn from_key(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.key().eq_ignore_ascii_case(word))
    }

    /// How much this status keeps a parcel back: every status that holds it is above every one that does not.
    ///
    /// The order among those that hold is that of the effort to get the parcel free again. It decides between
    /// two statuses of the same time, and no two statuses are equally strict.
    pub const fn strictness(self) -> u8 {
        match self {
            Self::NotSubject => 0,
            Self::Released => 1,
            Self::Transit => 2,
            Self::Assessed => 3,
            Self::PreLodged => 4,
            Self::Unknown => 5,
            Self::HoldDocument => 6,
            Self::Screening => 7,
            Self::HoldInspect => 8,
            Self::Expired => 9,
            Self::Refused => 10,
            Self::Seized => 11,
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
            assert_eq!(status.free_to_leave(), may_leave, "{status}");
            assert_eq!(status.strictness() < 2, may_leave, "{status}");
        }
    }

    #[test]
    fn transit_goods_are_held_for_their_onward_flight() {
        assert_eq!(Clearance::Transit.hold_reason(), Some(Reason::OnwardFlight));
    }

    #[test]
    fn every_number_and_every_word_leads_back_to_its_status() {
        for status in Clearance::ALL {
            assert_eq!(Clearance::from_code(status as u8), Some(status));
            assert_eq!(Clearance::from_key(status.key()), Some(status));
            assert_eq!(Clearance::from_key(&status.key().to_uppercase()), Some(status));
        }
        assert_eq!((Clearance::from_code(12), Clearance::from_key("free")), (None, None));
    }

    #[test]
    fn no_two_statuses_are_equally_strict() {
        let mut ranks = Clearance::ALL.map(Clearance::strictness);
        ranks.sort_unstable();
        assert_eq!(ranks, std::array::from_fn(|rank| u8::try_from(rank).unwrap()));
    }
}
