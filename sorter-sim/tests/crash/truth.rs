//! Where every parcel really is, which item of which PLC it was, and what slid into which container.

use std::collections::BTreeMap;

use sorter_core::ids::{ChuteId, ItemId};
use sorter_core::units::{EncoderCount, Micros};
use sorter_plc::contract::{Event, EventRecord};
use sorter_sim::plant::{BodyTag, Travel, Witness};

use crate::site::CHUTES;

/// Where a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On its way to an induction, or waiting there.
    Outside,
    Belt(usize),
    Chute(usize, ChuteId),
}

/// A number that a PLC gave to a parcel, as long as it was valid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemLife {
    pub(crate) sorter: usize,
    pub(crate) item: ItemId,
    pub(crate) body: BodyTag,
    pub(crate) inducted: bool,
    /// The encoder count of the event with which it came.
    pub(crate) entered: Option<EncoderCount>,
    /// The event that ended it; `None` as long as it is on the belt, and when its PLC forgot it.
    pub(crate) end: Option<Event>,
    /// Events about it that were recorded and acknowledged.
    recorded: u32,
    acknowledged: u32,
    /// Its PLC forgot it, or events about it that nobody had acknowledged.
    pub(crate) torn: bool,
    /// The host was not there, or did not hear its PLC, at some time of its life.
    pub(crate) disturbed: bool,
}

/// A container that stands at a chute or stood there.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub(crate) sorter: usize,
    pub(crate) chute: ChuteId,
    /// The number on its plate.
    pub(crate) plate: u64,
    pub(crate) content: Vec<u32>,
    /// Whether the journal tells without gap what happened while it stood there: that it came, that it was taken
    /// away, and what the PLC saw between.
    pub(crate) is_told: bool,
    /// Whether people took something out of it.
    pub(crate) touched: bool,
}

/// What really happened.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) places: Vec<Place>,
    /// The next pass of each parcel over a belt.
    passes: Vec<u8>,
    pub(crate) lives: Vec<ItemLife>,
    /// The lives of the items on the belt of each sorter, and of those that just ended.
    current: Vec<BTreeMap<ItemId, usize>>,
    pub(crate) standing: Vec<Vec<Container>>,
    pub(crate) gone: Vec<Container>,
    /// Containers taken away since the last look, by their place in `gone`.
    pub(crate) fresh: Vec<usize>,
    plates: u64,
    /// Whether a PLC took one parcel for another: it told of a discharge of one that is not there, or that one ran off
    /// which did not.
    pub(crate) is_confused: bool,
}

impl Truth {
    pub(crate) fn new(sorters: usize, parcels: usize) -> Self {
        let mut truth = Self {
            places: vec![Place::Outside; parcels],
            passes: vec![0; parcels],
            lives: Vec::new(),
            current: vec![BTreeMap::new(); sorters],
            standing: Vec::new(),
            gone: Vec::new(),
            fresh: Vec::new(),
            plates: 0,
            is_confused: false,
        };
        for sorter in 0..sorters {
            let row = (0..CHUTES).map(|chute| truth.container(sorter, ChuteId::new(chute))).collect();
            truth.standing.push(row);
        }
        truth
    }

    fn container(&mut self, sorter: usize, chute: ChuteId) -> Container {
        self.plates += 1;
        Container { sorter, chute, plate: self.plates, content: Vec::new(), is_told: true, touched: false }
    }

    /// What was recorded about an item by its PLC.
    pub(crate) fn recorded(&mut self, sorter: usize, record: &EventRecord) {
        let Some(life) = self.life_mut(sorter, record.item) else { return };
        life.recorded += 1;
        match record.event {
            Event::Inducted { .. } | Event::Unexpected { .. } => {
                life.inducted = matches!(record.event, Event::Inducted { .. });
                life.entered = Some(record.encoder);
            }
            Event::Discharged { .. } | Event::Left { .. } | Event::Lost { .. } => {
                life.end = Some(record.event);
            }
            _ => {}
        }
        let BodyTag { parcel, pass } = life.body;
        let is_there = |place| self.places[parcel as usize] == place;
        let same_pass = self.passes[parcel as usize] == pass.saturating_add(1);
        self.is_confused |= match record.event {
            Event::Discharged { chute, .. } => !is_there(Place::Chute(sorter, chute)),
            Event::Left { .. } => !(same_pass && is_there(Place::Outside)),
            _ => false,
        };
    }

    /// What was recorded about an item is acknowledged.
    pub(crate) fn acknowledged(&mut self, sorter: usize, item: ItemId) {
        if let Some(life) = self.life_mut(sorter, item) {
            life.acknowledged += 1;
        }
    }

    fn life_mut(&mut self, sorter: usize, item: ItemId) -> Option<&mut ItemLife> {
        let life = *self.current[sorter].get(&item)?;
        self.lives.get_mut(life)
    }

    /// A PLC was restarted: it forgot its items and what nobody had acknowledged.
    pub(crate) fn plc_restarted(&mut self, sorter: usize) {
        for life in std::mem::take(&mut self.current[sorter]).into_values() {
            let life = &mut self.lives[life];
            life.torn |= life.end.is_none() || life.acknowledged < life.recorded;
        }
        for container in &mut self.standing[sorter] {
            container.is_told = false;
        }
    }

    /// The host does not hear a PLC.
    pub(crate) fn disturb(&mut self, sorter: usize) {
        for life in self.current[sorter].values() {
            let life = &mut self.lives[*life];
            if life.end.is_none() || life.acknowledged < life.recorded {
                life.disturbed = true;
            }
        }
    }

    /// Takes a parcel out of the chute where it lies; gives the tag of its next pass.
    pub(crate) fn fetch(&mut self, parcel: u32) -> BodyTag {
        let place = &mut self.places[parcel as usize];
        if let Place::Chute(sorter, chute) = std::mem::replace(place, Place::Outside) {
            let container = &mut self.standing[sorter][chute.index()];
            container.touched = true;
            container.content.retain(|inside| *inside != parcel);
        }
        BodyTag { parcel, pass: self.passes[parcel as usize] }
    }

    /// The last item that a parcel was.
    pub(crate) fn last_life(&self, parcel: u32) -> Option<&ItemLife> {
        self.lives.iter().rev().find(|life| life.body.parcel == parcel)
    }
}

/// Sees one line.
pub(crate) struct Eyes<'a> {
    pub(crate) truth: &'a mut Truth,
    pub(crate) sorter: usize,
}

impl Eyes<'_> {
    fn place(&mut self, body: BodyTag, place: Place) {
        self.truth.places[body.parcel as usize] = place;
    }
}

impl Witness for Eyes<'_> {
    fn inducted(&mut self, body: BodyTag, _: Travel) {
        self.place(body, Place::Belt(self.sorter));
        self.truth.passes[body.parcel as usize] = body.pass.saturating_add(1);
    }

    fn thrown_on(&mut self, body: BodyTag, travel: Travel) {
        self.inducted(body, travel);
    }

    fn item_given(&mut self, item: ItemId, body: BodyTag) {
        let truth = &mut *self.truth;
        let life = ItemLife {
            sorter: self.sorter,
            item,
            body,
            inducted: false,
            entered: None,
            end: None,
            recorded: 0,
            acknowledged: 0,
            torn: false,
            disturbed: false,
        };
        truth.current[self.sorter].insert(item, truth.lives.len());
        truth.lives.push(life);
    }

    fn discharged(&mut self, body: BodyTag, chute: ChuteId, _: Micros, _: u32, _: u32) {
        self.place(body, Place::Chute(self.sorter, chute));
        self.truth.standing[self.sorter][chute.index()].content.push(body.parcel);
    }

    fn ran_off(&mut self, body: BodyTag, _: Micros) {
        self.place(body, Place::Outside);
    }

    fn taken_off(&mut self, body: BodyTag, _: Micros) {
        self.place(body, Place::Outside);
    }

    fn container_closed(&mut self, chute: ChuteId, _: Micros, _: u32) {
        let truth = &mut *self.truth;
        let next = truth.container(self.sorter, chute);
        let before = std::mem::replace(&mut truth.standing[self.sorter][chute.index()], next);
        truth.fresh.push(truth.gone.len());
        truth.gone.push(before);
    }
}
