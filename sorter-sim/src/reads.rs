//! What the scanner of a hub reads on each parcel, and what the scale measures.
//!
//! A reading is a pure function of (seed, parcel, pass), so the checkers can ask for it again.

use smallvec::SmallVec;
use sorter_core::ids::HubId;
use sorter_core::units::{Grams, Millimetres};
use sorter_plc::contract::CodeBytes;

use crate::check::Reading;
use crate::data::ParcelShape;
use crate::load::{Announced, SimParcel, codes_of, draw_index, stray_code};
use crate::plant::Labels;
use crate::random::{Draws, Stream};
use crate::scenario::Reads;

/// How often another parcel is drawn until one fits: announced, with a label of the same format.
const OTHER_TRIES: u32 = 16;

/// What a scanner did on one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Right,
    NoRead,
    Conflicting(u32),
    Stray,
    Misread(u32),
}

/// The labels of one hub as its scanners see them.
#[derive(Clone, Copy)]
pub struct HubReads<'a> {
    seed: u64,
    hub: HubId,
    rates: Reads,
    parcels: &'a [SimParcel],
    shapes: &'a [ParcelShape],
}

impl<'a> HubReads<'a> {
    /// The labels of these parcels.
    pub fn new(
        seed: u64,
        hub: HubId,
        rates: &Reads,
        parcels: &'a [SimParcel],
        shapes: &'a [ParcelShape],
    ) -> Self {
        Self { seed, hub, rates: *rates, parcels, shapes }
    }

    /// The parcels.
    pub fn parcels(&self) -> &'a [SimParcel] {
        self.parcels
    }

    /// What a pass of a parcel through the scanner gives.
    pub fn reading(&self, parcel: u32, pass: u8) -> Reading {
        match self.kind(parcel, pass) {
            Kind::NoRead => Reading::NoRead,
            Kind::Conflicting(_) => Reading::Conflict,
            Kind::Misread(other) => Reading::Label(other),
            Kind::Right | Kind::Stray => Reading::Label(self.parcels[parcel as usize].label),
        }
    }

    /// The codes of a label.
    pub fn codes(&self, label: u32) -> SmallVec<[CodeBytes; 4]> {
        codes_of(self.hub, label, self.parcels[label as usize].kind).iter().collect()
    }

    fn kind(&self, parcel: u32, pass: u8) -> Kind {
        let index = draw_index(self.hub, parcel);
        let drawn = Draws::new(self.seed, Stream::NoRead, index).at(pass.into()).below(1_000_000_000);
        let rates = &self.rates;
        let mut limit = rates.no_read.ppb();
        if drawn < limit {
            return Kind::NoRead;
        }
        limit += rates.conflicting.ppb();
        if drawn < limit {
            return self.other(parcel, pass, Stream::Conflict).map_or(Kind::Stray, Kind::Conflicting);
        }
        limit += rates.stray.ppb();
        if drawn < limit {
            return Kind::Stray;
        }
        limit += rates.misread.ppb();
        if drawn < limit {
            return self.other(parcel, pass, Stream::Misread).map_or(Kind::Right, Kind::Misread);
        }
        Kind::Right
    }

    /// Another announced label of the same format: what lies beside a parcel comes from the same sender.
    fn other(&self, parcel: u32, pass: u8, stream: Stream) -> Option<u32> {
        let own = self.parcels[parcel as usize];
        let count = u32::try_from(self.parcels.len()).expect("labels are numbered by u32");
        let base = u64::from(pass) * u64::from(OTHER_TRIES);
        let mut draws = Draws::new(self.seed, stream, draw_index(self.hub, parcel)).at(base);
        (0..OTHER_TRIES).map(|_| draws.below(count)).find(|label| {
            let other = &self.parcels[*label as usize];
            *label != own.label
                && other.announced() == Announced::Before
                && other.kind.format == self.parcels[own.label as usize].kind.format
        })
    }

    fn shape(&self, parcel: u32) -> &ParcelShape {
        &self.shapes[usize::from(self.parcels[parcel as usize].shape)]
    }
}

impl Labels for HubReads<'_> {
    fn length(&self, parcel: u32) -> Millimetres {
        self.shape(parcel).length
    }

    fn measured(&self, parcel: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
        let shape = self.shape(parcel);
        (shape.length, shape.width, shape.height, shape.weight)
    }

    fn read(&self, parcel: u32, pass: u8, out: &mut SmallVec<[CodeBytes; 4]>) {
        let own = self.parcels[parcel as usize].label;
        match self.kind(parcel, pass) {
            Kind::NoRead => {}
            Kind::Right => out.extend(self.codes(own)),
            Kind::Misread(other) => out.extend(self.codes(other)),
            Kind::Conflicting(other) => {
                out.extend(self.codes(own));
                out.push(self.codes(other)[0]);
            }
            Kind::Stray => {
                out.extend(self.codes(own));
                let index = draw_index(self.hub, parcel);
                out.push(stray_code(&mut Draws::new(self.seed, Stream::Stray, index).at(pass.into())));
            }
        }
    }
}
