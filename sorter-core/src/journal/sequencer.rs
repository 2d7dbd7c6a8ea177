//! Brings the lanes into one order, in which the records of each parcel follow each other.
//!
//! # Order
//! A record about a parcel follows when the word before its step is the last known word of the parcel. A lane whose
//! first record does not follow waits, since what it waits for is in another lane, or will be in a moment: a step is
//! recorded right after its compare-and-swap. What was in a lane when the hub's lane is read may rely on what stands
//! there, so the hub's lane goes first, and of it only records about a parcel that has to wait stay behind.
//!
//! # Words that come again
//! The change counter of a word has two bits, so after four changes that lead nowhere a parcel has the same word again.
//! If all of that waits at once, a record from after it may be taken before it, and then the four do not follow any
//! more. They lead from a word that the parcel has left back to it. They are taken all the same: numbered, and told as
//! changing nothing. Where another record does not follow for long, since a thread died between a step and the record
//! of it, its parcel has to jump.
//!
//! Either way there is a [`Detour`], a piece of the parcel's way that is not joined to the rest: from the word where
//! the piece begins to that where it has come so far. Whoever comes to its begin is at its end. All steps of a parcel
//! make one way, so when all of its records are there, all pieces are joined and its last word is right.

use std::collections::VecDeque;

use super::book::{Drain, Drained};
use super::{Body, Entry, Image, Record, RecordSeq};
use crate::ids::{ParcelId, SorterId};
use crate::state_word::StateWord;

/// Looks for which a record that leads away from a word that its parcel has left waits: what makes it follow may be on
/// its way.
const DETOUR_AFTER: u32 = 2;

/// Looks for which any other record waits. With one each 2 ms this is a second, in which a thread that was interrupted
/// between a step and the record of it has long gone on.
const JUMP_AFTER: u32 = 500;

/// Words that parcels have left, and that are remembered.
const LEFT_WORDS: usize = 16_384;

/// Numbers the records of all lanes, see [the module](super).
#[derive(Debug)]
pub struct Sequencer {
    image: Image,
    follow: bool,
    drained: Drained,
    /// The lane that is read first, another one each time, so that none waits for the others.
    first: usize,
    /// Looks that the first record of each lane has waited for.
    waited: [u32; SorterId::LIMIT],
    /// Records of the hub that do not follow yet.
    aside: VecDeque<Aside>,
    /// Whether all was read that the hub's lane had when this look began.
    hub_is_read: bool,
    /// The words that parcels left last.
    left: VecDeque<(ParcelId, u64)>,
    detours: Vec<Detour>,
    /// [`JUMP_AFTER`], but for tests.
    jump_after: u32,
    reordered: u64,
}

/// A record of the hub that does not follow yet.
#[derive(Debug)]
struct Aside {
    /// Its place in the hub's lane.
    number: u64,
    record: Record,
    waited: u32,
}

/// A piece of the way of a parcel that is not joined to the rest.
#[derive(Clone, Copy, Debug)]
struct Detour {
    parcel: ParcelId,
    from: u64,
    to: u64,
}

/// How a record follows what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It changes no word, or its word before is the last known one.
    On,
    /// It goes on on the detour with this place.
    Detour(usize),
    /// Not yet.
    No,
}

/// What the lanes had when a look began.
struct Look {
    pushed: [u64; SorterId::LIMIT],
    /// The lanes that may have records that were not taken yet, one bit each: mostly one or two of them have.
    waiting: u32,
}

const _: () = assert!(SorterId::LIMIT == u32::BITS as usize);

impl Look {
    fn new(pushed: [u64; SorterId::LIMIT], drained: &Drained) -> Self {
        let waiting = (0..SorterId::LIMIT).filter(|lane| drained.lanes[*lane] < pushed[*lane]);
        let waiting = waiting.fold(0, |bits, lane| bits | 1 << lane);
        Self { pushed, waiting }
    }

    /// The lanes that may have something, from `first` on and around.
    fn lanes_from(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.waiting.rotate_right(first as u32);
        std::iter::from_fn(move || {
            let step = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some((first + step) % SorterId::LIMIT)
        })
    }
}

impl Sequencer {
    /// A sequencer that goes on after an image. With `follow` the image follows the records whole, so that snapshots
    /// can be made; without it only what numbering needs.
    pub fn new(image: Image, follow: bool) -> Self {
        Self {
            image,
            follow,
            drained: Drained::default(),
            first: 0,
            waited: [0; SorterId::LIMIT],
            aside: VecDeque::new(),
            hub_is_read: false,
            left: VecDeque::with_capacity(LEFT_WORDS),
            detours: Vec::new(),
            jump_after: JUMP_AFTER,
            reordered: 0,
        }
    }

    /// The state up to the last record. Without `follow` only the words of its parcels and the numbers are right.
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// Records that were taken although they did not follow. Zero unless a parcel was changed back and forth between
    /// two looks, or a thread died in the middle of a step.
    pub const fn reordered(&self) -> u64 {
        self.reordered
    }

    pub(super) const fn drained(&self) -> &Drained {
        &self.drained
    }

    /// Records of the hub that were taken out of its lane and wait.
    pub(super) fn set_aside(&self) -> u64 {
        self.aside.len() as u64
    }

    /// Takes up to `most` entries out of the lanes, and a few more where some had to be taken although they do not
    /// follow.
    pub fn collect(&mut self, drain: &mut Drain, most: usize, out: &mut Vec<Entry>) {
        drain.look();
        let mut look = Look::new(drain.pushed(), &self.drained);
        self.hub_is_read = false;
        self.collect_rounds(drain, &mut look, most, out);
        self.count_looks(drain, &look);
        while self.take_patient(drain, &look, out) {
            self.collect_rounds(drain, &mut look, most, out);
        }
        self.first = (self.first + 1) % SorterId::LIMIT;
        self.drained.hub = self.aside.front().map_or(drain.popped(), |aside| aside.number - 1);
        drain.take(&self.drained);
    }

    /// Takes what follows, as long as anything does.
    fn collect_rounds(&mut self, drain: &mut Drain, look: &mut Look, most: usize, out: &mut Vec<Entry>) {
        loop {
            let before = out.len();
            self.collect_aside(most, out);
            self.collect_hub(drain, most, out);
            for lane in look.lanes_from(self.first) {
                self.collect_lane(drain, lane, look, most, out);
            }
            let nothing_waits = look.waiting == 0 && self.aside.is_empty();
            if nothing_waits || out.len() == before || out.len() >= most {
                return;
            }
        }
    }

    fn collect_lane(
        &mut self,
        drain: &Drain,
        lane: usize,
        look: &mut Look,
        most: usize,
        out: &mut Vec<Entry>,
    ) {
        while out.len() < most {
            let Some(record) = self.first_of(drain, lane, look) else {
                look.waiting &= !(1 << lane);
                return;
            };
            if self.way(&record) == Way::No {
                return;
            }
            self.take_from(lane, record, out);
        }
    }

    fn collect_hub(&mut self, drain: &mut Drain, most: usize, out: &mut Vec<Entry>) {
        while out.len() < most {
            let Some((number, body)) = drain.pop_hub() else {
                self.hub_is_read = true;
                return;
            };
            match body {
                Body::Record(record)
                    if self.way(&record) == Way::No || self.is_behind(&record, usize::MAX) =>
                {
                    self.aside.push_back(Aside { number, record, waited: 0 });
                }
                body => self.accept(body, out),
            }
        }
    }

    /// Takes what was set aside and follows by now, of each parcel in its order.
    fn collect_aside(&mut self, most: usize, out: &mut Vec<Entry>) {
        let mut place = 0;
        while place < self.aside.len() && out.len() < most {
            let record = self.aside[place].record;
            if self.way(&record) == Way::No || self.is_behind(&record, place) {
                place += 1;
            } else {
                self.aside.remove(place);
                self.accept(Body::Record(record), out);
            }
        }
    }

    /// Whether another record about the same parcel was set aside before this place.
    fn is_behind(&self, record: &Record, place: usize) -> bool {
        let mut before = self.aside.iter().take(place);
        record.parcel.is_some() && before.any(|aside| aside.record.parcel == record.parcel)
    }

    /// The first record of a lane, if it has one.
    fn first_of(&self, drain: &Drain, lane: usize, look: &Look) -> Option<Record> {
        let number = self.drained.lanes[lane];
        if number < look.pushed[lane] { drain.read(lane, number) } else { None }
    }

    fn take_from(&mut self, lane: usize, record: Record, out: &mut Vec<Entry>) {
        self.drained.lanes[lane] += 1;
        self.waited[lane] = 0;
        self.accept(Body::Record(record), out);
    }

    /// Counts a look for each record that has to wait.
    fn count_looks(&mut self, drain: &Drain, look: &Look) {
        for lane in look.lanes_from(0) {
            let first = self.first_of(drain, lane, look);
            if first.is_some_and(|record| self.way(&record) == Way::No) {
                self.waited[lane] += 1;
            }
        }
        self.aside.iter_mut().for_each(|aside| aside.waited += 1);
    }

    /// Takes a record that does not follow and has waited long enough, and gives whether there was one.
    fn take_patient(&mut self, drain: &Drain, look: &Look, out: &mut Vec<Entry>) -> bool {
        for place in 0..self.aside.len() {
            let Aside { record, waited, .. } = self.aside[place];
            if !self.is_behind(&record, place) && self.is_over(&record, waited) {
                self.aside.remove(place);
                self.accept(Body::Record(record), out);
                return true;
            }
        }
        for lane in look.lanes_from(0).filter(|_| self.hub_is_read) {
            let first = self.first_of(drain, lane, look);
            if let Some(record) = first.filter(|record| self.is_over(record, self.waited[lane])) {
                self.take_from(lane, record, out);
                return true;
            }
        }
        false
    }

    /// Whether a record does not follow and has waited long enough.
    fn is_over(&self, record: &Record, waited: u32) -> bool {
        waited > DETOUR_AFTER
            && self.way(record) == Way::No
            && (waited > self.jump_after || self.was_left(record.parcel, bits(record.before)))
    }

    fn was_left(&self, parcel: Option<ParcelId>, word: u64) -> bool {
        parcel.is_some_and(|parcel| self.left.iter().rev().any(|left| *left == (parcel, word)))
    }

    fn way(&self, record: &Record) -> Way {
        let (Some(parcel), Some(_)) = (record.parcel, record.word) else { return Way::On };
        let before = bits(record.before);
        if self.image.parcel(parcel).word == before {
            return Way::On;
        }
        let goes_on = |detour: &Detour| detour.parcel == parcel && detour.to == before;
        self.detours.iter().position(goes_on).map_or(Way::No, Way::Detour)
    }

    /// Numbers what was taken out of a lane.
    fn accept(&mut self, mut body: Body, out: &mut Vec<Entry>) {
        if let Body::Record(record) = &mut body {
            self.go(record);
        }
        let parcel = match &body {
            Body::Record(record) => record.parcel,
            Body::Note(_) => None,
        };
        let prev = parcel.map_or(RecordSeq::NONE, |parcel| self.image.parcel(parcel).last);
        let entry = Entry { seq: self.image.seq.next(), prev, body };
        if self.follow {
            self.image.apply(&entry);
        } else {
            self.image.number(&entry);
        }
        out.push(entry);
    }

    /// Gives a record the words that it has in its place.
    fn go(&mut self, record: &mut Record) {
        let (Some(parcel), Some(word)) = (record.parcel, record.word) else { return };
        let known = self.image.parcel(parcel).word;
        let (before, after) = (bits(record.before), word.to_bits());
        let next = match self.way(record) {
            Way::On => self.joined(parcel, after),
            Way::Detour(place) => {
                let Detour { from, .. } = self.detours.swap_remove(place);
                self.part(parcel, from, after);
                known
            }
            Way::No => {
                self.reordered += 1;
                if self.was_left(Some(parcel), before) {
                    self.part(parcel, before, after);
                    known
                } else {
                    // What is missing leads from the known word to the one before this record.
                    self.detours.push(Detour { parcel, from: before, to: known });
                    self.joined(parcel, after)
                }
            }
        };
        if next != known {
            if self.left.len() >= LEFT_WORDS {
                self.left.pop_front();
            }
            self.left.push_back((parcel, known));
        }
        (record.before, record.word) = (stored(known), stored(next));
    }

    /// Where a way ends that has come to this word: at the end of the piece that begins there.
    fn joined(&mut self, parcel: ParcelId, mut word: u64) -> u64 {
        let begins = |detour: &Detour, word| detour.parcel == parcel && detour.from == word;
        while let Some(place) = self.detours.iter().position(|detour| begins(detour, word)) {
            word = self.detours.swap_remove(place).to;
        }
        word
    }

    /// Has a piece of way that is not joined, unless it leads back to where it began.
    fn part(&mut self, parcel: ParcelId, from: u64, to: u64) {
        let to = self.joined(parcel, to);
        if to != from {
            self.detours.push(Detour { parcel, from, to });
        }
    }
}

/// A word as stored; none is 0.
fn bits(word: Option<StateWord>) -> u64 {
    word.map_or(0, StateWord::to_bits)
}

fn stored(bits: u64) -> Option<StateWord> {
    if bits == 0 { None } else { StateWord::from_bits(bits) }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests;
