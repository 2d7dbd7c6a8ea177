//! What a plant shows to the outside: edges to its PLC, truth to a witness, and what it asks of labels.

use smallvec::SmallVec;
use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres, Pulses};
use sorter_plc::contract::CodeBytes;

use super::Travel;

/// Which physical body an edge came from, or an item was made for.
///
/// It is carried for the witness only. A PLC copies it from edges to items and decides nothing by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BodyTag {
    /// The parcel.
    pub parcel: u32,
    /// How often the parcel was on a belt of this sorter before; stays at 255.
    pub pass: u8,
}

/// What the sensors of a chute show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChuteState {
    /// The content has reached the capacity.
    pub full: bool,
    /// The content has reached the half-full level.
    pub half_full: bool,
    /// A container is in place.
    pub container: bool,
    /// Nobody works at the chute.
    pub available: bool,
}

/// Something that a sensor showed, with the encoder count at the physical edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The trailing edge of a body passed the induction eye.
    InductionEye {
        /// The count at its leading edge.
        count: EncoderCount,
        /// From leading to trailing edge.
        length: Pulses,
        /// For the witness.
        body: BodyTag,
    },
    /// The trailing edge of a body passed a tracking photo-eye or the exit eye.
    Eye {
        /// The eye.
        eye: EyeId,
        /// The count at its leading edge.
        count: EncoderCount,
        /// From leading to trailing edge.
        length: Pulses,
        /// For the witness.
        body: BodyTag,
    },
    /// The scanner is done with a body; no codes is a no-read.
    Scan {
        /// The count when the middle of the body was under the scanner.
        count: EncoderCount,
        /// The first of its codes in [`Edges::codes`].
        first: u32,
        /// How many codes.
        codes: u8,
    },
    /// The scale is done with a body.
    Scale {
        /// The count when the middle of the body was on the scale.
        count: EncoderCount,
        /// Along the belt.
        length: Millimetres,
        /// Across the belt.
        width: Millimetres,
        /// Above the belt.
        height: Millimetres,
        /// Its weight.
        weight: Grams,
    },
    /// A chute eye was blocked.
    ChuteEye {
        /// The chute.
        chute: ChuteId,
        /// When.
        at: Micros,
        /// The count at that time.
        count: EncoderCount,
    },
    /// The sensors of a chute changed.
    ChuteState {
        /// The chute.
        chute: ChuteId,
        /// What they show now.
        state: ChuteState,
        /// The count at that time.
        count: EncoderCount,
    },
}

/// The edges since the last PLC scan, in the order in which they happened, and the codes they refer to.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    /// The edges.
    pub edges: Vec<Edge>,
    /// The codes of the [`Edge::Scan`]s.
    pub codes: Vec<CodeBytes>,
}

impl Edges {
    /// Forgets all, keeping the memory.
    pub fn clear(&mut self) {
        self.edges.clear();
        self.codes.clear();
    }
}

/// What can be seen and measured of a parcel.
pub trait Labels {
    /// Its length along the belt; 1 mm or more.
    fn length(&self, parcel: u32) -> Millimetres;

    /// Length, width, height and weight as the scale tells them.
    fn measured(&self, parcel: u32) -> (Millimetres, Millimetres, Millimetres, Grams);

    /// Appends the codes that the scanner reads in a pass. None is a no-read. At most 200.
    fn read(&self, parcel: u32, pass: u8, out: &mut SmallVec<[CodeBytes; 4]>);
}

/// Sees what really happens. All methods do nothing by default.
pub trait Witness {
    /// Something happened in the plant.
    #[inline]
    fn plant_event(&mut self) {}

    /// A body was put on the belt at the induction, at this travel of its leading edge.
    #[inline]
    fn inducted(&mut self, _body: BodyTag, _travel: Travel) {}

    /// A body was thrown on the belt.
    #[inline]
    fn thrown_on(&mut self, _body: BodyTag, _travel: Travel) {}

    /// The PLC gave a number to a body: at the induction, or when it turned up unexpected.
    #[inline]
    fn item_given(&mut self, _item: ItemId, _body: BodyTag) {}

    /// A body slid into a chute, which now holds `content`.
    #[inline]
    fn discharged(&mut self, _body: BodyTag, _chute: ChuteId, _at: Micros, _content: u32, _capacity: u32) {}

    /// A body left the belt at its end; it will be inducted again.
    #[inline]
    fn ran_off(&mut self, _body: BodyTag, _at: Micros) {}

    /// A person took a body off the belt.
    #[inline]
    fn taken_off(&mut self, _body: BodyTag, _at: Micros) {}

    /// A person put a parcel that lay on the floor back to the induction; the tag is that of its next pass.
    #[inline]
    fn put_back(&mut self, _body: BodyTag, _at: Micros) {}

    /// The container of a chute was taken away with its content.
    #[inline]
    fn container_closed(&mut self, _chute: ChuteId, _at: Micros, _content: u32) {}
}

/// A witness that looks away.
impl Witness for () {}
