//! What a recording keeps of one moment of a hub: what came in from outside, and what came out of it.

use sorter_core::clearance::Clearance;
use sorter_core::container::LicencePlate;
use sorter_core::ids::{ChuteId, ContainerId, DepartureId, ParcelId, PlanVersion, SorterId};
use sorter_core::journal::Progress;
use sorter_core::units::{Grams, Micros};
use sorter_plc::contract::{EventRecord, Order, PlantImage, ScanRecord, Status};
use sorter_plc::controller::Inputs;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Micros,
    /// What came in, and the answer to it.
    pub input: Input,
}

/// What came from outside into engine, workers and controllers of a hub, each with the answer that it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A controller was polled with what its PLC reported.
    Poll(Box<Poll>),
    /// A worker attended to plans, timetables and cut-offs because people asked it to.
    Attended {
        /// Whose worker.
        sorter: SorterId,
    },
    /// The plate of the container at a chute was scanned.
    PlateScanned {
        /// The sorter.
        sorter: SorterId,
        /// The chute.
        chute: ChuteId,
        /// The plate.
        plate: LicencePlate,
        /// Answer: the container that is open now, unless it was refused.
        opened: Option<ContainerId>,
    },
    /// The container of a chute was taken away at the end of the run.
    TakenAway {
        /// The sorter.
        sorter: SorterId,
        /// The chute.
        chute: ChuteId,
    },
    /// People asked what they may take from the hold chutes of a sorter.
    Released {
        /// The sorter.
        sorter: SorterId,
        /// Answer: these parcels.
        parcels: Vec<ParcelId>,
    },
    /// A parcel was fetched from a hold chute.
    Fetched {
        /// The sorter.
        sorter: SorterId,
        /// The parcel.
        parcel: ParcelId,
        /// Answer: whether it was in the book.
        known: bool,
    },
    /// A label of the load was announced late. What is announced follows from the scenario.
    Announced {
        /// The number of the label in its hub.
        label: u32,
        /// Answer: its place in the ledger, unless it was refused.
        parcel: Option<ParcelId>,
    },
    /// A batch of customs notices.
    Notices {
        /// The notices in their order.
        rows: Vec<NoticeInput>,
        /// Answer: how many were applied, kept and refused.
        told: [u64; 3],
    },
    /// A plan was made ahead.
    PlanAhead {
        /// When it is to come into force.
        due: Micros,
        /// Whether it is the plan of the changeover, or the one before it again.
        changed: bool,
    },
    /// The plans whose time has come were published.
    Published {
        /// Answer: their versions.
        versions: Vec<PlanVersion>,
    },
    /// A sealed container was loaded.
    Loaded {
        /// The container.
        container: ContainerId,
        /// The departure.
        departure: DepartureId,
        /// What its vehicles carry, where that is limited.
        capacity: Option<(u32, Grams)>,
        /// Answer: whether it was taken.
        taken: bool,
    },
    /// A departure left.
    Departed {
        /// Which.
        departure: DepartureId,
        /// Answer: containers on it, parcels in them, containers left behind.
        report: [u64; 3],
    },
    /// The manifests of containers that were taken from their chutes, by their hashes. An answer alone.
    Manifests {
        /// The sorter.
        sorter: SorterId,
        /// The hashes in the order of the manifests.
        hashes: Vec<u64>,
    },
    /// The journal of the hub has come further, or is in another state of health.
    Journal(Box<Progress>),
    /// The run is over. An answer alone.
    Ended {
        /// The digest of the event log of each sorter.
        digests: Vec<u64>,
    },
}

/// The poll of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The sorter.
    pub sorter: SorterId,
    /// The cyclic status.
    pub status: Status,
    /// New events.
    pub events: Vec<EventRecord>,
    /// New scan records.
    pub scans: Vec<ScanRecord>,
    /// The PLANT image, when it was read.
    pub plant: Option<PlantImage>,
    /// Whether the session took orders.
    pub accepts_orders: bool,
    /// What came out.
    pub answer: PollAnswer,
}

impl Poll {
    /// What the controller is polled with.
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            status: &self.status,
            events: &self.events,
            scans: &self.scans,
            plant: self.plant.as_ref(),
            accepts_orders: self.accepts_orders,
        }
    }
}

/// What came out of a poll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollAnswer {
    /// The orders: those that had waited for the journal, then those of the poll.
    pub orders: Vec<Order>,
    /// What is left of the induction, where that has changed.
    pub induction: Option<InductionLimit>,
    /// A checksum of all decisions and commits of the sorter so far, where there was one in this poll.
    pub noted: Option<u16>,
    /// The digest of the event log, once in every [`DIGEST_PERIOD`](super::DIGEST_PERIOD) polls of a sorter.
    pub digest: Option<u64>,
}

/// What a controller leaves of the induction of its sorter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InductionLimit {
    /// All of it.
    #[default]
    None,
    /// Items a minute.
    PerMinute(u16),
    /// It stands.
    Closed,
}

/// A customs notice as the engine got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeInput {
    /// The number of the label in its hub.
    pub label: u32,
    /// The status.
    pub status: Clearance,
    /// When customs wrote it.
    pub sent: Micros,
    /// The onward connection that it names, by its place among those of the run.
    pub onward: Option<u16>,
}
