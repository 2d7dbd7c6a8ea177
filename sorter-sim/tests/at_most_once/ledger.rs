//! What really happened: every order, event and scan record, by numbers that nothing sets back.

use std::collections::VecDeque;

use sorter_core::ids::ItemId;
use sorter_plc::contract::{BeltEntry, Event, EventRecord, Order, OrderOp, Seq};

use crate::stats::{Happened, Stats};

/// The last number before 1 comes again.
const LAST: Seq = match Seq::new(Seq::LAST) {
    Some(seq) => seq,
    None => panic!("a number is too large"),
};

/// An order that the host gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GivenOrder {
    /// The session, counted as the PLC opened them: session numbers may come again.
    opening: u32,
    order: Order,
    taken: bool,
    fired: bool,
    ended: bool,
}

/// An event that the machine recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrueEvent {
    boot: u16,
    record: EventRecord,
    /// The order that it is about, where it carries an order number.
    order: Option<u32>,
    lost: bool,
}

/// A scan record that the machine made.
#[derive(Clone, Copy, Debug)]
struct TrueScan {
    boot: u16,
    told: bool,
    /// A host got one behind it and not this one.
    missing: bool,
}

/// The BELT snapshot of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    session: u16,
    entries: Vec<BeltEntry>,
    /// The first event behind it.
    at: u32,
}

/// The truth about one history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Sessions that the PLC has opened.
    openings: u32,
    /// Orders from number `first_order` on.
    orders: VecDeque<GivenOrder>,
    first_order: u32,
    /// Events from number `first_event` on; the number is also their encoder count.
    events: VecDeque<TrueEvent>,
    first_event: u32,
    /// Scan records from number `first_scan` on; the number is also the weight.
    scans: VecDeque<TrueScan>,
    first_scan: u32,
    snapshot: Snapshot,
    /// The last event that any host took.
    delivered: Option<u32>,
    scans_delivered: Option<u32>,
    /// Scan records that the PLC dropped, and those that no host got.
    pub(crate) scans_dropped: u64,
    scan_gaps: u64,
    pub(crate) stats: Stats,
}

impl Ledger {
    /// Forgets what is settled, so that the ledger of a long past can be copied cheaply.
    pub(crate) fn forget_the_past(&mut self) {
        self.first_order += u32::try_from(self.orders.len()).unwrap();
        self.orders.clear();
        self.first_event += u32::try_from(self.events.len()).unwrap();
        self.events.clear();
        self.first_scan += u32::try_from(self.scans.len()).unwrap();
        self.scans.clear();
        self.stats = Stats::default();
    }

    /// The same but for the last records.
    pub(crate) fn forget_the_past_but_recent(&mut self) {
        const RECENT: usize = 100;
        let forget = |kept: usize| kept.saturating_sub(RECENT);
        let (orders, events, scans) =
            (forget(self.orders.len()), forget(self.events.len()), forget(self.scans.len()));
        self.orders.drain(..orders);
        self.events.drain(..events);
        self.scans.drain(..scans);
        self.first_order += u32::try_from(orders).unwrap();
        self.first_event += u32::try_from(events).unwrap();
        self.first_scan += u32::try_from(scans).unwrap();
    }

    /// The host gives an order in the session that the PLC opened as this one.
    pub(crate) fn give(&mut self, opening: u32, order: Order) {
        self.stats.count(Happened::OrderGiven);
        self.orders.push_back(GivenOrder { opening, order, taken: false, fired: false, ended: false });
    }

    /// A number for the next divert order, which travels in its target.
    pub(crate) fn next_order(&self) -> u32 {
        self.first_order + u32::try_from(self.orders.len()).unwrap()
    }

    /// The number of the order that a session has under a sequence number.
    fn find(&self, opening: u32, seq: Seq) -> Option<u32> {
        let place =
            self.orders.iter().rposition(|given| given.opening == opening && given.order.seq == seq)?;
        Some(self.first_order + u32::try_from(place).unwrap())
    }

    fn order(&mut self, number: u32) -> &mut GivenOrder {
        &mut self.orders[(number - self.first_order) as usize]
    }

    /// The PLC takes an order in the session that it opened last. Gives its number.
    pub(crate) fn take(&mut self, order: &Order) -> u32 {
        let number = self.find(self.openings, order.seq);
        let number = number.unwrap_or_else(|| panic!("nobody gave {order:?} in this session"));
        let given = self.order(number);
        assert!(is_same(&given.order, order), "the PLC takes {order:?} for {given:?}");
        assert!(!given.taken, "taken again: {given:?}");
        given.taken = true;
        // What is not a divert ends when it is taken.
        given.ended = !matches!(order.op, OrderOp::Divert { .. });
        self.stats.count(Happened::OrderTaken);
        if order.seq.get() == 1 && self.find(self.openings, LAST).is_some() {
            self.stats.count(Happened::OrderWrap);
        }
        number
    }

    pub(crate) fn fire(&mut self, number: u32) {
        let given = self.order(number);
        assert!(given.taken && !given.ended, "fires: {given:?}");
        assert!(!given.fired, "fires again: {given:?}");
        given.fired = true;
        self.stats.count(Happened::Fired);
    }

    pub(crate) fn end(&mut self, number: u32, how: Happened) {
        let openings = self.openings;
        let given = self.order(number);
        assert!(given.taken, "ends without having been taken: {given:?}");
        assert!(!given.ended, "ends again: {given:?}");
        let late = given.opening != openings;
        given.ended = true;
        self.stats.count(how);
        if late {
            self.stats.count(Happened::EndedInLaterSession);
        }
    }

    /// The number of the next event.
    pub(crate) fn next_event(&self) -> u32 {
        self.first_event + u32::try_from(self.events.len()).unwrap()
    }

    pub(crate) fn record(&mut self, boot: u16, record: EventRecord, order: Option<u32>) {
        assert_eq!(record.encoder.get(), self.next_event());
        self.events.push_back(TrueEvent { boot, record, order, lost: false });
    }

    /// The last events found no room in the PLC.
    pub(crate) fn lose_last(&mut self, count: usize) {
        for event in self.events.iter_mut().rev().take(count) {
            event.lost = true;
        }
    }

    pub(crate) fn next_scan(&mut self, boot: u16) -> u32 {
        self.scans.push_back(TrueScan { boot, told: false, missing: false });
        self.first_scan + u32::try_from(self.scans.len()).unwrap() - 1
    }

    /// The PLC opens a session.
    pub(crate) fn snapshot(&mut self, session: u16, entries: &[BeltEntry]) {
        self.openings += 1;
        self.snapshot = Snapshot { session, entries: entries.to_vec(), at: self.next_event() };
    }

    fn event(&self, number: u32) -> &TrueEvent {
        let place = number.checked_sub(self.first_event).map(|place| place as usize);
        let event = place.and_then(|place| self.events.get(place));
        event.unwrap_or_else(|| panic!("event {number} never happened or is of the distant past"))
    }

    /// A host takes an event. `last` is the one that the same host took before, `same_session` whether that was in
    /// the same session; `live` is the session if it is resynchronised, so that numbers of orders are those of it.
    pub(crate) fn deliver(
        &mut self,
        record: &EventRecord,
        last: &mut Option<u32>,
        same_session: bool,
        boot: u16,
        live: Option<u32>,
    ) {
        self.stats.count(Happened::EventTaken);
        if matches!(record.event, Event::HostLost { .. }) {
            return;
        }
        let number = record.encoder.get();
        let event = *self.event(number);
        assert!(!event.lost, "an event that was lost: {event:?}");
        assert_eq!(event.boot, boot, "an event of another boot: {event:?}");
        assert_eq!(EventRecord { seq: Seq::NONE, ..*record }, event.record, "an event was changed");
        assert!(
            last.is_none_or(|last| last < number),
            "taken again or out of order: {event:?} after {last:?}"
        );
        if let Some(before) = last.or(self.delivered) {
            // What was lost before the belt of a session is told by the belt, what is lost behind it ends the session.
            let belt = self.snapshot.at.max(before + 1);
            let hole = belt < number && same_session && live == Some(self.openings);
            assert!(!hole, "a hole in a session from {belt} to {number}");
            for skipped in before + 1..number {
                let skipped = self.event(skipped);
                assert!(skipped.lost || skipped.boot != boot, "never told: {skipped:?}");
            }
        }
        *last = Some(number);
        self.delivered = self.delivered.max(Some(number));
        let (Some(opening), Some(order)) = (live, event.order) else { return };
        let (Event::Refused { order: seq, .. } | Event::Ended { order: seq, .. }) = record.event else {
            return;
        };
        let order = *self.order(order);
        if seq == Seq::NONE {
            assert_ne!(order.opening, opening, "its number is missing: {event:?}");
        } else {
            assert_eq!((order.opening, order.order.seq), (opening, seq), "names another order: {event:?}");
        }
    }

    /// A host takes a scan record.
    pub(crate) fn deliver_scan(&mut self, number: u32, last: &mut Option<u32>, boot: u16) {
        self.stats.count(Happened::ScanTaken);
        let first = self.first_scan;
        let place = |number: u32| (number - first) as usize;
        assert_eq!(self.scans[place(number)].boot, boot, "scan record {number} is of another boot");
        assert!(last.is_none_or(|last| last < number), "scan record {number} after {last:?}");
        self.scans[place(number)].told = true;
        if let Some(before) = last.or(self.scans_delivered) {
            for skipped in before + 1..number {
                let skipped = &mut self.scans[place(skipped)];
                assert!(!skipped.told, "a scan record did not come again: {skipped:?}");
                self.scan_gaps += u64::from(skipped.boot == boot && !skipped.missing);
                skipped.missing = true;
            }
            assert!(self.scan_gaps <= self.scans_dropped, "{} scan records were never told", self.scan_gaps);
        }
        *last = Some(number);
        self.scans_delivered = self.scans_delivered.max(Some(number));
    }

    /// A host resynchronises with a belt. Gives the count of the session.
    pub(crate) fn resync(&mut self, session: u16, boot: u16, belt: &[BeltEntry], last: Option<u32>) -> u32 {
        self.stats.count(Happened::Session);
        let snapshot = &self.snapshot;
        assert_eq!(snapshot.session, session, "a belt of another session");
        assert_eq!(snapshot.entries, belt, "the belt of session {session}");
        assert!(last.is_none_or(|last| last < snapshot.at), "{last:?} was told before the resync");
        let told = (self.first_event..snapshot.at).rev().find(|number| !self.event(*number).lost);
        if let Some(told) = told.filter(|number| self.event(*number).boot == boot) {
            assert!(self.delivered >= Some(told), "event {told} stands before the belt and was not told");
        }
        self.openings
    }

    /// The PLC says that it took the orders of a session up to this one.
    pub(crate) fn acknowledged(&mut self, opening: u32, ack: Seq) {
        if ack != Seq::NONE
            && let Some(number) = self.find(opening, ack)
        {
            let given = *self.order(number);
            assert!(given.taken, "acknowledged and not taken: {given:?}");
        }
    }

    /// Everything has drained: what is not settled now never will be.
    pub(crate) fn settle(&mut self, boot: u16, last: Option<u32>) {
        let mut forgotten = 0;
        for given in &self.orders {
            assert!(given.taken || given.opening != self.openings, "not taken: {given:?}");
            assert!(given.ended || !given.taken, "has no end: {given:?}");
            forgotten += u64::from(!given.taken);
        }
        self.stats.count_many(Happened::OrderForgotten, forgotten);
        let told = self.events.iter().rev().find(|event| event.boot == boot && !event.lost);
        if let Some(told) = told {
            let number = told.record.encoder.get();
            assert!(last.or(self.delivered) >= Some(number), "event {number} was never told");
        }
    }
}

/// Whether the PLC got the order that was given: those about chutes carry no item.
fn is_same(given: &Order, taken: &Order) -> bool {
    let item = match given.op {
        OrderOp::Divert { .. } | OrderOp::Cancel => given.item,
        _ => ItemId::NONE,
    };
    // A chute that no link has arrives as one that every PLC refuses.
    let op = match (given.op, taken.op) {
        (OrderOp::Divert { chute }, OrderOp::Divert { .. }) if chute.get() > 255 => taken.op,
        (op, _) => op,
    };
    let target = if op == given.op { given.target } else { None };
    (given.seq, item, op, target) == (taken.seq, taken.item, taken.op, taken.target)
}
