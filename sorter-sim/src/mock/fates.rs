//! What really became of the bodies on one line.

use std::collections::BTreeMap;

use sorter_core::ids::ChuteId;
use sorter_core::units::Micros;

use crate::plant::{BodyTag, Travel, Witness};

/// Where a body is that has been on the belt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On the belt, or in a slide.
    Belt,
    /// In a chute, or in a container that was taken from it.
    Chute,
    /// Off the belt, on its way back to the induction or waiting there.
    Back,
}

/// What happened to bodies, counted, and where each of them is. A body may pass more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fates {
    pub(super) inducted: u64,
    pub(super) thrown_on: u64,
    /// Bodies that slid into each chute.
    pub(super) in_chutes: BTreeMap<ChuteId, u64>,
    pub(super) ran_off: u64,
    pub(super) taken_off: u64,
    pub(super) put_back: u64,
    pub(super) containers: u64,
    /// Every body that has been on the belt.
    pub(super) places: BTreeMap<u32, Place>,
    /// Which body slid where, in order.
    pub(super) discharges: Vec<(BodyTag, ChuteId)>,
    /// Things that cannot happen to a body where it was.
    pub(super) impossible: u64,
}

impl Fates {
    fn moves(&mut self, body: BodyTag, from: &[Option<Place>], to: Place) {
        let before = self.places.insert(body.parcel, to);
        self.impossible += u64::from(!from.contains(&before));
    }

    /// How many bodies are in such a place.
    pub(super) fn at(&self, place: Place) -> u64 {
        self.places.values().filter(|at| **at == place).count() as u64
    }
}

impl Witness for Fates {
    fn inducted(&mut self, body: BodyTag, _travel: Travel) {
        self.inducted += 1;
        self.moves(body, &[None, Some(Place::Back)], Place::Belt);
    }

    fn thrown_on(&mut self, body: BodyTag, _travel: Travel) {
        self.thrown_on += 1;
        self.moves(body, &[None, Some(Place::Back)], Place::Belt);
    }

    fn discharged(&mut self, body: BodyTag, chute: ChuteId, _at: Micros, _content: u32, _capacity: u32) {
        *self.in_chutes.entry(chute).or_default() += 1;
        self.discharges.push((body, chute));
        self.moves(body, &[Some(Place::Belt)], Place::Chute);
    }

    fn ran_off(&mut self, body: BodyTag, _at: Micros) {
        self.ran_off += 1;
        self.moves(body, &[Some(Place::Belt)], Place::Back);
    }

    fn taken_off(&mut self, body: BodyTag, _at: Micros) {
        self.taken_off += 1;
        self.moves(body, &[Some(Place::Belt)], Place::Back);
    }

    fn put_back(&mut self, body: BodyTag, _at: Micros) {
        self.put_back += 1;
        self.moves(body, &[Some(Place::Back)], Place::Back);
    }

    fn container_closed(&mut self, _chute: ChuteId, _at: Micros, _content: u32) {
        self.containers += 1;
    }
}
