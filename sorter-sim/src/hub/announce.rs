//! From the parcels of a load to announcements.

use sorter_core::container::ManifestNames;
use sorter_core::engine::EngineBuilder;
use sorter_core::ids::{DepartureId, LaneId, ParcelId};
use sorter_core::manifest::{Announcement, Service};

use super::{Hub, World};
use crate::customs::Office;
use crate::load::{Announced, SimParcel};
use crate::reads::HubReads;

/// Announces every parcel that is known before the run. Gives the place in the ledger of each label, and the
/// label of each place.
pub(super) fn announce_all(
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
