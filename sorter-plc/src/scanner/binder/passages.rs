//! The items between induction and the point at which reads are no longer waited for.
//!
//! All places are millimetres of belt travel: an item's `edge` is the travel at which its leading edge
//! stands at the trigger of the tunnel, and a code that is `p` behind the edge passes there at `edge + p`.

use std::collections::VecDeque;

use sorter_core::ids::ItemId;

use super::config::Reach;
use crate::contract::{CodeBytes, ScanData};
use crate::scanner::telegram::{Measured, ReadCode, TriggerNumber};

/// Codes kept of one item: one more than a telegram has, so that the engine sees that there are too many.
const MOST_KEPT: usize = 9;

/// A telegram that says by its number and moment that it is about an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) number: TriggerNumber,
    /// The places that its trigger edge can have had.
    pub(super) from: i64,
    pub(super) to: i64,
}

/// One item on its way past the tunnel.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    pub(super) item: ItemId,
    pub(super) edge: i64,
    /// `None` where only a BELT snapshot tells of the item.
    pub(super) length: Option<i64>,
    /// What was read of it was handed over, or it is waited for no more.
    pub(super) closed: bool,
    /// A telegram was triggered by it.
    pub(super) named: bool,
    /// More than one thing can be meant by what was read; it ends as a no-read.
    pub(super) contested: bool,
    pub(super) claim: Option<Claim>,
    pub(super) measured: Option<Measured>,
    codes: [ReadCode; MOST_KEPT],
    used: usize,
}

impl Passage {
    pub(super) fn new(item: ItemId, edge: i64, length: Option<i64>) -> Self {
        Self {
            item,
            edge,
            length,
            closed: false,
            named: false,
            contested: false,
            claim: None,
            measured: None,
            codes: [ReadCode::NONE; MOST_KEPT],
            used: 0,
        }
    }

    pub(super) fn end(&self, reach: &Reach) -> i64 {
        self.edge + self.length.unwrap_or(reach.longest)
    }

    pub(super) fn codes(&self) -> &[ReadCode] {
        &self.codes[..self.used]
    }

    /// Adds a code; the same bytes again are the same label. One beyond the limit only shows that there are
    /// too many.
    pub(super) fn add(&mut self, code: &ReadCode) {
        if self.codes().iter().any(|known| known.bytes() == code.bytes()) {
            return;
        }
        if let Some(place) = self.codes.get_mut(self.used) {
            *place = *code;
            self.used += 1;
        }
    }

    pub(super) fn clear_codes(&mut self) {
        self.used = 0;
    }

    /// What is handed over of it: codes or a no-read, then what was measured.
    pub(super) fn data(&self) -> impl Iterator<Item = ScanData> {
        let measured = self.measured.map(|it| ScanData::Measured {
            length: it.length,
            width: it.width,
            height: it.height,
            weight: it.weight,
        });
        let none = (self.used == 0).then_some(ScanData::NoCode);
        let codes = self.codes().iter().flat_map(|code| {
            let parts = code.bytes().chunks(CodeBytes::CAPACITY).enumerate();
            parts.filter_map(|(part, bytes)| {
                let bytes = CodeBytes::new(bytes)?;
                Some(if part == 0 { ScanData::Code(bytes) } else { ScanData::Continuation(bytes) })
            })
        });
        codes.chain(none).chain(measured)
    }
}

/// Whom a place on the belt belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The item at this index.
    Item(usize),
    /// Two items can be meant.
    Ambiguous,
    Nobody,
}

/// The passages in the order of their edges, bounded.
#[derive(Clone, Debug)]
pub(super) struct Passages {
    line: VecDeque<Passage>,
    limit: usize,
}

impl Passages {
    pub(super) fn new(limit: usize) -> Self {
        Self { line: VecDeque::with_capacity(limit), limit }
    }

    pub(super) fn clear(&mut self) {
        self.line.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Passage> {
        self.line.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    pub(super) fn get(&self, index: usize) -> &Passage {
        &self.line[index]
    }

    pub(super) fn get_mut(&mut self, index: usize) -> &mut Passage {
        &mut self.line[index]
    }

    /// The latest passage of an item.
    pub(super) fn find(&self, item: ItemId) -> Option<usize> {
        self.line.iter().rposition(|passage| passage.item == item)
    }

    pub(super) fn is_full(&self) -> bool {
        self.line.len() == self.limit
    }

    pub(super) fn insert(&mut self, passage: Passage) {
        let place = self.line.partition_point(|other| other.edge <= passage.edge);
        self.line.insert(place, passage);
    }

    pub(super) fn remove(&mut self, index: usize) -> Option<Passage> {
        self.line.remove(index)
    }

    /// Takes out the first one if its edge is before a place.
    pub(super) fn pop_before(&mut self, place: i64) -> Option<Passage> {
        if self.line.front().is_some_and(|first| first.edge < place) { self.line.pop_front() } else { None }
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Passage) -> bool) {
        self.line.retain(keep);
    }

    /// Whom a code at a place belongs to.
    ///
    /// An item holds what is within the window of it; between two items the window is half of their gap. What
    /// is within the tolerance of two is ambiguous: with no greater error it can be of either.
    pub(super) fn owner(&self, place: i64, reach: &Reach) -> Owner {
        let (mut holder, mut holders, mut near) = (None, 0, 0);
        let mut near_holder = false;
        for (index, passage) in self.line.iter().enumerate() {
            let (edge, end) = (passage.edge, passage.end(reach));
            let before = edge - place;
            let behind = place - end;
            let distance = before.max(behind).max(0);
            let is_near = distance <= reach.tolerance;
            near += usize::from(is_near);
            if distance > reach.window {
                continue;
            }
            let gap = match () {
                () if before > 0 => self.gap_before(index, reach),
                () if behind > 0 => self.gap_behind(index, reach),
                () => i64::MAX,
            };
            if 2 * distance <= gap {
                (holder, near_holder) = (Some(index), is_near);
                holders += 1;
            }
        }
        match holder {
            _ if near > 1 || holders > 1 => Owner::Ambiguous,
            Some(_) if near == 1 && !near_holder => Owner::Ambiguous,
            Some(index) => Owner::Item(index),
            None if near > 0 => Owner::Ambiguous,
            None => Owner::Nobody,
        }
    }

    /// The free belt in front of an item; 0 where another one overlaps it.
    pub(super) fn gap_before(&self, index: usize, reach: &Reach) -> i64 {
        let edge = self.line[index].edge;
        self.line.iter().take(index).map(|other| (edge - other.end(reach)).max(0)).min().unwrap_or(i64::MAX)
    }

    /// The free belt behind an item; 0 where another one overlaps it.
    pub(super) fn gap_behind(&self, index: usize, reach: &Reach) -> i64 {
        let end = self.line[index].end(reach);
        self.line.get(index + 1).map_or(i64::MAX, |next| (next.edge - end).max(0))
    }
}
