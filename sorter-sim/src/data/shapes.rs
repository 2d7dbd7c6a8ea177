//! Sizes and weights of parcels.

use sorter_core::units::{Grams, Millimetres};

use super::{rows, unpacked};

static SHAPES: &[u8] = include_bytes!("../../data/parcels_synthetic.csv.gz");

/// Size and weight of one synthetic parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParcelShape {
    /// The longest side, along the belt.
    pub length: Millimetres,
    /// The side across the belt.
    pub width: Millimetres,
    /// The side upwards.
    pub height: Millimetres,
    /// The mass.
    pub weight: Grams,
    /// Whether it cannot be sorted by machine: too large, round or open.
    pub non_conveyable: bool,
}

/// The parcels from which a load draws its shapes, each as likely as the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shapes {
    /// The rows in the order of the file.
    pub rows: Vec<ParcelShape>,
}

impl Shapes {
    /// How many rows there are.
    pub const COUNT: usize = 10_000;

    /// Unpacks and reads the embedded file.
    ///
    /// # Panics
    /// Never: the tests read every row.
    pub fn load() -> Self {
        let text = unpacked(SHAPES);
        let read = |row| parse(row).expect("the tests read every embedded shape");
        Self { rows: rows(&text).map(read).collect() }
    }
}

fn parse(row: &str) -> Option<ParcelShape> {
    // The class before the numbers says how the row was drawn; nothing depends on it.
    let mut fields = row.split(',').skip(1);
    let mut millimetres = || fields.next()?.parse().ok().map(Millimetres::new);
    let (length, width, height) = (millimetres()?, millimetres()?, millimetres()?);
    let weight = Grams::new(fields.next()?.parse().ok()?);
    let non_conveyable = fields.next()? == "1";
    Some(ParcelShape { length, width, height, weight, non_conveyable })
}
