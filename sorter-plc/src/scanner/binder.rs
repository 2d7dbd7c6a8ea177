//! Which item a telegram is about.
//!
//! The binder knows the items from the events of the PLC, and from the encoder where each of them is. A code
//! is bound to the item that it can only have come from; what can have come from two is nobody's, and an item
//! that is doubtful ends as a no-read. A lost, doubled or additional trigger therefore costs reads, never a
//! neighbour's code.
//!
//! It reads no clock, and never subtracts a stamp of the scanner from one of its own: places on the belt are
//! all that it compares. The rules are in `docs/scanner.md`.

mod by_count;
mod by_number;
mod config;
mod passages;
mod step;

pub use config::{BinderConfig, BinderError, Binding, From};

use std::collections::VecDeque;

use sorter_core::ids::{EyeId, ItemId};
use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Millimetres, Pulses};

use super::telegram::{Measured, Telegram, TelegramFormat, TriggerNumber, TriggerRange};
use crate::contract::{Event, EventRecord, ScanData, ScanRecord, Seq, Status};
use crate::host::Resync;
use config::Reach;
use passages::{Owner, Passage, Passages};
use step::Step;

/// Telegrams that wait for the events that tell of their item.
const MOST_WAITING: usize = 64;
/// Telegrams that are compared with a new one to see whether it is a repetition.
const MOST_RECENT: usize = 16;
/// Telegrams of a trigger without a parcel that wait for a photo-eye to tell of one.
const MOST_ORPHANS: usize = 16;
/// Telegrams that come between two cycles when nothing has held them up.
const BURST: u32 = 8;
/// Numbers that may be skipped before it looks like another numbering.
const MOST_MISSING: u32 = 64;

/// What the binder counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinderCounters {
    /// Telegrams taken.
    pub telegrams: u64,
    /// Telegrams without a code among them.
    pub no_reads: u64,
    /// Telegrams that were the repetition of another.
    pub duplicates: u64,
    /// Telegrams with a number before that of the one before.
    pub out_of_order: u64,
    /// Trigger numbers that no telegram came with, those that came out of order included.
    pub missing_numbers: u64,
    /// Times at which the numbering began anew.
    pub renumbered: u64,
    /// Telegrams that carry no place, or a number that is not configured.
    pub unusable: u64,
    /// Telegrams with a place that the belt has not reached.
    pub ahead: u64,
    /// Telegrams that came when their items were far away.
    pub late: u64,
    /// Telegrams of a trigger without a parcel.
    pub without_parcel: u64,
    /// Telegrams that can be about more than one item.
    pub ambiguous: u64,
    /// Telegrams that disagree with the order of the items.
    pub out_of_step: u64,
    /// Codes bound to an item that their own trigger was not for.
    pub moved_codes: u64,
    /// Codes that can be of more than one item.
    pub ambiguous_codes: u64,
    /// Codes where no item is, or where the belt has not been.
    pub foreign_codes: u64,
    /// Codes of an item whose reads were handed over before.
    pub late_codes: u64,
    /// Items with codes handed over.
    pub read_items: u64,
    /// Items handed over as a no-read, the doubtful ones included.
    pub no_read_items: u64,
    /// Items that ended as a no-read since what was read can be another's.
    pub contested_items: u64,
    /// Items that no telegram came for.
    pub silent_items: u64,
    /// Items that there was no room for.
    pub dropped_items: u64,
    /// Codes and no-reads that the PLC reported and that were not used.
    pub plc_scans: u64,
}

/// A telegram with the stretch of belt travel in which it came.
#[derive(Clone, Copy, Debug)]
struct Arrived {
    telegram: Telegram,
    after: i64,
    by: i64,
}

/// Binds telegrams to items. It does no I/O; [`WithScanner`](super::WithScanner) feeds it.
///
/// In each cycle: [`Binder::observe`] what the PLC reported, [`Binder::take`] the telegrams that came,
/// [`Binder::bind`] to get the records.
#[derive(Debug)]
pub struct Binder {
    config: BinderConfig,
    reach: Reach,
    layout: Layout,
    triggers: TriggerRange,
    passages: Passages,
    waiting: VecDeque<Arrived>,
    recent: VecDeque<(i64, Telegram)>,
    last_number: Option<TriggerNumber>,
    step: Step,
    /// The last encoder count and the belt travel in pulses at it.
    encoder: Option<(EncoderCount, i64)>,
    /// The belt travel when all telegrams that had come were taken.
    drained: i64,
    /// Telegrams taken since the last time.
    burst: u32,
    /// Telegrams that wait for a photo-eye to tell of their parcel.
    orphans: usize,
    /// Whether all events are known that the PLC has recorded.
    informed: bool,
    seq: Seq,
    counters: BinderCounters,
}

impl Binder {
    /// A binder for one tunnel of one belt.
    ///
    /// # Errors
    /// When the settings contradict each other, the format or the layout; see [`BinderError`].
    pub fn new(config: BinderConfig, format: &TelegramFormat, layout: &Layout) -> Result<Self, BinderError> {
        let reach = Reach::new(&config, format, layout)?;
        let agreeing = match config.binding {
            Binding::ByNumber { agreeing, .. } => agreeing,
            Binding::ByCount => 0,
        };
        Ok(Self {
            config,
            reach,
            layout: layout.clone(),
            triggers: format.triggers(),
            passages: Passages::new(usize::from(layout.belt_capacity())),
            waiting: VecDeque::with_capacity(MOST_WAITING),
            recent: VecDeque::with_capacity(MOST_RECENT),
            last_number: None,
            step: Step::new(format.triggers(), agreeing),
            encoder: None,
            drained: 0,
            burst: 0,
            orphans: 0,
            informed: false,
            seq: Seq::NONE,
            counters: BinderCounters::default(),
        })
    }

    /// What was counted.
    pub fn counters(&self) -> BinderCounters {
        self.counters
    }

    /// Whether another telegram can be taken. When not, it waits where it is.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < MOST_WAITING
    }

    /// Everything that was known of the belt is void: the PLC has restarted.
    pub fn plc_restarted(&mut self) {
        self.passages.clear();
        self.waiting.clear();
        self.step.restart();
        (self.encoder, self.drained, self.informed) = (None, 0, false);
    }

    /// Takes over what the PLC has on its belt: items that are not known enter with an unknown length, and
    /// those that are not there have ended.
    pub fn resync(&mut self, resync: &Resync<'_>) {
        self.advance(resync.status);
        self.passages.retain(|known| resync.belt.iter().any(|entry| entry.item == known.item));
        for entry in resync.belt {
            let edge = self.place_of(entry.inducted_at) + self.reach.trigger;
            let known = self.passages.find(entry.item).map(|index| self.passages.get(index).edge);
            // A photo-eye may have moved it since; another item of this number is further away.
            if known.is_some_and(|known| (known - edge).abs() <= self.reach.longest) {
                continue;
            }
            self.take_out(entry.item);
            self.enter(Passage::new(entry.item, edge, None));
        }
        self.step.restart();
    }

    /// Takes in what the PLC reported in one cycle.
    pub fn observe(&mut self, status: &Status, events: &[EventRecord]) {
        self.advance(status);
        self.informed = status.event_backlog == 0;
        for record in events {
            self.event(record);
        }
    }

    fn event(&mut self, record: &EventRecord) {
        let trigger = self.reach.trigger;
        match record.event {
            Event::Inducted { length, .. } => self.entered(record, Millimetres::ZERO, length),
            Event::Unexpected { eye, length } => self.entered(record, self.position(eye), length),
            Event::Seen { eye, .. } => {
                let position = i64::from(self.position(eye).get());
                if position <= trigger {
                    let edge = self.place_of(record.encoder) - position + trigger;
                    self.moved(record.item, edge);
                }
            }
            // On a loop the item comes past the tunnel again.
            Event::Lap { .. } => {
                let edge = self.place_of(record.encoder) + trigger;
                if let Some(mut again) = self.take_out(record.item) {
                    again = Passage::new(again.item, edge, again.length);
                    self.enter(again);
                }
            }
            Event::Lost { eye } if i64::from(self.position(eye).get()) <= trigger => {
                self.take_out(record.item);
            }
            Event::Lost { .. } | Event::Discharged { .. } | Event::Left { .. } => {
                if let Some(index) = self.passages.find(record.item) {
                    self.passages.get_mut(index).closed = true;
                }
            }
            _ => {}
        }
    }

    fn entered(&mut self, record: &EventRecord, position: Millimetres, length: Pulses) {
        let edge = self.place_of(record.encoder) - i64::from(position.get()) + self.reach.trigger;
        let length = i64::from(length.get()).max(0) * self.reach.pulse;
        if let Some(index) = self.passages.find(record.item) {
            let known = self.passages.get_mut(index);
            if known.edge == edge {
                known.length = Some(length);
                return;
            }
        }
        self.enter(Passage::new(record.item, edge, Some(length)));
    }

    fn enter(&mut self, mut passage: Passage) {
        if self.passages.is_full() {
            self.counters.dropped_items += 1;
            return;
        }
        // A claim that could have been this item's is nobody's for certain.
        let at = self.claim_place(&passage);
        let mut contested = false;
        for index in 0..self.passages.len() {
            let other = self.passages.get_mut(index);
            if other.claim.is_some_and(|claim| claim.from <= at && at <= claim.to) {
                other.contested = true;
                contested = true;
            }
        }
        passage.contested = contested;
        self.passages.insert(passage);
    }

    /// A photo-eye in front of the tunnel saw where an item really is.
    fn moved(&mut self, item: ItemId, edge: i64) {
        if let Some(mut passage) = self.take_out(item) {
            passage.edge = edge;
            self.passages.insert(passage);
        }
    }

    fn take_out(&mut self, item: ItemId) -> Option<Passage> {
        self.passages.find(item).and_then(|index| self.passages.remove(index))
    }

    /// Where an eye is; one that the layout does not have stands for the exit.
    fn position(&self, eye: EyeId) -> Millimetres {
        self.layout.eye(eye).unwrap_or(self.layout.exit_eye())
    }

    fn advance(&mut self, status: &Status) {
        let travel = match self.encoder {
            Some((count, travel)) => travel + i64::from(count.distance_to(status.encoder).get()),
            None => 0,
        };
        self.encoder = Some((status.encoder, travel));
    }

    /// The present belt travel in millimetres.
    fn now(&self) -> i64 {
        self.encoder.map_or(0, |(_, travel)| travel) * self.reach.pulse
    }

    /// The belt travel in millimetres at a count.
    fn place_of(&self, count: EncoderCount) -> i64 {
        let (present, travel) = self.encoder.unwrap_or((count, 0));
        (travel + i64::from(present.distance_to(count).get())) * self.reach.pulse
    }

    /// Takes a telegram. It is dropped and counted when there is no room: ask [`Binder::has_room`] first.
    pub fn take(&mut self, telegram: &Telegram) {
        self.counters.telegrams += 1;
        self.burst = self.burst.saturating_add(1);
        if !self.has_room() || !self.triggers.contains(telegram.trigger) {
            self.counters.unusable += 1;
            return;
        }
        let now = self.now();
        while self.recent.front().is_some_and(|(since, _)| *since < now - self.reach.give_up) {
            self.recent.pop_front();
        }
        if self.recent.iter().any(|(_, recent)| recent == telegram) {
            self.counters.duplicates += 1;
            return;
        }
        if self.recent.len() == MOST_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((now, *telegram));
        self.counters.no_reads += u64::from(telegram.codes().is_empty());
        self.count_number(telegram.trigger);
        self.waiting.push_back(Arrived { telegram: *telegram, after: self.drained, by: now });
    }

    fn count_number(&mut self, number: TriggerNumber) {
        let Some(last) = self.last_number.replace(number) else { return };
        let ahead = self.triggers.distance(last, number);
        let behind = self.triggers.distance(number, last);
        if ahead > 0 && ahead <= MOST_MISSING {
            self.counters.missing_numbers += u64::from(ahead - 1);
        } else if behind <= MOST_MISSING / 2 {
            self.counters.out_of_order += 1;
            self.last_number = Some(last);
        } else {
            self.counters.renumbered += 1;
        }
    }

    /// All telegrams that had come were taken: those that follow come from now on. After a burst that is not
    /// believed, since more of it may be on its way.
    pub fn drained(&mut self) {
        if std::mem::take(&mut self.burst) <= BURST {
            self.drained = self.now();
        }
    }

    /// Takes scan records that the PLC reported. What it measured of an item goes out with the codes of that
    /// item, or at once if they have gone out; its codes and no-reads are not used, the tunnel has them.
    pub fn take_records(&mut self, records: &[ScanRecord], out: &mut Vec<ScanRecord>) {
        for record in records {
            let ScanData::Measured { length, width, height, weight } = record.data else {
                self.counters.plc_scans += 1;
                continue;
            };
            match self.passages.find(record.item).filter(|index| !self.passages.get(*index).closed) {
                Some(index) => {
                    let measured = Measured { length, width, height, weight };
                    self.passages.get_mut(index).measured = Some(measured);
                }
                None => {
                    self.seq = self.seq.next();
                    out.push(ScanRecord { seq: self.seq, index: 0, count: 1, ..*record });
                }
            }
        }
    }

    /// Binds what has come, and appends the records of the items of which everything has come.
    pub fn bind(&mut self, out: &mut Vec<ScanRecord>) {
        self.orphans = 0;
        for _ in 0..self.waiting.len() {
            let Some(arrived) = self.waiting.pop_front() else { break };
            let keep = match self.config.binding {
                Binding::ByCount => self.bind_by_count(&arrived),
                Binding::ByNumber { .. } => self.claim_by_number(&arrived),
            };
            if keep {
                self.waiting.push_back(arrived);
            }
        }
        match self.config.binding {
            Binding::ByCount => self.close_by_count(out),
            Binding::ByNumber { .. } => self.close_by_number(out),
        }
        let oldest = self.now() - self.reach.give_up - self.reach.longest;
        while let Some(gone) = self.passages.pop_before(oldest) {
            self.step.forget(gone.edge);
        }
    }

    /// Gives a code to the item at a place. `index` is the item whose trigger it was.
    fn give(&mut self, code: &super::ReadCode, place: i64, index: Option<usize>) {
        if place > self.now() + self.reach.window {
            // The belt has not brought it to the tunnel, and who will stand there need not be known.
            self.counters.foreign_codes += 1;
            return;
        }
        match self.passages.owner(place, &self.reach) {
            Owner::Item(owner) => {
                self.counters.moved_codes += u64::from(index.is_some_and(|index| index != owner));
                self.add(owner, code);
            }
            Owner::Ambiguous => self.counters.ambiguous_codes += 1,
            Owner::Nobody => self.counters.foreign_codes += 1,
        }
    }

    fn add(&mut self, index: usize, code: &super::ReadCode) {
        let passage = self.passages.get_mut(index);
        if passage.closed {
            self.counters.late_codes += 1;
        } else {
            passage.add(code);
        }
    }

    /// Hands over what was read of an item; it takes no more.
    fn emit(&mut self, index: usize, out: &mut Vec<ScanRecord>) {
        let passage = self.passages.get_mut(index);
        passage.closed = true;
        if passage.contested {
            passage.clear_codes();
            self.counters.contested_items += 1;
        }
        let read = !passage.codes().is_empty();
        self.counters.read_items += u64::from(read);
        self.counters.no_read_items += u64::from(!read);
        let count = u8::try_from(passage.data().count()).unwrap_or(u8::MAX);
        for (index, data) in (0..=u8::MAX).zip(passage.data()) {
            self.seq = self.seq.next();
            out.push(ScanRecord { seq: self.seq, item: passage.item, index, count, data });
        }
    }

    /// Ends the wait for an item that no telegram came for.
    fn close_silent(&mut self, index: usize, out: &mut Vec<ScanRecord>) {
        self.counters.silent_items += 1;
        if self.passages.get(index).measured.is_some() {
            // What was measured is of use even where nothing was read.
            self.emit(index, out);
        } else {
            self.passages.get_mut(index).closed = true;
        }
    }
}

#[cfg(test)]
mod tests;
