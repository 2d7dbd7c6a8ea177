//! Messages of customs about one parcel.

use std::cmp::Ordering;

use super::{Clearance, NoticeRefusal};
use crate::barcode::{CodeBook, CodeKey};
use crate::ids::ConnectionId;
use crate::row_file::shown;
use crate::units::Micros;

/// A message of customs as it was written: nothing is checked, and its status may be no word of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeRow<'a> {
    /// One code of the parcel.
    pub code: &'a [u8],
    /// The word for the status.
    pub status: &'a str,
    /// When customs wrote the message, not when it came.
    pub at: Micros,
    /// The connection with which the parcel travels on, such as `X03`.
    pub onward: Option<&'a str>,
}

/// A message of customs: as of a time, a parcel has a status.
///
/// ```
/// use sorter_core::barcode::CodeBook;
/// use sorter_core::clearance::{Clearance, Notice, NoticeRow};
/// use sorter_core::ids::ConnectionId;
/// use sorter_core::units::Micros;
///
/// let at = Micros::from_secs(3_600);
/// let row = NoticeRow { code: b"LP263072004SG", status: "transit", at, onward: Some("X03") };
/// let notice = Notice::try_from(row).unwrap();
/// let connections = |name: &str| (name == "X03").then(|| ConnectionId::new(7));
/// let (key, ruling) = notice.resolve(&CodeBook::standard(), connections).unwrap();
/// assert_eq!(key.to_text(), "LP263072004SG");
/// assert_eq!((ruling.status, ruling.onward), (Clearance::Transit, Some(ConnectionId::new(7))));
///
/// let refused = Notice { onward: None, ..notice }.resolve(&CodeBook::standard(), connections);
/// assert_eq!(refused.unwrap_err().to_string(), "status transit comes without its onward connection");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice<'a> {
    /// One code of the parcel.
    pub code: &'a [u8],
    /// The status.
    pub status: Clearance,
    /// When customs wrote the message, not when it came.
    pub at: Micros,
    /// The connection with which the parcel travels on: required for goods in transit, a booking for others.
    pub onward: Option<&'a str>,
}

/// What customs says about one parcel as of a time: a notice whose names have been looked up.
///
/// Rulings about one parcel are [merged](Ruling::merged): the newest counts, and of two of the same time the
/// stricter, so that the outcome does not depend on the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// When customs wrote the message.
    pub at: Micros,
    /// The status.
    pub status: Clearance,
    /// The connection with which the parcel travels on. `None` for goods in transit means that customs named
    /// two at the same time: they stay held.
    pub onward: Option<ConnectionId>,
}

impl<'a> TryFrom<NoticeRow<'a>> for Notice<'a> {
    type Error = NoticeRefusal;

    /// Reads the word for the status.
    fn try_from(row: NoticeRow<'a>) -> Result<Self, NoticeRefusal> {
        let status = Clearance::from_key(row.status)
            .ok_or_else(|| NoticeRefusal::UnknownStatus { status: shown(row.status.as_bytes()) })?;
        Ok(Self { code: row.code, status, at: row.at, onward: row.onward })
    }
}

impl Notice<'_> {
    /// Looks up the code and the connection. `connection_named` is that of the timetable.
    ///
    /// # Errors
    /// The first problem: a code that the book refuses, a connection that is not known, goods in transit
    /// without one.
    pub fn resolve(
        &self,
        book: &CodeBook,
        connection_named: impl FnOnce(&str) -> Option<ConnectionId>,
    ) -> Result<(CodeKey, Ruling), NoticeRefusal> {
        let parsed =
            book.parse(self.code).map_err(|error| NoticeRefusal::Code { code: shown(self.code), error })?;
        let onward = match self.onward {
            Some(name) => Some(
                connection_named(name)
                    .ok_or_else(|| NoticeRefusal::UnknownConnection { connection: shown(name.as_bytes()) })?,
            ),
            None if self.status == Clearance::Transit => return Err(NoticeRefusal::OnwardMissing),
            None => None,
        };
        Ok((parsed.key, Ruling { at: self.at, status: self.status, onward }))
    }
}

impl Ruling {
    /// Whether it says with which connection the parcel travels on, or that none is known. Other rulings leave a
    /// booking as it is.
    pub(crate) fn books(&self) -> bool {
        self.onward.is_some() || self.status == Clearance::Transit
    }

    /// What holds when both were said about one parcel, in either order.
    ///
    /// The newer one counts. Of two of the same time the [stricter](Clearance::strictness) one counts: when
    /// customs contradicts itself, the parcel stays. If they differ in nothing but the onward connection, none
    /// is known, which holds goods in transit.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let rank = |ruling: Self| (ruling.at, ruling.status.strictness());
        match rank(self).cmp(&rank(other)) {
            Ordering::Greater => self,
            Ordering::Less => other,
            Ordering::Equal if self.onward == other.onward => self,
            Ordering::Equal => Self { onward: None, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ruling() -> impl Strategy<Value = Ruling> {
        let onward = prop::option::of((0_u16..3).prop_map(ConnectionId::new));
        (0_u64..3, prop::sample::select(Clearance::ALL.to_vec()), onward)
            .prop_map(|(at, status, onward)| Ruling { at: Micros::new(at), status, onward })
    }

    proptest! {
        #[test]
        fn the_outcome_of_rulings_does_not_depend_on_their_order(a in ruling(), b in ruling(), c in ruling()) {
            prop_assert_eq!(a.merged(a), a);
            prop_assert_eq!(a.merged(b), b.merged(a));
            prop_assert_eq!(a.merged(b).merged(c), a.merged(b.merged(c)));
            prop_assert_eq!(a.merged(b).at, a.at.max(b.at));
        }

        #[test]
        fn of_two_rulings_of_one_time_no_release_beats_a_hold(a in ruling(), b in ruling()) {
            let merged = a.merged(Ruling { at: a.at, ..b }).status;
            prop_assert_eq!(merged.free_to_leave(), a.status.free_to_leave() && b.status.free_to_leave());
        }
    }

    #[test]
    fn two_onward_connections_of_one_time_are_none() {
        let transit = |connection| Ruling {
            at: Micros::ZERO,
            status: Clearance::Transit,
            onward: Some(ConnectionId::new(connection)),
        };
        assert_eq!(transit(3).merged(transit(4)).onward, None);
        assert_eq!(transit(3).merged(transit(4)).merged(transit(3)).onward, None);
    }

    #[test]
    fn names_what_is_wrong_with_a_notice() {
        let row = NoticeRow { code: b"LP263072004SG", status: "free", at: Micros::ZERO, onward: None };
        let unknown = Notice::try_from(row).unwrap_err().to_string();
        assert!(
            unknown.starts_with("customs status \"free\" is not known (known are unknown, "),
            "{unknown}"
        );
        let onward = Some("X99\u{1b}");
        let notice = Notice { code: row.code, status: Clearance::Released, at: row.at, onward };
        let told =
            |notice: Notice<'_>| notice.resolve(&CodeBook::standard(), |_| None).unwrap_err().to_string();
        assert_eq!(told(notice), "onward connection \"X99\\x1b\" is not in the timetable");
        assert_eq!(
            told(Notice { code: b"RB123456786US", ..notice }),
            "\"RB123456786US\": check digit does not fit UPU_S10"
        );
        let older = NoticeRefusal::Older { at: Micros::new(1), present: Micros::new(2) };
        assert_eq!(older.to_string(), "notice of 1 us is older than the present one of 2 us");
    }
}
