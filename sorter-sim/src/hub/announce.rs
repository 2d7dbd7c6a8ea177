//! From the parcels of a load to announcements, and to the engine that knows them.

use std::sync::Arc;

use sorter_core::barcode::CodeBook;
use sorter_core::container::ManifestNames;
use sorter_core::diagnostic::Diagnostics;
use sorter_core::engine::{ContainerPolicy, Engine, EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::{DepartureId, HubId, LaneId, ParcelId};
use sorter_core::journal::{Book, BookConfig, Drain};
use sorter_core::manifest::{Announcement, Service};
use sorter_core::units::Micros;

use super::{Hub, World};
use crate::customs::Office;
use crate::load::{Announced, SimParcel};
use crate::reads::HubReads;

/// The engine of a hub with everything that is known before its run.
pub(super) struct Prepared {
    pub(super) engine: Arc<Engine>,
    /// The place in the ledger of each label; `None` until it is announced.
    pub(super) announced: Vec<Option<ParcelId>>,
    /// The label of each place in the ledger.
    pub(super) labels: Vec<u32>,
    /// The other end of its journal.
    pub(super) drain: Drain,
}

/// Makes the engine of a hub and announces the parcels that are known before the run.
///
/// # Errors
/// Every problem of the plan.
pub(super) fn prepare(
    world: &World<'_>,
    hub: HubId,
    reads: &HubReads<'_>,
    office: &Office,
) -> Result<Prepared, Diagnostics> {
    let late = late_labels(reads.parcels()).len();
    let mut builder = EngineBuilder::new(EngineConfig {
        hub,
        layout: Arc::clone(&world.layout),
        codes: CodeBook::standard(),
        destinations: world.destinations.clone(),
        expected_parcels: reads.parcels().len(),
        late_parcels: late,
        seed: world.scenario.seed ^ u64::from(hub.get()),
        rules: HallRules {
            containers: ContainerPolicy::Plated,
            timetable: world.timetable.clone(),
            // Parcels that are announced late have their notices before.
            kept_notices: late * 2 + 1_000,
            ..HallRules::default()
        },
    });
    let (announced, labels) = announce_all(world, reads, office, &mut builder);
    let (book, drain) = Book::new(BookConfig::default());
    builder.keep_journal(book);
    Ok(Prepared { engine: builder.build(world.plan)?, announced, labels, drain })
}

/// Labels that are announced late, by time and number.
pub(super) fn late_labels(parcels: &[SimParcel]) -> Vec<(Micros, u32)> {
    let late = |(label, parcel): (u32, &SimParcel)| match parcel.announced() {
        Announced::Late(after) => Some((parcel.arrival + after, label)),
        Announced::Before | Announced::Never => None,
    };
    let mut labels: Vec<_> = (0..).zip(parcels).filter_map(late).collect();
    labels.sort_unstable();
    labels
}

/// Announces every parcel that is known before the run. Gives the place in the ledger of each label, and the
/// label of each place.
fn announce_all(
    world: &World<'_>,
    reads: &HubReads<'_>,
    office: &Office,
    builder: &mut EngineBuilder,
) -> (Vec<Option<ParcelId>>, Vec<u32>) {
    let mut labels = Vec::with_capacity(reads.parcels().len());
    let announce = |(label, parcel): (u32, &SimParcel)| {
        (parcel.announced() == Announced::Before).then(|| {
            labels.push(label);
            with_announcement(world, reads, office, label, |announcement| builder.announce(announcement))
                .expect("labels are valid and unique")
        })
    };
    let announced = (0..).zip(reads.parcels()).map(announce).collect();
    (announced, labels)
}

/// Builds the announcement of a label and hands it on.
pub(super) fn with_announcement<T>(
    world: &World<'_>,
    reads: &HubReads<'_>,
    office: &Office,
    label: u32,
    then: impl FnOnce(&Announcement<'_>) -> T,
) -> T {
    let parcel = &reads.parcels()[label as usize];
    let row = &world.postcodes.rows[parcel.postcode as usize];
    let codes = reads.codes(label);
    then(&Announcement {
        codes: codes.iter().map(sorter_plc::contract::CodeBytes::as_slice).collect(),
        country: row.country.code(),
        postcode: row.postcode.as_str(),
        weight: world.shapes[usize::from(parcel.shape)].weight,
        service: Service::default(),
        clearance: office.announced(label, parcel.flow),
        onward: parcel.flow.connection().and_then(|connection| world.connection_name(connection)),
    })
}

impl World<'_> {
    /// The name in the schedule of a booked connection.
    pub(super) fn connection_name(&self, connection: u16) -> Option<&str> {
        let connections = self.onward?.connections();
        connections.get(usize::from(connection)).map(|connection| connection.id.as_str())
    }
}

impl ManifestNames for Hub<'_> {
    fn code(&self, parcel: ParcelId) -> Option<String> {
        let label = *self.labels.get(parcel.index())?;
        let code = self.reads.codes(label).first().copied()?;
        Some(String::from_utf8_lossy(code.as_slice()).into_owned())
    }

    fn lane(&self, lane: LaneId) -> Option<String> {
        self.world.timetable.lane_name(lane).map(str::to_owned)
    }

    fn departure(&self, departure: DepartureId) -> Option<String> {
        let name = &self.world.timetable.connection(departure.connection())?.name;
        Some(format!("{name} of week {}", departure.week()))
    }
}
