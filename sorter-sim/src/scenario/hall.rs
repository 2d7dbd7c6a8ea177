//! The living hall of a scenario: days, flows, customs, people and the changeover of chutes.

use sorter_core::units::Micros;

use crate::random::Rate;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Weekday {
    /// Monday, on which every week begins.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// Every day, in the order of [`Weekday::KEYS`].
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];
    /// The words for them in a scenario file and in a schedule.
    pub const KEYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

    /// The word for it in a scenario file.
    pub const fn key(self) -> &'static str {
        Self::KEYS[self as usize]
    }

    /// Its midnight, since Monday 00:00.
    ///
    /// ```
    /// use sorter_core::units::Micros;
    /// use sorter_sim::scenario::Weekday;
    /// assert_eq!(Weekday::Tue.begins(), Micros::from_secs(86_400));
    /// ```
    pub const fn begins(self) -> Micros {
        Micros::from_secs(self as u64 * 86_400)
    }
}

/// How parcels come and go, as shares of all parcels. The rest is import: flight in, truck out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flows {
    /// Truck in, flight out. Default 0.04.
    pub export: Rate,
    /// Flight in, flight out, not cleared here (T1). Default 0.03.
    pub transit: Rate,
}

impl Default for Flows {
    fn default() -> Self {
        Self { export: Rate::from_ppm(40_000), transit: Rate::from_ppm(30_000) }
    }
}

/// What people and vehicles do in the hall. Times are drawn evenly between their bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hall {
    /// How long the parcels of a landed flight take to reach the inductions, the first to the last.
    /// Default 6 h.
    pub unload: Micros,
    /// From a new container in place to its licence plate scanned, at the earliest. Default 2 s.
    pub plate_scan_min: Micros,
    /// ... and at the latest. Default 8 s.
    pub plate_scan_max: Micros,
    /// After the cut-off of a lane people come to its chutes at the earliest. Default 0 s.
    pub cutoff_people_min: Micros,
    /// ... and at the latest. Default 45 s.
    pub cutoff_people_max: Micros,
    /// To a chute that changes its outlet people come at the earliest. Default 10 s.
    pub changeover_people_min: Micros,
    /// ... and at the latest. Default 120 s.
    pub changeover_people_max: Micros,
    /// From a container sealed to loaded, at least. Default 300 s.
    pub load_min: Micros,
    /// ... and at most. Default 1,200 s.
    pub load_max: Micros,
    /// From the release of a held parcel until it is back at an induction, at least. Default 300 s.
    pub fetch_min: Micros,
    /// ... and at most. Default 1,800 s.
    pub fetch_max: Micros,
    /// Vehicles for each departure of the schedule: each departure takes this many times the capacity of
    /// its row. Default 5, because the standard network carries four to seven times what the site of the
    /// schedule does.
    pub vehicles: u32,
}

impl Default for Hall {
    fn default() -> Self {
        Self {
            unload: Micros::from_secs(6 * 3_600),
            plate_scan_min: Micros::from_secs(2),
            plate_scan_max: Micros::from_secs(8),
            cutoff_people_min: Micros::ZERO,
            cutoff_people_max: Micros::from_secs(45),
            changeover_people_min: Micros::from_secs(10),
            changeover_people_max: Micros::from_secs(120),
            load_min: Micros::from_secs(300),
            load_max: Micros::from_secs(1_200),
            fetch_min: Micros::from_secs(300),
            fetch_max: Micros::from_secs(1_800),
            vehicles: 5,
        }
    }
}

/// What customs answers, as shares of the parcels that are subject to clearance.
///
/// The first eight shares exclude each other; what they leave is released before its induction, as most
/// pieces of a flight are once the batch notification is answered. The shares are assumed: how many
/// statuses change late is not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomsMix {
    /// Pre-lodged and not released when it reaches its induction; released later. Default 0.025.
    pub prelodged_late: Rate,
    /// Held for a document. Default 0.004.
    pub hold_document: Rate,
    /// Held for an inspection. Default 0.003.
    pub hold_inspect: Rate,
    /// Held for a high-risk screening. Default 0.001.
    pub screening: Rate,
    /// Refused: it goes back. Default 0.0005.
    pub refused: Rate,
    /// Seized. Default 0.0001.
    pub seized: Rate,
    /// Its time in temporary storage is over. Default 0.0002.
    pub expired: Rate,
    /// Released at first, held by a later message. Default 0.002.
    pub revoked: Rate,
    /// Of all parcels: an older message arrives after a newer one. Default 0.001.
    pub out_of_order: Rate,
    /// Of all parcels: on the random part of the inspection list. Default 0.001.
    pub random_inspection: Rate,
    /// A late release comes at the earliest this long after the induction. Default 300 s.
    pub late_min: Micros,
    /// ... and at the latest. Default 14,400 s.
    pub late_max: Micros,
    /// A hold is released at the earliest after this time. Default 3,600 s.
    pub hold_min: Micros,
    /// ... and at the latest. Default 86,400 s.
    pub hold_max: Micros,
    /// A revocation comes at most this long after the induction. Default 7,200 s.
    pub revoke_max: Micros,
    /// Share of the held that is released in the end. Default 0.8.
    pub released_of_held: Rate,
}

impl Default for CustomsMix {
    fn default() -> Self {
        Self {
            prelodged_late: Rate::from_ppm(25_000),
            hold_document: Rate::from_ppm(4_000),
            hold_inspect: Rate::from_ppm(3_000),
            screening: Rate::from_ppm(1_000),
            refused: Rate::from_ppm(500),
            seized: Rate::from_ppm(100),
            expired: Rate::from_ppm(200),
            revoked: Rate::from_ppm(2_000),
            out_of_order: Rate::from_ppm(1_000),
            random_inspection: Rate::from_ppm(1_000),
            late_min: Micros::from_secs(300),
            late_max: Micros::from_secs(14_400),
            hold_min: Micros::from_secs(3_600),
            hold_max: Micros::from_secs(86_400),
            revoke_max: Micros::from_secs(7_200),
            released_of_held: Rate::from_ppm(800_000),
        }
    }
}

/// The changeover of a run: some chutes go to other outlets, and back again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeoverTimes {
    /// When the changed plan is activated, since the start of the run. Default 12 h.
    pub at: Micros,
    /// Share of the outbound chutes that change their outlet; none for 0. Default 0.05.
    pub share: Rate,
    /// When the first plan is activated again, or `None` for never. Default 20 h.
    pub back: Option<Micros>,
}

impl Default for ChangeoverTimes {
    fn default() -> Self {
        Self {
            at: Micros::from_secs(12 * 3_600),
            share: Rate::from_ppm(50_000),
            back: Some(Micros::from_secs(20 * 3_600)),
        }
    }
}
