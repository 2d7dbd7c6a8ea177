//! One numbered stream of records out of a window: what was taken, what was acknowledged, what came twice.

use std::collections::VecDeque;

use sorter_core::units::Micros;

use crate::codec::{RawEvent, RawScan, slot};
use crate::contract::Seq;

use super::fault::{ExchangeFault, Stream};

/// A record that can be compared before it is understood.
pub(super) trait Numbered: Copy {
    fn number(&self) -> u16;
    fn equals_but_number(&self, other: &Self) -> bool;
}

impl Numbered for RawEvent {
    fn number(&self) -> u16 {
        self.seq()
    }
    fn equals_but_number(&self, other: &Self) -> bool {
        self.same_but_seq(other)
    }
}

impl Numbered for RawScan {
    fn number(&self) -> u16 {
        self.seq()
    }
    fn equals_but_number(&self, other: &Self) -> bool {
        self.same_but_seq(other)
    }
}

/// A stream with a window of `SLOTS` records.
///
/// `acknowledged <= delivered <= staged`, at most `SLOTS` apart: records are staged when an image was read,
/// delivered when the host has taken them, and acknowledged when they are safe on its side.
#[derive(Clone, Debug)]
pub(super) struct Inflow<R, const SLOTS: usize> {
    stream: Stream,
    staged: Seq,
    delivered: Seq,
    acknowledged: Seq,
    /// The last records delivered, oldest first: what a new session may bring again.
    recent: VecDeque<R>,
    /// Records staged and not delivered.
    waiting: Vec<R>,
    /// Whether the first records of this session still have to be compared with `recent`.
    fresh: bool,
    /// How many of the last records in `recent` were not safe yet when the session before ended.
    unsafe_yet: u16,
    /// Since when the next record has been published without being in its window.
    gap_since: Option<Micros>,
}

impl<R: Numbered, const SLOTS: usize> Inflow<R, SLOTS> {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            staged: Seq::NONE,
            delivered: Seq::NONE,
            acknowledged: Seq::NONE,
            recent: VecDeque::with_capacity(SLOTS),
            waiting: Vec::with_capacity(SLOTS),
            fresh: true,
            unsafe_yet: 0,
            gap_since: None,
        }
    }

    /// A session opens: numbers begin at 1, and the first records may be old ones.
    pub(super) fn open(&mut self) {
        if !self.fresh {
            self.unsafe_yet = self.acknowledged.distance_to(self.delivered);
        }
        self.staged = Seq::NONE;
        self.delivered = Seq::NONE;
        self.acknowledged = Seq::NONE;
        self.waiting.clear();
        self.fresh = true;
        self.gap_since = None;
    }

    /// The PLC restarted: nothing that it sends now was sent before.
    pub(super) fn forget(&mut self) {
        self.recent.clear();
        self.unsafe_yet = 0;
    }

    pub(super) const fn staged(&self) -> Seq {
        self.staged
    }

    pub(super) const fn delivered(&self) -> Seq {
        self.delivered
    }

    pub(super) const fn acknowledged(&self) -> Seq {
        self.acknowledged
    }

    /// How many records up to `published` have not been delivered.
    ///
    /// # Errors
    /// When `published` is behind what was delivered, or further ahead than the window reaches.
    pub(super) fn behind(&self, published: Seq) -> Result<u16, ExchangeFault> {
        let none_again = published == Seq::NONE && self.delivered != Seq::NONE;
        let ahead = self.delivered.distance_to(published);
        if !none_again && usize::from(ahead) <= SLOTS {
            return Ok(ahead);
        }
        let (stream, from, to) = (self.stream, self.delivered, published);
        if none_again || usize::from(published.distance_to(self.delivered)) <= SLOTS {
            return Err(ExchangeFault::NumberBack { stream, from, to });
        }
        Err(ExchangeFault::NumberJump { stream, from, to, slots: SLOTS })
    }

    /// Drops the first records of a session that were delivered in the one before, and says how many they are.
    ///
    /// They are the longest end of what was delivered that is also the beginning of what is published.
    pub(super) fn drop_repeated(&mut self, window: &[R; SLOTS], published: Seq) -> u16 {
        if !std::mem::take(&mut self.fresh) || self.delivered != Seq::NONE {
            return 0;
        }
        let begins = |end: usize| {
            let suffix = self.recent.iter().skip(self.recent.len() - end);
            suffix.zip(window).zip(1..).all(|((old, new), number)| {
                number <= published.get() && new.number() == number && new.equals_but_number(old)
            })
        };
        let repeated = (1..=self.recent.len().min(SLOTS)).rev().find(|end| begins(*end)).unwrap_or(0);
        let repeated = u16::try_from(repeated).expect("a window has few slots");
        let number = |value| Seq::new(value).expect("a window is shorter than the numbers");
        self.delivered = number(repeated);
        self.acknowledged = number(repeated.saturating_sub(self.unsafe_yet));
        self.staged = self.delivered;
        repeated
    }

    /// Stages the records behind the delivered ones up to `last`, and gives them.
    ///
    /// What was staged before and not delivered is staged again: the window still has it.
    ///
    /// # Errors
    /// When the next record is published and has not been in the window for `patience`.
    pub(super) fn stage(
        &mut self,
        now: Micros,
        window: &[R; SLOTS],
        last: Seq,
        patience: Micros,
    ) -> Result<&[R], ExchangeFault> {
        self.unstage();
        if usize::from(self.delivered.distance_to(last)) > SLOTS {
            // Records that came again may have carried this session past the place at which it was to stop.
            return Ok(&self.waiting);
        }
        while self.staged.distance_to(last) > 0 && self.waiting.len() < SLOTS {
            let next = self.staged.next();
            let record = window[slot(next, SLOTS)];
            if record.number() != next.get() {
                break;
            }
            self.staged = next;
            self.waiting.push(record);
        }
        if self.staged.distance_to(last) == 0 || last == Seq::NONE {
            self.gap_since = None;
            return Ok(&self.waiting);
        }
        let since = *self.gap_since.get_or_insert(now);
        let waited = now.saturating_since(since);
        if waited >= patience {
            return Err(ExchangeFault::Missing {
                stream: self.stream,
                expected: self.staged.next(),
                published: last,
                waited,
            });
        }
        Ok(&self.waiting)
    }

    /// What was staged is not handed over: the cycle was broken off.
    pub(super) fn unstage(&mut self) {
        self.waiting.clear();
        self.staged = self.delivered;
    }

    /// The host has taken what was staged.
    pub(super) fn deliver(&mut self) {
        for record in self.waiting.drain(..) {
            if self.recent.len() == SLOTS {
                self.recent.pop_front();
            }
            self.recent.push_back(record);
        }
        self.delivered = self.staged;
    }

    /// Records up to `seq` are safe on the side of the host. Says whether that is a number that was delivered and
    /// not yet acknowledged.
    pub(super) fn release(&mut self, seq: Seq) -> bool {
        let good = self.acknowledged.distance_to(seq) <= self.acknowledged.distance_to(self.delivered)
            && (seq != Seq::NONE || self.acknowledged == Seq::NONE);
        if good {
            self.acknowledged = seq;
        }
        good
    }

    /// For a listener: goes on behind the records that are not in the window up to `last`, and says how many they
    /// are. The other host has acknowledged them, so they are gone.
    pub(super) fn skip_missing(&mut self, window: &[R; SLOTS], last: Seq) -> u16 {
        let ahead = self.delivered.distance_to(last);
        if last == Seq::NONE || ahead == 0 {
            return 0;
        }
        let reach = u16::try_from(SLOTS).expect("a window has few slots");
        let mut skipped = ahead.saturating_sub(reach);
        let mut at = (0..skipped).fold(self.delivered, |seq, _| seq.next());
        while at.distance_to(last) > 0 && window[slot(at.next(), SLOTS)].number() != at.next().get() {
            at = at.next();
            skipped += 1;
        }
        self.delivered = at;
        self.acknowledged = at;
        self.staged = at;
        self.waiting.clear();
        skipped
    }

    /// For a listener: joins a session in the middle, behind `last` minus the window.
    pub(super) fn join(&mut self, last: Seq) {
        self.open();
        let reach = u16::try_from(SLOTS).expect("a window has few slots");
        if last.get() > reach {
            self.fresh = false;
            self.delivered = Seq::new(last.get() - reach).expect("less than a number is one");
            self.acknowledged = self.delivered;
            self.staged = self.delivered;
        }
    }
}
