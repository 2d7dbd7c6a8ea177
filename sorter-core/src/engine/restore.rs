//! A worker that goes on where the one of an earlier host ended.

use std::sync::Arc;

use super::desk::Desk;
use super::worker::HOLD_ROOM;
use crate::chute::{ChuteBank, ChuteReport};
use crate::ids::{ChuteId, SorterId};
use crate::journal::{Record, RecordKind, Recovered, SorterImage};
use crate::plan::Plan;
use crate::units::Micros;

/// What an earlier host knew of one sorter, until its worker begins.
pub(super) struct Recovering {
    pub(super) image: SorterImage,
    /// Whether the journal knows that its worker began.
    pub(super) began: bool,
    /// The plan that its chutes serve.
    pub(super) plan: Arc<Plan>,
    /// The time of the last record.
    pub(super) at: Micros,
}

impl Recovering {
    /// Gives the chutes what is in them, what the PLC said about them, and what was ordered to them.
    pub(super) fn fill(&self, bank: &mut ChuteBank) {
        for (chute, known) in (0..).map(ChuteId::new).zip(&self.image.chutes) {
            let report = known.reported.then(|| ChuteReport::from_flags(known.report));
            bank.restore(chute, known.fill, report);
        }
        for item in self.image.items.values() {
            if let Some(chute) = item.chute {
                bank.reserve(chute);
            }
        }
    }

    fn recovered(&mut self) -> Recovered {
        let linked = self.image.linked.map(|linked| ((linked >> 16) as u16, linked as u16));
        Recovered {
            items: std::mem::take(&mut self.image.items).into_values().collect(),
            recent: self.image.recent.iter().copied().collect(),
            linked,
            half_read: std::mem::take(&mut self.image.half_read).into_values().collect(),
        }
    }
}

impl Desk {
    /// Takes over all but the chutes and docks, and brings the books of these and of the yard together.
    pub(super) fn take_over(&mut self, mut recovering: Recovering) {
        self.recovered = recovering.began.then(|| recovering.recovered());
        let image = &recovering.image;
        self.balance = image.balance;
        self.plan_seen = image.plan_seen;
        for (count, known) in self.tally.reasons.iter_mut().zip(&image.reasons) {
            *count = *known;
        }
        self.tally.decisions = image.decisions;
        self.tally.commits = image.commits;
        self.tally.changeovers = image.changeovers;
        self.hold = image.held.with_room(HOLD_ROOM);
        let mut unknown: Vec<_> = image.unknown.iter().map(|(parcel, since)| (*since, *parcel)).collect();
        unknown.sort_unstable();
        unknown.into_iter().for_each(|(since, parcel)| self.unknown.add(since, parcel));
        for place in 0..self.engine.layout.chutes().len() {
            let chute = ChuteId::new(u16::try_from(place).expect("a sorter has at most 512 chutes"));
            self.agree_with_yard(chute, recovering.at);
            let told = image.chutes.get(place).is_some_and(|known| known.serving.is_some());
            if told && !self.docks.is_changing(chute) {
                // The plan that began or took back the change was told only in part.
                self.pen.note(recovering.at, RecordKind::ChangeoverDone, |record| {
                    (record.chute, record.flags) = (Some(chute), Record::TAKEN_BACK);
                });
            }
        }
    }
}

impl super::Engine {
    /// What an earlier host knew of a sorter, once.
    pub(super) fn take_recovering(&self, sorter: SorterId) -> Option<Recovering> {
        let mut recovered = self.recovered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        recovered.remove(&sorter)
    }
}
