//! How an image takes in entries: the tables of [`crate::journal::Record`] as code.

use super::{ChuteImage, Image, ItemImage, SealedImage, ServingImage, SorterImage};
use crate::clearance::{Clearance, Recall};
use crate::container::{ContainerRecord, ContainerState, ContainerStep, ManifestEntry};
use crate::ids::{ChuteId, ContainerId, DepartureId, ItemId, PlanVersion};
use crate::journal::{Body, Cause, Entry, LateNote, Note, Record, RecordKind};
use crate::reason::Reason;
use crate::state_word::{Life, StateWord};
use crate::units::{EncoderCount, Grams, Micros};

/// The flags with which a PLC describes a chute.
const REPORT: u8 = Record::FULL | Record::HALF_FULL | Record::NOT_AVAILABLE | Record::CONTAINER;

impl Image {
    /// Takes in the next entry. Entries have to come in the order of their numbers; what each of them changes is told
    /// at [`Record`] and [`Note`].
    ///
    /// A record about an item that is not on the belt, or of a sorter or chute that never occurred, changes what it
    /// can: nothing panics, whatever an entry says.
    pub fn apply(&mut self, entry: &Entry) {
        let known = self.number(entry);
        match &entry.body {
            Body::Record(record) => {
                self.at = self.at.max(record.at);
                self.leave_unknown(record, known);
                if record.sorter == Record::HUB {
                    self.apply_to_hub(record);
                } else {
                    self.apply_to_sorter(record, known);
                }
            }
            Body::Note(note) => self.apply_note(note),
        }
    }

    /// Takes in what the numbering of further entries needs: the last number of a parcel, and its state word. Gives the
    /// life that the parcel had before.
    pub(in crate::journal) fn number(&mut self, entry: &Entry) -> Life {
        self.seq = entry.seq;
        let Body::Record(record) = &entry.body else { return Life::Absent };
        let Some(parcel) = record.parcel else { return Life::Absent };
        let place = self.place(parcel);
        let known = StateWord::from_bits(place.word).map_or(Life::Absent, StateWord::life);
        place.last = entry.seq;
        if let Some(word) = record.word {
            place.word = word.to_bits();
        }
        known
    }

    /// A parcel that turned up, or that is declared lost, is unknown to no sorter any more.
    fn leave_unknown(&mut self, record: &Record, known: Life) {
        let (Some(parcel), Some(word)) = (record.parcel, record.word) else { return };
        if known == Life::Unknown && word.life() != Life::Unknown {
            self.sorters.values_mut().for_each(|sorter| {
                sorter.unknown.remove(&parcel);
            });
        }
    }

    fn apply_to_hub(&mut self, record: &Record) {
        let Some(parcel) = record.parcel else { return };
        let time = Micros::new(record.extra);
        // Connections are numbered in 16 bits and departures in 32.
        let number = record.weight.get();
        match record.kind {
            RecordKind::Ruled => {
                let place = self.place(parcel);
                place.ruled_at = record.extra;
                place.ruled = record.flags;
                place.ruled_onward = u16::try_from(number).unwrap_or(u16::MAX);
                if number != u32::MAX || record.flags == Clearance::Transit as u8 {
                    place.onward = number;
                }
            }
            RecordKind::Recalled => {
                let Some(status) = Clearance::ALL.get(usize::from(record.flags)).copied() else { return };
                let departure = (number != u32::MAX).then_some(DepartureId::new(number));
                let container = record.container;
                self.recalls.raise(Recall {
                    parcel,
                    container,
                    departure,
                    status,
                    at: time,
                    withdrawn: None,
                });
            }
            RecordKind::Withdrawn => {
                self.recalls.withdraw(parcel, time);
            }
            RecordKind::Announced => self.place(parcel).onward = number,
            _ => {}
        }
    }

    fn apply_to_sorter(&mut self, record: &Record, known: Life) {
        let sorter = self.sorters.entry(record.sorter).or_default();
        sorter.remember(record.item, record.cause);
        match record.kind {
            RecordKind::Entered | RecordKind::Decided | RecordKind::Committed | RecordKind::OrderEnded => {
                sorter.apply_to_item(record, known);
            }
            RecordKind::Discharged => {
                sorter.end(record);
                sorter.discharge(record);
                self.put(record);
            }
            RecordKind::Left | RecordKind::Lost | RecordKind::Forgotten => sorter.end(record),
            RecordKind::Fetched => {
                if let Some(parcel) = record.parcel {
                    sorter.held.take(parcel, record.at);
                }
            }
            _ => sorter.apply_to_chutes(record),
        }
    }

    /// Puts what was discharged into its container.
    fn put(&mut self, record: &Record) {
        if let (Some(parcel), Some(_)) = (record.parcel, record.word) {
            self.place(parcel).container = record.container.map_or(u32::MAX, ContainerId::get);
        }
        let container = record.container.and_then(|container| self.containers.get_mut(&container));
        let Some(container) = container.filter(|container| container.opened.is_some()) else { return };
        if let Some(state) = container.state.after(ContainerStep::Fill) {
            container.state = state;
            container.empty = false;
        }
    }

    fn apply_note(&mut self, note: &Note) {
        match note {
            Note::Boot { epoch, .. } => self.boots = epoch.saturating_add(1),
            Note::Plan(_)
            | Note::PlanAhead { .. }
            | Note::PlanTaken
            | Note::DepartureChanged { .. }
            | Note::Destination { .. } => self.again.push(note.clone()),
            Note::Announced(late) => {
                self.announce(late);
                self.again.push(note.clone());
            }
            Note::Kept(kept) => {
                self.kept.insert(kept.code.clone(), kept.clone());
            }
            Note::KeptForgotten { before } => self.kept.retain(|_, kept| kept.at >= *before),
            Note::Container(container) => self.renew(container),
            Note::Departed { departure, at } => {
                self.departed.insert(*departure, *at);
            }
            Note::Scanned(scanned) => {
                let sorter = self.sorters.entry(scanned.sorter).or_default();
                sorter.half_read.insert(scanned.item, scanned.clone());
            }
        }
    }

    /// A ruling that was kept for a parcel is the newest about it, and those for its codes are kept no longer.
    fn announce(&mut self, late: &LateNote) {
        let Some(at) = late.ruled else { return };
        late.codes.iter().for_each(|code| {
            self.kept.remove(code);
        });
        let place = self.place(late.parcel);
        place.ruled_at = at.get();
        place.ruled = late.clearance;
        place.ruled_onward = late.ruled_onward.unwrap_or(u16::MAX);
    }

    /// A container after a change. One that was just put to its chute stands there.
    fn renew(&mut self, container: &ContainerRecord) {
        if container.state == ContainerState::Arrived {
            let chute = self.sorters.entry(container.sorter).or_default().chute(container.chute);
            chute.standing = chute.standing.or(Some(container.id));
        }
        self.containers.insert(container.id, container.clone());
    }
}

impl SorterImage {
    /// Remembers an event, once for all records that it causes in a row.
    fn remember(&mut self, item: ItemId, cause: Cause) {
        if cause == Cause::NONE || self.recent.back() == Some(&(item, cause)) {
            return;
        }
        if self.recent.len() >= Self::RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((item, cause));
    }

    fn apply_to_item(&mut self, record: &Record, known: Life) {
        match record.kind {
            RecordKind::Entered => return self.enter(record),
            RecordKind::Decided => self.decisions += 1,
            RecordKind::Committed => self.commits += 1,
            _ => {}
        }
        if record.kind == RecordKind::Decided
            && known == Life::Held
            && let (Some(parcel), Some(word)) = (record.parcel, record.word)
            && word.life() != Life::Held
        {
            self.held.take(parcel, record.at);
        }
        let Some(item) = self.items.get_mut(&record.item) else { return };
        item.weigh(record.weight);
        match record.kind {
            RecordKind::Decided => {
                item.decide(record);
                self.forget_codes(record.item, false);
            }
            RecordKind::Committed => item.committed = true,
            _ => {
                // The item goes on without this order. Where another one is in force, its PLC tells so at the comparison.
                item.committed = false;
                item.chute = None;
            }
        }
    }

    fn enter(&mut self, record: &Record) {
        let inducted = record.flags & Record::INDUCTED != 0;
        let count = match (inducted, record.flags & Record::FOUND != 0) {
            (true, _) => &mut self.balance.inducted,
            (false, true) => &mut self.balance.found,
            (false, false) => &mut self.balance.unexpected,
        };
        *count += 1;
        let inducted_at = EncoderCount::new(record.extra as u32);
        let item =
            ItemImage { weight: record.weight, ..ItemImage::entered(record.item, inducted_at, inducted) };
        self.items.insert(record.item, item);
        self.meet_half_read(record.item, inducted_at);
    }

    /// An item entered that may be half read: its codes can come before it, and notes before the records of what was
    /// before them.
    fn meet_half_read(&mut self, item: ItemId, inducted_at: EncoderCount) {
        let boot = self.boot();
        let Some(half) = self.half_read.get_mut(&item).filter(|half| half.boot == boot) else { return };
        if *half.inducted_at.get_or_insert(inducted_at) != inducted_at {
            self.half_read.remove(&item);
        }
    }

    /// Forgets the codes of an item that was half read, if it has ended or was decided by codes. After a decision as not
    /// read they are still wanted: the item is decided again when they are complete. What is told of another item with
    /// its number stays: notes may be here before the records of what was before them.
    fn forget_codes(&mut self, item: ItemId, ended: bool) {
        let (Some(half), Some(known)) = (self.half_read.get(&item), self.items.get(&item)) else { return };
        let is_its = half.boot == self.boot() && half.inducted_at.is_none_or(|at| at == known.inducted_at);
        let is_read = known.identity().is_some_and(|identity| identity.parcel() != Err(Reason::NoRead));
        if is_its && (ended || is_read) {
            self.half_read.remove(&item);
        }
    }

    /// The boot number of its PLC.
    fn boot(&self) -> u16 {
        self.linked.map_or(0, |linked| (linked >> 16) as u16)
    }

    /// The pass of an item is over.
    fn end(&mut self, record: &Record) {
        self.forget_codes(record.item, true);
        self.items.remove(&record.item);
        let count = match record.kind {
            RecordKind::Discharged => &mut self.balance.discharged,
            RecordKind::Left => &mut self.balance.left,
            RecordKind::Lost => &mut self.balance.lost,
            _ => &mut self.balance.unknown,
        };
        *count += 1;
        if self.reasons.len() < Reason::COUNT {
            self.reasons.resize(Reason::COUNT, 0);
        }
        self.reasons[record.reason as usize] += 1;
        if let (RecordKind::Forgotten, Some(parcel), Some(_)) = (record.kind, record.parcel, record.word) {
            self.unknown.insert(parcel, record.at);
        }
    }

    /// What was discharged lies at its chute.
    fn discharge(&mut self, record: &Record) {
        let Some(chute) = record.chute else { return };
        let place = self.chute(chute);
        place.fill = place.fill.saturating_add(1);
        if record.container.is_some() {
            let entry = ManifestEntry { parcel: record.parcel, item: record.item, weight: record.weight };
            place.content.push(entry);
        }
        if let (Some(parcel), Some(word)) = (record.parcel, record.word)
            && word.life() == Life::Held
        {
            let _ = self.held.add(parcel, chute, record.at, record.reason);
        }
    }

    fn apply_to_chutes(&mut self, record: &Record) {
        match record.kind {
            RecordKind::Began => {
                let chutes = usize::try_from(record.extra).unwrap_or(usize::MAX).min(ChuteId::LIMIT);
                self.chutes.resize_with(chutes.max(self.chutes.len()), ChuteImage::default);
                self.serves = record.plan;
                self.plan_seen = PlanVersion::new(0);
            }
            RecordKind::PlanSeen => {
                self.serves = record.plan;
                self.plan_seen = record.plan;
            }
            RecordKind::Linked => self.linked = Some(record.extra as u32),
            RecordKind::ManifestTaken => {
                self.sealed.retain(|sealed| Some(sealed.container) != record.container);
            }
            RecordKind::ChangeoverDone if record.flags & Record::TAKEN_BACK == 0 => self.changeovers += 1,
            _ => {}
        }
        let Some(chute) = record.chute else { return };
        let sealed = self.chute(chute).change(record);
        self.sealed.extend(sealed);
    }
}

impl ChuteImage {
    /// Takes in what happened at the chute, and gives the manifest of a container that was taken from it.
    fn change(&mut self, record: &Record) -> Option<SealedImage> {
        // All ones are none, and departures are numbered in 32 bits.
        let departure = u32::try_from(record.extra).ok().filter(|number| *number != u32::MAX);
        let departure = departure.map(DepartureId::new);
        match record.kind {
            RecordKind::ChuteChanged => {
                self.report = record.flags & REPORT;
                self.reported = true;
                self.fill = u16::try_from(record.extra).unwrap_or(u16::MAX);
            }
            RecordKind::ChangeoverBegun => {
                self.serving = Some(ServingImage { packed: record.extra, since: record.at });
            }
            RecordKind::ChangeoverDone => self.serving = None,
            RecordKind::ContainerSealed => {
                self.fill = 0;
                let content = std::mem::take(&mut self.content);
                return record.container.map(|container| SealedImage {
                    container,
                    at: record.at,
                    departure,
                    content,
                });
            }
            RecordKind::Docked => {
                self.standing = record.container;
                self.shut = record.flags & Record::SHUT != 0;
                self.departure = departure;
            }
            _ => {}
        }
        None
    }
}

impl ItemImage {
    /// An item that was not decided yet.
    const fn entered(item: ItemId, inducted_at: EncoderCount, inducted: bool) -> Self {
        Self {
            item,
            inducted_at,
            inducted,
            decided: false,
            parcel: None,
            claim: None,
            doubt: None,
            duplicate: false,
            chute: None,
            reason: Reason::NoRead,
            committed: false,
            weight: Grams::ZERO,
            decisions: 0,
        }
    }

    fn weigh(&mut self, weight: Grams) {
        if weight != Grams::ZERO {
            self.weight = weight;
        }
    }

    fn decide(&mut self, record: &Record) {
        self.decided = true;
        self.decisions = self.decisions.saturating_add(1);
        self.parcel = record.parcel;
        self.doubt = u8::try_from(record.extra).ok().and_then(|code| Reason::from_code(code.checked_sub(1)?));
        self.duplicate = record.flags & Record::DUPLICATE != 0;
        self.committed &= self.chute == record.chute;
        self.chute = record.chute;
        self.reason = record.reason;
        self.claim = match record.flags & Record::CLAIMS {
            0 => None,
            _ => record.word.or(self.claim),
        };
    }
}

#[cfg(test)]
mod tests;
