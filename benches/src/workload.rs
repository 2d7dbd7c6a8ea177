//! Announced parcels with real codes to real postcodes, and the order in which scanners see them.

use std::sync::Arc;

use sorter_core::address::{Country, Destinations, Postcode};
use sorter_core::barcode::{CodeBook, make};
use sorter_core::clearance::Clearance;
use sorter_core::engine::{Engine, EngineBuilder, EngineConfig, HallRules};
use sorter_core::ids::HubId;
use sorter_core::journal::Book;
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::plan::PlanSource;
use sorter_core::units::Grams;
use sorter_sim::data::{Postcodes, standard_plan_texts};

/// The seed of the workload and of the code hash.
const SEED: u64 = 0x5047_2026;
/// A prime above every workload, so that multiples of it visit each place once.
const STRIDE: u64 = 2_654_435_761;

/// One parcel of the workload.
#[derive(Clone, Debug)]
pub struct Parcel {
    code: [u8; 28],
    length: u8,
    /// Its country.
    pub country: Country,
    /// Its postcode.
    pub postcode: Postcode,
    /// Its customs status: one in fifty is held.
    pub clearance: Clearance,
}

impl Parcel {
    /// The code as it is printed and read.
    pub fn code(&self) -> &[u8] {
        &self.code[..usize::from(self.length)]
    }
}

/// Parcels of the standard network: half of the codes S10, the others SSCC and DPD, destinations drawn by the
/// weight of their postcode.
pub struct Workload {
    parcels: Vec<Parcel>,
}

impl Workload {
    /// A workload of so many parcels, the same for the same number on every machine.
    ///
    /// # Panics
    /// For more parcels than eight digits can number.
    pub fn new(parcels: u32) -> Self {
        let postcodes = Postcodes::load();
        let mut upto = 0;
        let cumulative: Vec<u64> = postcodes
            .rows
            .iter()
            .map(|row| {
                upto += u64::from(row.weight);
                upto
            })
            .collect();
        let draw = |number: u32| {
            let random = mixed(SEED ^ u64::from(number));
            let row = cumulative.partition_point(|sum| *sum <= random % upto);
            let row = &postcodes.rows[row];
            parcel(number, random, row.country, row.postcode)
        };
        Self { parcels: (0..parcels).map(draw).collect() }
    }

    /// The parcels in the order of their announcement.
    pub fn parcels(&self) -> &[Parcel] {
        &self.parcels
    }

    /// The parcels in the order in which they are scanned: each once, neighbours far apart in memory.
    pub fn scanned(&self) -> impl Iterator<Item = &Parcel> + Clone {
        let count = self.parcels.len() as u64;
        (0..count).map(move |turn| &self.parcels[(turn * STRIDE % count) as usize])
    }

    /// An engine in which every parcel is announced, with the standard plan.
    ///
    /// # Panics
    /// When a parcel or the plan is refused, which the tests rule out.
    pub fn engine(&self) -> Arc<Engine> {
        Self::built(self.builder())
    }

    /// The same engine, with a journal.
    ///
    /// # Panics
    /// As [`Workload::engine`].
    pub fn journaled_engine(&self, book: Book) -> Arc<Engine> {
        let mut builder = self.builder();
        builder.keep_journal(book);
        Self::built(builder)
    }

    fn builder(&self) -> EngineBuilder {
        let mut builder = EngineBuilder::new(EngineConfig {
            hub: HubId::new(0),
            layout: Arc::new(Layout::line_100()),
            codes: CodeBook::standard(),
            destinations: Destinations::with_capacity(Postcodes::COUNT),
            expected_parcels: self.parcels.len(),
            late_parcels: 0,
            seed: SEED,
            rules: HallRules::default(),
        });
        for parcel in &self.parcels {
            let mut announcement = Announcement {
                country: parcel.country.code(),
                postcode: parcel.postcode.as_str(),
                weight: Grams::new(500),
                clearance: parcel.clearance,
                ..Announcement::default()
            };
            announcement.codes.push(parcel.code());
            builder.announce(&announcement).expect("every parcel of the workload is announced once");
        }
        builder
    }

    fn built(builder: EngineBuilder) -> Arc<Engine> {
        builder.build(&plan()).expect("the tests compile the standard plan")
    }
}

/// The standard plan with the highest lap limit, so that a parcel may be sorted again and again.
///
/// # Panics
/// Never: the tests read the plan.
pub fn plan() -> PlanSource {
    let texts = standard_plan_texts();
    let toml = texts.toml.replace("lap_limit = 3", &format!("lap_limit = {}", crate::runs::PASSES));
    PlanSource::from_texts(texts.toml_name, &toml, texts.csv_name, texts.csv)
        .expect("the tests read the plan")
}

fn parcel(number: u32, random: u64, country: Country, postcode: Postcode) -> Parcel {
    let mut parcel = Parcel {
        code: [0; 28],
        length: 0,
        country,
        postcode,
        clearance: if random.is_multiple_of(50) { Clearance::HoldInspect } else { Clearance::Released },
    };
    match number % 8 {
        0..4 => parcel.print(&make::s10(*b"LP", number, *b"SG")),
        4 | 5 => parcel.print(&make::sscc(3, 4_012_345_000_000_000 + u64::from(number))),
        _ => parcel.print(&make::dpd(36_719, 1_779_000_000_000 + u64::from(number), 327, 276)),
    }
    parcel
}

impl Parcel {
    fn print(&mut self, code: &[u8]) {
        self.code[..code.len()].copy_from_slice(code);
        self.length = code.len() as u8;
    }
}

/// A well mixed number from any number (the finaliser of SplitMix64 by S. Vigna, public domain).
fn mixed(number: u64) -> u64 {
    let mut word = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_parcel_is_scanned_once() {
        let workload = Workload::new(1_000);
        let codes: BTreeSet<&[u8]> = workload.scanned().map(Parcel::code).collect();
        assert_eq!(codes.len(), 1_000);
    }

    #[test]
    fn the_same_number_gives_the_same_workload() {
        let (first, second) = (Workload::new(100), Workload::new(100));
        let line = |workload: &Workload| format!("{:?}", workload.parcels());
        assert_eq!(line(&first), line(&second));
    }
}
