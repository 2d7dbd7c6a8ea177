//! Where every parcel really is, and what the scanner really read on it.

use sorter_core::ids::{ChuteId, ItemId, SorterId};
use sorter_core::units::Micros;

use crate::load::{Announced, SimParcel};
use crate::plant::BodyTag;
use crate::reads::HubReads;

/// Where a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// It has not come yet, or waits at its induction for the first time.
    Outside,
    /// On a belt.
    Belt(SorterId),
    /// On its way back to an induction.
    ReturnLine(SorterId),
    /// In a chute.
    Chute(SorterId, ChuteId),
    /// On the floor.
    Floor,
}

/// What the scanner made of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Nothing.
    NoRead,
    /// The codes of one label, rightly or wrongly.
    Label(u32),
    /// The codes of two labels.
    Conflict,
}

/// The physical truth about the parcels of one hub.
pub struct Truth<'a> {
    reads: HubReads<'a>,
    parcels: &'a [SimParcel],
    places: Vec<Place>,
    readings: Vec<Reading>,
    items: Vec<ItemId>,
    passes: Vec<u8>,
    /// Parcels whose books may differ from the truth: something happened to them that no sensor told.
    disturbed: Vec<bool>,
    /// Parcels whose pass was torn by a PLC that was switched off: nobody was told its end. The next pass is whole.
    torn: Vec<bool>,
    /// The body of each item number, for each sorter.
    bodies: Vec<Vec<BodyTag>>,
    /// The item that was last ordered out for each label.
    claims: Vec<Option<(SorterId, ItemId)>>,
}

impl<'a> Truth<'a> {
    /// Every parcel outside.
    pub fn new(reads: HubReads<'a>) -> Self {
        let parcels = reads.parcels();
        Self {
            reads,
            parcels,
            places: vec![Place::Outside; parcels.len()],
            readings: vec![Reading::NoRead; parcels.len()],
            items: vec![ItemId::NONE; parcels.len()],
            passes: vec![0; parcels.len()],
            disturbed: vec![false; parcels.len()],
            torn: vec![false; parcels.len()],
            bodies: Vec::new(),
            claims: vec![None; parcels.len()],
        }
    }

    /// Where each parcel is, by its number.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The parcel with this number.
    pub fn parcel(&self, parcel: u32) -> &SimParcel {
        &self.parcels[parcel as usize]
    }

    /// The postcode index that was announced under a label.
    pub fn postcode(&self, label: u32) -> u32 {
        self.parcels[label as usize].postcode
    }

    /// The tag that a parcel will have on its next pass.
    pub fn next_pass(&self, parcel: u32) -> BodyTag {
        BodyTag { parcel, pass: self.passes[parcel as usize].saturating_add(1) }
    }

    /// Whether something happened to a parcel that no sensor told.
    pub fn is_disturbed(&self, parcel: u32) -> bool {
        self.disturbed[parcel as usize] || self.torn[parcel as usize]
    }

    /// The label printed on a parcel.
    pub fn label_printed(&self, parcel: u32) -> u32 {
        self.parcels[parcel as usize].label
    }

    /// What was last read on a parcel.
    pub fn reading(&self, parcel: u32) -> Reading {
        self.readings[parcel as usize]
    }

    pub(super) fn placed(&mut self, body: BodyTag, place: Place) {
        self.places[body.parcel as usize] = place;
        if matches!(place, Place::Belt(_)) {
            self.passes[body.parcel as usize] = body.pass;
            self.items[body.parcel as usize] = ItemId::NONE;
            self.torn[body.parcel as usize] = false;
            let reading = self.reads.reading(body.parcel, body.pass);
            self.readings[body.parcel as usize] = reading;
            if let Reading::Label(label) = reading
                && label != body.parcel
            {
                // Label and parcel do not belong together, so the books of both may be off.
                self.disturb(label);
                self.disturb(body.parcel);
            }
        }
    }

    pub(super) fn disturb(&mut self, parcel: u32) {
        self.disturbed[parcel as usize] = true;
    }

    /// A PLC was switched off: the passes of what is on its belt are torn, and of the items that slid into a chute
    /// without that their end was told.
    pub(super) fn tear(&mut self, sorter: SorterId, untold: &[ItemId]) {
        for (place, torn) in self.places.iter().zip(&mut self.torn) {
            *torn |= *place == Place::Belt(sorter);
        }
        for item in untold {
            if let Some(body) = self.body_of(sorter, *item) {
                self.torn[body.parcel as usize] = true;
            }
        }
    }

    /// The item numbers of a sorter begin anew: claims of those before are no longer any item's.
    pub(super) fn forget_claims(&mut self, sorter: SorterId) {
        for claim in &mut self.claims {
            *claim = claim.filter(|(at, _)| *at != sorter);
        }
    }

    pub(super) fn item_given(&mut self, sorter: SorterId, item: ItemId, body: BodyTag) {
        let nobody = BodyTag { parcel: u32::MAX, pass: 0 };
        while self.bodies.len() <= sorter.index() {
            self.bodies.push(vec![nobody; usize::from(u16::MAX) + 1]);
        }
        self.bodies[sorter.index()][usize::from(item.get())] = body;
        self.items[body.parcel as usize] = item;
    }

    /// The body that an item number was given to.
    pub(super) fn body_of(&self, sorter: SorterId, item: ItemId) -> Option<BodyTag> {
        let body = self.bodies.get(sorter.index())?[usize::from(item.get())];
        (body.parcel != u32::MAX).then_some(body)
    }

    /// Whether an item number was given to a parcel that was on no belt before.
    pub fn is_first_pass(&self, sorter: SorterId, item: ItemId) -> bool {
        self.body_of(sorter, item).is_some_and(|body| body.pass == 0)
    }

    /// The item number that a body has.
    pub(super) fn item_of(&self, body: BodyTag) -> Option<ItemId> {
        let item = self.items[body.parcel as usize];
        (!item.is_none()).then_some(item)
    }

    /// The label that was read on a body, whoever it belongs to.
    pub(super) fn label_read(&self, body: BodyTag) -> Option<u32> {
        match self.readings[body.parcel as usize] {
            Reading::Label(label) => Some(label),
            Reading::NoRead | Reading::Conflict => None,
        }
    }

    /// The label that was read on a body, if it is announced by now.
    pub(super) fn label_announced(&self, body: BodyTag, now: Micros) -> Option<u32> {
        let label = self.label_read(body)?;
        let parcel = &self.parcels[label as usize];
        let known = match parcel.announced() {
            Announced::Before => true,
            Announced::Late(after) => parcel.arrival + after <= now,
            Announced::Never => false,
        };
        known.then_some(label)
    }

    /// Whether the codes read on a body are not those printed on it.
    pub(super) fn is_misread(&self, body: BodyTag) -> bool {
        self.label_read(body).is_some_and(|label| label != self.label_printed(body.parcel))
    }

    /// Notes that a label is ordered out for an item. Gives the other item it was last ordered out for.
    pub(super) fn outbound_claim(
        &mut self,
        label: u32,
        by: (SorterId, ItemId),
    ) -> Option<(SorterId, ItemId)> {
        self.claims[label as usize].replace(by).filter(|other| *other != by)
    }
}
