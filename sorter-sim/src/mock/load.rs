//! The parcels of a mock, and what is announced of them: one function of the same few numbers for both sides.

use std::io::{self, Write};

use sorter_core::clearance::Clearance;
use sorter_core::ids::{HubId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::units::Micros;

use super::MockError;
use crate::data::{ParcelShape, PostcodeRow, Postcodes, Shapes};
use crate::load::{Announced, HubLoad, Network};
use crate::random::{AliasTable, Rate};
use crate::reads::HubReads;
use crate::scenario::{Profile, Scenario};

/// For so many hours there are parcels where no duration is set.
const HOURS_OF_LOAD: u64 = 24;

/// What the parcels of a mock follow from. The same settings give the same parcels, in whatever process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadConfig {
    /// From which everything is drawn.
    pub seed: u64,
    /// How many sorters, 1 to [`MOST_SORTERS`](super::MOST_SORTERS).
    pub sorters: u8,
    /// Parcels that come to each sorter in an hour; at most what a sorter is rated for. 0 for none.
    pub parcels_per_hour: u32,
    /// How long it runs, counted in begun hours; `None` for 24 h.
    pub duration: Option<Micros>,
}

/// The parcels of a mock with their labels, destinations and shapes.
#[derive(Debug)]
pub struct MockLoad {
    scenario: Scenario,
    shapes: Vec<ParcelShape>,
    postcodes: Postcodes,
    /// `None` when there are no parcels.
    load: Option<HubLoad>,
}

impl MockLoad {
    /// Draws the parcels.
    ///
    /// ```
    /// use sorter_core::layout::Layout;
    /// use sorter_sim::mock::{LoadConfig, MockLoad};
    ///
    /// let config = LoadConfig { seed: 7, sorters: 1, parcels_per_hour: 20, duration: None };
    /// let load = MockLoad::draw(&config, &Layout::line_100())?;
    /// assert_eq!(load.reads().parcels().len(), 480);
    /// let mut manifest = Vec::new();
    /// load.write_manifest(&mut manifest).expect("memory takes it");
    /// assert!(manifest.starts_with(b"codes,country,postcode,weight_g,clearance\n"));
    /// # Ok::<(), sorter_sim::mock::MockError>(())
    /// ```
    ///
    /// # Errors
    /// When a sorter is not built for so many parcels.
    pub fn draw(config: &LoadConfig, layout: &Layout) -> Result<Self, MockError> {
        let (asked, rated) = (config.parcels_per_hour, layout.rated_per_hour());
        if asked > rated {
            return Err(MockError::Rate { asked, rated });
        }
        let scenario = scenario(config);
        let shapes: Vec<ParcelShape> =
            Shapes::load().rows.into_iter().filter(|shape| !shape.non_conveyable).collect();
        let postcodes = Postcodes::load();
        let load = if asked == 0 {
            None
        } else {
            let mut hourly = [0.0; 24];
            hourly[..usize::try_from(hours(config)).unwrap_or(24)].fill(1.0);
            let lengths: Vec<u16> =
                shapes.iter().map(|shape| u16::try_from(shape.length.get()).unwrap_or(u16::MAX)).collect();
            let weights: Vec<u32> = postcodes.rows.iter().map(|row| row.weight).collect();
            let network = Network {
                destinations: &AliasTable::new(&weights)?,
                lengths_mm: &lengths,
                hourly: &hourly,
                arrivals: &[],
                onward: None,
            };
            Some(HubLoad::build(&scenario, HubId::new(0), &network, rated)?)
        };
        Ok(Self { scenario, shapes, postcodes, load })
    }

    /// The settings of the plant and the scanner.
    pub(super) fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// What the scanners read on the parcels.
    pub fn reads(&self) -> HubReads<'_> {
        let parcels = self.load.as_ref().map_or(&[][..], HubLoad::parcels);
        HubReads::new(self.scenario.seed, HubId::new(0), &self.scenario.reads, parcels, &self.shapes)
    }

    /// When which parcels come to a sorter.
    pub(super) fn feed(&self, sorter: SorterId) -> Vec<(Micros, u32)> {
        let arrivals = self.load.iter().flat_map(|load| {
            load.range_of(sorter).map(|parcel| (load.parcels()[parcel as usize].arrival, parcel))
        });
        arrivals.collect()
    }

    /// Where a label is announced to go; `None` when it is not announced.
    pub fn destination(&self, label: u32) -> Option<&PostcodeRow> {
        let parcel = self.load.as_ref()?.parcels().get(label as usize)?;
        let announced = parcel.announced() != Announced::Never;
        announced.then(|| &self.postcodes.rows[parcel.postcode as usize])
    }

    /// Writes the announcements as a manifest, one row for each label, all of them released by customs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_manifest(&self, out: &mut impl Write) -> io::Result<()> {
        let reads = self.reads();
        writeln!(out, "codes,country,postcode,weight_g,clearance")?;
        for (label, parcel) in (0..).zip(reads.parcels()) {
            let Some(row) = self.destination(label) else { continue };
            for (place, code) in reads.codes(label).iter().enumerate() {
                if place > 0 {
                    out.write_all(b" ")?;
                }
                out.write_all(code.as_slice())?;
            }
            let weight = self.shapes[usize::from(parcel.shape)].weight.get();
            let clearance = Clearance::Released.key();
            writeln!(out, ",{},{},{weight},{clearance}", row.country.code(), row.postcode.as_str())?;
        }
        Ok(())
    }
}

/// The load of a mock is that of a day with the same number of parcels in every hour that it lasts.
fn scenario(config: &LoadConfig) -> Scenario {
    let hours = u32::try_from(hours(config)).unwrap_or(u32::MAX);
    let parcels = config.parcels_per_hour.saturating_mul(hours).saturating_mul(config.sorters.into());
    Scenario {
        seed: config.seed,
        parcels,
        hubs: 1,
        sorters: config.sorters,
        profile: Profile::Flat,
        utilisation: Rate::ONE,
        ..Scenario::default()
    }
}

/// The hours in which parcels come.
fn hours(config: &LoadConfig) -> u64 {
    let lasts = config.duration.map_or(HOURS_OF_LOAD, |duration| duration.get().div_ceil(3_600_000_000));
    lasts.clamp(1, HOURS_OF_LOAD)
}
