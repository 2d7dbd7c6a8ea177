//! Twelve parcels, and a sorter with a virtual PLC that they come to: what stands around the examples with a link.

use smallvec::SmallVec;
use sorter_core::units::{Grams, Micros, Millimetres};
use sorter_plc::contract::CodeBytes;
use sorter_sim::plant::{Labels, LineGeometry, PlantConfig};
use sorter_sim::register_plc::{NetworkedLine, RegisterPlcConfig};
use sorter_sim::virtual_plc::LineSorter;

/// What the hub is told about the parcels.
pub const MANIFEST: &str = "codes,country,postcode,weight_g,clearance
LP263072004SG,DE,10115,400,released
LP263073115SG,DE,80331,410,released
LP263074226SG,AT,1010,420,released
LP263075337SG,FR,75001,430,released
LP263076448SG,DE,50667,440,released
LP263077559SG,DE,90402,450,released
LP263078660SG,NL,1012 AB,460,released
LP263079775SG,AT,8010,470,released
LP263080884SG,DE,01067,480,released
LP263081995SG,DE,70173,490,released
LP263083109SG,IT,00184,500,released
LP263084210SG,DE,20095,510,released
";

/// How many parcels there are.
pub const PARCELS: u32 = 12;

/// The outlets of the plan `monday` that they belong to.
pub const OUTLETS: [&str; PARCELS as usize] = [
    "DE-NORTH", "DE-SOUTH", "AT", "EUROPE", "DE-NORTH", "DE-SOUTH", "EUROPE", "AT", "DE-NORTH", "DE-SOUTH",
    "EUROPE", "DE-NORTH",
];

/// The code on the label of a parcel: that of its row in the manifest.
///
/// # Panics
/// When there is no such parcel.
pub fn label(parcel: u32) -> &'static str {
    let row = MANIFEST.lines().skip(1).nth(parcel as usize).expect("parcels are numbered like the rows");
    row.split(',').next().expect("a row begins with its code")
}

/// The parcels as the sensors see them: boxes of one size, each with a label that can be read.
pub struct Boxes;

impl Labels for Boxes {
    fn length(&self, _parcel: u32) -> Millimetres {
        Millimetres::new(300)
    }

    fn measured(&self, _parcel: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
        (Millimetres::new(300), Millimetres::new(200), Millimetres::new(100), Grams::new(400))
    }

    fn read(&self, parcel: u32, _pass: u8, out: &mut SmallVec<[CodeBytes; 4]>) {
        out.extend(CodeBytes::new(label(parcel).as_bytes()));
    }
}

/// A sorter of the standard layout to whose induction a parcel comes twice a second, and its PLC behind registers.
/// Nothing goes wrong in it.
pub fn virtual_sorter() -> NetworkedLine {
    let feed = (0..PARCELS).map(|parcel| (Micros::from_millis(500 * u64::from(parcel)), parcel)).collect();
    let line = LineSorter::new(&LineGeometry::line_100(), PlantConfig::faultless(1), feed);
    NetworkedLine::new(line, RegisterPlcConfig::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parcel_has_a_label_of_its_own() {
        let labels: std::collections::BTreeSet<_> = (0..PARCELS).map(label).collect();
        assert_eq!(labels.len(), MANIFEST.lines().count() - 1);
    }
}
